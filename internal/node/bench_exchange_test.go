//go:build bench

package node_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math"
	"math/big"
	mrand "math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"guichet"
	"guichet/hs"
	"guichet/internal/guichettest"
	"guichet/internal/node"
)

// The figures of exchanges between nodes: the asker in this process, each member
// asked in one of its own, all on this machine's cores.

// benchSeat is a member of a bench's circle.
type benchSeat struct {
	code, home, addr, listen string
	cfg                      node.Config
}

// benchCircle makes homes for members, a circle of them, and an agreement that
// gives all of trade. addr names the endpoint of a member that listens elsewhere
// (a relay stands between).
func benchCircle(t *testing.T, addr func(code, listen string) string, codes ...string) []*benchSeat {
	t.Helper()
	dir := t.TempDir()
	words := []byte("a passphrase of the bench")
	if err := os.WriteFile(filepath.Join(dir, "passphrase"), words, 0o600); err != nil {
		t.Fatal(err)
	}
	say := func() ([]byte, error) { return slices.Clone(words), nil }
	var seats []*benchSeat
	for _, code := range codes {
		s := &benchSeat{code: code, home: filepath.Join(dir, code), listen: guichettest.FreeAddr(t)}
		s.addr = addr(code, s.listen)
		s.cfg = node.Config{Home: s.home, Circle: "bench", Passphrase: say, MemberPassphrase: say}
		if _, err := node.Init(context.Background(), s.cfg, code); err != nil {
			t.Fatal(err)
		}
		seats = append(seats, s)
	}
	foundBench(t, seats)
	return seats
}

