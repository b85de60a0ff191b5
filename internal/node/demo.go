package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"guichet"
	"guichet/internal/synth"
)

// DemoRequest asks for the demonstration.
type DemoRequest struct {
	Home string    // a folder for it; "" ./guichet-demo, or a temporary one with Once
	Once bool      // check itself, clean up and end
	Out  io.Writer // what it says
	Lang string    // "en" (default) or "fr"
}

// What the demonstration makes up: the same files at every run.
const (
	demoSeed         = 2020
	demoYear         = "2020"
	demoDeclarations = 20_000
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
// One asks all; what comes, what is refused, who is silent, what a receipt
// proves and how a changed journal is found is shown, and held against what was
// made. It fails when anything differs.
func Demo(ctx context.Context, cfg Config, req DemoRequest) error {
	dir, err := demoFolder(req)
	if err != nil {
		return err
	}
	if req.Once && req.Home == "" {
		defer func() { _ = os.RemoveAll(dir) }()
	}
	d := &showing{out: req.Out, fr: req.Lang == "fr", dir: dir, gone: req.Once && req.Home == ""}
	d.say("\nA window between five members, with generated data: no figure below is an observation.\n", "\nUn guichet entre cinq membres, avec des données générées : aucun chiffre ci-dessous n'est une observation.\n")
	made, err := synth.Make(ctx, synth.Options{
		Members: synth.Members(), From: demoYear + "-01", To: demoYear + "-12", Declarations: demoDeclarations, Seed: demoSeed, Dir: d.files(),
	}, func(string, int64, int64) {})
	if err != nil {
		return err
	}
	d.say("1. %d consignments of COVID-19 goods made up: %d declaration lines of both sides and the figures that five offices would publish, in %d files; the truth stands apart (%s)",
		"1. %d expéditions de biens liés à la COVID-19 inventées : %d lignes de déclaration des deux côtés et les chiffres que cinq offices publieraient, en %d fichiers ; la vérité est à part (%s)",
		made.Consignments, made.Lines, len(made.Files), d.files())
	if err := d.cross(ctx); err != nil {
		return err
	}
	if cfg, err = cfg.withDefaults(); err != nil {
		return err
	}
	err = d.run(ctx, cfg, made)
	return errors.Join(err, d.stopAll())
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
	out    io.Writer
	fr     bool
	dir    string
	gone   bool // the folder is removed at the end
	faults []string

	words    string // the file of the passphrase
	parties  []*party
	exchange string // one that has a receipt

	crossings synth.CrossingsManifest
}

func (d *showing) files() string { return filepath.Join(d.dir, "files") }

func (d *showing) fault(format string, args ...any) {
	d.faults = append(d.faults, fmt.Sprintf(format, args...))
}

func (d *showing) say(en, fr string, args ...any) {
	text := en
	if d.fr {
		text = fr
	}
	_, _ = fmt.Fprintf(d.out, text+"\n", args...)
}

func (d *showing) lang() string {
	if d.fr {
		return "fr"
	}
	return "en"
}

func (d *showing) run(ctx context.Context, cfg Config, made synth.Manifest) error {
	if err := d.five(ctx, cfg); err != nil {
		return err
	}
	if err := d.takeIn(ctx, made); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{d.found, d.agree, d.start, d.askAll, d.refusals, d.bothSides, d.silent, d.receipts, d.tamper, d.vintages} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if err := d.truth(); err != nil {
		return err
	}
	if err := d.hold(ctx, made); err != nil {
		return err
	}
	if err := d.border(ctx); err != nil {
		return err
	}
	if len(d.faults) > 0 {
		return guichet.Errorf(guichet.KindInternal, "the demonstration did not go as it should: %s", strings.Join(d.faults, "; "))
	}
	if d.gone {
		return nil
	}
	d.say(demoNextEN, demoNextFR, d.party(demoAsker).cfg.Home, d.words)
	return nil
}

// What to try next; the homes stay, their nodes are stopped.
const (
	demoNextEN = `
The five homes stay; their nodes are stopped. What to try next:
  export GUICHET_PASSPHRASE_FILE=%[2]s GUICHET_MEMBER_PASSPHRASE_FILE=%[2]s
  bin/guichet circle members --home %[1]s
  bin/guichet doctor --home %[1]s
  bin/guichet receipt list --home %[1]s
  bin/guichet agreement show b5-covid-supply --home %[1]s
  bin/guichet ask --home %[1]s --product covid19/protective --flow imports --period 2020 --by reporter,partner
  bin/guichet codes search surgical mask
  bin/guichet help`
	demoNextFR = `
Les cinq dépôts restent ; leurs nœuds sont arrêtés. À essayer ensuite :
  export GUICHET_PASSPHRASE_FILE=%[2]s GUICHET_MEMBER_PASSPHRASE_FILE=%[2]s
  bin/guichet circle members --home %[1]s --lang fr
  bin/guichet doctor --home %[1]s --lang fr
  bin/guichet receipt list --home %[1]s --lang fr
  bin/guichet agreement show b5-covid-supply --home %[1]s
  bin/guichet ask --home %[1]s --product covid19/protective --flow imports --period 2020 --by reporter,partner --lang fr
  bin/guichet codes search masque chirurgical --lang fr
  bin/guichet help --lang fr`
)

// taken counts what came in by one profile.
type taken struct {
	member, profile       string
	files                 int
	lines, aside, records int64
}

// takeIn takes every file in at its member's home, each recognised by what
// stands in it: lines, then first figures, then the same revised.
func (d *showing) takeIn(ctx context.Context, made synth.Manifest) error {
	d.say("2. Each member's node takes in its own files, each recognised by its content and marked as generated by its name:", "2. Le nœud de chaque membre prend en charge ses propres fichiers, chacun reconnu à son contenu et marqué comme généré à son nom :")
	for _, p := range d.parties {
		n, err := Open(ctx, p.cfg)
		if err != nil {
			return err
		}
		all, err := d.takeOf(ctx, n, p.code, made)
		if err == nil {
			var t taken
			t, err = d.takeCrossings(ctx, n, p.code)
			all = append(all, t)
		}
		if err := errors.Join(err, n.Close()); err != nil {
			return err
		}
		for _, t := range all {
			d.say("   %s  %-24s %3d files, %6d lines, %d put aside, %6d records", "   %s  %-24s %3d fichiers, %6d lignes, %d écartées, %6d enregistrements", t.member, t.profile, t.files, t.lines, t.aside, t.records)
		}
	}
	return nil
}

// takeOf takes in the files of one member.
func (d *showing) takeOf(ctx context.Context, n *Node, member string, made synth.Manifest) ([]taken, error) {
	var all []taken
	for _, vintage := range []string{"", "first", "revised"} {
		for _, f := range made.Files {
			if f.Member != member || f.Vintage != vintage || f.Kind != "declarations" && f.Kind != "aggregate" {
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
