package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"guichet"
	"guichet/trade"
)

// asking puts a question from the asker's home, through its running node.
func (d *showing) asking(ctx context.Context, do func(Operator) error) error {
	return d.operate(ctx, d.party(demoAsker), demoCircleName, do)
}

// masks is the question of the demonstration.
func (d *showing) masks() (MembersQuestion, error) {
	year, err := guichet.ParseSpan(demoYear)
	return MembersQuestion{
		Question: guichet.Question{
			Where:  map[string][]string{"product": {"covid19/protective/masks"}, "flow": {"imports"}, "partner": {"AU", "CA", "GB", "NZ", "US"}},
			Period: year, By: []string{"reporter", "partner"}, Measures: []string{"value"}, Lang: d.lang(),
		},
		Members: []string{everybody}, Purpose: demoPurpose, Office: "statistics", Officer: "demonstration", Within: demoWithin,
	}, err
}

// askAll asks all five at once, and holds what came against what each member's
// own desk says.
func (d *showing) askAll(ctx context.Context) error {
	q, err := d.masks()
	if err != nil {
		return err
	}
	d.step("One question from %s to all five at once: imports of masks, %s, by reporter and partner. Each answer is decided by the agreement, signed, and in both journals before it is used:", "Une question de %s à tous les cinq à la fois : importations de masques, %s, par déclarant et partenaire. Chaque réponse est tranchée par l'accord, signée, et dans les deux journaux avant tout usage :", demoAsker, demoYear)
	var got MembersAnswer
	err = d.asking(ctx, func(op Operator) error {
		got, err = op.AskMembers(ctx, q, d.came)
		return err
	})
	if err != nil {
		return err
	}
	d.show(got.Answer)
	for _, m := range got.Members {
		if m.Gap != nil {
			d.fault("%s gave no answer: %s %s", m.Member, m.Gap.Reason, m.Gap.Text)
		}
		if m.Member != demoAsker {
			d.exchange = m.Exchange
		}
	}
	return d.compare(ctx, q, got.Answer)
}

// came tells what came of one member.
func (d *showing) came(r MemberResult) {
	switch {
	case r.Gap != nil:
		d.say("   %s  %s: %s", "   %s  %s : %s", r.Member, gapWord(r.Gap.Reason).In(d.lang()), r.Gap.Text)
	case r.Exchange == "":
		d.say("   %s  own desk: %d rows", "   %s  son propre guichet : %d lignes", r.Member, r.Rows)
	default:
		d.say("   %s  answers in %d ms: %d rows, exchange %s", "   %s  répond en %d ms : %d lignes, échange %s", r.Member, r.Millis, r.Rows, r.Exchange)
	}
}

// compare holds the rows of an answer of all against each home's own.
func (d *showing) compare(ctx context.Context, q MembersQuestion, got guichet.Answer) error {
	for _, p := range d.parties {
		n, err := Open(ctx, p.cfg)
		if err != nil {
			return err
		}
		own, err := n.Ask(ctx, q.Question)
		if err := errors.Join(err, n.Close()); err != nil {
			return err
		}
		var sum guichet.Decimal
		for _, r := range got.Rows {
			if v, ok := r["value"].(guichet.Decimal); ok && r["reporter"] == p.code {
				sum = sum.Add(v)
			}
		}
		if sum.Cmp(sumOf(own)) != 0 || sum.Sign() == 0 {
			d.fault("%s: %s through the circle, %s at its own desk", p.code, sum, sumOf(own))
		}
	}
	return nil
}

