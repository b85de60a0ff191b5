package signin

import (
	"context"
	"net/http"
	"slices"
)

// Role is what a person does at the window.
type Role string

// The roles. A person may have several.
const (
	Officer  Role = "officer"  // asks
	Steward  Role = "steward"  // takes in files, signs agreements
	Auditor  Role = "auditor"  // reads agreements and the journal
	Operator Role = "operator" // looks after the node
)

// Roles returns all roles, in the order in which pages show them.
func Roles() []Role { return []Role{Officer, Steward, Auditor, Operator} }

// Person is who has signed in.
type Person struct {
	Pseudonym     string // 16 hex digits: the same for the same person at this home, and for nobody else
	Name          string // to greet them by; never for a record
	Roles         []Role // at least one, in the order of Roles
	Demonstration bool   // nobody checked who this is; every page must say so
}

// Has reports whether the person has a role.
func (p Person) Has(r Role) bool { return slices.Contains(p.Roles, r) }

// HasAny reports whether the person has one of the roles, or none is asked for.
func (p Person) HasAny(roles ...Role) bool {
	return len(roles) == 0 || slices.ContainsFunc(roles, p.Has)
}

type visitKey struct{}

// visit is what the door found out about one request.
type visit struct {
	door   *Door
	person *Person // nil: nobody
	token  func() string
}

func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	return v
}

// From returns who has signed in; false means nobody, and the public view.
func From(ctx context.Context) (Person, bool) {
	v := visitOf(ctx)
	if v == nil || v.person == nil {
		return Person{}, false
	}
	return *v.person, true
}

// With returns a context in which a person has signed in, for tests of pages that
// stand behind no door. Its Token is fixed and opens nothing.
func With(ctx context.Context, p Person) context.Context {
	return context.WithValue(ctx, visitKey{}, &visit{person: &p, token: func() string { return "no-door" }})
}

// TokenField is the name of the form's field that holds Token. In a form of
// multipart/form-data it must be the first field, so that it is read before a
// large file is.
const TokenField = "csrf"

// TokenHeader is the header that holds Token where a script sends the request.
const TokenHeader = "X-Csrf-Token" //nolint:gosec // the name of a header

// Token returns what every form that posts must carry in TokenField. For somebody
// who has not signed in the first call sets a cookie: call it before the first byte
// of the answer is written.
func Token(ctx context.Context) string {
	v := visitOf(ctx)
	if v == nil || v.token == nil {
		return ""
	}
	return v.token()
}

// Ask answers a request that needs a person by sending whoever asks to sign in, and
// back to the same page. What a script asks for is told 401 instead: a script
// cannot follow.
func Ask(w http.ResponseWriter, r *http.Request) {
	v := visitOf(r.Context())
	if v == nil || v.door == nil {
		http.Error(w, "sign in first", http.StatusUnauthorized)
		return
	}
	noStore(w)
	mode := r.Header.Get("Sec-Fetch-Mode")
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	if read && (mode == "" || mode == "navigate") {
		http.Redirect(w, r, signInAddress(r.URL.RequestURI(), ""), http.StatusSeeOther)
		return
	}
	to := "/"
	if read {
		to = r.URL.RequestURI()
	}
	v.door.render(w, r, http.StatusUnauthorized, "signin.needed", Args{Next: signInAddress(to, ""), To: to})
}

// Require lets only those through who have one of the roles; without roles, anybody
// who has signed in. Others are sent to sign in, or told which role the page is for.
func Require(next http.Handler, roles ...Role) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, ok := From(r.Context())
		switch v := visitOf(r.Context()); {
		case !ok:
			Ask(w, r)
		case p.HasAny(roles...):
			next.ServeHTTP(w, r)
		case v.door == nil:
			http.Error(w, "this page is for another role", http.StatusForbidden)
		default:
			noStore(w)
			v.door.render(w, r, http.StatusForbidden, "signin.forbidden", Args{Roles: roles, To: localAddress(r.URL.RequestURI())})
		}
	})
}
