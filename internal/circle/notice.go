package circle

import (
	"crypto"
	"crypto/ed25519"
	"maps"
	"slices"
	"strings"
	"time"

	"guichet"
)

// Withdrawal is a party's notice on an agreement, signed by that party alone: no
// member can be held to an agreement because others will not sign. It is that
// party's whole standing on one version of the agreement; a later notice takes
// the place of an earlier one, but a withdrawal is never taken back: the parties
// sign a new version instead.
//
// It is in force on a node as soon as it lies there (Receive, Fetch), without
// any other signature, for as long as the key that signed it signs for its
// member. With the next change of the circle it enters the member's delegation
// (withdrawals/ID-XX.json): it can no longer be kept from others, and outlives
// the key.
type Withdrawal struct {
	Format    int       `json:"format"`
	Circle    string    `json:"circle"`    // name
	CircleID  string    `json:"circle_id"` // guichet.Circle.ID
	Agreement string    `json:"agreement"`
	Version   int       `json:"version"` // of the agreement; a newer one, signed by all, is not touched
	Member    string    `json:"member"`  // the party that gives notice
	Serial    int       `json:"serial"`  // counts from 1; the highest of a member counts
	Made      time.Time `json:"made"`
	// From is the day since which the party is out, "2026-01-31"; "" where it only suspends.
	From string `json:"from,omitempty"`
	// Suspends names those whose questions the party does not answer for a time.
	// An empty list in a notice with a higher serial lifts all suspensions.
	Suspends []guichet.Suspension `json:"suspends,omitempty"`
	Reason   guichet.Text         `json:"reason"`
}

const maxSuspends = 300

func (n Withdrawal) target() string { return noticePath(n.Agreement, n.Member) }

func (n Withdrawal) check() error {
	if n.Format != format {
		return guichet.Errorf(guichet.KindVersion, "the notice has format %d; this program reads %d", n.Format, format)
	}
	for _, err := range []error{checkName("a circle", n.Circle), checkName("an agreement", n.Agreement), checkCode(n.Member)} {
		if err != nil {
			return err
		}
	}
	if n.Serial < 1 || n.Version < 1 || n.Made.IsZero() || n.From != "" && !isDay(n.From) || len(n.Suspends) > maxSuspends {
		return guichet.Errorf(guichet.KindInvalid, "the notice of %s on %s has no serial, version, time, or a day that is none", n.Member, n.Agreement).
			WithHint("days are written 2026-01-31; serial and version count from 1")
	}
	for _, s := range n.Suspends {
		if checkCode(s.Member) != nil || s.Member == n.Member || s.By != n.Member || !isDay(s.From) || s.Until != "" && !isDay(s.Until) {
			return guichet.Errorf(guichet.KindInvalid, "the notice of %s on %s suspends %q wrongly: another member, by %s itself, from a day on", n.Member, n.Agreement, clip(s.Member), n.Member)
		}
	}
	return nil
}

func isDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// Withdraw signs a notice with the member's own key of use member. By is filled
// into its suspensions.
func Withdraw(n Withdrawal, by crypto.Signer) ([]byte, error) {
	n.Format = format
	n.Made = n.Made.UTC().Truncate(time.Second)
	n.Suspends = slices.Clone(n.Suspends)
	for i := range n.Suspends {
		n.Suspends[i].By = n.Member
	}
	if err := n.check(); err != nil {
		return nil, err
	}
	content, err := guichet.Canonical(n)
	if err != nil {
		return nil, err
	}
	return Envelope(withdrawalType, content, by)
}

// ReadWithdrawal reads a notice to show it. Whether its member has signed it is
// told by Receive.
func ReadWithdrawal(text []byte) (Withdrawal, error) {
	var n Withdrawal
	e, err := readEnvelope(text, withdrawalType)
	if err != nil {
		return n, err
	}
	content, err := e.DecodeB64Payload()
	if err != nil {
		return n, guichet.Errorf(guichet.KindInvalid, "the notice is no base64: %w", err)
	}
	if err := readJSON("the notice", content, &n); err != nil {
		return n, err
	}
	return n, n.check()
}

