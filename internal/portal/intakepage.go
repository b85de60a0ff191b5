package portal

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"guichet"
)

// leastSeconds is the least time that is told: less is no number of tenths.
const leastSeconds = 0.05

// intakeResult is what the page of a file receives.
type intakeResult struct {
	Head      intakeHead
	State     string
	Lead, Do  string
	Seconds   string
	Said      spoken // why it was refused
	Hint      spoken
	Facts     []fact
	Sheets    []sheet
	Notes     []string
	Replaced  []sheetCell
	Form      intakeFields
	Again     bool // it may be tried again: the file is still here
	AskTotals bool
	AskAside  bool
	To        string // of the submission
}

// intakeWait is what the page of a file receives that is under way.
type intakeWait struct{ Name, Stands, Events string }

// intakePage shows how a file stands. Nothing is begun by it.
func (p *Portal) intakePage(v *visit) error {
	h, ok := p.intakes.heads.get(v.r.PathValue("id"))
	if !ok {
		return notKept()
	}
	if w := p.intakes.underWay(h.ID); w != nil {
		const again = 2
		page := intakeWait{Name: h.Name, Stands: v.standsAt(w), Events: v.to("/intake/"+h.ID+"/events", nil)}
		return v.show(http.StatusOK, "intaking", v.t("intake.working"), page, func(s *shown) { s.Refresh = again })
	}
	if state, _ := p.intakeState(h); state == intakeAsks && h.Plan != nil {
		return p.intakePlanned(v, h)
	}
	return p.intakeResult(v, h)
}

func (p *Portal) intakeResult(v *visit, h intakeHead) error {
	state, _ := p.intakeState(h)
	page := intakeResult{Head: h, State: state, Again: !h.Gone, Said: v.speak(h.SaidOf, h.Said), Hint: v.speak(h.HintOf, h.Hint)}
	page.Lead, page.Do = v.t("intake."+state+".lead"), v.t("intake."+state+".do")
	if state == intakeRefused {
		page.Lead, page.Do = v.words.or("intake.refused."+string(h.Kind)+".lead", page.Lead), v.words.or("intake.refused."+string(h.Kind)+".do", page.Do)
		if slices.Contains([]guichet.Kind{guichet.KindTotals, guichet.KindTooMany, guichet.KindFull, guichet.KindBusy}, h.Kind) { // what the page says to do is not what a command's user does
			page.Hint = spoken{}
		}
		page.AskTotals, page.AskAside = h.Kind == guichet.KindTotals || h.Options.Totals != "", h.Kind == guichet.KindTooMany || h.Options.Aside
	}
	if h.Took != nil {
		if err := p.intakeTook(v, h, &page); err != nil {
			return err
		}
	}
	var err error
	_, wrong := p.intakeOf(v, h.Name, h.Options)
	if h.State != intakeHeld {
		wrong = nil
	}
	if page.Form, err = p.intakeFields(v, h.Options, wrong); err != nil {
		return err
	}
	return v.show(http.StatusOK, "intook", v.t("intake."+state+".title"), page, func(s *shown) { s.Wrong = wrong.Any() })
}

// intakeTook says what came in.
func (p *Portal) intakeTook(v *visit, h intakeHead, page *intakeResult) error {
	page.To = v.to("/submissions/"+h.Took.Submission, nil)
	s, err := p.cfg.Steward.Files.Submission(v.r.Context(), h.Took.Submission)
	if guichet.KindOf(err) == guichet.KindNotFound {
		return nil // removed by rule since
	}
	if err != nil {
		return err
	}
	if h.Took.Seconds >= leastSeconds {
		page.Seconds = v.words.number(tenths(h.Took.Seconds), 1)
	}
	page.Facts = p.submissionFacts(v, s)
	page.Sheets = p.submissionSheets(v, s)
	for _, r := range h.Took.Notes {
		page.Notes = append(page.Notes, v.noteText(p.cfg.Steward.datasetOf(s.Dataset), r))
	}
	page.Replaced = p.named(v, h.Took.Replaced)
	return nil
}

// tenths is a number of seconds with one digit.
func tenths(s float64) guichet.Decimal {
	d, err := guichet.ParseDecimal(fmt.Sprintf("%.1f", s))
	if err != nil {
		return guichet.DecimalOf(int64(s))
	}
	return d
}