// refusals asks for what the agreement does not give.
func (d *showing) refusals(ctx context.Context) error {
	d.step("What the agreement does not give is refused, with its clause:", "Ce que l'accord ne donne pas est refusé, avec sa clause :")
	for _, t := range []struct {
		en, fr string
		change func(*MembersQuestion)
	}{
		{"for a purpose of enforcement", "dans un but de contrôle", func(q *MembersQuestion) { q.Purpose = enforcementPurpose() }},
		{"by national line", "par ligne nationale", func(q *MembersQuestion) { q.Question.By = []string{"national"} }},
		{"from declaration lines", "à partir des lignes de déclaration", func(q *MembersQuestion) { q.Question.Where["grain"] = []string{trade.GrainLine} }},
	} {
		q, err := d.masks()
		if err != nil {
			return err
		}
		q.Members = []string{"US"}
		t.change(&q)
		var got MembersAnswer
		err = d.asking(ctx, func(op Operator) error {
			got, err = op.AskMembers(ctx, q, nil)
			return err
		})
		if err != nil {
			return err
		}
		if len(got.Members) != 1 || got.Members[0].Gap == nil || got.Members[0].Gap.Reason != guichet.GapRefused || len(got.Answer.Rows) > 0 {
			d.fault("a question %s is not refused", t.en)
			continue
		}
		d.say("   %s: %s", "   %s : %s", guichet.Text{EN: t.en, FR: t.fr}.In(d.lang()), got.Members[0].Gap.Text)
	}
	return nil
}

// enforcementPurpose is a purpose that statistics never serve.
func enforcementPurpose() string {
	for _, p := range Purposes() {
		if p.Use == "enforcement" {
			return p.Word
		}
	}
	return ""
}

// bothSides compares what two members say of one flow, each asked for its own.
func (d *showing) bothSides(ctx context.Context) error {
	d.step("Canada's exports to the US, by both, each asked of the member whose figures they are:", "Exportations du Canada vers les États-Unis, selon les deux, chacun interrogé sur ses propres chiffres :")
	q, err := d.masks()
	if err != nil {
		return err
	}
	year := q.Question.Period
	var a trade.MirrorAnswer
	err = d.asking(ctx, func(op Operator) error {
		a, err = op.Mirror(ctx, MirrorQuestion{Mirror: trade.MirrorQuestion{Exporter: "CA", Importer: "US", Product: []string{"covid19"}, Period: year, Lang: d.lang()}, Asking: q})
		return err
	})
	if err != nil {
		return err
	}
	d.mirrored(a)
	return nil
}

// silent stops one member and asks again: nobody waits for it.
func (d *showing) silent(ctx context.Context) error {
	const quiet = "NZ"
	if err := d.party(quiet).stop(); err != nil {
		return err
	}
	d.step("%s is stopped, and the question is put again: the others answer, and the silence is told", "%s est arrêté et la question reposée : les autres répondent, et le silence est dit", quiet)
	q, err := d.masks()
	if err != nil {
		return err
	}
	var got MembersAnswer
	err = d.asking(ctx, func(op Operator) error {
		got, err = op.AskMembers(ctx, q, d.came)
		return err
	})
	if err != nil {
		return err
	}
	for _, m := range got.Members {
		if (m.Gap != nil) != (m.Member == quiet) || m.Member == quiet && m.Gap.Reason != guichet.GapSilent {
			d.fault("with %s stopped, %s: %v", quiet, m.Member, m.Gap)
		}
	}
	return d.party(quiet).start(ctx, d)
}

