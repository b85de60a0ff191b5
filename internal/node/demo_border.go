package node

import (
	"context"
	"path/filepath"
	"slices"

	"guichet"
	"guichet/internal/synth"
	"guichet/travel"
)

// The demonstration's second dataset, its agreement and who asks.
const (
	demoBorderAgreement = "b5-border-crossings"
	demoBorderOffice    = "border"
	demoBorderPurpose   = "border-capacity"
	demoBorderFrom      = "2024-01"
	demoBorderTo        = "2024-03"
)

func (d *showing) crossingFiles() string { return filepath.Join(d.dir, "crossings") }

// cross makes up border crossings.
func (d *showing) cross(ctx context.Context) (err error) {
	d.crossings, err = synth.MakeCrossings(ctx, synth.CrossingsOptions{
		Members: synth.Members(), From: demoBorderFrom, To: demoBorderTo, Seed: demoSeed, Dir: d.crossingFiles(),
	}, func(string, int64, int64) {})
	if err == nil {
		d.say("   and %d border crossings of persons, %s to %s, counted by port, mode, direction, nationality and month", "   et %d passages de frontière de personnes, de %s à %s, comptés par lieu, mode, sens, nationalité et mois",
			d.crossings.Persons, demoBorderFrom, demoBorderTo)
	}
	return err
}

// takeCrossings takes in a member's file of crossings.
func (d *showing) takeCrossings(ctx context.Context, n *Node, member string) (taken, error) {
	i := slices.IndexFunc(d.crossings.Files, func(f synth.File) bool { return f.Member == member })
	f := d.crossings.Files[i]
	res, err := n.Ingest(ctx, IngestRequest{File: filepath.Join(d.crossingFiles(), f.Name)})
	if err != nil {
		return taken{}, err
	}
	s := res.Submission
	if s.Dataset != travel.Name || s.Aside > 0 || s.Lines != f.Lines || !s.Generated {
		d.fault("%s: %d of %d lines of %s came in", f.Name, s.Kept, f.Lines, s.Dataset)
	}
	return taken{member, s.Profile, 1, s.Lines, s.Aside, s.Records}, nil
}

// border asks all five for crossings and waits, by the same window, and holds the
// sums against what was made.
func (d *showing) border(ctx context.Context) error {
	span, err := guichet.ParseSpan(demoBorderFrom + ":" + demoBorderTo)
	if err != nil {
		return err
	}
	q := MembersQuestion{
		Question: guichet.Question{
			Dataset: travel.Name, Period: span, By: []string{"reporter", "mode"}, Measures: []string{"crossings", "wait_p90"},
			Where: map[string][]string{"direction": {string(travel.Entry)}}, Lang: d.lang(),
		},
		Members: []string{everybody}, Purpose: demoBorderPurpose, Office: demoBorderOffice, Officer: "demonstration", Within: demoWithin,
	}
	var got, small MembersAnswer
	err = d.asking(ctx, func(op Operator) (err error) {
		d.step("The same window, another dataset: entries at the border of all five, and how long nine in ten waited at most. Percentiles are estimated from counts per band, never added:", "Le même guichet, un autre jeu de données : les entrées à la frontière des cinq, et l'attente que neuf sur dix n'ont pas dépassée. Les centiles sont estimés d'après des effectifs par tranche, jamais additionnés :")
		if got, err = op.AskMembers(ctx, q, d.came); err != nil {
			return err
		}
		few := q
		few.Members, few.Question.By = []string{"US"}, []string{"port", "nationality", "period"}
		small, err = op.AskMembers(ctx, few, nil)
		return err
	})
	if err != nil {
		return err
	}
	d.show(got.Answer)
	d.heldCrossings(got)
	for _, r := range small.Answer.Rows {
		if n, ok := r["crossings"].(guichet.Decimal); ok && n.Cmp(guichet.DecimalOf(10)) < 0 {
			d.fault("a count of %s persons is shown", n)
		}
	}
	if len(small.Answer.Rows) == 0 {
		d.fault("no count by nationality came")
	}
	d.say("   by port, nationality and month the US gives %d counts, none of fewer than ten persons", "   par lieu, nationalité et mois les États-Unis donnent %d effectifs, aucun de moins de dix personnes", len(small.Answer.Rows))
	return nil
}

// heldCrossings holds entries through the circle against what was made.
func (d *showing) heldCrossings(got MembersAnswer) {
	for _, f := range d.crossings.Files {
		if f.Member == "" {
			continue
		}
		var sum guichet.Decimal
		waits := 0
		for _, r := range got.Answer.Rows {
			if r["reporter"] != f.Member {
				continue
			}
			if n, ok := r["crossings"].(guichet.Decimal); ok {
				sum = sum.Add(n)
			}
			if r["wait_p90"] != nil {
				waits++
			}
		}
		if want := f.Totals["entry crossings"]; sum.Cmp(want) != 0 || want.Sign() == 0 || waits == 0 {
			d.fault("%s: %s entries through the circle with %d waits, %s were made", f.Member, sum, waits, want)
		}
	}
}
