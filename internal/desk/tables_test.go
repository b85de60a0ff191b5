package desk_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet"
	"guichet/trade"
)

// tables are a store in a few lines, for what the desk does around it; how the
// desk and the real one fit is tested where both are (package node).
type tables struct {
	ds *guichet.Dataset

	mu    sync.Mutex // guards what follows
	subs  []*guichet.Submission
	rows  map[string][]map[string]string // submission -> field -> value
	finds int

	purged []guichet.Holding
	fail   error // of Find and Stream
}

func newTables() *tables {
	return &tables{ds: trade.Dataset(), rows: map[string][]map[string]string{}}
}

// file is a file taken in: lines "code partner value trader".
type file struct {
	id, grain, regime, released, period string
	private                             bool // may not be redistributed
	lines                               []string
}

func (s *tables) take(tb testing.TB, f file) {
	tb.Helper()
	p, err := guichet.ParsePeriod(f.period)
	if err != nil {
		tb.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	dims := map[string]string{"flow": "imports"}
	sub := &guichet.Submission{
		ID: f.id, Dataset: "trade", Digest: "digest of " + f.id, File: f.id + ".csv", Released: f.released, Action: "replace", MayRedistribute: !f.private,
		Fields: map[string]string{"cube": f.id, "grain": f.grain, "regime": f.regime, "currency": "CAD"}, Covers: map[string]string{"partner": "all", "product": "all"},
		Units:  []guichet.Unit{{Reporter: "CA", Period: p, Dims: dims}},
		Shapes: []guichet.Shape{{Dims: dims, Edition: 2022, Level: 6, Kinds: map[string]string{"partner": "part"}}},
	}
	for _, l := range f.lines {
		w := append(strings.Fields(l), "", "", "", "")
		s.rows[f.id] = append(s.rows[f.id], map[string]string{
			"submission": f.id, "reporter": "CA", "flow": "imports", "trade_system": "general", "valuation": "fob", "partner_role": "origin", "partner_kind": "country",
			"freq": string(p.Freq), "period": p.Start.Format(time.DateOnly), "code": w[0], "hs": w[0], "level": "6", "edition": "2022", "list": "none", "partner": w[1], "value": w[2], "trader": w[3], "remark": w[4],
		})
	}
	s.subs = append(s.subs, sub)
}

func (s *tables) Dataset(name string) (*guichet.Dataset, error) {
	if name != s.ds.Name {
		return nil, guichet.Errorf(guichet.KindNotFound, "there is no dataset %q here", name)
	}
	return s.ds, nil
}

func (s *tables) State(context.Context, string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.subs), nil
}

func (s *tables) Holdings(_ context.Context, _ string, at guichet.Moment) ([]guichet.Holding, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []guichet.Holding
	for _, sub := range s.subs {
		if at.Vintage == "" || sub.Released != "" && sub.Released <= at.Vintage {
			out = append(out, guichet.Holding{Submission: sub, Units: sub.Units, Whole: true})
		}
	}
	return out, nil
}

func (s *tables) Purged(context.Context, string, guichet.Moment) ([]guichet.Holding, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.purged, nil
}

// key is a dimension of a row: a field, or the beginning of its code.
func (s *tables) key(row map[string]string, by string) string {
	if digits, ok := map[string]int{"hs2": 2, "hs4": 4, "hs6": 6}[by]; ok {
		return row["hs"][:digits]
	}
	return row[by]
}

func (s *tables) holds(row map[string]string, p guichet.PlanPart) bool {
	start, _ := time.Parse(time.DateOnly, row["period"])
	if !p.Span.Contains(guichet.Period{Freq: guichet.Freq(row["freq"]), Start: start}) {
		return false
	}
	for _, c := range p.Clauses {
		in := slices.Contains(c.In, row[c.Field]) || slices.ContainsFunc(c.Prefix, func(x string) bool { return strings.HasPrefix(row[c.Field], x) })
		if in == c.Not {
			return false
		}
	}
	return true
}

