package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"guichet"
	"guichet/internal/store"
)

// IngestPlan says what taking a file in would do to what is held.
type IngestPlan struct {
	Submission guichet.Submission // as it would come in
	Rows       int64              // of it that would answer
	Replaced   []Overlap          // of which something would answer no longer
	Stays      []Overlap          // published later: they go on answering for units of the file
	Beside     []Overlap          // to which its figures would be added
	Answered   []AnsweredFrom     // who was answered from what would be replaced, each once
	Last       guichet.Period     // the last period that it holds
	// Early says that the day on which it is said to have been published lies before its
	// last period began.
	Early bool
}

// Overlap is what another submission holds of the units of a file.
type Overlap struct {
	Submission string    `json:"submission"`
	File       string    `json:"file"`
	Released   string    `json:"released"`
	TakenAt    time.Time `json:"taken_at"`
	Periods    string    `json:"periods"` // "2024-01:2024-03"
	Units      int       `json:"units"`
	Rows       int64     `json:"rows"`
	Whole      bool      `json:"whole"` // all that it answers for
}

// Digest names what a plan would change: two of the same say the same to whoever decides.
// Who was answered is left out, since answers go on meanwhile.
func (p IngestPlan) Digest() (string, error) {
	text, err := json.Marshal([]any{p.Submission.Identity, p.Submission.Released, p.Submission.Generated, p.Replaced, p.Stays, p.Beside})
	if err != nil {
		return "", fmt.Errorf("digest of a plan: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// mostLooked is of how many submissions it is looked up who was answered from them.
const mostLooked = 50

// plan works out what committing a submission would do.
func (in *intake) plan(ctx context.Context, w *store.Writer, sub *guichet.Submission) (IngestPlan, error) {
	ds, err := DatasetBy(sub.Dataset)
	if err != nil {
		return IngestPlan{}, err
	}
	before, after, err := w.Outlook(ctx, sub)
	if err != nil {
		return IngestPlan{}, err
	}
	p := IngestPlan{Submission: *sub}
	p.last()
	stands := map[string][]guichet.Unit{}
	for _, h := range after {
		stands[h.Submission.ID] = h.Units
	}
	p.Rows = rowsOfUnits(stands[sub.ID])
	for _, h := range before {
		if len(stands[h.Submission.ID]) == len(h.Units) { // a submission that comes in gives no other a unit
			continue
		}
		left := keysOf(ds, stands[h.Submission.ID])
		lost := slices.DeleteFunc(slices.Clone(h.Units), func(u guichet.Unit) bool { return left[u.Key(ds.UnitFields)] })
		p.Replaced = append(p.Replaced, overlapOf(h, lost))
		if len(p.Replaced) > mostLooked {
			continue
		}
		if err := in.addAnswered(ctx, &p, *h.Submission, lost); err != nil {
			return p, err
		}
	}
	p.overlaps(ds, after, stands[sub.ID])
	return p, nil
}

// overlaps finds who else answers for units of the file when it has come in: in its
// place, or beside what it answers for itself.
func (p *IngestPlan) overlaps(ds *guichet.Dataset, after []guichet.Holding, answers []guichet.Unit) {
	sub := p.Submission
	all, own := keysOf(ds, sub.Units), keysOf(ds, answers)
	for _, h := range after {
		if h.Submission.ID == sub.ID || h.Submission.Field(guichet.FieldCube) != sub.Field(guichet.FieldCube) {
			continue
		}
		stays, beside := []guichet.Unit{}, []guichet.Unit{}
		for _, u := range h.Units {
			switch key := u.Key(ds.UnitFields); {
			case !all[key]:
			case own[key]:
				beside = append(beside, u)
			default:
				stays = append(stays, u)
			}
		}
		if len(stays) > 0 {
			p.Stays = append(p.Stays, overlapOf(h, stays))
		}
		if len(beside) > 0 {
			p.Beside = append(p.Beside, overlapOf(h, beside))
		}
	}
}

// last finds the last period, and whether the day of publication lies before it.
func (p *IngestPlan) last() {
	for _, u := range p.Submission.Units {
		if u.Period.Start.After(p.Last.Start) {
			p.Last = u.Period
		}
	}
	day := p.Submission.Released
	p.Early = day != "" && !p.Last.Start.IsZero() && day < p.Last.Start.Format(time.DateOnly)
}

// addAnswered adds who was answered from units of a submission.
func (in *intake) addAnswered(ctx context.Context, p *IngestPlan, sub guichet.Submission, lost []guichet.Unit) error {
	sub.Units = lost
	answered, err := in.n.answeredFrom(ctx, sub)
	if err != nil {
		return err
	}
	for _, a := range answered {
		at := slices.IndexFunc(p.Answered, func(b AnsweredFrom) bool { return b.Party == a.Party && b.Agreement == a.Agreement })
		switch {
		case at < 0:
			p.Answered = append(p.Answered, a)
		case a.Last.After(p.Answered[at].Last):
			p.Answered[at] = a
		}
	}
	return nil
}

func keysOf(ds *guichet.Dataset, units []guichet.Unit) map[string]bool {
	out := make(map[string]bool, len(units))
	for _, u := range units {
		out[u.Key(ds.UnitFields)] = true
	}
	return out
}

func rowsOfUnits(units []guichet.Unit) int64 {
	n := int64(0)
	for _, u := range units {
		n += u.Rows
	}
	return n
}

func overlapOf(h guichet.Holding, units []guichet.Unit) Overlap {
	from, to := units[0].Period, units[0].Period
	for _, u := range units {
		if u.Period.Start.Before(from.Start) {
			from = u.Period
		}
		if u.Period.Start.After(to.Start) {
			to = u.Period
		}
	}
	s := h.Submission
	return Overlap{
		Submission: s.ID, File: s.File, Released: s.Released, TakenAt: s.TakenAt, Units: len(units), Rows: rowsOfUnits(units), Whole: len(units) == len(h.Units),
		Periods: strings.Join(slices.Compact([]string{from.String(), to.String()}), ":"),
	}
}
