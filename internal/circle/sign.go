package circle

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"guichet"
	"guichet/wording"
)

// Missing is what a paper of a proposal still needs.
type Missing struct {
	Paper   string       `json:"paper"` // "root", "targets", "agreement-b5-covid"
	Need    int          `json:"need"`
	Have    int          `json:"have"`
	Members []string     `json:"members"` // who may still sign, by code
	Text    guichet.Text `json:"text"`
}

// need is one reason for which a paper must be signed. A root must satisfy both
// its own rule and that of the root before.
type need struct {
	path, paper string
	keys        []string
	threshold   int
	why         guichet.Text
}

// keysOf are all public keys that a proposal can be signed with, by TUF id.
func keysOf(views ...*view) map[string]ed25519.PublicKey {
	keys := map[string]ed25519.PublicKey{}
	for _, v := range views {
		if v == nil {
			continue
		}
		for _, m := range []map[string]*metadata.Key{v.root.Signed.Keys, v.targets.Signed.Delegations.Keys} {
			for id, k := range m {
				if public, err := publicOf(k); err == nil {
					keys[id] = public
				}
			}
		}
	}
	return keys
}

// needs lists why the papers of a proposal must be signed, and by whom.
func needs(base, next *view, p *Proposal) []need {
	var all []need
	for _, path := range slices.Sorted(maps.Keys(p.Papers)) {
		role, _, err := placeOf(path)
		if err != nil {
			continue // preview has refused it
		}
		add := func(keys []string, threshold int, en, fr string) {
			all = append(all, need{path, role, keys, threshold, guichet.Text{EN: en, FR: fr}})
		}
		if own := next.root.Signed.Roles[role]; own != nil {
			add(own.KeyIDs, own.Threshold, "by the rule of the circle", "selon la règle du cercle")
		}
		for _, d := range next.targets.Signed.Delegations.Roles {
			if d.Name == role {
				add(d.KeyIDs, d.Threshold, "by all who sign this paper", "par tous ceux qui signent cet acte")
			}
		}
		if role != metadata.ROOT {
			continue
		}
		if base != nil {
			was := base.root.Signed.Roles[role]
			add(was.KeyIDs, was.Threshold, "by the rule in force before", "selon la règle en vigueur jusqu'ici")
		}
		switch p.Kind {
		case "create":
			ids := next.root.Signed.Roles[role].KeyIDs
			add(ids, len(ids), "a circle is founded by all", "un cercle est fondé par tous")
		case "rotate", "lost":
			for _, id := range changedKeys(base, next, p.Kind == "rotate") {
				add([]string{id}, 1, "by the key itself", "par la clé elle-même")
			}
		}
	}
	return all
}

