// Codefacts makes the facts of package codes: compact, sorted, the same bytes for the same input.
//
//	go -C tools run ./codefacts -data ../../shared/data/codes -out ../codes/facts
//
// It keeps codes, relations between codes, units, factors, rates and short proper names of countries; never the
// wording of a tariff line. It checks what it reads (columns, counts, duplicates, the defects that PROVENANCE.md
// names) and stops at the first surprise: a new edition of a source is a decision, not an accident.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// fact is one file to be embedded: its text starts with a line that names it, its date and its source.
type fact struct {
	name, date, source string
	rows               int
	body               strings.Builder
}

func main() {
	data := flag.String("data", "../../shared/data/codes", "folder of the code lists")
	out := flag.String("out", "../codes/facts", "folder of the facts")
	flag.Parse()
	if err := run(*data, *out); err != nil {
		fmt.Fprintln(os.Stderr, "codefacts: "+err.Error())
		os.Exit(1) //nolint:forbidigo // the end of a program of its own
	}
}

func run(data, out string) error {
	r := &reader{dir: data}
	var facts []*fact
	for _, make := range []func(*reader) ([]*fact, error){makeAreas, makeCurrencies, makeRates, makeUnits, makeLists, makeChanges} {
		made, err := make(r)
		if err != nil {
			return err
		}
		facts = append(facts, made...)
	}
	return write(out, facts)
}

// write stores every fact as name.txt.gz and the manifest that names them with the digest of the text inside.
func write(out string, facts []*fact) error {
	sort.Slice(facts, func(i, j int) bool { return facts[i].name < facts[j].name })
	var manifest strings.Builder
	manifest.WriteString("guichet code facts 1: file|sha256 of the text|rows|date|source\n")
	for _, f := range facts {
		if strings.ContainsAny(f.source+f.date, "|\n") {
			return fmt.Errorf("%s: a source must not hold a bar", f.name)
		}
		text := fmt.Sprintf("#%s|1|%s|%s\n%s", f.name, f.date, f.source, f.body.String())
		packed, err := pack([]byte(text))
		if err != nil {
			return fmt.Errorf("pack %s: %w", f.name, err)
		}
		if err := os.WriteFile(filepath.Join(out, f.name+".txt.gz"), packed, 0o644); err != nil { //nolint:gosec // facts are public
			return fmt.Errorf("write %s: %w", f.name, err)
		}
		fmt.Fprintf(&manifest, "%s|%x|%d|%s|%s\n", f.name, sha256.Sum256([]byte(text)), f.rows, f.date, f.source)
		_, _ = fmt.Fprintf(os.Stdout, "%-22s %6d rows %8d bytes %7d packed\n", f.name, f.rows, len(text), len(packed))
	}
	if err := os.WriteFile(filepath.Join(out, "MANIFEST.txt"), []byte(manifest.String()), 0o644); err != nil { //nolint:gosec // facts are public
		return fmt.Errorf("write the manifest: %w", err)
	}
	return nil
}

// pack is gzip without a name and without a time, so that the bytes depend on the text alone.
func pack(text []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
