package main

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet"
	"guichet/internal/node"
	"guichet/trade"
)

// membersOptions are the flags of a question to other members.
type membersOptions struct {
	members    []string
	purpose    string
	office     string
	officer    string
	agreement  string
	within     string
	circle     string
	passphrase string
	records    string
}

func membersFlags(f *flags) *membersOptions {
	o := askingFlags(f)
	f.list(&o.members, "members")
	f.text(&o.records, "records")
	return o
}

// askingFlags declares what every question to members says of who asks and why.
func askingFlags(f *flags) *membersOptions {
	o := &membersOptions{}
	f.text(&o.purpose, "purpose")
	f.text(&o.office, "office-asking")
	f.text(&o.officer, "officer")
	f.text(&o.agreement, "agreement")
	f.text(&o.within, "within")
	f.seat(&o.circle, &o.passphrase)
	return o
}

// seat declares what a command needs that takes a seat in a circle.
func (f *flags) seat(circle, passphrase *string) {
	f.text(circle, "circle")
	f.text(passphrase, "passphrase-file")
}

// atSeat returns what node needs to take a seat.
func (w *window) atSeat(f *flags, circle, passphrase string) node.Config {
	cfg := w.config(f)
	cfg.Circle, cfg.Passphrase = circle, w.passphrase(passphrase, nodePassphrase, "keys.node")
	return cfg
}

// inSeat does something at a seat: by the running node, or at the seat itself.
func (w *window) inSeat(ctx context.Context, cfg node.Config, act func(node.Operator) error) error {
	op, err := node.Operate(ctx, cfg)
	if err != nil {
		return err
	}
	err = act(op)
	if cerr := op.Close(); err == nil {
		err = cerr
	}
	return err
}

// onlyToMembers refuses flags that say nothing where no member is asked.
func (w *window) onlyToMembers(f *flags, hint string) error {
	for _, name := range []string{"purpose", "office-asking", "officer", "agreement", "within", "records"} {
		if f.has(name) {
			return w.wrong("error.nomembers", hint, "flag", "--"+name)
		}
	}
	return nil
}

// mirrorMembers compares two members' figures, each asked of the member itself.
func (w *window) mirrorMembers(ctx context.Context, f *flags, q trade.MirrorQuestion, o *membersOptions, top int) error {
	m, err := w.toMembers(guichet.Question{Lang: q.Lang}, o)
	if err != nil {
		return err
	}
	return w.inSeat(ctx, w.atSeat(f, o.circle, o.passphrase), func(op node.Operator) error {
		a, err := op.Mirror(ctx, node.MirrorQuestion{Mirror: q, Asking: m})
		if err != nil {
			return err
		}
		return w.printMirror(a, node.LabelOf, top)
	})
}

// toMembers turns the flags into a question to members.
func (w *window) toMembers(q guichet.Question, o *membersOptions) (node.MembersQuestion, error) {
	out := node.MembersQuestion{
		Question: q, Members: o.members, Purpose: o.purpose, Office: o.office, Officer: o.officer, Agreement: o.agreement,
	}
	if out.Officer == "" {
		for _, name := range []string{"USER", "LOGNAME"} {
			if out.Officer == "" {
				out.Officer = w.getenv(name)
			}
		}
	}
	if o.within != "" {
		d, err := time.ParseDuration(o.within)
		if err != nil || d <= 0 {
			return out, w.wrong("error.within", "hint.within", "value", o.within)
		}
		out.Within = d
	}
	return out, nil
}

// askMembers puts a question to members and prints what came.
func (w *window) askMembers(ctx context.Context, f *flags, q guichet.Question, o *askOptions) error {
	m, err := w.toMembers(q, o.members)
	if err != nil {
		return err
	}
	cfg := w.atSeat(f, o.members.circle, o.members.passphrase)
	return w.inSeat(ctx, cfg, func(op node.Operator) error {
		if o.members.records != "" {
			return w.takeRecords(ctx, op, m, o.members.records)
		}
		a, err := op.AskMembers(ctx, m, func(r node.MemberResult) { w.note(w.memberCame(r)) })
		if err != nil {
			return err
		}
		return w.printMembers(a, q, o.csv)
	})
}

// memberCame says what came of one member.
func (w *window) memberCame(r node.MemberResult) string {
	ms := strconv.FormatInt(r.Millis, 10)
	switch {
	case r.Gap != nil:
		return w.say("members.gap", "member", w.area(r.Member), "ms", ms, "why", w.gapLine(guichet.Gap{Reason: r.Gap.Reason, Text: r.Gap.Text}))
	case r.Exchange == "":
		return w.say("members.own", "member", w.area(r.Member), "rows", strconv.Itoa(r.Rows))
	}
	return w.say("members.came", "member", w.area(r.Member), "ms", ms, "rows", strconv.Itoa(r.Rows), "agreement", r.Decision.Agreement)
}

// membersJSON is what --json prints of a question to members.
type membersJSON struct {
	Circle  string              `json:"circle"`
	Answer  guichet.Answer      `json:"answer"`
	Members []node.MemberResult `json:"members"`
	Notices []string            `json:"notices"`
}

