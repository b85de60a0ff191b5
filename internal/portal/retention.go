package portal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"guichet"
)

// Retainer knows how long rows are kept.
type Retainer interface {
	Keeping(ctx context.Context) (Keeping, error)
	// Change makes or ends a rule or a hold: the one that is set.
	Change(ctx context.Context, c KeepingChange) error
	// Purge removes what is due, for good, and says what it removed.
	Purge(ctx context.Context, by string) ([]Fate, error)
}

// Keeping is what a home is told to keep, for how long, and what is due.
type Keeping struct {
	Rules []KeepingRule
	Holds []KeepingHold
	Plans []KeepingPlan
}

// KeepingRule is a rule of retention.
type KeepingRule struct {
	Dataset, Profile string // profile "": every one that has no rule of its own
	Keep             string // "10y", "18m", "90d"
	From             string // "period" or "taken"
	Superseded       string // "" as the others
	Basis, By        string
}

// KeepingHold keeps rows from every purge until it is lifted.
type KeepingHold struct {
	Name, Dataset          string
	Submissions, Reporters []string
	From, To               string // days
	Why, By                string
	Set, Lifted            time.Time
	LiftedWhy              string
}

// KeepingPlan is what the next purge takes of a dataset.
type KeepingPlan struct {
	Dataset    string
	Goes, Held []KeepingDue
	Next       *time.Time
}

// KeepingDue are rows of a submission whose time has come.
type KeepingDue struct {
	Submission, File, Rule, Basis, Periods, Hold string
	Rows                                         int64
	Whole                                        bool
	On                                           time.Time
}

// KeepingChange is one change.
type KeepingChange struct {
	Rule, Drop *KeepingRule
	Hold, Lift *KeepingHold
}

// retentionPage is what the page of rules receives.
type retentionPage struct {
	Wrong    faults
	Rules    []ruleView
	Holds    []holdView
	Lifted   sheet
	Plans    []planView
	Due      bool
	Form     url.Values
	Datasets []choice
	Profiles []choice
	Froms    []choice
	HoldOf   []choice
	Purged   []fateView
}

type ruleView struct{ Dataset, Title, Profile, Of, Keeps, Superseded, Basis string }

type holdView struct{ Name, What, Why, Since string }

type planView struct {
	Title, Nothing, Next string
	Goes, Held           sheet
}

// retention shows rules, holds, and what is due by them.
func (p *Portal) retention(v *visit) error { return p.retentionShow(v, url.Values{}, nil) }

func (p *Portal) retentionShow(v *visit, form url.Values, wrong faults) error {
	k, err := p.cfg.Steward.Retainer.Keeping(v.r.Context())
	if err != nil {
		return err
	}
	page := retentionPage{Wrong: wrong, Form: form, Plans: p.plans(v, k.Plans)}
	page.Due = slices.ContainsFunc(k.Plans, func(x KeepingPlan) bool { return len(x.Goes) > 0 })
	for _, r := range k.Rules {
		of := v.t("retention.all")
		if r.Profile != "" {
			of = r.Profile
		}
		x := ruleView{Dataset: r.Dataset, Title: p.datasetTitle(v, r.Dataset), Profile: r.Profile, Of: of, Keeps: v.ruleText("keep " + r.Keep + " from " + r.From), Basis: r.Basis}
		if r.Superseded != "" {
			x.Superseded = v.ruleText("keep " + r.Superseded + " after being superseded")
		}
		page.Rules = append(page.Rules, x)
	}
	page.Lifted = sheet{Title: v.t("retention.lifted"), Heads: v.heads("....", "retention.hold", "retention.what", "submission.why", "retention.liftedwhy")}
	for _, h := range k.Holds {
		what := p.holdText(v, h)
		if h.Lifted.IsZero() {
			page.Holds = append(page.Holds, holdView{h.Name, what, h.Why, v.words.moment(h.Set)})
			continue
		}
		page.Lifted.Rows = append(page.Lifted.Rows, []sheetCell{textCell(h.Name), textCell(what), textCell(h.Why), textCell(v.words.moment(h.Lifted) + v.t("shell.colon") + h.LiftedWhy)})
	}
	if err := p.retentionChoices(v, &page); err != nil {
		return err
	}
	code := http.StatusOK
	if wrong.Any() {
		code = http.StatusUnprocessableEntity
	}
	return v.show(code, "retention", v.t("retention.title"), page, func(s *shown) { s.Wrong = wrong.Any() })
}

