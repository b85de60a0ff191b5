package agreement_test

import (
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/agreement"
)

// TestTemplatesAreWithoutFault: a template can be signed as it is, but for what a
// party must say itself.
func TestTemplatesAreWithoutFault(t *testing.T) {
	t.Parallel()
	for _, x := range agreement.Templates(datasets()) {
		for _, f := range agreement.Check(x.Paper, datasets()) {
			t.Errorf("%s: %s: %s (%s)", x.Name, f.Clause, f.Text.EN, f.Advice.EN)
		}
	}
	if all := agreement.Templates([]*guichet.Dataset{{Name: "plain"}}); len(all) != 0 {
		t.Errorf("a dataset that drafts nothing has the templates %v", all)
	}
	if _, ok := agreement.TemplateBy(datasets(), "nothing"); ok {
		t.Error("there is a template that there is not")
	}
}

// faults are changes of the template customs-risk, each with the clause that it
// breaks.
var faults = []struct {
	path   string
	to     any
	clause string
}{
	{"format", 2, "format"},
	{"id", "B5 Covid", "id"},
	{"version", 0, "version"},
	{"circle", "", "circle"},
	{"title.fr", "", "title.fr"},
	{"title.en", " ", "title.en"},
	{"parties", []any{}, "parties"},
	{"parties[0].member", "Australia", "parties[0].member"},
	{"parties[1].member", "AU", "parties[1].member"},
	{"parties[0].role", "owner", "parties[0].role"},
	{"parties[0].offices", []any{""}, "parties[0].offices"},
	{"parties", []any{map[string]any{"member": "AU", "role": "guest"}, map[string]any{"member": "CA", "role": "guest"}}, "parties"},
	{"suspended", []any{map[string]any{"member": "FR", "from": "2026-01-01"}}, "suspended[0].member"},
	{"suspended", []any{map[string]any{"member": "AU", "from": "soon"}}, "suspended[0].from"},
	{"suspended", []any{map[string]any{"member": "AU", "by": "FR", "from": "2026-01-01"}}, "suspended[0].by"},
	{"suspended", []any{map[string]any{"member": "AU", "from": "2026-01-01", "until": "x"}}, "suspended[0].until"},
	{"suspended", []any{map[string]any{"member": "AU", "from": "2026-02-01", "until": "2026-01-01"}}, "suspended[0].until"},
	{"suspended", []any{map[string]any{"member": "AU", "from": "2026-01-01"}}, "suspended[0].reason.en"},
	{"validity.from", "2026", "validity.from"},
	{"validity.until", "2025-12-31", "validity.until"},
	{"validity.until", "", "validity.until"},
	{"validity.withdrawn", "2030-01-01", "validity.withdrawn"},
	{"validity.withdrawn", "x", "validity.withdrawn"},
	{"validity.copies", "sell", "validity.copies"},
	{"purposes.permitted", []any{}, "purposes.permitted"},
	{"purposes.permitted", []any{"espionage"}, "purposes.permitted"},
	{"purposes.forbidden", []any{"espionage"}, "purposes.forbidden"},
	{"purposes.forbidden", []any{"customs-risk"}, "purposes.forbidden"},
	{"purposes.permitted", []any{"automated-targeting"}, "automated_decisions"},
	{"terms", []any{}, "terms"},
	{"terms[0].dataset", "travel", "terms[0].dataset"},
	{"terms[0].from", []any{"FR"}, "terms[0].from"},
	{"terms[0].to", []any{"FR"}, "terms[0].to"},
	{"terms[0].grains", []any{}, "terms[0].grains"},
	{"terms[0].grains", []any{"declaration"}, "terms[0].grains"},
	{"terms[0].picks.product", []any{}, "terms[0].picks.product"},
	{"terms[0].picks.product", []any{"covid20"}, "terms[0].picks.product"},
	{"terms[0].picks.hs6", []any{"all"}, "terms[0].picks.hs6"},
	{"terms[0].max_tier", "secret", "terms[0].max_tier"},
	{"terms[0].where.flow", []any{"imports", "smuggling"}, "terms[0].where.flow"},
	{"terms[0].where.flow", []any{}, "terms[0].where.flow"},
	{"terms[0].where.weather", []any{"rain"}, "terms[0].where.weather"},
	{"terms[0].where.trader", []any{"T1"}, "terms[0].where.trader"},
	{"terms[0].measures", []any{}, "terms[0].measures"},
	{"terms[0].measures", []any{"profit"}, "terms[0].measures"},
	{"terms[0].measures", []any{"trader"}, "terms[0].measures"},
	{"terms[0].by", []any{"trader"}, "terms[0].by"},
	{"terms[0].levels.product", "hs8", "terms[0].levels.product"},
	{"terms[0].levels.product", nil, "terms[0].levels.product"},
	{"terms[0].levels.period", nil, "terms[0].levels.period"},
	{"terms[0].levels.trader", "each", "terms[0].levels.trader"},
	{"terms[0].periods.from", "spring", "terms[0].periods.from"},
	{"terms[0].periods.to", "spring", "terms[0].periods.to"},
	{"terms[0].periods.to", "2021", "terms[0].periods.to"},
	{"terms[0].periods.delay_days", -1, "terms[0].periods.delay_days"},
	{"terms[0].periods.embargo", "spring", "terms[0].periods.embargo"},
	{"terms[0].periods.embargo", "2030-01-01", "terms[0].periods.embargo"},
	{"terms[0].disclosure.threshold", -1, "terms[0].disclosure.threshold"},
	{"terms[0].disclosure.dominance_top", 0, "terms[0].disclosure.dominance_top"},
	{"terms[0].disclosure.dominance_per_cent", 101, "terms[0].disclosure.dominance_per_cent"},
	{"terms[0].disclosure.prior_per_cent", 101, "terms[0].disclosure.prior_per_cent"},
	{"terms[0].quota_per_day", 0, "terms[0].quota_per_day"},
	{"terms[0].copies.max_age_days", -1, "terms[0].copies.max_age_days"},
	{"terms[0].copies.max_age_days", 5, "terms[0].copies.max_age_days"},
	{"terms[0].onward", "everybody", "terms[0].onward"},
	{"terms[0].onward", "public", "terms[0].derived"},
	{"terms[0].derived", "all", "terms[0].derived"},
	{"terms[0].to", []any{"observer"}, "terms[0].to"},
	{"terms[0].from", []any{"FR"}, "terms[0].from"},
	{"terms[0].retention.days", 0, "terms[0].retention.days"},
	{"terms[0].licence", "", "terms[0].licence"},
	{"terms[0].attribution.fr", "", "terms[0].attribution.fr"},
	{"tiers[0].tier", "secret", "tiers[0].tier"},
	{"tiers[1]", map[string]any{"tier": "critical"}, "tiers[1].tier"},
	{"tiers[0].disclosure.threshold", 2, "tiers[0].disclosure.threshold"},
	{"tiers[0].disclosure.prior_per_cent", 9, "tiers[0].disclosure.prior_per_cent"},
	{"tiers[0].disclosure", map[string]any{"dominance_top": 1, "dominance_per_cent": 80}, "tiers[0].disclosure.dominance_top"},
	{"tiers[0].disclosure.prior_per_cent", -2, "tiers[0].disclosure.prior_per_cent"},
	{"tiers[0].delay_days", 10, "tiers[0].delay_days"},
	{"tiers[0].delay_days", -10, "tiers[0].delay_days"},
	{"tiers[0].quota_per_day", 300, "tiers[0].quota_per_day"},
	{"tiers[0].levels.product", "national", "tiers[0].levels.product"},
	{"tiers[0].levels.weather", "each", "tiers[0].levels.weather"},
	{"tiers[0].purposes", []any{"research"}, "tiers[0].purposes"},
	{"tiers[0].purposes", []any{"espionage"}, "tiers[0].purposes"},
	{"security.tls", "1.2", "security.tls"},
	{"security.key_age_days", -1, "security.key_age_days"},
	{"security.witnesses", 5, "security.witnesses"},
	{"automated_decisions", "", "automated_decisions"},
	{"corrections", "never", "corrections"},
	{"legal_basis", []any{}, "legal_basis"},
	{"controllers[0].member", "FR", "controllers[0].member"},
	{"contacts[0].text.fr", "", "contacts[0].text.fr"},
	{"accuracy.fr", "", "accuracy.fr"},
	{"breach_notice.hours", 0, "breach_notice.hours"},
	{"breach_notice.text.en", "", "breach_notice.text.en"},
	{"audit.en", "", "audit.en"},
	{"rights.en", "", "rights.en"},
	{"fees.en", "", "fees.en"},
	{"service_level.en", "", "service_level.en"},
	{"changes.en", "", "changes.en"},
	{"language", "de", "language"},
	{"annexes", []any{map[string]any{"name": "codes", "sha256": "abc"}}, "annexes[0].sha256"},
	{"annexes", []any{map[string]any{"sha256": strings.Repeat("0", 64)}}, "annexes[0].name"},
	{"texts.sovereignty", nil, "texts.sovereignty.en"},
	{"texts.side_letter", map[string]any{"en": "…"}, "texts.side_letter.fr"},
}

