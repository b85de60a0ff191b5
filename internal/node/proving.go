package node

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"

	"guichet"
	"guichet/internal/circle"
	"guichet/internal/journal"
)

// Leaves returns leaves of our journal.
func (s *Seat) Leaves(ctx context.Context, q LeavesQuestion) ([]LeafEntry, error) {
	if q.Exchange != "" {
		found, err := s.journal.Exchange(ctx, q.Exchange)
		if err == nil && len(found) == 0 {
			err = guichet.Errorf(guichet.KindNotFound, "our journal has no leaf of an exchange %s", q.Exchange).WithHint("'guichet receipt list' shows those that there are")
		}
		return entries(found), err
	}
	out := []LeafEntry{}
	const page = 256
	for before := s.journal.Size(); before > 0 && (q.Limit <= 0 || len(out) < q.Limit); {
		found, err := s.journal.Latest(ctx, before, page)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			break
		}
		before = found[len(found)-1].Index
		for _, l := range entries(found) {
			if !q.Asked || l.Leaf.From.Member == s.us() && l.Leaf.Kind != guichet.LeafRenewed {
				out = append(out, l)
			}
		}
	}
	if q.Limit > 0 && len(out) > q.Limit {
		out = out[:q.Limit]
	}
	return out, nil
}

func entries(leaves []journal.IndexedLeaf) []LeafEntry {
	out := make([]LeafEntry, len(leaves))
	for i, l := range leaves {
		out[i] = LeafEntry(l)
	}
	return out
}

// Receipt fetches what proves an exchange from the member that answered it, or
// takes it from our own journal where we were asked, and verifies it.
func (s *Seat) Receipt(ctx context.Context, exchange string) (Receipt, error) {
	r, err := s.receipt(ctx, exchange)
	if err != nil {
		return Receipt{}, err
	}
	if salt, err := saltOf(filepath.Join(s.n.Home().Path, dirJournals, s.name), exchange); err == nil {
		r.Salt = hex.EncodeToString(salt)
	}
	return r, nil
}

func (s *Seat) receipt(ctx context.Context, exchange string) (Receipt, error) {
	found, err := s.Leaves(ctx, LeavesQuestion{Exchange: exchange})
	if err != nil {
		return Receipt{}, err
	}
	ours := found[len(found)-1]
	if ours.Leaf.Kind == guichet.LeafRecovered { // our own leaf is lost; theirs was kept when it was told
		return s.recoveredReceipt(ours.Leaf)
	}
	if ours.Leaf.To == s.us() {
		text, err := s.journal.Receipt(ctx, ours.Index)
		if err != nil {
			return Receipt{}, err
		}
		return VerifyReceipt(text, s.papers.circle())
	}
	if ours.Leaf.Peer == 0 {
		return Receipt{}, guichet.Errorf(guichet.KindNotFound, "the exchange %s has no receipt: nothing came that could be used (%s)", exchange, ours.Leaf.Reason)
	}
	m, ok := s.papers.circle().Member(ours.Leaf.To)
	if !ok {
		return Receipt{}, guichet.Errorf(guichet.KindNotFound, "%s is no member of the circle %s any more", ours.Leaf.To, s.name)
	}
	text, err := s.client.Receipt(ctx, m, uint64(ours.Leaf.Peer-1)) //nolint:gosec // one more than an index
	if err != nil {
		return Receipt{}, err
	}
	r, err := VerifyReceipt(text, s.papers.circle())
	if err != nil {
		return Receipt{}, err
	}
	if r.Index, err = s.positionOf(ctx, m, r); err != nil {
		return Receipt{}, err
	}
	if !proves(r, ours.Leaf) {
		return Receipt{}, guichet.Errorf(guichet.KindUntrusted, "the receipt that %s gave is not of its own leaf of this exchange, or tells another answer than our leaf %d", m.Code, ours.Index).
			WithHint("keep both: guichet journal verify --member %s says where they differ", m.Code)
	}
	return r, nil
}

// proves says whether a receipt is the other side's of what our leaf tells: of the
// very leaf that it named when it answered, in its own log. A receipt out of our
// log, which it could have fetched from us, tells the same words and proves nothing
// of what it wrote down.
func proves(r Receipt, ours guichet.Leaf) bool {
	l := r.Leaf
	kinds := []guichet.LeafKind{guichet.LeafAnswered, guichet.LeafEnded}
	if ours.Clause != "" {
		kinds = []guichet.LeafKind{guichet.LeafRefused}
	}
	return r.Member == ours.To && r.Index == ours.Peer-1 && slices.Contains(kinds, l.Kind) &&
		l.Exchange == ours.Exchange && l.From == ours.From && l.To == ours.To && l.Request == ours.Request && l.Reply == ours.Reply &&
		l.Agreement == ours.Agreement && l.Version == ours.Version && l.Clause == ours.Clause && l.Rows == ours.Rows
}

