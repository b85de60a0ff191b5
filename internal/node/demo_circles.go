package node

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"guichet"
	"guichet/internal/gate"
	"guichet/internal/seal"
)

// The demonstration's second circle: SG and AU are its parties, CA a dialogue
// partner; AU and SG and CA stand in both.
const (
	demoOther       = "asean-window"
	demoBoth        = "AU"
	demoDialogue    = "dialogue_partner"
	demoAmongSelves = "asean-parties"  // between the parties alone
	demoWithAll     = "asean-dialogue" // among all three
)

// second founds the second circle, with two agreements, and lets the nodes that
// stand in both serve both.
func (d *showing) second(ctx context.Context) error {
	sg, au, ca := d.party(demoNewcomer), d.party(demoBoth), d.party(demoAsker)
	roles := []struct {
		p    *party
		role string
	}{{sg, "party"}, {au, "party"}, {ca, demoDialogue}}
	var draft []byte
	var joins [][]byte
	for _, r := range roles {
		if err := r.p.comes(ctx, demoOther); err != nil {
			return err
		}
		paper, err := r.p.paper(demoOther, r.role)
		if err != nil {
			return err
		}
		if r.p == sg {
			err = sg.in(ctx, demoOther, func(c *Ceremonies) (err error) {
				draft, err = c.Found(demoOther, 2, paper, "a second circle")
				return err
			})
		} else {
			var answer []byte
			answer, err = d.answers(ctx, r.p, paper, r.role)
			joins = append(joins, answer)
		}
		if err != nil {
			return err
		}
	}
	all := []*party{sg, au, ca}
	if err := sg.in(ctx, demoOther, func(c *Ceremonies) (err error) { draft, err = c.Admit(draft, joins); return err }); err != nil {
		return err
	}
	if _, err := d.signedIn(ctx, demoOther, draft, all, all); err != nil {
		return err
	}
	d.step("A second circle, %s: %s and %s are its parties, %s a dialogue partner. Each has a pair of key files of its own there, another address and another journal; one process serves both circles",
		"Un second cercle, %s : %s et %s en sont parties, %s partenaire de dialogue. Chacun y a ses propres fichiers de clés, une autre adresse et un autre journal ; un seul processus sert les deux cercles", demoOther, sg.code, au.code, ca.code)
	d.by("circle create, circle invite --role " + demoDialogue + ", circle join, circle admit, circle sign, circle publish; agreement draft, agreement sign")
	if err := d.secondAgreements(ctx, all); err != nil {
		return err
	}
	if err := stopped(all...); err != nil {
		return err
	}
	if err := d.startAll(ctx, all...); err != nil {
		return err
	}
	d.does("serve --home %s --listen %s=%s --listen %s=%s", au.code, demoCircleName, au.addrs[demoCircleName], demoOther, au.addrs[demoOther])
	return nil
}

// answers is a member's answer to the founder's invitation.
func (d *showing) answers(ctx context.Context, p *party, paper []byte, role string) (answer []byte, err error) {
	var invitation []byte
	if err := d.party(demoNewcomer).in(ctx, demoOther, func(c *Ceremonies) (err error) {
		invitation, err = c.Invite(demoOther, p.code, role)
		return err
	}); err != nil {
		return nil, err
	}
	err = p.in(ctx, demoOther, func(c *Ceremonies) (err error) { answer, err = c.Join(invitation, paper); return err })
	return answer, err
}

// secondAgreements puts two in force: one between the parties, and one of which a
// term is for the dialogue partner, coarser.
func (d *showing) secondAgreements(ctx context.Context, all []*party) error {
	sg, au, ca := all[0], all[1], all[2]
	for _, draft := range []AgreementDraft{
		{Template: "small-circle", ID: demoAmongSelves, Parties: []string{sg.code, au.code}},
		{Template: "small-circle", ID: demoWithAll, Parties: []string{sg.code, au.code, ca.code}},
	} {
		var proposal []byte
		if err := sg.in(ctx, demoOther, func(c *Ceremonies) error {
			a, err := d.drafted(c, draft)
			if err != nil {
				return err
			}
			if a.ID == demoWithAll {
				a.Parties[2].Role = demoDialogue
				coarse := a.Terms[0]
				coarse.To = []string{demoDialogue}
				coarse.Levels = map[string]string{"product": "hs2", "partner": "country", "period": "year"}
				a.Terms = append(a.Terms, coarse)
			}
			proposal, err = c.Propose(Change{Why: "the agreement " + a.ID, Agreement: &a})
			return err
		}); err != nil {
			return err
		}
		signers := []*party{sg, au}
		if draft.ID == demoWithAll {
			signers = []*party{ca, sg, au}
		}
		if _, err := d.signedIn(ctx, demoOther, proposal, signers, []*party{sg, au}); err != nil {
			return err
		}
		if err := d.follows(ctx, ca); err != nil {
			return err
		}
	}
	return nil
}

