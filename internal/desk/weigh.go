package desk

import (
	"context"
	"slices"
	"strings"

	"guichet"
)

// Weigher is what protection needs of the store.
type Weigher interface {
	// Contributions counts who stands behind each group of a plan and weighs the
	// largest `top` of them. It tells no name.
	Contributions(ctx context.Context, p guichet.Plan, top int) ([]guichet.Contribution, error)
}

// Protector hides cells by the rules of an agreement.
type Protector interface {
	// Needed says how many of the largest contributions the rules look at.
	Needed(rules guichet.DisclosureRules) int
	// Protect returns one verdict for each cell, in order.
	Protect(rules guichet.DisclosureRules, cells []Cell) []Verdict
}

// Cell is one figure of an answer with what it is made of.
type Cell struct {
	Contributors int               // named, with a contribution; -1 when nobody can tell
	Total        guichet.Decimal   // as it would be shown
	Gross        guichet.Decimal   // the sum of the absolute contributions
	Largest      []guichet.Decimal // the largest absolute contributions, largest first
}

// Verdict says whether a figure must not be shown, and by which rule.
type Verdict struct {
	Hidden bool
	Rule   string
}

// leastSeen is how many contributors a row must have for its being there to be
// told, whatever the agreement's threshold: that an import exists tells of its
// only importer as a figure does, and of two each knows the other. Three is the
// least threshold that offices use (METHODS, part 2).
const leastSeen = 3

// protected says how the figures of a stack are kept from telling of traders.
type protected int

const (
	unprotected protected = iota // no rules were asked
	published                    // the office has hidden what it must; we cannot do it again
	weighed                      // rows name who contributed
	counted                      // rows count who contributed
	unknown                      // nobody can tell who contributed: nothing is shown
)

// protection decides for a stack. Of several grains together the careful one
// decides.
func (w *work) protection(st stack) protected {
	if w.terms.Rules == (guichet.DisclosureRules{}) {
		return unprotected
	}
	lines := slices.ContainsFunc(st.holdings, func(h guichet.Holding) bool {
		return w.ofLines(h.Submission)
	})
	switch {
	case w.ds.Counts != "":
		return counted
	case !lines && (len(w.ds.Grains) > 1 || len(w.ds.Contributor) == 0):
		return published
	case len(w.ds.Contributor) > 0:
		return weighed
	}
	return unknown
}

// askWeighed folds what was found in a stack whose cells must be protected.
//
// A group of rows that is hidden is left out before it is folded, so that no sum
// beside the figures holds it: no remark's value, no count of rows, no total of
// dollars. And of what is shown, nothing is told row by row either: a remark
// about one line of a cell would tell that line's value. What was looked for
// elsewhere (roll-ups, members, outliers) is said in words of the file alone.
func (w *work) askWeighed(ctx context.Context, in asking, found []guichet.Found) error {
	states, err := w.verdicts(ctx, in, found)
	if err != nil {
		return err
	}
	var shown []guichet.Found
	rows := 0
	for _, f := range found {
		sub := w.subs[f.Submission]
		key := w.rows.key(sub, f)
		switch states[key] {
		case open:
			shown = append(shown, f)
			w.rows.add(sub, in.reporter, f)
		case blanked:
			if c := w.rows.cell(sub, f); !c.hidden {
				c.hidden = true
				rows++
			}
		case leftOut:
			w.omitted[key] = true
		}
	}
	w.rows.bare[in.reporter] = true
	for _, h := range in.st.holdings {
		w.cite(h.Submission)
		w.rows.unnamed[h.Submission.ID] = true
	}
	w.sayHidden(in, rows)
	if len(shown) > 0 {
		w.untoldDimensions(in.reporter, in.st, shown)
	}
	w.explainUse(in.reporter, in.st)
	return nil
}

// sayHidden tells what protection did, and what may be rolled up or carried by
// a few rows, without a figure.
func (w *work) sayHidden(in asking, rows int) {
	dims := w.dimsText(in.st.dims)
	if rows > 0 {
		w.hidden += rows
		w.remark(guichet.Remark{Code: RemarkCellsHidden, Reporter: in.reporter, Rows: int64(rows), Text: w.say(
			"%s: the figures of %d rows are hidden by the disclosure rules of the agreement", "%s : les chiffres de %d lignes sont masqués par les règles de confidentialité de l'accord", dims, rows)})
	}
	w.gap(in.reporter, guichet.GapProtected, w.say(
		"%s: figures of single contributors; what fewer than %d of them stand behind is left out like what nobody stands behind, so that a row which is not there is no zero",
		"%s : chiffres de participants particuliers ; ce que moins de %d d'entre eux portent est omis comme ce que personne ne porte : une ligne absente n'est pas un zéro",
		dims, w.leastSeen()), "")
	if len(w.hiddenParts(w.ds.Class(), in.st, in.parts)) > 0 {
		w.rolledUpUnsaid(in.reporter, in.st)
	}
	for _, m := range w.measuresAsked() {
		f, _ := w.ds.Field(m)
		if f.Outliers && slices.ContainsFunc(in.st.holdings, func(h guichet.Holding) bool {
			return slices.ContainsFunc(h.Submission.Outliers, func(o guichet.Outlier) bool { return o.Measure == m })
		}) {
			w.remark(w.coded(remarkOutlierMass, in.reporter, m))
		}
	}
}

