package main

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet"
	"guichet/internal/node"
)

// agreementOptions are the flags of agreement, beside those of a ceremony.
type agreementOptions struct {
	circleOptions
	template, agreement, until, of, kind string
	reasonEN, reasonFR                   string
	parties, as                          []string
	odrl                                 bool
}

// agreementVerbs are the verbs, in the order in which they are used.
func agreementVerbs() []string {
	return []string{"templates", "purposes", "draft", "check", "preview", "diff", "sign", "list", "show", "withdraw", "receive"}
}

func agreementCommand() command {
	return command{name: "agreement", define: func(f *flags) action {
		o := &agreementOptions{}
		o.declare(f)
		f.text(&o.template, "template")
		f.text(&o.agreement, "id")
		f.list(&o.parties, "parties")
		f.list(&o.as, "as")
		f.text(&o.from, "from")
		f.text(&o.until, "until")
		f.text(&o.kind, "kind")
		f.text(&o.of, "of")
		f.text(&o.reasonEN, "reason")
		f.text(&o.reasonFR, "raison")
		f.bool(&o.odrl, "odrl")
		return func(ctx context.Context, w *window, args []string) error {
			what, args := verb(args)
			counts, known := map[string][2]int{
				"templates": {0, 0}, "purposes": {0, 0}, "draft": {0, 0}, "check": {1, 1}, "preview": {1, 1}, "diff": {2, 2}, "sign": {1, 1},
				"list": {0, 0}, "show": {1, 1}, "withdraw": {1, 1}, "receive": {1, 1},
			}[what]
			if !known {
				return w.unknownVerb("agreement", what, agreementVerbs())
			}
			if err := w.want("agreement "+what, args, counts[0], counts[1]); err != nil {
				return err
			}
			switch what {
			case "templates":
				return w.listTemplates()
			case "purposes":
				return w.listPurposes()
			case "check":
				return w.checkAgreement(args[0])
			case "diff":
				return w.diffAgreements(args[0], args[1])
			case "draft":
				return w.draftAgreement(ctx, f, o)
			}
			return w.ceremonies(ctx, f, &o.circleOptions, func(c *node.Ceremonies) error {
				switch what {
				case "preview":
					return w.previewAgreement(ctx, c, o, args[0])
				case "sign":
					return w.signAgreement(c, o, args[0])
				case "show":
					return w.showAgreement(c, o, args[0])
				case "withdraw":
					return w.withdrawAgreement(c, o, args[0])
				case "receive":
					return w.receiveNotice(c, args[0])
				}
				return w.listAgreements(c)
			})
		}
	}}
}

func (w *window) listTemplates() error {
	list := node.AgreementTemplates()
	if w.json {
		return w.printJSON(map[string][]node.AgreementTemplate{"templates": list})
	}
	t := newTable(w.say("head.template"), w.say("head.about"))
	for _, x := range list {
		t.add(x.Name, x.About.In(w.lang))
	}
	w.table(t)
	return nil
}

func (w *window) listPurposes() error {
	list := node.Purposes()
	if w.json {
		return w.printJSON(map[string][]node.Purpose{"purposes": list})
	}
	t := newTable(w.say("head.purpose"), w.say("head.use"), w.say("head.about"), "W3C DPV")
	for _, x := range list {
		t.add(x.Word, w.say("use."+x.Use), x.Text.In(w.lang), x.DPV)
	}
	w.table(t)
	return nil
}

