package portal

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet"
)

// leavesOfPage is how many leaves stand on a page.
const leavesOfPage = 50

// leafSorts are what leaves may be picked by.
func leafSorts() []string {
	return []string{"asked", "asking", "refused", "hidden", "missed", "events"}
}

// journalPage is what the page of the journal receives.
type journalPage struct {
	Wrong                                    faults
	Circle, From, Until                      string
	Circles, Members, Purposes, Papers, What []choice
	Lines                                    []leafLine
	Size                                     int
	Looked                                   int64
	Filtered, Stopped                        bool
	Older, Newest, Check                     string
	Reached                                  string // the time of the oldest leaf shown
}

// leafLine is a leaf in a table.
type leafLine struct {
	Index                                                 int64
	To, Time, What, Tag, Asker, Asked, Purpose, Why, Rows string
	Hidden                                                string
}

// journal lists leaves, newest first: who asked us what and why, and whom we asked.
func (p *Portal) journal(v *visit) error {
	q := v.r.URL.Query()
	seat, err := p.seat(one(q, "circle", 64))
	if err != nil {
		return err
	}
	c := seat.Circle()
	f, page := p.leafForm(v, q, c)
	if page.Wrong.Any() {
		return v.show(http.StatusUnprocessableEntity, "journal", v.t("journal.title"), page, func(s *shown) { s.Wrong = true })
	}
	found, err := p.cfg.Audit.Leaves(v.r.Context(), c.Name, f)
	if err != nil {
		return err
	}
	page.Size, page.Looked, page.Stopped = int(found.Size), found.Looked, found.Stopped
	for _, l := range found.Leaves {
		page.Lines = append(page.Lines, p.leafLine(v, c, l))
		page.Reached = v.words.moment(l.Leaf.Time)
	}
	q.Del("before")
	if f.Before > 0 {
		page.Newest = v.to("/journal", q)
	}
	if found.Older > 0 {
		q.Set("before", strconv.FormatInt(found.Older, 10))
		page.Older = v.to("/journal", q)
	}
	return v.show(http.StatusOK, "journal", v.t("journal.title"), page)
}

// leafForm reads which leaves are wanted, and fills in what may be chosen.
func (p *Portal) leafForm(v *visit, q url.Values, c guichet.Circle) (LeafFilter, journalPage) {
	f := LeafFilter{Member: one(q, "member", 2), Purpose: one(q, "purpose", 64), Agreement: one(q, "agreement", 64), What: one(q, "what", 16), Limit: leavesOfPage}
	page := journalPage{Circle: c.Name, From: one(q, "from", 20), Until: one(q, "until", 20), Check: v.to("/checks", nil)}
	if before, err := strconv.ParseInt(q.Get("before"), 10, 64); err == nil && before > 0 {
		f.Before = before
	}
	if !slices.Contains(leafSorts(), f.What) {
		f.What = ""
	}
	f.From = page.dayIn(v, "from", page.From)
	if f.Until = page.dayIn(v, "until", page.Until); !f.Until.IsZero() {
		f.Until = f.Until.AddDate(0, 0, 1)
		if !f.From.Before(f.Until) {
			page.Wrong.add("until", v.t("journal.wrong.order"))
		}
	}
	page.Filtered = f.Member != "" || f.Purpose != "" || f.Agreement != "" || f.What != "" || !f.From.IsZero() || !f.Until.IsZero()
	if len(p.cfg.Seats) > 1 {
		for _, s := range p.cfg.Seats {
			name := s.Circle().Name
			page.Circles = append(page.Circles, choice{Value: name, Text: name, Chosen: name == c.Name})
		}
	}
	for _, m := range c.Members {
		if m.Code != p.cfg.Member {
			page.Members = append(page.Members, choice{Value: m.Code, Text: areaName(m.Code, v.lang), Chosen: m.Code == f.Member})
		}
	}
	for _, x := range p.cfg.Purposes {
		page.Purposes = append(page.Purposes, choice{Value: x.Word, Text: x.Text.In(v.lang), Chosen: x.Word == f.Purpose})
	}
	for _, a := range c.Agreements {
		page.Papers = append(page.Papers, choice{Value: a.ID, Text: a.Title.In(v.lang) + " (" + a.ID + ")", Chosen: a.ID == f.Agreement})
	}
	for _, w := range leafSorts() {
		page.What = append(page.What, choice{Value: w, Text: v.t("journal.what." + w), Chosen: w == f.What})
	}
	return f, page
}

