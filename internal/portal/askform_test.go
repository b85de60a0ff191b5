package portal_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/portal"
	"guichet/trade"
	"guichet/travel"
)

// tradeOf is trade as a node describes it: with the values of its closed lists.
func tradeOf() *guichet.Dataset {
	ds := trade.Dataset()
	ds.Values = func(list string) []string {
		switch list {
		case "CL_FLOW":
			return []string{"imports", "exports", "domestic_exports", "re_exports", "re_imports"}
		case "CL_TRADE_SYSTEM":
			return []string{"general", "special_strict", "special_relaxed", "unknown"}
		}
		return nil
	}
	return ds
}

// landings is a dataset that this program does not have: what a form of it shows, it
// knows from the description alone.
func landings() *guichet.Dataset {
	dim := func(name, list, en, fr string) guichet.Field {
		return guichet.Field{Name: name, Title: guichet.Text{EN: en, FR: fr}, Role: guichet.Dimension, Type: guichet.TypeText, Required: true, List: list}
	}
	return &guichet.Dataset{
		Name: "fish.landings", Title: guichet.Text{EN: "Landings of fish", FR: "Débarquements de poisson"}, Main: "tonnes", UnitFields: []string{"gear"},
		Fields: []guichet.Field{
			dim("reporter", "CL_AREA", "Reporter", "Déclarant"), dim("period", "", "Period", "Période"), dim("gear", "CL_GEAR", "Gear", "Engin"),
			dim("species", "ASFIS", "Species", "Espèce"), dim("as_of", "", "A name of the form's own", "Un nom du formulaire"),
			{Name: "tonnes", Title: guichet.Text{EN: "Live weight", FR: "Poids vif"}, Role: guichet.Measure, Type: guichet.TypeDecimal, Place: guichet.InRow, Unit: "t"},
		},
		Values: func(list string) []string {
			if list == "CL_GEAR" {
				return []string{"trawl", "line"}
			}
			return nil
		},
		Known: func(list, value string) (bool, string) {
			return list != "ASFIS" || value == "COD" || value == "HER", ""
		},
		ValueText: func(list, value, lang string) string {
			return map[string]string{"CL_GEAR trawl en": "Trawls", "CL_GEAR trawl fr": "Chaluts"}[list+" "+value+" "+lang]
		},
	}
}

func three() []*guichet.Dataset { return []*guichet.Dataset{tradeOf(), travel.Dataset(), landings()} }

