package federation_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"guichet"
	"guichet/internal/federation"
	"guichet/internal/guichettest"
)

// wantLeaf holds the asker's last leaf against what became of the question.
func (n *node) wantLeaf(t *testing.T, kind guichet.LeafKind, reason guichet.GapReason) guichet.Leaf {
	t.Helper()
	leaves := n.journal.all()
	if len(leaves) == 0 {
		t.Fatalf("%s has no leaf; a result was handed out without one", n.code)
	}
	last := leaves[len(leaves)-1]
	if last.Kind != kind || last.Reason != reason {
		t.Errorf("the leaf of %s is %s %q, want %s %q", n.code, last.Kind, last.Reason, kind, reason)
	}
	return last
}

// TestAskGivesAVerifiedAnswer: rows, the other side's leaf, the receipt's
// address, and on both sides leaves that digest the same bytes.
func TestAskGivesAVerifiedAnswer(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("http2=%t", http2), func(t *testing.T) {
			_, nodes := found(t, "US", "CA")
			us, ca := nodes["US"], nodes["CA"]
			us.http2, ca.http2 = http2, http2
			ca.start()
			got, err := us.client().Ask(t.Context(), us.circle.member("CA"), us.question("CA"))
			if err != nil || got.Gap != nil || got.Reply == nil {
				t.Fatalf("the answer is %+v, %v", got, err)
			}
			if rows := got.Reply.Answer.Rows; len(rows) != 2 || rows[0]["partner"] != "CN" {
				t.Errorf("the rows are %v", rows)
			}
			if got.Receipt != "/guichet/1/receipts/0" || got.Peer != 0 {
				t.Errorf("the receipt is at %q, leaf %d", got.Receipt, got.Peer)
			}
			ours, theirs := us.wantLeaf(t, guichet.LeafReceived, ""), ca.journal.all()[0]
			if ours.Request != theirs.Request || ours.Reply != theirs.Reply || ours.Peer != 1 || ours.Rows != 2 || ours.Agreement != "b5-covid" {
				t.Errorf("the leaves do not tell one story:\nours   %+v\ntheirs %+v", ours, theirs)
			}
		})
	}
}

// TestARefusalIsAReply: it is journaled as received and names agreement and
// clause, in the question's language.
func TestARefusalIsAReply(t *testing.T) {
	_, nodes := found(t, "US", "CA")
	us, ca := nodes["US"], nodes["CA"]
	ca.desk.reply = ca.refuses("purposes.permitted")
	ca.start()
	got, err := us.client().Ask(t.Context(), us.circle.member("CA"), us.question("CA", func(r *guichet.Request) { r.Question.Lang = "fr" }))
	if err != nil || got.Reply == nil || got.Gap == nil {
		t.Fatalf("the refusal is %+v, %v", got, err)
	}
	if got.Gap.Reason != guichet.GapRefused || !strings.Contains(got.Gap.Text, "CA refuse") || !strings.Contains(got.Gap.Text, "accord b5-covid version 2, clause purposes.permitted") {
		t.Errorf("the gap is %+v", got.Gap)
	}
	if leaf := us.wantLeaf(t, guichet.LeafReceived, ""); leaf.Clause != "purposes.permitted" || leaf.Rows != 0 {
		t.Errorf("the leaf is %+v", leaf)
	}
}

// TestOneMemberDelaysNone: with every misbehaviour beside them, the honest
// members' answers come at once and are right.
func TestOneMemberDelaysNone(t *testing.T) {
	codes := []string{"US", "CA", "GB", "AU", "NZ"}
	_, nodes := found(t, codes...)
	us := nodes["US"]
	nodes["GB"].start()
	nodes["CA"].start()
	others := make(chan struct{}) // all others have come
	nodes["AU"].front = func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-others:
			case <-r.Context().Done():
			}
			panic(http.ErrAbortHandler)
		})
	}
	nodes["AU"].start()
	nodes["NZ"].desk.reply = func(context.Context, federation.Asked) (federation.Said, error) {
		return federation.Said{Body: []byte("garbage")}, nil
	}
	nodes["NZ"].start()
	var results []federation.Result
	asking := federation.Asking{
		Build:  func(m guichet.Member) (guichet.Request, error) { return us.question(m.Code), nil },
		Within: guichettest.Patience,
		Own: func(context.Context) (guichet.Reply, error) {
			return guichet.Reply{Member: "US", Answer: &guichet.Answer{Columns: columns(), Rows: []guichet.Row{{"reporter": "US", "partner": "CN", "value": 7}}}, Decision: guichet.Decision{Permitted: true}}, nil
		},
	}
	for _, code := range codes[1:] {
		asking.Members = append(asking.Members, us.circle.member(code))
	}
	for r := range us.client().AskAll(t.Context(), asking) {
		if results = append(results, r); len(results) == len(codes)-1 {
			close(others)
		}
	}
	if len(results) != len(codes) {
		t.Fatalf("%d results came", len(results))
	}
	if last := results[len(codes)-1]; last.Member != "AU" || last.Gap == nil || last.Gap.Reason != guichet.GapSilent {
		t.Fatalf("behind AU, which was slow, came %s: %+v", last.Member, last.Gap)
	}
	a := federation.Merge(guichet.Question{}, results)
	if len(a.Rows) != 5 || len(a.Gaps) != 2 {
		t.Errorf("the merged answer has %d rows and the gaps %+v", len(a.Rows), a.Gaps)
	}
	if leaves := us.journal.all(); len(leaves) != 4 {
		t.Errorf("%d leaves of 4 questions", len(leaves))
	}
}