// dayIn reads a day of a form.
func (x *journalPage) dayIn(v *visit, field, text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	for _, layout := range []string{time.DateOnly, "02/01/2006", "2/1/2006"} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() > 1999 && t.Year() < 3000 {
			return t
		}
	}
	x.Wrong.add(field, v.t("journal.wrong.day", "day", text))
	return time.Time{}
}

// leafLine says a leaf in a line.
func (p *Portal) leafLine(v *visit, c guichet.Circle, l PlacedLeaf) leafLine {
	x := l.Leaf
	what, tag := v.leafWhat(x)
	out := leafLine{
		Index: l.Index, To: v.to("/journal/"+url.PathEscape(c.Name)+"/"+strconv.FormatInt(l.Index, 10), nil), Time: v.words.moment(x.Time), What: what, Tag: tag,
		Asker: v.partyOf(c, x.From), Asked: areaName(x.To, v.lang), Purpose: cmp.Or(p.purposeOf(v, x.Purpose), x.Purpose), Why: paperName(x), Rows: v.words.whole(x.Rows),
	}
	if ownLeaf(x) {
		out.Asked = ""
	}
	if x.Hidden > 0 {
		out.Hidden = v.words.whole(x.Hidden)
	}
	return out
}

// ownLeaf says whether a leaf is of what a member did to its own figures.
func ownLeaf(l guichet.Leaf) bool {
	return slices.Contains([]guichet.LeafKind{guichet.LeafTaken, guichet.LeafPurged, guichet.LeafWithdrew, guichet.LeafRenewed}, l.Kind)
}

// leafWhat says what a leaf records, and the colour of its tag.
func (v *visit) leafWhat(l guichet.Leaf) (text, tag string) {
	switch {
	case l.Kind == guichet.LeafReceived && l.Clause != "":
		return v.t("leafword.refusal"), "red"
	case l.Kind == guichet.LeafRefused:
		return v.t("leafword.refused"), "red"
	case l.Kind == guichet.LeafMissed:
		return v.t("leafword.missed"), "grey"
	case ownLeaf(l):
		return v.words.or("leafword."+string(l.Kind), string(l.Kind)), "purple"
	}
	return v.words.or("leafword."+string(l.Kind), string(l.Kind)), "green"
}

// partyOf says a party with the name that its office has in the circle; an office that
// the circle names no more keeps its word.
func (v *visit) partyOf(c guichet.Circle, x guichet.Party) string {
	out := areaName(x.Member, v.lang)
	if x.Office == "" {
		return out
	}
	name := x.Office
	if m, ok := c.Member(x.Member); ok {
		if o, ok := m.Office(x.Office); ok && o.Name.In(v.lang) != "" {
			name = o.Name.In(v.lang)
		}
	}
	return out + v.t("shell.colon") + name
}

// paperName names the agreement of a leaf and, of a refusal, the clause.
func paperName(l guichet.Leaf) string {
	out := l.Agreement
	if l.Version > 0 {
		out += " v" + strconv.Itoa(l.Version)
	}
	return out
}

// leafPage is what the page of a leaf receives.
type leafPage struct {
	Circle, What, Tag, Asker, Asked, Purpose, Paper, PaperTo, Reason string
	Leaf                                                             guichet.Leaf
	Index                                                            int64
	Own                                                              bool
	Rules                                                            []paperLine
	Same                                                             []leafLine
	Questions                                                        []givenLine
	Receipt, Back                                                    string
	Event                                                            *eventLine // what was done, of a leaf that records it
}

// givenLine is what a leaf's exchange gave, from the ledger.
type givenLine struct {
	Lines  []line
	Shown  int
	Hidden int
	Cells  []string // hidden ones, by their place
	More   int      // that are not shown
}

