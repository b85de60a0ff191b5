package signin

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"guichet"
)

// The routes that a Door serves.
const (
	SignInPath      = "/sign-in"               // GET: to the provider; ?to=PATH comes back there, ?again=1 asks for another account
	CallbackPath    = "/sign-in/callback"      // GET: back from the provider
	ContinuePath    = "/sign-in/continue"      // GET: a form that was kept, with a button to send it
	SignOutPath     = "/sign-out"              // GET: a page with a button; POST: out, with everywhere=yes in all browsers
	SignedOutPath   = "/sign-out/done"         // GET: back from the provider after signing out
	BackChannelPath = "/sign-out/back-channel" // POST by the provider: sessions that are over
)

// Args is what a page of this package shows, beside the text of its key.
type Args struct {
	Values map[string]string // placeholders of the text, by name
	Next   string            // the address of the next step, "" where there is none
	Roles  []Role            // "signin.forbidden": the page is for one of these
	People []Person          // "signin.choose": the demonstration's users; post role, to, kept and csrf to SignInPath
	To     string            // the page that was wanted, where that is known; it tells the language too
	Kept   string            // "signin.choose": the form that was kept; post it beside To
	Form   *Form             // "signin.continue": what was typed
}

// Render writes one page of this package: a status, the key of its text in
// lang/*.json (a title is at key + ".title"), and what it shows. The headers that
// forbid keeping it are set already.
type Render func(w http.ResponseWriter, r *http.Request, status int, key string, args Args)

// Options is what a Door is made of.
type Options struct {
	Config        *Config       // of the provider; nil for a demonstration
	Demonstration bool          // one user per role, whom nobody checks; only on the loopback
	Listen        string        // the address at which the pages are served, HOST:PORT
	Folder        string        // in the home: keys, and the sessions that have ended
	Assets        string        // what begins with this path is the same for everybody, "/static/"; "" for nothing
	Clock         guichet.Clock // UTC
	Log           *slog.Logger
	Render        Render
}

// Door stands before the pages.
type Door struct {
	config        Config
	demonstration bool
	assets        string
	secure        bool   // the address of the pages is https
	cookies       string // the first part of the names of our cookies: its own for every home
	law           string // what a session was sealed under: another provider or other roles end it
	clock         guichet.Clock
	log           *slog.Logger
	show          Render
	keys          *keyring
	ended         *ended
	used          *usedSet // states and logout tokens that have been seen
	kept          *keptForms
	limits        *limiter
	backLimits    *limiter
	origins       *http.CrossOriginProtection
	provider      *provider // nil in a demonstration
}

// New opens a Door. A demonstration is refused on any address but the loopback, and
// beside a provider: whoever stands at the window must not choose how well they are
// checked.
func New(o Options) (*Door, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Folder, 0o700); err != nil {
		return nil, guichet.Errorf(guichet.KindInternal, "make the folder of sessions: %w", err)
	}
	d := &Door{
		demonstration: o.Demonstration, assets: o.Assets, clock: o.Clock, log: o.Log, show: o.Render,
		used: newUsedSet(maxUsed), kept: newKeptForms(),
		limits:     newLimiter(signInBurst, signInRefill),
		backLimits: newLimiter(backChannelBurst, backChannelRefill),
		origins:    http.NewCrossOriginProtection(),
	}
	if o.Config != nil {
		d.config = *o.Config
	}
	d.config = d.config.withDefaults()
	now := o.Clock()
	var err error
	if d.keys, err = openKeyring(filepath.Join(o.Folder, KeysFile), now, o.Log); err != nil {
		return nil, err
	}
	if d.ended, err = openEnded(filepath.Join(o.Folder, endedFile), now, d.config.Longest); err != nil {
		return nil, err
	}
	d.cookies = "guichet-" + d.keys.mac("cookies", "")[:8]
	d.law = "demonstration"
	if o.Config != nil {
		d.secure = strings.HasPrefix(d.config.Address, "https:")
		d.law = d.config.law()
		if err := d.origins.AddTrustedOrigin(d.config.Address); err != nil {
			return nil, guichet.Errorf(guichet.KindInvalid, "the address of the pages: %w", err)
		}
		if d.provider, err = newProvider(d.config, o.Clock); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (o Options) check() error {
	switch {
	case o.Clock == nil || o.Log == nil || o.Render == nil || o.Folder == "":
		return guichet.Errorf(guichet.KindInternal, "a door needs a clock, a log, a renderer and a folder")
	case o.Demonstration && o.Config != nil:
		return guichet.Errorf(guichet.KindInvalid, "a demonstration's users and a provider exclude each other").
			WithHint("start without the demonstration, or without the provider's configuration")
	case !o.Demonstration && o.Config == nil:
		return guichet.Errorf(guichet.KindInvalid, "nobody can sign in: there is neither a provider nor a demonstration").
			WithHint("write the provider's configuration, docs/design/signin.md shows one")
	case o.Demonstration && !isLoopback(o.Listen):
		return guichet.Errorf(guichet.KindRefused, "a demonstration's users are not checked, and %s can be reached from elsewhere", o.Listen).
			WithHint("listen on 127.0.0.1, or configure a provider")
	}
	if o.Config != nil {
		return o.Config.check()
	}
	return nil
}

// Close ends what the door holds open.
func (d *Door) Close() error {
	if d.provider != nil {
		d.provider.client.CloseIdleConnections()
	}
	return d.ended.close()
}

// FormAction returns the origins, beside our own, that a form of ours may lead to:
// the provider's, for signing out. A Content-Security-Policy with form-action must
// name them, since browsers follow a form through its redirections.
func (d *Door) FormAction() []string {
	if d.provider == nil {
		return nil
	}
	return d.provider.origins()
}

// Handler puts the person who has signed in into the context of each request,
// refuses every POST (and whatever else may change something) that is not from a
// page of ours, and serves the routes of signing in and out.
func (d *Door) Handler(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+SignInPath, d.signIn)
	mux.HandleFunc("POST "+SignInPath, d.demonstrate)
	mux.HandleFunc("GET "+CallbackPath, d.callback)
	mux.HandleFunc("GET "+ContinuePath, d.goOn)
	mux.HandleFunc("GET "+SignOutPath, d.askSignOut)
	mux.HandleFunc("POST "+SignOutPath, d.signOut)
	mux.HandleFunc("GET "+SignedOutPath, d.signedOut)
	mux.Handle("/", next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == BackChannelPath {
			d.backChannel(w, r)
			return
		}
		if d.isAsset(r) {
			next.ServeHTTP(w, r)
			return
		}
		v := &visit{door: d}
		r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
		if d.demonstration && !isLoopbackRequest(r) {
			noStore(w)
			v.token = func() string { return "" }
			d.render(w, r, http.StatusForbidden, "signin.demonstration_address", Args{})
			return
		}
		s := d.recognise(w, r, v)
		if isOurs(r.URL.Path) {
			noStore(w)
			if wait, ok := d.limits.allow(r.RemoteAddr, d.clock()); !ok {
				d.tooMany(w, r, wait)
				return
			}
		}
		if d.guard(w, r, v, s) {
			mux.ServeHTTP(w, r)
		}
	})
}

