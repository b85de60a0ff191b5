package node

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"guichet"
	"guichet/internal/synth"
	"guichet/trade"
)

// ask asks in common codes, of published figures.
func (d *showing) ask(ctx context.Context, n *Node) error {
	d.say("3. One question in common codes, %s: imports of masks (630790) by reporter and partner, in dollars", "3. Une question en codes communs, %s : importations de masques (630790) par déclarant et partenaire, en dollars", demoYear)
	a, err := d.question(ctx, n, guichet.Question{
		Where: map[string][]string{"product": {"covid19/protective/masks"}, "flow": {"imports"}, "partner": {"AU", "CA", "GB", "NZ", "US"}},
		By:    []string{"reporter", "partner"}, Measures: []string{"value_usd"},
	})
	if err == nil {
		d.show(a)
	}
	return err
}

// lines asks of declaration lines, and for what never leaves a node.
func (d *showing) lines(ctx context.Context, n *Node) error {
	d.say("4. The same window over declaration lines: US imports of masks from GB, by month of acceptance", "4. Le même guichet sur les lignes de déclaration : importations américaines de masques du Royaume-Uni, par mois")
	where := map[string][]string{"product": {"630790"}, "flow": {"imports"}, "reporter": {"US"}, "partner": {"GB"}, "grain": {trade.GrainLine}}
	a, err := d.question(ctx, n, guichet.Question{Where: where, By: []string{"period"}, Measures: []string{"value"}})
	if err != nil {
		return err
	}
	d.show(a)
	_, err = d.question(ctx, n, guichet.Question{Where: where, By: []string{"trader"}, Measures: []string{"value"}})
	if guichet.KindOf(err) != guichet.KindRefused {
		d.fault("a question by trader is not refused: %v", err)
		return nil
	}
	d.say("   by trader: refused: %s", "   par opérateur : refusé : %s", err)
	return nil
}

// vintages asks for one figure as first published and as revised.
func (d *showing) vintages(ctx context.Context, n *Node) error {
	q := guichet.Question{Where: map[string][]string{"flow": {"imports"}, "reporter": {"US"}, "trade_system": {"general"}}, By: []string{"reporter"}, Measures: []string{"value"}}
	now, err := d.question(ctx, n, q)
	if err != nil {
		return err
	}
	q.Vintage = demoBetween
	then, err := d.question(ctx, n, q)
	if err != nil {
		return err
	}
	d.say("5. US imports of these goods: %s as published by %s, %s as revised since; both stay citable", "5. Importations américaines de ces biens : %s tels que publiés au %s, %s après révision ; les deux restent citables", sumOf(then), demoBetween, sumOf(now))
	if sumOf(now) == sumOf(then) {
		d.fault("a revision changed nothing")
	}
	return nil
}

func (d *showing) question(ctx context.Context, n *Node, q guichet.Question) (guichet.Answer, error) {
	year, err := guichet.ParseSpan(demoYear)
	if err != nil {
		return guichet.Answer{}, err
	}
	q.Period, q.Lang = year, d.lang()
	return n.Ask(ctx, q)
}

