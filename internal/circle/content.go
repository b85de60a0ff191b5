package circle

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"guichet"
)

// charter is circle.json: who belongs to the circle, in which role, and how many
// must sign. A threshold of all signs it, so no member can give itself a role.
// The rest of the metadata follows from it, and is refused where it does not.
//
//	{"format":1,"members":[{"code":"CA","joined":"2026-01-31T00:00:00Z","role":"party"}],"name":"border-five","threshold":3}
type charter struct {
	Format    int        `json:"format"`
	Name      string     `json:"name"`
	Threshold int        `json:"threshold"`
	Members   []standing `json:"members"` // in order of their codes, those who left among them
}

type standing struct {
	Code   string    `json:"code"`
	Role   string    `json:"role"`
	Joined time.Time `json:"joined"`
	Left   time.Time `json:"left,omitzero"`
}

const format = 1

// content is what the files of a view say, once they were held against the
// charter.
type content struct {
	charter    charter
	keys       map[string]string // TUF key id -> member's code: the key that signs now
	members    map[string]guichet.Member
	agreements map[string]guichet.Agreement
	notices    map[string]Withdrawal // by target name
	lists      map[string]string     // "codes/areas.json" -> SHA-256, hex
}

func roleNames() []string { return []string{"party", "observer", "dialogue_partner", "guest"} }

// freshThreshold is how many keys sign snapshot and timestamp: two of n, since
// they are signed at every change and every month.
func freshThreshold(n int) int { return min(2, n) }

// read holds the metadata against the charter, then reads the papers.
func (v *view) read() error {
	v.content = content{
		keys: map[string]string{}, members: map[string]guichet.Member{}, agreements: map[string]guichet.Agreement{},
		notices: map[string]Withdrawal{}, lists: map[string]string{},
	}
	text, ok := v.files[charterPath]
	if !ok {
		return guichet.Errorf(guichet.KindUntrusted, "the circle has no charter (%s)", charterPath)
	}
	if err := readJSON(charterPath, text, &v.content.charter); err != nil {
		return err
	}
	for _, check := range []func() error{v.content.charter.check, v.checkMembers, v.checkSigners} {
		if err := check(); err != nil {
			return err
		}
	}
	v.readMembers()
	v.readAgreements()
	v.readNotices()
	for target, t := range v.targets.Signed.Targets {
		if shapes().list.MatchString(target) {
			v.content.lists[target] = t.Hashes["sha256"].String()
		}
	}
	slices.SortFunc(v.faults, func(a, b Fault) int { return strings.Compare(a.Paper+a.Text.EN, b.Paper+b.Text.EN) })
	return nil
}

// check refuses a charter that two groups could each change on their own.
func (c charter) check() error {
	if c.Format != format {
		return guichet.Errorf(guichet.KindVersion, "the charter has format %d; this program reads %d", c.Format, format)
	}
	if err := checkName("a circle", c.Name); err != nil {
		return err
	}
	parties := len(c.signers())
	for i, m := range c.Members {
		if err := checkCode(m.Code); err != nil {
			return err
		}
		if i > 0 && c.Members[i-1].Code >= m.Code {
			return guichet.Errorf(guichet.KindInvalid, "the charter names its members twice or out of order, at %s", m.Code)
		}
		if !slices.Contains(roleNames(), m.Role) {
			return guichet.Errorf(guichet.KindInvalid, "the charter gives %s the role %q", m.Code, clip(m.Role)).WithHint("write one of %s", strings.Join(roleNames(), ", "))
		}
	}
	if c.Threshold < 1 || c.Threshold > parties || 2*c.Threshold <= parties {
		return guichet.Errorf(guichet.KindInvalid, "%d signatures of %d are no threshold for a circle", c.Threshold, parties).
			WithHint("choose more than half of the parties: otherwise two groups could each make a circle of their own out of it; at most all")
	}
	return nil
}

// signers are the codes of those whose keys sign the circle's papers: the
// parties that have not left. Observers and guests sign their own paper alone.
func (c charter) signers() []string {
	var codes []string
	for _, m := range c.Members {
		if m.Role == "party" && m.Left.IsZero() {
			codes = append(codes, m.Code)
		}
	}
	return codes
}

// readsAll says whether members of a role may read agreements that they are no party
// of. Parties and observers may: they are there to see. A dialogue partner and a
// non-state guest read what concerns them.
func readsAll(role string) bool { return role == "party" || role == "observer" }

func (c charter) of(code string) (standing, bool) {
	i := slices.IndexFunc(c.Members, func(m standing) bool { return m.Code == code })
	if i < 0 {
		return standing{}, false
	}
	return c.Members[i], true
}

