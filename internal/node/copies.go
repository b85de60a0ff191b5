package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"guichet"
	"guichet/internal/agreement"
	"guichet/internal/desk"
	"guichet/internal/federation"
	"guichet/internal/portal"
	"guichet/internal/store"
)

// This file answers from copies. A copy has tables and a desk of its own: the node's
// own tables never hold a row of it, so that no way to our own figures leads to
// somebody else's.

// RemarkCopy is the code of what every answer from a copy says.
const RemarkCopy = "copy"

// copies are the copies that a process has opened, by the folder of their tables.
type copies struct {
	mu   sync.Mutex // guards open
	open map[string]*openCopy
}

type openCopy struct {
	tables *store.Store
	desk   *desk.Desk

	mu      sync.Mutex // guards counter
	counter *desk.Counter
}

// of opens the tables of a copy.
func (c *copies) of(ctx context.Context, n *Node, dir string) (*openCopy, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if o := c.open[dir]; o != nil {
		return o, nil
	}
	t, err := store.Open(ctx, store.Config{Home: dir, Datasets: datasets(), Clock: n.cfg.Clock, Threads: n.cfg.Threads, MemoryMiB: n.cfg.MemoryMiB, LockWait: n.cfg.LockWait})
	if err != nil {
		return nil, err
	}
	if c.open == nil {
		c.open = map[string]*openCopy{}
	}
	c.open[dir] = &openCopy{tables: t, desk: desk.New(t, n.cfg.Clock)}
	return c.open[dir], nil
}

// forget closes the tables in a folder that is about to be removed. An answer that
// is being drawn from them fails, and is told so.
func (c *copies) forget(dir string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if o := c.open[dir]; o != nil {
		_ = o.tables.Close() // what it held is removed
		delete(c.open, dir)
	}
}

func (c *copies) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, o := range c.open {
		errs = append(errs, o.tables.Close())
	}
	c.open = nil
	return errors.Join(errs...)
}

// heldCopy is a copy that may or may not answer now.
type heldCopy struct {
	paper     copyPaper
	grant     agreement.CopyGrant
	reporters []string
	why       guichet.Text // it does not answer; empty: it does
	reason    guichet.GapReason
	clause    string
}

// standing judges a copy as its source would judge it now: by the same rule, from
// the papers of the circle that we have verified.
func (n *Node) standing(p copyPaper, papers *papers, lang string) heldCopy {
	h := heldCopy{paper: p, reason: guichet.GapRefused, clause: "copies"}
	for _, item := range p.Items {
		for _, u := range item.Submission.Units {
			if !slices.Contains(h.reporters, u.Reporter) {
				h.reporters = append(h.reporters, u.Reporter)
			}
		}
	}
	if len(h.reporters) == 0 {
		h.reporters = []string{p.Of}
	}
	if p.Ended != nil {
		h.why = *p.Ended
		return h
	}
	now, us := n.cfg.Clock().UTC(), n.Home().Member
	c := papers.circle()
	self, _ := c.Member(us)
	var since time.Time
	for _, k := range self.Keys {
		if k.Use == guichet.KeySeal && k.InForce(now) && k.From.After(since) {
			since = k.From
		}
	}
	ds, err := n.store.Dataset(p.dataset())
	if err != nil {
		h.why = portal.TextOf(err)
		return h
	}
	h.grant = agreement.Copying(agreement.Facts{
		Now: now, Us: p.Of, Circle: p.Circle, Members: c.Members, Papers: papers.agreements(), Dataset: ds,
		Given: func(string, string) int { return 0 }, KeyFrom: since,
	}, guichet.Request{
		From: guichet.Party{Circle: p.Circle, Member: us, Office: p.Ask.Office}, To: p.Of, Purpose: p.Ask.Purpose, Agreement: p.Agreement,
		Question: guichet.Question{Dataset: ds.Name, Lang: lang},
	})
	d, age := h.grant.Decision, now.Sub(p.Confirmed)
	switch {
	case !d.Permitted:
		h.clause = d.Clause
		h.why = guichet.Text{
			EN: fmt.Sprintf("the copy of %s does not answer any more: %s (%s)", p.Of, d.Text, d.Clause),
			FR: fmt.Sprintf("la copie de %s ne répond plus : %s (%s)", p.Of, d.Text, d.Clause),
		}
	case d.Version != p.Version:
		h.why = guichet.Text{
			EN: fmt.Sprintf("the copy of %s was taken under version %d of %s, and version %d is in force: it is to be synced", p.Of, p.Version, d.Agreement, d.Version),
			FR: fmt.Sprintf("la copie de %s a été prise selon la version %d de %s, et la version %d est en vigueur : elle est à synchroniser", p.Of, p.Version, d.Agreement, d.Version),
		}
	case h.grant.MaxAgeDays > 0 && age > time.Duration(h.grant.MaxAgeDays)*24*time.Hour:
		h.reason, h.clause = guichet.GapStale, h.grant.Clause+".copies.max_age_days"
		h.why = guichet.Text{
			EN: fmt.Sprintf("the copy of %s was last confirmed on %s, %s ago, and %s allows %d days: sync it", p.Of, p.Confirmed.UTC().Format(time.RFC3339), ageText(age), d.Agreement, h.grant.MaxAgeDays),
			FR: fmt.Sprintf("la copie de %s a été confirmée le %s, il y a %s, et %s autorise %d jours : synchronisez-la", p.Of, p.Confirmed.UTC().Format(time.RFC3339), ageText(age), d.Agreement, h.grant.MaxAgeDays),
		}
	}
	return h
}

