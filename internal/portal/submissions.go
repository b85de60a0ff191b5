package portal

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"guichet"
)

// Bounds of what a page of submissions shows.
const (
	submissionsShown = 50
	asideShown       = 50
	unitsShown       = 60
	exampleShown     = 80
)

// submissionsPage is what the list of submissions receives.
type submissionsPage struct {
	Sheet      sheet
	All        int
	Prev, Next string
	Wanted     string
}

// submissions lists what has been taken in, newest first.
func (p *Portal) submissions(v *visit) error {
	s, err := p.steward()
	if err != nil {
		return err
	}
	all, err := s.Files.Submissions(v.r.Context())
	if err != nil {
		return err
	}
	wanted := one(v.r.URL.Query(), "words", 100)
	if wanted != "" {
		all = slices.DeleteFunc(all, func(x guichet.Submission) bool { return !isWanted(x, wanted) })
	}
	page := submissionsPage{All: len(all), Wanted: wanted, Sheet: sheet{
		Title: v.t("submissions.title"),
		Heads: v.heads(".....##.", "submissions.file", "submissions.taken", "submissions.reporter", "submissions.periods", "submissions.profile", "submissions.records", "submissions.aside", "submissions.state"),
	}}
	from := pageFrom(v.r.URL.Query(), len(all), submissionsShown)
	for _, x := range all[from:min(len(all), from+submissionsShown)] {
		state, tag := v.submissionState(x)
		page.Sheet.Rows = append(page.Sheet.Rows, []sheetCell{
			{Text: x.File, To: v.to("/submissions/"+x.ID, nil)},
			textCell(v.words.moment(x.TakenAt)), textCell(strings.Join(x.Reporters(), ", ")), textCell(v.periodsOf(x)),
			textCell(x.Profile), numCell(v.words.whole(x.Records)), numCell(v.words.whole(x.Aside)),
			{Text: state, Tag: tag},
		})
	}
	more := url.Values{}
	if wanted != "" {
		more.Set("words", wanted)
	}
	page.Prev, page.Next = v.turning("/submissions", more, from, len(all), submissionsShown)
	return v.show(http.StatusOK, "submissions", v.t("submissions.title"), page)
}

// isWanted says whether a submission is what somebody looks for: by a part of its file,
// id, profile or reporter.
func isWanted(s guichet.Submission, words string) bool {
	words = strings.ToLower(words)
	return slices.ContainsFunc(append([]string{s.File, s.ID, s.Profile}, s.Reporters()...), func(x string) bool { return strings.Contains(strings.ToLower(x), words) })
}

// pageFrom is where a page of a list begins, by its address.
func pageFrom(q url.Values, all, size int) int {
	n, err := strconv.Atoi(q.Get("page"))
	if err != nil || n < 1 || (n-1)*size >= all {
		return 0
	}
	return (n - 1) * size
}

// turning are the addresses of the pages before and after.
func (v *visit) turning(path string, more url.Values, from, all, size int) (prev, next string) {
	at := func(n int) string {
		q := maps.Clone(more)
		q.Set("page", strconv.Itoa(n))
		return v.to(path, q)
	}
	n := from/size + 1
	if from > 0 {
		prev = at(n - 1)
	}
	if from+size < all {
		next = at(n + 1)
	}
	return prev, next
}

// submissionState says how a submission stands, and the colour of its tag.
func (v *visit) submissionState(s guichet.Submission) (state, tag string) {
	switch {
	case s.Withdrawn != "":
		return v.t("submissions.state.withdrawn"), "red"
	case len(s.Purged) > 0:
		return v.t("submissions.state.purged"), "grey"
	case s.Generated:
		return v.t("submissions.state.generated"), "yellow"
	}
	return v.t("submissions.state.in"), "green"
}

// periodsOf says which periods a submission holds.
func (v *visit) periodsOf(s guichet.Submission) string {
	if len(s.Units) == 0 {
		return v.words.period(s.FilePer)
	}
	byStart := func(a, b guichet.Unit) int { return a.Period.Start.Compare(b.Period.Start) }
	return v.words.span(guichet.Span{From: slices.MinFunc(s.Units, byStart).Period, To: slices.MaxFunc(s.Units, byStart).Period})
}

