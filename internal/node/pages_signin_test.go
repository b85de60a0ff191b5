package node_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/node"
)

// servesPages lets a member serve with pages as they are served by the command, and
// returns their address and what ends it.
func (x *trio) servesPages(code string, req node.PagesRequest) (at string, stop func()) {
	x.t.Helper()
	m := x.seats[code]
	m.leave()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- node.Serve(ctx, m.cfg, node.ServeRequest{
			Listen: map[string]string{"": m.serves}, Pages: req, Ready: func(at []node.Listening) { ready <- at[0].Pages },
		})
	}()
	select {
	case at = <-ready:
	case err := <-done:
		cancel()
		x.t.Fatalf("%s does not serve: %v", code, err)
	}
	over := false
	stop = func() {
		if !over {
			over = true
			cancel()
			if err := <-done; err != nil {
				x.t.Errorf("%s ended: %v", code, err)
			}
		}
	}
	x.t.Cleanup(stop)
	return at, stop
}

var field = regexp.MustCompile(`<input[^>]* name="([a-z]+)"[^>]* value="([^"]*)"`)

// formTo are the hidden fields of the form on a page that goes to an address, and holds
// some text.
func formTo(t *testing.T, page, action, holds string) url.Values {
	t.Helper()
	for _, form := range strings.Split(page, "<form")[1:] {
		form, _, _ = strings.Cut(form, "</form>")
		if !strings.Contains(form, `action="`+html.EscapeString(action)+`"`) || !strings.Contains(form, holds) {
			continue
		}
		out := url.Values{}
		for _, m := range field.FindAllStringSubmatch(form, -1) {
			if !strings.Contains(m[0], "checkbox") {
				out.Add(m[1], html.UnescapeString(m[2]))
			}
		}
		return out
	}
	t.Fatalf("no form to %s with %q on\n%s", action, holds, page)
	return nil
}

// enters signs in as one of the demonstration's users, and returns where that led.
func (b *browser) enters(role, to string) fetched {
	b.t.Helper()
	_, page := b.get("/sign-in?to=" + url.QueryEscape(to))
	return b.post("/sign-in", formTo(b.t, page, "/sign-in", `value="`+role+`"`))
}

// TestPagesOfADemonstration: one user a role, marked on every page, each with the pages
// of the role; signing out, here and everywhere; nothing typed is lost.
func TestPagesOfADemonstration(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	x.seats["US"].month("2024-01", "2024-03-05", "5700 6307909885 1200000")
	x.serve("US")
	at, _ := x.servesPages("NZ", node.PagesRequest{Listen: ":0", Demonstration: true})

	nobody := newBrowser(t, at, "")
	start := nobody.fetch("/fr/")
	if !strings.Contains(start.body, "Démonstration : personne ne vérifie qui entre") || start.header.Get("Set-Cookie") != "" {
		t.Errorf("the start page is not marked, or sets a cookie: %v\n%s", start.header, start.body)
	}
	if status, page := nobody.get("/sign-in?to=/fr/ask"); status != http.StatusOK || !strings.Contains(page, `lang="fr"`) ||
		strings.Count(page, `name="role"`) != 4 || !strings.Contains(page, "/sign-in?to=%2Fen%2Fask") || !strings.Contains(page, "Continuer comme auditeur") {
		t.Errorf("the page to choose is %d\n%s", status, page)
	}
	for role, opens := range map[string][]string{"officer": {"/en/ask", "/en/asked"}, "steward": {"/en/ask"}, "auditor": {"/en/"}, "operator": {"/en/operator"}} {
		b := newBrowser(t, at, "")
		in := b.enters(role, "/en/")
		if in.path != "/en/" || !strings.Contains(in.body, `href="/sign-out?to=%2fen%2f"`) || !strings.Contains(in.body, "DEMONSTRATION ") || !strings.Contains(in.body, "Sign out everywhere") {
			t.Errorf("%s came to %s\n%s", role, in.path, in.body)
		}
		for _, path := range opens {
			if status, page := b.get(path); status != http.StatusOK || !strings.Contains(page, "Demonstration: nobody checks") {
				t.Errorf("%s at %s: %d", role, path, status)
			}
		}
		if status, page := b.get("/en/operator"); role != "operator" && (status != http.StatusForbidden || !strings.Contains(page, "This page is for: operator")) {
			t.Errorf("%s sees the operator's page: %d\n%s", role, status, page)
		}
	}
	x.sessionEnds(at)
	x.signsOut(at)
}

