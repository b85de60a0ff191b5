package main

import (
	"maps"
	"slices"
	"strings"
	"time"

	"guichet"
	"guichet/internal/node"
)

// shortcut is a flag that stands for a field or a classification of a dataset.
type shortcut struct {
	flag  string // "trade-system"
	name  string // "trade_system"
	alias bool   // a second name for the same
	title guichet.Text
}

// shortcuts makes the flags of a dataset from its description: one for each
// classification and each dimension, and for a name of two words its last word
// too where that is nobody else's (--system for trade_system). The period and
// the cube have flags of the question itself.
func shortcuts(d *guichet.Dataset) []shortcut {
	var out []shortcut
	for _, c := range d.Classifications {
		f, _ := d.Field(c.Common)
		out = append(out, shortcut{flag: dash(c.Name), name: c.Name, title: f.Title})
	}
	for _, f := range d.Fields {
		if f.Role == guichet.Dimension && f.Name != guichet.FieldPeriod && f.Name != guichet.FieldCube {
			out = append(out, shortcut{flag: dash(f.Name), name: f.Name, title: f.Title})
		}
	}
	return append(out, aliases(d, out)...)
}

func aliases(d *guichet.Dataset, all []shortcut) []shortcut {
	times := map[string]int{}
	for _, f := range d.Fields {
		times[lastWord(f.Name)]++
	}
	var out []shortcut
	for _, s := range all {
		if word := lastWord(s.name); word != s.name && times[word] == 1 {
			out = append(out, shortcut{flag: word, name: s.name, alias: true, title: s.title})
		}
	}
	return out
}

func dash(name string) string     { return strings.ReplaceAll(name, "_", "-") }
func lastWord(name string) string { return name[strings.LastIndexByte(name, '_')+1:] }

// fieldName turns a name as people write it (trade-system, system) into the
// dataset's own.
func fieldName(d *guichet.Dataset, written string) string {
	for _, s := range shortcuts(d) {
		if s.flag == dash(written) {
			return s.name
		}
	}
	return written
}

// fieldsHelp lists the datasets' own flags for the usage of ask, one dataset after
// the other.
func (w *window) fieldsHelp() string {
	var b strings.Builder
	for i, d := range node.Datasets() {
		if i > 0 {
			b.WriteString("\n--dataset " + d.Name + w.say("colon") + d.Title.In(w.lang) + "\n\n")
		}
		b.WriteString(w.fieldsOf(d))
	}
	return b.String()
}

func (w *window) fieldsOf(d *guichet.Dataset) string {
	t := newTable("", "")
	second := map[string]string{}
	for _, s := range shortcuts(d) {
		if s.alias {
			second[s.name] = ", --" + s.flag
		}
	}
	for _, s := range shortcuts(d) {
		if !s.alias {
			t.add("  --"+s.flag+second[s.name], s.title.In(w.lang))
		}
	}
	widest := 0
	for _, r := range t.rows {
		widest = max(widest, width(r[0]))
	}
	var b strings.Builder
	for _, r := range t.rows {
		b.WriteString(t.line(r, []int{widest, width(r[1])}))
	}
	return b.String()
}

// question makes the question of ask from its flags.
func (w *window) question(d *guichet.Dataset, o askOptions) (guichet.Question, error) {
	if o.csv && w.json {
		return guichet.Question{}, w.wrong("error.csvjson", "hint.csvjson")
	}
	if o.top < 0 {
		return guichet.Question{}, w.wrong("error.flag.bad", "hint.usage", "name", "ask", "flag", "--top", "value", "-")
	}
	at, err := o.common.read(w)
	if err != nil {
		return guichet.Question{}, err
	}
	q := guichet.Question{
		Dataset: d.Name, Lang: w.sentences(), Where: map[string][]string{}, Cube: o.cube, Limit: o.top,
		Period: at.period, Edition: at.edition, Conversion: at.conversion, AsOf: at.asOf, Vintage: at.vintage,
	}
	if err := w.picked(d, o.values, q.Where); err != nil {
		return q, err
	}
	for _, pair := range o.where {
		name, values, ok := strings.Cut(pair, "=")
		var list listValue
		if !ok || name == "" || list.Set(values) != nil {
			return q, w.wrong("error.pair", "hint.where", "flag", "--where", "value", pair)
		}
		name = fieldName(d, name)
		q.Where[name] = append(q.Where[name], list...)
	}
	for _, name := range o.by {
		q.By = append(q.By, fieldName(d, name))
	}
	if len(q.By) == 0 {
		q.By = defaultBy(d, q.Where)
	}
	q.Measures = o.measure
	if len(q.Measures) == 0 {
		q.Measures = defaultMeasures(d)
	}
	return q, readable(d, q)
}