// changedKeys are the keys that enter, and with old those that they replace.
func changedKeys(base, next *view, old bool) []string {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(next.content.keys)) {
		if _, ok := base.content.keys[id]; !ok {
			ids = append(ids, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(base.content.keys)) {
		if _, ok := next.content.keys[id]; old && !ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// missingOf says what a proposal still needs, paper by paper.
func missingOf(base, next *view, p *Proposal) []Missing {
	keys := keysOf(base, next)
	var all []Missing
	for _, n := range needs(base, next, p) {
		s := next.opened[n.path]
		m := Missing{Paper: n.paper, Need: n.threshold}
		for _, id := range n.keys {
			if s.signedBy(id, keys[id]) {
				m.Have++
				continue
			}
			m.Members = append(m.Members, ownerOf(id, base, next))
		}
		if m.Have >= m.Need {
			continue
		}
		slices.Sort(m.Members)
		m.Text = guichet.Text{
			EN: fmt.Sprintf("%s: %d of %d signatures, %s; may still sign: %s", m.Paper, m.Have, m.Need, n.why.EN, strings.Join(m.Members, ", ")),
			FR: fmt.Sprintf("%s : %d signatures sur %d, %s ; peuvent encore signer : %s", m.Paper, m.Have, m.Need, n.why.FR, strings.Join(m.Members, ", ")),
		}
		all = append(all, m)
	}
	return all
}

// stillToSign says in one line who must sign, and how many of those who may: the
// papers of a proposal mostly lack the same signatures.
func stillToSign(missing []Missing) wording.Sentence {
	type group struct {
		members []string
		more    int
		papers  []string
	}
	must := map[string][]string{}
	for _, m := range missing {
		if m.Need-m.Have < len(m.Members) {
			continue
		}
		for _, code := range m.Members {
			must[code] = append(must[code], m.Paper)
		}
	}
	var groups []group
	for _, m := range missing {
		others := slices.DeleteFunc(slices.Clone(m.Members), func(code string) bool { return must[code] != nil })
		g := group{others, m.Need - m.Have - (len(m.Members) - len(others)), []string{m.Paper}}
		if g.more <= 0 {
			continue
		}
		i := slices.IndexFunc(groups, func(o group) bool { return slices.Equal(o.members, others) })
		switch {
		case i < 0:
			groups = append(groups, g)
		case groups[i].more == g.more:
			groups[i].papers = append(groups[i].papers, m.Paper)
		case groups[i].more < g.more: // who signs the paper that needs most signs the rest too
			groups[i] = g
		}
	}
	var words []wording.Sentence
	named := func(papers []string) string {
		return strings.Join(slices.Compact(slices.Sorted(slices.Values(papers))), ", ")
	}
	of := map[string][]string{} // papers -> members that must sign these
	for _, code := range slices.Sorted(maps.Keys(must)) {
		of[named(must[code])] = append(of[named(must[code])], code)
	}
	for _, papers := range slices.Sorted(maps.Keys(of)) {
		words = append(words, wording.Say("%s (%s)", strings.Join(of[papers], ", "), papers))
	}
	for _, g := range groups {
		words = append(words, wording.Say("%d of %s (%s)", g.more, strings.Join(g.members, ", "), named(g.papers)))
	}
	return wording.Several(words, "; ")
}

// ownerOf is the member whose key it is; of a key that is being replaced, with
// a word that tells the two apart.
func ownerOf(id string, base, next *view) string {
	if code, ok := next.content.keys[id]; ok {
		return code
	}
	if base != nil {
		if code, ok := base.content.keys[id]; ok {
			return code + " (key before)"
		}
	}
	return "?"
}

// Sign reviews a proposal and adds the key's signature to every paper that it may
// sign. KindRefused where it may sign none. The proposal given is not changed.
func (r *Repository) Sign(p *Proposal, key crypto.Signer) (*Proposal, error) {
	base, err := r.viewOrNone()
	if err != nil {
		return nil, err
	}
	next, err := r.preview(base, p)
	if err != nil {
		return nil, err
	}
	public, err := publicOfSigner(key)
	if err != nil {
		return nil, err
	}
	_, id, err := tufKey(public)
	if err != nil {
		return nil, err
	}
	out, signed := p.clone(), map[string]bool{}
	for _, n := range needs(base, next, p) {
		if signed[n.path] || !slices.Contains(n.keys, id) {
			continue
		}
		signed[n.path] = true
		if out.Papers[n.path], err = addSignature(next.opened[n.path], out.Papers[n.path], id, key); err != nil {
			return nil, err
		}
	}
	if len(signed) == 0 {
		return nil, guichet.Errorf(guichet.KindRefused, "the key %s has nothing to sign in this proposal", KeyID(public)).
			WithHint("guichet circle review says who may still sign; the key must be the member's of the circle, not the node's")
	}
	return out, nil
}

func addSignature(s signedPaper, raw json.RawMessage, id string, key crypto.Signer) (json.RawMessage, error) {
	if slices.ContainsFunc(s.signatures, func(sig metadata.Signature) bool { return sig.KeyID == id }) {
		return raw, nil // preview has verified it
	}
	sig, err := signWith(key, s.payload)
	if err != nil {
		return nil, err
	}
	return withSignatures(raw, append(slices.Clone(s.signatures), metadata.Signature{KeyID: id, Signature: sig}))
}

// Merge joins the signatures of copies of one proposal that were signed at the
// same time. The order makes no difference. A copy that was tampered with refuses
// the whole: it is told, not left out in silence.
func (r *Repository) Merge(ps ...*Proposal) (*Proposal, error) {
	if len(ps) == 0 {
		return nil, guichet.Errorf(guichet.KindInvalid, "there is no proposal to merge")
	}
	base, err := r.viewOrNone()
	if err != nil {
		return nil, err
	}
	out := ps[0].clone()
	first, err := out.ID()
	if err != nil {
		return nil, err
	}
	for i, p := range ps {
		id, err := p.ID()
		if err != nil {
			return nil, err
		}
		if id != first || p.Kind != out.Kind || p.By != out.By || p.Why != out.Why || !p.Made.Equal(out.Made) {
			return nil, guichet.Errorf(guichet.KindInvalid, "number %d is another proposal than the first", i+1).WithHint("merge copies of one proposal: guichet circle review shows its ID")
		}
		if _, err := r.preview(base, p); err != nil {
			return nil, err
		}
		if err := out.take(p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// take adds the signatures of a copy. Of two good signatures by one key the
// smaller stays, so that the order of merging makes no difference.
func (p *Proposal) take(o *Proposal) error {
	for path, raw := range o.Papers {
		ours, err := openPaper(path, p.Papers[path])
		if err != nil {
			return err
		}
		theirs, err := openPaper(path, raw)
		if err != nil {
			return err
		}
		all := map[string]metadata.Signature{}
		for _, s := range slices.Concat(ours.signatures, theirs.signatures) {
			if have, ok := all[s.KeyID]; !ok || bytes.Compare(s.Signature, have.Signature) < 0 {
				all[s.KeyID] = s
			}
		}
		if p.Papers[path], err = withSignatures(raw, slices.Collect(maps.Values(all))); err != nil {
			return err
		}
	}
	return nil
}
