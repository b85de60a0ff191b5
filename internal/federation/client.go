package federation

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"guichet"
)

// ClientSeal signs what we ask and verifies what members say.
type ClientSeal interface {
	// Request adds digest and signature to a request whose URL and headers are
	// final, with a nonce of its own. Body is nil of a request without one.
	Request(r *http.Request, body []byte) error
	// VerifyResponse holds digest and signature of a response to resp.Request,
	// which Request signed, against the member's seal keys in force.
	// KindUntrusted where they do not hold; KindRefused where only its clock is
	// out; KindInvalid where they cannot be read.
	VerifyResponse(resp *http.Response, body []byte, m guichet.Member) error
	// VerifyStream does the same for a response without a digest.
	VerifyStream(resp *http.Response, m guichet.Member) error
	// VerifyEnd holds what ServerSeal.SignEnd made against the member's keys.
	VerifyEnd(m guichet.Member, keyID string, message, signature []byte) error
}

// Journal is our own, as the asker needs it.
type Journal interface {
	// Append returns when the leaf is durable, with its index. After an error the
	// leaf must be taken for not written, and what it is about is not used.
	Append(ctx context.Context, leaf guichet.Leaf) (uint64, error)
}

// Rows reads the columns of an answer from an Arrow IPC stream, in bounded
// memory; an error where they are not those that the answer describes.
type Rows func(columns []guichet.Column, stream []byte) ([]guichet.Row, error)

// ClientLimits bound how long we wait. Zero values mean the defaults.
type ClientLimits struct {
	Ask     time.Duration // for a whole exchange with a member: 20 s
	Fetch   time.Duration // for a receipt, a tile, a page, a paper: 20 s
	Idle    time.Duration // between two frames of a stream of records: 60 s
	Journal time.Duration // for a leaf of ours to be durable: 20 s
	Records int64         // bytes of records that one answer may have: 64 GiB
}

// ClientConfig is what a client is made of. All but Limits must be given.
type ClientConfig struct {
	Us    string // our member code
	Clock guichet.Clock
	// Line returns the client of HTTP whose connections are pinned to a member's
	// keys, always the same for a member, so that connections are used again. An
	// error of a handshake with somebody else is KindUntrusted.
	Line    func(m guichet.Member) *http.Client
	Seal    ClientSeal
	Journal Journal
	Rows    Rows
	Limits  ClientLimits
	// Words says an error in both languages; nil: in English alone.
	Words func(error) guichet.Text
}

// Client asks members.
type Client struct {
	cfg   ClientConfig
	heads heads
}

// NewClient returns a client; KindInternal where a part is missing.
func NewClient(cfg ClientConfig) (*Client, error) {
	for name, missing := range map[string]bool{
		"Us": cfg.Us == "", "Clock": cfg.Clock == nil, "Line": cfg.Line == nil, "Seal": cfg.Seal == nil, "Journal": cfg.Journal == nil, "Rows": cfg.Rows == nil,
	} {
		if missing {
			return nil, guichet.Errorf(guichet.KindInternal, "the federation's client has no %s", name)
		}
	}
	wait := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	wait(&cfg.Limits.Ask, 20*time.Second)
	wait(&cfg.Limits.Fetch, 20*time.Second)
	wait(&cfg.Limits.Idle, time.Minute)
	wait(&cfg.Limits.Journal, 20*time.Second)
	if cfg.Limits.Records <= 0 {
		cfg.Limits.Records = 64 << 30
	}
	return &Client{cfg: cfg}, nil
}

// call is one request to a member.
type call struct {
	method, path string // the path below Prefix
	query        url.Values
	media        string
	body         []byte
	exchange     string // that a reply must name; "" of a fetch
}

// send puts a call to a member: at its endpoints in order, until a connection
// comes about. What may have arrived anywhere is never sent again: there is no
// telling a lost question from a lost answer. The response's body is read under
// ctx, which the caller ends.
func (c *Client) send(ctx context.Context, m guichet.Member, what call) (*http.Response, error) {
	if len(m.Endpoints) == 0 {
		return nil, &miss{reason: guichet.GapSilent, words: say("the circle's paper of %[1]s names no address of its node", "le document du cercle sur %[1]s ne donne aucune adresse de son nœud", m.Code)}
	}
	var failed outcome
	for i, endpoint := range m.Endpoints {
		resp, reached, err := c.attempt(ctx, m, what, dialling{endpoint: endpoint, left: len(m.Endpoints) - i})
		if err == nil {
			return resp, nil
		}
		// An impostor at one address is worth telling where the next is only down.
		if reached || guichet.KindOf(failed.err) != guichet.KindUntrusted {
			failed = outcome{err: err, endpoint: endpoint, reached: reached}
		}
		if reached || ctx.Err() != nil {
			break
		}
	}
	return nil, unheard(ctx, m, failed)
}

