package federation

import (
	"bytes"
	"errors"
	"io"

	"guichet"
)

// ReadFrames reads all frames of a stream and returns their types and payloads,
// for the fuzzer.
func ReadFrames(r io.Reader) (kinds []byte, payloads [][]byte, err error) {
	var room []byte
	for {
		var f frame
		if f, room, err = readFrame(r, room); err != nil {
			return kinds, payloads, err
		}
		kinds, payloads = append(kinds, f.kind), append(payloads, bytes.Clone(f.payload))
	}
}

// WriteFrame writes a frame as a stream holds it.
func WriteFrame(kind byte, payload []byte) []byte {
	f := frame{kind, payload}
	h := f.header()
	return append(h[:], payload...)
}

// Chain returns the digests of the chain after its start and after each frame,
// hex.
func Chain(exchange string, frames ...[]byte) []string {
	sum := newChain(exchange)
	out := []string{sum.String()}
	for _, f := range frames {
		sum = sum.add(frame{f[0], f[frameBytes:]})
		out = append(out, sum.String())
	}
	return out
}

// Heads reads replies as a client does.
type Heads struct{ h heads }

// Decode reads a reply.
func (h *Heads) Decode(body []byte) (guichet.Reply, []byte, error) { return h.h.decode(body) }

// ReadLetterReply reads what a reply to a letter begins with, as a client does.
func ReadLetterReply(body []byte, exchange, request, member string) (guichet.LetterReply, error) {
	return readLetterReply(body, exchange, request, member)
}

// GarbledText is what is said of an answer that cannot be read.
func GarbledText(member string, err error, lang string, words func(error) guichet.Text) string {
	m := &miss{}
	if !errors.As(garbled(guichet.Member{Code: member}, err), &m) {
		return ""
	}
	return m.gap(member, lang, words).Text
}
