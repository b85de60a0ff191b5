package harmonise_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"guichet"
	"guichet/hs"
	"guichet/internal/harmonise"
	"guichet/trade"
)

func mustJudge(t rapid.TB, g guichet.KeyGroup) *harmonise.Judge {
	t.Helper()
	j, err := harmonise.New(g)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// TestDigitsStayFigures: whatever digits come, they stay a figure; the HS code
// is one of its edition, or a national chapter, and a prefix of what was
// published unless the list or a mark says otherwise; no more is claimed than
// is known.
func TestDigitsStayFigures(t *testing.T) {
	t.Parallel()
	g := usImports()
	j := mustJudge(t, g)
	field := func(v guichet.Verdict, name string) string { return v.Values[slices.Index(g.Fields, name)] }
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.OneOf(rapid.StringMatching(`[0-9]{1,14}`), rapid.Custom(func(t *rapid.T) string {
			e := rapid.SampledFrom(hs.Editions()).Draw(t, "edition")
			return string(rapid.SampledFrom(hs.Codes(e, 6)).Draw(t, "subheading")) + rapid.StringMatching(`([0-9]{2}){0,2}`).Draw(t, "rest")
		})).Draw(t, "code")
		month := rapid.IntRange(2002, 2030).Draw(t, "year")
		v := j.Verdict([]string{code, strconv.Itoa(month) + "-06"})
		if v.Reject != "" {
			t.Fatalf("%s of %d is put aside: %s", code, month, v.Reject)
		}
		common, edition := hs.Code(field(v, "hs")), hs.Edition(0)
		if text := field(v, "edition"); text != "" {
			edition, _ = hs.ParseEdition(text)
		}
		if common != "" && !trade.NationalChapter(common) && !hs.Known(edition, common) {
			t.Fatalf("%s of %d is %s, which %s does not hold", code, month, common, edition)
		}
		if !strings.HasPrefix(code, string(common)) {
			t.Fatalf("%s is %s", code, common)
		}
		relation := field(v, "relation")
		if (len(common) == 6) && relation == trade.ByNone || common == "" && relation != trade.ByNone {
			t.Fatalf("%s is %q by relation %s", code, common, relation)
		}
		if len(common) < min(6, len(code)) && len(v.Remarks) == 0 {
			t.Fatalf("%s is only %q, and nothing is said of it", code, common)
		}
		level, err := strconv.Atoi(field(v, "level"))
		if err != nil || level > len(code) {
			t.Fatalf("%s has level %q", code, field(v, "level"))
		}
		for _, r := range v.Remarks {
			if trade.RemarkText(r, "en") == "" {
				t.Fatalf("%s has the remark %q, which has no sentence", code, r)
			}
		}
	})
}

// TestVerdictsHangOnTheKeyAlone: a judge that has seen other keys, in any
// order, says what a new one says.
func TestVerdictsHangOnTheKeyAlone(t *testing.T) {
	t.Parallel()
	groups := []guichet.KeyGroup{usImports(), sound(harmonise.RuleArea), sound(harmonise.RuleUnit), sound(harmonise.RulePeriod), sound(harmonise.RuleDate)}
	rapid.Check(t, func(t *rapid.T) {
		g := rapid.SampledFrom(groups).Draw(t, "group")
		text := rapid.OneOf(rapid.StringMatching(`(63|98|29|00)[0-9]{0,8}`), rapid.SampledFrom([]string{"", "US", "KG", "2024", "630790", "9999950000", "2918000000"}))
		keys := rapid.SliceOf(rapid.Custom(func(t *rapid.T) [2]string {
			return [2]string{text.Draw(t, "text"), rapid.SampledFrom([]string{"2024-01", "2019-06", "2022-01", "", "2001-01"}).Draw(t, "month")}
		})).Draw(t, "keys")
		old := mustJudge(t, g)
		for _, k := range keys {
			first, again, fresh := old.Verdict(k[:]), old.Verdict(k[:]), mustJudge(t, g).Verdict(k[:])
			if diff := cmp.Diff(fresh, first); diff != "" || !cmp.Equal(first, again) {
				t.Fatalf("%v judged otherwise after others: %s", k, diff)
			}
			if first.Reject == "" && len(first.Values) != len(g.Fields) {
				t.Fatalf("%v has %d values for %d fields", k, len(first.Values), len(g.Fields))
			}
			if first.Reject != "" && !slices.Contains(trade.RejectCodes(), first.Reject) {
				t.Fatalf("%v is put aside for %q, which has no sentence", k, first.Reject)
			}
		}
	})
}

// TestPeriodsComeBack: what is written in a format is read as the same period.
func TestPeriodsComeBack(t *testing.T) {
	t.Parallel()
	j := mustJudge(t, guichet.KeyGroup{
		Name: "period", Rule: harmonise.RulePeriod, Columns: []string{"p"}, Fields: []string{"period", "freq"},
		Params: map[string]string{"format": "2006|2006-Q1|2006-01|2006-01-02"},
	})
	rapid.Check(t, func(t *rapid.T) {
		year := strconv.Itoa(rapid.IntRange(1900, 9999).Draw(t, "year"))
		text := rapid.SampledFrom([]string{year, year + "-Q2", year + "-11", year + "-02-28"}).Draw(t, "text")
		want, err := guichet.ParsePeriod(text)
		if err != nil {
			t.Fatal(err)
		}
		if v := j.Verdict([]string{text}); len(v.Values) != 2 || v.Values[0] != want.Start.Format("2006-01-02") || v.Values[1] != string(want.Freq) {
			t.Fatalf("%s is read as %v", text, v)
		}
	})
}

// TestConvert holds exact factors, and that there and back is where one began.
func TestConvert(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ quantity, from, to, want string }{
		{"1", "LBR", "KGM", "0.453592"}, // 0.45359237, rounded
		{"100000000", "LBR", "KGM", "45359237"},
		{"2.5", "TNE", "KGM", "2500"},
		{"-7", "DZN", "H87", "-84"},
		{"3", "KGM", "KGM", "3"},
		{"3", "_PKG", "_PKG", "3"},
		{"3", "05", "05", "3"},
		{"3", "KGM", "PR", ""},
		{"3", "_NOU", "_NOU", ""},
		{"3", "KGM", "stone", ""},
		{"3", "stone", "KGM", ""},
	} {
		q, err := guichet.ParseDecimal(c.quantity)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := harmonise.Convert(q, c.from, c.to)
		if ok != (c.want != "") || ok && got.String() != c.want {
			t.Errorf("%s %s is %s %s (%v), want %q", c.quantity, c.from, got, c.to, ok, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		q := guichet.DecimalOf(rapid.Int64Range(-1e12, 1e12).Draw(t, "kilograms"))
		grams, ok := harmonise.Convert(q, "KGM", "GRM")
		back, okBack := harmonise.Convert(grams, "GRM", "KGM")
		if !ok || !okBack || back.Cmp(q) != 0 {
			t.Fatalf("%s kg is %s g is %s kg", q, grams, back)
		}
	})
}
