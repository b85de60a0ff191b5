package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"guichet"
	"guichet/internal/node"
)

// circleOptions are the flags of circle and agreement: what a ceremony needs.
type circleOptions struct {
	name, passphrase, memberPassphrase string
	out, why, paper, draft, id         string
	threshold                          int
	member, role                       string
	yes                                bool

	leave, from, rotate, revoke, lost, key string
	renew, lists                           bool
}

func (o *circleOptions) declare(f *flags) {
	f.atHome()
	f.seat(&o.name, &o.passphrase)
	f.text(&o.memberPassphrase, "member-passphrase-file")
	f.text(&o.out, "out")
	f.text(&o.why, "why")
	f.bool(&o.yes, "yes")
}

// ceremonies opens a home for what is done by the member's key.
func (w *window) ceremonies(ctx context.Context, f *flags, o *circleOptions, act func(*node.Ceremonies) error) error {
	cfg := w.atSeat(f, o.name, o.passphrase)
	cfg.MemberPassphrase = w.passphrase(o.memberPassphrase, memberPassphrase, "keys.member")
	c, err := node.OpenCeremonies(ctx, cfg)
	if err != nil {
		return err
	}
	err = act(c)
	if cerr := c.Close(); err == nil {
		err = cerr
	}
	return err
}

// ceremony is one verb of circle.
type ceremony struct {
	least, most int
	do          func(ctx context.Context, w *window, c *node.Ceremonies, o *circleOptions, args []string) error
}

// circleVerbs are the verbs, in the order in which they are used.
func circleVerbs() ([]string, map[string]ceremony) {
	return []string{"paper", "create", "invite", "join", "admit", "propose", "review", "sign", "merge", "publish", "members", "verify", "bundle", "adopt", "update", "new-key"},
		map[string]ceremony{
			"paper":   {0, 0, circlePaper},
			"create":  {0, 0, circleCreate},
			"invite":  {0, 0, circleInvite},
			"join":    {1, 1, circleJoin},
			"admit":   {1, -1, circleAdmit},
			"propose": {0, 0, circlePropose},
			"review":  {1, 1, circleReview},
			"sign":    {1, 1, circleSign},
			"merge":   {2, -1, circleMerge},
			"publish": {1, 1, circlePublish},
			"members": {0, 0, circleMembers},
			"verify":  {0, 0, circleVerify},
			"bundle":  {0, 0, circleBundle},
			"adopt":   {1, 1, circleAdopt},
			"update":  {1, 1, circleUpdate},
			"new-key": {0, 0, circleNewKey},
		}
}

func circleCommand() command {
	return command{name: "circle", define: func(f *flags) action {
		o := &circleOptions{}
		o.declare(f)
		f.text(&o.paper, "paper")
		f.text(&o.draft, "draft")
		f.text(&o.id, "id")
		f.int(&o.threshold, "threshold", 0)
		f.text(&o.member, "member")
		f.text(&o.role, "role")
		f.text(&o.leave, "leave")
		f.text(&o.from, "from")
		f.text(&o.rotate, "rotate")
		f.text(&o.revoke, "revoke")
		f.text(&o.lost, "lost")
		f.text(&o.key, "key")
		f.bool(&o.renew, "renew")
		f.bool(&o.lists, "lists")
		return func(ctx context.Context, w *window, args []string) error {
			what, args := verb(args)
			names, verbs := circleVerbs()
			v, ok := verbs[what]
			if !ok {
				return w.nearest(w.say("error.verb", "name", "circle", "verb", what), what, names, w.say("hint.usage", "name", "circle"))
			}
			if err := w.want("circle", args, v.least, v.most); err != nil {
				return err
			}
			return w.ceremonies(ctx, f, o, func(c *node.Ceremonies) error { return v.do(ctx, w, c, o, args) })
		}
	}}
}

func circlePaper(_ context.Context, w *window, c *node.Ceremonies, o *circleOptions, _ []string) error {
	text, err := c.DraftPaper()
	if err != nil {
		return err
	}
	return w.sent(o.out, text, "circle.paper")
}

