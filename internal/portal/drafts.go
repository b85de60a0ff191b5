package portal

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"guichet"
)

// Bounds of drafts and proposals.
const (
	longestDraft    = 256 << 10
	longestProposal = 2 << 20
	draftsKept      = 100
	draftKeptFor    = 365 * 24 * time.Hour
)

// Drafter writes and previews agreements that are not signed yet.
type Drafter interface {
	Templates() []DraftTemplate
	Draft(d DraftAsk) ([]byte, error)
	// Look reads an agreement that a person wrote; the error says that it cannot be read.
	Look(yaml []byte) (DraftLook, error)
	// Preview asks our own desk as each other party would; nothing is sent or signed.
	Preview(ctx context.Context, circle string, yaml []byte, lang string) ([]DraftPreview, error)
}

// DraftTemplate is an agreement to start from.
type DraftTemplate struct {
	Name  string
	About guichet.Text
}

// DraftAsk says what a draft is made of.
type DraftAsk struct {
	Circle, Template, ID, From, Until string
	Parties                           []string
}

// DraftLook is what is found in a draft.
type DraftLook struct {
	ID, Circle string
	Version    int
	Title      guichet.Text
	Faults     []DraftFault
	Unfilled   []string // clauses that a template left to the parties
	Party      bool     // we are one
}

// DraftFault is something that is not as it must be.
type DraftFault struct {
	Clause       string
	Text, Advice guichet.Text
}

// DraftPreview is what one party would be given.
type DraftPreview struct {
	Member string
	Tries  []DraftTry
	Sample *guichet.Answer
}

// DraftTry is a question that the party might put.
type DraftTry struct {
	Text         guichet.Text
	Purpose      string
	Decision     guichet.Decision
	Rows, Hidden int
	Gaps         []guichet.Gap
}

// draftPaper is a draft, or a proposal, that is kept here.
type draftPaper struct {
	ID      string    `json:"id"`
	Owner   string    `json:"owner"`
	Circle  string    `json:"circle"`
	Name    string    `json:"name"` // the agreement's id, or the proposal's kind
	Text    string    `json:"text"`
	Signed  bool      `json:"signed"`         // it is a proposal: what it says is fixed
	What    string    `json:"what,omitempty"` // of a proposal: the digest of what is signed
	Changed time.Time `json:"changed"`
}

// draftsPage is what the list of drafts receives.
type draftsPage struct {
	Wrong      faults
	Papers     sheet
	Form       url.Values
	Circles    []choice
	Templates  []choice
	Parties    []choice
	OnlyCircle string
}

// drafts lists what is being written, and has the forms that begin something.
func (p *Portal) drafts(v *visit) error { return p.draftsShow(v, url.Values{}, nil) }

func (p *Portal) draftsShow(v *visit, form url.Values, wrong faults) error {
	page := draftsPage{Wrong: wrong, Form: form, Papers: sheet{Title: v.t("drafts.list"), Heads: v.heads("....", "drafts.what", "drafts.kind", "withdraw.circle", "drafts.changed")}}
	all := p.papers.all()
	slices.SortFunc(all, func(a, b draftPaper) int { return cmp.Or(b.Changed.Compare(a.Changed), strings.Compare(a.ID, b.ID)) })
	for _, x := range all {
		kind, tag := v.t("drafts.kind.draft"), "yellow"
		if x.Signed {
			kind, tag = v.t("drafts.kind.proposal"), "blue"
		}
		page.Papers.Rows = append(page.Papers.Rows, []sheetCell{{Text: x.Name, To: v.to("/drafts/"+x.ID, nil)}, {Text: kind, Tag: tag}, textCell(x.Circle), textCell(v.words.moment(x.Changed))})
	}
	members := map[string]bool{}
	for _, s := range p.cfg.Seats {
		c := s.Circle()
		page.Circles = append(page.Circles, choice{Value: c.Name, Text: c.Name, Chosen: form.Get("circle") == c.Name})
		for _, m := range c.Members {
			if m.HasLeft(p.cfg.Clock()) || members[m.Code] {
				continue
			}
			members[m.Code] = true
			page.Parties = append(page.Parties, choice{Value: m.Code, Text: areaName(m.Code, v.lang), Chosen: slices.Contains(form["party"], m.Code) || len(form) == 0 && m.Code == p.cfg.Member})
		}
	}
	if len(page.Circles) == 1 {
		page.OnlyCircle = page.Circles[0].Value
	}
	for _, x := range p.cfg.Steward.Drafter.Templates() {
		page.Templates = append(page.Templates, choice{Value: x.Name, Text: x.About.In(v.lang), Chosen: form.Get("template") == x.Name})
	}
	code := http.StatusOK
	if wrong.Any() {
		code = http.StatusUnprocessableEntity
	}
	return v.show(code, "drafts", v.t("drafts.title"), page, func(s *shown) { s.Wrong = wrong.Any() })
}

