package ingest

import "io"

// ahead reads on while what was read is being looked at: inflating takes as
// long as parsing, and the two share nothing.
type ahead struct {
	full  chan block  // read, to be looked at
	empty chan []byte // to be read into
	stop  chan struct{}
	ended chan struct{}

	now  block
	rest []byte
}

type block struct {
	buf []byte
	n   int
	err error
}

// newAhead starts reading; Close must be called, whatever happens.
func newAhead(r io.Reader) *ahead {
	const blocks, size = 4, 256 << 10
	a := &ahead{full: make(chan block, blocks), empty: make(chan []byte, blocks), stop: make(chan struct{}), ended: make(chan struct{})}
	for range blocks {
		a.empty <- make([]byte, size)
	}
	go func() {
		defer close(a.ended)
		for {
			var b block
			select {
			case b.buf = <-a.empty:
			case <-a.stop:
				return
			}
			b.n, b.err = r.Read(b.buf)
			a.full <- b // never waits: there are as many places as buffers
			if b.err != nil {
				return
			}
		}
	}()
	return a
}

// Read gives what was read, and then the error that ended it.
func (a *ahead) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.now.err != nil {
			return 0, a.now.err
		}
		if a.now.buf != nil {
			a.empty <- a.now.buf
		}
		a.now = <-a.full
		a.rest = a.now.buf[:a.now.n]
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// Close ends the reading and waits for it.
func (a *ahead) Close() {
	close(a.stop)
	<-a.ended
}
