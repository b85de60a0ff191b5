package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// collected is the day on which the shared folder says its lists were taken.
const collected = "2026-11-21"

// residual is UN Comtrade's code for goods not told. It is no HS code.
const residual = "999999"

// list is one edition as UN Comtrade publishes it.
type list struct {
	name, edition                   string
	chapters, headings, subheadings int
	units                           bool
	source, version                 string
}

// lists are the four editions. The counts are those of PROVENANCE.md without
// the residual (99, 9999, 999999) and without the reserved chapter 77, which
// only the HS2012 list names and which holds no goods in any edition.
func lists() []list {
	const from = "UN Comtrade list, insongkim/concordance data-raw/classification"
	const unit = ", WCO standard units from ropensci/comtradr inst/extdata/cmd_"
	return []list{
		{"hs_h3.csv", "HS2007", 96, 1221, 5052, false, from + "H3.json", "201c812e51f2"},
		{"hs_h4.csv", "HS2012", 96, 1224, 5205, true, from + "H4.json" + unit + "h4.rds", "201c812e51f2+3d5b52d6a3e1"},
		{"hs_h5.csv", "HS2017", 96, 1222, 5387, true, from + "H5.json" + unit + "h5.rds", "201c812e51f2+3d5b52d6a3e1"},
		{"hs_h6.csv", "HS2022", 96, 1228, 5612, true, from + "H6.json" + unit + "h6.rds", "201c812e51f2+3d5b52d6a3e1"},
	}
}

// file packs an edition. The body opens with the units, named a, b, c and so
// on; then comes a line for each heading with the last two digits of its
// subheadings and the letter of each one's unit:
//
//	units	kg	u	2u
//	6307 10a 20b 90a
func (l list) file(folder string) (file, map[string]bool, error) {
	columns := []string{"code", "parent", "level", "description_en"}
	if l.units {
		columns = append(columns, "description_en_alt", "wco_std_unit", "is_residual")
	}
	rows, err := readCSV(filepath.Join(folder, l.name), columns)
	if err != nil {
		return file{}, nil, err
	}
	codes, unitOf, err := l.sift(rows)
	if err != nil {
		return file{}, nil, err
	}
	names := unitNames(unitOf)
	if len(names) > 26 {
		return file{}, nil, fmt.Errorf("%d units where letters reach for 26", len(names))
	}

	var body bytes.Buffer
	body.WriteString("units")
	for _, name := range names {
		body.WriteString("\t" + name)
	}
	heading := ""
	for _, c := range codes {
		if c[:4] != heading {
			heading = c[:4]
			body.WriteString("\n" + heading)
		}
		body.WriteString(" " + c[4:])
		if u := unitOf[c]; u != "" {
			body.WriteByte('a' + byte(slices.Index(names, u))) //nolint:gosec // at most 26, see above
		}
	}
	body.WriteString("\n")
	known := make(map[string]bool, len(codes))
	for _, c := range codes {
		known[c] = true
	}
	return file{l.edition, l.source, collected, l.version, len(codes), body.Bytes()}, known, nil
}

// sift keeps the six-digit codes and checks the rest against them.
func (l list) sift(rows [][]string) (codes []string, unitOf map[string]string, err error) {
	unitOf = make(map[string]string)
	level := make(map[string]int)
	seen := make(map[string]bool)
	for i, r := range rows {
		code, parent, kind := r[0], r[1], r[2]
		if seen[code] {
			return nil, nil, fmt.Errorf("row %d: %s stands twice", i+2, code)
		}
		seen[code] = true
		if kind == "S" || code == "77" || strings.HasPrefix(code, "99") {
			continue
		}
		if !digits(code) || fmt.Sprint(len(code)) != kind {
			return nil, nil, fmt.Errorf("row %d: %q is no code of level %s", i+2, code, kind)
		}
		if len(code) > 2 && (parent != code[:len(code)-2] || !seen[parent]) {
			return nil, nil, fmt.Errorf("row %d: parent %q of %s is not the code above it", i+2, parent, code)
		}
		level[kind]++
		if kind == "6" {
			codes = append(codes, code)
			if l.units {
				unitOf[code] = r[5]
			}
		}
	}
	if got, want := [3]int{level["2"], level["4"], level["6"]}, [3]int{l.chapters, l.headings, l.subheadings}; got != want {
		return nil, nil, fmt.Errorf("chapters, headings, subheadings are %v, not %v", got, want)
	}
	slices.Sort(codes)
	filled := make(map[string]bool)
	for _, c := range codes {
		filled[c[:4]] = true
	}
	if len(filled) != l.headings {
		return nil, nil, fmt.Errorf("%d of %d headings hold a subheading", len(filled), l.headings)
	}
	return codes, unitOf, nil
}

func unitNames(unitOf map[string]string) []string {
	var names []string
	for _, u := range unitOf {
		if u != "" && !slices.Contains(names, u) {
			names = append(names, u)
		}
	}
	slices.Sort(names)
	return names
}

// readCSV returns the rows below a header that must be exactly columns.
func readCSV(path string, columns []string) (rows [][]string, err error) {
	f, err := os.Open(path) //nolint:gosec // the operator names the folder
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r := csv.NewReader(f)
	r.FieldsPerRecord = len(columns)
	rows, err = r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if len(rows) == 0 || !slices.Equal(rows[0], columns) {
		return nil, fmt.Errorf("columns are not %v", columns)
	}
	return rows[1:], nil
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
