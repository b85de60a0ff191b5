package main

import (
	"context"
	"strings"
	"time"

	"guichet"
	"guichet/internal/node"
)

func retentionCommand() command {
	return command{name: "retention", define: func(f *flags) action {
		var r node.RetentionRule
		f.atHome()
		f.text(&r.Profile, "profile")
		f.text(&r.Keep, "keep")
		f.text(&r.From, "from")
		f.text(&r.Superseded, "superseded")
		f.text(&r.Basis, "basis")
		f.text(&r.By, "officer")
		return func(ctx context.Context, w *window, args []string) error {
			what, args := verb(args)
			if what == "" {
				return w.inHome(ctx, f, func(n *node.Node) error { return w.keeping(ctx, n) })
			}
			act, ok := map[string]func(*node.Node) error{
				"set":  func(n *node.Node) error { return w.setRetention(ctx, n, r) },
				"drop": func(n *node.Node) error { return n.DropRetention(ctx, r.Dataset, r.Profile) },
			}[what]
			if !ok {
				return w.nearest(w.say("error.verb", "name", "retention", "verb", what), what, []string{"set", "drop"}, w.say("hint.usage", "name", "retention"))
			}
			if err := w.want("retention", args, 1, 1); err != nil {
				return err
			}
			r.Dataset, r.By = args[0], w.officer(r.By)
			return w.inHome(ctx, f, act)
		}
	}}
}

func (w *window) setRetention(ctx context.Context, n *node.Node, r node.RetentionRule) error {
	r, err := n.SetRetention(ctx, r)
	if err != nil {
		return err
	}
	if w.json {
		return w.printJSON(r)
	}
	return w.keeping(ctx, n)
}

// keeping prints the rules, what the next purge takes by them, and what is held.
func (w *window) keeping(ctx context.Context, n *node.Node) error {
	k, err := n.Keeping(ctx)
	if err != nil {
		return err
	}
	if w.json {
		return w.printJSON(k)
	}
	if len(k.Rules) == 0 {
		w.note(w.say("retention.none"))
		return nil
	}
	t := newTable(w.say("head.dataset"), w.say("head.profile"), w.say("head.keep"), w.say("head.superseded"), w.say("head.basis"))
	for _, r := range k.Rules {
		profile := r.Profile
		if profile == "" {
			profile = w.say("retention.all")
		}
		superseded := "-"
		if r.Superseded != "" {
			superseded = r.Superseded
		}
		t.add(r.Dataset, profile, r.Keep+" "+w.say("retention.from."+r.From), superseded, r.Basis)
	}
	w.table(t)
	return w.printPlans(k.Plans)
}

// printPlans says what the next purge takes.
func (w *window) printPlans(plans []node.PurgePlan) error {
	for _, p := range plans {
		w.print("")
		if len(p.Goes) == 0 {
			w.print(w.say("purge.nothing", "dataset", p.Dataset))
		} else {
			w.print(w.say("purge.goes", "dataset", p.Dataset))
			w.printGoes(p.Goes)
		}
		if len(p.Held) > 0 {
			w.print(w.say("purge.held"))
			w.printGoes(p.Held)
		}
		if p.Next != nil {
			w.print(w.say("purge.next", "day", p.Next.Format(time.DateOnly)))
		}
	}
	return nil
}

func (w *window) printGoes(list []node.Goes) {
	t := newTable(w.say("head.submission"), w.say("head.periods"), ">"+w.say("head.rows"), w.say("head.rule"), w.say("head.since"), w.say("head.hold"), w.say("head.file"))
	t.indent = "  "
	for _, g := range list {
		t.add(g.Submission, g.Periods, count(g.Rows, w.lang), w.ruleText(g.Rule), g.On.Format(time.DateOnly), g.Hold, g.File)
	}
	w.table(t)
}

// ruleText is a rule in the language of the window: "keep 10y from period".
func (w *window) ruleText(rule string) string {
	words := strings.Fields(rule)
	if len(words) == 4 && words[0] == "keep" && words[2] == "from" {
		return words[1] + " " + w.say("retention.from."+words[3])
	}
	if len(words) == 5 && words[0] == "keep" {
		return words[1] + " " + w.say("retention.superseded")
	}
	return rule
}

