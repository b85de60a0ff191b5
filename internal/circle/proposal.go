package circle

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"guichet"
	"guichet/wording"
)

// MaxProposal is the largest proposal that is read, in bytes.
const MaxProposal = 24 << 20

// Proposal is a change of a circle on its way from member to member: the next
// versions of the papers it touches, the files they name, and the signatures
// gathered so far. It is one file. By and Why are what the proposer says; what
// the change is, Review works out from the papers alone.
type Proposal struct {
	Format   int       `json:"format"`
	Kind     string    `json:"kind"`      // "create", "join", "leave", "rotate", "lost", "paper", "agreement", "withdraw", "threshold", "role", "lists", "renew"
	Circle   string    `json:"circle"`    // name
	CircleID string    `json:"circle_id"` // guichet.Circle.ID
	Base     int64     `json:"base"`      // version of the circle that it changes; 0: there is none yet
	By       string    `json:"by"`
	Why      string    `json:"why"`
	Made     time.Time `json:"made"`
	// Wanted is the threshold that a founding proposal is to reach once all founders
	// are in; what is signed is the charter's.
	Wanted int `json:"wanted,omitempty"`
	// Papers are metadata by their place in the repository: "metadata/2.root.json".
	Papers map[string]json.RawMessage `json:"papers"`
	// Files are targets by their place: "targets/members/<sha256>.CA.json".
	Files map[string][]byte `json:"files"`
}

func kinds() []string {
	return []string{"create", "join", "leave", "rotate", "lost", "paper", "agreement", "withdraw", "threshold", "role", "lists", "renew"}
}

// ReadProposal parses a proposal. It trusts nothing in it: Review says whether it
// is about our circle and what it changes.
func ReadProposal(text []byte) (*Proposal, error) {
	if len(text) > MaxProposal {
		return nil, guichet.Errorf(guichet.KindHostile, "the proposal has %d bytes; at most %d are read", len(text), MaxProposal)
	}
	var p Proposal
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return nil, noProposal(text, err)
	}
	if p.Format != format {
		return nil, guichet.Errorf(guichet.KindVersion, "the proposal has format %d; this program reads %d", p.Format, format)
	}
	again, err := p.Bytes()
	if err != nil || !bytes.Equal(again, bytes.TrimSpace(text)) {
		return nil, guichet.Errorf(guichet.KindInvalid, "the proposal is not written as guichet writes it").
			WithHint("send the file on as it came: an editor may have changed it")
	}
	if !slices.Contains(kinds(), p.Kind) || p.Base < 0 || p.Base > maxVersion || p.Made.Location() != time.UTC {
		return nil, guichet.Errorf(guichet.KindInvalid, "the proposal has the kind %q, made of version %d", clip(p.Kind), p.Base)
	}
	const most = 2000
	if len(p.By) > most || len(p.Why) > most || len(p.Papers) > maxRoles || len(p.Files) > maxTargets {
		return nil, guichet.Errorf(guichet.KindHostile, "the proposal says more than %d letters, or holds more than %d papers", most, maxRoles)
	}
	for path := range p.Papers {
		if _, _, err := placeOf(path); err != nil {
			return nil, err
		}
	}
	return &p, nil
}

// noProposal says what was given in place of a proposal, as far as its beginning
// tells.
func noProposal(text []byte, err error) error {
	var fields map[string]json.RawMessage
	is := func(name string) bool { _, ok := fields[name]; return ok }
	what := wording.Say("it is no JSON")
	switch head := bytes.TrimSpace(text); {
	case len(head) == 0:
		what = wording.Say("the file is empty")
	case json.Unmarshal(head, &fields) == nil && is("payloadType"):
		what = wording.Say("it looks like a signed paper: an invitation, a join request or a notice of withdrawal")
	case is("files") && is("id"):
		what = wording.Say("it looks like a circle's bundle")
	case fields != nil:
		what = wording.Say("its fields are others (%s)", clip(err.Error()))
	case head[0] == '#' || bytes.Contains(head[:min(len(head), 1000)], []byte(": ")):
		what = wording.Say("it looks like a paper to fill in (YAML): a member's paper or an agreement that is not signed yet")
	}
	e := guichet.Errorf(guichet.KindInvalid, "this is no proposal: %s", what).WithHint("name a proposal as guichet circle create, admit or propose, or guichet agreement sign, has written it")
	e.Err = err
	return e
}

