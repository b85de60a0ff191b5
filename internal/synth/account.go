package synth

import "guichet"

// account is what one worker counts: of each cause, of each file, and of each
// pair of members what was reported and what the causes moved.
type account struct {
	tally  [causes]tally
	files  [members][2]fileSums // exports, imports
	things int64
	rows   int64
	// unexplained counts lines whose value differs from what the causes lead
	// to by more than rounding can.
	unexplained int64
	pairs       [members][members]pairSums
}

// mostRounding is how many US cents a half unit of a currency and a half cent
// can make: every currency here had over 0.4 units per dollar in all months.
const mostRounding = 1

// fileSums are the lines and the main value of one direction of a file.
type fileSums struct{ lines, value int64 }

// pairSums are US cents of one ordered pair of members, over all months asked
// for, at the rates of the days.
type pairSums struct {
	exported, imported int64 // declared: X and M
	moved              [causes]int64
}

func (a *account) merge(o *account) {
	a.things, a.rows, a.unexplained = a.things+o.things, a.rows+o.rows, a.unexplained+o.unexplained
	for i := range a.tally {
		a.tally[i].add(o.tally[i])
	}
	for m := range a.files {
		for i := range a.files[m] {
			a.files[m][i].lines += o.files[m][i].lines
			a.files[m][i].value += o.files[m][i].value
		}
	}
	for x := range a.pairs {
		for m := range a.pairs[x] {
			p, q := &a.pairs[x][m], &o.pairs[x][m]
			p.exported, p.imported = p.exported+q.exported, p.imported+q.imported
			for i := range p.moved {
				p.moved[i] += q.moved[i]
			}
		}
	}
}

// adds books an amount of a side in the cell of a state; a cell outside the
// members or the months is nobody's report.
func (a *account) adds(w *world, s *state, why cause, amount int64) {
	if s.exporter < members && s.importer < members && w.cal.asked(s.month) {
		a.pairs[s.exporter][s.importer].moved[why] += amount
	}
}

// declared books what a line reports.
func (a *account) declared(w *world, s *state, imports bool) {
	if s.exporter >= members || s.importer >= members || !w.cal.asked(s.month) {
		return
	}
	p := &a.pairs[s.exporter][s.importer]
	if imports {
		p.imported += s.usd
		return
	}
	p.exported += s.usd
}

// holds checks the promise of the package for every pair.
func (a *account) holds(w *world) error {
	if a.unexplained > 0 {
		return guichet.Errorf(guichet.KindInternal, "%d lines differ from the truth by more than their causes and a rounding", a.unexplained)
	}
	for x := range a.pairs {
		for m := range a.pairs[x] {
			p := &a.pairs[x][m]
			var moved int64
			for why, n := range p.moved {
				if w.cause[why].level == levelLine {
					moved += n
				}
			}
			if p.exported-p.imported != moved {
				return guichet.Errorf(guichet.KindInternal, "%s to %s: X - M is %d US cents, the causes moved %d", w.area[x].iso, w.area[m].iso, p.exported-p.imported, moved)
			}
		}
	}
	return nil
}
