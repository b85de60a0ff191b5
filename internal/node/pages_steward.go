package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"guichet"
	"guichet/internal/portal"
)

// dirTaking is where a home keeps files that come by its pages until they are taken in.
const dirTaking = "taking"

// dirDrafts is where it keeps agreements that are being written by its pages.
const dirDrafts = "drafts"

// stewardship is what a steward's pages need of this house.
func (h *house) stewardship() (*portal.Stewardship, error) {
	s := stewardPages{h.n}
	out := &portal.Stewardship{Datasets: datasets(), Taker: s, Files: s, Withdrawer: s, Retainer: s, Drafter: s, Proposer: s, Signer: s}
	var err error
	if out.Dir, err = h.n.ownFolder(dirTaking); err != nil {
		return nil, err
	}
	if out.Drafts, err = h.n.ownFolder(dirDrafts); err != nil {
		return nil, err
	}
	return out, nil
}

// ownFolder makes a folder of the home that only its owner reads.
func (n *Node) ownFolder(name string) (string, error) {
	dir := filepath.Join(n.Home().Path, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("pages: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a folder needs its x
		return "", fmt.Errorf("pages: %w", err)
	}
	return dir, nil
}

// stewardPages says the house in the words of a steward's pages.
type stewardPages struct{ n *Node }

// errLooked ends an intake whose plan somebody is to look at first.
var errLooked = errors.New("the plan of an intake is to be looked at")

// TakeIn takes a file in, and calls it in errors as the steward does. Where that would
// change what others answer for, it is not taken in before somebody agreed to that.
func (s stewardPages) TakeIn(ctx context.Context, in portal.Intake, p guichet.Progress) (portal.Took, error) {
	var plan *portal.IntakePlan
	res, err := s.n.Ingest(ctx, IngestRequest{
		File: in.Path, Name: in.Name, Profile: in.Profile, Released: in.Released, AcceptTotals: in.AcceptTotals, AcceptAside: in.AcceptAside, By: in.By,
		Generated: in.Generated, Given: in.Given, Progress: p,
		Look: func(found IngestPlan) (err error) {
			if plan, err = planShown(found); err != nil {
				return err
			}
			agreed := in.Agreed == plan.Digest
			if plan.Early || !agreed && (in.Look || plan.Changes()) {
				return errLooked
			}
			return nil
		},
	})
	switch {
	case errors.Is(err, errLooked):
		return portal.Took{Plan: plan}, nil
	case err != nil:
		if e, ok := errors.AsType[*guichet.Error](err); ok {
			return portal.Took{}, renamed(e, in.Path, in.Name)
		}
		return portal.Took{}, err
	}
	return portal.Took{Submission: res.Submission.ID, Already: res.Already, Replaced: res.Replaced, Notes: res.Notes, Seconds: res.Seconds}, nil
}

// planShown says a plan in the words of the pages, and no more of it than they show.
func planShown(p IngestPlan) (*portal.IntakePlan, error) {
	digest, err := p.Digest()
	if err != nil {
		return nil, err
	}
	out := &portal.IntakePlan{Digest: digest, Submission: p.Submission, Rows: p.Rows, Early: p.Early}
	// A file may hold units by the hundred thousand: the pages say whose they are, and of when.
	out.Submission.Shapes, out.Submission.ProfileText, out.Submission.Units = nil, "", outermost(p.Submission.Units)
	if p.Early {
		out.Last = p.Last.String()
	}
	const most = 200
	for _, of := range []struct {
		from []Overlap
		to   *portal.IntakeOverlaps
	}{{p.Replaced, &out.Replaced}, {p.Stays, &out.Stays}, {p.Beside, &out.Beside}} {
		of.to.All = len(of.from)
		for i, o := range of.from {
			of.to.Rows += o.Rows
			if i < most {
				of.to.Shown = append(of.to.Shown, portal.IntakeOverlap(o))
			}
		}
	}
	for i, a := range p.Answered {
		if i < most {
			out.Answered = append(out.Answered, portal.ConcernedParty(a))
		}
	}
	return out, nil
}

// outermost are the first and the last unit of each reporter.
func outermost(units []guichet.Unit) []guichet.Unit {
	const most = 300
	ends := map[string][2]guichet.Unit{}
	for _, u := range units {
		e, ok := ends[u.Reporter]
		if !ok {
			e = [2]guichet.Unit{u, u}
		}
		if u.Period.Start.Before(e[0].Period.Start) {
			e[0] = u
		}
		if u.Period.Start.After(e[1].Period.Start) {
			e[1] = u
		}
		ends[u.Reporter] = e
	}
	var out []guichet.Unit
	for _, r := range slices.Sorted(maps.Keys(ends)) {
		if len(out) < most {
			out = append(out, ends[r][0], ends[r][1])
		}
	}
	return out
}

// Room is what the disk of the home has left for us.
func (s stewardPages) Room() (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(s.n.Home().Path, &st); err != nil {
		return 0, fmt.Errorf("room on the disk: %w", err)
	}
	return int64(st.Bavail) * st.Bsize, nil //nolint:gosec // no disk is that large
}

// Profiles are those that come with the program.
func (stewardPages) Profiles() ([]portal.ProfileInfo, error) {
	all, err := Profiles()
	if err != nil {
		return nil, err
	}
	out := make([]portal.ProfileInfo, len(all))
	for i, p := range all {
		out[i] = portal.ProfileInfo{Name: p.Name, Country: p.Country, Office: p.Office, Title: p.Title}
		for _, g := range p.Given {
			out[i].Given = append(out[i].Given, portal.ProfileGiven(g))
		}
	}
	return out, nil
}

// Submissions are all that was taken in.
func (s stewardPages) Submissions(ctx context.Context) ([]guichet.Submission, error) {
	return s.n.Submissions(ctx)
}

// Submission is one of them.
func (s stewardPages) Submission(ctx context.Context, id string) (guichet.Submission, error) {
	return s.n.Submission(ctx, id)
}

// Aside are lines that were put aside.
func (s stewardPages) Aside(ctx context.Context, id, reason string, from, most int) ([]portal.AsideLine, error) {
	lines, err := s.n.store.RejectsPage(ctx, id, reason, from, most)
	if err != nil {
		return nil, err
	}
	out := make([]portal.AsideLine, len(lines))
	for i, l := range lines {
		out[i] = portal.AsideLine(l)
	}
	return out, nil
}

// Conformity reads the profile that a submission was read by, and what was counted of
// its rows.
func (s stewardPages) Conformity(sub guichet.Submission) (portal.Conformity, error) {
	var yaml []byte
	if sub.ProfileText != "" {
		yaml = []byte(sub.ProfileText)
	}
	counts, partly, counted, err := s.n.store.FieldCounts(&sub)
	if err != nil {
		return portal.Conformity{}, err
	}
	out := portal.Conformity{Counted: counted, Partly: partly}
	found, err := candidates(sub.Profile, yaml)
	if err != nil {
		out.Gone = true
		for _, c := range counts {
			out.Fields = append(out.Fields, portal.ConformField{Field: c.Field, Count: c})
		}
		return out, nil //nolint:nilerr // the program has another version of it, or none
	}
	fields, percent := conformity(found[0])
	out.PerCent = percent
	ds := datasetOf(found[0])
	for _, f := range fields {
		x := portal.ConformField{Field: f.Field, How: f.How, From: strings.TrimSpace(strings.TrimPrefix(f.From, f.How)), Required: f.Required}
		if at := slices.IndexFunc(counts, func(c guichet.FieldCount) bool { return c.Field == f.Field }); at >= 0 {
			x.Count = counts[at]
		} else if d, ok := ds.Field(f.Field); ok && d.Place == guichet.InSubmission && sub.Field(f.Field) != "" {
			x.Count.Filled = sub.Records // once for all of them
		}
		out.Fields = append(out.Fields, x)
	}
	return out, nil
}

// Withdraw says whom a withdrawal concerns, and does it.
func (s stewardPages) Withdraw(ctx context.Context, w portal.Withdrawing) (portal.Concerned, error) {
	res, err := s.n.Withdraw(ctx, WithdrawRequest{Submission: w.Submission, Why: w.Why, By: w.By, Reinstate: w.Reinstate, DryRun: w.DryRun})
	if err != nil {
		return portal.Concerned{}, err
	}
	out := portal.Concerned{Again: res.Again}
	for _, a := range res.Answered {
		out.Answered = append(out.Answered, portal.ConcernedParty(a))
	}
	for _, c := range res.Copied {
		out.Copied = append(out.Copied, portal.ConcernedCopy(c))
	}
	return out, nil
}

// Fates are what became of submissions.
func (s stewardPages) Fates(ctx context.Context) ([]portal.Fate, error) {
	all, err := s.n.Events(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]portal.Fate, len(all))
	for i, e := range all {
		out[i] = fateOf(e)
	}
	return out, nil
}

func fateOf(e EventEntry) portal.Fate {
	f := portal.Fate{ID: e.ID, Dataset: e.Dataset, Why: e.Why, By: e.By, At: e.At, Kind: e.Kind, Of: e.Of, Removed: e.Removed, OffDisk: e.OffDisk || e.Kind != guichet.EventPurged}
	for _, p := range e.Proofs {
		f.Proofs = append(f.Proofs, portal.FateProof{Circle: p.Circle, Exchange: p.Exchange, Leaf: p.Leaf})
	}
	return f
}
