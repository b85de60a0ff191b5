package node

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"time"

	"guichet"
	"guichet/internal/circle"
	"guichet/internal/portal"
)

// auditForPages is what an auditor's pages read of this house.
type auditForPages struct {
	h      *house
	public *public
}

func (x auditForPages) seat(circle string) (*Seat, error) {
	for _, v := range x.h.services {
		if v.seat.name == circle {
			return v.seat, nil
		}
	}
	return nil, guichet.Errorf(guichet.KindNotFound, "there is no circle %q here", circle)
}

// Agreements are those that all their parties have signed, with who did.
func (x auditForPages) Agreements(name string) ([]portal.SignedAgreement, error) {
	s, err := x.seat(name)
	if err != nil {
		return nil, err
	}
	st, err := s.papers.whole()
	if err != nil {
		return nil, err
	}
	report, err := s.papers.repo.Verify()
	if err != nil {
		return nil, err
	}
	out := []portal.SignedAgreement{}
	for _, a := range st.Agreements {
		one, err := signedAgreement(s, st, report, a)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b portal.SignedAgreement) int { return cmp.Compare(a.Now.ID, b.Now.ID) })
	return out, nil
}

func signedAgreement(s *Seat, st circle.State, report circle.Report, a guichet.Agreement) (portal.SignedAgreement, error) {
	one := portal.SignedAgreement{Now: a}
	var err error
	if one.Versions, err = s.papers.repo.Versions(a.ID); err != nil {
		return one, err
	}
	text, err := s.papers.repo.Target("agreements/" + a.ID + ".json")
	if err != nil {
		return one, err
	}
	sum := sha256.Sum256(text)
	one.Digest = hex.EncodeToString(sum[:])
	for _, p := range report.Papers {
		if p.Name != "agreement-"+a.ID {
			continue
		}
		one.Need, one.Expires, one.State = p.Need, p.Expires, p.State
		for _, by := range p.Signed {
			one.Signed = append(one.Signed, by.Member)
		}
	}
	for _, n := range st.Withdrawals {
		if n.Agreement == a.ID && n.Version == a.Version {
			one.Notices = append(one.Notices, noticeForPages(s.name, n))
		}
	}
	return one, nil
}

func noticeForPages(name string, n circle.Withdrawal) portal.PartyNotice {
	return portal.PartyNotice{
		Circle: name, Agreement: n.Agreement, Version: n.Version, Member: n.Member, Made: n.Made, From: n.From, Suspends: n.Suspends, Reason: n.Reason,
	}
}

// Changes says what a later version changes.
func (x auditForPages) Changes(before, after guichet.Agreement) []portal.Change {
	out := []portal.Change{}
	for _, c := range DiffAgreements(before, after) {
		out = append(out, portal.Change{Clause: c.Clause, Before: c.Before, After: c.After, Effect: c.Effect})
	}
	return out
}

// Paper writes an agreement as a file.
func (x auditForPages) Paper(name, id, format string) ([]byte, error) {
	s, err := x.seat(name)
	if err != nil {
		return nil, err
	}
	versions, err := s.papers.repo.Versions(id)
	if err != nil {
		return nil, err
	}
	last := versions[len(versions)-1]
	switch format {
	case "json":
		return s.papers.repo.Target("agreements/" + id + ".json")
	case "yaml":
		return WriteAgreement(last)
	case "odrl":
		text, err := json.MarshalIndent(ODRL(last, true), "", "  ")
		if err != nil {
			return nil, fmt.Errorf("write odrl: %w", err)
		}
		return append(text, '\n'), nil
	}
	return nil, guichet.Errorf(guichet.KindNotFound, "there is no format %q of an agreement", format)
}

const (
	// leavesAtOnce are read in one piece: as many as one file of the journal holds.
	leavesAtOnce = 256
	// leavesLooked bounds one look at the journal: about a tenth of a second.
	leavesLooked = 20_000
	// clocksApart is how far a leaf's time may be from its place: a clock that was set
	// back while the journal grew.
	clocksApart = 24 * time.Hour
)