// leaf shows one leaf with its proof, and what was hidden by which clause.
func (p *Portal) leaf(v *visit) error {
	seat, err := p.seat(v.r.PathValue("circle"))
	if err != nil {
		return err
	}
	c := seat.Circle()
	index, err := strconv.ParseInt(v.r.PathValue("index"), 10, 64)
	if err != nil || index < 0 {
		return &guichet.Error{Kind: guichet.KindNotFound}
	}
	x, err := p.cfg.Audit.Leaf(v.r.Context(), c.Name, index)
	if err != nil {
		return err
	}
	l := x.Leaf
	page := leafPage{
		Circle: c.Name, Leaf: l, Index: index, Own: ownLeaf(l), Asker: v.partyOf(c, l.From), Asked: areaName(l.To, v.lang), Purpose: p.purposeOf(v, l.Purpose), Paper: paperName(l),
		Back: v.to("/journal", url.Values{"circle": {c.Name}}),
	}
	page.What, page.Tag = v.leafWhat(l)
	if l.Reason != "" {
		page.Reason = v.words.or("gap."+string(l.Reason), string(l.Reason))
	}
	if slices.ContainsFunc(c.Agreements, func(a guichet.Agreement) bool { return a.ID == l.Agreement }) {
		page.PaperTo = v.to(agreementPath(c.Name, l.Agreement), nil)
	}
	for i, t := range x.Terms {
		if l.Hidden > 0 {
			rules := paperPart{}
			v.ruleLines(&rules, "terms["+strconv.Itoa(i)+"].disclosure", t.Rules)
			page.Rules = append(page.Rules, rules.Lines...)
		}
	}
	if page.Own {
		if page.Event, err = p.eventAt(v, c.Name, index); err != nil {
			return err
		}
	}
	for _, s := range x.Same {
		page.Same = append(page.Same, p.leafLine(v, c, s))
	}
	for _, g := range x.Given {
		page.Questions = append(page.Questions, v.givenOf(g))
	}
	if l.Exchange != "" && (l.To == p.cfg.Member || l.Peer > 0) {
		page.Receipt = v.to("/receipt/"+url.PathEscape(c.Name)+"/"+l.Exchange, nil)
	}
	return v.show(http.StatusOK, "leaf", v.t("leafpage.title", "index", v.words.whole(index)), page)
}

// eventAt is the event that a leaf records, with who did it and why; nil where it is told
// nowhere.
func (p *Portal) eventAt(v *visit, circle string, index int64) (*eventLine, error) {
	r, err := p.cfg.Audit.Record(v.r.Context())
	if err != nil {
		return nil, err
	}
	for _, e := range r.Events {
		if slices.ContainsFunc(e.Proofs, func(x EventProof) bool { return x.Circle == circle && x.Leaf == index }) {
			line := v.eventOf(e)
			return &line, nil
		}
	}
	return nil, nil //nolint:nilnil // a leaf of another kind
}

// mostCells bounds how many hidden cells are named.
const mostCells = 50

// givenOf says what was asked and given.
func (v *visit) givenOf(g guichet.GivenSet) givenLine {
	q := g.Question
	ds := v.p.datasetOf(q.Dataset)
	out := givenLine{}
	add := func(key, text string) {
		if text != "" {
			out.Lines = append(out.Lines, line{Key: key, Text: text})
		}
	}
	name := q.Dataset
	if ds != nil {
		name = ds.Title.In(v.lang)
	}
	add("given.dataset", name)
	var names []string
	for k := range q.Where {
		names = append(names, k)
	}
	slices.Sort(names)
	var picked []string
	for _, k := range names {
		picked = append(picked, fieldTitle(ds, k, v.lang)+v.t("shell.colon")+strings.Join(q.Where[k], ", "))
	}
	add("given.where", strings.Join(picked, v.t("shell.semicolon")))
	if !q.Period.IsZero() {
		add("given.period", v.words.span(q.Period))
	}
	var by, measures []string
	for _, b := range q.By {
		by = append(by, fieldTitle(ds, b, v.lang))
	}
	for _, m := range q.Measures {
		measures = append(measures, fieldTitle(ds, m, v.lang))
	}
	add("given.by", strings.Join(by, ", "))
	add("given.measures", strings.Join(measures, ", "))
	if g.Records {
		add("given.records", v.t("code.yes"))
	}
	add("given.snapshot", g.Snapshot)
	for _, c := range g.Cells {
		if !c.Hidden {
			out.Shown++
			continue
		}
		out.Hidden++
		if len(out.Cells) < mostCells {
			out.Cells = append(out.Cells, strings.Join(c.Key, " · "))
		} else {
			out.More++
		}
	}
	return out
}
