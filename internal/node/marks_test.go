package node_test

import (
	"encoding/csv"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/node"
	"guichet/mark"
)

// marksBy are the marks of an answer's rows, by partner.
func marksBy(t *testing.T, a guichet.Answer) map[string]any {
	t.Helper()
	if len(a.Columns) == 0 || a.Columns[len(a.Columns)-1].Name != mark.Column {
		t.Errorf("marks are not the last column: %v", a.Columns)
	}
	out := map[string]any{}
	for _, r := range a.Rows {
		partner, _ := r["partner"].(string)
		out[partner] = r[mark.Column]
	}
	return out
}

// TestMarksCrossTheWire: of one member's declaration lines a row is hidden, of its
// published figures one is an estimate of the office; another member and its pages are
// told which. All figures are made up.
func TestMarksCrossTheWire(t *testing.T) {
	x := newTrio(t, func(a *guichet.Agreement) {
		a.Terms[0].Where = nil
		a.Terms[0].Grains, a.Terms[0].Records, a.Terms[0].Copies = []string{"aggregate", "line"}, false, guichet.Copies{}
		a.Terms[0].Rules = guichet.DisclosureRules{Threshold: 3, Prior: 10}
		a.Terms[0].Keep.Days = 10
	}, "US", "NZ")
	us, nz := x.seats["US"], x.seats["NZ"]
	lines := slices.Concat(contributions("1220", "A", "B", "C", "D", "E"), contributions("5700", "A", "A", "C", "D", "E"), contributions("2010", "A", "B", "", "", "")[:2])
	us.open(func(n *node.Node) {
		given(n.Ingest(t.Context(), node.IngestRequest{File: declare(t, "us", lines...)}))(t)
	})
	x.serve("US")
	at := x.servePages("NZ")

	a := nz.askMembers("reporter=US flow=imports period=2020-03 by=partner measure=value,value_usd", "US").Answer
	if got := marksBy(t, a); len(got) != 2 || got["CN"] != mark.Protected || got["CA"] != nil {
		t.Errorf("of lines, rows are marked %v: %v %v", got, a.Rows, a.Gaps)
	}
	officer := newBrowser(t, at, "officer")
	path, page := officer.asked("/en/question?flow=imports&product=630790&member=US&from=2020-03&to=2020-03&by=partner&purpose=official-statistics")
	for _, want := range []string{
		`<span class="guichet-why">hidden by the agreement</span> <a class="govuk-link guichet-mark" href="#mark-protected" aria-describedby="mark-protected-text">c<span class="govuk-visually-hidden"> hidden</span></a>`,
		`<li id="mark-protected" tabindex="-1"><strong>c</strong> – <span id="mark-protected-text">Hidden by the disclosure rules`,
		`<a class="govuk-link" href="#remark-cells_hidden">`, `<li id="remark-cells_hidden" tabindex="-1">`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %s", want)
		}
	}
	if n := len(regexp.MustCompile(`href="#mark-protected"`).FindAllString(page, -1)); n != 2 {
		t.Errorf("%d cells are marked as hidden, want China's two", n)
	}
	_, french := officer.get("/fr" + strings.TrimPrefix(path, "/en"))
	if !strings.Contains(french, "masqué par l’accord") || !strings.Contains(french, "Masqué par les règles de confidentialité") {
		t.Errorf("the French page does not say why a figure is hidden")
	}
	_, text := officer.get(path + "/figures/csv")
	rows := given(csv.NewReader(strings.NewReader(text)).ReadAll())(t)
	last := len(rows[0]) - 1
	marked := slices.ContainsFunc(rows, func(r []string) bool { return slices.Contains(r, "CN") && r[last] == mark.Protected })
	if rows[0][last] != mark.Column || !marked {
		t.Errorf("the CSV is\n%s", text)
	}
	for _, format := range []string{"parquet", "xlsx"} {
		if f := officer.fetch(path + "/figures/" + format); f.status != http.StatusOK {
			t.Errorf("%s is %d", format, f.status)
		}
	}
	if t.Failed() {
		t.Log(page)
	}

	us.month("2024-01", "2024-03-05", "5700 6307909885 1200000", "1220 9999950000 3400", "1220 6307909885 5")
	a = nz.askMembers("reporter=US flow=imports period=2024-01 by=partner measure=value", "US").Answer
	if got := marksBy(t, a); len(got) != 2 || got["CA"] != "estimate_over_partners" || got["CN"] != nil {
		t.Errorf("of published figures, rows are marked %v: %v", got, a.Rows)
	}
	want(t, a, "partner=CA trade_system=general", "value", "3405")
}
