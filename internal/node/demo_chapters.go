package node

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"guichet"
)

// chapter is a part of the demonstration that can be seen alone.
type chapter struct {
	name  string
	title guichet.Text
	needs []string // chapters that must have gone before; they are gone through without words
	steps []func(*showing, context.Context) error
	quiet bool // it is needed, and not shown
}

// The chapters that others look at.
const (
	chapterExchange = "exchange"
	chapterBorders  = "borders"
	chapterJoining  = "joining"
	chapterCopies   = "copies"
	chapterKeeping  = "keeping"
)

// demoChapters are the chapters in their order.
func demoChapters() []chapter {
	return []chapter{
		{name: chapterExchange, title: guichet.Text{EN: "Asked, refused, proved", FR: "Demandé, refusé, prouvé"}, steps: []func(*showing, context.Context) error{
			(*showing).askAll, (*showing).refusals, (*showing).bothSides, (*showing).silent, (*showing).receipts, (*showing).tamper, (*showing).vintages, (*showing).truth, (*showing).hold,
		}},
		{name: chapterBorders, title: guichet.Text{EN: "Another dataset: borders", FR: "Un autre jeu de données : les frontières"}, steps: []func(*showing, context.Context) error{(*showing).border}},
		{name: chapterJoining, title: guichet.Text{EN: "A sixth member joins while the five run", FR: "Un sixième membre adhère pendant que les cinq tournent"}, steps: []func(*showing, context.Context) error{
			(*showing).newHome, (*showing).join, (*showing).joinAgreement, (*showing).joinAsks,
		}},
		{name: "circles", title: guichet.Text{EN: "A second circle, and a dialogue partner in it", FR: "Un second cercle, et un partenaire de dialogue"}, needs: []string{chapterJoining}, steps: []func(*showing, context.Context) error{
			(*showing).second, (*showing).apart, (*showing).dialogue,
		}},
		{name: chapterCopies, title: guichet.Text{EN: "Copies by consent, and notices", FR: "Copies consenties, et avis"}, needs: []string{chapterJoining}, steps: []func(*showing, context.Context) error{
			(*showing).copies, (*showing).absent, (*showing).corrected,
		}},
		{name: chapterKeeping, title: guichet.Text{EN: "Keeping and forgetting", FR: "Conserver et oublier"}, steps: []func(*showing, context.Context) error{
			(*showing).backups, (*showing).lost, (*showing).restoredOld, (*showing).restoredNew, (*showing).withdraws, (*showing).forgets,
		}},
		{name: "running", title: guichet.Text{EN: "What the operator is told", FR: "Ce que l'exploitant apprend"}, needs: []string{chapterCopies}, steps: []func(*showing, context.Context) error{
			(*showing).doctor, (*showing).health,
		}},
		{name: "pages", title: guichet.Text{EN: "Made ready for the pages", FR: "Préparé pour les pages"}, needs: []string{chapterExchange, chapterBorders, chapterJoining}, steps: []func(*showing, context.Context) error{
			(*showing).publishes, (*showing).amends, (*showing).customs, (*showing).exceptions, (*showing).toTake, (*showing).pagesReady,
		}},
	}
}

// DemoChapters are the names of the demonstration's chapters, in their order.
func DemoChapters() []string {
	var out []string
	for _, c := range demoChapters() {
		out = append(out, c.name)
	}
	return out
}

// chaptersOf are the chapters that were named, and those that they need.
func chaptersOf(named []string) ([]chapter, error) {
	all := demoChapters()
	if len(named) == 0 {
		return all, nil
	}
	wanted := slices.Clone(named)
	for _, name := range named {
		if !slices.Contains(DemoChapters(), name) {
			return nil, guichet.Errorf(guichet.KindInvalid, "there is no chapter %q; there are: %s", name, join(DemoChapters())).WithHint("name some of these with --chapter, or none to see all")
		}
	}
	for _, c := range slices.Backward(all) { // what is needed stands before
		if slices.Contains(wanted, c.name) {
			wanted = append(wanted, c.needs...)
		}
	}
	var out []chapter
	for _, c := range all {
		if slices.Contains(wanted, c.name) {
			c.quiet = !slices.Contains(named, c.name)
			out = append(out, c)
		}
	}
	return out, nil
}

// shows says whether a chapter is gone through.
func (d *showing) shows(name string) bool {
	return slices.ContainsFunc(d.chapters, func(c chapter) bool { return c.name == name })
}

// opens begins a chapter.
func (d *showing) opens(c chapter) {
	d.quiet = false
	if c.quiet {
		d.say("\n(%s: gone through without words)", "\n(%s : parcouru sans paroles)", c.title.In(d.lang()))
	} else {
		title := c.title.In(d.lang())
		d.say("\n%s (--chapter %s)\n%s", "\n%s (--chapter %s)\n%s", title, c.name, strings.Repeat("-", len([]rune(title))))
	}
	d.quiet = c.quiet
}

// operate does something through a member's running node.
func (d *showing) operate(ctx context.Context, p *party, circle string, do func(Operator) error) error {
	cfg := p.cfg
	cfg.Circle = circle
	op, err := Operate(ctx, cfg)
	if err != nil {
		return err
	}
	if _, ok := op.(*remote); !ok {
		d.fault("the node of %s does not run", p.code)
	}
	return errors.Join(do(op), op.Close())
}

// ask puts a question from a member's running node to another member.
func (d *showing) ask(ctx context.Context, from *party, circle string, q MembersQuestion, of string) (r MemberResult, a guichet.Answer, err error) {
	q.Members = []string{of}
	q.Office, q.Officer, q.Within, q.Question.Lang = "statistics", "demonstration", demoWithin, d.lang()
	err = d.operate(ctx, from, circle, func(op Operator) error {
		got, err := op.AskMembers(ctx, q, nil)
		if err != nil {
			return err
		}
		r, a = got.Members[0], got.Answer
		return nil
	})
	return r, a, err
}

// patience is how long the demonstration waits for what running nodes do by
// themselves: they look at their papers every half second, and cosign every two.
const demoPatience = 2 * time.Minute

// demoWithin is the time that each member has to answer: a machine may be slow, and
// one that is not there is told at once.
const demoWithin = time.Minute

// until tries again until a thing is so, and says as a fault that it never was.
func (d *showing) until(ctx context.Context, what string, so func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, demoPatience)
	defer cancel()
	for {
		ok, err := so(ctx)
		if ok && err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			if err != nil {
				return err
			}
			d.fault("%s, not within %s", what, demoPatience)
			return nil
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// signedIn has members sign a proposal of a circle one after the other, until all
// who must have signed, and publish it at their homes. It returns who signed.
func (d *showing) signedIn(ctx context.Context, circle string, proposal []byte, signers, publishers []*party) ([]string, error) {
	var by []string
	ready := false
	for _, p := range signers {
		if ready {
			break
		}
		if err := p.in(ctx, circle, func(c *Ceremonies) (err error) {
			if proposal, err = c.Sign(proposal); err != nil {
				return err
			}
			by = append(by, p.code)
			review, err := c.Review(proposal)
			ready = review.Ready
			return err
		}); err != nil {
			return by, err
		}
	}
	for _, p := range publishers {
		if err := p.in(ctx, circle, func(c *Ceremonies) error { _, err := c.Publish(ctx, proposal); return err }); err != nil {
			return by, err
		}
	}
	return by, nil
}