var askedAt = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func askOf(t *testing.T, lang, address string) portal.Asked {
	t.Helper()
	circle := guichet.Circle{Name: "three", Members: []guichet.Member{{Code: "NZ"}, {Code: "US"}}}
	a, err := portal.AskOf(lang, three(), circle, askedAt, address)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

const anyMonths = "&member=US&from=2024-01&to=2024-02&purpose=research"

func span(t *testing.T) guichet.Span {
	t.Helper()
	s, err := guichet.ParseSpan("2024-01:2024-02")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAFormAsksOfEveryDataset: the question behind an address, of each dataset, and the
// address that it is kept under.
func TestAFormAsksOfEveryDataset(t *testing.T) {
	for _, c := range []struct {
		name, address string
		want          guichet.Question
	}{
		{
			"an address of before", "by=period&by=partner&flow=imports&level=hs4&partner=CN&product=630790", guichet.Question{
				Dataset: "trade", Where: map[string][]string{"product": {"630790"}, "flow": {"imports"}, "partner": {"CN"}},
				By: []string{"reporter", "period", "partner", "hs4"}, Measures: []string{"value", "value_usd"},
			},
		},
		{
			"all of trade's", "as_of=2024-03-05+10%3A30&conversion=default&edition=2012&flow=imports&flow=re_exports&measure=value&measure=net_kg&product=630790&trade_system=general&vintage=2024-03-01&reporter=US", guichet.Question{
				Dataset: "trade", Where: map[string][]string{"product": {"630790"}, "flow": {"imports", "re_exports"}, "trade_system": {"general"}, "reporter": {"US"}},
				By: []string{"reporter"}, Measures: []string{"value", "net_kg"}, Edition: 2012, Conversion: "default", Vintage: "2024-03-01",
				AsOf: time.Date(2024, 3, 5, 10, 30, 0, 0, time.UTC),
			},
		},
		{
			"travel", "by=port&dataset=travel.crossings&direction=entry&mode=air&mode=sea&nationality=GB%2C+NZ&port=CATOR", guichet.Question{
				Dataset: "travel.crossings", Where: map[string][]string{"direction": {"entry"}, "port": {"CATOR"}, "mode": {"air", "sea"}, "nationality": {"GB", "NZ"}},
				By: []string{"reporter", "port"}, Measures: []string{"crossings", "wait_p50", "wait_p90"},
			},
		},
		{
			"a third", "dataset=fish.landings&by=species&gear=trawl&species=COD", guichet.Question{
				Dataset: "fish.landings", Where: map[string][]string{"gear": {"trawl"}, "species": {"COD"}}, By: []string{"reporter", "species"}, Measures: []string{"tonnes"},
			},
		},
	} {
		got := askOf(t, "en", c.address+anyMonths)
		if got.Wrong != nil {
			t.Errorf("%s: %v", c.name, got.Wrong)
		}
		c.want.Period = span(t)
		if diff := cmp.Diff(c.want, got.Question); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		again := askOf(t, "en", got.Address)
		if diff := cmp.Diff(got, again); diff != "" {
			t.Errorf("%s: its address asks something else (-first +again):\n%s", c.name, diff)
		}
	}
	// What is meant anyway is not held, and stays what it was when other datasets come.
	got := askOf(t, "en", "dataset=trade&flow=imports&product=630790&conversion=exact&measure=value&measure=value_usd"+anyMonths)
	if want := askOf(t, "en", "flow=imports&product=630790"+anyMonths); got.Address != want.Address || strings.Contains(got.Address, "dataset") {
		t.Errorf("kept as %s, not as %s", got.Address, want.Address)
	}
	// What another dataset is told apart by is not asked of this one.
	got = askOf(t, "en", "dataset=travel.crossings&direction=exit&flow=imports&by=partner&by=mode"+anyMonths)
	if got.Wrong != nil || !slices.Equal(got.Question.By, []string{"reporter", "mode"}) || len(got.Question.Where) != 1 {
		t.Errorf("%v %+v", got.Wrong, got.Question)
	}
}

// plainSpaces is a text of print with the spaces of a keyboard.
func plainSpaces(text string) string { return strings.ReplaceAll(text, "\u00a0", " ") }

// TestWhatIsWrongIsSaidAtItsField: what cannot be asked is said in both languages, in the
// order of the form, and kept as it was typed.
func TestWhatIsWrongIsSaidAtItsField(t *testing.T) {
	for _, c := range []struct{ name, address, field, en, fr string }{
		{"a day that there is not", "dataset=travel.crossings&direction=entry&as_of=2023-02-29", "as_of", "There is no day 29 in February\u00a02023, which has 28 days", "Il n’y a pas de jour 29 en février\u00a02023, qui en compte 28"},
		{"a time that there is not", "dataset=travel.crossings&direction=entry&as_of=2024-02-29+24%3A00", "as_of", "no clock shows", "aucune horloge"},
		{"no day", "dataset=travel.crossings&direction=entry&as_of=yesterday", "as_of", "“yesterday” is no day and no moment", "« yesterday » n’est ni un jour"},
		{"a day to come", "flow=imports&product=630790&vintage=2026-12-01", "vintage", "1\u00a0December\u00a02026 is still to come", "Pas encore arrivé : 1er\u00a0décembre\u00a02026"},
		{"a vintage with a time", "flow=imports&product=630790&vintage=2024-03-01+10%3A00", "vintage", "is no day", "n’est pas un jour"},
		{"a code of no list", "dataset=travel.crossings&direction=entry&port=XXYYY", "port", "“XXYYY” is not in the list: Port", "« XXYYY » n’est pas dans la liste : Lieu de passage"},
		{"no direction", "dataset=travel.crossings", "direction", "Choose at least one: Direction", "Choisissez au moins une valeur : Sens"},
		{"a direction of no list", "dataset=travel.crossings&direction=up", "direction", "“up” is not in the list", "« up » n’est pas dans la liste"},
		{"no flow", "product=630790", "flow", "Say which flow", "Dites quel flux"},
		{"no country", "dataset=travel.crossings&direction=entry&nationality=Atlantis", "nationality", "“Atlantis” is no country", "« Atlantis » n’est pas un pays"},
		{"no measure", "dataset=travel.crossings&direction=entry&measure=value", "measure", "“value” is no measure", "« value » n’est pas une mesure"},
		{"no dataset", "dataset=travel&flow=imports&product=630790", "dataset", "There is no dataset “travel”", "Il n’y a pas ici de jeu de données « travel »"},
		{"no edition", "flow=imports&product=630790&edition=2013", "edition", "“2013” is no edition", "« 2013 » n’est pas une édition"},
		{"a code of another edition", "flow=imports&product=300215&edition=2012", "edition", "“300215” is no code of HS 2012", "« 300215 » n’est pas un code du SH 2012"},
		{"no conversion", "flow=imports&product=630790&conversion=best", "conversion", "Choose one of the two ways", "Choisissez l’une des deux façons"},
		{"a level of goods, of no goods", "dataset=travel.crossings&direction=entry&level=hs6", "level", "Choose how fine", "Choisissez la finesse"},
		{"a third dataset's", "dataset=fish.landings&gear=trawl&species=COD%2C+EEL", "species", "“EEL” is not in the list: Species", "« EEL » n’est pas dans la liste : Espèce"},
	} {
		for lang, want := range map[string]string{"en": c.en, "fr": c.fr} {
			got := askOf(t, lang, c.address+anyMonths)
			if len(got.Wrong) != 1 || got.Wrong[0][0] != c.field || !strings.Contains(plainSpaces(got.Wrong[0][1]), plainSpaces(want)) {
				t.Errorf("%s: %q, want %q at %s", c.name, got.Wrong, want, c.field)
			}
			again := askOf(t, lang, got.Address)
			if diff := cmp.Diff(got.Wrong, again.Wrong); diff != "" {
				t.Errorf("%s: what was typed is lost:\n%s", c.name, diff)
			}
		}
	}
	got := askOf(t, "en", "dataset=travel.crossings&as_of=x&vintage=x&measure=x&port=x&mode=x&direction=x&nationality=x&from=x&to=x&purpose=x&member=x&reporter=Atlantis")
	var order []string
	for _, w := range got.Wrong {
		order = append(order, w[0])
	}
	want := []string{"direction", "member", "port", "mode", "nationality", "from", "to", "purpose", "measure", "as_of", "vintage", "reporter"}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Errorf("the order (-form +said):\n%s", diff)
	}
}

func TestMomentsAreRead(t *testing.T) {
	for _, c := range []struct {
		text, kept string
		at         string // "" it is refused
	}{
		{"2024-02-29", "2024-02-29", "2024-02-29T23:59:59Z"},
		{"2024-2-9", "2024-02-09", "2024-02-09T23:59:59Z"},
		{"2024-03-05 10:30", "2024-03-05 10:30", "2024-03-05T10:30:00Z"},
		{"2024-03-05T9:30", "2024-03-05 09:30", "2024-03-05T09:30:00Z"},
		{"2024-03-05 10 h 30", "2024-03-05 10:30", "2024-03-05T10:30:00Z"},
		{"2024-03-05 10:30:15", "2024-03-05 10:30:15", "2024-03-05T10:30:15Z"},
		{"2024-03-05 00:30+02:00", "2024-03-04 22:30", "2024-03-04T22:30:00Z"},
		{"2026-11-30", "2026-11-30", "2026-11-30T23:59:59Z"}, // the day that it is
		{"2026-11-30 12:01", "", ""},
		{"2026-12-01", "", ""},
		{"2024-13-01", "", ""},
		{"2024-04-31", "", ""},
		{"2024-00-10", "", ""},
		{"2024-01-00", "", ""},
		{"0024-01-01", "", ""},
		{"2024-03-05 10:60", "", ""},
		{"2024-03-05 24:00", "", ""},
		{"2024-03-05 10:30+30:00", "", ""},
		{"05/03/2024", "", ""},
		{"2024", "", ""},
		{"2024-03-05 <b>", "", ""},
	} {
		at, kept, wrong := portal.ReadMoment("en", c.text, true, askedAt)
		switch {
		case c.at == "":
			if wrong == "" || kept != c.text {
				t.Errorf("%q is read as %s, kept as %q", c.text, at, kept)
			}
		case wrong != "" || kept != c.kept || at.Format(time.RFC3339) != c.at:
			t.Errorf("%q is %s, kept as %q: %s", c.text, at.Format(time.RFC3339), kept, wrong)
		}
	}
}

// TestAThirdDatasetNeedsNoLine: its fields stand in the form, its words in the question,
// and no goods are looked for.
func TestAThirdDatasetNeedsNoLine(t *testing.T) {
	w := newWindowOf(t, three()...)
	_, page := w.get("/fr/ask?dataset=fish.landings")
	for _, want := range []string{
		`name="gear" type="checkbox" value="trawl" checked`, "Chaluts", `name="species" type="text"`, "Espèce", `value="species"`, "Par espèce", `name="measure" type="checkbox" value="tonnes" checked`,
		`value="fish.landings" checked`, "Débarquements de poisson", `name="as_of" type="text"`, "<details class=\"govuk-details\" id=\"more\">",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the form does not hold %q", want)
		}
	}
	for _, bad := range []string{`name="goods"`, `name="level"`, `name="edition"`, `name="conversion"`, `name="flow"`, `name="mode"`} {
		if strings.Contains(page, bad) {
			t.Errorf("the form holds %q", bad)
		}
	}
	if t.Failed() {
		t.Log(page)
	}
	const q = "dataset=fish.landings&gear=trawl&species=COD" + anyMonths
	_, page = w.get("/en/question?" + q)
	for _, want := range []string{"Landings of fish", "Trawls", "COD", "All of it together"} {
		if !strings.Contains(page, want) {
			t.Errorf("the question does not say %q\n%s", want, page)
		}
	}
	w.putThis(hex32(4), q)
	close(w.circle.answer)
	w.over(hex32(4))
	if a := w.circle.last.Load(); a == nil || a.Question.Dataset != "fish.landings" {
		t.Errorf("asked was %+v", a)
	}
	if _, list := w.get("/en/asked"); !strings.Contains(list, "Landings of fish: Trawls; COD, January\u00a02024 to February\u00a02024") {
		t.Errorf("the list does not name it\n%s", list)
	}
}

