package store_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"guichet"
)

// textLine is one line of a generated file with what must become of it, worked
// out without the engine.
type textLine struct {
	text           string
	reason         string // "" kept
	people, tonnes guichet.Decimal
}

var (
	wholeNumber   = regexp.MustCompile(`^[+-]?[0-9]{1,18}$`)
	decimalNumber = regexp.MustCompile(`^[+-]?[0-9]{1,18}([.][0-9]{1,3})?$`)
	tooLarge      = guichet.DecimalOf(1e15) // DECIMAL(18,3) has fifteen digits before the point
)

func figure(text string, form *regexp.Regexp) (d guichet.Decimal, ok bool) {
	if !form.MatchString(text) {
		return d, false
	}
	d, err := guichet.ParseDecimal(text)
	if err != nil || d.Abs().Cmp(tooLarge) >= 0 {
		return guichet.Decimal{}, false
	}
	return d, true
}

// drawLine draws a line of crossings: mostly plain, with every fault now and
// then.
func drawLine(t *rapid.T) textLine {
	pick := func(name string, xs ...string) string { return rapid.SampledFrom(xs).Draw(t, name) }
	if rapid.IntRange(0, 19).Draw(t, "ragged") == 0 {
		return textLine{text: pick("cut", "x", ",", "2024-01,in", "a,b,c,d,e,f,g", "2024-01,in,NW-A,cars,1,2,3", `"a,b"`, ",,,,,,,,,x"), reason: "wrong_columns"}
	}
	month := pick("month", "2024-01", "2024-01", "2024-02", "2024", "", "January", "2024-13")
	way := pick("way", "in", "out", "", " in", "in\nout", `"`)
	post := pick("post", "NW-A", "NW-B", "S-closed", "S-a,b", "nowhere", "", "É-é", "NW-A\nB", "S-'; --")
	lane := pick("lane", "cars", "all", "trucks+buses", "")
	number := rapid.OneOf(
		rapid.StringMatching(`[+-]?[0-9]{1,17}(\.[0-9]{1,4})?`),
		rapid.SampledFrom([]string{"", "0", "1", "1.5", "1e3", "0x10", "1_000", "NaN", " 12", "1234567890123456789", "-0", "--1", "٣", "inf", "1,5"}),
	)
	people, tonnes := number.Draw(t, "people"), number.Draw(t, "tonnes")
	out := textLine{}
	var isPeople, isTonnes bool
	out.people, isPeople = figure(people, wholeNumber)
	out.tonnes, isTonnes = figure(tonnes, decimalNumber)
	switch _, err := guichet.ParsePeriod(month); {
	case err != nil:
		out.reason = "no_date"
	case !strings.Contains(post, "-"):
		out.reason = "no_post"
	case people == "":
		out.reason = "no_figure"
	case !isPeople, tonnes != "" && !isTonnes:
		out.reason = "not_a_number"
	}
	quoted := make([]string, 0, 6)
	for _, v := range []string{month, way, post, lane, people, tonnes} {
		if strings.ContainsAny(v, ",\"\n") || rapid.IntRange(0, 9).Draw(t, "quote") == 0 {
			v = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
		}
		quoted = append(quoted, v)
	}
	out.text = strings.Join(quoted, ",")
	return out
}

// TestNothingIsLost: whatever stands in a file, every line is kept or put aside
// for a reason, and each figure is in one of the two.
func TestNothingIsLost(t *testing.T) {
	ds, root, n := crossings(), t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.Custom(drawLine), 0, 40).Draw(t, "lines")
		end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end")
		var text strings.Builder
		text.WriteString(strings.TrimSuffix(header, "\n") + end)
		reasons := map[string]int64{}
		var people, tonnes [2]guichet.Decimal // kept, put aside
		for _, l := range lines {
			text.WriteString(l.text + end)
			at := 0
			if l.reason != "" {
				reasons[l.reason]++
				at = 1
			}
			people[at], tonnes[at] = people[at].Add(l.people), tonnes[at].Add(l.tonnes)
		}
		n++
		dir := filepath.Join(root, strconv.Itoa(n))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		st, err := stageIn(t.Context(), dir, ds, layout(), text.String())
		if err != nil {
			t.Fatal(err)
		}
		checkStaged(t, st)
		if st.Lines != int64(len(lines)) {
			t.Fatalf("%d lines, want %d", st.Lines, len(lines))
		}
		for _, r := range st.Reasons {
			if reasons[r.Code] != r.Rows {
				t.Fatalf("%d lines put aside for %s, want %d of %v", r.Rows, r.Code, reasons[r.Code], reasons)
			}
			delete(reasons, r.Code)
		}
		if len(reasons) > 0 {
			t.Fatalf("not put aside: %v", reasons)
		}
		for i, want := range [][2]guichet.Decimal{people, tonnes} {
			got := st.Totals[i]
			if got.Kept.Cmp(want[0]) != 0 || got.Aside.Cmp(want[1]) != 0 {
				t.Fatalf("%s: %s kept and %s put aside, want %s and %s", got.Measure, got.Kept, got.Aside, want[0], want[1])
			}
		}
		if _, err := os.Stat(filepath.Join(dir, st.Data)); err != nil {
			t.Fatal(err)
		}
	})
}
