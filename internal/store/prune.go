package store

import (
	"slices"
	"time"

	"github.com/apache/iceberg-go"

	"guichet"
)

// afterAny sorts behind every sign: what begins with p lies in [p, p+afterAny).
const afterAny = "\U0010FFFF"

// pickedBy are the fields whose values are written as plain text and not by
// their place in a list: the first of the sort and the codes of the
// classifications. The engine's writer gives a column of an ENUM the bounds of
// the whole ENUM in every row group; then none can be skipped, and a question
// about one product reads them all (10 million rows: 47 ms for 6).
func pickedBy(ds *guichet.Dataset) []string {
	out := slices.Clone(ds.Sort[:min(1, len(ds.Sort))])
	for _, c := range ds.Classifications {
		out = append(out, c.Code, c.Common)
	}
	return out
}

// asWritten is the expression by which a field that varies is written.
func asWritten(ds *guichet.Dataset, f guichet.Field) string {
	if f.Type == guichet.TypeText && slices.Contains(pickedBy(ds), f.Name) {
		return f.Name + "::VARCHAR AS " + f.Name
	}
	return f.Name
}

// bounds are the least and the greatest text of a field in a file, by the
// field's name; days are written as 2006-01-02. They come from the Parquet
// footer by way of the Iceberg manifest, which keeps sixteen characters of a
// text: the lower is cut, the upper is cut and raised, so both still bound. A
// field without bounds may hold anything, an absent value included.
type bounds map[string][2]string

// boundsOf reads the bounds of the texts and days by which questions pick:
// dimensions, and the codes of classifications.
func boundsOf(ds *guichet.Dataset, f iceberg.DataFile) bounds {
	lower, upper := f.LowerBoundValues(), f.UpperBoundValues()
	out := bounds{}
	picked := pickedBy(ds)
	for _, field := range ds.RowFields() {
		if field.Role != guichet.Dimension && !slices.Contains(picked, field.Name) {
			continue
		}
		lo, okLo := boundText(field.Type, lower[field.ID])
		hi, okHi := boundText(field.Type, upper[field.ID])
		if okLo && okHi {
			out[field.Name] = [2]string{lo, hi}
		}
	}
	return out
}

// boundText reads one bound in Iceberg's single-value serialisation (Iceberg
// table specification, appendix D): a text is its UTF-8, a day the number of
// days since 1970.
func boundText(t guichet.Type, b []byte) (string, bool) {
	if b == nil {
		return "", false
	}
	switch t {
	case guichet.TypeText:
		return string(b), true
	case guichet.TypeDate:
		v, err := iceberg.LiteralFromBytes(iceberg.PrimitiveTypes.Date, b)
		if day, ok := v.(iceberg.DateLiteral); ok && err == nil {
			return time.Unix(0, 0).UTC().AddDate(0, 0, int(day)).Format(time.DateOnly), true
		}
	case guichet.TypeDecimal, guichet.TypeInt, guichet.TypeBool:
	}
	return "", false
}

// canHold says whether a file with these bounds may hold a row that a part asks
// for. It errs to true: a file that is read in vain costs time, one that is left
// out costs figures. It must agree with whereOf, clause by clause.
func (b bounds) canHold(ds *guichet.Dataset, part guichet.PlanPart) bool {
	if p, ok := b[guichet.FieldPeriod]; ok && !part.Span.IsZero() {
		if p[1] < part.Span.From.Start.Format(time.DateOnly) || p[0] > part.Span.To.End().Format(time.DateOnly) {
			return false
		}
	}
	for _, c := range part.Clauses {
		if !b.mayMeet(ds, c) {
			return false
		}
	}
	return true
}

// mayMeet says whether a row within the bounds may meet a clause. A negation is
// met by what lies outside, and an absent value ("") has no place in bounds.
func (b bounds) mayMeet(ds *guichet.Dataset, c guichet.Clause) bool {
	f, ok := ds.Field(c.Field)
	within, bounded := b[c.Field]
	if !ok || !bounded || f.Type != guichet.TypeText || c.Not || slices.Contains(c.In, "") {
		return true
	}
	if slices.ContainsFunc(c.In, func(v string) bool { return within[0] <= v && v <= within[1] }) {
		return true
	}
	return slices.ContainsFunc(c.Prefix, func(p string) bool { return p <= within[1] && within[0] < p+afterAny })
}

// within says whether every row lies within a span for certain.
func (b bounds) within(span guichet.Span) bool {
	p, ok := b[guichet.FieldPeriod]
	return ok && !span.IsZero() && p[0] >= span.From.Start.Format(time.DateOnly) && p[1] <= span.To.End().Format(time.DateOnly)
}
