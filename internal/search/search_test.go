package search_test

import (
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/hs"
	"guichet/internal/search"
	"guichet/trade"
)

// TestEverydayWordsFindTheGoods: a query, and the code that must be among the
// first five.
func TestEverydayWordsFindTheGoods(t *testing.T) {
	t.Parallel()
	ix := search.New(search.Own())
	for query, want := range map[string]string{
		"masque chirurgical": "630790", "masques chirurgicaux": "630790", "surgical masks": "630790", "N95": "630790", "ffp2": "630790",
		"face mask": "630790", "masque à gaz": "902000", "gants en latex": "401512", "nitrile gloves": "401512", "gants": "covid19/protective/gloves",
		"visière": "392690", "face shield": "392690", "surblouse": "621010", "hazmat suit": "621010", "charlotte": "650500",
		"test antigénique": "300215", "PCR test": "382219", "vaccin": "300241", "vaccines": "3002", "ventilator": "901920", "respirateur": "901920",
		"oxygen concentrator": "901920", "concentrateur d'oxygène": "901920", "pulse oximeter": "901819", "oxymètre": "901819",
		"thermomètre frontal": "902519", "scanner": "902212", "seringues": "901831", "syringe": "901831", "écouvillon": "300590",
		"gel hydroalcoolique": "380894", "hand sanitizer": "380894", "eau de javel": "282890", "bleach": "2828", "isopropanol": "290512",
		"savon": "3401", "soap": "3401", "hospital beds": "940290", "lits d’hôpital": "940290", "wheelchair": "871310",
		"autoclave": "841920", "PPE": "covid19/protective", "EPI": "covid19/protective", "coronavirus": "covid19",
		"toilet paper": "481810", "couches": "961900", "vélo": "871200", "riz": "1006", "rice": "1006", "coffee": "0901", "voiture électrique": "870380",
		"pantalons tissés hommes": "6203", "cheese": "0406", "blé": "1001",
		"rum": "220840", "rhum": "220840", "frozen chicken": "020714", "poulet congelé": "020712", "bottled water": "220110", "eau en bouteille": "220110",
		"used clothing": "630900", "friperie": "6309", "cooking gas": "271119", "gaz de cuisine": "271113", "second-hand cars": "8703", "voiture d'occasion": "8703",
		"voitures d’occasion": "8703", "cashew nuts": "080132", "noix de cajou": "080132", "raw cashew nuts": "080131", "beer": "220300", "cement": "252329",
		"thermometr": "902519", "ventilatr": "901920", "siringe": "901831", "surgcial masks": "630790",
	} {
		hits := ix.Find(query, 5)
		if !slices.ContainsFunc(hits, func(h search.Hit) bool { return h.Code == want }) {
			t.Errorf("%q finds %v, want %s among them", query, told(hits), want)
		}
	}
}

func told(hits []search.Hit) []string {
	var out []string
	for _, h := range hits {
		out = append(out, h.Code+" by "+h.By)
	}
	return out
}

// TestEveryCodeOfTheListIsFoundByItsLabel holds for all goods of the groups, in
// both languages: nothing of the COVID-19 list is out of reach.
func TestEveryCodeOfTheListIsFoundByItsLabel(t *testing.T) {
	t.Parallel()
	ix := search.New(search.Own())
	tried := 0
	for _, g := range trade.Groups() {
		for _, it := range g.Items {
			if it.Edition != hs.HS2022 {
				continue
			}
			for _, lang := range []string{"en", "fr"} {
				tried++
				if hits := ix.Find(it.Label.In(lang), 3); !slices.ContainsFunc(hits, func(h search.Hit) bool { return h.Code == string(it.Code) }) {
					t.Errorf("%q does not find %s but %v", it.Label.In(lang), it.Code, told(hits))
				}
			}
		}
	}
	if tried < 150 {
		t.Errorf("only %d labels were tried", tried)
	}
}

