package portal

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"time"

	"guichet"
	"guichet/trade"
)

// Words are the keys of a language with their words.
func Words(lang string) (map[string]string, error) {
	p, err := phrasesIn(lang)
	return p.held, err
}

// Templates are the sources of all templates, by file.
func Templates() (map[string]string, error) {
	out := map[string]string{}
	names, err := fs.Glob(templateFiles, "templates/*.html")
	for _, n := range names {
		text, rerr := templateFiles.ReadFile(n)
		if rerr != nil {
			return nil, fmt.Errorf("template: %w", rerr)
		}
		out[n] = string(text)
	}
	return out, err
}

// Typeset is a French page with its spaces.
func Typeset(page []byte) []byte { return typeset(page) }

// Number writes a figure.
func Number(lang, digits string, decimals int) string {
	p, err := phrasesIn(lang)
	if err != nil {
		return err.Error()
	}
	d, err := guichet.ParseDecimal(digits)
	if err != nil {
		return err.Error()
	}
	return p.number(d, decimals)
}

// Roughly writes a figure for pictures.
func Roughly(lang string, x float64) string {
	p, err := phrasesIn(lang)
	if err != nil {
		return err.Error()
	}
	return p.roughly(x)
}

// Moment and Period write times.
func Moment(lang string, t time.Time) string {
	p, err := phrasesIn(lang)
	if err != nil {
		return err.Error()
	}
	return p.moment(t)
}

// Period writes a period.
func Period(lang, text string) string {
	p, err := phrasesIn(lang)
	if err != nil {
		return err.Error()
	}
	return p.period(text)
}

// MonthOf, AreaOf, Preferred and Tidy are what forms are read with.
func MonthOf(text string, last bool) string { return monthOf(text, last) }

// AreaOf finds an area.
func AreaOf(text, lang string) (string, []string) { return areaOf(text, lang) }

// Preferred is the language of a browser.
func Preferred(accepted string) string { return preferred(accepted) }

// Tidy bounds what was typed.
func Tidy(s string, most int) string { return tidy(s, most) }

// CSV writes an answer.
func CSV(a Answer) (string, error) {
	var out bytes.Buffer
	err := writeCSV(&out, trade.Dataset(), a)
	return out.String(), err
}

// ChartOf makes the picture of an answer: its title, note, and how many lines, bars,
// dots and texts.
func ChartOf(lang string, a Answer, by ...string) (title, note string, counts [4]int) {
	p, err := phrasesIn(lang)
	if err != nil {
		return err.Error(), "", counts
	}
	c := chartOf(p, trade.Dataset(), a, by)
	if c == nil {
		return "", "", counts
	}
	return c.Title, c.Note, [4]int{len(c.Lines), len(c.Bars), len(c.Dots), len(c.Texts)}
}

// ChartsOf makes all pictures of an answer: their titles, and the texts in each.
func ChartsOf(lang string, ds *guichet.Dataset, a Answer, by ...string) (titles []string, texts [][]string) {
	p, err := phrasesIn(lang)
	if err != nil {
		return []string{err.Error()}, nil
	}
	for _, c := range chartsOf(p, ds, a, by) {
		var of []string
		for _, x := range c.Texts {
			of = append(of, x.Text)
		}
		titles, texts = append(titles, c.Title), append(texts, of)
	}
	return titles, texts
}

// Asked is what an address asks of datasets, as of a moment.
type Asked struct {
	Question guichet.Question
	Wrong    [][2]string // field, and what is wrong with it
	Address  string      // as it is kept
}

// AskOf reads an address.
func AskOf(lang string, all []*guichet.Dataset, c guichet.Circle, now time.Time, address string) (Asked, error) {
	words, err := phrasesIn(lang)
	if err != nil {
		return Asked{}, err
	}
	v, err := url.ParseQuery(address)
	if err != nil {
		return Asked{}, fmt.Errorf("address: %w", err)
	}
	p := &Portal{cfg: Config{Datasets: all}}
	f := p.readAsk(v)
	a, wrong := f.asks(words, c, c.Members[0].Code, []Purpose{{Word: "research"}}, now)
	out := Asked{Question: a.Question, Address: f.values().Encode()}
	for _, x := range wrong {
		out.Wrong = append(out.Wrong, [2]string{x.Field, x.Text})
	}
	return out, nil
}

// ReadMoment reads a moment: it, as it is kept, and what is wrong.
func ReadMoment(lang, text string, clock bool, now time.Time) (at time.Time, kept, wrong string) {
	p, err := phrasesIn(lang)
	if err != nil {
		return at, "", err.Error()
	}
	return readMoment(p, text, clock, now)
}

// BesidesOf sets two answers of a dataset beside each other.
func BesidesOf(ds *guichet.Dataset, first, second Answer) Answer { return besides(ds, first, second) }

