package portal

import (
	"net/http"
	"strings"

	"guichet"
)

// withdrawShown is what the page before a withdrawal receives.
type withdrawShown struct {
	ID, File, Why string
	Reinstate     bool
	Wrong         faults
	Answered      sheet
	Told          int
	Copies        []string
	Again         []sheetCell
	Act           string
}

// withdrawPage says whom it concerns that a submission is withdrawn, or reinstated,
// before anything is done.
func (p *Portal) withdrawPage(v *visit) error { return p.withdrawShow(v, "", nil) }

func (p *Portal) withdrawShow(v *visit, why string, wrong faults) error {
	st, err := p.steward()
	if err != nil {
		return err
	}
	s, err := st.Files.Submission(v.r.Context(), v.r.PathValue("id"))
	if err != nil {
		return notSubmission(err)
	}
	back := s.Withdrawn != ""
	c, err := st.Withdrawer.Withdraw(v.r.Context(), Withdrawing{Submission: s.ID, Reinstate: back, DryRun: true})
	if err != nil {
		return err
	}
	page := withdrawShown{ID: s.ID, File: s.File, Why: why, Reinstate: back, Wrong: wrong, Act: v.to("/submissions/"+s.ID+"/withdraw", nil)}
	page.Answered, page.Told = v.answeredSheet(c.Answered)
	for _, x := range c.Copied {
		page.Copies = append(page.Copies, v.t("withdraw.copy", "member", areaName(x.Member, v.lang), "circle", x.Circle))
	}
	page.Again = p.named(v, c.Again)
	key, code := "withdraw.title", http.StatusOK
	if back {
		key = "withdraw.back.title"
	}
	if wrong.Any() {
		code = http.StatusUnprocessableEntity
	}
	return v.show(code, "withdraw", v.t(key), page, func(s *shown) { s.Wrong = wrong.Any() })
}

// withdrawPost withdraws a submission, or takes that back.
func (p *Portal) withdrawPost(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		return guichet.Errorf(guichet.KindInvalid, "%s", v.t("error.form"))
	}
	st, err := p.steward()
	if err != nil {
		return err
	}
	s, err := st.Files.Submission(v.r.Context(), v.r.PathValue("id"))
	if err != nil {
		return notSubmission(err)
	}
	back := s.Withdrawn != ""
	if want := v.r.PostForm.Get("reinstate") != ""; want != back { // somebody else was quicker, or the form came twice
		return v.redirect(v.to("/submissions/"+s.ID, nil))
	}
	why := one(v.r.PostForm, "why", longestField)
	if strings.TrimSpace(why) == "" {
		return p.withdrawShow(v, why, faults{{"why", v.t("withdraw.why.missing")}})
	}
	if _, err := st.Withdrawer.Withdraw(v.r.Context(), Withdrawing{Submission: s.ID, Why: why, By: v.person.Pseudonym, Reinstate: back}); err != nil {
		return err
	}
	return v.redirect(v.to("/submissions/"+s.ID, nil))
}

// answeredSheet says who was answered from figures that are in question, and how many of
// them are told by a notice.
func (v *visit) answeredSheet(answered []ConcernedParty) (out sheet, notices int) {
	out = sheet{Title: v.t("withdraw.answered"), Heads: v.heads(".....", "withdraw.circle", "withdraw.member", "withdraw.agreement", "withdraw.when", "withdraw.told")}
	const most = 200
	for i, a := range answered {
		told := sheetCell{Text: v.t("code.no"), Tag: "yellow"}
		if a.Told {
			told = sheetCell{Text: v.t("code.yes"), Tag: "green"}
			notices++
		}
		if i >= most {
			out.Note = v.words.count("withdraw.more", len(answered)-most)
			continue
		}
		who := areaName(a.Party.Member, v.lang)
		if a.Party.Office != "" {
			who += " / " + a.Party.Office
		}
		out.Rows = append(out.Rows, []sheetCell{textCell(a.Party.Circle), textCell(who), textCell(a.Agreement), textCell(v.words.moment(a.Last)), told})
	}
	return out, notices
}
