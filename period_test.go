package guichet_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"guichet"
)

func TestPeriods(t *testing.T) {
	t.Parallel()
	for text, end := range map[string]string{
		"2024": "2024-12-31", "2024-Q2": "2024-06-30", "2024-02": "2024-02-29", "2023-02-28": "2023-02-28", "2024-01/P28M": "2026-04-30",
	} {
		p, err := guichet.ParsePeriod(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if p.String() != text || p.End().Format(time.DateOnly) != end {
			t.Errorf("%s reads as %s, ending %s", text, p, p.End().Format(time.DateOnly))
		}
	}
	for _, text := range []string{"", "24", "2024-13", "2024-Q5", "2024-Q", "2024-02-30", "2024-1", "2024/P2M", "2024-01/P0M", "2024-01/P02M", "2024-01/P2Y", "2024-01/", "x", "0001", "0001-01", "0001-01-01", "0001-Q1", "+024-Q1", "0001-01/P28M", "0999"} {
		if p, err := guichet.ParsePeriod(text); guichet.KindOf(err) != guichet.KindInvalid {
			t.Errorf("%q reads as %s, %v", text, p, err)
		}
	}
}

func TestSpans(t *testing.T) {
	t.Parallel()
	year, err := guichet.ParseSpan("2024")
	if err != nil {
		t.Fatal(err)
	}
	for text, in := range map[string]bool{"2024": true, "2024-12": true, "2024-12-31": true, "2023-12": false, "2024-Q4": true, "2024-12/P2M": false} {
		p, err := guichet.ParsePeriod(text)
		if err != nil {
			t.Fatal(err)
		}
		if year.Contains(p) != in {
			t.Errorf("2024 contains %s: %v", text, !in)
		}
	}
	if n := len(year.Months()); n != 12 {
		t.Errorf("2024 has %d months", n)
	}
	if (guichet.Span{}).String() != "" || !(guichet.Span{}).Contains(year.From) {
		t.Error("the zero span is not all time")
	}
	if _, err := guichet.ParseSpan("2024:2023"); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("a span that ends before it begins: %v", err)
	}
	for text, want := range map[string]string{"2024-01:2026-04": "2024-01/P28M", "2024": "2024", "2024:2025": "2024-01/P24M"} {
		s, err := guichet.ParseSpan(text)
		if err != nil {
			t.Fatal(err)
		}
		if p, err := s.AsPeriod(); err != nil || p.String() != want {
			t.Errorf("%s as one period: %s, %v", text, p, err)
		}
	}
	days, err := guichet.ParseSpan("2024-01-05:2024-01-09")
	if err != nil {
		t.Fatal(err)
	}
	if p, err := days.AsPeriod(); err == nil {
		t.Errorf("days became %s", p)
	}
}

func TestSpansComeBackFromJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := time.Date(rapid.IntRange(1900, 2100).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")), 1, 0, 0, 0, 0, time.UTC)
		p := guichet.Period{Freq: rapid.SampledFrom([]guichet.Freq{guichet.Monthly, guichet.Daily, "P7M"}).Draw(t, "freq"), Start: start}
		in := guichet.Span{From: p, To: p}
		b, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var out guichet.Span
		if err := json.Unmarshal(b, &out); err != nil || out != in {
			t.Fatalf("%s came back as %v, %v", b, out, err)
		}
	})
}

func FuzzParseSpan(f *testing.F) {
	for _, s := range []string{"2024", "2024-01:2024-06", "2024-Q1", "2024-01/P28M", ":", "2024-01-01:", "0001", "0001-01-01", "1000", "+024-Q1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := guichet.ParseSpan(text)
		if err != nil {
			return
		}
		again, err := guichet.ParseSpan(s.String())
		if err != nil || again != s {
			t.Errorf("%q reads as %s, which reads as %s, %v", text, s, again, err)
		}
	})
}
