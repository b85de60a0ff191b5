package gate

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"time"

	"guichet"
)

// transport sends requests to one member. Its connections are of one set of tls
// keys: when the circle names others, they are given up before the next request is
// sent, so that no question reaches a node whose key was revoked meanwhile.
type transport struct {
	gate   *Gate
	member string

	mu   sync.Mutex // guards keys and http
	keys string
	http *http.Transport
}

// Transport sends requests to a member over pinned connections. Keep one for each
// member. It follows no redirect and unpacks nothing, since both would part the
// answer from its signature; an http.Client over it needs a CheckRedirect that
// returns http.ErrUseLastResponse.
func (g *Gate) Transport(member string) http.RoundTripper { return &transport{gate: g, member: member} }

// RoundTrip sends one request. KindUntrusted when the other side is not the member,
// or does not take us for one.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	h, err := t.current(r.Context())
	if err != nil {
		return nil, err
	}
	reused := false
	trace := &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused }}
	resp, err := h.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	if err != nil {
		return nil, t.explain(r, err, reused)
	}
	resp.Request = r // whose signature the answer is bound to
	return resp, nil
}

// CloseIdleConnections is what http.Client calls.
func (t *transport) CloseIdleConnections() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.http != nil {
		t.http.CloseIdleConnections()
	}
}

func (t *transport) current(ctx context.Context) (*http.Transport, error) {
	circle, err := t.gate.c.Circle(ctx)
	if err != nil {
		return nil, err
	}
	m, ok := circle.Member(t.member)
	if !ok || m.HasLeft(t.gate.c.Clock()) {
		return nil, guichet.Errorf(guichet.KindRefused, "%s is no member of the circle %s", t.member, circle.Name).WithHint("see who is with guichet circle members")
	}
	keys := tlsKeys(m, t.gate.c.Clock())
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.http == nil || keys != t.keys {
		if t.http != nil {
			t.http.CloseIdleConnections() // what is under way ends by itself
		}
		t.keys, t.http = keys, t.gate.newTransport(t.member)
	}
	return t.http, nil
}

func tlsKeys(m guichet.Member, now time.Time) string {
	var ids []string
	for _, k := range m.Keys {
		if k.Use == guichet.KeyTLS && k.InForce(now) {
			ids = append(ids, k.ID)
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// newTransport speaks HTTP/1.1, though members may speak HTTP/2 to us: a
// connection for each question under way costs a handshake once, and one
// connection for all of them costs every message several changes of goroutine on
// both sides (docs/benchmarks.md has the figures), and a window of flow control to
// every stream of records.
func (g *Gate) newTransport(member string) *http.Transport {
	config := g.ClientTLS(member)
	config.NextProtos = []string{"http/1.1"}
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: handshakeWait}).DialContext,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    handshakeWait,
		DisableCompression:     true,
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        idleWait / 2, // shorter than the server's, so that no request meets a connection that is being closed
		MaxResponseHeaderBytes: maxHeader,
	}
}

// explain puts the other side's alert into words: TLS has no place for a sentence.
// In TLS 1.3 the alert about our certificate comes after our side of the handshake,
// and HTTP/2 may lose it among other errors; then a connection is made once more
// to hear it.
func (t *transport) explain(r *http.Request, err error, reused bool) error {
	told := alert(err)
	op, network := errors.AsType[*net.OpError](err)
	dialled := network && op.Op == "dial"
	if told == nil && !reused && !dialled && r.Context().Err() == nil && guichet.KindOf(err) == guichet.KindInternal {
		told = alert(t.listen(r.Context(), r.URL.Host))
	}
	if told == nil {
		return err
	}
	e := guichet.Errorf(guichet.KindUntrusted, "%s closed the connection at the handshake (%s): it does not take our tls key for one of %s", t.member, told, t.gate.c.Self).
		WithHint("compare the key of our paper with our key file, and ask which version of the circle %s has", t.member)
	e.Err = err
	return e
}

// alert is what the other side's TLS said when it closed, nil where it did not.
func alert(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" {
		return op.Err
	}
	return nil
}

// listen connects and waits for what the other side says to our certificate before
// it is asked anything: an alert, or for a moment nothing.
func (t *transport) listen(ctx context.Context, host string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	d := tls.Dialer{Config: t.gate.ClientTLS(t.member)}
	d.Config.NextProtos = []string{"http/1.1"} // of which the server does not speak first
	c, err := d.DialContext(ctx, "tcp", withPort(host))
	if err != nil {
		return err
	}
	defer c.Close() //nolint:errcheck // nothing was sent
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	_, err = c.Read(make([]byte, 1))
	return err
}