// Leaves goes backwards through the journal. A day is found by halving, since times
// grow with places, but for a clock that was set: so a day more is looked at on
// either side.
func (x auditForPages) Leaves(ctx context.Context, name string, f portal.LeafFilter) (portal.LeafPage, error) {
	s, err := x.seat(name)
	if err != nil {
		return portal.LeafPage{}, err
	}
	out := portal.LeafPage{Size: s.journal.Size()}
	before := out.Size
	if f.Before > 0 {
		before = min(before, f.Before)
	}
	if !f.Until.IsZero() {
		end, err := s.leafAfter(ctx, f.Until.Add(clocksApart), before)
		if err != nil {
			return out, err
		}
		before = end
	}
	for before > 0 {
		found, err := s.journal.Latest(ctx, before, leavesAtOnce)
		if err != nil {
			return out, err
		}
		for _, l := range found {
			if !f.From.IsZero() && l.Leaf.Time.Before(f.From.Add(-clocksApart)) {
				return out, nil // what is older is not asked for
			}
			if len(out.Leaves) == f.Limit || out.Looked == leavesLooked {
				out.Older, out.Stopped = before, len(out.Leaves) < f.Limit
				return out, nil
			}
			before = l.Index
			out.Looked++
			if wantedLeaf(f, l.Leaf, s.us()) {
				out.Leaves = append(out.Leaves, portal.PlacedLeaf(l))
			}
		}
		if len(found) == 0 {
			break
		}
	}
	return out, nil
}

// leafAfter is the first of the leaves before a place that was written at a time or
// later.
func (s *Seat) leafAfter(ctx context.Context, at time.Time, before int64) (int64, error) {
	var failed error
	i := sort.Search(int(before), func(i int) bool {
		found, err := s.journal.Latest(ctx, int64(i)+1, 1) // at that place or, where leaves were lost, before it
		failed = cmp.Or(failed, err)
		return err != nil || len(found) > 0 && !found[0].Leaf.Time.Before(at)
	})
	return int64(i), failed
}

// wantedLeaf says whether a leaf passes a filter.
func wantedLeaf(f portal.LeafFilter, l guichet.Leaf, us string) bool {
	switch {
	case f.Member != "" && l.From.Member != f.Member && l.To != f.Member,
		f.Purpose != "" && l.Purpose != f.Purpose,
		f.Agreement != "" && l.Agreement != f.Agreement,
		!f.From.IsZero() && l.Time.Before(f.From),
		!f.Until.IsZero() && !l.Time.Before(f.Until):
		return false
	}
	own := slices.Contains([]guichet.LeafKind{guichet.LeafTaken, guichet.LeafPurged, guichet.LeafWithdrew, guichet.LeafRenewed}, l.Kind)
	switch f.What {
	case "asked": // of us
		return l.From.Member != us && !own
	case "asking": // by us
		return l.From.Member == us && !own
	case "refused":
		return l.Clause != ""
	case "hidden":
		return l.Hidden > 0
	case "missed":
		return l.Kind == guichet.LeafMissed
	case "events":
		return own
	}
	return true
}

// Leaf returns a leaf with what belongs to it.
func (x auditForPages) Leaf(ctx context.Context, name string, index int64) (portal.LeafView, error) {
	s, err := x.seat(name)
	if err != nil {
		return portal.LeafView{}, err
	}
	leaf, err := s.journal.Leaf(ctx, index)
	if err != nil {
		return portal.LeafView{}, err
	}
	out := portal.LeafView{PlacedLeaf: portal.PlacedLeaf{Index: index, Leaf: leaf}}
	same, err := s.journal.Exchange(ctx, leaf.Exchange)
	if err != nil {
		return out, err
	}
	for _, l := range same {
		if l.Index != index {
			out.Same = append(out.Same, portal.PlacedLeaf(l))
		}
	}
	if out.Given, err = s.n.store.GivenBy(ctx, leaf.Exchange); err != nil {
		return out, err
	}
	if leaf.Agreement != "" {
		if versions, err := s.papers.repo.Versions(leaf.Agreement); err == nil && leaf.Version >= 1 && leaf.Version <= len(versions) {
			out.Terms = versions[leaf.Version-1].Terms
		}
	}
	return out, nil
}

