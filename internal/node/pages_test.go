package node_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/node"
	"guichet/internal/portal"

	"guichet/internal/guichettest"
)

// tryDoor is a door that lets a test in as whoever it says: /sign-in?as=officer. No
// command can serve it.
type tryDoor struct{}

type tryKey struct{}

const tryToken = "a token of a test"

func (tryDoor) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/sign-in" {
			http.SetCookie(w, &http.Cookie{Name: "as", Value: r.FormValue("as"), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
			http.Redirect(w, r, r.FormValue("to"), http.StatusSeeOther)
			return
		}
		if r.Method == http.MethodPost && tokenOf(r) != tryToken {
			http.Error(w, "no token", http.StatusForbidden)
			return
		}
		if c, err := r.Cookie("as"); err == nil && c.Value != "" {
			p := portal.Person{Pseudonym: "try-" + c.Value, Name: "A. Test (" + c.Value + ")", Roles: []portal.Role{portal.Role(strings.TrimSuffix(c.Value, "2"))}, Demonstration: true}
			r = r.WithContext(context.WithValue(r.Context(), tryKey{}, p))
		}
		next.ServeHTTP(w, r)
	})
}

// tokenOf is the token of a form; of a form with files its first field, which is read
// without taking the rest away.
func tokenOf(r *http.Request) string {
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		return r.PostFormValue("csrf")
	}
	var read bytes.Buffer
	body := r.Body
	part, err := multipart.NewReader(io.TeeReader(io.LimitReader(body, 64<<10), &read), params["boundary"]).NextPart()
	token := []byte(nil)
	if err == nil && part.FormName() == "csrf" {
		token, _ = io.ReadAll(io.LimitReader(part, 512))
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(&read, body), body}
	return string(token)
}

func (tryDoor) Person(ctx context.Context) (portal.Person, bool) {
	p, ok := ctx.Value(tryKey{}).(portal.Person)
	return p, ok
}

func (tryDoor) Token(context.Context) string { return tryToken }

// browser is somebody at the pages of a node.
type browser struct {
	t    *testing.T
	at   string
	http *http.Client
}

func newBrowser(t *testing.T, at, as string) *browser {
	t.Helper()
	jar := given(cookiejar.New(nil))(t)
	b := &browser{t, strings.TrimSuffix(at, "/"), &http.Client{Jar: jar, Timeout: guichettest.Patience}}
	if as != "" {
		b.get("/sign-in?as=" + as + "&to=/en/")
	}
	return b
}

func (b *browser) get(path string) (int, string) {
	b.t.Helper()
	p := b.fetch(path)
	return p.status, p.body
}

// fetched is a page as it came.
type fetched struct {
	status int
	path   string // where it was in the end
	at     *url.URL
	header http.Header
	body   string
}

func (b *browser) fetch(path string) fetched {
	b.t.Helper()
	return b.do(given(http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.at+path, nil))(b.t))
}

func (b *browser) do(r *http.Request) fetched {
	b.t.Helper()
	resp, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		b.t.Fatal(err)
	}
	return fetched{resp.StatusCode, resp.Request.URL.Path, resp.Request.URL, resp.Header, string(body)}
}

func (b *browser) post(path string, form url.Values) fetched {
	b.t.Helper()
	return b.do(b.form(path, form))
}

func (b *browser) form(path string, form url.Values) *http.Request {
	b.t.Helper()
	r := given(http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.at+path, strings.NewReader(form.Encode())))(b.t)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// servePages lets a member serve, with its pages; the address of these.
func (x *trio) servePages(code string) string {
	x.t.Helper()
	m := x.seats[code]
	m.leave()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- node.Serve(ctx, m.cfg, node.ServeRequest{
			Listen: map[string]string{"": m.serves}, Pages: node.PagesRequest{Listen: ":0"}.WithDoor(tryDoor{}),
			Ready: func(at []node.Listening) { ready <- at[0].Pages },
		})
	}()
	var at string
	select {
	case at = <-ready:
	case err := <-done:
		cancel()
		x.t.Fatalf("%s does not serve: %v", code, err)
	}
	x.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			x.t.Errorf("%s ended: %v", code, err)
		}
	})
	return at
}

