package node

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"guichet"
	"guichet/internal/circle"
	"guichet/internal/synth"
)

// What the demonstration's circle is called, and its agreement.
const (
	demoCircleName = "border-five"
	demoAgreement  = "b5-covid-supply"
	demoPurpose    = "supply-monitoring"
	demoThreshold  = 3
	demoAsker      = "CA"
)

// party is one member of the demonstration: a home, and a process of its own.
type party struct {
	code    string
	cfg     Config            // in the first circle
	circles []string          // that it serves, in the order in which it came to them
	addrs   map[string]string // where it is heard, by circle
	metrics string            // where its operator sees how it does
	pages   string            // where it is to serve pages, with the demonstration's users; "" nowhere
	found   string            // where they are
	process *exec.Cmd
}

// five makes a home for each member; all keys of the demonstration have one
// passphrase, which stands beside them in its folder.
func (d *showing) five(ctx context.Context, cfg Config) error {
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		return fmt.Errorf("passphrase: %w", err)
	}
	words := hex.EncodeToString(random)
	d.words = filepath.Join(d.dir, "passphrase")
	if err := os.WriteFile(d.words, []byte(words+"\n"), 0o600); err != nil {
		return fmt.Errorf("passphrase: %w", err)
	}
	say := func() ([]byte, error) { return []byte(words), nil }
	cfg.Passphrase, cfg.MemberPassphrase = say, say
	for _, code := range synth.Members() {
		if err := d.settle(ctx, cfg, code); err != nil {
			return err
		}
	}
	return nil
}

// settle makes a member's home, and gives it a place to be heard at.
func (d *showing) settle(ctx context.Context, cfg Config, code string) error {
	p := &party{code: code, cfg: cfg, addrs: map[string]string{}}
	p.cfg.Home, p.cfg.Circle = filepath.Join(d.dir, code), demoCircleName
	if _, err := Init(ctx, p.cfg, code); err != nil {
		return err
	}
	var err error
	if p.metrics, err = freePort(ctx); err != nil {
		return err
	}
	d.parties = append(d.parties, p)
	return p.comes(ctx, demoCircleName)
}

// comes gives the member a place to be heard at in a circle.
func (p *party) comes(ctx context.Context, circle string) (err error) {
	p.circles = append(p.circles, circle)
	p.addrs[circle], err = freePort(ctx)
	return err
}

// freePort is an address of this machine at which nobody listens.
func freePort(ctx context.Context) (string, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("a port on this machine: %w", err)
	}
	addr := ln.Addr().String()
	if err := ln.Close(); err != nil {
		return "", fmt.Errorf("a port on this machine: %w", err)
	}
	return addr, nil
}

func (d *showing) party(code string) *party {
	i := slices.IndexFunc(d.parties, func(p *party) bool { return p.code == code })
	return d.parties[i]
}

// at does something with a member's papers of the first circle.
func (p *party) at(ctx context.Context, do func(*Ceremonies) error) error {
	return p.in(ctx, demoCircleName, do)
}

// in does something with a member's papers of a circle.
func (p *party) in(ctx context.Context, circle string, do func(*Ceremonies) error) error {
	cfg := p.cfg
	cfg.Circle = circle
	c, err := OpenCeremonies(ctx, cfg)
	if err != nil {
		return fmt.Errorf("%s: %w", p.code, err)
	}
	if err := do(c); err != nil {
		err = fmt.Errorf("%s: %w", p.code, err)
		return errors.Join(err, c.Close())
	}
	return c.Close()
}

// paper is what a member of the demonstration says of itself in a circle.
func (p *party) paper(in, role string) ([]byte, error) {
	return circle.WriteMember(guichet.Member{
		Code: p.code, Name: areaName(p.code), Role: role,
		Offices: []guichet.Office{
			{ID: "statistics", Name: guichet.Text{EN: "Statistics office (made up)", FR: "Office de statistique (inventé)"}, Regime: "statistical"},
			{ID: "customs", Name: guichet.Text{EN: "Customs (made up)", FR: "Douanes (inventées)"}, Regime: "administrative"},
			{ID: demoBorderOffice, Name: guichet.Text{EN: "Border agency (made up)", FR: "Service des frontières (inventé)"}, Regime: "administrative"},
		},
		Endpoints: []string{p.addrs[in]},
		Contacts: []guichet.Contact{
			{For: "operations", Name: "operations", Email: strings.ToLower(p.code) + "-operations@example.org", Hours: "24/7"},
			{For: "security", Name: "security", Email: strings.ToLower(p.code) + "-security@example.org", Hours: "24/7"},
			{For: "rights", Name: "rights", Email: strings.ToLower(p.code) + "-rights@example.org", Hours: "weekdays"},
		},
	})
}

