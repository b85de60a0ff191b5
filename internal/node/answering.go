package node

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"slices"

	"guichet"
	"guichet/internal/agreement"
	"guichet/internal/desk"
	"guichet/internal/disclosure"
	"guichet/internal/federation"
	"guichet/internal/gate"
	"guichet/internal/journal"
	"guichet/internal/store"
)

// This file passes the rooms to each other where a member asks us: what the desk
// needs of the rules and of the journal, what federation needs of the gate, the
// desk and the journal.

// counter is the desk's window to the members of the circle.
func (s *Seat) counter() (*desk.Counter, error) {
	return s.n.desk.Counter(desk.CounterConfig{
		Us: s.us(), Decider: deciding{s}, Protector: protecting{}, Encoder: store.Columns{},
		Journal: answering{s}, Ledger: s.n.store,
	})
}

// deciding judges by the agreements in force now.
type deciding struct{ s *Seat }

// Decide says whether a member may ask this.
func (d deciding) Decide(_ context.Context, a desk.Asked) guichet.Decision {
	now := d.s.clock()
	ds, err := d.s.n.store.Dataset(a.Request.Question.Dataset)
	if err != nil {
		ds = nil // unknown: refused, with its clause
	}
	circle := d.s.papers.circle()
	decision := agreement.Decide(agreement.Facts{
		Now: now, Us: d.s.us(), Circle: d.s.name, Members: circle.Members, Papers: d.s.papers.agreements(), Dataset: ds,
		Given:   func(id, asker string) int { return d.s.given.of(id, asker, now) },
		KeyFrom: a.Key.From,
	}, a.Request)
	if grace, ok := d.s.papers.grace(a.Request.Question.Lang); ok { // the agreement's notices are shared by all
		decision.Notices = append(slices.Clone(decision.Notices), grace)
	}
	return decision
}

// protecting hides cells by the rules of the agreement.
type protecting struct{}

// Needed says how many of the largest contributions the rules look at.
func (protecting) Needed(r guichet.DisclosureRules) int { return disclosure.Needed(r) }

// Protect says which cells must not be shown.
func (protecting) Protect(r guichet.DisclosureRules, cells []desk.Cell) []desk.Verdict {
	in := make([]disclosure.Cell, len(cells))
	for i, c := range cells {
		in[i] = disclosure.Cell{Contributors: c.Contributors, Total: c.Total, Gross: c.Gross, Largest: c.Largest}
	}
	out := make([]desk.Verdict, len(cells))
	for i, v := range disclosure.Protect(r, in).Verdicts {
		out[i] = desk.Verdict{Hidden: v.Hidden, Rule: string(v.Rule)}
	}
	return out
}

// answering is the journal as the desk writes it: what was given today is
// counted with the leaf.
type answering struct{ s *Seat }

// Append writes a leaf; it is durable when Append returns.
func (a answering) Append(ctx context.Context, leaf guichet.Leaf) (int64, error) {
	i, err := a.s.journal.Append(ctx, leaf)
	if err == nil {
		a.s.given.add(leaf)
	}
	return i, err
}

// asking is the journal as the asker's side writes it.
type asking struct{ j *journal.Journal }

// Append writes a leaf; it is durable when Append returns.
func (a asking) Append(ctx context.Context, leaf guichet.Leaf) (uint64, error) {
	i, err := a.j.Append(ctx, leaf)
	return uint64(max(i, 0)), err
}

// server builds what serves the other members.
func (s *Seat) server(counter *desk.Counter) (*federation.Server, error) {
	return federation.NewServer(federation.ServerConfig{
		Us: s.us(), Version: s.n.cfg.Version, Circle: s.papers.circle, Clock: s.n.cfg.Clock, Gate: admitting{s.gate}, Seal: &s.lines,
		Desk: serving{s, counter}, Journal: serving{s, counter}, Papers: circleFiles{s.papers},
		Size: func() uint64 { return uint64(max(s.journal.Size(), 0)) },
		Log:  s.n.cfg.Log,
	})
}

