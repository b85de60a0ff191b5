package node

import (
	"context"
	"errors"
	"sync"
	"time"

	"guichet"
	"guichet/internal/portal"
)

// questionCounts are how many questions were put under each agreement, up to the end
// of yesterday. The journal is read once, and from then on what was added.
//
// A day is counted when it is over: else whoever looks every minute would see in the
// rounded figure that a question was put just now.
type questionCounts struct {
	mu  sync.Mutex         // held while the journal is read, so that one reads it
	at  map[string]int64   // by circle: the first leaf that is not counted
	sum map[string]counted // by circle and agreement
}

// counted are a journal's questions of one agreement.
type counted struct{ answered, refused, put int64 }

func newQuestionCounts() *questionCounts {
	return &questionCounts{at: map[string]int64{}, sum: map[string]counted{}}
}

var errToday = errors.New("of today")

// of returns the counts of an agreement as they may be told.
func (c *questionCounts) of(ctx context.Context, s *Seat, agreement string) (*portal.QuestionCounts, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	today := s.clock().Truncate(24 * time.Hour)
	key := func(id string) string { return s.name + "\n" + id }
	next := c.at[s.name]
	err := s.journal.Each(ctx, next, func(i int64, l guichet.Leaf) error {
		if !l.Time.Before(today) {
			return errToday
		}
		x := c.sum[key(l.Agreement)]
		switch l.Kind {
		case guichet.LeafAnswered, guichet.LeafStarted:
			x.answered++
		case guichet.LeafRefused:
			x.refused++
		case guichet.LeafReceived, guichet.LeafMissed:
			x.put++
		case guichet.LeafEnded, guichet.LeafTaken, guichet.LeafPurged, guichet.LeafWithdrew, guichet.LeafRenewed, guichet.LeafRecovered:
		}
		c.sum[key(l.Agreement)], c.at[s.name] = x, i+1
		return nil
	})
	if err != nil && !errors.Is(err, errToday) {
		return nil, err
	}
	x := c.sum[key(agreement)]
	return &portal.QuestionCounts{Answered: portal.Round(x.answered), Refused: portal.Round(x.refused), Put: portal.Round(x.put)}, nil
}
