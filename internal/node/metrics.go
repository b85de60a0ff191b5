package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"guichet"
	"guichet/internal/federation"
)

// metrics are the counts of a running node. The values of labels are bounded: the
// home's circles, the members that the circles' papers name, the routes of the
// protocol, statuses, and what may come of a question.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	put      *prometheus.CounterVec
	waited   *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "guichet_requests_total", Help: "Requests of members that are over, by what was told; member is empty of who was not let in.",
		}, []string{"circle", "member", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "guichet_request_seconds", Help: "How long members' requests took.", Buckets: prometheus.ExponentialBuckets(0.001, 3, 10),
		}, []string{"circle", "route"}),
		put: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "guichet_asked_total", Help: "Questions that we put to members, by what came of them.",
		}, []string{"circle", "member", "outcome"}),
		waited: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "guichet_asked_seconds", Help: "How long members took to answer us.", Buckets: prometheus.ExponentialBuckets(0.001, 3, 10),
		}, []string{"circle"}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.put, m.waited, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) served(circle string, s federation.Served) {
	m.requests.WithLabelValues(circle, s.Member, s.Route, strconv.Itoa(s.Status)).Inc()
	m.seconds.WithLabelValues(circle, s.Route).Observe(s.Took.Seconds())
}

func (m *metrics) asked(circle string, r federation.Result) {
	outcome := "answered"
	if r.Gap != nil {
		outcome = string(r.Gap.Reason)
	}
	if r.Err != nil {
		outcome = "fault"
	}
	m.put.WithLabelValues(circle, r.Member, outcome).Inc()
	m.waited.WithLabelValues(circle).Observe(r.Took.Seconds())
}

// standings tells at each scrape how the seats stand.
type standings struct {
	h                                      *house
	ready, leaves, cosigned, expires, disk *prometheus.Desc
}

func newStandings(h *house) *standings {
	of := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &standings{
		h:        h,
		ready:    of("guichet_ready", "1 where questions of the circle are answered.", "circle"),
		leaves:   of("guichet_journal_leaves", "Leaves in the journal.", "circle"),
		cosigned: of("guichet_journal_cosigned_leaves", "Leaves under the newest checkpoint that another member has cosigned.", "circle"),
		expires:  of("guichet_papers_expire_timestamp_seconds", "When the first of the circle's papers expires.", "circle"),
		disk:     of("guichet_disk_free_bytes", "Free bytes where the home lies."),
	}
}

// Describe names the gauges.
func (s *standings) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.ready, s.leaves, s.cosigned, s.expires, s.disk} {
		out <- d
	}
}

// Collect reads them.
func (s *standings) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for _, v := range s.h.services {
		name := v.seat.name
		yes := 0.0
		if v.ready() == nil {
			yes = 1
		}
		gauge(s.ready, yes, name)
		if v.over.Load() {
			continue
		}
		gauge(s.leaves, float64(v.seat.journal.Size()), name)
		gauge(s.cosigned, float64(v.seat.cosignedUpTo(context.Background())), name)
		if st, err := v.seat.papers.whole(); err == nil {
			gauge(s.expires, float64(st.Expires.Unix()), name)
		}
	}
	for _, l := range s.h.shut {
		gauge(s.ready, 0, l.Circle)
	}
	if n, err := free(s.h.n.Home().Path); err == nil {
		gauge(s.disk, float64(n))
	}
}

// cosignedUpTo is the size of the newest checkpoint of our journal that another
// member has cosigned, 0 where there is none.
func (s *Seat) cosignedUpTo(ctx context.Context) int64 {
	text, err := s.journal.File(ctx, "checkpoint.cosigned")
	if err != nil {
		return 0
	}
	lines := strings.SplitN(string(text), "\n", 3) // origin, size, root ...
	if len(lines) < 2 {
		return 0
	}
	n, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// ready says why a seat answers no questions, nil where it does.
func (v *service) ready() error {
	if v.over.Load() {
		return guichet.Errorf(guichet.KindBusy, "its service has ended: see the log")
	}
	if _, err := v.seat.papers.whole(); err != nil {
		return err
	}
	return v.seat.journal.Ready()
}

// ready says why the node does not answer all that it should: one reason a line.
func (h *house) ready(ctx context.Context) []string {
	var out []string
	if _, err := h.n.Submissions(ctx); err != nil {
		out = append(out, "tables: "+Sentence(err))
	}
	for _, v := range h.services {
		if err := v.ready(); err != nil {
			out = append(out, v.seat.name+": "+Sentence(err))
		}
	}
	for _, l := range h.shut {
		out = append(out, l.Circle+": "+Sentence(l.Err))
	}
	return out
}

// operatorsWindow answers /healthz, /readyz and /metrics.
func (h *house) operatorsWindow(m *metrics) *http.Server {
	m.registry.MustRegister(newStandings(h))
	mux := http.NewServeMux()
	say := func(w http.ResponseWriter, status int, text string) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = fmt.Fprintln(w, text) // nobody is left to be told
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "lives") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if why := h.ready(r.Context()); len(why) > 0 {
			say(w, http.StatusServiceUnavailable, strings.Join(why, "\n"))
			return
		}
		say(w, http.StatusOK, "answers")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	return &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10}
}

// metricsAt is where the operator's window is opened: on this machine alone where
// only a port is given. Whoever can connect there sees who asks how often.
func metricsAt(ctx context.Context, addr string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "%q is no address for metrics", addr).WithHint("write 127.0.0.1:9464, or :9464 for this machine alone")
	}
	if host == "" {
		host = "127.0.0.1"
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s cannot be listened at: %w", addr, err).WithHint("name another address with --metrics, or stop what listens there")
	}
	return ln, nil
}

// closed passes on the error of closing what may be closed already.
func closed(err error) error {
	if err == nil || errors.Is(err, net.ErrClosed) || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("close: %w", err)
}
