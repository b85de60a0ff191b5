package trade_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"guichet"
	"guichet/trade"
)

func TestEveryCodeHasASentenceInBothLanguages(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, code := range slices.Concat(trade.RemarkCodes(), trade.RejectCodes(), trade.GapCodes()) {
		en, fr := trade.RemarkText(code, "en"), trade.RemarkText(code, "fr")
		if en == "" || fr == "" || en == fr || seen[code] {
			t.Errorf("%s: %q, %q (already seen: %v)", code, en, fr, seen[code])
		}
		seen[code] = true
		for _, s := range []string{en, fr} {
			if len([]rune(s)) > 140 || strings.HasSuffix(s, ".") || strings.Contains(s, "'") && s == fr {
				t.Errorf("%s: %q is too long, or ends in a full stop", code, s)
			}
		}
		if strings.ContainsFunc(code, func(r rune) bool { return r != '_' && !unicode.IsLower(r) }) {
			t.Errorf("%q is no code", code)
		}
	}
	if got := trade.RemarkText("never_said", "en"); got != "" {
		t.Errorf("an unknown code says %q", got)
	}
}

// TestCodesAreKept holds that a code that stands in records is never renamed
// or dropped: add new ones below.
func TestCodesAreKept(t *testing.T) {
	t.Parallel()
	for code := range strings.FieldsSeq(`
		not_listed not_in_force other_edition edition_assumed edition_not_held rolled_up confidential_total national_chapter
		prefix_not_in_hs no_hs odd_length residual estimate_over_partners low_value stores parcel_post net_mass_estimated
		quantity_estimated quantity_not_reported unknown_unit totals_accepted amendments outlier_mass generated preliminary
		vintage_unknown dollars_estimated different_lists family_exact default_conversion group_basket_differs group_not_counted
		group_elsewhere partner_world_only groups_aside valuations_differ partner_roles_differ trade_systems_differ shared_source
		by_product_unknown date_unreadable from_declaration_lines declaration_lines_held`) {
		if !slices.Contains(trade.RemarkCodes(), code) {
			t.Errorf("the remark %s is gone", code)
		}
	}
	for code := range strings.FieldsSeq(`
		no_code not_a_code no_period not_a_period future_period no_partner unknown_area unknown_value unknown_edition wrong_columns
		not_a_number no_figure not_text no_date not_a_date not_an_identifier`) {
		if !slices.Contains(trade.RejectCodes(), code) {
			t.Errorf("the reason %s is gone", code)
		}
	}
	want := []guichet.GapReason{guichet.GapZero, guichet.GapNotReported, guichet.GapNotCovered, guichet.GapHidden, guichet.GapPutAside, guichet.GapIncomparable, guichet.GapPurged}
	if got := trade.GapCodes(); len(got) != len(want) || !slices.Contains(got, string(guichet.GapHidden)) {
		t.Errorf("gaps: %v", got)
	}
}

func TestStatusListsAreClosed(t *testing.T) {
	t.Parallel()
	for name, list := range map[string][]string{
		"observation": trade.ObsStatuses(), "confidentiality": trade.ConfStatuses(), "coverage": trade.Coverages(),
		"relation": trade.HSRelations(), "quantity": trade.QuantityStatuses(),
	} {
		sorted := slices.Clone(list)
		slices.Sort(sorted)
		if len(list) == 0 || len(slices.Compact(sorted)) != len(list) || slices.Contains(list, "") {
			t.Errorf("%s: %v", name, list)
		}
	}
}