// datasetTitle is what a dataset is called.
func (p *Portal) datasetTitle(v *visit, name string) string {
	if ds := p.cfg.Steward.datasetOf(name); ds != nil {
		return ds.Title.In(v.lang)
	}
	return name
}

func (p *Portal) holdText(v *visit, h KeepingHold) string {
	what := []string{p.datasetTitle(v, h.Dataset)}
	what = append(what, h.Submissions...)
	if len(h.Reporters) > 0 {
		what = append(what, v.areas(h.Reporters))
	}
	if h.From != "" || h.To != "" {
		what = append(what, v.t("span", "from", v.dayOf(h.From), "to", v.dayOf(h.To)))
	}
	return strings.Join(what, ", ")
}

func (p *Portal) retentionChoices(v *visit, page *retentionPage) error {
	for _, ds := range p.cfg.Steward.Datasets {
		page.Datasets = append(page.Datasets, choice{Value: ds.Name, Text: ds.Title.In(v.lang), Chosen: page.Form.Get("dataset") == ds.Name})
		page.HoldOf = append(page.HoldOf, choice{Value: ds.Name, Text: ds.Title.In(v.lang), Chosen: page.Form.Get("hold_dataset") == ds.Name})
	}
	all, err := p.cfg.Steward.Taker.Profiles()
	if err != nil {
		return err
	}
	for _, x := range all {
		page.Profiles = append(page.Profiles, choice{Value: x.Name, Text: x.Name, Chosen: page.Form.Get("profile") == x.Name})
	}
	for _, f := range []string{"period", "taken"} {
		page.Froms = append(page.Froms, choice{Value: f, Text: v.t("submission.rule." + f), Chosen: page.Form.Get("from") == f})
	}
	return nil
}

// plans say what the next purge takes.
func (p *Portal) plans(v *visit, plans []KeepingPlan) []planView {
	var out []planView
	table := func(title, dataset string, list []KeepingDue) sheet {
		s := sheet{Title: v.t(title) + " (" + dataset + ")", Heads: v.heads("..#...", "submissions.file", "submissions.periods", "submissions.rowshead", "submission.rule", "submission.basis", "retention.since")}
		for _, g := range list {
			since := v.words.day(g.On)
			if g.Hold != "" {
				since += " (" + g.Hold + ")"
			}
			s.Rows = append(s.Rows, []sheetCell{
				{Text: g.File, To: v.to("/submissions/"+g.Submission, nil)}, textCell(v.periodsText(g.Periods)), numCell(v.words.whole(g.Rows)), textCell(v.ruleText(g.Rule)), textCell(g.Basis), textCell(since),
			})
		}
		return s
	}
	for _, x := range plans {
		name := p.datasetTitle(v, x.Dataset)
		view := planView{Title: name, Goes: table("retention.goes", name, x.Goes), Held: table("retention.held", name, x.Held)}
		if len(x.Goes) == 0 {
			view.Nothing = v.t("retention.nothing")
		}
		if x.Next != nil {
			view.Next = v.t("retention.next", "day", v.words.day(*x.Next))
		}
		out = append(out, view)
	}
	return out
}

var keepLength = regexp.MustCompile(`^[0-9]{1,4}[ymd]$`)

// retentionPost changes a rule or a hold.
func (p *Portal) retentionPost(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		return guichet.Errorf(guichet.KindInvalid, "%s", v.t("error.form"))
	}
	f := v.r.PostForm
	change, wrong := p.changeOf(v, f)
	if !wrong.Any() {
		err := p.cfg.Steward.Retainer.Change(v.r.Context(), change)
		if k := guichet.KindOf(err); k == guichet.KindInvalid || k == guichet.KindNotFound {
			field := map[string]string{"rule": "keep", "hold": "name", "lift": "holds", "drop": "rules"}[f.Get("do")]
			wrong.add(field, v.told(err))
		} else if err != nil {
			return err
		}
	}
	if wrong.Any() {
		return p.retentionShow(v, f, wrong)
	}
	return v.redirect(v.to("/retention", nil))
}

