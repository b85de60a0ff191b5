package agreement_test

import (
	"testing"
	"time"

	"guichet"
	"guichet/internal/agreement"
)

// TestStill: what was permitted goes on while its agreement holds, and ends with it,
// with the membership, and with its version.
func TestStill(t *testing.T) {
	t.Parallel()
	base := template(t, "covid-supply")
	with := func(changes map[string]any) *agreement.Paper { return ready(t, changed(t, base, changes)) }
	b := baseFacts()
	f := agreement.Facts{
		Now: b.Now, Us: b.Us, Circle: b.Circle, Members: b.Members, KeyFrom: b.KeyFrom, Dataset: dataset(),
		Papers: []*agreement.Paper{with(map[string]any{"id": "a"})}, Given: func(string, string) int { return 0 },
	}
	r := baseRequest()
	d := agreement.Decide(f, r)
	if !d.Permitted {
		t.Fatalf("not permitted at first: %s", d.Text)
	}
	f.Given = func(string, string) int { return 1 << 30 } // the last place was its own
	if err := agreement.Still(f, r, d); err != nil {
		t.Errorf("while nothing has changed: %v", err)
	}
	for name, change := range map[string]func(*agreement.Facts){
		"withdrawn": func(f *agreement.Facts) {
			f.Papers = []*agreement.Paper{with(map[string]any{"id": "a", "validity.withdrawn": "2026-01-02"})}
		},
		"replaced": func(f *agreement.Facts) {
			f.Papers = append(f.Papers[:1:1], with(map[string]any{"id": "a", "version": 9}))
		},
		"taken out":  func(f *agreement.Facts) { f.Papers = nil },
		"other":      func(f *agreement.Facts) { f.Papers = []*agreement.Paper{with(map[string]any{"id": "z"})} },
		"forbidden":  func(f *agreement.Facts) { f.Law.Forbidden = []string{r.Purpose} },
		"run out":    func(f *agreement.Facts) { f.Now = f.Now.AddDate(50, 0, 0) },
		"no members": func(f *agreement.Facts) { f.Members = nil },
		"all have left": func(f *agreement.Facts) {
			f.Members = append([]guichet.Member{}, f.Members...)
			for i := range f.Members {
				f.Members[i].Left = f.Now.Add(-time.Minute)
			}
		},
	} {
		g := f
		change(&g)
		if err := agreement.Still(g, r, d); guichet.KindOf(err) != guichet.KindRefused {
			t.Errorf("%s: %v", name, err)
		}
	}
}
