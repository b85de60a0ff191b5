package portal_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/portal"
	"guichet/trade"
)

// TestTwoDaysBesideEachOther: what differs stands first, and a hidden figure is no change.
func TestTwoDaysBesideEachOther(t *testing.T) {
	answer := func(rows ...guichet.Row) portal.Answer {
		return portal.Answer{Answer: guichet.Answer{
			Columns: []guichet.Column{{Name: "member"}, {Name: "period"}, {Name: "value", Measure: true}}, Rows: rows,
		}}
	}
	row := func(period string, value any) guichet.Row {
		return guichet.Row{"member": "US", "period": period, "value": value}
	}
	first := answer(row("2024-01", figure(t, "1")), row("2024-02", figure(t, "2")), row("2024-03", figure(t, "3.00")), row("2024-05", nil))
	second := answer(row("2024-01", figure(t, "1.5")), row("2024-03", figure(t, "3")), row("2024-04", figure(t, "4")), row("2024-05", figure(t, "5")))
	got := portal.Besides(first, second)
	if diff := cmp.Diff([]string{"changed", "new", "gone", "veiled", "same"}, portal.Marks(got)); diff != "" {
		t.Error(diff)
	}
	if c, ok := got.Answer.Rows[0]["change"].(guichet.Decimal); !ok || c.String() != "0.5" {
		t.Errorf("the change is %v", got.Answer.Rows[0]["change"])
	}
	if got.Twice == nil || got.Twice.First.Answer.Rows != nil || len(first.Answer.Rows) != 4 {
		t.Errorf("rows are kept twice, or taken from who gave them")
	}
	none := portal.Besides(first, answer())
	if diff := cmp.Diff([]string{"gone", "gone", "gone", "gone"}, portal.Marks(none)); diff != "" {
		t.Error(diff)
	}
	clear := portal.Besides(portal.Answer{}, portal.Answer{})
	if len(clear.Answer.Rows) != 0 {
		t.Errorf("rows of nothing: %v", clear.Answer.Rows)
	}
}

// TestWhatLiesBetween holds c of a month to trade.MirrorAnswer's definition.
func TestWhatLiesBetween(t *testing.T) {
	of := func(s string) *guichet.Decimal {
		if s == "" {
			return nil
		}
		d := figure(t, s)
		return &d
	}
	for _, c := range []struct{ x, m, c, ratio string }{
		{"100", "100", "0", "1"},
		{"297.59", "278.07", "0.067818", "0.934406"},
		{"100", "0", "2", "0"},
		{"0", "100", "-2", ""},
		{"0", "0", "", ""},
		{"-1", "3", "", ""},
		{"", "3", "", ""},
		{"3", "", "", ""},
	} {
		if got := portal.Between(of(c.x), of(c.m)); got != c.c {
			t.Errorf("c of %s and %s is %q, want %q", c.x, c.m, got, c.c)
		}
		if got := portal.Ratio(of(c.m), of(c.x)); got != c.ratio {
			t.Errorf("%s for one of %s is %q, want %q", c.m, c.x, got, c.ratio)
		}
	}
}

// TestComparisonIsKept: what is written of a comparison comes back exact.
func TestComparisonIsKept(t *testing.T) {
	clock := guichettest.NewClock()
	shelf, err := portal.OpenShelf(t.TempDir(), clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	usd := figure(t, "123456789012345.678")
	m := trade.MirrorAnswer{
		Question: trade.MirrorQuestion{Exporter: "CA", Importer: "US", Period: guichettest.Period(t, "2024-01:2024-03"), Lang: "fr"},
		Export:   trade.Side{Reporter: "CA", USD: &usd, Periods: []trade.PeriodFigure{{Period: "2024-01", National: usd, USD: &usd}}},
		Products: []trade.ProductPair{{Code: "630790", Export: usd}},
	}
	id := "0123456789abcdef0123456789abcdef"
	if err := shelf.Put(id, "a", clock.Now(), clock.Now().Add(time.Hour), portal.Answer{Mirror: &m}); err != nil {
		t.Fatal(err)
	}
	got, err := shelf.Get(id, "a")
	if err != nil {
		t.Fatal(err)
	}
	exactly := cmp.Comparer(func(x, y guichet.Decimal) bool { return x.Cmp(y) == 0 })
	if got.Mirror == nil {
		t.Fatal("the comparison is lost")
	}
	if diff := cmp.Diff(m.Export.Periods, got.Mirror.Export.Periods, exactly); diff != "" {
		t.Error(diff)
	}
	if got.Mirror.Question.Period.String() != m.Question.Period.String() || got.Mirror.Products[0].Export.Cmp(usd) != 0 {
		t.Errorf("it came back as %+v", got.Mirror)
	}
}
