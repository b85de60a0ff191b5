package portal

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"guichet"
)

// Proposer makes proposals to change a circle, and puts signed ones in force.
type Proposer interface {
	// Propose makes an agreement a proposal that nobody has signed yet.
	Propose(circle string, yaml []byte, why string) ([]byte, error)
	// Review says what a proposal changes, and what it lacks.
	Review(text []byte) (ProposalReview, error)
	// Merge puts the signatures of two copies of one proposal together.
	Merge(a, b []byte) ([]byte, error)
	// Publish makes a proposal that all have signed the circle's state at this home.
	Publish(ctx context.Context, text []byte) error
}

// Signer signs with the member's own key.
type Signer interface {
	// Here says whether that key is on this machine.
	Here(circle string) bool
	// Sign signs a proposal. KindRefused where the passphrase does not open the key.
	// What the passphrase is in is wiped.
	Sign(text, passphrase []byte) ([]byte, error)
}

// ProposalReview is what a proposal changes.
type ProposalReview struct {
	Circle, ID, Kind, By, Why string
	Changes                   []ProposalChange
	Missing                   []ProposalMissing
	Ready                     bool
	Whole                     []string // the agreements in it, as people read them
}

// ProposalChange is one thing that changes.
type ProposalChange struct {
	Code                          string       // of what is said by a text: "expires"
	Text                          guichet.Text // zero of a clause
	Clause, Before, After, Effect string
}

// ProposalMissing is who may still sign a paper.
type ProposalMissing struct {
	Paper      string
	Need, Have int
	Members    []string
}

// Bounds of guessing at a passphrase by these pages.
const (
	passphraseTries = 5
	passphraseIn    = 15 * time.Minute
)

// signing lets one sign at a time, and bounds how often a passphrase may be wrong.
type signing struct {
	mu    sync.Mutex // guards what follows, and is held while a key is opened
	wrong []time.Time
}

// sign signs, where it may be tried.
func (s *signing) sign(v *visit, text, passphrase []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := v.p.cfg.Clock()
	s.wrong = slices.DeleteFunc(s.wrong, func(t time.Time) bool { return now.Sub(t) > passphraseIn })
	if len(s.wrong) >= passphraseTries {
		return nil, guichet.Errorf(guichet.KindBusy, "%s", v.words.count("proposals.tries", passphraseTries))
	}
	out, err := v.p.cfg.Steward.Signer.Sign(text, passphrase)
	if guichet.KindOf(err) == guichet.KindRefused {
		s.wrong = append(s.wrong, now)
	}
	return out, err
}

// propose makes a draft a proposal.
func (p *Portal) propose(v *visit, x draftPaper, look DraftLook) error {
	if len(look.Unfilled) > 0 && v.r.PostForm.Get("unfilled") == "" {
		return p.draftShow(v, x, faults{{"unfilled", v.t("drafts.unfilled.tick", "clauses", strings.Join(look.Unfilled, ", "))}})
	}
	why := one(v.r.PostForm, "why", longestField)
	if why == "" {
		return p.draftShow(v, x, faults{{"why", v.t("withdraw.why.missing")}})
	}
	text, err := p.cfg.Steward.Proposer.Propose(x.Circle, []byte(x.Text), why)
	if k := guichet.KindOf(err); k == guichet.KindInvalid || k == guichet.KindRefused {
		return p.draftShow(v, x, faults{{"text", v.told(err)}})
	}
	if err != nil {
		return err
	}
	return p.keepProposal(v, text)
}

// keepProposal keeps a proposal; of one that is here already the signatures are put
// together.
func (p *Portal) keepProposal(v *visit, text []byte) error {
	r, err := p.cfg.Steward.Proposer.Review(text)
	if err != nil {
		return err
	}
	x := draftPaper{Circle: r.Circle, Signed: true, What: r.ID}
	for _, o := range p.papers.all() {
		if o.Signed && o.What == r.ID && o.Circle == r.Circle {
			x = o
			if text, err = p.cfg.Steward.Proposer.Merge([]byte(o.Text), text); err != nil {
				return err
			}
		}
	}
	x.Text, x.Name = string(text), r.Kind+"-"+r.ID[:min(len(r.ID), 8)]
	if err := p.keepPaper(v, &x); err != nil {
		return err
	}
	return v.redirect(v.to("/drafts/"+x.ID, nil))
}

// proposalPost takes in a proposal that another member sent as a file.
func (p *Portal) proposalPost(v *visit) error {
	got, err := p.receive(v, p.cfg.Steward.Drafts, longestProposal)
	if err != nil {
		return err
	}
	if got.part == "" || got.bytes == 0 {
		return errors.Join(got.drop(), p.draftsShow(v, got.form, faults{{"file", v.t("intake.file.missing")}}))
	}
	f, err := os.Open(got.part)
	if err != nil {
		return errors.Join(err, got.drop())
	}
	text, err := io.ReadAll(io.LimitReader(f, longestProposal))
	if err = errors.Join(err, f.Close(), got.drop()); err != nil {
		return err
	}
	if _, err := p.cfg.Steward.Proposer.Review(text); err != nil {
		if guichet.KindOf(err) == guichet.KindInternal {
			return err
		}
		return p.draftsShow(v, got.form, faults{{"file", v.t("proposals.none", "name", got.name, "why", v.told(err))}})
	}
	return p.keepProposal(v, text)
}