var hidden = regexp.MustCompile(`name="(csrf|query|once)" value="([^"]*)"`)

// asked puts a question by its address and waits for the page of its answer.
func (b *browser) asked(question string) (path, body string) {
	b.t.Helper()
	status, page := b.get(question)
	if status != http.StatusOK {
		b.t.Fatalf("%s: %d\n%s", question, status, page)
	}
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	put := b.post(question[:3]+"/question", form)
	path, body = put.path, put.body
	for range 1200 {
		if !strings.Contains(body, `http-equiv="refresh"`) {
			return path, body
		}
		time.Sleep(100 * time.Millisecond)
		_, body = b.get(path)
	}
	b.t.Fatalf("no answer came at %s", path)
	return "", ""
}

const question2024 = "?flow=imports&product=630790&member=GB&member=NZ&member=US&from=2024-01&to=2024-03&by=period&by=partner&purpose=official-statistics"

// TestPagesFromQuestionToReceipt is an officer's way: US holds figures, NZ none, GB is
// silent.
func TestPagesFromQuestionToReceipt(t *testing.T) {
	x := newTrio(t, func(a *guichet.Agreement) { a.Terms[0].Keep.Days = 10 }, "US", "NZ", "GB")
	x.seats["US"].month("2024-01", "2024-03-05", "5700 6307909885 1200000", "1220 6307909885 3400")
	x.seats["US"].month("2024-02", "2024-04-05", "5700 6307909885 900000")
	x.serve("US")
	at := x.servePages("NZ")
	officer := newBrowser(t, at, "officer")

	status, page := officer.get("/en/question" + question2024)
	if status != http.StatusOK || !strings.Contains(page, "cannot be taken back") || strings.Contains(page, "Receipt") {
		t.Fatalf("the address of a question does not show it: %d\n%s", status, page)
	}
	if status, page := officer.get("/en/asked"); status != http.StatusOK || !strings.Contains(page, "You have asked nothing yet") {
		t.Fatalf("opening an address asked: %d\n%s", status, page)
	}
	path, page := officer.asked("/en/question" + question2024)
	for _, want := range []string{"2 of 3 members answered", "cannot be reached", "three-copies v1", "China (CN)", "1,200,000", "made figures", "<svg", "January\u00a02024"} {
		if !strings.Contains(page, want) {
			t.Errorf("the answer does not say %q", want)
		}
	}
	if t.Failed() {
		t.Log(page)
	}
	_, french := officer.get("/fr" + strings.TrimPrefix(path, "/en"))
	for _, want := range []string{"2 membres sur 3 ont répondu", "Chine (CN)", "1\u202f200\u202f000", "janvier\u00a02024", `lang="en">`} {
		if !strings.Contains(french, want) {
			t.Errorf("the French page does not say %q", want)
		}
	}
	// Nobody is asked again by looking, and nobody else sees it.
	if _, list := officer.get("/en/asked"); strings.Count(list, "/en/asked/") != 1 {
		t.Errorf("looking at an answer asked again:\n%s", list)
	}
	for _, as := range []string{"officer2", "steward"} {
		if status, _ := newBrowser(t, at, as).get(path); status != http.StatusNotFound {
			t.Errorf("another %s sees the answer: %d", as, status)
		}
	}
	if status, page := newBrowser(t, at, "").get(path); status != http.StatusUnauthorized || strings.Contains(page, "1,200,000") {
		t.Errorf("nobody sees the answer: %d", status)
	}
	if status, _ := newBrowser(t, at, "operator").get("/en/ask"); status != http.StatusForbidden {
		t.Errorf("an operator may ask: %d", status)
	}
	officer.takesAlong(path)
	receipts := regexp.MustCompile(`href="(/en/receipt/three/[0-9a-f]{32})"`).FindAllStringSubmatch(page, -1)
	if len(receipts) != 1 {
		t.Fatalf("the answer leads to %d receipts, want one", len(receipts))
	}
	status, page = officer.get(receipts[0][1])
	if status != http.StatusOK || !strings.Contains(page, "Verified") || !strings.Contains(page, "the question was answered") {
		t.Errorf("the receipt is not shown: %d\n%s", status, page)
	}
	_, text := officer.get(receipts[0][1] + "/file")
	if _, err := node.VerifyReceipt([]byte(text), given(node.PublicCircle(t.Context(), x.seats["GB"].cfg, nil, ""))(t)); err != nil {
		t.Errorf("the receipt that was downloaded proves nothing: %v", err)
	}
	x.clock.Move(11 * 24 * time.Hour)
	if status, _ := officer.get(path); status != http.StatusNotFound {
		t.Errorf("an answer is kept longer than its agreement allows: %d", status)
	}
}

