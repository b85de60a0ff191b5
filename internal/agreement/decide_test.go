package agreement_test

import (
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/agreement"
	"guichet/trade"
)

// plain is a dataset as bare as can be: no classification, no field that tells the
// legal regime, no code list.
func plain() *guichet.Dataset {
	return &guichet.Dataset{
		Name: "visits", Regime: "statistical", Grains: []string{"row"}, Main: "n", By: []string{"where"},
		Fields: []guichet.Field{
			{Name: "where", Role: guichet.Dimension}, {Name: "n", Role: guichet.Measure}, {Name: guichet.FieldPeriod, Role: guichet.Dimension},
		},
	}
}

func decidePlain(t *testing.T, a guichet.Agreement, r guichet.Request, ds *guichet.Dataset) guichet.Decision {
	t.Helper()
	p, err := agreement.Ready(a, []*guichet.Dataset{ds})
	if err != nil {
		t.Fatal(err)
	}
	b := baseFacts()
	return agreement.Decide(agreement.Facts{
		Now: b.Now, Us: b.Us, Circle: b.Circle, Members: b.Members, KeyFrom: b.KeyFrom, Dataset: ds,
		Papers: []*agreement.Paper{p}, Given: func(string, string) int { return 0 },
	}, r)
}

// TestAnyDataset: nothing here knows trade. What the question leaves open is filled
// in from the descriptor; a tier rule holds where no tier is known.
func TestAnyDataset(t *testing.T) {
	t.Parallel()
	ds := plain()
	a := changed(t, template(t, "covid-supply"), map[string]any{
		"terms[0].dataset": ds.Name, "terms[0].grains": []string{"row"}, "terms[0].by": []string{"where"}, "terms[0].levels": map[string]any{"period": "day"},
		"terms[0].picks": map[string]any{}, "terms[0].measures": []string{"n"}, "terms[0].where": nil, "tiers[0].purposes": nil,
	})
	r := baseRequest()
	r.Question = guichet.Question{Dataset: ds.Name, Period: span("2024-05-17")}
	d := decidePlain(t, a, r, ds)
	if !d.Permitted || d.Conditions.Released == "" {
		t.Errorf("decided %+v", d)
	}
	bounded := changed(t, a, map[string]any{"terms[0].levels.where": "total"})
	if d := decidePlain(t, bounded, r, ds); d.Clause != "terms[0].levels.where" {
		t.Errorf("a dimension of plain members: %+v", d)
	}
	ds.Fields = ds.Fields[:2] // no period
	if d := decidePlain(t, a, r, ds); d.Permitted || d.Clause != "terms[0].dataset" {
		t.Errorf("without a period: %+v", d)
	}
	if got := agreement.Levels(ds, "n"); got != nil {
		t.Errorf("a measure has levels %v", got)
	}
}

// TestUnknownMembers: where no list says what an area is, it is a country.
func TestUnknownMembers(t *testing.T) {
	t.Parallel()
	ds := dataset()
	ds.Known = nil
	a := template(t, "covid-supply")
	a.Terms[0].Levels["partner"] = "region"
	r := baseRequest()
	r.Question.Where["partner"] = []string{"XQ"}
	if d := decidePlain(t, a, r, ds); d.Clause != "terms[0].levels.partner" {
		t.Errorf("decided %+v", d)
	}
}

// TestWithoutTiersOrEditions: a classification that tells no tiers apart has goods of
// unknown sensitivity, and a term that bounds it gives nothing.
func TestWithoutTiersOrEditions(t *testing.T) {
	t.Parallel()
	ds := dataset()
	ds.Classifications[0].Tier, ds.Classifications[0].Tiers = nil, nil
	a := template(t, "covid-supply")
	a.Terms[0].MaxTier = "critical"
	if d := decidePlain(t, a, baseRequest(), ds); d.Clause != "terms[0].max_tier" {
		t.Errorf("decided %+v", d)
	}
	ds = dataset()
	ds.Classifications[0].Editions = nil
	ds.Classifications[0].Resolve = func(r guichet.Resolution) (guichet.Selection, error) {
		r.Asked, r.Present = 2022, 2022
		return trade.Resolve(r)
	}
	a.Terms[0].MaxTier = ""
	if d := decidePlain(t, a, baseRequest(), ds); !d.Permitted {
		t.Errorf("decided %+v", d)
	}
}