func purgeCommand() command {
	return command{name: "purge", define: func(f *flags) action {
		var officer string
		var dry bool
		f.atHome()
		f.bool(&dry, "dry-run")
		f.text(&officer, "officer")
		return func(ctx context.Context, w *window, args []string) error {
			what, args := verb(args)
			wanted := 0
			var act func(*node.Node) error
			switch {
			case what == "list":
				act = func(n *node.Node) error { return w.listEvents(ctx, n) }
			case what == "show":
				wanted = 1
				act = func(n *node.Node) error { return w.showEvent(ctx, n, args[0]) }
			case what != "":
				return w.nearest(w.say("error.verb", "name", "purge", "verb", what), what, []string{"list", "show"}, w.say("hint.usage", "name", "purge"))
			case dry:
				act = func(n *node.Node) error { return w.purgePlan(ctx, n) }
			default:
				act = func(n *node.Node) error { return w.purge(ctx, n, w.officer(officer)) }
			}
			if err := w.want("purge", args, wanted, wanted); err != nil {
				return err
			}
			return w.inHome(ctx, f, act)
		}
	}}
}

func (w *window) purgePlan(ctx context.Context, n *node.Node) error {
	k, err := n.Keeping(ctx)
	if err != nil {
		return err
	}
	if w.json {
		return w.printJSON(map[string][]node.PurgePlan{"plans": k.Plans})
	}
	if len(k.Rules) == 0 {
		w.note(w.say("retention.none"))
		return nil
	}
	if err := w.printPlans(k.Plans); err != nil {
		return err
	}
	w.note(w.say("purge.dry"))
	return nil
}

func (w *window) purge(ctx context.Context, n *node.Node, by string) error {
	p := w.progress()
	res, err := n.Purge(ctx, by, p.report())
	p.end()
	if err != nil {
		return err
	}
	for i, e := range res.Purges {
		if res.Purges[i], err = n.Told(ctx, e.ID); err != nil {
			return err
		}
	}
	if w.json {
		return w.printJSON(res)
	}
	for _, e := range res.Purges {
		w.printEvent(e)
	}
	if len(res.Purges) == 0 {
		w.print(w.say("purge.none"))
	}
	if len(res.Held) > 0 {
		w.print(w.say("purge.held"))
		w.printGoes(res.Held)
	}
	if len(res.Purges) > 0 {
		w.note(w.say("purge.elsewhere"))
	}
	return nil
}

func (w *window) listEvents(ctx context.Context, n *node.Node) error {
	all, err := n.Events(ctx)
	if err != nil {
		return err
	}
	if w.json {
		return w.printJSON(map[string][]node.EventEntry{"events": all})
	}
	if len(all) == 0 {
		w.note(w.say("events.none"))
		return nil
	}
	t := newTable(w.say("head.event"), w.say("head.when"), w.say("head.what"), w.say("head.dataset"), ">"+w.say("head.rows"), w.say("head.submission"), w.say("head.why"))
	for _, e := range all {
		rows := ""
		if e.Kind == guichet.EventPurged {
			rows = count(removedRows(e), w.lang)
		}
		t.add(e.ID, moment(e.At), w.say("event."+string(e.Kind)), e.Dataset, rows, strings.Join(e.Of, ","), e.Why)
	}
	w.table(t)
	return nil
}

func removedRows(e node.EventEntry) int64 {
	var rows int64
	for _, r := range e.Removed {
		rows += r.Rows
	}
	return rows
}

func (w *window) showEvent(ctx context.Context, n *node.Node, id string) error {
	all, err := n.Events(ctx)
	if err != nil {
		return err
	}
	for _, e := range all {
		if !strings.HasPrefix(e.ID, id) {
			continue
		}
		if w.json {
			return w.printJSON(e)
		}
		w.printEvent(e)
		return nil
	}
	return guichet.Errorf(guichet.KindNotFound, "%s", w.say("error.event", "id", id)).WithHint("%s", w.say("hint.event"))
}

// printEvent says what became of submissions and where it is proved.
func (w *window) printEvent(e node.EventEntry) {
	w.print(w.say("event.title", "id", e.ID, "what", w.say("event."+string(e.Kind)), "when", moment(e.At), "by", w.known(e.By)))
	if e.Kind != guichet.EventPurged {
		w.print("  " + w.say("head.submission") + w.say("colon") + strings.Join(e.Of, ", "))
		w.print("  " + w.say("head.why") + w.say("colon") + e.Why)
	}
	if len(e.Removed) > 0 {
		t := newTable(w.say("head.submission"), w.say("head.periods"), ">"+w.say("head.rows"), w.say("head.rule"), w.say("head.basis"), w.say("head.left"), w.say("head.file"))
		t.indent = "  "
		for _, r := range e.Removed {
			left := w.say("event.part")
			if r.Whole {
				left = w.say("event.nothing")
			}
			t.add(r.Submission, r.Periods, count(r.Rows, w.lang), w.ruleText(r.Rule), r.Basis, left, r.File)
		}
		w.table(t)
	}
	if !e.OffDisk {
		w.print("  " + w.say("event.waiting"))
	}
	for _, p := range e.Proofs {
		if p.Leaf < 0 {
			w.print("  " + w.say("event.untold", "circle", p.Circle))
			continue
		}
		w.print("  " + w.say("event.leaf", "circle", p.Circle, "leaf", count(p.Leaf, w.lang), "exchange", p.Exchange))
	}
}

