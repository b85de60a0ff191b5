package node

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"guichet"
	"guichet/internal/journal"
	"guichet/internal/seal"
)

// This file renews a journal: where what others have seen of it is lost, it goes on
// in a log of its own that begins where they have seen the last one end. And it
// learns that others have done so.

// RenewalView is a renewal for people.
type RenewalView struct {
	Circle string           `json:"circle"`
	Member string           `json:"member"`
	Log    int              `json:"log"`   // that begins
	First  int64            `json:"first"` // position of its first leaf
	Logs   []EndedView      `json:"logs"`  // that have ended
	Why    string           `json:"why"`
	Time   time.Time        `json:"time"`
	Digest string           `json:"digest"`
	Signed []guichet.KeyUse `json:"signed"` // by which keys: "member", "log"
}

// EndedView is a log that has ended, for people.
type EndedView struct {
	Log    int   `json:"log"`
	First  int64 `json:"first"` // position of its first leaf
	Have   int64 `json:"have"`  // leaves that are there
	Seen   int64 `json:"seen"`  // leaves that others have seen of it
	Lost   int64 `json:"lost"`
	Forked bool  `json:"forked,omitempty"` // more than one was signed under our key
}

// ReadRenewal reads the text of a renewal.
func ReadRenewal(text []byte) (RenewalView, error) {
	s, err := journal.ParseRenewal(text)
	if err != nil {
		return RenewalView{}, err
	}
	r := s.Renewal
	v := RenewalView{Circle: r.Circle, Member: r.Member, Log: r.Number, First: r.First, Logs: []EndedView{}, Why: r.Why, Time: r.Time, Digest: r.Digest(), Signed: []guichet.KeyUse{}}
	for _, e := range r.Before {
		from, to := e.Lost()
		v.Logs = append(v.Logs, EndedView{Log: e.Number, First: e.First, Have: e.Have, Seen: e.EndSize(), Lost: to - from, Forked: e.Forked})
	}
	for _, x := range s.Signatures {
		v.Signed = append(v.Signed, x.Use)
	}
	return v, nil
}

// DraftRenewal drafts the renewal of our journal, which must be closed since others
// have seen more of it, or another one. Nothing is signed and nothing begins.
// KindBusy while half of the others or more are silent.
func (s *Seat) DraftRenewal(ctx context.Context, why string) ([]byte, error) {
	if why == "" {
		return nil, guichet.Errorf(guichet.KindInvalid, "no reason is given why the journal is renewed").WithHint("say what the other members will be told: --why \"the disk was lost, and the newest backup is of yesterday\"")
	}
	r, err := s.draftRenewal(ctx, why)
	if err != nil {
		return nil, err
	}
	return journal.SignedRenewal{Renewal: r, Signatures: []journal.RenewalSignature{}}.Bytes()
}

func (s *Seat) draftRenewal(ctx context.Context, why string) (journal.Renewal, error) {
	st, told := s.standing(ctx)
	ahead := slices.ContainsFunc(st.Members, func(m SeenByIt) bool { return m.State == "more" || m.State == "other" })
	if !ahead {
		return journal.Renewal{}, guichet.Errorf(guichet.KindInvalid, "nobody who answers has seen more of our journal than it holds; there is nothing to renew").WithHint("guichet journal standing says what each has seen")
	}
	if 2*st.heard() <= len(st.Members) {
		return journal.Renewal{}, guichet.Errorf(guichet.KindBusy, "%d of %d other members have said what they have seen of our journal; more than half must: the journal ends where they have seen it end", st.heard(), len(st.Members)).
			WithHint("try again when more of them answer")
	}
	var seen, renewed [][]byte
	for _, t := range told {
		seen, renewed = append(seen, t.seen), append(renewed, t.renewal)
	}
	return s.journal.Draft(ctx, why, seen, renewed, s.papers.circle())
}

// SignRenewal adds the signature of the member's own key, without which no member
// believes a renewal: who has stolen a node cannot end its journal.
func (c *Ceremonies) SignRenewal(text []byte) ([]byte, error) {
	s, err := journal.ParseRenewal(text)
	if err != nil {
		return nil, err
	}
	now, err := c.Circle()
	if err != nil {
		return nil, err
	}
	if s.Renewal.Circle != now.Name || s.Renewal.Member != c.n.Home().Member {
		return nil, guichet.Errorf(guichet.KindInvalid, "the renewal is of the journal of %s in %s; this home is of %s in %s", s.Renewal.Member, s.Renewal.Circle, c.n.Home().Member, now.Name)
	}
	self, _ := now.Member(c.n.Home().Member)
	_, keys, err := c.memberKey()
	if err != nil {
		return nil, err
	}
	defer keys.Close()
	key, paper, err := keys.InForce(self, guichet.KeyMember, c.now())
	if err != nil {
		return nil, err
	}
	if err := s.Sign(guichet.KeyMember, paper.ID, key); err != nil {
		return nil, err
	}
	return s.Bytes()
}

