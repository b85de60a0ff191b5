package ingest_test

import (
	"bytes"
	"math/big"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"guichet"
	"guichet/internal/ingest"
	"guichet/trade"
)

// withComma is the small profile with a column so dressed and a decimal comma.
func withComma(column, measure string) string {
	text := strings.Replace(smallYAML, "{name: value}", "{name: value"+column+"}", 1)
	text = strings.Replace(text, "kind: csv", `kind: csv, delimiter: ";"`, 1)
	return strings.Replace(text, "decimals: 3}", "decimals: 3"+measure+"}", 1)
}

func TestColumnValuesWithADecimalComma(t *testing.T) {
	for _, c := range []struct {
		col       ingest.Column
		cell, out string
	}{
		{ingest.Column{Shift: 3}, "71552,146", "71552146"},
		{ingest.Column{Shift: 3}, "10,1", "10100"},
		{ingest.Column{Shift: 3}, "10", "10000"},
		{ingest.Column{Shift: 3}, "-0,0005", "-0000,5"},
		{ingest.Column{Shift: 3}, "10.1", "10.1"},
		{ingest.Column{Shift: 3}, "0", "0"},
		{ingest.Column{Shift: 3}, "0,00", "0"},
		{ingest.Column{Shift: 3}, "n.d.", "n.d."},
		{ingest.Column{Grouped: "."}, "1.234,5", "1234,5"},
		{ingest.Column{Grouped: "."}, "-1.234.567", "-1234567"},
		{ingest.Column{Grouped: "."}, "1.5", "1.5"},
		{ingest.Column{Grouped: " "}, "1 234,5", "1234,5"},
		{ingest.Column{Grouped: " "}, "1\u00a0234\u202f567,5", "1234567,5"},
		{ingest.Column{Grouped: "\u202f"}, "1 234,5", "1234,5"},
		{ingest.Column{Grouped: " "}, "12 34,5", "12 34,5"},
		{ingest.Column{Grouped: " "}, "1\u00a023", "1\u00a023"},
		{ingest.Column{Grouped: " ", Shift: 3}, "71\u00a0552,146", "71552146"},
		{ingest.Column{Grouped: " ", Trim: true}, "\u00a01 234,5 ", "1234,5"},
	} {
		if got := ingest.ValueWithComma(c.col, c.cell); got != c.out {
			t.Errorf("%+v: %q is %q, want %q", c.col, c.cell, got, c.out)
		}
	}
}

// TestAShiftIsExact holds that whatever is read as a number is, after the
// shift, that number times a power of ten, and that all else is left alone: by
// either decimal sign, with and without groups.
func TestAShiftIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		point := rapid.SampledFrom([]string{".", ","}).Draw(t, "sign")
		places := rapid.IntRange(1, 9).Draw(t, "places")
		text := rapid.OneOf(
			rapid.StringMatching(`[+-]?[0-9]{0,15}([.,][0-9]{0,6})?`),
			rapid.StringMatching(`[+-]?[0-9]{1,3}([ .,][0-9]{3}){0,3}([.,][0-9]{0,6})?`),
			rapid.StringMatching(`[0-9.,+e -]{0,8}`),
		).Draw(t, "text")
		col := ingest.Column{Shift: places}
		value := ingest.ValueOf
		if point == "," {
			value = ingest.ValueWithComma
		}
		if rapid.Bool().Draw(t, "grouped") {
			col.Grouped = " "
		}
		// What the number is: the plain cell with a point in the place of its sign.
		plain := value(ingest.Column{Grouped: col.Grouped}, text)
		read := func(s string) (guichet.Decimal, error) {
			if point == "," {
				if strings.Contains(s, ".") {
					return guichet.Decimal{}, guichet.Errorf(guichet.KindInvalid, "two signs")
				}
				s = strings.ReplaceAll(s, ",", ".")
			}
			return guichet.ParseDecimal(s)
		}
		got := value(col, text)
		before, err := read(plain)
		if err != nil {
			if got != plain {
				t.Fatalf("%q is no number, and became %q", text, got)
			}
			return
		}
		after, err := read(got)
		if err != nil {
			t.Fatalf("%q became %q: %v", text, got, err)
		}
		factor := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil))
		if want := factor.Mul(factor, before.Rat()); after.Rat().Cmp(want) != 0 {
			t.Fatalf("%q shifted by %d is %q, want %s", text, places, got, want.FloatString(9))
		}
	})
}

// TestAShiftInAFile holds the whole way: what a file in thousands with decimal
// commas and no-break spaces comes to, and that a value of another shape
// reaches the store as it stands, which puts the line aside.
func TestAShiftInAFile(t *testing.T) {
	const text = "month;code;country;value\n2025-01;0101;AU;71\u00a0552,146\n2025-01;0102;CA;10\n2025-01;0103;CA;10,1\n2025-01;0104;CA;1.5\n"
	p := parse(t, withComma(`, grouped: " ", shift: 3`, ", comma: true"))
	if err := p.Check(trade.Dataset()); err != nil {
		t.Fatal(err)
	}
	prep, err := ingest.Prepare(t.Context(), write(t, "a.csv", []byte(text)), ingest.Options{Profiles: []*ingest.Profile{p}, Dir: t.TempDir(), Now: now()})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(prep.Layout.Files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"AU,71552146\n", "CA,10000\n", "CA,10100\n", "CA,1.5\n"} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("no %q in\n%s", want, b)
		}
	}
}

// TestSignsAreChecked holds the faults of decimal signs, groups and shifts, and
// what passes.
func TestSignsAreChecked(t *testing.T) {
	two := strings.Replace(withComma(", shift: 3", ""), "decimals: 3}", "decimals: 3}, net_kg: {column: other, comma: true}", 1)
	two = strings.Replace(two, "cube: {", "derive:\n  - {name: other, cases: [{when: [{column: code, in: [x]}], value: \"\"}], else: {column: value}}\ncube: {", 1)
	figure := strings.Replace(withComma("", ""), "decimals: 3}", "decimals: 3}, net_kg: {column: other, comma: true}", 1)
	figure = strings.Replace(figure, "cube: {", "derive:\n  - {name: other, figure: {plus: [value, value]}}\ncube: {", 1)
	for _, c := range []struct{ name, text, says string }{
		{"comma", withComma(`, grouped: "."`, ", comma: true"), ""},
		{"space", withComma(`, grouped: "\u202f", shift: 3`, ", comma: true"), ""},
		{"nought is absent", withComma(`, shift: 3`, ", comma: true, absent: [\"0\", n.d.]"), ""},
		{"point without comma", withComma(`, grouped: "."`, ""), "write comma: true at the measure"},
		{"comma twice", withComma(`, grouped: ","`, ", comma: true"), "a comma cannot stand between groups"},
		{"another letter", withComma(`, grouped: "é"`, ""), "one character"},
		{"two signs by way of a derived column", two, "there must be one sign"},
		{"a figure with a comma", figure, "written with one"},
		{"an absent text that is shifted", withComma(", shift: 3", ", absent: [\"9\"]"), `makes "9000" of "9"`},
		{"one column, two measures", strings.Replace(smallYAML, "decimals: 3}", "decimals: 3}, net_kg: {column: value}", 1), `the column "value" fills`},
	} {
		p, err := ingest.ParseProfile("small.yaml", []byte(c.text))
		if err == nil {
			err = p.Check(trade.Dataset())
		}
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
