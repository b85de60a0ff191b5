package portal_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/portal"
)

// slowCircle is a circle of which a test says when each member answers: what no real
// member does on time.
type slowCircle struct {
	answer chan portal.MemberResult // one by one; closed: all is said
	fail   error
	asked  atomic.Int32
	last   atomic.Pointer[portal.Asking]
}

func (s *slowCircle) Circle() guichet.Circle {
	return guichet.Circle{
		Name: "three", Members: []guichet.Member{{Code: "NZ", Role: "party"}, {Code: "US", Role: "party"}},
		Agreements: []guichet.Agreement{{ID: "short", Terms: []guichet.Term{{Dataset: "trade", Keep: guichet.Retention{Days: 3}}}}},
	}
}

func (s *slowCircle) Ask(ctx context.Context, q portal.Asking, each func(portal.MemberResult)) (portal.Answer, error) {
	s.asked.Add(1)
	s.last.Store(&q)
	out := portal.Answer{Circle: "three", Answer: guichet.Answer{Question: q.Question}}
	for {
		select {
		case r, more := <-s.answer:
			if !more {
				return out, s.fail
			}
			each(r)
			out.Members = append(out.Members, r)
		case <-ctx.Done():
			return portal.Answer{}, ctx.Err()
		}
	}
}

func (s *slowCircle) Mirror(context.Context, portal.Comparing, func(portal.MemberResult)) (portal.Answer, error) {
	return portal.Answer{}, guichet.Errorf(guichet.KindInternal, "nothing is compared in this test")
}

func (s *slowCircle) Receipt(context.Context, string) (portal.Receipt, error) {
	return portal.Receipt{}, guichet.Errorf(guichet.KindUntrusted, "the receipt proves <nothing>")
}

// noGoods knows no goods.
type noGoods struct{}

func (noGoods) Held() ([]portal.HeldLabels, error)              { return nil, nil }
func (noGoods) Search(string, int) ([]portal.Found, error)      { return nil, nil }
func (noGoods) Line(int, string, string, string) (string, bool) { return "", false }
func (noGoods) Label(int, string, string) string                { return "<b>goods</b>" }

// open lets everybody in as the same officer.
type open struct{}

func (open) Handler(next http.Handler) http.Handler { return next }
func (open) Token(context.Context) string           { return "token" }
func (open) Person(context.Context) (portal.Person, bool) {
	return portal.Person{Pseudonym: "p", Name: "<i>An officer</i>", Roles: []portal.Role{portal.Officer}}, true
}

type window struct {
	t      *testing.T
	circle *slowCircle
	portal *portal.Portal
	server *httptest.Server
	dir    string
	clock  *guichettest.Clock
	about  []*guichet.Dataset
	change func(*portal.Config) // nil: as it is
}

func newWindow(t *testing.T) *window {
	t.Helper()
	return newWindowOf(t)
}

// newWindowOf is one over datasets; none: trade alone.
func newWindowOf(t *testing.T, about ...*guichet.Dataset) *window {
	t.Helper()
	w := &window{t: t, about: about, circle: &slowCircle{answer: make(chan portal.MemberResult)}, dir: t.TempDir(), clock: guichettest.NewClock()}
	w.start()
	t.Cleanup(w.stop)
	return w
}

func (w *window) start() {
	w.t.Helper()
	cfg := portal.Config{
		Member: "NZ", Seats: []portal.Seat{w.circle}, Goods: noGoods{}, Datasets: w.about, Kept: w.dir, Door: open{}, Clock: w.clock.Now,
		Purposes: []portal.Purpose{{Word: "research", Use: "statistical", Text: guichet.Text{EN: "Research", FR: "Recherche"}}},
	}
	if w.change != nil {
		w.change(&cfg)
	}
	p, err := portal.New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.portal, w.server = p, httptest.NewServer(p.Handler())
}

// with opens the window again, with another configuration.
func (w *window) with(change func(*portal.Config)) {
	w.t.Helper()
	w.stop()
	before := w.change
	w.change = func(c *portal.Config) {
		if before != nil {
			before(c)
		}
		change(c)
	}
	w.start()
}