// each calls for every row of a plan.
func (s *tables) each(p guichet.Plan, do func(sub string, row map[string]string)) {
	for _, part := range p.Parts {
		for _, id := range part.Submissions {
			for _, row := range s.rows[id] {
				if s.holds(row, part) {
					do(id, row)
				}
			}
		}
	}
}

func (s *tables) Find(_ context.Context, p guichet.Plan) ([]guichet.Found, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finds++
	if s.fail != nil {
		return nil, s.fail
	}
	var out []guichet.Found
	at := map[string]int{}
	s.each(p, func(id string, row map[string]string) {
		f := guichet.Found{Submission: id, Remark: row["remark"]}
		for _, by := range p.By {
			f.Keys = append(f.Keys, s.key(row, by))
		}
		if p.Periods || slices.Contains(p.By, "period") {
			start, _ := time.Parse(time.DateOnly, row["period"])
			f.Period = guichet.Period{Freq: guichet.Freq(row["freq"]), Start: start}
		}
		key := fmt.Sprint(f)
		i, ok := at[key]
		if !ok {
			f.Measures, f.Figures = make([]*guichet.Decimal, len(p.Measures)), make([]int64, len(p.Measures))
			i, at[key], out = len(out), len(out), append(out, f)
		}
		out[i].Rows++
		for j, m := range p.Measures {
			if d, err := guichet.ParseDecimal(row[m]); err == nil {
				if out[i].Measures[j] != nil {
					d = d.Add(*out[i].Measures[j])
				}
				out[i].Measures[j] = &d
				out[i].Figures[j]++
			}
		}
	})
	return out, nil
}

func (s *tables) Contributions(_ context.Context, p guichet.Plan, top int) ([]guichet.Contribution, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sums, order := map[string]map[string]guichet.Decimal{}, []guichet.Contribution{}
	s.each(p, func(id string, row map[string]string) {
		g := guichet.Contribution{}
		for _, by := range p.By {
			key := s.key(row, by)
			if c, ok := p.Constant[by]; ok {
				key = c[id]
			}
			g.Keys = append(g.Keys, key)
		}
		key := fmt.Sprint(g.Keys)
		if sums[key] == nil {
			sums[key], order = map[string]guichet.Decimal{}, append(order, g)
		}
		d, _ := guichet.ParseDecimal(row["value"])
		sums[key][row["trader"]] = sums[key][row["trader"]].Add(d)
	})
	for i, g := range order {
		w := guichet.Weight{Figures: 1}
		for who, d := range sums[fmt.Sprint(g.Keys)] {
			if who != "" {
				order[i].Contributors++
				w.Contributors++
			}
			w.Total, w.Gross, w.Largest = w.Total.Add(d), w.Gross.Add(d.Abs()), append(w.Largest, d.Abs())
		}
		slices.SortFunc(w.Largest, func(a, b guichet.Decimal) int { return b.Cmp(a) })
		w.Largest = w.Largest[:min(top, len(w.Largest))]
		order[i].Of = []guichet.Weight{w}
	}
	return order, nil
}

// Stream writes rows as text, with the value as their only measure, which is all that the desk's part of it needs.
func (s *tables) Stream(_ context.Context, p guichet.Plan, w io.Writer) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	sums := map[string]guichet.Decimal{}
	s.each(p, func(_ string, row map[string]string) {
		var cells []string
		for _, by := range p.By {
			cells = append(cells, s.key(row, by))
		}
		line := strings.Join(cells, " ")
		if !p.Grouped {
			lines = append(lines, line+" "+row["value"])
			return
		}
		d, _ := guichet.ParseDecimal(row["value"])
		if _, ok := sums[line]; !ok {
			lines = append(lines, line)
		}
		sums[line] = sums[line].Add(d)
	})
	n := int64(0)
	var err error
	for _, line := range lines {
		if p.Grouped {
			line += " " + sums[line].String()
		}
		if err == nil {
			_, err = io.WriteString(w, line+"\n")
			n++
		}
	}
	if err == nil {
		err = s.fail
	}
	return n, err
}
