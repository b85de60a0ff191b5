package federation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"guichet"
)

// Sink takes a stream of records while it comes. What it was given counts only
// when Taken says that it is whole: write to a temporary file, and rename it
// then.
type Sink interface {
	// Begin is called once, before the first Write, with the reply that decides.
	Begin(reply guichet.Reply) error
	// Write takes the next piece of the Arrow IPC stream, of which nobody knows
	// yet whether the end will hold.
	io.Writer
}

// Taken is what became of a question for records.
type Taken struct {
	Result
	Whole  bool // the signed end has come, and all before it holds
	Rows   int64
	Bytes  int64
	Chunks int64
	Root   string // of the chain, hex
}

// errIdle is why a stream that stands still is given up.
var errIdle = errors.New("nothing came for too long")

// Records puts a question for records to a member and hands the stream to sink.
// A stream that is cut, altered, reordered, extended or of another exchange is a
// gap, and Whole is false. Its only deadlines are ctx's and that between two
// frames. The error is ours: as Ask's, or the sink's.
func (c *Client) Records(ctx context.Context, m guichet.Member, req guichet.Request, sink Sink) (Taken, error) {
	began := c.cfg.Clock()
	body, err := c.body(m, req, true)
	if err != nil {
		return Taken{Result: Result{Member: m.Code, Request: req, Err: err}}, err
	}
	taking, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	idle := time.AfterFunc(c.cfg.Limits.Idle, func() { stop(errIdle) })
	defer idle.Stop()
	t := intake{c: c, m: m, sink: sink, alive: func() { idle.Reset(c.cfg.Limits.Idle) }}
	err = t.take(taking, call{method: http.MethodPost, path: "records", media: MediaJSON, body: body, exchange: req.Exchange})
	result, err := c.conclude(ctx, m, req, began, conclusion{received: t.received, asked: body, err: err})
	out := Taken{Result: result}
	if err == nil && result.Gap == nil {
		out.Whole, out.Rows, out.Bytes, out.Chunks, out.Root = true, t.end.Rows, t.end.Bytes, t.end.Chunks, t.end.Root
	}
	return out, err
}

// intake is a stream of records on its way in.
type intake struct {
	c     *Client
	m     guichet.Member
	sink  Sink
	alive func() // a frame came
	received
	sum chain
	got streamEnd // counted as it came
	end streamEnd // as the member signed it
}

func (t *intake) take(ctx context.Context, what call) error {
	resp, err := t.c.send(ctx, t.m, what)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end, or given up
	if resp.StatusCode != http.StatusOK {
		return t.c.problemFrom(ctx, t.m, resp)
	}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if media == MediaReply { // a refusal is sealed whole
		if t.received, err = t.c.wholeReply(ctx, t.m, resp, what); err == nil && t.reply.Answer != nil {
			err = garbled(t.m, guichet.Errorf(guichet.KindInvalid, "records were asked for, and it is an answer in sums"))
		}
		return err
	}
	if err := t.c.cfg.Seal.VerifyStream(resp, t.m); err != nil {
		return untrusted(t.m, resp, err)
	}
	if media != MediaRecords {
		return garbled(t.m, guichet.Errorf(guichet.KindInvalid, "it is %q, and records are %s", clip(media, 80), MediaRecords))
	}
	if t.peer, t.receipt, err = leafOf(resp.Header); err != nil {
		return garbled(t.m, err)
	}
	t.sum = newChain(what.exchange)
	return t.frames(ctx, resp.Body, what)
}

// frames reads the stream: a head, chunks, and one end.
func (t *intake) frames(ctx context.Context, body io.Reader, what call) error {
	var room []byte
	for n := 0; ; n++ {
		f, grown, err := readFrame(body, room)
		room = grown
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return t.cut(ctx, err)
		}
		if guichet.KindOf(err) == guichet.KindInvalid {
			return garbled(t.m, err)
		}
		if err == nil {
			err = ctx.Err() // a member that sees us leave may still say so
		}
		if err != nil {
			return t.c.brokeOff(ctx, t.m, err)
		}
		t.alive()
		switch {
		case n == 0 && f.kind == frameHead:
			err = t.head(f, what)
		case n > 0 && f.kind == frameChunk && len(f.payload) > 0:
			err = t.chunk(f)
		case n > 0 && f.kind == frameEnd:
			return t.ended(ctx, f, body)
		case f.kind == frameError:
			return t.faulted(f)
		default:
			err = garbled(t.m, guichet.Errorf(guichet.KindInvalid, "frame %d of the stream is %q with %d bytes, out of its place", n, f.kind, len(f.payload)))
		}
		if err != nil {
			return err
		}
	}
}

