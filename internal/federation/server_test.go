package federation_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/federation"

	"guichet/internal/guichettest"
)

// put sends CA a signed request of the test's own making.
func (n *node) put(method, path string, body []byte) (int, http.Header, string) {
	n.t.Helper()
	var r io.Reader
	if body != nil {
		r = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(n.t.Context(), method, "https://"+n.circle.member("CA").Endpoints[0]+path, r)
	if err != nil {
		n.t.Fatal(err)
	}
	if err := n.seal.Request(req, body); err != nil {
		n.t.Fatal(err)
	}
	resp, err := n.line("CA").Do(req)
	if err != nil {
		n.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	resp.Request = req
	if err := n.seal.VerifyResponse(resp, text, n.circle.member("CA")); err != nil {
		n.t.Errorf("%s %s: the answer is not signed: %v", method, path, err)
	}
	return resp.StatusCode, resp.Header, string(text)
}

// TestTheServerRefusesWhatIsNotWellMade: each with its status and kind, signed,
// and without a word to the desk.
func TestTheServerRefusesWhatIsNotWellMade(t *testing.T) {
	_, nodes := found(t, "US", "CA", "GB")
	us, ca := nodes["US"], nodes["CA"]
	ca.desk.reply = func(context.Context, federation.Asked) (federation.Said, error) {
		t.Error("the desk was asked")
		return federation.Said{}, io.EOF
	}
	ca.start()
	good := func(change func(*guichet.Request)) string {
		text, err := guichet.Canonical(us.question("CA", change))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	same := func(*guichet.Request) {}
	for name, c := range map[string]struct {
		path, body string
		status     int
		kind, says string
	}{
		"no JSON":          {"ask", "{]", 400, "invalid", "the question"},
		"nothing":          {"ask", "", 400, "invalid", "the question"},
		"two values":       {"ask", good(same) + "{}", 400, "invalid", "follows"},
		"a name twice":     {"ask", strings.Replace(good(same), `{`, `{"to":"CA",`, 1), 400, "invalid", `names \"to\" twice`},
		"in capitals":      {"ask", strings.Replace(good(same), `{`, `{"To":"CA",`, 1), 400, "invalid", `names a member \"To\"`},
		"folded":           {"ask", strings.Replace(good(same), `"purpose"`, `"purpoſe"`, 1), 400, "invalid", "names a member"},
		"escaped":          {"ask", strings.Replace(good(same), `"to"`, `"t\u006f"`, 1), 400, "invalid", "names a member"},
		"Kelvin":           {"ask", strings.Replace(good(same), `{`, `{"\u212aey":1,`, 1), 400, "invalid", "names a member"},
		"no UTF-8":         {"ask", strings.Replace(good(same), "supply", "s\xffpply", 1), 400, "invalid", "UTF-8"},
		"an unknown field": {"ask", strings.Replace(good(same), `{`, `{"only_if":"quiet",`, 1), 400, "version", "only_if"},
		"nested":           {"ask", strings.Replace(good(same), `{`, `{"x":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+`,`, 1), 400, "invalid", "deeper"},
		"too large":        {"ask", good(same) + strings.Repeat(" ", federation.MaxQuestion), 413, "hostile", "larger"},
		"of another":       {"ask", good(func(r *guichet.Request) { r.From.Member = "GB" }), 403, "refused", "US sent it"},
		"to another":       {"ask", good(func(r *guichet.Request) { r.To = "GB" }), 400, "invalid", "put to GB"},
		"another circle":   {"ask", good(func(r *guichet.Request) { r.From.Circle = "other" }), 400, "invalid", "circle other"},
		"a person":         {"ask", good(func(r *guichet.Request) { r.Officer = "Jane Doe" }), 400, "invalid", "officer"},
		"records asked":    {"ask", good(func(r *guichet.Request) { r.Records = true }), 400, "invalid", "/guichet/1/records"},
		"sums of records":  {"records", good(same), 400, "invalid", "/guichet/1/ask"},
		"no such path":     {"asks", good(same), 413, "hostile", "larger"},
	} {
		status, h, text := us.put(http.MethodPost, "/guichet/1/"+c.path, []byte(c.body))
		if status != c.status || !strings.Contains(text, `"kind":"`+c.kind+`"`) || !strings.Contains(text, c.says) || h.Get("Content-Type") != federation.MediaProblem {
			t.Errorf("%s: %d %s, want %d %s …%s…", name, status, text, c.status, c.kind, c.says)
		}
	}
	for path, want := range map[string]int{
		"receipts/x": 400, "receipts/-1": 400, "receipts/01": 400, "receipts/99": 404, "receipts/99999999999999999999": 400, "exchanges?from=x": 400,
		"log/tile/entries/000": 404, "log/tile/entries/x000/000": 404, "log/secret": 404, "circle/metadata": 404, "circle/none": 404,
		"ask": 404, "nowhere": 404,
	} {
		if status, _, text := us.put(http.MethodGet, "/guichet/1/"+path, nil); status != want {
			t.Errorf("GET %s: %d %s, want %d", path, status, text, want)
		}
	}
}

// TestTheGateJudgesFirst: who is no member, or signs with no key of its own, gets
// a problem; the statuses that the gate gives travel.
func TestTheGateJudgesFirst(t *testing.T) {
	c, nodes := found(t, "US", "CA")
	us, ca := nodes["US"], nodes["CA"]
	ca.start()
	us.seal.key = newKeys(t).seal
	got, err := us.client().Ask(t.Context(), c.member("CA"), us.question("CA"))
	if err != nil || got.Gap == nil || got.Gap.Reason != guichet.GapRefused || !strings.Contains(got.Gap.Text, "does not admit") {
		t.Errorf("a request signed by nobody: %+v, %v", got.Gap, err)
	}
	// A member that the circle names no more does not pass the handshake.
	c.change("US", func(m *guichet.Member) { m.Keys = newCircleKeys(t) })
	got, err = us.client().Ask(t.Context(), c.member("CA"), us.question("CA"))
	if err != nil || got.Gap == nil || got.Gap.Reason != guichet.GapRefused || !strings.Contains(got.Gap.Text, "does not accept our certificate") {
		t.Errorf("a certificate of nobody: %+v, %v", got.Gap, err)
	}
}

func newCircleKeys(t *testing.T) []guichet.MemberKey {
	t.Helper()
	k := newKeys(t)
	return []guichet.MemberKey{{ID: keyID(public(k.tls)), Use: guichet.KeyTLS, Public: public(k.tls)}, {ID: keyID(public(k.seal)), Use: guichet.KeySeal, Public: public(k.seal)}}
}

// TestProblemsHaveOneTable: every kind has its status, and of a fault of ours
// nobody learns what it was.
func TestProblemsHaveOneTable(t *testing.T) {
	say := guichet.Errorf
	for _, c := range []struct {
		err    error
		status int
		kind   guichet.Kind
		retry  string
	}{
		{say(guichet.KindInvalid, "x"), 400, guichet.KindInvalid, ""},
		{say(guichet.KindVersion, "x"), 400, guichet.KindVersion, ""},
		{say(guichet.KindUntrusted, "x"), 401, guichet.KindUntrusted, ""},
		{say(guichet.KindRefused, "x"), 403, guichet.KindRefused, ""},
		{say(guichet.KindNotFound, "x"), 404, guichet.KindNotFound, ""},
		{federation.Told(say(guichet.KindRefused, "x"), 409, 0), 409, guichet.KindRefused, ""},
		{federation.Told(say(guichet.KindBusy, "x"), 429, 3*time.Second), 429, guichet.KindBusy, "3"},
		{say(guichet.KindHostile, "x"), 413, guichet.KindHostile, ""},
		{say(guichet.KindBusy, "x"), 503, guichet.KindBusy, "2"},
		{say(guichet.KindFull, "x"), 503, guichet.KindFull, "2"},
		{say(guichet.KindTotals, "x"), 500, guichet.KindTotals, ""},
		{fmt.Errorf("password is %s", "secret"), 500, guichet.KindInternal, ""},
		{say(guichet.KindInternal, "secret"), 500, guichet.KindInternal, ""},
	} {
		_, nodes := found(t, "US", "CA")
		us, ca := nodes["US"], nodes["CA"]
		ca.desk.reply = func(context.Context, federation.Asked) (federation.Said, error) {
			return federation.Said{}, fmt.Errorf("reply: %w", c.err)
		}
		ca.start()
		body, err := guichet.Canonical(us.question("CA"))
		if err != nil {
			t.Fatal(err)
		}
		status, h, text := us.put(http.MethodPost, "/guichet/1/ask", body)
		if status != c.status || !strings.Contains(text, `"kind":"`+string(c.kind)+`"`) || strings.Contains(text, "secret") || h.Get("Retry-After") != c.retry {
			t.Errorf("%v: %d %s, Retry-After %q; want %d %s %q", c.err, status, text, h.Get("Retry-After"), c.status, c.kind, c.retry)
		}
	}
}

// TestConcurrencyIsBounded: what is more than a member's share is told to come
// back, and what was taken is given back.
func TestConcurrencyIsBounded(t *testing.T) {
	_, nodes := found(t, "US", "CA")
	us, ca := nodes["US"], nodes["CA"]
	entered, leave := make(chan struct{}, 8), make(chan struct{})
	says := ca.desk.reply
	ca.desk.reply = func(ctx context.Context, a federation.Asked) (federation.Said, error) {
		entered <- struct{}{}
		<-leave
		return says(ctx, a)
	}
	ca.limits = federation.Limits{PerMember: 2, Concurrent: 3}
	ca.start()
	c := us.client()
	done := make(chan federation.Result, 2)
	for range 2 {
		go func() {
			r, _ := c.Ask(context.WithoutCancel(t.Context()), us.circle.member("CA"), us.question("CA"))
			done <- r
		}()
		<-entered
	}
	got, err := c.Ask(t.Context(), us.circle.member("CA"), us.question("CA"))
	if err != nil || got.Gap == nil || got.Gap.Reason != guichet.GapLate || !strings.Contains(got.Gap.Text, "too busy") {
		t.Errorf("more than a member's share: %+v, %v", got.Gap, err)
	}
	close(leave)
	for range 2 {
		if r := <-done; r.Gap != nil || r.Err != nil {
			t.Errorf("an exchange within the share: %+v", r)
		}
	}
	if got, err = c.Ask(t.Context(), us.circle.member("CA"), us.question("CA")); err != nil || got.Gap != nil {
		t.Errorf("after all have left: %+v, %v", got.Gap, err)
	}
}

// TestABodyThatTricklesInIsCutOff: a slow sender holds a place for the time that
// a body has, and no longer.
func TestABodyThatTricklesInIsCutOff(t *testing.T) {
	_, nodes := found(t, "US", "CA")
	us, ca := nodes["US"], nodes["CA"]
	ca.limits.Body = 200 * time.Millisecond
	ca.start()
	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), guichettest.Patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+us.circle.member("CA").Endpoints[0]+"/guichet/1/ask", r)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := us.line("CA").Do(req)
	if err == nil {
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("the status is %d", resp.StatusCode)
		}
	}
	if ctx.Err() != nil {
		t.Error("it was not cut off")
	}
	if ca.calls.Load() != 0 {
		t.Error("the gate was shown half a body")
	}
}

// TestFetches: receipts, exchanges, files of the log and of the circle, the
// witness, and ping.
func TestFetches(t *testing.T) {
	ctx := t.Context()
	_, nodes := found(t, "US", "CA", "GB")
	us, ca := nodes["US"], nodes["CA"]
	ca.skew = 3 * time.Minute
	ca.start()
	c, m := us.client(), us.circle.member("CA")
	for range 3 {
		if r, err := c.Ask(ctx, m, us.question("CA")); err != nil || r.Gap != nil {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	ca.journal.wait = 1
	if proof, err := c.Receipt(ctx, m, 2); err != nil || string(proof) != "receipt of leaf 2" {
		t.Errorf("the receipt is %q, %v", proof, err)
	}
	ca.journal.wait = 1 << 30
	guichettest.Longer(func(within time.Duration) bool {
		short, cancel := context.WithTimeout(ctx, within)
		defer cancel()
		_, err := c.Receipt(short, m, 2)
		if early := guichet.KindOf(err) != guichet.KindBusy; early && within < time.Minute {
			return true
		}
		if guichet.KindOf(err) != guichet.KindBusy {
			t.Errorf("a receipt that never comes: %v", err)
		}
		return false
	})
	if _, err := nodes["GB"].client().Receipt(ctx, m, 2); guichet.KindOf(err) != guichet.KindNotFound || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a receipt of others: %v", err)
	}
	if entries, next, err := c.Exchanges(ctx, m, 1); err != nil || len(entries) != 2 || next != 0 || entries[0].Index != 1 || !strings.Contains(string(entries[0].Leaf), `"kind":"answered"`) {
		t.Errorf("the exchanges are %v, %d, %v", entries, next, err)
	}
	if entries, _, err := nodes["GB"].client().Exchanges(ctx, m, 0); err != nil || len(entries) != 0 {
		t.Errorf("the exchanges of others are %v, %v", entries, err)
	}
	if tile, err := c.LogFile(ctx, m, "tile/0/x001/000.p/5"); err != nil || string(tile) != "log file tile/0/x001/000.p/5" {
		t.Errorf("the tile is %q, %v", tile, err)
	}
	if _, err := c.LogFile(ctx, m, "tile/entries/000"); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("a bundle of entries: %v", err)
	}
	if paper, err := c.CircleFile(ctx, m, "targets/big"); err != nil || len(paper) != 1<<20 {
		t.Errorf("the paper has %d bytes, %v", len(paper), err)
	}
	if _, err := c.CircleFile(ctx, m, "metadata/2.root.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a paper that is not there: %v", err)
	}
	if said, err := c.AddCheckpoint(ctx, m, []byte("new")); err != nil || said.Status != 200 || string(said.Body) != "cosigned for US" {
		t.Errorf("the witness says %+v, %v", said, err)
	}
	if said, err := c.AddCheckpoint(ctx, m, []byte("old")); err != nil || said.Status != 409 || said.Type != "text/x.tlog.size" || string(said.Body) != "7\n" {
		t.Errorf("the witness says %+v, %v", said, err)
	}
	pong, err := c.Ping(ctx, m)
	if err != nil || pong.Member != "CA" || pong.CircleVersion != 7 || pong.JournalSize != 3 || (pong.Ahead-3*time.Minute).Abs() > time.Second || pong.RoundTrip <= 0 {
		t.Errorf("ping says %+v, %v", pong, err)
	}
	nodes["CA"].journal.mu.Lock()
	for range 1500 {
		ca.journal.leaves = append(ca.journal.leaves, guichet.Leaf{From: guichet.Party{Member: "US"}, To: "CA"})
	}
	ca.journal.mu.Unlock()
	entries, next, err := c.Exchanges(ctx, m, 0)
	if err != nil || len(entries) != 1000 || next != 1000 {
		t.Errorf("the first page has %d, next %d, %v", len(entries), next, err)
	}
	if entries, next, err = c.Exchanges(ctx, m, next); err != nil || len(entries) != 503 || next != 0 {
		t.Errorf("the second page has %d, next %d, %v", len(entries), next, err)
	}
}

// TestPartsMustBeThere: a server or a client without one of its parts is none.
func TestPartsMustBeThere(t *testing.T) {
	if _, err := federation.NewServer(federation.ServerConfig{Log: slog.New(slog.DiscardHandler)}); guichet.KindOf(err) != guichet.KindInternal {
		t.Errorf("a server of nothing: %v", err)
	}
	if _, err := federation.NewClient(federation.ClientConfig{}); guichet.KindOf(err) != guichet.KindInternal {
		t.Errorf("a client of nothing: %v", err)
	}
}
