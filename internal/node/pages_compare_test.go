package node_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/node"
)

// put puts what the page of an address shows, by its form, and waits for what came of it.
func (b *browser) put(question string) (path, body string) {
	b.t.Helper()
	status, page := b.get(question)
	if status != http.StatusOK {
		b.t.Fatalf("%s: %d\n%s", question, status, page)
	}
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], strings.ReplaceAll(m[2], "&amp;", "&"))
	}
	action := regexp.MustCompile(`<form method="post" action="(/.[^"]+/question)"`).FindStringSubmatch(page)
	if action == nil {
		b.t.Fatalf("%s has no form\n%s", question, page)
	}
	put := b.post(action[1], form)
	path, body = put.path, put.body
	for range 1200 {
		if !strings.Contains(body, `http-equiv="refresh"`) {
			return path, body
		}
		time.Sleep(100 * time.Millisecond)
		_, body = b.get(path)
	}
	b.t.Fatalf("no answer came at %s", path)
	return "", ""
}

// tellsOf holds a page to texts.
func (b *browser) tellsOf(name, page string, texts ...string) {
	b.t.Helper()
	for _, want := range texts {
		if !strings.Contains(page, want) {
			b.t.Errorf("%s does not say %q", name, want)
		}
	}
	if b.t.Failed() {
		b.t.Logf("%s:\n%s", name, page)
	}
}

// exports lets New Zealand take in made figures of exports of masks to the US, in the
// layout of its office.
func (m *trioSeat) exports(month, fob string) {
	m.trio.t.Helper()
	text := "month,hs,hs_desc,uom,country,Export_FOB,Export_Qty,Re_export_FOB,Re_export_Qty,total_export_FOB,total_export_qty,status\n" +
		strings.ReplaceAll(month, "-", "") + ",6307909900,Made up,KGM,United States of America," + fob + ",100,0,0," + fob + ",100,Final\n"
	path := filepath.Join(m.trio.t.TempDir(), month+"_exports.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		m.trio.t.Fatal(err)
	}
	m.open(func(n *node.Node) {
		r := given(n.Ingest(m.trio.t.Context(), node.IngestRequest{File: path, Generated: true, Released: "2024-06-01"}))(m.trio.t)
		if r.Submission.Aside != 0 {
			m.trio.t.Fatalf("%d lines put aside: %v", r.Submission.Aside, r.Submission.Reasons)
		}
	})
	m.trio.clock.Move(time.Minute)
}

const mirror2024 = "?exporter=NZ&importer=US&product=630790&from=2024-01&to=2024-02&purpose=official-statistics"

// TestPagesCompare is a statistician's way: NZ tells of exports, the US of imports.
func TestPagesCompare(t *testing.T) {
	x := newTrio(t, func(a *guichet.Agreement) { a.Terms[0].Keep.Days = 10 }, "US", "NZ", "GB")
	x.seats["US"].month("2024-01", "2024-03-05", "6141 6307909885 1200000")
	x.seats["US"].month("2024-02", "2024-04-05", "6141 6307909885 900000")
	x.seats["NZ"].exports("2024-01", "1000000")
	x.seats["NZ"].exports("2024-02", "950000")
	x.serve("US")
	at := x.servePages("NZ")
	b := newBrowser(t, at, "officer")

	status, page := b.get("/en/compare/question" + mirror2024)
	b.tellsOf("the question", page, "New Zealand", "cannot be taken back", "January\u00a02024")
	if _, list := b.get("/en/asked"); status != http.StatusOK || !strings.Contains(list, "You have asked nothing yet") {
		t.Fatalf("opening an address asked: %d", status)
	}
	path, page := b.put("/en/compare/question" + mirror2024)
	b.tellsOf("the comparison", page, "Comparable with care", "What makes the two sides differ", "1,200,000", "January\u00a02024", "<svg", `id="sides"`, "differs", "three-copies v1", "M for 1 of X", "made figures", "/en/codes/630790", "Receipt")
	_, french := b.get("/fr" + strings.TrimPrefix(path, "/en"))
	b.tellsOf("in French", french, "Comparables avec prudence", "Nouvelle-Zélande", "1\u202f200\u202f000", "janvier\u00a02024", `<span lang="en">`)
	_, list := b.get("/en/asked")
	b.tellsOf("the list", list, "New Zealand to United States", path)
	_, text := b.get(path + "/figures/csv")
	lines := given(csv.NewReader(strings.NewReader(text)).ReadAll())(t)
	if len(lines) < 4 || !slices.Contains(lines[0], "asymmetry") || !strings.Contains(text, "1200000") {
		t.Errorf("the CSV is\n%s", text)
	}
	for format, magic := range map[string]string{"parquet": "PAR1", "xlsx": "PK"} {
		if f := b.fetch(path + "/figures/" + format); f.status != http.StatusOK || !strings.HasPrefix(f.body, magic) {
			t.Errorf("%s is %d, %d bytes", format, f.status, len(f.body))
		}
	}
	_, page = b.get(path + "/estimated")
	b.tellsOf("estimates", page, "What is estimated in this answer", "mean rate")
	// What cannot be compared is said at its field, and what was typed is kept.
	status, page = b.get("/en/compare?check=1&exporter=NZ&importer=NZ&goods=123999&from=2024-13&to=2024-01")
	if status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong form is answered %d", status)
	}
	b.tellsOf("the form", page, "There is a problem", "other than the exporter", "is a code of no list", "2024-13” is no month", `value="2024-13"`, `value="123999"`, "Say what the answer is for")
	// Silent and refused sides are designed pages.
	_, page = b.put("/en/compare/question" + strings.Replace(mirror2024, "importer=US", "importer=GB", 1))
	b.tellsOf("a silent side", page, "One side only", "cannot be reached", "not known")
	_, page = b.put("/fr/compare/question" + strings.Replace(mirror2024, "official-statistics", "customs-risk", 1))
	b.tellsOf("a refused side", page, "Un seul côté", "refusé", "clause parties[1].offices")
	for as, want := range map[string]int{"": http.StatusUnauthorized, "operator": http.StatusForbidden, "officer2": http.StatusNotFound} {
		if status, _ := newBrowser(t, at, as).get(path); status != want {
			t.Errorf("%q is answered %d, want %d", as, status, want)
		}
	}
	x.clock.Move(11 * 24 * time.Hour)
	if status, _ := b.get(path); status != http.StatusNotFound {
		t.Errorf("a comparison is kept longer than its agreement allows: %d", status)
	}
}

