package synth_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/codes"
	"guichet/hs"
	"guichet/internal/synth"
)

// TestSharesFollowTheFigures counts consignments by pair and good: each share is
// the one that the published figures, and the assumptions where there are none,
// ask for, within four standard deviations.
func TestSharesFollowTheFigures(t *testing.T) {
	o := options(t, 150_000, 21)
	m, err := synth.Make(t.Context(), o, silent)
	if err != nil {
		t.Fatal(err)
	}
	weights, err := synth.Weights()
	if err != nil {
		t.Fatal(err)
	}
	var total float64
	for _, w := range weights {
		total += float64(w.USD)
	}
	count := map[string]float64{}
	for _, r := range read(t, o.Dir, "truth-consignments-*") {
		count[r["exporter"]+r["importer"]+r["hs2017"]]++
	}
	// Lines of one shipment share a pair, up to four: the spread of a pair is wider than of single draws.
	const together = 2.5
	n := float64(m.Consignments)
	for _, w := range weights {
		p := float64(w.USD) / total
		slots := 1.0/(1<<14) + 1.0/(1<<14)
		if got := count[w.Exporter+w.Importer+w.HS6] / n; math.Abs(got-p) > 4*math.Sqrt(together*p/n)+slots {
			t.Errorf("%s to %s, %s: share %.5f, want %.5f", w.Exporter, w.Importer, w.HS6, got, p)
		}
	}
}

// TestFiguresAreThoseOfTheSources names a few published figures.
func TestFiguresAreThoseOfTheSources(t *testing.T) {
	for _, c := range []struct {
		exporter, hs2022 string
		want             int64
	}{{"GB", "300215", 2_737_002_466}, {"AU", "901920", 427_639_120}} {
		if got, err := synth.USImports(c.exporter, c.hs2022); err != nil || got != c.want {
			t.Errorf("US imports of %s from %s: %d, want %d (%v)", c.hs2022, c.exporter, got, c.want, err)
		}
	}
	if got, err := synth.Price("401519"); err != nil || got != 521 {
		t.Errorf("gloves: %d cents a kilogram, want 521 (%v)", got, err)
	}
}

// TestCausesComeAtTheirRates counts what is planted by chance, within four
// standard deviations, and asks that every cause is there.
func TestCausesComeAtTheirRates(t *testing.T) {
	o := options(t, 120_000, 4)
	o.From, o.To = "2021-10", "2022-02" // an edition of the HS ends within
	if _, err := synth.Make(t.Context(), o, silent); err != nil {
		t.Fatal(err)
	}
	rate := map[string]float64{}
	for _, a := range synth.Assumptions() {
		if strings.HasPrefix(a.Unit, "of 100,000") {
			rate[a.Name] = float64(a.Value) / synth.Whole
		}
		if !strings.Contains(a.Reason, "assumption") {
			t.Errorf("%s does not say that it is an assumption", a.Name)
		}
	}
	detail := map[string]float64{}
	for _, r := range read(t, o.Dir, "truth-causes-*") {
		detail[r["side"]+" "+r["cause"]+" "+r["detail"]]++
	}
	things := float64(len(read(t, o.Dir, "truth-consignments-*")))
	checks := []struct {
		what  string
		count float64
		of    float64
		rate  string
	}{
		{"undervaluation", detail["M undervaluation price"], things, "undervaluation"},
		{"misclassification", detail["M misclassification subheading"], things, "misclassification"},
		{"transshipment", detail["M transshipment false_origin"], things, "transshipment"},
		{"classification", detail["M classification subheading"], things, "classification"},
		{"missing documents", detail["M document missing"], things, "document_missing"},
		{"mistyped documents", detail["M document mistyped"], things, "document_mistyped"},
	}
	for _, c := range checks {
		// A seventh of the lines fall after the last month, or have no like goods; lines of a shipment share some causes.
		want := c.of * rate[c.rate]
		if c.count < 0.75*want-4*math.Sqrt(want) || c.count > want+4*math.Sqrt(2.5*want) {
			t.Errorf("%s: %.0f of %.0f, want about %.0f", c.what, c.count, c.of, want)
		}
	}
	for _, want := range []string{
		"M timing ", "X timing ", "M re_exports origin", "X partner_attribution last_known_destination", "M partner_attribution consignment",
		"M edition HS2017>HS2022", "M edition HS2022>HS2017", "M valuation cif", "M inland_freight ", "M unit_error grams_as_kilograms", "M unit_error dozens_as_pieces",
		"X unit_error pieces_as_dozens", "M classification national_line", "X classification subheading", "X threshold not_declared", "M threshold not_declared",
		"X rounding ", "M confidentiality roll_up", "M confidentiality blank", "M revision late", "M revision mistyped", "M conversion ",
	} {
		if detail[want] == 0 {
			t.Errorf("no line has the cause %q", want)
		}
	}
}