// TestWhichPaper: the named one, then by identifier; a version is replaced by the
// next; of two refusals the nearest.
func TestWhichPaper(t *testing.T) {
	t.Parallel()
	base := template(t, "covid-supply")
	with := func(changes map[string]any) *agreement.Paper { return ready(t, changed(t, base, changes)) }
	b := baseFacts()
	f := agreement.Facts{
		Now: b.Now, Us: b.Us, Circle: b.Circle, Members: b.Members, KeyFrom: b.KeyFrom, Dataset: dataset(),
		Given: func(string, string) int { return 0 },
	}
	decide := func(named string, papers ...*agreement.Paper) string {
		f.Papers = papers
		r := baseRequest()
		r.Agreement = named
		d := agreement.Decide(f, r)
		return strings.TrimSpace(d.Agreement + " " + d.Clause)
	}
	a, z := with(map[string]any{"id": "a"}), with(map[string]any{"id": "z"})
	for _, x := range []struct{ got, want string }{
		{decide("", z, a), "a"},
		{decide("z", a, z), "z"},
		{decide("unheard-of", z, a), "none"},
		{decide("a", with(map[string]any{"id": "a", "validity.withdrawn": "2026-01-02"}), z), "a validity.withdrawn"},
		{decide("", with(map[string]any{"id": "a", "terms[0].measures": []string{"duty"}}), with(map[string]any{"id": "b", "validity.until": "2026-01-02"})), "a terms[0].measures"},
		{decide("", with(map[string]any{"id": "a", "version": 2, "validity.withdrawn": "2026-01-02"}), a), "a validity.withdrawn"},
		{decide("", a, with(map[string]any{"id": "a", "version": 2, "circle": "elsewhere"})), "a"},
	} {
		if x.got != x.want {
			t.Errorf("decided by %q, not %q", x.got, x.want)
		}
	}
	f.Given = nil
	if got := decide("", a); got != "a terms[0].quota_per_day" {
		t.Errorf("without a count: %s", got)
	}
}

// TestPeriodsThatCannotBe: halves of a span, and one that ends before it begins.
func TestPeriodsThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, s := range []guichet.Span{
		{From: span("2024").From}, {To: span("2024").To}, {From: span("2024").From, To: span("2023").To},
	} {
		r := baseRequest()
		r.Question.Period = s
		if d := decidePlain(t, template(t, "covid-supply"), r, dataset()); d.Clause != "terms[0].periods" {
			t.Errorf("%v: %+v", s, d)
		}
	}
}

// TestLongWordsAreClipped: what comes from outside does not fill a sentence.
func TestLongWordsAreClipped(t *testing.T) {
	t.Parallel()
	r := baseRequest()
	r.Purpose = strings.Repeat("é", 5000)
	if d := decidePlain(t, template(t, "covid-supply"), r, dataset()); len(d.Text) > 300 {
		t.Errorf("a sentence of %d bytes", len(d.Text))
	}
}

// TestMemoIsBounded: an asker who invents expressions all day fills no memory, and
// the answers stay right.
func TestMemoIsBounded(t *testing.T) {
	t.Parallel()
	p := ready(t, template(t, "covid-supply"))
	b := baseFacts()
	f := agreement.Facts{
		Now: b.Now, Us: b.Us, Circle: b.Circle, Members: b.Members, KeyFrom: b.KeyFrom, Dataset: dataset(),
		Papers: []*agreement.Paper{p}, Given: func(string, string) int { return 0 },
	}
	for i := range agreement.MemoAtMost + 10 {
		r := baseRequest()
		r.Question.Where["product"] = []string{"x" + strings.Repeat("y", i%7) + string(rune('a'+i%26)) + strings.Repeat("z", i/182)}
		if agreement.Decide(f, r).Permitted {
			t.Fatal("nonsense is permitted")
		}
		if n := agreement.MemoSize(p); n > agreement.MemoAtMost {
			t.Fatalf("%d expressions are remembered", n)
		}
	}
	if d := agreement.Decide(f, baseRequest()); !d.Permitted {
		t.Errorf("afterwards: %+v", d)
	}
}