// ageText writes an age as people say it: "3 h", "12 d".
func ageText(age time.Duration) string {
	switch {
	case age < time.Hour:
		return fmt.Sprintf("%d min", int(age/time.Minute))
	case age < 48*time.Hour:
		return fmt.Sprintf("%d h", int(age/time.Hour))
	}
	return fmt.Sprintf("%d d", int(age/(24*time.Hour)))
}

// remark marks an answer from the copy.
func (h heldCopy) remark(now time.Time, lang string) guichet.Remark {
	at, age := h.paper.Confirmed.UTC().Format(time.RFC3339), ageText(now.Sub(h.paper.Confirmed))
	return guichet.Remark{Code: RemarkCopy, Reporter: h.paper.Of, Text: guichet.Text{
		EN: fmt.Sprintf("from a copy of what %s holds, confirmed by it on %s, %s ago, under %s version %d", h.paper.Of, at, age, h.paper.Agreement, h.paper.Version),
		FR: fmt.Sprintf("d'une copie de ce que %s détient, confirmée par lui le %s, il y a %s, selon %s version %d", h.paper.Of, at, age, h.paper.Agreement, h.paper.Version),
	}.In(lang)}
}

// held are the copies of this home that a question is about, as they stand now: those
// of its dataset alone.
func (n *Node) held(q guichet.Question) ([]heldCopy, error) {
	var out []heldCopy
	byCircle := map[string]*papers{}
	for _, p := range copyPapers(n.Home().Path, n.cfg.Circle) {
		if p.List == "" && p.Ended == nil || p.dataset() != cmp.Or(q.Dataset, Dataset().Name) {
			continue // nothing was ever taken, or of something else
		}
		if byCircle[p.Circle] == nil {
			papers, err := openPapers(n, p.Circle)
			if err != nil {
				return nil, err
			}
			byCircle[p.Circle] = papers
		}
		h := n.standing(p, byCircle[p.Circle], q.Lang)
		named := q.Where[guichet.FieldReporter]
		if len(named) == 0 || slices.ContainsFunc(named, func(r string) bool { return slices.Contains(h.reporters, r) }) {
			out = append(out, h)
		}
	}
	return out, nil
}

// askCopies answers from our own tables and from copies, side by side: every row
// says whose word it is. ok is false where no copy is concerned.
func (n *Node) askCopies(ctx context.Context, q guichet.Question) (a guichet.Answer, ok bool, err error) {
	held, err := n.held(q)
	if err != nil || len(held) == 0 {
		return a, false, err
	}
	var results []federation.Result
	own, asked, err := n.ownPart(ctx, q, held)
	if err != nil {
		return a, false, err
	}
	if asked {
		answer, err := n.desk.Answer(ctx, own)
		if err != nil {
			return a, false, err
		}
		results = append(results, federation.Result{Member: n.Home().Member, Reply: &guichet.Reply{Member: n.Home().Member, Decision: guichet.Decision{Permitted: true}, Answer: &answer}})
	}
	for _, h := range held {
		r, err := n.askCopy(ctx, q, h)
		if err != nil {
			return a, false, err
		}
		results = append(results, r)
	}
	a = federation.Absorb(q, results)
	if a.AsOf.IsZero() {
		a.AsOf = n.cfg.Clock().UTC().Truncate(time.Second)
	}
	return a, true, nil
}

