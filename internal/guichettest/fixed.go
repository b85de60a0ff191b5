package guichettest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// Cells is a line as a test gives it: by column. A column that is left out is
// blank where it is a text, and 0 where it is a number.
type Cells map[string]string

// generatedNotice stands in every archive that tests make.
const generatedNotice = "generated for a test of guichet: no figure is an observation"

// span is one column of a layout. The layouts of this package say only how wide
// each column is and in which order they stand, so that their positions are
// found in another way than a profile finds them.
type span struct {
	name   string
	width  int
	number bool
}

// texts reads columns of text from names and widths: "commodity 10, df 1".
func texts(tb testing.TB, list string) []span {
	tb.Helper()
	var out []span
	for part := range strings.SplitSeq(list, ", ") {
		name, width, _ := strings.Cut(part, " ")
		n, err := strconv.Atoi(width)
		if err != nil {
			tb.Fatalf("%q is no column of a layout: %v", part, err)
		}
		out = append(out, span{name, n, false})
	}
	return out
}

func numbers(width int, names string) []span {
	var out []span
	for n := range strings.FieldsSeq(names) {
		out = append(out, span{n, width, true})
	}
	return out
}

// fixed writes a line without anything between its columns: texts from the
// left, numbers to the right with the given padding before them.
func fixed(tb testing.TB, layout []span, cells Cells, pad string) string {
	tb.Helper()
	var out strings.Builder
	for _, s := range layout {
		v := cells[s.name]
		if s.number && v == "" {
			v = "0"
		}
		if len(v) > s.width {
			tb.Fatalf("%q is too wide for %s, which has %d characters", v, s.name, s.width)
		}
		fill := s.width - len(v)
		if s.number {
			out.WriteString(strings.Repeat(pad, fill) + v)
		} else {
			out.WriteString(v + strings.Repeat(" ", fill))
		}
	}
	for name := range cells {
		if !strings.HasPrefix(name, "!") && !named(layout, name) {
			tb.Fatalf("the layout has no column %q", name)
		}
	}
	return out.String()
}

func named(layout []span, name string) bool {
	for _, s := range layout {
		if s.name == name {
			return true
		}
	}
	return false
}

// Month writes a month as the Census does: 202401.
func Month(year, month int) string { return fmt.Sprintf("%04d%02d", year, month) }
