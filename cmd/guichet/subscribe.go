package main

import (
	"context"
	"strings"

	"guichet/internal/node"
)

func subscribeCommand() command {
	return command{name: "subscribe", define: func(f *flags) action {
		var from string
		f.atHome()
		o := &askOptions{values: map[string]*[]string{}}
		f.text(&o.common.period, "period")
		f.each(&o.where, "where")
		for _, c := range dataset().Classifications {
			o.values[c.Name] = new([]string)
			f.list(o.values[c.Name], c.Name)
		}
		o.members = &membersOptions{}
		f.text(&o.members.purpose, "purpose")
		f.text(&o.members.office, "office-asking")
		f.text(&o.members.officer, "officer")
		f.text(&o.members.agreement, "agreement")
		f.seat(&o.members.circle, &o.members.passphrase)
		f.text(&from, "from")
		return func(ctx context.Context, w *window, args []string) error {
			if err := w.want("subscribe", args, 0, 0); err != nil {
				return err
			}
			if from == "" {
				return w.wrong("error.from", "hint.usage", "name", "subscribe")
			}
			q, err := w.question(dataset(), *o)
			if err != nil {
				return err
			}
			o.members.members = []string{from}
			m, err := w.toMembers(q, o.members)
			if err != nil {
				return err
			}
			return w.inSeat(ctx, w.atSeat(f, o.members.circle, o.members.passphrase), func(op node.Operator) error {
				sub, err := op.Subscribe(ctx, m)
				if err != nil {
					return err
				}
				if w.json {
					return w.printJSON(map[string]any{"member": strings.ToUpper(from), "subscription": sub})
				}
				w.print(w.say("subscribe.done", "id", sub.ID, "member", w.area(strings.ToUpper(from)), "agreement", sub.Agreement))
				return nil
			})
		}
	}}
}

func subscriptionsCommand() command {
	return command{name: "subscriptions", define: func(f *flags) action {
		o := noticesFlags(f)
		return func(ctx context.Context, w *window, args []string) error {
			what, args := verb(args)
			q := w.noticesQuestion(o)
			switch what {
			case "list", "":
				if err := w.want("subscriptions", args, 0, 0); err != nil {
					return err
				}
				q.NoAsk, q.End = true, []string{""} // nothing is read, nothing ended
			case "remove":
				if err := w.want("subscriptions", args, 1, 1); err != nil {
					return err
				}
				q.End = args
			default:
				return w.nearest(w.say("error.verb", "name", "subscriptions", "verb", what), what, []string{"list", "remove"}, w.say("hint.usage", "name", "subscriptions"))
			}
			return w.inSeat(ctx, w.atSeat(f, o.circle, o.passphrase), func(op node.Operator) error {
				a, err := op.Notices(ctx, q)
				if err != nil {
					return err
				}
				return w.printSubscriptions(a)
			})
		}
	}}
}

func noticesCommand() command {
	return command{name: "notices", define: func(f *flags) action {
		o := noticesFlags(f)
		var all, afresh bool
		f.bool(&all, "all")
		f.bool(&afresh, "afresh")
		return func(ctx context.Context, w *window, args []string) error {
			if err := w.want("notices", args, 0, 0); err != nil {
				return err
			}
			q := w.noticesQuestion(o)
			q.All, q.Afresh = all, afresh
			return w.inSeat(ctx, w.atSeat(f, o.circle, o.passphrase), func(op node.Operator) error {
				a, err := op.Notices(ctx, q)
				if err != nil {
					return err
				}
				return w.printTold(a)
			})
		}
	}}
}

// noticesOptions are the flags of what asks for notices.
type noticesOptions struct {
	from                                []string
	office, officer, circle, passphrase string
}

func noticesFlags(f *flags) *noticesOptions {
	o := &noticesOptions{}
	f.atHome()
	f.list(&o.from, "from")
	f.text(&o.office, "office-asking")
	f.text(&o.officer, "officer")
	f.seat(&o.circle, &o.passphrase)
	return o
}

func (w *window) noticesQuestion(o *noticesOptions) node.NoticesQuestion {
	return node.NoticesQuestion{Members: o.from, Office: o.office, Officer: w.officer(o.officer)}
}

func (w *window) printTold(a node.NoticesAnswer) error {
	if w.json {
		return w.printJSON(a)
	}
	for _, f := range a.Failed {
		w.aside(f.Member + w.say("colon") + f.Text)
	}
	if len(a.Notices) == 0 {
		w.note(w.say("notices.none"))
		return nil
	}
	t := newTable(w.say("head.teller"), ">"+w.say("head.number"), w.say("head.when"), w.say("head.notice"), w.say("head.reporter"), w.say("head.periods"), w.say("head.submission"), w.say("head.agreement"))
	for _, n := range a.Notices {
		what := w.say("notice." + n.Kind)
		if text := n.Text.In(w.lang); text != "" {
			what += w.say("colon") + text
		}
		if n.Exchange != "" {
			what += " (" + n.Exchange + ")"
		}
		t.add(n.Member, count(n.Number, w.lang), moment(n.At), what, n.Reporter, strings.Join(n.Periods, " "), n.Submission, n.Agreement)
	}
	w.table(t)
	return nil
}

func (w *window) printSubscriptions(a node.NoticesAnswer) error {
	if w.json {
		return w.printJSON(map[string]any{"subscriptions": a.Subscriptions, "failed": a.Failed})
	}
	for _, f := range a.Failed {
		w.aside(f.Member + w.say("colon") + f.Text)
	}
	if len(a.Subscriptions) == 0 {
		w.note(w.say("subscriptions.none"))
		return nil
	}
	t := newTable("ID", w.say("head.teller"), w.say("head.when"), w.say("head.agreement"), w.say("head.periods"), w.say("head.standing"))
	for _, s := range a.Subscriptions {
		state := w.say("subscriptions.open")
		if s.Closed != "" {
			state = s.Closed
		}
		span := "-"
		if !s.Question.Period.IsZero() {
			span = s.Question.Period.String()
		}
		t.add(s.ID, s.Member, moment(s.Since), s.Agreement, span, state)
	}
	w.table(t)
	return nil
}
