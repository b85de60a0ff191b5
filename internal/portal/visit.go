package portal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"guichet"
)

// longestForm bounds what a form may hold.
const longestForm = 64 << 10

// visit is one request for a page: who, in which language.
type visit struct {
	p      *Portal
	w      http.ResponseWriter
	r      *http.Request
	lang   string
	words  phrases
	person Person // of nobody it has no roles
	in     bool   // somebody has signed in
	route  route
	whole  io.ReadCloser // the body as it came, for pages that files are sent to; they bound it
	open   bool          // a public page: the same for everybody
	saidIn string        // the language of what members say on this page; "" the page's
}

// serve makes a handler of a page. A handler returns its error; here it becomes a page.
func (p *Portal) serve(lang string, route route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{p: p, w: w, r: r, lang: lang, words: p.words[lang], route: route, whole: r.Body}
		v.person, v.in = p.cfg.Door.Person(r.Context())
		began := p.cfg.Clock()
		err := v.admitted()
		if err == nil {
			r.Body = http.MaxBytesReader(w, r.Body, longestForm)
			err = route.do(v)
		}
		if err != nil {
			v.fail(err)
		}
		p.cfg.Log.LogAttrs(r.Context(), slog.LevelDebug, "page", slog.String("method", route.method), slog.String("path", route.path),
			slog.String("lang", lang), slog.Duration("took", p.cfg.Clock().Sub(began)), slog.String("kind", string(guichet.KindOf(err))))
	})
}

// errSignIn says that a page is for people who have signed in: fail makes a page of it.
var errSignIn = errors.New("sign in first")

func (v *visit) admitted() error {
	switch {
	case len(v.route.roles) == 0:
		return nil
	case !v.in:
		return errSignIn
	case !v.person.Is(v.route.roles...):
		var names []string
		for _, r := range v.route.roles {
			names = append(names, v.t("person."+string(r)))
		}
		return guichet.Errorf(guichet.KindRefused, "%s", v.t("error.role", "roles", strings.Join(names, ", ")))
	}
	return nil
}

// t says a key in the visit's language.
func (v *visit) t(key string, pairs ...any) string { return v.words.say(key, pairs...) }

// to is the address of a page in the visit's language.
func (v *visit) to(path string, query url.Values) string {
	out := "/" + v.lang + path
	if len(query) > 0 {
		out += "?" + query.Encode()
	}
	return out
}

// redirect leads on to another page.
func (v *visit) redirect(to string) error {
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	return nil
}

// shown is what every template receives.
type shown struct {
	Lang, Title, Other string // Other: this very page in the other language
	Nav                []navItem
	Person             Person
	In                 bool
	Demonstration      bool   // nobody checks who comes in
	SignIn             string // address
	Member             string // the code of whose node it is
	Refresh            int    // seconds after which a browser without script looks again; 0 never
	Wrong              bool   // the title begins with "Error:"
	Typed              bool   // the page has a form to type into, with the id "typed", that looks again and does nothing
	Page               any    // the page's own

	token func() string
}

// Token is what every form holds. It is made when the first form needs it: who only
// reads is given no cookie for it.
func (s shown) Token() string { return s.token() }

// typedInto says whether a page has such a form: its toggle of languages sends it, so
// that what was typed is there in the other language too, with script and without.
func typedInto(name string, page any) bool {
	if x, ok := page.(twicePage); ok {
		return len(x.Hidden) > 0 // else there is no question to ask yet
	}
	return slices.Contains([]string{"ask", "compare", "codes", "code", "journal"}, name)
}

// OtherPath is Other without its question: a form brings its own.
func (s shown) OtherPath() string {
	path, _, _ := strings.Cut(s.Other, "?")
	return path
}

type navItem struct {
	Title, To string
	Current   bool
}

