package agreement_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/agreement"
)

// changes are single changes of the template customs-risk and what they are.
var changes = []struct {
	path string
	to   any
	want agreement.Change
}{
	{"version", 2, agreement.Change{Clause: "version", Before: "1", After: "2", Effect: "text"}},
	{"title.en", "New", agreement.Change{Clause: "title.en", Before: "Sums over declarations for customs risk analysis", After: "New", Effect: "text"}},
	{"id", "other", agreement.Change{Clause: "id", Before: "b5-customs-risk", After: "other", Effect: "either"}},
	{"security.tls", "1.4", agreement.Change{Clause: "security.tls", Before: "1.3", After: "1.4", Effect: "either"}},
	{"parties[0].role", "observer", agreement.Change{Clause: "parties[AU].role", Before: "party", After: "observer", Effect: "narrows"}},
	{"parties[0].role", "owner", agreement.Change{Clause: "parties[AU].role", Before: "party", After: "owner", Effect: "either"}},
	{"parties[0].offices[1]", "police", agreement.Change{Clause: "parties[AU].offices", After: "police", Effect: "widens"}},
	{"purposes.permitted[3]", "data-quality", agreement.Change{Clause: "purposes.permitted", After: "data-quality", Effect: "widens"}},
	{"purposes.forbidden[2]", "data-quality", agreement.Change{Clause: "purposes.forbidden", After: "data-quality", Effect: "narrows"}},
	{"validity.from", "2025-06-01", agreement.Change{Clause: "validity.from", Before: "2026-01-01", After: "2025-06-01", Effect: "widens"}},
	{"validity.until", "2030-01-01", agreement.Change{Clause: "validity.until", Before: "2028-12-31", After: "2030-01-01", Effect: "widens"}},
	{"validity.withdrawn", "2027-01-01", agreement.Change{Clause: "validity.withdrawn", After: "2027-01-01", Effect: "narrows"}},
	{"validity.copies", "keep_archived", agreement.Change{Clause: "validity.copies", Before: "delete", After: "keep_archived", Effect: "widens"}},
	{"security.key_age_days", 0, agreement.Change{Clause: "security.key_age_days", Before: "400", After: "0", Effect: "widens"}},
	{"security.key_age_days", 90, agreement.Change{Clause: "security.key_age_days", Before: "400", After: "90", Effect: "narrows"}},
	{"security.witnesses", 1, agreement.Change{Clause: "security.witnesses", Before: "2", After: "1", Effect: "widens"}},
	{"automated_decisions", "permitted", agreement.Change{Clause: "automated_decisions", Before: "forbidden", After: "permitted", Effect: "widens"}},
	{"corrections", "on_request", agreement.Change{Clause: "corrections", Before: "forward", After: "on_request", Effect: "widens"}},
	{"breach_notice.hours", 24, agreement.Change{Clause: "breach_notice.hours", Before: "72", After: "24", Effect: "narrows"}},
	{"terms[0].dataset", "travel", agreement.Change{Clause: "terms[0].dataset", Before: "trade", After: "travel", Effect: "either"}},
	{"terms[0].from", []string{"AU"}, agreement.Change{Clause: "terms[0].from", After: "AU", Effect: "narrows"}},
	{"terms[0].to", []string{"party"}, agreement.Change{Clause: "terms[0].to", After: "party", Effect: "narrows"}},
	{"terms[0].to", []string{"observer"}, agreement.Change{Clause: "terms[0].to", After: "observer", Effect: "either"}},
	{"terms[0].by[8]", "port", agreement.Change{Clause: "terms[0].by", After: "port", Effect: "widens"}},
	{"terms[0].grains[1]", "aggregate", agreement.Change{Clause: "terms[0].grains", After: "aggregate", Effect: "widens"}},
	{"terms[0].where", map[string]any{"flow": []string{"imports"}}, agreement.Change{Clause: "terms[0].where.flow", After: "imports", Effect: "narrows"}},
	{"terms[0].max_tier", "high", agreement.Change{Clause: "terms[0].max_tier", After: "high", Effect: "narrows"}},
	{"terms[0].levels.product", "hs4", agreement.Change{Clause: "terms[0].levels.product", Before: "hs6", After: "hs4", Effect: "narrows"}},
	{"terms[0].levels.product", "hs9", agreement.Change{Clause: "terms[0].levels.product", Before: "hs6", After: "hs9", Effect: "either"}},
	{"terms[0].levels.period", "day", agreement.Change{Clause: "terms[0].levels.period", Before: "month", After: "day", Effect: "widens"}},
	{"terms[0].periods.from", "2019", agreement.Change{Clause: "terms[0].periods.from", Before: "2022-01", After: "2019", Effect: "widens"}},
	{"terms[0].periods.to", "2024", agreement.Change{Clause: "terms[0].periods.to", After: "2024", Effect: "narrows"}},
	{"terms[0].periods.delay_days", 5, agreement.Change{Clause: "terms[0].periods.delay_days", Before: "15", After: "5", Effect: "widens"}},
	{"terms[0].periods.embargo", "2026-09-01", agreement.Change{Clause: "terms[0].periods.embargo", After: "2026-09-01", Effect: "narrows"}},
	{"terms[0].disclosure.threshold", 10, agreement.Change{Clause: "terms[0].disclosure.threshold", Before: "3", After: "10", Effect: "narrows"}},
	{"terms[0].disclosure.dominance_per_cent", 90, agreement.Change{Clause: "terms[0].disclosure.dominance_per_cent", Before: "85", After: "90", Effect: "widens"}},
	{"terms[0].mirror", false, agreement.Change{Clause: "terms[0].mirror", Before: "true", After: "false", Effect: "widens"}},
	{"terms[0].quota_per_day", 1000, agreement.Change{Clause: "terms[0].quota_per_day", Before: "200", After: "1000", Effect: "widens"}},
	{"terms[0].records", true, agreement.Change{Clause: "terms[0].records", Before: "false", After: "true", Effect: "widens"}},
	{"terms[0].onward", "parties", agreement.Change{Clause: "terms[0].onward", Before: "none", After: "parties", Effect: "widens"}},
	{"terms[0].retention.days", 30, agreement.Change{Clause: "terms[0].retention.days", Before: "365", After: "30", Effect: "narrows"}},
	{"terms[0].retention.proof", false, agreement.Change{Clause: "terms[0].retention.proof", Before: "true", After: "false", Effect: "widens"}},
	{"terms[0].copies.permitted", true, agreement.Change{Clause: "terms[0].copies.permitted", Before: "false", After: "true", Effect: "widens"}},
	{"terms[0].licence", "OGL", agreement.Change{Clause: "terms[0].licence", Before: "none", After: "OGL", Effect: "text"}},
	{"tiers[0].quota_per_day", 0, agreement.Change{Clause: "tiers[critical].quota_per_day", Before: "50", After: "0", Effect: "widens"}},
	{"tiers[0].purposes", []string{"customs-risk"}, agreement.Change{Clause: "tiers[critical].purposes", After: "customs-risk", Effect: "narrows"}},
	{"tiers[0].levels", map[string]any{"product": "hs2"}, agreement.Change{Clause: "tiers[critical].levels.product", After: "hs2", Effect: "narrows"}},
	{"texts.sovereignty.fr", "…", agreement.Change{Clause: "texts.sovereignty.fr", After: "…", Effect: "text"}},
}

