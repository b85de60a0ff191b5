package draft

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"guichet"
	"guichet/codes"
)

// francCFA stands for the franc of two central banks until the country says
// whose it is.
const francCFA = "FCFA"

// unknownShift is the shift of a header that may say thousands or millions.
const unknownShift = -1

// currency is that of the values, or FillMe.
func (p *proposal) currency() string {
	if p.answers.Currency != "" {
		return p.answers.Currency
	}
	found := ""
	for _, f := range p.figures {
		if !strings.Contains(f.field, "value") {
			continue
		}
		c := currencyIn(f.col)
		if found != "" && c != "" && c != found {
			found = FillMe
			break
		}
		found = cmp.Or(found, c)
	}
	if found == francCFA {
		return p.franc()
	}
	if found == "" || found == FillMe {
		p.open("fields.currency", guichet.Text{
			EN: "no header names the currency, or several do: a code of ISO 4217, such as USD (--currency)",
			FR: "aucun en-tête ne nomme la monnaie, ou plusieurs le font : un code ISO 4217, comme USD (--currency)",
		})
		return FillMe
	}
	return found
}

// franc is the CFA franc of the country whose figures these are: XOF of the
// eight members of UEMOA (Central Bank of West African States), XAF of the six
// of CEMAC (Bank of Central African States); ISO 4217 has a code for each.
func (p *proposal) franc() string {
	for _, of := range []struct{ code, members string }{
		{"XOF", " BF BJ CI GW ML NE SN TG "},
		{"XAF", " CF CG CM GA GQ TD "},
	} {
		if p.country == "" || !strings.Contains(of.members, " "+p.country+" ") {
			continue
		}
		p.doubt("fields.currency", guichet.Text{
			EN: fmt.Sprintf("a header says CFA francs: of %s these are %s", p.country, of.code),
			FR: fmt.Sprintf("un en-tête dit francs CFA : pour %s, c'est %s", p.country, of.code),
		})
		return of.code
	}
	p.open("fields.currency", guichet.Text{
		EN: "a header says CFA francs: XOF (West Africa) or XAF (Central Africa)? (--currency)",
		FR: "un en-tête dit francs CFA : XOF (Afrique de l'Ouest) ou XAF (Afrique centrale) ? (--currency)",
	})
	return FillMe
}

// currencyIn is the currency that a name speaks of: "Nilai (USD)", "Trade
// Value (US$)"; francCFA for CFA francs. Codes that are also words count in
// brackets only.
func currencyIn(c *column) string {
	if code := signIn(c.name); code != "" {
		return code
	}
	bracketed := ""
	if _, after, ok := strings.Cut(c.name, "("); ok {
		bracketed, _, _ = strings.Cut(after, ")")
	}
	for _, w := range c.words {
		if w == "fcfa" || w == "cfa" {
			return francCFA
		}
		w = strings.ToUpper(strings.Trim(w, "$€£"))
		common := strings.Contains(" ALL TOP TRY MAD GEL PEN CUP SOS RON KID ", " "+w+" ")
		if len(w) == 3 && codes.CurrencyKnown(w) && (!common || strings.Contains(strings.ToUpper(bracketed), w)) {
			return w
		}
	}
	return ""
}

// signIn is the currency that a sign in a name stands for, with the letters in
// front of it or, as in French, after it: US$, EC$, $CAN. A dollar alone, and
// one of letters that are not known here, is nobody's: EC$ is not C$.
func signIn(name string) string {
	low := strings.ToLower(name)
	for _, m := range regexp.MustCompile(`(?:\b(us) |(\pL*))\$ ?(?:(us|can|ca|au|nz)d?\b)?`).FindAllStringSubmatch(low, -1) {
		if code := cmp.Or(dollarOf(m[1]+m[2]), dollarOf(m[3])); code != "" {
			return code
		}
	}
	for _, of := range []struct{ sign, code string }{{"€", "EUR"}, {"£", "GBP"}} {
		if before, _, ok := strings.Cut(low, of.sign); ok {
			letters := regexp.MustCompile(`\pL*$`).FindString(before)
			if slices.Contains([]string{"", "k", "m", "md"}, letters) { // E£ is no pound sterling
				return of.code
			}
		}
	}
	return ""
}