// askCopy answers from one copy, or says why it does not.
func (n *Node) askCopy(ctx context.Context, q guichet.Question, h heldCopy) (federation.Result, error) {
	out := federation.Result{Member: h.paper.Of}
	if h.why.EN != "" {
		out.Gap = &guichet.Gap{Reporter: h.paper.Of, Member: h.paper.Of, Reason: h.reason, Text: h.why.In(q.Lang)}
		return out, nil
	}
	o, err := n.copies.of(ctx, n, filepath.Join(h.paper.dir(n.Home().Path), h.paper.Generation))
	if err != nil {
		return out, err
	}
	q = ofReporters(q, h.reporters)
	a, err := o.desk.Answer(ctx, q)
	if err != nil {
		return out, err
	}
	out.Reply = &guichet.Reply{
		Member: h.paper.Of, Decision: guichet.Decision{Permitted: true, Notices: h.grant.Decision.Notices}, Answer: &a,
		Notices: []guichet.Remark{h.remark(n.cfg.Clock(), q.Lang)},
	}
	return out, nil
}

// ofReporters is the part of a question that is about some reporters.
func ofReporters(q guichet.Question, reporters []string) guichet.Question {
	named := q.Where[guichet.FieldReporter]
	if len(named) == 0 {
		return q
	}
	where := maps.Clone(q.Where)
	where[guichet.FieldReporter] = slices.DeleteFunc(slices.Clone(named), func(r string) bool { return !slices.Contains(reporters, r) })
	q.Where = where
	return q
}

// ownPart is the part of a question that our own tables answer; asked is false
// where copies alone are concerned.
func (n *Node) ownPart(ctx context.Context, q guichet.Question, held []heldCopy) (own guichet.Question, asked bool, err error) {
	reporters, err := n.ownReporters(ctx, q.Dataset)
	if err != nil {
		return q, false, err
	}
	named := q.Where[guichet.FieldReporter]
	if len(named) == 0 {
		return q, len(reporters) > 0, nil
	}
	var ours []string
	for _, r := range named {
		copied := slices.ContainsFunc(held, func(h heldCopy) bool { return slices.Contains(h.reporters, r) })
		if slices.Contains(reporters, r) || !copied {
			ours = append(ours, r)
		}
	}
	return ofReporters(q, ours), len(ours) > 0, nil
}