// TilesOf makes the matrix of an answer: the kind of each tile, member by member.
func TilesOf(a Answer, query string) [][]string {
	p, err := phrasesIn("en")
	if err != nil {
		return nil
	}
	q, err := url.ParseQuery(query)
	if err != nil {
		return nil
	}
	t := tilesOf(p, a, readAskOf(trade.Dataset(), q))
	if t == nil {
		return nil
	}
	var out [][]string
	for _, r := range t.Rows {
		var kinds []string
		for _, x := range r.Tiles {
			kinds = append(kinds, x.Kind)
		}
		out = append(out, kinds)
	}
	return out
}

// Shelf is where answers are kept.
type Shelf struct{ s *shelf }

// OpenShelf opens one.
func OpenShelf(dir string, clock guichet.Clock) (Shelf, error) {
	s, err := openShelf(dir, clock)
	return Shelf{s}, err
}

// Put keeps an answer.
func (s Shelf) Put(id, owner string, began, until time.Time, a Answer) error {
	return s.s.put(kept{keptHead{ID: id, Owner: owner, Began: began, Until: until, State: stateDone}, a})
}

// Get returns one.
func (s Shelf) Get(id, owner string) (Answer, error) {
	k, err := s.s.get(id, owner)
	return k.Answer, err
}

// Of are the ids of a person's.
func (s Shelf) Of(owner string) []string {
	var out []string
	for _, h := range s.s.of(owner) {
		out = append(out, h.ID)
	}
	return out
}

// Remove removes one.
func (s Shelf) Remove(id, owner string) error { return s.s.remove(id, owner) }

// Bounds.
const (
	KeptOfOne   = keptOfOne
	AskingOfOne = askingOfOne
)

// Besides sets two answers beside each other.
func Besides(first, second Answer) Answer { return besides(trade.Dataset(), first, second) }

// Marks are the marks of rows, in their order.
func Marks(a Answer) []string {
	var out []string
	for _, r := range a.Answer.Rows {
		out = append(out, plain(r["mark"]))
	}
	return out
}

// Between and Ratio are what lies between two figures; "" not known.
func Between(x, m *guichet.Decimal) string { return text(between(x, m)) }

// Ratio is m for one of x.
func Ratio(m, x *guichet.Decimal) string { return text(ratio(m, x)) }

func text(d *guichet.Decimal) string {
	if d == nil {
		return ""
	}
	return d.String()
}

// TypedLabels are the labels of the fields of our forms.
func TypedLabels() map[string]string { return typedLabels() }

// LastHop is the address that a proxy's header ends with.
func LastHop(header []string) (netip.Addr, bool) { return lastHop(header) }

// SentenceOf is a sentence of a member's as a page writes it.
func SentenceOf(lang, text string) string {
	p, err := phrasesIn(lang)
	if err != nil {
		return err.Error()
	}
	return (&visit{p: &Portal{}, lang: lang, words: p}).sentence(text)
}

// WordedOf is a refusal of a member's with words beside its codes.
func WordedOf(lang, text string, purposes ...Purpose) string {
	p, err := phrasesIn(lang)
	if err != nil {
		return err.Error()
	}
	return (&visit{p: &Portal{cfg: Config{Purposes: purposes}}, lang: lang, words: p}).worded(text)
}

// UnsaidOf is what a page says of the periods of a gap beside its sentence.
func UnsaidOf(lang, periods, text string) string {
	p, err := phrasesIn(lang)
	if err != nil {
		return err.Error()
	}
	return (&visit{lang: lang, words: p}).unsaid(periods, text)
}

// SaidOf is a sentence: of whom, its code, its words.
type SaidOf [3]string

// Fold makes one sentence of those about several files.
func Fold(lang string, all []SaidOf) ([]string, error) {
	p, err := phrasesIn(lang)
	if err != nil {
		return nil, err
	}
	var in []said
	for _, x := range all {
		in = append(in, said{Who: x[0], Word: x[1], Text: x[2], Times: 1})
	}
	var out []string
	for _, s := range (&visit{lang: lang, words: p}).foldFiles(in) {
		out = append(out, s.Who+" "+s.Text)
	}
	return out, nil
}

// ClauseLink is where the clause of a refusal leads to.
func ClauseLink(c guichet.Circle, agreement, clause string) string {
	p, err := phrasesIn("en")
	if err != nil {
		return err.Error()
	}
	v := &visit{p: &Portal{}, lang: "en", words: p}
	return v.whoOf(c, MemberResult{Decision: guichet.Decision{Agreement: agreement, Clause: clause}, Gap: &guichet.Gap{Reason: guichet.GapRefused}}).ClauseTo
}
