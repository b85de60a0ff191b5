package circle

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/ed25519"
	"maps"
	"slices"
	"strings"
	"time"

	"guichet"
)

// Founding is how a circle begins: its name, how many must sign, the first
// member's paper.
type Founding struct {
	Name      string
	Threshold int
	Paper     guichet.Member
	Why       string
}

// Create drafts a new circle with one founder. Others are admitted to the draft;
// all of them sign it. Nothing is installed.
func (r *Repository) Create(f Founding) (*Proposal, error) {
	if r.Exists() {
		return nil, guichet.Errorf(guichet.KindInvalid, "there is a circle in this folder already").WithHint("choose another name")
	}
	if f.Threshold < 1 {
		return nil, guichet.Errorf(guichet.KindInvalid, "%d signatures are no threshold", f.Threshold).WithHint("3 of 5 is a usual one")
	}
	return r.found(f, []guichet.Member{f.Paper})
}

func (r *Repository) found(f Founding, founders []guichet.Member) (*Proposal, error) {
	d := newDraft(nil, r.cfg.Life, r.cfg.Clock())
	d.charter = charter{Format: format, Name: f.Name}
	for _, m := range founders {
		if err := checkMember(m); err != nil {
			return nil, err
		}
		// The threshold asked for may be more than the founders so far.
		d.charter.Threshold = f.Threshold
		if err := d.admit(m); err != nil {
			return nil, err
		}
	}
	p, err := d.finish("create", f.Paper.Code, f.Why)
	if err != nil {
		return nil, err
	}
	p.Wanted = f.Threshold
	_, err = r.preview(nil, p)
	return p, err
}

// Admit adds a founder to a draft, by its join request. What was signed so far
// falls away: it was another circle.
func (r *Repository) Admit(p *Proposal, request []byte) (*Proposal, error) {
	v, err := r.preview(nil, p)
	if err != nil {
		return nil, err
	}
	if p.Kind != "create" {
		return nil, guichet.Errorf(guichet.KindInvalid, "this proposal is no founding").WithHint("propose the joining to the circle")
	}
	j, err := ReadJoin(request)
	if err != nil {
		return nil, err
	}
	if err := v.invited(j, r.cfg.Clock()); err != nil {
		return nil, err
	}
	founders := slices.Collect(maps.Values(v.content.members))
	slices.SortFunc(founders, func(a, b guichet.Member) int { return strings.Compare(a.Code, b.Code) })
	first := slices.IndexFunc(founders, func(m guichet.Member) bool { return m.Code == p.By })
	if first < 0 {
		return nil, guichet.Errorf(guichet.KindInvalid, "the draft is by %q, who is no founder", clip(p.By))
	}
	f := Founding{Name: p.Circle, Threshold: cmp.Or(p.Wanted, v.content.charter.Threshold), Paper: founders[first], Why: p.Why}
	return r.found(f, append(founders, j.Paper))
}

// Invitation asks a named member to join. It names the circle by its ID, which
// the one invited compares with the inviter by another way: by telephone.
type Invitation struct {
	Format   int               `json:"format"`
	Circle   string            `json:"circle"`
	CircleID string            `json:"circle_id"` // "" while the circle is being founded
	Code     string            `json:"code"`      // of the member invited
	Role     string            `json:"role"`
	By       string            `json:"by"`                 // code of the inviter
	Key      ed25519.PublicKey `json:"key"`                // of the inviter, use member
	Endpoint string            `json:"endpoint,omitempty"` // where the inviter's node answers
	Made     time.Time         `json:"made"`
	Until    time.Time         `json:"until"`
}

const invitationLife = 60 * day

// Invite writes an invitation, signed by the inviter. Circle is given while the
// circle is being founded; else it is the one here.
func (r *Repository) Invite(i Invitation, by crypto.Signer) ([]byte, error) {
	v, err := r.viewOrNone()
	if err != nil {
		return nil, err
	}
	if i.Key, err = publicOfSigner(by); err != nil {
		return nil, err
	}
	if v != nil {
		i.Circle, i.CircleID = v.content.charter.Name, v.id
		if _, id, err := tufKey(i.Key); err != nil || v.content.keys[id] != i.By {
			return nil, guichet.Errorf(guichet.KindInvalid, "the key does not sign for %s in %s", clip(i.By), i.Circle)
		}
	}
	i.Format, i.Made = format, r.cfg.Clock().UTC().Truncate(time.Second)
	if i.Until.IsZero() {
		i.Until = i.Made.Add(invitationLife)
	}
	i.Until = i.Until.UTC().Truncate(time.Second)
	if err := i.check(); err != nil {
		return nil, err
	}
	text, err := guichet.Canonical(i)
	if err != nil {
		return nil, err
	}
	return Envelope(invitationType, text, by)
}

func (i Invitation) check() error {
	if i.Format != format {
		return guichet.Errorf(guichet.KindVersion, "the invitation has format %d; this program reads %d", i.Format, format)
	}
	for _, err := range []error{checkName("a circle", i.Circle), checkCode(i.Code), checkCode(i.By)} {
		if err != nil {
			return err
		}
	}
	if !slices.Contains(roleNames(), i.Role) || i.Endpoint != "" && !isEndpoint(i.Endpoint) {
		return guichet.Errorf(guichet.KindInvalid, "the invitation gives the role %q, or an endpoint that is no host:port", clip(i.Role))
	}
	return nil
}