// ownReporters are those of whom our own tables hold something.
func (n *Node) ownReporters(ctx context.Context, dataset string) ([]string, error) {
	subs, err := n.store.Submissions(ctx, dataset)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, s := range subs {
		for _, r := range s.Reporters() {
			if !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	}
	return out, nil
}

// sources are what answers a member's question: our own tables (own), and copies,
// each with the reporters of the question that it answers. A copy answers of
// reporters of whom we hold nothing of our own; where none is named, copies answer
// only if there is nothing of our own: who asks everybody asks their sources too.
func (s *Seat) sources(ctx context.Context, q guichet.Question) (own []string, asked bool, from []heldCopy, err error) {
	held, err := s.n.held(q)
	held = slices.DeleteFunc(held, func(h heldCopy) bool { return h.paper.Circle != s.name })
	if err != nil || len(held) == 0 {
		return nil, true, nil, err
	}
	ours, err := s.n.ownReporters(ctx, q.Dataset)
	if err != nil {
		return nil, true, nil, err
	}
	named := q.Where[guichet.FieldReporter]
	if len(named) == 0 {
		if len(ours) > 0 {
			return nil, true, nil, nil
		}
		for i := range held {
			held[i].reporters = nil
		}
		return nil, false, held, nil
	}
	copied := map[string]bool{}
	for _, h := range held {
		h.reporters = slices.DeleteFunc(slices.Clone(named), func(r string) bool { return slices.Contains(ours, r) || !slices.Contains(h.reporters, r) })
		for _, r := range h.reporters {
			copied[r] = true
		}
		if len(h.reporters) > 0 {
			from = append(from, h)
		}
	}
	own = slices.DeleteFunc(slices.Clone(named), func(r string) bool { return copied[r] })
	return own, len(own) > 0, from, nil
}

// counterFor is the counter that answers a member's question where one source answers
// all of it: our own, or that of a copy; else parts says which answer side by side.
func (s *Seat) counterFor(ctx context.Context, counter *desk.Counter, req guichet.Request) (*desk.Counter, []desk.Part, error) {
	q := req.Question
	own, asked, from, err := s.sources(ctx, q)
	switch {
	case err != nil || len(from) == 0:
		return counter, nil, err
	case !asked && len(from) == 1:
		counter, err = s.counterOf(ctx, from[0])
		return counter, nil, err
	case req.Records: // a stream is of one table
		return counter, nil, nil
	}
	var parts []desk.Part
	if asked {
		parts = append(parts, desk.Part{Desk: s.n.desk, Reporters: own, Ledger: s.n.store})
	}
	for _, h := range from {
		p, err := s.partOf(ctx, req, h)
		if err != nil {
			return nil, nil, err
		}
		parts = append(parts, p)
	}
	if !slices.ContainsFunc(parts, func(p desk.Part) bool { return p.Gap == nil }) { // a refusal, with the first's clause
		counter, err = s.counterOf(ctx, from[0])
		return counter, nil, err
	}
	return counter, parts, nil
}

// partOf is a copy's part of an answer, or why it has none.
func (s *Seat) partOf(ctx context.Context, req guichet.Request, h heldCopy) (desk.Part, error) {
	of := h.paper.Of
	p := desk.Part{Of: of, Reporters: h.reporters, Ledger: copyLedger{s.n.store, of}}
	no, notices := passing{deciding{s}, of, h.paper.dataset()}.onward(req.From.Member, req.Question.Lang)
	if no != nil {
		p.Gap = &guichet.Gap{Reporter: of, Reason: guichet.GapRefused, Text: no.Text + " (" + no.Clause + ")"}
		if h.why.EN != "" {
			p.Gap.Reason = h.reason
		}
		return p, nil
	}
	o, err := s.n.copies.of(ctx, s.n, filepath.Join(h.paper.dir(s.n.Home().Path), h.paper.Generation))
	if err != nil {
		return p, err
	}
	p.Desk, p.Notices = o.desk, notices
	return p, nil
}

// counterOf is the counter of one copy. Of one that has no tables, ours refuses.
func (s *Seat) counterOf(ctx context.Context, h heldCopy) (*desk.Counter, error) {
	onward := passing{deciding{s}, h.paper.Of, h.paper.dataset()}
	config := func(d desk.Decider) desk.CounterConfig {
		return desk.CounterConfig{
			Us: s.us(), Decider: d, Protector: protecting{}, Encoder: store.Columns{}, Journal: answering{s},
			Ledger: copyLedger{s.n.store, h.paper.Of}, HeldBytes: -1, // each answer tells the copy's age
			Words: inBoth,
		}
	}
	if h.paper.Generation == "" {
		return s.n.desk.Counter(config(onward)) // it refuses before it looks
	}
	o, err := s.n.copies.of(ctx, s.n, filepath.Join(h.paper.dir(s.n.Home().Path), h.paper.Generation))
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.counter == nil {
		o.counter, err = o.desk.Counter(config(onward))
	}
	return o.counter, err
}

// passing decides whether what we keep of another member may be passed on: by our
// own agreement with who asks, and by the one under which the copy was taken.
type passing struct {
	deciding
	of, dataset string
}

// Decide says whether a member may ask this of the copy.
func (d passing) Decide(ctx context.Context, a desk.Asked) guichet.Decision {
	out := d.deciding.Decide(ctx, a)
	if !out.Permitted {
		return out
	}
	no, notices := d.onward(a.Request.From.Member, a.Request.Question.Lang)
	if no != nil {
		return *no
	}
	out.Notices = append(slices.Clone(out.Notices), notices...)
	return out
}

// onward says why what the copy holds may not be passed on to a member, or what is to
// be shown with it.
func (d passing) onward(to, lang string) (*guichet.Decision, []guichet.Remark) {
	var p copyPaper
	if _, err := readPaper(filepath.Join(copyDir(d.s.n.Home().Path, d.s.name, d.of, d.dataset), copyPaperName), &p); err != nil || p.Of == "" {
		return &guichet.Decision{Clause: "copies", Text: guichet.Text{EN: "the copy cannot be read", FR: "la copie est illisible"}.In(lang)}, nil
	}
	h := d.s.n.standing(p, d.s.papers, lang)
	refused := guichet.Decision{Agreement: p.Agreement, Version: p.Version, Hint: guichet.Text{EN: "ask " + d.of + " itself", FR: "interrogez " + d.of + " même"}.In(lang)}
	switch {
	case h.why.EN != "":
		refused.Clause, refused.Text = h.clause, h.why.In(lang)
	case h.grant.Onward == "public", h.grant.Onward == "parties" && slices.Contains(h.grant.Parties, to):
		return nil, append(slices.Clone(h.grant.Decision.Notices), h.remark(d.s.clock(), lang))
	default:
		refused.Clause = h.grant.Clause + ".onward"
		refused.Text = guichet.Text{EN: fmt.Sprintf("what %s gave may not be passed on to %s", d.of, to), FR: fmt.Sprintf("ce que %s a donné ne peut être transmis à %s", d.of, to)}.In(lang)
	}
	return &refused, nil
}

// copyLedger notes what was given from a copy beside what was given of our own: its
// snapshots are those of other tables, and say so.
type copyLedger struct {
	ledger desk.Ledger
	of     string
}

// Give returns when the set is durable.
func (l copyLedger) Give(ctx context.Context, set guichet.GivenSet) error {
	set.Snapshot = "copy/" + l.of + "/" + set.Snapshot
	return l.ledger.Give(ctx, set)
}