func TestDigitsFindCodes(t *testing.T) {
	t.Parallel()
	ix := search.New(append(search.Own(), search.Entry{Kind: search.National, Code: "63079098", List: "uk-cn", Edition: 2022}))
	hits := ix.Find("6307.90", 10)
	if len(hits) != 2 || hits[0].Code != "630790" || hits[1].List != "uk-cn" {
		t.Errorf("6307.90 finds %v", told(hits))
	}
	if hits := ix.Find("63", 3); len(hits) != 3 || hits[0].Code != "63" {
		t.Errorf("63 finds %v", told(hits))
	}
}

func TestNothingIsFoundByNothing(t *testing.T) {
	t.Parallel()
	ix := search.New(search.Own())
	for _, q := range []string{"", "  ", "de la", "xyzzyplugh", "?!", "qwx"} {
		if hits := ix.Find(q, 5); len(hits) != 0 {
			t.Errorf("%q finds %v", q, told(hits))
		}
	}
}

// TestNationalLinesStandBehindTheCommonCodes: the same words at a line of one
// country and at the HS.
func TestNationalLinesStandBehindTheCommonCodes(t *testing.T) {
	t.Parallel()
	text := guichet.Text{EN: "Zithers of bamboo"}
	ix := search.New([]search.Entry{
		{Kind: search.National, Code: "9202900010", List: "us-hts", Text: text},
		{Kind: search.HS, Code: "920290", Text: text},
	})
	hits := ix.Find("bamboo zithers", 5)
	if len(hits) != 2 || hits[0].Kind != search.HS || hits[1].List != "us-hts" {
		t.Errorf("found %v", told(hits))
	}
}

// TestTheWordsLeadSomewhere: every everyday word stands at a code or group that
// exists, and finds it.
func TestTheWordsLeadSomewhere(t *testing.T) {
	t.Parallel()
	said := search.Everyday()
	own := search.Own()
	ix := search.New(own)
	for code, words := range said {
		i := slices.IndexFunc(own, func(e search.Entry) bool { return e.Code == code })
		if i < 0 {
			t.Errorf("words stand at %q, which is no code and no group", code)
			continue
		}
		for _, w := range words {
			if w == "" || strings.ContainsAny(w, "\t;") {
				t.Errorf("%s has the word %q", code, w)
			}
			if hits := ix.Find(w, 12); !slices.ContainsFunc(hits, func(h search.Hit) bool { return h.Code == code }) {
				t.Errorf("%q does not find %s but %v", w, code, told(hits))
			}
		}
	}
}

// TestALongQueryIsCut: what stands behind the words that are looked at changes
// nothing.
func TestALongQueryIsCut(t *testing.T) {
	t.Parallel()
	ix := search.New(search.Own())
	masks := strings.Repeat("masque ", 24)
	short, long := told(ix.Find(masks, 5)), told(ix.Find(masks+strings.Repeat("fromage ", 100_000), 5))
	if len(short) == 0 || !slices.Equal(short, long) {
		t.Errorf("24 words find %v, with more behind them %v", short, long)
	}
}

func TestOrderIsStable(t *testing.T) {
	t.Parallel()
	ix := search.New(search.Own())
	first := told(ix.Find("masque", 20))
	for range 20 {
		if again := told(ix.Find("masque", 20)); !slices.Equal(first, again) {
			t.Fatalf("one query gives %v and %v", first, again)
		}
	}
}

func TestOneSlip(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"masque", "masque", false},
		{"masque", "masqeu", true},
		{"masque", "masqu", true},
		{"masqe", "masque", true},
		{"masque", "nasque", true},
		{"masque", "nasqua", false},
		{"masque", "mas", false},
		{"abcde", "abcdx", true},
		{"abcde", "bacde", true},
	} {
		if got := search.OneSlip(c.a, c.b); got != c.want {
			t.Errorf("%s and %s differ by one slip: %v", c.a, c.b, got)
		}
	}
}
