package ingest

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"guichet"
)

// periodFormats are the ways in which the head line or a member's name writes a
// period; they are named as package time would write 2 January 2006.
func periodFormats() []string { return []string{"2006", "200601", "2006-01", "2006 January"} }

// parsePeriod reads a period in one of the formats; a month's name is English,
// in any case ("2009 FEBRUARY").
func parsePeriod(text, format string) (guichet.Period, error) {
	text = strings.Join(strings.Fields(text), " ")
	t, err := time.Parse(format, text)
	if err != nil {
		return guichet.Period{}, fmt.Errorf("read the period: %w", err)
	}
	if format == "2006" {
		return guichet.ParsePeriod(t.Format("2006"))
	}
	return guichet.ParsePeriod(t.Format("2006-01"))
}

// placeholders are the names in braces in a text.
func placeholders(text string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`\{([^{}]*)\}`).FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// fill puts values in the place of names in braces.
func fill(text string, values map[string]string) string {
	for _, name := range placeholders(text) {
		text = strings.ReplaceAll(text, "{"+name+"}", values[name])
	}
	return text
}
