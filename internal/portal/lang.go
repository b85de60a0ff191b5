package portal

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"guichet"
)

//go:embed lang/*.json
var langFiles embed.FS

// languages are those of the window.
func languages() []string { return []string{"en", "fr"} }

func otherThan(lang string) string {
	if lang == "fr" {
		return "en"
	}
	return "fr"
}

// preferred is the first of our languages in an Accept-Language header; English
// where there is none.
func preferred(accepted string) string {
	for part := range strings.SplitSeq(accepted, ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		tag, _, _ = strings.Cut(strings.ToLower(tag), "-")
		if tag == "fr" || tag == "en" {
			return tag
		}
	}
	return "en"
}

// phrases are the words of one language, by key. A key has the same places ({name})
// in every language.
type phrases struct {
	lang string
	held map[string]string
}

// phrasesIn reads lang/*.LANG.json: a file for each page, so that pages can be added
// without touching another's. The French ones need not be written with the no-break
// spaces that they have: nobody sees whether one is missing.
func phrasesIn(lang string) (phrases, error) {
	p := phrases{lang, map[string]string{}}
	names, err := fs.Glob(langFiles, "lang/*."+lang+".json")
	if err != nil {
		return p, fmt.Errorf("words: %w", err)
	}
	for _, name := range names {
		text, err := langFiles.ReadFile(name)
		if err != nil {
			return p, fmt.Errorf("words: %w", err)
		}
		var held map[string]string
		if err := json.Unmarshal(text, &held); err != nil {
			return p, fmt.Errorf("words %s: %w", name, err)
		}
		for k, v := range held {
			if _, twice := p.held[k]; twice {
				return p, fmt.Errorf("words %s: %q is held twice", name, k)
			}
			if lang == "fr" {
				v = typesetText(v)
			}
			p.held[k] = v
		}
	}
	return p, nil
}

// say returns the words of a key with its places filled. Pairs are names and values; a
// key that is not held is shown itself, so that a test can see it.
func (p phrases) say(key string, pairs ...any) string {
	text, ok := p.held[key]
	if !ok {
		return key
	}
	if len(pairs) == 0 {
		return text
	}
	places := make([]string, len(pairs))
	for i, x := range pairs {
		places[i] = fmt.Sprint(x)
		if i%2 == 0 {
			places[i] = "{" + places[i] + "}"
		}
	}
	return strings.NewReplacer(places...).Replace(text)
}

// count returns the words of a key for a number, which fills {n}: KEY.one or
// KEY.other. In French nothing is singular too.
func (p phrases) count(key string, n int, pairs ...any) string {
	form := ".other"
	if n == 1 || n == 0 && p.lang == "fr" {
		form = ".one"
	}
	return p.say(key+form, append([]any{"n", p.whole(int64(n))}, pairs...)...)
}

// or returns the words of a key, or another text where it is not held: codes that
// have words of ours, and others.
func (p phrases) or(key, other string) string {
	if text, ok := p.held[key]; ok {
		return text
	}
	return other
}

// Signs of the two languages: English 1,234.5, French 1 234,5 with a narrow no-break
// space.
const (
	frenchGroup   = "\u202f"
	frenchDecimal = ","
)

// number writes an exact decimal with at least so many digits after the sign. It
// drops none.
func (p phrases) number(d guichet.Decimal, decimals int) string {
	digits, negative := strings.CutPrefix(d.String(), "-")
	whole, frac, _ := strings.Cut(digits, ".")
	if len(frac) < decimals {
		frac += strings.Repeat("0", decimals-len(frac))
	}
	group, point := ",", "."
	if p.lang == "fr" {
		group, point = frenchGroup, frenchDecimal
	}
	var b strings.Builder
	if negative {
		b.WriteString("\u2212")
	}
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(group)
		}
		b.WriteRune(r)
	}
	if frac != "" {
		b.WriteString(point + frac)
	}
	return b.String()
}

// whole writes a whole number.
func (p phrases) whole(n int64) string { return p.number(guichet.DecimalOf(n), 0) }

// roughly writes a large figure short, for pictures: 1.2 million.
func (p phrases) roughly(x float64) string {
	abs, unit := max(x, -x), ""
	for _, u := range []struct {
		of   float64
		word string
	}{{1e9, "number.billion"}, {1e6, "number.million"}, {1e3, "number.thousand"}} {
		if abs >= u.of {
			x, unit = x/u.of, "\u00a0"+p.say(u.word)
			break
		}
	}
	text := strconv.FormatFloat(x, 'f', 1, 64)
	text = strings.TrimSuffix(text, ".0")
	if p.lang == "fr" {
		text = strings.ReplaceAll(text, ".", frenchDecimal)
	}
	return strings.Replace(text, "-", "\u2212", 1) + unit
}

// day writes a day: 30 November 2026, 1er mars 2026.
func (p phrases) day(t time.Time) string {
	d := strconv.Itoa(t.Day())
	if p.lang == "fr" && t.Day() == 1 {
		d = "1er"
	}
	return d + "\u00a0" + p.month(t)
}

// month writes a month: May 2024, mai 2024.
func (p phrases) month(t time.Time) string {
	return p.say("month."+strconv.Itoa(int(t.Month()))) + "\u00a0" + strconv.Itoa(t.Year())
}

// moment writes an instant, in UTC and said so.
func (p phrases) moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.UTC()
	clock := t.Format("15:04")
	if p.lang == "fr" {
		clock = t.Format("15 h 04")
		clock = strings.ReplaceAll(clock, " ", "\u00a0")
	}
	return p.day(t) + ", " + clock + "\u00a0UTC"
}

// period writes a period as its frequency is written: 2024, May 2024.
func (p phrases) period(text string) string {
	per, err := guichet.ParsePeriod(text)
	if err != nil {
		return text
	}
	switch per.Freq {
	case guichet.Monthly:
		return p.month(per.Start)
	case guichet.Daily:
		return p.day(per.Start)
	case guichet.Annual, guichet.Quarterly:
		return text
	}
	return text
}

// span writes a stretch of time: from May 2024 to July 2024.
func (p phrases) span(s guichet.Span) string {
	from, to := p.period(s.From.String()), p.period(s.To.String())
	if from == to {
		return from
	}
	return p.say("span", "from", from, "to", to)
}
