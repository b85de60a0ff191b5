package node

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"guichet/internal/federation"
)

// watching is what a running node tells its operator of itself: a line a request,
// counts, and traces. None of it holds a question, a figure or a person.
type watching struct {
	log     *slog.Logger
	metrics *metrics
	tracing *tracing // nil: off
}

// seatWatch is told of the requests at one seat.
type seatWatch struct {
	*watching
	circle string
}

// Admitted begins the span of a request, in the trace of who asks.
func (w seatWatch) Admitted(ctx context.Context, r *http.Request, member string) context.Context {
	return w.tracing.served(ctx, r, w.circle, member)
}

// Served ends it, counts the request and writes its line.
func (w seatWatch) Served(ctx context.Context, s federation.Served) {
	w.metrics.served(w.circle, s)
	attrs := []slog.Attr{
		slog.String("circle", w.circle), slog.String("member", s.Member), slog.String("route", s.Route), slog.Int("status", s.Status),
		slog.Float64("took_ms", float64(s.Took)/float64(time.Millisecond)),
	}
	if s.Kind != "" {
		attrs = append(attrs, slog.String("kind", string(s.Kind)))
	}
	if s.Note != "" {
		attrs = append(attrs, slog.String("note", s.Note))
	}
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		attrs = append(attrs, slog.String("trace_id", sc.TraceID().String()))
	}
	w.log.LogAttrs(ctx, max(s.Level, levelOf(s.Route)), "request", attrs...)
	w.tracing.over(ctx, s.Status)
}

// levelOf is how much an operator minds a request that went well: what nodes ask of
// each other by themselves every few seconds would hide the questions.
func levelOf(route string) slog.Level {
	for _, of := range []string{"ask", "records", "receipts/{index}", "exchanges"} {
		if strings.HasSuffix(route, federation.Prefix+of) {
			return slog.LevelInfo
		}
	}
	return slog.LevelDebug
}

// asked counts what came of a question that we put.
func (w *watching) asked(circle string, r federation.Result) {
	if w != nil {
		w.metrics.asked(circle, r)
	}
}