// cut is a stream that ends without its end.
func (t *intake) cut(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return t.c.brokeOff(ctx, t.m, err)
	}
	return &miss{
		reason: guichet.GapSilent, err: err,
		words: say("the stream of %[1]s was cut after %[2]d bytes: its signed end did not come, and nothing of it is kept", "le flux de %[1]s a été coupé après %[2]d octets : sa fin signée n’est pas venue, et rien n’en est gardé", t.m.Code, t.got.Bytes),
	}
}

func (t *intake) head(f frame, what call) error {
	var err error
	if t.reply, err = decodeHead(f.payload); err != nil {
		return garbled(t.m, err)
	}
	if err := checkReply(t.reply, t.m, what); err != nil {
		return garbled(t.m, err)
	}
	if !t.reply.Decision.Permitted {
		return garbled(t.m, guichet.Errorf(guichet.KindInvalid, "it refuses in a stream; a refusal is sealed whole"))
	}
	t.sum = t.sum.add(f)
	if err := t.sink.Begin(t.reply); err != nil {
		return fmt.Errorf("begin to take records: %w", err)
	}
	return nil
}

func (t *intake) chunk(f frame) error {
	t.sum = t.sum.add(f)
	t.got.Chunks++
	t.got.Bytes += int64(len(f.payload))
	if t.got.Bytes > t.c.cfg.Limits.Records {
		return garbled(t.m, guichet.Errorf(guichet.KindHostile, "the stream is larger than the %d MiB that are taken", t.c.cfg.Limits.Records>>20))
	}
	if _, err := t.sink.Write(f.payload); err != nil {
		return fmt.Errorf("take records: %w", err)
	}
	return nil
}

// ended holds what came against what the member signed at the end, after which
// nothing may follow.
func (t *intake) ended(ctx context.Context, f frame, body io.Reader) error {
	var end signedEnd
	if err := readJSON(f.payload, &end, false); err != nil {
		return garbled(t.m, guichet.Errorf(guichet.KindInvalid, "the end of the stream: %w", err))
	}
	message, err := guichet.Canonical(end.streamEnd)
	if err != nil {
		return garbled(t.m, err)
	}
	if err := t.c.cfg.Seal.VerifyEnd(t.m, clip(end.KeyID, 64), message, end.Signature); err != nil {
		return &miss{reason: guichet.GapUntrusted, err: err, words: say("the end of %[1]s's stream is not signed as the circle says: %[2]s", "la fin du flux de %[1]s n’est pas signée comme le dit le cercle : %[2]s", t.m.Code, told(err))}
	}
	got := t.got
	got.Root = t.sum.String()
	if got.Root != end.Root || got.Bytes != end.Bytes || got.Chunks != end.Chunks {
		return &miss{reason: guichet.GapUntrusted, words: say(
			"the stream of %[1]s is not what it signed: %[2]d bytes in %[3]d chunks came, and %[4]d in %[5]d are signed, under another root or the same", "le flux de %[1]s n’est pas celui qu’il a signé : %[2]d octets en %[3]d morceaux sont venus, %[4]d en %[5]d sont signés, sous une autre racine ou la même",
			t.m.Code, got.Bytes, got.Chunks, end.Bytes, end.Chunks)}
	}
	if end.Rows < 0 || end.Leaf >= 1<<62 {
		return garbled(t.m, guichet.Errorf(guichet.KindInvalid, "the end of the stream counts %d rows and names leaf %d", end.Rows, end.Leaf))
	}
	if n, err := io.ReadFull(body, make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		if n == 0 {
			return t.cut(ctx, err)
		}
		return garbled(t.m, guichet.Errorf(guichet.KindInvalid, "something follows the end of the stream"))
	}
	// Our leaf names the leaf of the end, which holds the root; the receipt in the
	// header is that of the start.
	t.end, t.said, t.count = end.streamEnd, []byte(end.Root), end.Rows
	t.peer = end.Leaf
	t.receipt = receiptPath(end.Leaf)
	return nil
}

// faulted is a stream that the member itself broke off.
func (t *intake) faulted(f frame) error {
	var fault streamFault
	if err := readJSON(f.payload, &fault, false); err != nil {
		return garbled(t.m, guichet.Errorf(guichet.KindInvalid, "the fault in the stream: %w", err))
	}
	return &miss{
		reason: guichet.GapSilent, kind: fault.Kind,
		words: say("%[1]s broke off its stream after %[2]d bytes: %[3]s", "%[1]s a interrompu son flux après %[2]d octets : %[3]s", t.m.Code, t.got.Bytes, clip(fault.Message, 300)),
	}
}
