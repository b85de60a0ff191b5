package guichet

import (
	"crypto/ed25519"
	"slices"
	"time"
)

// Party is who asks or answers: an office of a member of a circle,
// "border-five/CA/statistics". A journal belongs to one circle.
type Party struct {
	Circle string `json:"circle" yaml:"circle"` // the circle's name: "border-five"
	Member string `json:"member" yaml:"member"` // ISO alpha-2: "CA"
	Office string `json:"office" yaml:"office"` // of the member's paper: "statistics"
}

// String writes the party as circle/member/office.
func (p Party) String() string { return p.Circle + "/" + p.Member + "/" + p.Office }

// KeyUse says what a member's key may be used for; a key has one use.
type KeyUse string

// The uses of keys. All are Ed25519.
const (
	KeyTLS     KeyUse = "tls"     // certificates of the node, both as client and as server
	KeySeal    KeyUse = "seal"    // HTTP message signatures of questions and answers
	KeyLog     KeyUse = "log"     // checkpoints of the node's journal (C2SP tlog-checkpoint)
	KeyWitness KeyUse = "witness" // cosignatures under other members' checkpoints (C2SP tlog-cosignature)
	KeyMember  KeyUse = "member"  // the member's signature under the circle's papers; never on the node's wire
)

// MemberKey is a public key in a member's paper.
type MemberKey struct {
	ID      string            `json:"id"` // first 16 hex digits of the SHA-256 of the public key
	Use     KeyUse            `json:"use"`
	Public  ed25519.PublicKey `json:"public"` // 32 bytes, base64 in JSON
	From    time.Time         `json:"from"`
	Until   time.Time         `json:"until,omitzero"`   // zero: until it is replaced
	Revoked time.Time         `json:"revoked,omitzero"` // lost or stolen: nothing signed by it counts from then on
}

// InForce says whether what the key signed at a time counts.
func (k MemberKey) InForce(at time.Time) bool {
	return !at.Before(k.From) && (k.Until.IsZero() || at.Before(k.Until)) && (k.Revoked.IsZero() || at.Before(k.Revoked))
}

// Office is one authority of a member that may be named in agreements.
type Office struct {
	ID     string `json:"id" yaml:"id"`     // "statistics"
	Name   Text   `json:"name" yaml:"name"` // "Statistics Canada"
	Regime string `json:"regime" yaml:"regime"`
}

// Contact is whom to write to about what.
type Contact struct {
	For   string `json:"for" yaml:"for"`     // "operations", "security", "rights", "steward"
	Name  string `json:"name" yaml:"name"`   // of a post, not of a person
	Email string `json:"email" yaml:"email"` // "guichet@example.org"
	Hours string `json:"hours" yaml:"hours"` // "08:00-18:00 America/Toronto, weekdays"
}

// Member is a member's paper, as the circle has signed it.
type Member struct {
	Code      string      `json:"code"` // ISO alpha-2
	Name      Text        `json:"name"`
	Role      string      `json:"role"` // "party", "observer", "dialogue_partner", "guest"
	Offices   []Office    `json:"offices"`
	Endpoints []string    `json:"endpoints"` // host:port, the preferred one first
	Keys      []MemberKey `json:"keys"`
	Contacts  []Contact   `json:"contacts"`
	Left      time.Time   `json:"left,omitzero"` // since when it is a member no more
}

// Key returns the member's key of an id and use if what it signs at a time counts.
func (m Member) Key(use KeyUse, id string, at time.Time) (MemberKey, bool) {
	i := slices.IndexFunc(m.Keys, func(k MemberKey) bool { return k.Use == use && k.ID == id && k.InForce(at) })
	if i < 0 || m.HasLeft(at) {
		return MemberKey{}, false
	}
	return m.Keys[i], true
}

// HasLeft says whether the member was out of the circle at a time.
func (m Member) HasLeft(at time.Time) bool { return !m.Left.IsZero() && !at.Before(m.Left) }

// Office returns the member's office of an id.
func (m Member) Office(id string) (Office, bool) {
	i := slices.IndexFunc(m.Offices, func(o Office) bool { return o.ID == id })
	if i < 0 {
		return Office{}, false
	}
	return m.Offices[i], true
}

// Circle is the state of a circle as a node has verified it: what the members
// have signed together.
type Circle struct {
	Name       string      `json:"name"` // "border-five"
	ID         string      `json:"id"`   // SHA-256 of the first root, hex: two circles of one name differ
	Version    int64       `json:"version"`
	Threshold  int         `json:"threshold"` // signatures that a change needs
	Expires    time.Time   `json:"expires"`   // the earliest expiry among the signed papers
	Grace      time.Time   `json:"grace"`     // until when an expired paper is still used, and said so
	Members    []Member    `json:"members"`
	Agreements []Agreement `json:"agreements"` // signed by all their parties
}

// Member returns a member of the circle, one that has left among them.
func (c Circle) Member(code string) (Member, bool) {
	i := slices.IndexFunc(c.Members, func(m Member) bool { return m.Code == code })
	if i < 0 {
		return Member{}, false
	}
	return c.Members[i], true
}
