package portal

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"guichet"
	"guichet/trade"
)

// answerPage is what the page of an answer receives.
type answerPage struct {
	ID       string
	Title    string
	Lines    []line
	Banner   banner
	Who      []whoLine
	Charts   []*chart
	Tiles    *tiles
	Table    figureTable
	Pages    pages
	Remarks  []said
	Gaps     []said
	Notices  []said
	Sources  []guichet.Source
	Made     bool // of made data, no observation
	SaidIn   string
	Change   string
	Share    string
	Kept     keptHead
	AsOf     guichet.Answer
	Download string
}

// banner says how an answer stands, and what to do next.
type banner struct{ Title, Text, Do, Tag string }

// whoLine says what came of one member.
type whoLine struct {
	Name, State, Tag, Agreement, Clause, Text, Hint, Receipt, Took string
	Paper, ClauseTo                                                string // addresses of the agreement, and of the clause in it
	Rows, Hidden                                                   int
	Own                                                            bool
}

// said is a sentence of a member's, with who says it.
type said struct {
	Who, Text, Word string
	ID              string // its name on the page, "" none
	Times           int
}

// pages are the parts of a long table.
type pages struct {
	Now, Last        int
	First, To, Of    int
	Earlier, Further string
}

// rowsOfPage is how many rows of a table stand on a page.
const rowsOfPage = 50

// answered shows an answer.
func (p *Portal) answered(v *visit, k kept) error {
	f := p.formOf(k.keptHead)
	seat, err := p.seat(k.Circle)
	if err != nil {
		return err
	}
	c := seat.Circle()
	asking, _ := f.asks(v.words, c, p.cfg.Member, p.cfg.Purposes, p.cfg.Clock())
	a := k.Answer.Answer
	t := p.tableOf(v, k.Answer)
	page := answerPage{
		ID: k.ID, Title: p.titleOf(v, k.keptHead), Lines: p.linesOf(v, f, asking, c), Banner: v.bannerOf(k.Answer), Kept: k.keptHead, AsOf: a,
		Charts: chartsOf(v.words, p.dataset(a.Question.Dataset), k.Answer, f.By), Tiles: tilesOf(v.words, k.Answer, f),
		Change: v.to("/ask", f.values()), Share: v.to("/question", f.values()), Download: v.to("/asked/"+k.ID+"/figures/", nil),
		Sources: a.Sources, SaidIn: k.Lang,
	}
	for _, c := range page.Charts {
		c.Title = page.Title + v.t("shell.colon") + c.Title
	}
	for _, m := range k.Answer.Members {
		page.Who = append(page.Who, v.whoOf(c, m))
	}
	page.Remarks, page.Gaps, page.Notices = v.foldFiles(v.remarksOf(a)), v.gapsOf(a), v.noticesOf(k.Answer)
	page.Made = slices.ContainsFunc(a.Sources, func(s guichet.Source) bool { return s.Generated })
	page.Pages = pagesOf(v, k.ID, len(t.Rows))
	t.cut(page.Pages.First, page.Pages.To)
	t.Notes = markedOf(p.dataset(a.Question.Dataset), a, nil).notesOf(v, t.Signs, page.Remarks)
	page.Table = t
	return v.show(http.StatusOK, "answer", v.t("answer.title"), page)
}

func pagesOf(v *visit, id string, rows int) pages {
	last := max(1, (rows+rowsOfPage-1)/rowsOfPage)
	now, err := strconv.Atoi(v.r.URL.Query().Get("page"))
	if err != nil || now < 1 {
		now = 1
	}
	now = min(now, last)
	out := pages{Now: now, Last: last, First: (now - 1) * rowsOfPage, To: min(rows, now*rowsOfPage), Of: rows}
	to := func(n int) string {
		return v.to("/asked/"+id, url.Values{"page": {strconv.Itoa(n)}}) + "#figures"
	}
	if now > 1 {
		out.Earlier = to(now - 1)
	}
	if now < last {
		out.Further = to(now + 1)
	}
	return out
}

// bannerOf says how an answer stands: whole, partial, refused, silent, empty.
func (v *visit) bannerOf(a Answer) banner {
	gave, refused, missing := 0, 0, 0
	for _, m := range a.Members {
		switch {
		case m.Gap == nil:
			gave++
		case m.Gap.Reason == guichet.GapRefused:
			refused++
		default:
			missing++
		}
	}
	state := "done"
	switch {
	case gave == 0 && missing == 0:
		state = "refused"
	case gave == 0:
		state = "silent"
	case len(a.Answer.Rows) == 0:
		state = "empty"
	case refused+missing > 0:
		state = "partial"
	}
	tag := map[string]string{"done": "green", "partial": "yellow", "empty": "grey", "refused": "red", "silent": "red"}[state]
	return banner{
		Title: v.words.count("answer."+state, gave, "of", len(a.Members)), Do: v.words.or("answer."+state+".do", ""), Tag: tag,
		Text: v.words.count("answer.rows", len(a.Answer.Rows)),
	}
}