// leastSeen is how many contributors the rows have that are there at all.
func (w *work) leastSeen() int { return max(leastSeen, w.terms.Rules.Threshold) }

// asking is one stack with the plan that it is asked by.
type asking struct {
	reporter string
	st       stack
	parts    []guichet.PlanPart
}

// state is what becomes of a row. A row of which nothing is known is left out.
type state int

const (
	leftOut state = iota // not there, like a row of nothing
	blanked              // there, without its figures
	open
)

// verdicts returns what becomes of each row of a stack. One unsafe figure hides
// all of the row: the others, and what is derived of them, tell its size.
func (w *work) verdicts(ctx context.Context, in asking, found []guichet.Found) (map[string]state, error) {
	switch w.protection(in.st) {
	case unknown:
		return map[string]state{}, nil
	case counted:
		return w.countedVerdicts(found)
	case weighed, published, unprotected:
	}
	groups, err := w.contributions(ctx, in)
	if err != nil {
		return nil, err
	}
	return w.judge(groups)
}

// contributions weighs who stands behind each row of a stack.
func (w *work) contributions(ctx context.Context, in asking) ([]behind, error) {
	plan := guichet.Plan{Dataset: w.ds.Name, Moment: w.moment, Parts: in.parts, By: w.q.By, Measures: w.measuresAsked(), Constant: w.constants(in.st)}
	groups, err := w.terms.weigher.Contributions(ctx, plan, w.terms.protector.Needed(w.terms.Rules))
	if err != nil {
		return nil, err
	}
	out := make([]behind, len(groups))
	for i, g := range groups {
		out[i] = behind{key: w.keyOf(g), contributors: g.Contributors}
		for _, m := range g.Of {
			if m.Figures > 0 {
				out[i].figures = append(out[i].figures, Cell{m.Contributors, m.Total, m.Gross, m.Largest})
			}
		}
	}
	return out, nil
}

// behind is a row of the answer with who stands behind it.
type behind struct {
	key          string
	contributors int
	figures      []Cell
}

// judge says what becomes of rows.
func (w *work) judge(rows []behind) (map[string]state, error) {
	out, hidden := map[string]state{}, map[string]state{}
	var cells []Cell
	var of []string // the row of each
	for _, r := range rows {
		out[r.key], hidden[r.key] = open, leftOut
		if r.contributors >= w.leastSeen() {
			hidden[r.key] = blanked
		}
		for _, c := range r.figures {
			cells, of = append(cells, c), append(of, r.key)
		}
		if len(r.figures) == 0 { // no figure to judge: its being there is all that it tells
			out[r.key] = hidden[r.key]
		}
	}
	verdicts := w.terms.protector.Protect(w.terms.Rules, cells)
	if len(verdicts) != len(cells) {
		return nil, guichet.Errorf(guichet.KindInternal, "%d verdicts on %d cells", len(verdicts), len(cells))
	}
	for i, v := range verdicts {
		if v.Hidden {
			out[of[i]] = hidden[of[i]]
		}
	}
	return out, nil
}

// keyOf names the row of a group, as folded.key does.
func (w *work) keyOf(g guichet.Contribution) string {
	var id strings.Builder
	for i, by := range w.q.By {
		value := g.Keys[i]
		if by == guichet.FieldPeriod {
			value = g.Period.String()
		}
		id.WriteString(value)
		id.WriteByte(0)
	}
	return id.String()
}

// measuresAsked are the measures that the answer's figures are made of.
func (w *work) measuresAsked() []string {
	var out []string
	for _, m := range w.q.Measures {
		parts := []string{m}
		if d, ok := w.ds.DerivedBy(m); ok {
			parts = d.Parts()
		}
		for _, part := range parts {
			if !slices.Contains(out, part) {
				out = append(out, part)
			}
		}
	}
	return out
}

// constants are the values of the dimensions asked for that stand in the
// submissions of a stack.
func (w *work) constants(st stack) map[string]map[string]string {
	out := map[string]map[string]string{}
	for _, by := range w.q.By {
		if f, ok := w.ds.Field(by); !ok || f.Place != guichet.InSubmission {
			continue
		}
		out[by] = map[string]string{}
		for _, h := range st.holdings {
			out[by][h.Submission.ID] = h.Submission.Field(by)
		}
	}
	return out
}
