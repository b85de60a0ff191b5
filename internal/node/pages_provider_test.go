//go:build linux

package node_test

import (
	"bytes"
	"encoding/json"
	"html"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"guichet/internal/guichettest"
	"guichet/internal/node"
)

// provided is a circle of two whose NZ has pages, with a real provider of its accounts.
type provided struct {
	*trio
	nz     *trioSeat
	k      *guichettest.Keycloak
	listen string
	at     string // of the pages
	log    string // the file of NZ's log
	stop   func()
}

// TestKeycloakPages walks through the pages of a node as people come to them by a real
// provider's accounts (make test-signin): in, asking, out, out everywhere, after a
// restart and after a restore.
func TestKeycloakPages(t *testing.T) {
	x := newProvided(t)
	x.asksUnderAPseudonym(x.comesIn())
	x.roles()
	x.hasNoRole()
	x.goesOut()
	bilal := x.isPutOut()
	x.comesBack(bilal)
	x.toldNobody()
}

// newProvided starts all of it. A provider's tokens are of now, so the circle is too.
func newProvided(t *testing.T) *provided {
	t.Helper()
	x := &provided{listen: guichettest.FreeAddr(t), log: filepath.Join(t.TempDir(), "nz.log")}
	address := "http://" + x.listen
	x.k = guichettest.StartKeycloak(t, guichettest.KeycloakConfig{Address: address, AddressTwo: address, Secret: signInSecret})
	clock := guichettest.NewClock()
	clock.Move(time.Since(clock.Now()))
	x.trio = newTrioAt(t, clock, nil, "US", "NZ")
	x.seats["US"].month("2024-01", "2024-03-05", "5700 6307909885 1200000")
	x.serve("US")
	x.nz = x.seats["NZ"]
	m := x.nz
	signInPaper(t, m.cfg.Home, x.k.Issuer(guichettest.KeycloakRealm), address, func(paper map[string]any) {
		paper["roles_claim"] = "realm_access.roles"
		paper["roles"] = map[string]string{"trade-desk": "officer", "data-unit": "steward", "audit-court": "auditor", "it": "operator"}
	})
	log := given(os.OpenFile(x.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600))(t)
	t.Cleanup(func() { _ = log.Close() })
	m.cfg.Log = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	x.begin()
	return x
}

// begin serves the pages, by what the home says.
func (x *provided) begin() {
	x.t.Helper()
	x.at, x.stop = x.servesPages(x.nz.code, node.PagesRequest{Listen: x.listen})
}

// pass lets the clock go on: at least to now, and so that two things are not at once.
func (x *provided) pass() { x.clock.Move(max(time.Since(x.clock.Now()), time.Second)) }

// follows opens an address of a page, or an absolute one.
func (b *browser) follows(address string) fetched {
	b.t.Helper()
	if strings.HasPrefix(address, "/") {
		return b.fetch(address)
	}
	return b.do(given(http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, nil))(b.t))
}