// noteText says a remark in the page's language where its code has words; what follows
// them stays.
func (v *visit) noteText(ds *guichet.Dataset, r guichet.Remark) string {
	text := r.Text
	if ds != nil && ds.RemarkText != nil && v.lang != "en" {
		own := v.words.or("note."+r.Code, ds.RemarkText(r.Code, v.lang))
		switch rest, ok := strings.CutPrefix(text, ds.RemarkText(r.Code, "en")); {
		case own == "":
		case ok && ds.RemarkText(r.Code, "en") != "":
			text = own + rest
		case r.Value != nil: // the English sentence says it with its figure
			text = own + v.t("shell.colon") + v.words.number(*r.Value, 0) + " " + r.Unit
		default:
			text = own
		}
	}
	if r.Rows > 0 {
		text += " (" + v.words.count("submissions.rows", int(r.Rows)) + ")"
	}
	return text
}

// standsAt says how far a work is.
func (v *visit) standsAt(w *intaking) string {
	stage, done, total, _, _ := w.stands()
	if stage == "" {
		return v.t("intake.waits")
	}
	text := v.words.or("intake.stage."+strings.ReplaceAll(stage, " ", "_"), stage)
	if total > 0 {
		const hundred = 100
		text += v.t("shell.colon") + v.words.whole(hundred*min(done, total)/total) + "\u00a0%"
	}
	return text
}

// intakeEvents tells a browser how far a file is: "came" with a sentence, "over" at the
// end, or when it is time to look at the session again.
func (p *Portal) intakeEvents(v *visit) error {
	h := v.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(v.w)
	_ = out.SetWriteDeadline(time.Time{})
	const every, longest = time.Second, 5 * time.Minute
	ends := time.NewTimer(longest)
	defer ends.Stop()
	told := ""
	for w := p.intakes.underWay(v.r.PathValue("id")); w != nil; {
		_, _, _, over, changed := w.stands()
		if text := v.standsAt(w); text != told {
			told = text
			if _, err := fmt.Fprintf(v.w, "event: came\ndata: stands %s\n\n", text); err != nil {
				return nil //nolint:nilerr // who went away is no fault
			}
		}
		if err := out.Flush(); err != nil || over {
			break
		}
		select {
		case <-changed:
		case <-v.r.Context().Done():
			return nil
		case <-ends.C:
			w = nil
			continue
		}
		if !over { // not more often than somebody reads
			select {
			case <-time.After(every):
			case <-v.r.Context().Done():
				return nil
			}
		}
	}
	_, _ = fmt.Fprint(v.w, "event: over\ndata: over\n\n")
	return nil
}

// intakeAgain tries a file that lies here once more, as is said now.
func (p *Portal) intakeAgain(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		return guichet.Errorf(guichet.KindInvalid, "%s", v.t("error.form"))
	}
	h, ok := p.intakes.heads.get(v.r.PathValue("id"))
	if !ok {
		return notKept()
	}
	if p.intakes.underWay(h.ID) != nil || h.Gone { // the same form twice
		return v.redirect(v.to("/intake/"+h.ID, nil))
	}
	h.Options, h.State = readIntake(v.r.PostForm), intakeHeld
	if err := p.intakes.heads.put(h.ID, h); err != nil {
		return err
	}
	const digest = 64
	return p.intakeBegin(v, h, one(v.r.PostForm, "plan", digest))
}

// intakeRemove removes a file that was not taken in, and its page.
func (p *Portal) intakeRemove(v *visit) error {
	id := v.r.PathValue("id")
	if _, ok := p.intakes.heads.get(id); !ok {
		return notKept()
	}
	if p.intakes.underWay(id) != nil {
		return guichet.Errorf(guichet.KindBusy, "%s", v.t("intake.underway"))
	}
	if err := p.intakes.remove(id); err != nil {
		return err
	}
	return v.redirect(v.to("/intake", nil))
}

// named are submissions by the names of their files, each leading to its page; of many
// the first ones.
func (p *Portal) named(v *visit, ids []string) []sheetCell {
	const most = 50
	var out []sheetCell
	for _, id := range ids[:min(len(ids), most)] {
		cell := sheetCell{Text: id, To: v.to("/submissions/"+id, nil)}
		if s, err := p.cfg.Steward.Files.Submission(v.r.Context(), id); err == nil {
			cell.Text = s.File
		}
		out = append(out, cell)
	}
	if more := len(ids) - most; more > 0 {
		out = append(out, textCell(v.words.count("withdraw.more", more)))
	}
	return out
}
