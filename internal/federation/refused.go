package federation

import (
	"net/http"
	"sync"
	"time"

	"guichet"
)

// refusals count what each member was refused today (UTC). A quota counts answers
// alone, and a refusal costs a search and a leaf for ever like an answer; so it has
// a bound of its own. The count is kept in memory: who starts the node again lets
// everybody begin anew, which nobody outside can bring about.
type refusals struct {
	most int

	mu  sync.Mutex // guards what follows
	day time.Time  // its midnight
	by  map[string]int
}

func newRefusals(most int) *refusals { return &refusals{most: most, by: map[string]int{}} }

// room refuses a member that was refused as often as it may be today. What is under
// way at the same time is not counted yet: a member may go over by its share of that.
func (r *refusals) room(member string, now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn(now)
	if r.by[member] < r.most {
		return nil
	}
	const longest = time.Hour // so that a clock put right is noticed the same day
	again := min(r.day.Add(24*time.Hour).Sub(now).Truncate(time.Second)+time.Second, longest)
	return Told(guichet.Errorf(guichet.KindBusy, "%s was refused %d questions today (UTC), as many as one member may be", member, r.by[member]).
		WithHint("see why in the refusals, and ask again tomorrow (UTC)"), http.StatusTooManyRequests, again)
}

// add counts a refusal.
func (r *refusals) add(member string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn(now)
	r.by[member]++
}

// turn begins a new day. r.mu is held.
func (r *refusals) turn(now time.Time) {
	if day := now.UTC().Truncate(24 * time.Hour); !day.Equal(r.day) {
		r.day = day
		clear(r.by)
	}
}
