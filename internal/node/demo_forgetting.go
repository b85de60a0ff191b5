package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"guichet"
)

// demoBasis stands for a law in the demonstration.
const demoBasis = "a law made for the demonstration"

// inLost does something in the home that was lost and restored, beside its node.
func (d *showing) inLost(ctx context.Context, do func(*Node) error) error {
	n, err := Open(ctx, d.party(demoLost).cfg)
	if err != nil {
		return err
	}
	return errors.Join(do(n), n.Close())
}

// firstMonth is the first month that a home holds, and for how many months figures
// are kept so that this month is due today, and the next is not.
func (d *showing) firstMonth(ctx context.Context, n *Node) (guichet.Period, string, error) {
	subs, err := n.Submissions(ctx)
	if err != nil {
		return guichet.Period{}, "", err
	}
	var first guichet.Period
	for _, s := range subs {
		for _, u := range s.Units {
			if s.Dataset == Dataset().Name && u.Period.Freq == guichet.Monthly && (first.Start.IsZero() || u.Period.Start.Before(first.Start)) {
				first = u.Period
			}
		}
	}
	if first.Start.IsZero() {
		return first, "", guichet.Errorf(guichet.KindInternal, "the demonstration's %s holds no month", demoLost)
	}
	end, now := first.End().AddDate(0, 0, 1), n.cfg.Clock().UTC()
	months := (now.Year()-end.Year())*12 + int(now.Month()-end.Month())
	return first, fmt.Sprintf("%dm", months), nil
}

// forgets sets a rule and a hold, lifts the hold, and removes what is due: the node
// that serves answers with the reason, and its journal proves it.
func (d *showing) forgets(ctx context.Context) error {
	d.step("%s keeps figures for as long as a rule says. What is due is held by a case first, and goes when that is closed:", "%s garde les chiffres aussi longtemps qu'une règle le dit. Ce qui est échu est d'abord gelé par une affaire, et part quand elle est close :", demoLost)
	var month guichet.Period
	var e EventEntry
	err := d.inLost(ctx, func(n *Node) error {
		var keep string
		var err error
		if month, keep, err = d.firstMonth(ctx, n); err != nil {
			return err
		}
		d.does("retention set trade --home %s --keep %s --basis %q", demoLost, keep, demoBasis)
		d.does("hold set case-1 --home %s --why %q", demoLost, "a case before a court")
		if _, err := n.SetHold(ctx, LegalHold{Name: "case-1", Dataset: "trade", Why: "a case before a court"}); err != nil {
			return err
		}
		if _, err := n.SetRetention(ctx, RetentionRule{Dataset: "trade", Keep: keep, Basis: demoBasis}); err != nil {
			return err
		}
		res, err := n.Purge(ctx, "demonstration", nil)
		if err != nil {
			return err
		}
		if len(res.Purges) > 0 || len(res.Held) == 0 {
			d.fault("a hold keeps nothing: %+v", res)
		}
		if _, err := n.LiftHold(ctx, "case-1", "the case is closed", "demonstration"); err != nil {
			return err
		}
		d.does("hold lift case-1 --home %s --why %q", demoLost, "the case is closed")
		d.does("purge --home %s", demoLost)
		if res, err = n.Purge(ctx, "demonstration", nil); err != nil {
			return err
		}
		if len(res.Purges) != 1 || !res.Purges[0].OffDisk {
			d.fault("the purge removed %+v", res)
			return nil
		}
		if e, err = n.Told(ctx, res.Purges[0].ID); err != nil {
			return err
		}
		return n.Check(ctx)
	})
	if err != nil || e.ID == "" {
		return err
	}
	var rows int64
	for _, r := range e.Removed {
		rows += r.Rows
	}
	d.say("   %d rows of %s are gone from every file of the home (purge %s)", "   %d lignes de %s ont quitté tous les fichiers du dépôt (suppression %s)", rows, month, e.ID)
	return d.forgotten(ctx, month, e)
}

