package main

import (
	"maps"
	"slices"
	"strings"

	"guichet"
	"guichet/internal/node"
)

// printSubmission says what came in and what did not: counts, totals with
// their invariant, reasons, remarks and control totals.
func (w *window) printSubmission(s guichet.Submission) {
	facts := newTable("", "")
	facts.indent = "  "
	fact := func(key, value string) {
		if value != "" {
			facts.add(w.say(key), value)
		}
	}
	fact("fact.profile", strings.TrimSpace(s.Profile+" "+s.Version))
	fact("fact.reporter", strings.Join(s.Reporters(), ", "))
	fact("fact.periods", periodsOf(s))
	fact("fact.lines", w.sayN("lines", s.Lines)+", "+w.sayN("kept", s.Kept)+", "+w.asideText(s))
	fact("fact.records", count(s.Records, w.lang))
	fact("fact.override", s.Override)
	fact("fact.override.by", s.OverrideBy)
	if s.Generated {
		fact("fact.generated", w.say("generated"))
	}
	w.table(facts)
	w.printTotals(s)
	w.printCounts(s, "head.reason", s.Reasons)
	w.printCounts(s, "head.remark", s.Remarks)
	w.printControls(s)
}

func (w *window) asideText(s guichet.Submission) string {
	text := w.sayN("aside", s.Aside)
	if s.Aside == 0 {
		return text
	}
	return text + " (" + percent(s.Aside, s.Lines, w.lang) + ")"
}

// printIdentity says what makes the submission what it is.
func (w *window) printIdentity(s guichet.Submission) {
	t := newTable("", "")
	t.indent = "  "
	for _, f := range []struct{ key, value string }{
		{"fact.identity", s.Identity},
		{"fact.digest", s.Digest},
		{"fact.original", s.Original},
		{"fact.size", size(s.Bytes, w.lang)},
		{"fact.tables", s.Tables},
		{"fact.taken", moment(s.TakenAt)},
		{"fact.released", w.known(s.Released)},
		{"fact.action", s.Action},
	} {
		if f.value != "" {
			t.add(w.say(f.key), f.value)
		}
	}
	d := datasetOf(s.Dataset)
	for _, name := range slices.Sorted(maps.Keys(s.Fields)) {
		title := name
		if f, ok := d.Field(name); ok {
			title = f.Title.In(w.lang)
		}
		t.add(title, s.Fields[name])
	}
	if !s.MayRedistribute {
		t.add(w.say("fact.redistribute"), w.say("redistribute.no"))
	}
	w.table(t)
}

func (w *window) known(text string) string {
	if text == "" {
		return w.say("unknown")
	}
	return text
}

func (w *window) printTotals(s guichet.Submission) {
	if len(s.Totals) == 0 {
		return
	}
	t := newTable(w.say("head.measure"), ">"+w.say("head.inFile"), ">"+w.say("head.kept"), ">"+w.say("head.aside"))
	t.indent = "  "
	for _, x := range s.Totals {
		t.add(w.measure(x.Measure), number(x.File, w.lang, 0), number(x.Kept, w.lang, 0), number(x.Aside, w.lang, 0))
	}
	w.print("")
	w.table(t)
}

// measure returns the title of a measure, its name when it has none.
func (w *window) measure(name string) string {
	for _, d := range node.Datasets() {
		if f, ok := d.Field(name); ok {
			return f.Title.In(w.lang)
		}
		if x, ok := d.DerivedBy(name); ok {
			return x.Title.In(w.lang)
		}
	}
	return name
}

func (w *window) printCounts(s guichet.Submission, head string, counts []guichet.Count) {
	if len(counts) == 0 {
		return
	}
	t := newTable(w.say(head), ">"+w.say("head.rows"), ">"+w.measure(datasetOf(s.Dataset).Main), w.say("head.example"))
	t.indent = "  "
	for _, c := range counts {
		t.add(w.saying(c.Code), count(c.Rows, w.lang), number(c.Value, w.lang, 0), short(c.Example, exampleWidth))
	}
	w.print("")
	w.table(t)
}

// exampleWidth keeps an example from a file on one line.
const exampleWidth = 48

