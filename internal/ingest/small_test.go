package ingest_test

import (
	"os"
	"path/filepath"
	"testing"

	"guichet/internal/ingest"
)

// smallYAML is the smallest useful profile; the hostile files of the tests are
// read by it.
const smallYAML = `name: small
version: 1
title: {en: Small, fr: Petit}
dataset: trade
office: Test
reporter: NZ
source: https://example.org/
licence: CC0
redistribute: true
format: {kind: csv}
columns:
  - {name: month}
  - {name: code}
  - {name: country}
  - {name: value}
cube: {name: small, covers: {product: all, partner: all}}
fields: {grain: aggregate, regime: statistical, currency: NZD, basis: release}
keys:
  commodity:
    rule: commodity
    columns: [code, month]
    fields: [code, hs, edition, level, list]
    params: {list: hs, flow: imports, period_format: "2006-01"}
  partner: {rule: area, columns: [country], fields: [partner, partner_kind], params: {list: iso2}}
  period: {rule: period, columns: [month], fields: [freq, period], params: {format: "2006-01"}}
records:
  - constants: {flow: imports, trade_system: general, valuation: cif, partner_role: origin}
    measures: {value: {column: value, required: true, decimals: 3}}
    keys: [commodity, partner, period]
update: {action: replace, scope: [flow, period]}
`

const smallText = "month,code,country,value\n2025-01,0101,AU,10\n2025-01,0102,CA,20.5\n"

func small(tb testing.TB) *ingest.Profile {
	tb.Helper()
	return parse(tb, smallYAML)
}

func parse(tb testing.TB, text string) *ingest.Profile {
	tb.Helper()
	p, err := ingest.ParseProfile("small.yaml", []byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// write puts bytes into a file of a temporary folder.
func write(tb testing.TB, name string, b []byte) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func prepareBy(tb testing.TB, file string, o ingest.Options) (*ingest.Prepared, error) {
	tb.Helper()
	o.Dir, o.Now = tb.TempDir(), now()
	if o.Profiles == nil {
		o.Profiles = []*ingest.Profile{small(tb)}
	}
	return ingest.Prepare(tb.Context(), file, o)
}
