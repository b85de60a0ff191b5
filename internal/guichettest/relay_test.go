package guichettest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/internal/guichettest"
)

// serve listens on the loopback and hands each connection to a function, which
// may leave it open.
func serve(t *testing.T, do func(net.Conn)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var working sync.WaitGroup
	working.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			working.Go(func() {
				defer func() { _ = c.Close() }()
				do(c)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		working.Wait()
	})
	return l.Addr().String()
}

func echo(c net.Conn) { _, _ = io.Copy(c, c) }

func dial(t *testing.T, r *guichettest.Relay) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(guichettest.Patience)); err != nil {
		t.Fatal(err)
	}
	return c.(*net.TCPConn)
}

// ask sends a text and returns as much as comes back, and how long it took.
func ask(t *testing.T, c net.Conn, text string) (string, time.Duration) {
	t.Helper()
	begin := time.Now()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	back := make([]byte, len(text))
	if _, err := io.ReadFull(c, back); err != nil {
		t.Fatal(err)
	}
	return string(back), time.Since(begin)
}

// generated returns n bytes of a seed.
func generated(n int, seed byte) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

// echoed sends bytes both ways at once and holds what comes back to them; it
// returns how long that took.
func echoed(t *testing.T, c *net.TCPConn, sent []byte) time.Duration {
	t.Helper()
	begin := time.Now()
	var sending sync.WaitGroup
	defer sending.Wait()
	sending.Go(func() {
		_, _ = c.Write(sent)
		_ = c.CloseWrite()
	})
	got, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, sent) {
		t.Fatalf("%d bytes came back of %d, or others", len(got), len(sent))
	}
	return time.Since(begin)
}

// TestRelayIsALongWay: each byte is late by the delay both ways, the first by
// the handshake too.
func TestRelayIsALongWay(t *testing.T) {
	const delay, slack = 100 * time.Millisecond, guichettest.Patience / 2
	r := guichettest.NewRelay(t, serve(t, echo), guichettest.RelayConfig{Conditions: guichettest.Conditions{Delay: delay}})
	c := dial(t, r)
	for i, want := range []time.Duration{4 * delay, 2 * delay, 2 * delay} {
		back, took := ask(t, c, "what is late")
		if back != "what is late" || took < want-5*time.Millisecond || took > want+slack {
			t.Errorf("question %d: %q came back after %s, want %s", i, back, took, want)
		}
	}
	r.Set(guichettest.Conditions{})
	if !guichettest.Until(0, func() bool { _, took := ask(t, c, "x"); return took < 2*delay }) {
		t.Error("without a delay it still takes as long")
	}
}

// TestRelayIsNoNarrowWay: a delay once for each read would make this 256 times
// 50 ms each way, 25 seconds.
func TestRelayIsNoNarrowWay(t *testing.T) {
	r := guichettest.NewRelay(t, serve(t, echo), guichettest.RelayConfig{Conditions: guichettest.Conditions{Delay: 50 * time.Millisecond}})
	sent := generated(8<<20, 1)
	if took := echoed(t, dial(t, r), sent); took < 200*time.Millisecond || took > 20*time.Second {
		t.Errorf("8 MiB took %s", took)
	}
	if got := r.Counts(); got.Accepted != 1 || got.ToServer != 8<<20 || got.ToClient != 8<<20 || got.Lost != 0 {
		t.Errorf("it counted %+v", got)
	}
}

// TestRelayIsAsWideAsTold: connections share the rate.
func TestRelayIsAsWideAsTold(t *testing.T) {
	r := guichettest.NewRelay(t, serve(t, echo), guichettest.RelayConfig{Conditions: guichettest.Conditions{Rate: 1 << 20}})
	var working sync.WaitGroup
	begin := time.Now()
	for range 2 {
		c := dial(t, r)
		working.Go(func() { echoed(t, c, generated(256<<10, 2)) })
	}
	working.Wait()
	if took := time.Since(begin); took < 480*time.Millisecond || took > guichettest.Patience {
		t.Errorf("two times 256 KiB at 1 MiB a second took %s", took)
	}
}

// TestRelayLosesWhatItsSeedSays: bytes are late and none is missing; the same
// seed loses the same.
func TestRelayLosesWhatItsSeedSays(t *testing.T) {
	addr := serve(t, echo)
	var lost []int
	for _, seed := range []uint64{7, 7, 8} {
		r := guichettest.NewRelay(t, addr, guichettest.RelayConfig{Conditions: guichettest.Conditions{Loss: 0.004, Seed: seed}})
		took := echoed(t, dial(t, r), generated(1<<20, 3))
		got := r.Counts()
		lost = append(lost, got.Lost)
		// Some 6 of 1,437 segments; losses of the two directions may overlap.
		if got.Lost < 1 || got.Lost > 25 || took < 200*time.Millisecond {
			t.Errorf("seed %d: %d segments lost, in %s", seed, got.Lost, took)
		}
	}
	if lost[0] != lost[1] {
		t.Errorf("with the same seed %d and then %d segments were lost", lost[0], lost[1])
	}
}