var agreementID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,60}$`)

// draftsPost begins a draft from a template.
func (p *Portal) draftsPost(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		return guichet.Errorf(guichet.KindInvalid, "%s", v.t("error.form"))
	}
	f := v.r.PostForm
	ask, wrong := DraftAsk{Circle: one(f, "circle", 64), Template: one(f, "template", 64), ID: one(f, "id", 80), From: one(f, "from", 20), Until: one(f, "until", 20), Parties: many(f, "party", 50, 10)}, faults{}
	seat, err := p.seat(ask.Circle)
	if err != nil {
		return err
	}
	ask.Circle = seat.Circle().Name
	if !slices.ContainsFunc(p.cfg.Steward.Drafter.Templates(), func(t DraftTemplate) bool { return t.Name == ask.Template }) {
		wrong.add("template", v.t("drafts.template.missing"))
	}
	if ask.ID != "" && !agreementID.MatchString(ask.ID) {
		wrong.add("id", v.t("drafts.id.wrong", "text", ask.ID))
	}
	if len(ask.Parties) < 2 || !slices.Contains(ask.Parties, p.cfg.Member) {
		wrong.add("party", v.t("drafts.party.few"))
	}
	for _, x := range []struct{ field, text string }{{"from", ask.From}, {"until", ask.Until}} {
		if _, err := time.Parse(time.DateOnly, x.text); x.text != "" && err != nil {
			wrong.add(x.field, v.t("intake.released.wrong", "text", x.text))
		}
	}
	if ask.From != "" && ask.Until != "" && ask.Until < ask.From && !wrong.Any() {
		wrong.add("until", v.t("drafts.until.before"))
	}
	if wrong.Any() {
		return p.draftsShow(v, f, wrong)
	}
	text, err := p.cfg.Steward.Drafter.Draft(ask)
	if err != nil {
		return err
	}
	x := draftPaper{Circle: ask.Circle, Name: cmp.Or(ask.ID, ask.Template), Text: string(text)}
	if err := p.keepPaper(v, &x); err != nil {
		return err
	}
	return v.redirect(v.to("/drafts/"+x.ID, nil))
}

// keepPaper keeps a draft or a proposal; a new one is given an id.
func (p *Portal) keepPaper(v *visit, x *draftPaper) error {
	if x.ID == "" {
		for _, o := range p.papers.all() {
			if p.cfg.Clock().Sub(o.Changed) > draftKeptFor {
				if err := p.papers.drop(o.ID); err != nil {
					return err
				}
			}
		}
		if len(p.papers.all()) >= draftsKept {
			return guichet.Errorf(guichet.KindBusy, "%s", v.words.count("drafts.many", draftsKept))
		}
		id, err := p.chance()
		if err != nil {
			return err
		}
		x.ID, x.Owner = id, v.person.Pseudonym
	}
	x.Changed = p.cfg.Clock()
	return p.papers.put(x.ID, *x)
}

// draftPage is what the page of a draft receives.
type draftPage struct {
	ID, Name, Circle string
	Text             string
	Wrong            faults
	Look             DraftLook
	Broken           spoken // it cannot be read: why
	Faults           sheet
	Good             bool
	Saved            bool
	Why              string
}

// draft shows a draft to be edited, or a proposal.
func (p *Portal) draft(v *visit) error {
	x, ok := p.papers.get(v.r.PathValue("id"))
	if !ok {
		return notKept()
	}
	if x.Signed {
		return p.proposalShow(v, x, nil)
	}
	return p.draftShow(v, x, nil)
}

func (p *Portal) draftShow(v *visit, x draftPaper, wrong faults) error {
	page := draftPage{ID: x.ID, Name: x.Name, Circle: x.Circle, Text: x.Text, Wrong: wrong, Saved: v.r.URL.Query().Has("saved"), Why: v.r.PostForm.Get("why")}
	look, err := p.cfg.Steward.Drafter.Look([]byte(x.Text))
	if err != nil {
		page.Broken, _ = v.tells(err)
	}
	page.Look, page.Good = look, err == nil && len(look.Faults) == 0
	page.Faults = sheet{Title: v.t("drafts.faults"), Heads: v.heads("...", "drafts.clause", "drafts.wrong", "drafts.advice")}
	for _, f := range look.Faults {
		page.Faults.Rows = append(page.Faults.Rows, []sheetCell{codeCell(f.Clause), textCell(f.Text.In(v.lang)), textCell(f.Advice.In(v.lang))})
	}
	code := http.StatusOK
	if wrong.Any() {
		code = http.StatusUnprocessableEntity
	}
	return v.show(code, "draft", x.Name, page, func(s *shown) { s.Wrong = wrong.Any() })
}

// draftPost keeps what was edited, and checks it; by "preview" and "propose" it leads on
// where it is good.
func (p *Portal) draftPost(v *visit) error {
	v.r.Body = http.MaxBytesReader(v.w, v.whole, 4*longestDraft)
	x, ok := p.papers.get(v.r.PathValue("id"))
	if !ok || x.Signed {
		return notKept()
	}
	if err := v.r.ParseForm(); err != nil {
		return guichet.Errorf(guichet.KindInvalid, "%s", v.t("error.form"))
	}
	text := strings.ReplaceAll(v.r.PostForm.Get("text"), "\r\n", "\n")
	if text == "" || len(text) > longestDraft {
		return p.draftShow(v, x, faults{{"text", v.t("drafts.text.wrong")}})
	}
	look, err := p.cfg.Steward.Drafter.Look([]byte(text))
	good := err == nil && len(look.Faults) == 0
	x.Text, x.Name = text, cmp.Or(look.ID, x.Name)
	if err := p.keepPaper(v, &x); err != nil {
		return err
	}
	switch do := v.r.PostForm.Get("do"); {
	case do == "preview" && good:
		return v.redirect(v.to("/drafts/"+x.ID+"/preview", nil))
	case do == "propose" && good:
		return p.propose(v, x, look)
	}
	return v.redirect(v.to("/drafts/"+x.ID, url.Values{"saved": {"1"}}))
}

// draftFile gives a draft or a proposal as a file.
func (p *Portal) draftFile(v *visit) error {
	x, ok := p.papers.get(v.r.PathValue("id"))
	if !ok {
		return notKept()
	}
	name, kind := x.Name+".yaml", "application/yaml"
	if x.Signed {
		name, kind = x.Name+"-proposal.json", "application/json"
	}
	h := v.w.Header()
	h.Set("Content-Type", kind+"; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+strings.Map(plainSign, name)+`"`)
	_, _ = v.w.Write([]byte(x.Text)) // who went away is no fault
	return nil
}