// PublishRenewal begins the log that a renewal names, which the member's own key has
// signed. The others are asked once more: what they have seen must not be beyond the
// ends that it says. It is decided when the renewal is on our disk; the others learn
// of it within seconds, when they are asked to cosign.
func (s *Seat) PublishRenewal(ctx context.Context, text []byte) (Standing, error) {
	signed, err := journal.ParseRenewal(text)
	if err != nil {
		return Standing{}, err
	}
	self, _ := s.papers.circle().Member(s.us())
	if err := signed.SignedBy(self, guichet.KeyMember); err != nil {
		return Standing{}, err
	}
	now, err := s.draftRenewal(ctx, signed.Renewal.Why)
	if err != nil {
		return Standing{}, err
	}
	if now.Number != signed.Renewal.Number {
		return Standing{}, guichet.Errorf(guichet.KindInvalid, "the renewal is of log %d; the next is log %d", signed.Renewal.Number, now.Number).WithHint("draft it again: guichet journal renew")
	}
	for i, e := range now.Before {
		if was := signed.Renewal.Before[i]; e.EndSize() > was.EndSize() || e.Forked && !was.Forked {
			return Standing{}, guichet.Errorf(guichet.KindInvalid, "the renewal says that log %d ended at %d leaves, and of it %d were seen since, or another tree", e.Number, was.EndSize(), e.EndSize()).WithHint("draft it again: guichet journal renew")
		}
	}
	key, paper, err := s.keyInForce(guichet.KeyLog)
	if err != nil {
		return Standing{}, err
	}
	if _, err := seal.PublicOf(key); err != nil {
		return Standing{}, err
	}
	if err := signed.Sign(guichet.KeyLog, paper.ID, key); err != nil {
		return Standing{}, err
	}
	if err := signed.Verify(s.papers.circle(), s.clock()); err != nil {
		return Standing{}, err
	}
	if err := s.journal.Begin(ctx, signed); err != nil {
		return Standing{}, err
	}
	s.n.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "journal renewed", slog.Int("log", signed.Renewal.Number), slog.Int64("lost", signed.Renewal.Lost()), slog.String("why", signed.Renewal.Why))
	s.proven(ctx)
	s.recoverAtOnce(ctx)
	return s.Standing(ctx)
}

// renewalOf is the newest renewal that we know of a member's journal, or of ours, as
// the others may fetch it.
func (s *Seat) renewalOf(member string) ([]byte, error) {
	known := s.journal.Renewal()
	var err error
	if member != s.us() {
		known, err = s.renewals.Of(member)
	}
	if err == nil && known == nil {
		err = guichet.Errorf(guichet.KindNotFound, "no renewal of the journal of %s is known here", member)
	}
	if err != nil {
		return nil, err
	}
	return known.Bytes()
}

// learn looks whether a member has renewed its journal, when its witness is asked
// for a log that we do not know.
func (s *Seat) learn(ctx context.Context, member string) bool {
	ctx, cancel := context.WithTimeout(ctx, standAtMost)
	defer cancel()
	m, ok := s.papers.circle().Member(member)
	if !ok {
		return false
	}
	news, _ := s.learnOf(ctx, m) // told in the log
	return news
}

// learnOf asks a member for its renewal, and accepts it if it holds.
func (s *Seat) learnOf(ctx context.Context, m guichet.Member) (bool, error) {
	raw, err := s.client.LogFile(ctx, m, "renewal/"+m.Code)
	if guichet.KindOf(err) == guichet.KindNotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	news, err := s.renewals.Accept(raw, s.papers.circle(), m.Code, s.clock())
	if err != nil {
		if was, told := s.refusedRenewals.Swap(m.Code, err.Error()); !told || was != err.Error() { // it is announced every two seconds
			s.n.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "renewal of a journal refused", slog.String("member", m.Code), slog.String("error", err.Error()))
		}
		return false, guichet.Errorf(guichet.KindUntrusted, "%s announces that its journal goes on in another log, and that is not accepted: %w", m.Code, err)
	}
	if news {
		s.n.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "a member has renewed its journal", slog.String("member", m.Code))
	}
	return news, nil
}

// learnAll does so of all others: of one whose renewal came while we were away, and
// of those that ask nobody to cosign.
func (s *Seat) learnAll(ctx context.Context) {
	now := s.clock()
	for _, m := range s.papers.circle().Members {
		if m.Code != s.us() && !m.HasLeft(now) && ctx.Err() == nil {
			_, _ = s.learnOf(ctx, m) // told in the log
		}
	}
}

