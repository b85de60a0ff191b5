package portal

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"guichet"
)

// askedPage is what the list of one's questions receives.
type askedPage struct{ Questions []askedLine }

type askedLine struct {
	To, Title, Fine, State, Tag string
	Began                       time.Time
	Rows                        int
}

// asked lists what the person has asked.
func (p *Portal) asked(v *visit) error {
	page := askedPage{}
	for _, h := range p.shelf.of(v.person.Pseudonym) {
		state, tag := p.stateOf(h)
		page.Questions = append(page.Questions, askedLine{
			To: v.to("/asked/"+h.ID, nil), Title: p.titleOf(v, h), Fine: p.fineOfKept(v, h), State: v.t("asked.state." + state), Tag: tag, Began: h.Began, Rows: h.Rows,
		})
	}
	return v.show(http.StatusOK, "asked", v.t("asked.title"), page)
}

// fineOfKept says who was asked and how fine figures were asked for; nothing of what is no question for
// rows, whose title says all.
func (p *Portal) fineOfKept(v *visit, h keptHead) string {
	if p.titleOfOther(v, h) != "" {
		return ""
	}
	var asked []string
	for _, code := range h.Members {
		asked = append(asked, areaName(code, v.lang))
	}
	return strings.Join([]string{v.words.list(asked), v.fineOf(p.formOf(h))}, v.t("shell.semicolon"))
}

// fineOf says how fine figures were asked for.
func (v *visit) fineOf(f askForm) string {
	var fine []string
	for _, by := range f.By {
		if slices.Contains(bysOf(f.ds), by) {
			fine = append(fine, v.words.byWord(f.ds, by))
		}
	}
	switch {
	case classified(f.ds):
		fine = append(fine, v.levelWord(f.ds, f.Level))
	case len(fine) == 0:
		fine = append(fine, v.t("ask.fine.none"))
	}
	return strings.Join(fine, v.t("shell.semicolon"))
}

// stateOf says how a question stands, and the colour of its tag.
func (p *Portal) stateOf(h keptHead) (state, tag string) {
	_, underWay := p.askings.of(h.ID, h.Owner)
	switch {
	case underWay:
		return "asking", "blue"
	case h.State == stateAsking:
		return "broken", "red" // the node ended while it asked
	case h.State == stateFailed:
		return "failed", "red"
	case h.Rows == 0:
		return "empty", "grey"
	case h.Missing > 0:
		return "partial", "yellow"
	}
	return "done", "green"
}

// titleOf says in a line what was asked.
func (p *Portal) titleOf(v *visit, h keptHead) string {
	if title := p.titleOfOther(v, h); title != "" {
		return title
	}
	f := p.formOf(h)
	if !classified(f.ds) {
		return v.titleOfPicks(f)
	}
	var goods []string
	for _, g := range p.goodsChosen(v, f.Products) {
		if g.Text == "" || g.Text == g.Value {
			goods = append(goods, g.Value)
			continue
		}
		goods = append(goods, g.Text)
	}
	const shown = 3
	if len(goods) > shown {
		goods = append(goods[:shown], v.t("asked.more", "n", len(goods)-shown))
	}
	var flows []string
	for _, x := range askFields(f.ds) {
		if x.must {
			flows = append(flows, v.words.values(f.ds, x.list, f.Picks[x.name]))
		}
	}
	return v.t("asked.of", "flow", strings.Join(flows, v.t("shell.semicolon")), "goods", strings.Join(goods, v.t("shell.semicolon")), "when", v.spanText(f.From, f.To))
}

// titleOfPicks says in a line a question of a dataset without goods: what it is of, and
// what was picked.
func (v *visit) titleOfPicks(f askForm) string {
	var picked []string
	for _, x := range askFields(f.ds) {
		list := f.Picks[x.name]
		switch {
		case len(list) == 0 || x.more:
		case len(x.values) == 0 && x.areas():
			picked = append(picked, v.words.values(f.ds, x.list, strings.Split(list[0], ", ")))
		default:
			const shown = 3
			text := v.words.values(f.ds, x.list, list[:min(len(list), shown)])
			if len(list) > shown {
				text += ", " + v.t("asked.more", "n", len(list)-shown)
			}
			picked = append(picked, text)
		}
	}
	return v.t("asked.ofdata", "dataset", f.ds.Title.In(v.lang), "picked", strings.Join(picked, v.t("shell.semicolon")), "when", v.spanText(f.From, f.To))
}

// formOf is the question that was asked, as its form.
func (p *Portal) formOf(h keptHead) askForm {
	q, err := url.ParseQuery(h.Query)
	if err != nil {
		q = url.Values{}
	}
	return p.readAsk(q)
}

