package ingest

import (
	"slices"
	"strings"
)

// joined is a text with columns in it, as a derived column may be written:
//
//	{YEAR}-{MONTH}
type joined struct {
	parts []joinedPart
	text  []byte // of the last line
}

// joinedPart is a piece of text, or a column.
type joinedPart struct {
	text string
	from int // -1: the text
}

// newJoined reads a text; nil when it names no column.
func newJoined(text string, cols []string) *joined {
	names := placeholders(text)
	if len(names) == 0 {
		return nil
	}
	j := &joined{}
	for _, name := range names {
		before, after, _ := strings.Cut(text, "{"+name+"}")
		j.parts = append(j.parts, joinedPart{before, -1}, joinedPart{"", slices.Index(cols, name)})
		text = after
	}
	j.parts = append(j.parts, joinedPart{text, -1})
	return j
}

// value puts the text together; it is valid until the next call.
func (j *joined) value(row [][]byte) []byte {
	j.text = j.text[:0]
	for _, p := range j.parts {
		if p.from < 0 {
			j.text = append(j.text, p.text...)
		} else {
			j.text = append(j.text, row[p.from]...)
		}
	}
	return j.text
}