func (p *Portal) changeOf(v *visit, f url.Values) (KeepingChange, faults) {
	var wrong faults
	by := v.person.Pseudonym
	need := func(field, key string) string {
		text := one(f, field, longestField)
		if text == "" {
			wrong.add(field, v.t(key))
		}
		return text
	}
	switch f.Get("do") {
	case "rule":
		r := KeepingRule{Dataset: one(f, "dataset", 100), Profile: one(f, "profile", 100), Keep: one(f, "keep", 20), From: one(f, "from", 20), Superseded: one(f, "superseded", 20), By: by}
		for _, x := range []struct{ field, text string }{{"keep", r.Keep}, {"superseded", r.Superseded}} {
			if !keepLength.MatchString(x.text) && (x.text != "" || x.field == "keep") {
				wrong.add(x.field, v.t("retention.keep.wrong", "text", x.text))
			}
		}
		r.Basis = need("basis", "retention.basis.missing")
		return KeepingChange{Rule: &r}, wrong
	case "drop":
		return KeepingChange{Drop: &KeepingRule{Dataset: one(f, "dataset", 100), Profile: one(f, "profile", 100), By: by}}, wrong
	case "lift":
		return KeepingChange{Lift: &KeepingHold{Name: one(f, "hold", 64), LiftedWhy: need("lift", "withdraw.why.missing"), By: by}}, wrong
	case "hold":
		h := KeepingHold{Name: need("name", "retention.name.missing"), Dataset: one(f, "hold_dataset", 100), Why: need("why", "withdraw.why.missing"), By: by}
		for _, text := range fieldList(f, "reporters") {
			code, _ := areaOf(text, v.lang)
			if code == "" {
				wrong.add("reporters", v.t("retention.reporter.wrong", "text", text))
			}
			h.Reporters = append(h.Reporters, code)
		}
		h.Submissions = fieldList(f, "submissions")
		if text := one(f, "period", 40); text != "" {
			span, err := guichet.ParseSpan(text)
			if err != nil {
				wrong.add("period", v.t("retention.period.wrong", "text", text))
			} else {
				h.From, h.To = span.From.Start.Format(time.DateOnly), span.To.End().Format(time.DateOnly)
			}
		}
		return KeepingChange{Hold: &h}, wrong
	}
	wrong.add("rules", v.t("error.form"))
	return KeepingChange{}, wrong
}

// fieldList are the parts of a field that holds several, with commas between.
func fieldList(f url.Values, name string) []string {
	var out []string
	const most = 50
	for x := range strings.SplitSeq(one(f, name, 2*longestField), ",") {
		if x = strings.TrimSpace(x); x != "" && len(out) < most {
			out = append(out, x)
		}
	}
	return out
}

// purgePage is what the page before a purge receives.
type purgePage struct {
	Plans   []planView
	Due     bool
	Rows    int
	Plan    string // what the button is for: of another plan it does nothing
	Changed bool
}

// purgeAsk shows what goes before anything does.
func (p *Portal) purgeAsk(v *visit) error { return p.purgeShow(v, false) }

func (p *Portal) purgeShow(v *visit, changed bool) error {
	k, err := p.cfg.Steward.Retainer.Keeping(v.r.Context())
	if err != nil {
		return err
	}
	page := purgePage{Plans: p.plans(v, k.Plans), Plan: planDigest(k.Plans), Changed: changed}
	for _, x := range k.Plans {
		for _, g := range x.Goes {
			page.Due, page.Rows = true, page.Rows+int(g.Rows)
		}
	}
	return v.show(http.StatusOK, "purge", v.t("retention.purge.title"), page)
}

// planDigest names a plan: what somebody has read is what they remove.
func planDigest(plans []KeepingPlan) string {
	h := sha256.New()
	for _, x := range plans {
		for _, g := range x.Goes {
			_, _ = fmt.Fprintf(h, "%s\n%s\n%s\n%s\n%d\n", x.Dataset, g.Submission, g.Rule, g.Periods, g.Rows)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// purgePost removes what was shown.
func (p *Portal) purgePost(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		return guichet.Errorf(guichet.KindInvalid, "%s", v.t("error.form"))
	}
	k, err := p.cfg.Steward.Retainer.Keeping(v.r.Context())
	if err != nil {
		return err
	}
	if v.r.PostForm.Get("plan") != planDigest(k.Plans) {
		return p.purgeShow(v, true)
	}
	done, err := p.cfg.Steward.Retainer.Purge(v.r.Context(), v.person.Pseudonym)
	if err != nil {
		return err
	}
	page := retentionPage{}
	for _, e := range done {
		page.Purged = append(page.Purged, v.fate(e))
	}
	return v.show(http.StatusOK, "purged", v.t("retention.purged.title"), page)
}
