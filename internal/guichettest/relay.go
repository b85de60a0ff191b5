package guichettest

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// Conditions are those of a way between two hosts, the same in both directions.
// The zero value is a cable: no delay, no bound, no loss.
type Conditions struct {
	// Delay is how long a byte is under way, one way: with 40 ms an answer is 80 ms
	// late, and a connection takes as long as its handshake would.
	Delay time.Duration
	// Rate is how many bytes pass in a second, each way, of all connections
	// together; 0 means no bound.
	Rate int64
	// Loss is the share of segments of 1,460 bytes that are lost, at least 0 and
	// below 1. TCP hides a loss behind a pause, so a pause is what it becomes: see
	// pauseOf.
	Loss float64
	// Seed of the chance by which segments are lost. With the same seed the same
	// bytes of the same connection, by number, are lost again.
	Seed uint64
}

// RelayConfig is how a relay reaches both sides. Its zero value listens on the
// loopback and dials from there.
type RelayConfig struct {
	Conditions
	Listener net.Listener                                // default: a free port of 127.0.0.1; closed by the relay
	Dial     func(ctx context.Context) (net.Conn, error) // default: TCP to the target
}

// RelayCounts are what a relay has seen since it stands.
type RelayCounts struct {
	Accepted int   // connections that came, refused ones too
	Refused  int   // of these, reset at once because the way was cut
	Open     int   // connections that stand now
	ToServer int64 // bytes handed to the server
	ToClient int64 // bytes handed to clients
	Lost     int   // segments that were lost, each a pause
	Garbled  int   // bytes altered
}

// Relay stands on the way to a TCP server and makes it long, narrow, faulty or
// none. It knows nothing of what passes: under TLS an altered byte must end the
// connection, and that is for the test to see.
//
// It works on streams, not on packets. So a lost segment is a pause and never a
// gap; a way that is cut resets what comes, where a real one might be silent
// (BlackHole is); and what a host tells the other's kernel (windows,
// acknowledgements) it does not delay.
type Relay struct {
	listener net.Listener
	dial     func(ctx context.Context) (net.Conn, error)
	links    [2]link // by way
	working  sync.WaitGroup

	mu     sync.Mutex // guards all below
	way    Conditions
	cut    bool
	ended  bool
	gate   chan struct{} // closed while bytes may pass; an open one is a black hole
	pairs  map[*pair]bool
	cutAt  int64 // count of ToClient after which the way is cut; none when negative
	holdAt int64 // count of ToClient after which the way is a black hole; none when negative
	badAt  int64 // count of ToClient before the byte to garble; none when negative
	counts RelayCounts
}

// NewRelay stands a relay before a server, "10.77.0.11:8443"; it goes with the
// test. The target may be "" where cfg.Dial knows it.
func NewRelay(tb testing.TB, target string, cfg RelayConfig) *Relay {
	tb.Helper()
	r := &Relay{listener: cfg.Listener, dial: cfg.Dial, way: cfg.Conditions, gate: make(chan struct{}), pairs: map[*pair]bool{}, cutAt: -1, holdAt: -1, badAt: -1}
	close(r.gate)
	if cfg.Loss < 0 || cfg.Loss >= 1 || cfg.Delay < 0 || cfg.Rate < 0 {
		tb.Fatalf("no way has the conditions %+v", cfg.Conditions)
	}
	if r.dial == nil {
		r.dial = func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "tcp", target) }
	}
	if r.listener == nil {
		l, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(err)
		}
		r.listener = l
	}
	r.working.Go(r.accept)
	tb.Cleanup(r.close)
	return r
}

// Addr returns where clients dial: "127.0.0.1:40123".
func (r *Relay) Addr() string { return r.listener.Addr().String() }

// Set changes the conditions of what comes from now on. What is under way keeps
// its place: bytes never overtake each other. A seed counts for connections made
// later.
func (r *Relay) Set(c Conditions) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.way = c
}

// Cut resets every connection and whatever comes after.
func (r *Relay) Cut() {
	r.mu.Lock()
	r.cut = true
	r.mu.Unlock()
	r.resetAll(false)
}

// cutNow ends the connections of a way that release has cut. A way that was healed
// meanwhile, by somebody who saw the cut from outside, stays healed: then only the
// connection on which it fell is ended.
func (r *Relay) cutNow(p *pair) {
	r.mu.Lock()
	still := r.cut
	r.mu.Unlock()
	if !still {
		p.reset()
		return
	}
	r.resetAll(false)
}

// Heal makes the way passable again and forgets what CutAfter, HoldAfter and
// Garble still had to do. What a black hole held back passes now, as it would be sent again
// between real hosts.
func (r *Relay) Heal() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut, r.cutAt, r.holdAt, r.badAt = false, -1, -1, -1
	if !r.passable() {
		close(r.gate)
	}
}