// submissionPage is what the page of one submission receives.
type submissionPage struct {
	ID, File    string
	State, Tag  string
	Fates       []fateView
	Facts       []fact
	Sheets      []sheet
	Identity    []fact
	Conform     sheet
	ConformText []string
	Withdraw    string // the address of the next step
	Reinstate   bool
	Generated   bool
}

// fateView is what became of it.
type fateView struct {
	Title, Why, By string
	Removed        sheet
	Waiting        bool
	Proofs         []string
}

// submission shows what `guichet submissions show` tells.
func (p *Portal) submission(v *visit) error {
	st, err := p.steward()
	if err != nil {
		return err
	}
	s, err := st.Files.Submission(v.r.Context(), v.r.PathValue("id"))
	if err != nil {
		return notSubmission(err)
	}
	page := submissionPage{
		ID: s.ID, File: s.File, Facts: p.submissionFacts(v, s), Sheets: p.submissionSheets(v, s), Identity: p.submissionIdentity(v, s),
		Withdraw: v.to("/submissions/"+s.ID+"/withdraw", nil), Reinstate: s.Withdrawn != "", Generated: s.Generated,
	}
	page.State, page.Tag = v.submissionState(s)
	page.Sheets = append(page.Sheets, p.outlierSheet(v, s), p.unitSheet(v, s))
	if page.Fates, err = p.fatesOf(v, s); err != nil {
		return err
	}
	c, err := st.Files.Conformity(s)
	if err != nil {
		return err
	}
	page.Conform, page.ConformText = p.conformSheet(v, s, c), v.conformText(s, c)
	return v.show(http.StatusOK, "submission", s.File, page)
}

// notSubmission hides what a home says of ids that are no whole one.
func notSubmission(err error) error {
	if k := guichet.KindOf(err); k == guichet.KindInvalid || k == guichet.KindNotFound {
		return notKept()
	}
	return err
}

func (p *Portal) submissionFacts(v *visit, s guichet.Submission) []fact {
	aside := v.words.count("submissions.put_aside", int(s.Aside))
	if s.Aside > 0 && s.Lines > 0 {
		const hundred = 100
		aside += " (" + v.words.number(tenths(hundred*float64(s.Aside)/float64(s.Lines)), 1) + "\u00a0%)"
	}
	out := []fact{
		{Title: v.t("submission.profile"), Text: s.Profile + " " + s.Version},
		{Title: v.t("submissions.reporter"), Text: v.areas(s.Reporters())},
		{Title: v.t("submissions.periods"), Text: v.periodsOf(s)},
		{Title: v.t("submission.lines"), Text: v.words.count("submissions.lines", int(s.Lines)) + ", " + v.words.count("submissions.kept", int(s.Kept)) + ", " + aside},
		{Title: v.t("submissions.records"), Text: v.words.whole(s.Records)},
	}
	if s.Aside > 0 && len(s.Purged) == 0 {
		out = append(out, fact{Title: v.t("submission.aside"), Text: v.t("submission.aside.look"), To: v.to("/submissions/"+s.ID+"/aside", nil)})
	}
	if s.Override != "" {
		out = append(out, fact{Title: v.t("submission.override"), Text: s.Override})
	}
	if s.OverrideBy != "" {
		out = append(out, fact{Title: v.t("submission.override.by"), Text: s.OverrideBy})
	}
	if s.Generated {
		out = append(out, fact{Title: v.t("submission.note"), Text: v.t("submission.generated")})
	}
	return out
}

func (v *visit) areas(codes []string) string {
	names := make([]string, len(codes))
	for i, c := range codes {
		names[i] = areaName(c, v.lang)
	}
	return strings.Join(names, ", ")
}

