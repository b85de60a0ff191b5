package portal

import (
	"context"
	"net/http"
	"slices"
)

// Role is what a person may do at the window.
type Role string

// The roles.
const (
	Officer  Role = "officer"  // asks
	Steward  Role = "steward"  // takes files in, looks after them, asks
	Auditor  Role = "auditor"  // reads what was asked, of whom, and why
	Operator Role = "operator" // keeps the node running
)

// Roles returns the closed list of roles.
func Roles() []Role { return []Role{Officer, Steward, Auditor, Operator} }

// Person is who has come in.
type Person struct {
	Pseudonym     string // stable, tells nobody who it is; goes into the journal
	Name          string // as the page greets
	Roles         []Role
	Demonstration bool // a built-in user that anybody can be
}

// Is says whether the person has one of the roles; of no roles it is true.
func (p Person) Is(roles ...Role) bool {
	return len(roles) == 0 || slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(p.Roles, r) })
}

// Door knows who has come in. Its handler stands before all pages: it serves the
// addresses /sign-in and /sign-out itself, and refuses every POST that does not hold
// the token of its session in the field "csrf".
type Door interface {
	Handler(next http.Handler) http.Handler
	// Person is who the request is of; ok is false for nobody.
	Person(ctx context.Context) (p Person, ok bool)
	// Token is to be put into every form.
	Token(ctx context.Context) string
}

// shut is the door of a node where nobody can sign in: what needs no role is shown.
type shut struct {
	say func(r *http.Request, key string) string
}

// Handler refuses every form.
func (s shut) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, s.say(r, "error.plain.nobody"), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Person is nobody.
func (shut) Person(context.Context) (Person, bool) { return Person{}, false }

// Token is none.
func (shut) Token(context.Context) string { return "" }
