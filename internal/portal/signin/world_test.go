package signin_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"

	"guichet/internal/portal/signin"
)

// watch is a clock that tests move.
type watch struct {
	mu  sync.Mutex
	now time.Time
}

func (w *watch) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *watch) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// shown is what a page of the tests says: who is signed in, or what the door shows.
type shown struct {
	Status int
	Key    string
	Args   signin.Args
	Person *signin.Person
	Token  string
	Path   string
	Fields map[string][]string
	Size   int
	Header http.Header
}

func render(w http.ResponseWriter, r *http.Request, status int, key string, args signin.Args) {
	answer(w, status, shown{Key: key, Args: args, Token: signin.Token(r.Context()), Path: r.URL.Path})
}

func answer(w http.ResponseWriter, status int, s shown) {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// pages are what stands behind the door.
func pages() http.Handler {
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := shown{Path: r.URL.RequestURI(), Token: signin.Token(r.Context())}
		if p, ok := signin.From(r.Context()); ok {
			s.Person = &p
		}
		if r.Method == http.MethodPost {
			if file, _, err := r.FormFile("file"); err == nil {
				n, _ := io.Copy(io.Discard, file)
				s.Size = int(n)
			}
			_ = r.ParseForm()
			s.Fields = r.PostForm
			if r.MultipartForm != nil {
				s.Fields = r.MultipartForm.Value
			}
		}
		answer(w, http.StatusOK, s)
	})
	mux := http.NewServeMux()
	mux.Handle("/", page)
	mux.Handle("/ask", signin.Require(page))
	mux.Handle("/audit", signin.Require(page, signin.Auditor))
	return mux
}

// world is pages behind a door, and the provider that their persons come from.
type world struct {
	t      testing.TB
	watch  *watch
	folder string
	door   *signin.Door
	pages  *httptest.Server
	open   func() *signin.Door
	log    *bytes.Buffer
	issuer *issuer
	came   atomic.Int64 // requests at the pages
}

func (w *world) handler() http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.came.Add(1)
		w.door.Handler(pages()).ServeHTTP(rw, r)
	})
}

// restart closes the door and opens it again on the same folder.
func (w *world) restart() {
	w.t.Helper()
	if err := w.door.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.door = w.open()
}

func (w *world) finish() {
	w.t.Cleanup(func() {
		w.pages.Close()
		if err := w.door.Close(); err != nil {
			w.t.Error(err)
		}
		for _, secret := range []string{clientSecret, "@customs.example"} {
			if strings.Contains(w.log.String(), secret) {
				w.t.Errorf("the log holds %q:\n%s", secret, w.log)
			}
		}
	})
}

const clientSecret = "a-secret-of-the-client"

