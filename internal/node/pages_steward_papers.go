package node

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"guichet"
	"guichet/internal/circle"
	"guichet/internal/portal"
	"guichet/internal/seal"
)

// ceremonies are those of a circle at this home, without another opening of it.
func (s stewardPages) ceremonies(circle string) (*Ceremonies, error) {
	c := &Ceremonies{n: s.n}
	name, err := circleIn(s.n.Home().Path, circle)
	if err != nil {
		return nil, err
	}
	return c, c.use(name)
}

// Templates are agreements to start from.
func (stewardPages) Templates() []portal.DraftTemplate {
	var out []portal.DraftTemplate
	for _, t := range AgreementTemplates() {
		out = append(out, portal.DraftTemplate(t))
	}
	return out
}

// Draft writes a draft.
func (s stewardPages) Draft(d portal.DraftAsk) ([]byte, error) {
	c, err := s.ceremonies(d.Circle)
	if err != nil {
		return nil, err
	}
	now, err := c.Circle()
	if err != nil {
		return nil, err
	}
	return DraftAgreement(s.n.cfg, AgreementDraft{Template: d.Template, ID: d.ID, Parties: d.Parties, Circle: d.Circle, From: d.From, Until: d.Until}, now)
}

// Look reads a draft.
func (s stewardPages) Look(yaml []byte) (portal.DraftLook, error) {
	a, faults, err := ReadAgreement(yaml)
	if err != nil {
		return portal.DraftLook{}, err
	}
	out := portal.DraftLook{
		ID: a.ID, Circle: a.Circle, Version: a.Version, Title: a.Title, Unfilled: Unfilled(a),
		Party: slices.ContainsFunc(a.Parties, func(p guichet.AgreementParty) bool { return p.Member == s.n.Home().Member }),
	}
	for _, f := range faults {
		out.Faults = append(out.Faults, portal.DraftFault{Clause: f.Clause, Text: f.Text, Advice: f.Advice})
	}
	return out, nil
}

// agreement is a draft that has no fault.
func (stewardPages) agreement(yaml []byte) (guichet.Agreement, error) {
	a, faults, err := ReadAgreement(yaml)
	if err == nil && len(faults) > 0 {
		err = guichet.Errorf(guichet.KindInvalid, "%s: %s", faults[0].Clause, faults[0].Text).WithHint("%s", faults[0].Advice)
	}
	return a, err
}

// Preview asks our own desk as each party would.
func (s stewardPages) Preview(ctx context.Context, circle string, yaml []byte, lang string) ([]portal.DraftPreview, error) {
	c, err := s.ceremonies(circle)
	if err != nil {
		return nil, err
	}
	a, err := s.agreement(yaml)
	if err != nil {
		return nil, err
	}
	list, err := c.Preview(ctx, a, lang)
	if err != nil {
		return nil, err
	}
	var out []portal.DraftPreview
	for _, p := range list {
		x := portal.DraftPreview{Member: p.Member}
		for _, t := range p.Tries {
			x.Tries = append(x.Tries, portal.DraftTry{Text: t.Text, Purpose: t.Purpose, Decision: t.Decision, Rows: t.Rows, Hidden: t.Hidden, Gaps: t.Gaps})
		}
		if p.Sample != nil {
			x.Sample = &p.Sample.Answer
		}
		out = append(out, x)
	}
	return out, nil
}

// Propose makes an agreement a proposal.
func (s stewardPages) Propose(circle string, yaml []byte, why string) ([]byte, error) {
	c, err := s.ceremonies(circle)
	if err != nil {
		return nil, err
	}
	a, err := s.agreement(yaml)
	if err != nil {
		return nil, err
	}
	return c.Propose(Change{Why: why, Agreement: &a})
}

// Review says what a proposal changes. Of circles that this home is not in it says that
// there is none.
func (s stewardPages) Review(text []byte) (portal.ProposalReview, error) {
	r, err := (&Ceremonies{n: s.n}).Review(text)
	if err != nil {
		return portal.ProposalReview{}, err
	}
	if _, err := circleIn(s.n.Home().Path, r.Circle); err != nil {
		return portal.ProposalReview{}, err
	}
	out := portal.ProposalReview{Circle: r.Circle, ID: r.ID, Kind: r.Kind, By: r.By, Why: r.Why, Ready: r.Ready}
	if out.Whole, err = agreementsIn(text); err != nil {
		return portal.ProposalReview{}, err
	}
	for _, e := range r.Changes {
		out.Changes = append(out.Changes, portal.ProposalChange{Code: e.Code, Text: e.Text, Clause: e.Clause, Before: e.Before, After: e.After, Effect: e.Effect})
	}
	for _, m := range r.Missing {
		out.Missing = append(out.Missing, portal.ProposalMissing(m))
	}
	return out, nil
}

// agreementsIn are the agreements of a proposal that was reviewed, as people read them.
func agreementsIn(text []byte) ([]string, error) {
	p, err := circle.ReadProposal(text)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, place := range slices.Sorted(maps.Keys(p.Files)) {
		if !strings.Contains(place, "/agreements/") {
			continue
		}
		var a guichet.Agreement
		if err := json.Unmarshal(p.Files[place], &a); err != nil {
			return nil, fmt.Errorf("agreement of a proposal: %w", err)
		}
		yaml, err := WriteAgreement(a)
		if err != nil {
			return nil, err
		}
		out = append(out, string(yaml))
	}
	return out, nil
}

// Merge puts signatures together.
func (s stewardPages) Merge(a, b []byte) ([]byte, error) {
	return (&Ceremonies{n: s.n}).Merge([][]byte{a, b})
}

// Publish puts a proposal in force at this home.
func (s stewardPages) Publish(ctx context.Context, text []byte) error {
	_, err := (&Ceremonies{n: s.n}).Publish(ctx, text)
	return err
}

// Here says whether the member's key is on this machine.
func (s stewardPages) Here(circle string) bool {
	c, err := s.ceremonies(circle)
	if err != nil {
		return false
	}
	_, member := c.KeyPaths()
	_, err = os.Stat(member)
	return err == nil
}

// Sign signs a proposal. The passphrase is wiped whatever comes of it.
func (s stewardPages) Sign(text, passphrase []byte) ([]byte, error) {
	defer seal.Wipe(passphrase)
	cfg := s.n.cfg
	cfg.MemberPassphrase = func() ([]byte, error) { return slices.Clone(passphrase), nil }
	c := &Ceremonies{n: &Node{cfg: cfg, store: s.n.store, desk: s.n.desk}}
	return c.Sign(text)
}