// whoOf says what came of one member.
func (v *visit) whoOf(c guichet.Circle, m MemberResult) whoLine {
	out := whoLine{
		Name: areaName(m.Member, v.lang), Rows: m.Rows, Hidden: m.Hidden, Agreement: m.Decision.Agreement, Clause: m.Decision.Clause, Hint: m.Decision.Hint,
		Own: m.Exchange == "", State: v.t("who.answered"), Tag: "green", Took: v.took(m.Millis),
	}
	if m.Decision.Version > 0 {
		out.Agreement += " v" + strconv.Itoa(m.Decision.Version)
	}
	if slices.ContainsFunc(c.Agreements, func(a guichet.Agreement) bool { return a.ID == m.Decision.Agreement }) {
		out.Paper = v.to(agreementPath(c.Name, m.Decision.Agreement), nil)
		out.ClauseTo = out.Paper + "#" + clauseID(clauseShown(m.Decision.Clause, c, m.Decision.Agreement))
	}
	if m.Gap != nil {
		out.State = v.words.or("gap."+string(m.Gap.Reason), string(m.Gap.Reason))
		out.Text, out.Tag = v.sentence(v.worded(m.Gap.Text)), "red"
		if m.Gap.Reason == guichet.GapSilent || m.Gap.Reason == guichet.GapLate {
			out.Tag, out.Took = "grey", "" // who says nothing takes no time over it
		}
		if out.Hint == "" {
			out.Hint = v.words.or("gapdo."+string(m.Gap.Reason), "")
		}
		out.Hint = v.sentence(v.worded(out.Hint))
		if strings.Contains(out.Text, out.Hint) { // the sentence says it already
			out.Hint = ""
		}
	}
	if m.Peer > 0 && m.Exchange != "" {
		out.Receipt = v.to("/receipt/"+url.PathEscape(c.Name)+"/"+m.Exchange, nil)
	}
	return out
}

// clauseShown is the clause under which an agreement's page says what a refusal names:
// parties stand there by their codes.
func clauseShown(clause string, c guichet.Circle, id string) string {
	rest, ok := strings.CutPrefix(clause, "parties[")
	if !ok {
		return clause
	}
	at, _, _ := strings.Cut(rest, "]")
	n, err := strconv.Atoi(at)
	for _, a := range c.Agreements {
		if a.ID == id && err == nil && n >= 0 && n < len(a.Parties) {
			return "parties[" + a.Parties[n].Member + "]"
		}
	}
	return clause
}

// took says how long an answer took; less than a tenth of a second is no number.
func (v *visit) took(ms int64) string {
	const tenth = 50
	if ms < tenth {
		return v.t("who.atonce")
	}
	return v.t("who.took", "s", v.seconds(ms))
}

// seconds writes milliseconds as seconds.
func (v *visit) seconds(ms int64) string {
	d, err := guichet.ParseDecimal(strconv.FormatFloat(float64(ms)/1000, 'f', 1, 64))
	if err != nil {
		return ""
	}
	return v.words.number(d, 1)
}

// remarksOf are the remarks about figures: each sentence once, with how often it was
// said, and what the agreements say apart.
func (v *visit) remarksOf(a guichet.Answer) []said {
	var out []said
	for _, r := range a.Remarks {
		if strings.HasPrefix(r.Code, "agreement_") {
			continue
		}
		out = addSaid(out, said{Who: r.Member, Text: v.sentence(r.Text), Word: r.Code, Times: 1})
	}
	return namedRemarks(out)
}

// foldFiles makes one sentence of those that a member says of several files, and that
// differ in nothing but the file they name at their end: a year in twelve files would
// fill the page with it.
func (v *visit) foldFiles(in []said) []said {
	stem := func(s said) string {
		before, _, ok := strings.Cut(s.Text, " (")
		if !ok || s.Word != trade.RemarkGenerated || !strings.HasSuffix(s.Text, ")") {
			return ""
		}
		return before
	}
	files := map[string]int{}
	for _, s := range in {
		if x := stem(s); x != "" {
			files[s.Who+x]++
		}
	}
	var out []said
	for _, s := range in {
		x := stem(s)
		switch n := files[s.Who+x]; {
		case x == "" || n == 1:
			out = append(out, s)
		case n > 1:
			s.Text = strings.TrimSuffix(s.Text, ")") + v.words.count("answer.morefiles", n-1) + ")"
			out = append(out, s)
			files[s.Who+x] = 0 // said
		}
	}
	return out
}