// TestPagesOfTwoDays: a month is revised, and one is new.
func TestPagesOfTwoDays(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	us := x.seats["US"]
	us.month("2024-01", "2024-03-05", "5700 6307909885 1200000", "1220 6307909885 3400")
	us.month("2024-01", "2024-05-05", "5700 6307909885 1250000", "1220 6307909885 3400")
	us.month("2024-02", "2024-05-06", "5700 6307909885 900000")
	x.serve("US")
	b := newBrowser(t, x.servePages("NZ"), "officer")
	q := strings.Replace(question2024, "member=GB&member=NZ&", "", 1)

	_, page := b.get("/en/twice")
	b.tellsOf("without a question", page, "You have asked nothing yet")
	_, page = b.get("/en/question" + q)
	b.tellsOf("the question", page, "/en/twice?")
	status, page := b.get("/en/twice" + q + "&check=1&first=2024-02-30&second=2025-01-01")
	if status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong day is answered %d", status)
	}
	b.tellsOf("a wrong day", page, "2024-02-30” is no day", `value="2024-02-30"`, `value="2025-01-01"`)
	_, page = b.get("/fr/twice" + q + "&check=1&first=2024-05-05&second=2024-04-05&way=published")
	b.tellsOf("days in disorder", page, "postérieur au premier")
	path, page := b.put("/en/twice/question" + q + "&way=published&first=2024-04-05")
	b.tellsOf("two vintages", page, "changed", "1,250,000", "50,000", "new", "900,000", "same", "Another value on the second day")
	_, page = b.get("/fr" + strings.TrimPrefix(path, "/en"))
	b.tellsOf("in French", page, "changé", "50\u202f000")
	_, text := b.get(path + "/figures/csv")
	if !strings.Contains(text, "mark") || !strings.Contains(text, "changed") || !strings.Contains(text, "1250000") {
		t.Errorf("the CSV is\n%s", text)
	}
	_, page = b.get("/en/twice")
	b.tellsOf("with no question of one day", page, "You have asked nothing yet")
	_, _ = b.asked("/en/question" + q)
	_, page = b.get("/en/twice")
	b.tellsOf("with a question", page, "Which of your questions?", "/en/twice?")
}

// TestPagesOfCodes: a national line, its subheading, and the editions.
func TestPagesOfCodes(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	at := x.servePages("US")
	b := newBrowser(t, at, "auditor")
	_, page := b.get("/en/codes?q=surgical+masks")
	b.tellsOf("a search", page, "/en/codes/630790", `lang="fr"`)
	if f := b.fetch("/en/codes?q=6307.90"); f.path != "/en/codes/630790" {
		t.Errorf("a code leads to %s", f.path)
	}
	_, page = b.get("/en/codes/6307909885?list=us-hts")
	b.tellsOf("a national line", page, "as the national list says", "From edition to edition", "HS 2007", "/en/codes/630790", "exactly", "us-hts", "XI")
	_, page = b.get("/fr/codes/854150")
	b.tellsOf("a code of an older edition", page, "D’édition en édition", "HS 2022", "non")
	_, page = b.get("/en/codes/63")
	b.tellsOf("a chapter", page, "Codes right below", "6307")
	_, page = b.get("/en/codes/630790?on=2024-02-30")
	b.tellsOf("a day that does not exist", page, "is no day", `value="2024-02-30"`)
	status, page := b.get("/en/codes?q=xyzzyq")
	b.tellsOf("nothing found", page, "Nothing is called", `value="xyzzyq"`)
	if status != http.StatusUnprocessableEntity {
		t.Errorf("nothing found is answered %d", status)
	}
	for path, want := range map[string]int{"/en/codes/123999": http.StatusNotFound, "/en/codes/abc": http.StatusNotFound, "/en/codes/630790?list=nowhere": http.StatusNotFound, "/en/codes/630790?edition=1066": http.StatusNotFound, "/en/codes/630790?edition=2012": http.StatusOK} {
		if status, _ := b.get(path); status != want {
			t.Errorf("%s is answered %d", path, status)
		}
	}
	if status, _ := newBrowser(t, at, "").get("/en/codes"); status != http.StatusUnauthorized {
		t.Errorf("nobody sees codes: %d", status)
	}
}
