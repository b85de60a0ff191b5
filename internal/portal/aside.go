package portal

import (
	"net/http"
	"net/url"
)

// asidePage is what the page of lines put aside receives.
type asidePage struct {
	ID, File   string
	Sheet      sheet
	All        int
	From, To   int
	Reasons    []choice
	Prev, Next string
	Purged     bool
}

// submissionAside shows lines that were put aside, for one reason or all, in pages.
func (p *Portal) submissionAside(v *visit) error {
	st, err := p.steward()
	if err != nil {
		return err
	}
	s, err := st.Files.Submission(v.r.Context(), v.r.PathValue("id"))
	if err != nil {
		return notSubmission(err)
	}
	ds := st.datasetOf(s.Dataset)
	reason := one(v.r.URL.Query(), "reason", 100)
	page := asidePage{ID: s.ID, File: s.File, All: int(s.Aside), Purged: len(s.Purged) > 0 && s.Aside > 0}
	page.Reasons = []choice{{Value: "", Text: v.t("submission.aside.any", "n", v.words.whole(s.Aside)), Chosen: reason == ""}}
	for _, c := range s.Reasons {
		page.Reasons = append(page.Reasons, choice{Value: c.Code, Text: sayCode(ds, c.Code, v.lang) + " (" + v.words.whole(c.Rows) + ")", Chosen: c.Code == reason})
		if c.Code == reason {
			page.All = int(c.Rows)
		}
	}
	from := pageFrom(v.r.URL.Query(), page.All, asideShown)
	lines, err := st.Files.Aside(v.r.Context(), s.ID, reason, from, asideShown)
	if err != nil {
		return err
	}
	page.From, page.To = from+1, from+len(lines)
	page.Sheet = sheet{Title: v.t("submission.aside"), Heads: v.heads("...", "submission.line", "submission.why", "submission.text")}
	for _, l := range lines {
		page.Sheet.Rows = append(page.Sheet.Rows, []sheetCell{codeCell(l.Line), textCell(sayCode(ds, l.Reason, v.lang)), codeCell(l.Text)})
	}
	more := url.Values{}
	if reason != "" {
		more.Set("reason", reason)
	}
	page.Prev, page.Next = v.turning("/submissions/"+s.ID+"/aside", more, from, page.All, asideShown)
	return v.show(http.StatusOK, "aside", v.t("submission.aside")+" – "+s.File, page)
}