// sessionEnds asks with a form whose session is over: what it holds is kept, for the
// same person.
func (x *trio) sessionEnds(at string) {
	t := x.t
	officer := newBrowser(t, at, "")
	officer.enters("officer", "/fr/")
	question := "/fr/question" + strings.NewReplacer("member=GB&member=NZ&", "").Replace(question2024)
	_, page := officer.get(question)
	form := formTo(t, page, "/fr/question", "once")
	elsewhere := newBrowser(t, at, "")
	elsewhere.enters("officer", "/en/")
	_, page = elsewhere.get("/sign-out?to=/en/")
	out := formTo(t, page, "/sign-out", "everywhere")
	out.Set("everywhere", "yes")
	if f := elsewhere.post("/sign-out", out); f.status != http.StatusOK || !strings.Contains(f.body, "You have signed out") {
		t.Errorf("signing out everywhere is %d\n%s", f.status, f.body)
	}
	x.clock.Move(time.Second)
	kept := officer.post("/fr/question", form)
	if kept.status != http.StatusUnauthorized || !strings.Contains(kept.body, "rien n’est perdu") {
		t.Fatalf("a form of a session that is over is answered %d\n%s", kept.status, kept.body)
	}
	again := html.UnescapeString(regexp.MustCompile(`href="(/sign-in\?[^"]*kept=[^"]*)"`).FindStringSubmatch(kept.body)[1])
	_, page = officer.get(again)
	if !strings.Contains(page, `lang="fr"`) {
		t.Errorf("the page to choose forgot the language\n%s", page)
	}
	// Somebody else is not shown it.
	other := newBrowser(t, at, "")
	_, theirs := other.get(again)
	if f := other.post("/sign-in", formTo(t, theirs, "/sign-in", `value="steward"`)); f.path != "/fr/" || strings.Contains(f.body, "630790") {
		t.Errorf("another person is shown what was typed: %d\n%s", f.status, f.body)
	}
	goOn := officer.post("/sign-in", formTo(t, page, "/sign-in", `value="officer"`))
	if goOn.status != http.StatusOK || !strings.Contains(goOn.body, "Reprenez où vous en étiez") || !strings.Contains(goOn.body, "Voir la demande") {
		t.Fatalf("what was typed is not offered again: %d %s\n%s", goOn.status, goOn.path, goOn.body)
	}
	put := officer.post("/fr/question", formTo(t, goOn.body, "/fr/question", "query"))
	if put.status != http.StatusOK || !regexp.MustCompile(`^/fr/asked/[0-9a-f]{32}$`).MatchString(put.path) {
		t.Errorf("the question that was kept is not put: %d %s\n%s", put.status, put.path, put.body)
	}
	officer.settled(put.path)
}

