package synth

import (
	"bytes"
	"context"
	"encoding/json"
	"math/big"

	"guichet"
	"guichet/codes"
	"guichet/hs"
)

// Version of the model: it changes when the same options make other bytes.
const Version = 1

// Manifest says what was made: manifest.json, written last.
type Manifest struct {
	Generated    bool         `json:"generated"` // always
	Notice       string       `json:"notice"`
	Version      int          `json:"version"`
	Codes        string       `json:"codes_version"`
	HS           string       `json:"hs_version"`
	Seed         uint64       `json:"seed"`
	Members      []string     `json:"members"`
	From         string       `json:"from"`
	To           string       `json:"to"`
	Declarations int64        `json:"declarations"` // asked for
	Lines        int64        `json:"lines"`        // declared
	Consignments int64        `json:"consignments"`
	Cells        int          `json:"cells"`
	Files        []File       `json:"files"`
	Sources      []string     `json:"sources"` // of what shares and prices follow
	Assumptions  []Assumption `json:"assumptions"`
}

// File is one file that was made.
type File struct {
	Name   string `json:"name"`
	Member string `json:"member,omitempty"` // who would have written it
	Kind   string `json:"kind"`             // declarations, truth, aggregate, rates, summary
	// Vintage of an aggregate: "first" or "revised"; "" where a file holds
	// both, as HMRC's amendments do.
	Vintage string `json:"vintage,omitempty"`
	Bytes   int64  `json:"bytes"`
	SHA256  string `json:"sha256"`
	Lines   int64  `json:"lines"` // without the head
	// Totals are sums over the file by its own columns, after the word for
	// the direction: "E FAS_VALUE".
	Totals map[string]guichet.Decimal `json:"totals,omitempty"`
}

// Summary is truth-summary-generated.json: what the causes moved in all.
type Summary struct {
	Generated bool          `json:"generated"`
	Notice    string        `json:"notice"`
	Seed      uint64        `json:"seed"`
	Causes    []CauseTotal  `json:"causes"`
	Pairs     []PairSummary `json:"pairs"`
}

// CauseTotal is how often a cause struck.
type CauseTotal struct {
	Cause string `json:"cause"`
	Level string `json:"level"`
	Fraud bool   `json:"fraud,omitempty"`
	Lines int64  `json:"lines"`
	// Could is how many lines it was thrown for; 0 where no chance is in it.
	Could int64 `json:"could,omitempty"`
	// MovedCents is the US cents that left a cell, or changed in it, without
	// sign.
	MovedCents int64 `json:"moved_usd_cents"`
}

// PairSummary holds, for all months together and in US cents at the rates of
// the days: Exported - Imported = the sum of Causes, exactly.
type PairSummary struct {
	Exporter string       `json:"exporter"`
	Importer string       `json:"importer"`
	Exported int64        `json:"exported_usd_cents"`
	Imported int64        `json:"imported_usd_cents"`
	Causes   []PairCauses `json:"causes"`
}

// PairCauses is what one cause adds to X - M of a pair.
type PairCauses struct {
	Cause string `json:"cause"`
	Cents int64  `json:"usd_cents"`
}

// finish ends the files of lines and truth, then writes what is made of all.
func (m *maker) finish(ctx context.Context, all *worker) error {
	m.manifest = Manifest{
		Generated: true, Notice: notice, Version: Version, Codes: codes.Version(), HS: hs.Version(), Seed: m.o.Seed, Members: m.members(),
		From: m.o.From, To: m.o.To, Declarations: m.o.Declarations, Consignments: all.things, Cells: len(all.cells.sums), Assumptions: Assumptions(),
	}
	f, err := readFigures()
	if err != nil {
		return err
	}
	m.manifest.Sources = f.sources
	for s, o := range m.outputs {
		if o == nil {
			continue
		}
		file := File{Kind: "truth", Lines: all.rows}
		switch {
		case s == streamThings:
			file.Lines = all.things
		case s < members:
			file = m.declared(all, s)
			m.manifest.Lines += file.Lines
		}
		if err := m.close(o, file); err != nil {
			return err
		}
	}
	if err := m.rates(); err != nil {
		return err
	}
	m.cells = all.cells.cells(m.w)
	if err := m.publish(ctx, m.cells); err != nil {
		return err
	}
	if err := m.json("truth-summary"+mark+".json", "summary", m.summary(all)); err != nil {
		return err
	}
	return m.json("manifest.json", "", m.manifest)
}

