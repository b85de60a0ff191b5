package signin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"
	"github.com/google/go-cmp/cmp"

	"guichet/internal/portal/signin"

	"guichet/internal/guichettest"
)

// TestTheProviderIsAskedInALanguage: of the page that is wanted, or another that is named;
// on the way out of the page that was left.
func TestTheProviderIsAskedInALanguage(t *testing.T) {
	w := newWorld(t, false, nil)
	for address, want := range map[string]string{
		"/sign-in": "", "/sign-in?to=/fr/ask": "fr", "/sign-in?to=/en/ask%3Fby%3Dmonth": "en", "/sign-in?to=/en/ask&lang=fr": "fr",
		"/sign-in?to=/french": "", "/sign-in?to=/de/ask": "", "/sign-in?lang=de": "", "/sign-in?to=/sign-out": "",
	} {
		_, at := w.browser().get(address)
		u, err := url.Parse(at)
		if err != nil || u.Query().Get("state") == "" || u.Query().Get("ui_locales") != want {
			t.Errorf("%s leads to %s, %v; want the language %q", address, at, err, want)
		}
	}
	w.issuer.as("amina", "trade-desk")
	b := w.browser()
	s := b.follow("/sign-in?to=/fr/ask")
	_, to := b.post("/sign-out", url.Values{"csrf": {s.Token}, "to": {"/fr/"}})
	if u, err := url.Parse(to); err != nil || u.Query().Get("ui_locales") != "fr" || u.Query().Get("state") != "/fr/" {
		t.Errorf("signing out leads to %s, %v", to, err)
	}
	w.issuer.as("chloe", "canteen")
	if s := w.browser().follow("/sign-in?to=/fr/ask"); s.Key != "signin.no_role" || s.Args.Next != "/sign-in?again=1&to=%2Ffr%2Fask" {
		t.Errorf("another account is to sign in at %q", s.Args.Next)
	}
}

// TestSigningIn: whoever the provider names comes back to the page they wanted, with
// the roles that the configuration gives and a pseudonym, and nothing else of them.
func TestSigningIn(t *testing.T) {
	w := newWorld(t, true, nil)
	b := w.browser()
	if s, _ := b.get("/"); s.Person != nil || len(s.Header["Set-Cookie"]) != 1 {
		t.Errorf("before signing in there is %v, and cookies %q: a page with a form sets one", s.Person, s.Header["Set-Cookie"])
	}
	_, to := b.get("/ask?code=8517.12&by=month")
	if want := "/sign-in?to=" + url.QueryEscape("/ask?code=8517.12&by=month"); to != want {
		t.Errorf("a page for persons leads to %q, want %q", to, want)
	}
	w.issuer.as("amina", "trade-desk", "court", "canteen")
	s, at := b.get(to)
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if s.Header.Get("Cache-Control") != "no-store" || q.Get("code_challenge_method") != "S256" || q.Get("response_type") != "code" ||
		len(q.Get("state")) < 20 || len(q.Get("nonce")) < 20 || q.Get("scope") != "openid profile" {
		t.Errorf("the provider is asked %v, cache %q", q, s.Header.Get("Cache-Control"))
	}
	for _, c := range s.Header["Set-Cookie"] {
		if !strings.HasPrefix(c, "__Host-") || !strings.Contains(c, "Secure") || !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") || !strings.Contains(c, "Path=/;") {
			t.Errorf("a cookie of the way there: %s", c)
		}
	}
	_, back := b.get(at)
	s, to = b.get(back)
	if to != "/ask?code=8517.12&by=month" || s.Header.Get("Referrer-Policy") != "no-referrer" || s.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("back at %q with %v", to, s.Header)
	}
	for _, c := range s.Header["Set-Cookie"] {
		if len(c) > 4096 || !strings.Contains(c, "Secure") || !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") || strings.Contains(c, "amina") {
			t.Errorf("a cookie of the session: %s", c)
		}
	}
	s, _ = b.get(to)
	if s.Person == nil {
		t.Fatalf("nobody is signed in: %d %q", s.Status, s.Key)
	}
	want := signin.Person{Pseudonym: s.Person.Pseudonym, Name: "amina Doe", Roles: []signin.Role{signin.Officer, signin.Auditor}}
	if d := cmp.Diff(want, *s.Person); d != "" {
		t.Errorf("signed in (-want +got):\n%s", d)
	}
	if len(want.Pseudonym) != 16 || strings.Trim(want.Pseudonym, "0123456789abcdef") != "" {
		t.Errorf("the pseudonym is %q", want.Pseudonym)
	}
	if s.Header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("a page that names somebody may be kept: %q", s.Header.Get("Cache-Control"))
	}

	again := w.browser().signIn("amina", "data-unit")
	other := w.browser().signIn("bilal", "data-unit")
	elsewhere := newWorld(t, false, nil).browser().signIn("amina", "data-unit")
	if again.Person.Pseudonym != want.Pseudonym || other.Person.Pseudonym == want.Pseudonym || elsewhere.Person.Pseudonym == want.Pseudonym {
		t.Errorf("pseudonyms: amina %s, again %s, bilal %s, amina at another home %s", want.Pseudonym, again.Person.Pseudonym, other.Person.Pseudonym, elsewhere.Person.Pseudonym)
	}
}