// settled waits until a question is answered.
func (b *browser) settled(path string) string {
	b.t.Helper()
	for range 100 {
		_, body := b.get(path)
		if !strings.Contains(body, `http-equiv="refresh"`) {
			return body
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.t.Fatalf("nothing came at %s", path)
	return ""
}

// signsOut signs out by the button in the header.
func (x *trio) signsOut(at string) {
	t := x.t
	b := newBrowser(t, at, "")
	page := b.enters("auditor", "/fr/").body
	out := b.post("/sign-out", formTo(t, page, "/sign-out", "guichet-header__button"))
	if out.path != "/sign-out/done" || !strings.Contains(out.body, "Vous êtes déconnecté") || !strings.Contains(out.body, `href="/fr/"`) {
		t.Errorf("signing out leads to %s\n%s", out.path, out.body)
	}
	if status, _ := b.get("/fr/receipt/three/" + strings.Repeat("0", 32)); status != http.StatusUnauthorized {
		t.Errorf("who signed out is still in: %d", status)
	}
}

// TestTheOperatorsPage: what is well and what is not, with what to do; NZ is told that GB
// is silent.
func TestTheOperatorsPage(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ", "GB")
	x.serve("US")
	at, _ := x.servesPages("NZ", node.PagesRequest{Listen: ":0", Demonstration: true})
	b := newBrowser(t, at, "")
	going := b.enters("operator", "/en/operator")
	if !strings.Contains(going.body, `data-events="/en/operator/events"`) || !strings.Contains(going.body, `http-equiv="refresh"`) {
		t.Errorf("the page does not say that it looks\n%s", going.body)
	}
	page := b.settled("/en/operator")
	for _, want := range []string{
		"What needs somebody", "United Kingdom (GB)", "United States", "govuk-tag--red", "What to do:", "Nothing has been taken in yet", "Journal, as the others have seen it",
		"What is due to go", "GiB are free", "Our seat in three", "papers in force until", "Questions being put",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	french := b.settled("/fr/operator")
	for _, want := range []string{"Ce qui demande quelqu’un", "Royaume-Uni", "Gio sont libres", "Notre place dans three"} {
		if !strings.Contains(french, want) {
			t.Errorf("the French page does not say %q", want)
		}
	}
	if t.Failed() {
		t.Log(page)
	}
	again := b.post("/en/operator", formTo(t, page, "/en/operator", "csrf"))
	if again.status != http.StatusOK || again.path != "/en/operator" {
		t.Errorf("to look again is %d", again.status)
	}
	if events := b.fetch("/en/operator/events"); !strings.Contains(events.body, "event: over") || !strings.HasPrefix(events.header.Get("Content-Type"), "text/event-stream") {
		t.Errorf("how far it is: %v\n%s", events.header, events.body)
	}
}

// signInSecret is what a provider knows the pages of these tests by.
const signInSecret = "a secret of a test"

// signInPaper writes a configuration of a provider into a home.
func signInPaper(t *testing.T, home, issuer, address string, more ...func(paper map[string]any)) string {
	t.Helper()
	folder := filepath.Join(home, "portal")
	paper := map[string]any{"issuer": issuer, "client_id": "guichet", "client_secret_file": "client-secret", "address": address}
	for _, m := range more {
		m(paper)
	}
	text := given(json.Marshal(paper))(t)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"client-secret": []byte(signInSecret + "\n"), "signin.json": text} {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(folder, "signin.json")
}

// TestPagesWithAProvider: the configuration in the home is used; nobody answers at the
// provider, and the page says so; a session's form may lead there.
func TestPagesWithAProvider(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	issuer := "http://" + freeAddr(t)
	listen := freeAddr(t)
	signInPaper(t, x.seats["NZ"].cfg.Home, issuer, "http://"+listen)
	at, stop := x.servesPages("NZ", node.PagesRequest{Listen: listen})
	b := newBrowser(t, at, "")
	f := b.fetch("/sign-in?to=/fr/ask")
	if f.status != http.StatusServiceUnavailable || !strings.Contains(f.body, "La connexion est impossible") || !strings.Contains(f.body, "/sign-in?to=%2Ffr%2Fask") {
		t.Errorf("a provider that is silent is told as %d\n%s", f.status, f.body)
	}
	if policy := f.header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "form-action 'self' "+issuer) {
		t.Errorf("a form may lead to %s", policy)
	}
	if strings.Contains(f.body, "guichet-demonstration") {
		t.Error("a page with a provider calls itself a demonstration")
	}
	stop()
	x.backsUpThePages("NZ")
}

// backsUpThePages: no backup makes a session, and after a restore all have ended; who is
// who stays.
func (x *trio) backsUpThePages(code string) {
	t := x.t
	m := x.seats[code]
	var keys struct {
		Root  []byte `json:"root"`
		Seals []any  `json:"seals"`
	}
	read := func(home string) ([]byte, int) {
		keys.Seals = nil
		text := given(os.ReadFile(filepath.Join(home, "portal", "keys.json")))(t)
		if err := json.Unmarshal(text, &keys); err != nil {
			t.Fatal(err)
		}
		return append([]byte(nil), keys.Root...), len(keys.Seals)
	}
	root, _ := read(m.cfg.Home)
	for _, without := range []bool{true, false} {
		dir := t.TempDir()
		var b node.BackupResult
		m.open(func(n *node.Node) {
			b = given(n.Backup(t.Context(), node.BackupRequest{Out: filepath.Join(dir, "b.tar"), WithoutKeys: without}))(t)
		})
		home := filepath.Join(dir, "h")
		got := given(node.Restore(t.Context(), m.cfg, node.RestoreRequest{File: b.File, Home: home}))(t)
		if b.Pages == without || got.Pages == without {
			t.Errorf("without keys %t: it says that pages are in it: %t, %t", without, b.Pages, got.Pages)
		}
		if without {
			if _, err := os.Stat(filepath.Join(home, "portal")); err == nil {
				t.Error("a backup without keys has the folder of sessions")
			}
			continue
		}
		if r, seals := read(home); string(r) != string(root) || seals != 0 {
			t.Errorf("the backup has %d keys of sessions, and the same people: %t", seals, string(r) == string(root))
		}
		ended := string(given(os.ReadFile(filepath.Join(home, "portal", "ended")))(t))
		secret := given(os.Stat(filepath.Join(home, "portal", "client-secret")))(t)
		if !strings.Contains(ended, `"k":"a"`) || secret.Mode().Perm() != 0o600 {
			t.Errorf("after a restore sessions go on (%s), or others may read the secret (%s)", ended, secret.Mode())
		}
	}
}

// TestPagesThatNobodyMaySignInAt: what is refused before a port is opened.
func TestPagesThatNobodyMaySignInAt(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	cfg := x.seats["NZ"].cfg
	named := signInPaper(t, t.TempDir(), "https://accounts.example.org", "https://window.example.org")
	plain := signInPaper(t, t.TempDir(), "https://accounts.example.org", "http://127.0.0.1:8080")
	wrong := signInPaper(t, t.TempDir(), "ftp://accounts.example.org", "")
	for _, c := range []struct {
		name string
		req  node.PagesRequest
		says string
	}{
		{"a demonstration in the open", node.PagesRequest{Listen: "0.0.0.0:0", BehindProxy: true, Demonstration: true}, "are not checked"},
		{"both", node.PagesRequest{Listen: ":0", SignIn: named, Demonstration: true}, "exclude each other"},
		{"https without TLS", node.PagesRequest{Listen: ":0", SignIn: named}, "served without TLS"},
		{"TLS without https", node.PagesRequest{Listen: ":0", BehindProxy: true, SignIn: plain}, "served by TLS"},
		{"a wrong paper", node.PagesRequest{Listen: ":0", SignIn: wrong}, "issuer"},
		{"no paper", node.PagesRequest{Listen: ":0", SignIn: filepath.Join(t.TempDir(), "none")}, "there is no configuration"},
	} {
		err := node.Serve(t.Context(), cfg, node.ServeRequest{Listen: map[string]string{"": "127.0.0.1:0"}, Pages: c.req})
		if err == nil || !strings.Contains(err.Error(), c.says) || guichet.KindOf(err) == guichet.KindInternal {
			t.Errorf("%s: %v", c.name, fmt.Sprint(err))
		}
	}
}