// checkMembers wants one delegation with one key for each member that has not
// left, and no other but agreements'.
func (v *view) checkMembers() error {
	want := map[string]bool{}
	for _, m := range v.content.charter.Members {
		if m.Left.IsZero() {
			want[memberRole(m.Code)] = true
		}
	}
	used := map[string]bool{}
	for _, d := range v.targets.Signed.Delegations.Roles {
		for _, id := range d.KeyIDs {
			used[id] = true
		}
		if !slices.Equal(d.Paths, paths(d.Name)) || !d.Terminating || len(d.PathHashPrefixes) > 0 {
			return guichet.Errorf(guichet.KindUntrusted, "the delegation %s is for other files than its own", d.Name)
		}
		code, ok := memberOf(d.Name)
		if !ok {
			continue
		}
		if !want[d.Name] || len(d.KeyIDs) != 1 || d.Threshold != 1 {
			return guichet.Errorf(guichet.KindUntrusted, "the delegation %s is not that of a member with one key", d.Name)
		}
		delete(want, d.Name)
		if other, twice := v.content.keys[d.KeyIDs[0]]; twice {
			return guichet.Errorf(guichet.KindUntrusted, "%s and %s have the same key", other, code)
		}
		v.content.keys[d.KeyIDs[0]] = code
	}
	for _, role := range slices.Sorted(maps.Keys(want)) {
		return guichet.Errorf(guichet.KindUntrusted, "the charter's %s has no delegation", role)
	}
	if len(used) != len(v.targets.Signed.Delegations.Keys) {
		return guichet.Errorf(guichet.KindUntrusted, "targets holds keys that no delegation uses")
	}
	return nil
}

// checkSigners wants the root to name the parties' keys, all of them and no
// other, with the charter's threshold.
func (v *view) checkSigners() error {
	c := v.content.charter
	parties := c.signers()
	want := make([]string, 0, len(parties))
	for id, code := range v.content.keys {
		if slices.Contains(parties, code) {
			want = append(want, id)
		}
	}
	slices.Sort(want)
	for _, role := range metadata.TOP_LEVEL_ROLE_NAMES {
		r := v.root.Signed.Roles[role]
		need := c.Threshold
		if role == metadata.SNAPSHOT || role == metadata.TIMESTAMP {
			need = freshThreshold(len(parties))
		}
		if r.Threshold != need || !slices.Equal(slices.Sorted(slices.Values(r.KeyIDs)), want) {
			return guichet.Errorf(guichet.KindUntrusted, "the root's role %s is not %d of the %d parties of the charter", role, need, len(want))
		}
	}
	if len(v.root.Signed.Keys) != len(want) {
		return guichet.Errorf(guichet.KindUntrusted, "the root holds keys of others than the parties")
	}
	return nil
}

// keyOf is the TUF id of a member's key, "" for one that has left.
func (c content) keyOf(code string) string {
	for id, of := range c.keys {
		if of == code {
			return id
		}
	}
	return ""
}

// readMembers reads the members' papers. What a paper says of its role and of
// leaving does not count: that is the charter's.
func (v *view) readMembers() {
	for _, s := range v.content.charter.Members {
		text, ok := v.files[memberPath(s.Code)]
		if !ok {
			v.missingPaper(memberRole(s.Code))
			continue
		}
		m, err := readMember(text)
		if err == nil && m.Code != s.Code {
			err = guichet.Errorf(guichet.KindUntrusted, "it is the paper of %s", m.Code)
		}
		if err == nil && m.Role != s.Role {
			err = guichet.Errorf(guichet.KindUntrusted, "it gives itself the role %s; the charter says %s", m.Role, s.Role)
		}
		if err == nil && s.Left.IsZero() && !holdsKey(m, v.content.keyOf(s.Code)) {
			err = guichet.Errorf(guichet.KindUntrusted, "it does not hold the key that signs it")
		}
		if err != nil {
			v.faults = append(v.faults, faultOf(memberRole(s.Code), err))
			continue
		}
		m.Left = s.Left
		v.content.members[s.Code] = m
	}
}

// missingPaper tells a paper that is not there, unless its delegation was told.
func (v *view) missingPaper(role string) {
	if !slices.ContainsFunc(v.faults, func(f Fault) bool { return f.Paper == role }) {
		v.faults = append(v.faults, faultOf(role, guichet.Errorf(guichet.KindNotFound, "it is not among the files")))
	}
}

func holdsKey(m guichet.Member, id string) bool {
	return slices.ContainsFunc(m.Keys, func(k guichet.MemberKey) bool {
		_, own, err := tufKey(k.Public)
		return err == nil && k.Use == guichet.KeyMember && own == id
	})
}