func sumOf(a guichet.Answer) guichet.Decimal {
	var sum guichet.Decimal
	for _, r := range a.Rows {
		if v, ok := r["value"].(guichet.Decimal); ok {
			sum = sum.Add(v)
		}
	}
	return sum
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

// mirror compares what two members published on one flow.
func (d *showing) mirror(ctx context.Context, n *Node) error {
	d.say("6. Canada's exports to the US, by both: `guichet mirror --exporter CA --importer US --period %s`", "6. Exportations du Canada vers les États-Unis, selon les deux : `guichet mirror --exporter CA --importer US --period %s`", demoYear)
	year, err := guichet.ParseSpan(demoYear)
	if err != nil {
		return err
	}
	a, err := n.Mirror(ctx, trade.MirrorQuestion{Exporter: "CA", Importer: "US", Period: year, Lang: d.lang()})
	if err != nil {
		return err
	}
	if a.Export.USD == nil || a.Import.USD == nil || a.Asymmetry == nil {
		d.fault("the mirror has no figures")
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

// truth shows what the mirror cannot know: why the two sides' lines differ. The
// causes must add up to the cent.
func (d *showing) truth() error {
	text, err := os.ReadFile(filepath.Join(d.files(), "truth-summary-generated.json"))
	if err != nil {
		return fmt.Errorf("truth: %w", err)
	}
	var s synth.Summary
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("truth: %w", err)
	}
	d.say("7. The truth that nobody at a window has: why X and M of the declaration lines differ, in US cents at the rates of the days", "7. La vérité que personne n'a au guichet : pourquoi X et M des lignes de déclaration diffèrent, en cents des États-Unis aux taux du jour")
	for _, p := range s.Pairs {
		gap := p.Exported - p.Imported
		var parts []string
		for _, c := range p.Causes {
			gap -= c.Cents
			parts = append(parts, fmt.Sprintf("%s %+d", c.Cause, c.Cents))
		}
		if gap != 0 {
			d.fault("the causes of %s to %s leave %d cents unexplained", p.Exporter, p.Importer, gap)
		}
		if p.Exporter == "CA" && p.Importer == "US" {
			d.say("   CA to US: X - M = %+d = %s", "   CA vers US : X - M = %+d = %s", p.Exported-p.Imported, strings.Join(parts, ", "))
		}
	}
	if len(s.Pairs) == 0 {
		d.fault("the truth has no pairs")
	}
	return nil
}

// held is a total of the made files and the question that must give it.
type held struct {
	member, kind, key string
	file              string // how the names of the files begin; "" any
	where             map[string][]string
}

// checks are the totals by which the demonstration holds the window to account:
// of declaration lines and of published figures, of every member.
func checks() []held {
	line := func(member, key, flow string) held {
		return held{member, "declarations", key, "", map[string][]string{"flow": {flow}, "grain": {trade.GrainLine}}}
	}
	published := func(member, key, flow string, more ...string) held {
		h := held{member, "aggregate", key, "", map[string][]string{"flow": {flow}, "grain": {trade.GrainAggregate}}}
		for i := 0; i+1 < len(more); i += 2 {
			h.where[more[i]] = []string{more[i+1]}
		}
		return h
	}
	british := func(file, flow string) held {
		h := published("GB", "value", flow, "trade_system", "unknown") // HMRC's plain sum, see decision 0014
		h.file = file
		return h
	}
	return []held{
		line("AU", "N10 CUSTOMS_VALUE", "imports"), line("AU", "EXD FOB_VALUE", "exports"),
		line("CA", "IMPORT VALUE_FOR_DUTY", "imports"), line("CA", "EXPORT FOB_VALUE", "exports"),
		line("NZ", "EXP FOB_VALUE", "exports"),
		line("GB", "IM DE_8_6_STAT_VALUE", "imports"), line("GB", "EX DE_8_6_STAT_VALUE", "exports"),
		line("US", "I CUSTOMS_VALUE", "imports"), line("US", "E FAS_VALUE", "exports"),
		published("AU", "M primaryValue", "imports"), published("AU", "X primaryValue", "exports"),
		published("NZ", "vfd", "imports"), published("NZ", "total_export_FOB", "exports"), published("NZ", "Re_export_FOB", "re_exports"),
		british("SMKI19", "imports"), british("SMKE19", "exports"),
		published("US", "GEN_VAL_MO", "imports", "trade_system", "general"), published("US", "ALL_VAL_MO", "exports"),
	}
}

// hold asks for each total that the files were made to hold.
func (d *showing) hold(ctx context.Context, n *Node, made synth.Manifest) error {
	for _, c := range checks() {
		want, files := c.stated(made)
		c.where["reporter"] = []string{c.member}
		a, err := n.Ask(ctx, guichet.Question{Where: c.where, By: []string{"reporter"}, Measures: []string{"value"}})
		if err != nil {
			return err
		}
		if got := sumOf(a); got.Cmp(want) != 0 || files == 0 {
			d.fault("%s %s %s: %s instead of %s", c.member, c.kind, c.key, got, want)
		}
	}
	if err := n.Check(ctx); err != nil {
		return err
	}
	if len(d.faults) == 0 {
		d.say("8. Held against what was made: %d totals of lines and of published figures, all exact; every invariant of the home holds", "8. Confronté à ce qui fut fabriqué : %d totaux de lignes et de chiffres publiés, tous exacts ; tous les invariants tiennent", len(checks()))
	}
	return nil
}

// stated sums a total over a member's files that hold now: where there are two
// vintages, the revised.
func (h held) stated(made synth.Manifest) (sum guichet.Decimal, files int) {
	for _, f := range made.Files {
		v, ok := f.Totals[h.key]
		if ok && f.Member == h.member && f.Kind == h.kind && f.Vintage != "first" && strings.HasPrefix(f.Name, h.file) {
			sum = sum.Add(v)
			files++
		}
	}
	return sum, files
}
