package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"net/http"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"guichet"
	"guichet/internal/agreement"
	"guichet/internal/desk"
	"guichet/internal/disclosure"
	"guichet/internal/federation"
	"guichet/internal/gate"
	"guichet/internal/journal"
	"guichet/internal/portal"
	"guichet/internal/store"
)

// This file passes the rooms to each other where a member asks us: what the desk
// needs of the rules and of the journal, what federation needs of the gate, the
// desk and the journal.

// counter is the desk's window to the members of the circle.
func (s *Seat) counter() (*desk.Counter, error) {
	return s.n.desk.Counter(desk.CounterConfig{
		Us: s.us(), Decider: deciding{s}, Protector: protecting{}, Encoder: store.Columns{},
		Journal: answering{s}, Ledger: s.n.store, Words: inBoth,
	})
}

// inBoth says an error and its hint in both languages.
func inBoth(err error) (said, hint guichet.Text) { return portal.TextOf(err), portal.HintOf(err) }

// deciding judges by the agreements in force now.
type deciding struct{ s *Seat }

// Decide says whether a member may ask this.
func (d deciding) Decide(ctx context.Context, a desk.Asked) guichet.Decision {
	decision := d.decide(ctx, a)
	if grace, ok := d.s.papers.grace(a.Request.Question.Lang); ok { // the agreement's notices are shared by all
		decision.Notices = append(slices.Clone(decision.Notices), grace)
	}
	return decision
}

// decide judges, and takes a place of the quota for what it permits. Where others
// took the last one meanwhile it judges again.
func (d deciding) decide(ctx context.Context, a desk.Asked) guichet.Decision {
	f, no := d.facts(a)
	if no != nil {
		return *no
	}
	const tries = 4
	for range tries {
		out := agreement.Decide(f, a.Request)
		if !out.Permitted || d.s.given.take(ctx, quota{out.Agreement, a.Request.From.Member}, out.Conditions.Quota, f.Now) {
			return out
		}
	}
	f.Given = func(string, string) int { return math.MaxInt }
	return agreement.Decide(f, a.Request)
}

// facts are what a request is judged by, or why it is not judged at all.
func (d deciding) facts(a desk.Asked) (agreement.Facts, *guichet.Decision) {
	say := func(en, fr string) string { return guichet.Text{EN: en, FR: fr}.In(a.Request.Question.Lang) }
	if a.Request.From.Member == d.s.us() { // our own questions do not come by the wire
		return agreement.Facts{}, &guichet.Decision{Clause: agreement.ClauseMembers, Text: say("nobody asks itself over the wire", "nul ne s'interroge soi-même par le réseau")}
	}
	law, _, err := d.s.law.inForce()
	if err != nil {
		return agreement.Facts{}, &guichet.Decision{
			Clause: clauseLaw, Text: say("the member's own law cannot be read by its node, and nothing is answered without it", "le nœud du membre ne peut lire son propre droit, et rien n'est répondu sans lui"),
			Hint: say("ask later; its operator sees why with: guichet doctor", "interrogez plus tard ; son exploitant en voit la cause avec : guichet doctor"),
		}
	}
	ds, err := d.s.n.store.Dataset(a.Request.Question.Dataset)
	if err != nil {
		ds = nil // unknown: refused, with its clause
	}
	now := d.s.clock()
	return agreement.Facts{
		Now: now, Us: d.s.us(), Circle: d.s.name, Members: d.s.papers.circle().Members, Papers: d.s.papers.agreements(), Dataset: ds,
		Given:   func(id, asker string) int { return d.s.given.of(id, asker, now) },
		KeyFrom: a.Key.From, Law: law,
	}, nil
}

