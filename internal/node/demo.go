package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"guichet"
	"guichet/internal/synth"
)

// DemoRequest asks for the demonstration.
type DemoRequest struct {
	Home string    // a folder for it; "" ./guichet-demo, or a temporary one with Once
	Once bool      // check itself, clean up and end
	Out  io.Writer // what it says
	Lang string    // "en" (default) or "fr"
	// Chapters are those to be shown; none: all of them.
	Chapters []string
	// Stay lets the nodes run on at the end, one of them with its pages for people, until
	// the context ends.
	Stay bool
}

// What the demonstration makes up: the same files at every run.
const (
	demoSeed         = 2020
	demoYear         = "2020"
	demoDeclarations = 20_000
	demoFew          = 2_000 // where the exchange is not shown
)

// When the made offices published: first figures, and the same revised.
const (
	demoFirst   = "2021-02-15"
	demoRevised = "2021-06-15"
	demoBetween = "2021-03-31"
)

// demoMark stands in a folder that a demonstration made and may remove.
const demoMark = "made-by-guichet-demo"

// Demo makes up trade between five members whose truth is known: both sides of
// every consignment as declaration lines, and the figures that the offices
// would publish from them, each in its national format. Each member's node takes
// its own in; they found a circle, sign an agreement, and run as five processes.
// Then it goes through its chapters (DemoChapters): what comes of a question, what
// is refused, what a receipt proves; a sixth member joins, a second circle is
// founded, copies are kept, a node is lost. All of it is shown, and held against
// what was made. It fails when anything differs.
func Demo(ctx context.Context, cfg Config, req DemoRequest) error {
	chapters, err := chaptersOf(req.Chapters)
	if err != nil {
		return err
	}
	dir, err := demoFolder(req)
	if err != nil {
		return err
	}
	if req.Once && req.Home == "" {
		defer func() { _ = os.RemoveAll(dir) }()
	}
	d := &showing{out: req.Out, fr: req.Lang == "fr", dir: dir, gone: req.Once && req.Home == "", chapters: chapters}
	d.say("\nA window between members, with generated data: no figure below is an observation.\n", "\nUn guichet entre membres, avec des données générées : aucun chiffre ci-dessous n'est une observation.\n")
	if err := d.make(ctx); err != nil {
		return err
	}
	if cfg, err = cfg.withDefaults(); err != nil {
		return err
	}
	if err = d.run(ctx, cfg); err == nil && req.Stay {
		return d.ended(ctx, d.stay(ctx))
	}
	return errors.Join(err, d.stopAll())
}

// make makes the trade up, and where they are shown the border crossings. Where
// the exchange is not shown there is little of it.
func (d *showing) make(ctx context.Context) (err error) {
	to, declarations := demoYear+"-12", int64(demoDeclarations)
	if !d.shows(chapterExchange) {
		to, declarations = demoYear+"-03", demoFew
	}
	if d.made, err = synth.Make(ctx, synth.Options{
		Members: synth.Members(), From: demoYear + "-01", To: to, Declarations: declarations, Seed: demoSeed, Dir: d.files(),
	}, func(string, int64, int64) {}); err != nil {
		return err
	}
	d.step("%d consignments of COVID-19 goods made up: %d declaration lines of both sides and the figures that five offices would publish, in %d files; the truth stands apart (%s)",
		"%d expéditions de biens liés à la COVID-19 inventées : %d lignes de déclaration des deux côtés et les chiffres que cinq offices publieraient, en %d fichiers ; la vérité est à part (%s)",
		d.made.Consignments, d.made.Lines, len(d.made.Files), d.files())
	if !d.shows(chapterBorders) {
		return nil
	}
	return d.cross(ctx)
}

// demoFolder returns an empty folder; what an earlier demonstration left there
// is removed, anything else is left alone.
func demoFolder(req DemoRequest) (string, error) {
	dir := req.Home
	switch {
	case dir == "" && req.Once:
		tmp, err := os.MkdirTemp("", "guichet-demo-")
		if err != nil {
			return "", fmt.Errorf("demo folder: %w", err)
		}
		dir = tmp
	case dir == "":
		dir = "guichet-demo"
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", guichet.Errorf(guichet.KindInvalid, "%s cannot be used: %w", dir, err)
	}
	mark := filepath.Join(dir, demoMark)
	if len(entries) > 0 {
		if _, err := os.Stat(mark); err != nil {
			return "", guichet.Errorf(guichet.KindInvalid, "%s is not empty, and no demonstration made it", dir).WithHint("name another folder with --home")
		}
		for _, e := range entries {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return "", fmt.Errorf("clear demo folder: %w", err)
			}
		}
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", fmt.Errorf("demo folder: %w", err)
	}
	if err := os.WriteFile(mark, []byte("everything here is generated and may be removed\n"), 0o600); err != nil {
		return "", fmt.Errorf("demo folder: %w", err)
	}
	return dir, nil
}

