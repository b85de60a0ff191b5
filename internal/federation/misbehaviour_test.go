package federation_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/federation"
	"guichet/internal/guichettest"
)

// misbehaviour is what a member may do instead of answering.
type misbehaviour struct {
	name   string
	make   func(t *testing.T, ca *node)
	reason guichet.GapReason
	says   string
}

func misbehaviours() []misbehaviour {
	instead := func(h http.HandlerFunc) func(*testing.T, *node) {
		return func(_ *testing.T, ca *node) {
			ca.front = func(http.Handler) http.Handler { return h }
			ca.start()
		}
	}
	altered := func(f func(*guichet.Reply)) func(*testing.T, *node) {
		return func(_ *testing.T, ca *node) {
			ca.desk.reply = func(ctx context.Context, a federation.Asked) (federation.Said, error) {
				reply := ca.head(a)
				f(&reply)
				return ca.sealed(ctx, a, reply, encodeRows([]guichet.Row{{"reporter": "CA"}}))
			}
			ca.start()
		}
	}
	rows := func(text string) func(*testing.T, *node) {
		return func(_ *testing.T, ca *node) {
			ca.desk.reply = func(ctx context.Context, a federation.Asked) (federation.Said, error) {
				return ca.sealed(ctx, a, ca.head(a), []byte(text))
			}
			ca.start()
		}
	}
	body := func(b []byte) func(*testing.T, *node) {
		return func(_ *testing.T, ca *node) {
			ca.desk.reply = func(context.Context, federation.Asked) (federation.Said, error) {
				return federation.Said{Body: b}, nil
			}
			ca.start()
		}
	}
	return []misbehaviour{
		{"nobody listens", func(t *testing.T, ca *node) {
			t.Helper()
			nobody := guichettest.FreeAddr(t)
			ca.circle.change("CA", func(m *guichet.Member) { m.Endpoints = []string{nobody} })
		}, guichet.GapSilent, "nobody listens"},
		{"no address", func(*testing.T, *node) {}, guichet.GapSilent, "names no address"},
		{"a black hole", func(t *testing.T, ca *node) {
			t.Helper()
			ca.start()
			relay := guichettest.NewRelay(t, ca.circle.member("CA").Endpoints[0], guichettest.RelayConfig{})
			relay.BlackHole()
			ca.circle.change("CA", func(m *guichet.Member) { m.Endpoints = []string{relay.Addr()} })
		}, guichet.GapSilent, "no connection"},
		{"too slow", instead(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), guichet.GapLate, "did not answer within its time"},
		{"a body that trickles", instead(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100000")
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte("x"))
				_ = http.NewResponseController(w).Flush()
				time.Sleep(20 * time.Millisecond)
			}
		}), guichet.GapLate, "not whole within its time"},
		{"cut in the body", instead(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			_, _ = w.Write(make([]byte, 500))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}), guichet.GapSilent, "broke off before its answer was whole"},
		{"cut before the answer", instead(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), guichet.GapSilent, "broke off before it answered"},
		{"garbage", instead(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>hello</html>")) }), guichet.GapUntrusted, "not signed as the circle says"},
		{"no HTTP", func(t *testing.T, ca *node) {
			t.Helper()
			ca.start()
			relay := guichettest.NewRelay(t, ca.circle.member("CA").Endpoints[0], guichettest.RelayConfig{})
			relay.Garble(700)
			ca.circle.change("CA", func(m *guichet.Member) { m.Endpoints = []string{relay.Addr()} })
		}, guichet.GapSilent, "CA"},
		{"signed by another key", func(t *testing.T, ca *node) {
			t.Helper()
			ca.seal.key = newKeys(t).seal
			ca.start()
		}, guichet.GapUntrusted, "no seal key of CA"},
		{"signed for another question", func(_ *testing.T, ca *node) { ca.seal.unbound = true; ca.start() }, guichet.GapUntrusted, "does not hold"},
		{"another TLS key", func(t *testing.T, ca *node) {
			t.Helper()
			ca.keys.cert = newKeys(t).cert
			ca.start()
		}, guichet.GapUntrusted, "does not hold a key of CA"},
		{"altered on the way", func(_ *testing.T, ca *node) {
			ca.front = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(&altering{ResponseWriter: w}, r) })
			}
			ca.start()
		}, guichet.GapUntrusted, "not what its digest says"},
		{"another leaf in the header", func(_ *testing.T, ca *node) {
			ca.front = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					next.ServeHTTP(&altering{ResponseWriter: w, header: true}, r)
				})
			}
			ca.start()
		}, guichet.GapUntrusted, "does not hold"},
		{"too large", body(make([]byte, federation.MaxReply+1)), guichet.GapGarbled, "larger than"},
		{"no length", body([]byte("abc")), guichet.GapGarbled, "no length"},
		{"a head that is longer than the body", body([]byte("\x00\x00\x10\x00{}")), guichet.GapGarbled, "bytes long"},
		{"a head that is no JSON", body([]byte("\x00\x00\x00\x02{]")), guichet.GapGarbled, "cannot be read"},
		{"another exchange", altered(func(r *guichet.Reply) { r.Exchange = strings.Repeat("0", 32) }), guichet.GapGarbled, "not to ours"},
		{"another request", altered(func(r *guichet.Reply) { r.Request = strings.Repeat("0", 64) }), guichet.GapGarbled, "other bytes"},
		{"another member", altered(func(r *guichet.Reply) { r.Member = "GB" }), guichet.GapGarbled, `reply of "GB"`},
		{"a permission without an answer", altered(func(r *guichet.Reply) { r.Answer = nil }), guichet.GapGarbled, "holds no answer"},
		{"a refusal with an answer", altered(func(r *guichet.Reply) { r.Decision.Permitted = false }), guichet.GapGarbled, "refuses the question and answers"},
		{"a refusal without a clause", altered(func(r *guichet.Reply) { r.Decision.Permitted, r.Answer = false, nil }), guichet.GapGarbled, "names no clause"},
		{"two columns of one name", altered(func(r *guichet.Reply) { r.Answer.Columns = append(columns(), guichet.Column{Name: "value"}) }), guichet.GapGarbled, "name of its own"},
		{"rows that are none", rows("???"), guichet.GapGarbled, "no columns"},
		{"rows that break the decoder", rows("panic"), guichet.GapGarbled, "break the decoder"},
		{"no rows and no reason", rows("[]"), guichet.GapGarbled, "does not say why"},
		{"a desk that fails", func(_ *testing.T, ca *node) {
			ca.desk.reply = func(context.Context, federation.Asked) (federation.Said, error) {
				return federation.Said{}, io.ErrClosedPipe
			}
			ca.start()
		}, guichet.GapSilent, "fault of its own"},
		{"a desk that panics", func(_ *testing.T, ca *node) {
			ca.desk.reply = func(context.Context, federation.Asked) (federation.Said, error) { panic("officer Jane Doe") }
			ca.start()
		}, guichet.GapSilent, "fault of its own"},
		{"a journal that is closed", func(_ *testing.T, ca *node) { ca.journal.full = true; ca.start() }, guichet.GapLate, "too busy"},
		{"a problem with another clock", func(_ *testing.T, ca *node) {
			ca.skew = 7 * time.Minute
			ca.desk.reply = func(context.Context, federation.Asked) (federation.Said, error) {
				return federation.Said{}, guichet.Errorf(guichet.KindUntrusted, "your clock is behind ours")
			}
			ca.start()
		}, guichet.GapRefused, "s apart: set them"},
		{"redirected", instead(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://127.0.0.1:1/", http.StatusTemporaryRedirect)
		}), guichet.GapGarbled, "status 307"},
	}
}

