//go:build linux

package signin_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/internal/guichettest"
	"guichet/internal/portal/signin"
)

// realWorld is pages that a real provider's door will stand before.
func realWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, folder: t.TempDir(), log: &bytes.Buffer{}}
	w.pages = httptest.NewServer(w.handler())
	return w
}

// openTo opens the door to a realm.
func (w *world) openTo(issuer, client string, clock func() time.Time) {
	w.t.Helper()
	secret := filepath.Join(w.folder, "client-secret")
	if err := os.WriteFile(secret, []byte(clientSecret+"\n"), 0o600); err != nil {
		w.t.Fatal(err)
	}
	c := signin.Config{
		Issuer: issuer, ClientID: client, SecretFile: secret, RolesClaim: "realm_access.roles", Address: w.pages.URL,
		Roles: map[string]signin.Role{"trade-desk": signin.Officer, "data-unit": signin.Steward, "audit-court": signin.Auditor, "it": signin.Operator},
	}
	w.open = func() *signin.Door {
		d, err := signin.New(signin.Options{Config: &c, Folder: filepath.Join(w.folder, "portal"), Clock: clock, Render: render, Log: slog.New(slog.NewTextHandler(w.log, nil))})
		if err != nil {
			w.t.Fatal(err)
		}
		return d
	}
	w.door = w.open()
}

// login fills in the provider's form, where it shows one, and returns the address that
// leads back to our pages, not yet followed.
func (b *browser) login(address, user, password string) string {
	b.t.Helper()
	for range 10 {
		if strings.HasPrefix(address, b.w.pages.URL+"/") {
			return address
		}
		s, to := b.get(address)
		if to == "" {
			form := guichettest.KeycloakForm(s.Key)
			if form == "" {
				b.t.Fatalf("no form of the provider's: %d\n%s", s.Status, s.Key)
			}
			s, to = b.post(form, guichettest.KeycloakLogin(user, password))
			if to == "" {
				return fmt.Sprintf("%d", s.Status)
			}
		}
		address = to
	}
	b.t.Fatal("led round in a circle by the provider")
	return ""
}

// begin starts at a page of ours and logs in.
func (b *browser) begin(from, user string) string {
	b.t.Helper()
	_, to := b.get(from)
	return b.login(to, user, guichettest.KeycloakPassword)
}

