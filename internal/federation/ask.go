package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"guichet"
)

// Result is what became of a question to one member. Whatever it is, our journal
// holds the leaf that says so.
type Result struct {
	Member  string
	Request guichet.Request
	// Reply is the verified reply, nil where there is none. Of an answer it has its
	// rows; a refusal has a Gap beside it.
	Reply *guichet.Reply
	Gap   *guichet.Gap // why there are no figures; nil of an answer
	Leaf  uint64       // index of our leaf: received or missed
	// Peer is the index of the member's leaf, and Receipt the path where its
	// receipt is; "" where there is no reply.
	Peer    uint64
	Receipt string
	Took    time.Duration
	// Err is a fault of our own: the journal did not take the leaf, or the question
	// could not be made. Nothing of the result may be used then.
	Err error
}

// Ask puts a question to a member and returns what became of it. What the member
// did, or did not, is in the result; the error is ours: KindInvalid of a question
// that is not well made, or the journal's. When it returns, a leaf is durable.
func (c *Client) Ask(ctx context.Context, m guichet.Member, req guichet.Request) (Result, error) {
	began := c.cfg.Clock()
	body, err := c.body(m, req, false)
	if err != nil {
		return Result{Member: m.Code, Request: req, Err: err}, err
	}
	asking, cancel := context.WithTimeout(ctx, c.cfg.Limits.Ask)
	defer cancel()
	var r received
	if r, err = c.exchange(asking, m, call{method: http.MethodPost, path: "ask", media: MediaJSON, body: body, exchange: req.Exchange}); err == nil {
		err = c.open(m, req, &r)
	}
	return c.conclude(ctx, m, req, began, conclusion{received: r, asked: body, err: err})
}

// body writes a request as it travels, once it is well made and meant for m.
func (c *Client) body(m guichet.Member, req guichet.Request, records bool) ([]byte, error) {
	if err := checkRequest(req); err != nil {
		return nil, err
	}
	if req.To != m.Code || req.From.Member != c.cfg.Us || req.Records != records {
		return nil, guichet.Errorf(guichet.KindInternal, "a question from %s to %s (records: %t) is put to %s by %s (records: %t)", req.From.Member, req.To, req.Records, m.Code, c.cfg.Us, records)
	}
	body, err := json.Marshal(req)
	if err != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "the question cannot be written: %w", err)
	}
	if len(body) > MaxQuestion {
		return nil, guichet.Errorf(guichet.KindInvalid, "the question takes %d KiB, more than the %d KiB that members take", len(body)>>10, MaxQuestion>>10).WithHint("name fewer products or partners, or a group of them")
	}
	return body, nil
}

// received is a verified reply and where it stands.
type received struct {
	reply   guichet.Reply
	said    []byte // what the leaves digest: the body as it came, of records the root's hex digits
	rows    []byte // the part of the body that holds the rows
	peer    uint64
	receipt string
	count   int64
}

// exchange sends a question and returns the reply, verified and bound to it, its
// rows not read yet.
func (c *Client) exchange(ctx context.Context, m guichet.Member, what call) (received, error) {
	resp, err := c.send(ctx, m, what)
	if err != nil {
		return received{}, err
	}
	defer func() { _ = resp.Body.Close() }() // read whole, or given up
	if resp.StatusCode != http.StatusOK {
		return received{}, c.problemFrom(ctx, m, resp)
	}
	return c.wholeReply(ctx, m, resp, what)
}

// wholeReply reads a reply that is sealed whole.
func (c *Client) wholeReply(ctx context.Context, m guichet.Member, resp *http.Response, what call) (received, error) {
	body, err := c.readWhole(ctx, m, resp, MaxReply)
	if err != nil {
		return received{}, err
	}
	r := received{said: body}
	if media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || media != MediaReply {
		return r, garbled(m, guichet.Errorf(guichet.KindInvalid, "it is %q, and a reply is %s", clip(media, 80), MediaReply))
	}
	if r.peer, r.receipt, err = leafOf(resp.Header); err != nil {
		return r, garbled(m, err)
	}
	if r.reply, r.rows, err = c.heads.decode(body); err != nil {
		return r, garbled(m, err)
	}
	if err := checkReply(r.reply, m, what); err != nil {
		return r, garbled(m, err)
	}
	return r, nil
}

// leafOf reads the headers that name the member's leaf.
func leafOf(h http.Header) (uint64, string, error) {
	text, receipt := h.Get(HeaderLeaf), h.Get(HeaderReceipt)
	index, err := wholeNumber(text)
	if err != nil {
		return 0, "", guichet.Errorf(guichet.KindInvalid, "%s is %q, and must be the index of a leaf", HeaderLeaf, clip(text, 40))
	}
	if want := receiptPath(index); receipt != want {
		return 0, "", guichet.Errorf(guichet.KindInvalid, "%s is %q, and must be %s", HeaderReceipt, clip(receipt, 80), want)
	}
	return index, receipt, nil
}