// TestAnswersThatAreNotGood: each has a sentence of its own, and none signs anybody in.
func TestAnswersThatAreNotGood(t *testing.T) {
	set := func(name string, value any) func(*issuer) {
		return func(i *issuer) { i.change = func(c map[string]any) { c[name] = value } }
	}
	unix := func(w *watch, d time.Duration) int64 { return w.Now().Add(d).Unix() }
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name   string
		wrong  func(*issuer)
		status int
		key    string
	}{
		{"another audience", set("aud", "payroll"), 502, "signin.audience"},
		{"two audiences and no authorised party", set("aud", []string{"guichet", "payroll"}), 502, "signin.audience"},
		{"another authorised party", set("azp", "payroll"), 502, "signin.audience"},
		{"another attempt's nonce", set("nonce", "of-another"), 400, "signin.nonce"},
		{"no nonce", func(i *issuer) { i.change = func(c map[string]any) { delete(c, "nonce") } }, 400, "signin.nonce"},
		{"another issuer", set("iss", "https://accounts.elsewhere.example"), 502, "signin.untrusted"},
		{"no subject", set("sub", ""), 502, "signin.untrusted"},
		{"our clock is behind", func(i *issuer) {
			i.change = func(c map[string]any) { c["iat"], c["exp"] = unix(i.watch, time.Hour), unix(i.watch, 2*time.Hour) }
		}, 502, "signin.clock"},
		{"our clock is ahead", func(i *issuer) {
			i.change = func(c map[string]any) { c["iat"], c["exp"] = unix(i.watch, -time.Hour), unix(i.watch, -50*time.Minute) }
		}, 502, "signin.clock"},
		{"not good yet", func(i *issuer) {
			i.change = func(c map[string]any) { c["nbf"] = unix(i.watch, time.Hour) }
		}, 502, "signin.clock"},
		{"no ID token", func(i *issuer) { i.token = func(string) string { return "" } }, 502, "signin.untrusted"},
		{"no JWT", func(i *issuer) { i.token = func(string) string { return "a.b.c" } }, 502, "signin.untrusted"},
		{"another key", func(i *issuer) { i.key = other }, 502, "signin.untrusted"},
		{"altered", func(i *issuer) {
			i.token = func(raw string) string {
				p := strings.Split(raw, ".")
				text, _ := base64.RawURLEncoding.DecodeString(p[1])
				return p[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(text), "amina Doe", "amina Roe", 1))) + "." + p[2]
			}
		}, 502, "signin.untrusted"},
		{"unsigned", func(i *issuer) {
			i.token = func(raw string) string {
				return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + strings.Split(raw, ".")[1] + "."
			}
		}, 502, "signin.untrusted"},
		{"signed by the public key as a secret", func(i *issuer) {
			i.token = func(string) string {
				return oidctest.SignIDToken(other, "k", oidc.ES256, `{"iss":"`+i.URL+`","aud":"guichet","sub":"amina"}`)
			}
		}, 502, "signin.untrusted"},
		{"another access token", set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), 502, "signin.untrusted"},
		{"an expired code", func(i *issuer) { i.refuse, i.status = "invalid_grant", 400 }, 400, "signin.code"},
		{"a wrong secret", func(i *issuer) { i.refuse, i.status = "invalid_client", 401 }, 502, "signin.client"},
		{"a fault of the provider's", func(i *issuer) { i.refuse, i.status = "server_error", 500 }, 503, "signin.unreachable"},
		{"a role that we do not know", func(i *issuer) { i.as("amina", "canteen") }, 403, "signin.no_role"},
		{"a role of ours that the configuration does not give", func(i *issuer) { i.as("amina", "officer") }, 403, "signin.no_role"},
		{"no roles at all", func(i *issuer) { i.as("amina") }, 403, "signin.no_role"},
		{"roles of somebody else", func(i *issuer) {
			i.as("amina")
			i.info = map[string]any{"sub": "bilal", "realm_access": map[string]any{"roles": []string{"trade-desk"}}}
		}, 403, "signin.no_role"},
		{"another provider's answer", func(i *issuer) { i.answer = func(q url.Values) { q.Set("iss", "https://accounts.elsewhere.example") } }, 400, "signin.issuer"},
		{"no code", func(i *issuer) { i.answer = func(q url.Values) { q.Del("code") } }, 400, "signin.state"},
		{"the person stopped", func(i *issuer) { i.answer = func(q url.Values) { q.Set("error", "access_denied") } }, 403, "signin.denied"},
		{"an error with markup", func(i *issuer) { i.answer = func(q url.Values) { q.Set("error", "<b>no</b>") } }, 403, "signin.refused"},
		{"an address that the provider does not know", func(i *issuer) { i.answer = func(q url.Values) { q.Set("error", "unauthorized_client") } }, 502, "signin.client"},
		{"another state", func(i *issuer) { i.answer = func(q url.Values) { q.Set("state", q.Get("state")[:8]+"and-another") } }, 400, "signin.state"},
		{"a short state", func(i *issuer) { i.answer = func(q url.Values) { q.Set("state", "x") } }, 400, "signin.state"},
		{"it was slow", func(i *issuer) { i.answer = func(url.Values) { i.watch.pass(signin.FlowFor + time.Second) } }, 400, "signin.slow"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, false, nil)
			w.issuer.as("amina", "trade-desk")
			c.wrong(w.issuer)
			b := w.browser()
			s := b.follow("/sign-in?to=/ask")
			if s.Status != c.status || s.Key != c.key {
				t.Errorf("shown %d %q, want %d %q; log:\n%s", s.Status, s.Key, c.status, c.key, w.log)
			}
			if strings.Contains(s.Args.Next, "<") || s.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("leads to %q, cache %q", s.Args.Next, s.Header.Get("Cache-Control"))
			}
			if s, _ := b.get("/"); s.Person != nil || b.session() != nil {
				t.Errorf("%+v is signed in all the same", s.Person)
			}
		})
	}
}

