package federation_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/federation"
	"guichet/internal/guichettest"
)

// TestSlowBodiesTakeNoPlaceOfOthers: a member that trickles more bodies than it may
// fills its own share, and another is answered as if it were alone.
func TestSlowBodiesTakeNoPlaceOfOthers(t *testing.T) {
	_, nodes := found(t, "US", "CA", "GB")
	us, ca, gb := nodes["US"], nodes["CA"], nodes["GB"]
	ca.limits = federation.Limits{Concurrent: 4, PerMember: 3, Body: guichettest.Patience}
	ca.start()
	turned := make(chan int, 8)
	line := us.line("CA")
	for range 8 {
		r, w := io.Pipe()
		t.Cleanup(func() { _ = w.Close() })
		go func() { _, _ = w.Write([]byte("{")) }()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+us.circle.member("CA").Endpoints[0]+"/guichet/1/ask", r)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			resp, err := line.Do(req)
			if err != nil {
				return // the test is over
			}
			_ = resp.Body.Close()
			turned <- resp.StatusCode
		}()
	}
	for range 5 {
		if status := <-turned; status != http.StatusTooManyRequests {
			t.Errorf("a body beyond the member's share is answered %d", status)
		}
	}
	got, err := gb.client().Ask(t.Context(), us.circle.member("CA"), gb.question("CA"))
	if err != nil || got.Gap != nil {
		t.Errorf("another member, meanwhile: %+v, %v", got.Gap, err)
	}
}

// TestNamesAreAsTheyAreWritten: of replies, ends and problems alike, whatever the
// decoder would take for a field of ours.
func TestNamesAreAsTheyAreWritten(t *testing.T) {
	for _, name := range []string{"Answer", "anſwer", "\\u0061nswer"} {
		head := []byte(`{"` + name + `":{"columns":[]}}`)
		if _, _, err := federation.DecodeReply(append(binary.BigEndian.AppendUint32(nil, uint32(len(head))), head...)); guichet.KindOf(err) != guichet.KindInvalid {
			t.Errorf("a head with %s is read: %v", name, err)
		}
	}
	got, _ := streamed(t, func(f [][]byte) [][]byte {
		f[5] = resize(f[5], `"rows":`, `"Rows":`)
		return f
	})
	if got.Whole || got.Gap == nil || got.Gap.Reason != guichet.GapGarbled {
		t.Errorf("an end with Rows: %+v", got.Gap)
	}
	got, _ = streamed(t, func(f [][]byte) [][]byte {
		return append(f[:2], federation.WriteFrame('X', []byte(`{"Kind":"internal","message":"no disk"}`)))
	})
	if got.Gap == nil || got.Gap.Reason != guichet.GapGarbled {
		t.Errorf("a fault with Kind: %+v", got.Gap)
	}
	_, nodes := found(t, "US", "CA")
	us, ca := nodes["US"], nodes["CA"]
	ca.front = func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body := []byte(`{"status":403,"Kind":"refused","message":"no","time":"2026-11-21T12:00:00Z"}`)
			w.Header().Set("Content-Type", federation.MediaProblem)
			if err := ca.seal.Response(w.Header(), http.StatusForbidden, r, body); err != nil {
				t.Error(err)
			}
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write(body)
		})
	}
	ca.start()
	result, err := us.client().Ask(t.Context(), us.circle.member("CA"), us.question("CA"))
	if err != nil || result.Gap == nil || result.Gap.Reason != guichet.GapGarbled {
		t.Errorf("a problem with Kind: %+v, %v", result.Gap, err)
	}
	_, err = us.client().Ask(t.Context(), us.circle.member("CA"), us.question("CA", func(r *guichet.Request) {
		r.Question.Where = map[string][]string{"Origin": {"MX"}}
	}))
	if guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("a question of ours with such a name leaves: %v", err)
	}
}

// TestAStreamEndsWithItsPermission: a key that is revoked, a member that has left
// and an agreement that is withdrawn end a stream within a few frames, and before
// its end where it is shorter.
func TestAStreamEndsWithItsPermission(t *testing.T) {
	for name, c := range map[string]struct {
		pieces int
		change func(us, ca *node)
		says   string
	}{
		"key revoked":        {40, func(us, _ *node) { us.circle.change("US", func(m *guichet.Member) { m.Keys = m.Keys[:1] }) }, "no seal key of US"},
		"tls key revoked":    {40, func(us, _ *node) { us.circle.change("US", func(m *guichet.Member) { m.Keys = newCircleKeys(t) }) }, "no member of this circle"},
		"withdrawn":          {40, func(_, ca *node) { ca.gone.Store(true) }, "was withdrawn"},
		"a short one":        {2, func(_, ca *node) { ca.gone.Store(true) }, "was withdrawn"},
		"nothing but an end": {0, func(_, ca *node) { ca.gone.Store(true) }, "was withdrawn"},
	} {
		t.Run(name, func(t *testing.T) {
			_, nodes := found(t, "US", "CA")
			us, ca := nodes["US"], nodes["CA"]
			written := 0
			ca.desk.records = func(_ context.Context, a federation.Asked, w *federation.RecordsWriter) error {
				if err := w.Begin(ca.head(a), 0); err != nil {
					return err
				}
				c.change(us, ca)
				for i := range c.pieces {
					if _, err := w.Write(piece(i, federation.MaxChunk)); err != nil {
						return err
					}
					written++
				}
				if _, err := w.Root(); err != nil {
					return err
				}
				t.Error("the stream came to its end")
				return w.End(int64(c.pieces), 1)
			}
			ca.start()
			got, err := us.client().Records(t.Context(), us.circle.member("CA"), us.forRecords(), &sink{})
			if err != nil || got.Whole || got.Gap == nil || got.Gap.Reason != guichet.GapSilent || !strings.Contains(got.Gap.Text, c.says) {
				t.Errorf("the stream is %+v, %v; want …%s…", got.Gap, err, c.says)
			}
			if written > 20 {
				t.Errorf("%d chunks were written after it", written)
			}
		})
	}
}

