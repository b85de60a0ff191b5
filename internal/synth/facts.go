package synth

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"strconv"
	"strings"

	"guichet"
)

//go:embed facts/shares.txt
var sharesText string

// figures are the published figures that shares and prices follow, see the
// sources in facts/shares.txt. Keys hold HS6 or members' alpha-2 codes.
type figures struct {
	usImports map[[2]string]int64 // exporter, HS6 of HS2022: US dollars, 2024
	nzExports map[[2]string]int64 // importer, HS6 of HS2022: NZ dollars, 2025-01
	usExports map[string]int64    // HS6 of HS2017: US dollars, 2019 to 2021, to Ireland and Switzerland
	pairs     map[[2]string]int64 // exporter, importer: millions of US dollars, all goods, 2016
	prices    map[string]int64    // HS6 of HS2017: US cents a kilogram, 2019
	sources   []string
}

// readFigures decodes the embedded facts; an error is a fault of the build.
//
//	guichet synth facts 1|<sha256 of what follows>
//	#prices|BPS Indonesia ...
//	prices|401519|521
//	us-imports|CA|220710|55615770
func readFigures() (figures, error) {
	f := figures{
		usImports: map[[2]string]int64{}, nzExports: map[[2]string]int64{}, usExports: map[string]int64{},
		pairs: map[[2]string]int64{}, prices: map[string]int64{},
	}
	head, body, _ := strings.Cut(sharesText, "\n")
	digest := sha256.Sum256([]byte(body))
	if head != "guichet synth facts 1|"+hex.EncodeToString(digest[:]) {
		return f, guichet.Errorf(guichet.KindInternal, "facts/shares.txt is not what its digest says")
	}
	for line := range strings.Lines(body) {
		line = strings.TrimSuffix(line, "\n")
		if rest, ok := strings.CutPrefix(line, "#"); ok {
			f.sources = append(f.sources, rest)
			continue
		}
		if err := f.add(strings.Split(line, "|")); err != nil {
			return f, guichet.Errorf(guichet.KindInternal, "facts/shares.txt, %q: %w", line, err)
		}
	}
	return f, nil
}

func (f *figures) add(p []string) error {
	if len(p) < 3 || len(p) > 4 {
		return guichet.Errorf(guichet.KindInternal, "%d parts", len(p))
	}
	n, err := strconv.ParseInt(p[len(p)-1], 10, 64)
	if err != nil {
		return err
	}
	two := [2]string{p[1], p[2]}
	switch p[0] {
	case "us-imports":
		f.usImports[two] = n
	case "nz-exports":
		f.nzExports[two] = n
	case "pairs":
		f.pairs[two] = n
	case "us-exports":
		f.usExports[p[1]] = n
	case "prices":
		f.prices[p[1]] = n
	default:
		return guichet.Errorf(guichet.KindInternal, "no table of this name")
	}
	return nil
}
