package agreement_test

import (
	"encoding/json"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"guichet"
	"guichet/internal/agreement"
)

// someRequest draws a request that names its products: what is left open is
// narrowed, and a narrower question may be permitted where a wider one is not.
func someRequest(t *rapid.T) guichet.Request {
	r := baseRequest()
	of := func(label string, xs ...string) string { return rapid.SampledFrom(xs).Draw(t, label) }
	many := func(label string, xs ...string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(xs), 1, 3, rapid.ID[string]).Draw(t, label)
	}
	r.Purpose = of("purpose", "supply-monitoring", "official-statistics", "customs-risk", "research", "product-safety")
	r.From.Office = of("office", "statistics", "customs")
	r.Records = rapid.IntRange(0, 9).Draw(t, "records") == 0
	q := &r.Question
	q.By = many("by", "reporter", "partner", "period", "hs2", "hs6", "national", "product", "flow", "code", "port", "mode")
	q.Measures = many("measures", "value", "value_usd", "net_kg", "duty")
	q.Where = map[string][]string{"product": many("product", "630790", "covid19/protective/masks", "covid19/protective", "covid19", "63", "6307", "870323", "401511+401519", "uk-cn:63079098")}
	if rapid.Bool().Draw(t, "picks") {
		q.Where["partner"] = many("partner", "CN", "W0", "G:EU", "US")
	}
	if rapid.Bool().Draw(t, "flows") {
		q.Where["flow"] = many("flow", "imports", "exports", "re_imports")
	}
	if rapid.Bool().Draw(t, "grain named") {
		q.Where["grain"] = many("grain", "aggregate", "line")
	}
	q.Period = guichet.Span{}
	if p := of("period", "", "2024", "2024-05", "2019-Q2", "2017-12", "2026-05", "2020-02-03"); p != "" {
		q.Period = span(p)
	}
	return r
}

// tighten makes a paper stricter in one way.
func tighten(t *rapid.T, a guichet.Agreement) guichet.Agreement {
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var out guichet.Agreement
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	term := &out.Terms[0]
	at := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "at") }
	ways := []func(){
		func() { out.Validity.Until = "2026-06-14" },
		func() { out.Validity.Withdrawn = "2027-01-01" },
		func() { out.Purposes.Permitted = slices.Delete(out.Purposes.Permitted, 0, 1) },
		func() { out.Purposes.Forbidden = append(out.Purposes.Forbidden, "product-safety") },
		func() { out.Parties[3].Role = "observer" },
		func() { out.Parties[3].Offices = nil },
		func() { out.Security.KeyAgeDays = 100 },
		func() { term.Measures = slices.Delete(term.Measures, at(2), 2) },
		func() { term.Where = map[string][]string{"flow": {"imports"}} },
		func() { term.By = []string{"product", "period"} },
		func() { term.MaxTier = rapid.SampledFrom([]string{"low", "high", "critical"}).Draw(t, "max tier") },
		func() { term.Levels["product"] = rapid.SampledFrom([]string{"total", "hs2", "hs4"}).Draw(t, "product") },
		func() { term.Levels["partner"] = rapid.SampledFrom([]string{"total", "region"}).Draw(t, "partner") },
		func() { term.Levels["period"] = rapid.SampledFrom([]string{"year", "quarter"}).Draw(t, "period") },
		func() { term.Periods.Delay = rapid.IntRange(20, 3000).Draw(t, "delay") },
		func() { term.Periods.From = "2023-01" },
		func() { term.Periods.To = "2023-12" },
		func() { term.Periods.Embargo = "2026-07-01" },
		func() { term.Quota = rapid.IntRange(0, 50).Draw(t, "quota") },
		func() {
			term.Rules = agreement.Stricter(term.Rules, guichet.DisclosureRules{Threshold: 7, Top: 1, Share: 50})
		},
		func() { out.Tiers = append(out.Tiers, someTier(t)) },
	}
	rapid.SampledFrom(ways).Draw(t, "way")()
	return out
}

func someTier(t *rapid.T) guichet.TierRule {
	return guichet.TierRule{
		Tier:      rapid.SampledFrom([]string{"low", "medium", "high", "critical", "unheard of"}).Draw(t, "tier"),
		Rules:     guichet.DisclosureRules{Threshold: rapid.IntRange(0, 9).Draw(t, "threshold")},
		Levels:    map[string]string{rapid.SampledFrom([]string{"product", "partner", "period"}).Draw(t, "level of"): rapid.SampledFrom([]string{"hs4", "region", "year", "national"}).Draw(t, "level")},
		DelayDays: rapid.IntRange(0, 900).Draw(t, "tier delay"),
		Quota:     rapid.IntRange(0, 20).Draw(t, "tier quota"),
		Purposes:  []string{"supply-monitoring", "customs-risk"},
	}
}

func decide(t *rapid.T, a guichet.Agreement, r guichet.Request) guichet.Decision {
	p, err := agreement.Ready(a, datasets())
	if err != nil {
		t.Fatal(err)
	}
	b := baseFacts()
	return agreement.Decide(agreement.Facts{
		Now: b.Now, Us: b.Us, Circle: b.Circle, Members: b.Members, KeyFrom: b.KeyFrom, Dataset: dataset(),
		Papers: []*agreement.Paper{p}, Given: func(string, string) int { return 10 },
	}, r)
}

