package store_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"guichet"
	"guichet/internal/store"
)

// day is the n-th day on which something was taken in.
func day(n int) time.Time { return time.Date(2025, 1, n, 9, 0, 0, 0, time.UTC) }

// unitsOf reads units written as "FR in 2024-01", "FR in 2024-01 NW-A".
func unitsOf(text string) []guichet.Unit {
	var out []guichet.Unit
	for part := range strings.SplitSeq(text, ", ") {
		w := append(strings.Fields(part), "")
		p, err := guichet.ParsePeriod(w[2])
		if err != nil {
			panic(err)
		}
		out = append(out, guichet.Unit{Reporter: w[0], Dims: map[string]string{"way": w[1]}, Period: p, Scope: w[3], Rows: 1})
	}
	return out
}

// filed is a submission of units, taken in on a day and published on another.
func filed(id string, taken int, action, units string, more ...func(*guichet.Submission)) *guichet.Submission {
	s := &guichet.Submission{
		ID: id, Digest: "content of " + id, Dataset: "crossings", TakenAt: day(taken), Action: action,
		Fields: map[string]string{"cube": "c"}, Units: unitsOf(units),
	}
	for _, m := range more {
		m(s)
	}
	return s
}

func released(d string) func(*guichet.Submission) {
	return func(s *guichet.Submission) { s.Released = d }
}

func filePeriod(p string) func(*guichet.Submission) {
	return func(s *guichet.Submission) { s.FilePer = p }
}

func cube(c string) func(*guichet.Submission) {
	return func(s *guichet.Submission) { s.Fields["cube"] = c }
}

func content(c string) func(*guichet.Submission) {
	return func(s *guichet.Submission) { s.Digest = c }
}

func givenDay(d string) func(*guichet.Submission) {
	return func(s *guichet.Submission) { s.Given = map[string]string{"d": d} }
}

// inForce writes who answers for what: "a: FR in 2024-01; b: ...".
func inForce(subs []*guichet.Submission, at guichet.Moment) string {
	var out []string
	for _, h := range store.InForce(crossings(), subs, at) {
		var units []string
		for _, u := range h.Units {
			units = append(units, strings.TrimSpace(strings.Join([]string{u.Reporter, u.Dims["way"], u.Period.String(), u.Scope}, " ")))
		}
		whole := ""
		if h.Whole != (len(h.Units) == len(h.Submission.Units)) {
			whole = " (whole is wrong)"
		}
		out = append(out, h.Submission.ID+": "+strings.Join(units, ", ")+whole)
	}
	return strings.Join(out, "; ")
}

