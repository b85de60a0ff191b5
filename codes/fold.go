package codes

import "strings"

func isNames(list string) bool { return list == "names" || strings.HasSuffix(list, "-names") }

// foldCode brings a code to the one form that is looked up: capitals, without
// outer space, numbers without leading zeros. HMRC's sequences and Schedule C
// are of fixed width, and stay as they are.
func foldCode(list, key string) string {
	key = strings.ToUpper(strings.TrimSpace(key))
	if list != "comtrade" && list != "m49" {
		return key
	}
	if short := strings.TrimLeft(key, "0"); short != "" {
		return short
	}
	if key != "" {
		return "0"
	}
	return key
}

// foldName brings a name to the one form that is looked up: lower case,
// without accents, full stops, commas and hyphens, single spaces, "and" for "&", "saint" for
// "st". "Saint Barthélemy" and "ST. BARTHELEMY" are one.
func foldName(name string) string {
	var b strings.Builder
	b.Grow(len(name))
	for _, r := range strings.ToLower(name) {
		if plain, ok := bare(r); ok {
			b.WriteString(plain)
			continue
		}
		b.WriteRune(r)
	}
	words := strings.Fields(b.String())
	for i, w := range words {
		if w == "st" {
			words[i] = "saint"
		}
	}
	return strings.Join(words, " ")
}

// bare gives a letter without its accent, and what stands for a sign. Only
// what occurs in names of countries; the rest is left as it is.
func bare(r rune) (string, bool) {
	switch r {
	case 'à', 'á', 'â', 'ã', 'ä', 'å':
		return "a", true
	case 'ç':
		return "c", true
	case 'è', 'é', 'ê', 'ë':
		return "e", true
	case 'ì', 'í', 'î', 'ï':
		return "i", true
	case 'ñ':
		return "n", true
	case 'ò', 'ó', 'ô', 'õ', 'ö':
		return "o", true
	case 'ù', 'ú', 'û', 'ü':
		return "u", true
	case '.':
		return "", true
	case ',', '-', '–', '—':
		return " ", true // "Korea, South" and "KOREA SOUTH", "Pays-Bas" and "PAYS BAS"
	case '&':
		return " and ", true
	case '’', '‘', '`', '´':
		return "'", true
	case '\u00a0', '\u2009', '\u202f':
		return " ", true
	default:
		return "", false
	}
}
