package federation

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"guichet"
)

// RecordsWriter is what a desk writes a large answer to, in this order: Begin,
// when the leaf that it starts is durable; Write, as often as need be; Root,
// which the end's leaf holds; and End, when that leaf is durable. A refusal is
// Refuse, and nothing else. While a chunk is hashed, encrypted and sent the next
// one is made; it waits for the reader, so that memory stays that of a few chunks.
// It is for one goroutine.
type RecordsWriter struct {
	v        *visit
	asked    Asked
	decision guichet.Decision // of the head that has left
	looked   time.Time        // when the stream was last found permitted
	since    int              // chunks that were handed over since then
	sum      chain            // of the carrier's while there is one
	end      streamEnd
	chunk    []byte // what waits to fill a frame
	stage    stage
	carrier  *carrier // of chunks; nil before the first
}

// A stream that may not go on ends within so many chunks (4 MiB), or with the
// first one after so long.
const (
	lookChunks = 16
	lookAfter  = 5 * time.Second
)

// stage is how far a stream has come.
type stage int

const (
	untouched stage = iota
	flowing         // the head has left
	summed          // the last chunk has left
	over            // the end or a refusal has left
)

// Refuse answers with a refusal, a reply sealed whole as ask gives it, whose leaf
// is durable.
func (w *RecordsWriter) Refuse(body []byte, leaf uint64) error {
	if w.stage != untouched {
		return w.misused("Refuse")
	}
	w.stage = over
	w.v.s.refused.add(w.asked.Member.Code, w.v.s.cfg.Clock())
	w.v.atLeaf(leaf)
	return w.v.send(http.StatusOK, MediaReply, body)
}

// Begin sends the headers, with the address of the receipt of the leaf that
// starts the answer, and the head.
func (w *RecordsWriter) Begin(head guichet.Reply, leaf uint64) error {
	if w.stage != untouched {
		return w.misused("Begin")
	}
	text, err := encodeHead(head)
	if err != nil {
		return err
	}
	if len(text) > MaxHead {
		return guichet.Errorf(guichet.KindInvalid, "the head of the answer takes %d KiB, more than it may: %d KiB", len(text)>>10, MaxHead>>10)
	}
	w.v.atLeaf(leaf)
	h := w.v.w.Header()
	h.Set("Content-Type", MediaRecords)
	h.Set("Cache-Control", "no-store")
	if err := w.v.s.cfg.Seal.Stream(h, http.StatusOK, w.v.r); err != nil {
		return fmt.Errorf("sign the stream: %w", err)
	}
	w.decision, w.looked = head.Decision, w.v.s.cfg.Clock()
	w.sum, w.stage = newChain(w.asked.Request.Exchange), flowing
	w.v.begun, w.v.told.Status = true, http.StatusOK
	w.v.w.WriteHeader(http.StatusOK)
	return w.chained(frame{frameHead, text})
}

// Write sends p, cut into frames.
func (w *RecordsWriter) Write(p []byte) (int, error) {
	if w.stage != flowing {
		return 0, w.misused("Write")
	}
	if w.carrier == nil {
		w.carrier = newCarrier(func(chunk []byte) error { return w.chained(frame{frameChunk, chunk}) })
		w.chunk = make([]byte, 0, MaxChunk)
	}
	written := 0
	for written < len(p) {
		n := min(len(p)-written, MaxChunk-len(w.chunk))
		w.chunk = append(w.chunk, p[written:written+n]...)
		written += n
		if len(w.chunk) < MaxChunk {
			break
		}
		if err := w.flushChunk(); err != nil {
			return written, err
		}
	}
	return written, nil
}

func (w *RecordsWriter) flushChunk() error {
	if len(w.chunk) == 0 {
		return nil
	}
	if w.since++; w.since > lookChunks || w.v.s.cfg.Clock().Sub(w.looked).Abs() >= lookAfter {
		if err := w.still(); err != nil {
			return err
		}
	}
	w.end.Chunks++
	w.end.Bytes += int64(len(w.chunk))
	var err error
	w.chunk, err = w.carrier.carry(w.chunk)
	return err
}