// VerifyReceipt holds a receipt against the circle's public keys: no network, no
// home. KindInvalid for what is no receipt, KindUntrusted for one that proves
// nothing.
func VerifyReceipt(text []byte, c guichet.Circle) (Receipt, error) {
	r, err := journal.VerifyReceipt(text, journal.Trusted(c))
	if err != nil {
		return Receipt{}, err
	}
	out := Receipt{Text: string(text), Circle: r.Circle, Member: r.Member, Log: r.Log, Index: r.Index, Size: r.Size, Root: r.Root, Leaf: r.Leaf, Witnesses: []string{}}
	for _, w := range r.Witnesses {
		out.Witnesses = append(out.Witnesses, w.Member)
	}
	out.Wanted = witnessesWanted(r.Leaf, c)
	return out, nil
}

// witnessesWanted is how many members are to cosign by the agreement that a leaf
// names; 0 where the circle does not hold that version of it.
func witnessesWanted(l guichet.Leaf, c guichet.Circle) int {
	i := slices.IndexFunc(c.Agreements, func(a guichet.Agreement) bool { return a.ID == l.Agreement && a.Version == l.Version })
	if i < 0 {
		return 0
	}
	return c.Agreements[i].Security.Witnesses
}

// PublicCircle reads the circle's public papers: of a bundle (a file that
// 'guichet circle bundle' wrote), or of a home. id is the circle's, known from
// elsewhere; "" takes what the papers say of themselves.
func PublicCircle(ctx context.Context, cfg Config, bundle []byte, id string) (guichet.Circle, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return guichet.Circle{}, err
	}
	if bundle != nil {
		st, err := circle.FromBundle(bundle, id)
		return st.Circle, err
	}
	n, err := Open(ctx, cfg)
	if err != nil {
		return guichet.Circle{}, err
	}
	defer func() { _ = n.Close() }()
	name, err := circleIn(n.Home().Path, cfg.Circle)
	if err != nil {
		return guichet.Circle{}, err
	}
	p, err := openPapers(n, name)
	if err != nil {
		return guichet.Circle{}, err
	}
	return p.state()
}

// VerifyJournal does so at a home, by its running node or at its seat. A journal
// that does not even open, since what lies on the disk is not what was signed, is
// looked at as it lies.
func VerifyJournal(ctx context.Context, cfg Config, members []string) ([]JournalReport, error) {
	op, err := Operate(ctx, cfg)
	if err == nil {
		reports, err := op.VerifyJournal(ctx, members)
		return reports, errors.Join(err, op.Close())
	}
	if kind := guichet.KindOf(err); kind == guichet.KindNotFound || kind == guichet.KindInvalid || ctx.Err() != nil {
		return nil, err
	}
	lying, lerr := lyingJournal(ctx, cfg)
	if lerr != nil || len(lying.Findings) == 0 {
		return nil, err // it opens for another reason: the disk, the keys, another process
	}
	return []JournalReport{lying}, nil
}

// lyingJournal looks at a journal as it lies on the disk.
func lyingJournal(ctx context.Context, cfg Config) (JournalReport, error) {
	n, err := Open(ctx, cfg)
	if err != nil {
		return JournalReport{}, err
	}
	defer func() { _ = n.Close() }()
	name, err := circleIn(n.Home().Path, cfg.Circle)
	if err != nil {
		return JournalReport{}, err
	}
	p, err := openPapers(n, name)
	if err != nil {
		return JournalReport{}, err
	}
	us := n.Home().Member
	rep, err := journal.CheckBook(ctx, filepath.Join(n.Home().Path, dirJournals, name), journal.Origin(name, us), journal.Trusted(p.circle()))
	return reportOf(us, rep), err
}