// TestTheWayBackIsGoneOnce: an answer that somebody saw signs nobody in a second time,
// and one of another browser not a first time.
func TestTheWayBackIsGoneOnce(t *testing.T) {
	w := newWorld(t, false, nil)
	w.issuer.as("amina", "trade-desk")
	b := w.browser()
	_, at := b.get("/sign-in")
	_, back := b.get(at)
	var way *http.Cookie
	u, _ := url.Parse(w.pages.URL)
	for _, c := range b.client.Jar.Cookies(u) {
		if strings.Contains(c.Name, "-flow-") {
			way = c
		}
	}
	if s, _ := w.browser().get(back); s.Key != "signin.state" {
		t.Errorf("the answer in another browser: %d %q", s.Status, s.Key)
	}
	if s := b.follow(back); s.Person == nil {
		t.Fatalf("not signed in: %d %q", s.Status, s.Key)
	}
	if s, _ := b.get(back); s.Key != "signin.state" {
		t.Errorf("the answer again, without the cookie: %d %q", s.Status, s.Key)
	}
	b.keepCookie(way)
	if s, _ := b.get(back); s.Status != 400 || s.Key != "signin.replayed" {
		t.Errorf("the answer again, with a cookie that was kept: %d %q", s.Status, s.Key)
	}
}

