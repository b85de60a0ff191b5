package node

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet"
	"guichet/internal/store"
)

// WithdrawRequest says that the figures of a submission are not to be used, or
// that they are again.
type WithdrawRequest struct {
	Submission string
	Why        string
	By         string
	Reinstate  bool
	DryRun     bool // say who would be told, and change nothing
}

// SubmissionWithdrawal is what a withdrawal means, and for whom.
type SubmissionWithdrawal struct {
	Submission string         `json:"submission"`
	File       string         `json:"file"`
	Event      *EventEntry    `json:"event,omitempty"` // nil of a dry run
	Answered   []AnsweredFrom `json:"answered"`        // who was answered from it
	Copied     []CopiedBy     `json:"copied"`          // who keeps a copy of it
	Again      []string       `json:"again"`           // older submissions that answer again for some of its figures; where it is reinstated, that stop to
}

// AnsweredFrom is a party that was given an answer to which a submission belonged.
type AnsweredFrom struct {
	Party     guichet.Party `json:"party"`
	Agreement string        `json:"agreement"`
	Exchange  string        `json:"exchange"` // the first in which these cells were given
	Last      time.Time     `json:"last"`
	Told      bool          `json:"told"` // by a notice: the agreement says that corrections are forwarded
}

// CopiedBy is a member that keeps a copy of a submission: its next sync removes it.
type CopiedBy struct {
	Circle string `json:"circle"`
	Member string `json:"member"`
}

// Withdraw withdraws a submission, or takes that back. Nothing is removed: as of the
// day before, it is still there. Who was answered from it under an agreement that
// forwards corrections, and who subscribed, is told; who keeps a copy of it loses it
// with the next sync.
func (n *Node) Withdraw(ctx context.Context, req WithdrawRequest) (SubmissionWithdrawal, error) {
	sub, err := n.Submission(ctx, req.Submission)
	if err != nil {
		return SubmissionWithdrawal{}, err
	}
	out := SubmissionWithdrawal{Submission: sub.ID, File: sub.File}
	if out.Answered, err = n.answeredFrom(ctx, sub); err != nil {
		return out, err
	}
	if out.Copied, err = n.copiedBy(sub.ID); err != nil {
		return out, err
	}
	if out.Again, err = n.standsBehind(ctx, sub); err != nil || req.DryRun {
		return out, err
	}
	err = n.writing1(ctx, func(w *store.Writer) error {
		do := w.Withdraw
		if req.Reinstate {
			do = w.Reinstate
		}
		entry, err := do(ctx, sub.Dataset, sub.ID, req.Why, req.By)
		if err != nil {
			return err
		}
		if err := n.sweepExtracts(); err != nil {
			return err
		}
		e, err := n.entry(ctx, entry)
		out.Event = &e
		return err
	})
	return out, err
}

// answeredFrom goes through the ledger of given cells: who was answered from a state
// of the tables in which a submission answered what was asked.
func (n *Node) answeredFrom(ctx context.Context, sub guichet.Submission) ([]AnsweredFrom, error) {
	out := []AnsweredFrom{}
	given, err := n.store.Given(ctx)
	if err != nil {
		return nil, err
	}
	ds, err := DatasetBy(sub.Dataset)
	if err != nil {
		return nil, err
	}
	held := map[int]bool{}
	forwards := map[string]map[string]bool{} // circle -> agreement
	for _, set := range given {
		ok, err := n.drewFrom(ctx, ds, set, sub, held)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if forwards[set.Party.Circle] == nil {
			if forwards[set.Party.Circle], err = n.forwarding(set.Party.Circle); err != nil {
				return nil, err
			}
		}
		out = append(out, AnsweredFrom{Party: set.Party, Agreement: set.Agreement, Exchange: set.Exchange, Last: set.Last, Told: forwards[set.Party.Circle][set.Agreement]})
	}
	return out, nil
}