// TestInForce is a table of histories, each in order of taking in.
func TestInForce(t *testing.T) {
	const replace, add, cumulative = store.ActionReplace, store.ActionAdd, store.ActionCumulative
	jan, feb := "FR in 2024-01", "FR in 2024-02"
	for _, c := range []struct {
		name string
		subs []*guichet.Submission
		at   guichet.Moment
		want string
	}{
		{name: "nothing"},
		{"a newer file takes the units that it holds", []*guichet.Submission{filed("a", 1, replace, jan+", "+feb), filed("b", 2, replace, feb)}, guichet.Moment{}, "a: " + jan + "; b: " + feb},
		{"and the whole older file", []*guichet.Submission{filed("a", 1, replace, jan), filed("b", 2, replace, jan)}, guichet.Moment{}, "b: " + jan},
		{"the other way stays", []*guichet.Submission{filed("a", 1, replace, jan), filed("b", 2, replace, "FR out 2024-01")}, guichet.Moment{}, "a: " + jan + "; b: FR out 2024-01"},
		{"a year is not its months", []*guichet.Submission{filed("a", 1, replace, "FR in 2024"), filed("b", 2, replace, jan)}, guichet.Moment{}, "a: FR in 2024; b: " + jan},
		{"another scope stays", []*guichet.Submission{filed("a", 1, replace, jan+" NW-A"), filed("b", 2, replace, jan+" NW-B")}, guichet.Moment{}, "a: " + jan + " NW-A; b: " + jan + " NW-B"},
		{"another cube stays", []*guichet.Submission{filed("a", 1, replace, jan), filed("b", 2, replace, jan, cube("d"))}, guichet.Moment{}, "a: " + jan + "; b: " + jan},
		{"the one published later answers, though taken in first", []*guichet.Submission{filed("a", 1, replace, jan, released("2024-06-02")), filed("b", 2, replace, jan, released("2024-06-01"))}, guichet.Moment{}, "a: " + jan},
		{"an unknown day of publication is the day of taking in", []*guichet.Submission{filed("a", 1, replace, jan), filed("b", 2, replace, jan, released("2024-06-01"))}, guichet.Moment{}, "a: " + jan},
		{"published on one day: the one taken in later", []*guichet.Submission{filed("a", 1, replace, jan, released("2024-06-01")), filed("b", 2, replace, jan, released("2024-06-01"))}, guichet.Moment{}, "b: " + jan},

		{"amendments add", []*guichet.Submission{filed("a", 1, add, jan, filePeriod("2024-01")), filed("b", 2, add, jan+", "+feb, filePeriod("2024-02"))}, guichet.Moment{}, "a: " + jan + "; b: " + jan + ", " + feb},
		{"the same file period again replaces itself", []*guichet.Submission{filed("a", 1, add, jan+", "+feb, filePeriod("2024-02")), filed("b", 2, add, feb, filePeriod("2024-02"))}, guichet.Moment{}, "b: " + feb},
		{"without a file period all add", []*guichet.Submission{filed("a", 1, add, jan), filed("b", 2, add, jan)}, guichet.Moment{}, "a: " + jan + "; b: " + jan},
		{"the same file period of another reporter", []*guichet.Submission{filed("a", 1, add, jan, filePeriod("2024-01")), filed("b", 2, add, "DE in 2024-01", filePeriod("2024-01"))}, guichet.Moment{}, "a: " + jan + "; b: DE in 2024-01"},

		{"a cumulative file takes all of its reporter", []*guichet.Submission{filed("a", 1, cumulative, jan+", "+feb), filed("b", 2, cumulative, feb)}, guichet.Moment{}, "b: " + feb},
		{"but nothing of another, in the same file", []*guichet.Submission{filed("a", 1, cumulative, jan+", DE in 2024-01"), filed("b", 2, cumulative, feb)}, guichet.Moment{}, "a: DE in 2024-01; b: " + feb},
		{"an older cumulative file taken in later", []*guichet.Submission{filed("a", 1, cumulative, feb, released("2024-06-02")), filed("b", 2, cumulative, jan, released("2024-06-01"))}, guichet.Moment{}, "a: " + feb},

		{"as of a day", []*guichet.Submission{filed("a", 1, replace, jan), filed("b", 2, replace, jan), filed("c", 3, replace, jan)}, guichet.Moment{AsOf: day(2)}, "b: " + jan},
		{"as of the day before", []*guichet.Submission{filed("a", 1, replace, jan), filed("b", 2, replace, jan)}, guichet.Moment{AsOf: day(2).Add(-time.Second)}, "a: " + jan},
		{"a vintage", []*guichet.Submission{filed("a", 3, replace, jan, released("2024-06-01")), filed("b", 2, replace, jan, released("2024-07-01"))}, guichet.Moment{Vintage: "2024-06-30"}, "a: " + jan},
		{"on its own day", []*guichet.Submission{filed("a", 1, replace, jan, released("2024-06-01"))}, guichet.Moment{Vintage: "2024-06-01"}, "a: " + jan},
		{"a vintage knows nothing of an unknown day", []*guichet.Submission{filed("a", 1, replace, jan)}, guichet.Moment{Vintage: "2030-01-01"}, ""},
		{"a vintage as of a day", []*guichet.Submission{filed("a", 1, replace, jan, released("2024-06-01")), filed("b", 3, replace, jan, released("2024-05-01"))}, guichet.Moment{Vintage: "2024-05-31", AsOf: day(2)}, ""},

		{"the same content judged again takes the whole", []*guichet.Submission{filed("a", 1, replace, jan+", FR in 2024-03", content("x")), filed("b", 2, replace, "FR out 2024-01", content("x"))}, guichet.Moment{}, "b: FR out 2024-01"},
		{"even from another cube", []*guichet.Submission{filed("a", 1, replace, jan, content("x")), filed("b", 2, replace, jan, content("x"), cube("d"))}, guichet.Moment{}, "b: " + jan},
		{"but keeps its place behind what was newer", []*guichet.Submission{filed("a", 1, replace, jan, content("x")), filed("b", 2, replace, jan), filed("c", 3, replace, jan, content("x"))}, guichet.Moment{}, "b: " + jan},
		{"amendments judged again are not added twice", []*guichet.Submission{filed("a", 1, add, jan, content("y")), filed("b", 2, add, jan, content("y"))}, guichet.Moment{}, "b: " + jan},
		{"the same content said to be of another day", []*guichet.Submission{filed("a", 1, replace, jan, content("x"), givenDay("1")), filed("b", 2, replace, feb, content("x"), givenDay("2"))}, guichet.Moment{}, "a: " + jan + "; b: " + feb},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := inForce(c.subs, c.at); got != c.want {
				t.Errorf("%q answers, want %q", got, c.want)
			}
		})
	}
}