// TestManyTabs: two ways under way do not disturb each other, and many leave no heap
// of cookies.
func TestManyTabs(t *testing.T) {
	w := newWorld(t, false, nil)
	w.issuer.as("amina", "trade-desk")
	b := w.browser()
	_, one := b.get("/sign-in?to=/one")
	_, two := b.get("/sign-in?to=/two")
	if s := b.follow(one); s.Path != "/one" {
		t.Errorf("the first tab is at %q: %q", s.Path, s.Key)
	}
	if s := b.follow(two); s.Path != "/two" {
		t.Errorf("the second tab is at %q: %q", s.Path, s.Key)
	}
	b = w.browser()
	for range 20 {
		b.get("/sign-in?to=/" + strings.Repeat("x", 900))
	}
	u, _ := url.Parse(w.pages.URL)
	if n := len(b.client.Jar.Cookies(u)); n > 6 {
		t.Errorf("%d cookies", n)
	}
}

// TestRolesFromUserinfo: some providers keep roles out of the ID token.
func TestRolesFromUserinfo(t *testing.T) {
	w := newWorld(t, false, nil)
	w.issuer.as("amina")
	w.issuer.info = map[string]any{"sub": "amina", "realm_access": map[string]any{"roles": []string{"it"}}}
	if s := w.browser().follow("/sign-in"); s.Person == nil || !slices.Equal(s.Person.Roles, []signin.Role{signin.Operator}) {
		t.Errorf("signed in as %+v", s.Person)
	}
}

// TestRolesInOurWords: without a map the provider's names are ours, and no others count.
func TestRolesInOurWords(t *testing.T) {
	w := newWorld(t, false, func(c *signin.Config) { c.Roles = nil })
	b := w.browser()
	s := b.signIn("amina", "canteen", "steward", "officer")
	if !slices.Equal(s.Person.Roles, []signin.Role{signin.Officer, signin.Steward}) {
		t.Errorf("signed in as %+v", s.Person)
	}
	if n := len(b.session().Value); n > 500 {
		t.Errorf("the session's cookie is %d bytes", n)
	}
	w.issuer.as("bilal", "canteen")
	if s := w.browser().follow("/sign-in?to=/ask"); s.Key != "signin.no_role" || s.Args.Values["roles"] != "officer, steward, auditor, operator" || s.Args.To != "/ask" {
		t.Errorf("shown %d %q %v", s.Status, s.Key, s.Args)
	}
}

// TestProviderThatIsAway: nobody can sign in, whoever has is not disturbed, and it is
// asked again when it may be back.
func TestProviderThatIsAway(t *testing.T) {
	w := newWorld(t, false, nil)
	in := w.browser()
	in.signIn("amina", "trade-desk")
	w.issuer.down = true
	w.restart() // nothing of the provider is known any more
	if s, _ := in.get("/ask"); s.Person == nil {
		t.Errorf("who was signed in is put out: %d %q", s.Status, s.Key)
	}
	b := w.browser()
	for range 2 {
		if s, _ := b.get("/sign-in"); s.Status != 503 || s.Key != "signin.unreachable" || s.Args.Next != "/sign-in" {
			t.Errorf("shown %d %q, leads to %q", s.Status, s.Key, s.Args.Next)
		}
	}
	w.issuer.down = false
	w.watch.pass(3 * time.Second)
	if s := b.signIn("bilal", "it"); s.Person == nil {
		t.Error("it is back, but nobody can sign in")
	}
	// Known for a while, then away for a while: the way there is still known.
	w.watch.pass(2 * time.Hour)
	w.issuer.down = true
	if _, to := w.browser().get("/sign-in"); !strings.HasPrefix(to, w.issuer.URL+"/auth") {
		t.Errorf("led to %q", to)
	}
	w.issuer.down = false
}

