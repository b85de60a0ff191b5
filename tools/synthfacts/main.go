// Synthfacts makes the facts of room synth: what published figures say of the shares and prices of the goods of the
// COVID-19 list, summed to six digits; never a row of a source.
//
//	go -C tools run ./synthfacts -data ../../shared/data/codes -out ../internal/synth/facts
//
// The same input gives the same bytes. It stops at the first surprise: a new edition of a source is a decision.
package main

import (
	"cmp"
	"crypto/sha256"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// table is one set of sums: what it is called, where it is from, and rows of keys and a whole number.
type table struct {
	name, source string
	sums         map[string]int64 // "CA|220710" -> US dollars
}

func main() {
	data := flag.String("data", "../../shared/data/codes", "folder of the code lists; the flows stand beside it")
	out := flag.String("out", "../internal/synth/facts", "folder of the facts")
	flag.Parse()
	if err := run(*data, *out); err != nil {
		fmt.Fprintln(os.Stderr, "synthfacts: "+err.Error())
		os.Exit(1) //nolint:forbidigo // the end of a program of its own
	}
}

func run(data, out string) error {
	s := source{codes: data, flows: filepath.Join(data, "..", "flows")}
	if err := s.readList(); err != nil {
		return err
	}
	var text strings.Builder
	for _, read := range []func() (table, error){s.usImports, s.usExports, s.nzExports, s.pairs, s.prices} {
		t, err := read()
		if err != nil {
			return err
		}
		if len(t.sums) == 0 {
			return fmt.Errorf("%s: nothing was found", t.name)
		}
		write(&text, t)
	}
	body := text.String()
	head := fmt.Sprintf("guichet synth facts 1|%x\n", sha256.Sum256([]byte(body)))
	if err := os.WriteFile(filepath.Join(out, "shares.txt"), []byte(head+body), 0o644); err != nil { //nolint:gosec // facts are public
		return fmt.Errorf("write the facts: %w", err)
	}
	_, _ = fmt.Fprintf(os.Stdout, "shares.txt %d bytes\n", len(head)+len(body))
	return nil
}

// write adds a table: a line that names it and its source, then its rows in order.
//
//	#us-imports|US Census, general imports 2024 ...
//	us-imports|CA|220710|55615770
func write(text *strings.Builder, t table) {
	fmt.Fprintf(text, "#%s|%s\n", t.name, t.source)
	for _, key := range slices.SortedFunc(maps.Keys(t.sums), cmp.Compare[string]) {
		fmt.Fprintf(text, "%s|%s|%d\n", t.name, key, t.sums[key])
	}
}