// plainSign is a sign that a header may hold.
func plainSign(r rune) rune {
	if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '/' {
		return '-'
	}
	return r
}

// draftRemove removes a draft or a proposal from here.
func (p *Portal) draftRemove(v *visit) error {
	id := v.r.PathValue("id")
	if _, ok := p.papers.get(id); !ok {
		return notKept()
	}
	if err := p.papers.drop(id); err != nil {
		return err
	}
	return v.redirect(v.to("/drafts", nil))
}

// previewPage is what the page of a preview receives.
type previewPage struct {
	ID, Name string
	Parties  []previewParty
	None     bool
}

type previewParty struct {
	Title  string
	Tries  []previewTry
	Sample sheet
}

type previewTry struct {
	What, Says, Tag, State, Clause string
	Gaps                           []string
}

// draftPreview shows what each party would see of our data by a draft.
func (p *Portal) draftPreview(v *visit) error {
	x, ok := p.papers.get(v.r.PathValue("id"))
	if !ok || x.Signed {
		return notKept()
	}
	list, err := p.cfg.Steward.Drafter.Preview(v.r.Context(), x.Circle, []byte(x.Text), v.lang)
	if err != nil {
		return err
	}
	page := previewPage{ID: x.ID, Name: x.Name, None: len(list) == 0}
	for _, d := range list {
		party := previewParty{Title: v.t("drafts.preview.party", "member", areaName(d.Member, v.lang))}
		for _, t := range d.Tries {
			party.Tries = append(party.Tries, v.tried(t))
		}
		if d.Sample != nil {
			party.Sample = v.sample(*d.Sample)
		}
		page.Parties = append(page.Parties, party)
	}
	return v.show(http.StatusOK, "preview", v.t("drafts.preview.title"), page)
}

