package federation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"guichet"
)

// visit is one request of a member, from its first byte to our last.
type visit struct {
	s       *Server
	w       http.ResponseWriter
	r       *http.Request
	control *http.ResponseController
	body    []byte // nil of a request without one
	visitor Visitor
	whole   bool // the body has come: nothing of the request is left on the connection
	begun   bool // the status has left: an error can no longer be told as a problem
	told    Served
}

// window makes a handler of a verb: it bounds what comes, lets the gate judge,
// calls the verb, and tells its error. It is the only place where an error of
// the wire is handled.
func (s *Server) window(maxBody int64, verb func(context.Context, *visit) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{s: s, w: w, r: r, control: http.NewResponseController(w)}
		ctx, began := r.Context(), s.cfg.Clock()
		defer func() { v.watched(ctx, began) }() // last, after what contain has told
		defer v.contain(r.Context())
		leave, err := v.admit(maxBody)
		defer leave()
		if err == nil {
			if s.cfg.Watch != nil {
				ctx = s.cfg.Watch.Admitted(ctx, r, v.visitor.Member.Code)
			}
			err = verb(ctx, v)
		}
		if err != nil {
			v.fail(ctx, err)
		}
	})
}

// admit lets a request in, or says why not; leave, which is never nil, gives back the
// places that it took.
func (v *visit) admit(maxBody int64) (leave func(), err error) {
	leave = func() {}
	if err := v.readBy(within(v.r.Context(), v.s.cfg.Limits.Body)); err != nil {
		return leave, err
	}
	// A member's own share comes first, by its connection: who sends slow bodies
	// takes no place of another's.
	peer, err := v.s.cfg.Gate.Peer(v.r)
	if err != nil {
		return leave, fmt.Errorf("peer: %w", err)
	}
	leaveShare, err := v.s.all.of(peer.Code)
	if err != nil {
		return leave, err
	}
	leavePlace, err := v.s.all.enter()
	if err != nil {
		return leaveShare, err
	}
	leave = func() { leavePlace(); leaveShare() }
	if err := v.readBody(maxBody); err != nil {
		return leave, err
	}
	if v.visitor, err = v.s.cfg.Gate.Admit(v.r, v.body); err != nil {
		return leave, fmt.Errorf("admit: %w", err)
	}
	return leave, nil
}

// readBy says until when the body must have come; the zero time: there is no end.
func (v *visit) readBy(at time.Time) error {
	if err := v.control.SetReadDeadline(at); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("set a read deadline: %w", err)
	}
	return nil
}

// readBody reads what the route allows, within its time: a body that trickles
// in is cut off.
func (v *visit) readBody(most int64) error {
	body, err := io.ReadAll(http.MaxBytesReader(v.w, v.r.Body, most))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return guichet.Errorf(guichet.KindHostile, "the request's body is larger than the %d bytes that this path takes", most)
	}
	if err != nil {
		return guichet.Errorf(guichet.KindInvalid, "the request's body did not come whole: %w", err)
	}
	if most > 0 {
		v.body = body
	}
	v.whole = true
	return v.readBy(time.Time{})
}

// within is the instant some time from now. A context says it, so that no room
// reads the clock of the machine beside the one that it was given, which in a
// test may stand still.
func within(ctx context.Context, d time.Duration) time.Time {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d)
	defer cancel()
	at, _ := ctx.Deadline()
	return at
}

// asked reads the body as a question, and holds it against who sent it.
func (v *visit) asked() (Asked, error) {
	req, err := ParseRequest(v.body)
	if err != nil {
		return Asked{}, err
	}
	switch {
	case req.From.Member != v.visitor.Member.Code:
		return Asked{}, guichet.Errorf(guichet.KindRefused, "the question is from %s, and %s sent it", req.From.Member, v.visitor.Member.Code)
	case req.To != v.s.cfg.Us:
		return Asked{}, guichet.Errorf(guichet.KindInvalid, "the question is put to %s, and this is %s", req.To, v.s.cfg.Us)
	case req.From.Circle != v.s.cfg.Circle().Name:
		return Asked{}, guichet.Errorf(guichet.KindInvalid, "the question is of the circle %s, and this is the circle %s", req.From.Circle, v.s.cfg.Circle().Name)
	}
	return Asked{Request: req, Body: v.body, Member: v.visitor.Member, Key: v.visitor.Key}, nil
}