// BlackHole lets no byte pass in either direction and says nothing: connections
// stand still, and new ones are accepted and never answered.
func (r *Relay) BlackHole() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shut()
}

// HoldAfter lets n more bytes pass from the server, of all connections together,
// and then makes the way a black hole: an answer stops in its middle.
func (r *Relay) HoldAfter(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.holdAt = r.counts.ToClient + n
}

// shut closes the gate to all bytes; r.mu is held.
func (r *Relay) shut() {
	if r.passable() {
		r.gate = make(chan struct{})
	}
}

// CutAfter lets n more bytes pass from the server, of all connections together,
// and then cuts the way. The client gets exactly these, and then sees the end of
// its stream as if the server had closed it; others are reset.
func (r *Relay) CutAfter(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cutAt = r.counts.ToClient + n
}

// Garble flips a bit of one byte from the server: the one that offset others pass
// before, counted from now on.
func (r *Relay) Garble(offset int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.badAt = r.counts.ToClient + offset
}

// Counts returns what has passed until now.
func (r *Relay) Counts() RelayCounts {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.counts
	c.Open = len(r.pairs)
	return c
}

// close ends everything and waits for it.
func (r *Relay) close() {
	_ = r.listener.Close()
	r.mu.Lock()
	r.ended = true
	r.mu.Unlock()
	r.resetAll(true)
	r.working.Wait()
}

// resetAll ends the connections that stand: those too that have had their last
// byte and wait for their client to leave, if it is to be all.
func (r *Relay) resetAll(all bool) {
	r.mu.Lock()
	pairs := slices.Collect(maps.Keys(r.pairs))
	r.mu.Unlock()
	for _, p := range pairs {
		if all || !p.isMute() {
			p.reset()
		}
	}
}

// passable says whether the gate is open; r.mu is held.
func (r *Relay) passable() bool {
	select {
	case <-r.gate:
		return true
	default:
		return false
	}
}

func (r *Relay) conditions() Conditions {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.way
}

func (r *Relay) accept() {
	for {
		c, err := r.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// Of one connection, or of want of descriptors: others may come.
			time.Sleep(time.Millisecond)
			continue
		}
		if p := r.admit(c); p != nil {
			r.working.Go(func() { r.serve(p) })
		}
	}
}

// admit counts a connection and takes it up, unless the way is cut.
func (r *Relay) admit(client net.Conn) *pair {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.Accepted++
	p := newPair(client, r.counts.Accepted)
	if r.cut || r.ended {
		r.counts.Refused++
		p.reset()
		return nil
	}
	r.pairs[p] = true
	return p
}

// serve carries one connection until both directions have ended.
func (r *Relay) serve(p *pair) {
	defer func() {
		p.close()
		r.mu.Lock()
		delete(r.pairs, p)
		r.mu.Unlock()
	}()
	if !r.pass(p) {
		return
	}
	server, err := r.dial(p.ctx)
	if err != nil {
		p.reset()
		return
	}
	if !p.join(server) {
		return
	}
	var ways sync.WaitGroup
	for _, w := range []way{toServer, toClient} {
		ways.Go(func() { r.carry(p, w) })
	}
	ways.Wait()
}

// pass waits out a black hole; false when the connection ended there.
func (r *Relay) pass(p *pair) bool {
	for {
		r.mu.Lock()
		gate, open := r.gate, r.passable()
		r.mu.Unlock()
		if open {
			return p.ctx.Err() == nil
		}
		select {
		case <-gate:
		case <-p.ctx.Done():
			return false
		}
	}
}

// release counts bytes that are about to be handed over, and returns those that
// may be now, one perhaps altered, and those that are held. cut says that the way
// ends behind them.
func (r *Relay) release(w way, b []byte) (out, held []byte, cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w == toServer {
		r.counts.ToServer += int64(len(b))
		return b, nil, false
	}
	if r.cut {
		return nil, nil, false
	}
	from := r.counts.ToClient
	if r.cutAt >= 0 && from+int64(len(b)) >= r.cutAt {
		b, cut = b[:max(0, r.cutAt-from)], true
		r.cut, r.cutAt = true, -1
	}
	if r.holdAt >= 0 && from+int64(len(b)) >= r.holdAt {
		n := max(0, r.holdAt-from)
		b, held = b[:n], b[n:]
		r.holdAt = -1
		r.shut()
	}
	if at := r.badAt - from; r.badAt >= 0 && at >= 0 && at < int64(len(b)) {
		b[at] ^= 0x10
		r.badAt = -1
		r.counts.Garbled++
	}
	r.counts.ToClient += int64(len(b))
	return b, held, cut
}

func (r *Relay) countLost(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.Lost += n
}