// serving is the desk and the journal as federation serves them.
type serving struct {
	s       *Seat
	counter *desk.Counter
}

// Reply answers one question; the leaf is durable when it returns.
func (d serving) Reply(ctx context.Context, a federation.Asked) (federation.Said, error) {
	d.s.salts.keep(a.Request.Exchange, a.Request.Salt)
	sealed, err := d.counter.Reply(ctx, desk.Asked{Request: a.Request, Body: a.Body, Key: a.Key})
	return federation.Said{Body: sealed.Body, Leaf: uint64(max(sealed.Leaf, 0))}, err
}

// Records answers with rows as they are.
func (d serving) Records(ctx context.Context, a federation.Asked, w *federation.RecordsWriter) error {
	d.s.salts.keep(a.Request.Exchange, a.Request.Salt)
	return d.counter.Records(ctx, desk.Asked{Request: a.Request, Body: a.Body, Key: a.Key}, w)
}

// Receipt proves that a leaf stands in our journal, to its parties alone.
func (d serving) Receipt(ctx context.Context, index uint64, member string) ([]byte, bool, error) {
	i := int64(index) //nolint:gosec // an index that overflows is not found
	leaf, err := d.s.journal.Leaf(ctx, i)
	if err == nil && leaf.From.Member != member && leaf.To != member {
		err = guichet.Errorf(guichet.KindNotFound, "there is no leaf %d of an exchange with %s", index, member)
	}
	if err != nil {
		return nil, false, err
	}
	proof, err := d.s.journal.Receipt(ctx, i)
	if errors.Is(err, journal.ErrNotYet) {
		return nil, false, nil
	}
	return proof, err == nil, err
}

// Exchanges returns the leaves in which a member is a party.
func (d serving) Exchanges(ctx context.Context, member string, from uint64, limit int) ([]federation.Entry, uint64, error) {
	leaves, next, err := d.s.journal.Of(ctx, member, int64(from), limit) //nolint:gosec // as above
	if err != nil {
		return nil, 0, err
	}
	out := make([]federation.Entry, len(leaves))
	for i, l := range leaves {
		text, err := guichet.Canonical(l.Leaf)
		if err != nil {
			return nil, 0, err
		}
		out[i] = federation.Entry{Index: uint64(max(l.Index, 0)), Leaf: json.RawMessage(text)}
	}
	return out, uint64(max(next, 0)), nil
}

// File returns a checkpoint or a tile of hashes.
func (d serving) File(ctx context.Context, path string) ([]byte, error) {
	return d.s.journal.File(ctx, path)
}

// AddCheckpoint cosigns a member's checkpoint.
func (d serving) AddCheckpoint(ctx context.Context, _ string, body []byte) (federation.Witnessed, error) {
	status, kind, answer := d.s.witness.AddCheckpoint(ctx, body)
	return federation.Witnessed{Status: status, Type: kind, Body: answer}, nil
}

// admitting is the gate as federation asks it.
type admitting struct{ g *gate.Gate }

// Admit says which member asks, and by which of its seal keys.
func (a admitting) Admit(r *http.Request, body []byte) (federation.Visitor, error) {
	m, k, err := a.g.Admit(r, body)
	if no, ok := errors.AsType[*gate.Refused](err); ok {
		err = federation.Told(no.Err, no.Status, no.After)
	}
	return federation.Visitor{Member: m, Key: k}, err
}

// circleFiles are the circle's published papers, as a file system that only
// ReadFile is asked of.
type circleFiles struct{ p *papers }

// ReadFile returns one of them; fs.ErrNotExist when there is none of that name.
func (c circleFiles) ReadFile(name string) ([]byte, error) {
	text, err := c.p.repo.File(name)
	if guichet.KindOf(err) == guichet.KindNotFound {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	return text, err
}

// Open opens one of them.
func (c circleFiles) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
}