func (v *visit) gapsOf(a guichet.Answer) []said {
	var out []said
	for _, g := range a.Gaps {
		if slices.Contains([]guichet.GapReason{guichet.GapRefused, guichet.GapSilent, guichet.GapLate, guichet.GapUntrusted, guichet.GapGarbled}, g.Reason) {
			continue // told above, with the member
		}
		who := g.Member
		if who == "" {
			who = g.Reporter
		}
		text := v.sentence(g.Text)
		if when := v.unsaid(g.Period, text); when != "" {
			text = when + v.t("shell.colon") + text
		}
		out = addSaid(out, said{Who: who, Text: text, Word: v.words.or("gap."+string(g.Reason), string(g.Reason)), Times: 1})
	}
	return out
}

// sentence is a sentence of a member's as a page writes it: with a name where it begins
// with the word of a flow ("re_exports: "), days as people write them, and the signs of
// print.
func (v *visit) sentence(text string) string {
	words := v.saying()
	for _, f := range trade.Flows() {
		if rest, ok := strings.CutPrefix(text, string(f)); ok && strings.HasPrefix(strings.TrimPrefix(rest, " "), ":") {
			text = words.say("flow."+string(f)) + rest
			break
		}
	}
	text = v.p.unitNamed(words, text)
	for _, at := range dayWritten.FindAllStringIndex(text, -1) {
		t, err := time.Parse(time.DateOnly, text[at[0]:at[1]])
		if alone := (at[0] == 0 || strings.ContainsRune(" (", rune(text[at[0]-1]))) && (at[1] == len(text) || strings.ContainsRune(" ),;:", rune(text[at[1]]))); err != nil || !alone {
			continue // a part of a name
		}
		return printed(text[:at[0]]) + words.day(t) + v.sentence(text[at[1]:])
	}
	return printed(text)
}

// unitNamed says in words what of a dataset a sentence begins with: "entry: ".
func (p *Portal) unitNamed(words phrases, text string) string {
	for _, ds := range p.cfg.Datasets {
		for _, x := range askFields(ds) {
			for _, value := range x.values {
				rest, ok := strings.CutPrefix(text, value)
				if word := words.value(ds, x.list, value); ok && x.must && word != value && strings.HasPrefix(strings.TrimPrefix(rest, " "), ":") {
					return word + rest
				}
			}
		}
	}
	return text
}

// dayWritten finds days as programs write them.
var dayWritten = regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2}`)

// printed writes a text with the apostrophe of print, and no line begins with a sign
// that in French has a space before it.
func printed(text string) string {
	out := []rune(text)
	for i := 1; i < len(out)-1; i++ {
		switch {
		case out[i] == '\'' && unicode.IsLetter(out[i-1]) && unicode.IsLetter(out[i+1]):
			out[i] = '\u2019'
		case out[i] == ' ' && strings.ContainsRune(":;?!»", out[i+1]), out[i] == ' ' && out[i-1] == '«':
			out[i] = '\u00a0'
		}
	}
	return string(out)
}

// unsaid says of which periods a gap is, as the page's language writes them, unless its
// sentence names them already.
func (v *visit) unsaid(periods, text string) string {
	var out []string
	said := true
	for x := range strings.FieldsSeq(periods) {
		from, to, _ := strings.Cut(x, ":")
		said = said && strings.Contains(text, from) && strings.Contains(text, to)
		if span, err := guichet.ParseSpan(x); err == nil {
			x = v.words.span(span)
		}
		out = append(out, x)
	}
	if said {
		return ""
	}
	return strings.Join(out, ", ")
}

// noticesOf are what agreements and circles say about an answer: each once, with whom
// it is from.
func (v *visit) noticesOf(a Answer) []said {
	var out []said
	for _, text := range a.Notices {
		out = addSaid(out, said{Text: text, Times: 1})
	}
	for _, m := range a.Members {
		for _, n := range m.Notices {
			i := slices.IndexFunc(out, func(o said) bool { return o.Text == n.Text })
			if i >= 0 {
				if !slices.Contains(strings.Split(out[i].Who, ", "), m.Member) {
					out[i].Who += ", " + m.Member
				}
				continue
			}
			out = append(out, said{Who: m.Member, Text: n.Text, Word: v.words.or("notice."+n.Code, n.Code), Times: 1})
		}
	}
	return out
}

// mostSaid bounds how many sentences of a kind stand on a page; the files have all.
const mostSaid = 60

func addSaid(out []said, s said) []said {
	if i := slices.IndexFunc(out, func(o said) bool { return o.Who == s.Who && o.Text == s.Text }); i >= 0 {
		out[i].Times++
		return out
	}
	if len(out) >= mostSaid {
		return out
	}
	return append(out, s)
}

// addRemarks adds the remarks of b to those of a, each sentence of a member once.
func addRemarks(a, b []guichet.Remark) []guichet.Remark {
	out := slices.Clone(a)
	for _, r := range b {
		if !slices.ContainsFunc(out, func(o guichet.Remark) bool {
			return o.Text == r.Text && o.Member == r.Member && o.Reporter == r.Reporter
		}) {
			out = append(out, r)
		}
	}
	return out
}