// checkReply holds the head of a reply against the question that was put, and
// the shapes of what our leaf repeats.
func checkReply(reply guichet.Reply, m guichet.Member, what call) error {
	d := reply.Decision
	switch {
	case reply.Exchange != what.exchange:
		return guichet.Errorf(guichet.KindInvalid, "it is the reply to the exchange %q, not to ours", clip(reply.Exchange, 40))
	case reply.Request != digestHex(what.body):
		return guichet.Errorf(guichet.KindInvalid, "it is the reply to other bytes than we sent")
	case reply.Member != m.Code:
		return guichet.Errorf(guichet.KindInvalid, "it is the reply of %q", clip(reply.Member, 10))
	case d.Agreement != "" && !shapes().name.MatchString(d.Agreement), len(d.Clause) > 256, len(reply.Snapshot) > 256, d.Version < 0, reply.Hidden < 0:
		return guichet.Errorf(guichet.KindInvalid, "its decision names no agreement, version, clause or snapshot as they are written")
	case d.Permitted && reply.Answer == nil:
		return guichet.Errorf(guichet.KindInvalid, "it permits the question and holds no answer")
	case !d.Permitted && reply.Answer != nil:
		return guichet.Errorf(guichet.KindInvalid, "it refuses the question and answers it")
	case !d.Permitted && d.Clause == "":
		return guichet.Errorf(guichet.KindInvalid, "it refuses the question and names no clause")
	}
	return nil
}

// open reads the rows of a reply into it. Whatever the decoder does with bytes
// from outside, a panic among it, stays here.
func (c *Client) open(m guichet.Member, req guichet.Request, r *received) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = garbled(m, guichet.Errorf(guichet.KindInvalid, "its columns break the decoder: %T at %s", fault, clip(string(debug.Stack()), 400)))
		}
	}()
	a := r.reply.Answer
	if a == nil {
		if len(r.rows) > 0 {
			return garbled(m, guichet.Errorf(guichet.KindInvalid, "a refusal is followed by %d bytes", len(r.rows)))
		}
		return nil
	}
	for i, column := range a.Columns {
		if column.Name == "" || slices.ContainsFunc(a.Columns[:i], func(other guichet.Column) bool { return other.Name == column.Name }) {
			return garbled(m, guichet.Errorf(guichet.KindInvalid, "column %d of the answer has no name of its own: %q", i+1, clip(column.Name, 40)))
		}
	}
	if a.Rows, err = c.cfg.Rows(a.Columns, r.rows); err != nil {
		return garbled(m, guichet.Errorf(guichet.KindInvalid, "its columns: %w", err))
	}
	if len(a.Rows) == 0 && len(a.Gaps) == 0 {
		return garbled(m, guichet.Errorf(guichet.KindInvalid, "it is an answer without rows that does not say why"))
	}
	r.count = int64(len(a.Rows))
	a.Question = req.Question // what was asked is what we asked
	return nil
}

// conclusion is how an exchange ended, before our leaf says so.
type conclusion struct {
	received
	asked []byte // the request's body
	err   error  // a miss, or a fault of ours
}

// conclude writes our leaf and returns the result; nothing of it is used before
// the leaf is durable. A question that was taken back has its leaf too: the other
// side may have answered it.
func (c *Client) conclude(ctx context.Context, m guichet.Member, req guichet.Request, began time.Time, end conclusion) (Result, error) {
	out := Result{Member: m.Code, Request: req}
	missed, isMiss := errors.AsType[*miss](end.err)
	if end.err != nil && !isMiss {
		missed = &miss{reason: guichet.GapSilent, err: end.err, words: say("our own node failed while it asked %[1]s", "notre propre nœud a échoué en interrogeant %[1]s", m.Code)}
	}
	now := c.cfg.Clock()
	leaf := guichet.Leaf{
		Format: 1, Kind: guichet.LeafReceived, Exchange: req.Exchange, From: req.From, To: req.To, Officer: req.Officer, Purpose: req.Purpose,
		Agreement: req.Agreement, Request: SaltedDigest(req.Salt, end.asked), Time: now.UTC().Truncate(time.Second),
	}
	if missed != nil {
		leaf.Kind, leaf.Reason = guichet.LeafMissed, missed.reason
		out.Gap = missed.gap(m.Code, req.Question.Lang, c.cfg.Words)
	} else {
		reply := end.reply
		out.Reply, out.Peer, out.Receipt = &reply, end.peer, end.receipt
		d := reply.Decision
		leaf.Agreement, leaf.Version, leaf.Clause = d.Agreement, d.Version, d.Clause
		leaf.Rows, leaf.Hidden, leaf.Snapshot, leaf.Peer = end.count, int64(reply.Hidden), reply.Snapshot, int64(end.peer)+1 //nolint:gosec // wholeNumber bounds it to 63 bits
		leaf.Reply = SaltedDigest(req.Salt, end.said)
		if !d.Permitted {
			out.Gap = refusal(m, reply, req.Question.Lang)
		}
	}
	writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.cfg.Limits.Journal)
	defer cancel()
	var err error
	if out.Leaf, err = c.cfg.Journal.Append(writing, leaf); err != nil {
		err = fmt.Errorf("record what %s said: %w", m.Code, err)
		return Result{Member: m.Code, Request: req, Err: err}, err
	}
	out.Took = c.cfg.Clock().Sub(began)
	if end.err != nil && !isMiss {
		out.Err = end.err
		return out, end.err
	}
	return out, nil
}

// refusal tells a refusal as a gap.
func refusal(m guichet.Member, reply guichet.Reply, lang string) *guichet.Gap {
	d := reply.Decision
	where := say("no agreement covers it", "aucun accord ne couvre la demande")
	if d.Agreement != "" {
		where = say("agreement %[1]s version %[2]d, clause %[3]s", "accord %[1]s version %[2]d, clause %[3]s", d.Agreement, d.Version, clip(d.Clause, 256))
	}
	words := say("%[1]s refuses: %[2]s", "%[1]s refuse : %[2]s", m.Code, clip(d.Text, 500))
	text := words.In(lang) + " (" + where.In(lang) + ")"
	if d.Hint != "" {
		text += "; " + clip(d.Hint, 300)
	}
	return &guichet.Gap{Reporter: m.Code, Member: m.Code, Reason: guichet.GapRefused, Text: text}
}