// dollarOf is the currency whose dollar, or real, is written with these letters,
// as offices and banks write them; ISO 4217 itself has no signs.
func dollarOf(letters string) string {
	return map[string]string{
		"us": "USD", "usd": "USD", "ec": "XCD", "xcd": "XCD", "j": "JMD", "ja": "JMD", "tt": "TTD",
		"bd": "BBD", "bds": "BBD", "bz": "BZD", "gy": "GYD", "r": "BRL", "rd": "DOP",
		"a": "AUD", "au": "AUD", "aud": "AUD", "nz": "NZD", "nzd": "NZD", "fj": "FJD",
		"c": "CAD", "ca": "CAD", "can": "CAD", "cad": "CAD", "cdn": "CAD",
		"hk": "HKD", "s": "SGD", "sg": "SGD", "nt": "TWD", "n": "NAD", "mx": "MXN",
	}[letters]
}

// scaleIn is by how many places the words of a header say that its figures are
// moved, and the words: 3 of "(milliers FCFA)", "XCD '000", "in Tsd."; 6 of
// millions; 0 where it says nothing. "mil" is thousands in Portuguese and
// millions in some English: it is left to a person.
func scaleIn(c *column) (places int, said string) {
	folded := strings.Join(c.words, " ")
	words := map[int][]string{
		3: {"thousand", "thousands", "millier", "milliers", "mille", "miles", "milhares", "tausend", "tsd", "ribu", "1000", "000s", "keur", "kusd"},
		6: {"million", "millions", "millon", "millones", "milhao", "milhoes", "millionen", "mio", "mln", "mn", "juta", "1000000", "000000"}, //nolint:misspell // other languages beside English
		9: {"billion", "billions", "milliard", "milliards", "bilhoes", "milliarden", "mrd"},
	}
	for _, w := range regexp.MustCompile(`\pL+|[0-9]+s?`).FindAllString(folded, -1) {
		if w == "000" { // of '000, 1,000 and 1 000 000
			places, said = places+3, strings.TrimSpace(said+" "+w)
			continue
		}
		for _, n := range []int{3, 6, 9} {
			if slices.Contains(words[n], w) {
				return n, w
			}
		}
	}
	if places > 0 {
		return min(places, 9), said
	}
	if m := regexp.MustCompile(`(^|[^\pL])(k|m|md)[€$£]`).FindStringSubmatch(strings.ToLower(c.name)); m != nil {
		return map[string]int{"k": 3, "m": 6, "md": 9}[m[2]], m[0]
	}
	return 0, ""
}

// tellScale proposes the shift of a column whose header says thousands or
// millions. What is proposed is told, since a figure a thousand times too large
// looks like a figure.
func (p *proposal) tellScale(c *column) {
	places, said := scaleIn(c)
	if places == 0 {
		if slices.Contains(c.words, "mil") {
			c.numbers.shift = unknownShift
			p.open("columns."+c.name, guichet.Text{
				EN: `"mil" in the header: thousands (shift: 3), millions (shift: 6), or neither?`,
				FR: "« mil » dans l'en-tête : milliers (shift: 3), millions (shift: 6), ou ni l'un ni l'autre ?",
			})
		}
		return
	}
	c.numbers.shift = places
	if p.table.Shape.Kind != "csv" {
		p.open("figure."+c.name, guichet.Text{
			EN: fmt.Sprintf("%q in the header of %q says units of 10^%d, and shift is for the kind csv only: ask for the file as CSV", said, c.name, places),
			FR: fmt.Sprintf("« %s » dans l'en-tête de « %s » dit des unités de 10^%d, et shift n'est que pour le genre csv : demandez le fichier en CSV", said, c.name, places),
		})
		return
	}
	p.doubt("columns."+c.name, guichet.Text{
		EN: fmt.Sprintf("%q in the header: the figures are taken to be in units of 10^%d, and shift: %d makes them whole; compare a total with the office's", said, places, places),
		FR: fmt.Sprintf("« %s » dans l'en-tête : les chiffres sont pris pour des unités de 10^%d, et shift: %d les rend entiers ; comparez un total à celui de l'office", said, places, places),
	})
}

// sign is the decimal sign of a column's figures.
func (n numbers) sign() string {
	if n.comma {
		return ","
	}
	return "."
}
