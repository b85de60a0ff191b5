package node

import (
	"context"
	"errors"
	"slices"

	"guichet"
)

// What the newcomer publishes while nobody of the other side is there.
const (
	demoNextMonth = "2020-07"
	demoCorrected = "2020-03"
)

// atHome asks a home for the newcomer's masks, and says how old the copy is that
// answers; "" where none does.
func (d *showing) atHome(ctx context.Context, p *party, months ...string) (sum guichet.Decimal, copied string, err error) {
	q, err := newMasks(months[0] + ":" + months[len(months)-1])
	if err != nil {
		return sum, "", err
	}
	n, err := Open(ctx, p.cfg)
	if err != nil {
		return sum, "", err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	q.Question.Lang = d.lang()
	a, err := n.Ask(ctx, q.Question)
	if err != nil {
		return sum, "", err
	}
	if i := slices.IndexFunc(a.Remarks, func(r guichet.Remark) bool { return r.Code == RemarkCopy }); i >= 0 {
		copied = a.Remarks[i].Text
	}
	return sumOf(a), copied, nil
}

// sync brings the copy up to date.
func (d *showing) sync(ctx context.Context) (res SyncResult, err error) {
	d.does("sync --home %s --circle %s --from %s --purpose %s --office-asking statistics", demoAsker, demoCircleName, demoNewcomer, demoOfficial)
	err = d.operate(ctx, d.party(demoAsker), demoCircleName, func(op Operator) error {
		res, err = op.Sync(ctx, SyncRequest{From: demoNewcomer, Purpose: demoOfficial, Office: "statistics", Officer: "demonstration", Lang: d.lang()}, nil)
		return err
	})
	return res, err
}

// copies takes a copy, and lets it answer while its source is off.
func (d *showing) copies(ctx context.Context) error {
	ca, sg := d.party(demoAsker), d.party(demoNewcomer)
	d.step("The agreement permits copies: %s keeps one of what %s holds, each file held against the digest of a signed list, reported back to its source, with a leaf on both sides", "L'accord permet les copies : %s en garde une de ce que %s détient, chaque fichier confronté au condensat d'une liste signée, rapportée à sa source, avec une feuille des deux côtés", ca.code, sg.code)
	res, err := d.sync(ctx)
	if err != nil {
		return err
	}
	if res.Copy.Submissions != 1 || len(res.New) != 1 || res.Receipt == "" {
		d.fault("the first sync: %d submissions, %d new", res.Copy.Submissions, len(res.New))
	}
	d.say("   %d submission, %d records, %d bytes; receipt of the report: %s", "   %d envoi, %d enregistrements, %d octets ; reçu du rapport : %s", res.Copy.Submissions, res.Copy.Records, res.Fetched, res.Receipt)
	if res, err = d.sync(ctx); err != nil {
		return err
	}
	if res.Fetched != 0 || len(res.New)+len(res.Removed) > 0 {
		d.fault("a sync of nothing new fetched %d bytes", res.Fetched)
	}
	d.say("   once more: nothing new, %d bytes", "   encore une fois : rien de nouveau, %d octets", res.Fetched)
	if err := sg.stop(); err != nil {
		return err
	}
	months := newcomerMonths()
	sum, copied, err := d.atHome(ctx, ca, months...)
	if err != nil {
		return err
	}
	if want := d.newcomer.masksOf(months...); sum.Cmp(want) != 0 || copied == "" {
		d.fault("the copy answers %s, its source has %s (%q)", sum, want, copied)
	}
	d.does("ask --home %s --reporter %s --product %s --flow imports --period %s", ca.code, sg.code, demoMasks, demoYear)
	d.say("   with %s stopped: %s SGD, as at its source; %s", "   avec %s arrêté : %s SGD, comme à sa source ; %s", sg.code, sum, copied)
	return sg.start(ctx, d)
}

// notices fetches what is to be told.
func (d *showing) notices(ctx context.Context) (a NoticesAnswer, err error) {
	d.does("notices --home %s --circle %s --from %s --office-asking statistics", demoAsker, demoCircleName, demoNewcomer)
	err = d.operate(ctx, d.party(demoAsker), demoCircleName, func(op Operator) error {
		a, err = op.Notices(ctx, NoticesQuestion{Members: []string{demoNewcomer}, Office: "statistics", Officer: "demonstration"})
		return err
	})
	for _, f := range a.Failed {
		d.fault("no notices of %s: %s", f.Member, f.Text)
	}
	return a, err
}

// absent subscribes, lets the subscriber be off while figures come in and are
// corrected, and tells it when it comes back: in order, and once.
func (d *showing) absent(ctx context.Context) error {
	ca, sg := d.party(demoAsker), d.party(demoNewcomer)
	d.step("%s subscribes, and is off while a month comes in at %s and another is corrected. When it is back it is told in order, and once:", "%s s'abonne, et est arrêté pendant que %s reçoit un mois et en corrige un autre. À son retour il l'apprend dans l'ordre, et une seule fois :", ca.code, sg.code)
	q, err := newMasks(demoYear)
	if err != nil {
		return err
	}
	q.Question.Where, q.Question.By, q.Question.Measures = map[string][]string{"product": {demoMasks}}, nil, nil // all that is told of masks
	q.Members, q.Office, q.Officer = []string{sg.code}, "statistics", "demonstration"
	d.does("subscribe --home %s --circle %s --from %s --product %s --period %s --purpose %s --office-asking statistics", ca.code, demoCircleName, sg.code, demoMasks, demoYear, demoOfficial)
	var sub guichet.Subscription
	if err := d.operate(ctx, ca, demoCircleName, func(op Operator) (err error) { sub, err = op.Subscribe(ctx, q); return err }); err != nil {
		return err
	}
	before, err := d.notices(ctx)
	if err != nil {
		return err
	}
	if len(before.Notices) > 0 {
		d.fault("%d notices before anything came in", len(before.Notices))
	}
	if err := ca.stop(); err != nil {
		return err
	}
	if err := errors.Join(d.takeNew(ctx, 2, demoRevised, demoNextMonth), d.takeNew(ctx, 3, demoRevised, demoCorrected)); err != nil {
		return err
	}
	if err := ca.start(ctx, d); err != nil {
		return err
	}
	told, err := d.notices(ctx)
	if err != nil {
		return err
	}
	d.told(told, sub.ID)
	if told, err = d.notices(ctx); err != nil {
		return err
	}
	if len(told.Notices) > 0 {
		d.fault("%d notices are told twice", len(told.Notices))
	}
	d.say("   asked again: nothing, each is told once", "   redemandé : rien, chacun n'est dit qu'une fois")
	return nil
}

// told holds what was told against what came in.
func (d *showing) told(told NoticesAnswer, subscription string) {
	var subscribed []string
	corrections, last := 0, int64(0)
	for _, n := range told.Notices {
		if n.Number <= last {
			d.fault("notice %d is told after %d", n.Number, last)
		}
		last = n.Number
		switch {
		case n.Kind == NoticeCorrection && n.Exchange == d.newcomer.exchange:
			corrections++
			d.say("   %d  correction of what was answered in exchange %s: %s %s", "   %d  correction de ce qui fut répondu dans l'échange %s : %s %s", n.Number, n.Exchange, n.Reporter, join(n.Periods))
		case n.Subscription == subscription:
			subscribed = append(subscribed, n.Kind+" "+join(n.Periods))
			d.say("   %d  %s: %s %s, submission %s", "   %d  %s : %s %s, envoi %s", n.Number, noticeWord(n.Kind).In(d.lang()), n.Reporter, join(n.Periods), n.Submission)
		}
	}
	if want := []string{NoticeNew + " " + demoNextMonth, NoticeRevised + " " + demoCorrected}; !slices.Equal(subscribed, want) {
		d.fault("told is %q, want %q", subscribed, want)
	}
	if corrections != 1 {
		d.fault("%d corrections are told of the first answer", corrections)
	}
}

// noticeWord is a kind of notices for people.
func noticeWord(kind string) guichet.Text {
	if kind == NoticeRevised {
		return guichet.Text{EN: "revised figures", FR: "chiffres révisés"}
	}
	return guichet.Text{EN: "new figures", FR: "nouveaux chiffres"}
}

// corrected lets the copy follow its source.
func (d *showing) corrected(ctx context.Context) error {
	ca := d.party(demoAsker)
	months := append(newcomerMonths(), demoNextMonth)
	stale, _, err := d.atHome(ctx, ca, months...)
	if err != nil {
		return err
	}
	d.step("What is corrected at the source is corrected in the copy:", "Ce qui est corrigé à la source l'est dans la copie :")
	res, err := d.sync(ctx)
	if err != nil {
		return err
	}
	now, copied, err := d.atHome(ctx, ca, months...)
	if err != nil {
		return err
	}
	if want := d.newcomer.masksOf(months...); now.Cmp(want) != 0 || stale.Cmp(want) == 0 || copied == "" || len(res.New) == 0 || len(res.Removed) == 0 {
		d.fault("after the correction the copy answers %s, its source has %s; before it %s", now, want, stale)
	}
	d.say("   %d new, %d removed; the copy answered %s SGD before, and %s now, as its source does", "   %d nouveaux, %d retirés ; la copie répondait %s SGD avant, et %s maintenant, comme sa source", len(res.New), len(res.Removed), stale, now)
	return nil
}