// takesAlong downloads an answer in every format.
func (b *browser) takesAlong(path string) {
	b.t.Helper()
	_, text := b.get(path + "/figures/csv")
	lines := given(csv.NewReader(strings.NewReader(text)).ReadAll())(b.t)
	if len(lines) != 7 || !slices.Contains(lines[0], "value") || !strings.Contains(text, "1200000") {
		b.t.Errorf("the CSV is\n%s", text)
	}
	for format, magic := range map[string]string{"parquet": "PAR1", "xlsx": "PK"} {
		f := b.fetch(path + "/figures/" + format)
		if f.status != http.StatusOK || !strings.HasPrefix(f.body, magic) || !strings.HasPrefix(f.header.Get("Content-Disposition"), "attachment") {
			b.t.Errorf("%s is %d, %d bytes", format, f.status, len(f.body))
		}
	}
}

// TestPagesSayWhyNot: a refusal by its clause, and questions that cannot be put.
func TestPagesSayWhyNot(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	x.serve("US")
	officer := newBrowser(t, x.servePages("NZ"), "officer")
	q := strings.NewReplacer("member=GB&member=NZ&", "", "official-statistics", "customs-risk").Replace(question2024)
	_, page := officer.asked("/en/question" + q)
	for _, want := range []string{"All refused", "clause parties[1].offices", "/en/receipt/"} {
		if !strings.Contains(page, want) {
			t.Errorf("the refusal does not say %q\n%s", want, page)
		}
	}
	_, page = officer.asked("/fr/question" + q)
	if !strings.Contains(page, "Tous ont refusé") || !strings.Contains(page, "clause parties[1].offices") {
		t.Errorf("the refusal is not in French\n%s", page)
	}
	status, page := officer.get("/en/question?flow=imports&product=123999&member=US&member=FR&from=2024-13&to=2024-01&purpose=fun&partner=Atlantis")
	for _, want := range []string{"There is a problem", "123999” is a code of no list", "2024-13” is no month", "FR is no member", "Atlantis” is no country", "Say what the answer is for", `value="2024-13"`, `value="Atlantis"`, `href="#from"`, `id="from-error"`, "<title>Error:"} {
		if !strings.Contains(page, want) {
			t.Errorf("the form does not say %q", want)
		}
	}
	if status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong form is answered %d", status)
	}
	_, page = officer.get("/fr/ask?check=1&flow=imports&product=630790&member=US&from=2024-05&to=2024-02&purpose=research")
	if !strings.Contains(page, "précède le premier") {
		t.Errorf("the form does not say in French that it ends before it begins\n%s", page)
	}
	_, page = officer.get("/en/ask?find=1&goods=surgical+masks&flow=imports&member=US&from=2024-01&to=2024-02&purpose=research")
	if !strings.Contains(page, `value="630790"`) || !strings.Contains(page, `value="2024-02"`) {
		t.Errorf("masks are not found, or what was typed is lost\n%s", page)
	}
}

