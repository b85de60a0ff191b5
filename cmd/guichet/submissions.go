package main

import (
	"context"
	"slices"
	"strings"

	"guichet"
	"guichet/internal/node"
)

// rejectsShown is how many lines put aside are shown when --limit is silent.
const rejectsShown = 20

func submissionsCommand() command {
	return command{name: "submissions", define: func(f *flags) action {
		var limit int
		var req node.WithdrawRequest
		f.atHome()
		f.int(&limit, "limit", rejectsShown)
		f.text(&req.Why, "why")
		f.text(&req.By, "officer")
		f.bool(&req.DryRun, "dry-run")
		return func(ctx context.Context, w *window, args []string) error {
			what, args := verb(args)
			act, ok := map[string]func(*node.Node) error{
				"":        func(n *node.Node) error { return w.listSubmissions(ctx, n) },
				"show":    func(n *node.Node) error { return w.showSubmission(ctx, n, args[0]) },
				"rejects": func(n *node.Node) error { return w.showRejects(ctx, n, args[0], limit) },
				"withdraw": func(n *node.Node) error {
					req.Submission, req.By = args[0], w.officer(req.By)
					return w.withdraw(ctx, n, req)
				},
				"reinstate": func(n *node.Node) error {
					req.Submission, req.By, req.Reinstate = args[0], w.officer(req.By), true
					return w.withdraw(ctx, n, req)
				},
			}[what]
			if !ok {
				return w.nearest(w.say("error.verb", "name", "submissions", "verb", what), what, []string{"show", "rejects", "withdraw", "reinstate"}, w.say("hint.usage", "name", "submissions"))
			}
			if limit < 0 {
				return w.wrong("error.flag.bad", "hint.usage", "name", "submissions", "flag", "--limit", "value", "-")
			}
			wanted := min(1, len(what))
			if err := w.want("submissions", args, wanted, wanted); err != nil {
				return err
			}
			return w.inHome(ctx, f, act)
		}
	}}
}

// verb takes the word that says what to do out of the arguments, "" when there
// is none.
func verb(args []string) (string, []string) {
	if len(args) == 0 {
		return "", nil
	}
	return args[0], args[1:]
}

func (w *window) listSubmissions(ctx context.Context, n *node.Node) error {
	list, err := n.Submissions(ctx)
	if err != nil {
		return err
	}
	if w.json {
		out := []guichet.Submission{}
		for _, s := range list {
			out = append(out, tidy(s))
		}
		return w.printJSON(map[string][]guichet.Submission{"submissions": out})
	}
	if len(list) == 0 {
		w.note(w.say("submissions.none"))
		return nil
	}
	t := newTable(w.say("head.submission"), w.say("head.taken"), w.say("head.reporter"), w.say("head.periods"), w.say("head.profile"), ">"+w.say("head.records"), ">"+w.say("head.aside"), w.say("head.file"))
	for _, s := range list {
		file := s.File
		switch {
		case s.Withdrawn != "":
			file += " (" + w.say("event.withdrawn") + ")"
		case len(s.Purged) > 0:
			file += " (" + w.say("event.purged") + ")"
		}
		t.add(s.ID, moment(s.TakenAt), strings.Join(s.Reporters(), ","), periodsOf(s), s.Profile, count(s.Records, w.lang), count(s.Aside, w.lang), file)
	}
	w.table(t)
	return nil
}

func (w *window) showSubmission(ctx context.Context, n *node.Node, id string) error {
	s, err := n.Submission(ctx, id)
	if err != nil {
		return err
	}
	if w.json {
		return w.printJSON(map[string]guichet.Submission{"submission": tidy(s)})
	}
	w.print(w.say("submission.title", "id", s.ID, "file", s.File))
	if err := w.printFate(ctx, n, s); err != nil {
		return err
	}
	w.printIdentity(s)
	w.printSubmission(s)
	w.printOutliers(s)
	w.printUnits(s)
	return nil
}

// printFate says what became of a submission after it came in.
func (w *window) printFate(ctx context.Context, n *node.Node, s guichet.Submission) error {
	if s.Withdrawn == "" && len(s.Purged) == 0 {
		return nil
	}
	all, err := n.Events(ctx)
	if err != nil {
		return err
	}
	for _, e := range all {
		if e.ID == s.Withdrawn || slices.Contains(s.Purged, e.ID) {
			w.printEvent(e)
		}
	}
	return nil
}

// rejectJSON is a line put aside as --json shows it.
type rejectJSON struct {
	Line   string `json:"line"`
	Reason string `json:"reason"`
	Text   string `json:"text"`
}

func (w *window) showRejects(ctx context.Context, n *node.Node, id string, limit int) error {
	s, err := n.Submission(ctx, id)
	if err != nil {
		return err
	}
	list, err := n.Rejects(ctx, s.ID, limit)
	if err != nil {
		return err
	}
	if w.json {
		out := []rejectJSON{}
		for _, r := range list {
			out = append(out, rejectJSON(r))
		}
		return w.printJSON(struct {
			Submission string       `json:"submission"`
			PutAside   int64        `json:"put_aside"`
			Rejects    []rejectJSON `json:"rejects"`
		}{s.ID, s.Aside, out})
	}
	if len(s.Purged) > 0 && s.Aside > 0 {
		w.note(w.say("rejects.purged", "id", s.ID, "event", s.Purged[0]))
		return nil
	}
	if len(list) == 0 {
		w.note(w.say("rejects.none", "id", s.ID))
		return nil
	}
	t := newTable(">"+w.say("head.line"), w.say("head.reason"), w.say("head.text"))
	for _, r := range list {
		t.add(r.Line, w.saying(r.Reason), r.Text)
	}
	w.table(t)
	if more := s.Aside - int64(len(list)); more > 0 {
		w.note(w.sayN("rejects.more", more))
	}
	return nil
}

// tidy returns the submission with lists that JSON shows as [] when empty.
func tidy(s guichet.Submission) guichet.Submission {
	s.Totals, s.Reasons, s.Remarks, s.Controls = some(s.Totals), some(s.Reasons), some(s.Remarks), some(s.Controls)
	s.Units, s.Shapes, s.Parts = some(s.Units), some(s.Shapes), some(s.Parts)
	return s
}

// periodsOf says which periods a submission holds: one, or the first and the
// last.
func periodsOf(s guichet.Submission) string {
	if len(s.Units) == 0 {
		return s.FilePer
	}
	byStart := func(a, b guichet.Unit) int { return a.Period.Start.Compare(b.Period.Start) }
	first, last := slices.MinFunc(s.Units, byStart).Period, slices.MaxFunc(s.Units, byStart).Period
	return guichet.Span{From: first, To: last}.String()
}