func circleCreate(_ context.Context, w *window, c *node.Ceremonies, o *circleOptions, _ []string) error {
	if err := w.needed("circle", map[string]string{"--circle": o.name, "--paper": o.paper, "--out": o.out}); err != nil {
		return err
	}
	if o.threshold < 1 {
		return w.wrong("error.threshold", "hint.threshold")
	}
	paper, err := readPaper(o.paper)
	if err != nil {
		return err
	}
	text, err := c.Found(o.name, o.threshold, paper, o.why)
	if err != nil {
		return err
	}
	return w.sent(o.out, text, "circle.created")
}

func circleInvite(_ context.Context, w *window, c *node.Ceremonies, o *circleOptions, _ []string) error {
	if err := w.needed("circle", map[string]string{"--member": o.member}); err != nil {
		return err
	}
	role := o.role
	if role == "" {
		role = "party"
	}
	text, err := c.Invite(o.name, strings.ToUpper(o.member), role)
	if err != nil {
		return err
	}
	return w.sent(o.out, text, "circle.invited")
}

func circleJoin(_ context.Context, w *window, c *node.Ceremonies, o *circleOptions, args []string) error {
	if err := w.needed("circle", map[string]string{"--paper": o.paper}); err != nil {
		return err
	}
	invitation, err := readPaper(args[0])
	if err != nil {
		return err
	}
	i, err := node.ReadInvitation(invitation)
	if err != nil {
		return err
	}
	w.note(w.say("circle.invitation", "circle", i.Circle, "by", w.area(i.By), "key", i.KeyID))
	paper, err := readPaper(o.paper)
	if err != nil {
		return err
	}
	text, err := c.Join(invitation, paper)
	if err != nil {
		return err
	}
	return w.sent(o.out, text, "circle.joined")
}

func circleAdmit(_ context.Context, w *window, c *node.Ceremonies, o *circleOptions, args []string) error {
	var draft []byte
	var joins [][]byte
	for _, name := range args {
		text, err := readPaper(name)
		if err != nil {
			return err
		}
		joins = append(joins, text)
	}
	if o.draft != "" {
		var err error
		if draft, err = readPaper(o.draft); err != nil {
			return err
		}
	}
	text, err := c.Admit(draft, joins)
	if err != nil {
		return err
	}
	return w.sent(o.out, text, "circle.proposed")
}

func circlePropose(_ context.Context, w *window, c *node.Ceremonies, o *circleOptions, _ []string) error {
	ch := node.Change{Why: o.why, Leave: strings.ToUpper(o.leave), Rotate: guichet.KeyUse(o.rotate), Revoke: o.revoke, Threshold: o.threshold, Renew: o.renew, Lists: o.lists}
	if o.from != "" {
		at, err := time.Parse(time.DateOnly, o.from)
		if err != nil {
			if at, err = time.Parse(time.RFC3339, o.from); err != nil {
				return w.wrong("error.day", "hint.day", "flag", "--from", "value", o.from)
			}
		}
		ch.From = at
	}
	if o.role != "" {
		ch.Role = [2]string{strings.ToUpper(o.member), o.role}
	}
	var err error
	if o.paper != "" {
		if ch.Paper, err = readPaper(o.paper); err != nil {
			return err
		}
	}
	if o.lost != "" {
		if err := w.needed("circle", map[string]string{"--key": o.key}); err != nil {
			return err
		}
		ch.LostOf = strings.ToUpper(o.lost)
		if ch.Lost, err = readPaper(o.key); err != nil {
			return err
		}
	}
	text, err := c.Propose(ch)
	if err != nil {
		return err
	}
	return w.sent(o.out, text, "circle.proposed")
}

func circleReview(_ context.Context, w *window, c *node.Ceremonies, _ *circleOptions, args []string) error {
	text, err := readPaper(args[0])
	if err != nil {
		return err
	}
	r, err := c.Review(text)
	if err != nil {
		return err
	}
	if w.json {
		return w.printJSON(map[string]node.Review{"review": r})
	}
	w.printReview(r, w.print)
	return nil
}

// printReview says what a proposal changes, before anybody signs it.
func (w *window) printReview(r node.Review, print func(string)) {
	print(w.say("review.title", "circle", r.Circle, "kind", r.Kind, "by", w.area(r.By), "why", r.Why))
	print(w.say("review.id", "id", r.ID))
	for _, c := range r.Changes {
		print("  + " + w.explained(c))
	}
	for _, m := range r.Missing {
		print("  ? " + w.say("review.missing", "paper", m.Paper, "have", strconv.Itoa(m.Have), "need", strconv.Itoa(m.Need), "members", strings.Join(m.Members, ", ")))
	}
	if r.Ready {
		print(w.say("review.ready"))
	}
}

