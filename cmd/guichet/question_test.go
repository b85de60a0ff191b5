package main_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	root "guichet"
	guichet "guichet/cmd/guichet"
)

func TestQuestionFromFlags(t *testing.T) {
	q, err := guichet.Question(
		"--reporter", "US,CA", "--flow=imports", "--product", "630790,covid19/protective", "--period", "2024-01:2024-06",
		"--by", "partner,hs6,system", "--measure", "value_usd,net_kg", "--system", "general", "--where", "mode=1,4",
		"--where", "trade-system=unknown", "--edition", "H5", "--conversion", "default", "--cube", "C",
		"--as-of", "2026-01-01T10:30", "--vintage", "2025-03-01", "--top", "5",
	)
	if err != nil {
		t.Fatal(err)
	}
	span, err := root.ParseSpan("2024-01:2024-06")
	if err != nil {
		t.Fatal(err)
	}
	want := root.Question{
		Dataset: "trade",
		Where: map[string][]string{
			"reporter": {"US", "CA"}, "flow": {"imports"}, "product": {"630790", "covid19/protective"},
			"trade_system": {"general", "unknown"}, "mode": {"1", "4"},
		},
		Period: span, By: []string{"partner", "hs6", "trade_system"}, Measures: []string{"value_usd", "net_kg"},
		Edition: 2017, Conversion: "default", Cube: "C",
		AsOf: time.Date(2026, 1, 1, 10, 30, 0, 0, time.UTC), Vintage: "2025-03-01", Limit: 5,
	}
	if diff := cmp.Diff(want, q); diff != "" {
		t.Errorf("the question differs (-want +got):\n%s", diff)
	}
}

func TestQuestionDefaults(t *testing.T) {
	q, err := guichet.Question("--product", "63,64", "--partner", "CN", "--as-of", "2026-01-01")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"reporter", "hs2"}, q.By); diff != "" {
		t.Errorf("by differs (-want +got):\n%s", diff)
	}
	for _, c := range []struct{ product, partner, by string }{
		{"630790,401519", "CN", "reporter,hs6"},
		{"630790,40", "CN,MX", "reporter,partner"},
		{"covid19/medical,covid19/cleaning", "CN", "reporter"},
	} {
		q, err := guichet.Question("--product", c.product, "--partner", c.partner)
		if err != nil || strings.Join(q.By, ",") != c.by {
			t.Errorf("%s from %s is told by %v (%v), want %s", c.product, c.partner, q.By, err, c.by)
		}
	}
	if diff := cmp.Diff([]string{"value", "value_usd"}, q.Measures); diff != "" {
		t.Errorf("measures differ (-want +got):\n%s", diff)
	}
	if last := time.Date(2026, 1, 1, 23, 59, 59, 999999999, time.UTC); !q.AsOf.Equal(last) {
		t.Errorf("as of a day is %v, want its last moment", q.AsOf)
	}
	if !q.Period.IsZero() {
		t.Errorf("no period gave %v, want all time", q.Period)
	}
}

func TestWrongQuestions(t *testing.T) {
	for _, args := range [][]string{
		{"--period", "24"},
		{"--period", "2024-06:2024-01"},
		{"--edition", "HS1999"},
		{"--conversion", "magic"},
		{"--as-of", "yesterday"},
		{"--vintage", "2025-3-1"},
		{"--where", "mode"},
		{"--where", "=1"},
		{"--where", "mode=1,,2"},
		{"--top", "-1"},
		{"--product", "masks!"},
		{"--where", "hs2=sixty"},
		{"--csv", "--json"},
	} {
		if _, err := guichet.Question(args...); root.KindOf(err) != root.KindInvalid && !slices.Contains(args, "--json") {
			t.Errorf("%q: got %v, want an error of kind invalid", args, err)
		}
	}
}
