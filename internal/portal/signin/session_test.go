package signin_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet/internal/portal/signin"
)

// TestSessionsEnd: whoever kept the cookie does not keep the session.
func TestSessionsEnd(t *testing.T) {
	in := func(b *browser) bool {
		s, _ := b.get("/")
		return s.Person != nil
	}
	start := func(t *testing.T) (*world, *browser, *http.Cookie) {
		t.Helper()
		w := newWorld(t, false, nil)
		b := w.browser()
		b.signIn("amina", "trade-desk")
		return w, b, b.session()
	}

	t.Run("idle", func(t *testing.T) {
		w, b, c := start(t)
		w.watch.pass(29 * time.Minute)
		if !in(b) {
			t.Error("over before its time")
		}
		w.watch.pass(29 * time.Minute)
		if !in(b) {
			t.Error("in use, but idle")
		}
		other := w.browser()
		other.keepCookie(c)
		if in(other) {
			t.Error("the cookie of an hour ago is still good")
		}
		w.watch.pass(31 * time.Minute)
		if in(b) {
			t.Error("idle for 31 minutes, but still in")
		}
	})
	t.Run("longest", func(t *testing.T) {
		w, b, _ := start(t)
		for range 24 {
			w.watch.pass(25 * time.Minute)
			if !in(b) {
				t.Fatal("over before its time")
			}
		}
		w.watch.pass(time.Minute)
		if in(b) {
			t.Error("in after ten hours")
		}
	})
	t.Run("restart", func(t *testing.T) {
		w, b, _ := start(t)
		w.restart()
		if !in(b) {
			t.Error("put out by a restart")
		}
	})
	t.Run("sign out", func(t *testing.T) {
		w, b, c := start(t)
		second := w.browser()
		second.signIn("amina", "trade-desk")
		s, _ := b.get("/sign-out")
		if s.Key != "signin.sign_out" || !in(b) {
			t.Fatalf("a link signs out, or shows %q", s.Key)
		}
		_, to := b.post("/sign-out", url.Values{"csrf": {s.Token}})
		u, err := url.Parse(to)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		if !strings.HasPrefix(to, w.issuer.URL+"/end?") || q.Get("theme") != "plain" || q.Get("client_id") != "guichet" ||
			q.Get("post_logout_redirect_uri") != w.pages.URL+"/sign-out/done" || strings.Count(q.Get("id_token_hint"), ".") != 2 {
			t.Errorf("led to %s", to)
		}
		if b.session() != nil {
			t.Error("the cookie is still there")
		}
		if s, _ := b.get("/sign-out/done"); s.Key != "signin.signed_out" {
			t.Errorf("at the end shown %q", s.Key)
		}
		b.keepCookie(c)
		if in(b) {
			t.Error("a cookie that was kept lets in again")
		}
		w.restart()
		if in(b) {
			t.Error("a cookie that was kept lets in again after a restart")
		}
		if !in(second) {
			t.Error("the other browser is out too")
		}
	})
	t.Run("everywhere", func(t *testing.T) {
		w, b, _ := start(t)
		second, third := w.browser(), w.browser()
		second.signIn("amina", "trade-desk")
		third.signIn("bilal", "it")
		s, _ := b.get("/")
		b.post("/sign-out", url.Values{"csrf": {s.Token}, "everywhere": {"yes"}})
		if in(b) || in(second) || !in(third) {
			t.Errorf("in: this browser %t, hers elsewhere %t, somebody else %t", in(b), in(second), in(third))
		}
		w.watch.pass(time.Second)
		w.restart()
		if in(second) {
			t.Error("in again after a restart")
		}
		second.signIn("amina", "trade-desk")
	})
	t.Run("the provider is away", func(t *testing.T) {
		w, b, c := start(t)
		s, _ := b.get("/")
		w.issuer.down = true
		w.restart()
		if s, _ := b.post("/sign-out", url.Values{"csrf": {s.Token}}); s.Status != 200 || s.Key != "signin.signed_out_here" {
			t.Errorf("shown %d %q", s.Status, s.Key)
		}
		b.keepCookie(c)
		if in(b) {
			t.Error("still in")
		}
		w.issuer.down = false
	})
	t.Run("the provider cannot sign out", func(t *testing.T) {
		w := newWorld(t, false, nil)
		w.issuer.noLogin = true
		b := w.browser()
		s := b.signIn("amina", "trade-desk")
		if s, _ := b.post("/sign-out", url.Values{"csrf": {s.Token}}); s.Key != "signin.signed_out_here" || in(b) {
			t.Errorf("shown %q", s.Key)
		}
	})
	t.Run("signing in again", func(t *testing.T) {
		w, b, c := start(t)
		w.watch.pass(time.Second)
		b.follow("/sign-in?again=1")
		other := w.browser()
		other.keepCookie(c)
		if !in(b) || in(other) {
			t.Errorf("in: with the new session %t, with the old %t", in(b), in(other))
		}
	})
	t.Run("the clock was ahead", func(t *testing.T) {
		w, b, _ := start(t)
		w.watch.pass(-time.Hour)
		if in(b) {
			t.Error("a session of the future is good")
		}
	})
	t.Run("the configuration gives other roles", func(t *testing.T) {
		w := newWorld(t, false, nil)
		b := w.browser()
		b.signIn("amina", "trade-desk")
		text, err := os.ReadFile(filepath.Join(w.folder, "portal", "keys.json"))
		if err != nil {
			t.Fatal(err)
		}
		stricter := newWorld(t, false, func(c *signin.Config) { c.Roles = map[string]signin.Role{"trade-desk": signin.Auditor} })
		if err := os.WriteFile(filepath.Join(stricter.folder, "portal", "keys.json"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		stricter.restart()
		other := stricter.browser()
		other.keepCookie(b.session())
		if in(other) {
			t.Error("a session that rests on other roles is good")
		}
	})
	t.Run("altered", func(t *testing.T) {
		w, _, c := start(t)
		for i := 0; i < len(c.Value); i += 7 {
			v := []byte(c.Value)
			v[i] ^= 1
			b := w.browser()
			b.keepCookie(&http.Cookie{Name: c.Name, Value: string(v)})
			if in(b) {
				t.Errorf("good with byte %d altered", i)
			}
		}
		b := w.browser()
		b.keepCookie(&http.Cookie{Name: w.door.CookieName("session"), Value: strings.Repeat("A", 3900)})
		if in(b) {
			t.Error("a long one is good")
		}
	})
	t.Run("a cookie for another use", func(t *testing.T) {
		w, _, c := start(t)
		b := w.browser()
		b.keepCookie(&http.Cookie{Name: w.door.CookieName("flow-AAAAAAAA"), Value: c.Value})
		if s, _ := b.get("/sign-in/callback?code=x&state=AAAAAAAAAAAA"); s.Key != "signin.state" {
			t.Errorf("shown %q", s.Key)
		}
	})
}

// TestAllOut: an operator ends all sessions of a home.
func TestAllOut(t *testing.T) {
	w := newWorld(t, false, nil)
	b := w.browser()
	b.signIn("amina", "trade-desk")
	if err := w.door.Close(); err != nil {
		t.Fatal(err)
	}
	if err := signin.EndAll(filepath.Join(w.folder, "portal"), w.watch.Now()); err != nil {
		t.Fatal(err)
	}
	w.door = w.open()
	if s, _ := b.get("/"); s.Person != nil {
		t.Error("still in")
	}
	w.watch.pass(time.Second)
	b.signIn("amina", "trade-desk")
}

// TestAssets: what is the same for everybody is served without a session, so that a
// cache may keep it; and a stream of events does not keep a session alive.
func TestAssets(t *testing.T) {
	w := newDemonstration(t)
	b := w.browser()
	s := b.follow("/sign-in")
	b.post("/sign-in", url.Values{"role": {"officer"}, "csrf": {s.Token}})
	w.watch.pass(20 * time.Minute)
	if s, _ := b.get("/static/page.css"); s.Person != nil || len(s.Header["Set-Cookie"]) > 0 || s.Header.Get("Cache-Control") != "" {
		t.Errorf("a file is served to %v with %v", s.Person, s.Header)
	}
	r, err := http.NewRequest(http.MethodGet, w.pages.URL+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	if s, _ := b.do(r); s.Person == nil || len(s.Header["Set-Cookie"]) > 0 {
		t.Errorf("a stream is served to %v with %v", s.Person, s.Header["Set-Cookie"])
	}
	if s, _ := b.get("/"); s.Person == nil || len(s.Header["Set-Cookie"]) != 1 {
		t.Errorf("a page is served to %v with %v", s.Person, s.Header["Set-Cookie"])
	}
	if s, _ := b.post("/static/page.css", nil); s.Status != http.StatusForbidden {
		t.Errorf("a post to a file: %d %q", s.Status, s.Key)
	}
}

func BenchmarkSession(b *testing.B) {
	w := newDemonstration(b)
	browser := w.browser()
	s := browser.follow("/sign-in")
	browser.post("/sign-in", url.Values{"role": {"officer"}, "csrf": {s.Token}})
	r, err := http.NewRequest(http.MethodGet, w.pages.URL+"/", nil)
	if err != nil {
		b.Fatal(err)
	}
	r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, w.pages.Listener.Addr()))
	r.RemoteAddr = "127.0.0.1:1"
	r.AddCookie(browser.session())
	h := w.door.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := signin.From(r.Context()); !ok {
			b.Error("nobody")
		}
		signin.Token(r.Context())
	}))
	for b.Loop() {
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
}

