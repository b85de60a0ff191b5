package desk_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/desk"
	"guichet/travel"
)

func decimals(t *testing.T, words string) map[string]guichet.Decimal {
	t.Helper()
	out := map[string]guichet.Decimal{}
	for w := range strings.FieldsSeq(words) {
		name, n, _ := strings.Cut(w, "=")
		d, err := guichet.ParseDecimal(n)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = d
	}
	return out
}

// TestPercentilesOfBands: worked by hand. Values are spread evenly in their band, and
// rounded up within it.
func TestPercentilesOfBands(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		measure, counted, want string
		partial                []string
	}{
		{"wait_p50", "wait_to_5=10", "3", nil},                         // the 5th of 10 in 0 to 5: 2.5
		{"wait_p90", "wait_to_5=10", "5", nil},                         // the 9th: 4.5
		{"wait_p50", "wait_to_5=5 wait_to_10=5", "5", nil},             // at the bound exactly: still the lower band
		{"wait_p50", "wait_to_5=4 wait_to_10=6", "6", nil},             // the 5th is the 1st of 6 in 5 to 10: 5.83
		{"wait_p90", "wait_to_5=4 wait_to_30=6", "30", nil},            // 25 + 5/6 of 5: 29.17
		{"wait_p90", "wait_to_45=1", "44", nil},                        // 30 + 0.9 of 15: 43.5
		{"wait_p50", "wait_to_5=1 wait_over_120=2", "above", nil},      // the open band
		{"wait_p50", "wait_to_5=2 wait_over_120=2", "5", nil},          // half are below its beginning
		{"wait_p50", "", "none", nil},                                  // nothing counted
		{"wait_p50", "wait_to_5=0 wait_to_10=0", "none", nil},          //
		{"wait_p50", "wait_to_5=-1 wait_to_10=5", "none", nil},         // a correction without what it corrects
		{"wait_p50", "wait_to_5=3", "none", []string{"wait_over_120"}}, // a band that some rows lack
		{"wait_p50", "crossings=1000 wait_to_10=2", "8", nil},          // of those whose wait was counted: 7.5
		{"wait_p50", "wait_to_5=1 wait_to_120=1000000000", "105", nil}, // 90 + half of 30
		{"wait_p90", "wait_to_120=1 wait_over_120=0", "117", nil},      //
		{"wait_p50", "wait_to_5=0.5 wait_to_10=0.5", "5", nil},         // weights are counts too
		{"wait_p90", "wait_to_5=9 wait_over_120=1", "5", nil},          // the rank is met by the first band
		{"wait_p90", "wait_to_5=8 wait_over_120=1", "above", nil},      //
	} {
		got, open := desk.PercentileOf(travel.Dataset(), x.measure, decimals(t, x.counted), x.partial...)
		said := "none"
		switch {
		case open && got != nil:
			said = "both"
		case open:
			said = "above"
		case got != nil:
			said = got.String()
		}
		if said != x.want {
			t.Errorf("%s of %q is %s, want %s", x.measure, x.counted, said, x.want)
		}
	}
}

// TestPercentilesLieInTheirBand: of waits that are known one by one, what is estimated
// from their bands lies in the band of the true percentile (nearest rank).
func TestPercentilesLieInTheirBand(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2)) // made-up waits
	bands := travel.Bands()
	band := func(wait int) int {
		return slices.IndexFunc(bands, func(b guichet.Band) bool { return b.UpTo == 0 || wait <= b.UpTo })
	}
	for range 2000 {
		waits := make([]int, 1+random.IntN(40))
		counted := map[string]guichet.Decimal{}
		for i := range waits {
			waits[i] = 1 + random.IntN(1+random.IntN(150))
			name := bands[band(waits[i])].Field
			counted[name] = counted[name].Add(guichet.DecimalOf(1))
		}
		slices.Sort(waits)
		for measure, share := range map[string]int{"wait_p50": 50, "wait_p90": 90} {
			truth := waits[(len(waits)*share+99)/100-1]
			got, open := desk.PercentileOf(travel.Dataset(), measure, counted)
			if open != (truth > 120) {
				t.Fatalf("%s of %v is open: %t", measure, waits, open)
			}
			if open {
				continue
			}
			if got == nil || band(int(got.Rat().Num().Int64())) != band(truth) {
				t.Fatalf("%s of %v is %v, and truly %d", measure, waits, got, truth)
			}
		}
	}
}

