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
	"guichet/internal/demo"
	"guichet/trade"
)

// DemoRequest asks for the demonstration.
type DemoRequest struct {
	Home string    // a folder for it; "" ./guichet-demo, or a temporary one with Once
	Once bool      // check itself, clean up and end
	Out  io.Writer // what it says
	Lang string    // "en" (default) or "fr"
}

// demoSeed makes the same files at every run.
const demoSeed = 2024

// demoMark stands in a folder that a demonstration made and may remove.
const demoMark = "made-by-guichet-demo"

// Demo makes small files of five members in their national formats, takes them
// in, asks, compares, and holds every answer against what the files were made
// to say. It fails when one differs.
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
	files, err := demo.Make(filepath.Join(dir, "files"), demoSeed)
	if err != nil {
		return err
	}
	d.say("1. %d national files made in %s", "1. %d fichiers nationaux fabriqués dans %s", len(files), filepath.Join(dir, "files"))
	cfg.Home = filepath.Join(dir, "home")
	if _, err := Init(ctx, cfg, "US"); err != nil {
		return err
	}
	n, err := Open(ctx, cfg)
	if err != nil {
		return err
	}
	err = d.run(ctx, n, files)
	return errors.Join(err, n.Close())
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

func (d *showing) run(ctx context.Context, n *Node, files []demo.File) error {
	if err := d.takeIn(ctx, n, files); err != nil {
		return err
	}
	if err := d.ask(ctx, n); err != nil {
		return err
	}
	if err := d.mirror(ctx, n); err != nil {
		return err
	}
	if err := d.hold(ctx, n, files); err != nil {
		return err
	}
	if len(d.faults) > 0 {
		return guichet.Errorf(guichet.KindInternal, "the demonstration did not go as it should: %s", strings.Join(d.faults, "; "))
	}
	if d.gone {
		return nil
	}
	home := filepath.Join(d.dir, "home")
	d.say("\nWhat to try next:\n  bin/guichet ask --home %[1]s --product covid19/protective --flow imports --period 2024 --by reporter,partner --measure value_usd,net_kg\n  bin/guichet submissions --home %[1]s\n  bin/guichet codes 63079098 --list uk-cn --on 2021-03-01\n  bin/guichet help",
		"\nÀ essayer ensuite :\n  bin/guichet ask --home %[1]s --product covid19/protective --flow imports --period 2024 --by reporter,partner --measure value_usd,net_kg --lang fr\n  bin/guichet submissions --home %[1]s --lang fr\n  bin/guichet codes 63079098 --list uk-cn --on 2021-03-01 --lang fr\n  bin/guichet help --lang fr", home)
	return nil
}

// takeIn takes every file in, each recognised by what stands in it.
func (d *showing) takeIn(ctx context.Context, n *Node, files []demo.File) error {
	d.say("2. Each is recognised by its content and taken in:", "2. Chacun est reconnu à son contenu et pris en charge :")
	for _, f := range files {
		res, err := n.Ingest(ctx, IngestRequest{File: f.Path, Generated: f.Generated})
		if err != nil {
			return fmt.Errorf("take in %s: %w", f.Path, err)
		}
		s := res.Submission
		d.say("   %s  %-36s %-26s %6d lines, %d put aside, %d records", "   %s  %-36s %-26s %6d lignes, %d écartées, %d enregistrements", f.Member, s.File, s.Profile, s.Lines, s.Aside, s.Records)
		if s.Aside > 0 {
			d.faults = append(d.faults, fmt.Sprintf("%s: %d lines were put aside", s.File, s.Aside))
		}
	}
	again, err := n.Ingest(ctx, IngestRequest{File: files[0].Path, Generated: true})
	if err != nil {
		return err
	}
	if !again.Already {
		d.faults = append(d.faults, "the same file was taken in twice")
	}
	d.say("   %s again: nothing changed, it is here already", "   %s encore : rien n'a changé, il est déjà là", filepath.Base(files[0].Path))
	return nil
}

// ask asks two questions in common codes.
func (d *showing) ask(ctx context.Context, n *Node) error {
	year, err := guichet.ParseSpan(fmt.Sprint(demo.Year))
	if err != nil {
		return err
	}
	d.say("3. One question in common codes, %d: imports of masks (630790) by reporter and partner, in dollars", "3. Une question en codes communs, %d : importations de masques (630790) par déclarant et partenaire, en dollars", demo.Year)
	a, err := n.Ask(ctx, guichet.Question{
		Where: map[string][]string{"product": {"covid19/protective/masks"}, "flow": {"imports"}}, Period: year,
		By: []string{"reporter", "partner"}, Measures: []string{"value_usd"}, Lang: d.lang(),
	})
	if err != nil {
		return err
	}
	d.show(a)
	d.say("4. New Zealand's exports of ventilators (901920) by partner", "4. Exportations néo-zélandaises de respirateurs (901920) par partenaire")
	a, err = n.Ask(ctx, guichet.Question{
		Where: map[string][]string{"product": {"901920"}, "flow": {"exports"}, "reporter": {"NZ"}}, Period: year,
		By: []string{"partner"}, Measures: []string{"value", "quantity"}, Lang: d.lang(),
	})
	if err != nil {
		return err
	}
	d.show(a)
	return nil
}