// receipts fetches the receipt of an exchange and verifies it as a third party
// would: offline, by the circle's public papers.
func (d *showing) receipts(ctx context.Context) error {
	var r Receipt
	err := d.asking(ctx, func(op Operator) (err error) {
		wait, cancel := context.WithTimeout(ctx, demoPatience)
		defer cancel()
		for { // the others cosign every two seconds
			r, err = op.Receipt(wait, d.exchange)
			if err != nil || len(r.Witnesses) > 0 {
				return err
			}
			select {
			case <-wait.Done():
				d.fault("nobody cosigned the journal of %s", r.Member)
				return nil
			case <-time.After(time.Second):
			}
		}
	})
	if err != nil {
		return err
	}
	var bundle []byte
	var id string
	err = d.party(demoAsker).at(ctx, func(c *Ceremonies) error {
		now, err := c.Circle()
		if err != nil {
			return err
		}
		id = now.ID
		bundle, err = c.Bundle()
		return err
	})
	if err != nil {
		return err
	}
	public, err := PublicCircle(ctx, Config{}, bundle, id)
	if err != nil {
		return err
	}
	checked, err := VerifyReceipt([]byte(r.Text), public)
	if err != nil {
		return err
	}
	d.step("The receipt of one exchange, verified offline by the circle's public papers alone: leaf %d of %s's journal of %d, cosigned by %s", "Le reçu d'un échange, vérifié hors ligne par les seuls papiers publics du cercle : feuille %d du journal de %s, long de %d, cosigné par %s",
		checked.Index, checked.Member, checked.Size, witnessed(checked.Witnesses))
	forged := bytes.Replace([]byte(r.Text), []byte("\nindex "), []byte("\nindex 1"), 1)
	if _, err := VerifyReceipt(forged, public); guichet.KindOf(err) == "" {
		d.fault("a forged receipt is believed")
	} else {
		d.say("   the same with one digit changed: %s", "   le même, un chiffre modifié : %s", err)
	}
	return nil
}

func witnessed(by []string) string {
	if len(by) == 0 {
		return "-"
	}
	return join(by)
}

// tamper changes one byte in a member's journal, and lets it be found.
func (d *showing) tamper(ctx context.Context) error {
	const changed = "GB"
	reports, err := d.verify(ctx, demoAsker, changed)
	if err != nil {
		return err
	}
	if err := Wrong(reports); err != nil {
		d.fault("before anything was changed: %s", err)
	}
	for _, r := range reports {
		if r.Member == changed {
			d.step("%s holds its journal against %s's: %d leaves compared, both tell the same story", "%s confronte son journal à celui de %s : %d feuilles comparées, les deux racontent la même histoire", demoAsker, changed, r.Compared)
		}
	}
	if err := d.party(changed).stop(); err != nil {
		return err
	}
	file, restore, err := flip(filepath.Join(d.party(changed).cfg.Home, dirJournals, demoCircleName))
	if err != nil {
		return err
	}
	found := ""
	if reports, err = d.verify(ctx, changed); err != nil {
		return err
	}
	for _, r := range reports {
		for _, f := range r.Findings {
			if found == "" && graveness(f.Severity) > 1 {
				found = f.Text.In(d.lang())
			}
		}
	}
	if found == "" {
		d.fault("a changed byte in %s is not found", file)
	}
	d.say("   one bit of it is flipped on %s's disk (%s), and found: %s", "   un bit en est inversé sur le disque de %s (%s), et c'est vu : %s", changed, filepath.Base(file), found)
	if err := restore(); err != nil {
		return err
	}
	return d.party(changed).start(ctx, d)
}

// verify looks at journals from a member's home.
func (d *showing) verify(ctx context.Context, from string, members ...string) ([]JournalReport, error) {
	return VerifyJournal(ctx, d.party(from).cfg, members)
}

// flip changes one bit in the middle of a file of leaves; restore puts it back.
func flip(journal string) (file string, restore func() error, err error) {
	err = filepath.WalkDir(journal, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && strings.Contains(filepath.ToSlash(path), "/tile/entries/") {
			file = path
		}
		return err
	})
	if err != nil || file == "" {
		return "", nil, errors.Join(err, guichet.Errorf(guichet.KindInternal, "no leaves in %s", journal))
	}
	text, err := os.ReadFile(file) //nolint:gosec // the demonstration's own folder
	if err != nil {
		return "", nil, fmt.Errorf("leaves: %w", err)
	}
	changed := slices.Clone(text)
	changed[len(changed)/2] ^= 1
	if err := os.WriteFile(file, changed, 0o600); err != nil { //nolint:gosec // as above
		return "", nil, fmt.Errorf("leaves: %w", err)
	}
	return file, func() error { return os.WriteFile(file, text, 0o600) }, nil //nolint:gosec // as above
}
