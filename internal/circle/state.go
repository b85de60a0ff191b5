package circle

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"guichet"
	"guichet/wording"
)

// Life is how long papers live, in days. The members sign them again before.
// Days, not minutes: a circle must outlast a weekend, a holiday and a ministry's
// post.
type Life struct {
	Papers int // root, targets, members' papers, agreements; 0: 180
	Fresh  int // snapshot and timestamp, which every change renews; 0: 30
	Grace  int // how long an expired paper is still used, and said so; 0: 14
}

func (l Life) filled() Life {
	const papers, fresh, grace = 180, 30, 14
	return Life{cmp.Or(l.Papers, papers), cmp.Or(l.Fresh, fresh), cmp.Or(l.Grace, grace)}
}

const day = 24 * time.Hour

func (l Life) grace() time.Duration { return time.Duration(l.Grace) * day }

// Fault is a paper that is not used, and why.
type Fault struct {
	Paper string       `json:"paper"` // "agreement-b5-covid", "member-CA", "withdrawals/b5-covid-CA.json"
	Kind  guichet.Kind `json:"kind"`
	Text  guichet.Text `json:"text"`

	Said wording.Sentence `json:"-"` // Text, for windows
}

// faultOf says why a paper is not used.
func faultOf(paper string, err error) Fault {
	var what any = err.Error()
	if e, ok := errors.AsType[*guichet.Error](err); ok {
		what = e.Message
		if e.Kind != guichet.KindInternal {
			what = e.Wording()
		}
	}
	said := wording.Say("%s is not used: %s", paper, what)
	return Fault{Paper: paper, Kind: guichet.KindOf(err), Said: said, Text: guichet.Text{
		EN: said.String(),
		FR: fmt.Sprintf("%s n'est pas utilisé : %s", paper, what),
	}}
}

// State is a circle as this node has verified it.
type State struct {
	guichet.Circle

	InGrace     bool              `json:"in_grace"` // a paper has expired and is still used, until Circle.Grace: every answer says so
	Faults      []Fault           `json:"faults"`
	Withdrawals []Withdrawal      `json:"withdrawals"` // notices of parties; the agreements above are as they leave them
	Lists       map[string]string `json:"lists"`       // "codes/areas.json" -> SHA-256 that the members have signed, hex
}

// state says what a view is at a time. until is the instant at which that
// changes by itself.
func (v *view) state(now time.Time, life Life, loose []Withdrawal) (s State, until time.Time, err error) {
	if behind := made(v.timestamp).Sub(now); behind > clockSkew {
		return State{}, time.Time{}, guichet.Errorf(guichet.KindInvalid,
			"our clock says %s, but the members signed the circle at %s: our clock is %s behind, or more",
			now.UTC().Format(time.RFC3339), made(v.timestamp).Format(time.RFC3339), behind.Round(time.Minute)).
			WithHint("set this machine's clock; nothing can be said about what has expired until then")
	}
	ages := v.ages()
	dropped := map[string]bool{}
	s.Faults = slices.Clone(v.faults)
	for _, a := range ages {
		if !now.After(a.expires.Add(life.grace())) {
			continue
		}
		err := tooOld(a, now, life)
		if !a.delegated {
			return State{}, time.Time{}, err
		}
		dropped[a.name] = true
		s.Faults = append(s.Faults, faultOf(a.name, err))
	}
	var expires time.Time
	for _, a := range ages {
		if dropped[a.name] {
			continue
		}
		if expires.IsZero() || a.expires.Before(expires) {
			expires = a.expires
		}
		for _, at := range []time.Time{a.expires, a.expires.Add(life.grace())} {
			if !at.Before(now) && (until.IsZero() || at.Before(until)) {
				until = at
			}
		}
	}
	s.Circle = v.circle(dropped)
	s.Expires, s.Grace = expires, expires.Add(life.grace())
	s.InGrace = now.After(expires)
	s.Lists = maps.Clone(v.content.lists)
	s.Withdrawals = v.noticesWith(loose)
	for i, a := range s.Agreements {
		s.Agreements[i] = applied(a, s.Withdrawals)
	}
	return s, until, nil
}

// clockSkew is by how much two honest clocks may differ.
const clockSkew = 10 * time.Minute

func tooOld(a age, now time.Time, life Life) error {
	return guichet.Errorf(guichet.KindRefused, "%s expired on %s, and the %d days of grace are over (our clock says %s)",
		a.name, a.expires.Format(time.DateOnly), life.Grace, now.UTC().Format(time.RFC3339)).
		WithHint("take the circle as another member has it (guichet circle update BUNDLE; a running node follows by itself); if nobody has a newer one, the members sign it again (guichet circle propose --renew); if our clock is wrong, set it")
}

// age is when a paper expires.
type age struct {
	name      string
	expires   time.Time
	delegated bool // its expiry takes away that paper alone
}

func (v *view) ages() []age {
	ages := []age{
		{"root", v.root.Signed.Expires, false},
		{"targets", v.targets.Signed.Expires, false},
		{"snapshot", v.snapshot.Signed.Expires, false},
		{"timestamp", v.timestamp.Signed.Expires, false},
	}
	for _, name := range slices.Sorted(maps.Keys(v.roles)) {
		ages = append(ages, age{name, v.roles[name].Signed.Expires, true})
	}
	return ages
}

func (v *view) circle(dropped map[string]bool) guichet.Circle {
	c := guichet.Circle{
		Name: v.content.charter.Name, ID: v.id, Version: v.timestamp.Signed.Version, Threshold: v.content.charter.Threshold,
		Members: []guichet.Member{}, Agreements: []guichet.Agreement{},
	}
	for _, code := range slices.Sorted(maps.Keys(v.content.members)) {
		if !dropped[memberRole(code)] {
			c.Members = append(c.Members, filled(v.content.members[code]))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(v.content.agreements)) {
		if !dropped[agreementRole(id)] {
			c.Agreements = append(c.Agreements, v.content.agreements[id])
		}
	}
	return c
}

// noticesWith joins the notices in the circle with those that lie beside it.
func (v *view) noticesWith(loose []Withdrawal) []Withdrawal {
	all := slices.Collect(maps.Values(v.content.notices))
	for _, n := range loose {
		in, ok := v.content.notices[n.target()]
		if !ok || in.Serial != n.Serial || in.Version != n.Version {
			all = append(all, n)
		}
	}
	slices.SortFunc(all, func(a, b Withdrawal) int {
		return cmp.Or(strings.Compare(a.target(), b.target()), cmp.Compare(a.Serial, b.Serial))
	})
	return all
}
