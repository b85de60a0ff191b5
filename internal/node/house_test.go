package node_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/node"
	"guichet/trade"
)

// house is a node in a folder of the test, with a clock that the test moves.
type house struct {
	*node.Node
	clock *guichettest.Clock
	taken map[string]guichet.Submission // by file
}

func newHouse(t *testing.T, member string) *house {
	t.Helper()
	clock := guichettest.NewClock()
	cfg := node.Config{
		Home: guichettest.Home(t), Clock: clock.Now, Child: []string{exe(t), stageChild}, LockWait: guichettest.Patience,
	}
	if _, err := node.Init(t.Context(), cfg, member); err != nil {
		t.Fatal(err)
	}
	n := guichettest.Open(t, func() (*node.Node, error) { return node.Open(t.Context(), cfg) })
	return &house{Node: n, clock: clock, taken: map[string]guichet.Submission{}}
}

// flow takes in a file of the data folder, once; the request may say more.
func (h *house) flow(t *testing.T, name string, more ...func(*node.IngestRequest)) guichet.Submission {
	t.Helper()
	if sub, ok := h.taken[name]; ok {
		return sub
	}
	req := node.IngestRequest{File: guichettest.Flow(t, name)}
	for _, m := range more {
		m(&req)
	}
	sub := h.take(t, req).Submission
	h.taken[name] = sub
	return sub
}

// take takes a file in, checks every invariant of the home, and lets a minute
// go by.
func (h *house) take(t *testing.T, req node.IngestRequest) node.IngestResult {
	t.Helper()
	res, err := h.Ingest(t.Context(), req)
	if err != nil {
		t.Fatalf("take in %s: %v", req.File, err)
	}
	h.check(t)
	s := res.Submission
	if s.Lines != s.Kept+s.Aside {
		t.Errorf("%s: %d lines, of which %d kept and %d put aside", s.File, s.Lines, s.Kept, s.Aside)
	}
	for _, total := range s.Totals {
		if total.File.Cmp(total.Kept.Add(total.Aside)) != 0 {
			t.Errorf("%s: %s of the file is %s, kept %s and put aside %s", s.File, total.Measure, total.File, total.Kept, total.Aside)
		}
	}
	h.clock.Move(time.Minute)
	return res
}

func (h *house) check(t *testing.T) {
	t.Helper()
	if err := h.Check(t.Context()); err != nil {
		t.Fatalf("the home does not hold what it promises: %v", err)
	}
}

// ask asks a question as question reads it, and holds the answer to what every
// answer promises.
func (h *house) ask(t *testing.T, words string) guichet.Answer {
	t.Helper()
	a, err := h.Ask(t.Context(), question(t, words))
	if err != nil {
		t.Fatalf("ask %s: %v", words, err)
	}
	h.promises(t, words, a)
	return a
}

// refused asks what cannot be asked and returns the error.
func (h *house) refused(t *testing.T, words string) error {
	t.Helper()
	a, err := h.Ask(t.Context(), question(t, words))
	if err == nil {
		t.Fatalf("ask %s: answered with %d rows and gaps %v, want an error", words, len(a.Rows), a.Gaps)
	}
	return err
}

// promises checks what holds of every answer, whatever was asked.
func (h *house) promises(t *testing.T, words string, a guichet.Answer) {
	t.Helper()
	if len(a.Rows) == 0 && len(a.Gaps) == 0 {
		t.Errorf("ask %s: the answer is empty, and no gap says why", words)
	}
	if len(a.Rows) > 0 && len(a.Sources) == 0 {
		t.Errorf("ask %s: figures without a source", words)
	}
	for _, g := range a.Gaps {
		if !slices.Contains(trade.GapCodes(), string(g.Reason)) || g.Text == "" {
			t.Errorf("ask %s: the gap %+v has no reason that is known, or no words", words, g)
		}
	}
	for _, s := range a.Sources {
		sub, err := h.Submission(t.Context(), s.Submission)
		if err != nil {
			t.Fatal(err)
		}
		if s.Digest != sub.Digest || s.File != sub.File || len(s.Digest) != 64 {
			t.Errorf("ask %s: the source %+v is not the submission %s (%s)", words, s, sub.Digest, sub.File)
		}
		if s.Rows > sub.Records {
			t.Errorf("ask %s: %d rows of %s are used, and it has %d", words, s.Rows, s.File, sub.Records)
		}
	}
	for _, row := range a.Rows {
		for _, name := range []string{"reporter", "flow", "trade_system", "valuation", "partner_role", "grain", "currency"} {
			if v, ok := row[name].(string); !ok || v == "" {
				t.Fatalf("ask %s: the row %v does not tell its %s", words, row, name)
			}
		}
		for _, c := range a.Columns {
			if _, ok := row[c.Name]; !ok {
				t.Errorf("ask %s: the row %v has no column %s", words, row, c.Name)
			}
		}
	}
}

