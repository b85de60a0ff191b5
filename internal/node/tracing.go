package node

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"guichet"
)

// tracing sends spans of what the node does to the operator's collector (OTLP over
// HTTP). A trace goes on at the members that are asked, by the field traceparent of
// the request, which its signature covers. A span names circle, members, route and
// status, and nothing else. All methods of a nil tracing do nothing.
type tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// newTracing begins to send spans to an address such as http://127.0.0.1:4318. A
// collector that does not answer costs spans, never an answer: they wait in a queue
// of fixed length and are dropped.
func newTracing(ctx context.Context, to, member, version string, log *slog.Logger) (*tracing, error) {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "%q is no address that traces can be sent to", to).WithHint("write http://HOST:PORT of a collector that takes OTLP over HTTP")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/traces"
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(u.String()))
	if err != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "traces cannot be sent to %s: %w", to, err)
	}
	// The library tells its faults to one handler of the process.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		log.LogAttrs(context.Background(), slog.LevelWarn, "traces not sent", slog.String("error", err.Error()))
	}))
	p := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter, sdktrace.WithExportTimeout(5*time.Second)),
		// Nothing of the machine or the process: what the library would find out by itself.
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "guichet"), attribute.String("service.version", version), attribute.String("guichet.member", member),
		)),
	)
	return &tracing{provider: p, tracer: p.Tracer("guichet")}, nil
}

// close sends what waits.
func (t *tracing) close() {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = t.provider.Shutdown(ctx) // told to the handler
}

// asking begins the span of questions that we put to members.
func (t *tracing) asking(ctx context.Context, circle string, members int) (with context.Context, done func()) {
	if t == nil {
		return ctx, func() {}
	}
	ctx, span := t.tracer.Start(ctx, "ask members", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("guichet.circle", circle), attribute.Int("guichet.members", members)))
	return ctx, func() { span.End() }
}

// carry writes the trace of a context into a request that is about to be signed.
func (t *tracing) carry(r *http.Request) {
	if t != nil {
		propagation.TraceContext{}.Inject(r.Context(), onlyParent{r.Header})
	}
}

// onlyParent carries traceparent and nothing else: tracestate may say what it likes.
type onlyParent struct{ h http.Header }

// Get returns a field.
func (o onlyParent) Get(key string) string {
	if key == "traceparent" {
		return o.h.Get(key)
	}
	return ""
}

// Set sets it.
func (o onlyParent) Set(key, value string) {
	if key == "traceparent" {
		o.h.Set(key, value)
	}
}

// Keys are the fields that there are.
func (o onlyParent) Keys() []string { return []string{"traceparent"} }

// served begins the span of a member's request. It was let in: what its header says
// was signed by that member.
func (t *tracing) served(ctx context.Context, r *http.Request, circle, member string) context.Context {
	if t == nil {
		return ctx
	}
	ctx = propagation.TraceContext{}.Extract(ctx, onlyParent{r.Header})
	ctx, _ = t.tracer.Start(ctx, r.Pattern, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("guichet.circle", circle), attribute.String("guichet.asker", member)))
	return ctx
}

// over ends it.
func (t *tracing) over(ctx context.Context, status int) {
	if t == nil {
		return
	}
	span := trace.SpanFromContext(ctx)
	span.SetAttributes(attribute.Int("http.response.status_code", status))
	if status == 0 || status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}