// apart shows that of neither circle anything is to be seen in the other.
func (d *showing) apart(ctx context.Context) error {
	au := d.party(demoBoth)
	d.step("%s answers in both. Of neither circle anything is to be seen in the other:", "%s répond dans les deux. De l'un rien n'est visible dans l'autre :", au.code)
	year, err := guichet.ParseSpan(demoYear)
	if err != nil {
		return err
	}
	q := MembersQuestion{
		Question: guichet.Question{Where: map[string][]string{"flow": {"imports"}, "reporter": {au.code}}, Period: year, By: []string{"reporter"}, Measures: []string{"value"}},
		Purpose:  demoOfficial,
	}
	given, _, err := d.ask(ctx, d.party(demoNewcomer), demoOther, q, au.code)
	if err != nil {
		return err
	}
	if given.Gap != nil {
		d.fault("%s does not answer in %s: %s", au.code, demoOther, given.Gap.Text)
		return nil
	}
	// The same, in the first circle, under the agreement of the second.
	q.Agreement = demoAmongSelves
	_, _, err = d.ask(ctx, d.party(demoNewcomer), demoCircleName, q, au.code)
	if guichet.KindOf(err) != guichet.KindNotFound {
		d.fault("%s is asked in %s under an agreement of %s: %v", au.code, demoCircleName, demoOther, err)
		return nil
	}
	what := "--flow imports --period " + demoYear + " --by reporter"
	d.asks(d.party(demoNewcomer), demoOther, au.code, what)
	d.came(given)
	d.asks(d.party(demoNewcomer), demoCircleName, au.code, what+" --agreement "+demoAmongSelves)
	d.say("   not there: %s", "   pas là : %s", Sentence(err))
	masks, err := d.masks()
	if err != nil {
		return err
	}
	first, _, err := d.ask(ctx, d.party(demoLost), demoCircleName, masks, au.code)
	if err != nil {
		return err
	}
	if first.Gap != nil {
		d.fault("%s does not answer in %s: %s", au.code, demoCircleName, first.Gap.Text)
	}
	for _, check := range []func(context.Context) error{
		func(ctx context.Context) error { return d.keysApart(ctx, au) },
		func(ctx context.Context) error {
			return d.leavesApart(ctx, au, map[string]string{demoOther: given.Exchange, demoCircleName: first.Exchange})
		},
		d.papersApart, d.knock,
	} {
		if err := check(ctx); err != nil {
			return err
		}
	}
	return nil
}

// keysApart: no key of a member in one circle is one in the other.
func (d *showing) keysApart(ctx context.Context, p *party) error {
	seen := map[string]string{}
	for _, name := range p.circles {
		var m guichet.Member
		if err := p.in(ctx, name, func(c *Ceremonies) error {
			now, err := c.Circle()
			m, _ = now.Member(p.code)
			return err
		}); err != nil {
			return err
		}
		for _, k := range m.Keys {
			if in := seen[k.ID]; in != "" {
				d.fault("a %s key of %s is in %s and in %s", k.Use, p.code, in, name)
			}
			seen[k.ID] = name
		}
	}
	d.say("   %s has %d keys, five a circle, and none in both", "   %s a %d clés, cinq par cercle, aucune dans les deux", p.code, len(seen))
	if len(seen) != 10 {
		d.fault("%s has %d keys in two circles", p.code, len(seen))
	}
	return nil
}

// leavesApart: an exchange of one circle stands in the journal of that one alone.
func (d *showing) leavesApart(ctx context.Context, p *party, exchange map[string]string) error {
	for of, id := range exchange {
		for _, name := range p.circles {
			there := false
			if err := d.operate(ctx, p, name, func(op Operator) error {
				leaves, err := op.Leaves(ctx, LeavesQuestion{Exchange: id})
				there = err == nil && len(leaves) > 0
				if guichet.KindOf(err) == guichet.KindNotFound {
					return nil
				}
				return err
			}); err != nil {
				return err
			}
			if there != (name == of) {
				d.fault("the exchange %s of %s in %s's journal of %s: %v", id, of, p.code, name, there)
			}
		}
	}
	d.by("journal show --circle " + demoCircleName + ", journal show --circle " + demoOther)
	d.say("   each exchange is in %s's journal of its own circle, and unknown in the other", "   chaque échange est dans le journal de %s pour son cercle, et inconnu dans l'autre", p.code)
	return nil
}

