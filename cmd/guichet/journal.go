package main

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"guichet"
	"guichet/internal/node"
)

// leavesShown is how many leaves are shown when --limit is silent.
const leavesShown = 20

// journalOptions are the flags of journal.
type journalOptions struct {
	circleOptions // of them the seat, --why, --out and --yes
	exchange      string
	limit         int
	members       []string
}

// journalVerbs are the verbs, with how many files each takes.
func journalVerbs() ([]string, map[string]int) {
	names := []string{"show", "verify", "standing", "renew", "sign", "publish"}
	return names, map[string]int{"sign": 1, "publish": 1}
}

func journalCommand() command {
	return command{name: "journal", define: func(f *flags) action {
		var o journalOptions
		o.declare(f)
		f.text(&o.exchange, "exchange")
		f.int(&o.limit, "limit", leavesShown)
		f.list(&o.members, "member")
		return func(ctx context.Context, w *window, args []string) error {
			what, args := verb(args)
			names, files := journalVerbs()
			if !slices.Contains(names, what) {
				return w.unknownVerb("journal", what, names)
			}
			if err := w.want("journal "+what, args, files[what], files[what]); err != nil {
				return err
			}
			if what == "sign" {
				return w.ceremonies(ctx, f, &o.circleOptions, func(c *node.Ceremonies) error { return w.signRenewal(c, &o, args[0]) })
			}
			cfg := w.atSeat(f, o.name, o.passphrase)
			if what == "verify" {
				return w.verifyJournal(ctx, cfg, o.members)
			}
			return w.inSeat(ctx, cfg, func(op node.Operator) error {
				switch what {
				case "standing":
					return w.standing(op.Standing(ctx))
				case "renew":
					return w.draftRenewal(ctx, op, &o)
				case "publish":
					return w.publishRenewal(ctx, op, args[0])
				}
				return w.listLeaves(ctx, op, node.LeavesQuestion{Limit: o.limit, Exchange: o.exchange})
			})
		}
	}}
}

func (w *window) listLeaves(ctx context.Context, op node.Operator, q node.LeavesQuestion) error {
	leaves, err := op.Leaves(ctx, q)
	if err != nil {
		return err
	}
	if w.json {
		return w.printJSON(map[string][]node.LeafEntry{"leaves": some(leaves)})
	}
	if len(leaves) == 0 {
		w.note(w.say("journal.empty"))
		return nil
	}
	t := newTable(">"+w.say("head.leaf"), w.say("head.time"), w.say("head.what"), w.say("head.asker"), w.say("head.to"), w.say("head.purpose"), w.say("head.agreement"), ">"+w.say("head.rows"), w.say("head.exchange"))
	for _, l := range leaves {
		what := w.say("leaf." + string(l.Leaf.Kind))
		if l.Leaf.Kind == guichet.LeafReceived && l.Leaf.Clause != "" {
			what = w.say("leaf.refusal")
		}
		if l.Leaf.Clause != "" {
			what += " (" + l.Leaf.Clause + ")"
		}
		if l.Leaf.Reason != "" {
			what += " (" + w.say("gap."+string(l.Leaf.Reason)) + ")"
		}
		t.add(strconv.FormatInt(l.Index, 10), moment(l.Leaf.Time), what, l.Leaf.From.Member+"/"+l.Leaf.From.Office, l.Leaf.To, l.Leaf.Purpose, agreementOf(l.Leaf), strconv.FormatInt(l.Leaf.Rows, 10), l.Leaf.Exchange)
	}
	w.table(t)
	return nil
}