// logsIn fills in the provider's form on a page of its.
func (x *provided) logsIn(b *browser, form fetched, user string) fetched {
	x.t.Helper()
	to := guichettest.KeycloakForm(form.body)
	if to == "" || "http://"+form.at.Host != x.k.Address {
		x.t.Fatalf("no form of the provider's at %s: %d\n%s", form.at, form.status, form.body)
	}
	x.pass()
	r := given(http.NewRequestWithContext(x.t.Context(), http.MethodPost, to, strings.NewReader(guichettest.KeycloakLogin(user, guichettest.KeycloakPassword).Encode())))(x.t)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

// arrives signs somebody in, who is to come to a page.
func (x *provided) arrives(user, wanted string) *browser {
	x.t.Helper()
	b := newBrowser(x.t, x.at, "")
	if f := x.logsIn(b, b.fetch("/sign-in?to="+url.QueryEscape(wanted)), user); f.status != http.StatusOK || f.at.RequestURI() != wanted {
		x.t.Fatalf("%s came to %s: %d\n%s", user, f.at, f.status, f.body)
	}
	return b
}

// in says whether a page that needs somebody is shown.
func (b *browser) in(path string) bool {
	b.t.Helper()
	status, _ := b.get(path)
	return status == http.StatusOK
}

var signInLink = regexp.MustCompile(`href="(/sign-in\?[^"]*)"`)

// linkToSignIn is the first way to the provider on a page, that holds some text.
func linkToSignIn(t *testing.T, page, holds string) string {
	t.Helper()
	for _, m := range signInLink.FindAllStringSubmatch(page, -1) {
		if to := html.UnescapeString(m[1]); strings.Contains(to, holds) {
			return to
		}
	}
	t.Fatalf("no way to sign in with %q on\n%s", holds, page)
	return ""
}

var askedOfUS = strings.NewReplacer("member=GB&member=NZ&", "").Replace(question2024)

// comesIn: from the start page, and from a page that needs somebody, to the provider's
// form in the same language, and back to that page with one's roles.
func (x *provided) comesIn() *browser {
	t := x.t
	t.Helper()
	b := newBrowser(t, x.at, "")
	start := b.fetch("/fr/")
	if policy := start.header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "form-action 'self' "+x.k.Address) {
		t.Errorf("a form may lead to %s", policy)
	}
	if start.header.Get("Set-Cookie") != "" || strings.Contains(start.body, "guichet-demonstration") {
		t.Errorf("the start page sets a cookie, or calls itself a demonstration: %v", start.header)
	}
	if f := x.logsIn(b, b.follows(linkToSignIn(t, start.body, "fr")), "amina"); f.at.RequestURI() != "/fr/" || !strings.Contains(f.body, "Amina Diallo") {
		t.Errorf("from the start page one comes to %s: %d\n%s", f.at, f.status, f.body)
	}

	b = newBrowser(t, x.at, "")
	wanted := "/fr/question" + askedOfUS
	needs := b.fetch(wanted)
	if needs.status != http.StatusUnauthorized {
		t.Fatalf("a question is shown to nobody: %d", needs.status)
	}
	form := b.follows(linkToSignIn(t, needs.body, "question"))
	if form.at.Query().Get("ui_locales") != "fr" || !strings.Contains(form.body, `lang="fr"`) {
		t.Errorf("the provider is not asked in French: %s\n%s", form.at, form.body)
	}
	wrong := given(http.NewRequestWithContext(t.Context(), http.MethodPost, guichettest.KeycloakForm(form.body), strings.NewReader(guichettest.KeycloakLogin("amina", "wrong").Encode())))(t)
	wrong.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if form = b.do(wrong); b.in("/fr/asked") {
		t.Error("a wrong password lets in")
	}
	f := x.logsIn(b, form, "amina")
	if f.status != http.StatusOK || f.at.RequestURI() != wanted || !strings.Contains(f.body, "Amina Diallo") || f.header.Get("Cache-Control") != "no-store" && !strings.Contains(f.header.Get("Cache-Control"), "private") {
		t.Errorf("not the question that was wanted, but %s: %d %v\n%s", f.at, f.status, f.header, f.body)
	}
	return b
}

// asksUnderAPseudonym: the leaves of both sides carry the circle's pseudonym of the
// officer's, and no journal names a person.
func (x *provided) asksUnderAPseudonym(b *browser) {
	t := x.t
	t.Helper()
	_, page := b.asked("/fr/question" + askedOfUS)
	if !strings.Contains(page, "1\u202f200\u202f000") {
		t.Fatalf("the question is not answered\n%s", page)
	}
	nz, us := x.nz, x.seats["US"]
	owner := regexp.MustCompile(`"owner":\s*"([0-9a-f]{16})"`).FindSubmatch(filesIn(t, filepath.Join(nz.cfg.Home, "asked")))
	if owner == nil {
		t.Fatal("what was asked is nobody's")
	}
	var officer, exchange, again string
	nz.at(func(op node.Operator) {
		e := given(op.Leaves(t.Context(), node.LeavesQuestion{Asked: true, Limit: 1}))(t)[0]
		officer, exchange = e.Leaf.Officer, e.Leaf.Exchange
		q := node.MembersQuestion{Question: question(t, "product=630790 period=2024-01 by=period"), Members: []string{"US"}, Purpose: "official-statistics", Office: "statistics", Officer: string(owner[1])}
		a := given(op.AskMembers(t.Context(), q, nil))(t)
		again = given(op.Leaves(t.Context(), node.LeavesQuestion{Exchange: a.Members[0].Exchange}))(t)[0].Leaf.Officer
	})
	nz.leave()
	if len(officer) != 16 || officer != again || officer == string(owner[1]) {
		t.Errorf("the leaf's officer is %q, and %q for the pseudonym %s of this home", officer, again, owner[1])
	}
	us.at(func(op node.Operator) {
		for _, e := range given(op.Leaves(t.Context(), node.LeavesQuestion{Exchange: exchange}))(t) {
			if e.Leaf.Officer != officer {
				t.Errorf("the other side's leaf names %q", e.Leaf.Officer)
			}
		}
	})
	for _, folder := range []string{filepath.Join(nz.cfg.Home, "journals"), filepath.Join(us.cfg.Home, "journals"), filepath.Join(nz.cfg.Home, "asked")} {
		text := bytes.ToLower(filesIn(t, folder))
		if len(text) == 0 {
			t.Errorf("%s is empty", folder)
		}
		for _, word := range []string{"amina", "diallo", "customs.example"} {
			if bytes.Contains(text, []byte(word)) {
				t.Errorf("%s names a person: %q", folder, word)
			}
		}
	}
}