// papersApart: what the first circle's members read of it does not name the second.
func (d *showing) papersApart(ctx context.Context) error {
	var bundle []byte
	if err := d.party(demoBoth).at(ctx, func(c *Ceremonies) (err error) { bundle, err = c.Bundle(); return err }); err != nil {
		return err
	}
	for _, word := range []string{demoOther, demoAmongSelves, demoWithAll, d.party(demoBoth).addrs[demoOther]} {
		if bytes.Contains(bundle, []byte(word)) {
			d.fault("the papers of %s name %s", demoCircleName, word)
		}
	}
	if !bytes.Contains(bundle, []byte(demoAgreement)) {
		d.fault("the papers of %s do not name their own agreement", demoCircleName)
	}
	cfg := d.party(demoLost).cfg
	cfg.Circle = demoOther
	_, err := Operate(ctx, cfg)
	if guichet.KindOf(err) != guichet.KindNotFound {
		d.fault("%s has a seat in %s: %v", demoLost, demoOther, err)
		return nil
	}
	d.asks(d.party(demoLost), demoOther, demoBoth, "--period "+demoYear)
	d.say("   %s, a member of the first alone: %s", "   %s, membre du premier seul : %s", demoLost, Sentence(err))
	return nil
}

// knock: at the address of the second circle a member of the first alone is not
// let in, by TLS already; a member of the second is.
func (d *showing) knock(ctx context.Context) error {
	addr := d.party(demoBoth).addrs[demoOther]
	if err := d.knockAs(ctx, d.party(demoAsker), demoOther, addr); err != nil {
		d.fault("%s is not let in at %s: %s", demoAsker, demoOther, err)
		return nil
	}
	err := d.knockAs(ctx, d.party(demoLost), demoCircleName, addr)
	var said *net.OpError // TLS's own word for what the other side says before it hangs up
	switch {
	case err == nil:
		d.fault("%s is let in at %s, where it is no member", demoLost, demoOther)
		return nil
	case !errors.As(err, &said) || said.Op != "remote error":
		d.fault("%s could not knock at %s: %s", demoLost, demoOther, err)
		return nil
	}
	d.say("   %s knocks at the second circle's address with its own key, and is not let in (%s); %s, a member there, is", "   %s frappe à l'adresse du second cercle avec sa propre clé, et n'est pas admis (%s) ; %s, qui en est membre, l'est", demoLost, err, demoAsker)
	return nil
}