// isAsset reports whether a request reads a file that is the same for everybody. It is
// served without a look at cookies: caches on the way may keep it, and must not keep a
// session with it.
func (d *Door) isAsset(r *http.Request) bool {
	return d.assets != "" && strings.HasPrefix(r.URL.Path, d.assets) && (r.Method == http.MethodGet || r.Method == http.MethodHead)
}

// recognise finds who asks, and renews a session that is in use. A stream of events
// does not: a page left open would never be idle.
func (d *Door) recognise(w http.ResponseWriter, r *http.Request, v *visit) *session {
	s := d.readSession(r)
	if s == nil {
		v.token = d.visitorToken(w, r)
		return nil
	}
	p := s.person()
	v.person = &p
	v.token = func() string { return d.sessionToken(s) }
	// A page that names somebody is for nobody's cache, unless it says otherwise.
	w.Header().Set("Cache-Control", "private, no-store")
	if r.Header.Get("Accept") != "text/event-stream" {
		d.renew(w, s)
	}
	return s
}

func (d *Door) render(w http.ResponseWriter, r *http.Request, status int, key string, args Args) {
	d.show(w, r, status, key, args)
}

// fail shows a page that says what went wrong, and logs the cause: it is the
// operator's, and may name hosts that are nobody else's business.
func (d *Door) fail(w http.ResponseWriter, r *http.Request, f *failure) {
	level := slog.LevelInfo
	if f.status >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	cause := ""
	if f.cause != nil {
		cause = f.cause.Error()
	}
	d.log.LogAttrs(r.Context(), level, "sign-in failed", slog.String("reason", f.key), slog.String("cause", clip(cause, 500)))
	d.render(w, r, f.status, f.key, Args{Values: f.values, Next: f.next, To: f.to})
}

// failure is one way in which signing in does not come about.
type failure struct {
	status int
	key    string
	values map[string]string
	next   string // what can be tried
	to     string // the page that was wanted
	cause  error  // for the operator
}

func (d *Door) tooMany(w http.ResponseWriter, r *http.Request, wait time.Duration) {
	seconds := fmt.Sprint(int(wait/time.Second) + 1)
	w.Header().Set("Retry-After", seconds)
	d.render(w, r, http.StatusTooManyRequests, "signin.limit", Args{Values: map[string]string{"seconds": seconds}})
}

// isOurs reports whether a path is one of the routes of this package.
func isOurs(path string) bool {
	return path == SignInPath || path == SignOutPath || strings.HasPrefix(path, SignInPath+"/") || strings.HasPrefix(path, SignOutPath+"/")
}

// noStore forbids keeping what is answered, and telling its address to the next site:
// the address of the callback holds a code.
func noStore(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
}

// signInAddress is where signing in begins, to come back to a page of ours and,
// when there is one, to the form that was kept.
func signInAddress(to, kept string) string {
	q := url.Values{}
	if to = localAddress(to); to != "/" {
		q.Set("to", to)
	}
	if kept != "" {
		q.Set("kept", kept)
	}
	if len(q) == 0 {
		return SignInPath
	}
	return SignInPath + "?" + q.Encode()
}

// localAddress returns an address within these pages, "/" for any other: nobody is
// led elsewhere by a link that begins with our name. Our own routes are left out,
// since coming back to them would sign out or go round in a circle.
func localAddress(to string) string {
	if len(to) > maxTo || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\x00\r\n\t") {
		return "/"
	}
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || isOurs(u.Path) {
		return "/"
	}
	// What is written again may differ from what was read: /%2f becomes //, which names a host.
	if to = u.RequestURI(); strings.HasPrefix(to, "//") {
		return "/"
	}
	return to
}

// isLoopback reports whether an address to listen at is on this machine only.
func isLoopback(hostPort string) bool {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = hostPort
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}

// isLoopbackRequest reports whether both ends of a connection are on this machine,
// and the browser thinks so too: a name that somebody else's server resolves to
// 127.0.0.1 is not ours.
func isLoopbackRequest(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && isLoopback(local.String()) && isLoopback(r.RemoteAddr) && isLoopback(r.Host)
}

// clip shortens what came from outside.
func clip(s string, most int) string {
	s = strings.ToValidUTF8(s, "")
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}