// TestBackChannel: the provider says that sessions are over, and nobody else can.
func TestBackChannel(t *testing.T) {
	const event = "http://schemas.openid.net/event/backchannel-logout"
	token := func(w *world, change func(map[string]any)) string {
		c := map[string]any{
			"iss": w.issuer.URL, "aud": "guichet", "sub": "amina", "jti": "one", "iat": w.watch.Now().Unix(), "exp": w.watch.Now().Add(2 * time.Minute).Unix(),
			"events": map[string]any{event: map[string]any{}},
		}
		if change != nil {
			change(c)
		}
		return w.issuer.sign(c)
	}
	tell := func(b *browser, raw string) int {
		s, _ := b.post("/sign-out/back-channel", url.Values{"logout_token": {raw}}, "Origin", "https://accounts.customs.example")
		if s.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("the answer may be kept")
		}
		return s.Status
	}
	in := func(b *browser) bool {
		s, _ := b.get("/")
		return s.Person != nil
	}

	t.Run("a person", func(t *testing.T) {
		w := newWorld(t, false, nil)
		one, two, other := w.browser(), w.browser(), w.browser()
		one.signIn("amina", "trade-desk")
		two.signIn("amina", "trade-desk")
		other.signIn("bilal", "it")
		if status := tell(w.browser(), token(w, nil)); status != http.StatusOK {
			t.Fatalf("answered %d; log:\n%s", status, w.log)
		}
		if in(one) || in(two) || !in(other) {
			t.Errorf("in: amina %t and %t, bilal %t", in(one), in(two), in(other))
		}
		w.watch.pass(time.Second)
		one.signIn("amina", "trade-desk")
		if status := tell(w.browser(), token(w, nil)); status != http.StatusBadRequest || !in(one) {
			t.Errorf("a second time answered %d, in %t", status, in(one))
		}
		w.restart()
		if in(two) || !in(one) {
			t.Errorf("after a restart: ended %t, new %t", in(two), in(one))
		}
	})
	t.Run("a session", func(t *testing.T) {
		w := newWorld(t, false, nil)
		one, two := w.browser(), w.browser()
		one.signIn("amina", "trade-desk")
		w.issuer.change = func(c map[string]any) { c["sid"] = "another" }
		two.signIn("amina", "trade-desk")
		if status := tell(w.browser(), token(w, func(c map[string]any) { c["sid"] = "sid-amina" })); status != http.StatusOK {
			t.Fatalf("answered %d", status)
		}
		if in(one) || !in(two) {
			t.Errorf("in: the one that is over %t, the other %t", in(one), in(two))
		}
	})
	t.Run("refused", func(t *testing.T) {
		other := newWorld(t, false, nil)
		for name, c := range map[string]struct {
			raw    func(w *world) string
			status int
		}{
			"nothing":          {func(*world) string { return "" }, 400},
			"no token":         {func(*world) string { return "a.b.c" }, 400},
			"another key":      {func(w *world) string { return other.issuer.sign(map[string]any{"iss": w.issuer.URL}) }, 400},
			"another client":   {func(w *world) string { return token(w, func(c map[string]any) { c["aud"] = "payroll" }) }, 400},
			"another provider": {func(w *world) string { return token(w, func(c map[string]any) { c["iss"] = "https://x.example" }) }, 400},
			"no event":         {func(w *world) string { return token(w, func(c map[string]any) { delete(c, "events") }) }, 400},
			"an ID token":      {func(w *world) string { return token(w, func(c map[string]any) { c["nonce"] = "x" }) }, 400},
			"nobody":           {func(w *world) string { return token(w, func(c map[string]any) { delete(c, "sub") }) }, 400},
			"old": {func(w *world) string {
				return token(w, func(c map[string]any) { c["iat"] = w.watch.Now().Add(-time.Hour).Unix() })
			}, 400},
			"expired": {func(w *world) string {
				return token(w, func(c map[string]any) { c["exp"] = w.watch.Now().Add(-time.Hour).Unix() })
			}, 400},
			"of the future": {func(w *world) string {
				return token(w, func(c map[string]any) { c["iat"] = w.watch.Now().Add(time.Hour).Unix() })
			}, 400},
			"too large": {func(*world) string { return strings.Repeat("a", 20<<10) }, 400},
			"the provider is away": {func(w *world) string {
				raw := token(w, nil)
				w.restart()
				w.issuer.down = true
				return raw
			}, 503},
		} {
			w := newWorld(t, false, nil)
			b := w.browser()
			b.signIn("amina", "trade-desk")
			if status := tell(w.browser(), c.raw(w)); status != c.status || !in(b) {
				t.Errorf("%s: answered %d, want %d; still in %t", name, status, c.status, in(b))
			}
		}
	})
	t.Run("only by POST", func(t *testing.T) {
		if s, _ := newWorld(t, false, nil).browser().get("/sign-out/back-channel?logout_token=x"); s.Status != http.StatusNotFound {
			t.Errorf("answered %d", s.Status)
		}
	})
}
