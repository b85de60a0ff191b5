package node

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"guichet"
)

// newestMonths knows the last month of which the home holds figures: the months that a
// form proposes end there, since figures come months after what they are of.
type newestMonths struct {
	n *Node

	mu  sync.Mutex // guards what follows; held while submissions are listed, so that one lists them
	at  time.Time
	all map[string]time.Time // by dataset
}

// monthsFreshFor is how long what was found serves.
const monthsFreshFor = 30 * time.Second

// of returns the first day of that month; false where the home holds nothing of the
// dataset, or cannot say.
func (x *newestMonths) of(ctx context.Context, dataset string) (time.Time, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if now := x.n.cfg.Clock(); x.all == nil || now.Sub(x.at) > monthsFreshFor {
		subs, err := x.n.Submissions(ctx)
		if err != nil {
			x.n.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "newest months not known", slog.String("error", err.Error()))
			return time.Time{}, false
		}
		x.at, x.all = now, newestOf(subs)
	}
	month, ok := x.all[dataset]
	return month, ok
}

// newestOf is the last month of each dataset that submissions hold figures of.
func newestOf(subs []guichet.Submission) map[string]time.Time {
	out := map[string]time.Time{}
	for _, s := range subs {
		if s.Withdrawn != "" {
			continue
		}
		for _, u := range s.Units {
			if u.Purged != "" || u.Period.Start.IsZero() {
				continue
			}
			end := u.Period.End()
			month := time.Date(end.Year(), end.Month(), 1, 0, 0, 0, 0, time.UTC)
			if month.After(out[s.Dataset]) {
				out[s.Dataset] = month
			}
		}
	}
	return out
}