func TestRelayCutAndHealed(t *testing.T) {
	r := guichettest.NewRelay(t, serve(t, echo), guichettest.RelayConfig{})
	before := dial(t, r)
	ask(t, before, "x")
	r.Cut()
	if n, err := before.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("cut, a connection that stood reads %d bytes and %v", n, err)
	}
	refused(t, r)
	r.Heal()
	if back, _ := ask(t, dial(t, r), "again"); back != "again" {
		t.Errorf("healed, %q came back", back)
	}
	if got := r.Counts(); got.Accepted != 3 || got.Refused != 1 {
		t.Errorf("it counted %+v", got)
	}
}

// TestRelayCutInTheMiddle: the client gets so many bytes and the end, while the
// server has more to say and the client too.
func TestRelayCutInTheMiddle(t *testing.T) {
	said := generated(1<<20, 4)
	broke := make(chan struct{})
	addr := serve(t, func(c net.Conn) {
		_, err := c.Write(said)
		for err == nil {
			_, err = c.Write(said)
		}
		close(broke)
	})
	r := guichettest.NewRelay(t, addr, guichettest.RelayConfig{})
	r.CutAfter(100_001)
	c := dial(t, r)
	if _, err := c.Write(generated(1000, 5)); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(got, said[:100_001]) {
		t.Errorf("%d bytes came, want the first 100001 (%v)", len(got), err)
	}
	select {
	case <-broke:
	case <-time.After(guichettest.Patience):
		t.Error("the server has not seen the end")
	}
	refused(t, r)
}

// TestRelayGarbles: one bit of one byte; under TLS it ends the connection.
func TestRelayGarbles(t *testing.T) {
	r := guichettest.NewRelay(t, serve(t, echo), guichettest.RelayConfig{})
	c := dial(t, r)
	ask(t, c, "before")
	r.Garble(3)
	if back, _ := ask(t, c, "aaaaaaaa"); back != "aaaqaaaa" {
		t.Errorf("%q came back", back)
	}
	if back, _ := ask(t, c, "aaaaaaaa"); back != "aaaaaaaa" || r.Counts().Garbled != 1 {
		t.Errorf("then %q came back; %+v", back, r.Counts())
	}

	said := strings.Repeat("a figure ", 20_000)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, said) }))
	defer server.Close()
	r = guichettest.NewRelay(t, server.Listener.Addr().String(), guichettest.RelayConfig{})
	if got, err := get(t, server.Client(), r, guichettest.Patience); err != nil || got != said {
		t.Fatalf("untouched, %d bytes came (%v)", len(got), err)
	}
	r.Garble(100_000)
	got, err := get(t, server.Client(), r, guichettest.Patience)
	if err == nil || !strings.HasPrefix(said, got) || len(got) > 100_000 {
		t.Errorf("garbled under TLS, %d bytes came (%v)", len(got), err)
	}
}

func get(t *testing.T, client *http.Client, r *guichettest.Relay, within time.Duration) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+r.Addr(), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

// TestRelayIsABlackHole: nothing is refused and nothing comes; healed, what was
// held back does.
func TestRelayIsABlackHole(t *testing.T) {
	r := guichettest.NewRelay(t, serve(t, echo), guichettest.RelayConfig{})
	before := dial(t, r)
	ask(t, before, "x")
	r.BlackHole()
	conns := map[string]*net.TCPConn{"one that stood": before, "a new one": dial(t, r)}
	for name, c := range conns {
		if _, err := io.WriteString(c, "held"); err != nil {
			t.Fatal(err)
		}
		_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if n, err := c.Read(make([]byte, 4)); !isTimeout(err) {
			t.Errorf("%s reads %d bytes and %v out of a black hole", name, n, err)
		}
	}
	r.Heal()
	for name, c := range conns {
		_ = c.SetReadDeadline(time.Now().Add(guichettest.Patience))
		back := make([]byte, 4)
		if _, err := io.ReadFull(c, back); err != nil || string(back) != "held" {
			t.Errorf("healed, %s reads %q (%v)", name, back, err)
		}
	}
	r.BlackHole() // the test ends with connections that stand still
}

// TestRelayHoldsAnAnswer in its middle, and gives the rest when it is healed.
func TestRelayHoldsAnAnswer(t *testing.T) {
	r := guichettest.NewRelay(t, serve(t, echo), guichettest.RelayConfig{})
	c := dial(t, r)
	ask(t, c, "x")
	r.HoldAfter(4)
	if _, err := io.WriteString(c, "half of it"); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	got, err := io.ReadAll(c)
	if string(got) != "half" || !isTimeout(err) {
		t.Errorf("%q came, and %v", got, err)
	}
	r.Heal()
	_ = c.SetReadDeadline(time.Now().Add(guichettest.Patience))
	rest := make([]byte, 6)
	if _, err := io.ReadFull(c, rest); err != nil || string(rest) != " of it" || r.Counts().ToClient != 11 {
		t.Errorf("healed, %q came (%v), %+v", rest, err, r.Counts())
	}
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

// TestRelayBeforeNobody: a client learns that the server is not there.
func TestRelayBeforeNobody(t *testing.T) {
	refused(t, guichettest.NewRelay(t, guichettest.FreeAddr(t), guichettest.RelayConfig{}))
}

// refused holds that a new connection ends, at once or with its first read.
func refused(t *testing.T, r *guichettest.Relay) {
	t.Helper()
	c, err := net.Dial("tcp", r.Addr())
	if err != nil {
		return
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(guichettest.Patience))
	if n, err := c.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("a new connection reads %d bytes and %v", n, err)
	}
}