func (v *visit) tried(t DraftTry) previewTry {
	out := previewTry{What: t.Text.In(v.lang), Tag: "green", State: v.t("drafts.preview.given")}
	if !t.Decision.Permitted {
		out.Tag, out.State, out.Says, out.Clause = "red", v.t("drafts.preview.refused"), t.Decision.Text, t.Decision.Clause
		return out
	}
	out.Says = v.words.count("submissions.rows", t.Rows)
	if t.Hidden > 0 {
		out.Says += ", " + v.words.count("drafts.preview.hidden", t.Hidden)
	}
	if t.Rows == 0 {
		out.Tag, out.State = "grey", v.t("drafts.preview.empty")
	}
	for _, g := range t.Gaps {
		out.Gaps = append(out.Gaps, v.words.or("gap."+string(g.Reason), string(g.Reason))+v.t("shell.colon")+g.Text)
	}
	return out
}

// sample is the beginning of an answer as a party would get it.
func (v *visit) sample(a guichet.Answer) sheet {
	const most = 12
	out := sheet{Title: v.t("drafts.preview.sample")}
	var columns []guichet.Column
	for _, c := range a.Columns {
		if c.Measure || slices.Contains(a.Question.By, c.Name) {
			columns = append(columns, c)
			out.Heads = append(out.Heads, sheetHead{capital(c.Title.In(v.lang)), c.Measure})
		}
	}
	for _, row := range a.Rows[:min(len(a.Rows), most)] {
		var cells []sheetCell
		for _, c := range columns {
			switch x := row[c.Name].(type) {
			case guichet.Decimal:
				cells = append(cells, numCell(v.words.number(x, 0)))
			case string:
				text := v.words.or("code."+x, v.words.period(x))
				if c.Name == guichet.FieldReporter || c.Name == "partner" {
					text = areaName(x, v.lang)
				}
				cells = append(cells, textCell(text))
			default:
				cells = append(cells, sheetCell{Text: v.t("gap.protected"), Num: c.Measure})
			}
		}
		out.Rows = append(out.Rows, cells)
	}
	if more := len(a.Rows) - most; more > 0 {
		out.Note = v.words.count("drafts.preview.more", more)
	}
	return out
}

// capital begins a text with a capital letter.
func capital(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[size:]
}