func TestReadyKeepsThePaper(t *testing.T) {
	t.Parallel()
	a := template(t, "small-circle")
	p := ready(t, a)
	want, err := guichet.DigestOf(a)
	if err != nil || p.Digest() != want || p.Agreement().ID != a.ID {
		t.Errorf("%s %s, not %s (%v)", p.Agreement().ID, p.Digest(), want, err)
	}
	a.Texts = map[string]guichet.Text{"é": {}}
	if _, err := agreement.Ready(a, datasets()); err == nil {
		t.Error("a paper without canonical form is ready")
	}
}

// TestNotices: part 2 of a paper comes with every answer, in the question's
// language, with all that is bound to it.
func TestNotices(t *testing.T) {
	t.Parallel()
	a := changed(t, template(t, "covid-supply"), map[string]any{
		"annexes":                []any{map[string]any{"name": "groups", "sha256": strings.Repeat("a", 64)}},
		"breach_notice.text.fr":  "dire 100 % de ce qui est su",
		"validity.copies":        "keep_archived",
		"corrections":            "on_request",
		"language":               "fr",
		"terms[0].copies":        map[string]any{"permitted": true},
		"terms[0].onward":        "public",
		"terms[0].derived":       "publish",
		"terms[0].retention":     map[string]any{"days": 30},
		"automated_decisions":    "permitted",
		"fees":                   map[string]any{},
		"contacts[0].text":       map[string]any{},
		"terms[0].licence":       "",
		"parties[3].offices":     []any{"statistics"},
		"terms[0].attribution":   map[string]any{"en": "Source: Statistics Canada", "fr": "Source : Statistique Canada"},
		"breach_notice.hours":    24,
		"service_level.fr":       "au mieux",
		"texts.definitions.fr":   "…",
		"terms[0].periods.from":  "2018-01",
		"terms[0].quota_per_day": 7,
	})
	r := baseRequest()
	r.Question.Lang = "fr"
	d := decidePlain(t, a, r, dataset())
	text := func(code string) string {
		i := slices.IndexFunc(d.Notices, func(n guichet.Remark) bool { return n.Code == code })
		if i < 0 {
			return ""
		}
		return d.Notices[i].Text
	}
	for code, want := range map[string]string{
		agreement.NoticeBreach:       "sous 24 heures : dire 100 % de ce qui est su",
		agreement.NoticeAnnex:        "annexe groups, SHA-256 " + strings.Repeat("a", 64),
		agreement.NoticeOnward:       "peut être publié",
		agreement.NoticeDerived:      "les travaux qui en sont tirés peuvent être publiés",
		agreement.NoticeCopies:       "une copie peut être conservée",
		agreement.NoticeRetention:    "à supprimer après 30 jours",
		agreement.NoticeWithdrawal:   "à la fin de l'accord, les copies peuvent rester archivées et ne servent plus",
		agreement.NoticeCorrections:  "les corrections de ce qui a été donné sont signalées sur demande",
		agreement.NoticeLanguage:     "le texte français fait foi",
		agreement.NoticeAttribution:  "Source : Statistique Canada",
		agreement.NoticeFees:         "",
		agreement.NoticeLicence:      "",
		agreement.NoticeAutomated:    "",
		agreement.NoticeServiceLevel: "au mieux",
	} {
		if got := text(code); got != want {
			t.Errorf("%s: %q, not %q", code, got, want)
		}
	}
	a.Terms[0].Copies.MaxAgeDays, a.Terms[0].Derived, a.Language = 9, "internal", "en"
	r.Question.Lang = "en"
	d = decidePlain(t, a, r, dataset())
	if text(agreement.NoticeCopies) != "a copy may be kept for 9 days at most" || text(agreement.NoticeDerived) != "works made from it stay with the asker" || text(agreement.NoticeLanguage) != "the English text prevails" {
		t.Errorf("notices %+v", d.Notices)
	}
}

// TestPurposes: words are different, and each is told in both languages.
func TestPurposes(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range agreement.Purposes() {
		if seen[p.Word] || !strings.HasPrefix(p.DPV, "https://w3id.org/dpv#") || p.Text.EN == "" || p.Text.FR == "" {
			t.Errorf("%+v", p)
		}
		if !slices.Contains([]string{agreement.UseStatistical, agreement.UseEnforcement, agreement.UseOperations}, p.Use) {
			t.Errorf("%s has the use %q", p.Word, p.Use)
		}
		seen[p.Word] = true
	}
}