// knockAs connects to an address by a member's TLS key of a circle, and waits for
// the first word that is said to it: whoever is let in is told the settings of
// HTTP/2, anybody else why not. Nothing is asked.
func (d *showing) knockAs(ctx context.Context, p *party, circle, addr string) (err error) {
	words, err := p.cfg.Passphrase()
	if err != nil {
		return err
	}
	keys, err := seal.OpenKeys(filepath.Join(keyDir(p.cfg.Home, circle), nodeKeys), words)
	if err != nil {
		return err
	}
	defer keys.Close()
	signer, err := keys.Signer(guichet.KeyTLS)
	if err != nil {
		return err
	}
	nobody := guichet.Errorf(guichet.KindRefused, "nobody is let in here")
	g, err := gate.New(gate.Config{
		Self: p.code, Circle: func(context.Context) (guichet.Circle, error) { return guichet.Circle{}, nobody }, TLS: signer, Clock: SystemClock,
		Verify: func(*http.Request, []byte, func(string) (ed25519.PublicKey, error)) (string, time.Time, error) {
			return "", time.Time{}, nobody
		},
	})
	if err != nil {
		return err
	}
	conf := g.ClientTLS(demoBoth)
	conf.VerifyConnection = func(tls.ConnectionState) error { return nil } // who is at the other side does not matter here: nothing is told it
	ctx, cancel := context.WithTimeout(ctx, demoWithin)
	defer cancel()
	conn, err := (&tls.Dialer{Config: conf}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("knock: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer func() {
		if stop() {
			_ = conn.Close() // nothing is lost: nothing was written
		}
	}()
	_, err = conn.Read(make([]byte, 1))
	return err
}

// dialogue shows what the dialogue partner is given, and what it is not.
func (d *showing) dialogue(ctx context.Context) error {
	ca, sg := d.party(demoAsker), d.party(demoNewcomer)
	d.step("%s is a dialogue partner there. What a term gives to dialogue partners it is given; the rest is refused by the clause:", "%s y est partenaire de dialogue. Ce qu'une clause donne aux partenaires de dialogue lui est donné ; le reste est refusé, avec la clause :", ca.code)
	coarse, err := newMasks(demoYear)
	if err != nil {
		return err
	}
	coarse.Question.Where["product"] = []string{"63"}
	r, a, err := d.ask(ctx, ca, demoOther, coarse, sg.code)
	if err != nil {
		return err
	}
	want := d.newcomer.masksOf(newcomerMonths()...) // all that it has of chapter 63
	if sumOf(a).Cmp(want) != 0 {
		d.fault("the dialogue partner is given %s of chapter 63, want %s (%v)", sumOf(a), want, r.Gap)
	}
	d.asks(ca, demoOther, sg.code, "--product 63 --flow imports --period "+demoYear+" --by reporter")
	d.came(r)
	d.say("   by chapter and year: %s SGD", "   par chapitre et année : %s SGD", sumOf(a))
	fine, err := newMasks(demoYear + "-01")
	if err != nil {
		return err
	}
	if r, a, err = d.ask(ctx, ca, demoOther, fine, sg.code); err != nil {
		return err
	}
	if r.Gap == nil || r.Gap.Reason != guichet.GapRefused || len(a.Rows) > 0 {
		d.fault("the dialogue partner is given %d rows by month", len(a.Rows))
		return nil
	}
	d.say("   by HS6 and month: %s", "   par SH6 et mois : %s", r.Gap.Text)
	// What both terms would give a party, one of the parties is given.
	if r, _, err = d.ask(ctx, d.party(demoBoth), demoOther, fine, sg.code); err != nil {
		return err
	}
	if r.Gap != nil {
		d.fault("a party is refused: %s", r.Gap.Text)
	}
	d.say("   the same asked by %s, a party: %d rows", "   la même posée par %s, une partie : %d lignes", demoBoth, r.Rows)
	return d.reads(ctx, ca)
}

// reads shows what a dialogue partner reads of the circle, and that it signs
// nothing of it.
func (d *showing) reads(ctx context.Context, p *party) error {
	var proposal []byte
	if err := d.party(demoNewcomer).in(ctx, demoOther, func(c *Ceremonies) (err error) {
		proposal, err = c.Propose(Change{Why: "one meaning for every code", Lists: true})
		return err
	}); err != nil {
		return err
	}
	if err := p.in(ctx, demoOther, func(c *Ceremonies) error {
		now, err := c.Circle()
		if err != nil {
			return err
		}
		if len(now.Agreements) != 1 || now.Agreements[0].ID != demoWithAll || len(now.Members) != 3 {
			d.fault("the dialogue partner reads %d agreements of a circle of %d", len(now.Agreements), len(now.Members))
			return nil
		}
		_, err = c.Sign(proposal)
		if err == nil {
			d.fault("the dialogue partner signed the circle's papers")
			return nil
		}
		d.by("agreement list --circle " + demoOther + ", circle sign")
		d.say("   it reads %s, of which it is a party, and not %s; and it signs nothing of the circle's: %s", "   il lit %s, dont il est partie, et non %s ; et il ne signe rien de ce qui est au cercle : %s", demoWithAll, demoAmongSelves, Sentence(err))
		return nil
	}); err != nil {
		return err
	}
	parties := []*party{d.party(demoNewcomer), d.party(demoBoth)}
	if _, err := d.signedIn(ctx, demoOther, proposal, parties, parties); err != nil {
		return err
	}
	return d.follows(ctx, p)
}

// follows brings the dialogue partner's copy of the circle up to date: a party's
// bundle for it leaves out what it may not read.
func (d *showing) follows(ctx context.Context, p *party) error {
	var bundle []byte
	if err := d.party(demoNewcomer).in(ctx, demoOther, func(c *Ceremonies) (err error) {
		bundle, err = c.BundleFor(p.code, "")
		return err
	}); err != nil {
		return err
	}
	return p.in(ctx, demoOther, func(c *Ceremonies) error { _, err := c.Update(ctx, bundle); return err })
}
