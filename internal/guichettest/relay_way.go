package guichettest

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// way is a direction of a connection.
type way int

const (
	toServer way = iota
	toClient
)

const (
	// segment is the payload of a TCP segment on Ethernet: 1,500 less 40 of headers.
	segment = 1460
	// readAtOnce bounds a parcel, and afoot the parcels of one direction that are
	// under way: 16 MiB together, a wide window.
	readAtOnce = 32 << 10
	afoot      = 512
	// resendFloor is the least that Linux adds to the round trip before it sends a
	// segment again that nobody acknowledged (TCP_RTO_MIN).
	resendFloor = 200 * time.Millisecond
)

// pair is one connection: the client's, and ours to the server.
type pair struct {
	client net.Conn
	number int // of the relay's connections, from 1
	start  time.Time
	// ctx is kept because it ends with the connection, which is no call of anybody.
	ctx context.Context
	end context.CancelFunc

	mu     sync.Mutex // guards all below
	server net.Conn
	mute   bool // the client has had its last byte
	gone   bool
}

func newPair(client net.Conn, number int) *pair {
	p := &pair{client: client, number: number, start: now()}
	p.ctx, p.end = context.WithCancel(context.Background())
	return p
}

// join adds the server's side; false, and it is closed, when the pair has ended.
func (p *pair) join(server net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		_ = server.Close()
		return false
	}
	p.server = server
	return true
}

// reset ends both sides at once, with what they have not read yet.
func (p *pair) reset() { p.leave(abort) }

// close ends both sides after what was handed to them. After a reset, or a
// second time, it does nothing.
func (p *pair) close() { p.leave(func(c net.Conn) { _ = c.Close() }) }

func (p *pair) leave(how func(net.Conn)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		return
	}
	p.gone = true
	p.end()
	how(p.client)
	if p.server != nil {
		how(p.server)
	}
}

// silence ends the stream to the client and loses the server. The client's side
// stays until the client leaves: closed with something unread, it would lose
// bytes that the client was to have.
func (p *pair) silence() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.gone {
		p.mute = true
		hang(p.client)
		abort(p.server)
	}
}

func (p *pair) isMute() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mute
}

// abort closes a connection by a reset.
func abort(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = c.Close()
}

// hang ends one direction of a connection and leaves the other.
func hang(c net.Conn) {
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		_ = h.CloseWrite()
	}
}

// link is one direction of the relay, which all its connections share: bytes
// leave it one after the other.
type link struct {
	mu   sync.Mutex // guards free
	free time.Time  // when the last byte will have left
}

// take books n bytes and returns when the last of them has left.
func (l *link) take(n int, rate int64) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := now()
	if rate == 0 {
		return t
	}
	if l.free.Before(t) {
		l.free = t
	}
	l.free = l.free.Add(time.Duration(float64(n) / float64(rate) * float64(time.Second)))
	return l.free
}

// parcel is what was read at once, and when it is to be handed over.
type parcel struct {
	due   time.Time
	bytes []byte
	end   error // io.EOF or why the sender is gone: nothing comes after it
}

// carry moves one direction of a connection. It reads on while earlier bytes are
// under way, each parcel with its own time of arrival, so that a long way is no
// narrow one.
func (r *Relay) carry(p *pair, w way) {
	from, to := p.client, p.server
	if w == toClient {
		from, to = to, from
	}
	road := make(chan parcel, afoot)
	var sending sync.WaitGroup
	sending.Go(func() {
		defer close(road)
		r.send(p, w, from, road)
	})
	r.deliver(p, w, to, road)
	sending.Wait()
}

