package signin

import (
	"cmp"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	flowFor  = 10 * time.Minute // from here to the provider and back
	maxFlows = 4                // that one browser has under way
	maxState = 64
	maxCode  = 4 << 10
)

// flow is one way to the provider and back, sealed into a cookie of its own, so that
// two tabs do not disturb each other.
type flow struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	To       string `json:"t"`
	Kept     string `json:"k,omitempty"`
	Made     int64  `json:"m"` // milliseconds
}

// signIn begins: it sends the browser to the provider, or shows the demonstration's
// users.
func (d *Door) signIn(w http.ResponseWriter, r *http.Request) {
	to, kept := localAddress(r.FormValue("to")), clip(r.FormValue("kept"), maxState)
	if p, ok := From(r.Context()); ok && r.FormValue("again") == "" {
		d.arrive(w, r, p, to, kept)
		return
	}
	if d.demonstration {
		people := d.people()
		if as := r.FormValue("as"); slices.Contains(Roles(), Role(as)) { // who has said already whom
			people = slices.DeleteFunc(people, func(p Person) bool { return p.Roles[0] != Role(as) })
		}
		d.render(w, r, http.StatusOK, "signin.choose", Args{People: people, To: to, Kept: kept})
		return
	}
	known, err := d.provider.find(r.Context())
	if err != nil {
		d.fail(w, r, discoveryFailure(err).wanting(to, kept))
		return
	}
	f := &flow{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), To: to, Kept: kept, Made: d.clock().UnixMilli()}
	options := []oauth2.AuthCodeOption{oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)}
	if r.FormValue("again") != "" {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"))
	}
	if lang := languageOf(cmp.Or(r.FormValue("lang"), to)); lang != "" {
		options = append(options, oauth2.SetAuthURLParam("ui_locales", lang))
	}
	d.endOldFlows(w, r)
	d.writeCookieFor(w, d.flowName(f.State), "flow "+d.law, f, flowFor)
	http.Redirect(w, r, known.oauth.AuthCodeURL(f.State, options...), http.StatusSeeOther) //nolint:gosec // the provider of the configuration
}

func discoveryFailure(err error) *failure {
	if _, ok := errors.AsType[*oidc.IssuerMismatchError](err); ok {
		return &failure{status: http.StatusBadGateway, key: "signin.issuer", cause: err}
	}
	return unreachable(err)
}

// wanting says where to go on, once signing in comes about.
func (f *failure) wanting(to, kept string) *failure {
	f.to = to
	if f.next == SignInPath {
		f.next = signInAddress(to, kept)
	}
	return f
}

// callback takes the browser back from the provider.
func (d *Door) callback(w http.ResponseWriter, r *http.Request) {
	if d.provider == nil {
		http.Redirect(w, r, SignInPath, http.StatusSeeOther)
		return
	}
	f, bad := d.takeFlow(w, r)
	if bad != nil {
		d.fail(w, r, bad)
		return
	}
	q := r.URL.Query()
	// RFC 9207: an answer that another provider gave is not for this one.
	if iss := q.Get("iss"); iss != "" && iss != d.config.Issuer {
		d.fail(w, r, &failure{status: http.StatusBadRequest, key: "signin.issuer", to: f.To, cause: errors.New("an answer of " + clip(iss, 200))})
		return
	}
	if code := q.Get("error"); code != "" {
		d.fail(w, r, refusal(code, f.To))
		return
	}
	code := q.Get("code")
	if code == "" || len(code) > maxCode {
		d.fail(w, r, &failure{status: http.StatusBadRequest, key: "signin.state", next: signInAddress(f.To, f.Kept), to: f.To})
		return
	}
	known, err := d.provider.find(r.Context())
	if err != nil {
		d.fail(w, r, discoveryFailure(err).wanting(f.To, f.Kept))
		return
	}
	who, bad := d.redeem(r.Context(), known, code, f)
	if bad != nil {
		d.fail(w, r, bad.wanting(f.To, f.Kept))
		return
	}
	d.admit(w, r, who, f)
}

// anotherAccount is where the provider asks anew who it is, to come back to a page.
func anotherAccount(to string) string {
	q := url.Values{"again": {"1"}}
	if to != "/" {
		q.Set("to", to)
	}
	return SignInPath + "?" + q.Encode()
}

// languageOf is the language that the address of a page begins with ("/fr/ask"), or that
// is named; "" any.
func languageOf(address string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(address, "/"), "/")
	if first == "en" || first == "fr" {
		return first
	}
	return ""
}