// TestKeycloak walks through everything with a real provider, Keycloak: its login form,
// its tokens, its sessions, its word that they are over.
func TestKeycloak(t *testing.T) {
	w, two := realWorld(t), realWorld(t)
	k := guichettest.StartKeycloak(t, guichettest.KeycloakConfig{Address: w.pages.URL, AddressTwo: two.pages.URL, Secret: clientSecret})
	watch := &watch{}
	clock := func() time.Time { return time.Now().UTC().Add(watch.Now().Sub(time.Time{})) }
	issuer := k.Issuer(guichettest.KeycloakRealm)
	w.openTo(issuer, "guichet", clock)
	two.openTo(issuer, "guichet-by-person", clock)
	w.finish()
	two.finish()
	in := func(b *browser) bool {
		s, _ := b.get("/")
		return s.Person != nil
	}

	amina := w.browser()
	t.Run("sign in", func(t *testing.T) {
		if got := w.browser().begin("/sign-in", "amina"); !strings.HasPrefix(got, w.pages.URL+"/sign-in/callback?") {
			t.Fatalf("led to %s", got)
		}
		_, to := w.browser().get("/sign-in")
		if got := w.browser().login(to, "amina", "a wrong password"); got != "200" {
			t.Errorf("a wrong password leads to %s", got)
		}
		back := amina.begin("/sign-in?to=/ask", "amina")
		s := amina.follow(back)
		if s.Person == nil || s.Path != "/ask" {
			t.Fatalf("not signed in: %d %q; log:\n%s", s.Status, s.Key, w.log)
		}
		if s.Person.Name != "Amina Diallo" || !slices.Equal(s.Person.Roles, []signin.Role{signin.Officer, signin.Auditor}) || len(s.Person.Pseudonym) != 16 || s.Person.Demonstration {
			t.Errorf("signed in as %+v", s.Person)
		}
		if s, _ := amina.get(back); s.Key != "signin.state" {
			t.Errorf("the same answer again: %d %q", s.Status, s.Key)
		}
	})
	t.Run("roles", func(t *testing.T) {
		if s, _ := amina.get("/audit"); s.Status != http.StatusOK {
			t.Errorf("an auditor at the auditors' page: %d %q", s.Status, s.Key)
		}
		bilal := w.browser()
		if s := bilal.follow(bilal.begin("/sign-in", "bilal")); s.Person == nil || !slices.Equal(s.Person.Roles, []signin.Role{signin.Operator}) {
			t.Errorf("bilal is %+v", s.Person)
		}
		if s, _ := bilal.get("/audit"); s.Status != http.StatusForbidden || s.Key != "signin.forbidden" {
			t.Errorf("an operator at the auditors' page: %d %q", s.Status, s.Key)
		}
	})
	t.Run("no role", func(t *testing.T) {
		b := w.browser()
		s := b.follow(b.begin("/sign-in", "chloe"))
		if s.Status != http.StatusForbidden || s.Key != "signin.no_role" || s.Args.Values["roles"] != "audit-court, data-unit, it, trade-desk" || in(b) {
			t.Errorf("shown %d %q %v", s.Status, s.Key, s.Args.Values)
		}
		// She signs out at the provider, and somebody else uses the browser.
		_, to := b.post("/sign-out", url.Values{"csrf": {s.Token}})
		if s := b.follow(to); s.Key != "signin.signed_out" {
			t.Errorf("signing out without a session shows %d %q", s.Status, s.Key)
		}
		if s := b.follow(b.begin("/sign-in", "bilal")); s.Person == nil || s.Person.Name != "Bilal Haddad" {
			t.Errorf("then signed in as %+v", s.Person)
		}
	})
	t.Run("roles of userinfo", func(t *testing.T) {
		b := two.browser()
		s := b.follow(b.begin("/sign-in", "amina"))
		if s.Person == nil || !slices.Equal(s.Person.Roles, []signin.Role{signin.Officer, signin.Auditor}) {
			t.Errorf("signed in as %+v: %q; log:\n%s", s.Person, s.Key, two.log)
		}
	})
	t.Run("code that was used", func(t *testing.T) {
		// Another browser's state with a code that is spent.
		b := w.browser()
		back := b.begin("/sign-in", "bilal")
		b.follow(back)
		spent, _ := url.Parse(back)
		other := w.browser()
		fresh, _ := url.Parse(other.begin("/sign-in", "bilal"))
		q := fresh.Query()
		q.Set("code", spent.Query().Get("code"))
		if s, _ := other.get("/sign-in/callback?" + q.Encode()); s.Status != 400 || s.Key != "signin.code" {
			t.Errorf("shown %d %q", s.Status, s.Key)
		}
	})
	t.Run("code that expired", func(t *testing.T) {
		hasty := realWorld(t)
		hasty.openTo(k.Issuer(guichettest.KeycloakHasty), "guichet", clock)
		hasty.finish()
		b := hasty.browser()
		// The provider's realm comes back to the first pages; the answer is carried over.
		_, to := b.get("/sign-in")
		u, _ := url.Parse(to)
		q := u.Query()
		q.Set("redirect_uri", w.pages.URL+"/sign-in/callback")
		u.RawQuery = q.Encode()
		walker := &browser{t: t, w: w, client: b.client}
		back, _ := url.Parse(walker.login(u.String(), "bilal", guichettest.KeycloakPassword))
		time.Sleep(1500 * time.Millisecond)
		if s, _ := b.get("/sign-in/callback?" + back.RawQuery); s.Status != 400 || s.Key != "signin.code" {
			t.Errorf("shown %d %q; log:\n%s", s.Status, s.Key, hasty.log)
		}
	})
	t.Run("clocks differ", func(t *testing.T) {
		b := w.browser()
		back := b.begin("/sign-in", "bilal")
		watch.pass(9 * time.Minute) // an ID token of Keycloak's is good for five
		s, _ := b.get(back)
		watch.pass(-9 * time.Minute)
		if s.Status != 502 || s.Key != "signin.clock" || s.Args.Values["ours"] == s.Args.Values["theirs"] {
			t.Errorf("shown %d %q %v", s.Status, s.Key, s.Args.Values)
		}
	})
	t.Run("wrong secret", func(t *testing.T) {
		b := w.browser()
		back := b.begin("/sign-in", "bilal")
		secret := filepath.Join(w.folder, "client-secret")
		if err := os.WriteFile(secret, []byte("of-yesterday"), 0o600); err != nil {
			t.Fatal(err)
		}
		w.restart()
		if s, _ := b.get(back); s.Status != 502 || s.Key != "signin.client" {
			t.Errorf("shown %d %q", s.Status, s.Key)
		}
		if err := os.WriteFile(secret, []byte(clientSecret), 0o600); err != nil {
			t.Fatal(err)
		}
		w.restart()
	})
	t.Run("restart", func(t *testing.T) {
		w.restart()
		if !in(amina) {
			t.Error("put out by a restart")
		}
	})
	t.Run("sign out", func(t *testing.T) {
		b := w.browser()
		s := b.follow(b.begin("/sign-in", "bilal"))
		kept := b.session()
		_, to := b.post("/sign-out", url.Values{"csrf": {s.Token}})
		if !strings.HasPrefix(to, issuer+"/protocol/openid-connect/logout?") {
			t.Fatalf("led to %s", to)
		}
		if s := b.follow(to); s.Key != "signin.signed_out" {
			t.Errorf("the provider leads to %d %q", s.Status, s.Key)
		}
		b.keepCookie(kept)
		if in(b) {
			t.Error("a kept cookie lets in")
		}
		// The provider's session is over too: its form is shown again.
		_, to = b.get("/sign-in?again=1")
		if s, to := b.get(to); to != "" || guichettest.KeycloakForm(s.Key) == "" {
			t.Errorf("the provider does not ask who it is, but leads to %q", to)
		}
	})
	t.Run("back-channel, a session", func(t *testing.T) {
		// Two windows, one session at the provider: signing out of one ends the other too.
		b := w.browser()
		b.follow(b.begin("/sign-in", "amina"))
		other := &browser{t: t, w: two, client: b.client}
		s := other.follow(other.begin("/sign-in", "amina"))
		if !in(b) || !in(other) || !in(amina) {
			t.Fatal("not signed in")
		}
		_, to := other.post("/sign-out", url.Values{"csrf": {s.Token}})
		other.follow(to)
		if in(b) {
			t.Errorf("the other window is still open; log:\n%s\n%s", w.log, k.Log())
		}
		if !in(amina) {
			t.Error("her session in another browser is over too")
		}
	})
	t.Run("back-channel, a person", func(t *testing.T) {
		// This window is told of persons: one sign-out ends all of hers.
		one, second, other := two.browser(), two.browser(), two.browser()
		s := one.follow(one.begin("/sign-in", "amina"))
		second.follow(second.begin("/sign-in", "amina"))
		other.follow(other.begin("/sign-in", "bilal"))
		kept := one.session()
		_, to := one.post("/sign-out", url.Values{"csrf": {s.Token}})
		one.follow(to)
		one.keepCookie(kept)
		if in(one) || in(second) || !in(other) {
			t.Errorf("in: this browser %t, her other %t, bilal %t", in(one), in(second), in(other))
		}
	})
	t.Run("back-channel, by the administrator", func(t *testing.T) {
		second := w.browser()
		second.follow(second.begin("/sign-in", "amina"))
		if !in(amina) || !in(second) {
			t.Fatal("not signed in")
		}
		k.LogOut(t, "amina")
		if in(amina) || in(second) {
			t.Errorf("in: one browser %t, the other %t; log:\n%s", in(amina), in(second), w.log)
		}
		w.restart()
		if in(amina) || in(second) {
			t.Error("in again after a restart")
		}
	})
	t.Run("idle, and what was typed", func(t *testing.T) {
		b := w.browser()
		s := b.follow(b.begin("/sign-in", "amina"))
		watch.pass(31 * time.Minute)
		if in(b) {
			t.Error("idle, but still in")
		}
		s, _ = b.post("/save?x=1", url.Values{"csrf": {s.Token}, "reason": {"an inquiry"}})
		watch.pass(-31 * time.Minute)
		if s.Key != "signin.kept" {
			t.Fatalf("shown %d %q", s.Status, s.Key)
		}
		_, to := b.get(s.Args.Next)
		if to == "" {
			t.Fatal("not sent to sign in")
		}
		s = b.follow(b.login(b.at(to), "amina", guichettest.KeycloakPassword))
		if s.Key != "signin.continue" || s.Args.Form.Action != "/save?x=1" || s.Args.Form.Fields[0].Value != "an inquiry" {
			t.Errorf("shown %d %q %+v", s.Status, s.Key, s.Args.Form)
		}
	})
	t.Run("the provider is away", func(t *testing.T) {
		b := w.browser()
		s := b.follow(b.begin("/sign-in", "bilal"))
		k.Stop()
		w.restart()
		if s, _ := w.browser().get("/sign-in"); s.Status != 503 || s.Key != "signin.unreachable" {
			t.Errorf("shown %d %q", s.Status, s.Key)
		}
		if !in(b) {
			t.Error("who was in is put out")
		}
		if s, _ := b.post("/sign-out", url.Values{"csrf": {s.Token}}); s.Key != "signin.signed_out_here" || in(b) {
			t.Errorf("signing out shows %d %q", s.Status, s.Key)
		}
	})
}