// papers does something at a member's home.
func (s *benchSeat) papers(t *testing.T, do func(*node.Ceremonies) error) {
	t.Helper()
	c, err := node.OpenCeremonies(context.Background(), s.cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := do(c); err != nil {
		t.Fatalf("%s: %v", s.code, err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

func (s *benchSeat) paper(c *node.Ceremonies) ([]byte, error) {
	text, err := c.DraftPaper()
	return bytes.Replace(text, []byte("guichet.example.org:7443"), []byte(s.addr), 1), err
}

func foundBench(t *testing.T, seats []*benchSeat) {
	t.Helper()
	first := seats[0]
	var proposal []byte
	var joins [][]byte
	first.papers(t, func(c *node.Ceremonies) error {
		paper, err := first.paper(c)
		if err != nil {
			return err
		}
		proposal, err = c.Found("bench", 1, paper, "a bench")
		return err
	})
	for _, s := range seats[1:] {
		var invitation []byte
		first.papers(t, func(c *node.Ceremonies) (err error) { invitation, err = c.Invite("bench", s.code, "party"); return err })
		s.papers(t, func(c *node.Ceremonies) error {
			paper, err := s.paper(c)
			if err != nil {
				return err
			}
			join, err := c.Join(invitation, paper)
			joins = append(joins, join)
			return err
		})
	}
	first.papers(t, func(c *node.Ceremonies) (err error) { proposal, err = c.Admit(proposal, joins); return err })
	signBench(t, seats, proposal)
	first.papers(t, func(c *node.Ceremonies) error {
		a := benchAgreement(t, c, first.cfg, seats)
		var err error
		proposal, err = c.Propose(node.Change{Why: "a bench", Agreement: &a})
		return err
	})
	signBench(t, seats, proposal)
}

func signBench(t *testing.T, seats []*benchSeat, proposal []byte) {
	t.Helper()
	for _, s := range seats {
		s.papers(t, func(c *node.Ceremonies) (err error) { proposal, err = c.Sign(proposal); return err })
	}
	for _, s := range seats {
		s.papers(t, func(c *node.Ceremonies) error { _, err := c.Publish(context.Background(), proposal); return err })
	}
}

// benchAgreement gives everything that is published, records and all.
func benchAgreement(t *testing.T, c *node.Ceremonies, cfg node.Config, seats []*benchSeat) guichet.Agreement {
	t.Helper()
	now, err := c.Circle()
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, s := range seats {
		codes = append(codes, s.code)
	}
	text, err := node.DraftAgreement(cfg, node.AgreementDraft{Template: "small-circle", ID: "bench", Parties: codes}, now)
	if err != nil {
		t.Fatal(err)
	}
	a, faults, err := node.ReadAgreement(text)
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	for i := range a.Terms {
		a.Terms[i].Records, a.Terms[i].Quota = true, 1_000_000_000
		// All that the bench's rows tell, so that they leave as they are, unsummed.
		a.Terms[i].By = []string{"reporter", "product", "partner", "period", "flow", "mode", "port", "procedure", "coverage", "partner2"}
		for _, name := range []string{"mode", "port", "procedure", "coverage", "partner2"} {
			a.Terms[i].Levels[name] = "each"
		}
	}
	return a
}

// serve runs a member's node as a process of its own.
func (s *benchSeat) serve(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(tool(t, "BENCH_GUICHET"), "serve", "--json", "--home", s.home, "--listen", s.listen, "--passphrase-file", filepath.Join(filepath.Dir(s.home), "passphrase"))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('}'); err != nil {
		t.Fatalf("%s did not start: %q, %v", s.code, line, err)
	}
	return cmd
}

func (s *benchSeat) take(t *testing.T) *node.Seat {
	t.Helper()
	seat, err := node.TakeSeat(context.Background(), s.cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = seat.Close() })
	return seat
}

// benchFigures takes a file of the bench's rows in.
func (s *benchSeat) benchFigures(t *testing.T, rows int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "bench.csv")
	writeBench(t, file, rows, "")
	profile, err := filepath.Abs("testdata/bench.yaml")
	if err != nil {
		t.Fatal(err)
	}
	timed(t, tool(t, "BENCH_GUICHET"), "ingest", "--quiet", "--home", s.home, "--profile", profile, file)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

func benchQuestion(product string, by ...string) node.MembersQuestion {
	year, _ := guichet.ParseSpan("2024")
	return node.MembersQuestion{
		Question: guichet.Question{
			Where:  map[string][]string{"reporter": {"US"}, "flow": {"imports"}, "product": {product}},
			Period: year, By: by, Measures: []string{"value"},
		},
		Members: []string{"US"}, Purpose: "official-statistics", Office: "statistics", Officer: "bench", Within: time.Minute,
	}
}

// exchanged runs questions with so many at a time for a while, and returns how
// many a second and their times in ms, sorted.
func exchanged(t *testing.T, seat *node.Seat, workers int, within time.Duration, next func(i int64) node.MembersQuestion) (perSecond float64, ms []float64) {
	t.Helper()
	var count atomic.Int64
	var mu sync.Mutex
	var wg sync.WaitGroup
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute+within)
	defer cancel()
	begin := time.Now()
	for range workers {
		wg.Go(func() {
			var own []float64
			for time.Since(begin) < within {
				at := time.Now()
				a, err := seat.AskMembers(ctx, next(count.Add(1)), nil)
				if err != nil || len(a.Members) != 1 || a.Members[0].Gap != nil {
					t.Errorf("an exchange failed: %v %+v", err, a.Members)
					return
				}
				own = append(own, float64(time.Since(at).Microseconds())/1000)
			}
			mu.Lock()
			defer mu.Unlock()
			ms = append(ms, own...)
		})
	}
	wg.Wait()
	slices.Sort(ms)
	return float64(len(ms)) / time.Since(begin).Seconds(), ms
}

func at(ms []float64, share float64) float64 {
	return ms[min(len(ms)-1, int(share*float64(len(ms))))]
}

func TestBenchExchange(t *testing.T) {
	seats := benchCircle(t, func(_, listen string) string { return listen }, "CA", "US")
	rows := benchRows()
	seats[1].benchFigures(t, rows)
	server := seats[1].serve(t)
	seat := seats[0].take(t)
	list := hs.Codes(hs.HS2022, 6)
	held := benchQuestion(string(list[7]), "partner")
	held.Question.Limit = 5 // the reply is about 7 KiB, most of it the head
	first, err := seat.AskMembers(context.Background(), held, nil)
	if err != nil || first.Members[0].Gap != nil {
		t.Fatalf("%v %+v", err, first.Members)
	}
	exchanged(t, seat, 50, 2*time.Second, func(int64) node.MembersQuestion { return held }) // warm
	_, alone := exchanged(t, seat, 1, 5*time.Second, func(int64) node.MembersQuestion { return held })
	before := processorUs(t, server.Process.Pid)
	rate, ms := exchanged(t, seat, 50, 10*time.Second, func(int64) node.MembersQuestion { return held })
	fmt.Printf("exchange_cpu_us: %.0f\n", (processorUs(t, server.Process.Pid)-before)/float64(len(ms)))
	fmt.Printf("exchange_rows: %d\nexchange_per_s: %.0f\nexchange_p50_ms: %.1f\nexchange_p99_ms: %.1f\nexchange_alone_ms: %.1f\n",
		len(first.Answer.Rows), rate, at(ms, 0.5), at(ms, 0.99), at(alone, 0.5))
	rng := mrand.New(mrand.NewPCG(3, 4))
	var mu sync.Mutex
	cold := func(int64) node.MembersQuestion {
		mu.Lock()
		defer mu.Unlock()
		q := benchQuestion(string(list[rng.IntN(len(list))]), [][]string{{"partner"}, {"period"}, {"partner", "period"}}[rng.IntN(3)]...)
		q.Question.Measures = [][]string{{"value"}, {"net_kg"}, {"value", "net_kg"}, {"quantity"}}[rng.IntN(4)]
		return q
	}
	_, alone = exchanged(t, seat, 1, 5*time.Second, cold)
	rate, ms = exchanged(t, seat, 50, 10*time.Second, cold)
	fmt.Printf("exchange_cold_per_s: %.0f\nexchange_cold_p50_ms: %.1f\nexchange_cold_p99_ms: %.1f\nexchange_cold_alone_ms: %.1f\n", rate, at(ms, 0.5), at(ms, 0.99), at(alone, 0.5))
	benchBulk(t, seat, server.Process.Pid)
}

// processorUs is what the nodes of both sides have used of the processors, in µs:
// what a machine that others use too says of an exchange.
func processorUs(t *testing.T, pid int) float64 {
	t.Helper()
	sum := 0.0
	for _, who := range []string{"self", strconv.Itoa(pid)} {
		text, err := os.ReadFile("/proc/" + who + "/stat")
		if err != nil {
			return math.NaN() // not told here
		}
		// After the name in brackets: the 12th and 13th are ticks of 10 ms (proc_pid_stat(5)).
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		for _, ticks := range fields[11:13] {
			n, err := strconv.ParseFloat(ticks, 64)
			if err != nil {
				t.Fatal(err)
			}
			sum += n * 10_000
		}
	}
	return sum
}

// benchBulk takes all rows of the other node and throws them away, beside a bare
// download of as many bytes over mutual TLS between two processes' worth of
// goroutines.
func benchBulk(t *testing.T, seat *node.Seat, pid int) {
	t.Helper()
	q := benchQuestion("all", "national", "partner", "period", "mode", "port", "procedure", "coverage", "partner2")
	var ours, bare, peaks []float64
	for range benchRuns {
		c := &counting{}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for c.running() {
				peaks = append(peaks, held(pid))
				time.Sleep(100 * time.Millisecond)
			}
		}()
		r, err := seat.StreamRecords(context.Background(), q, c)
		c.end()
		<-done
		if err != nil || r.Gap != nil {
			t.Fatalf("%v %+v", err, r.Gap)
		}
		ours = append(ours, c.perSecond())
		bare = append(bare, bareDownload(t, c.bytes))
		if len(ours) == 1 {
			fmt.Printf("bulk_rows: %d\nbulk_mib: %d\n", r.Rows, c.bytes>>20)
		}
	}
	fmt.Printf("bulk_mib_per_s: %.0f\nbulk_bare_mib_per_s: %.0f\nbulk_ratio: %.2f\nbulk_peak_mib: %.0f\n", median(ours), median(bare), median(ours)/median(bare), slices.Max(peaks))
}

// counting counts bytes from the first one on.
type counting struct {
	bytes        int64
	first, last  time.Time
	stopped      atomic.Bool
	firstWritten bool
}

func (c *counting) running() bool { return !c.stopped.Load() }
func (c *counting) end()          { c.stopped.Store(true) }

// Write takes bytes.
func (c *counting) Write(p []byte) (int, error) {
	if !c.firstWritten {
		c.first, c.firstWritten = time.Now(), true
	}
	c.bytes += int64(len(p))
	c.last = time.Now()
	return len(p), nil
}

func (c *counting) perSecond() float64 {
	return float64(c.bytes) / (1 << 20) / c.last.Sub(c.first).Seconds()
}

// bareDownload is the alternative: the bytes over mutual TLS 1.3 with Ed25519
// certificates, and nothing else.
func bareDownload(t *testing.T, size int64) float64 {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bare"}, NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"bare"}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, public, private)
	if err != nil {
		t.Fatal(err)
	}
	cert := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS13})
	if err != nil {
		t.Fatal(err)
	}
	chunk := make([]byte, 256<<10)
	srv := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for left := size; left > 0; left -= int64(len(chunk)) {
			if _, err := w.Write(chunk[:min(left, int64(len(chunk)))]); err != nil {
				return
			}
		}
	})}
	go func() { _ = srv.Serve(ln) }()
	defer func() { _ = srv.Close() }()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{cert}, InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}}} //nolint:gosec // the bare alternative of a bench
	resp, err := client.Get("https://" + ln.Addr().String() + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	c := &counting{}
	if _, err := io.CopyBuffer(struct{ io.Writer }{c}, struct{ io.Reader }{resp.Body}, make([]byte, 256<<10)); err != nil {
		t.Fatal(err)
	}
	return c.perSecond()
}