// altering changes what a handler says, behind its back.
type altering struct {
	http.ResponseWriter
	header bool
}

func (a *altering) WriteHeader(status int) {
	if a.header {
		a.Header().Set(federation.HeaderLeaf, "5")
		a.Header().Set(federation.HeaderReceipt, "/guichet/1/receipts/5")
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *altering) Write(p []byte) (int, error) {
	if !a.header {
		p = bytes.Replace(p, []byte(`"value":40`), []byte(`"value":41`), 1)
	}
	return a.ResponseWriter.Write(p)
}

// TestWhatAMemberMayDoWrong: each kind of it has its reason and its sentence, and
// a durable leaf.
func TestWhatAMemberMayDoWrong(t *testing.T) {
	t.Parallel()
	for _, bad := range misbehaviours() {
		t.Run(bad.name, func(t *testing.T) {
			t.Parallel()
			_, nodes := found(t, "US", "CA")
			us, ca := nodes["US"], nodes["CA"]
			bad.make(t, ca)
			var got federation.Result
			var err error
			c := us.client()
			ask := func() { got, err = c.Ask(t.Context(), us.circle.member("CA"), us.question("CA")) }
			// Short where the time must run out; elsewhere so long that it does not on a
			// slow machine.
			if slices.Contains([]string{"a black hole", "too slow", "a body that trickles"}, bad.name) {
				guichettest.Longer(func(within time.Duration) bool {
					c = us.client(func(cfg *federation.ClientConfig) { cfg.Limits.Ask = within })
					ask()
					return got.Gap != nil && !strings.Contains(got.Gap.Text, bad.says) // it had not come so far
				})
			} else {
				ask()
			}
			if err != nil || got.Gap == nil || got.Reply != nil {
				t.Fatalf("the result is %+v, %v", got, err)
			}
			if got.Gap.Reason != bad.reason || !strings.Contains(got.Gap.Text, bad.says) {
				t.Errorf("the gap is %s: %s\nwant %s: …%s…", got.Gap.Reason, got.Gap.Text, bad.reason, bad.says)
			}
			us.wantLeaf(t, guichet.LeafMissed, bad.reason)
			if got.Took < 300*time.Millisecond {
				french, err := c.Ask(t.Context(), us.circle.member("CA"), us.question("CA", func(r *guichet.Request) { r.Question.Lang = "fr" }))
				if err != nil || french.Gap != nil && (french.Gap.Text == got.Gap.Text || strings.Contains(french.Gap.Text+got.Gap.Text, "%!")) {
					t.Errorf("in French: %+v, %v", french.Gap, err)
				}
			}
			if strings.Contains(ca.log.String(), "Jane") {
				t.Errorf("the log tells what a person asked: %s", ca.log)
			}
		})
	}
}
