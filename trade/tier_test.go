package trade_test

import (
	"slices"
	"testing"

	"guichet"
	"guichet/trade"
)

// TestTiers holds the tiers of groups.go against what a question may pick.
func TestTiers(t *testing.T) {
	t.Parallel()
	c := trade.Dataset().Classifications[0]
	if !slices.Equal(c.Tiers, []string{"low", "medium", "high", "critical"}) || !slices.Equal(c.Editions, []int{2007, 2012, 2017, 2022}) {
		t.Fatalf("tiers %v, editions %v", c.Tiers, c.Editions)
	}
	for _, x := range []struct {
		expr    string
		edition int
		want    string
	}{
		{"all", 0, "critical"},
		{"covid19", 0, "critical"},
		{"covid19/protective", 0, string(trade.GroupTier("covid19/protective"))},
		{"630790", 0, string(trade.GroupTier("covid19/protective/masks"))},
		{"uk-cn:63079098", 0, string(trade.GroupTier("covid19/protective/masks"))},
		{" 6307.90 ", 2022, string(trade.GroupTier("covid19/protective/masks"))},
		{"63", 2017, string(trade.GroupTier("covid19/protective/masks"))},
		{"870323", 0, "low"},
		{"870323+630790", 0, string(trade.GroupTier("covid19/protective/masks"))},
		{"382212", 2017, "low"}, // not in that edition, and no group names it there
		{"382212", 2022, "critical"},
		{"9809000000", 0, "critical"},
		{"nothing/like/it", 0, ""},
		{"masks", 0, ""},
		{"870323+x", 0, ""},
		{"", 0, ""},
	} {
		if got := c.Tier(x.expr, x.edition); got != x.want {
			t.Errorf("%q in %d is %q, not %q", x.expr, x.edition, got, x.want)
		}
	}
	for _, g := range trade.Groups() {
		for _, it := range g.Items {
			if trade.Tier(c.Tier(string(it.Code), int(it.Edition))).Rank() < g.Tier.Rank() {
				t.Errorf("%s of %s in %s is below the tier of its group", it.Code, g.Path, it.Edition)
			}
		}
	}
}

func BenchmarkResolveGroup(b *testing.B) {
	for b.Loop() {
		_, _ = trade.Resolve(guichet.Resolution{Expr: "covid19/protective/masks", Asked: 2017, Present: 2017})
	}
}

func BenchmarkResolveCode(b *testing.B) {
	for b.Loop() {
		_, _ = trade.Resolve(guichet.Resolution{Expr: "630790", Asked: 2017, Present: 2017})
	}
}
