package main

import (
	"context"
	"strings"

	"guichet"
	"guichet/internal/node"
	"guichet/trade"
)

// productsShown is how many products mirror shows when --top is silent.
const productsShown = 15

func mirrorCommand() command {
	return command{name: "mirror", define: func(f *flags) action {
		var q trade.MirrorQuestion
		var o timeOptions
		var dataset string
		top := productsShown
		f.atHome()
		f.text(&dataset, "dataset")
		o.declare(f)
		f.text(&q.Exporter, "exporter")
		f.text(&q.Importer, "importer")
		f.list(&q.Product, "product")
		f.int(&top, "top", productsShown)
		m := askingFlags(f)
		return func(ctx context.Context, w *window, args []string) error {
			if err := w.want("mirror", args, 0, 0); err != nil {
				return err
			}
			if err := w.onlyTrade("mirror", dataset); err != nil {
				return err
			}
			if q.Exporter == "" || q.Importer == "" || o.period == "" {
				return w.wrong("error.mirror", "hint.mirror")
			}
			if top < 0 {
				return w.wrong("error.flag.bad", "hint.usage", "name", "mirror", "flag", "--top", "value", "-")
			}
			at, err := o.read(w)
			if err != nil {
				return err
			}
			q.Period, q.Edition, q.Conversion, q.AsOf, q.Vintage, q.Lang = at.period, at.edition, at.conversion, at.asOf, at.vintage, w.sentences()
			asked := guichet.Question{Where: map[string][]string{"product": q.Product}, Edition: q.Edition, Conversion: q.Conversion}
			if err := readable(node.Dataset(), asked); err != nil {
				return err
			}
			if m.purpose != "" {
				return w.mirrorMembers(ctx, f, q, m, top)
			}
			if err := w.onlyToMembers(f, "hint.nopurpose"); err != nil {
				return err
			}
			return w.inHome(ctx, f, func(n *node.Node) error {
				a, err := n.Mirror(ctx, q)
				if err != nil {
					return err
				}
				return w.printMirror(a, n.Label, top)
			})
		}
	}}
}

// onlyTrade refuses what a command can do with trade alone.
func (w *window) onlyTrade(name, dataset string) error {
	d, err := node.DatasetBy(dataset)
	if err == nil && d.Name != node.Dataset().Name {
		return w.wrong("error.onlytrade", "hint.onlytrade", "name", name, "dataset", d.Name)
	}
	return err
}

func (w *window) printMirror(a trade.MirrorAnswer, label labels, top int) error {
	if w.json {
		a.Products, a.Adjusted, a.Remarks, a.Gaps = some(a.Products), some(a.Adjusted), some(a.Remarks), some(a.Gaps)
		a.Export, a.Import = tidySide(a.Export), tidySide(a.Import)
		return w.printJSON(a)
	}
	w.print(w.say("mirror.title", "exporter", w.area(a.Question.Exporter), "importer", w.area(a.Question.Importer), "period", a.Question.Period.String()))
	w.print("")
	w.printSides(a)
	w.printProducts(a, label, top)
	w.printAdjusted(a)
	remarks := append(append(append([]guichet.Remark{}, a.Remarks...), a.Export.Remarks...), a.Import.Remarks...)
	gaps := append(append(append([]guichet.Gap{}, a.Gaps...), a.Export.Gaps...), a.Import.Gaps...)
	sources := append(append([]guichet.Source{}, a.Export.Sources...), a.Import.Sources...)
	w.printWhy(remarks, gaps, sources)
	w.print(w.say("answer.asOf", "when", moment(a.AsOf)))
	return nil
}

func tidySide(s trade.Side) trade.Side {
	s.Months, s.Periods, s.Sources, s.Remarks, s.Gaps = some(s.Months), some(s.Periods), some(s.Sources), some(s.Remarks), some(s.Gaps)
	return s
}

