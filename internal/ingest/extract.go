package ingest

import "slices"

// An API answers what it is asked: all goods of a country, or those of a list,
// in files alike. What the newer file does to the older hangs on it. By the
// chapters that a file has codes of, it is taken for one or the other; that is
// a judgement, and so the two never share a table: a wrong one gives figures in
// the other table, which an answer names, and never takes figures away there.

// mostChapters is the number of chapters of the HS, without 77, which is
// reserved, and with the national 98 and 99.
const mostChapters = 98

// extract puts a file that holds some goods only into the table of extracts.
func (n *normaliser) extract(out *Prepared) {
	e := n.p.Update.Extract
	if e == nil || chapters(n.codes) >= e.Chapters {
		return
	}
	out.Fields["cube"] += "-extract"
	out.Scope = e.Scope
}

// chapters counts the chapters that codes are of: their first two digits.
func chapters(codes map[string]bool) int {
	seen := map[string]bool{}
	for c := range codes {
		if len(c) >= 2 && allDigits([]byte(c[:2])) {
			seen[c[:2]] = true
		}
	}
	return len(seen)
}

// scopes are the fields of all scopes of the profile, each once.
func (p *Profile) scopes() []string {
	out := slices.Clone(p.Update.Scope)
	if p.Update.Extract != nil {
		for _, s := range p.Update.Extract.Scope {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// extract finds the faults of what is said of extracts.
func (f *faulter) extract() {
	e := f.p.Update.Extract
	if e == nil {
		return
	}
	if e.Chapters < 1 || e.Chapters > mostChapters {
		f.at("update.extract.chapters", "must be from 1 to %d", mostChapters)
	}
	if len(e.Scope) == 0 {
		f.at("update.extract.scope", "must be said: what does a newer extract replace?")
	}
	if _, ok := f.p.autoSubtotals(); !ok {
		f.at("update.extract", "the codes of a file are looked at where the parameter subtotals of their key is auto")
	}
}
