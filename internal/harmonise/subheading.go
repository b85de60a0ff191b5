package harmonise

import (
	"slices"
	"strings"

	"guichet/codes"
	"guichet/hs"
	"guichet/trade"
)

// place is where a national code stands in the HS.
type place struct {
	code     hs.Code // six digits, a heading, a chapter, or ""
	edition  hs.Edition
	relation string
	level    int // digits at which the office rolled up; 0: it did not
	remark   string
}

// find looks a national code up in the edition in force. The steps, the first
// that answers decides:
//
//  1. chapters 77, 98, 99 are each country's own: the chapter, and 999999 is
//     what the office did not classify
//  2. an edition that is not held, or a length that makes the prefix doubtful: none
//  3. the list says another subheading than the prefix, or another edition: that one
//  4. the first six digits, or the whole of a shorter code, in the edition in force
//  5. the same in the edition before, then the one after: offices are late, and
//     sometimes early
//  6. zeros after a known heading or chapter: the office hides goods there by
//     rolling up (US 2918000000, 8800000000)
//  7. the heading or the chapter, when at least that is known
//  8. none
//
// A code of digits is never refused: it stays a figure.
func find(w written, entry codes.Entry, e hs.Edition) place {
	code := w.code
	switch {
	case w.odd:
		return place{edition: e, relation: trade.ByNone, remark: trade.RemarkOddLength}
	case trade.NationalChapter(hs.Code(code[:2])):
		p := place{code: hs.Code(code[:2]), edition: e, relation: trade.ByNone, remark: trade.RemarkNationalChapter}
		if rest, ok := strings.CutPrefix(code, residual); ok && strings.Trim(rest, "0") == "" {
			p.remark = trade.RemarkResidual
		}
		return p
	case e == 0:
		return place{relation: trade.ByNone, remark: trade.RemarkEditionNotHeld}
	}
	prefix := hs.Code(code[:min(6, len(code))])
	relation := trade.ByPrefix
	if len(code) <= 6 {
		relation = trade.ByExact
	}
	if told := hs.Code(entry.HS6); told != "" && (told != prefix || entry.Edition != e) {
		p := place{code: told, edition: entry.Edition, relation: relation}
		if told != prefix {
			p.relation = trade.ByExact
		}
		if p.edition != e {
			p.remark = trade.RemarkOtherEdition
		}
		return p
	}
	if hs.Known(e, prefix) {
		return place{code: prefix, edition: e, relation: relation}
	}
	for _, near := range neighbours(e) {
		if hs.Known(near, prefix) {
			return place{code: prefix, edition: near, relation: relation, remark: trade.RemarkOtherEdition}
		}
	}
	return above(code, e)
}

// residual is what offices and UN Comtrade write for goods not classified.
const residual = "999999"

// above finds the heading or chapter of a code whose subheading is not known.
func above(code string, e hs.Edition) place {
	for _, digits := range []int{4, 2} {
		if len(code) < digits || !hs.Known(e, hs.Code(code[:digits])) {
			continue
		}
		p := place{code: hs.Code(code[:digits]), edition: e, relation: trade.ByNone, remark: trade.RemarkPrefixNotInHS}
		if len(code) > digits && strings.Trim(code[digits:], "0") == "" {
			p.level, p.remark = digits, trade.RemarkRolledUp
		}
		return p
	}
	return place{edition: e, relation: trade.ByNone, remark: trade.RemarkNoHS}
}

// neighbours returns the edition before and the one after, as far as held.
func neighbours(e hs.Edition) []hs.Edition {
	all := hs.Editions()
	i := slices.Index(all, e)
	var out []hs.Edition
	if i > 0 {
		out = append(out, all[i-1])
	}
	if i+1 < len(all) {
		out = append(out, all[i+1])
	}
	return out
}
