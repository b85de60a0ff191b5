package mirror_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/mirror"
	"guichet/trade"

	"pgregory.net/rapid"
)

func dec(t *testing.T, s string) guichet.Decimal {
	t.Helper()
	d, err := guichet.ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func span(t *testing.T, s string) guichet.Span {
	t.Helper()
	v, err := guichet.ParseSpan(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func question(t *testing.T, exporter, importer, period string) trade.MirrorQuestion {
	t.Helper()
	return trade.MirrorQuestion{Exporter: exporter, Importer: importer, Period: span(t, period)}
}

// plain is a yearly side in dollars, with nothing else to say.
func plain(q trade.MirrorQuestion, outward bool, usd guichet.Decimal) trade.Side {
	s := trade.Side{
		Reporter: q.Importer, Partner: q.Exporter, Flow: trade.Imports, System: trade.General,
		Valuation: trade.FOB, Role: trade.LastKnown, Currency: "USD", National: usd, USD: &usd, Freq: guichet.Annual,
		Months: []string{"all"}, Asked: 1, Periods: []trade.PeriodFigure{{Period: "2024", National: usd, USD: &usd}},
	}
	if outward {
		s.Reporter, s.Partner, s.Flow = q.Exporter, q.Importer, trade.Exports
	}
	return s
}

func codesOf(remarks []guichet.Remark) string {
	var out []string
	for _, r := range remarks {
		out = append(out, r.Code)
	}
	return strings.Join(out, " ")
}

func says(a trade.MirrorAnswer, code string) bool {
	return slices.ContainsFunc(a.Remarks, func(r guichet.Remark) bool { return r.Code == code })
}

func adjustmentOf(a trade.MirrorAnswer, code string) (trade.Adjustment, bool) {
	i := slices.IndexFunc(a.Adjusted, func(x trade.Adjustment) bool { return x.Code == code })
	if i < 0 {
		return trade.Adjustment{}, false
	}
	return a.Adjusted[i], true
}

func show(d *guichet.Decimal) string {
	if d == nil {
		return "none"
	}
	return d.String()
}

// Published pairs. AU-NZ 1998: Australian Bureau of Statistics, in A$bn. CA-US
// 2016: IMF Direction of Trade Statistics, US$bn.
func TestPublishedPairs(t *testing.T) {
	for _, c := range []struct{ exporter, importer, period, x, m, difference, want string }{
		{"AU", "NZ", "1998", "5.69", "4.12", "1.57", "0.320082"},
		{"NZ", "AU", "1998", "4.01", "3.82", "0.19", "0.048531"},
		{"CA", "US", "2016", "297.59", "278.07", "19.52", "0.067818"},
		{"CA", "US", "2024", "434.93", "411.77", "23.16", "0.054707"},
	} {
		q := question(t, c.exporter, c.importer, c.period)
		a := mirror.Compare(q, plain(q, true, dec(t, c.x)), plain(q, false, dec(t, c.m)), mirror.Options{})
		if show(a.Difference) != c.difference || show(a.Asymmetry) != c.want {
			t.Errorf("%s to %s %s: X - M %s, c %s; want %s and %s", c.exporter, c.importer, c.period, show(a.Difference), show(a.Asymmetry), c.difference, c.want)
		}
		if says(a, trade.MirrorSharedSource) != (c.exporter == "CA") {
			t.Errorf("%s to %s: shared source said wrongly: %s", c.exporter, c.importer, codesOf(a.Remarks))
		}
	}
}

// To divide what is not CIF by 1.06 invents a gap: c of CA to US 2016 would be
// 0.126. It is done beside c, and only for a recorded CIF value.
func TestOnlyCIFIsBroughtToFOB(t *testing.T) {
	q := question(t, "CA", "GB", "2016")
	x, m := plain(q, true, dec(t, "297.59")), plain(q, false, dec(t, "278.07"))
	for _, v := range trade.Valuations() {
		m.Valuation = v
		a := mirror.Compare(q, x, m, mirror.Options{Lang: "fr"})
		adjusted, done := adjustmentOf(a, trade.AdjustCIF)
		if done != (v == trade.CIF) || show(a.Asymmetry) != "0.067818" {
			t.Errorf("%s: brought to FOB %v, c %s", v, done, show(a.Asymmetry))
		}
		if done && (show(adjusted.Asymmetry) != "0.125947" || adjusted.Status != trade.Estimated || adjusted.Import.String() != "262.33" ||
			!strings.Contains(adjusted.Text, "6,00 %") || !strings.Contains(adjusted.Source, "1995-2014")) {
			t.Errorf("CIF to FOB gives %+v", adjusted)
		}
	}
}

func TestTheImportersOwnFOBComesBeforeTheTable(t *testing.T) {
	q := question(t, "NZ", "AU", "2021")
	x, m := plain(q, true, dec(t, "100")), plain(q, false, dec(t, "104"))
	m.Valuation, m.Cube = trade.CIF, "comtrade"
	fob := dec(t, "100")
	m.FOB = &fob
	a, ok := adjustmentOf(mirror.Compare(q, x, m, mirror.Options{}), trade.AdjustFOBPublished)
	if !ok || a.Status != trade.Measured || a.Source != "comtrade" || show(a.Factor) != "0.04" || show(a.Asymmetry) != "0" {
		t.Errorf("the importer's own FOB gives %+v", a)
	}
	few := dec(t, "10") // only some rows had one
	m.FOB = &few
	if a, ok := adjustmentOf(mirror.Compare(q, x, m, mirror.Options{}), trade.AdjustCIF); !ok || show(a.Factor) != "0.0325" {
		t.Errorf("with FOB on some rows only the table should be taken, got %+v", a)
	}
}

// US to IE 2021 over 14 codes: c = +0.05 while the sum of |X - M| is 39 of 72
// million. The split below is ours; the three figures are the published ones.
func TestSmallAsymmetryHidesLargeGaps(t *testing.T) {
	q := question(t, "US", "IE", "2021")
	x, m := plain(q, true, dec(t, "36900000")), plain(q, false, dec(t, "35100000"))
	zero := guichet.Decimal{}
	x.Rest, m.Rest, x.ByProduct, m.ByProduct = &zero, &zero, map[string]guichet.Decimal{}, map[string]guichet.Decimal{}
	for i, pair := range [][2]string{
		{"12000000", "1000000"},
		{"6000000", "500000"},
		{"4000000", "100000"},
		{"1000000", "12000000"},
		{"400000", "8000000"},
		{"3000000", "3000000"},
		{"3000000", "3000000"},
		{"2500000", "2500000"},
		{"2000000", "2000000"},
		{"1500000", "1500000"},
		{"800000", "800000"},
		{"500000", "500000"},
		{"200000", "200000"},
		{"0", "0"},
	} {
		x.ByProduct[fmt.Sprintf("2800%02d", i)], m.ByProduct[fmt.Sprintf("2800%02d", i)] = dec(t, pair[0]), dec(t, pair[1])
	}
	a := mirror.Compare(q, x, m, mirror.Options{})
	if show(a.Asymmetry) != "0.05" || show(a.SumAbsolute) != "39000000" || len(a.Products) != 14 {
		t.Errorf("c %s, sum of |X - M| %s over %d products; want 0.05, 39000000 and 14", show(a.Asymmetry), show(a.SumAbsolute), len(a.Products))
	}
	if a.Products[0].Code != "280000" || a.Products[1].Code != "280003" || a.Products[13].Asymmetry != nil {
		t.Errorf("products are not by the largest gap: %+v", a.Products)
	}
	if i := slices.IndexFunc(a.Remarks, func(r guichet.Remark) bool { return r.Code == trade.MirrorCancel }); i < 0 ||
		!strings.Contains(a.Remarks[i].Text, "US$39.00m, of US$72.00m") {
		t.Errorf("that gaps cancel is not said: %+v", a.Remarks)
	}
	x.ByProduct, m.ByProduct = map[string]guichet.Decimal{"280000": *x.USD}, map[string]guichet.Decimal{"280000": *m.USD}
	if a := mirror.Compare(q, x, m, mirror.Options{}); says(a, trade.MirrorCancel) {
		t.Error("one product cannot cancel against itself")
	}
}

func TestZeroIsNotUnknown(t *testing.T) {
	q := question(t, "NZ", "AU", "2024")
	five, none := plain(q, true, dec(t, "5")), plain(q, false, dec(t, "0"))
	none.Periods = nil
	a := mirror.Compare(q, five, none, mirror.Options{})
	if show(a.Asymmetry) != "2" || !says(a, trade.MirrorZero) || says(a, trade.MirrorValuation) || says(a, trade.MirrorFreq) {
		t.Errorf("against a reported zero c is %s, remarks %s", show(a.Asymmetry), codesOf(a.Remarks))
	}
	nought := plain(q, true, dec(t, "0"))
	nought.Periods = nil
	a = mirror.Compare(q, nought, none, mirror.Options{})
	if a.Asymmetry != nil || show(a.Difference) != "0" || !says(a, trade.MirrorBothZero) {
		t.Errorf("two zeros give c %s, remarks %s", show(a.Asymmetry), codesOf(a.Remarks))
	}
	silent := trade.Side{Reporter: "AU", Partner: "NZ", Missing: &guichet.Gap{Reporter: "AU", Reason: guichet.GapNotReported, Text: "no file of 2024"}}
	silent.Gaps = []guichet.Gap{*silent.Missing}
	a = mirror.Compare(q, five, silent, mirror.Options{})
	if a.Asymmetry != nil || a.Difference != nil || codesOf(a.Remarks) != trade.MirrorNotReported || len(a.Gaps) != 1 {
		t.Errorf("a silent side gives c %s, X - M %s, remarks %s, gaps %v", show(a.Asymmetry), show(a.Difference), codesOf(a.Remarks), a.Gaps)
	}
	below := plain(q, false, dec(t, "-1"))
	a = mirror.Compare(q, five, below, mirror.Options{})
	if a.Asymmetry != nil || show(a.Difference) != "6" || !says(a, trade.MirrorNegative) {
		t.Errorf("a negative side gives c %s, remarks %s", show(a.Asymmetry), codesOf(a.Remarks))
	}
}

func TestDifferencesInTheMakingAreSaid(t *testing.T) {
	q := question(t, "US", "NZ", "2024")
	x, m := plain(q, true, dec(t, "2000000000")), plain(q, false, dec(t, "1800000000"))
	x.Valuation, x.Role, x.System, x.Freq, x.Cube, x.List = trade.FAS, trade.LastKnown, trade.UnknownSystem, guichet.Monthly, "exports", "us-schedule-b"
	m.Valuation, m.Role, m.System, m.Cube, m.Generated, m.Hidden, m.Asked = trade.CustomsValue, trade.Origin, trade.UnknownSystem, "imports", true, true, 3
	m.Currency, m.Estimated = "NZD", true
	m.Others = []string{"partner_role=consignment", "trade_system=special_strict", "valuation=cif"}
	year, domestic, rest := dec(t, "1850000000"), dec(t, "1999999900"), dec(t, "-1500000000")
	m.USDYear, x.Domestic, x.Rest, m.Rest = &year, &domestic, &guichet.Decimal{}, &rest
	x.Parts, m.Parts = map[string]guichet.Decimal{"TK": dec(t, "7")}, map[string]guichet.Decimal{"VI": dec(t, "1"), "PR": dec(t, "2")}
	x.ByProduct, m.ByProduct = map[string]guichet.Decimal{"630790": *x.USD}, map[string]guichet.Decimal{"630790": *m.USD}
	x.Edition, m.Edition = 2022, 2017
	for _, lang := range []string{"en", "fr"} {
		a := mirror.Compare(q, x, m, mirror.Options{Lang: lang, Rates: "rates-1"})
		want := "territory_differs generated coverage_incomplete dollars_estimated hidden also_published also_published also_published territory_differs " +
			"frequency_differs valuations_differ partner_roles_differ trade_systems_differ re_exports_included edition_differs different_lists outside_products"
		if got := codesOf(a.Remarks); got != want {
			t.Errorf("remarks in %s:\n got %s\nwant %s", lang, got, want)
		}
		for _, r := range a.Remarks {
			if r.Text == "" || strings.Contains(r.Text, "%!") || strings.Contains(r.Text, "\n") {
				t.Errorf("%s is said as %q", r.Code, r.Text)
			}
		}
		var readings []string
		for _, r := range a.Adjusted {
			readings = append(readings, fmt.Sprintf("%s %s %v %v", r.Code, r.Status, r.Export, r.Import))
			if r.Text == "" || strings.Contains(r.Text, "%!") || r.Source == "" || show(a.Asymmetry) != "0.105263" {
				t.Errorf("the reading %+v lacks its words, or moved c to %s", r, show(a.Asymmetry))
			}
		}
		want = "domestic_exports measured 1999999900 1800000000; parts_of_territory measured 2000000007 1800000000; " +
			"parts_of_territory measured 2000000000 1800000003; year_mean_rates estimated 2000000000 1850000000"
		if got := strings.Join(readings, "; "); got != want {
			t.Errorf("readings in %s:\n got %s\nwant %s", lang, got, want)
		}
	}
}

func TestReExportsLeftOutAndRatesUnknown(t *testing.T) {
	q := question(t, "NZ", "AU", "2024")
	x, m := plain(q, true, dec(t, "5")), plain(q, false, dec(t, "5"))
	x.Flow = trade.DomesticExports
	if a := mirror.Compare(q, x, m, mirror.Options{}); !says(a, trade.MirrorReExportsOut) || says(a, trade.MirrorReExports) {
		t.Errorf("domestic exports: remarks %s", codesOf(a.Remarks))
	}
	m.Currency, m.USD = "XXX", nil
	a := mirror.Compare(q, x, m, mirror.Options{})
	if a.Difference != nil || !says(a, trade.MirrorNoRate) || says(a, trade.MirrorMonths) {
		t.Errorf("without a rate X - M is %s, remarks %s", show(a.Difference), codesOf(a.Remarks))
	}
}

// A year against ten months has no c; over the ten months it has one.
func TestOnlyTheSameMonthsAreCompared(t *testing.T) {
	q := question(t, "NZ", "AU", "2024-01:2024-03")
	x, m := plain(q, true, dec(t, "60")), plain(q, false, dec(t, "27"))
	ten, twenty, thirty, nine, eighteen := dec(t, "10"), dec(t, "20"), dec(t, "30"), dec(t, "9"), dec(t, "18")
	x.Freq, m.Freq = guichet.Monthly, guichet.Monthly
	x.Periods = []trade.PeriodFigure{{Period: "2024-01", USD: &ten}, {Period: "2024-02", USD: &twenty}, {Period: "2024-03", USD: &thirty}}
	m.Periods = []trade.PeriodFigure{{Period: "2024-01", USD: &nine}, {Period: "2024-02", USD: &eighteen}}
	x.Months, m.Months = []string{"2024-01", "2024-02", "2024-03"}, []string{"2024-01", "2024-02"}
	a := mirror.Compare(q, x, m, mirror.Options{})
	r, ok := adjustmentOf(a, trade.AdjustMonths)
	if a.Asymmetry != nil || a.SumAbsolute != nil || !says(a, trade.MirrorMonths) || !ok || r.Export.String() != "30" || r.Import.String() != "27" {
		t.Errorf("three months against two: c %s, reading %+v, remarks %s", show(a.Asymmetry), r, codesOf(a.Remarks))
	}
	x.Freq = guichet.Annual
	if a := mirror.Compare(q, x, m, mirror.Options{}); a.Asymmetry != nil || len(a.Adjusted) != 0 {
		t.Errorf("a year against two months: c %s, readings %v", show(a.Asymmetry), a.Adjusted)
	}
	x.Freq, m.Months = guichet.Monthly, []string{"2024-04"}
	if a := mirror.Compare(q, x, m, mirror.Options{}); len(a.Adjusted) != 0 {
		t.Errorf("without a month in common there is a reading: %v", a.Adjusted)
	}
}

func TestAnswerIsPlainJSON(t *testing.T) {
	q := question(t, "NZ", "AU", "2024")
	out, err := json.Marshal(mirror.Compare(q, plain(q, true, dec(t, "5.69")), plain(q, false, dec(t, "4.12")), mirror.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"asymmetry":0.320082`, `"difference":1.57`, `"products":[]`, `"adjusted":[]`, `"gaps":[]`, `"period":"2024"`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%s is not in %s", want, out)
		}
	}
}

// Scale invariance, the swap of roles, and the bounds of c.
func TestAsymmetryProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Int64Range(0, 1_000_000_000_000)
		x, m, k := amount.Draw(t, "x"), amount.Draw(t, "m"), rapid.Int64Range(1, 1_000_000).Draw(t, "k")
		q := trade.MirrorQuestion{Exporter: "NZ", Importer: "AU"}
		c := func(x, m int64, scale int64) *guichet.Decimal {
			times := func(n int64) guichet.Decimal {
				return guichet.DecimalFromRat(new(big.Rat).Mul(big.NewRat(n, 1), big.NewRat(scale, 1)), 3)
			}
			return mirror.Compare(q, plain(q, true, times(x)), plain(q, false, times(m)), mirror.Options{}).Asymmetry
		}
		once, scaled, swapped := c(x, m, 1), c(x, m, k), c(m, x, 1)
		if (once == nil) != (x == 0 && m == 0) || show(once) != show(scaled) {
			t.Fatalf("c of %d and %d is %s, scaled by %d %s", x, m, show(once), k, show(scaled))
		}
		if once == nil {
			return
		}
		if once.Add(*swapped).Sign() != 0 {
			t.Fatalf("c of %d and %d is %s, swapped %s", x, m, show(once), show(swapped))
		}
		if once.Abs().Cmp(guichet.DecimalOf(2)) > 0 || (once.Abs().Cmp(guichet.DecimalOf(2)) == 0) && x != 0 && m != 0 && min(x, m)*2_000_000 > max(x, m) {
			t.Fatalf("c of %d and %d is %s", x, m, show(once))
		}
	})
}

// The differences by product and what stands outside them add up to X - M.
// TestARestOfNothingIsNotSaid: cents that rounding left outside the products would be said
// as zero dollars.
func TestARestOfNothingIsNotSaid(t *testing.T) {
	q := trade.MirrorQuestion{Exporter: "NZ", Importer: "AU"}
	for rest, want := range map[string]bool{"0": false, "0.4": false, "-0.4": false, "0.6": true, "-3": true} {
		x, m, left := plain(q, true, dec(t, "10")), plain(q, false, dec(t, "10")), dec(t, rest)
		x.ByProduct, m.ByProduct = map[string]guichet.Decimal{"630790": dec(t, "10")}, map[string]guichet.Decimal{"630790": dec(t, "10")}
		x.Rest, m.Rest = &left, &guichet.Decimal{}
		if a := mirror.Compare(q, x, m, mirror.Options{}); says(a, trade.MirrorRest) != want {
			t.Errorf("a rest of %s: %s", rest, codesOf(a.Remarks))
		}
	}
}

func TestProductsAndRestAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		side := func(name string) (map[string]guichet.Decimal, guichet.Decimal) {
			by, sum := map[string]guichet.Decimal{}, guichet.Decimal{}
			for _, n := range rapid.SliceOfN(rapid.Int64Range(-50, 1_000_000), 0, 9).Draw(t, name) {
				code := fmt.Sprintf("63079%d", len(by))
				by[code], sum = guichet.DecimalOf(n), sum.Add(guichet.DecimalOf(n))
			}
			return by, sum
		}
		q := trade.MirrorQuestion{Exporter: "NZ", Importer: "AU"}
		xs, xSum := side("x")
		ms, mSum := side("m")
		xRest, mRest := guichet.DecimalOf(rapid.Int64Range(0, 9).Draw(t, "rest of x")), guichet.DecimalOf(rapid.Int64Range(0, 9).Draw(t, "rest of m"))
		x, m := plain(q, true, xSum.Add(xRest)), plain(q, false, mSum.Add(mRest))
		x.ByProduct, x.Rest, m.ByProduct, m.Rest = xs, &xRest, ms, &mRest
		a := mirror.Compare(q, x, m, mirror.Options{})
		total := xRest.Sub(mRest)
		for _, p := range a.Products {
			total = total.Add(p.Export).Sub(p.Import)
		}
		if total.Cmp(*a.Difference) != 0 || len(a.Products) != max(len(xs), len(ms)) {
			t.Fatalf("products and rest give %v, X - M is %v", total, a.Difference)
		}
	})
}