func (w *window) stop() {
	if err := w.portal.Close(); err != nil {
		w.t.Error(err)
	}
	w.server.Close()
}

func (w *window) get(path string) (int, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.server.URL+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.do(r)
}

func (w *window) do(r *http.Request) (int, string) {
	w.t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

const smallQuestion = "flow=imports&product=630790&member=NZ&member=US&from=2024-01&to=2024-02&by=period&purpose=research"

// put puts the small question under an id.
func (w *window) put(id string) (int, string) {
	w.t.Helper()
	return w.putThis(id, smallQuestion)
}

// putThis puts a question under an id.
func (w *window) putThis(id, question string) (int, string) {
	w.t.Helper()
	form := url.Values{"csrf": {"token"}, "once": {id}, "query": {question}}
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.server.URL+"/en/question", strings.NewReader(form.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.do(r)
}

func hex32(n int) string { return strings.Repeat("0", 31) + strconv.FormatInt(int64(n), 16) }

// over waits until a question is under way no more.
func (w *window) over(id string) string {
	w.t.Helper()
	page := ""
	if !guichettest.Until(10*time.Millisecond, func() bool {
		_, page = w.get("/en/asked/" + id)
		return !strings.Contains(page, "data-events")
	}) {
		w.t.Fatal("it is asked for ever")
	}
	return page
}

func TestAskingCanBeLeftAndComeBackTo(t *testing.T) {
	w := newWindow(t)
	id := hex32(1)
	status, page := w.put(id)
	if status != http.StatusOK || !strings.Contains(page, `http-equiv="refresh"`) || !strings.Contains(page, "0 of 2 have answered") {
		t.Fatalf("the page does not wait: %d\n%s", status, page)
	}
	if _, again := w.put(id); !strings.Contains(again, "data-events") || w.circle.asked.Load() != 1 {
		t.Errorf("a form that was sent twice asked %d times", w.circle.asked.Load())
	}
	// A browser with script hears each member.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.server.URL+"/en/asked/"+id+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	w.circle.answer <- portal.MemberResult{Member: "NZ", Rows: 2}
	lines := bufio.NewScanner(resp.Body)
	if !lines.Scan() || lines.Text() != "event: came" || !lines.Scan() || lines.Text() != "data: NZ answered: 2 rows" {
		t.Errorf("the event is %q", lines.Text())
	}
	if _, page := w.get("/en/asked/" + id); !strings.Contains(page, "1 of 2 has answered") || !strings.Contains(page, "answered: 2 rows") {
		t.Errorf("who comes back does not see how far it is\n%s", page)
	}
	w.circle.answer <- portal.MemberResult{Member: "US", Decision: guichet.Decision{Agreement: "short"}, Gap: &guichet.Gap{Reason: guichet.GapRefused, Text: "<b>no</b>"}}
	close(w.circle.answer)
	page = w.over(id)
	if !strings.Contains(page, "&lt;b&gt;no&lt;/b&gt;") || strings.Contains(page, "<b>") || strings.Contains(page, "<i>An") {
		t.Errorf("what others wrote is not shown as text\n%s", page)
	}
	var rest []string
	for lines.Scan() {
		rest = append(rest, lines.Text())
	}
	if text := strings.Join(rest, "\n"); !strings.Contains(text, "data: US refused") || !strings.Contains(text, "event: over") {
		t.Errorf("the events end with %q", text)
	}
	w.clock.Move(4 * 24 * time.Hour)
	if status, _ := w.get("/en/asked/" + id); status != http.StatusNotFound {
		t.Errorf("it is kept longer than the agreement allows: %d", status)
	}
}

func TestAskingThatBreaksOff(t *testing.T) {
	w := newWindow(t)
	w.put(hex32(2))
	w.stop() // the node ends while members are asked
	w.start()
	_, page := w.get("/fr/asked/" + hex32(2))
	if !strings.Contains(page, "s’est arrêté") && !strings.Contains(page, "n’a pas pu être posée") {
		t.Errorf("the page does not say that it broke off\n%s", page)
	}
	if !strings.Contains(page, "/fr/question?") {
		t.Errorf("the page does not lead on\n%s", page)
	}
	w.circle.fail = guichet.Errorf(guichet.KindInvalid, "no <b>such</b> office")
	close(w.circle.answer)
	w.put(hex32(3))
	if page := w.over(hex32(3)); !strings.Contains(page, "no &lt;b&gt;such&lt;/b&gt; office") {
		t.Errorf("the page does not say why it failed\n%s", page)
	}
	if _, list := w.get("/en/asked"); strings.Count(list, "failed") < 1 {
		t.Errorf("the list does not say that it failed\n%s", list)
	}
}

func TestAskingIsBounded(t *testing.T) {
	w := newWindow(t)
	for n := range portal.AskingOfOne {
		if status, _ := w.put(hex32(n)); status != http.StatusOK {
			t.Fatal(status)
		}
	}
	status, page := w.put(hex32(15))
	if status != http.StatusServiceUnavailable || !strings.Contains(page, "Try again in a minute") {
		t.Errorf("one more is answered %d\n%s", status, page)
	}
	if status, _ := w.put("../" + hex32(1)[3:]); status != http.StatusBadRequest {
		t.Errorf("an id that is none is answered %d", status)
	}
	close(w.circle.answer)
}

func TestPagesOfFaults(t *testing.T) {
	w := newWindow(t)
	status, page := w.get("/en/receipt/three/" + hex32(1))
	if status != http.StatusBadGateway || !strings.Contains(page, "This proves nothing") || !strings.Contains(page, "proves &lt;nothing&gt;") {
		t.Errorf("a receipt that proves nothing is shown: %d\n%s", status, page)
	}
	for path, want := range map[string]int{
		"/en/receipt/three/xyz": 404, "/en/receipt/other/" + hex32(1): 404, "/en/ask?circle=other": 404, "/de/": 404, "/assets/none.css": 404,
		"/en/asked/" + hex32(9) + "/figures/csv": 404, "/en/asked/" + hex32(9) + "/figures/exe": 404,
	} {
		if status, _ := w.get(path); status != want {
			t.Errorf("%s is answered %d, want %d", path, status, want)
		}
	}
	_, page = w.get("/en/ask?goods=" + url.QueryEscape(`"><script>alert(1)</script>`) + "&find=1")
	if strings.Contains(page, "<script>alert") || !strings.Contains(page, "&lt;script&gt;") {
		t.Errorf("what was typed is not shown as text\n%s", page)
	}
	// The other language has the same page with the same question.
	_, page = w.get("/en/question?" + smallQuestion)
	if m := regexp.MustCompile(`href="(/fr/question\?[^"]+)"`).FindStringSubmatch(page); m == nil || strings.ReplaceAll(m[1], "&amp;", "&") != "/fr/question?"+smallQuestion {
		t.Errorf("the toggle leads to %v", m)
	}
	close(w.circle.answer)
}

// TestOfADoor: a page that a Door tells stands within the frame of all.
func TestOfADoor(t *testing.T) {
	w := newWindow(t)
	rec := httptest.NewRecorder()
	w.portal.Tell(rec, httptest.NewRequest(http.MethodGet, "/sign-in", nil), http.StatusForbidden, portal.Telling{
		Lang: "fr", Title: "Qui <êtes>-vous ?", Texts: []string{"Choisissez."}, Next: "/fr/", Word: "Accueil",
		Forms: []portal.TellingForm{{Action: "/sign-in", Fields: [][2]string{{"role", "officer"}}, Typed: [][2]string{{"why", "<b>"}}, Word: "Agent"}},
	})
	body := rec.Body.String()
	for _, want := range []string{`lang="fr"`, "Qui &lt;êtes&gt;-vous", `name="role" value="officer"`, `name="csrf" value="token"`, "&lt;b&gt;", "Se déconnecter"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not hold %q\n%s", want, body)
		}
	}
	close(w.circle.answer)
}
