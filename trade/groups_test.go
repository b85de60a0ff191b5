package trade_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"guichet/hs"
	"guichet/trade"
)

var fiveGroups = []string{
	"covid19/medical", "covid19/cleaning", "covid19/personal-care", "covid19/protective", "covid19/other",
}

func TestGroupTreeStandsInOrder(t *testing.T) {
	groups := trade.Groups()
	if groups[0].Path != "covid19" || !slices.Equal(groups[0].Children, fiveGroups) {
		t.Fatalf("the tree opens with %s and %v, want covid19 and %v", groups[0].Path, groups[0].Children, fiveGroups)
	}
	for _, g := range groups {
		if len(g.Children) > 0 && len(g.Items) > 0 {
			t.Errorf("%s has children and items of its own", g.Path)
		}
		for _, child := range g.Children {
			if trade.GroupTier(child).Rank() > g.Tier.Rank() {
				t.Errorf("%s is %s, below its part %s", g.Path, g.Tier, child)
			}
		}
		if len(g.Children) == 0 && len(g.Items) == 0 {
			t.Errorf("%s is empty", g.Path)
		}
		same, ok := trade.LookupGroup(g.Path)
		if !ok || same.Name != g.Name {
			t.Errorf("LookupGroup(%s) finds %v", g.Path, same.Name)
		}
	}
}

func TestEveryCodeIsKnownInItsEdition(t *testing.T) {
	for _, g := range trade.Groups() {
		for _, it := range g.Items {
			if !hs.Known(it.Edition, it.Code) {
				t.Errorf("%s: %s is not in edition %v", g.Path, it.Code, it.Edition)
			}
			if it.Via == nil {
				continue
			}
			for _, from := range it.Via.From {
				if !hs.Known(hs.HS2017, from) {
					t.Errorf("%s: %s comes from %s, which is not in HS2017", g.Path, it.Code, from)
				}
			}
		}
	}
}

func TestFiveGroupsPartitionTheWhole(t *testing.T) {
	for _, e := range hs.Editions() {
		whole, _ := trade.GroupCodes("covid19", e)
		var parts []hs.Code
		for _, p := range fiveGroups {
			codes, ok := trade.GroupCodes(p, e)
			if !ok || len(codes) == 0 {
				t.Errorf("%s has no code in edition %v", p, e)
			}
			parts = append(parts, codes...)
		}
		slices.Sort(parts)
		if !slices.Equal(whole, parts) || len(slices.Compact(parts)) != len(whole) {
			t.Errorf("edition %v: the five groups do not partition the %d codes", e, len(whole))
		}
	}
}

func TestNumberOfCodesPerEdition(t *testing.T) {
	for path, want := range map[string][4]int{
		"covid19":               {72, 71, 72, 79},
		"covid19/protective":    {19, 18, 18, 18},
		"covid19/personal-care": {3, 3, 3, 3},
	} {
		for i, e := range hs.Editions() {
			codes, _ := trade.GroupCodes(path, e)
			if len(codes) != want[i] {
				t.Errorf("%s in edition %v has %d codes, want %d", path, e, len(codes), want[i])
			}
		}
	}
}

func TestGroupsOfTellsPrimaryFirst(t *testing.T) {
	for code, want := range map[hs.Code][]string{
		"392690": {"covid19/protective/eyes-face", "covid19/protective/covers", "covid19/medical/consumables"},
		"901839": {"covid19/medical/consumables", "covid19/medical/oxygen"},
		"852990": {"covid19/other/spillover"},
		"010121": nil,
	} {
		if got := trade.GroupsOf(hs.HS2022, code); !slices.Equal(got, want) {
			t.Errorf("GroupsOf(HS2022, %s) = %v, want %v", code, got, want)
		}
	}
	if got := trade.GroupsOf(hs.HS2022, "401511"); got != nil {
		t.Errorf("401511 is gone in HS2022, yet stands in %v", got)
	}
}

func TestWhatIsNotCountedIsTold(t *testing.T) {
	got := codesOf(trade.GroupNotCounted("covid19/protective", hs.HS2022))
	if want := []hs.Code{"621020", "621030"}; !slices.Equal(got, want) {
		t.Errorf("protective names without counting %v, want %v", got, want)
	}
	got = codesOf(trade.GroupNotCounted("covid19", hs.HS2017))
	if want := []hs.Code{"8703", "5603"}; !slices.Equal(got, want) {
		t.Errorf("in HS2017 the whole names without counting %v, want %v", got, want)
	}
	got = codesOf(trade.GroupElsewhere("covid19/medical", hs.HS2022))
	if want := []hs.Code{"481890", "630790", "392690", "842132"}; !slices.Equal(got, want) {
		t.Errorf("medical has counted elsewhere %v, want %v", got, want)
	}
	if codes, ok := trade.GroupCodes("covid19/other/materials", hs.HS2022); !ok || len(codes) != 0 {
		t.Errorf("the heading 5603 is counted: %v %v", codes, ok)
	}
}

func codesOf(items []trade.Item) []hs.Code {
	out := make([]hs.Code, 0, len(items))
	for _, it := range items {
		out = append(out, it.Code)
	}
	return out
}

