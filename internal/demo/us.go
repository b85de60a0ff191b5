package demo

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"guichet"
)

// published is the time that the members of archives carry.
func published() time.Time { return time.Date(Year+1, 2, 5, 0, 0, 0, 0, time.UTC) }

// estimateLine is the US line for shipments of little value, which the Census
// Bureau estimates over all partners.
const estimateLine = "9999950000"

// usLine is a row as the Census Bureau's file has it:
// ["6307909870",2890222,2890222,0,0], HTS10, general imports, imports for
// consumption, dutiable value, calculated duties, US dollars at customs value.
type usLine struct {
	code                                   string
	general, consumption, dutiable, duties int64
}

// MarshalJSON writes the row as an array.
func (l usLine) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "[%q,%d,%d,%d,%d]", l.code, l.general, l.consumption, l.dutiable, l.duties), nil
}

// unitedStates makes the imports of a year: one JSON array per country in a
// tar.gz, where country and year stand in the member's name alone,
// 2024/countries_data/1220.json.
func unitedStates(w world) ([]made, error) {
	out := made{
		name: fmt.Sprintf("%d_countries_data%s.tar.gz", Year, mark), member: "US",
		title:  guichet.Text{EN: "US imports, HTS10 by country", FR: "Importations des États-Unis, HTS10 par pays"},
		totals: map[string]int64{},
	}
	partners := slices.Clone(w.places)
	slices.SortFunc(partners, func(a, b place) int { return strings.Compare(a.census, b.census) })
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Comment = notice
	archive := tar.NewWriter(z)
	for _, from := range partners {
		if from.census == "" || from.iso == "US" {
			continue
		}
		lines := w.usLines(from)
		for _, l := range lines {
			out.totals["general"] += l.general
			out.totals["consumption"] += l.consumption
			out.totals["dutiable"] += l.dutiable
			out.totals["duties"] += l.duties
		}
		out.lines += len(lines)
		text, err := json.Marshal(lines)
		if err != nil {
			return nil, fmt.Errorf("write lines of %s: %w", from.iso, err)
		}
		head := &tar.Header{
			Typeflag: tar.TypeReg, Name: fmt.Sprintf("%d/countries_data/%s.json", Year, from.census),
			Mode: 0o644, Size: int64(len(text)), ModTime: published(), Format: tar.FormatUSTAR,
		}
		if err := archive.WriteHeader(head); err != nil {
			return nil, fmt.Errorf("write member %s: %w", head.Name, err)
		}
		if _, err := archive.Write(text); err != nil {
			return nil, fmt.Errorf("write member %s: %w", head.Name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("close tar: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("close gzip: %w", err)
	}
	out.bytes = packed.Bytes()
	return []made{out}, nil
}

// usLines returns the year's lines from one country, by code. Some goods stay in
// bonded warehouses: they are general imports, and not yet for consumption.
func (w world) usLines(from place) []usLine {
	lines := []usLine{}
	var all int64
	us := w.place("US")
	for _, g := range w.goods {
		var year int64
		for m := 1; m <= 12; m++ {
			year += w.arrived(from, us, g, m)
		}
		all += year
		for i, part := range w.split(year, len(g.us), "us", from.iso, g.hs6) {
			if part == 0 {
				continue
			}
			l := usLine{code: g.us[i], general: part, consumption: part}
			if w.draw(4, "bonded", from.iso, l.code) == 0 {
				l.consumption = part * (930 + w.draw(60, "stays", from.iso, l.code)) / 1000
			}
			if from.iso == "CN" || w.draw(3, "dutiable", from.iso, l.code) == 0 {
				l.dutiable = l.consumption * (300 + w.draw(700, "share", from.iso, l.code)) / 1000
				l.duties = l.dutiable * (25 + w.draw(50, "rate", l.code)) / 1000
			}
			lines = append(lines, l)
		}
	}
	if low := all / 400; low > 0 {
		lines = append(lines, usLine{code: estimateLine, general: low, consumption: low})
	}
	return lines
}
