package guichet_test

import (
	"encoding/json"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"guichet"
)

func TestDecimals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"1": "1", "-0.50": "-0.5", "+00012.3400": "12.34", ".5": "0.5", "0": "0", "-0": "0", "123456789012345678.123": "123456789012345678.123"} {
		d, err := guichet.ParseDecimal(text)
		if err != nil || d.String() != want {
			t.Errorf("%q reads as %s, %v; want %s", text, d, err, want)
		}
	}
	for _, text := range []string{"", "-", ".", "1e3", "0x10", "1_000", "NaN", " 1", "1,5", "--1", "1.2.3"} {
		if d, err := guichet.ParseDecimal(text); guichet.KindOf(err) != guichet.KindInvalid {
			t.Errorf("%q reads as %s, %v", text, d, err)
		}
	}
	if got := guichet.DecimalFromRat(big.NewRat(2, 3), 2).String(); got != "0.67" {
		t.Errorf("2/3 to two decimals is %s", got)
	}
	if got := guichet.DecimalFromRat(big.NewRat(-1, 8), 2).String(); got != "-0.13" {
		t.Errorf("-1/8 to two decimals is %s: half goes away from zero", got)
	}
}

func decimals() *rapid.Generator[guichet.Decimal] {
	return rapid.Custom(func(t *rapid.T) guichet.Decimal {
		return guichet.NewDecimal(big.NewInt(rapid.Int64().Draw(t, "unscaled")), rapid.IntRange(0, 9).Draw(t, "scale"))
	})
}

func TestDecimalsAreExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := decimals().Draw(t, "a"), decimals().Draw(t, "b")
		if a.Add(b).Cmp(b.Add(a)) != 0 || a.Add(b).Sub(b).Cmp(a) != 0 {
			t.Fatalf("%s + %s is not exact", a, b)
		}
		if want := new(big.Rat).Add(a.Rat(), b.Rat()); a.Add(b).Rat().Cmp(want) != 0 {
			t.Fatalf("%s + %s is not %s", a, b, want)
		}
		if a.Cmp(b) != a.Rat().Cmp(b.Rat()) || a.Sign() != a.Rat().Sign() || a.Abs().Sign() < 0 {
			t.Fatalf("%s and %s compare wrongly", a, b)
		}
		text, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		var back guichet.Decimal
		if err := json.Unmarshal(text, &back); err != nil || back.Cmp(a) != 0 {
			t.Fatalf("%s came back as %s, %v", text, back, err)
		}
	})
}

func FuzzParseDecimal(f *testing.F) {
	for _, s := range []string{"1.5", "-0.000", "1e3", "99999999999999999999999", "+.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := guichet.ParseDecimal(text)
		if err != nil {
			return
		}
		want, ok := new(big.Rat).SetString(text)
		if !ok || d.Rat().Cmp(want) != 0 {
			t.Errorf("%q reads as %s", text, d)
		}
	})
}