// positionOf is the position of the leaf of a receipt in a member's journal.
func (s *Seat) positionOf(ctx context.Context, m guichet.Member, r Receipt) (int64, error) {
	for range 2 {
		known, err := s.renewals.Of(m.Code)
		if err != nil {
			return 0, err
		}
		if known == nil && r.Log == 1 {
			return r.Index, nil
		}
		if known != nil {
			if at, ok := known.Renewal.Position(r.Log, r.Index); ok {
				return at, nil
			}
		}
		if _, err := s.learnOf(ctx, m); err != nil {
			return 0, err
		}
	}
	return 0, guichet.Errorf(guichet.KindUntrusted, "the receipt is of log %d of %s, and no renewal is known that began it", r.Log, m.Code)
}

// recoveredDone is what the others have told of what was lost since a renewal.
type recoveredDone struct {
	Renewal string   `json:"renewal"` // its digest
	Members []string `json:"members"` // that were heard to the end
}

const (
	// recoveredFile is where it stands, and dirRecovered the receipts that they gave.
	recoveredFile = "recovered.json"
	dirRecovered  = "recovered"
	// recoverEvery is how long a member that did not answer is left alone.
	recoverEvery = 5 * time.Second
	// recoverAtMost is how long one member may take; what it has told is kept, and the
	// rest asked for again. A publication waits less: the rest comes by itself.
	recoverAtMost = time.Minute
	recoverAtOnce = 5 * time.Second
	// unseen is how many more exchanges than leaves that others have seen may be told
	// as lost: those of the last seconds, that nobody had witnessed.
	unseen = 1000
)

func (s *Seat) inJournal(name string) string { return filepath.Join(filepath.Dir(s.markFile()), name) }

// recover asks every other member, once since the last renewal, for the exchanges
// with us of which we have lost our leaf. Of each their receipt is kept, and a leaf
// written that names it.
func (s *Seat) recover(ctx context.Context) {
	renewal := s.journal.Renewal()
	if renewal == nil || s.journal.Ready() != nil {
		return
	}
	s.recovering.Lock() // one at a time; held over I/O, by this alone
	defer s.recovering.Unlock()
	done := recoveredDone{Renewal: renewal.Renewal.Digest()}
	var known recoveredDone
	if there, err := readPaper(s.inJournal(recoveredFile), &known); err != nil {
		s.n.cfg.Log.LogAttrs(ctx, slog.LevelError, "what was recovered is not known", slog.String("error", err.Error()))
		return
	} else if there && known.Renewal == done.Renewal {
		done = known
	}
	now := s.clock()
	for _, m := range s.papers.circle().Members {
		if m.Code == s.us() || m.HasLeft(now) || slices.Contains(done.Members, m.Code) || now.Before(s.recoverAfter[m.Code]) {
			continue
		}
		n, err := s.recoverFrom(ctx, m, renewal.Renewal.Lost()+unseen)
		if err == nil {
			done.Members = append(done.Members, m.Code)
			err = writePaper(s.inJournal(recoveredFile), done)
		}
		if err != nil {
			s.recoverAfter[m.Code] = now.Add(recoverEvery)
			s.n.cfg.Log.LogAttrs(ctx, slog.LevelDebug, "what was lost is not told yet", slog.String("member", m.Code), slog.String("error", err.Error()))
			continue
		}
		s.n.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "what was lost was told", slog.String("member", m.Code), slog.Int("exchanges", n))
	}
}

// recoverAtOnce does so as far as it goes within a moment.
func (s *Seat) recoverAtOnce(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, recoverAtOnce)
	defer cancel()
	s.recover(ctx)
}

// recoverFrom keeps what one member tells, and returns of how many exchanges.
func (s *Seat) recoverFrom(ctx context.Context, m guichet.Member, most int64) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, recoverAtMost)
	defer cancel()
	lost, err := s.lostWith(ctx, m)
	if err != nil {
		return 0, err
	}
	if int64(len(lost)) > most {
		s.n.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "a member tells of more exchanges than can have been lost", slog.String("member", m.Code), slog.Int("exchanges", len(lost)))
		lost = lost[:most]
	}
	told := map[string]bool{}
	for _, l := range lost {
		if told[l.Leaf.Exchange] { // a large answer has two leaves
			continue
		}
		if err := s.recoverOne(ctx, m, l); err != nil {
			return len(told), err
		}
		told[l.Leaf.Exchange] = true
	}
	return len(told), nil
}