// Verify holds journals against what was signed: ours first.
func (x auditForPages) Verify(ctx context.Context, name string, members []string, each func(portal.JournalReport)) error {
	s, err := x.seat(name)
	if err != nil {
		return err
	}
	own, err := s.journal.Check(ctx, s.trusted())
	if err != nil {
		return err
	}
	each(reportForPages(reportOf(s.us(), own)))
	for _, code := range members {
		m, ok := s.papers.circle().Member(code)
		if !ok || code == s.us() {
			continue
		}
		r, err := s.reportPeer(ctx, m)
		if err != nil {
			return err
		}
		each(reportForPages(r))
	}
	return nil
}

func reportForPages(r JournalReport) portal.JournalReport {
	out := portal.JournalReport{Member: r.Member, Leaves: r.Leaves, Compared: r.Compared, Witnesses: r.Witnesses}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, portal.JournalFinding(f))
	}
	return out
}

// Record is what was done outside the usual way.
func (x auditForPages) Record(ctx context.Context) (portal.Record, error) {
	out := portal.Record{}
	for _, v := range x.h.services {
		s := v.seat
		st, err := s.papers.whole()
		if err != nil {
			return out, err
		}
		for _, n := range st.Withdrawals {
			out.Notices = append(out.Notices, noticeForPages(s.name, n))
		}
		for _, a := range st.Agreements {
			for _, sus := range a.Suspended {
				if sus.By == "" { // the others stand in a notice
					out.Suspended = append(out.Suspended, portal.SuspendedIn{Circle: s.name, Agreement: a.ID, Suspension: sus})
				}
			}
		}
		if r := s.journal.Renewal(); r != nil {
			out.Renewed = append(out.Renewed, portal.Renewed{Circle: s.name, Why: r.Renewal.Why, At: r.Renewal.Time, Number: r.Renewal.Number, First: r.Renewal.First})
		}
	}
	if err := x.figuresRecord(ctx, &out); err != nil {
		return out, err
	}
	if _, err := x.public.read(); err != nil && guichet.KindOf(err) != guichet.KindNotFound { // to publish nothing is no exception
		out.Public = portal.TextOf(err)
	}
	return out, nil
}

// figuresRecord is what was done to the home's figures.
func (x auditForPages) figuresRecord(ctx context.Context, out *portal.Record) error {
	subs, err := x.h.n.Submissions(ctx)
	if err != nil {
		return err
	}
	for _, s := range subs {
		many := manyAside(s.Aside, s.Lines)
		if s.Override == "" && !many {
			continue
		}
		o := portal.Override{Submission: s.ID, File: s.File, Why: s.Override, By: s.OverrideBy, At: s.TakenAt, Lines: s.Lines}
		if many {
			o.Aside = s.Aside
		}
		for _, c := range s.Controls {
			if !c.OK() {
				o.Controls = append(o.Controls, c)
			}
		}
		out.Overrides = append(out.Overrides, o)
	}
	holds, err := x.h.n.store.Holds(ctx)
	if err != nil {
		return err
	}
	for _, h := range holds {
		out.Holds = append(out.Holds, portal.Hold{
			Name: h.Name, Dataset: h.Dataset, Why: h.Why, By: h.By, Set: h.Set, Lifted: h.Lifted, LiftedWhy: h.LiftedWhy, LiftedBy: h.LiftedBy,
		})
	}
	events, err := x.h.n.Events(ctx)
	if err != nil {
		return err
	}
	for _, e := range events {
		one := portal.Event{ID: e.ID, Dataset: e.Dataset, Kind: e.Kind, At: e.At, Of: e.Of, Why: e.Why, By: e.By, Removed: e.Removed, OffDisk: e.OffDisk}
		for _, p := range e.Proofs {
			one.Proofs = append(one.Proofs, portal.EventProof{Circle: p.Circle, Exchange: p.Exchange, Paper: p.Paper, Digest: p.Digest, Leaf: p.Leaf})
		}
		out.Events = append(out.Events, one)
	}
	return nil
}
