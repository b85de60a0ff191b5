package node_test

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/node"
)

// get asks the operator's window.
func (c *circles) get(path string) (status int, said string) {
	c.t.Helper()
	r := given(http.NewRequestWithContext(c.t.Context(), http.MethodGet, "http://"+c.at["metrics"]+path, nil))(c.t)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	return resp.StatusCode, string(given(io.ReadAll(resp.Body))(c.t))
}

// traces is a collector of traces.
type traces struct {
	mu  sync.Mutex // guards what follows
	raw []byte
	all []*spans.Span
}

func (x *traces) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzip.NewReader(r.Body)
	}
	text, _ := io.ReadAll(body)
	var req collector.ExportTraceServiceRequest
	if r.URL.Path != "/v1/traces" || proto.Unmarshal(text, &req) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.raw = append(x.raw, text...)
	for _, rs := range req.GetResourceSpans() {
		for _, ss := range rs.GetScopeSpans() {
			x.all = append(x.all, ss.GetSpans()...)
		}
	}
}

// named are the spans of a name.
func (x *traces) named(name string) []*spans.Span {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(x.all), func(s *spans.Span) bool { return s.GetName() != name })
}

// logged is a log that a test reads.
type logged struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Split(strings.TrimSpace(l.text.String()), "\n")
}

// TestOperations: what a running node tells its operator: that it lives and answers,
// counts, a line a request, and traces that go on at the member asked. None of it
// holds a question, a figure or a person.
func TestOperations(t *testing.T) {
	c := &circles{t: t, ca: map[string]node.Config{}, at: map[string]string{}, state: map[string]guichet.Circle{}}
	c.nz = c.home("NZ")
	c.found(oneCircle)
	c.agree(oneCircle)
	c.port("metrics")
	seen, log := &traces{}, &logged{}
	at := httptest.NewServer(seen)
	defer at.Close()
	manager := c.manager()
	stopped := t.Run("running", func(t *testing.T) {
		c.t = t
		nz, ca := c.nz, c.ca[oneCircle]
		nz.Log = slog.New(slog.NewJSONHandler(log, nil))
		traced := func(r *node.ServeRequest) { r.Traces = at.URL }
		c.serve(nz, map[string]string{"": c.at[oneCircle+" NZ"]}, traced, func(r *node.ServeRequest) { r.Metrics = c.at["metrics"] })
		c.serve(ca, map[string]string{"": c.at[oneCircle+" CA"]}, traced)
		for path, want := range map[string]string{"/healthz": "lives\n", "/readyz": "answers\n"} {
			if status, said := c.get(path); status != http.StatusOK || said != want {
				t.Errorf("%s: %d %s", path, status, said)
			}
		}
		if status, _ := c.get("/"); status != http.StatusNotFound {
			t.Errorf("/: %d", status)
		}
		c.asksAndIsAsked(nz, ca)
		c.counted()
	})
	if !stopped {
		return
	}
	c.t = t
	lined(t, log)
	c.traced(seen)
	if states := manager(); !slices.Contains(states, "READY=1") || !slices.Contains(states, "WATCHDOG=1") || !slices.Contains(states, "STOPPING=1") {
		t.Errorf("the service manager was told %v", states)
	}
}