// picked reads the flags of the dataset's fields into conditions. A flag of
// another dataset is refused.
func (w *window) picked(d *guichet.Dataset, values map[string]*[]string, where map[string][]string) error {
	own := map[string]string{}
	for _, s := range shortcuts(d) {
		own[s.flag] = s.name
	}
	for _, flag := range slices.Sorted(maps.Keys(values)) {
		if len(*values[flag]) == 0 {
			continue
		}
		name, ok := own[flag]
		if !ok {
			return guichet.Errorf(guichet.KindInvalid, "%s", w.say("error.flag.dataset", "flag", "--"+flag, "dataset", d.Name)).
				WithHint("%s", w.say("hint.flag.dataset", "names", d.Names()))
		}
		where[name] = append(where[name], *values[flag]...)
	}
	return nil
}

// readable refuses codes that cannot be read. The desk looks them up in the
// edition of each file, and where it has none would only find that nothing
// was reported.
func readable(d *guichet.Dataset, q guichet.Question) error {
	for name, values := range q.Where {
		c, _, ok := d.ClassificationBy(name)
		if !ok || c.Resolve == nil {
			continue
		}
		for _, v := range values {
			if _, err := c.Resolve(guichet.Resolution{Expr: v, Asked: q.Edition, Conversion: q.Conversion}); err != nil {
				return err
			}
		}
	}
	return nil
}

// defaultBy is the dataset's own, and what was asked for by several values:
// who asks for two chapters wants to see two.
func defaultBy(d *guichet.Dataset, where map[string][]string) []string {
	by := slices.Clone(d.By)
	for _, s := range shortcuts(d) {
		if len(where[s.name]) < 2 {
			continue
		}
		name := s.name
		if c, _, ok := d.ClassificationBy(name); ok {
			name = levelOf(c, where[name])
		}
		if name != "" && !slices.Contains(by, name) {
			by = append(by, name)
		}
	}
	return by
}

// levelOf is the level on which all of the values are codes: hs2 of 63 and 64.
// Of values on several levels, and of groups, it is none: a table that tells
// them apart would show something else than was asked for.
func levelOf(c guichet.Classification, values []string) string {
	for _, l := range c.Levels {
		fits := func(v string) bool { return len(v) == l.Digits && strings.Trim(v, "0123456789") == "" }
		if !slices.ContainsFunc(values, func(v string) bool { return !fits(v) }) {
			return l.Name
		}
	}
	return ""
}

// defaultMeasures are the main measure and what is derived from it.
func defaultMeasures(d *guichet.Dataset) []string {
	out := []string{d.Main}
	for _, x := range d.Derived {
		if x.From == d.Main {
			out = append(out, x.Name)
		}
	}
	return out
}

// timeOptions are the flags that ask and mirror share.
type timeOptions struct {
	period, edition, conversion, asOf, vintage string
}

func (o *timeOptions) declare(f *flags) {
	f.text(&o.period, "period")
	f.text(&o.edition, "edition")
	f.text(&o.conversion, "conversion")
	f.text(&o.asOf, "as-of")
	f.text(&o.vintage, "vintage")
}

// timing is what timeOptions say, read.
type timing struct {
	period     guichet.Span
	edition    int
	conversion string
	asOf       time.Time
	vintage    string
}

func (o *timeOptions) read(w *window) (timing, error) {
	out := timing{conversion: o.conversion, vintage: o.vintage}
	var err error
	if o.period != "" {
		if out.period, err = guichet.ParseSpan(o.period); err != nil {
			return out, err
		}
	}
	e, err := w.editionOr(o.edition, 0)
	if err != nil {
		return out, err
	}
	out.edition = int(e)
	if o.conversion != "" && o.conversion != "exact" && o.conversion != "default" {
		return out, w.wrong("error.conversion", "hint.conversion", "value", o.conversion)
	}
	if o.asOf != "" {
		if out.asOf, err = w.instant(o.asOf); err != nil {
			return out, err
		}
	}
	if o.vintage != "" {
		if _, err := time.Parse(time.DateOnly, o.vintage); err != nil {
			return out, w.wrong("error.day", "hint.day", "flag", "--vintage", "value", o.vintage)
		}
	}
	return out, nil
}

// instant reads the moment of --as-of, in UTC unless it names a zone. A day
// means its last moment: what was taken in on that day is held.
func (w *window) instant(s string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t.AddDate(0, 0, 1).Add(-time.Nanosecond), nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339Nano} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, w.wrong("error.asof", "hint.asof", "value", s)
}