func TestCheckNamesTheClause(t *testing.T) {
	t.Parallel()
	for _, x := range faults {
		found := agreement.Check(changed(t, template(t, "customs-risk"), map[string]any{x.path: x.to}), datasets())
		i := slices.IndexFunc(found, func(f agreement.Fault) bool { return f.Clause == x.clause })
		if i < 0 {
			t.Errorf("%s = %v: %s is not among the faults %v", x.path, x.to, x.clause, found)
			continue
		}
		if f := found[i]; f.Text.EN == "" || f.Text.FR == "" || f.Text.EN == f.Text.FR {
			t.Errorf("%s = %v: told as %+v", x.path, x.to, f)
		}
	}
}

// TestCheckTellsAllFaultsTogether, and stops at none.
func TestCheckTellsAllFaultsTogether(t *testing.T) {
	t.Parallel()
	changes := map[string]any{"id": "", "language": "", "terms[0].onward": "", "tiers[0].tier": "x"}
	if found := agreement.Check(changed(t, template(t, "covid-supply"), changes), datasets()); len(found) < len(changes) {
		t.Errorf("of %d faults %d are told: %v", len(changes), len(found), found)
	}
	if found := agreement.Check(guichet.Agreement{}, nil); len(found) < 40 {
		t.Errorf("an empty paper has %d faults", len(found))
	}
}