// question reads a question from words, each "name=value" or "name=v1,v2":
// period, by, measure, edition, conversion, cube, asof, vintage, lang, limit;
// any other name is a condition, and so is one of these after a point.
func question(t *testing.T, words string) guichet.Question {
	t.Helper()
	q := guichet.Question{Where: map[string][]string{}}
	for w := range strings.FieldsSeq(words) {
		name, value, ok := strings.Cut(w, "=")
		if !ok {
			t.Fatalf("%q in %q is no name=value", w, words)
		}
		var err error
		switch name {
		case "period":
			q.Period = guichettest.Period(t, value)
		case "by":
			q.By = strings.Split(value, ",")
		case "measure":
			q.Measures = strings.Split(value, ",")
		case "edition":
			q.Edition, err = strconv.Atoi(value)
		case "limit":
			q.Limit, err = strconv.Atoi(value)
		case "conversion":
			q.Conversion = value
		case "cube":
			q.Cube = value
		case "asof":
			q.AsOf, err = time.Parse(time.RFC3339, value)
		case "vintage":
			q.Vintage = value
		case "lang":
			q.Lang = value
		default:
			q.Where[strings.TrimPrefix(name, ".")] = strings.Split(value, ",")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return q
}

// rows returns the rows of an answer whose dimensions are as the words say.
func rows(t *testing.T, a guichet.Answer, words string) []guichet.Row {
	t.Helper()
	wanted := map[string]string{}
	for w := range strings.FieldsSeq(words) {
		name, value, _ := strings.Cut(w, "=")
		wanted[name] = value
	}
	var out []guichet.Row
next:
	for _, row := range a.Rows {
		for name, value := range wanted {
			got, ok := row[name].(string)
			if !ok {
				t.Fatalf("the rows have no dimension %q: %v", name, slices.Sorted(maps.Keys(row)))
			}
			if got != value {
				continue next
			}
		}
		out = append(out, row)
	}
	return out
}

// want is one figure: of the one row that the words pick.
func want(t *testing.T, a guichet.Answer, words, measure, figure string) {
	t.Helper()
	found := rows(t, a, words)
	if len(found) != 1 {
		t.Fatalf("%q picks %d rows of %d, want one: %v", words, len(found), len(a.Rows), a.Rows)
	}
	got, ok := found[0][measure].(guichet.Decimal)
	if !ok {
		t.Fatalf("%q has no %s: %v", words, measure, found[0])
	}
	if w := guichettest.Figure(t, figure); got.Cmp(w) != 0 {
		t.Errorf("%q: %s is %s, want %s", words, measure, got, w)
	}
}

// total adds up a measure over the rows that the words pick.
func total(t *testing.T, a guichet.Answer, words, measure string) guichet.Decimal {
	t.Helper()
	var sum guichet.Decimal
	for _, row := range rows(t, a, words) {
		if d, ok := row[measure].(guichet.Decimal); ok {
			sum = sum.Add(d)
		}
	}
	return sum
}

// wantTotal is the sum of the values of the rows that the words pick.
func wantTotal(t *testing.T, a guichet.Answer, words, figure string) {
	t.Helper()
	if got, w := total(t, a, words, "value"), guichettest.Figure(t, figure); got.Cmp(w) != 0 {
		t.Errorf("%q: the value of %d rows is %s, want %s", words, len(rows(t, a, words)), got, w)
	}
}

// remark returns the first remark of a code whose words hold a text, and fails
// when there is none.
func remark(t *testing.T, a guichet.Answer, code, text string) guichet.Remark {
	t.Helper()
	for _, r := range a.Remarks {
		if r.Code == code && strings.Contains(r.Text, text) {
			return r
		}
	}
	t.Fatalf("no remark %s with %q among %v", code, text, a.Remarks)
	return guichet.Remark{}
}

func hasRemark(a guichet.Answer, code string) bool {
	return slices.ContainsFunc(a.Remarks, func(r guichet.Remark) bool { return r.Code == code })
}

// gap returns the first gap of a reason whose words hold a text.
func gap(t *testing.T, a guichet.Answer, reason guichet.GapReason, text string) guichet.Gap {
	t.Helper()
	for _, g := range a.Gaps {
		if g.Reason == reason && strings.Contains(g.Text, text) {
			return g
		}
	}
	t.Errorf("no gap %s with %q among %v", reason, text, a.Gaps)
	return guichet.Gap{}
}

// only fails when an answer has rows, or a gap for another reason.
func only(t *testing.T, a guichet.Answer, reason guichet.GapReason) {
	t.Helper()
	if len(a.Rows) > 0 {
		t.Errorf("got %d rows, want none but a gap: %s", len(a.Rows), reason)
	}
	for _, g := range a.Gaps {
		if g.Reason != reason {
			t.Errorf("got the gap %s (%s), want %s alone", g.Reason, g.Text, reason)
		}
	}
	if len(a.Gaps) == 0 {
		t.Errorf("no gap, want %s", reason)
	}
}

// kind fails when an error is of another kind.
func kind(t *testing.T, err error, want guichet.Kind) {
	t.Helper()
	if got := guichet.KindOf(err); got != want {
		t.Errorf("got an error of kind %q (%v), want %q", got, err, want)
	}
}
