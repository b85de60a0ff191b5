package node

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"guichet"
	"guichet/internal/agreement"
	"guichet/internal/circle"
)

// AgreementTemplate is an agreement to start from.
type AgreementTemplate struct {
	Name  string       `json:"name"`
	About guichet.Text `json:"about"`
}

// AgreementTemplates returns those that come with guichet.
func AgreementTemplates() []AgreementTemplate {
	out := []AgreementTemplate{}
	for _, t := range agreement.Templates(datasets()) {
		out = append(out, AgreementTemplate{t.Name, t.About})
	}
	return out
}

// Purpose is a purpose that agreements permit or forbid.
type Purpose struct {
	Word string       `json:"word"`
	DPV  string       `json:"dpv"` // of the W3C Data Privacy Vocabulary
	Use  string       `json:"use"` // "statistical", "enforcement", "operations"
	Text guichet.Text `json:"text"`
}

// Purposes returns the purposes that are known.
func Purposes() []Purpose {
	out := []Purpose{}
	for _, p := range agreement.Purposes() {
		out = append(out, Purpose{Word: p.Word, DPV: p.DPV, Use: p.Use, Text: p.Text})
	}
	return out
}

// AgreementDraft says what a draft is made of.
type AgreementDraft struct {
	Template    string
	ID          string   // "" the template's name
	Parties     []string // member codes
	Circle      string
	From, Until string // days; "" today and three years on
}

// DraftAgreement writes an agreement from a template, as YAML to be edited. With
// the circle at hand its members' offices are filled in.
func DraftAgreement(cfg Config, d AgreementDraft, c guichet.Circle) ([]byte, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	t, ok := agreement.TemplateBy(datasets(), d.Template)
	if !ok {
		var names []string
		for _, x := range agreement.Templates(datasets()) {
			names = append(names, x.Name)
		}
		return nil, guichet.Errorf(guichet.KindNotFound, "there is no template %q; there are: %s", d.Template, join(names)).WithHint("say one of these with --template")
	}
	a := t.Paper
	a.ID, a.Circle, a.Version = cmp.Or(d.ID, a.ID, t.Name), cmp.Or(d.Circle, c.Name, a.Circle), 1
	today := cfg.Clock().UTC()
	const years = 3
	a.Validity.From = cmp.Or(d.From, today.Format(time.DateOnly))
	a.Validity.Until = cmp.Or(d.Until, today.AddDate(years, 0, -1).Format(time.DateOnly))
	if len(d.Parties) > 0 {
		a.Parties = nil
		for _, code := range d.Parties {
			if err := knownMember(code); err != nil {
				return nil, err
			}
			a.Parties = append(a.Parties, guichet.AgreementParty{Member: code, Role: "party", Offices: officesOf(c, code)})
		}
		a.LegalBasis = statedBy(a.LegalBasis, d.Parties)
		a.Controllers = statedBy(a.Controllers, d.Parties)
		a.Contacts = statedBy(a.Contacts, d.Parties)
		// Nobody cosigns its own journal.
		a.Security.Witnesses = min(a.Security.Witnesses, len(a.Parties)-1)
	}
	return circle.WriteAgreement(a)
}

// officesOf are a member's offices as the circle's papers name them.
func officesOf(c guichet.Circle, code string) []string {
	out := []string{}
	if m, ok := c.Member(code); ok {
		for _, o := range m.Offices {
			out = append(out, o.ID)
		}
	}
	if len(out) == 0 {
		out = append(out, "statistics")
	}
	return out
}

// statedBy gives each party the statement that a template has for any.
func statedBy(of []guichet.OfParty, parties []string) []guichet.OfParty {
	var out []guichet.OfParty
	for _, p := range parties {
		x := guichet.OfParty{Member: p}
		if i := slices.IndexFunc(of, func(o guichet.OfParty) bool { return o.Member == p }); i >= 0 {
			x.Text = of[i].Text
		} else if len(of) > 0 { // what is to be filled in names who fills it in
			x.Text = guichet.Text{EN: strings.ReplaceAll(of[0].Text.EN, of[0].Member, p), FR: strings.ReplaceAll(of[0].Text.FR, of[0].Member, p)}
		}
		out = append(out, x)
	}
	return out
}

// AgreementFault is something in an agreement that is not as it must be.
type AgreementFault struct {
	Clause string       `json:"clause"`
	Text   guichet.Text `json:"text"`
	Advice guichet.Text `json:"advice"`
}

// ReadAgreement reads an agreement that a person wrote, and all its faults.
func ReadAgreement(yaml []byte) (guichet.Agreement, []AgreementFault, error) {
	a, err := circle.ReadAgreement(yaml)
	if err != nil {
		return a, nil, err
	}
	faults := []AgreementFault{}
	for _, f := range agreement.Check(a, datasets()) {
		faults = append(faults, AgreementFault{Clause: f.Clause, Text: f.Text, Advice: f.Advice})
	}
	return a, faults, nil
}