func (w *window) printMembers(a node.MembersAnswer, q guichet.Question, csv bool) error {
	if w.json {
		x := a.Answer
		x.Question.By, x.Question.Measures = some(x.Question.By), some(x.Question.Measures)
		x.Columns, x.Rows, x.Remarks, x.Gaps, x.Sources = some(x.Columns), some(x.Rows), some(x.Remarks), some(x.Gaps), some(x.Sources)
		return w.printJSON(membersJSON{Circle: a.Circle, Answer: x, Members: some(a.Members), Notices: some(a.Notices)})
	}
	by := q.By
	if len(a.Answer.Columns) > 0 && !slices.Contains(by, a.Answer.Columns[0].Name) {
		by = append([]string{a.Answer.Columns[0].Name}, by...)
	}
	for _, n := range a.Notices {
		w.aside(w.say("members.notice", "text", n))
	}
	if csv {
		return w.printAnswer(a.Answer, by, node.LabelOf, true)
	}
	w.printFigures(a.Answer, by, node.LabelOf)
	w.printWhy(ofFigures(a.Answer.Remarks), a.Answer.Gaps, a.Answer.Sources)
	t := newTable(w.say("head.member"), w.say("head.what"), w.say("head.agreement"), ">"+w.say("head.rows"), ">"+w.say("head.hidden"), w.say("head.exchange"))
	for _, r := range a.Members {
		what := w.say("members.answered")
		if r.Gap != nil {
			what = w.say("gap." + string(r.Gap.Reason))
		}
		agreement := r.Decision.Agreement
		if r.Decision.Version > 0 {
			agreement += " v" + strconv.Itoa(r.Decision.Version)
		}
		t.add(w.area(r.Member), what, agreement, strconv.Itoa(r.Rows), strconv.Itoa(r.Hidden), r.Exchange)
	}
	w.table(t)
	w.print("")
	w.printNotices(a.Members)
	if !a.Answer.AsOf.IsZero() { // nobody answered
		w.print(w.say("answer.asOf", "when", moment(a.Answer.AsOf)))
	}
	return nil
}

// ofFigures leaves out what the agreements say: it is printed apart.
func ofFigures(remarks []guichet.Remark) []guichet.Remark {
	return slices.DeleteFunc(slices.Clone(remarks), func(r guichet.Remark) bool { return strings.HasPrefix(r.Code, "agreement_") })
}

// printNotices prints what the agreements say of the answers: each subject once,
// with the members whose answers it covers, and all that is said of it.
func (w *window) printNotices(members []node.MemberResult) {
	var order []string
	of, said := map[string][]string{}, map[string][]string{}
	for _, m := range members {
		for _, n := range m.Notices {
			if of[n.Code] == nil {
				order = append(order, n.Code)
			}
			if !slices.Contains(of[n.Code], m.Member) {
				of[n.Code] = append(of[n.Code], m.Member)
			}
			text := n.Text
			if n.Reporter != "" {
				text = n.Reporter + ": " + text
			}
			if !slices.Contains(said[n.Code], text) {
				said[n.Code] = append(said[n.Code], text)
			}
		}
	}
	if len(order) == 0 {
		return
	}
	w.print(w.say("members.notices"))
	for _, code := range order {
		line := w.say("about." + code)
		if len(of[code]) < len(answering(members)) {
			line += " (" + strings.Join(of[code], ", ") + ")"
		}
		w.print("  * " + line + ": " + strings.Join(said[code], "; "))
	}
	w.print("")
}

// answering are the members whose agreements say something.
func answering(members []node.MemberResult) []string {
	var out []string
	for _, m := range members {
		if len(m.Notices) > 0 {
			out = append(out, m.Member)
		}
	}
	return out
}

// recordsJSON is what --json prints of rows that were taken.
type recordsJSON struct {
	File   string            `json:"file,omitempty"` // "" of a refusal: nothing was written
	Member node.MemberResult `json:"member"`
}

// takeRecords takes the rows of one member into a file.
func (w *window) takeRecords(ctx context.Context, op node.Operator, m node.MembersQuestion, file string) error {
	format := strings.TrimPrefix(filepath.Ext(file), ".")
	if !slices.Contains([]string{"csv", "parquet", "arrow"}, format) {
		return w.wrong("error.records", "hint.records", "file", file)
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		return w.wrong("error.records", "hint.records", "file", file)
	}
	r, err := op.TakeRecords(ctx, node.RecordsQuestion{MembersQuestion: m, File: abs, Format: format})
	if err != nil {
		return err
	}
	var refused error
	if r.Gap != nil {
		file, refused = "", told{guichet.Errorf(guichet.KindRefused, "%s", r.Gap.Text)}
	}
	if w.json {
		if err := w.printJSON(recordsJSON{File: file, Member: r}); err != nil {
			return err
		}
		return refused
	}
	if refused != nil {
		w.print(w.memberCame(r))
		return refused
	}
	w.print(w.say("records.taken", "rows", count(int64(r.Rows), w.lang), "member", w.area(r.Member), "file", file, "exchange", r.Exchange))
	return nil
}
