package desk_test

import (
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/desk"
)

// remarked finds a remark of a code.
func remarked(tb testing.TB, s desk.Sealed, code string) guichet.Remark {
	tb.Helper()
	for _, r := range s.Reply.Answer.Remarks {
		if r.Code == code {
			return r
		}
	}
	tb.Fatalf("no remark %s among %v", code, s.Reply.Answer.Remarks)
	return guichet.Remark{}
}

// silent fails where a reply says any of some words.
func silent(tb testing.TB, s desk.Sealed, words ...string) {
	tb.Helper()
	for _, w := range words {
		if strings.Contains(string(s.Body), w) {
			tb.Errorf("%q is told: %s", w, s.Body)
		}
	}
}

// TestMembersAreToldNothingBeside: what looks beyond the question find gives no
// figure and no code to a member: goods rolled up, sums of the main measure that
// was not asked for, outliers, totals and members of a whole file.
func TestMembersAreToldNothingBeside(t *testing.T) {
	c := newCounter(t)
	c.tables.take(t, published("2024", "630790 CN 10 - unknown_unit", "630790 DE 5"))
	sub := c.tables.subs[0]
	c.tables.rows[sub.ID] = append(c.tables.rows[sub.ID], map[string]string{
		"submission": sub.ID, "reporter": "CA", "flow": "imports", "partner": "CN", "partner_kind": "country", "freq": "A", "period": "2024-01-01",
		"code": "6307", "hs": "6307", "level": "4", "edition": "2022", "list": "none", "value": "70959560",
	})
	class := &c.tables.ds.Classifications[0]
	class.HiddenBy = []string{"rolled_up"}
	c.tables.rows[sub.ID][2][class.Hidden[0]] = class.Hidden[1]
	sub.Remarks = []guichet.Count{{Code: class.HiddenBy[0], Rows: 1}}
	sub.Shapes = append(sub.Shapes, guichet.Shape{Dims: map[string]string{"flow": "imports"}, Edition: 2022, Level: 6, Kinds: map[string]string{"partner": "whole"}, Value: guichet.DecimalOf(424_242_424)})
	for i := range c.tables.rows[sub.ID] {
		c.tables.rows[sub.ID][i]["net_kg"] = "31337"
	}
	sub.Outliers = []guichet.Outlier{{Measure: "net_kg", Figure: guichet.DecimalOf(31337)}}
	s := c.reply(t, ask(1, where("product", "630790"), func(r *guichet.Request) { r.Question.Measures = []string{"net_kg"} }))
	has(t, s, guichet.GapHidden, "rolled up")
	silent(t, s, "70959560", "under 6307", "424242424")
	if r := remarked(t, s, "unknown_unit"); r.Value != nil || r.Unit != "" || r.Rows != 1 {
		t.Errorf("a sum of a measure that was not asked for: %+v", r)
	}
	if r := remarked(t, s, "parts_incomplete"); !strings.Contains(r.Text, "less than the total") {
		t.Errorf("%+v", r)
	}
	s = c.reply(t, ask(2, func(r *guichet.Request) { r.Question.Measures = []string{"value", "net_kg"} }))
	if r := remarked(t, s, "unknown_unit"); r.Value == nil || r.Value.String() != "10" || r.Unit != "CAD" {
		t.Errorf("of a measure that was asked for: %+v", r)
	}
	own, err := desk.New(c.tables, c.clock.Now).Answer(t.Context(), ask(1, where("product", "630790")).Request.Question)
	if err != nil || !slices.ContainsFunc(own.Gaps, func(g guichet.Gap) bool { return strings.Contains(g.Text, "70959560 CAD rolled up under 6307") }) {
		t.Errorf("the owner sees all: %v, %v", own.Gaps, err)
	}
}

// TestOutliersTellAMemberNoLine: the few rows that carry most of a measure are
// finer than any cell.
func TestOutliersTellAMemberNoLine(t *testing.T) {
	c := newCounter(t)
	c.tables.take(t, published("2024", "630790 CN 10", "630790 CN 5"))
	for i, kg := range []string{"31337.000", "1.000"} {
		c.tables.rows["stats-2024"][i]["net_kg"] = kg
	}
	c.tables.subs[0].Outliers = []guichet.Outlier{{Measure: "net_kg", Figure: guichet.DecimalOf(31337)}}
	a := ask(1, func(r *guichet.Request) { r.Question.Measures = []string{"net_kg", "value"} })
	if r := remarked(t, c.reply(t, a), "outlier_mass"); r.Value != nil || r.Rows != 0 || r.Unit != "" || strings.Contains(r.Text, "31337") {
		t.Errorf("a line is told: %+v", r)
	}
	own, err := desk.New(c.tables, c.clock.Now).Answer(t.Context(), a.Request.Question)
	if err != nil || !slices.ContainsFunc(own.Remarks, func(r guichet.Remark) bool { return r.Code == "outlier_mass" && r.Value != nil }) {
		t.Errorf("the owner sees all: %v, %v", own.Remarks, err)
	}
}