// TestEachMemberHasItsTime: one that does not answer costs the time that it was
// given, which is not the client's own.
func TestEachMemberHasItsTime(t *testing.T) {
	_, nodes := found(t, "US", "CA")
	us := nodes["US"]
	nodes["CA"].front = func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	}
	nodes["CA"].start()
	guichettest.Longer(func(within time.Duration) bool {
		for r := range us.client().AskAll(t.Context(), federation.Asking{
			Members: []guichet.Member{us.circle.member("CA")}, Within: within,
			Build: func(m guichet.Member) (guichet.Request, error) { return us.question(m.Code), nil },
		}) {
			if r.Gap != nil && r.Gap.Reason == guichet.GapSilent && within < time.Minute {
				return true // there was not even a connection
			}
			if r.Gap == nil || r.Gap.Reason != guichet.GapLate {
				t.Errorf("within %s: %+v", within, r)
			}
		}
		return false
	})
}

// TestLeavingEarlyTakesTheQuestionBack: who leaves the loop waits for no member,
// and still every question has its leaf.
func TestLeavingEarlyTakesTheQuestionBack(t *testing.T) {
	_, nodes := found(t, "US", "CA", "GB")
	us := nodes["US"]
	nodes["CA"].start()
	nodes["GB"].front = func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	}
	nodes["GB"].start()
	began := time.Now()
	for r := range us.client().AskAll(t.Context(), federation.Asking{
		Members: []guichet.Member{us.circle.member("CA"), us.circle.member("GB")},
		Build:   func(m guichet.Member) (guichet.Request, error) { return us.question(m.Code), nil },
	}) {
		if r.Member != "CA" {
			t.Fatalf("%s came first", r.Member)
		}
		break
	}
	if took := time.Since(began); took > guichettest.Patience/2 {
		t.Errorf("leaving took %s", took)
	}
	leaves := us.journal.all()
	if len(leaves) != 2 || leaves[1].Kind != guichet.LeafMissed {
		t.Errorf("the leaves are %+v", leaves)
	}
}

// TestTheLeafComesFirst: without a durable leaf there is no result.
func TestTheLeafComesFirst(t *testing.T) {
	_, nodes := found(t, "US", "CA")
	us, ca := nodes["US"], nodes["CA"]
	ca.start()
	us.journal.full = true
	got, err := us.client().Ask(t.Context(), us.circle.member("CA"), us.question("CA"))
	if guichet.KindOf(err) != guichet.KindFull || got.Reply != nil || got.Gap != nil || got.Err == nil {
		t.Errorf("without a journal the result is %+v, %v", got, err)
	}
	a := federation.Merge(guichet.Question{}, []federation.Result{got})
	if len(a.Rows) != 0 || len(a.Gaps) != 1 || !strings.Contains(a.Gaps[0].Text, "nothing of it is used") {
		t.Errorf("merged: %+v", a)
	}
}

// TestEndpointsInOrder: a dead address costs its share of the time and no more,
// and the question is signed anew with the same exchange.
func TestEndpointsInOrder(t *testing.T) {
	_, nodes := found(t, "US", "CA")
	us, ca := nodes["US"], nodes["CA"]
	var asked atomic.Int64
	says := ca.desk.reply
	ca.desk.reply = func(ctx context.Context, a federation.Asked) (federation.Said, error) {
		asked.Add(1)
		return says(ctx, a)
	}
	ca.start()
	hole := guichettest.NewRelay(t, ca.circle.member("CA").Endpoints[0], guichettest.RelayConfig{})
	hole.BlackHole()
	stranger := &node{t: t, circle: ca.circle, keys: newKeys(t)}
	ca.circle.change("CA", func(m *guichet.Member) {
		m.Endpoints = append([]string{"127.0.0.1:1", stranger.serve(http.NotFoundHandler()), hole.Addr()}, m.Endpoints...)
	})
	guichettest.Longer(func(within time.Duration) bool {
		asked.Store(0)
		c := us.client(func(cfg *federation.ClientConfig) { cfg.Limits.Ask = within })
		got, err := c.Ask(t.Context(), us.circle.member("CA"), us.question("CA"))
		if got.Gap != nil && within < time.Minute {
			return true
		}
		if err != nil || got.Gap != nil || asked.Load() != 1 {
			t.Errorf("the gap is %+v, %v; the desk was asked %d times", got.Gap, err, asked.Load())
		}
		return false
	})
}