// still says whether a stream of records may go on: by the key that asked for it,
// and by the agreement, the circle and our law as they are now.
func (d deciding) still(_ context.Context, a federation.Asked, by guichet.Decision) error {
	m, ok := d.s.papers.circle().Member(a.Member.Code)
	if ok {
		_, ok = m.Key(guichet.KeySeal, a.Key.ID, d.s.clock())
	}
	if !ok {
		return guichet.Errorf(guichet.KindUntrusted, "the seal key %s that signed the question is no longer one of %s in force", a.Key.ID, a.Member.Code).
			WithHint("ask again, signed by the key in force")
	}
	f, no := d.facts(desk.Asked{Request: a.Request, Body: a.Body, Key: a.Key})
	if no != nil {
		return guichet.Errorf(guichet.KindRefused, "%s", no.Text).WithHint("%s", no.Hint)
	}
	return agreement.Still(f, a.Request, by)
}

// clauseLaw is the clause by which all is refused while our law cannot be read.
const clauseLaw = "law"

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
		out[i] = desk.Verdict{Hidden: v.Hidden, Rule: v.Rule}
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
		a.s.given.add(ctx, leaf)
	}
	return i, err
}

// asking is the journal as the asker's side writes it.
type asking struct{ j *journal.Book }

// Append writes a leaf; it is durable when Append returns.
func (a asking) Append(ctx context.Context, leaf guichet.Leaf) (uint64, error) {
	i, err := a.j.Append(ctx, leaf)
	return uint64(max(i, 0)), err
}

// server builds what serves the other members.
func (s *Seat) server(counter *desk.Counter) (*federation.Server, error) {
	var watch federation.Watch
	if s.watch != nil {
		watch = seatWatch{s.watch, s.name}
	}
	return federation.NewServer(federation.ServerConfig{
		Us: s.us(), Version: s.n.cfg.Version, Circle: s.papers.circle, Clock: s.n.cfg.Clock, Gate: admitting{s.gate}, Seal: &s.lines,
		Desk: serving{s, counter}, Still: deciding{s}.still, Letters: writing{s, counter}, Journal: serving{s, counter}, Papers: func(m guichet.Member) fs.FS { return circleFiles{s.papers, m.Code} },
		Size: func() uint64 { return uint64(max(s.journal.Size(), 0)) },
		Log:  s.n.cfg.Log, Watch: watch,
	})
}

// serving is the desk and the journal as federation serves them.
type serving struct {
	s       *Seat
	counter *desk.Counter
}

// mostValues bounds the names and values of a question: each is looked up in every
// edition and under every paper, which took a second of 6,000 codes in one request.
const mostValues = 1000

func bounded(q guichet.Question) error {
	n := len(q.By) + len(q.Measures)
	for _, values := range q.Where {
		n += 1 + len(values)
	}
	if n > mostValues {
		return guichet.Errorf(guichet.KindInvalid, "the question has %d names and values, more than the %d that are looked up", n, mostValues).
			WithHint("name a group or a heading, or ask several times")
	}
	return nil
}

// Reply answers one question; the leaf is durable when it returns.
func (d serving) Reply(ctx context.Context, a federation.Asked) (federation.Said, error) {
	if err := bounded(a.Request.Question); err != nil {
		return federation.Said{}, err
	}
	if err := d.s.journal.Ready(); err != nil { // before anything is noted of an answer that cannot be given
		return federation.Said{}, err
	}
	d.s.salts.keep(a.Request.Exchange, a.Request.Salt)
	ctx, done := d.s.given.begin(ctx)
	defer done()
	counter, parts, err := d.s.counterFor(ctx, d.counter, a.Request)
	if err != nil {
		return federation.Said{}, err
	}
	asked := desk.Asked{Request: a.Request, Body: a.Body, Key: a.Key}
	var sealed desk.Sealed
	if len(parts) > 0 {
		sealed, err = counter.Together(ctx, asked, parts)
	} else {
		sealed, err = counter.Reply(ctx, asked)
	}
	return federation.Said{Body: sealed.Body, Leaf: uint64(max(sealed.Leaf, 0)), Refused: !sealed.Reply.Decision.Permitted}, err
}