// TestStricterPermitsNoMore: whatever one more bound, tier rule or suspension does,
// what was refused stays refused, and no rule of protection gets looser.
func TestStricterPermitsNoMore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		base := agreement.Templates(datasets())[rapid.IntRange(0, 1).Draw(t, "template")].Paper
		if rapid.Bool().Draw(t, "everything") { // so that many requests are permitted
			base.Terms[0].Levels = map[string]string{"product": "national", "partner": "country", "period": "day", "port": "each", "mode": "each"}
			base.Terms[0].By, base.Terms[0].Periods.Delay = nil, 0
			base.Purposes.Permitted = []string{"supply-monitoring", "official-statistics", "customs-risk", "research", "product-safety"}
			base.Purposes.Forbidden = nil
		}
		r := someRequest(t)
		before := decide(t, base, r)
		after := decide(t, tighten(t, base), r)
		if after.Permitted && !before.Permitted {
			t.Fatalf("a stricter paper permits what was refused by %s: %s", before.Clause, before.Text)
		}
		if !after.Permitted && (after.Clause == "" || after.Text == "") {
			t.Fatalf("a refusal without clause or sentence: %+v", after)
		}
		if after.Permitted && agreement.Stricter(after.Conditions.Rules, before.Conditions.Rules) != after.Conditions.Rules {
			t.Fatalf("rules %+v got looser: %+v", before.Conditions.Rules, after.Conditions.Rules)
		}
	})
}

// TestDiffAndStricter: a paper does not differ from itself, and one that was made
// stricter in one way narrows in that way alone; the way back widens.
func TestDiffAndStricter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		base := agreement.Templates(datasets())[rapid.IntRange(0, 1).Draw(t, "template")].Paper
		if diff := agreement.Diff(base, base, datasets()); len(diff) > 0 {
			t.Fatalf("a paper differs from itself: %v", diff)
		}
		tight := tighten(t, base)
		for _, c := range agreement.Diff(base, tight, datasets()) {
			if c.Effect != agreement.Narrows {
				t.Fatalf("%+v is no narrowing", c)
			}
		}
		for _, c := range agreement.Diff(tight, base, datasets()) {
			if c.Effect != agreement.Widens {
				t.Fatalf("back: %+v is no widening", c)
			}
		}
	})
}

func TestStricterRules(t *testing.T) {
	t.Parallel()
	rules := rapid.Custom(func(t *rapid.T) guichet.DisclosureRules {
		r := guichet.DisclosureRules{Threshold: rapid.IntRange(0, 9).Draw(t, "m"), Prior: rapid.IntRange(0, 99).Draw(t, "p")}
		if rapid.Bool().Draw(t, "dominance") {
			r.Top, r.Share = rapid.IntRange(1, 5).Draw(t, "n"), rapid.IntRange(1, 99).Draw(t, "k")
		}
		return r
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := rules.Draw(t, "a"), rules.Draw(t, "b")
		s := agreement.Stricter(a, b)
		if s != agreement.Stricter(b, a) || agreement.Stricter(s, a) != s || agreement.Stricter(a, a) != a || agreement.Stricter(a, guichet.DisclosureRules{}) != a {
			t.Fatalf("%+v and %+v give %+v", a, b, s)
		}
	})
}

// FuzzDecide puts any request. It never panics, a permit never has a private field,
// and a refusal always says why.
func FuzzDecide(f *testing.F) {
	seed := baseRequest()
	for _, change := range []func(*guichet.Question){
		func(*guichet.Question) {},
		func(q *guichet.Question) { q.By = []string{"trader"} },
		func(q *guichet.Question) { q.Where["secrecy"] = []string{"x"} },
		func(q *guichet.Question) { q.Where["product"] = []string{"uk-cn:6", "98", "63+64", "covid19/"} },
		func(q *guichet.Question) { q.Edition, q.Conversion = 2017, "default" },
		func(q *guichet.Question) { q.Period = guichet.Span{} },
	} {
		r := seed
		change(&r.Question)
		text, err := json.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"from":{"circle":"border-five","member":"CA"},"to":"CA","question":{"dataset":"trade","measures":["declaration"]}}`))
	b, ds := baseFacts(), dataset()
	facts := agreement.Facts{
		Now: b.Now, Us: b.Us, Circle: b.Circle, Members: b.Members, KeyFrom: b.KeyFrom, Dataset: ds,
		Given: func(string, string) int { return 0 },
	}
	for _, x := range agreement.Templates(datasets()) {
		facts.Papers = append(facts.Papers, ready(f, x.Paper))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var r guichet.Request
		if json.Unmarshal(text, &r) != nil {
			return
		}
		d := agreement.Decide(facts, r)
		if !d.Permitted {
			if d.Clause == "" || d.Text == "" {
				t.Fatalf("a refusal without clause or sentence: %+v", d)
			}
			return
		}
		for _, field := range ds.Fields {
			_, picked := r.Question.Where[field.Name]
			if field.Role == guichet.Private && (picked || slices.Contains(r.Question.By, field.Name) || slices.Contains(r.Question.Measures, field.Name)) {
				t.Fatalf("the private field %s is permitted", field.Name)
			}
		}
	})
}

// BenchmarkDecide: a typical question under one of three papers.
func BenchmarkDecide(b *testing.B) {
	x := baseFacts()
	f := agreement.Facts{Now: x.Now, Us: x.Us, Circle: x.Circle, Members: x.Members, KeyFrom: x.KeyFrom, Dataset: dataset(), Given: func(string, string) int { return 0 }}
	for _, t := range agreement.Templates(datasets()) {
		f.Papers = append(f.Papers, ready(b, t.Paper))
	}
	r := baseRequest()
	for b.Loop() {
		if d := agreement.Decide(f, r); !d.Permitted {
			b.Fatal(d.Clause)
		}
	}
}