// readAgreements takes an agreement that all its parties have signed: its
// delegation must name one key of each, and need them all.
func (v *view) readAgreements() {
	for _, d := range v.targets.Signed.Delegations.Roles {
		id, ok := agreementOf(d.Name)
		if !ok || v.roles[d.Name] == nil {
			continue
		}
		a, err := v.readAgreement(id)
		if err == nil {
			err = v.checkParties(a, d)
		}
		if err != nil {
			v.faults = append(v.faults, faultOf(d.Name, err))
			continue
		}
		v.content.agreements[id] = a
	}
}

func (v *view) readAgreement(id string) (guichet.Agreement, error) {
	text, ok := v.files[agreementPath(id)]
	if !ok {
		return guichet.Agreement{}, guichet.Errorf(guichet.KindNotFound, "it is not among the files")
	}
	a, err := parseAgreement(agreementPath(id), text)
	if err != nil {
		return a, err
	}
	if a.ID != id || a.Circle != v.content.charter.Name {
		return a, guichet.Errorf(guichet.KindUntrusted, "it says that it is %s of the circle %s", clip(a.ID), clip(a.Circle))
	}
	for n := 1; n < a.Version; n++ {
		text, ok := v.files[versionPath(id, n)]
		if !ok {
			return a, guichet.Errorf(guichet.KindUntrusted, "its version %d is not among the files", n)
		}
		if old, err := parseAgreement(versionPath(id, n), text); err != nil || old.Version != n || old.ID != id {
			return a, guichet.Errorf(guichet.KindUntrusted, "its version %d is another paper", n)
		}
	}
	if len(v.roles[agreementRole(id)].Signed.Targets) != a.Version {
		return a, guichet.Errorf(guichet.KindUntrusted, "there are other versions beside the %d that it should have", a.Version)
	}
	return a, nil
}

func (v *view) checkParties(a guichet.Agreement, d metadata.DelegatedRole) error {
	if d.Threshold != len(a.Parties) || len(d.KeyIDs) != len(a.Parties) {
		return guichet.Errorf(guichet.KindUntrusted, "it has %d parties, and %d of %d keys must sign it", len(a.Parties), d.Threshold, len(d.KeyIDs))
	}
	for _, p := range a.Parties {
		s, ok := v.content.charter.of(p.Member)
		if !ok {
			return guichet.Errorf(guichet.KindUntrusted, "its party %s is no member", clip(p.Member))
		}
		signs := func(id string) bool { return v.content.keys[id] == p.Member }
		if !s.Left.IsZero() {
			signs = func(id string) bool { return holdsKey(v.content.members[p.Member], id) }
		}
		if !slices.ContainsFunc(d.KeyIDs, signs) {
			return guichet.Errorf(guichet.KindUntrusted, "the key of its party %s is not among those that sign it", p.Member)
		}
	}
	return nil
}

// parseAgreement reads the canonical paper.
func parseAgreement(name string, text []byte) (guichet.Agreement, error) {
	var a guichet.Agreement
	if err := readJSON(name, text, &a); err != nil {
		return a, err
	}
	if a.Format != format {
		return a, guichet.Errorf(guichet.KindVersion, "%s has format %d; this program reads %d", name, a.Format, format)
	}
	if err := checkName("an agreement", a.ID); err != nil {
		return a, err
	}
	if a.Version < 1 || len(a.Parties) < 2 {
		return a, guichet.Errorf(guichet.KindInvalid, "%s has the version %d and %d parties", name, a.Version, len(a.Parties)).
			WithHint("versions count from 1; an agreement has two parties or more")
	}
	seen := map[string]bool{}
	for _, p := range a.Parties {
		if err := checkCode(p.Member); err != nil || seen[p.Member] {
			return a, guichet.Errorf(guichet.KindInvalid, "%s names the party %q twice, or it is no member's code", name, clip(p.Member))
		}
		seen[p.Member] = true
	}
	return a, nil
}

// readJSON reads a canonical paper strictly: unknown fields, a second value and
// another spelling are refused.
func readJSON(name string, text []byte, into any) error {
	if len(text) > MaxFile {
		return guichet.Errorf(guichet.KindHostile, "%s has %d bytes; at most %d are read", name, len(text), MaxFile)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return guichet.Errorf(guichet.KindInvalid, "%s cannot be read: %w", name, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return guichet.Errorf(guichet.KindInvalid, "%s goes on after its end", name)
	}
	again, err := guichet.Canonical(into)
	if err != nil || !bytes.Equal(again, text) {
		return guichet.Errorf(guichet.KindInvalid, "%s is not canonical JSON (RFC 8785)", name).
			WithHint("send the file on as it came: an editor may have changed it")
	}
	return nil
}
