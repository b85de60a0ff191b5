package portal_test

import (
	"context"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/portal"
	"guichet/mark"
)

// markedCircle answers at once with what a test says.
type markedCircle struct {
	*slowCircle
	said portal.Answer
}

func (m markedCircle) Ask(_ context.Context, q portal.Asking, _ func(portal.MemberResult)) (portal.Answer, error) {
	out := m.said
	out.Answer.Question = q.Question
	return out, nil
}

// shows puts the small question and returns the page of its answer, in both languages.
func shows(t *testing.T, said portal.Answer) (en, fr string, w *window) {
	t.Helper()
	w = &window{t: t, circle: &slowCircle{}, dir: t.TempDir(), clock: guichettest.NewClock()}
	p, err := portal.New(portal.Config{
		Member: "NZ", Seats: []portal.Seat{markedCircle{w.circle, said}}, Goods: noGoods{}, Kept: w.dir, Door: open{}, Clock: w.clock.Now,
		Purposes: []portal.Purpose{{Word: "research", Use: "statistical", Text: guichet.Text{EN: "Research", FR: "Recherche"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.portal, w.server = p, httptest.NewServer(p.Handler())
	t.Cleanup(w.stop)
	w.put(hex32(1))
	en = w.over(hex32(1))
	_, fr = w.get("/fr/asked/" + hex32(1))
	return en, fr, w
}

// markedAnswer has a row of each kind: NZ in its currency, with an estimate, a row that
// is not final, one that is hidden and one without a rate; US without marks, as a node
// that knows none.
func markedAnswer(t *testing.T) portal.Answer {
	t.Helper()
	row := func(member, partner string, value, usd any, marks any) guichet.Row {
		currency := map[string]string{"NZ": "NZD", "US": "USD"}[member]
		r := guichet.Row{"member": member, "reporter": member, "period": "2024-01", "partner": partner, "currency": currency, "value": value, "value_usd": usd}
		if member == "NZ" {
			r[mark.Column] = marks
		}
		return r
	}
	return portal.Answer{
		Circle: "three",
		Answer: guichet.Answer{
			Columns: []guichet.Column{
				{Name: "member"},
				{Name: "reporter"},
				{Name: "period"},
				{Name: "partner"},
				{Name: "currency"},
				{Name: "value", Measure: true},
				{Name: "value_usd", Measure: true},
				{Name: mark.Column},
			},
			Rows: []guichet.Row{
				row("NZ", "CN", figure(t, "10"), figure(t, "6.1"), "estimate_over_partners preliminary zeal_of_later"),
				row("NZ", "DE", figure(t, "20"), nil, "no_rate"),
				row("NZ", "FR", nil, nil, "protected"),
				row("NZ", "MX", figure(t, "30"), figure(t, "18.3"), nil),
				row("NZ", "AU", nil, nil, `<script>" net_mass_estimated`),
				row("US", "CN", nil, nil, nil),
				row("US", "DE", figure(t, "7"), figure(t, "7"), nil),
			},
			Remarks: []guichet.Remark{
				{Code: "preliminary", Text: "not final <yet>", Member: "NZ"},
				{Code: "preliminary", Text: "nor this", Member: "US"},
				{Code: "zeal_of_later", Text: "zealous", Member: "NZ"},
				{Code: "dollars_estimated", Text: "by rates"},
				{Code: "cells_hidden", Text: "1 row", Member: "NZ"},
			},
		},
		Members: []portal.MemberResult{{Member: "NZ", Rows: 5, Hidden: 1}, {Member: "US", Rows: 2, Hidden: 1}},
	}
}

var (
	signOf   = regexp.MustCompile(`href="#mark-([a-z_]+)" aria-describedby="mark-[a-z_]+-text">([^<]+)<`)
	noteOf   = regexp.MustCompile(`<li id="mark-([a-z_]+)" tabindex="-1"><strong>([^<]+)</strong>`)
	idOf     = regexp.MustCompile(` id="([^"]+)"`)
	leadsTo  = regexp.MustCompile(`(?:href="#|aria-describedby=")([^"]+)"`)
	bodyRows = regexp.MustCompile(`(?s)id="figures".*?</table>`)
)

// TestMarksStandInTheirCells: each sign beside its figure, a note for each sign that
// occurs and for no other, every link with something at its end; what others wrote is
// no markup.
func TestMarksStandInTheirCells(t *testing.T) {
	en, fr, w := shows(t, markedAnswer(t))
	table := bodyRows.FindString(en)
	var got []string
	for _, row := range strings.Split(table, "<tr")[2:] {
		var signs []string
		for _, m := range signOf.FindAllStringSubmatch(row, -1) {
			signs = append(signs, m[2])
		}
		why := ""
		for _, word := range []string{"hidden by the agreement", "no rate", "not reported"} {
			if strings.Contains(row, `<span class="guichet-why">`+word) {
				why = ": " + word
			}
		}
		got = append(got, strings.Join(signs, " ")+why)
	}
	// A figure has the marks of its row; dollars that were converted say so; US, which
	// marks nothing, hid one row and has one without a figure.
	want := []string{"e p zeal_of_later e p zeal_of_later d", "r: no rate", "c c: hidden by the agreement", "d", ": not reported", ": hidden by the agreement", ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("signs by row (-want +got):\n%s\n%s", diff, table)
	}
	var notes []string
	for _, m := range noteOf.FindAllStringSubmatch(en, -1) {
		notes = append(notes, m[2]+" "+m[1])
	}
	if diff := cmp.Diff([]string{"c protected", "d dollars_estimated", "e estimate_over_partners", "p preliminary", "r no_rate", "zeal_of_later zeal_of_later"}, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	var ids []string
	for _, m := range idOf.FindAllStringSubmatch(en, -1) {
		if slices.Contains(ids, m[1]) {
			t.Errorf("two places are named %q", m[1])
		}
		ids = append(ids, m[1])
	}
	for _, m := range leadsTo.FindAllStringSubmatch(en, -1) {
		if !slices.Contains(ids, m[1]) {
			t.Errorf("nothing is named %q", m[1])
		}
	}
	for _, want := range []string{`href="#remark-preliminary"`, `href="#remark-cells_hidden"`, `href="#remark-dollars_estimated"`, "zealous</span>", "preliminary figures that the office may revise"} {
		if !strings.Contains(en, want) {
			t.Errorf("the page does not have %s", want)
		}
	}
	if strings.Contains(en, "<script>\"") || strings.Contains(en, "<yet>") || strings.Contains(table, ">Marks<") {
		t.Error("what a member wrote is markup, or marks are a column")
	}
	for _, want := range []string{"Signes du tableau", "chiffres provisoires que l’office peut réviser", "masqué par l’accord", `<span class="govuk-visually-hidden"> provisoire</span>`} {
		if !strings.Contains(fr, want) {
			t.Errorf("the French page does not have %q", want)
		}
	}
	_, estimated := w.get("/en/asked/" + hex32(1) + "/estimated")
	if !strings.Contains(estimated, "in part or whole by the office") {
		t.Errorf("the estimates do not count the office's:\n%s", estimated)
	}
	text, err := portal.CSV(markedAnswer(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"value_usd,value_usd_why_none,marks\n", "NZ,NZ,2024-01,DE,NZD,20,,,rate,no_rate\n", "NZ,NZ,2024-01,FR,NZD,,hidden,,hidden,protected\n", "US,US,2024-01,CN,USD,,hidden,,hidden,\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("the CSV does not have %q:\n%s", want, text)
		}
	}
}

// TestTheHeadSaysWhatIsOfAll: dollars that were all converted have their sign once.
func TestTheHeadSaysWhatIsOfAll(t *testing.T) {
	a := markedAnswer(t)
	a.Answer.Rows = a.Answer.Rows[:5]
	a.Members = a.Members[:1]
	en, _, _ := shows(t, a)
	if n := strings.Count(bodyRows.FindString(en), `href="#mark-dollars_estimated"`); n != 1 {
		t.Errorf("the sign of converted dollars stands %d times", n)
	}
	a.Answer.Rows, a.Answer.Remarks = a.Answer.Rows[4:], nil
	if en, _, _ = shows(t, a); strings.Contains(en, "Signs in the table") || strings.Contains(en, "#mark-") {
		t.Error("a table without signs has notes")
	}
}

// TestTwoDaysKeepTheirMarks: a row of two days is told apart by no mark, and each day
// keeps its own.
func TestTwoDaysKeepTheirMarks(t *testing.T) {
	day := func(value string, marks any) portal.Answer {
		return portal.Answer{Answer: guichet.Answer{
			Columns: []guichet.Column{{Name: "member"}, {Name: "value", Measure: true}, {Name: mark.Column}},
			Rows:    []guichet.Row{{"member": "US", "value": figure(t, value), mark.Column: marks}},
		}}
	}
	a := portal.Besides(day("1", "preliminary"), day("2", nil))
	var names []string
	for _, c := range a.Answer.Columns {
		names = append(names, c.Name)
	}
	if diff := cmp.Diff([]string{"member", "mark", "first", "second", "change", "first_marks"}, names); diff != "" {
		t.Error(diff)
	}
	if len(a.Answer.Rows) != 1 || a.Answer.Rows[0]["first_marks"] != "preliminary" || a.Answer.Rows[0]["mark"] != "changed" {
		t.Errorf("rows %v", a.Answer.Rows)
	}
}