// drewFrom says whether an answer may hold figures of a submission: it was in force
// in the state that the answer was drawn from, and the question is about it.
func (n *Node) drewFrom(ctx context.Context, ds *guichet.Dataset, set guichet.GivenSet, sub guichet.Submission, held map[int]bool) (bool, error) {
	state, own := strings.CutPrefix(set.Snapshot, sub.Dataset+"@")
	at, err := strconv.Atoi(state)
	if !own || err != nil || at < 0 || set.Question.Dataset != sub.Dataset || !isAbout(ds, set.Question, sub) {
		return false, nil //nolint:nilerr // the state of a copy, or of tables without a file
	}
	in, known := held[at]
	if !known {
		holdings, err := n.store.Holdings(ctx, sub.Dataset, guichet.Moment{State: at})
		if err != nil {
			return false, err
		}
		in = slices.ContainsFunc(holdings, func(h guichet.Holding) bool { return h.Submission.ID == sub.ID })
		held[at] = in
	}
	return in, nil
}

// isAbout says whether a question asks for units that a submission holds.
func isAbout(ds *guichet.Dataset, q guichet.Question, sub guichet.Submission) bool {
	if q.Cube != "" && q.Cube != sub.Field(guichet.FieldCube) {
		return false
	}
	for _, f := range ds.SubmissionFields() {
		if want := q.Where[f.Name]; len(want) > 0 && !slices.Contains(want, sub.Field(f.Name)) {
			return false
		}
	}
	return slices.ContainsFunc(sub.Units, func(u guichet.Unit) bool {
		if want := q.Where[guichet.FieldReporter]; len(want) > 0 && !slices.Contains(want, u.Reporter) {
			return false
		}
		for _, f := range ds.UnitFields {
			if want := q.Where[f]; len(want) > 0 && !slices.Contains(want, u.Dims[f]) {
				return false
			}
		}
		return q.Period.IsZero() || q.Period.Contains(u.Period)
	})
}

// forwarding are the agreements of a circle that say that corrections are told.
func (n *Node) forwarding(circle string) (map[string]bool, error) {
	out := map[string]bool{}
	names, err := circlesIn(n.Home().Path)
	if err != nil || !slices.Contains(names, circle) {
		return out, err
	}
	p, err := openPapers(n, circle)
	if err != nil {
		return out, err
	}
	for _, a := range p.circle().Agreements {
		out[a.ID] = a.Corrections == "forward"
	}
	return out, nil
}

// copiedBy are the members that have said that they keep a copy of a submission.
func (n *Node) copiedBy(id string) ([]CopiedBy, error) {
	out := []CopiedBy{}
	papers, err := filepath.Glob(filepath.Join(n.Home().Path, dirCopies, "*", "out", "*", outPaper))
	if err != nil {
		return nil, err
	}
	for _, path := range papers {
		var p copyOut
		if _, err := readPaper(path, &p); err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(p.Kept, func(m guichet.CopyMark) bool { return m.Submission == id }) {
			continue
		}
		member := filepath.Dir(path)
		out = append(out, CopiedBy{Circle: filepath.Base(filepath.Dir(filepath.Dir(member))), Member: filepath.Base(member)})
	}
	return out, nil
}

// standsBehind are the older submissions of which this one took over figures.
func (n *Node) standsBehind(ctx context.Context, sub guichet.Submission) ([]string, error) {
	all, err := n.store.Submissions(ctx, sub.Dataset)
	if err != nil {
		return nil, err
	}
	ds, err := DatasetBy(sub.Dataset)
	if err != nil {
		return nil, err
	}
	mine := map[string]bool{}
	for _, u := range sub.Units {
		mine[u.Key(ds.UnitFields)] = true
	}
	out := []string{}
	for _, o := range all {
		if o.ID == sub.ID || o.Withdrawn != "" || o.Digest == sub.Digest || o.Field(guichet.FieldCube) != sub.Field(guichet.FieldCube) {
			continue
		}
		if slices.ContainsFunc(o.Units, func(u guichet.Unit) bool { return u.Purged == "" && mine[u.Key(ds.UnitFields)] }) {
			out = append(out, o.ID)
		}
	}
	return out, nil
}