// explained is one change in words: an agreement's clause by clause.
func (w *window) explained(e node.Explained) string {
	if e.Clause == "" {
		return e.Text.In(w.lang)
	}
	before, after := e.Before, e.After
	if before == "" {
		before = w.say("diff.nothing")
	}
	if after == "" {
		after = w.say("diff.nothing")
	}
	return e.Clause + ": " + short(before, diffWidth) + " -> " + short(after, diffWidth) + " (" + w.say("diff."+e.Effect) + ")"
}

// diffWidth is how much of a clause is shown on each side of a change.
const diffWidth = 100

func circleSign(_ context.Context, w *window, c *node.Ceremonies, o *circleOptions, args []string) error {
	text, err := readPaper(args[0])
	if err != nil {
		return err
	}
	return w.signProposal(c, o, args[0], text)
}

// signProposal shows what a proposal changes, asks, and signs. Without --out the
// file itself gets the signature.
func (w *window) signProposal(c *node.Ceremonies, o *circleOptions, name string, text []byte) error {
	r, err := c.Review(text)
	if err != nil {
		return err
	}
	w.printReview(r, w.aside)
	if err := w.agreed(o.yes); err != nil {
		return err
	}
	signed, err := c.Sign(text)
	if err != nil {
		return err
	}
	if o.out != "" {
		return w.sent(o.out, signed, "circle.signed")
	}
	return w.rewritten(name, signed, "circle.signed")
}

// agreed asks whether to sign what was just shown; --yes has said so already.
func (w *window) agreed(yes bool) error {
	if yes {
		return nil
	}
	in, ok := w.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return w.wrong("error.agreed", "hint.agreed")
	}
	_, _ = io.WriteString(w.stderr, w.say("ask.sign"))
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil || strings.TrimSpace(strings.ToLower(line)) != strings.ToLower(w.say("yes")) {
		return w.wrong("error.notsigned", "hint.notsigned")
	}
	return nil
}

func circleMerge(_ context.Context, w *window, c *node.Ceremonies, o *circleOptions, args []string) error {
	var texts [][]byte
	for _, name := range args {
		text, err := readPaper(name)
		if err != nil {
			return err
		}
		texts = append(texts, text)
	}
	text, err := c.Merge(texts)
	if err != nil {
		return err
	}
	return w.sent(o.out, text, "circle.merged")
}

func circlePublish(ctx context.Context, w *window, c *node.Ceremonies, _ *circleOptions, args []string) error {
	text, err := readPaper(args[0])
	if err != nil {
		return err
	}
	now, err := c.Publish(ctx, text)
	if err != nil {
		return err
	}
	return w.printCircle(now, "circle.published")
}

func circleMembers(_ context.Context, w *window, c *node.Ceremonies, _ *circleOptions, _ []string) error {
	now, err := c.Circle()
	if err != nil {
		return err
	}
	return w.printCircle(now, "circle.stands")
}

// printCircle shows a circle and its members.
func (w *window) printCircle(c guichet.Circle, title string) error {
	if w.json {
		return w.printJSON(map[string]guichet.Circle{"circle": c})
	}
	w.print(w.say(title, "circle", c.Name, "version", strconv.FormatInt(c.Version, 10), "threshold", strconv.Itoa(c.Threshold), "members", strconv.Itoa(len(c.Members)), "expires", c.Expires.Format(time.DateOnly)))
	w.print(w.say("circle.id", "id", c.ID))
	w.print("")
	t := newTable(w.say("head.member"), w.say("head.standingAs"), w.say("head.offices"), w.say("head.endpoints"), w.say("head.contact"))
	for _, m := range c.Members {
		var offices, contact []string
		for _, x := range m.Offices {
			offices = append(offices, x.ID)
		}
		for _, x := range m.Contacts {
			if x.For == "operations" {
				contact = append(contact, x.Email)
			}
		}
		role := m.Role
		if !m.Left.IsZero() {
			role = w.say("member.left", "day", m.Left.Format(time.DateOnly))
		}
		t.add(w.area(m.Code), role, strings.Join(offices, ", "), strings.Join(m.Endpoints, ", "), strings.Join(contact, ", "))
	}
	w.table(t)
	return nil
}

