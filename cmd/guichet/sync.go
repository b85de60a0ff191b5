package main

import (
	"context"
	"strings"
	"time"

	"guichet/internal/node"
)

func syncCommand() command {
	return command{name: "sync", define: func(f *flags) action {
		var from, dataset, every string
		var afresh bool
		f.atHome()
		o := &membersOptions{}
		f.text(&o.purpose, "purpose")
		f.text(&o.office, "office-asking")
		f.text(&o.officer, "officer")
		f.text(&o.agreement, "agreement")
		f.seat(&o.circle, &o.passphrase)
		f.text(&from, "from")
		f.text(&dataset, "dataset")
		f.text(&every, "every")
		f.bool(&afresh, "afresh")
		return func(ctx context.Context, w *window, args []string) error {
			what, args := verb(args)
			if err := w.want("sync", args, 0, 0); err != nil {
				return err
			}
			if what == "list" {
				return w.inHome(ctx, f, func(n *node.Node) error { return w.listCopies(n) })
			}
			if what != "" {
				return w.nearest(w.say("error.verb", "name", "sync", "verb", what), what, []string{"list"}, w.say("hint.usage", "name", "sync"))
			}
			if from == "" {
				return w.wrong("error.from", "hint.usage", "name", "sync")
			}
			req, err := w.syncRequest(from, every, o)
			if err != nil {
				return err
			}
			req.Dataset, req.Afresh = dataset, afresh
			return w.inSeat(ctx, w.atSeat(f, o.circle, o.passphrase), func(op node.Operator) error {
				r, err := op.Sync(ctx, req, w.note)
				if err != nil {
					return err
				}
				return w.printSync(r)
			})
		}
	}}
}

func (w *window) syncRequest(from, every string, o *membersOptions) (node.SyncRequest, error) {
	req := node.SyncRequest{From: strings.ToUpper(from), Purpose: o.purpose, Office: o.office, Officer: w.officer(o.officer), Agreement: o.agreement, Lang: w.lang}
	switch every {
	case "":
	case "never":
		req.Every = -1
	default:
		d, err := time.ParseDuration(every)
		if err != nil || d < time.Minute {
			return req, w.wrong("error.every", "hint.every", "value", every)
		}
		req.Every = d
	}
	return req, nil
}

// officer is who asks: as the flag says, else as the system does.
func (w *window) officer(given string) string {
	for _, name := range []string{"USER", "LOGNAME"} {
		if given == "" {
			given = w.getenv(name)
		}
	}
	return given
}

func (w *window) printSync(r node.SyncResult) error {
	if w.json {
		return w.printJSON(r)
	}
	w.print(w.say("sync.done", "member", w.area(r.From), "dataset", r.Copy.Dataset, "submissions", count(int64(r.Copy.Submissions), w.lang), "records", count(r.Copy.Records, w.lang),
		"new", count(int64(len(r.New)), w.lang), "removed", count(int64(len(r.Removed)), w.lang), "kib", count((r.Fetched+1023)>>10, w.lang)))
	for _, b := range r.Back {
		w.print(w.say("sync.back", "submission", b.Submission, "why", b.Text.In(w.lang)))
	}
	if r.Receipt != "" {
		w.print(w.say("sync.receipt", "exchange", r.Receipt))
	}
	return nil
}

func (w *window) listCopies(n *node.Node) error {
	list := n.Copies()
	if w.json {
		return w.printJSON(map[string][]node.CopyInfo{"copies": list})
	}
	if len(list) == 0 {
		w.note(w.say("sync.none"))
		return nil
	}
	t := newTable(w.say("head.copyOf"), w.say("head.dataset"), w.say("head.agreement"), ">"+w.say("head.records"), w.say("head.confirmed"), w.say("head.standing"))
	for _, c := range list {
		state, when := w.say("sync.kept"), "-"
		switch {
		case c.Ended != "":
			state = c.Ended
		case c.Confirmed.IsZero():
			state = w.say("sync.nothing")
		}
		if !c.Confirmed.IsZero() {
			when = moment(c.Confirmed)
		}
		t.add(c.Circle+"/"+c.Of, c.Dataset, c.Agreement, count(c.Records, w.lang), when, state)
	}
	w.table(t)
	return nil
}