// checkNotice verifies a notice that lies outside the circle's metadata: by the
// key that signs for its member now. When it says it was made counts for nothing
// there: whoever holds a key that was lost or replaced can write any day.
func (v *view) checkNotice(text []byte, now time.Time) (Withdrawal, error) {
	n, err := ReadWithdrawal(text)
	if err != nil {
		return n, err
	}
	if n.Circle != v.content.charter.Name || n.CircleID != v.id {
		return n, guichet.Errorf(guichet.KindUntrusted, "the notice is about another circle: %s %.16s", clip(n.Circle), clip(n.CircleID))
	}
	m, ok := v.content.members[n.Member]
	if !ok {
		return n, guichet.Errorf(guichet.KindUntrusted, "the notice is by %s, whose paper we do not have", n.Member)
	}
	k, ok := v.signsNow(m, now)
	if !ok {
		return n, guichet.Errorf(guichet.KindUntrusted, "the notice on %s is by %s, which has no key in force that signs for it", n.Agreement, n.Member)
	}
	if _, _, err := OpenEnvelope(text, withdrawalType, 1, []ed25519.PublicKey{k.Public}); err != nil {
		return n, guichet.Errorf(guichet.KindUntrusted, "the notice on %s is not signed by %s with the key that signs for it now", n.Agreement, n.Member).
			WithHint("if the key was replaced since, %s gives the notice again: guichet agreement withdraw", n.Member)
	}
	if n.Made.Before(k.From) {
		return n, guichet.Errorf(guichet.KindUntrusted, "the notice of %s on %s says that it was made on %s, before its key counted", n.Member, n.Agreement, n.Made.Format(time.RFC3339)).
			WithHint("%s sets its clock and gives the notice again: guichet agreement withdraw", n.Member)
	}
	return n, nil
}

// signsNow is the key of the member's delegation, where the member has not left
// and the key is neither revoked nor at its end.
func (v *view) signsNow(m guichet.Member, now time.Time) (guichet.MemberKey, bool) {
	want := v.content.keyOf(m.Code)
	for _, k := range m.Keys {
		_, id, err := tufKey(k.Public)
		if err == nil && id == want && k.Use == guichet.KeyMember && k.Revoked.IsZero() && (k.Until.IsZero() || now.Before(k.Until)) {
			return k, true
		}
	}
	return guichet.MemberKey{}, false
}

// maxStep is by how much the serial of a notice may pass the highest that is
// known of its member. The highest counts: one near the end of the numbers would
// leave the member none to answer it with.
const maxStep = 100

// arrives says whether a notice that verifies may be taken in now. One that lies
// here already is not asked again: our clock may have been set back since.
func (n Withdrawal) arrives(highest int, now time.Time) error {
	if ahead := n.Made.Sub(now); ahead > clockSkew {
		return guichet.Errorf(guichet.KindInvalid, "the notice of %s on %s was made %s after now by our clock", n.Member, n.Agreement, ahead.Round(time.Minute)).
			WithHint("compare the clocks of both machines")
	}
	if n.Serial-maxStep > highest {
		return guichet.Errorf(guichet.KindInvalid, "the notice of %s on %s has the serial %d; the highest that we know of it is %d, and at most %d more is taken", n.Member, n.Agreement, n.Serial, highest, maxStep).
			WithHint("bring the circle up to date (guichet circle update BUNDLE), or let %s count on from there", n.Member)
	}
	return nil
}

// readNotices reads those that the members have put into their delegations. The
// metadata vouch for them, also after the key was replaced.
func (v *view) readNotices() {
	for _, target := range slices.Sorted(maps.Keys(v.files)) {
		m := shapes().withdrawal.FindStringSubmatch(target)
		if m == nil {
			continue
		}
		n, err := ReadWithdrawal(v.files[target])
		if err == nil && (n.target() != target || n.CircleID != v.id) {
			err = guichet.Errorf(guichet.KindUntrusted, "it is a notice on %s by %s, of the circle %.16s", n.Agreement, n.Member, clip(n.CircleID))
		}
		if err != nil {
			v.faults = append(v.faults, faultOf(target, err))
			continue
		}
		v.content.notices[target] = n
	}
}

// applied returns an agreement as the notices of its parties leave it. Of two
// parties one that withdraws ends it. Of more the others go on without it: what
// it asks and what is asked of it stops.
func applied(a guichet.Agreement, notices []Withdrawal) guichet.Agreement {
	a = filled(a)
	newest := map[string]Withdrawal{}
	for _, n := range notices {
		isParty := slices.ContainsFunc(a.Parties, func(p guichet.AgreementParty) bool { return p.Member == n.Member })
		if n.Agreement != a.ID || n.Version != a.Version || !isParty {
			continue
		}
		if n.From != "" {
			a = withoutParty(a, n)
		}
		if n.Serial > newest[n.Member].Serial {
			newest[n.Member] = n
		}
	}
	for _, code := range slices.Sorted(maps.Keys(newest)) {
		a.Suspended = append(a.Suspended, newest[code].Suspends...)
	}
	return a
}

func withoutParty(a guichet.Agreement, n Withdrawal) guichet.Agreement {
	const pair = 2
	if len(a.Parties) <= pair {
		if a.Validity.Withdrawn == "" || strings.Compare(n.From, a.Validity.Withdrawn) < 0 {
			a.Validity.Withdrawn = n.From
		}
		return a
	}
	stop := guichet.Suspension{Member: n.Member, From: n.From, Reason: n.Reason}
	a.Suspended = append(a.Suspended, stop)
	for _, p := range a.Parties {
		if p.Member != n.Member {
			stop.Member, stop.By = p.Member, n.Member
			a.Suspended = append(a.Suspended, stop)
		}
	}
	return a
}