// standing says what the others have seen of our journal; a journal that stays
// closed for it is a failure.
func (w *window) standing(st node.Standing, err error) error {
	if err != nil {
		return err
	}
	if !st.Proven {
		err = told{guichet.Errorf(guichet.KindUntrusted, "the journal is closed")}
	}
	if w.json {
		st.Members, st.Lost = some(st.Members), some(st.Lost)
		if perr := w.printJSON(st); perr != nil {
			return perr
		}
		return err
	}
	w.print(w.say("standing.own", "leaves", count(st.Leaves, w.lang)))
	for _, m := range st.Members {
		line := "  " + w.area(m.Member) + w.say("colon") + w.say(stateKey(m.State), "leaves", count(m.Leaves, w.lang))
		if m.Text != "" {
			line += " (" + m.Text + ")"
		}
		w.print(line)
	}
	for _, l := range st.Lost {
		w.print("  " + w.say("standing.lost", "member", w.area(l.Member), "exchange", l.Leaf.Exchange, "time", moment(l.Leaf.Time), "what", w.say("leaf."+string(l.Leaf.Kind))))
	}
	if st.Proven {
		w.print(w.say("standing.proven"))
	} else {
		w.print(w.say("standing.closed"))
	}
	return err
}

func (w *window) verifyJournal(ctx context.Context, cfg node.Config, members []string) error {
	reports, err := node.VerifyJournal(ctx, cfg, members)
	if err != nil {
		return err
	}
	if w.json {
		for i := range reports {
			reports[i].Findings = some(reports[i].Findings)
		}
		if err := w.printJSON(map[string][]node.JournalReport{"journals": some(reports)}); err != nil {
			return err
		}
		return toldIf(node.Wrong(reports))
	}
	for i, r := range reports {
		key := "journal.own"
		if i > 0 {
			key = "journal.theirs"
		}
		w.print(w.say(key, "member", w.area(r.Member), "leaves", count(r.Leaves, w.lang), "compared", strconv.Itoa(r.Compared), "witnesses", strconv.Itoa(r.Witnesses)))
		for _, f := range r.Findings {
			w.print("  " + w.say("severity."+f.Severity) + w.say("colon") + f.Text.In(w.lang))
			if f.Evidence != "" {
				w.print("    " + w.say("journal.evidence", "file", f.Evidence))
			}
		}
		if len(r.Findings) == 0 {
			w.print("  " + w.say("journal.well"))
		}
	}
	return toldIf(node.Wrong(reports))
}

// toldIf marks an error as told already: only its exit code is to come.
func toldIf(err error) error {
	if err == nil {
		return nil
	}
	return told{err}
}

// stateLabel is the word of a doctor's finding.
func (w *window) stateLabel(state string) string { return w.say("doctor." + state) }

// subject names what a doctor's finding is of: one of its own subjects, or a
// paper of the circle by its name there.
func (w *window) subject(what string) string {
	first, rest, _ := strings.Cut(what, " ")
	if word, ok := w.words["subject."+first]; ok {
		return strings.TrimSpace(word + " " + rest)
	}
	return what
}

func doctorCommand() command {
	return command{name: "doctor", define: func(f *flags) action {
		var circle, passphrase string
		var offline bool
		f.atHome()
		f.seat(&circle, &passphrase)
		f.bool(&offline, "offline")
		return func(ctx context.Context, w *window, args []string) error {
			if err := w.want("doctor", args, 0, 0); err != nil {
				return err
			}
			found, err := node.Doctor(ctx, w.atSeat(f, circle, passphrase), node.DoctorQuestion{Offline: offline})
			if err != nil {
				return err
			}
			return w.printFindings(found)
		}
	}}
}

func (w *window) printFindings(found []node.Finding) error {
	wrong := false
	for _, f := range found {
		wrong = wrong || f.State == "wrong"
	}
	var err error
	if wrong {
		err = told{guichet.Errorf(guichet.KindInternal, "something is wrong")}
	}
	if w.json {
		if perr := w.printJSON(map[string][]node.Finding{"findings": some(found)}); perr != nil {
			return perr
		}
		return err
	}
	for _, f := range found {
		what := w.subject(f.What)
		if f.Circle != "" {
			what = w.say("doctor.in", "circle", f.Circle, "subject", what)
		}
		w.print(w.stateLabel(f.State) + "  " + what + w.say("colon") + f.Text.In(w.lang))
		if do := f.Do.In(w.lang); do != "" {
			w.print("       " + w.say("doctor.do") + do)
		}
	}
	return err
}

// stateKey is the phrase of what a member has seen of our journal; a phrase may not
// end in .other, which is a plural.
func stateKey(state string) string {
	if state == "other" {
		state = "another"
	}
	return "standing." + state
}
