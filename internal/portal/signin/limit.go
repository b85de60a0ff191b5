package signin

import (
	"math"
	"net/netip"
	"sync"
	"time"
)

const (
	// No password is guessed here, and a whole office that comes at nine may share one
	// address: two requests each. Behind a proxy that names nobody, everybody does.
	signInBurst  = 300
	signInRefill = 5.0 // a second
	// A provider tells of every session that ends, one by one, and may end them all.
	backChannelBurst  = 500
	backChannelRefill = 20.0
	maxBuckets        = 10_000
	maxUsed           = 50_000
)

// limiter lets each address do a number of things at once, and then some a second.
type limiter struct {
	burst, refill float64

	mu      sync.Mutex // guards buckets
	buckets map[netip.Prefix]bucket
}

type bucket struct {
	left float64
	at   time.Time
}

func newLimiter(burst, refill float64) *limiter {
	return &limiter{burst: burst, refill: refill, buckets: map[netip.Prefix]bucket{}}
}

// allow takes one; false tells how long to wait.
func (l *limiter) allow(remote string, now time.Time) (time.Duration, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	who := network(remote)
	b, known := l.buckets[who]
	if !known {
		if len(l.buckets) >= maxBuckets {
			l.forget(now)
		}
		b = bucket{left: l.burst, at: now}
	}
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.left, b.at = math.Min(l.burst, b.left+passed*l.refill), now
	}
	if b.left < 1 {
		l.buckets[who] = b
		return time.Duration((1 - b.left) / l.refill * float64(time.Second)), false
	}
	b.left--
	l.buckets[who] = b
	return 0, true
}

// forget leaves out addresses that have not been here for long; if they all have, all
// of them: whoever has that many addresses is not held by a limit for each.
func (l *limiter) forget(now time.Time) {
	full := time.Duration(l.burst / l.refill * float64(time.Second))
	for who, b := range l.buckets {
		if now.Sub(b.at) > full {
			delete(l.buckets, who)
		}
	}
	if len(l.buckets) >= maxBuckets {
		clear(l.buckets)
	}
}

// network is what one subscriber has: an address of IPv4, 64 bits of IPv6.
func network(remote string) netip.Prefix {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	ip := at.Addr().Unmap().WithZone("")
	bits := 64
	if ip.Is4() {
		bits = 32
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// usedSet remembers what may be used once, for as long as it could be used.
type usedSet struct {
	most int

	mu   sync.Mutex // guards seen
	seen map[string]time.Time
}

func newUsedSet(most int) *usedSet { return &usedSet{most: most, seen: map[string]time.Time{}} }

// use reports whether this is the first time. When there is no room it says that it
// is not: a doubt refuses.
func (u *usedSet) use(what string, now, until time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if at, ok := u.seen[what]; ok && now.Before(at) {
		return false
	}
	if len(u.seen) >= u.most {
		for k, at := range u.seen {
			if !now.Before(at) {
				delete(u.seen, k)
			}
		}
		if len(u.seen) >= u.most {
			return false
		}
	}
	u.seen[what] = until
	return true
}
