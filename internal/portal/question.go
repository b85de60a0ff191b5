package portal

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

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
	f := readAsk(v.r.URL.Query())
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
	areas := func(codes []string) string {
		names := make([]string, len(codes))
		for i, code := range codes {
			names[i] = areaName(code, v.lang)
		}
		return strings.Join(names, ", ")
	}
	purpose := f.Purpose
	if i := slices.IndexFunc(p.cfg.Purposes, func(x Purpose) bool { return x.Word == f.Purpose }); i >= 0 {
		purpose = p.cfg.Purposes[i].Text.In(v.lang)
	}
	partners := v.t("question.partners.all")
	if list := a.Question.Where["partner"]; len(list) > 0 {
		partners = areas(list)
	}
	lines := []line{
		{Key: "question.goods", List: p.goodsChosen(v, f.Products)},
		{Key: "question.flow", Text: v.t("flow." + f.Flow)},
		{Key: "question.members", Text: areas(f.Members)},
		{Key: "question.partners", Text: partners},
		{Key: "question.months", Text: v.words.span(a.Question.Period)},
		{Key: "question.fine", Text: v.fineOf(f)},
		{Key: "question.purpose", Text: purpose},
	}
	if list := a.Question.Where["reporter"]; len(list) > 0 {
		lines = slices.Insert(lines, 3, line{Key: "question.reporters", Text: areas(list)})
	}
	if self, ok := c.Member(p.cfg.Member); ok {
		if o, ok := self.Office(a.Office); ok {
			lines = append(lines, line{Key: "question.office", Text: o.Name.In(v.lang)})
		}
	}
	return append(lines, line{Key: "question.circle", Text: c.Name})
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
	f := readAsk(query)
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
