package hs

import "strings"

// Row is a row of a correlation table, for tests.
type Row struct {
	Newer, Older       Code
	ByDefault, Partial bool
}

// DecodeTable decodes the body of a correlation table.
func DecodeTable(body string) ([]Row, error) {
	pairs, err := decodeTable(body)
	rows := make([]Row, len(pairs))
	for i, p := range pairs {
		rows[i] = Row{p.newer, p.older, p.byDefault, p.partial}
	}
	return rows, err
}

// DecodeList decodes the body of an edition into codes and units.
func DecodeList(body string) (codes []Code, units []string, err error) {
	ls, err := decodeList(body)
	for _, l := range ls {
		codes, units = append(codes, l.code), append(units, l.unit)
	}
	return codes, units, err
}

// Unpack undoes gzip and checks the header.
func Unpack(b []byte) (Source, string, error) { return unpack(b) }

// Packed returns an embedded file as it is.
func Packed(table string) ([]byte, error) { return packed.ReadFile("facts/" + table + ".txt.gz") }

// Load unpacks all facts afresh; tamper may change a packed file.
func Load(tamper func(table string, b []byte) ([]byte, error)) (version string, err error) {
	lib, err := load(func(name string) ([]byte, error) {
		b, err := packed.ReadFile(name)
		if err != nil {
			return nil, err
		}
		return tamper(strings.TrimSuffix(strings.TrimPrefix(name, "facts/"), ".txt.gz"), b)
	})
	if err != nil {
		return "", err
	}
	return lib.version, nil
}

// Sighting is a sighting of the table, for tests.
type Sighting struct {
	Country, Flow, List string
	Edition             Edition
	From, To            string
}

// Sightings returns the sightings on which InForce relies.
func Sightings() []Sighting {
	var out []Sighting
	for _, s := range sightings {
		out = append(out, Sighting{s.country, s.flow, s.list, s.edition, s.from, s.to})
	}
	return out
}

// HeadingLabels is how many headings are worded.
func HeadingLabels() int { return strings.Count(headingText, "\n") }