func circleVerify(_ context.Context, w *window, c *node.Ceremonies, _ *circleOptions, _ []string) error {
	r, err := c.Verify()
	if err != nil {
		return err
	}
	var wrong error
	if r.Fatal != "" || len(r.Faults) > 0 {
		wrong = told{guichet.Errorf(guichet.KindUntrusted, "the circle's papers are not as they should be")}
	}
	if w.json {
		if err := w.printJSON(map[string]node.CircleReport{"papers": r}); err != nil {
			return err
		}
		return wrong
	}
	t := newTable(w.say("head.paper"), ">"+w.say("head.version"), w.say("head.signed"), ">"+w.say("head.need"), w.say("head.expires"), w.say("head.state"))
	for _, p := range r.Papers {
		t.add(p.Name, strconv.FormatInt(p.Version, 10), strings.Join(p.Signed, ", "), strconv.Itoa(p.Need), p.Expires.Format(time.DateOnly), w.say("paper."+p.State))
	}
	w.table(t)
	for _, f := range r.Faults {
		w.print(f.Paper + ": " + f.Text.In(w.lang))
	}
	if r.Fatal != "" {
		w.print(r.Fatal)
	}
	if wrong == nil {
		w.print("")
		w.print(w.say("circle.whole", "circle", r.Circle, "id", r.ID))
	}
	return wrong
}

func circleBundle(_ context.Context, w *window, c *node.Ceremonies, o *circleOptions, _ []string) error {
	text, err := c.Bundle()
	if err != nil {
		return err
	}
	return w.sent(o.out, text, "circle.bundled")
}

func circleAdopt(ctx context.Context, w *window, c *node.Ceremonies, o *circleOptions, args []string) error {
	if err := w.needed("circle", map[string]string{"--circle": o.name, "--id": o.id}); err != nil {
		return err
	}
	text, err := readPaper(args[0])
	if err != nil {
		return err
	}
	now, err := c.Adopt(ctx, o.name, text, o.id)
	if err != nil {
		return err
	}
	return w.printCircle(now, "circle.published")
}

func circleUpdate(ctx context.Context, w *window, c *node.Ceremonies, _ *circleOptions, args []string) error {
	text, err := readPaper(args[0])
	if err != nil {
		return err
	}
	if _, err := c.Update(ctx, text); err != nil {
		return err
	}
	now, err := c.Circle()
	if err != nil {
		return err
	}
	return w.printCircle(now, "circle.stands")
}

func circleNewKey(_ context.Context, w *window, c *node.Ceremonies, o *circleOptions, _ []string) error {
	text, err := c.NewMemberKey()
	if err != nil {
		return err
	}
	return w.sent(o.out, text, "circle.newkey")
}

// needed says which flags are missing.
func (w *window) needed(name string, given map[string]string) error {
	for _, flag := range []string{"--circle", "--member", "--paper", "--key", "--id", "--template", "--parties", "--out"} {
		if v, asked := given[flag]; asked && v == "" {
			return w.wrong("error.needed", "hint.usage", "flag", flag, "name", name)
		}
	}
	return nil
}

// sent writes a paper to a new file, or to standard output, and says what to do
// with it.
func (w *window) sent(out string, text []byte, key string) error {
	if out == "" {
		w.write(string(text))
		return nil
	}
	if err := writeNew(out, text); err != nil {
		return err
	}
	if w.json {
		return w.printJSON(map[string]string{"file": out})
	}
	w.print(w.say(key, "file", out))
	return nil
}

// rewritten puts a paper in the place of the file that it was made from.
func (w *window) rewritten(name string, text []byte, key string) error {
	tmp := name + ".signing"
	if err := writeNew(tmp, text); err != nil {
		return err
	}
	if err := os.Rename(tmp, name); err != nil {
		_ = os.Remove(tmp)
		return guichet.Errorf(guichet.KindInternal, "%s: %w", name, err)
	}
	if w.json {
		return w.printJSON(map[string]string{"file": name})
	}
	w.print(w.say(key, "file", name))
	return nil
}
