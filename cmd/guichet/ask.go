package main

import (
	"context"

	"guichet"
	"guichet/internal/node"
)

// askOptions are the flags of ask.
type askOptions struct {
	common  timeOptions
	dataset string
	values  map[string]*[]string // what the datasets' own flags asked for, by flag
	where   []string
	by      []string
	measure []string
	cube    string
	top     int
	csv     bool
	members *membersOptions // given: other members are asked
}

func askCommand() command {
	return command{name: "ask", define: func(f *flags) action {
		f.atHome()
		o := askFlags(f)
		return func(ctx context.Context, w *window, args []string) error {
			if err := w.want("ask", args, 0, 0); err != nil {
				return err
			}
			d, err := node.DatasetBy(o.dataset)
			if err != nil {
				return err
			}
			q, err := w.question(d, *o)
			if err != nil {
				return err
			}
			if len(o.members.members) > 0 {
				return w.askMembers(ctx, f, q, o)
			}
			if err := w.onlyToMembers(f, "hint.nomembers"); err != nil {
				return err
			}
			return w.inHome(ctx, f, func(n *node.Node) error {
				a, err := n.Ask(ctx, q)
				if err != nil {
					return err
				}
				return w.printAnswer(a, q.By, n.Label, o.csv)
			})
		}
	}}
}

// askFlags declares the flags of ask: those of every question, and one for each
// field that a dataset describes.
func askFlags(f *flags) *askOptions {
	o := &askOptions{values: map[string]*[]string{}}
	f.text(&o.dataset, "dataset")
	o.common.declare(f)
	f.each(&o.where, "where")
	f.list(&o.by, "by")
	f.list(&o.measure, "measure")
	f.text(&o.cube, "cube")
	f.int(&o.top, "top", 0)
	f.bool(&o.csv, "csv")
	o.members = membersFlags(f)
	for _, d := range node.Datasets() {
		for _, s := range shortcuts(d) {
			if f.set.Lookup(s.flag) != nil {
				continue // a field may not take the name of one of ours; datasets share what they call alike
			}
			o.values[s.flag] = new([]string)
			f.list(o.values[s.flag], s.flag)
		}
	}
	return o
}

// printAnswer prints an answer in the way that was asked for; by is what was
// asked to be told apart, which is less than what the desk tells apart.
func (w *window) printAnswer(a guichet.Answer, by []string, label labels, csv bool) error {
	switch {
	case w.json:
		a.Question.By, a.Question.Measures = some(a.Question.By), some(a.Question.Measures)
		a.Columns, a.Rows, a.Remarks = some(a.Columns), some(a.Rows), some(a.Remarks)
		a.Gaps, a.Sources = some(a.Gaps), some(a.Sources)
		return w.printJSON(a)
	case csv:
		if err := w.printCSV(a); err != nil {
			return err
		}
		for _, r := range a.Remarks {
			w.aside(w.remarkLine(r))
		}
		for _, g := range a.Gaps {
			w.aside(w.gapLine(g))
		}
		return nil
	}
	w.printFigures(a, by, label)
	w.printWhy(a.Remarks, a.Gaps, a.Sources)
	w.print(w.say("answer.asOf", "when", moment(a.AsOf)))
	return nil
}