// still looks whether the stream may go on: a key may be revoked, a member gone or
// an agreement withdrawn in the hours that it takes.
func (w *RecordsWriter) still() error {
	ctx := w.v.r.Context()
	peer, err := w.v.s.cfg.Gate.Peer(w.v.r)
	if err == nil && peer.Code != w.asked.Member.Code {
		err = guichet.Errorf(guichet.KindRefused, "the connection is no longer one of %s", w.asked.Member.Code)
	}
	if err == nil {
		err = w.v.s.cfg.Still(ctx, w.asked, w.decision)
	}
	if err != nil {
		return fmt.Errorf("go on with a stream: %w", err)
	}
	w.since, w.looked = 0, w.v.s.cfg.Clock()
	return nil
}

// settle returns when all chunks have been sent, or one could not be.
func (w *RecordsWriter) settle() error {
	if w.carrier == nil {
		return nil
	}
	return w.carrier.settle()
}

// Root sends what is left and returns the root of all that was sent, hex: the
// leaf of the end holds its salted digest.
func (w *RecordsWriter) Root() (string, error) {
	if w.stage != flowing {
		return "", w.misused("Root")
	}
	if err := errors.Join(w.flushChunk(), w.settle()); err != nil {
		return "", err
	}
	if err := w.still(); err != nil {
		return "", err
	}
	w.stage = summed
	return w.sum.String(), nil
}

// End signs how many rows there were and under which leaf, and ends the stream.
func (w *RecordsWriter) End(rows int64, leaf uint64) error {
	if w.stage != summed {
		return w.misused("End")
	}
	w.end.Rows, w.end.Leaf, w.end.Root = rows, leaf, w.sum.String()
	message, err := guichet.Canonical(w.end)
	if err != nil {
		return fmt.Errorf("write the end of a stream: %w", err)
	}
	key, signature, err := w.v.s.cfg.Seal.SignEnd(message)
	if err != nil {
		return fmt.Errorf("sign the end of a stream: %w", err)
	}
	text, err := json.Marshal(signedEnd{w.end, key, signature})
	if err != nil {
		return fmt.Errorf("write the end of a stream: %w", err)
	}
	w.stage = over
	return w.write(frame{frameEnd, text})
}

// closed ends what the desk left: a fault is told in a frame of its own, and a
// stream without an end is an error.
func (w *RecordsWriter) closed(err error) error {
	if fault := w.settle(); err == nil {
		err = fault
	}
	switch {
	case err == nil && w.stage == over:
		return nil
	case err == nil:
		err = guichet.Errorf(guichet.KindInternal, "the desk did not end its stream of records")
	}
	if w.stage != flowing && w.stage != summed {
		return fmt.Errorf("records: %w", err)
	}
	p, _ := problemOf(err, w.v.s.cfg.Clock())
	text, fault := json.Marshal(streamFault{p.Kind, p.Message})
	if fault == nil && w.write(frame{frameError, text}) == nil {
		w.v.note(w.v.r.Context(), p, err)
		return nil
	}
	return fmt.Errorf("records: %w", err)
}

func (w *RecordsWriter) chained(f frame) error {
	w.sum = w.sum.add(f)
	return w.write(f)
}

// write sends a frame and waits until the connection has taken it.
func (w *RecordsWriter) write(f frame) error {
	if err := w.v.allowWrite(); err != nil {
		return err
	}
	h := f.header()
	for _, part := range [][]byte{h[:], f.payload} {
		if _, err := w.v.w.Write(part); err != nil {
			return fmt.Errorf("write a frame: %w", err)
		}
	}
	if err := w.v.control.Flush(); err != nil {
		return fmt.Errorf("flush a frame: %w", err)
	}
	return nil
}

func (w *RecordsWriter) misused(call string) error {
	return guichet.Errorf(guichet.KindInternal, "%s of a stream of records out of turn", call)
}