// show renders a page. It is made whole before the first byte leaves.
func (v *visit) show(status int, name, title string, page any, more ...func(*shown)) error {
	s := shown{
		Lang: v.lang, Title: title, Other: v.other(), Person: v.person, In: v.in, Demonstration: v.p.cfg.Demonstration || v.in && v.person.Demonstration,
		Member: v.p.cfg.Member, Page: page, Typed: typedInto(name, page), SignIn: v.signIn(), token: func() string { return v.p.cfg.Door.Token(v.r.Context()) },
	}
	if v.open {
		s.SignIn = "" // who has signed in would seem not to have
	}
	if v.in && v.person.Demonstration && len(v.person.Roles) > 0 {
		s.Person.Name = v.t("shell.demonstration.who", "role", v.t("person."+string(v.person.Roles[0])))
	}
	for _, route := range v.p.routes() {
		if route.nav == "" || len(route.roles) > 0 && !v.person.Is(route.roles...) {
			continue
		}
		path := strings.TrimSuffix(route.path, "{$}")
		s.Nav = append(s.Nav, navItem{v.t(route.nav), v.to(path, nil), route.path == v.route.path})
	}
	for _, m := range more {
		m(&s)
	}
	var out bytes.Buffer
	if err := v.p.looks.render(&out, v.lang, name, s); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	body := out.Bytes()
	if v.lang == "fr" {
		body = typeset(body)
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.Header().Set("Content-Language", v.lang)
	v.w.WriteHeader(status)
	if v.r.Method != http.MethodHead {
		_, _ = v.w.Write(body) // who went away is no fault
	}
	return nil
}

// other is the address of this page in the other language, its question with it.
func (v *visit) other() string {
	path := strings.TrimPrefix(v.r.URL.EscapedPath(), "/"+v.lang)
	if v.r.Method != http.MethodGet && v.r.Method != http.MethodHead {
		return "/" + otherThan(v.lang) + "/"
	}
	out := "/" + otherThan(v.lang) + path
	if v.r.URL.RawQuery != "" {
		out += "?" + v.r.URL.RawQuery
	}
	return out
}

// signIn is where to sign in, and to come back from to this page.
func (v *visit) signIn() string {
	back := v.r.URL.RequestURI()
	if v.r.Method != http.MethodGet {
		back = "/" + v.lang + "/"
	}
	return "/sign-in?" + url.Values{"to": {back}}.Encode()
}

// status is the window's table from the kind of an error to its own language.
func status(k guichet.Kind) int {
	switch k {
	case guichet.KindInvalid, guichet.KindUnrecognised, guichet.KindTotals, guichet.KindTooMany, guichet.KindHostile:
		return http.StatusBadRequest
	case guichet.KindNotFound:
		return http.StatusNotFound
	case guichet.KindRefused:
		return http.StatusForbidden
	case guichet.KindBusy, guichet.KindFull:
		return http.StatusServiceUnavailable
	case guichet.KindUntrusted:
		return http.StatusBadGateway
	case guichet.KindVersion, guichet.KindInternal, "":
		return http.StatusInternalServerError
	}
	return http.StatusInternalServerError
}

// faultPage is what the page of an error says.
type faultPage struct {
	Title, Lead, Do string
	Said, Hint      spoken // the error's own sentences; empty none
	SignIn          string // "" there is nothing to sign in for
}

// fail shows an error: what went wrong, and what to do next. A fault of ours is told
// to the log and not to the page.
func (v *visit) fail(err error) {
	if v.r.Context().Err() != nil {
		return // nobody is there
	}
	kind := guichet.KindOf(err)
	code := status(kind)
	page := faultPage{}
	var tooLong *http.MaxBytesError
	switch {
	case errors.Is(err, errSignIn):
		kind, code, page.SignIn = "sign_in", http.StatusUnauthorized, v.signIn()
	case errors.As(err, &tooLong):
		kind, code = guichet.KindHostile, http.StatusRequestEntityTooLarge
	}
	if e, ok := errors.AsType[*guichet.Error](err); ok && kind != guichet.KindInternal {
		page.Said, page.Hint = v.tells(e)
	}
	if code >= http.StatusInternalServerError {
		v.p.cfg.Log.LogAttrs(v.r.Context(), slog.LevelWarn, "page failed", slog.String("path", v.route.path), slog.String("error", err.Error()))
	}
	page.Title, page.Lead, page.Do = v.t("error."+string(kind)+".title"), v.t("error."+string(kind)+".lead"), v.t("error."+string(kind)+".do")
	if err := v.show(code, "fault", page.Title, page); err != nil {
		v.p.cfg.Log.LogAttrs(v.r.Context(), slog.LevelError, "page not made", slog.String("error", err.Error()))
		http.Error(v.w, v.t("error.internal.title"), http.StatusInternalServerError)
	}
}

// nothing is the page of an address that there is not.
func (p *Portal) nothing(w http.ResponseWriter, r *http.Request) {
	lang, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if !slices.Contains(languages(), lang) {
		lang = preferred(r.Header.Get("Accept-Language"))
	}
	p.serve(lang, route{method: r.Method, do: func(*visit) error {
		return &guichet.Error{Kind: guichet.KindNotFound}
	}}).ServeHTTP(w, r)
}

// policy is what a browser may do with our pages: what comes from us, and nothing
// else. Forms and frames of others, scripts and styles written into a page, are refused
// by the browser even where a page were wrong.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// safe stands before everything: headers that hold for every answer, and who is let in.
//
// Pages are not compressed: they hold the token of the session beside what others
// wrote, and the length of what is compressed tells of both (the BREACH attack). They
// are small; what is large, the style and the script, is compressed.
func (p *Portal) safe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		allowed := []string{policy}
		if p.cfg.FormAction != nil {
			allowed = append(allowed, p.cfg.FormAction()...)
		}
		h.Set("Content-Security-Policy", strings.Join(allowed, " "))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		if p.cfg.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if !p.isOurs(r.Host) {
			http.Error(w, p.plainly(r, "error.plain.host"), http.StatusMisdirectedRequest)
			return
		}
		if err := p.guard.Check(r); err != nil {
			http.Error(w, p.plainly(r, "error.plain.site"), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// plainly is a sentence where no page is made, in the language of the address, else the
// browser's.
func (p *Portal) plainly(r *http.Request, key string) string {
	lang, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if !slices.Contains(languages(), lang) {
		lang = preferred(r.Header.Get("Accept-Language"))
	}
	return p.words[lang].say(key)
}

// isOurs says whether a request came by a name of ours: else a page elsewhere could
// have its own name lead here, and read what we show to whoever stands at this machine.
func (p *Portal) isOurs(host string) bool {
	if len(p.cfg.Hosts) == 0 {
		return true
	}
	name := (&url.URL{Host: host}).Hostname()
	return slices.Contains(p.cfg.Hosts, strings.ToLower(name))
}
