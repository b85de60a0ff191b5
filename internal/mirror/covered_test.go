package mirror_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/mirror"
	"guichet/trade"
)

// TestMonthsOfAmendmentsAloneAreNotCovered: an amendment is no month's figure,
// and the comparison says which months are left.
func TestMonthsOfAmendmentsAloneAreNotCovered(t *testing.T) {
	q := question(t, "NZ", "US", "2024-01:2024-04")
	rows := []guichet.Row{
		row(t, "period=2024-01", "-3", "-2", ""), row(t, "period=2024-02", "160", "100", ""),
		row(t, "period=2024-03", "5", "3", ""), row(t, "period=2024-04", "160", "100", ""),
	}
	gaps := []guichet.Gap{
		{Reporter: "NZ", Reason: guichet.GapNotReported, Text: "only amendments", Period: "2024-01 2024-03", Of: "exports"},
		{Reporter: "NZ", Reason: guichet.GapNotReported, Text: "no file", Period: "2024-02", Of: "re_exports"},
		{Reporter: "NZ", Reason: guichet.GapNotCovered, Text: "ports", Period: "2024-02", Of: "exports"},
		{Reporter: "NZ", Reason: guichet.GapNotReported, Text: "no period", Of: "exports"},
	}
	x := mirror.SideFrom(q, true, mirror.Given{Total: guichet.Answer{Rows: rows, Gaps: gaps}}, mirror.Rates{})
	if !slices.Equal(x.Months, []string{"2024-02", "2024-04"}) || x.Missing != nil || len(x.Periods) != 4 {
		t.Fatalf("covered: %v, periods %v", x.Months, x.Periods)
	}
	var imports []guichet.Row
	for _, month := range []string{"2024-01", "2024-02", "2024-03", "2024-04"} {
		imports = append(imports, row(t, "reporter=US partner=NZ flow=imports currency=USD period="+month, "90", "90", ""))
	}
	m := mirror.SideFrom(q, false, mirror.Given{Total: guichet.Answer{Rows: imports}}, mirror.Rates{})
	a := mirror.Compare(q, x, m, mirror.Options{})
	if a.Difference != nil || a.Asymmetry != nil {
		t.Errorf("amendments are compared with months: %v, c %v", a.Difference, a.Asymmetry)
	}
	common, ok := adjustmentOf(a, trade.AdjustMonths)
	if !ok || common.Export.String() != "200" || common.Import.String() != "180" {
		t.Errorf("over the months that both cover: %+v", common)
	}
	for _, code := range []string{trade.MirrorIncomplete, trade.MirrorMonths} {
		if !strings.Contains(codesOf(a.Remarks), code) {
			t.Errorf("%s is not said: %s", code, codesOf(a.Remarks))
		}
	}
}

// TestOnlyAmendments: with no month of its own a side is compared with nothing.
func TestOnlyAmendments(t *testing.T) {
	q := question(t, "NZ", "US", "2024-01")
	side := func(outward bool, words, reporter, flow string) trade.Side {
		total := guichet.Answer{
			Rows: []guichet.Row{row(t, words+" currency=USD", "3", "3", "")},
			Gaps: []guichet.Gap{{Reporter: reporter, Reason: guichet.GapNotReported, Text: "only amendments", Period: "2024-01", Of: flow}},
		}
		return mirror.SideFrom(q, outward, mirror.Given{Total: total}, mirror.Rates{})
	}
	a := mirror.Compare(q, side(true, "", "NZ", "exports"), side(false, "reporter=US partner=NZ flow=imports", "US", "imports"), mirror.Options{})
	if a.Difference != nil || a.Asymmetry != nil || len(a.Adjusted) > 0 {
		t.Errorf("amendments of both are compared: %v, %v, %v", a.Difference, a.Asymmetry, a.Adjusted)
	}
}

// TestRemarksOfWhatIsNotTaken: what the desk says of another trade system, of
// another flow or of an FOB value that is not there is none of the side's.
func TestRemarksOfWhatIsNotTaken(t *testing.T) {
	q := question(t, "CA", "US", "2024")
	base := "reporter=US partner=CA flow=imports currency=USD freq=A period=2024 valuation=customs_value partner_role=origin "
	given := mirror.Given{Total: guichet.Answer{
		Rows: []guichet.Row{row(t, base+"trade_system=general", "100", "100", ""), row(t, base+"trade_system=special_relaxed", "90", "90", "")},
		Remarks: []guichet.Remark{
			{Code: "not_listed", Of: "general"},
			{Code: "not_listed", Of: "special_relaxed"},
			{Code: "estimate_over_partners"},
			{Code: "residual", Of: "imports, general, customs_value"},
			{Code: "residual", Of: "re_imports, general"},
			{Code: "residual", Of: "-"},
			{Code: "figures_absent", Unit: "fob_value"},
			{Code: "figures_absent", Unit: "value"},
		},
	}}
	s := mirror.SideFrom(q, false, given, mirror.Rates{})
	var left []string
	for _, r := range s.Remarks {
		left = append(left, r.Code+" "+r.Of+r.Unit)
	}
	want := []string{"not_listed general", "estimate_over_partners ", "residual imports, general, customs_value", "residual -", "figures_absent value"}
	if !slices.Equal(left, want) {
		t.Errorf("left are %q, want %q", left, want)
	}
	if len(given.Total.Remarks) != 8 {
		t.Error("the answer that was given is changed")
	}
}

// TestEveryCodeOfTheMirrorIsSaid reads the words: a code that is declared there
// has its sentence here, and the room says no other.
func TestEveryCodeOfTheMirrorIsSaid(t *testing.T) {
	read := func(path, pattern string) []string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
			out = append(out, m[1])
		}
		slices.Sort(out)
		return out
	}
	declared, said := read("../../trade/mirror.go", `(?m)^\t((?:Mirror|Adjust)[A-Z]\w*) +=`), read("say.go", `say\(trade\.(\w+),`)
	if len(declared) < 20 || !slices.Equal(declared, said) || len(mirror.Codes()) != len(said) {
		t.Errorf("declared are %v,\nsaid are %v", declared, said)
	}
}