// members are those asked for, in the order of files.
func (m *maker) members() []string {
	var out []string
	for _, iso := range Members() {
		if m.o.has(iso) {
			out = append(out, iso)
		}
	}
	return out
}

// declared describes a file of declaration lines.
func (m *maker) declared(all *worker, member int) File {
	out := File{Kind: "declarations", Member: m.w.office[member].iso, Totals: map[string]guichet.Decimal{}}
	names := valueColumns(area(member)) //nolint:gosec // a member
	for i, sums := range all.files[member] {
		out.Lines += sums.lines
		out.Totals[names[i]] = guichet.NewDecimal(big.NewInt(sums.value), 2)
	}
	return out
}

// close ends a file and adds it to the manifest.
func (m *maker) close(o *output, file File) error {
	digest, err := o.finish()
	if err != nil {
		return err
	}
	file.Name, file.Bytes, file.SHA256 = o.name, o.bytes, digest
	m.manifest.Files = append(m.manifest.Files, file)
	return nil
}

// json writes a value as a file; kind "" is the manifest, which does not name
// itself.
func (m *maker) json(name, kind string, value any) error {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return guichet.Errorf(guichet.KindInternal, "write %s: %w", name, err)
	}
	o, err := m.dir.create(name, false)
	if err != nil {
		return err
	}
	if err := o.add(text.Bytes()); err != nil {
		return err
	}
	if kind == "" {
		_, err := o.finish()
		return err
	}
	return m.close(o, File{Kind: kind})
}

func (m *maker) summary(all *worker) Summary {
	out := Summary{Generated: true, Notice: notice, Seed: m.o.Seed}
	for why, t := range all.tally {
		name := m.w.cause[why]
		out.Causes = append(out.Causes, CauseTotal{Cause: name.name, Level: name.level, Fraud: name.fraud, Lines: t.lines, Could: t.could, MovedCents: t.moved})
	}
	for _, p := range m.w.pairs {
		sums := all.pairs[p[0]][p[1]]
		pair := PairSummary{Exporter: m.w.area[p[0]].iso, Importer: m.w.area[p[1]].iso, Exported: sums.exported, Imported: sums.imported}
		for why, cents := range sums.moved {
			if name := m.w.cause[why]; name.level == levelLine && cents != 0 {
				pair.Causes = append(pair.Causes, PairCauses{Cause: name.name, Cents: cents})
			}
		}
		out.Pairs = append(out.Pairs, pair)
	}
	return out
}

// rates writes the rate of every day, which is as made up as the rest:
//
//	GENERATED,date,currency,units_per_usd
//	Y,2020-03-28,CAD,1.398211
func (m *maker) rates() error {
	text := []byte("GENERATED,date,currency,units_per_usd\n")
	lines := int64(0)
	for n := m.w.cal.first; n <= m.w.cal.last; n++ {
		for member := range m.w.office {
			o := &m.w.office[member]
			if !m.o.has(o.iso) {
				continue
			}
			rate := m.w.cal.days[n].rate[member]
			text = append(text, "Y,"+m.w.cal.days[n].text[isoDate]+","+o.currency+","...)
			text = appendPadded(text, uint64(rate/1_000_000), 1)                            //nolint:gosec // over 0
			text = append(appendPadded(append(text, '.'), uint64(rate%1_000_000), 6), '\n') //nolint:gosec // not negative
			lines++
		}
	}
	o, err := m.dir.create("rates"+mark+".csv", false)
	if err != nil {
		return err
	}
	if err := o.add(text); err != nil {
		return err
	}
	return m.close(o, File{Kind: "rates", Lines: lines})
}