// TestAQuestionIsNotPutTwice: where it may have arrived, no other address is
// tried.
func TestAQuestionIsNotPutTwice(t *testing.T) {
	_, nodes := found(t, "US", "CA")
	us, ca := nodes["US"], nodes["CA"]
	ca.front = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			lost := &nothing{header: http.Header{}}
			next.ServeHTTP(lost, r) // answered and journaled
			panic(http.ErrAbortHandler)
		})
	}
	ca.start().start()
	got, err := us.client().Ask(t.Context(), us.circle.member("CA"), us.question("CA"))
	if err != nil || got.Gap == nil || got.Gap.Reason != guichet.GapSilent {
		t.Fatalf("the result is %+v, %v", got, err)
	}
	if n := len(ca.journal.all()); n != 1 {
		t.Errorf("the question was answered %d times", n)
	}
}

// nothing is a writer of answers that loses them.
type nothing struct{ header http.Header }

func (n *nothing) Header() http.Header         { return n.header }
func (n *nothing) Write(p []byte) (int, error) { return len(p), nil }
func (n *nothing) WriteHeader(int)             {}

// TestOurOwnFaults: a question that is not well made is refused here, before
// anybody hears of it.
func TestOurOwnFaults(t *testing.T) {
	_, nodes := found(t, "US", "CA")
	us, ca := nodes["US"], nodes["CA"]
	ca.start()
	for name, change := range map[string]func(*guichet.Request){
		"no exchange": func(r *guichet.Request) { r.Exchange = "" }, "capitals": func(r *guichet.Request) { r.Exchange = strings.Repeat("A", 32) },
		"no salt": func(r *guichet.Request) { r.Salt = nil }, "a name": func(r *guichet.Request) { r.Officer = "Jane Doe" },
		"half a second": func(r *guichet.Request) { r.Put = r.Put.Add(time.Second / 2) }, "to another": func(r *guichet.Request) { r.To = "GB" },
		"from another": func(r *guichet.Request) { r.From.Member = "GB" }, "records": func(r *guichet.Request) { r.Records = true },
		"too large": func(r *guichet.Request) {
			r.Question.Where = map[string][]string{"partner": {strings.Repeat("x", federation.MaxQuestion)}}
		},
	} {
		req := us.question("CA")
		change(&req)
		if got, err := us.client().Ask(t.Context(), us.circle.member("CA"), req); err == nil || got.Err == nil {
			t.Errorf("%s: a question that is not well made was put: %+v", name, got)
		}
	}
	if ca.calls.Load() != 0 || len(us.journal.all()) != 0 {
		t.Errorf("%d calls and %d leaves of questions that were never put", ca.calls.Load(), len(us.journal.all()))
	}
}

// TestFanOut: of five members none is asked after another: each answers only once all
// of them have been asked.
func TestFanOut(t *testing.T) {
	codes := []string{"US", "CA", "GB", "AU", "NZ", "FR"}
	_, nodes := found(t, codes...)
	us := nodes["US"]
	asking := federation.Asking{Build: func(m guichet.Member) (guichet.Request, error) { return us.question(m.Code), nil }}
	var asked sync.WaitGroup
	for _, code := range codes[1:] {
		nodes[code].front = func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Done()
				asked.Wait()
				next.ServeHTTP(w, r)
			})
		}
		nodes[code].start()
		asking.Members = append(asking.Members, us.circle.member(code))
	}
	c := us.client()
	for _, name := range []string{"first", "again"} {
		asked.Add(len(asking.Members))
		for r := range c.AskAll(t.Context(), asking) {
			if r.Err != nil || r.Gap != nil {
				t.Fatalf("%s: %s: %+v", name, r.Member, r)
			}
		}
	}
}

// TestChanceThatFails: no question without an exchange.
func TestChanceThatFails(t *testing.T) {
	if _, err := federation.NewRequest(strings.NewReader("short"), time.Now(), guichet.Request{}); err == nil {
		t.Error("a request was made without chance")
	}
	a, errA := federation.NewRequest(rand.Reader, time.Now(), guichet.Request{})
	b, errB := federation.NewRequest(rand.Reader, time.Now(), guichet.Request{})
	if errA != nil || errB != nil || a.Exchange == b.Exchange || bytes.Equal(a.Salt, b.Salt) {
		t.Errorf("two requests share what is chosen by chance: %+v %+v %v %v", a, b, errA, errB)
	}
}