// newWorld opens a door for a provider; secure serves the pages by TLS.
func newWorld(t *testing.T, secure bool, change func(*signin.Config)) *world {
	t.Helper()
	w := &world{t: t, watch: &watch{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}, folder: t.TempDir(), log: &bytes.Buffer{}}
	w.issuer = newIssuer(t, w.watch)
	start := httptest.NewServer
	if secure {
		start = httptest.NewTLSServer
	}
	w.pages = start(w.handler())
	w.issuer.back = w.pages.URL
	secret := filepath.Join(w.folder, "client-secret")
	if err := os.WriteFile(secret, []byte(clientSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := signin.Config{
		Issuer: w.issuer.URL, ClientID: "guichet", SecretFile: secret, RolesClaim: "realm_access.roles", Address: w.pages.URL,
		Roles: map[string]signin.Role{"trade-desk": signin.Officer, "data-unit": signin.Steward, "court": signin.Auditor, "it": signin.Operator},
	}
	if change != nil {
		change(&c)
	}
	w.open = func() *signin.Door {
		d, err := signin.New(signin.Options{
			Config: &c, Folder: filepath.Join(w.folder, "portal"), Clock: w.watch.Now, Render: render,
			Log: slog.New(slog.NewTextHandler(w.log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	w.door = w.open()
	w.finish()
	return w
}

// newDemonstration opens a door with the demonstration's users.
func newDemonstration(tb testing.TB) *world {
	tb.Helper()
	w := &world{t: tb, watch: &watch{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}, folder: tb.TempDir(), log: &bytes.Buffer{}}
	w.pages = httptest.NewServer(w.handler())
	w.open = func() *signin.Door {
		d, err := signin.New(signin.Options{
			Demonstration: true, Listen: w.pages.Listener.Addr().String(), Assets: "/static/", Folder: filepath.Join(w.folder, "portal"),
			Clock: w.watch.Now, Render: render, Log: slog.New(slog.NewTextHandler(w.log, nil)),
		})
		if err != nil {
			tb.Fatal(err)
		}
		return d
	}
	w.door = w.open()
	w.finish()
	return w
}

// browser keeps cookies and follows no redirection by itself.
type browser struct {
	t      testing.TB
	w      *world
	client *http.Client
}

func (w *world) browser() *browser {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	c := &http.Client{Jar: jar, Transport: w.pages.Client().Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &browser{t: w.t, w: w, client: c}
}

// do sends a request and reads what is shown; a redirection is returned as where to.
func (b *browser) do(r *http.Request) (shown, string) {
	b.t.Helper()
	res, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	var s shown
	if res.Header.Get("Location") == "" && json.Unmarshal(text, &s) != nil {
		s.Key = string(text)
	}
	s.Status, s.Header = res.StatusCode, res.Header
	return s, res.Header.Get("Location")
}

func (b *browser) at(address string) string {
	if strings.HasPrefix(address, "/") {
		return b.w.pages.URL + address
	}
	return address
}

func (b *browser) get(address string) (shown, string) {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.at(address), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(r)
}

// follow goes where it is led, until a page is shown.
func (b *browser) follow(address string) shown {
	b.t.Helper()
	for range 10 {
		s, to := b.get(address)
		if to == "" {
			return s
		}
		address = to
	}
	b.t.Fatalf("led round in a circle: %s", address)
	return shown{}
}

func (b *browser) post(path string, fields url.Values, headers ...string) (shown, string) {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodPost, b.at(path), strings.NewReader(fields.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return b.do(r)
}

// signIn signs somebody in at the provider and returns the first page.
func (b *browser) signIn(subject string, roles ...string) shown {
	b.t.Helper()
	b.w.issuer.as(subject, roles...)
	s := b.follow("/sign-in")
	if s.Person == nil {
		b.t.Fatalf("%s is not signed in, but shown %d %q", subject, s.Status, s.Key)
	}
	return s
}

func (b *browser) session() *http.Cookie {
	u, err := url.Parse(b.w.pages.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == b.w.door.CookieName("session") {
			return c
		}
	}
	return nil
}

// keepCookie puts a cookie back, as somebody would who had copied it.
func (b *browser) keepCookie(c *http.Cookie) {
	u, err := url.Parse(b.w.pages.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: c.Name, Value: c.Value, Path: "/"}})
}

// issuer is a provider that can be made to answer wrongly, which a real one cannot. It
// signs in whoever it was told, without a question. That a real one is understood is
// what TestKeycloak looks at.
type issuer struct {
	*httptest.Server
	t     *testing.T
	watch *watch
	key   *ecdsa.PrivateKey
	back  string

	subject string
	claims  map[string]any
	codes   map[string]url.Values // the requests that codes were given for
	down    bool
	refuse  string                      // the token endpoint's error
	status  int                         // of that error
	change  func(claims map[string]any) // of an ID token
	token   func(raw string) string     // the ID token itself
	info    map[string]any              // of userinfo; nil: it says nothing
	answer  func(q url.Values)          // of the authorization's answer
	noLogin bool
	asked   func() // while it is down
}

func newIssuer(t *testing.T, w *watch) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{t: t, watch: w, key: key, codes: map[string]url.Values{}}
	keys := &oidctest.Server{PublicKeys: []oidctest.PublicKey{{PublicKey: key.Public(), KeyID: "k", Algorithm: oidc.ES256}}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		doc := map[string]any{
			"issuer": i.URL, "authorization_endpoint": i.URL + "/auth", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
			"userinfo_endpoint": i.URL + "/info", "end_session_endpoint": i.URL + "/end?theme=plain", "id_token_signing_alg_values_supported": []string{"ES256"},
		}
		if i.noLogin {
			delete(doc, "end_session_endpoint")
		}
		_ = json.NewEncoder(rw).Encode(doc)
	})
	mux.HandleFunc("GET /auth", i.authorize)
	mux.HandleFunc("POST /token", i.give)
	mux.HandleFunc("GET /info", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(rw).Encode(i.info)
	})
	mux.Handle("/", keys)
	i.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if i.down {
			if i.asked != nil {
				i.asked()
			}
			http.Error(rw, "down", http.StatusBadGateway)
			return
		}
		mux.ServeHTTP(rw, r)
	}))
	keys.SetIssuer(i.URL)
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) as(subject string, roles ...string) {
	i.subject = subject
	i.claims = map[string]any{"name": subject + " Doe", "email": subject + "@customs.example", "preferred_username": subject + "@customs.example"}
	if len(roles) > 0 {
		i.claims["realm_access"] = map[string]any{"roles": roles}
	}
}

func (i *issuer) authorize(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	code := rand.Text()
	i.codes[code] = q
	out := url.Values{"state": {q.Get("state")}, "code": {code}, "iss": {i.URL}}
	if i.answer != nil {
		i.answer(out)
	}
	http.Redirect(rw, r, q.Get("redirect_uri")+"?"+out.Encode(), http.StatusFound)
}

func (i *issuer) give(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Content-Type", "application/json")
	no := func(status int, code string) {
		rw.WriteHeader(status)
		_ = json.NewEncoder(rw).Encode(map[string]string{"error": code})
	}
	if i.refuse != "" {
		no(i.status, i.refuse)
		return
	}
	asked, ok := i.codes[r.PostFormValue("code")]
	delete(i.codes, r.PostFormValue("code"))
	id, secret, _ := r.BasicAuth()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	switch {
	case id != "guichet" || secret != clientSecret:
		no(http.StatusUnauthorized, "invalid_client")
		return
	case !ok, asked.Get("code_challenge_method") != "S256", asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]),
		asked.Get("redirect_uri") != r.PostFormValue("redirect_uri"):
		no(http.StatusBadRequest, "invalid_grant")
		return
	}
	claims := map[string]any{
		"iss": i.URL, "aud": "guichet", "sub": i.subject, "nonce": asked.Get("nonce"), "sid": "sid-" + i.subject,
		"iat": i.watch.Now().Unix(), "exp": i.watch.Now().Add(5 * time.Minute).Unix(),
	}
	maps.Copy(claims, i.claims)
	if i.change != nil {
		i.change(claims)
	}
	raw := i.sign(claims)
	if i.token != nil {
		raw = i.token(raw)
	}
	reply := map[string]any{"access_token": "an-access-token", "token_type": "Bearer", "id_token": raw}
	if raw == "" {
		delete(reply, "id_token")
	}
	_ = json.NewEncoder(rw).Encode(reply)
}

func (i *issuer) sign(claims map[string]any) string {
	text, err := json.Marshal(claims)
	if err != nil {
		i.t.Fatal(err)
	}
	return oidctest.SignIDToken(i.key, "k", oidc.ES256, string(text))
}