// manager is a service manager that listens; it returns what it was told.
func (c *circles) manager() func() []string {
	c.t.Helper()
	path := filepath.Join(c.t.TempDir(), "notify")
	conn := given(net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"}))(c.t)
	c.t.Setenv("NOTIFY_SOCKET", path)
	c.t.Setenv("WATCHDOG_USEC", "400000")
	// It reads all the while, as a manager does: a socket holds no more than some ten.
	var out []string
	over := make(chan struct{})
	go func() {
		defer close(over)
		for buf := make([]byte, 256); ; {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			if out = append(out, string(buf[:n])); out[len(out)-1] == "STOPPING=1" {
				return
			}
		}
	}()
	return func() []string {
		_ = conn.SetReadDeadline(time.Now().Add(guichettest.Patience))
		<-over
		_ = conn.Close()
		return out
	}
}

// asksAndIsAsked puts one question each way.
func (c *circles) asksAndIsAsked(nz, ca node.Config) {
	c.t.Helper()
	for _, way := range []struct {
		from node.Config
		to   string
	}{{nz, "CA"}, {ca, "NZ"}} {
		op := given(node.Operate(c.t.Context(), way.from))(c.t)
		given(op.AskMembers(c.t.Context(), node.MembersQuestion{
			Question: guichet.Question{Period: guichettest.Period(c.t, "2020-01"), Where: map[string][]string{"product": {"630790"}}},
			Members:  []string{way.to}, Purpose: "official-statistics", Officer: "j.doe", Within: guichettest.Patience,
		}, nil))(c.t)
		if err := op.Close(); err != nil {
			c.t.Error(err)
		}
	}
}

// counted looks at the counts.
func (c *circles) counted() {
	t := c.t
	t.Helper()
	_, said := c.get("/metrics")
	for _, want := range []string{
		`guichet_requests_total{circle="border-five",member="CA",route="POST /guichet/1/ask",status="200"} 1`,
		`guichet_asked_total{circle="border-five",member="CA",outcome="answered"} 1`,
		`guichet_ready{circle="border-five"} 1`, `guichet_journal_leaves{circle="border-five"} 2`,
		`guichet_request_seconds_count{circle="border-five",route="POST /guichet/1/ask"} 1`,
		"guichet_papers_expire_timestamp_seconds", "guichet_disk_free_bytes", "go_goroutines", "process_open_fds",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("the metrics do not say %s", want)
		}
	}
	for _, never := range []string{"630790", "j.doe", "official-statistics", "2020-01"} {
		if strings.Contains(said, never) {
			t.Errorf("the metrics say %s", never)
		}
	}
}

// lined: one line for the question, with its trace.
func lined(t *testing.T, log *logged) {
	t.Helper()
	n := 0
	for _, line := range log.lines() {
		var x map[string]any
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Errorf("no JSON: %s", line)
			continue
		}
		if x["msg"] == "request" && x["route"] == "POST /guichet/1/ask" {
			n++
			if x["circle"] != oneCircle || x["member"] != "CA" || x["status"] != float64(http.StatusOK) || len(x["trace_id"].(string)) != 32 { //nolint:forcetypeassert // a failure says so
				t.Errorf("the line of the question is %s", line)
			}
		}
		if strings.Contains(line, "630790") || strings.Contains(line, "j.doe") {
			t.Errorf("the log says what was asked, or who asked: %s", line)
		}
	}
	if n != 1 {
		t.Errorf("%d lines of one question: %v", n, log.lines())
	}
}

// traced: each question is one trace over two nodes.
func (c *circles) traced(seen *traces) {
	t := c.t
	t.Helper()
	asked, answered := seen.named("ask members"), seen.named("POST /guichet/1/ask")
	if len(asked) != 2 || len(answered) != 2 {
		t.Fatalf("%d spans of asking, %d of answering, want two each", len(asked), len(answered))
	}
	for _, a := range asked {
		if !slices.ContainsFunc(answered, func(s *spans.Span) bool {
			return bytes.Equal(s.GetTraceId(), a.GetTraceId()) && bytes.Equal(s.GetParentSpanId(), a.GetSpanId())
		}) {
			t.Errorf("the trace %s does not go on at the member asked", hex.EncodeToString(a.GetTraceId()))
		}
	}
	for _, never := range []string{"630790", "j.doe", "official-statistics"} {
		if bytes.Contains(seen.raw, []byte(never)) {
			t.Errorf("the traces say %s", never)
		}
	}
}

// TestOperationsRefused: what cannot be opened is told before a question is taken.
func TestOperationsRefused(t *testing.T) {
	c := &circles{t: t, ca: map[string]node.Config{}, at: map[string]string{}, state: map[string]guichet.Circle{}}
	c.nz = c.home("NZ")
	c.found(oneCircle)
	for _, req := range []node.ServeRequest{
		{Traces: "127.0.0.1:4318"}, {Traces: "ftp://127.0.0.1"}, {Traces: "http://user:word@127.0.0.1"}, {Metrics: "9464"}, {Metrics: "127.0.0.1:99999"},
	} {
		if err := node.Serve(t.Context(), c.nz, req); guichet.KindOf(err) != guichet.KindInvalid {
			t.Errorf("%+v: %v", req, err)
		}
	}
}