// forgotten asks the node for what is gone, and for the proof that it said so.
func (d *showing) forgotten(ctx context.Context, month guichet.Period, e EventEntry) error {
	q, err := d.masks()
	if err != nil {
		return err
	}
	delete(q.Question.Where, "partner")
	q.Question.Where["product"], q.Question.Period = []string{"covid19"}, guichet.Span{From: month, To: month}
	r, a, err := d.ask(ctx, d.party(demoAsker), demoCircleName, q, demoLost)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(a.Gaps, func(g guichet.Gap) bool { return g.Reason == guichet.GapPurged && strings.Contains(g.Text, e.ID) })
	if r.Gap != nil || len(a.Rows) != 0 || i < 0 {
		d.fault("asked for what is gone, %s says %d rows, %v, %v", demoLost, len(a.Rows), r.Gap, a.Gaps)
		return nil
	}
	d.say("   %s asks for it: %s", "   %s le demande : %s", demoAsker, a.Gaps[i].Text)
	at := slices.IndexFunc(e.Proofs, func(p EventProof) bool { return p.Circle == demoCircleName && p.Leaf >= 0 })
	if at < 0 {
		d.fault("no journal tells of the purge: %+v", e.Proofs)
		return nil
	}
	d.by("receipt get " + e.Proofs[at].Exchange)
	return d.until(ctx, "the proof of deletion is cosigned", func(ctx context.Context) (ok bool, err error) {
		err = d.operate(ctx, d.party(demoLost), demoCircleName, func(op Operator) error {
			receipt, err := op.Receipt(ctx, e.Proofs[at].Exchange)
			if guichet.KindOf(err) == guichet.KindBusy {
				return nil
			}
			if ok = err == nil && len(receipt.Witnesses) > 0 && receipt.Leaf.Request == e.Proofs[at].Digest; ok {
				d.say("   leaf %d of %s's journal proves it, and %d members have cosigned that", "   la feuille %d du journal de %s le prouve, et %d membres l'ont contresignée", e.Proofs[at].Leaf, demoLost, len(receipt.Witnesses))
			}
			return err
		})
		return ok, err
	})
}

// withdraws withdraws a submission that was answered from, and takes it back.
func (d *showing) withdraws(ctx context.Context) error {
	_, sum, err := d.asksLost(ctx)
	if err != nil {
		return err
	}
	d.step("%s finds that the file of its last months is wrong, and withdraws it; nothing is removed:", "%s constate que le fichier de ses derniers mois est faux, et le retire ; rien n'est supprimé :", demoLost)
	var w SubmissionWithdrawal
	err = d.inLost(ctx, func(n *Node) error {
		subs, err := n.Submissions(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(subs, func(s guichet.Submission) bool {
			return s.Dataset == Dataset().Name && len(s.Units) > 0 && slices.ContainsFunc(s.Units, func(u guichet.Unit) bool { return u.Dims["flow"] == "imports" && u.Purged == "" })
		})
		if i < 0 {
			return guichet.Errorf(guichet.KindInternal, "the demonstration's %s holds no imports", demoLost)
		}
		d.does("submissions withdraw %s --home %s --why %q", subs[i].ID, demoLost, "a unit was wrong")
		w, err = n.Withdraw(ctx, WithdrawRequest{Submission: subs[i].ID, Why: "a unit was wrong", By: "demonstration"})
		return err
	})
	if err != nil {
		return err
	}
	answered := slices.ContainsFunc(w.Answered, func(a AnsweredFrom) bool { return a.Party.Member == demoAsker })
	if w.Event == nil || !answered {
		d.fault("the withdrawal does not name the answers to %s: %+v", demoAsker, w.Answered)
	}
	for _, a := range w.Answered[max(0, len(w.Answered)-2):] {
		d.say("   answered from it: %s/%s, %s, under %s", "   répondu à partir de lui : %s/%s, %s, selon %s", a.Party.Member, a.Party.Office, a.Last.Format(time.DateTime), a.Agreement)
	}
	_, after, err := d.asksLost(ctx)
	if err != nil {
		return err
	}
	if after.Cmp(sum) == 0 {
		d.fault("%s still answers %s from what it has withdrawn", demoLost, after)
	}
	d.say("   %s answered %s before, and %s now", "   %s répondait %s avant, et %s maintenant", demoLost, sum, after)
	err = d.inLost(ctx, func(n *Node) error {
		d.does("submissions reinstate %s --home %s --why %q", w.Submission, demoLost, "it was right")
		_, err := n.Withdraw(ctx, WithdrawRequest{Submission: w.Submission, Why: "it was right", By: "demonstration", Reinstate: true})
		return err
	})
	if err != nil {
		return err
	}
	if _, after, err = d.asksLost(ctx); err == nil && after.Cmp(sum) != 0 {
		d.fault("reinstated, %s answers %s, not %s", demoLost, after, sum)
	}
	return err
}