// dialling is an endpoint to try, and how many are left with it.
type dialling struct {
	endpoint string
	left     int
}

// attempt sends a call to one endpoint, signed anew. Reached says whether there
// was a connection, so that bytes of the call may have arrived.
func (c *Client) attempt(ctx context.Context, m guichet.Member, what call, to dialling) (*http.Response, bool, error) {
	ctx, cancel := context.WithCancel(ctx)
	var reached atomic.Bool
	stop := giveUp(ctx, to.left, func() {
		if !reached.Load() {
			cancel()
		}
	})
	defer stop()
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { reached.Store(true) }})
	req, err := c.request(traced, what, to.endpoint)
	if err != nil {
		cancel()
		return nil, false, err
	}
	line := *c.cfg.Line(m)
	line.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := line.Do(req)
	if err != nil {
		cancel()
		return nil, reached.Load(), err //nolint:wrapcheck // unheard reads it
	}
	resp.Request = req
	resp.Body = &ender{resp.Body, cancel}
	return resp, true, nil
}

// giveUp calls f when an endpoint has used its share of the time left without a
// connection, so that a dead first address leaves time for the second. Stop
// returns when f will not run any more.
func giveUp(ctx context.Context, left int, f func()) (stop func()) {
	deadline, bounded := ctx.Deadline()
	if !bounded || left < 2 {
		return func() {}
	}
	share := time.Until(deadline) / time.Duration(left) // by the machine’s clock, as every deadline of a context
	t := time.AfterFunc(share, f)
	return func() { t.Stop() }
}

// request makes the signed request of a call.
func (c *Client) request(ctx context.Context, what call, endpoint string) (*http.Request, error) {
	u := url.URL{Scheme: "https", Host: endpoint, Path: Prefix + what.path, RawQuery: what.query.Encode()}
	var body io.Reader
	if what.body != nil {
		body = bytes.NewReader(what.body)
	}
	req, err := http.NewRequestWithContext(ctx, what.method, u.String(), body)
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	if what.body != nil {
		req.Header.Set("Content-Type", what.media)
	}
	req.Header.Set("Accept-Encoding", "identity") // the digest is of what travels
	req.Header.Set("User-Agent", "guichet")
	if err := c.cfg.Seal.Request(req, what.body); err != nil {
		return nil, fmt.Errorf("sign a request: %w", err)
	}
	return req, nil
}

// ender ends the context of a request when its body is closed.
type ender struct {
	io.ReadCloser
	end context.CancelFunc
}

// Close closes the body and ends its context.
func (e *ender) Close() error {
	defer e.end()
	return e.ReadCloser.Close() //nolint:wrapcheck // it is the body's
}

// readWhole reads a response of at most so many bytes and verifies it before
// anybody looks into it.
func (c *Client) readWhole(ctx context.Context, m guichet.Member, resp *http.Response, most int) ([]byte, error) {
	var b bytes.Buffer
	if n := resp.ContentLength; n > 0 && n <= 64<<10 {
		b.Grow(int(n) + bytes.MinRead) // a length that is only claimed buys no more than this
	}
	_, err := b.ReadFrom(io.LimitReader(resp.Body, int64(most)+1))
	if err != nil {
		return nil, c.brokeOff(ctx, m, err)
	}
	if b.Len() > most {
		return nil, &miss{reason: guichet.GapGarbled, words: say("what %[1]s sent is larger than the %[2]d KiB that are taken", "ce que %[1]s a envoyé dépasse les %[2]d Kio acceptés", m.Code, most>>10)}
	}
	if err := c.cfg.Seal.VerifyResponse(resp, b.Bytes(), m); err != nil {
		return nil, untrusted(m, resp, err)
	}
	return b.Bytes(), nil
}