// entry is one unit of a submission in the replay.
type entry struct {
	sub *guichet.Submission
	key string
	rep string
}

// replay works out who answers by telling the story once more, one submission
// after the other, each striking what it takes the place of.
func replay(subs []*guichet.Submission, at guichet.Moment) []string {
	type place struct {
		day       string
		origin, n int
	}
	var known []*guichet.Submission
	places := map[string]place{}
	for i, s := range subs {
		if !at.AsOf.IsZero() && s.TakenAt.After(at.AsOf) || at.Vintage != "" && (s.Released == "" || s.Released > at.Vintage) {
			continue
		}
		p := place{cmp.Or(s.Released, s.TakenAt.Format(time.DateOnly)), i, i}
		if j := slices.IndexFunc(known, func(o *guichet.Submission) bool { return o.Digest == s.Digest }); j >= 0 {
			p.day, p.origin = places[known[j].ID].day, places[known[j].ID].origin
		}
		places[s.ID], known = p, append(known, s)
	}
	slices.SortStableFunc(known, func(a, b *guichet.Submission) int {
		x, y := places[a.ID], places[b.ID]
		return cmp.Or(cmp.Compare(x.day, y.day), cmp.Compare(x.origin, y.origin), cmp.Compare(x.n, y.n))
	})
	var held []entry
	for _, s := range known {
		own := map[string]bool{}
		for _, u := range s.Units {
			own[u.Key([]string{"way"})] = true
		}
		held = slices.DeleteFunc(held, func(e entry) bool {
			if e.sub.Digest == s.Digest { // a former reading
				return places[e.sub.ID].n < places[s.ID].n
			}
			if e.sub.Fields["cube"] != s.Fields["cube"] {
				return false
			}
			reporter := slices.Contains(s.Reporters(), e.rep)
			switch s.Action {
			case store.ActionAdd:
				return e.sub.Action == store.ActionAdd && s.FilePer != "" && s.FilePer == e.sub.FilePer && reporter
			case store.ActionCumulative:
				return reporter
			}
			return e.sub.Action != store.ActionAdd && own[e.key]
		})
		if slices.ContainsFunc(known, func(o *guichet.Submission) bool { return o.Digest == s.Digest && places[o.ID].n > places[s.ID].n }) {
			continue // it has been read anew, and that reading stands before it
		}
		for _, u := range s.Units {
			held = append(held, entry{s, u.Key([]string{"way"}), u.Reporter})
		}
	}
	var out []string
	for _, e := range held {
		out = append(out, e.sub.ID+" "+e.key)
	}
	slices.Sort(out)
	return out
}