// TestStatisticalDatasets: where the submissions do not tell their regime, the
// dataset's own decides.
func TestStatisticalDatasets(t *testing.T) {
	t.Parallel()
	ds := plain()
	a := changed(t, template(t, "customs-risk"), map[string]any{
		"terms[0].dataset": ds.Name, "terms[0].grains": []string{"row"}, "terms[0].by": []string{"where"}, "terms[0].levels": map[string]any{"period": "day"},
		"terms[0].picks": map[string]any{}, "terms[0].measures": []string{"n"}, "terms[0].where": map[string]any{"where": []string{"anywhere"}},
	})
	found := agreement.Check(a, []*guichet.Dataset{ds})
	if !slices.ContainsFunc(found, func(f agreement.Fault) bool { return f.Clause == "terms[0].dataset" }) {
		t.Errorf("a statistical dataset is given for enforcement: %v", found)
	}
	r := baseRequest()
	r.From.Office, r.Purpose = "customs", "customs-risk"
	r.Question = guichet.Question{Dataset: ds.Name, By: []string{"where"}, Measures: []string{"n"}}
	if d := decidePlain(t, a, r, ds); d.Permitted || d.Clause != "purposes.permitted" {
		t.Errorf("decided %+v", d)
	}
}

// TestCheckLaw: a law of the whole house is held to the words that are known.
func TestCheckLaw(t *testing.T) {
	t.Parallel()
	if faults := agreement.CheckLaw(agreement.Law{Forbidden: []string{"customs-risk"}, Bounds: []guichet.TierRule{
		{Rules: guichet.DisclosureRules{Threshold: 5}, Levels: map[string]string{"partner": "region", "product": "hs4"}},
		{Tier: "high", DelayDays: 30, Quota: 5, Purposes: []string{"research"}},
	}}, datasets()); len(faults) > 0 {
		t.Errorf("a law without fault: %v", faults)
	}
	wrong := agreement.Law{Forbidden: []string{"espionage"}, Bounds: []guichet.TierRule{{
		Tier: "unheard of", Rules: guichet.DisclosureRules{Threshold: -1, Top: 1}, DelayDays: -1, Quota: -1, Purposes: []string{"espionage"},
		Levels: map[string]string{"product": "hs5", "nothing": "each"},
	}}}
	var got []string
	for _, f := range agreement.CheckLaw(wrong, datasets()) {
		got = append(got, f.Clause)
	}
	want := []string{
		"law.forbidden", "law.bounds[0].tier", "law.bounds[0].disclosure.threshold", "law.bounds[0].disclosure.dominance_top", "law.bounds[0].delay_days",
		"law.bounds[0].quota_per_day", "law.bounds[0].purposes", "law.bounds[0].levels.nothing", "law.bounds[0].levels.product",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}
