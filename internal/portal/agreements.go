package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet"
)

// agreementsPage is what the list of agreements receives.
type agreementsPage struct{ Circles []agreementsOf }

type agreementsOf struct {
	Name  string
	Lines []agreementLine
}

type agreementLine struct {
	To, Title, ID, Parties, State, Tag string
	Version                            int
	From, Until                        string
}

// agreements lists those of all circles.
func (p *Portal) agreements(v *visit) error {
	page := agreementsPage{}
	for _, s := range p.cfg.Seats {
		of := agreementsOf{Name: s.Circle().Name}
		for _, a := range s.Circle().Agreements {
			state, tag := stateOf(a, p.cfg.Clock())
			of.Lines = append(of.Lines, agreementLine{
				To: v.to(agreementPath(of.Name, a.ID), nil), Title: a.Title.In(v.lang), ID: a.ID, Version: a.Version, Parties: v.partiesOf(a), State: v.t("paper.state." + state), Tag: tag,
				From: v.dayOf(a.Validity.From), Until: v.dayOf(a.Validity.Until),
			})
		}
		page.Circles = append(page.Circles, of)
	}
	return v.show(http.StatusOK, "agreements", v.t("agreements.title"), page)
}

func agreementPath(circle, id string) string {
	return "/agreements/" + url.PathEscape(circle) + "/" + url.PathEscape(id)
}

// stateOf says how an agreement stands today, and the colour of its tag.
func stateOf(a guichet.Agreement, now time.Time) (state, tag string) {
	today := now.UTC().Format(time.DateOnly)
	switch {
	case a.Validity.Withdrawn != "" && today >= a.Validity.Withdrawn:
		return "withdrawn", "red"
	case today < a.Validity.From:
		return "notyet", "blue"
	case today > a.Validity.Until:
		return "over", "grey"
	case slices.ContainsFunc(a.Suspended, func(s guichet.Suspension) bool {
		return s.From <= today && (s.Until == "" || today <= s.Until)
	}):
		return "suspended", "yellow"
	}
	return "inforce", "green"
}

// partiesOf are the names of the parties.
func (v *visit) partiesOf(a guichet.Agreement) string {
	var names []string
	for _, x := range a.Parties {
		names = append(names, areaName(x.Member, v.lang))
	}
	return v.words.list(names)
}

// dayOf writes a calendar day of a paper.
func (v *visit) dayOf(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return v.words.day(t)
}

// list joins names: a, b and c.
func (p phrases) list(names []string) string {
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " " + p.say("paper.and") + " " + names[n-1]
	}
}

// agreementPage is what the page of an agreement receives.
type agreementPage struct {
	Circle, Title, ID, Digest, State, Tag string
	Version, Need                         int
	Parts                                 []paperPart
	Signed                                []string
	Missing                               int
	Expires                               time.Time
	Notices                               []noticeLine
	Versions                              []versionLine
	Change                                string // the address of the differences; "" there is one version
	File                                  string // the beginning of the addresses of files
}

type versionLine struct {
	Version int
	From    string
	Changes string // what its parties say that it changes
	Before  int    // 0: it is the first
}

// agreement shows an agreement in sentences, who signed it, and its versions.
func (p *Portal) agreement(v *visit) error {
	circle, one, err := p.signedAgreement(v)
	if err != nil {
		return err
	}
	a := one.Now
	state, tag := stateOf(a, p.cfg.Clock())
	page := agreementPage{
		Circle: circle.Name, Title: a.Title.In(v.lang), ID: a.ID, Version: a.Version, Digest: one.Digest, State: v.t("paper.state." + state), Tag: tag,
		Parts: p.partsOf(v, a, circle), Need: one.Need, Expires: one.Expires, File: v.to(agreementPath(circle.Name, a.ID)+"/file/", nil),
	}
	for _, m := range one.Signed {
		page.Signed = append(page.Signed, areaName(m, v.lang))
	}
	page.Missing = max(0, one.Need-len(one.Signed))
	for _, n := range one.Notices {
		page.Notices = append(page.Notices, v.noticeOf(n))
	}
	for i, x := range slices.Backward(one.Versions) {
		page.Versions = append(page.Versions, versionLine{x.Version, v.dayOf(x.Validity.From), x.Changes.In(v.lang), i})
	}
	if len(one.Versions) > 1 {
		page.Change = v.to(agreementPath(circle.Name, a.ID)+"/changes", nil)
	}
	return v.show(http.StatusOK, "agreement", page.Title, page)
}