// showing is a demonstration under way.
type showing struct {
	out      io.Writer
	fr       bool
	dir      string
	gone     bool // the folder is removed at the end
	chapters []chapter
	quiet    bool // what is under way is needed, and not shown
	steps    int

	mu     sync.Mutex // guards faults: homes are filled side by side
	faults []string

	made     synth.Manifest
	words    string // the file of the passphrase
	parties  []*party
	exchange string // one that has a receipt

	crossings synth.CrossingsManifest
	newcomer  newcomer
	kept      backedUp
}

func (d *showing) files() string { return filepath.Join(d.dir, "files") }

func (d *showing) fault(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = append(d.faults, fmt.Sprintf(format, args...))
}

func (d *showing) say(en, fr string, args ...any) {
	if d.quiet {
		return
	}
	text := en
	if d.fr {
		text = fr
	}
	_, _ = fmt.Fprintf(d.out, text+"\n", args...)
}

// step begins the next step, and says what is done in it.
func (d *showing) step(en, fr string, args ...any) {
	d.steps++
	number := strconv.Itoa(d.steps) + ". "
	d.say(number+en, number+fr, args...)
}

// does shows the command that does the same by hand.
func (d *showing) does(format string, args ...any) {
	command := "   $ guichet " + format
	d.say(command, command, args...)
}

// by names commands that do the same by hand, one after the other.
func (d *showing) by(commands string) {
	d.say("   by hand: guichet %s", "   à la main : guichet %s", commands)
}

// asks shows the command by which a member asks another.
func (d *showing) asks(p *party, circle, of, question string) {
	d.does("ask --home %s --circle %s --members %s --purpose %s --office-asking statistics %s", p.code, circle, of, demoOfficial, question)
}

func (d *showing) lang() string {
	if d.fr {
		return "fr"
	}
	return "en"
}

func (d *showing) run(ctx context.Context, cfg Config) error {
	if err := d.five(ctx, cfg); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{d.takeIn, d.found, d.agree, d.start} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	for _, c := range d.chapters {
		d.opens(c)
		for _, step := range c.steps {
			if err := step(d, ctx); err != nil {
				return fmt.Errorf("chapter %s: %w", c.name, err)
			}
		}
	}
	d.quiet = false
	if len(d.faults) > 0 {
		return guichet.Errorf(guichet.KindInternal, "the demonstration did not go as it should: %s", strings.Join(d.faults, "; "))
	}
	if d.gone {
		return nil
	}
	d.say(demoNextEN, demoNextFR, d.party(demoAsker).cfg.Home, d.words, demoCircleName, d.dir)
	return d.note()
}

// What to try next; the homes stay, their nodes are stopped.
const (
	demoNextEN = `
The homes stay. To see it all in a browser, from one address:
  bin/guichet demo --open --home %[4]s

What else to try:
  export GUICHET_PASSPHRASE_FILE=%[2]s GUICHET_MEMBER_PASSPHRASE_FILE=%[2]s
  bin/guichet circle members --home %[1]s --circle %[3]s
  bin/guichet doctor --home %[1]s
  bin/guichet receipt list --home %[1]s --circle %[3]s
  bin/guichet agreement show b5-covid-supply --home %[1]s --circle %[3]s
  bin/guichet ask --home %[1]s --product covid19/protective --flow imports --period 2020 --by reporter,partner
  bin/guichet sync list --home %[1]s
  bin/guichet codes search surgical mask
  bin/guichet help`
	demoNextFR = `
Les dépôts restent. Pour tout voir dans un navigateur, depuis une seule adresse :
  bin/guichet demo --open --home %[4]s --lang fr

À essayer aussi :
  export GUICHET_PASSPHRASE_FILE=%[2]s GUICHET_MEMBER_PASSPHRASE_FILE=%[2]s
  bin/guichet circle members --home %[1]s --circle %[3]s --lang fr
  bin/guichet doctor --home %[1]s --lang fr
  bin/guichet receipt list --home %[1]s --circle %[3]s --lang fr
  bin/guichet agreement show b5-covid-supply --home %[1]s --circle %[3]s
  bin/guichet ask --home %[1]s --product covid19/protective --flow imports --period 2020 --by reporter,partner --lang fr
  bin/guichet sync list --home %[1]s --lang fr
  bin/guichet codes search masque chirurgical --lang fr
  bin/guichet help --lang fr`
)