func TestDiffSaysWhatEachChangeDoes(t *testing.T) {
	t.Parallel()
	for _, x := range changes {
		before := template(t, "customs-risk")
		got := agreement.Diff(before, changed(t, before, map[string]any{x.path: x.to}), datasets())
		if x.path == "texts.sovereignty.fr" {
			x.want.Before = before.Texts["sovereignty"].FR
		}
		if diff := cmp.Diff([]agreement.Change{x.want}, got); diff != "" {
			t.Errorf("%s = %v: (-want +got):\n%s", x.path, x.to, diff)
		}
	}
}

// TestDiffOfWholeThings: what comes or goes as a whole widens or narrows as a whole,
// and all that is in it is told.
func TestDiffOfWholeThings(t *testing.T) {
	t.Parallel()
	base := template(t, "customs-risk")
	suspend := func(until string) map[string]any {
		return map[string]any{"member": "AU", "from": "2026-01-01", "until": until, "reason": map[string]any{"en": "a", "fr": "b"}}
	}
	two := changed(t, base, map[string]any{"suspended": []any{suspend("2026-02-01"), suspend("2026-05-01")}})
	for _, x := range []struct {
		name          string
		before, after guichet.Agreement
		clause        string
		want          string
		least         int
	}{
		{"a term", base, changed(t, base, map[string]any{"terms[1]": base.Terms[0]}), "terms[1]", agreement.Widens, 20},
		{"no term", base, changed(t, base, map[string]any{"terms": []any{}}), "terms[0]", agreement.Narrows, 20},
		{"a party", base, changed(t, base, map[string]any{"parties[5]": map[string]any{"member": "FR", "role": "party"}}), "parties[FR]", agreement.Widens, 2},
		{"a tier", base, changed(t, base, map[string]any{"tiers[1]": map[string]any{"tier": "high"}}), "tiers[high]", agreement.Narrows, 3},
		{"two suspensions of one", base, two, "suspended[AU 2]", agreement.Narrows, 10},
		{"the second of them longer", two, changed(t, two, map[string]any{"suspended[1].until": "2026-06-01"}), "suspended[AU 2].until", agreement.Either, 1},
		{"an annex", base, changed(t, base, map[string]any{"annexes": []any{map[string]any{"name": "codes", "sha256": "0"}}}), "annexes[codes]", agreement.Words, 2},
		{"everybody may answer again", changed(t, base, map[string]any{"terms[0].from": []string{"AU"}}), base, "terms[0].from", agreement.Widens, 1},
		{"a tier of no dataset", changed(t, base, map[string]any{"terms[0].max_tier": "low", "terms[0].dataset": "x"}), changed(t, base, map[string]any{"terms[0].max_tier": "high", "terms[0].dataset": "x"}), "terms[0].max_tier", agreement.Either, 1},
	} {
		got := agreement.Diff(x.before, x.after, datasets())
		found := false
		for _, c := range got {
			found = found || c.Clause == x.clause && c.Effect == x.want
		}
		if !found || len(got) < x.least {
			t.Errorf("%s: %v", x.name, got)
		}
	}
}

// TestODRL holds the whole of two papers against the files in testdata; -update
// renews them.
func TestODRL(t *testing.T) {
	t.Parallel()
	covid := changed(t, template(t, "covid-supply"), map[string]any{
		"terms[0].max_tier": "high", "terms[0].periods.delay_days": 30, "terms[0].to": []string{"NZ"}, "terms[0].derived": "none",
	})
	for name, v := range map[string]any{
		"covid-supply": agreement.ODRL(covid, "Agreement"), "small-circle": agreement.ODRL(template(t, "small-circle"), "Offer"),
	} {
		got, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, '\n')
		file := "testdata/odrl-" + name + ".json"
		if *update {
			if err := os.WriteFile(file, got, 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is written otherwise (-want +got):\n%s", file, diff)
		}
	}
}