// TestCodesAreOfTheirLists judges every national code by package codes on the
// day of acceptance: where the list of the edition in force is held, the code
// is in it; where none is, its six digits are of that edition.
func TestCodesAreOfTheirLists(t *testing.T) {
	o := options(t, 30_000, 2)
	o.From, o.To = "2021-06", "2022-04"
	if _, err := synth.Make(t.Context(), o, silent); err != nil {
		t.Fatal(err)
	}
	lists := map[string][2]string{"US": {"us-hts", "us-schedule-b"}, "CA": {"ca-tariff", ""}, "NZ": {"nz-tariff", "nz-tariff"}, "GB": {"uk-taric", "uk-cn"}, "AU": {"au-tariff", "au-ahecc"}}
	digits := map[string][2]int{"US": {10, 10}, "CA": {10, 8}, "NZ": {10, 10}, "GB": {10, 8}, "AU": {10, 8}}
	listed := map[string]int{}
	for _, member := range o.Members {
		for _, d := range declarations(t, o.Dir, member) {
			flow, at := "exports", 1
			if d.imports {
				flow, at = "imports", 0
			}
			list := lists[member][at]
			on, err := time.Parse(time.DateOnly, d.date)
			if err != nil {
				t.Fatal(err)
			}
			if len(d.code) != digits[member][at] || !hs.Known(hs.InForce(member, flow, list, on).Edition, hs.Code(d.hs6)) {
				t.Errorf("%s %s %s: %s is no code of the edition in force", member, flow, d.date, d.code)
			}
			_, standing := codes.CommodityIn(list, d.code, on)
			if list != "" && standing != codes.NoList && len(codes.SplitLines(list, d.hs6, on)) > 0 && standing != codes.Listed {
				t.Errorf("%s %s %s: %s is %s in %s", member, flow, d.date, d.code, standing, list)
			}
			if standing == codes.Listed {
				listed[list]++
			}
		}
	}
	for _, list := range []string{"us-schedule-b", "au-tariff", "au-ahecc", "uk-taric", "uk-cn", "nz-tariff", "us-hts"} {
		if listed[list] == 0 {
			t.Errorf("no code was judged by %s", list)
		}
	}
}

// TestKeysAreThoseOfPackageCodes reads our countries and units back.
func TestKeysAreThoseOfPackageCodes(t *testing.T) {
	for _, fault := range append(synth.AreaFaults(), synth.UnitFaults()...) {
		t.Errorf("%s is read otherwise", fault)
	}
}

func TestBadOptions(t *testing.T) {
	full := filepath.Join(t.TempDir(), "full")
	if err := os.MkdirAll(filepath.Join(full, "x"), 0o750); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		change func(*synth.Options)
		says   string
	}{
		"unknown member":  {func(o *synth.Options) { o.Members = []string{"AU", "FR"} }, `member "FR"`},
		"one member":      {func(o *synth.Options) { o.Members = []string{"AU"} }, "at least two"},
		"twice":           {func(o *synth.Options) { o.Members = []string{"AU", "AU"} }, "named twice"},
		"no month":        {func(o *synth.Options) { o.From = "2019" }, `"2019" is no month`},
		"turned round":    {func(o *synth.Options) { o.From, o.To = "2020-02", "2020-01" }, "after the last"},
		"before rates":    {func(o *synth.Options) { o.From = "1999-12" }, "rates are held"},
		"after rates":     {func(o *synth.Options) { o.To = "2031-01" }, "rates are held"},
		"before editions": {func(o *synth.Options) { o.From, o.To = "2006-01", "2006-02" }, "is not held"},
		"none":            {func(o *synth.Options) { o.Declarations = 0 }, "0 declaration lines"},
		"too many":        {func(o *synth.Options) { o.Declarations = synth.MaxDeclarations + 1 }, "cannot be made"},
		"no folder":       {func(o *synth.Options) { o.Dir = "" }, "no folder"},
		"not empty":       {func(o *synth.Options) { o.Dir = full }, "not empty"},
		"a file":          {func(o *synth.Options) { o.Dir = file }, "no folder"},
		"below a file":    {func(o *synth.Options) { o.Dir = filepath.Join(file, "x") }, "folder"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o := options(t, 100, 1)
			c.change(&o)
			_, err := synth.Make(t.Context(), o, silent)
			var e *guichet.Error
			if !errors.As(err, &e) || e.Kind != guichet.KindInvalid || !strings.Contains(e.Message, c.says) || e.Hint == "" {
				t.Errorf("%v, want KindInvalid with %q and a hint", err, c.says)
			}
		})
	}
}

func TestFullDisk(t *testing.T) {
	err := synth.WriteToFullDisk()
	if guichet.KindOf(err) != guichet.KindFull {
		t.Errorf("%v, want KindFull", err)
	}
}

// TestInterruptedLeavesNothing ends the work halfway.
func TestInterruptedLeavesNothing(t *testing.T) {
	o := options(t, 100_000, 1)
	ctx, stop := context.WithCancel(t.Context())
	tell := func(_ string, done, _ int64) {
		if done > 0 {
			stop()
		}
	}
	if _, err := synth.Make(ctx, o, tell); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it was interrupted", err)
	}
	if _, err := os.Stat(o.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}
