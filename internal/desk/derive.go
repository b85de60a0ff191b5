package desk

import (
	"maps"
	"math/big"
	"slices"
	"strings"

	"guichet"
)

// Some figures cannot be added. A percentile that an office states is a figure
// where one kept row stands behind it, and of several rows nothing: neither their
// sum nor their mean is the percentile of all. A percentile that is derived from
// counts per band is of any grouping, since counts can be added; it is known to
// lie in its band, and told as an estimate.

// alone says whether a measure is told only where one row stands behind it.
func (f *folded) alone(name string) bool {
	m, _ := f.ds.Field(name)
	return m.Alone
}

// percentile is what a derived measure is in a cell: in the unit of its bands,
// rounded up to a whole number so that it stays in the band that it was found in.
// nil where nothing was counted; open where it lies above the last bound.
//
// Inside its band the values are taken to be spread evenly. The rank is that of
// the nearest-rank percentile: the least value that at least Share per cent of all
// do not exceed.
func (f *folded) percentile(c *cell, d guichet.Derived) (value *guichet.Decimal, open bool) {
	counts := make([]*big.Rat, len(d.Bands))
	all := new(big.Rat)
	for i, b := range d.Bands {
		counts[i] = new(big.Rat)
		at := slices.Index(f.kept, b.Field)
		if c.partial[b.Field] {
			return nil, false
		}
		if c.sums[at] != nil {
			counts[i] = c.sums[at].Rat()
		}
		if counts[i].Sign() < 0 { // a correction without what it corrects
			return nil, false
		}
		all.Add(all, counts[i])
	}
	if all.Sign() == 0 {
		return nil, false
	}
	rank := new(big.Rat).Mul(all, big.NewRat(int64(d.Share), 100))
	below, from := new(big.Rat), 0
	for i, b := range d.Bands {
		upTo := new(big.Rat).Add(below, counts[i])
		if counts[i].Sign() == 0 || upTo.Cmp(rank) < 0 {
			below, from = upTo, b.UpTo
			continue
		}
		if b.UpTo == 0 {
			return nil, true
		}
		part := new(big.Rat).Quo(new(big.Rat).Sub(rank, below), counts[i])
		width := big.NewRat(int64(b.UpTo-from), 1)
		x := new(big.Rat).Add(big.NewRat(int64(from), 1), part.Mul(part, width))
		whole := ceil(x)
		return &whole, false
	}
	return nil, true // the last band has a bound, and rounding went past it
}

// ceil is the least whole number that is not below x, which is not negative.
func ceil(x *big.Rat) guichet.Decimal {
	n := new(big.Int).Add(x.Num(), new(big.Int).Sub(x.Denom(), big.NewInt(1)))
	return guichet.DecimalFromRat(new(big.Rat).SetInt(n.Quo(n, x.Denom())), 0)
}

// deriveBands writes the percentiles that were asked for into a row.
func (f *folded) deriveBands(c *cell) {
	for _, d := range f.banded {
		c.row[d.Name] = nil
		value, open := f.percentile(c, d)
		switch {
		case c.hidden:
		case open:
			f.above[d.Name]++
			c.above = true
		case value != nil:
			c.row[d.Name] = *value
			f.within[d.Name]++
		default:
			f.uncounted[d.Name]++
		}
	}
}

// tellDerived says how percentiles were made, and of which rows there are none.
func (w *work) tellDerived() {
	for _, d := range w.rows.banded {
		if w.rows.within[d.Name] > 0 {
			w.remark(guichet.Remark{Code: RemarkWithinBand, Unit: d.Name, Text: w.say(
				"%s: estimated from counts per band (up to %s): each figure lies in the band of the true percentile, and where in it is not known",
				"%s : estimé d'après des effectifs par tranche (jusqu'à %s) : chaque chiffre est dans la tranche du centile vrai, sans qu'on sache où", d.Name, bounds(d))})
		}
		if n := w.rows.above[d.Name]; n > 0 {
			w.remark(guichet.Remark{Code: RemarkAboveBands, Unit: d.Name, Rows: int64(n), Text: w.say(
				"%s: in %d rows it lies above %d, the greatest bound that is kept, and is not estimated",
				"%s : dans %d lignes il dépasse %d, la plus grande borne tenue, et n'est pas estimé", d.Name, n, greatest(d))})
		}
		w.tellUncounted(d)
		if n := w.rows.uncounted[d.Name]; n > 0 {
			w.gap("", guichet.GapNotCovered, w.say(
				"%s: in %d rows nothing was counted that it could be made from", "%s : dans %d lignes rien n'a été compté dont il puisse être tiré", d.Name, n), "")
		}
	}
	for _, m := range w.q.Measures {
		if n := w.rows.joined[m]; n > 0 {
			w.gap("", guichet.GapIncomparable, w.tooCoarse(m, n), "")
		}
	}
}

// tellUncounted says of whom a percentile is not: rows of a reporter that have no
// counts per band beside rows that have.
func (w *work) tellUncounted(d guichet.Derived) {
	for _, key := range slices.Sorted(maps.Keys(w.rows.absent)) {
		reporter, measure, _ := strings.Cut(key, "|")
		n := w.rows.absent[key]
		if measure != d.Bands[0].Field || n[0] == 0 || n[0] == n[1] {
			continue
		}
		r := guichet.Remark{Code: RemarkFiguresAbsent, Reporter: reporter, Unit: d.Name, Text: w.say(
			"%s: some rows count nobody by band; the percentile is of the others", "%s : des lignes ne comptent personne par tranche ; le centile porte sur les autres", d.Name)}
		if !w.rows.bare[reporter] {
			r.Rows = n[0]
		}
		w.remark(r)
	}
}

// tooCoarse says why a figure that stands alone is not told, and what can be asked
// instead.
func (w *work) tooCoarse(measure string, rows int) string {
	text := w.say("%s: %d rows of the answer are each of several kept rows, and such figures can be neither added nor averaged; they are kept by %s",
		"%s : %d lignes de la réponse tiennent chacune à plusieurs lignes détenues, et de tels chiffres ne s'additionnent ni ne se moyennent ; ils sont tenus par %s",
		measure, rows, strings.Join(w.ds.Key, ", "))
	var instead []string
	for _, d := range w.ds.Derived {
		if d.By == guichet.ByBands {
			instead = append(instead, d.Name)
		}
	}
	if len(instead) > 0 {
		text += w.say("; of any grouping: %s", " ; de tout regroupement : %s", strings.Join(instead, ", "))
	}
	return text
}

// bounds writes where the bands of a percentile end: "5, 10, 15".
func bounds(d guichet.Derived) string {
	var out []string
	for _, b := range d.Bands {
		if b.UpTo > 0 {
			out = append(out, guichet.DecimalOf(int64(b.UpTo)).String())
		}
	}
	return strings.Join(out, ", ")
}

func greatest(d guichet.Derived) int {
	most := 0
	for _, b := range d.Bands {
		most = max(most, b.UpTo)
	}
	return most
}
