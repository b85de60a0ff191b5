package main

import (
	"encoding/csv"
	"fmt"
	"strings"

	"guichet"
)

// printCSV writes the rows of an answer: every column, names as in --json,
// numbers plain and exact. What was said about the figures goes to standard
// error.
func (w *window) printCSV(a guichet.Answer) error {
	out := csv.NewWriter(w.out)
	head := make([]string, len(a.Columns))
	for i, c := range a.Columns {
		head[i] = c.Name
	}
	_ = out.Write(head) // told by Error below
	for _, r := range a.Rows {
		row := make([]string, len(a.Columns))
		for i, c := range a.Columns {
			row[i] = cell(r[c.Name])
		}
		_ = out.Write(row)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return guard(clean(v))
	case guichet.Decimal:
		return v.String()
	}
	return fmt.Sprint(v)
}

// guard keeps a spreadsheet from taking text for a formula: one that begins
// with = + - or @ gets an apostrophe in front. Numbers are left alone.
func guard(s string) string {
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		return "'" + s
	}
	return s
}
