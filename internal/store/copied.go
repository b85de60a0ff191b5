package store

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"guichet"
)

// maxPrivate is how long a private text may be. The longest of the forms that
// lines come from is a transport document's number: 70 characters (WCO Data
// Model, identifier an..70; UN/EDIFACT data element 1004).
const maxPrivate = 70

// unprintable are the characters that no such text holds: controls, marks that
// change how others are shown, line and paragraph ends.
const unprintable = `[\p{C}\p{Zl}\p{Zp}]`

// copied is a private text on its way into a row: a column, or several joined by
// a hyphen. Such texts are numbers of declarations and papers, nearly one to a
// row: judged key by key, or as an ENUM, each would cost as much as the file.
type copied struct {
	cols []string // of the engine
}

// name is the column of base that holds the text.
func (c copied) name() string { return "p_" + strings.Join(c.cols, "_") }

// text is the text without outer spaces; NULL where it, or a part of it, is
// empty.
func (c copied) text() string {
	return strings.Join(prefixed("nullif(trim(", c.cols, "), '')"), " || '-' || ")
}

// copies says whether a field's text is copied as it stands.
func copies(ds *guichet.Dataset, field string) bool {
	f, ok := ds.Field(field)
	return ok && f.Role == guichet.Private && f.Type == guichet.TypeText
}

// copiedIn finds what is copied into a field of a record.
func (s *stager) copiedIn(r guichet.RecordMap, field string) (c copied, ok bool, err error) {
	names := r.Joins[field]
	if col, is := r.Texts[field]; is && copies(s.ds, field) {
		names = []string{col}
	}
	for _, name := range names {
		col, err := s.column(name)
		if err != nil {
			return copied{}, false, err
		}
		c.cols = append(c.cols, col)
	}
	return c, len(names) > 0, nil
}

// collectCopied gathers the private texts of all records, each once.
func (s *stager) collectCopied() error {
	for _, r := range s.layout.Records {
		fields := slices.AppendSeq(slices.Collect(maps.Keys(r.Texts)), maps.Keys(r.Joins))
		slices.Sort(fields)
		for _, field := range fields {
			c, ok, err := s.copiedIn(r, field)
			if err != nil {
				return err
			}
			same := func(x copied) bool { return slices.Equal(x.cols, c.cols) }
			if ok && !slices.ContainsFunc(s.copied, same) {
				s.copied = append(s.copied, c)
			}
		}
	}
	return nil
}

// badCopied is true where the line must be put aside because of a private text;
// "" when nothing is copied. All texts are looked through as one: a match costs
// more to begin than to go on.
func (s *stager) badCopied() string {
	if len(s.copied) == 0 {
		return ""
	}
	var all, long []string
	most := strconv.Itoa(maxPrivate)
	for _, c := range s.copied {
		all = append(all, c.cols...)
		// Bytes are counted first, since that is cheap; characters seldom need be.
		long = append(long, "coalesce(strlen(concat_ws('-', "+strings.Join(c.cols, ", ")+")) > "+most+" AND length("+c.text()+") > "+most+", false)")
	}
	return "(regexp_matches(concat(" + strings.Join(all, ", ") + "), " + lit(unprintable) + ") OR " + strings.Join(long, " OR ") + ")"
}