// recoverOne keeps the receipt of one exchange and writes its leaf. The receipt is
// durable before the leaf that names it.
func (s *Seat) recoverOne(ctx context.Context, m guichet.Member, l Lost) error {
	if raw, err := hex.DecodeString(l.Leaf.Exchange); err != nil || len(raw) != 16 || strings.ToLower(l.Leaf.Exchange) != l.Leaf.Exchange {
		return guichet.Errorf(guichet.KindUntrusted, "%s tells of an exchange without a name", m.Code)
	}
	text, err := s.client.Receipt(ctx, m, uint64(max(l.index, 0)))
	if err != nil {
		return err
	}
	r, err := journal.VerifyReceipt(text, s.trusted())
	if err != nil {
		return err
	}
	if r.Member != m.Code || r.Leaf != l.Leaf {
		return guichet.Errorf(guichet.KindUntrusted, "the receipt that %s gave is not of the leaf %d that it tells", m.Code, l.index)
	}
	name := filepath.Join(s.inJournal(dirRecovered), recoveredName(l.Leaf.Exchange, m.Code))
	if err := durably(name, func(f *os.File) error { _, err := f.Write(text); return err }); err != nil {
		return err
	}
	hash, err := journal.HashOf(l.Leaf)
	if err != nil {
		return err
	}
	leaf := guichet.Leaf{
		Format: l.Leaf.Format, Kind: guichet.LeafRecovered, Exchange: l.Leaf.Exchange, From: l.Leaf.From, To: l.Leaf.To, Officer: l.Leaf.Officer,
		Purpose: l.Leaf.Purpose, Agreement: l.Leaf.Agreement, Version: l.Leaf.Version, Clause: l.Leaf.Clause,
		Request: hash, Rows: l.Leaf.Rows, Peer: l.index + 1, Time: s.clock().Truncate(time.Second),
	}
	if _, err = s.journal.Append(ctx, leaf); err == nil {
		s.given.add(ctx, leaf)
	}
	return err
}

// recoveredReceipt is the receipt that the other side gave of an exchange whose leaf
// we have lost.
func (s *Seat) recoveredReceipt(l guichet.Leaf) (Receipt, error) {
	other := l.To
	if other == s.us() {
		other = l.From.Member
	}
	name := filepath.Join(s.inJournal(dirRecovered), recoveredName(l.Exchange, other))
	text, err := os.ReadFile(name) //nolint:gosec // inside the home; an exchange has 32 hex digits, or it is not in the journal
	if err != nil {
		return Receipt{}, guichet.Errorf(guichet.KindNotFound, "the receipt that %s gave of the exchange %s is not there: %w", other, l.Exchange, err).WithHint("restore %s from a backup", name)
	}
	r, err := VerifyReceipt(text, s.papers.circle())
	if err != nil {
		return Receipt{}, err
	}
	if hash, err := journal.HashOf(r.Leaf); err != nil || hash != l.Request {
		return Receipt{}, guichet.Errorf(guichet.KindUntrusted, "%s is not the receipt that our journal names", name).WithHint("restore it from a backup")
	}
	return r, nil
}

func recoveredName(exchange, member string) string { return exchange + "." + member + ".receipt" }

// standingTold is what one member has told of our journal: a checkpoint of it, and a
// renewal of it that it has accepted. Either may be nil.
type standingTold struct{ seen, renewal []byte }

// heard is how many members have said what they have seen.
func (st Standing) heard() int {
	n := 0
	for _, m := range st.Members {
		if m.State != "silent" && m.State != "unbelieved" {
			n++
		}
	}
	return n
}

// renewedByIt looks at the renewal of ours that a member has accepted: one that we do
// not know was made by a journal that is newer than ours.
func (s *Seat) renewedByIt(ctx context.Context, m guichet.Member) (raw []byte, newer *SeenByIt, err error) {
	raw, err = s.client.LogFile(ctx, m, "renewal/"+s.us())
	if guichet.KindOf(err) == guichet.KindNotFound {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	theirs, err := journal.ParseRenewal(raw)
	if err == nil {
		err = theirs.Verify(s.papers.circle(), s.clock())
	}
	if err == nil && theirs.Renewal.Member != s.us() {
		err = errors.New("it is of another member")
	}
	if err != nil { // it is not our word, and says nothing
		return nil, nil, nil //nolint:nilerr // as said
	}
	number, digest := 1, ""
	if ours := s.journal.Renewal(); ours != nil {
		number, digest = ours.Renewal.Number, ours.Renewal.Digest()
	}
	switch r := theirs.Renewal; {
	case r.Number > number:
		return raw, &SeenByIt{Member: m.Code, State: "more", Leaves: r.First + 1}, nil
	case r.Number == number && r.Digest() != digest:
		return raw, &SeenByIt{Member: m.Code, State: "other", Leaves: r.First + 1}, nil
	}
	return raw, nil, nil
}