// VerifyJournal computes our own journal again, and holds those of members
// against what they showed us last and against our own leaves.
func (s *Seat) VerifyJournal(ctx context.Context, members []string) ([]JournalReport, error) {
	own, err := s.journal.Check(ctx, s.trusted())
	if err != nil {
		return nil, err
	}
	out := []JournalReport{reportOf(s.us(), own)}
	if len(members) == 0 {
		return out, nil
	}
	asked, _, err := s.asked(members)
	if err != nil {
		return nil, err
	}
	for _, m := range asked {
		r, err := s.reportPeer(ctx, m)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// reportPeer is verifyPeer where a journal that could not be looked at is a finding too;
// an error says that ctx ended.
func (s *Seat) reportPeer(ctx context.Context, m guichet.Member) (JournalReport, error) {
	r, err := s.verifyPeer(ctx, m)
	if err == nil || ctx.Err() != nil {
		return r, err
	}
	code, severity := unreachable, "notice"
	if guichet.KindOf(err) == guichet.KindUntrusted { // it was reached: what it tells cannot be believed
		code, severity = unbelieved, "serious"
	}
	return JournalReport{Member: m.Code, Findings: []JournalFinding{{
		Code: code, Severity: severity, Index: -1,
		Text: bothOf("its journal could not be looked at: %s", "son journal n’a pas pu être examiné : %s", []any{err}),
	}}}, nil
}

// verifyPeer holds a member's journal against ours.
func (s *Seat) verifyPeer(ctx context.Context, m guichet.Member) (JournalReport, error) {
	var ours []journal.IndexedLeaf
	for from := int64(0); from >= 0; {
		page, next, err := s.journal.Of(ctx, m.Code, from, 1000)
		if err != nil {
			return JournalReport{}, err
		}
		ours, from = append(ours, page...), next
	}
	if _, err := s.learnOf(ctx, m); err != nil {
		return JournalReport{}, err
	}
	theirs, err := s.theirLeaves(ctx, m, manyMore(len(ours)))
	if err != nil {
		return JournalReport{}, err
	}
	rep, err := journal.CheckPeer(ctx, journal.PeerLog{
		Circle: s.name, Member: m.Code, Keys: s.trusted(), Renewals: s.renewals, Leaves: theirs,
		Dir:   filepath.Join(s.n.Home().Path, dirJournals, s.name, "peers"),
		Fetch: func(ctx context.Context, path string) ([]byte, error) { return s.client.LogFile(ctx, m, path) },
	})
	if err != nil {
		return JournalReport{}, err
	}
	rep.Findings = append(rep.Findings, journal.Compare(ours, theirs, s.us(), m.Code)...)
	out := reportOf(m.Code, rep)
	out.Compared = len(ours)
	return out, nil
}

// manyMore is how many leaves of exchanges with us another member may tell of. Each
// exchange has one leaf or two on either side; who tells of many more than we know
// tells stories without end, and is not listened to until memory is full.
func manyMore(ours int) int { return 10_000 + 4*ours }

// theirLeaves are a member's leaves of exchanges with us, as it tells them.
func (s *Seat) theirLeaves(ctx context.Context, m guichet.Member, most int) ([]journal.IndexedLeaf, error) {
	var out []journal.IndexedLeaf
	for from, last := uint64(0), int64(-1); ; {
		page, next, err := s.client.Exchanges(ctx, m, from)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			var l guichet.Leaf
			if err := json.Unmarshal(e.Leaf, &l); err != nil {
				return nil, guichet.Errorf(guichet.KindUntrusted, "leaf %d of %s cannot be read: %w", e.Index, m.Code, err)
			}
			i := int64(e.Index) //nolint:gosec // one that overflows is not after the last
			if i <= last || len(out) == most {
				return nil, guichet.Errorf(guichet.KindUntrusted, "%s tells of leaf %d after leaf %d, as the %dth of its exchanges with us: out of order, or more than there can be", m.Code, e.Index, last, len(out)+1)
			}
			last = i
			out = append(out, journal.IndexedLeaf{Index: i, Leaf: l})
		}
		if next <= from || len(page) == 0 {
			return out, nil
		}
		from = next
	}
}

func reportOf(member string, r journal.Report) JournalReport {
	out := JournalReport{Member: member, Leaves: r.Size, Witnesses: len(r.Witnesses), Findings: []JournalFinding{}}
	for _, f := range r.Findings {
		index := f.Index
		if index < 0 {
			index = f.Theirs
		}
		out.Findings = append(out.Findings, JournalFinding{
			Code: string(f.Code), Severity: string(f.Severity), Index: index, Exchange: f.Exchange, Text: f.Text, Evidence: join(f.Evidence),
		})
	}
	slices.SortStableFunc(out.Findings, func(a, b JournalFinding) int { return graveness(b.Severity) - graveness(a.Severity) })
	return out
}

func graveness(severity string) int {
	return map[string]int{"notice": 1, "serious": 2, "grave": 3}[severity]
}

// unreachable is the code of a journal that could not be looked at: its silence
// says nothing of its honesty.
const unreachable = "unreachable"

// unbelieved is the code of a journal whose owner answered, and with what is not
// signed as the circle says or contradicts itself.
const unbelieved = "unbelieved"

// Wrong says whether reports hold anything that must be looked into, as an error
// that names the first of it: KindUntrusted for a journal that is not what was
// signed, KindBusy where the only fault is that one could not be looked at.
func Wrong(reports []JournalReport) error {
	var silent error
	for _, r := range reports {
		for _, f := range r.Findings {
			if graveness(f.Severity) > 1 {
				return guichet.Errorf(guichet.KindUntrusted, "the journal of %s is not as it should be: %s", r.Member, f.Text).WithHint("keep the journals as they are, and tell the members concerned")
			}
			if f.Code == unreachable && silent == nil {
				silent = guichet.Errorf(guichet.KindBusy, "the journal of %s could not be looked at", r.Member).WithHint("try again when that member answers")
			}
		}
	}
	return silent
}