// shown is how many rows and remarks of an answer the demonstration shows.
const shown = 6

func (d *showing) show(a guichet.Answer) {
	if len(a.Rows) == 0 {
		d.faults = append(d.faults, "a question has no row")
	}
	for i, row := range a.Rows {
		if i == shown {
			d.say("   ... %d rows in all", "   ... %d lignes en tout", len(a.Rows))
			break
		}
		var parts []string
		for _, c := range a.Columns {
			switch v := row[c.Name].(type) {
			case string:
				if v != "" && c.Name != "grain" {
					parts = append(parts, v)
				}
			case guichet.Decimal:
				parts = append(parts, c.Name+" "+v.String())
			}
		}
		_, _ = fmt.Fprintf(d.out, "   %s\n", strings.Join(parts, "  "))
	}
	for i, r := range a.Remarks {
		if i == shown {
			break
		}
		_, _ = fmt.Fprintf(d.out, "   - %s\n", strings.TrimSpace(r.Reporter+" "+r.Text))
	}
	for i, g := range a.Gaps {
		if i == shown {
			break
		}
		_, _ = fmt.Fprintf(d.out, "   ! %s %s: %s\n", g.Reporter, g.Reason, g.Text)
	}
	d.say("   from %d submissions", "   de %d envois", len(a.Sources))
}

// mirror compares what two members say of one flow.
func (d *showing) mirror(ctx context.Context, n *Node) error {
	d.say("5. Canada's exports to the US, by both: `guichet mirror --exporter CA --importer US --period %d`", "5. Exportations du Canada vers les États-Unis, selon les deux : `guichet mirror --exporter CA --importer US --period %d`", demo.Year)
	year, err := guichet.ParseSpan(fmt.Sprint(demo.Year))
	if err != nil {
		return err
	}
	a, err := n.Mirror(ctx, trade.MirrorQuestion{Exporter: "CA", Importer: "US", Period: year, Lang: d.lang()})
	if err != nil {
		return err
	}
	if a.Export.USD == nil || a.Import.USD == nil || a.Asymmetry == nil {
		d.faults = append(d.faults, "the mirror has no figures")
		return nil
	}
	d.say("   X %s USD (%s), M %s USD (%s), c = %s", "   X %s USD (%s), M %s USD (%s), c = %s", a.Export.USD, a.Export.Valuation, a.Import.USD, a.Import.Valuation, a.Asymmetry)
	for i, r := range a.Remarks {
		if i == shown {
			break
		}
		_, _ = fmt.Fprintf(d.out, "   - %s\n", r.Text)
	}
	return nil
}

// held is a total of the made files and where it must come out.
type held struct {
	member, key, flow, system string
}

// hold asks for each total that the files were made to hold.
func (d *showing) hold(ctx context.Context, n *Node, files []demo.File) error {
	checks := []held{
		{"US", "general", "imports", "general"},
		{"US", "consumption", "imports", "special_relaxed"},
		{"CA", "imports", "imports", ""},
		{"CA", "exports", "exports", ""},
		{"NZ", "Export_FOB", "domestic_exports", ""},
		{"NZ", "Re_export_FOB", "re_exports", ""},
		{"NZ", "total_export_FOB", "exports", ""},
		{"GB", "general", "imports", "general"},
		{"GB", "special", "imports", "special_relaxed"},
	}
	for _, c := range checks {
		want, cubes := c.stated(files)
		where := map[string][]string{"reporter": {c.member}, "flow": {c.flow}}
		if c.system != "" {
			where["trade_system"] = []string{c.system}
		}
		a, err := n.Ask(ctx, guichet.Question{Where: where, By: []string{"reporter"}, Measures: []string{"value"}})
		if err != nil {
			return err
		}
		var got guichet.Decimal
		for _, r := range a.Rows {
			if v, ok := r["value"].(guichet.Decimal); ok {
				got = got.Add(v)
			}
		}
		if got.Cmp(want) != 0 || cubes == 0 {
			d.faults = append(d.faults, fmt.Sprintf("%s %s %s: %s instead of %s", c.member, c.flow, c.key, got, want))
		}
	}
	if err := n.Check(ctx); err != nil {
		return err
	}
	if len(d.faults) == 0 {
		d.say("6. Held against what the files were made to say: %d totals, all exact; every invariant of the home holds", "6. Confronté à ce que disent les fichiers : %d totaux, tous exacts ; tous les invariants tiennent", len(checks))
	}
	return nil
}

// stated sums a key over a member's files; files that tell the same trade in
// another table count once.
func (h held) stated(files []demo.File) (guichet.Decimal, int) {
	var sum guichet.Decimal
	var seen []string
	for _, f := range files {
		v, ok := f.Totals[h.key]
		if f.Member != h.member || !ok {
			continue
		}
		table, _, _ := strings.Cut(filepath.Base(f.Path), "_")
		if h.member == "CA" && len(seen) > 0 && !slices.Contains(seen, table) {
			continue
		}
		seen = append(seen, table)
		sum = sum.Add(v)
	}
	return sum, len(seen)
}
