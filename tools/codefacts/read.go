package main

import (
	"compress/gzip"
	"embed"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

//go:embed hand
var hand embed.FS

// reader reads the CSV files of one folder.
type reader struct{ dir string }

// row is one line of a CSV file, by column name.
type row map[string]string

// table reads a CSV file whole and checks its number of rows and that the wanted columns are there.
func (r *reader) table(name string, rows int, columns ...string) ([]row, error) {
	f, err := os.Open(filepath.Join(r.dir, name)) //nolint:gosec // a list of the folder that the caller names
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var in io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	all, err := csv.NewReader(in).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	at := map[string]int{}
	for i, c := range all[0] {
		at[strings.TrimPrefix(c, "\ufeff")] = i
	}
	for _, c := range columns {
		if _, ok := at[c]; !ok {
			return nil, fmt.Errorf("%s: no column %q", name, c)
		}
	}
	if len(all)-1 != rows {
		return nil, fmt.Errorf("%s: %d rows, expected %d: a new edition is a decision", name, len(all)-1, rows)
	}
	out := make([]row, 0, rows)
	for _, line := range all[1:] {
		m := row{}
		for _, c := range columns {
			m[c] = strings.TrimSpace(line[at[c]])
		}
		out = append(out, m)
	}
	return out, nil
}

// handLines reads one of our own hand-written tables, without comments and empty lines.
func handLines(name string) ([]string, error) {
	b, err := hand.ReadFile("hand/" + name)
	if err != nil {
		return nil, err
	}
	var out []string
	for l := range strings.SplitSeq(string(b), "\n") {
		if l != "" && !strings.HasPrefix(l, "#") {
			out = append(out, l)
		}
	}
	return out, nil
}

// keyed is one key of one list and what it stands for.
type keyed struct{ list, key, code string }

// handKeys reads "@list" and "key=code" lines; a key may hold "=" only before the last one.
func handKeys(name string) ([]keyed, error) {
	lines, err := handLines(name)
	if err != nil {
		return nil, err
	}
	var out []keyed
	list := ""
	for _, l := range lines {
		if strings.HasPrefix(l, "@") {
			list = l[1:]
			continue
		}
		i := strings.LastIndexByte(l, '=')
		if i < 0 || list == "" {
			return nil, fmt.Errorf("hand/%s: %q is no key=code", name, l)
		}
		out = append(out, keyed{list, l[:i], l[i+1:]})
	}
	return out, nil
}
