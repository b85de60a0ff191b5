package federation

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"guichet"
)

// MaxChunk is how much of the Arrow stream one frame carries at most.
const MaxChunk = 256 << 10

// The types of frames of a stream of records.
const (
	frameHead  = 'H' // first: the reply, JSON
	frameChunk = 'C' // a piece of the Arrow IPC stream, not empty
	frameEnd   = 'E' // last: the signed end; without it the stream was cut
	frameError = 'X' // last: what went wrong on the way; JSON
)

// frameBytes are the bytes before a frame's payload.
const frameBytes = 5

// frame is one frame of a stream of records: its type, four bytes, big-endian,
// that say how long the payload is, and the payload.
//
//	43 00 04 00 00 …262,144 bytes…
type frame struct {
	kind    byte
	payload []byte
}

// header is what stands before the payload.
func (f frame) header() [frameBytes]byte {
	var h [frameBytes]byte
	h[0] = f.kind
	binary.BigEndian.PutUint32(h[1:], uint32(len(f.payload))) //nolint:gosec // every payload is bounded by maxPayload
	return h
}

// maxPayload bounds the payload of a type of frame; false for a type that is
// none.
func maxPayload(kind byte) (int, bool) {
	switch kind {
	case frameHead:
		return MaxHead, true
	case frameChunk:
		return MaxChunk, true
	case frameEnd, frameError:
		return maxProblem, true
	}
	return 0, false
}

// readFrame reads the next frame into memory that it takes from room and gives
// back grown. io.EOF where the stream ends before a frame; io.ErrUnexpectedEOF
// where it ends within one; KindInvalid for what is no frame.
func readFrame(r io.Reader, room []byte) (frame, []byte, error) {
	var h [frameBytes]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return frame{}, room, fmt.Errorf("read a frame: %w", err)
	}
	most, known := maxPayload(h[0])
	n := binary.BigEndian.Uint32(h[1:])
	if !known || int64(n) > int64(most) {
		return frame{}, room, guichet.Errorf(guichet.KindInvalid, "a frame of type %q with %d bytes is none of this stream", h[0], n)
	}
	// A head that claims megabytes costs them only as they arrive.
	if h[0] == frameHead {
		var b bytes.Buffer
		if _, err := io.CopyN(&b, r, int64(n)); err != nil {
			return frame{}, room, fmt.Errorf("read a frame: %w", whole(err))
		}
		return frame{h[0], b.Bytes()}, room, nil
	}
	if cap(room) < int(n) {
		room = make([]byte, n)
	}
	if _, err := io.ReadFull(r, room[:n]); err != nil {
		return frame{}, room, fmt.Errorf("read a frame: %w", whole(err))
	}
	return frame{h[0], room[:n]}, room, nil
}

// whole makes an end within a frame one that was not expected.
func whole(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// chainContext opens the chain of every stream, so that its digests are those of
// nothing else.
const chainContext = "guichet records v1"

// chain is the running digest over the head and the chunks of a stream:
// d0 = SHA256(context || exchange), d(i) = SHA256(d(i-1) || SHA256(frame i)),
// where a frame is its type, its length and its payload, and the exchange its 32
// hexadecimal digits. Who alters, drops, repeats or reorders a frame changes
// every digest after it, and the last, which the end signs.
type chain [sha256.Size]byte

func newChain(exchange string) chain { return sha256.Sum256([]byte(chainContext + exchange)) }

func (c chain) add(f frame) chain {
	h := f.header()
	sum := sha256.New()
	sum.Write(h[:])
	sum.Write(f.payload)
	return sha256.Sum256(sum.Sum(c[:]))
}

func (c chain) String() string { return hex.EncodeToString(c[:]) }

// streamEnd is what the end of a stream states. Its canonical JSON is what the
// seal key signs, under the context "guichet records end v1" and a zero byte.
type streamEnd struct {
	Bytes  int64  `json:"bytes"`  // of the chunks' payloads
	Chunks int64  `json:"chunks"` //
	Leaf   uint64 `json:"leaf"`   // of the member asked: kind ended
	Root   string `json:"root"`   // the last digest of the chain, hex
	Rows   int64  `json:"rows"`   //
}

// signedEnd is the payload of the last frame.
type signedEnd struct {
	streamEnd
	KeyID     string `json:"keyid"`
	Signature []byte `json:"signature"` // Ed25519, 64 bytes
}

// streamFault is the payload of a frame that says why there is no end.
type streamFault struct {
	Kind    guichet.Kind `json:"kind"`
	Message string       `json:"message"`
}
