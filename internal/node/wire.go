package node

import (
	"context"
	"crypto"
	"net/http"
	"sync"

	"guichet"
	"guichet/internal/gate"
	"guichet/internal/seal"
	"guichet/internal/store"
)

// signer is a private key that may live in a token: only what it signs leaves.
type signer = crypto.Signer

// lines are the ways to the other members: TLS pinned to each one's keys, and
// the signatures of what goes over them.
type lines struct {
	seat   *Seat
	gate   *gate.Gate
	sealer *seal.Sealer
	key    signer // the seal key

	mu      sync.Mutex // guards clients
	clients map[string]*http.Client
}

// to returns the client of a member; its connections are kept.
func (l *lines) to(m guichet.Member) *http.Client {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.clients[m.Code]
	if !ok {
		c = &http.Client{
			Transport:     l.gate.Transport(m.Code),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
		l.clients[m.Code] = c
	}
	return c
}

// rest closes the connections that nothing goes over: whoever we called waits for
// them when it ends.
func (l *lines) rest() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.clients {
		c.CloseIdleConnections()
	}
}

func (l *lines) verifier() seal.Verifier { return seal.Verifier{Clock: l.seat.n.cfg.Clock} }

// keysOf finds the seal keys of a member as the circle has them now.
func (l *lines) keysOf(m guichet.Member) seal.Find {
	return l.gate.SealKey(context.Background(), m.Code)
}

// Request signs what is sent to a member, and the trace that it belongs to.
func (l *lines) Request(r *http.Request, body []byte) error {
	if w := l.seat.watch; w != nil {
		w.tracing.carry(r)
	}
	return l.sealer.Request(r, body)
}

// VerifyResponse holds an answer against the member's seal keys and our request.
func (l *lines) VerifyResponse(resp *http.Response, body []byte, m guichet.Member) error {
	_, err := l.verifier().Response(resp, body, l.keysOf(m))
	return err
}

// VerifyStream does so for the head of a large answer.
func (l *lines) VerifyStream(resp *http.Response, m guichet.Member) error {
	_, err := l.verifier().Stream(resp, l.keysOf(m))
	return err
}

// VerifyEnd holds the end of a large answer against the member's seal key.
func (l *lines) VerifyEnd(m guichet.Member, keyID string, message, signature []byte) error {
	public, err := l.keysOf(m)(keyID)
	if err != nil {
		return err
	}
	return seal.VerifyBytes(public, seal.ContextRecordsEnd, message, signature)
}

// Response signs an answer, bound to its request.
func (l *lines) Response(h http.Header, status int, to *http.Request, body []byte) error {
	return l.sealer.Response(h, status, to, body)
}

// Stream signs the head of a large answer.
func (l *lines) Stream(h http.Header, status int, to *http.Request) error {
	return l.sealer.Stream(h, status, to)
}

// SignEnd signs the end of a large answer.
func (l *lines) SignEnd(message []byte) (string, []byte, error) {
	signature, err := seal.SignBytes(l.key, seal.ContextRecordsEnd, message)
	return l.sealer.KeyID(), signature, err
}

// decodeRows reads the rows of an answer that came in columns.
func decodeRows(columns []guichet.Column, data []byte) ([]guichet.Row, error) {
	return store.Columns{}.DecodeRows(columns, data)
}
