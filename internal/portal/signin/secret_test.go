package signin_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/internal/portal/signin"
)

// TestPassphrasesAreNotKept: of a form whose session was over all is kept but the
// passphrase of a key, which is typed again.
func TestPassphrasesAreNotKept(t *testing.T) {
	w := newWorld(t, false, nil)
	b := w.browser()
	token := b.signIn("amina", "data-unit").Token
	w.watch.pass(time.Hour)
	s, _ := b.post("/sign", url.Values{"csrf": {token}, signin.SecretField: {"what opens the key"}, "why": {"a test"}})
	if s.Status != 401 || s.Key != "signin.kept" {
		t.Fatalf("a session that is over: %d %q", s.Status, s.Key)
	}
	s = b.follow(s.Args.Next)
	if s.Args.Form == nil {
		t.Fatal("nothing was kept")
	}
	if d := cmp.Diff([]signin.Field{{Name: "why", Value: "a test"}}, s.Args.Form.Fields); d != "" {
		t.Errorf("kept (-want +got):\n%s", d)
	}
}