// TestAnotherDatasetIsChosen: the form keeps what both have, and Enter in any field of it
// does what it did.
func TestAnotherDatasetIsChosen(t *testing.T) {
	w := newWindowOf(t, three()...)
	defer close(w.circle.answer)
	typed := "&flow=exports&product=630790&member=US&from=2019&to=2020-05&purpose=research&as_of=2024-02-30&by=partner"
	for _, button := range []string{"&show=1", "&check=1", "&find=1"} {
		status, page := w.get("/en/ask?was=trade&dataset=travel.crossings" + typed + button)
		for _, want := range []string{"The form now asks about: Border crossings", `value="2019"`, `value="2020-05"`, `value="2024-02-30"`, `value="research" checked`, `value="US" checked`, `value="entry" checked`, `name="was" value="travel.crossings"`} {
			if status != http.StatusOK || !strings.Contains(page, want) {
				t.Errorf("%s: %d, and not %q", button, status, want)
			}
		}
		if strings.Contains(page, "There is a problem") || strings.Contains(page, `value="NZ" checked`) {
			t.Errorf("%s: a form that nobody has filled in is wrong, or asks others", button)
		}
	}
	// By Enter the first button is pressed: of the same dataset it is the question's.
	if status, page := w.get("/en/ask?was=travel.crossings&dataset=travel.crossings&direction=entry&show=1" + anyMonths); status != http.StatusOK || !strings.Contains(page, "Is this what you want to ask?") {
		t.Errorf("Enter leads to %d\n%s", status, page)
	}
	if status, page := w.get("/en/ask?was=trade&flow=imports&show=1" + anyMonths); status != http.StatusUnprocessableEntity || !strings.Contains(page, "Say which goods") {
		t.Errorf("Enter without goods leads to %d\n%s", status, page)
	}
	// What is set among what few need is open.
	if _, page := w.get("/en/ask?flow=imports&edition=2012" + anyMonths); !strings.Contains(page, `<details class="govuk-details" open id="more">`) || !strings.Contains(page, `value="2012" selected`) {
		t.Errorf("what is set is folded\n%s", page)
	}
}