// filesIn is the text of all files in a folder.
func filesIn(t *testing.T, folder string) []byte {
	t.Helper()
	var all []byte
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		all = append(all, text...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// roles: an operator sees the operator's page, and may not ask.
func (x *provided) roles() {
	t := x.t
	t.Helper()
	b := x.arrives("bilal", "/en/operator")
	if f := b.fetch("/en/ask"); f.status != http.StatusForbidden || !strings.Contains(f.body, "This page is for: officer") || !strings.Contains(f.body, "Bilal Haddad") {
		t.Errorf("an operator may ask: %d\n%s", f.status, f.body)
	}
}

// hasNoRole: somebody without a role is told whom to ask, can sign out at the provider,
// and come back with another account to the page that was wanted.
func (x *provided) hasNoRole() {
	t := x.t
	t.Helper()
	b := newBrowser(t, x.at, "")
	f := x.logsIn(b, b.fetch("/sign-in?to=/fr/ask"), "chloe")
	for _, want := range []string{`lang="fr"`, "Votre compte n’a aucun rôle", "audit-court, data-unit, it, trade-desk", x.k.Issuer(guichettest.KeycloakRealm), "au service qui gère les comptes"} {
		if f.status != http.StatusForbidden || !strings.Contains(f.body, want) {
			t.Errorf("without a role: %d, and not %q\n%s", f.status, want, f.body)
		}
	}
	if policy := f.header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "form-action 'self' "+x.k.Address) {
		t.Errorf("the form to sign out may lead to %s", policy)
	}
	if b.in("/fr/asked") {
		t.Error("who has no role is in")
	}
	another := linkToSignIn(t, f.body, "again=1")
	out := b.post("/sign-out", formTo(t, f.body, "/sign-out", "everywhere"))
	if out.path != "/sign-out/done" || out.at.Host != x.listen || !strings.Contains(out.body, "Vous êtes déconnecté") {
		t.Errorf("signing out without a role leads to %s\n%s", out.at, out.body)
	}
	if f := x.logsIn(b, b.follows(another), "amina"); f.at.RequestURI() != "/fr/ask" || !strings.Contains(f.body, "Amina Diallo") {
		t.Errorf("another account comes to %s: %d\n%s", f.at, f.status, f.body)
	}
}

// goesOut: the button ends the session here and at the provider, and comes back in the
// language of the page; a cookie that somebody kept lets nobody in.
func (x *provided) goesOut() {
	t := x.t
	t.Helper()
	for lang, says := range map[string]string{"en": "You have signed out", "fr": "Vous êtes déconnecté"} {
		b := x.arrives("amina", "/"+lang+"/ask")
		home := given(url.Parse(x.at))(t)
		kept := b.http.Jar.Cookies(home)
		_, page := b.get("/" + lang + "/asked")
		out := b.post("/sign-out", formTo(t, page, "/sign-out", "guichet-header__button"))
		if out.path != "/sign-out/done" || out.at.Host != x.listen || !strings.Contains(out.body, says) || !strings.Contains(out.body, `href="/`+lang+`/"`) {
			t.Errorf("%s: signing out leads to %s\n%s", lang, out.at, out.body)
		}
		again := newBrowser(t, x.at, "")
		again.http.Jar.SetCookies(home, kept)
		if b.in("/"+lang+"/ask") || again.in("/"+lang+"/ask") {
			t.Errorf("%s: who signed out is in", lang)
		}
		// The provider's session is over too: it asks again who it is.
		if f := b.fetch("/sign-in?to=/" + lang + "/ask"); guichettest.KeycloakForm(f.body) == "" {
			t.Errorf("%s: the provider lets in without a question: %s", lang, f.at)
		}
	}
	one, other, somebody := x.arrives("amina", "/fr/ask"), x.arrives("amina", "/en/ask"), x.arrives("bilal", "/en/operator")
	_, page := one.get("/sign-out?to=/fr/ask")
	everywhere := formTo(t, page, "/sign-out", "everywhere")
	everywhere.Set("everywhere", "yes")
	x.pass()
	if out := one.post("/sign-out", everywhere); out.path != "/sign-out/done" || !strings.Contains(out.body, `href="/fr/ask"`) {
		t.Errorf("signing out everywhere leads to %s\n%s", out.at, out.body)
	}
	if one.in("/fr/ask") || other.in("/en/ask") || !somebody.in("/en/operator") {
		t.Errorf("signed out everywhere; in: here %t, in another browser %t, somebody else %t", one.in("/fr/ask"), other.in("/en/ask"), somebody.in("/en/operator"))
	}
}

// isPutOut: the administrator of the provider ends all sessions of a person, here too;
// who is in stays in, and after a restart it is the same. It returns who is in.
func (x *provided) isPutOut() *browser {
	t := x.t
	t.Helper()
	amina, second, bilal := x.arrives("amina", "/fr/asked"), x.arrives("amina", "/en/ask"), x.arrives("bilal", "/en/operator")
	if !amina.in("/fr/asked") || !second.in("/en/ask") {
		t.Fatal("not signed in")
	}
	x.pass()
	x.k.LogOut(t, "amina")
	for _, when := range []string{"at once", "after a restart"} {
		if amina.in("/fr/asked") || second.in("/en/ask") || !bilal.in("/en/operator") {
			t.Errorf("%s: in one browser %t, in another %t, somebody else %t; the provider:\n%s", when, amina.in("/fr/asked"), second.in("/en/ask"), bilal.in("/en/operator"), x.k.Log())
		}
		if when == "at once" {
			x.stop()
			x.pass()
			x.begin()
		}
	}
	x.pass()
	if back := x.arrives("amina", "/fr/asked"); !back.in("/fr/ask") {
		t.Error("she cannot sign in again")
	}
	return bilal
}

// comesBack: after a restore all sessions are over, and everybody is who they were.
func (x *provided) comesBack(bilal *browser) {
	t := x.t
	t.Helper()
	x.stop()
	m := x.nz
	dir := given(os.MkdirTemp("", "provided-"))(t) // the test's own folder has too long a name for a socket
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	m.open(func(n *node.Node) {
		given(n.Backup(t.Context(), node.BackupRequest{Out: filepath.Join(dir, "b.tar")}))(t)
	})
	home := filepath.Join(dir, "h")
	given(node.Restore(t.Context(), m.cfg, node.RestoreRequest{File: filepath.Join(dir, "b.tar"), Home: home}))(t)
	m.cfg.Home = home
	x.pass()
	x.begin()
	if bilal.in("/en/operator") {
		t.Error("a session outlives a restore")
	}
	x.pass()
	// His session at the provider goes on: it asks nothing.
	if f := bilal.fetch("/sign-in?to=/en/operator"); f.at.RequestURI() != "/en/operator" || !strings.Contains(f.body, "Bilal Haddad") {
		t.Errorf("he comes back to %s: %d\n%s", f.at, f.status, f.body)
	}
	if _, page := x.arrives("amina", "/fr/asked").get("/fr/asked"); strings.Count(page, `href="/fr/asked/`) != 1 {
		t.Errorf("what she asked is not hers after a restore\n%s", page)
	}
}

// toldNobody: the log holds no secret and no person.
func (x *provided) toldNobody() {
	t := x.t
	t.Helper()
	text := given(os.ReadFile(x.log))(t)
	var first map[string]any
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&first); err != nil {
		t.Errorf("the log is %v", err)
	}
	for _, word := range []string{signInSecret, guichettest.KeycloakPassword, "amina", "Diallo", "Bilal", "Chloé", "customs.example", "id_token", "code="} {
		if bytes.Contains(text, []byte(word)) {
			t.Errorf("the log holds %q", word)
		}
	}
}
