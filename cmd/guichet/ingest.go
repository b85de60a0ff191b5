package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"guichet"
	"guichet/internal/node"
)

// ingestOptions are the flags of ingest.
type ingestOptions struct {
	profile, totals, released string
	officer                   string
	aside, generated          bool
	noCompact                 bool
	given                     []string
}

func ingestCommand() command {
	return command{name: "ingest", define: func(f *flags) action {
		var o ingestOptions
		f.atHome()
		f.text(&o.profile, "profile")
		f.text(&o.totals, "accept-totals")
		f.text(&o.released, "released")
		f.bool(&o.aside, "accept-aside")
		f.text(&o.officer, "officer")
		f.bool(&o.generated, "generated")
		f.bool(&o.noCompact, "no-compact")
		f.each(&o.given, "given")
		return func(ctx context.Context, w *window, args []string) error {
			if err := w.want("ingest", args, 1, -1); err != nil {
				return err
			}
			req, err := w.ingestRequest(f, o)
			if err != nil {
				return err
			}
			return w.inHome(ctx, f, func(n *node.Node) error { return w.ingestAll(ctx, n, req, args) })
		}
	}}
}

// inHome opens the home, works in it and closes it.
func (w *window) inHome(ctx context.Context, f *flags, work func(*node.Node) error) error {
	n, err := node.Open(ctx, w.config(f))
	if err != nil {
		return err
	}
	return errors.Join(work(n), n.Close())
}

// ingestRequest checks the flags; the file is still to be named.
func (w *window) ingestRequest(f *flags, o ingestOptions) (node.IngestRequest, error) {
	if f.has("accept-totals") && strings.TrimSpace(o.totals) == "" {
		return node.IngestRequest{}, w.wrong("error.totals", "hint.totals")
	}
	if o.released != "" {
		if _, err := time.Parse(time.DateOnly, o.released); err != nil {
			return node.IngestRequest{}, w.wrong("error.day", "hint.day", "flag", "--released", "value", o.released)
		}
	}
	given := map[string]string{}
	for _, pair := range o.given {
		k, v, ok := strings.Cut(pair, "=")
		if !ok || k == "" {
			return node.IngestRequest{}, w.wrong("error.pair", "hint.given", "flag", "--given", "value", pair)
		}
		given[k] = v
	}
	return node.IngestRequest{
		Profile: o.profile, AcceptTotals: o.totals, By: w.officer(o.officer), Released: o.released,
		AcceptAside: o.aside, Generated: o.generated, NoCompact: o.noCompact, Given: given,
	}, nil
}

// takenJSON is one file of ingest as --json shows it: what came in, or why it
// did not.
type takenJSON struct {
	File       string              `json:"file"`
	Submission *guichet.Submission `json:"submission,omitempty"`
	Already    bool                `json:"already"`
	Replaced   []string            `json:"replaced"`
	Seconds    float64             `json:"seconds"`
	Notes      []guichet.Remark    `json:"notes"`
	Error      *problem            `json:"error,omitempty"`
}

// ingestAll takes in one file after the other. One that fails does not keep
// the others out; the exit code is that of the first that failed.
func (w *window) ingestAll(ctx context.Context, n *node.Node, req node.IngestRequest, files []string) error {
	var first error
	report := []takenJSON{}
	for i, file := range files {
		req.File = file
		p := w.progress()
		req.Progress = p.report()
		res, err := n.Ingest(ctx, req)
		p.end()
		if err == nil {
			report = append(report, taken(file, res))
			w.printTaken(file, res, i > 0)
			continue
		}
		ps := w.problems(ctx, err)
		report = append(report, takenJSON{File: file, Replaced: []string{}, Notes: []guichet.Remark{}, Error: &ps[0]})
		if len(files) > 1 && !w.json {
			w.note(w.say("ingest.failed", "file", file))
		}
		_ = w.out.Flush() // an error stays in the writer
		w.tell(ctx, err)
		if first == nil {
			first = told{err}
		}
		if interrupted(ctx, err) {
			break
		}
	}
	if w.json {
		return errors.Join(first, w.printJSON(map[string][]takenJSON{"files": report}))
	}
	return first
}

func taken(file string, res node.IngestResult) takenJSON {
	s := tidy(res.Submission)
	return takenJSON{File: file, Submission: &s, Already: res.Already, Replaced: some(res.Replaced), Seconds: res.Seconds, Notes: some(res.Notes)}
}

// printTaken says what came in, what was put aside, and why.
func (w *window) printTaken(file string, res node.IngestResult, apart bool) {
	if w.json {
		return
	}
	if apart {
		w.print("")
	}
	if res.Already {
		w.print(w.say("ingest.already", "file", file, "id", res.Submission.ID, "when", moment(res.Submission.TakenAt)))
		return
	}
	w.print(w.say("ingest.taken", "file", file, "id", res.Submission.ID, "seconds", seconds(res.Seconds, w.lang)))
	w.printSubmission(res.Submission)
	for _, id := range res.Replaced {
		w.print(w.say("ingest.replaced", "id", id))
	}
	w.printRemarks(slices.DeleteFunc(slices.Clone(res.Notes), func(r guichet.Remark) bool {
		// The table of remarks has said it.
		return slices.ContainsFunc(res.Submission.Remarks, func(c guichet.Count) bool { return c.Code == r.Code })
	}))
	_ = w.out.Flush() // an error stays in the writer
}

// seconds writes a duration with one digit, in the signs of the language.
func seconds(s float64, lang string) string {
	return number(tenth(int64(s*10+half)), lang, 1)
}
