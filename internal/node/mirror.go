package node

import (
	"context"

	"guichet"

	"guichet/internal/mirror"
	"guichet/trade"
)

// Mirror asks our own desk for both sides of one flow and compares them.
func (n *Node) Mirror(ctx context.Context, q trade.MirrorQuestion) (trade.MirrorAnswer, error) {
	return n.mirror(ctx, q, func(ctx context.Context, _ string, q guichet.Question) (guichet.Answer, error) {
		return n.desk.Answer(ctx, q)
	})
}

// answerer answers a question about a reporter's own figures.
type answerer func(ctx context.Context, reporter string, q guichet.Question) (guichet.Answer, error)

// mirror compares two sides, each as the one that is asked tells it.
func (n *Node) mirror(ctx context.Context, q trade.MirrorQuestion, answer answerer) (trade.MirrorAnswer, error) {
	for _, c := range []string{q.Exporter, q.Importer} {
		if err := knownMember(c); err != nil {
			return trade.MirrorAnswer{}, err
		}
	}
	x, err := n.side(ctx, q, true, answer)
	if err != nil {
		return trade.MirrorAnswer{}, err
	}
	m, err := n.side(ctx, q, false, answer)
	if err != nil {
		return trade.MirrorAnswer{}, err
	}
	at := q.AsOf
	if at.IsZero() {
		at = n.cfg.Clock()
	}
	return mirror.Compare(q, x, m, mirror.Options{Lang: q.Lang, Rates: Dataset().RatesVersion, AsOf: at}), nil
}

// side asks for one side: its total by period, then its products where it has
// them by country.
func (n *Node) side(ctx context.Context, q trade.MirrorQuestion, outward bool, answer answerer) (trade.Side, error) {
	asked := mirror.Ask(q, outward)
	reporter := q.Importer
	if outward {
		reporter = q.Exporter
	}
	asked.Total.Lang, asked.Products.Lang = q.Lang, q.Lang
	total, err := answer(ctx, reporter, asked.Total)
	if err != nil {
		return trade.Side{}, err
	}
	given := mirror.Given{Total: total}
	if len(total.Rows) > 0 {
		// The products come from the table that the total came from: two tables
		// of an office are two publications.
		if cube := oneCube(total.Sources); cube != "" {
			asked.Products.Cube = cube
		}
		products, err := answer(ctx, reporter, asked.Products)
		if err != nil {
			return trade.Side{}, err
		}
		given.Products = &products
	}
	ds := Dataset()
	return mirror.SideFrom(q, outward, given, mirror.Rates{Of: ds.Rate, Version: ds.RatesVersion}), nil
}

// oneCube is the cube of all sources, "" when they are of several.
func oneCube(sources []guichet.Source) string {
	cube := ""
	for i, s := range sources {
		if c := s.Fields[guichet.FieldCube]; i == 0 {
			cube = c
		} else if c != cube {
			return ""
		}
	}
	return cube
}