// waitingPage is what the page of a question receives that is under way.
type waitingPage struct {
	Title   string
	Members []waitingLine
	Came    int
	Events  string
	Began   time.Time
}

type waitingLine struct{ Code, Name, Text string }

// waiting shows how far a question has come.
func (p *Portal) waiting(v *visit, x *asking) error {
	came, _, _ := x.stands()
	page := waitingPage{Title: p.titleOf(v, x.head), Came: len(came), Events: v.to("/asked/"+x.head.ID+"/events", nil), Began: x.head.Began}
	for _, code := range x.head.Members {
		line := waitingLine{Code: code, Name: areaName(code, v.lang), Text: v.t("waiting.not")}
		for _, r := range came {
			if r.Member == code {
				line.Text = v.cameText(r)
			}
		}
		page.Members = append(page.Members, line)
	}
	const again = 2
	return v.show(http.StatusOK, "waiting", v.t("waiting.title"), page, func(s *shown) { s.Refresh = again })
}

// cameText says what came of one member.
func (v *visit) cameText(r MemberResult) string {
	if r.Gap != nil {
		return v.words.or("gap."+string(r.Gap.Reason), string(r.Gap.Reason))
	}
	return v.words.count("waiting.rows", r.Rows)
}

// events tells a browser what members say as they say it: "came" with the member and a
// sentence, "over" at the end.
func (p *Portal) events(v *visit) error {
	id := v.r.PathValue("id")
	h := v.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(v.w)
	_ = out.SetWriteDeadline(time.Time{}) // it lasts as long as the question, which is bounded
	x, ok := p.askings.of(id, v.person.Pseudonym)
	for told := 0; ok; {
		came, over, changed := x.stands()
		for _, r := range came[told:] {
			if _, err := fmt.Fprintf(v.w, "event: came\ndata: %s %s\n\n", r.Member, strings.ReplaceAll(v.cameText(r), "\n", " ")); err != nil {
				return nil //nolint:nilerr // who went away is no fault
			}
		}
		if len(came) > told {
			if _, err := fmt.Fprintf(v.w, "event: far\ndata: %s\n\n", v.words.count("waiting.came", len(came), "of", len(x.head.Members))); err != nil {
				return nil //nolint:nilerr // as above
			}
		}
		told = len(came)
		if err := out.Flush(); err != nil || over {
			break
		}
		select {
		case <-changed:
		case <-v.r.Context().Done():
			return nil
		}
	}
	_, _ = fmt.Fprint(v.w, "event: over\ndata: over\n\n")
	return nil
}

// remove removes a kept answer, when its owner says so.
func (p *Portal) remove(v *visit) error {
	id := v.r.PathValue("id")
	if _, underWay := p.askings.of(id, v.person.Pseudonym); underWay {
		return guichet.Errorf(guichet.KindBusy, "%s", v.t("asked.underway"))
	}
	if err := p.shelf.remove(id, v.person.Pseudonym); err != nil {
		return err
	}
	return v.redirect(v.to("/asked", nil))
}

// answer shows what came of a question: how far it is, what was said, or what failed.
// Nobody is asked by it.
func (p *Portal) answer(v *visit) error {
	id := v.r.PathValue("id")
	if x, ok := p.askings.of(id, v.person.Pseudonym); ok {
		return p.waiting(v, x)
	}
	k, err := p.shelf.get(id, v.person.Pseudonym)
	if err != nil {
		return err
	}
	v.saidIn = k.Lang
	if k.State != stateDone {
		return p.failed(v, k)
	}
	switch {
	case k.Answer.Mirror != nil:
		return p.compared(v, k)
	case k.Answer.Twice != nil:
		return p.twiced(v, k)
	}
	return p.answered(v, k)
}

// failedPage is what the page of a question receives that came to nothing.
type failedPage struct {
	Title, Lead, Do   string
	Said, Hint        spoken
	Again, Change, ID string
	Began             time.Time
}

func (p *Portal) failed(v *visit, k kept) error {
	state, _ := p.stateOf(k.keptHead)
	again, change := p.waysBack(v, k.keptHead)
	page := failedPage{
		Title: p.titleOf(v, k.keptHead), Said: v.speak(k.SaidOf, k.Said), Hint: v.speak(k.HintOf, k.Hint), ID: k.ID, Began: k.Began,
		Lead: v.t("failed." + state + ".lead"), Do: v.t("failed." + state + ".do"),
		Again: again, Change: change,
	}
	return v.show(http.StatusOK, "failed", v.t("failed.title"), page)
}