// TestBenchFanout puts a question to five members that are 80 ms away there and
// back.
func TestBenchFanout(t *testing.T) {
	relays := map[string]*guichettest.Relay{}
	seats := benchCircle(t, func(code, listen string) string {
		r := guichettest.NewRelay(t, listen, guichettest.RelayConfig{Conditions: guichettest.Conditions{Delay: 40 * time.Millisecond}})
		relays[code] = r
		return r.Addr()
	}, "FR", "AU", "CA", "GB", "NZ", "US")
	for _, s := range seats[1:] {
		s.benchFigures(t, 20_000)
		s.serve(t)
	}
	seat := seats[0].take(t)
	q := benchQuestion(string(hs.Codes(hs.HS2022, 6)[7]), "partner")
	delete(q.Question.Where, "reporter")
	q.Members = []string{"AU", "CA", "GB", "NZ", "US"}
	var ratios, whole []float64
	for i := range 30 {
		begin := time.Now()
		a, err := seat.AskMembers(context.Background(), q, nil)
		took := float64(time.Since(begin).Milliseconds())
		if err != nil {
			t.Fatal(err)
		}
		slowest := int64(1)
		for _, m := range a.Members {
			if m.Gap != nil {
				t.Fatalf("%s: %v", m.Member, m.Gap)
			}
			slowest = max(slowest, m.Millis)
		}
		if i > 0 { // the first opens the connections
			ratios, whole = append(ratios, took/float64(slowest)), append(whole, took)
		}
	}
	fmt.Printf("fanout_ms: %.0f\nfanout_ratio: %.2f\n", median(whole), median(ratios))
}
