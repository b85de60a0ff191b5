package federation

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"guichet"
)

// receiptPath is where the receipt of a leaf is.
func receiptPath(index uint64) string { return Prefix + "receipts/" + strconv.FormatUint(index, 10) }

// fetched is a verified answer to a fetch.
type fetched struct {
	status int
	media  string
	body   []byte
}

// fetch gets a file of a member, verified. An answer that is no file is a miss.
func (c *Client) fetch(ctx context.Context, m guichet.Member, what call) (fetched, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Limits.Fetch)
	defer cancel()
	resp, err := c.send(ctx, m, what)
	if err != nil {
		return fetched{}, err
	}
	defer func() { _ = resp.Body.Close() }() // read whole, or given up
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if resp.StatusCode != http.StatusOK && (what.method == http.MethodGet || media == MediaProblem) {
		return fetched{}, c.problemFrom(ctx, m, resp)
	}
	body, err := c.readWhole(ctx, m, resp, maxFile)
	return fetched{resp.StatusCode, resp.Header.Get("Content-Type"), body}, err
}

// file fetches what is at a path, and tells a miss as an error: KindNotFound,
// which fs.ErrNotExist is within, KindBusy where asking again may help,
// KindUntrusted, KindRefused or KindInvalid.
func (c *Client) file(ctx context.Context, m guichet.Member, path string, query url.Values) ([]byte, error) {
	got, err := c.fetch(ctx, m, call{method: http.MethodGet, path: path, query: query})
	return got.body, fault(err)
}

// fault makes a miss an error for people.
func fault(err error) error {
	missed, ok := errors.AsType[*miss](err)
	if !ok {
		return err
	}
	if missed.status == http.StatusNotFound && missed.kind == guichet.KindNotFound {
		missed.err = fs.ErrNotExist
	}
	return missed.fault()
}

// Receipt fetches the receipt of a member's leaf, a C2SP tlog-proof that the
// caller verifies. It waits, and asks again, while no checkpoint covers the leaf
// yet, until ctx ends.
func (c *Client) Receipt(ctx context.Context, m guichet.Member, index uint64) ([]byte, error) {
	for {
		got, err := c.fetch(ctx, m, call{method: http.MethodGet, path: "receipts/" + strconv.FormatUint(index, 10)})
		missed, ok := errors.AsType[*miss](err)
		if !ok || missed.status != http.StatusTooEarly {
			return got.body, fault(err)
		}
		pause := time.NewTimer(min(max(missed.retry, 200*time.Millisecond), 10*time.Second))
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil, guichet.Errorf(guichet.KindBusy, "no checkpoint of %s covers leaf %d yet", m.Code, index).WithHint("ask for the receipt again in a minute; guichet doctor says whether its journal publishes")
		case <-pause.C:
		}
	}
}

// Exchanges fetches a page of a member's leaves in which we are a party, from an
// index on; next is the index to go on from, 0 where these were all.
func (c *Client) Exchanges(ctx context.Context, m guichet.Member, from uint64) (entries []Entry, next uint64, err error) {
	body, err := c.file(ctx, m, "exchanges", url.Values{"from": {strconv.FormatUint(from, 10)}})
	if err != nil {
		return nil, 0, err
	}
	var p page
	if err := readJSON(body, &p, false); err != nil {
		return nil, 0, guichet.Errorf(guichet.KindInvalid, "the exchanges of %s: %w", m.Code, err)
	}
	last := from
	for i, e := range p.Exchanges {
		if e.Index < last || i > 0 && e.Index == last {
			return nil, 0, guichet.Errorf(guichet.KindInvalid, "the exchanges of %s are out of order at leaf %d", m.Code, e.Index)
		}
		last = e.Index
	}
	if len(p.Exchanges) > exchangesPage || p.Next != 0 && (p.Next <= last && len(p.Exchanges) > 0 || p.Next <= from) {
		return nil, 0, guichet.Errorf(guichet.KindInvalid, "the exchanges of %s do not go on: %d leaves from %d, and the next from %d", m.Code, len(p.Exchanges), from, p.Next)
	}
	return p.Exchanges, p.Next, nil
}

// LogFile fetches a checkpoint or a tile of a member's log.
func (c *Client) LogFile(ctx context.Context, m guichet.Member, path string) ([]byte, error) {
	if !logPaths().MatchString(path) {
		return nil, guichet.Errorf(guichet.KindInvalid, "%q is no checkpoint and no tile of hashes", clip(path, 80))
	}
	return c.file(ctx, m, "log/"+path, nil)
}

// CircleFile fetches a paper of the circle from a member's copy. Signatures of
// the circle tell whether it is one; ours here only who gave it.
func (c *Client) CircleFile(ctx context.Context, m guichet.Member, path string) ([]byte, error) {
	if !fs.ValidPath(path) {
		return nil, guichet.Errorf(guichet.KindInvalid, "%q is no path of a paper", clip(path, 80))
	}
	return c.file(ctx, m, "circle/"+path, nil)
}

// AddCheckpoint asks a member to witness our checkpoint. What it says, 409 among
// it, is for the journal to read; the error is that it said nothing.
func (c *Client) AddCheckpoint(ctx context.Context, m guichet.Member, body []byte) (Witnessed, error) {
	got, err := c.fetch(ctx, m, call{method: http.MethodPost, path: "witness/add-checkpoint", media: mediaCheckpoint, body: body})
	return Witnessed{Status: got.status, Type: got.media, Body: got.body}, fault(err)
}

// Pong is what a member's node says of itself.
type Pong struct {
	Member        string
	Version       string
	Time          time.Time // by its clock
	CircleVersion int64
	JournalSize   uint64
	RoundTrip     time.Duration
	Ahead         time.Duration // how far its clock is before ours, half the round trip off at most
}

// Ping asks a member's node whether it is there.
func (c *Client) Ping(ctx context.Context, m guichet.Member) (Pong, error) {
	sent := c.cfg.Clock()
	body, err := c.file(ctx, m, "ping", nil)
	if err != nil {
		return Pong{}, err
	}
	came := c.cfg.Clock()
	var p pong
	if err := json.Unmarshal(body, &p); err != nil {
		return Pong{}, guichet.Errorf(guichet.KindInvalid, "what the node of %s says of itself: %w", m.Code, err)
	}
	if p.Member != m.Code {
		return Pong{}, guichet.Errorf(guichet.KindUntrusted, "the node of %s says that it is %q", m.Code, clip(p.Member, 10))
	}
	trip := came.Sub(sent)
	return Pong{
		Member: p.Member, Version: clip(p.Version, 80), Time: p.Time, CircleVersion: p.CircleVersion, JournalSize: p.JournalSize,
		RoundTrip: trip, Ahead: p.Time.Sub(sent.Add(trip / 2)),
	}, nil
}
