package node

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"guichet"
)

// standAtMost is how long a start waits for what the others have seen of our
// journal. A member that is silent holds nobody up: it is asked again when it
// witnesses.
const standAtMost = 2 * time.Second

// Standing is what the other members have seen of our journal.
type Standing struct {
	Leaves  int64      `json:"leaves"` // of our journal
	Members []SeenByIt `json:"members"`
	Proven  bool       `json:"proven"` // nothing stands against writing in it
	// Lost are exchanges with us that the others tell of and our journal does not.
	Lost []Lost `json:"lost"`
}

// Lost is an exchange of which only the other side has a leaf: what it holds is
// its own leaf, never ours.
type Lost struct {
	Member string       `json:"member"`
	Leaf   guichet.Leaf `json:"leaf"` // theirs
	index  int64        // its position in their journal
}

// SeenByIt is what one member has seen.
type SeenByIt struct {
	Member string `json:"member"`
	State  string `json:"state"` // "within", "more", "other", "nothing", "silent", "unbelieved"
	Leaves int64  `json:"leaves,omitempty"`
	Text   string `json:"text,omitempty"` // why it is silent, or not believed
}

func (s *Seat) markFile() string {
	return filepath.Join(s.n.Home().Path, dirJournals, s.name, restoredMark)
}

// holdRestored closes a journal that was restored, until the others were asked.
func (s *Seat) holdRestored() error {
	raw, err := os.ReadFile(s.markFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var m restored
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	if err != nil {
		return guichet.Errorf(guichet.KindUntrusted, "%s cannot be read: %w", s.markFile(), err).WithHint("restore the home again")
	}
	s.unproven.Store(true)
	why := "the journal was restored from a backup of " + m.Made.Format(time.DateTime)
	if m.Made.IsZero() {
		why = "another member has seen more of our journal than it holds"
	}
	s.journal.Hold(guichet.Errorf(guichet.KindBusy, "%s, and more than half of the other members must first say what they have seen of it; nothing is signed or answered before", why).
		WithHint("let the node run: guichet serve asks them every few seconds"))
	return nil
}

// standAtStart holds the journal against what the others have seen, before
// anything is served.
func (s *Seat) standAtStart(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, standAtMost)
	defer cancel()
	s.stand(ctx)
}

// standAgain does so again while the journal is closed for it, or a witness doubts
// it.
func (s *Seat) standAgain(ctx context.Context) {
	if s.unproven.Load() || s.doubted.Swap(false) {
		s.stand(ctx)
	}
}

// stand asks the others what they have seen of our journal, and closes or opens it
// by what they can prove.
func (s *Seat) stand(ctx context.Context) Standing {
	st, _ := s.standing(ctx)
	return st
}

// standing is stand, with what each of them has told.
func (s *Seat) standing(ctx context.Context) (Standing, []standingTold) {
	st, told := s.askStanding(ctx)
	var ahead *SeenByIt
	for i, m := range st.Members {
		if (m.State == "more" || m.State == "other") && (ahead == nil || m.Leaves > ahead.Leaves) {
			ahead = &st.Members[i]
		}
	}
	switch {
	case ahead != nil:
		s.overtaken(ctx, st, *ahead)
	case s.unproven.Load() && 2*st.heard() > len(st.Members):
		s.proven(ctx)
	}
	st.Proven = !s.unproven.Load()
	return st, told
}

// askStanding asks all other members at once.
func (s *Seat) askStanding(ctx context.Context) (Standing, []standingTold) {
	st := Standing{Leaves: s.journal.Size(), Members: []SeenByIt{}}
	now := s.clock()
	var peers []guichet.Member
	for _, m := range s.papers.circle().Members {
		if m.Code != s.us() && !m.HasLeft(now) {
			peers = append(peers, m)
		}
	}
	st.Members = make([]SeenByIt, len(peers))
	told := make([]standingTold, len(peers))
	var all sync.WaitGroup
	for i, m := range peers {
		all.Go(func() { st.Members[i], told[i] = s.seenBy(ctx, m) })
	}
	all.Wait()
	return st, told
}

