package draft

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"guichet"
	"guichet/codes"
)

// askWho notes what no file says of itself.
func (p *proposal) askWho() {
	if p.answers.Office == "" {
		p.open("office", guichet.Text{EN: "who publishes the file (--office)", FR: "qui publie le fichier (--office)"})
	}
	if p.country == "" && p.reporter == nil {
		text := guichet.Text{
			EN: "whose figures these are: two letters of ISO 3166-1, such as NZ (--reporter)",
			FR: "de qui sont ces chiffres : deux lettres d'ISO 3166-1, comme NZ (--reporter)",
		}
		for _, l := range codes.Lists() {
			if l.Name == p.goods.list {
				text.EN += fmt.Sprintf("; the codes are of a list of %s", l.Country)
				text.FR += fmt.Sprintf(" ; les codes sont d'une liste de %s", l.Country)
				break
			}
		}
		p.open("reporter", text)
	}
	if p.answers.Source == "" {
		p.open("source", guichet.Text{
			EN: "where it is published and its layout explained: a URL (--source)",
			FR: "où il est publié et sa structure expliquée : une URL (--source)",
		})
	}
	if p.answers.Licence == "" {
		p.open("licence", guichet.Text{EN: "the licence, as the office names it (--licence)", FR: "la licence, comme l'office la nomme (--licence)"})
	}
	if p.answers.Redistribute == "" {
		p.open("redistribute", guichet.Text{
			EN: "true or false: does the licence allow copies, public views and exports? (--redistribute)",
			FR: "true ou false : la licence permet-elle copies, vues publiques et exports ? (--redistribute)",
		})
	}
	if n := p.table.Shape.Skip; n > 0 {
		p.doubt("format", guichet.Text{
			EN: fmt.Sprintf("%d lines in front of the header are passed over; a newer file must have as many", n),
			FR: fmt.Sprintf("les %d lignes qui précèdent l'en-tête sont sautées ; un fichier plus récent doit en avoir autant", n),
		})
	}
	if p.table.Shape.Uncut > 0 {
		p.doubt("format", guichet.Text{
			EN: fmt.Sprintf("%d lines of the sample do not have the columns of the others: they would be put aside", p.table.Shape.Uncut),
			FR: fmt.Sprintf("%d lignes de l'échantillon n'ont pas les colonnes des autres : elles seraient mises de côté", p.table.Shape.Uncut),
		})
	}
}

// profileName makes a name from what was said, else from the file's without its
// year and month.
func (p *proposal) profileName(_ []side) string {
	if p.answers.Name != "" {
		return p.answers.Name
	}
	base := p.table.File
	for range 2 { // exports.csv.gz
		if cut := strings.LastIndexByte(base, '.'); cut > 0 {
			base = base[:cut]
		}
	}
	var b strings.Builder
	for _, w := range timeless(words(base)) {
		w = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, w)
		if w != "" && b.Len()+len(w) < 60 {
			if b.Len() > 0 {
				b.WriteByte('-')
			}
			b.WriteString(w)
		}
	}
	name := cmp.Or(b.String(), "drafted")
	if p.country != "" && !strings.HasPrefix(name, strings.ToLower(p.country)+"-") {
		name = strings.ToLower(p.country) + "-" + name
	}
	return name
}

// timeless takes the year, and beside it the month or quarter, out of the words
// of a file's name: a profile and a cube are of all the office's files, not of
// the first that came.
func timeless(all []string) []string {
	year := regexp.MustCompile(`^(19|20)[0-9]{2}(0[1-9]|1[0-2]|[qstm][0-9]{1,2}|(0[1-9]|1[0-2])[0-3][0-9])?$`)
	part := regexp.MustCompile(`^([qstm]?[0-9]{1,2}|jan|janv|janvier|january|enero|janeiro|feb|fev|fevrier|february|febrero|fevereiro|mar|mars|march|marzo|marco|apr|avr|avril|april|abr|abril|may|mai|mayo|maio|jun|juin|june|junio|junho|jul|juil|juillet|july|julio|julho|aug|aout|august|ago|agosto|sep|sept|september|septembre|septiembre|setembro|oct|october|octobre|octubre|out|outubro|nov|november|novembre|noviembre|novembro|dec|december|decembre|dic|diciembre|dez|dezembro)$`) //nolint:misspell // four languages beside English
	var out []string
	for i, w := range all {
		beside := i > 0 && year.MatchString(all[i-1]) || i+1 < len(all) && year.MatchString(all[i+1])
		if !year.MatchString(w) && (!beside || !part.MatchString(w)) {
			out = append(out, w)
		}
	}
	return out
}

// titles say in words what the file holds.
func (p *proposal) titles(sides []side) (en, fr string) {
	who := cmp.Or(p.answers.Office, p.country, p.table.File)
	if a, ok := codes.AreaByCode(p.country); ok && p.answers.Office == "" {
		en, fr = a.NameEN, a.NameFR
	} else {
		en, fr = oneLine(who), oneLine(who)
	}
	in, out := false, false
	for _, s := range sides {
		in, out = in || !s.outward, out || s.outward
	}
	switch {
	case in && out:
		en, fr = en+": imports and exports", fr+" : importations et exportations"
	case out:
		en, fr = en+": exports", fr+" : exportations"
	default:
		en, fr = en+": imports", fr+" : importations"
	}
	if p.goods.col != nil {
		en, fr = fmt.Sprintf("%s by %d-digit code", en, p.goods.digits), fmt.Sprintf("%s par code à %d chiffres", fr, p.goods.digits)
	}
	if p.partner != nil {
		en, fr = en+" and partner", fr+" et partenaire"
	}
	return en, fr
}