// Records answers with rows as they are.
func (d serving) Records(ctx context.Context, a federation.Asked, w *federation.RecordsWriter) error {
	if err := bounded(a.Request.Question); err != nil {
		return err
	}
	if err := d.s.journal.Ready(); err != nil {
		return err
	}
	d.s.salts.keep(a.Request.Exchange, a.Request.Salt)
	ctx, done := d.s.given.begin(ctx)
	defer done()
	counter, _, err := d.s.counterFor(ctx, d.counter, a.Request)
	if err != nil {
		return err
	}
	return counter.Records(ctx, desk.Asked{Request: a.Request, Body: a.Body, Key: a.Key}, w)
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

// File returns a checkpoint or a tile of hashes; or what we have seen of another
// member's log.
func (d serving) File(ctx context.Context, path string) ([]byte, error) {
	if member, ok := strings.CutPrefix(path, "seen/"); ok {
		return journal.Remembered(filepath.Join(d.s.n.Home().Path, dirJournals, d.s.name), d.s.name, member)
	}
	if member, ok := strings.CutPrefix(path, "renewal/"); ok {
		return d.s.renewalOf(member)
	}
	return d.s.journal.File(ctx, path)
}

// AddCheckpoint cosigns a member's checkpoint.
func (d serving) AddCheckpoint(ctx context.Context, member string, body []byte) (federation.Witnessed, error) {
	if d.s.unproven.Load() { // what we remember of others may be as old as our journal
		return federation.Witnessed{Status: http.StatusInternalServerError, Type: "text/plain; charset=utf-8", Body: []byte("this witness was restored from a copy and does not sign yet\n")}, nil
	}
	status, kind, answer := d.s.witness.AddCheckpoint(ctx, body)
	if status == http.StatusNotFound && d.s.learn(ctx, member) {
		status, kind, answer = d.s.witness.AddCheckpoint(ctx, body)
	}
	return federation.Witnessed{Status: status, Type: kind, Body: answer}, nil
}

// admitting is the gate as federation asks it.
type admitting struct{ g *gate.Gate }

// Peer says whose tls key is at the other end of the connection.
func (a admitting) Peer(r *http.Request) (guichet.Member, error) {
	m, err := a.g.Peer(r)
	return m, withStatus(err)
}

// Admit says which member asks, and by which of its seal keys.
func (a admitting) Admit(r *http.Request, body []byte) (federation.Visitor, error) {
	m, k, err := a.g.Admit(r, body)
	return federation.Visitor{Member: m, Key: k}, withStatus(err)
}

// withStatus keeps the status that the gate gives an error.
func withStatus(err error) error {
	if no, ok := errors.AsType[*gate.Refused](err); ok {
		return federation.Told(no.Err, no.Status, no.After)
	}
	return err
}

// circleFiles are the circle's published papers as a member may read them, as a file
// system of single files.
type circleFiles struct {
	p      *papers
	member string
}

// Open opens one of them; fs.ErrNotExist when there is none of that name.
func (c circleFiles) Open(name string) (fs.File, error) {
	text, err := c.p.repo.FileFor(c.member, name)
	if guichet.KindOf(err) == guichet.KindNotFound {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if err != nil {
		return nil, err
	}
	return &paperFile{Reader: *bytes.NewReader(text), name: path.Base(name)}, nil
}

// paperFile is one paper, opened. It describes itself.
type paperFile struct {
	bytes.Reader
	name string
}

// Stat returns the file itself.
func (p *paperFile) Stat() (fs.FileInfo, error) { return p, nil }

// Close does nothing.
func (*paperFile) Close() error { return nil }

// Name is the last part of its path.
func (p *paperFile) Name() string { return p.name }

// Mode is that of a file to be read.
func (*paperFile) Mode() fs.FileMode { return 0o444 }

// ModTime is not known.
func (*paperFile) ModTime() time.Time { return time.Time{} }

// IsDir is false.
func (*paperFile) IsDir() bool { return false }

// Sys is nothing.
func (*paperFile) Sys() any { return nil }