func (w *window) draftAgreement(ctx context.Context, f *flags, o *agreementOptions) error {
	if err := w.needed("agreement", map[string]string{"--template": o.template, "--parties": strings.Join(o.parties, ",")}); err != nil {
		return err
	}
	var parties []string
	for _, p := range o.parties {
		parties = append(parties, strings.ToUpper(p))
	}
	var now guichet.Circle
	if f.home != "" || w.getenv("GUICHET_HOME") != "" {
		err := w.ceremonies(ctx, f, &o.circleOptions, func(c *node.Ceremonies) error {
			var err error
			now, err = c.Circle()
			if guichet.KindOf(err) == guichet.KindNotFound {
				return nil // a draft needs no circle
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	text, err := node.DraftAgreement(w.config(f), node.AgreementDraft{Template: o.template, ID: o.agreement, Parties: parties, Circle: o.name, From: o.from, Until: o.until}, now)
	if err != nil {
		return err
	}
	return w.sent(o.out, text, "agreement.drafted")
}

// agreementIn reads an agreement that a person wrote. Its faults are told, and
// are an error.
func (w *window) agreementIn(name string) (guichet.Agreement, error) {
	text, err := readPaper(name)
	if err != nil {
		return guichet.Agreement{}, err
	}
	a, faults, err := node.ReadAgreement(text)
	if err != nil || len(faults) == 0 {
		return a, err
	}
	var said []string
	for _, f := range faults {
		said = append(said, f.Clause+": "+f.Text.In(w.lang)+"; "+f.Advice.In(w.lang))
	}
	return a, guichet.Errorf(guichet.KindInvalid, "%s", w.say("error.agreement", "file", name, "faults", "\n  "+strings.Join(said, "\n  ")))
}

func (w *window) checkAgreement(name string) error {
	a, err := w.agreementIn(name)
	if err != nil {
		return err
	}
	digest, err := guichet.DigestOf(a)
	if err != nil {
		return err
	}
	if w.json {
		return w.printJSON(map[string]string{"agreement": a.ID, "digest": digest})
	}
	w.print(w.say("agreement.good", "agreement", a.ID, "version", strconv.Itoa(a.Version), "digest", digest))
	w.unfilled(a)
	return nil
}

// unfilled warns of statements that a template left to the parties.
func (w *window) unfilled(a guichet.Agreement) {
	if left := node.Unfilled(a); len(left) > 0 {
		w.aside(w.say("agreement.unfilled", "clauses", strings.Join(left, ", ")))
	}
}

func (w *window) diffAgreements(before, after string) error {
	a, err := w.agreementIn(before)
	if err != nil {
		return err
	}
	b, err := w.agreementIn(after)
	if err != nil {
		return err
	}
	changes := node.DiffAgreements(a, b)
	if w.json {
		return w.printJSON(map[string][]node.Explained{"changes": some(changes)})
	}
	if len(changes) == 0 {
		w.print(w.say("diff.none"))
	}
	for _, c := range changes {
		w.print(w.explained(c))
	}
	return nil
}

// signAgreement signs an agreement: one that a person wrote becomes a proposal
// with our signature; a proposal gets ours too.
func (w *window) signAgreement(c *node.Ceremonies, o *agreementOptions, name string) error {
	text, err := readPaper(name)
	if err != nil {
		return err
	}
	if strings.HasPrefix(strings.TrimSpace(string(text)), "{") {
		return w.signProposal(c, &o.circleOptions, name, text)
	}
	a, err := w.agreementIn(name)
	if err != nil {
		return err
	}
	if err := w.needed("agreement", map[string]string{"--out": o.out}); err != nil {
		return err
	}
	proposal, err := c.Propose(node.Change{Why: o.why, Agreement: &a})
	if err != nil {
		return err
	}
	w.unfilled(a)
	return w.signProposal(c, &o.circleOptions, name, proposal)
}

func (w *window) listAgreements(c *node.Ceremonies) error {
	now, err := c.Circle()
	if err != nil {
		return err
	}
	if w.json {
		return w.printJSON(map[string][]guichet.Agreement{"agreements": some(now.Agreements)})
	}
	if len(now.Agreements) == 0 {
		w.note(w.say("agreement.none"))
		return nil
	}
	t := newTable(w.say("head.agreement"), ">"+w.say("head.version"), w.say("head.title"), w.say("head.parties"), w.say("head.since"), w.say("head.until"), w.say("head.state"))
	for _, a := range now.Agreements {
		var parties []string
		for _, p := range a.Parties {
			parties = append(parties, p.Member)
		}
		t.add(a.ID, strconv.Itoa(a.Version), a.Title.In(w.lang), strings.Join(parties, ", "), a.Validity.From, a.Validity.Until, w.stateOf(a))
	}
	w.table(t)
	return nil
}

// stateOf says whether an agreement holds.
func (w *window) stateOf(a guichet.Agreement) string {
	today := w.clock().UTC().Format("2006-01-02")
	switch {
	case a.Validity.Withdrawn != "":
		return w.say("agreement.withdrawn", "day", a.Validity.Withdrawn)
	case today < a.Validity.From:
		return w.say("agreement.notyet")
	case today > a.Validity.Until:
		return w.say("agreement.over")
	case len(a.Suspended) > 0:
		return w.say("agreement.suspended")
	}
	return w.say("agreement.inforce")
}

func (w *window) showAgreement(c *node.Ceremonies, o *agreementOptions, id string) error {
	a, err := c.Agreement(id)
	if err != nil {
		return err
	}
	if o.odrl {
		return w.printJSON(node.ODRL(a, true))
	}
	if w.json {
		return w.printJSON(map[string]guichet.Agreement{"agreement": a})
	}
	text, err := node.WriteAgreement(a)
	if err != nil {
		return err
	}
	w.write(string(text))
	return nil
}

func (w *window) withdrawAgreement(c *node.Ceremonies, o *agreementOptions, id string) error {
	kind := cmp.Or(o.kind, "withdraw")
	if err := w.noticeGiven(o, kind); err != nil {
		return err
	}
	if _, err := c.Agreement(id); err != nil { // before anybody is asked to sign
		return err
	}
	reason := guichet.Text{EN: o.reasonEN, FR: o.reasonFR}
	if reason.FR == "" {
		reason.FR = reason.EN
	}
	w.aside(w.say("agreement.withdrawing", "kind", w.say("notice."+kind), "agreement", id, "reason", o.reasonEN))
	if err := w.agreed(o.yes); err != nil {
		return err
	}
	notice, err := c.Withdraw(node.Withdrawal{Agreement: id, Kind: kind, Of: strings.ToUpper(o.of), From: o.from, Until: o.until, Reason: reason})
	if err != nil {
		return err
	}
	return w.sent(o.out, notice, "agreement.noticed")
}

// noticeGiven refuses flags that make no notice.
func (w *window) noticeGiven(o *agreementOptions, kind string) error {
	kinds := []string{"withdraw", "suspend", "lift"}
	switch {
	case !slices.Contains(kinds, kind):
		return w.nearest(w.say("error.notice", "kind", kind), kind, kinds, w.say("hint.notice", "kinds", strings.Join(kinds, ", ")))
	case o.reasonEN == "":
		return w.wrong("error.reason", "hint.reason")
	case kind == "suspend" && o.of == "":
		return w.wrong("error.needed", "hint.usage", "flag", "--of", "name", "agreement")
	}
	for _, day := range [][2]string{{"--from", o.from}, {"--until", o.until}} {
		if _, err := time.Parse(time.DateOnly, day[1]); err != nil && day[1] != "" {
			return w.wrong("error.day", "hint.day", "flag", day[0], "value", day[1])
		}
	}
	return nil
}

func (w *window) receiveNotice(c *node.Ceremonies, name string) error {
	text, err := readPaper(name)
	if err != nil {
		return err
	}
	if err := c.Receive(text); err != nil {
		return err
	}
	if w.json {
		return w.printJSON(map[string]bool{"ok": true})
	}
	w.print(w.say("agreement.received"))
	return nil
}

// previewAgreement shows what each party would see of our data.
func (w *window) previewAgreement(ctx context.Context, c *node.Ceremonies, o *agreementOptions, name string) error {
	a, err := w.agreementIn(name)
	if err != nil {
		return err
	}
	for i, code := range o.as {
		o.as[i] = strings.ToUpper(code)
		if !slices.ContainsFunc(a.Parties, func(p guichet.AgreementParty) bool { return p.Member == o.as[i] }) {
			return w.wrong("error.noparty", "hint.noparty", "member", o.as[i], "agreement", a.ID)
		}
	}
	list, err := c.Preview(ctx, a, w.sentences(), o.as...)
	if err != nil {
		return err
	}
	if w.json {
		raw, err := json.Marshal(list)
		if err != nil {
			return err
		}
		return w.printJSON(map[string]json.RawMessage{"preview": raw})
	}
	for _, p := range list {
		w.print(w.say("preview.party", "member", w.area(p.Member)))
		for _, t := range p.Tries {
			w.print("  " + w.tried(t))
			for _, g := range t.Gaps {
				w.print("    - " + w.gapLine(g))
			}
		}
		if p.Sample != nil {
			w.print("")
			w.print(w.say("preview.sample"))
			x := p.Sample.Answer
			const most = 12
			if len(x.Rows) > most {
				x.Rows = x.Rows[:most]
			}
			w.printFigures(x, x.Question.By, node.LabelOf)
		}
		w.print("")
	}
	w.print(w.say("preview.end"))
	return nil
}

// tried says what became of one question of a preview.
func (w *window) tried(t node.PreviewTry) string {
	if !t.Decision.Permitted {
		return w.say("preview.refused", "what", t.Text.In(w.lang), "clause", t.Decision.Clause, "why", t.Decision.Text)
	}
	return w.say("preview.given", "what", t.Text.In(w.lang), "rows", strconv.Itoa(t.Rows), "hidden", strconv.Itoa(t.Hidden))
}