// send reads one side and puts what it read on the road.
func (r *Relay) send(p *pair, w way, from io.Reader, road chan<- parcel) {
	var last time.Time // no byte arrives before it
	fate := newFate(r.conditions(), p.number, w)
	buf := make([]byte, readAtOnce)
	for {
		n, err := from.Read(buf[:bite(r.conditions().Rate)])
		c := r.conditions()
		left := r.links[w].take(n, c.Rate)
		if !sleep(p.ctx, left) {
			return
		}
		lost, pause := fate.of(n, c)
		if lost > 0 {
			r.countLost(lost)
		}
		// The first byte waits for the handshake: there and back before the client
		// may speak, there alone before the server may.
		first := p.start.Add(time.Duration(3-int(w)) * c.Delay)
		last = latest(left.Add(c.Delay), last, first).Add(pause)
		select {
		case road <- parcel{last, append([]byte(nil), buf[:n]...), err}:
		case <-p.ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// bite is how much is read at once: a hundredth of a second's worth.
func bite(rate int64) int {
	if rate == 0 {
		return readAtOnce
	}
	return int(min(max(rate/100, 1), readAtOnce))
}

// deliver hands over what comes down the road, each parcel in its time.
func (r *Relay) deliver(p *pair, w way, to net.Conn, road <-chan parcel) {
	for m := range road {
		if !sleep(p.ctx, m.due) || !r.pass(p) || p.isMute() {
			continue
		}
		cut, err := r.hand(p, w, to, m.bytes)
		switch {
		case cut:
			p.silence()
			r.cutNow(p)
		case p.isMute():
		case errors.Is(m.end, io.EOF) && err == nil:
			hang(to)
		case m.end != nil || err != nil:
			p.reset()
		}
	}
}

// hand hands bytes over; what is held back of them, when the way is open again.
// cut says that the way ended behind the last of them.
func (r *Relay) hand(p *pair, w way, to net.Conn, b []byte) (cut bool, err error) {
	for {
		out, held, cut := r.release(w, b)
		if _, err := to.Write(out); err != nil || len(held) == 0 || cut {
			return cut, err
		}
		if !r.pass(p) {
			return false, net.ErrClosed
		}
		b = held
	}
}

// fate says which segments of one direction of a connection are lost. It counts
// bytes, not reads, so that it does not depend on how they were cut.
type fate struct {
	chance *rand.Rand
	loss   float64 // for which next was drawn
	seen   int64   // bytes until now
	next   int64   // byte that the next lost segment begins with
}

func newFate(c Conditions, connection int, w way) *fate {
	stream := uint64(connection)<<1 | uint64(w)                 //nolint:gosec // small and not negative
	return &fate{chance: rand.New(rand.NewPCG(c.Seed, stream))} //nolint:gosec // no secret: it must repeat
}

// of returns how many segments begin in the next n bytes and are lost, and how
// long that holds up everything behind them.
func (f *fate) of(n int, c Conditions) (lost int, pause time.Duration) {
	if f.loss != c.Loss {
		f.loss, f.next = c.Loss, f.seen+f.run(c.Loss)
	}
	f.seen += int64(n)
	for c.Loss > 0 && f.next < f.seen {
		lost++
		pause += f.pauseOf(c)
		f.next += segment + f.run(c.Loss)
	}
	return lost, pause
}

// run draws how many bytes pass until a segment is lost: the failures before a
// success, by the inverse of the geometric distribution.
func (f *fate) run(loss float64) int64 {
	if loss == 0 {
		return 0
	}
	const never = 1 << 40 // segments: a petabyte
	return segment * int64(min(never, math.Log1p(-f.chance.Float64())/math.Log1p(-loss)))
}

// pauseOf is what a lost segment costs: the sender waits a round trip and 200 ms
// before it sends again, and twice as long when that is lost too (RFC 6298,
// section 5). A sender with more under way may learn of it sooner
// (RFC 5681, fast retransmit): the relay is the harsher way.
func (f *fate) pauseOf(c Conditions) time.Duration {
	wait := 2*c.Delay + resendFloor
	pause := wait
	for f.chance.Float64() < c.Loss && wait < time.Minute {
		wait *= 2
		pause += wait
	}
	return pause
}

// sleep waits until a time; false when the context ended first.
func sleep(ctx context.Context, until time.Time) bool {
	left := until.Sub(now())
	if left <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(left)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func latest(times ...time.Time) time.Time {
	out := times[0]
	for _, t := range times[1:] {
		if t.After(out) {
			out = t
		}
	}
	return out
}

// now is the machine's clock: what is tested here is time as it passes.
func now() time.Time { return time.Now() } //nolint:forbidigo // a way takes real time
