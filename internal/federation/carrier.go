package federation

import (
	"errors"
	"runtime/debug"

	"guichet"
)

// carriedChunks are in use for a stream: one that is filled, one that waits, one
// that is sent.
const carriedChunks = 3

// carrier sends the chunks of a stream in their order, on a goroutine of its own:
// to hash and to encrypt a chunk takes about as long as to make the next one.
type carrier struct {
	full   chan []byte
	free   chan []byte
	failed chan struct{} // closed when err is set
	done   chan struct{} // closed when everything was sent or given up
	err    error
	made   int
	ended  bool // nothing comes any more
}

// newCarrier starts a carrier. It must be settled before what send writes to is
// gone.
func newCarrier(send func(chunk []byte) error) *carrier {
	c := &carrier{full: make(chan []byte, carriedChunks), free: make(chan []byte, carriedChunks), failed: make(chan struct{}), done: make(chan struct{}), made: 1}
	go c.run(send)
	return c
}

func (c *carrier) run(send func(chunk []byte) error) {
	defer close(c.done)
	for chunk := range c.full {
		if c.err == nil {
			if c.err = sent(send, chunk); c.err != nil {
				close(c.failed)
			}
		}
		c.free <- chunk[:0] // there is room for all
	}
}

// sent sends a chunk; a panic on the way is its error.
func sent(send func(chunk []byte) error, chunk []byte) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = guichet.Errorf(guichet.KindInternal, "sending a chunk ended in a panic: %T\n%s", fault, debug.Stack())
		}
	}()
	return send(chunk)
}

// carry hands a chunk over and returns room for the next one. The error is that
// of a chunk before it.
func (c *carrier) carry(chunk []byte) ([]byte, error) {
	if c.ended {
		return chunk[:0], errors.Join(c.err, guichet.Errorf(guichet.KindInternal, "a chunk after the last of a stream of records"))
	}
	select {
	case <-c.failed:
		return chunk[:0], c.err
	default:
	}
	c.full <- chunk // there is room for all
	if c.made < carriedChunks {
		c.made++
		return make([]byte, 0, cap(chunk)), nil
	}
	return <-c.free, nil
}

// settle returns when all that was handed over is sent, or given up and why.
// Nothing is carried after it.
func (c *carrier) settle() error {
	if !c.ended {
		c.ended = true
		close(c.full)
	}
	<-c.done
	return c.err
}