// found makes the circle as its members would: one drafts it and invites, the
// others join, all sign, all publish.
func (d *showing) found(ctx context.Context) error {
	first, invited := d.parties[0], d.parties[1:]
	invitations, joins := make([][]byte, len(invited)), make([][]byte, len(invited))
	var draft []byte
	err := first.at(ctx, func(c *Ceremonies) error {
		paper, err := first.paper(demoCircleName, "party")
		if err != nil {
			return err
		}
		if draft, err = c.Found(demoCircleName, demoThreshold, paper, "a demonstration"); err != nil {
			return err
		}
		for i, p := range invited {
			if invitations[i], err = c.Invite(demoCircleName, p.code, "party"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := sideBySide(invited, func(i int, p *party) error {
		return p.at(ctx, func(c *Ceremonies) error {
			paper, err := p.paper(demoCircleName, "party")
			if err != nil {
				return err
			}
			joins[i], err = c.Join(invitations[i], paper)
			return err
		})
	}); err != nil {
		return err
	}
	if err := first.at(ctx, func(c *Ceremonies) (err error) { draft, err = c.Admit(draft, joins); return err }); err != nil {
		return err
	}
	if err := d.signed(ctx, draft); err != nil {
		return err
	}
	var lists []byte
	if err := first.at(ctx, func(c *Ceremonies) (err error) {
		lists, err = c.Propose(Change{Why: "one meaning for every code", Lists: true})
		return err
	}); err != nil {
		return err
	}
	if _, err := d.signedIn(ctx, demoCircleName, lists, d.parties, d.parties); err != nil {
		return err
	}
	d.step("A circle of five, founded by their signatures: a change needs %d of them; no member, and no server, is above the others", "Un cercle de cinq, fondé par leurs signatures : un changement en requiert %d ; aucun membre, aucun serveur n'est au-dessus des autres", demoThreshold)
	return nil
}

// signed lets every member sign a proposal, each by itself; what they signed is put
// together, and each publishes it at home.
func (d *showing) signed(ctx context.Context, proposal []byte) error {
	signed := make([][]byte, len(d.parties))
	if err := sideBySide(d.parties, func(i int, p *party) error {
		return p.at(ctx, func(c *Ceremonies) (err error) { signed[i], err = c.Sign(proposal); return err })
	}); err != nil {
		return err
	}
	if err := d.parties[0].at(ctx, func(c *Ceremonies) (err error) { proposal, err = c.Merge(signed); return err }); err != nil {
		return err
	}
	return sideBySide(d.parties, func(_ int, p *party) error {
		return p.at(ctx, func(c *Ceremonies) error { _, err := c.Publish(ctx, proposal); return err })
	})
}

// sideBySide does something with several members, two at a time: a passphrase is
// made to be slow.
func sideBySide(parties []*party, do func(int, *party) error) error {
	var g errgroup.Group
	g.SetLimit(2)
	for i, p := range parties {
		g.Go(func() error { return do(i, p) })
	}
	return g.Wait()
}

// agree makes an agreement among the five, from a template, and shows what it
// would give before anybody signs.
func (d *showing) agree(ctx context.Context) error {
	if err := d.agreeOn(ctx, "covid-supply", demoAgreement, func(a guichet.Agreement) {
		d.step("An agreement among them (%s): statistics of COVID-19 goods, HS6, by month and partner, for %s. What CA would get of %s's data, tried before anybody signs:", "Un accord entre eux (%s) : statistiques des biens COVID-19, SH6, par mois et partenaire, aux fins de %s. Ce que CA obtiendrait des données de %s, essayé avant toute signature :", a.ID, demoPurpose, d.parties[0].code)
	}); err != nil || !d.shows(chapterBorders) {
		return err
	}
	return d.agreeOn(ctx, "border-crossings", demoBorderAgreement, func(a guichet.Agreement) {
		d.say("   and a second one (%s), over another dataset: border crossings and waiting times by month, no count of fewer than %d persons:", "   et un second (%s), sur un autre jeu de données : passages de frontière et attentes par mois, aucun effectif de moins de %d personnes :", a.ID, a.Terms[0].Rules.Threshold)
	})
}

// agreeOn makes one agreement, from a template.
func (d *showing) agreeOn(ctx context.Context, template, id string, about func(guichet.Agreement)) error {
	first := d.parties[0]
	var proposal []byte
	err := first.at(ctx, func(c *Ceremonies) error {
		a, err := d.drafted(c, AgreementDraft{Template: template, ID: id, Parties: synth.Members()})
		if err != nil {
			return err
		}
		if id == demoBorderAgreement {
			for i := range a.Parties { // who counts at the border asks, and no other office
				a.Parties[i].Offices = []string{demoBorderOffice}
			}
		}
		about(a)
		if err := d.preview(ctx, c, a); err != nil {
			return err
		}
		proposal, err = c.Propose(Change{Why: "the agreement " + id, Agreement: &a})
		return err
	})
	if err != nil {
		return err
	}
	return d.signed(ctx, proposal)
}

// drafted is an agreement from a template, from yesterday on, filled in.
func (d *showing) drafted(c *Ceremonies, draft AgreementDraft) (guichet.Agreement, error) {
	now, err := c.Circle()
	if err != nil {
		return guichet.Agreement{}, err
	}
	draft.From = c.now().AddDate(0, 0, -1).Format(time.DateOnly)
	text, err := DraftAgreement(c.n.cfg, draft, now)
	if err != nil {
		return guichet.Agreement{}, err
	}
	a, faults, err := ReadAgreement(text)
	if err != nil {
		return guichet.Agreement{}, err
	}
	for _, list := range [][]guichet.OfParty{a.LegalBasis, a.Controllers, a.Contacts} {
		for i := range list {
			list[i].Text = guichet.Text{EN: "made up for the demonstration", FR: "inventé pour la démonstration"}
		}
	}
	for _, f := range faults {
		d.fault("the agreement of the template: %s: %s", f.Clause, f.Text.EN)
	}
	return a, nil
}

func (d *showing) preview(ctx context.Context, c *Ceremonies, a guichet.Agreement) error {
	list, err := c.Preview(ctx, a, d.lang(), demoAsker)
	if err != nil {
		return err
	}
	given, refused := 0, 0
	for _, p := range list {
		for _, t := range p.Tries {
			if t.Decision.Permitted {
				given++
				d.say("   + %s: %d rows", "   + %s : %d lignes", t.Text.In(d.lang()), t.Rows)
				continue
			}
			refused++
			d.say("   - %s: refused (%s)", "   - %s : refusé (%s)", t.Text.In(d.lang()), t.Decision.Clause)
		}
	}
	if given == 0 || refused == 0 {
		d.fault("the preview shows %d answers and %d refusals", given, refused)
	}
	return nil
}

// start runs each member's node as a process of its own.
func (d *showing) start(ctx context.Context) error {
	if err := d.startAll(ctx, d.parties...); err != nil {
		return err
	}
	d.step("Five processes, one per member, each with its own figures, keys and journal: %s", "Cinq processus, un par membre, chacun avec ses chiffres, ses clés et son journal : %s", strings.Join(d.addresses(), ", "))
	return nil
}

// startAll starts members' nodes side by side. Each process is its own: of those
// that one failure leaves behind, stopAll ends what started.
func (d *showing) startAll(ctx context.Context, parties ...*party) error {
	return sideBySide(parties, func(_ int, p *party) error { return p.start(ctx, d) })
}

func (d *showing) addresses() []string {
	var out []string
	for _, p := range d.parties {
		out = append(out, p.code+" "+p.addrs[demoCircleName])
	}
	return out
}

// start runs the node and waits until it takes questions.
func (p *party) start(ctx context.Context, d *showing) error {
	args := []string{"serve", "--json", "--home", p.cfg.Home, "--circle", strings.Join(p.circles, ","), "--passphrase-file", d.words, "--metrics", p.metrics}
	for _, name := range p.circles {
		args = append(args, "--listen", name+"="+p.addrs[name])
	}
	if p.pages != "" {
		args = append(args, "--pages", p.pages, "--pages-demonstration")
	}
	cmd := exec.CommandContext(ctx, p.cfg.Child[0], args...) //nolint:gosec // this program itself
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	log, err := os.Create(filepath.Join(d.dir, p.code+".log"))
	if err != nil {
		return fmt.Errorf("log of %s: %w", p.code, err)
	}
	defer func() { _ = log.Close() }()
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", p.code, err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.code, err)
	}
	p.process = cmd
	line, err := bufio.NewReader(out).ReadString('}')
	if err != nil || !strings.Contains(line, "listening") {
		text, _ := os.ReadFile(log.Name())
		return guichet.Errorf(guichet.KindInternal, "the node of %s did not start: %s", p.code, strings.TrimSpace(string(text)))
	}
	var said struct {
		Pages string `json:"pages"`
	}
	if err := json.Unmarshal([]byte(line), &said); err != nil {
		return fmt.Errorf("start %s: %w", p.code, err)
	}
	p.found = said.Pages
	return nil
}

// stop ends a member's process as an operator would.
func (p *party) stop() error {
	if p.process == nil {
		return nil
	}
	err := p.process.Process.Signal(syscall.SIGTERM)
	if werr := p.process.Wait(); err == nil {
		err = werr
	}
	p.process = nil
	if err != nil {
		return fmt.Errorf("stop %s: %w", p.code, err)
	}
	return nil
}

// stopAll ends what still runs.
func (d *showing) stopAll() error { return stopped(d.parties...) }

// stopped ends members' processes side by side.
func stopped(parties ...*party) error {
	errs := make([]error, len(parties))
	var g sync.WaitGroup
	for i, p := range parties {
		g.Go(func() { errs[i] = p.stop() })
	}
	g.Wait()
	return errors.Join(errs...)
}