// TestPagesAreRefusedInTheOpen holds where pages may listen.
func TestPagesAreRefusedInTheOpen(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	cfg := x.seats["NZ"].cfg
	missing := filepath.Join(t.TempDir(), "none.pem")
	for _, c := range []struct {
		name string
		req  node.PagesRequest
		says string
	}{
		{"in the open", node.PagesRequest{Listen: "0.0.0.0:0"}, "can be reached from other machines"},
		{"a name", node.PagesRequest{Listen: "example.org:0"}, "can be reached from other machines"},
		{"no address", node.PagesRequest{Listen: "8080"}, "is no address"},
		{"a key alone", node.PagesRequest{Listen: ":0", Key: missing}, "needs its key"},
		{"no certificate", node.PagesRequest{Listen: ":0", Cert: missing, Key: missing}, "cannot be used"},
	} {
		err := node.Serve(t.Context(), cfg, node.ServeRequest{Listen: map[string]string{"": "127.0.0.1:0"}, Pages: c.req})
		if guichet.KindOf(err) != guichet.KindInvalid || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestPagesHoldTheirHeaders looks at what every answer says to a browser.
func TestPagesHoldTheirHeaders(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	at := x.servePages("NZ")
	b := newBrowser(t, at, "officer")
	start := b.fetch("/")
	if start.path != "/en/" || !strings.Contains(start.body, "three") {
		t.Errorf("the start page is %s\n%s", start.path, start.body)
	}
	for _, path := range []string{"/en/", "/fr/nothing", "/nowhere", "/en/asked/" + strings.Repeat("0", 32)} {
		h := b.fetch(path).header
		policy := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" ||
			h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", path, h)
		}
	}
	first := len(start.body)
	for _, m := range regexp.MustCompile(`"(/assets/[^"]+)"`).FindAllStringSubmatch(start.body, -1) {
		req := given(http.NewRequestWithContext(t.Context(), http.MethodGet, b.at+m[1], nil))(t)
		req.Header.Set("Accept-Encoding", "gzip")
		f := b.do(req)
		if f.header.Get("Content-Encoding") != "gzip" || !strings.Contains(f.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: headers %v", m[1], f.header)
		}
		first += len(f.body)
	}
	t.Logf("the first load is %d bytes", first)
	if first > 200_000 {
		t.Errorf("the first load is %d bytes, more than 200 kB", first)
	}
	req := given(http.NewRequestWithContext(t.Context(), http.MethodGet, b.at+"/en/", nil))(t)
	req.Host = "evil.example"
	if f := b.do(req); f.status != http.StatusMisdirectedRequest {
		t.Errorf("another name is answered %d", f.status)
	}
	req = b.form("/en/question", url.Values{"csrf": {tryToken}})
	req.Header.Set("Origin", "https://evil.example")
	if f := b.do(req); f.status != http.StatusForbidden {
		t.Errorf("a form of another site is answered %d", f.status)
	}
	if f := b.post("/en/question", url.Values{"csrf": {tryToken}, "pad": {strings.Repeat("x", 100_000)}}); f.status != http.StatusBadRequest && f.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a form without end is answered %d", f.status)
	}
}

// TestPagesOnTLS serves pages with a certificate.
func TestPagesOnTLS(t *testing.T) {
	x := newTrio(t, nil, "US", "NZ")
	cert, key := selfSigned(t)
	m := x.seats["NZ"]
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- node.Serve(ctx, m.cfg, node.ServeRequest{
			Listen: map[string]string{"": m.serves}, Pages: node.PagesRequest{Listen: ":0", Cert: cert, Key: key},
			Ready: func(at []node.Listening) { ready <- at[0].Pages },
		})
	}()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	at := <-ready
	b := &browser{t, strings.TrimSuffix(at, "/"), trusting(t, cert)}
	f := b.fetch("/en/")
	if !strings.HasPrefix(at, "https://") || f.status != http.StatusOK || f.header.Get("Strict-Transport-Security") == "" || !strings.Contains(f.body, "guichet") {
		t.Errorf("%s: %d %v", at, f.status, f.header)
	}
	if _, err := os.Stat(filepath.Join(m.cfg.Home, "asked")); err != nil {
		t.Error(err)
	}
}
