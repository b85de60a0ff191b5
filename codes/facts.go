package codes

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
)

//go:embed facts
var factFiles embed.FS

// Source is one file of facts: what it was made from, of which date.
type Source struct {
	Name string // "areas", "list-us-hts-2026"
	// Digest is the SHA-256 of the unpacked text, in hex.
	Digest string
	Rows   int
	// Date is the edition or the day of the source, as far as it is known: "2026-02-21", "2000-01..2026-06".
	Date string
	From string // who published it, and through whom we have it
}

// Sources returns every file of facts, by name.
func Sources() []Source { return append([]Source(nil), sources()...) }

// Version names all facts together, such as "codes-0123456789ab": it changes
// when any of them does.
func Version() string {
	var all strings.Builder
	for _, s := range sources() {
		all.WriteString(s.Name + " " + s.Digest + "\n")
	}
	sum := sha256.Sum256([]byte(all.String()))
	return "codes-" + hex.EncodeToString(sum[:6])
}

//nolint:gochecknoglobals // decoded once, never changed
var sources = sync.OnceValue(func() []Source {
	text, err := factFiles.ReadFile("facts/MANIFEST.txt")
	if err != nil {
		panic(fmt.Sprintf("codes: the manifest of the facts: %v", err))
	}
	out, err := parseManifest(string(text))
	if err != nil {
		panic(fmt.Sprintf("codes: the manifest of the facts: %v", err))
	}
	return out
})

// parseManifest reads a heading, then lines such as
//
//	areas|<64 hex digits>|3591|2026-05|ISO 3166-1 ...
func parseManifest(text string) ([]Source, error) {
	var out []Source
	_, rest, _ := strings.Cut(text, "\n")
	for line := range strings.Lines(rest) {
		p := strings.Split(strings.TrimSuffix(line, "\n"), "|")
		if len(p) != 5 || len(p[1]) != 2*sha256.Size {
			return nil, fmt.Errorf("line %q: want name, digest, rows, date, source", line)
		}
		rows, err := strconv.Atoi(p[2])
		if err != nil || rows < 0 {
			return nil, fmt.Errorf("line %q: rows are no number", line)
		}
		out = append(out, Source{Name: p[0], Digest: p[1], Rows: rows, Date: p[3], From: p[4]})
	}
	return out, nil
}

// textOf unpacks a file of facts and checks its digest. A fault here is one of
// the build, not of the input, and no answer of the package could be trusted:
// it panics.
func textOf(name string) string {
	packed, err := factFiles.ReadFile("facts/" + name + ".txt.gz")
	if err != nil {
		panic(fmt.Sprintf("codes: facts %s: %v", name, err))
	}
	text, err := unpack(packed)
	if err != nil {
		panic(fmt.Sprintf("codes: facts %s: %v", name, err))
	}
	sum := sha256.Sum256(text)
	for _, s := range sources() {
		if s.Name == name && s.Digest == hex.EncodeToString(sum[:]) {
			return string(text)
		}
	}
	panic(fmt.Sprintf("codes: facts %s are not those of the manifest", name))
}

func unpack(packed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// body is the text without its first line, "#name|1|date|source".
func body(text string) string {
	_, rest, _ := strings.Cut(text, "\n")
	return rest
}

// must is for decoders of embedded facts: they are tested with faulty texts
// too, but embedded ones cannot be faulty unless the build is.
func must[T any](value T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("codes: embedded facts: %v", err))
	}
	return value
}

// fields cuts a line at its bars and pads it: trailing empty fields are not written.
func fields(line string, n int) ([]string, error) {
	p := strings.Split(line, "|")
	if len(p) > n {
		return nil, fmt.Errorf("line %q has more than %d fields", line, n)
	}
	for len(p) < n {
		p = append(p, "")
	}
	return p, nil
}
