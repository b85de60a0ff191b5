package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

// TakeIn takes a file in, and calls it in errors as the steward does.
func (s stewardPages) TakeIn(ctx context.Context, in portal.Intake, p guichet.Progress) (portal.Took, error) {
	res, err := s.n.Ingest(ctx, IngestRequest{
		File: in.Path, Name: in.Name, Profile: in.Profile, Released: in.Released, AcceptTotals: in.AcceptTotals, AcceptAside: in.AcceptAside,
		Generated: in.Generated, Given: in.Given, Progress: p,
	})
	if err != nil {
		if e, ok := errors.AsType[*guichet.Error](err); ok {
			return portal.Took{}, renamed(e, in.Path, in.Name)
		}
		return portal.Took{}, err
	}
	return portal.Took{Submission: res.Submission.ID, Already: res.Already, Replaced: res.Replaced, Notes: res.Notes, Seconds: res.Seconds}, nil
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

// Conformity reads the profile that a submission was read by.
func (stewardPages) Conformity(sub guichet.Submission) (portal.Conformity, error) {
	var yaml []byte
	if sub.ProfileText != "" {
		yaml = []byte(sub.ProfileText)
	}
	found, err := candidates(sub.Profile, yaml)
	if err != nil {
		return portal.Conformity{}, err
	}
	fields, percent := conformity(found[0])
	out := portal.Conformity{PerCent: percent}
	for _, f := range fields {
		out.Fields = append(out.Fields, portal.ConformField{Field: f.Field, How: f.How, From: strings.TrimSpace(strings.TrimPrefix(f.From, f.How)), Required: f.Required})
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
