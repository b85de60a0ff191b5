package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"slices"
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
	// Looked at first, so that nothing is in force of which no file was written.
	if err := freeName(o.out); err != nil {
		return err
	}
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
				return w.unknownVerb("circle", what, names)
			}
			if err := w.want("circle "+what, args, v.least, v.most); err != nil {
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
	i, err := node.ReadInvitation(text)
	if err != nil {
		return err
	}
	if err := w.sent(o.out, text, "circle.invited"); err != nil {
		return err
	}
	w.note(w.say("circle.invited.key", "key", i.KeyID, "member", w.area(i.Member)))
	return nil
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
	if o.paper+o.rotate+o.revoke+o.lost+o.leave+o.role == "" && o.threshold == 0 && !o.renew && !o.lists {
		return w.wrong("error.nochange", "hint.nochange")
	}
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
		err = w.sent(o.out, signed, "circle.signed")
	} else {
		err = w.rewritten(name, signed, "circle.signed")
	}
	if err != nil {
		return err
	}
	return w.stillToSign(c, signed)
}

// stillToSign says what comes after a signature: whose turn it is, or that the
// proposal may be published.
func (w *window) stillToSign(c *node.Ceremonies, proposal []byte) error {
	r, err := c.Review(proposal)
	if err != nil {
		return err
	}
	if r.Ready {
		w.note(w.say("review.ready"))
		return nil
	}
	var members []string
	for _, m := range r.Missing {
		members = append(members, m.Members...)
	}
	slices.Sort(members)
	w.note(w.say("review.next", "members", strings.Join(slices.Compact(members), ", ")))
	return nil
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
	r, err := c.Review(text)
	if err != nil {
		return err
	}
	now, err := c.Publish(ctx, text)
	if err != nil {
		return err
	}
	if err := w.printCircle(now, "circle.published"); err != nil {
		return err
	}
	if r.By == c.Member() && slices.Contains([]string{"paper", "rotate", "lost"}, r.Kind) {
		w.note(w.say("circle.restart"))
	}
	return nil
}

func circleMembers(_ context.Context, w *window, c *node.Ceremonies, _ *circleOptions, _ []string) error {
	now, err := c.Circle()
	if err != nil {
		return err
	}
	return w.printCircle(now, "circle.stands")
}

func circleBundle(_ context.Context, w *window, c *node.Ceremonies, o *circleOptions, _ []string) error {
	text, err := c.BundleFor(strings.ToUpper(o.member), o.role)
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