// signedAgreement is the agreement that an address names.
func (p *Portal) signedAgreement(v *visit) (guichet.Circle, SignedAgreement, error) {
	seat, err := p.seat(v.r.PathValue("circle"))
	if err != nil {
		return guichet.Circle{}, SignedAgreement{}, err
	}
	c := seat.Circle()
	all, err := p.cfg.Audit.Agreements(c.Name)
	if err != nil {
		return c, SignedAgreement{}, err
	}
	i := slices.IndexFunc(all, func(s SignedAgreement) bool { return s.Now.ID == v.r.PathValue("id") })
	if i < 0 {
		return c, SignedAgreement{}, &guichet.Error{Kind: guichet.KindNotFound}
	}
	return c, all[i], nil
}

// agreementFile gives an agreement to other programs.
func (p *Portal) agreementFile(v *visit) error {
	circle, one, err := p.signedAgreement(v)
	if err != nil {
		return err
	}
	format := v.r.PathValue("format")
	text, err := p.cfg.Audit.Paper(circle.Name, one.Now.ID, format)
	if err != nil {
		return err
	}
	kind := map[string]string{"json": "application/json", "yaml": "application/yaml", "odrl": "application/ld+json"}[format]
	ext := map[string]string{"json": "json", "yaml": "yaml", "odrl": "odrl.jsonld"}[format]
	h := v.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="`+one.Now.ID+`-v`+strconv.Itoa(one.Now.Version)+`.`+ext+`"`)
	_, _ = v.w.Write(text) // who went away is no fault
	return nil
}

// changesPage is what the page of differences receives.
type changesPage struct {
	Title, ID, Back string
	From, To        int
	Versions        []int
	Lines           []changeLine
	Counts          []changeCount
}

type changeLine struct{ Clause, Before, After, Effect, Tag string }

type changeCount struct {
	Word, Tag string
	N         int
}

// effects are in the order in which an auditor looks at them.
func effects() []string { return []string{"widens", "either", "narrows", "text"} }

// changes shows what one version changed from another.
func (p *Portal) changes(v *visit) error {
	circle, one, err := p.signedAgreement(v)
	if err != nil {
		return err
	}
	last := len(one.Versions)
	page := changesPage{Title: one.Now.Title.In(v.lang), ID: one.Now.ID, Back: v.to(agreementPath(circle.Name, one.Now.ID), nil)}
	page.To = versionIn(v.r.URL.Query().Get("to"), last, last)
	page.From = versionIn(v.r.URL.Query().Get("from"), max(1, page.To-1), last)
	for _, x := range one.Versions {
		page.Versions = append(page.Versions, x.Version)
	}
	tags := map[string]string{"widens": "orange", "narrows": "turquoise", "either": "yellow", "text": "grey"}
	found := p.cfg.Audit.Changes(one.Versions[page.From-1], one.Versions[page.To-1])
	for _, e := range effects() {
		n := 0
		for _, c := range found {
			if c.Effect == e {
				page.Lines = append(page.Lines, changeLine{c.Clause, c.Before, c.After, v.t("change." + e), tags[e]})
				n++
			}
		}
		if n > 0 {
			page.Counts = append(page.Counts, changeCount{v.t("change." + e), tags[e], n})
		}
	}
	return v.show(http.StatusOK, "changes", v.t("changes.title"), page)
}

// versionIn reads a version; what is none is another.
func versionIn(text string, other, last int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > last {
		return other
	}
	return n
}

// noticeLine is what one party said alone.
type noticeLine struct {
	Circle, Agreement, Made, Text, Reason string
	To                                    string
}

func (v *visit) noticeOf(n PartyNotice) noticeLine {
	who := areaName(n.Member, v.lang)
	out := noticeLine{
		Circle: n.Circle, Agreement: n.Agreement + " v" + strconv.Itoa(n.Version), Made: v.words.moment(n.Made), Reason: n.Reason.In(v.lang), To: v.to(agreementPath(n.Circle, n.Agreement), nil),
	}
	switch {
	case n.From != "":
		out.Text = v.t("notice.out", "who", who, "from", v.dayOf(n.From))
	case len(n.Suspends) == 0:
		out.Text = v.t("notice.lifted", "who", who)
	default:
		for i, s := range n.Suspends {
			if i > 0 {
				out.Text += " "
			}
			out.Text += v.suspensionOf(who, s)
		}
	}
	return out
}

// suspensionOf says a suspension; by is who suspends, "" all parties.
func (v *visit) suspensionOf(by string, s guichet.Suspension) string {
	if by == "" {
		by = v.t("notice.all")
	}
	key := "notice.suspends"
	if s.Until != "" {
		key = "notice.suspends.until"
	}
	return v.t(key, "by", by, "who", areaName(s.Member, v.lang), "from", v.dayOf(s.From), "until", v.dayOf(s.Until))
}