// takeFlow finds the way that an answer belongs to, once.
func (d *Door) takeFlow(w http.ResponseWriter, r *http.Request) (*flow, *failure) {
	state := r.URL.Query().Get("state")
	f := &flow{}
	if len(state) < 8 || len(state) > maxState || !d.readCookie(r, d.flowName(state), "flow "+d.law, f) || !same(f.State, state) {
		return nil, &failure{status: http.StatusBadRequest, key: "signin.state", next: SignInPath}
	}
	d.endCookie(w, d.flowName(state))
	now, made := d.clock(), time.UnixMilli(f.Made)
	if now.Sub(made) > flowFor || made.After(now.Add(clockSlip)) {
		return nil, &failure{status: http.StatusBadRequest, key: "signin.slow", next: signInAddress(f.To, f.Kept), to: f.To}
	}
	if !d.used.use("state "+state, now, made.Add(flowFor+clockSlip)) {
		return nil, &failure{status: http.StatusBadRequest, key: "signin.replayed", next: signInAddress(f.To, f.Kept), to: f.To}
	}
	return f, nil
}

// refusal is the provider's no.
func refusal(code, to string) *failure {
	f := &failure{status: http.StatusForbidden, key: "signin.refused", next: signInAddress(to, ""), to: to, cause: errors.New("the provider says " + clip(code, 60))}
	switch code {
	case "access_denied":
		f.key = "signin.denied"
	case "temporarily_unavailable", "server_error":
		f.key, f.status = "signin.unreachable", http.StatusServiceUnavailable
	case "invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_scope":
		f.key, f.status = "signin.client", http.StatusBadGateway
	}
	return f
}

// admit opens a session for somebody with a role; who has none is told what to do,
// and may sign out at the provider to come back as somebody else.
func (d *Door) admit(w http.ResponseWriter, r *http.Request, who *identity, f *flow) {
	d.keepHint(w, who.raw)
	roles := d.config.rolesOf(who.roles)
	if len(roles) == 0 {
		d.log.InfoContext(r.Context(), "sign-in without a role")
		d.render(w, r, http.StatusForbidden, "signin.no_role", Args{
			Next: anotherAccount(f.To), To: f.To,
			Values: map[string]string{"issuer": d.config.Issuer, "roles": d.config.rolesWanted()},
		})
		return
	}
	p := Person{Pseudonym: d.keys.pseudonym(who.issuer, who.subject), Name: who.name, Roles: roles}
	d.enter(w, r, p, d.sidDigest(who.sid), f.To, f.Kept)
}

// enter opens a session in place of the one that this browser had.
func (d *Door) enter(w http.ResponseWriter, r *http.Request, p Person, provider, to, kept string) {
	if old := d.readSession(r); old != nil {
		d.end(r.Context(), "s"+old.ID)
	}
	d.open(w, p, provider)
	d.arrive(w, r, p, to, kept)
}

// arrive leads to the form that was kept for this person, or to where they wanted.
func (d *Door) arrive(w http.ResponseWriter, r *http.Request, p Person, to, kept string) {
	if kept != "" && d.kept.get(kept, p.Pseudonym, d.clock()) != nil {
		to = ContinuePath + "?kept=" + kept
	}
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // localAddress looked at it
}

func (d *Door) flowName(state string) string { return d.cookieName("flow-" + state[:8]) }

// endOldFlows keeps a browser from gathering cookies until its requests are refused.
func (d *Door) endOldFlows(w http.ResponseWriter, r *http.Request) {
	var names []string
	for _, c := range r.Cookies() {
		if strings.HasPrefix(c.Name, d.cookieName("flow-")) {
			names = append(names, c.Name)
		}
	}
	if len(names) < maxFlows {
		return
	}
	for _, name := range names {
		d.endCookie(w, name)
	}
}

// people are the demonstration's users, one for each role.
func (d *Door) people() []Person {
	var all []Person
	for _, role := range Roles() {
		all = append(all, Person{
			Pseudonym: d.keys.pseudonym("demonstration", string(role)), Name: "DEMONSTRATION " + string(role),
			Roles: []Role{role}, Demonstration: true,
		})
	}
	return all
}

// demonstrate signs in one of the demonstration's users. That the request is from
// this machine was looked at before.
func (d *Door) demonstrate(w http.ResponseWriter, r *http.Request) {
	if !d.demonstration {
		http.Redirect(w, r, SignInPath, http.StatusSeeOther)
		return
	}
	for _, p := range d.people() {
		if r.PostFormValue("role") == string(p.Roles[0]) {
			d.enter(w, r, p, "", localAddress(r.PostFormValue("to")), clip(r.PostFormValue("kept"), maxState))
			return
		}
	}
	d.render(w, r, http.StatusBadRequest, "signin.choose", Args{People: d.people(), To: localAddress(r.PostFormValue("to"))})
}

// printable keeps letters and spaces: a name is shown on pages, and must not turn the
// direction of what follows it.
func printable(r rune) rune {
	if unicode.IsSpace(r) {
		return ' '
	}
	if !unicode.IsPrint(r) {
		return -1
	}
	return r
}