// TestWhatIsNotThereNamesNothing: neither the partners and codes that a file has
// instead, nor the time that is held; and no row outside of the conditions is
// looked at. A file that has all of what is picked from still tells a zero.
func TestWhatIsNotThereNamesNothing(t *testing.T) {
	c := newCounter(t)
	c.tables.take(t, published("2024", "630790 CN 10", "300490 FR 5"))
	s := c.reply(t, ask(1, where("mode", "sea"), where("partner", "CN")))
	has(t, s, guichet.GapNotCovered, "what was asked for is not there")
	silent(t, s, "FR", "break down")
	finds := c.tables.finds
	s = c.reply(t, ask(2, where("partner", "DE")))
	has(t, s, guichet.GapZero, "a reported zero")
	if c.tables.finds != finds+1 {
		t.Errorf("%d looks for one question", c.tables.finds-finds)
	}
	s = c.reply(t, ask(3, func(r *guichet.Request) {
		r.Question.Period.From, _ = guichet.ParsePeriod("2019")
		r.Question.Period.To = r.Question.Period.From
	}))
	has(t, s, guichet.GapNotReported, "what was asked for is not there")
	silent(t, s, "runs from")
	for _, dim := range []string{"partner", "product"} {
		c.tables.subs[0].Covers = map[string]string{"partner": "all", "product": "all", dim: "listed"}
		c.Counter = newCounterOver(t, c)
		s = c.reply(t, ask(4, where("partner", "DE"), where("product", "300490")))
		has(t, s, guichet.GapNotCovered, "what was asked for is not there")
		silent(t, s, "FR", "CN", "630790")
		s = c.reply(t, ask(5, func(r *guichet.Request) { r.Question.By = []string{"reporter"} }))
		if r := remarked(t, s, "listed_only"); !strings.HasSuffix(r.Text, "of what they list") {
			t.Errorf("%s: %+v", dim, r)
		}
		silent(t, s, "FR", "CN", "630790")
	}
}

// newCounterOver opens the tables again: nothing is held ready.
func newCounterOver(tb testing.TB, c *counter) *desk.Counter {
	tb.Helper()
	out, err := desk.New(c.tables, c.clock.Now).Counter(desk.CounterConfig{Us: "CA", Decider: c, Protector: c, Encoder: c, Journal: c, Ledger: c})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// TestFactsOfAWholeFileStayHome: of declaration lines no name, digest or count of
// lines; of any file neither what was put aside nor why totals were accepted,
// and not its name where nobody knows its day.
func TestFactsOfAWholeFileStayHome(t *testing.T) {
	for _, f := range []file{declared("630790 CN 10 a"), published("2024", "630790 CN 10")} {
		c := newCounter(t)
		f.id = "secretid"
		c.tables.take(t, f)
		unknown := published("2024", "630790 CN 10")
		unknown.id, unknown.released = "undated", ""
		c.tables.take(t, unknown)
		sub := c.tables.subs[0]
		sub.Override, sub.Aside, sub.Lines, sub.Generated = "the minister said so", 7777, 88888, true
		s := c.reply(t, ask(1, func(r *guichet.Request) { r.Question.Vintage = "2025-06-30" }))
		remarked(t, s, "vintage_unknown")
		has(t, s, guichet.GapPutAside, "some lines")
		silent(t, s, "undated.csv", "minister", "7777", "88888", "submissions rejects")
		src := s.Reply.Answer.Sources
		if len(src) != 1 || !src[0].Generated {
			t.Fatalf("sources %+v", src)
		}
		if lines := f.grain == "line"; (src[0].File == "") != lines || (src[0].Digest == "") != lines || (src[0].Rows == 0) != lines {
			t.Errorf("the source of grain %s is %+v", f.grain, src[0])
		}
		if f.grain == "line" {
			silent(t, s, "secretid.csv", "digest of")
		}
	}
}

// TestRecordsAreNoFinerThanTheirLabels: rows that the columns asked for do not
// tell apart leave as their sum, whichever dimension was left out; told apart by
// all of them, each leaves as it is.
func TestRecordsAreNoFinerThanTheirLabels(t *testing.T) {
	everything := []string{"procedure", "coverage", "period", "national", "partner", "partner2", "mode", "port"}
	for name, x := range map[string]struct {
		by   []string
		want string
	}{
		"hs6 over ten digits": {[]string{"hs6", "partner"}, "10.5 7"},
		"no partner":          {[]string{"national"}, "10.5 7"},
		"all":                 {everything, "10 0.5 7"},
	} {
		c := newCounter(t)
		c.decision.Conditions.Records = true
		c.tables.take(t, published("2024", "6307909870 CN 10", "6307909810 CN 0.5", "300490 CN 7"))
		c.tables.subs[0].Shapes[0].Level = 10
		for _, row := range c.tables.rows["stats-2024"] {
			row["hs"], row["level"], row["national"] = row["code"][:6], "10", row["code"][:6]
		}
		s := &sink{c: c}
		if err := c.Records(t.Context(), ask(1, records, func(r *guichet.Request) { r.Question.By = x.by }), s); err != nil {
			t.Fatal(err)
		}
		var got []string
		for l := range strings.Lines(s.body.String()) {
			w := strings.Fields(l)
			got = append(got, w[len(w)-1])
		}
		if strings.Join(got, " ") != x.want {
			t.Errorf("%s: %v, want %s", name, got, x.want)
		}
		if told := slices.ContainsFunc(s.head.Answer.Columns, func(col guichet.Column) bool { return col.Name == "submission" }); told != (name == "all") {
			t.Errorf("%s: columns %v", name, s.head.Answer.Columns)
		}
	}
}