// Bytes writes the proposal: the same bytes for the same content, in whatever
// order the signatures came.
func (p *Proposal) Bytes() ([]byte, error) { return guichet.Canonical(p) }

// ID is the SHA-256 of what is to be signed, hex: the same for every copy of
// the proposal, whatever signatures it has.
func (p *Proposal) ID() (string, error) {
	digests := map[string]string{}
	for path, raw := range p.Papers {
		s, err := openPaper(path, raw)
		if err != nil {
			return "", err
		}
		digests[path] = s.digest
	}
	return guichet.DigestOf(map[string]any{"circle": p.CircleID, "base": p.Base, "papers": digests})
}

// place is a path of metadata: "metadata/2.root.json".
var place = regexp.MustCompile(`^metadata/(?:([1-9][0-9]{0,12})\.)?([A-Za-z0-9-]{1,80})\.json$`)

// placeOf is the role and the version in a path; 0 for the timestamp, which has
// none.
func placeOf(path string) (role string, version int64, err error) {
	m := place.FindStringSubmatch(path)
	if m == nil {
		return "", 0, guichet.Errorf(guichet.KindInvalid, "%q is no place of a paper", clip(path))
	}
	known := m[2] == "root" || m[2] == "targets" || m[2] == "snapshot" || paths(m[2]) != nil
	if (m[2] == "timestamp") != (m[1] == "") || m[1] != "" && !known {
		return "", 0, guichet.Errorf(guichet.KindInvalid, "%q is no place of a paper", clip(path))
	}
	if m[1] != "" {
		if version, err = strconv.ParseInt(m[1], 10, 64); err != nil {
			return "", 0, guichet.Errorf(guichet.KindInvalid, "%q is no place of a paper", clip(path))
		}
	}
	return m[2], version, nil
}

// signedPaper is a paper of any role, as far as signatures are concerned.
type signedPaper struct {
	role       string
	version    int64
	expires    time.Time
	payload    []byte
	digest     string
	signatures []metadata.Signature
}

func openPaper(path string, raw []byte) (signedPaper, error) {
	role, _, err := placeOf(path)
	if err != nil {
		return signedPaper{}, err
	}
	switch role {
	case "root":
		p, err := readRoot(role, raw)
		if err != nil {
			return signedPaper{}, err
		}
		return opened(role, p, p.Signed.Version, p.Signed.Expires)
	case "timestamp":
		p, err := readTimestamp(raw)
		if err != nil {
			return signedPaper{}, err
		}
		return opened(role, p, p.Signed.Version, p.Signed.Expires)
	case "snapshot":
		p, err := readSnapshot(raw)
		if err != nil {
			return signedPaper{}, err
		}
		return opened(role, p, p.Signed.Version, p.Signed.Expires)
	}
	p, err := readTargets(role, raw)
	if err != nil {
		return signedPaper{}, err
	}
	return opened(role, p, p.Signed.Version, p.Signed.Expires)
}

func opened[T metadata.Roles](role string, p *metadata.Metadata[T], version int64, expires time.Time) (signedPaper, error) {
	text, err := payload(p)
	if err != nil {
		return signedPaper{}, err
	}
	digest, err := digestOf(p)
	return signedPaper{role, version, expires, text, digest, p.Signatures}, err
}

// withSignatures writes a paper with other signatures, in order of their keys.
func withSignatures(raw []byte, signatures []metadata.Signature) (json.RawMessage, error) {
	var p struct {
		Signed     json.RawMessage      `json:"signed"`
		Signatures []metadata.Signature `json:"signatures"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "a paper cannot be read: %w", err)
	}
	p.Signatures = append([]metadata.Signature{}, signatures...)
	slices.SortFunc(p.Signatures, func(a, b metadata.Signature) int { return bytes.Compare([]byte(a.KeyID), []byte(b.KeyID)) })
	return guichet.Canonical(p)
}

// signedBy says whether a paper holds a good signature of a key.
func (s signedPaper) signedBy(id string, public ed25519.PublicKey) bool {
	return slices.ContainsFunc(s.signatures, func(sig metadata.Signature) bool {
		return sig.KeyID == id && ed25519.Verify(public, s.payload, sig.Signature)
	})
}

func (p *Proposal) clone() *Proposal {
	c := *p
	c.Papers, c.Files = maps.Clone(p.Papers), maps.Clone(p.Files)
	return &c
}