// TestWaitingForTheProvider: who waits while it does not answer is told together with
// the first, not one after the other.
func TestWaitingForTheProvider(t *testing.T) {
	w := newWorld(t, false, nil)
	w.issuer.down = true
	const many = 20
	asked := 0
	w.issuer.asked = func() {
		asked++
		guichettest.Until(100*time.Millisecond, func() bool { return w.came.Load() >= many })
		time.Sleep(100 * time.Millisecond) // until those who came wait, too
		w.watch.pass(10 * time.Second)     // as long as we wait for an answer
	}
	var wait sync.WaitGroup
	for range many {
		b := w.browser()
		wait.Go(func() {
			if s, _ := b.get("/sign-in?to=/fr/ask"); s.Key != "signin.unreachable" || s.Args.To != "/fr/ask" || s.Args.Next != "/sign-in?to=%2Ffr%2Fask" {
				t.Errorf("shown %d %q, wanted %q", s.Status, s.Key, s.Args.To)
			}
		})
	}
	wait.Wait()
	if asked > many/4 { // a few that were slow to come may ask again
		t.Errorf("the provider was asked %d times", asked)
	}
}

// TestProviderOfAnotherName: the name must be the same letter by letter.
func TestProviderOfAnotherName(t *testing.T) {
	w := newWorld(t, false, func(c *signin.Config) { c.Issuer += "/" })
	if s, _ := w.browser().get("/sign-in"); s.Status != 502 || s.Key != "signin.issuer" {
		t.Errorf("shown %d %q", s.Status, s.Key)
	}
}

func TestRolesAt(t *testing.T) {
	claims := map[string]any{
		"role": "officer", "roles": []any{"a", 7, "b", nil}, "https://x.example/roles": []any{"c"},
		"deep": map[string]any{"er": map[string]any{"roles": []any{"d"}}}, "number": 5,
	}
	for path, want := range map[string][]string{
		"role": {"officer"}, "roles": {"a", "b"}, "https://x.example/roles": {"c"}, "deep.er.roles": {"d"},
		"number": nil, "deep.er": nil, "deep.er.roles.x": nil, "none": nil, "": nil,
	} {
		got, told := signin.RolesAt(claims, path)
		if !slices.Equal(got, want) || told != (want != nil) {
			t.Errorf("at %q there is %q (%t), want %q", path, got, told, want)
		}
	}
}

func TestNameOf(t *testing.T) {
	for _, c := range []struct {
		claims map[string]any
		want   string
	}{
		{map[string]any{"name": "Amina Diallo"}, "Amina Diallo"},
		{map[string]any{"name": "  \u202eAmina\n Diallo\u0000 "}, "Amina Diallo"},
		{map[string]any{"given_name": "Amina", "family_name": "Diallo"}, "Amina Diallo"},
		{map[string]any{"name": "amina@customs.example", "preferred_username": "amina"}, "amina"},
		{map[string]any{"preferred_username": "amina@customs.example"}, ""},
		{map[string]any{"name": strings.Repeat("é", 300)}, strings.Repeat("é", 100)},
		{map[string]any{"name": 5}, ""},
	} {
		if got := signin.NameOf(c.claims); got != c.want {
			t.Errorf("%v is greeted %q, want %q", c.claims, got, c.want)
		}
	}
}

func FuzzLocalAddress(f *testing.F) {
	for _, s := range []string{"/", "/ask?x=1", "//evil.example", "/\\evil.example", "https://evil.example", "/sign-out", "/%2f%2fevil", "/a\nb", "/\t/evil.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := signin.LocalAddress(s)
		base, _ := url.Parse("https://window.example/page")
		u, err := base.Parse(got)
		if err != nil || u.Host != "window.example" || u.Scheme != "https" || !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.HasPrefix(got, "/\\") {
			t.Errorf("%q became %q, which leads to %v", s, got, u)
		}
	})
}