func (w *window) printControls(s guichet.Submission) {
	if len(s.Controls) == 0 {
		return
	}
	t := newTable(w.say("head.control"), ">"+w.say("head.stated"), ">"+w.say("head.found"), "")
	t.indent = "  "
	for _, c := range s.Controls {
		verdict := w.say("control.ok")
		if !c.OK() {
			verdict = w.say("control.differs", "by", number(c.Found.Sub(c.Stated), w.lang, 0))
		}
		t.add(c.Name, number(c.Stated, w.lang, 0), number(c.Found, w.lang, 0), verdict)
	}
	w.print("")
	w.table(t)
}

// printOutliers shows the few rows that carry most of a measure.
func (w *window) printOutliers(s guichet.Submission) {
	if len(s.Outliers) == 0 {
		return
	}
	t := newTable(w.say("head.outlier"), ">"+w.say("head.figure"), ">"+w.say("head.share"), w.say("head.what"))
	t.indent = "  "
	const thousand = 1000
	for _, o := range s.Outliers {
		var row []string
		for _, dim := range slices.Sorted(maps.Keys(o.Row)) {
			row = append(row, dim+" "+o.Row[dim])
		}
		t.add(w.measure(o.Measure), number(o.Figure, w.lang, 0), percent(int64(o.Share*thousand+half), thousand, w.lang), strings.Join(row, ", "))
	}
	w.print("")
	w.table(t)
}

// unitsShown keeps the units of a large file on one screen; --json has all.
const unitsShown = 40

func (w *window) printUnits(s guichet.Submission) {
	if len(s.Units) == 0 {
		return
	}
	t := newTable(w.say("head.unit"), w.say("head.period"), w.say("head.scope"), ">"+w.say("head.rows"), ">"+w.measure(datasetOf(s.Dataset).Main))
	t.indent = "  "
	for _, u := range s.Units[:min(len(s.Units), unitsShown)] {
		who := []string{u.Reporter}
		for _, dim := range slices.Sorted(maps.Keys(u.Dims)) {
			who = append(who, u.Dims[dim])
		}
		t.add(strings.Join(who, " "), u.Period.String(), u.Scope, count(u.Rows, w.lang), number(u.Value, w.lang, 0))
	}
	w.print("")
	w.table(t)
	if more := len(s.Units) - unitsShown; more > 0 {
		w.note(w.sayN("units.more", int64(more)))
	}
}

// saying says a code of a remark, a reason or a gap for people; one that the
// dataset does not know is shown as it is.
func (w *window) saying(code string) string {
	if say := dataset().RemarkText; say != nil {
		if text := say(code, w.lang); text != "" {
			return text
		}
	}
	return code
}

// inLang turns a sentence that begins with the English words of its code into
// the language of the window; what follows (codes, amounts) stays. A sentence
// that was made for the language already stays whole.
func (w *window) inLang(code, sentence string) string {
	if sentence == "" {
		return w.saying(code)
	}
	say := dataset().RemarkText
	if say == nil {
		return sentence
	}
	rest, ok := strings.CutPrefix(sentence, say(code, "en"))
	if !ok || w.lang == "en" || say(code, "en") == "" {
		return sentence
	}
	if strings.HasPrefix(rest, ":") {
		rest = " " + rest // as French is written
	}
	return say(code, w.lang) + rest
}

// printRemarks prints sentences about figures, one per line.
func (w *window) printRemarks(remarks []guichet.Remark) {
	for _, r := range remarks {
		w.print("  * " + w.remarkLine(r))
	}
}

func (w *window) remarkLine(r guichet.Remark) string {
	text := w.inLang(r.Code, r.Text)
	var about []string
	if r.Reporter != "" {
		about = append(about, r.Reporter)
	}
	if r.Rows > 0 {
		about = append(about, w.sayN("rows", r.Rows))
	}
	if r.Value != nil {
		about = append(about, strings.TrimSpace(number(*r.Value, w.lang, 0)+" "+r.Unit))
	}
	if len(about) == 0 {
		return text
	}
	return text + " (" + strings.Join(about, ", ") + ")"
}
