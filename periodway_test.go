package guichet_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"guichet"
)

// way finds a way by its name.
func way(t *testing.T, name string) guichet.PeriodWay {
	t.Helper()
	ways := guichet.PeriodWays()
	i := slices.IndexFunc(ways, func(w guichet.PeriodWay) bool { return w.Name() == name })
	if i < 0 {
		t.Fatalf("there is no way %q", name)
	}
	return ways[i]
}

func TestPeriodWaysReadTheirNames(t *testing.T) {
	t.Parallel()
	day := time.Date(2006, 1, 2, 0, 0, 0, 0, time.UTC)
	seen := map[string]bool{}
	for _, w := range guichet.PeriodWays() {
		p, ok := w.Read(w.Name())
		if !ok || p.Freq != w.Freq() && w.Freq() != "" || p.Start.After(day) || p.End().Before(day) {
			t.Errorf("%q reads its own name as %s, %t", w.Name(), p, ok)
		}
		if seen[w.Name()] {
			t.Errorf("two ways are named %q", w.Name())
		}
		seen[w.Name()] = true
	}
}

func TestPeriodWaysReadMonthNames(t *testing.T) {
	t.Parallel()
	months := way(t, "January 2006")
	for i, names := range []string{
		"January Jan janv. JANVIER ene enero Janeiro", "feb Févr. fév février fevereiro febrero", "mar mars marzo março mar\u0063\u0327o",
		"apr avr. avril abr abril", "May mai mayo maio", "june juin junio junho", "jul juil. juillet julho", "aug août AOÛT agosto",
		"sept. sep septiembre setiembre set setembro septembre", "oct octubre out. outubro", "nov. novembre noviembre", "dic déc. diciembre dezembro December",
	} {
		for name := range strings.FieldsSeq(names) {
			p, ok := months.Read(name + " 2023")
			if !ok || p.Start.Month() != time.Month(i+1) || p.Start.Year() != 2023 || p.Freq != guichet.Monthly {
				t.Errorf("%s 2023 is read as %s, %t", name, p, ok)
			}
		}
	}
	if p, ok := way(t, "Jan-06").Read("déc.-99"); !ok || p.String() != "1999-12" {
		t.Errorf("déc.-99 is read as %s, %t", p, ok)
	}
	if p, ok := months.Read("enero\u00a0de 2023"); !ok {
		t.Errorf("spaces that do not break are read as %s, %t", p, ok)
	}
	for _, bad := range []string{"", "2023", "Jan", "jui 2023", "Jan. . 2023", "Jan 2023 x", "January of 2023", "Jan 23", "Jan\n2023", strings.Repeat("x", 40) + " 2023", "Ĵan 2023"} {
		if p, ok := months.Read(bad); ok {
			t.Errorf("%q is read as %s", bad, p)
		}
	}
}

// TestPeriodWaysReadWhatTheyWrite: of any day each way by number reads what
// package time writes, as the period that holds the day.
func TestPeriodWaysReadWhatTheyWrite(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		day := time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 36_000).Draw(t, "days"))
		for _, w := range guichet.PeriodWays() {
			if w.Freq() == "" || w.Freq() == guichet.Quarterly {
				continue
			}
			text := day.Format(w.Name())
			if rest, ok := strings.CutPrefix(w.Name(), "02006"); ok {
				text = "0" + day.Format("2006"+rest)
			}
			p, ok := w.Read(text)
			if !ok || p.Start.After(day) || p.End().Before(day) {
				t.Fatalf("%q is read by %q as %s, %t", text, w.Name(), p, ok)
			}
		}
	})
}

// FuzzPeriodWays: whatever text a file has, a way reads a period that can be
// written and read again, or nothing.
func FuzzPeriodWays(f *testing.F) {
	for _, w := range guichet.PeriodWays() {
		f.Add(w.Name())
	}
	f.Add("31 de março de 2023")
	f.Add("Ⱥ.-23")
	f.Add("0000 Q1")
	f.Fuzz(func(t *testing.T, text string) {
		for _, w := range guichet.PeriodWays() {
			p, ok := w.Read(text)
			if !ok {
				continue
			}
			if again, err := guichet.ParsePeriod(p.String()); err != nil || again != p {
				t.Errorf("%q is read by %q as %+v, which is written %s", text, w.Name(), p, p)
			}
		}
	})
}
