package portal_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/portal"
)

// finds is an audit that finds what it is told to.
type finds struct {
	portal.Audit
	reports []portal.JournalReport
	err     error
}

func (f finds) Verify(_ context.Context, _ string, _ []string, came func(portal.JournalReport)) error {
	for _, r := range f.reports {
		came(r)
	}
	return f.err
}

// auditing is a door by which an auditor comes.
type auditing struct{ open }

func (auditing) Person(context.Context) (portal.Person, bool) {
	return portal.Person{Pseudonym: "p", Name: "An auditor", Roles: []portal.Role{portal.Auditor}}, true
}

// checked opens pages on a folder, does something, and closes them.
func checked(t *testing.T, dir string, audit finds, do func(get func(string) (int, string), begin func(string) (int, string))) {
	t.Helper()
	p, err := portal.New(portal.Config{
		Member: "NZ", Seats: []portal.Seat{&slowCircle{answer: make(chan portal.MemberResult)}}, Goods: noGoods{}, Kept: dir, Door: auditing{}, Clock: guichettest.NewClock().Now, Audit: audit,
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(p.Handler())
	w := &window{t: t, portal: p, server: server, dir: dir}
	circle := (&slowCircle{}).Circle().Name
	do(w.get, func(id string) (int, string) {
		form := url.Values{"csrf": {"token"}, "once": {id}, "circle": {circle}}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/en/checks", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return w.do(r)
	})
	server.Close()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// TestChecksOutliveANewStart: what was found is there after it, with the gravest of many
// findings; and a file that cannot be read keeps nobody from the pages.
func TestChecksOutliveANewStart(t *testing.T) {
	dir := t.TempDir()
	many := portal.JournalReport{Member: "NZ", Leaves: 7}
	for i := range 150 {
		many.Findings = append(many.Findings, portal.JournalFinding{Code: "x", Severity: "notice", Index: -1, Text: guichet.Text{EN: fmt.Sprintf("notice %d.", i), FR: "x"}})
	}
	many.Findings = append(many.Findings, portal.JournalFinding{Code: "x", Severity: "grave", Index: -1, Text: guichet.Text{EN: "the grave one", FR: "x"}})
	holds := func(get func(string) (int, string)) {
		t.Helper()
		status, page := get("/en/checks/" + hex32(1))
		if status != http.StatusOK || !strings.Contains(page, "the grave one") || !strings.Contains(page, "notice 98.") || strings.Contains(page, "notice 99.") || !strings.Contains(page, "51 ") {
			t.Errorf("what was found is shown as %d\n%s", status, page)
		}
	}
	checked(t, dir, finds{reports: []portal.JournalReport{many}}, func(get, begin func(string) (int, string)) {
		begin(hex32(1))
		w := func() bool { _, page := get("/en/checks/" + hex32(1)); return !strings.Contains(page, "data-events") }
		if !guichettest.Until(0, w) {
			t.Fatal("the check does not end")
		}
		holds(get)
	})
	fault := guichet.Errorf(guichet.KindBusy, "the journal is being written").WithHint("try again in a minute")
	checked(t, dir, finds{err: fault}, func(get, begin func(string) (int, string)) {
		holds(get)
		begin(hex32(2))
	})
	checked(t, dir, finds{err: errors.New("a secret of the machine")}, func(get, begin func(string) (int, string)) {
		holds(get)
		if _, page := get("/en/checks/" + hex32(2)); !strings.Contains(page, "the journal is being written") || !strings.Contains(page, "try again in a minute") {
			t.Errorf("why it did not end is shown as\n%s", page)
		}
		begin(hex32(3))
	})
	file := filepath.Join(dir, "last-checks.json")
	text, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(text), "secret") {
		t.Errorf("the file holds %s (%v)", text, err)
	}
	if err := os.WriteFile(file, text[:len(text)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	checked(t, dir, finds{}, func(get, _ func(string) (int, string)) {
		if status, page := get("/en/checks"); status != http.StatusOK || !strings.Contains(page, "Nothing has been verified") {
			t.Errorf("with half a file: %d\n%s", status, page)
		}
	})
}