// TestAStreamIsLookedAtByTime: a slow stream is looked at though it has few frames.
func TestAStreamIsLookedAtByTime(t *testing.T) {
	_, nodes := found(t, "US", "CA")
	us, ca := nodes["US"], nodes["CA"]
	clock := guichettest.NewClock()
	ca.clock = clock.Now
	ca.desk.records = func(_ context.Context, a federation.Asked, w *federation.RecordsWriter) error {
		if err := w.Begin(ca.head(a), 0); err != nil {
			return err
		}
		ca.gone.Store(true)
		if _, err := w.Write(piece(0, federation.MaxChunk)); err != nil {
			t.Errorf("at once: %v", err)
		}
		clock.Move(6 * time.Second)
		_, err := w.Write(piece(1, federation.MaxChunk))
		if guichet.KindOf(err) != guichet.KindRefused {
			t.Errorf("six seconds later: %v", err)
		}
		return err
	}
	ca.start()
	got, err := us.client().Records(t.Context(), us.circle.member("CA"), us.forRecords(), &sink{})
	if err != nil || got.Gap == nil || !strings.Contains(got.Gap.Text, "was withdrawn") {
		t.Errorf("the stream is %+v, %v", got.Gap, err)
	}
}

// TestRefusalsAreBounded: after so many of a day a member is told to wait, without
// a leaf, for sums and records; others are not, nor is it the day after.
func TestRefusalsAreBounded(t *testing.T) {
	_, nodes := found(t, "US", "CA", "GB")
	us, ca, gb := nodes["US"], nodes["CA"], nodes["GB"]
	clock := guichettest.NewClock()
	ca.clock = clock.Now
	ca.limits.Refused = 3
	ca.desk.reply = ca.refuses("purposes.permitted")
	ca.desk.records = func(ctx context.Context, a federation.Asked, w *federation.RecordsWriter) error {
		said, err := ca.refuses("records")(ctx, a)
		if err != nil {
			return err
		}
		return w.Refuse(said.Body, said.Leaf)
	}
	ca.start()
	ask := func(n *node, path string) (int, http.Header, string) {
		t.Helper()
		body, err := json.Marshal(n.question("CA", func(r *guichet.Request) { r.Records = path == "records" }))
		if err != nil {
			t.Fatal(err)
		}
		return n.put(http.MethodPost, "/guichet/1/"+path, body)
	}
	for _, path := range []string{"ask", "records", "ask"} {
		if status, _, text := ask(us, path); status != http.StatusOK {
			t.Fatalf("a refusal on %s: %d %s", path, status, text)
		}
	}
	for _, path := range []string{"ask", "records"} {
		status, h, text := ask(us, path)
		if status != http.StatusTooManyRequests || h.Get("Retry-After") != "3600" || !strings.Contains(text, "refused 3 questions today") {
			t.Errorf("one more on %s: %d %q %s", path, status, h.Get("Retry-After"), text)
		}
	}
	if n := len(ca.journal.all()); n != 3 {
		t.Errorf("there are %d leaves, want 3", n)
	}
	if status, _, text := ask(gb, "ask"); status != http.StatusOK {
		t.Errorf("another member: %d %s", status, text)
	}
	clock.Move(11*time.Hour + 59*time.Minute + 30*time.Second)
	if status, h, _ := ask(us, "ask"); status != http.StatusTooManyRequests || h.Get("Retry-After") != "31" {
		t.Errorf("before midnight: %d %q", status, h.Get("Retry-After"))
	}
	clock.Move(time.Minute)
	if status, _, text := ask(us, "ask"); status != http.StatusOK {
		t.Errorf("the day after: %d %s", status, text)
	}
}

// TestAnswersAreNoRefusals: they have quotas, and are not counted here.
func TestAnswersAreNoRefusals(t *testing.T) {
	_, nodes := found(t, "US", "CA")
	us, ca := nodes["US"], nodes["CA"]
	ca.limits.Refused = 1
	ca.start()
	c := us.client()
	for range 4 {
		if got, err := c.Ask(t.Context(), us.circle.member("CA"), us.question("CA")); err != nil || got.Gap != nil {
			t.Fatalf("%+v, %v", got.Gap, err)
		}
	}
}
