package signin

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

const (
	maxCookie = 3800 // bytes of a sealed value: browsers keep 4,096 with the name and what is said about it
	maxName   = 100  // runes of a person's name
	maxTo     = 1000 // bytes of the address to come back to
	clockSlip = 2 * time.Minute
)

// session is what the sealed cookie holds.
type session struct {
	ID            string `json:"i"`
	Pseudonym     string `json:"p"`
	Name          string `json:"n"`
	Roles         []Role `json:"r"`
	Demonstration bool   `json:"d,omitempty"`
	Provider      string `json:"s,omitempty"` // a digest of the provider's name for the session
	Began         int64  `json:"b"`           // milliseconds
	Seen          int64  `json:"l"`           // milliseconds
}

func (s *session) person() Person {
	return Person{Pseudonym: s.Pseudonym, Name: s.Name, Roles: s.Roles, Demonstration: s.Demonstration}
}

// readSession opens the session's cookie; nil when there is none that is good now.
// The seal alone is not enough: the session must be neither old, nor idle, nor ended.
func (d *Door) readSession(r *http.Request) *session {
	var s session
	if !d.readCookie(r, d.cookieName("session"), "session "+d.law, &s) {
		return nil
	}
	now := d.clock()
	began, seen := time.UnixMilli(s.Began), time.UnixMilli(s.Seen)
	switch {
	case s.Demonstration != d.demonstration || len(s.Roles) == 0:
		return nil
	case began.After(now.Add(clockSlip)):
		// Sealed while the clock was ahead: it would last longer than it may.
		return nil
	case now.Sub(began) > d.config.Longest, now.Sub(seen) > d.config.Idle:
		return nil
	case d.ended.has(&s):
		return nil
	}
	return &s
}

// open begins a session: always with a new name, so that one that somebody planted
// before is worth nothing.
func (d *Door) open(w http.ResponseWriter, p Person, provider string) *session {
	now := d.clock().UnixMilli()
	s := &session{
		ID: rand.Text(), Pseudonym: p.Pseudonym, Name: clip(p.Name, maxName), Roles: p.Roles,
		Demonstration: p.Demonstration, Provider: provider, Began: now, Seen: now,
	}
	d.writeCookie(w, d.cookieName("session"), "session "+d.law, s)
	// Whoever used the browser before may know it.
	d.endCookie(w, d.cookieName("visit"))
	return s
}

// renew seals a session again that is in use; not at every request, but often enough
// that nobody at work finds it idle.
func (d *Door) renew(w http.ResponseWriter, s *session) {
	now := d.clock()
	if now.Sub(time.UnixMilli(s.Seen)) < d.config.Idle/20 {
		return
	}
	next := *s
	next.Seen = now.UnixMilli()
	d.writeCookie(w, d.cookieName("session"), "session "+d.law, &next)
}

// sessionToken is a form's proof: for whom the page was made, a proof of that which
// outlives the session, and one that ends with it. By the second what was typed is
// kept for the right person; only the third lets anything happen.
func (d *Door) sessionToken(s *session) string {
	return s.Pseudonym + "." + d.keys.mac("form of a person", s.Pseudonym) + "." + d.keys.mac("form of a session", s.ID)
}

// ofPerson returns for whom the page was made that a token comes from; "" when no
// page of ours made it.
func (d *Door) ofPerson(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || !same(parts[1], d.keys.mac("form of a person", parts[0])) {
		return ""
	}
	return parts[0]
}

// visitorToken returns what makes the token of somebody who has not signed in. Its
// cookie is set when the first form needs it, so that who only reads gets none.
func (d *Door) visitorToken(w http.ResponseWriter, r *http.Request) func() string {
	id := ""
	if c, err := r.Cookie(d.cookieName("visit")); err == nil && len(c.Value) <= 64 {
		id = c.Value
	}
	return func() string {
		if id == "" {
			id = rand.Text()
			http.SetCookie(w, d.cookie(d.cookieName("visit"), id, 0))
		}
		return d.keys.mac("form of a visit", id)
	}
}

// isVisitors reports whether a token is that of the browser's visit.
func (d *Door) isVisitors(r *http.Request, token string) bool {
	c, err := r.Cookie(d.cookieName("visit"))
	return err == nil && c.Value != "" && len(c.Value) <= 64 && same(token, d.keys.mac("form of a visit", c.Value))
}

// same compares in a time that does not tell how much is right.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// cookieName is the name of one of our cookies. A browser sends a cookie to every
// port of a host, and refuses a __Host- cookie that another host or plain HTTP set.
func (d *Door) cookieName(use string) string {
	if d.secure {
		return "__Host-" + d.cookies + "-" + use
	}
	return d.cookies + "-" + use
}

// cookie makes one that scripts cannot read and other sites' forms do not carry. A
// life of 0 ends with the browser, a negative one now.
func (d *Door) cookie(name, value string, life time.Duration) *http.Cookie {
	c := &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, Secure: d.secure, SameSite: http.SameSiteLaxMode} //nolint:gosec // secure but on the loopback
	switch {
	case life < 0:
		c.MaxAge = -1
	case life > 0:
		c.MaxAge = int(life / time.Second)
	}
	return c
}

func (d *Door) writeCookie(w http.ResponseWriter, name, purpose string, value any) {
	d.writeCookieFor(w, name, purpose, value, 0)
}

// writeCookieFor seals a value into a cookie. All that is sealed has a bound of its own
// that keeps it below what browsers take; what would be larger is not set.
func (d *Door) writeCookieFor(w http.ResponseWriter, name, purpose string, value any, life time.Duration) {
	plain, err := json.Marshal(value)
	if err != nil {
		return
	}
	sealed := d.keys.seal(purpose, plain, d.clock())
	if len(sealed) > maxCookie {
		return
	}
	dropCookie(w, name)
	http.SetCookie(w, d.cookie(name, sealed, life))
}

// dropCookie takes back a cookie of that name which this answer would set: the last
// word counts, and two in one answer are read differently by different browsers.
func dropCookie(w http.ResponseWriter, name string) {
	set := w.Header()["Set-Cookie"]
	kept := set[:0]
	for _, line := range set {
		if !strings.HasPrefix(line, name+"=") {
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 {
		w.Header().Del("Set-Cookie")
		return
	}
	w.Header()["Set-Cookie"] = kept
}

func (d *Door) endCookie(w http.ResponseWriter, name string) {
	dropCookie(w, name)
	http.SetCookie(w, d.cookie(name, "", -1))
}

// readCookie opens a sealed cookie into value.
func (d *Door) readCookie(r *http.Request, name, purpose string, value any) bool {
	c, err := r.Cookie(name)
	if err != nil || len(c.Value) > maxCookie {
		return false
	}
	plain, ok := d.keys.open(purpose, c.Value)
	return ok && json.Unmarshal(plain, value) == nil
}