// waits is an answer about crossings: two ports of two months, of which one has no wait.
func waits(t *testing.T) portal.Answer {
	t.Helper()
	row := func(port, period, persons string, p90 any) guichet.Row {
		return guichet.Row{"member": "CA", "reporter": "CA", "direction": "entry", "port": port, "period": period, "crossings": figure(t, persons), "wait_p90": p90}
	}
	return portal.Answer{Answer: guichet.Answer{
		Question: guichet.Question{Dataset: travel.Name, By: []string{"reporter", "port", "period"}},
		Columns:  []guichet.Column{{Name: "member"}, {Name: "reporter"}, {Name: "direction"}, {Name: "port"}, {Name: "period"}, {Name: "crossings", Measure: true}, {Name: "wait_p90", Measure: true}},
		Rows: []guichet.Row{
			row("CATOR", "2024-01", "1000", figure(t, "30")), row("CATOR", "2024-02", "2000", figure(t, "40")),
			row("CAVAN", "2024-01", "500", figure(t, "50")), row("CAVAN", "2024-02", "700", nil),
		},
	}, Members: []portal.MemberResult{{Member: "CA"}}}
}

func TestPicturesOfTravel(t *testing.T) {
	ds := travel.Dataset()
	for lang, want := range map[string][]string{
		"en": {"crossings, persons, by month", "90 % waited no longer, minutes (estimated), by month"},
		"fr": {"passages, personnes, par mois", "90 % n’ont pas attendu plus, minutes (estimé), par mois"},
	} {
		titles, texts := portal.ChartsOf(lang, ds, waits(t), "port", "period")
		if diff := cmp.Diff(want, titles); diff != "" {
			t.Errorf("%s: %s", lang, diff)
		}
		for _, of := range texts {
			if !slices.Contains(of, "Toronto") || !slices.Contains(of, "Vancouver") {
				t.Errorf("the lines are called %v", of)
			}
		}
	}
	// Bars of one month: the wait as it is, and never added.
	one := waits(t)
	one.Answer.Rows = []guichet.Row{one.Answer.Rows[0], one.Answer.Rows[2]}
	titles, texts := portal.ChartsOf("en", ds, one, "port")
	if len(titles) != 2 || titles[0] != "crossings, persons" || !slices.Contains(texts[1], "50") || !slices.Contains(texts[1], "30") {
		t.Errorf("%v %v", titles, texts)
	}
	// A percentile alone is a picture too; without figures there is none.
	for _, r := range one.Answer.Rows {
		delete(r, "crossings")
	}
	if titles, _ := portal.ChartsOf("en", ds, one, "port"); len(titles) != 1 || titles[0] != "90 % waited no longer, minutes (estimated)" {
		t.Errorf("%v", titles)
	}
	tiles := portal.TilesOf(waits(t), "from=2024-01&to=2024-03&by=period")
	if diff := cmp.Diff([][]string{{"figure", "figure", "none"}}, tiles); diff != "" {
		t.Error(diff)
	}
}