func holdCommand() command {
	return command{name: "hold", define: func(f *flags) action {
		var h node.LegalHold
		var period, why, officer string
		f.atHome()
		f.text(&h.Dataset, "dataset")
		f.list(&h.Submissions, "submission")
		f.list(&h.Reporters, "reporter")
		f.text(&period, "period")
		f.text(&why, "why")
		f.text(&officer, "officer")
		return func(ctx context.Context, w *window, args []string) error {
			what, args := verb(args)
			if what == "" {
				return w.inHome(ctx, f, func(n *node.Node) error { return w.listHolds(ctx, n) })
			}
			if what != "set" && what != "lift" {
				return w.nearest(w.say("error.verb", "name", "hold", "verb", what), what, []string{"set", "lift"}, w.say("hint.usage", "name", "hold"))
			}
			if err := w.want("hold", args, 1, 1); err != nil {
				return err
			}
			if period != "" {
				span, err := guichet.ParseSpan(period)
				if err != nil {
					return err
				}
				h.From, h.To = span.From.Start.Format(time.DateOnly), span.To.End().Format(time.DateOnly)
			}
			if h.Name, h.Why, h.By = args[0], why, w.officer(officer); h.Dataset == "" {
				h.Dataset = dataset().Name
			}
			for i, r := range h.Reporters {
				h.Reporters[i] = strings.ToUpper(r)
			}
			return w.inHome(ctx, f, func(n *node.Node) error {
				var err error
				if what == "set" {
					h, err = n.SetHold(ctx, h)
				} else {
					h, err = n.LiftHold(ctx, h.Name, why, h.By)
				}
				if err != nil {
					return err
				}
				if w.json {
					return w.printJSON(h)
				}
				w.print(w.say("hold."+what, "name", h.Name))
				return nil
			})
		}
	}}
}

func (w *window) listHolds(ctx context.Context, n *node.Node) error {
	k, err := n.Keeping(ctx)
	if err != nil {
		return err
	}
	if w.json {
		return w.printJSON(map[string][]node.LegalHold{"holds": k.Holds})
	}
	if len(k.Holds) == 0 {
		w.note(w.say("hold.none"))
		return nil
	}
	t := newTable(w.say("head.hold"), w.say("head.dataset"), w.say("head.what"), w.say("head.since"), w.say("head.lifted"), w.say("head.why"))
	for _, h := range k.Holds {
		what := strings.Join(append(append([]string{}, h.Submissions...), h.Reporters...), " ")
		if h.From != "" || h.To != "" {
			what = strings.TrimSpace(what + " " + h.From + ":" + h.To)
		}
		if what == "" {
			what = w.say("retention.all")
		}
		lifted := ""
		if !h.Lifted.IsZero() {
			lifted = moment(h.Lifted) + " (" + h.LiftedWhy + ")"
		}
		t.add(h.Name, h.Dataset, what, moment(h.Set), lifted, h.Why)
	}
	w.table(t)
	return nil
}

// withdraw withdraws a submission, or takes that back, and says for whom it matters.
func (w *window) withdraw(ctx context.Context, n *node.Node, req node.WithdrawRequest) error {
	res, err := n.Withdraw(ctx, req)
	if err != nil {
		return err
	}
	if res.Event != nil {
		e, err := n.Told(ctx, res.Event.ID)
		if err != nil {
			return err
		}
		res.Event = &e
	}
	if w.json {
		return w.printJSON(res)
	}
	if res.Event != nil {
		w.printEvent(*res.Event)
	}
	if len(res.Again) > 0 {
		key := "withdraw.again"
		if req.Reinstate {
			key = "withdraw.behind"
		}
		w.print(w.say(key, "submissions", strings.Join(res.Again, ", ")))
	}
	if len(res.Answered) == 0 {
		w.print(w.say("withdraw.nobody"))
	} else {
		w.print(w.say("withdraw.answered"))
		t := newTable(w.say("head.circle"), w.say("head.member"), w.say("head.agreement"), w.say("head.exchange"), w.say("head.when"), w.say("head.told"))
		t.indent = "  "
		for _, a := range res.Answered {
			told := w.say("no")
			if a.Told {
				told = w.say("yes")
			}
			t.add(a.Party.Circle, a.Party.Member+"/"+a.Party.Office, a.Agreement, a.Exchange, moment(a.Last), told)
		}
		w.table(t)
	}
	for _, c := range res.Copied {
		w.print(w.say("withdraw.copied", "circle", c.Circle, "member", w.area(c.Member)))
	}
	if res.Event == nil {
		w.note(w.say("withdraw.dry"))
	}
	return nil
}