// TestWhoStandsBehindAFigure: of counts, those that are counted, each for one; of a
// percentile those in its bands; of others all of the row. A figure of nobody is none.
func TestWhoStandsBehindAFigure(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		people, measures string
		asked            []string
		want             []int // contributors: of the row's persons first
	}{
		{"12", "crossings=12", []string{"crossings"}, []int{12, 12}},
		{"12", "crossings=12 stated_p50=7", []string{"stated_p50"}, []int{12, 12}},
		{"12", "wait_to_5=2 wait_to_10=1", []string{"wait_p50"}, []int{12, 3}},
		{"12", "wait_to_5=2 wait_to_10=1", []string{"wait_to_5", "wait_to_20"}, []int{12, 2}},
		{"12", "", []string{"wait_p90"}, []int{12}},
		{"2.5", "crossings=2.5", []string{"crossings"}, []int{-1, -1}},
		{"2000000000000", "", []string{"crossings"}, []int{-1}},
		{"3", "crossings=-1", []string{"crossings"}, []int{3, -1}},
	} {
		cells := desk.CountedFigures(travel.Dataset(), newCounter(t), decimals(t, "n="+x.people)["n"], decimals(t, x.measures), x.asked...)
		var got []int
		for _, c := range cells {
			got = append(got, c.Contributors)
			if len(c.Largest) != max(0, min(c.Contributors, 2)) || c.Total.Cmp(c.Gross) != 0 {
				t.Errorf("%v of %q: %+v", x.asked, x.measures, c)
			}
			for _, l := range c.Largest {
				if l.Cmp(guichet.DecimalOf(1)) != 0 {
					t.Errorf("one counts for %s", l)
				}
			}
		}
		if !slices.Equal(got, x.want) {
			t.Errorf("behind %v of %s persons (%q) stand %v, want %v", x.asked, x.people, x.measures, got, x.want)
		}
	}
}

// TestWhatRowsMayHave: derived percentiles never; stated ones where each row is one that
// is kept; counts always.
func TestWhatRowsMayHave(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		grouped bool
		asked   []string
		want    []string
		gaps    int
		err     string
	}{
		{false, []string{"crossings", "stated_p50", "wait_to_5"}, []string{"crossings", "stated_p50", "wait_to_5"}, 0, ""},
		{true, []string{"crossings", "stated_p50", "stated_p90", "wait_to_5"}, []string{"crossings", "wait_to_5"}, 2, ""},
		{true, []string{"stated_p50"}, nil, 1, "nothing is left of the measures asked for"},
		{false, []string{"crossings", "wait_p90"}, nil, 0, "wait_p90 is made of sums"},
		{true, []string{"wait_p50"}, nil, 0, "wait_p50 is made of sums"},
	} {
		got, gaps, err := desk.Addable(travel.Dataset(), x.grouped, x.asked...)
		if (err == nil) != (x.err == "") || err != nil && (guichet.KindOf(err) != guichet.KindInvalid || !strings.Contains(err.Error(), x.err)) {
			t.Errorf("%v: %v, want %q", x.asked, err, x.err)
		}
		if !slices.Equal(got, x.want) || len(gaps) != x.gaps {
			t.Errorf("%v, grouped %t: %v with %d gaps, want %v with %d", x.asked, x.grouped, got, len(gaps), x.want, x.gaps)
		}
		for _, g := range gaps {
			if g.Reason != guichet.GapIncomparable {
				t.Errorf("a gap for %s", g.Reason)
			}
		}
	}
}