// TestTwoDaysOfTravel: crossings are set beside crossings, and called so.
func TestTwoDaysOfTravel(t *testing.T) {
	first, second := waits(t), waits(t)
	second.Answer.Rows[1]["crossings"] = figure(t, "2100")
	got := portal.BesidesOf(travel.Dataset(), first, second)
	if marks := portal.Marks(got); !slices.Equal(marks, []string{"changed", "same", "same", "same"}) {
		t.Errorf("%v", marks)
	}
	if d, _ := got.Answer.Rows[0]["change"].(guichet.Decimal); d.Cmp(figure(t, "100")) != 0 {
		t.Errorf("the change is %v", got.Answer.Rows[0])
	}
	i := slices.IndexFunc(got.Answer.Columns, func(c guichet.Column) bool { return c.Name == "first" })
	if i < 0 || got.Answer.Columns[i].Title.FR != "Passages, premier jour" {
		t.Errorf("the columns are %+v", got.Answer.Columns)
	}
	// Who asked for waits alone sees waits.
	for _, a := range []*portal.Answer{&first, &second} {
		a.Answer.Columns = slices.DeleteFunc(slices.Clone(a.Answer.Columns), func(c guichet.Column) bool { return c.Name == "crossings" })
	}
	got = portal.BesidesOf(travel.Dataset(), first, second)
	if d, ok := got.Answer.Rows[1]["second"].(guichet.Decimal); !ok || d.Cmp(figure(t, "30")) != 0 {
		t.Errorf("beside each other stand %+v", got.Answer.Rows[1])
	}
}