// Unfilled are the statements of an agreement that still say that they are to be
// filled in, by their clauses: it may be previewed, and not signed.
func Unfilled(a guichet.Agreement) []string {
	var out []string
	for clause, list := range map[string][]guichet.OfParty{"legal_basis": a.LegalBasis, "controllers": a.Controllers, "contacts": a.Contacts} {
		for _, o := range list {
			if strings.HasPrefix(o.Text.EN, agreement.ToBeNamed) {
				out = append(out, clause+"["+o.Member+"]")
			}
		}
	}
	slices.Sort(out)
	return out
}

// DiffAgreements says what changes from one paper to the next, clause by clause.
func DiffAgreements(before, after guichet.Agreement) []Explained {
	out := []Explained{}
	for _, c := range agreement.Diff(before, after, datasets()) {
		out = append(out, Explained{Clause: c.Clause, Before: c.Before, After: c.After, Effect: c.Effect})
	}
	return out
}

// ODRL writes an agreement as an ODRL policy (JSON-LD): an Offer while it is a
// draft, an Agreement once all have signed.
func ODRL(a guichet.Agreement, signed bool) any {
	if signed {
		return agreement.ODRL(a, "Agreement")
	}
	return agreement.ODRL(a, "Offer")
}

// WriteAgreement writes an agreement for people, as YAML.
func WriteAgreement(a guichet.Agreement) ([]byte, error) { return circle.WriteAgreement(a) }

// Agreement returns a signed agreement by its id.
func (c *Ceremonies) Agreement(id string) (guichet.Agreement, error) {
	now, err := c.Circle()
	if err != nil {
		return guichet.Agreement{}, err
	}
	i := slices.IndexFunc(now.Agreements, func(a guichet.Agreement) bool { return a.ID == id })
	if i < 0 {
		var ids []string
		for _, a := range now.Agreements {
			ids = append(ids, a.ID)
		}
		return guichet.Agreement{}, guichet.Errorf(guichet.KindNotFound, "the circle %s has no agreement %q signed by all its parties; it has: %s", c.name, id, cmp.Or(strings.Join(ids, ", "), "none")).
			WithHint("'guichet agreement list' shows those that there are")
	}
	return now.Agreements[i], nil
}

// Withdrawal is what one party says alone of an agreement.
type Withdrawal struct {
	Agreement   string
	Kind        string // "withdraw", "suspend", "lift"
	Of          string // the member that is suspended
	From, Until string // days; "" today, and until it is lifted
	Reason      guichet.Text
}

// Withdraw writes a notice, signed by the member's key, and puts it in force at
// this home at once: from then on our desk refuses.
func (c *Ceremonies) Withdraw(w Withdrawal) ([]byte, error) {
	repo, err := c.standing()
	if err != nil {
		return nil, err
	}
	a, err := c.Agreement(w.Agreement)
	if err != nil {
		return nil, err
	}
	notice, err := c.notice(a, w)
	if err != nil {
		return nil, err
	}
	key, held, err := c.memberKey()
	if err != nil {
		return nil, err
	}
	defer held.Close()
	text, err := circle.Withdraw(notice, key)
	if err != nil {
		return nil, err
	}
	return text, repo.Receive(text)
}

// notice is what a withdrawal says as a paper. The highest serial of a member
// counts, so each says all that the member holds to.
func (c *Ceremonies) notice(a guichet.Agreement, w Withdrawal) (circle.Withdrawal, error) {
	st, err := c.repo.State()
	if err != nil {
		return circle.Withdrawal{}, err
	}
	us := c.n.Home().Member
	n := circle.Withdrawal{Circle: st.Name, CircleID: st.ID, Agreement: a.ID, Version: a.Version, Member: us, Serial: 1, Made: c.now(), Reason: w.Reason}
	for _, before := range st.Withdrawals {
		if before.Member == us && before.Agreement == a.ID && before.Version == a.Version && before.Serial >= n.Serial {
			n.Serial, n.From, n.Suspends = before.Serial+1, before.From, slices.Clone(before.Suspends)
		}
	}
	from := cmp.Or(w.From, c.now().Format(time.DateOnly))
	switch w.Kind {
	case "withdraw":
		n.From = from
	case "suspend":
		n.Suspends = append(n.Suspends, guichet.Suspension{Member: w.Of, From: from, Until: w.Until, Reason: w.Reason})
	case "lift":
		n.Suspends = slices.DeleteFunc(n.Suspends, func(s guichet.Suspension) bool { return w.Of == "" || s.Member == w.Of })
	default:
		return n, guichet.Errorf(guichet.KindInvalid, "there is no notice of kind %q", w.Kind).WithHint("withdraw, suspend or lift")
	}
	return n, nil
}

// Receive puts another party's notice in force at this home.
func (c *Ceremonies) Receive(notice []byte) error {
	repo, err := c.standing()
	if err != nil {
		return err
	}
	return repo.Receive(notice)
}

// SealAgreement writes a signed agreement as a DSSE envelope with this member's
// signature, for whoever keeps it outside the circle's papers.
func (c *Ceremonies) SealAgreement(a guichet.Agreement) ([]byte, error) {
	key, held, err := c.memberKey()
	if err != nil {
		return nil, err
	}
	defer held.Close()
	return circle.SealAgreement(a, key)
}
