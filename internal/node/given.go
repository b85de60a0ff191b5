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
// midnight UTC.
type given struct {
	us string

	mu  sync.Mutex // guards what follows
	day string
	n   map[[2]string]int
}

// countGiven sums up the journal's last day.
func countGiven(ctx context.Context, j *journal.Journal, us string, now time.Time) (*given, error) {
	g := &given{us: us, day: now.Format(time.DateOnly), n: map[[2]string]int{}}
	const page = 1000
	for before := j.Size(); before > 0; {
		leaves, err := j.Latest(ctx, before, page)
		if err != nil {
			return nil, err
		}
		for _, l := range leaves {
			if l.Leaf.Time.UTC().Format(time.DateOnly) != g.day {
				return g, nil
			}
			g.count(l.Leaf)
		}
		if len(leaves) == 0 {
			break
		}
		before = leaves[len(leaves)-1].Index
	}
	return g, nil
}

// count counts a leaf of the present day. g.mu is held, or nobody else knows g.
func (g *given) count(l guichet.Leaf) {
	if l.To == g.us && (l.Kind == guichet.LeafAnswered || l.Kind == guichet.LeafStarted) {
		g.n[[2]string{l.Agreement, l.From.Member}]++
	}
}

// add counts a leaf that was just written.
func (g *given) add(l guichet.Leaf) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if day := l.Time.UTC().Format(time.DateOnly); day != g.day {
		g.day, g.n = day, map[[2]string]int{}
	}
	g.count(l)
}

// of returns how many answers a member was given under an agreement on a day.
func (g *given) of(agreement, asker string, now time.Time) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.UTC().Format(time.DateOnly) != g.day {
		return 0
	}
	return g.n[[2]string{agreement, asker}]
}
