package portal

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"guichet"
)

// line is a name with what it says, of a summary.
type line struct {
	Key, Text string
	List      []choice
}

// questionPage is what the page of a question receives that was not put yet.
type questionPage struct {
	Lines  []line
	Query  string // the question as its address holds it
	Once   string // names this very putting: a form that is sent twice asks once
	Change string // address
	Twice  string // address, to ask it as of two days
}

// question shows what would be asked. Nobody is asked by opening an address: a
// question is a leaf in every journal that it reaches.
func (p *Portal) question(v *visit) error {
	f := p.readAsk(v.r.URL.Query())
	seat, err := p.seat(f.Circle)
	if err != nil {
		return err
	}
	c := seat.Circle()
	f.Circle = c.Name
	a, wrong := f.asks(v.words, c, p.cfg.Member, p.cfg.Purposes, p.cfg.Clock())
	if wrong.Any() {
		q := f.values()
		q.Set("check", "1")
		return v.redirect(v.to("/ask", q))
	}
	once, err := p.chance()
	if err != nil {
		return err
	}
	page := questionPage{
		Lines: p.linesOf(v, f, a, c), Query: f.values().Encode(), Once: once, Change: v.to("/ask", f.values()), Twice: v.to("/twice", f.values()),
	}
	return v.show(http.StatusOK, "question", v.t("question.title"), page)
}

// chance returns 32 hex digits.
func (p *Portal) chance() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(p.cfg.Rand, b[:]); err != nil {
		return "", fmt.Errorf("chance: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// linesOf says a question in words.
func (p *Portal) linesOf(v *visit, f askForm, a Asking, c guichet.Circle) []line {
	var lines, main, more []line
	if len(p.cfg.Datasets) > 1 {
		lines = append(lines, line{Key: "question.dataset", Text: f.ds.Title.In(v.lang)})
	}
	if classified(f.ds) {
		lines = append(lines, line{Key: "question.goods", List: p.goodsChosen(v, f.Products)})
	}
	for _, x := range askFields(f.ds) {
		picked := a.Question.Where[x.name]
		l := line{Key: v.words.fieldWord("question.", x), Text: v.words.values(f.ds, x.list, picked)}
		if len(picked) == 0 {
			l.Text = v.words.or("question."+x.name+".all", v.t("question.all"))
		}
		switch {
		case x.must:
			lines = append(lines, l)
		case !x.more:
			main = append(main, l)
		case len(picked) > 0:
			more = append(more, l)
		}
	}
	lines = append(lines, line{Key: "question.members", Text: v.words.values(f.ds, listAreas, f.Members)})
	lines = append(append(lines, more...), main...)
	lines = append(lines, line{Key: "question.months", Text: v.words.span(a.Question.Period)}, line{Key: "question.fine", Text: v.fineOf(f)})
	lines = append(append(lines, v.linesOfRest(f)...), line{Key: "question.purpose", Text: p.purposeText(v, f.Purpose)})
	if self, ok := c.Member(p.cfg.Member); ok {
		if o, ok := self.Office(a.Office); ok {
			lines = append(lines, line{Key: "question.office", Text: o.Name.In(v.lang)})
		}
	}
	return append(lines, line{Key: "question.circle", Text: c.Name})
}

// linesOfRest says what few set, where it is set.
func (v *visit) linesOfRest(f askForm) []line {
	var lines []line
	add := func(key, text string) { lines = append(lines, line{Key: key, Text: text}) }
	if len(f.Measures) > 0 {
		var names []string
		for _, m := range measuresOf(f.ds) {
			if slices.Contains(f.Measures, m.Name) {
				names = append(names, title(m.Title.In(v.lang), m.Name))
			}
		}
		add("question.measures", strings.Join(names, v.t("shell.semicolon")))
	}
	if f.AsOf != "" {
		add("question.as_of", v.momentText(f.AsOf))
	}
	if f.Vintage != "" {
		add("question.vintage", v.dayText(f.Vintage))
	}
	if f.Edition != "" {
		add("question.edition", v.t("ask.edition.of", "edition", f.Edition))
	}
	if f.Conversion == conversionDefault {
		add("question.conversion", v.t("ask.conversion."+conversionDefault))
	}
	return lines
}

// momentText writes a day, or a moment in UTC, as they stand in a form.
func (v *visit) momentText(text string) string {
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return v.words.moment(t)
		}
	}
	return v.dayText(text)
}

// put asks: it begins the question and leads to the page where its answer will be.
func (p *Portal) put(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		return guichet.Errorf(guichet.KindInvalid, "%s", v.t("error.form"))
	}
	once := v.r.PostForm.Get("once")
	if !isID(once) {
		return guichet.Errorf(guichet.KindInvalid, "%s", v.t("error.form"))
	}
	query, err := url.ParseQuery(v.r.PostForm.Get("query"))
	if err != nil {
		return guichet.Errorf(guichet.KindInvalid, "%s", v.t("error.form"))
	}
	f := p.readAsk(query)
	seat, err := p.seat(f.Circle)
	if err != nil {
		return err
	}
	c := seat.Circle()
	f.Circle = c.Name
	a, wrong := f.asks(v.words, c, p.cfg.Member, p.cfg.Purposes, p.cfg.Clock())
	if wrong.Any() {
		q := f.values()
		q.Set("check", "1")
		return v.redirect(v.to("/ask", q))
	}
	a.Officer = v.person.Pseudonym
	head := keptHead{ID: once, Owner: v.person.Pseudonym, Circle: c.Name, Query: f.values().Encode(), Lang: v.lang, Members: f.Members}
	if err := p.askings.begin(seat, a, head); err != nil {
		return err
	}
	return v.redirect(v.to("/asked/"+once, nil))
}

// isID says whether a text is 32 hex digits, as chance makes them.
func isID(s string) bool { return len(s) == 32 && strings.Trim(s, "0123456789abcdef") == "" }