// submissionSheets are its totals, why lines were put aside, what is remarked of the
// kept ones, and control totals.
func (p *Portal) submissionSheets(v *visit, s guichet.Submission) []sheet {
	ds := p.cfg.Steward.datasetOf(s.Dataset)
	totals := sheet{Title: v.t("submission.totals"), Heads: v.heads(".###", "submission.measure", "submission.infile", "submission.kept", "submissions.aside")}
	for _, x := range s.Totals {
		totals.Rows = append(totals.Rows, []sheetCell{textCell(v.fieldTitle(ds, x.Measure)), numCell(v.words.number(x.File, 0)), numCell(v.words.number(x.Kept, 0)), numCell(v.words.number(x.Aside, 0))})
	}
	reasons := p.countSheet(v, s, "submission.reasons", s.Reasons)
	for i := range reasons.Rows {
		if len(s.Purged) == 0 {
			reasons.Rows[i][0].To = v.to("/submissions/"+s.ID+"/aside", url.Values{"reason": {s.Reasons[i].Code}})
		}
	}
	controls := sheet{Title: v.t("submission.controls"), Heads: v.heads(".##.", "submission.control", "submission.stated", "submission.found", "submissions.state")}
	for _, c := range s.Controls {
		verdict := sheetCell{Text: v.t("submission.control.ok"), Tag: "green"}
		if !c.OK() {
			verdict = sheetCell{Text: v.t("submission.control.differs", "by", v.words.number(c.Found.Sub(c.Stated), 0)), Tag: "red"}
		}
		controls.Rows = append(controls.Rows, []sheetCell{textCell(c.Name), numCell(v.words.number(c.Stated, 0)), numCell(v.words.number(c.Found, 0)), verdict})
	}
	return []sheet{totals, reasons, p.countSheet(v, s, "submission.remarks", s.Remarks), controls}
}

func (p *Portal) countSheet(v *visit, s guichet.Submission, title string, counts []guichet.Count) sheet {
	ds := p.cfg.Steward.datasetOf(s.Dataset)
	main := ""
	if ds != nil {
		main = v.fieldTitle(ds, ds.Main)
	}
	out := sheet{Title: v.t(title), Heads: append(v.heads(".#", "submission.what", "submissions.rowshead"), sheetHead{main, true}, sheetHead{v.t("submission.example"), false})}
	for _, c := range counts {
		out.Rows = append(out.Rows, []sheetCell{textCell(sayCode(ds, c.Code, v.lang)), numCell(v.words.whole(c.Rows)), numCell(v.words.number(c.Value, 0)), codeCell(tidy(c.Example, exampleShown))})
	}
	return out
}

// sayCode says a code of a reason or a remark; the code itself where it has no words.
func sayCode(ds *guichet.Dataset, code, lang string) string {
	if ds != nil && ds.RemarkText != nil {
		if text := ds.RemarkText(code, lang); text != "" {
			return text
		}
	}
	return code
}

// fieldTitle is what a field or a measure is called.
func (v *visit) fieldTitle(ds *guichet.Dataset, name string) string {
	if ds == nil {
		return name
	}
	if f, ok := ds.Field(name); ok {
		return f.Title.In(v.lang)
	}
	if x, ok := ds.DerivedBy(name); ok {
		return x.Title.In(v.lang)
	}
	return name
}

func (p *Portal) outlierSheet(v *visit, s guichet.Submission) sheet {
	ds := p.cfg.Steward.datasetOf(s.Dataset)
	out := sheet{Title: v.t("submission.outliers"), Heads: v.heads(".##.", "submission.measure", "submission.figure", "submission.share", "submission.what")}
	for _, o := range s.Outliers {
		var row []string
		for _, dim := range slices.Sorted(maps.Keys(o.Row)) {
			row = append(row, v.fieldTitle(ds, dim)+" "+o.Row[dim])
		}
		const hundred = 100
		out.Rows = append(out.Rows, []sheetCell{textCell(v.fieldTitle(ds, o.Measure)), numCell(v.words.number(o.Figure, 0)), numCell(v.words.number(tenths(hundred*o.Share), 1) + "\u00a0%"), textCell(strings.Join(row, ", "))})
	}
	return out
}

func (p *Portal) unitSheet(v *visit, s guichet.Submission) sheet {
	ds := p.cfg.Steward.datasetOf(s.Dataset)
	main := ""
	if ds != nil {
		main = v.fieldTitle(ds, ds.Main)
	}
	out := sheet{Title: v.t("submission.units"), Heads: append(v.heads("...#", "submission.unit", "submission.period", "submission.scope", "submissions.rowshead"), sheetHead{main, true})}
	for _, u := range s.Units[:min(len(s.Units), unitsShown)] {
		who := []string{areaName(u.Reporter, v.lang)}
		for _, dim := range slices.Sorted(maps.Keys(u.Dims)) {
			who = append(who, v.words.or("code."+u.Dims[dim], u.Dims[dim]))
		}
		out.Rows = append(out.Rows, []sheetCell{textCell(strings.Join(who, ", ")), textCell(v.words.period(u.Period.String())), textCell(u.Scope), numCell(v.words.whole(u.Rows)), numCell(v.words.number(u.Value, 0))})
	}
	if more := len(s.Units) - unitsShown; more > 0 {
		out.Note = v.words.count("submission.units.more", more)
	}
	return out
}