func TestLabelsInBothLanguages(t *testing.T) {
	en, _ := trade.GoodsLabel(hs.HS2022, "630790", "en")
	fr, _ := trade.GoodsLabel(hs.HS2022, "630790", "fr")
	if !strings.Contains(en, "face masks") || !strings.Contains(fr, "masques") {
		t.Errorf("630790 is called %q and %q", en, fr)
	}
	if _, ok := trade.GoodsLabel(hs.HS2022, "010121", "en"); ok {
		t.Error("a horse has a label among COVID-19 goods")
	}
	seen := map[hs.Edition]map[string]hs.Code{}
	for _, g := range trade.Groups() {
		for _, it := range g.Items {
			label, ok := trade.GoodsLabel(it.Edition, it.Code, "en")
			if !ok || len([]rune(label)) > 60 || len([]rune(it.Label.FR)) > 60 {
				t.Errorf("%s: label %q is missing or too long", it.Code, label)
			}
			if seen[it.Edition] == nil {
				seen[it.Edition] = map[string]hs.Code{}
			}
			if other, twice := seen[it.Edition][label]; twice {
				t.Errorf("%s and %s are both called %q", it.Code, other, label)
			}
			seen[it.Edition][label] = it.Code
		}
	}
}

func TestUnknownPathsAndTiers(t *testing.T) {
	for _, path := range []string{"", "covid", "covid19/", "covid19/protect", "covid19/masks"} {
		if _, ok := trade.LookupGroup(path); ok {
			t.Errorf("LookupGroup finds %q", path)
		}
		if codes, ok := trade.GroupCodes(path, hs.HS2022); ok || len(codes) > 0 {
			t.Errorf("GroupCodes finds %q: %v", path, codes)
		}
		if tier := trade.GroupTier(path); tier != "" || tier.Known() || tier.Rank() != trade.TierCritical.Rank() {
			t.Errorf("%q has tier %q, rank %d; want none, ranked with critical", path, tier, tier.Rank())
		}
	}
	if _, ok := trade.GroupCodes("covid19", hs.Edition(-1)); ok {
		t.Error("GroupCodes knows edition -1")
	}
	if trade.TierLow.Rank() >= trade.TierMedium.Rank() || trade.TierHigh.Rank() >= trade.TierCritical.Rank() {
		t.Error("the tiers are not in order")
	}
}

func TestCallersCannotChangeTheGroups(t *testing.T) {
	g, _ := trade.LookupGroup("covid19/protective/masks")
	g.Items[0].Also[0], g.Items[0].Via.From[0], g.Items[0].Code = "x", "x", "x"
	trade.Groups()[0].Children[0] = "x"
	again, _ := trade.LookupGroup("covid19/protective/masks")
	if it := again.Items[0]; it.Also[0] == "x" || it.Via.From[0] == "x" || it.Code == "x" || trade.Groups()[0].Children[0] == "x" {
		t.Error("a caller changed the groups for all")
	}
}

func TestGroupsVersionForm(t *testing.T) {
	if v := trade.GroupsVersion(); !regexp.MustCompile(`^groups-[0-9a-f]{12}$`).MatchString(v) {
		t.Errorf("version is %q", v)
	}
}

func TestFaultyGroupFilesAreRefused(t *testing.T) {
	const text = `{"en": "a", "fr": "b"}`
	const words = `"label": ` + text + `, "reason": ` + text
	group := func(path, tier string) string {
		return `{"path": "` + path + `", "tier": "` + tier + `", "name": ` + text + `, "reason": ` + text + `, "tier_reason": ` + text + `}`
	}
	tree := group("a", "low") + "," + group("a/b", "low")
	good := `{"code": "630790", "editions": [2017], "leaf": "a/b", "section": "I", ` + words + `}`
	for name, c := range map[string]struct{ tree, goods, want string }{
		"sound":           {tree, good, ""},
		"tier":            {group("a", "grave"), "", `tier "grave"`},
		"twice":           {tree + "," + group("a", "low"), "", "twice"},
		"orphan":          {group("a/b", "low"), "", "parent"},
		"tier over":       {group("a", "low") + "," + group("a/b", "high"), "", "above its parent"},
		"no text":         {`{"path": "a", "tier": "low"}`, "", "text is missing"},
		"unknown field":   {`{"path": "a", "colour": "red"}`, "", "unknown field"},
		"trailing":        {group("a", "low") + `]} {"x": [`, "", "follows the end"},
		"two primaries":   {tree, good + "," + good, "in a/b and in a/b"},
		"parent as leaf":  {tree, strings.Replace(good, `"a/b"`, `"a"`, 1), "no leaf"},
		"own leaf twice":  {tree, strings.Replace(good, `"section"`, `"also": ["a/b"], "section"`, 1), "own leaf"},
		"edition":         {tree, strings.Replace(good, "2017", "2002", 1), "no edition HS2002"},
		"counted heading": {tree, strings.Replace(good, "630790", "5603", 1), "neither six digits"},
		"no section":      {tree, strings.Replace(good, `"I"`, `""`, 1), "section"},
		"via elsewhere":   {tree, strings.Replace(good, `"section"`, `"via": {"2022": {}}, "section"`, 1), "not in"},
		"via empty":       {tree, strings.Replace(good, `[2017], `, `[2022], "via": {"2022": {}}, `, 1), "not complete"},
	} {
		files := fstest.MapFS{
			"groups/tree.json": {Data: []byte(`{"groups": [` + c.tree + `]}`)},
			"groups/a.json":    {Data: []byte(`{"goods": [` + c.goods + `]}`)},
		}
		err := trade.DecodeGroups(files)
		if c.want == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}