// ReadInvitation opens an invitation and checks that it is signed by the key that
// it names. That this is the inviter's key is for people to compare.
func ReadInvitation(text []byte) (Invitation, error) {
	var i Invitation
	e, err := readEnvelope(text, invitationType)
	if err != nil {
		return i, err
	}
	content, err := e.DecodeB64Payload()
	if err != nil {
		return i, guichet.Errorf(guichet.KindInvalid, "the invitation is no base64: %w", err)
	}
	if err := readJSON("the invitation", content, &i); err != nil {
		return i, err
	}
	if _, _, err := OpenEnvelope(text, invitationType, 1, []ed25519.PublicKey{i.Key}); err != nil {
		return i, guichet.Errorf(guichet.KindUntrusted, "the invitation is not signed by the key that it names")
	}
	return i, i.check()
}

// Joining answers an invitation: the member's own paper, signed by every key in
// it, so that nobody can enter a key that is not theirs.
type Joining struct {
	Format     int            `json:"format"`
	Invitation []byte         `json:"invitation"` // the envelope
	Paper      guichet.Member `json:"paper"`
	Made       time.Time      `json:"made"`
}

// Join writes the answer to an invitation. keys are one signer for each key in
// the paper that is in force.
func Join(j Joining, keys []crypto.Signer) ([]byte, error) {
	i, err := ReadInvitation(j.Invitation)
	if err != nil {
		return nil, err
	}
	j.Format, j.Made, j.Paper = format, j.Made.UTC().Truncate(time.Second), filled(j.Paper)
	j.Paper.Role = cmp.Or(j.Paper.Role, i.Role)
	j.Invitation = bytes.TrimSpace(j.Invitation)
	if j.Made.After(i.Until) {
		return nil, guichet.Errorf(guichet.KindRefused, "the invitation ended on %s", i.Until.Format(time.DateOnly)).WithHint("ask %s for another", i.By)
	}
	text, err := guichet.Canonical(j)
	if err != nil {
		return nil, err
	}
	out, err := Envelope(joinType, text, keys...)
	if err != nil {
		return nil, err
	}
	_, err = ReadJoin(out)
	return out, err
}

// ReadJoin opens a join request and checks that every key in its paper has
// signed it, and the invitation in it.
func ReadJoin(text []byte) (Joining, error) {
	var j Joining
	e, err := readEnvelope(text, joinType)
	if err != nil {
		return j, err
	}
	content, err := e.DecodeB64Payload()
	if err != nil {
		return j, guichet.Errorf(guichet.KindInvalid, "the join request is no base64: %w", err)
	}
	if err := readJSON("the join request", content, &j); err != nil {
		return j, err
	}
	if j.Format != format {
		return j, guichet.Errorf(guichet.KindVersion, "the join request has format %d; this program reads %d", j.Format, format)
	}
	if err := checkMember(j.Paper); err != nil {
		return j, err
	}
	i, err := ReadInvitation(j.Invitation)
	if err != nil {
		return j, err
	}
	if i.Code != j.Paper.Code || i.Role != j.Paper.Role || j.Made.After(i.Until) {
		return j, guichet.Errorf(guichet.KindInvalid, "the invitation is for %s as %s until %s, the request by %s as %s", i.Code, i.Role, i.Until.Format(time.DateOnly), j.Paper.Code, j.Paper.Role)
	}
	for _, k := range j.Paper.Keys {
		if _, _, err := OpenEnvelope(text, joinType, 1, []ed25519.PublicKey{k.Public}); err != nil {
			return j, guichet.Errorf(guichet.KindUntrusted, "the join request of %s is not signed by its key %s (%s)", j.Paper.Code, k.ID, k.Use).
				WithHint("whoever enters a key must hold it: sign with every key in the paper")
		}
	}
	return j, nil
}

// invited holds a request against the circle: one of its signers has invited.
func (v *view) invited(j Joining, now time.Time) error {
	i, err := ReadInvitation(j.Invitation)
	if err != nil {
		return err
	}
	_, id, err := tufKey(i.Key)
	if err != nil {
		return err
	}
	founding := i.CircleID == "" && v.timestamp.Signed.Version == 1
	if i.Circle != v.content.charter.Name || i.CircleID != v.id && !founding {
		return guichet.Errorf(guichet.KindUntrusted, "the invitation is to another circle: %s %.16s", i.Circle, clip(i.CircleID))
	}
	if v.content.keys[id] != i.By {
		return guichet.Errorf(guichet.KindUntrusted, "the invitation is not signed by a member's key: it says %s", i.By)
	}
	if now.After(i.Until) {
		return guichet.Errorf(guichet.KindRefused, "the invitation of %s ended on %s", i.Code, i.Until.Format(time.DateOnly)).WithHint("%s invites again", i.By)
	}
	return nil
}