// drawHistory draws submissions in order of taking in, with every action, days
// of publication in any order, and the same content now and then.
func drawHistory(t *rapid.T) []*guichet.Submission {
	pool := []string{"FR in 2024-01", "FR in 2024-02", "FR out 2024-01", "DE in 2024-01", "DE in 2024", "FR in 2024-01 NW-A"}
	n := rapid.IntRange(0, 8).Draw(t, "n")
	var out []*guichet.Submission
	for i := range n {
		units := rapid.SliceOfNDistinct(rapid.SampledFrom(pool), 1, 3, rapid.ID).Draw(t, "units")
		s := filed(fmt.Sprintf("s%d", i), i+1, rapid.SampledFrom([]string{store.ActionReplace, store.ActionReplace, store.ActionAdd, store.ActionCumulative}).Draw(t, "action"), strings.Join(units, ", "))
		s.Released = rapid.SampledFrom([]string{"", "2024-06-01", "2024-06-02", "2025-01-03"}).Draw(t, "released")
		s.FilePer = rapid.SampledFrom([]string{"", "2024-01", "2024-02"}).Draw(t, "file period")
		s.Fields["cube"] = rapid.SampledFrom([]string{"c", "c", "d"}).Draw(t, "cube")
		if i > 0 && rapid.IntRange(0, 5).Draw(t, "again") == 0 {
			s.Digest = out[rapid.IntRange(0, i-1).Draw(t, "of")].Digest
		}
		out = append(out, s)
	}
	return out
}

func drawMoment(t *rapid.T) guichet.Moment {
	at := guichet.Moment{Vintage: rapid.SampledFrom([]string{"", "", "2024-06-01", "2024-12-31"}).Draw(t, "vintage")}
	if n := rapid.IntRange(0, 8).Draw(t, "as of"); n > 0 {
		at.AsOf = day(n)
	}
	return at
}

// TestInForceIsAReplay: the answer is that of the story told once more; no
// unit has two submissions that replace it; and it does not change what it was
// given.
func TestInForceIsAReplay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		subs, at := drawHistory(t), drawMoment(t)
		before := slices.Clone(subs)
		var got []string
		owners := map[string]string{}
		for _, h := range store.InForce(crossings(), subs, at) {
			for _, u := range h.Units {
				key := u.Key([]string{"way"})
				got = append(got, h.Submission.ID+" "+key)
				if h.Submission.Action == store.ActionAdd {
					continue
				}
				key = h.Submission.Fields["cube"] + key
				if owners[key] != "" {
					t.Fatalf("%s is answered by %s and %s", key, owners[key], h.Submission.ID)
				}
				owners[key] = h.Submission.ID
			}
		}
		slices.Sort(got)
		if diff := gocmp.Diff(replay(subs, at), got); diff != "" {
			t.Fatalf("in force against the replay: %s", diff)
		}
		if !slices.Equal(before, subs) {
			t.Fatal("the submissions were put in another order")
		}
	})
}

// TestInForceOnlyShrinks: a newer submission never gives an older one a unit
// back, on which the writing of the table rests.
func TestInForceOnlyShrinks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		subs := drawHistory(t)
		had := map[string]bool{}
		for i, newest := range subs {
			now := map[string]bool{}
			for _, h := range store.InForce(crossings(), subs[:i+1], guichet.Moment{}) {
				for _, u := range h.Units {
					e := h.Submission.ID + " " + u.Key([]string{"way"})
					if h.Submission != newest && !had[e] {
						t.Fatalf("%s brought %s back", newest.ID, e)
					}
					now[e] = true
				}
			}
			had = now
		}
	})
}
