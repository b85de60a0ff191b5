package main

import "strings"

// table is text in columns. What stands in it is made harmless when it is
// added.
type table struct {
	heads  []string
	right  []bool // numbers stand to the right
	rows   [][]string
	indent string
}

// newTable begins a table. A head that begins with ">" makes a column whose
// cells stand to the right; a table without heads shows none.
func newTable(heads ...string) *table {
	t := &table{}
	for _, h := range heads {
		text, right := strings.CutPrefix(h, ">")
		t.heads = append(t.heads, clean(text))
		t.right = append(t.right, right)
	}
	return t
}

func (t *table) add(cells ...string) {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = clean(c)
	}
	t.rows = append(t.rows, row)
}

// print writes the table, two spaces between columns, no space at the end of a
// line.
func (w *window) table(t *table) {
	widths := make([]int, len(t.heads))
	headed := false
	for i, h := range t.heads {
		widths[i] = width(h)
		headed = headed || h != ""
	}
	for _, row := range t.rows {
		for i, c := range row {
			widths[i] = max(widths[i], width(c))
		}
	}
	if headed {
		rule := make([]string, len(widths))
		for i, n := range widths {
			rule[i] = strings.Repeat("-", n)
		}
		w.write(t.line(t.heads, widths))
		w.write(t.line(rule, widths))
	}
	for _, row := range t.rows {
		w.write(t.line(row, widths))
	}
}

func (t *table) line(cells []string, widths []int) string {
	var b strings.Builder
	b.WriteString(t.indent)
	for i, c := range cells {
		if i > 0 {
			b.WriteString("  ")
		}
		pad := strings.Repeat(" ", widths[i]-width(c))
		if t.right[i] {
			b.WriteString(pad + c)
			continue
		}
		b.WriteString(c + pad)
	}
	return strings.TrimRight(b.String(), " ") + "\n"
}
