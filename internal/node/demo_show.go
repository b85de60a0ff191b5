package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"guichet"
	"guichet/internal/synth"
	"guichet/trade"
)

// vintages asks for one figure as first published and as revised.
func (d *showing) vintages(ctx context.Context) (err error) {
	n, err := Open(ctx, d.party("US").cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
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
	d.step("US imports of these goods, at its own desk: %s as published by %s, %s as revised since; both stay citable", "Importations américaines de ces biens, à son propre guichet : %s tels que publiés au %s, %s après révision ; les deux restent citables", sumOf(then), demoBetween, sumOf(now))
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
		d.fault("a question has no row")
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
		d.line(strings.Join(parts, "  "))
	}
	said := slices.DeleteFunc(slices.Clone(a.Remarks), func(r guichet.Remark) bool { return strings.HasPrefix(r.Code, "agreement_") })
	for i, r := range said {
		if i == shown {
			break
		}
		d.line("- " + strings.TrimSpace(r.Reporter+" "+r.Text))
	}
	if n := len(a.Remarks) - len(said); n > 0 {
		d.say("   - and %d sentences of the agreement: legal basis, controllers, rights, licence, retention ...", "   - et %d phrases de l'accord : base légale, responsables, droits, licence, conservation ...", n)
	}
	for i, g := range a.Gaps {
		if i == shown {
			break
		}
		d.say("   ! %s %s: %s", "   ! %s %s : %s", g.Reporter, gapWord(g.Reason).In(d.lang()), g.Text)
	}
	d.say("   from %d submissions", "   de %d envois", len(a.Sources))
}

// line says what is the same in both languages, or is in the reader's.
func (d *showing) line(text string) { d.say("   %s", "   %s", text) }

// mirrored shows a comparison of two sides.
func (d *showing) mirrored(a trade.MirrorAnswer) {
	if a.Export.USD == nil || a.Import.USD == nil || a.Asymmetry == nil {
		d.fault("the mirror has no figures")
		return
	}
	d.say("   X %s USD (%s), M %s USD (%s), c = %s", "   X %s USD (%s), M %s USD (%s), c = %s", a.Export.USD, a.Export.Valuation, a.Import.USD, a.Import.Valuation, a.Asymmetry)
	for i, r := range a.Remarks {
		if i == shown {
			break
		}
		d.line("- " + r.Text)
	}
}

// truth shows what the mirror cannot know: why the two sides' lines differ. The
// causes must add up to the cent.
func (d *showing) truth(context.Context) error {
	text, err := os.ReadFile(filepath.Join(d.files(), "truth-summary-generated.json"))
	if err != nil {
		return fmt.Errorf("truth: %w", err)
	}
	var s synth.Summary
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("truth: %w", err)
	}
	d.step("The truth that nobody at a window has: why X and M of the declaration lines differ, in US cents at the rates of the days", "La vérité que personne n'a au guichet : pourquoi X et M des lignes de déclaration diffèrent, en cents des États-Unis aux taux du jour")
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

// hold asks each member's own desk for each total that its files were made to
// hold.
func (d *showing) hold(ctx context.Context) error {
	for _, p := range d.parties {
		n, err := Open(ctx, p.cfg)
		if err != nil {
			return err
		}
		if err := errors.Join(d.holdOne(ctx, n, p.code), n.Check(ctx), n.Close()); err != nil {
			return err
		}
	}
	if len(d.faults) == 0 {
		d.step("Held against what was made: %d totals of lines and of published figures, all exact; every invariant of the homes holds", "Confronté à ce qui fut fabriqué : %d totaux de lignes et de chiffres publiés, tous exacts ; tous les invariants des dépôts tiennent", len(checks()))
	}
	return nil
}

func (d *showing) holdOne(ctx context.Context, n *Node, member string) error {
	for _, c := range checks() {
		if c.member != member {
			continue
		}
		want, files := c.stated(d.made)
		c.where["reporter"] = []string{c.member}
		a, err := n.Ask(ctx, guichet.Question{Where: c.where, By: []string{"reporter"}, Measures: []string{"value"}})
		if err != nil {
			return err
		}
		if got := sumOf(a); got.Cmp(want) != 0 || files == 0 {
			d.fault("%s %s %s: %s instead of %s", c.member, c.kind, c.key, got, want)
		}
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

// gapWord is a reason of a gap for people.
func gapWord(r guichet.GapReason) guichet.Text {
	switch r {
	case guichet.GapZero:
		return guichet.Text{EN: "zero", FR: "zéro"}
	case guichet.GapNotReported:
		return guichet.Text{EN: "not reported", FR: "non déclaré"}
	case guichet.GapPurged:
		return guichet.Text{EN: "removed on time", FR: "supprimé à l'échéance"}
	case guichet.GapNotCovered:
		return guichet.Text{EN: "not covered", FR: "non couvert"}
	case guichet.GapHidden:
		return guichet.Text{EN: "hidden", FR: "caché"}
	case guichet.GapPutAside:
		return guichet.Text{EN: "put aside", FR: "mis de côté"}
	case guichet.GapIncomparable:
		return guichet.Text{EN: "not comparable", FR: "non comparable"}
	case guichet.GapRefused:
		return guichet.Text{EN: "refused", FR: "refusé"}
	case guichet.GapSilent:
		return guichet.Text{EN: "silent", FR: "silencieux"}
	case guichet.GapLate:
		return guichet.Text{EN: "late", FR: "en retard"}
	case guichet.GapUntrusted:
		return guichet.Text{EN: "wrong signature", FR: "signature fausse"}
	case guichet.GapGarbled:
		return guichet.Text{EN: "garbled", FR: "illisible"}
	case guichet.GapProtected:
		return guichet.Text{EN: "protected", FR: "protégé"}
	case guichet.GapStale:
		return guichet.Text{EN: "too old", FR: "trop ancien"}
	}
	return guichet.Text{EN: string(r), FR: string(r)}
}
