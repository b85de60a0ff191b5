package ingest

import "strings"

// fillHint says what to write where a draft says "fill me": what a person must
// know, since no file says it.
func fillHint(path string) string {
	for _, h := range []struct{ end, hint string }{
		{"reporter", "write whose figures these are, two letters of ISO 3166-1, such as NZ"},
		{"office", "write who publishes the file"},
		{"source", "write where it is published, a URL"},
		{"licence", "write the licence as the office names it"},
		{"redistribute", "write true or false: does the licence allow copies, public views and exports?"},
		{"currency", "write a code of ISO 4217, such as USD"},
		{"flow", "write imports, exports, domestic_exports, re_exports or re_imports"},
		{"valuation", "write cif, fob, fob_place_direct, customs_value, fas, invoice or unknown"},
		{"edition", "write the edition of the HS, such as HS2017"},
		{"format", "write how the period is written, such as 02/01/2006 for day, month, year"},
		{"grouped", `write the sign between groups of three digits, or take this out and write comma: true at the measure`},
		{"shift", "write 3 where the figures are thousands, 6 where they are millions, 0 where they are neither"},
		{"column", "write the name of the column that holds the figure"},
	} {
		if path == h.end || strings.HasSuffix(path, "."+h.end) {
			return h.hint
		}
	}
	return "write what docs/design/profiles.md says of this key"
}