// TestClockFinding: one clock that is apart is its owner's; where most are, ours is
// wrong.
func TestClockFinding(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		kept  string
		ahead []time.Duration
		state string
	}{
		{"kept", nil, "well"},
		{"alone", nil, "watch"},
		{"unsaid", nil, "well"},
		{"kept", []time.Duration{0, s, -s}, "well"},
		{"kept", []time.Duration{0, 40 * s, s}, "well"}, // its owner's
		{"kept", []time.Duration{40 * s}, "well"},       // of two nobody knows whose
		{"kept", []time.Duration{40 * s, 41 * s, 0}, "wrong"},
		{"alone", []time.Duration{-40 * s, -41 * s}, "wrong"},
		{"kept", []time.Duration{40 * s, -41 * s}, "well"},
	} {
		if f := node.ClockFinding(c.kept, c.ahead); f.State != c.state {
			t.Errorf("%s, members' clocks ahead %v: %s (%s), want %s", c.kept, c.ahead, f.State, f.Text.EN, c.state)
		}
	}
}

// TestDoctorSeesWhatEnds: an agreement near its end is told, with its day.
func TestDoctorSeesWhatEnds(t *testing.T) {
	c := &circles{t: t, ca: map[string]node.Config{}, at: map[string]string{}, state: map[string]guichet.Circle{}}
	c.nz = c.home("NZ")
	c.until = node.SystemClock().AddDate(0, 0, 30).Format(time.DateOnly)
	c.found(oneCircle)
	c.agree(oneCircle)
	found := given(node.Doctor(t.Context(), c.nz, node.DoctorQuestion{Offline: true}))(t)
	i := slices.IndexFunc(found, func(f node.Finding) bool { return f.What == "agreements" })
	if i < 0 || found[i].State != "watch" || !strings.Contains(found[i].Text.EN, "statistics ("+c.until+")") || !strings.Contains(found[i].Text.FR, c.until) || found[i].Do.EN == "" {
		t.Errorf("of an agreement that ends on %s the doctor says %+v", c.until, found)
	}
	for _, what := range []string{"disk", "home", "law", "keys", "circle", "lists", "agreements", "journal", "clock"} {
		if !slices.ContainsFunc(found, func(f node.Finding) bool { return f.What == what && f.Text.EN != "" && f.Text.FR != "" }) {
			t.Errorf("the doctor says nothing of %s", what)
		}
	}
}

// TestDoctorOnWhatIsPublic: no file, one that cannot be used, one that publishes
// nothing, one that is in force, that ends soon, that has ended.
func TestDoctorOnWhatIsPublic(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil, "US", "NZ")
	us := x.seats["US"]
	day := func(days int) string { return x.clock.Now().AddDate(0, 0, days).Format(time.DateOnly) }
	for _, c := range []struct{ name, text, state, says, does string }{
		{"no file", "", "well", "there is no public.json", "docs/design/public.md"},
		{"no JSON", "{", "wrong", "cannot be used", "correct the file"},
		{"of a later format", `{"format":2,"until":"` + day(90) + `"}`, "wrong", "format: 2 is not read here", "correct the file"},
		{"larger than may be", strings.Repeat(" ", 1<<20+1), "wrong", "larger than", "correct the file"},
		{"nothing", `{"format":1,"until":"` + day(90) + `"}`, "watch", "names no table", "name a table"},
		{"the log", `{"format":1,"until":"` + day(90) + `","log":true}`, "well", "0 tables are public, until " + day(90), ""},
		{"soon over", `{"format":1,"until":"` + day(9) + `","log":true}`, "watch", "until " + day(9), "write another day"},
		{"the last day", `{"format":1,"until":"` + day(0) + `","log":true}`, "watch", "until " + day(0), "write another day"},
		{"over", `{"format":1,"until":"` + day(-1) + `","log":true}`, "watch", "ended on " + day(-1), "write another day"},
	} {
		if path := filepath.Join(us.cfg.Home, "public.json"); c.text != "" {
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		us.at(func(op node.Operator) {
			found := given(op.Doctor(t.Context(), node.DoctorQuestion{Offline: true}))(t)
			i := slices.IndexFunc(found, func(f node.Finding) bool { return f.What == "public" })
			if i < 0 {
				t.Fatalf("%s: it is not told: %+v", c.name, found)
			}
			f := found[i]
			if f.State != c.state || !strings.Contains(f.Text.EN, c.says) || !strings.Contains(f.Do.EN, c.does) || (f.Do.EN == "") != (c.does == "") {
				t.Errorf("%s: %s %q, do %q", c.name, f.State, f.Text.EN, f.Do.EN)
			}
			if f.Text.FR == "" || f.Text.FR == f.Text.EN || (f.Do.FR == "") != (f.Do.EN == "") {
				t.Errorf("%s in French: %+v", c.name, f)
			}
		})
	}
}
