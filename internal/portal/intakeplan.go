package portal

import (
	"net/http"
	"time"

	"guichet"
)

// IntakePlan is what taking a file in would do to what is held.
type IntakePlan struct {
	Digest     string             `json:"digest"`     // of what it would change
	Submission guichet.Submission `json:"submission"` // as it would come in
	Rows       int64              `json:"rows"`       // of it that would answer
	Replaced   IntakeOverlaps     `json:"replaced"`   // what would answer no longer
	Stays      IntakeOverlaps     `json:"stays"`      // published later: what goes on answering in its place
	Beside     IntakeOverlaps     `json:"beside"`     // to which its figures would be added
	Answered   []ConcernedParty   `json:"answered"`   // from what would be replaced
	Early      bool               `json:"early"`      // published, as was said, before its last period began
	Last       string             `json:"last"`       // that period; "" where it is not early
}

// Changes says whether it does anything to what others answer for.
func (p *IntakePlan) Changes() bool { return p.Replaced.All+p.Stays.All+p.Beside.All > 0 }

// IntakeOverlaps are submissions of which a plan says the same.
type IntakeOverlaps struct {
	All   int             `json:"all"`
	Rows  int64           `json:"rows"`
	Shown []IntakeOverlap `json:"shown"` // the first of them
}

// IntakeOverlap is what a submission holds of the units of a file.
type IntakeOverlap struct {
	Submission, File, Released string
	TakenAt                    time.Time
	Periods                    string // "2024-01:2024-03"
	Units                      int
	Rows                       int64
	Whole                      bool // all that it answers for
}

// intakePlanPage is what the page before a file is taken in receives.
type intakePlanPage struct {
	Head      intakeHead
	Said      []string
	Facts     []fact
	Sheets    []sheet
	Answered  sheet
	Replaces  bool
	File      []sheet // what it holds
	Form      intakeFields
	Digest    string
	Early     bool
	AskTotals bool
	AskAside  bool
}

// intakePlanned shows what taking a file in would do. Nothing is changed by it.
func (p *Portal) intakePlanned(v *visit, h intakeHead) error {
	s, plan := h.Plan.Submission, h.Plan
	page := intakePlanPage{
		Head: h, Digest: plan.Digest, Early: plan.Early, Replaces: plan.Replaced.All > 0, AskTotals: h.Options.Totals != "", AskAside: h.Options.Aside,
		Said: v.planSaid(plan), Facts: p.planFacts(v, s), File: p.submissionSheets(v, s),
	}
	for _, t := range page.File {
		for i := range t.Rows {
			t.Rows[i][0].To = "" // there is no such submission yet
		}
	}
	for _, of := range []struct {
		key  string
		what IntakeOverlaps
	}{{"intake.plan.replaced", plan.Replaced}, {"intake.plan.stays", plan.Stays}, {"intake.plan.beside", plan.Beside}} {
		page.Sheets = append(page.Sheets, v.overlapSheet(of.key, of.what))
	}
	page.Answered, _ = v.answeredSheet(plan.Answered)
	_, wrong := p.intakeOf(v, h.Name, h.Options)
	if plan.Early {
		wrong.add("released", v.t("intake.released.early", "text", h.Options.Released, "period", v.words.period(plan.Last)))
	}
	var err error
	if page.Form, err = p.intakeFields(v, h.Options, wrong); err != nil {
		return err
	}
	return v.show(http.StatusOK, "intakeplan", v.t("intake.asks.title"), page, func(s *shown) { s.Wrong = wrong.Any() })
}

// planSaid says a plan in sentences.
func (v *visit) planSaid(plan *IntakePlan) []string {
	var out []string
	if n := plan.Replaced; n.All > 0 {
		out = append(out, v.words.count("intake.plan.replaces", n.All, "rows", v.words.count("submissions.rows", int(n.Rows))))
	}
	if n := plan.Beside; n.All > 0 {
		out = append(out, v.words.count("intake.plan.adds", n.All, "rows", v.words.count("submissions.rows", int(n.Rows))))
	}
	if n := plan.Stays; n.All > 0 {
		out = append(out, v.words.count("intake.plan.older", n.All, "rows", v.words.count("submissions.rows", int(n.Rows))))
	}
	switch {
	case !plan.Changes():
		out = append(out, v.t("intake.plan.nothing"))
	case plan.Stays.All > 0 && plan.Rows == 0:
		out = append(out, v.t("intake.plan.silent"))
	}
	return out
}

// planFacts are what is known of a file that has been read.
func (p *Portal) planFacts(v *visit, s guichet.Submission) []fact {
	var out []fact
	for _, f := range p.submissionFacts(v, s) {
		if f.To == "" {
			out = append(out, f)
		}
	}
	released := v.t("intake.plan.unknown")
	if s.Released != "" {
		released = v.words.period(s.Released)
	}
	return append(out, fact{Title: v.t("submission.released"), Text: released}, fact{Title: v.t("submission.action"), Text: v.words.or("submission.action."+s.Action, s.Action)})
}

// overlapSheet are the submissions of which a plan says the same.
func (v *visit) overlapSheet(key string, of IntakeOverlaps) sheet {
	out := sheet{Title: v.t(key), Heads: v.heads("....#.", "submissions.file", "submission.released", "submissions.taken", "submissions.periods", "submissions.rowshead", "intake.plan.share")}
	for _, o := range of.Shown {
		released := v.t("submission.unknown")
		if o.Released != "" {
			released = v.words.period(o.Released)
		}
		share := v.t("intake.plan.part")
		if o.Whole {
			share = v.t("intake.plan.whole")
		}
		out.Rows = append(out.Rows, []sheetCell{
			{Text: o.File, To: v.to("/submissions/"+o.Submission, nil)},
			textCell(released), textCell(v.words.moment(o.TakenAt)), textCell(v.periodsText(o.Periods)),
			numCell(v.words.whole(o.Rows)), textCell(share),
		})
	}
	if more := of.All - len(of.Shown); more > 0 {
		out.Note = v.words.count("withdraw.more", more)
	}
	return out
}

// periodsText writes periods as the house keeps them, "2024-01:2024-03".
func (v *visit) periodsText(text string) string {
	if s, err := guichet.ParseSpan(text); err == nil {
		return v.words.span(s)
	}
	return text
}
