// Command hsfacts writes the facts of package hs: which codes each edition of
// the Harmonized System holds, in which unit they are measured, and which
// code of one edition is related to which of another.
//
//	go run ./tools/hsfacts -data ../shared/data/codes -out hs/facts
//
// It reads CSV files that nobody here wrote (data/codes/PROVENANCE.md of the
// shared folder says whose they are) and keeps only facts: codes, units,
// relations. No wording of theirs is read, let alone written. It stops at the
// first thing that is not as expected: a column, a count, a double, an order.
// The same input gives the same bytes with the same Go release; another
// release may compress differently, which changes no digest.
//
// It does not check that the facts are true, only that they are whole.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "hsfacts:", err)
		os.Exit(1) //nolint:forbidigo // a tool is a program of its own
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("hsfacts", flag.ContinueOnError)
	flags.SetOutput(stderr)
	data := flags.String("data", "", "folder of the code lists, such as ../shared/data/codes")
	out := flags.String("out", "", "folder to write the facts to, such as hs/facts")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("read the flags: %w", err)
	}
	if *data == "" || *out == "" {
		return errors.New("say where to read and where to write: -data folder -out folder")
	}

	// Everything is made before anything is written, so that a failure
	// leaves the old facts as they were.
	var files []file
	held := make(map[string]map[string]bool)
	for _, l := range lists() {
		f, codes, err := l.file(*data)
		if err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
		files, held[l.edition] = append(files, f), codes
	}
	for _, t := range tables() {
		f, err := t.file(*data, held[t.newer], held[t.older])
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		files = append(files, f)
	}
	for _, f := range files {
		n, err := f.write(*out)
		if err != nil {
			return fmt.Errorf("%s: %w", f.table, err)
		}
		if _, err := fmt.Fprintf(stdout, "%-14s %6d rows %7d bytes of text %6d bytes\n", f.table, f.rows, len(f.body), n); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	return nil
}

// file is one table of facts before it is packed.
type file struct {
	table, source, date, version string
	rows                         int
	body                         []byte
}

// text is the header and the body. The header is one line of fields parted by
// tabs:
//
//	guichet hs facts	format=1	table=HS2022	date=2026-11-21	version=201c812e51f2	rows=5612	digest=1f...	source=...
func (f file) text() []byte {
	sum := sha256.Sum256(f.body)
	head := fmt.Sprintf("guichet hs facts\tformat=1\ttable=%s\tdate=%s\tversion=%s\trows=%d\tdigest=%s\tsource=%s\n",
		f.table, f.date, f.version, f.rows, hex.EncodeToString(sum[:]), f.source)
	return append([]byte(head), f.body...)
}

func (f file) write(folder string) (size int, err error) {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return 0, fmt.Errorf("pack: %w", err)
	}
	// No time and no name in the gzip header: same facts, same bytes.
	if _, err := w.Write(f.text()); err != nil {
		return 0, fmt.Errorf("pack: %w", err)
	}
	if err := w.Close(); err != nil {
		return 0, fmt.Errorf("pack: %w", err)
	}
	if err := os.WriteFile(filepath.Join(folder, f.table+".txt.gz"), packed.Bytes(), 0o644); err != nil { //nolint:gosec // facts are public
		return 0, fmt.Errorf("write: %w", err)
	}
	return packed.Len(), nil
}
