package federation

import (
	"bytes"
	"crypto/sha256"
	"sync"

	"guichet"
)

// heads are the heads of replies read last. A member that is asked the same again
// says the same again but for the names of the exchange and of the request, which
// our nodes write first; to read the rest costs more than to verify it. A head
// that begins in another way is read as it comes.
type heads struct {
	mu   sync.Mutex // guards read
	read map[[sha256.Size]byte]guichet.Reply
}

const (
	// mostHeads are kept, and as many bytes of a head at most; when they are that
	// many, all are forgotten.
	mostHeads = 256
	longHead  = 16 << 10
)

// What heads begin with that name their exchange as our nodes do.
const (
	headExchange = `{"exchange":"`
	headRequest  = `","request":"`
	headRest     = `",`

	exchangeDigits = 32
	requestDigits  = 2 * sha256.Size
)

// named cuts a head into the names at its beginning and the rest; false where it
// begins otherwise. Digits alone stand in the names, so that the rest means the
// same behind any of them.
func named(head []byte) (exchange, request, rest []byte, ok bool) {
	const before = len(headExchange) + exchangeDigits + len(headRequest)
	const long = before + requestDigits + len(headRest)
	if len(head) < long || len(head) > longHead {
		return nil, nil, nil, false
	}
	exchange, request, rest = head[len(headExchange):len(headExchange)+exchangeDigits], head[before:before+requestDigits], head[long:]
	ok = bytes.HasPrefix(head, []byte(headExchange)) && bytes.HasPrefix(head[len(headExchange)+exchangeDigits:], []byte(headRequest)) &&
		bytes.Equal(head[before+requestDigits:long], []byte(headRest)) && digits(exchange) && digits(request)
	return exchange, request, rest, ok
}

func digits(text []byte) bool { return len(bytes.Trim(text, "0123456789abcdef")) == 0 }

// decode reads a reply as DecodeReply does. What it points to is shared by all
// replies of the same head, and is not to be changed.
func (h *heads) decode(body []byte) (guichet.Reply, []byte, error) {
	head, rows, err := cutReply(body)
	if err != nil {
		return guichet.Reply{}, nil, err
	}
	exchange, request, rest, ok := named(head)
	if !ok {
		reply, err := decodeHead(head)
		return reply, rows, err
	}
	key := sha256.Sum256(rest)
	h.mu.Lock()
	reply, known := h.read[key]
	h.mu.Unlock()
	if !known {
		if reply, err = decodeHead(head); err != nil {
			return reply, rows, err
		}
		h.keep(key, reply)
	}
	reply.Exchange, reply.Request = string(exchange), string(request)
	if reply.Answer != nil {
		own := *reply.Answer // its rows and its question are filled in
		reply.Answer = &own
	}
	return reply, rows, nil
}

func (h *heads) keep(key [sha256.Size]byte, reply guichet.Reply) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.read == nil || len(h.read) >= mostHeads {
		h.read = map[[sha256.Size]byte]guichet.Reply{}
	}
	h.read[key] = reply
}