// proposalPage is what the page of a proposal receives.
type proposalPage struct {
	ID      string
	Review  ProposalReview
	Wrong   faults
	Title   string
	Changes sheet
	Texts   []string
	Papers  []string // of the circle that are made anew with it
	Missing sheet
	MaySign bool // our signature is missing
	KeyHere bool
	Stale   spoken // why it can no longer be used
}

func (p *Portal) proposalShow(v *visit, x draftPaper, wrong faults) error {
	page := proposalPage{ID: x.ID, Wrong: wrong, KeyHere: p.cfg.Steward.Signer.Here(x.Circle)}
	r, err := p.cfg.Steward.Proposer.Review([]byte(x.Text))
	if err != nil {
		page.Stale, _ = v.tells(err)
	}
	page.Review = r
	page.Title = v.t("proposals.of", "circle", cmp.Or(r.Circle, x.Circle))
	page.Changes = sheet{Title: v.t("proposals.changes"), Heads: v.heads("....", "drafts.clause", "proposals.before", "proposals.after", "proposals.effect")}
	const longest = 300
	for _, c := range r.Changes {
		if c.Clause == "" && c.Code == "expires" {
			page.Papers = append(page.Papers, v.daysIn(c.Text.In(v.lang)))
			continue
		}
		if c.Clause == "" {
			page.Texts = append(page.Texts, v.daysIn(c.Text.In(v.lang)))
			continue
		}
		tag := map[string]string{"widens": "yellow", "narrows": "green", "either": "blue"}[c.Effect]
		page.Changes.Rows = append(page.Changes.Rows, []sheetCell{
			codeCell(c.Clause), textCell(cmp.Or(tidy(c.Before, longest), v.t("code.none"))), textCell(cmp.Or(tidy(c.After, longest), v.t("code.none"))), {Text: v.words.or("proposals.effect."+c.Effect, c.Effect), Tag: tag},
		})
	}
	page.Missing = sheet{Title: v.t("proposals.missing"), Heads: v.heads(".#.", "proposals.paper", "proposals.have", "proposals.may")}
	for _, m := range r.Missing {
		page.MaySign = page.MaySign || slices.Contains(m.Members, p.cfg.Member)
		page.Missing.Rows = append(page.Missing.Rows, []sheetCell{paperCell(v, m.Paper), numCell(v.t("proposals.haveof", "have", v.words.whole(int64(m.Have)), "need", v.words.whole(int64(m.Need)))), textCell(v.areas(m.Members))})
	}
	code := http.StatusOK
	if wrong.Any() {
		code = http.StatusUnprocessableEntity
	}
	return v.show(code, "proposal", page.Title, page, func(s *shown) { s.Wrong = wrong.Any() })
}

// proposalSign signs a proposal with the member's key. The passphrase is in the form's
// body, which no log has, and in no page.
func (p *Portal) proposalSign(v *visit) error {
	x, ok := p.papers.get(v.r.PathValue("id"))
	if !ok || !x.Signed {
		return notKept()
	}
	if err := v.r.ParseForm(); err != nil {
		return guichet.Errorf(guichet.KindInvalid, "%s", v.t("error.form"))
	}
	words := []byte(v.r.PostForm.Get("passphrase"))
	v.r.PostForm.Del("passphrase")
	v.r.Form.Del("passphrase")
	if len(words) == 0 {
		return p.proposalShow(v, x, faults{{"passphrase", v.t("proposals.passphrase.missing")}})
	}
	text, err := p.signing.sign(v, []byte(x.Text), words)
	switch kind := guichet.KindOf(err); {
	case kind == guichet.KindRefused:
		return p.proposalShow(v, x, faults{{"passphrase", v.t("proposals.passphrase.wrong")}})
	case kind == guichet.KindBusy:
		return p.proposalShow(v, x, faults{{"passphrase", v.told(err)}})
	case err != nil:
		return err
	}
	x.Text = string(text)
	if err := p.keepPaper(v, &x); err != nil {
		return err
	}
	return v.redirect(v.to("/drafts/"+x.ID, nil))
}

// proposalPublish puts a proposal in force at this home.
func (p *Portal) proposalPublish(v *visit) error {
	x, ok := p.papers.get(v.r.PathValue("id"))
	if !ok || !x.Signed {
		return notKept()
	}
	if err := p.cfg.Steward.Proposer.Publish(v.r.Context(), []byte(x.Text)); err != nil {
		return err
	}
	if err := p.papers.drop(x.ID); err != nil {
		return err
	}
	return v.show(http.StatusOK, "published", v.t("proposals.published"), x.Circle)
}

// paperCell names a paper that is to be signed: an agreement by its name, what a circle
// itself consists of in words.
func paperCell(v *visit, name string) sheetCell {
	if words := v.words.or("paperfile."+name, ""); words != "" {
		return textCell(words)
	}
	return codeCell(name)
}

var isoDay = regexp.MustCompile(`\b[12][0-9]{3}-[01][0-9]-[0-3][0-9]\b`)

// daysIn writes the days in a sentence of the house as people read them.
func (v *visit) daysIn(text string) string {
	return strings.ReplaceAll(isoDay.ReplaceAllStringFunc(text, v.dayOf), "'", "\u2019")
}