// taken counts what came in by one profile.
type taken struct {
	member, profile       string
	files                 int
	lines, aside, records int64
}

// takenAtOnce is how many homes are filled side by side: each file is staged by a
// process of its own.
const takenAtOnce = 2

// takeIn takes every file in at its member's home, each recognised by what
// stands in it: lines, then first figures, then the same revised.
func (d *showing) takeIn(ctx context.Context) error {
	d.step("Each member's node takes in its own files, each recognised by its content and marked as generated by its name:", "Le nœud de chaque membre prend en charge ses propres fichiers, chacun reconnu à son contenu et marqué comme généré à son nom :")
	homes, done := make(chan int, len(d.parties)), make([]chan []taken, len(d.parties))
	for i := range d.parties {
		done[i] = make(chan []taken, 1)
		homes <- i
	}
	close(homes)
	g, run := errgroup.WithContext(ctx)
	for range takenAtOnce {
		g.Go(func() error {
			for i := range homes {
				all, err := d.takeHome(run, d.parties[i])
				if err != nil {
					return err
				}
				done[i] <- all
			}
			return nil
		})
	}
	for i := range done {
		select {
		case all := <-done[i]:
			for _, t := range all {
				d.say("   %s  %-24s %3d files, %6d lines, %d put aside, %6d records", "   %s  %-24s %3d fichiers, %6d lignes, %d écartées, %6d enregistrements", t.member, t.profile, t.files, t.lines, t.aside, t.records)
			}
		case <-run.Done():
			return g.Wait()
		}
	}
	return g.Wait()
}

// takeHome takes in the files of one member.
func (d *showing) takeHome(ctx context.Context, p *party) ([]taken, error) {
	n, err := Open(ctx, p.cfg)
	if err != nil {
		return nil, err
	}
	all, err := d.takeOf(ctx, n, p.code)
	if err == nil && d.shows(chapterBorders) {
		var t taken
		t, err = d.takeCrossings(ctx, n, p.code)
		all = append(all, t)
	}
	return all, errors.Join(err, n.Close())
}

// wanted says whether a file is taken in: where the exchange is not shown, the
// imports that those published who are asked later, as they stand.
func (d *showing) wanted(f synth.File) bool {
	if !d.shows(chapterExchange) {
		return f.Kind == "aggregate" && f.Vintage != "first" && slices.Contains([]string{demoBoth, demoAsker, demoLost}, f.Member) && !strings.Contains(f.Name, "Exp")
	}
	return f.Kind == "declarations" || f.Kind == "aggregate"
}

// takeOf takes in what a member declares and publishes.
func (d *showing) takeOf(ctx context.Context, n *Node, member string) ([]taken, error) {
	var all []taken
	for _, vintage := range []string{"", "first", "revised"} {
		for _, f := range d.made.Files {
			if f.Member != member || f.Vintage != vintage || !d.wanted(f) {
				continue
			}
			t, err := d.takeOne(ctx, n, f)
			if err != nil {
				return nil, err
			}
			same := func(o taken) bool { return o.member == t.member && o.profile == t.profile }
			if i := slices.IndexFunc(all, same); i >= 0 {
				all[i] = all[i].with(t)
			} else {
				all = append(all, t)
			}
		}
	}
	return all, nil
}

func (t taken) with(o taken) taken {
	t.files, t.lines, t.aside, t.records = t.files+o.files, t.lines+o.lines, t.aside+o.aside, t.records+o.records
	return t
}

func (d *showing) takeOne(ctx context.Context, n *Node, f synth.File) (taken, error) {
	released := map[string]string{"first": demoFirst, "revised": demoRevised}[f.Vintage]
	res, err := n.Ingest(ctx, IngestRequest{File: filepath.Join(d.files(), f.Name), Released: released})
	if err != nil {
		return taken{}, fmt.Errorf("take in %s: %w", f.Name, err)
	}
	s := res.Submission
	if s.Aside > 0 || s.Lines != f.Lines {
		d.fault("%s: %d of %d lines came in, %d were put aside", f.Name, s.Kept, f.Lines, s.Aside)
	}
	if !s.Generated {
		d.fault("%s is not marked as generated", f.Name)
	}
	return taken{f.Member, s.Profile, 1, s.Lines, s.Aside, s.Records}, nil
}