// atLeaf adds the headers that name a leaf of ours.
func (v *visit) atLeaf(leaf uint64) {
	v.w.Header().Set(HeaderLeaf, strconv.FormatUint(leaf, 10))
	v.w.Header().Set(HeaderReceipt, receiptPath(leaf))
}

// send signs and writes a whole answer.
func (v *visit) send(status int, media string, body []byte) error {
	h := v.w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	if err := v.s.cfg.Seal.Response(h, status, v.r, body); err != nil {
		return fmt.Errorf("sign the answer: %w", err)
	}
	if err := v.allowWrite(); err != nil {
		return err
	}
	v.begun, v.told.Status = true, status
	v.w.WriteHeader(status)
	if _, err := v.w.Write(body); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// allowWrite gives what is written next its time.
func (v *visit) allowWrite() error {
	if err := v.control.SetWriteDeadline(within(v.r.Context(), v.s.cfg.Limits.Write)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("set a write deadline: %w", err)
	}
	return nil
}

// fail tells an error as a problem, where nothing has left yet, and notes faults
// of ours and people at the gate whom it did not let in.
func (v *visit) fail(ctx context.Context, err error) {
	p, retry := problemOf(err, v.s.cfg.Clock())
	v.note(ctx, p, err)
	if v.begun {
		panic(http.ErrAbortHandler) // cut: what has left must not look whole
	}
	body, err := p.body()
	if err != nil {
		return
	}
	h := v.w.Header()
	for _, name := range []string{HeaderLeaf, HeaderReceipt} {
		h.Del(name)
	}
	if !v.whole && v.r.ProtoMajor == 1 {
		h.Set("Connection", "close") // net/http would else wait for the rest before it answers
	}
	if retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(retry/time.Second)))
	}
	if v.send(p.Status, MediaProblem, body) == nil || v.begun {
		return
	}
	// A request that bears no signature leaves nothing to bind ours to: then the
	// problem leaves unsigned, and is worth what the connection is worth.
	v.begun, v.told.Status = true, p.Status
	v.w.WriteHeader(p.Status)
	_, _ = v.w.Write(body) // nobody is left to be told
}

// note writes one line about what an operator should know: never a question,
// never a figure, never a person.
func (v *visit) note(ctx context.Context, p problem, err error) {
	attrs := []slog.Attr{
		slog.String("member", v.visitor.Member.Code), slog.String("route", v.r.Pattern), slog.Int("status", p.Status), slog.String("kind", string(p.Kind)),
	}
	level := slog.LevelDebug
	switch {
	case p.Status == http.StatusInternalServerError:
		level = slog.LevelError
		attrs = append(attrs, slog.String("cause", clip(err.Error(), 500)))
	case slices.Contains([]guichet.Kind{guichet.KindUntrusted, guichet.KindBusy, guichet.KindFull, guichet.KindHostile}, p.Kind):
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("message", p.Message))
	}
	if v.s.cfg.Watch != nil { // one line a request, and it is the watch's
		v.told.Kind, v.told.Level = p.Kind, level
		if level > slog.LevelDebug {
			v.told.Note = attrs[len(attrs)-1].Value.String()
		}
		return
	}
	v.s.cfg.Log.LogAttrs(ctx, level, "a member's request was not served", attrs...)
}

// contain keeps a panic to the request that it happened in. The line says where,
// not with what: a value may be somebody's.
func (v *visit) contain(ctx context.Context) {
	fault := recover()
	if fault == nil {
		return
	}
	if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(fault)
	}
	what := fmt.Sprintf("%T", fault)
	if err, ok := fault.(runtime.Error); ok {
		what = err.Error()
	}
	v.s.cfg.Log.LogAttrs(ctx, slog.LevelError, "a member's request ended in a panic, which was contained",
		slog.String("member", v.visitor.Member.Code), slog.String("route", v.r.Pattern), slog.String("panic", what), slog.String("stack", string(debug.Stack())))
	if v.begun {
		panic(http.ErrAbortHandler)
	}
	v.fail(ctx, guichet.Errorf(guichet.KindInternal, "a panic"))
}