// seenBy asks one member, and believes what our own key has signed.
func (s *Seat) seenBy(ctx context.Context, m guichet.Member) (SeenByIt, standingTold) {
	raw, err := s.client.LogFile(ctx, m, "seen/"+s.us())
	nothing := guichet.KindOf(err) == guichet.KindNotFound
	if err != nil && !nothing {
		return SeenByIt{Member: m.Code, State: "silent", Text: err.Error()}, standingTold{}
	}
	renewal, newer, err := s.renewedByIt(ctx, m)
	if err != nil {
		return SeenByIt{Member: m.Code, State: "silent", Text: err.Error()}, standingTold{}
	}
	told := standingTold{raw, renewal}
	if nothing {
		told.seen = nil
		if newer != nil {
			return *newer, told
		}
		return SeenByIt{Member: m.Code, State: "nothing"}, told
	}
	ahead, err := s.journal.Beyond(ctx, raw)
	switch {
	case err != nil:
		return SeenByIt{Member: m.Code, State: "unbelieved", Text: err.Error()}, standingTold{}
	case ahead != nil && ahead.Forked:
		return SeenByIt{Member: m.Code, State: "other", Leaves: ahead.Seen}, told
	case ahead != nil:
		return SeenByIt{Member: m.Code, State: "more", Leaves: ahead.Seen}, told
	case newer != nil:
		return *newer, told
	}
	return SeenByIt{Member: m.Code, State: "within"}, told
}

// overtaken closes the journal: a member holds a checkpoint under our own
// signature that this journal does not contain. It stays closed after a new start.
func (s *Seat) overtaken(ctx context.Context, st Standing, by SeenByIt) {
	why := guichet.Errorf(guichet.KindBusy, "our journal has %d leaves, and %s holds %d of it under our own signature: it was put back from an older copy, so that nothing is signed or answered", st.Leaves, by.Member, by.Leaves).
		WithHint("restore a newer backup; where there is none, the journal goes on in a new log: guichet journal renew")
	if by.State == "other" {
		why = guichet.Errorf(guichet.KindBusy, "%s holds another journal of ours of %d leaves under our own signature: ours was forked, or put back from an older copy and written on, so that nothing is signed or answered", by.Member, by.Leaves).
			WithHint("restore the newest backup, and keep this home: it is evidence; where a thief wrote the other one, revoke the keys, then: guichet journal renew")
	}
	s.journal.Hold(why)
	if !s.unproven.Swap(true) {
		mark, err := json.Marshal(restored{At: s.clock().Truncate(time.Second)})
		if err == nil {
			err = os.WriteFile(s.markFile(), mark, 0o600)
		}
		if err != nil { // it is found again at the next start: they still hold it
			s.n.cfg.Log.LogAttrs(ctx, slog.LevelError, "journal not marked", slog.String("error", err.Error()))
		}
	}
	s.n.cfg.Log.LogAttrs(ctx, slog.LevelError, "journal closed", slog.String("error", why.Error()))
}

// proven opens the journal again.
func (s *Seat) proven(ctx context.Context) {
	if err := os.Remove(s.markFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.n.cfg.Log.LogAttrs(ctx, slog.LevelError, "journal not opened", slog.String("error", err.Error()))
		return
	}
	s.unproven.Store(false)
	s.journal.Free()
	s.n.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "journal proven", slog.Int64("leaves", s.journal.Size()))
}

// Standing asks the others what they have seen of our journal, and which exchanges
// they tell of that it lacks.
func (s *Seat) Standing(ctx context.Context) (Standing, error) {
	st := s.stand(ctx)
	st.Lost = []Lost{}
	for i, seen := range st.Members {
		m, ok := s.papers.circle().Member(seen.Member)
		if !ok || seen.State == "silent" {
			continue
		}
		lost, err := s.lostWith(ctx, m)
		if err != nil {
			st.Members[i].Text = err.Error()
		}
		st.Lost = append(st.Lost, lost...)
	}
	return st, ctx.Err()
}

// lostWith are the leaves of a member of exchanges with us that our journal has no
// leaf of.
func (s *Seat) lostWith(ctx context.Context, m guichet.Member) ([]Lost, error) {
	ours := map[string]bool{}
	for from := int64(0); from >= 0; {
		page, next, err := s.journal.Of(ctx, m.Code, from, 1000)
		if err != nil {
			return nil, err
		}
		for _, l := range page {
			ours[l.Leaf.Exchange] = true
		}
		from = next
	}
	theirs, err := s.theirLeaves(ctx, m, manyMore(len(ours)))
	var out []Lost
	for _, l := range theirs {
		between := l.Leaf.From.Member == s.us() || l.Leaf.To == s.us()
		if between && l.Leaf.Exchange != "" && tells(l.Leaf.Kind) && !ours[l.Leaf.Exchange] {
			out = append(out, Lost{m.Code, l.Leaf, l.Index})
		}
	}
	return out, err
}

// tells says whether a leaf of the other side is of an exchange that we must have had
// a leaf of.
func tells(k guichet.LeafKind) bool {
	return k != guichet.LeafMissed && k != guichet.LeafRecovered
}
