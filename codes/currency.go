package codes

import (
	"strings"
	"sync"
)

// CurrencyKnown reports whether ISO 4217 holds the code, today or withdrawn.
func CurrencyKnown(code string) bool {
	_, ok := currencies()[code]
	return ok
}

// CurrencyWithdrawn tells since when a currency is withdrawn, as ISO writes it
// ("2002-03", or a span of months); "" for one in use or not known.
func CurrencyWithdrawn(code string) string { return currencies()[code] }

// currencies reads lines such as "ADP|2003-07" and "AED|".
//
//nolint:gochecknoglobals // decoded once, never changed
var currencies = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(body(textOf("currencies"))) {
		code, withdrawn, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "|")
		out[code] = withdrawn
	}
	return out
})
