package node_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const travel2024 = "?by=port&by=period&dataset=travel.crossings&direction=entry&from=2024-01&member=NZ&member=US&purpose=official-statistics&to=2024-02"

// TestPagesAskOfTravel is an officer's way over border crossings: US holds them, NZ asks.
func TestPagesAskOfTravel(t *testing.T) {
	x := newTrio(t, alsoCrossings, "US", "NZ")
	x.seats["US"].cross("2024-01", "2024-02", 7)
	x.serve("US")
	officer := newBrowser(t, x.servePages("NZ"), "officer")

	officer.wrongTravel()
	status, page := officer.get("/en/question" + travel2024)
	for _, want := range []string{"Border crossings of persons", "Entry", "By port", "Month by month", "all"} {
		if status != http.StatusOK || !strings.Contains(page, want) {
			t.Errorf("the question is %d, and does not say %q", status, want)
		}
	}
	path, page := officer.asked("/en/question" + travel2024)
	for _, want := range []string{"three-copies v1", "Los Angeles (USLAX)", "minutes (estimated)", "crossings, persons, by month", "January\u00a02024", "Border crossings of persons, and waiting times: Entry, January"} {
		if !strings.Contains(page, want) {
			t.Errorf("the answer does not say %q", want)
		}
	}
	for _, bad := range []string{"Imports", "Currency", "goods together", "dollars", "HS code"} {
		if strings.Contains(page, bad) {
			t.Errorf("an answer of travel says %q", bad)
		}
	}
	_, french := officer.get("/fr" + strings.TrimPrefix(path, "/en"))
	for _, want := range []string{"Entrée, janvier", "passages, personnes, par mois", "Lieu de passage", "Attente médiane, minutes (estimée)"} {
		if !strings.Contains(french, want) {
			t.Errorf("the French page does not say %q", want)
		}
	}
	if t.Failed() {
		t.Log(page, french)
	}
	lines := given(csv.NewReader(strings.NewReader(officer.fetch(path + "/figures/csv").body)).ReadAll())(t)
	if len(lines) < 10 || !slices.Contains(lines[0], "wait_p90") || slices.Contains(lines[0], "hs6") || slices.Contains(lines[0], "value") {
		t.Errorf("the CSV begins %v", lines[0])
	}
	for format, magic := range map[string]string{"parquet": "PAR1", "xlsx": "PK"} {
		if f := officer.fetch(path + "/figures/" + format); f.status != http.StatusOK || !strings.HasPrefix(f.body, magic) {
			t.Errorf("%s is %d", format, f.status)
		}
	}
	if _, page := officer.get(path + "/estimated"); !strings.Contains(page, "from counts per band") || !strings.Contains(page, "Median wait, minutes (estimated)") {
		t.Errorf("what is estimated is not said\n%s", page)
	}
	receipt := regexp.MustCompile(`href="(/en/receipt/three/[0-9a-f]{32})"`).FindStringSubmatch(page)
	if receipt == nil {
		t.Fatal("the answer leads to no receipt")
	}
	if status, page := officer.get(receipt[1]); status != http.StatusOK || !strings.Contains(page, "Verified") {
		t.Errorf("the receipt is not shown: %d\n%s", status, page)
	}
	// To change it, and to share it, its address is what was asked.
	for _, to := range []string{"/en/ask?", "/en/question?"} {
		at := regexp.MustCompile(`href="` + regexp.QuoteMeta(to) + `([^"]+)"`).FindStringSubmatch(page)
		if at == nil {
			t.Fatalf("the answer does not lead to %s", to)
		}
		held := given(url.ParseQuery(strings.ReplaceAll(at[1], "&amp;", "&")))(t)
		held.Del("circle")
		held.Del("office")
		if "?"+held.Encode() != travel2024 {
			t.Errorf("%s leads to %s", to, held.Encode())
		}
	}
	// As of two days: what came in meanwhile is new, and called what it is.
	_, page = officer.put("/en/twice/question" + travel2024 + "&way=held&as_of=2026-01-01&first=" + x.clock.Now().AddDate(0, 0, -1).Format(time.DateOnly))
	officer.tellsOf("two days", page, "Crossings, first day", "Crossings, second day", "new", "Border crossings of persons, and waiting times")
	// A field that the agreement does not open is refused by its clause, as ever.
	_, page = officer.asked("/en/question" + strings.Replace(travel2024, "member=NZ&", "measure=stated_p90&", 1))
	if !strings.Contains(page, "All refused") || !strings.Contains(page, "terms[1].measures") {
		t.Errorf("the refusal is not told\n%s", page)
	}
}

// wrongTravel looks at what a form of travel says is wrong.
func (b *browser) wrongTravel() {
	b.t.Helper()
	wrong := "?dataset=travel.crossings&was=travel.crossings&check=1&member=US&from=2024-01&to=2024-02&purpose=research&port=XXYYY&as_of=2024-02-30&measure=value"
	for lang, want := range map[string][]string{
		"en": {"Choose at least one: Direction", "“XXYYY” is not in the list", "no day 30 in February", "“value” is no measure"},
		"fr": {"Choisissez au moins une valeur : Sens", "« XXYYY » n’est pas dans la liste", "pas de jour 30 en février", "« value » n’est pas une mesure"},
	} {
		f := b.fetch("/" + lang + "/ask" + wrong)
		want = append(want, `href="#as_of"`, `id="as_of-error"`, `value="2024-02-30"`, `id="port-error"`, `value="XXYYY" checked`, " open id=\"more\"", `href="#direction"`, `id="direction"`)
		for _, w := range want {
			if f.status != http.StatusUnprocessableEntity || !strings.Contains(strings.ReplaceAll(f.body, "\u00a0", " "), w) {
				b.t.Errorf("%s: the form is %d, and does not say %q", lang, f.status, w)
			}
		}
	}
}

// TestPagesAskAsOfADay: what the office had published by a day, what the member held at a
// moment, and codes of another edition, by the form.
func TestPagesAskAsOfADay(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	us := x.seats["US"]
	us.month("2024-01", "2024-03-05", "5700 6307909885 1200000")
	held := x.clock.Now().UTC().Format("2006-01-02 15:04")
	x.clock.Move(time.Minute)
	us.month("2024-01", "2024-06-05", "5700 6307909885 1300000")
	x.serve("US")
	officer := newBrowser(t, x.servePages("NZ"), "officer")
	question := "/en/question?flow=imports&product=630790&member=US&from=2024-01&to=2024-01&by=partner&purpose=official-statistics"
	for _, c := range []struct{ add, figure, says string }{
		{"", "1,300,000", "answered"},
		{"&vintage=2024-04-01", "1,200,000", "1\u00a0April\u00a02024"},
		{"&as_of=" + url.QueryEscape(held), "1,200,000", "As held on"},
		{"&edition=2012&conversion=default", "1,300,000", "HS 2012"},
		{"&measure=net_kg", "", "Net mass, kg"},
		{"&trade_system=special_strict", "", "special trade, strict"},
	} {
		_, page := officer.asked(question + c.add)
		if !strings.Contains(page, c.figure) || !strings.Contains(page, c.says) || c.figure != "1,300,000" && strings.Contains(page, "1,300,000") {
			t.Errorf("%s: the answer does not say %q and %q\n%s", c.add, c.figure, c.says, page)
		}
	}
}
