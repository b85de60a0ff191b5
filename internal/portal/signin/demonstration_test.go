package signin_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet/internal/portal/signin"
)

// TestDemonstration: one user per role, loudly marked, for nobody from elsewhere.
func TestDemonstration(t *testing.T) {
	w := newDemonstration(t)
	for _, role := range signin.Roles() {
		b := w.browser()
		s := b.follow("/audit?x=1")
		if s.Key != "signin.choose" || len(s.Args.People) != len(signin.Roles()) || s.Args.To != "/audit?x=1" {
			t.Fatalf("shown %q with %+v", s.Key, s.Args)
		}
		if s, _ := b.post("/sign-in", url.Values{"role": {string(role)}}); s.Status != http.StatusForbidden {
			t.Errorf("without a token: %d %q", s.Status, s.Key)
		}
		_, to := b.post("/sign-in", url.Values{"role": {string(role)}, "to": {s.Args.To}, "csrf": {s.Token}})
		if to != "/audit?x=1" {
			t.Errorf("led to %q", to)
		}
		s, _ = b.get("/")
		if s.Person == nil || !s.Person.Demonstration || !s.Person.Has(role) || len(s.Person.Roles) != 1 || !strings.HasPrefix(s.Person.Name, "DEMONSTRATION") {
			t.Fatalf("signed in as %+v", s.Person)
		}
		s, _ = b.get("/audit")
		if (s.Key == "signin.forbidden") == (role == signin.Auditor) {
			t.Errorf("%s at the auditor's page: %d %q", role, s.Status, s.Key)
		}
		s, _ = b.get("/sign-out")
		if s := b.follow(second(b.post("/sign-out", url.Values{"csrf": {s.Token}}))); s.Key != "signin.signed_out" {
			t.Errorf("after signing out shown %q", s.Key)
		}
	}
	b := w.browser()
	if s := b.follow("/sign-in?as=auditor"); len(s.Args.People) != 1 || !s.Args.People[0].Has(signin.Auditor) {
		t.Errorf("who comes as an auditor may choose among %+v", s.Args.People)
	}
	s := b.follow("/sign-in")
	if len(s.Args.People) != len(signin.Roles()) {
		t.Errorf("who says nothing may choose among %+v", s.Args.People)
	}
	if s, _ := b.post("/sign-in", url.Values{"role": {"director"}, "csrf": {s.Token}}); s.Status != 400 || s.Key != "signin.choose" {
		t.Errorf("an unknown role: %d %q", s.Status, s.Key)
	}
	if s, to := b.get("/sign-in/callback?state=AAAAAAAAAAAA&code=x"); to != "/sign-in" {
		t.Errorf("the way back of a provider: %d %q", s.Status, to)
	}

	// A name that resolves to this machine is not this machine's.
	r, err := http.NewRequest(http.MethodGet, w.pages.URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "rebound.evil.example"
	if s, _ := b.do(r); s.Status != 403 || s.Key != "signin.demonstration_address" {
		t.Errorf("by another name: %d %q", s.Status, s.Key)
	}

	// A session of the demonstration is worth nothing with a provider, with the same keys.
	_, _ = b.post("/sign-in", url.Values{"role": {"officer"}, "csrf": {s.Token}})
	text, err := os.ReadFile(filepath.Join(w.folder, "portal", "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	real := newWorld(t, false, nil)
	if err := os.WriteFile(filepath.Join(real.folder, "portal", "keys.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	real.restart()
	other := real.browser()
	other.keepCookie(b.session())
	if s, _ := other.get("/"); s.Person != nil {
		t.Errorf("a demonstration's session lets in %+v", s.Person)
	}
}

func second(_ shown, to string) string { return to }

// TestLimits: attempts are counted by network, and the pages are not.
func TestLimits(t *testing.T) {
	w := newWorld(t, false, nil)
	b := w.browser()
	var s shown
	n := 0
	for ; n < 1000 && s.Key != "signin.limit"; n++ {
		s, _ = b.get("/sign-in")
	}
	if n < 290 || n > 310 || s.Status != http.StatusTooManyRequests || s.Header.Get("Retry-After") == "" || s.Args.Values["seconds"] == "" {
		t.Errorf("after %d attempts %d, wait %q", n, s.Status, s.Header.Get("Retry-After"))
	}
	if s, _ := b.get("/"); s.Status != http.StatusOK {
		t.Errorf("the pages are closed too: %d", s.Status)
	}
	w.watch.pass(2 * time.Second)
	if s, _ := b.get("/sign-in"); s.Status != http.StatusSeeOther {
		t.Errorf("after waiting %d", s.Status)
	}
}
