package gate

import (
	"crypto/sha256"
	"net/http"
	"sync"
	"time"

	"guichet"
)

const (
	maxNonces  = 1 << 20 // of one member in a window: 16 bytes each, about 50 MB at the very most
	generation = 10 * time.Second
)

// visitor is what the gate remembers of one member: the nonces of the last window
// and how much it has asked.
type visitor struct {
	mu      sync.Mutex // guards all below
	seen    []nonces   // oldest first
	count   int        // nonces in seen
	tokens  float64
	refresh time.Time // when tokens was right
}

// nonces are those that came within one generation: they are forgotten together,
// so that the cache costs no timer and no scan.
type nonces struct {
	from time.Time
	set  map[[16]byte]struct{}
}

func newVisitor(now time.Time, burst int) *visitor {
	return &visitor{tokens: float64(burst), refresh: now}
}

// allow takes a token from the member's bucket.
func (v *visitor) allow(now time.Time, rate float64, burst int) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if gone := now.Sub(v.refresh).Seconds(); gone > 0 { // a clock that was set back gives nothing
		v.tokens = min(float64(burst), v.tokens+gone*rate)
	}
	v.refresh = now
	if v.tokens < 1 {
		return &Refused{Status: http.StatusTooManyRequests, After: time.Second, Err: guichet.Errorf(guichet.KindBusy,
			"you have sent more than %.0f requests in a second", rate).WithHint("wait a second, and send fewer at a time")}
	}
	v.tokens--
	return nil
}

// spend notes a nonce, once. It is kept for the whole of a window, after which the
// clock rules refuse whatever carries it. A nonce is never dropped earlier to make
// room: that would be the moment to send a request again.
func (v *visitor) spend(nonce string, now time.Time, window time.Duration) error {
	sum := sha256.Sum256([]byte(nonce))
	key := [16]byte(sum[:16])
	v.mu.Lock()
	defer v.mu.Unlock()
	for len(v.seen) > 0 && v.seen[0].from.Add(generation+window).Before(now) {
		v.count -= len(v.seen[0].set)
		v.seen = v.seen[1:]
	}
	for _, g := range v.seen {
		if _, ok := g.set[key]; ok {
			return &Refused{Status: http.StatusConflict, Err: guichet.Errorf(guichet.KindRefused,
				"the request came before: its nonce has been used").WithHint("sign it again with a new nonce; if you did not send it twice, somebody else did")}
		}
	}
	if v.count >= maxNonces {
		return &Refused{Status: http.StatusTooManyRequests, After: generation, Err: guichet.Errorf(guichet.KindBusy,
			"you have sent %d requests within %s, more than we can tell apart", v.count, window).WithHint("wait %s", generation)}
	}
	if n := len(v.seen); n == 0 || !now.Before(v.seen[n-1].from.Add(generation)) {
		v.seen = append(v.seen, nonces{from: now, set: map[[16]byte]struct{}{}})
	}
	v.seen[len(v.seen)-1].set[key] = struct{}{}
	v.count++
	return nil
}
