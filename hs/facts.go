package hs

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:embed facts/*.txt.gz
var packed embed.FS

// rulesVersion is a part of Version: raise it when a rule of this package
// changes what the same facts mean, such as what counts as a closed family.
const rulesVersion = 1

// Source tells where one table of facts comes from.
type Source struct {
	Table   string // "HS2022" for the list of an edition, "HS2022-HS2017" for a correlation
	From    string // who published it, and where it was read
	Date    string // the day it was collected, 2026-11-21
	Version string // the commit of the repository it was read in
	Rows    int    // subheadings, or relations
	Digest  string // SHA-256 of the table's text, in hex
}

// library is all the facts, unpacked.
type library struct {
	sources []Source
	lists   [editionCount]*list
	views   [editionCount][editionCount]*view // from, to; nil on the diagonal
	version string
}

// facts unpacks the embedded files at the first question and keeps them. It
// panics when they are damaged: then the binary is, and the tests have not
// been run.
//
//nolint:gochecknoglobals // a constant in all but name: computed once, never changed
var facts = sync.OnceValue(func() *library {
	lib, err := load(packed.ReadFile)
	if err != nil {
		panic("hs: the embedded facts are damaged: " + err.Error())
	}
	return lib
})

// Sources returns where the facts come from, sorted by table.
func Sources() []Source { return slices.Clone(facts().sources) }

// Version names the facts and rules of this package: "hs-" and twelve hex
// digits. It changes when a fact does: a code, a unit, a relation, a date of
// InForce. What was computed under one version may come out otherwise under
// another. Labels do not count.
func Version() string { return facts().version }

// load reads all tables; read is the embedded folder, or a test's.
func load(read func(name string) ([]byte, error)) (*library, error) {
	lib := new(library)
	for _, e := range Editions() {
		s, body, err := open(read, e.String())
		if err != nil {
			return nil, err
		}
		codes, err := decodeList(body)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Table, err)
		}
		if len(codes) != s.Rows {
			return nil, fmt.Errorf("%s: %d codes where the header says %d", s.Table, len(codes), s.Rows)
		}
		lib.lists[e.place()] = newList(codes)
		lib.sources = append(lib.sources, s)
	}
	for _, t := range [][2]Edition{{HS2017, HS2007}, {HS2017, HS2012}, {HS2022, HS2007}, {HS2022, HS2012}, {HS2022, HS2017}} {
		s, body, err := open(read, t[0].String()+"-"+t[1].String())
		if err != nil {
			return nil, err
		}
		pairs, err := decodeTable(body)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Table, err)
		}
		if len(pairs) != s.Rows {
			return nil, fmt.Errorf("%s: %d relations where the header says %d", s.Table, len(pairs), s.Rows)
		}
		if err := lib.correlate(t[0], t[1], pairs); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Table, err)
		}
		lib.sources = append(lib.sources, s)
	}
	lib.derive()
	slices.SortFunc(lib.sources, func(a, b Source) int { return strings.Compare(a.Table, b.Table) })
	lib.version = versionOf(lib.sources)
	return lib, nil
}

func open(read func(name string) ([]byte, error), table string) (Source, string, error) {
	b, err := read("facts/" + table + ".txt.gz")
	if err != nil {
		return Source{}, "", fmt.Errorf("open: %w", err)
	}
	s, body, err := unpack(b)
	if err != nil {
		return Source{}, "", fmt.Errorf("%s: %w", table, err)
	}
	if s.Table != table {
		return Source{}, "", fmt.Errorf("%s: the header says %s", table, s.Table)
	}
	return s, body, nil
}

func versionOf(sources []Source) string {
	var text strings.Builder
	fmt.Fprintln(&text, "rules", rulesVersion)
	for _, s := range sources {
		fmt.Fprintln(&text, s.Table, s.Digest)
	}
	fmt.Fprintln(&text, wcoDates, ownDates, sightings)
	sum := sha256.Sum256([]byte(text.String()))
	return "hs-" + hex.EncodeToString(sum[:])[:12]
}