// submissionIdentity is what makes a submission what it is.
func (p *Portal) submissionIdentity(v *visit, s guichet.Submission) []fact {
	released := v.t("submission.unknown")
	if s.Released != "" {
		released = v.words.period(s.Released)
	}
	out := []fact{
		{Title: v.t("submission.id"), Text: s.Identity, Mono: true},
		{Title: v.t("submission.digest"), Text: s.Digest, Mono: true},
		{Title: v.t("submission.original"), Text: s.Original, Mono: true},
		{Title: v.t("submission.size"), Text: v.words.size(s.Bytes)},
		{Title: v.t("submission.tables"), Text: s.Tables, Mono: true},
		{Title: v.t("submissions.taken"), Text: v.words.moment(s.TakenAt)},
		{Title: v.t("submission.released"), Text: released},
		{Title: v.t("submission.action"), Text: v.words.or("submission.action."+s.Action, s.Action)},
	}
	ds := p.cfg.Steward.datasetOf(s.Dataset)
	for _, name := range slices.Sorted(maps.Keys(s.Fields)) {
		out = append(out, fact{Title: v.fieldTitle(ds, name), Text: s.Fields[name]})
	}
	if !s.MayRedistribute {
		out = append(out, fact{Title: v.t("submission.redistribute"), Text: v.t("submission.redistribute.no")})
	}
	return out
}

// fatesOf are the events that stand on a submission.
func (p *Portal) fatesOf(v *visit, s guichet.Submission) ([]fateView, error) {
	if s.Withdrawn == "" && len(s.Purged) == 0 {
		return nil, nil
	}
	all, err := p.cfg.Steward.Withdrawer.Fates(v.r.Context())
	if err != nil {
		return nil, err
	}
	var out []fateView
	for _, e := range all {
		if e.ID == s.Withdrawn || slices.Contains(s.Purged, e.ID) {
			out = append(out, v.fate(e))
		}
	}
	return out, nil
}

// fate says an event with its proofs.
func (v *visit) fate(e Fate) fateView {
	out := fateView{
		Title: v.t("submission.fate."+string(e.Kind), "when", v.words.moment(e.At)), Why: e.Why, By: e.By, Waiting: !e.OffDisk,
		Removed: sheet{Title: v.t("submission.removed"), Heads: v.heads("..#..", "submissions.file", "submissions.periods", "submissions.rowshead", "submission.rule", "submission.basis")},
	}
	for _, r := range e.Removed {
		out.Removed.Rows = append(out.Removed.Rows, []sheetCell{textCell(r.File), textCell(v.periodsText(r.Periods)), numCell(v.words.whole(r.Rows)), textCell(v.ruleText(r.Rule)), textCell(r.Basis)})
	}
	for _, x := range e.Proofs {
		if x.Leaf < 0 {
			out.Proofs = append(out.Proofs, v.t("submission.proof.not", "circle", x.Circle))
			continue
		}
		out.Proofs = append(out.Proofs, v.t("submission.proof", "circle", x.Circle, "leaf", v.words.whole(x.Leaf), "exchange", x.Exchange))
	}
	return out
}

// ruleText is a rule of retention in words: "keep 10y from period".
func (v *visit) ruleText(rule string) string {
	words := strings.Fields(rule)
	switch {
	case len(words) == 4 && words[0] == "keep" && words[2] == "from":
		return v.lengthText(words[1]) + " " + v.words.or("submission.rule."+words[3], words[3])
	case len(words) == 5 && words[0] == "keep":
		return v.lengthText(words[1]) + " " + v.t("submission.rule.superseded")
	}
	return rule
}

// lengthText says a length such as "10y", "18m", "90d".
func (v *visit) lengthText(text string) string {
	if len(text) < 2 {
		return text
	}
	n, err := strconv.Atoi(text[:len(text)-1])
	if err != nil {
		return text
	}
	switch text[len(text)-1] {
	case 'y':
		return v.words.count("submission.years", n)
	case 'm':
		return v.words.count("submission.months", n)
	case 'd':
		return v.words.count("submission.days", n)
	}
	return text
}