// printSides sets the two reports beside each other, then what lies between
// them.
func (w *window) printSides(a trade.MirrorAnswer) {
	t := newTable("", ">"+w.say("mirror.export", "reporter", a.Question.Exporter), ">"+w.say("mirror.import", "reporter", a.Question.Importer))
	both := func(key string, text func(trade.Side) string) {
		x, m := text(a.Export), text(a.Import)
		if x != "" || m != "" {
			t.add(w.say(key), w.orUnknown(a.Export, x), w.orUnknown(a.Import, m))
		}
	}
	both("mirror.usd", func(s trade.Side) string { return w.maybe(s.USD) })
	both("mirror.national", func(s trade.Side) string { return number(s.National, w.lang, 0) + " " + s.Currency })
	both("mirror.basis", func(s trade.Side) string {
		if s.Estimated {
			return w.say("mirror.estimated")
		}
		return w.say("mirror.published")
	})
	both("mirror.flow", func(s trade.Side) string { return string(s.Flow) })
	both("mirror.valuation", func(s trade.Side) string { return s.Valuation.Text().In(w.lang) })
	both("mirror.partner", func(s trade.Side) string { return s.Role.Text().In(w.lang) })
	both("mirror.system", func(s trade.Side) string { return s.System.Text().In(w.lang) })
	both("mirror.months", func(s trade.Side) string {
		return w.say("mirror.monthsOf", "n", count(int64(len(s.Months)), w.lang), "asked", count(int64(s.Asked), w.lang))
	})
	both("mirror.cube", func(s trade.Side) string { return s.Cube })
	both("mirror.list", func(s trade.Side) string { return s.List })
	w.table(t)
	w.print("")
	between := newTable("", ">")
	for _, x := range []struct {
		key   string
		value *guichet.Decimal
	}{{"mirror.difference", a.Difference}, {"mirror.asymmetry", a.Asymmetry}, {"mirror.sumAbsolute", a.SumAbsolute}} {
		text := w.maybe(x.value)
		if text == "" {
			text = w.say("unknown")
		}
		between.add(w.say(x.key), text)
	}
	w.table(between)
}

// orUnknown says "unknown" where a side is missing: its figures mean nothing.
func (w *window) orUnknown(s trade.Side, text string) string {
	if s.Missing != nil || text == "" {
		return w.say("unknown")
	}
	return text
}

// maybe writes a number that may be absent.
func (w *window) maybe(d *guichet.Decimal) string {
	if d == nil {
		return ""
	}
	return number(*d, w.lang, 0)
}

func (w *window) printProducts(a trade.MirrorAnswer, label labels, top int) {
	if len(a.Products) == 0 || top == 0 {
		return
	}
	w.print("")
	t := newTable(w.say("head.code"), w.say("head.label"), ">X, USD", ">M, USD", ">X - M", ">c")
	edition := readIn(max(a.Question.Edition, a.Export.Edition, a.Import.Edition), a.Question.Period)
	for _, p := range a.Products[:min(top, len(a.Products))] {
		t.add(p.Code, short(clean(label(edition, p.Code, w.lang)), labelWidth),
			number(p.Export, w.lang, 0), number(p.Import, w.lang, 0), number(p.Export.Sub(p.Import), w.lang, 0), w.maybe(p.Asymmetry))
	}
	w.table(t)
	if more := len(a.Products) - top; more > 0 {
		w.print(w.sayN("mirror.more", int64(more)))
	}
}

func (w *window) printAdjusted(a trade.MirrorAnswer) {
	if len(a.Adjusted) == 0 {
		return
	}
	w.print("")
	w.print(w.say("mirror.adjusted"))
	t := newTable(">X, USD", ">M, USD", ">X - M", ">c", w.say("head.how"), w.say("head.what"))
	t.indent = "  "
	for _, x := range a.Adjusted {
		how := x.Status
		if text, ok := w.words["status."+how]; ok {
			how = text
		}
		t.add(number(x.Export, w.lang, 0), number(x.Import, w.lang, 0), number(x.Difference, w.lang, 0), w.maybe(x.Asymmetry), how, strings.TrimSpace(x.Text))
	}
	w.table(t)
}
