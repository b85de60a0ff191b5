package node

import (
	"context"
	"sync"
	"time"

	"guichet"
	"guichet/internal/journal"
)

// given counts the answers of the day by agreement and asking member: what
// quotas are held against. The journal is the truth; this is its sum since
// midnight UTC, with the answers that are being made. Those are counted from the
// moment that they are permitted: of a hundred questions put at once, all would
// else find the same last place free.
type given struct {
	us string

	mu     sync.Mutex // guards what follows
	day    string
	n      map[quota]int
	making map[quota]int // permitted, and neither written down nor given up
}

// quota is what answers are counted by.
type quota struct{ agreement, member string }

// place is one answer in the making. It goes with the context of an exchange.
type place struct {
	of   quota
	held bool // guarded by given.mu
}

type placeKey struct{}

func newGiven(us string, now time.Time) *given {
	return &given{us: us, day: now.UTC().Format(time.DateOnly), n: map[quota]int{}, making: map[quota]int{}}
}

// late is how far before another a leaf may be dated that was written after it: an
// answer is dated when its question came.
const late = time.Hour

// countGiven sums up the journal's last day.
func countGiven(ctx context.Context, j *journal.Book, us string, now time.Time) (*given, error) {
	g := newGiven(us, now)
	since := now.UTC().Truncate(24 * time.Hour).Add(-late)
	const page = 1000
	for before := j.Size(); before > 0; {
		leaves, err := j.Latest(ctx, before, page)
		if err != nil {
			return nil, err
		}
		for _, l := range leaves {
			if l.Leaf.Time.Before(since) {
				return g, nil
			}
			if l.Leaf.Time.UTC().Format(time.DateOnly) == g.day {
				g.count(l.Leaf)
			}
		}
		if len(leaves) == 0 {
			break
		}
		before = leaves[len(leaves)-1].Index
	}
	return g, nil
}

// count counts a leaf. g.mu is held, or nobody else knows g.
func (g *given) count(l guichet.Leaf) {
	// What was lost and told by the other side counts on the day that it was told.
	recovered := l.Kind == guichet.LeafRecovered && l.Clause == ""
	if l.To == g.us && (l.Kind == guichet.LeafAnswered || l.Kind == guichet.LeafStarted || recovered) {
		g.n[quota{l.Agreement, l.From.Member}]++
	}
}

// turn begins a new day. It never goes back to one before: a leaf that is dated
// before midnight and written after it would forget the day's count. g.mu is held.
func (g *given) turn(now time.Time) {
	if day := now.UTC().Format(time.DateOnly); day > g.day {
		g.day, g.n = day, map[quota]int{}
	}
}

// begin makes the context of one exchange; done gives back the place that it took
// and did not use.
func (g *given) begin(ctx context.Context) (with context.Context, done func()) {
	p := &place{}
	return context.WithValue(ctx, placeKey{}, p), func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.leave(p)
	}
}

// leave gives a place back. g.mu is held.
func (g *given) leave(p *place) {
	if p == nil || !p.held {
		return
	}
	p.held = false
	if g.making[p.of]--; g.making[p.of] == 0 {
		delete(g.making, p.of)
	}
}

// take takes a place for the exchange of a context, while fewer than most are
// given and in the making.
func (g *given) take(ctx context.Context, of quota, most int, now time.Time) bool {
	p, _ := ctx.Value(placeKey{}).(*place)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.turn(now)
	if p == nil || p.held || g.n[of]+g.making[of] >= most {
		return false
	}
	p.of, p.held = of, true
	g.making[of]++
	return true
}

// add counts a leaf that was just written, in the place that its exchange took. It
// is of today, whatever its date: one of the last second counts for the new day.
func (g *given) add(ctx context.Context, l guichet.Leaf) {
	p, _ := ctx.Value(placeKey{}).(*place)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.turn(l.Time)
	g.count(l)
	g.leave(p)
}

// of returns how many answers a member was given today under an agreement, those
// in the making among them.
func (g *given) of(agreement, asker string, now time.Time) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.turn(now)
	of := quota{agreement, asker}
	return g.n[of] + g.making[of]
}
