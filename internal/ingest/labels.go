package ingest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"guichet"
	"guichet/codes"
	"guichet/hs"
)

// LabelList is an official list of labels: the wording of codes, by language.
type LabelList struct {
	Edition int    // of the HS, 2022; of a national list, the one that it refines
	List    string // "" the HS itself, else the national list: "uk-cn"
	// Langs holds a label for each code, by language: "fr", "630790". Codes are
	// digits only: 2, 4 or 6 of the HS, of a national list up to 14.
	Langs  map[string]map[string]string
	Source string // the file's name, without its folder
	Digest string // sha256 of the unpacked file, in hex
}

// What a label list may be: the largest held here, TARIC's, has 25,000 rows, and
// no tariff refines the HS beyond 14 digits.
const (
	maxLabelBytes  = 64 << 20 // unpacked
	maxLabelRows   = 200_000
	maxLabelChars  = 2_000    // characters of a label
	maxLabelDigits = 14       // of a code
	maxLabelRecord = 64 << 10 // bytes of a row of CSV
)

// ParseLabels reads an official label list: a CSV with a header that names its
// code column and the language of its labels, or UN Comtrade's JSON of a
// classification, either of them plain or gzip. Name is the file's, for
// messages; what the file is, is found by its content: its edition, or its
// national list, is the one that knows at least 95 of 100 of
// its codes.
//
// A list that contradicts itself, one code with two labels in one language, is
// refused: whichever were taken would be a guess. A code without a label is
// passed over, and so is a label without a code, or whose code is not of at
// most 14 digits: sections, UN Comtrade's TOTAL and AG6.
//
// Errors are *guichet.Error: KindHostile when a limit is broken, KindInvalid
// with the line for every other fault of the file, KindUnrecognised when no
// edition and no list fits. Nothing is checked of the wording itself.
func ParseLabels(name string, r io.Reader) (LabelList, error) {
	p := &labelParser{name: name, langs: map[string]map[string]string{}, full: map[string]map[string]string{}, lines: map[string]int{}}
	text, err := p.read(r)
	if err != nil {
		return LabelList{}, err
	}
	digest := sha256.Sum256(text)
	text = bytes.TrimPrefix(text, []byte(byteOrderMark))
	if err := p.isText(text); err != nil {
		return LabelList{}, err
	}
	if begin := bytes.TrimSpace(text); len(begin) > 0 && (begin[0] == '{' || begin[0] == '[') {
		err = p.readJSON(text)
	} else {
		err = p.readCSV(text)
	}
	if err != nil {
		return LabelList{}, err
	}
	p.completeShared()
	out := LabelList{Langs: p.langs, Source: filepath.Base(name), Digest: hex.EncodeToString(digest[:])}
	if out.Edition, out.List, err = p.place(); err != nil {
		return LabelList{}, err
	}
	return out, nil
}

// labelParser is one list on its way in.
type labelParser struct {
	name  string
	rows  int
	class string                       // the edition that the file itself names, "" none
	langs map[string]map[string]string // language -> code -> label
	full  map[string]map[string]string // the same with the heading's wording before it
	lines map[string]int               // code -> the line of its first label
}

// faulty is an error about the file, which it names first.
func (p *labelParser) faulty(kind guichet.Kind, format string, args ...any) *guichet.Error {
	return guichet.Errorf(kind, "%s: %w", p.name, guichet.Errorf(kind, format, args...))
}

// read unpacks the file into memory, at most maxLabelBytes of it.
func (p *labelParser) read(r io.Reader) ([]byte, error) {
	in := bufio.NewReader(r)
	src := io.Reader(in)
	if head, _ := in.Peek(2); string(head) == "\x1f\x8b" {
		zr, err := gzip.NewReader(in)
		if err != nil {
			return nil, p.readFault(err)
		}
		src = zr
	}
	text, err := io.ReadAll(io.LimitReader(src, maxLabelBytes+1))
	switch {
	case err != nil:
		return nil, p.readFault(err)
	case len(text) > maxLabelBytes:
		return nil, p.faulty(guichet.KindHostile, "it holds more than %d bytes: no label list does", maxLabelBytes).WithHint("look at the file")
	case len(bytes.TrimSpace(bytes.TrimPrefix(text, []byte(byteOrderMark)))) == 0:
		return nil, p.faulty(guichet.KindInvalid, "it is empty").WithHint("fetch it again")
	}
	if what := signed(text, append(archives(), others()...)); what != "" {
		return nil, p.faulty(guichet.KindInvalid, "it is no label list, its content is %s", what).WithHint("unpack it, or save it as UTF-8 CSV, then import that file")
	}
	return text, nil
}

func (p *labelParser) readFault(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return p.faulty(guichet.KindInvalid, "it is truncated: the gzip ends too early").WithHint("fetch it again; compare its size with the office's")
	}
	return p.faulty(guichet.KindInvalid, "it cannot be read: %w", err).WithHint("if it is damaged, fetch it again")
}

// isText refuses what is no UTF-8 text, with its line.
func (p *labelParser) isText(b []byte) error {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == 0 || r == utf8.RuneError && n == 1 {
			line := 1 + bytes.Count(b[:i], []byte("\n"))
			return p.faulty(guichet.KindInvalid, "line %d is no UTF-8 text: a byte of it is 0x%02x", line, b[i]).WithHint("it may be damaged, UTF-16 or a binary format; save it as UTF-8")
		}
		i += n
	}
	return nil
}

// forbidden tells the characters that would let a label forge what stands
// around it on a screen, or that say that the text is damaged: control
// characters, ends of lines, what turns the direction of writing around, and
// the replacement character.
func forbidden(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == utf8.RuneError
}

// code reads the code of a row, "" for what is no code of digits. Dots and
// spaces may stand in it, as in 6307.90.
func (p *labelParser) code(written string) (string, error) {
	if p.rows++; p.rows > maxLabelRows {
		return "", p.faulty(guichet.KindHostile, "it has more than %d rows: no label list does", maxLabelRows).WithHint("look at the file")
	}
	c := strings.NewReplacer(".", "", " ", "").Replace(written)
	if len(c) > maxLabelDigits || strings.Trim(c, "0123456789") != "" {
		return "", nil
	}
	return c, nil
}

// add notes a label in one of the two maps.
func (p *labelParser) add(to map[string]map[string]string, lang, code, label string, line int) error {
	if label = strings.TrimSpace(label); label == "" || code == "" {
		return nil
	}
	if n := utf8.RuneCountInString(label); n > maxLabelChars {
		return p.faulty(guichet.KindHostile, "line %d: the label of %s has %d characters, more than %d", line, code, n, maxLabelChars).WithHint("shorten it: it will be shown to people")
	}
	if i := strings.IndexFunc(label, forbidden); i >= 0 {
		r, _ := utf8.DecodeRuneInString(label[i:])
		return p.faulty(guichet.KindInvalid, "line %d: the label of %s holds the control character U+%04X", line, code, r).WithHint("a label is one line of text")
	}
	if to[lang] == nil {
		to[lang] = map[string]string{}
	}
	if had, ok := to[lang][code]; ok && had != label {
		return p.faulty(guichet.KindInvalid, "the code %s has two labels (%s): \"%s\" on line %d, \"%s\" on line %d", code, lang, shorten(had), p.lines[code], shorten(label), line).
			WithHint("ask the publisher which one holds and remove the other line")
	}
	to[lang][code] = label
	if p.lines[code] == 0 {
		p.lines[code] = line
	}
	return nil
}

// completeShared puts the heading's wording before a label that several codes
// share: "autres" alone names no goods, and stands at 630790 and at a thousand
// other codes. A label that is one code's own is left as it is.
func (p *labelParser) completeShared() {
	for lang, full := range p.full {
		labels := p.langs[lang]
		uses := map[string]int{}
		for _, label := range labels {
			uses[label]++
		}
		for code, label := range labels {
			if f := full[code]; f != "" && uses[label] > 1 {
				labels[code] = f
			}
		}
	}
}

// readJSON reads UN Comtrade's JSON of a classification, whose labels are
// English and repeat the code:
//
//	{"classCode":"H6","className":"HS2022","results":[
//	  {"id":"630790","text":"630790 - Textiles; made up articles ...","parent":"6307"}, ...]}
func (p *labelParser) readJSON(text []byte) error {
	var doc struct {
		ClassCode, ClassName string
		Results              json.RawMessage
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return p.notJSON(text, err)
	}
	if p.class = doc.ClassCode; p.class == "" {
		p.class = doc.ClassName
	}
	d := json.NewDecoder(bytes.NewReader(doc.Results))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return p.notJSON(text, nil)
	}
	// The entries are read one by one, so that what they take is bounded by
	// their number, and each is told by the line on which it ends.
	line, from, base := 1, 0, bytes.Index(text, doc.Results)
	for d.More() {
		var e struct{ ID, Text string }
		err := d.Decode(&e)
		to := base + int(d.InputOffset())
		line, from = line+bytes.Count(text[from:to], []byte("\n")), to
		if err != nil {
			return p.faulty(guichet.KindInvalid, "line %d: %w", line, err).WithHint("an entry is {\"id\":\"630790\",\"text\":\"630790 - ...\"}")
		}
		code, err := p.code(e.ID)
		if err != nil {
			return err
		}
		label := strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(e.Text), e.ID), " - ")
		if err := p.add(p.langs, "en", code, label, line); err != nil {
			return err
		}
	}
	return nil
}

// notJSON says why the JSON is no classification; err may be nil.
func (p *labelParser) notJSON(text []byte, err error) error {
	const hint = "it should be a CSV, or UN Comtrade's {\"classCode\":\"H6\",\"results\":[{\"id\":\"630790\",\"text\":\"630790 - ...\"}, ...]}"
	fault, ok := errors.AsType[*json.SyntaxError](err)
	if !ok {
		return p.faulty(guichet.KindUnrecognised, "it is JSON, but no classification with a list of results").WithHint(hint)
	}
	line := 1 + bytes.Count(text[:min(int(fault.Offset), len(text))], []byte("\n"))
	if errors.Is(json.NewDecoder(bytes.NewReader(text)).Decode(new(json.RawMessage)), io.ErrUnexpectedEOF) {
		return p.faulty(guichet.KindInvalid, "it is truncated: the JSON ends too early, on line %d", line).WithHint("fetch it again; compare its size with the office's")
	}
	return p.faulty(guichet.KindInvalid, "line %d is no JSON: %w", line, err).WithHint(hint)
}

// labelColumns are the columns of a list in CSV.
type labelColumns struct {
	code   int
	suffix int              // TARIC's product line suffix, -1 none
	labels map[string][]int // by language; the first that is filled in is the label
	full   map[string]int   // by language: the label with its heading's before it
}

// columns finds the columns by their names. What holds the whole path of a
// line ("Horses; Pure-bred breeding animals") goes before its last step alone
// ("Other"). A column that does not name its language is read only where its
// layout leaves no doubt: the US lists and the Australian tariff are English.
func (p *labelParser) columns(header []string) (labelColumns, error) {
	at := map[string]int{}
	for i, name := range header {
		name = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(name), " ", "_"))
		if _, twice := at[name]; twice && name != "" {
			return labelColumns{}, p.faulty(guichet.KindInvalid, "the column %s stands twice", shorten(name)).WithHint("remove one")
		}
		at[name] = i
	}
	c := labelColumns{code: -1, suffix: -1, labels: map[string][]int{}, full: map[string]int{}}
	for _, name := range []string{"commodity_published", "goods_nomenclature10", "hts10", "schedule_b10", "tariff10", "ahecc8", "code10", "code", "cn8", "hs_code", "hs6"} {
		if i, ok := at[name]; ok {
			c.code = i
			break
		}
	}
	if i, ok := at["productline_suffix"]; ok {
		c.suffix = i
	}
	for _, stem := range []string{"descriptor_full", "path", "description_long", "description", "label", "commodity_name", "description_short"} {
		for name, i := range at {
			lang, ok := strings.CutPrefix(name, stem+"_")
			lang, whole := strings.CutSuffix(lang, "_with_heading")
			switch {
			case name == stem && stem != "description" && stem != "label" && stem != "path":
				c.labels["en"] = append(c.labels["en"], i)
			case !ok || len(lang) != 2 || strings.Trim(lang, "abcdefghijklmnopqrstuvwxyz") != "":
			case whole:
				c.full[lang] = i
			default:
				c.labels[lang] = append(c.labels[lang], i)
			}
		}
	}
	var missing string
	switch {
	case c.code < 0:
		missing = "a code of goods"
	case len(c.labels) == 0:
		missing = "a label in a named language"
	default:
		return c, nil
	}
	return c, p.faulty(guichet.KindUnrecognised, "none of its columns is %s: %s", missing, shorten(strings.Join(header, ", "))).
		WithHint("a list has a header such as code,parent,level,description_en or cn8,label_en,label_fr")
}

// readCSV reads a list in CSV, whose header says what its columns are:
//
//	code,parent,level,description_en
//	630790,6307,6,"Textiles; made up articles (including dress patterns), n.e.c. ..."
func (p *labelParser) readCSV(text []byte) error {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	comma := byte(',')
	for _, sep := range []byte(";\t") {
		if bytes.Count(first, []byte{sep}) > bytes.Count(first, []byte{comma}) {
			comma = sep
		}
	}
	var cols labelColumns
	width := 0
	for r := newCSVReader(bytes.NewReader(text), comma, '"', maxLabelRecord); ; {
		fields, err := r.next()
		if errors.Is(err, io.EOF) && width > 0 {
			return nil
		}
		if err != nil {
			return p.faulty(guichet.KindOf(err), "%w", err).WithHint("look at the line with an editor: a quote may be missing, or the file be truncated")
		}
		row := make([]string, len(fields))
		for i, f := range fields {
			row[i] = string(f)
		}
		switch {
		case r.ragged || width > 0 && len(row) != width:
			return p.faulty(guichet.KindInvalid, "line %d has not the %d columns of the header", r.line, width).WithHint("look at the line with an editor: a quote may be missing, or the file be truncated")
		case width == 0:
			cols, err = p.columns(row)
			width = len(row)
		default:
			err = p.row(cols, row, int(r.line))
		}
		if err != nil {
			return err
		}
	}
}

func (p *labelParser) row(cols labelColumns, row []string, line int) error {
	code, err := p.code(row[cols.code])
	// Of TARIC's lines of one code, 80 is the goods; the others are the steps above it.
	if err != nil || cols.suffix >= 0 && row[cols.suffix] != "80" {
		return err
	}
	for lang, in := range cols.labels {
		if i := slices.IndexFunc(in, func(i int) bool { return strings.TrimSpace(row[i]) != "" }); i >= 0 {
			if err := p.add(p.langs, lang, code, row[in[i]], line); err != nil {
				return err
			}
		}
	}
	for lang, i := range cols.full {
		if err := p.add(p.full, lang, code, row[i], line); err != nil {
			return err
		}
	}
	return nil
}

// leastKnown is the share of a file's codes that an edition or a list must hold
// to be taken for its own. UN Comtrade's lists hold one code more than the HS,
// 999999; the neighbours of an edition hold some 90 % of its codes.
const leastKnown = 0.95

// place finds the edition of the HS that knows the six-digit codes best, or,
// when there are longer ones, the national list that knows those. A list that
// fits two alike, because it holds only codes that both have, is refused.
func (p *labelParser) place() (edition int, list string, err error) {
	var six, long, odd []string
	for _, c := range slices.Sorted(maps.Keys(p.lines)) {
		switch {
		case len(c) > 6:
			long = append(long, c)
		case len(c) == 6:
			six = append(six, c)
		case len(c)%2 == 1:
			odd = append(odd, c)
		}
	}
	if len(long) == 0 && len(odd) > 0 {
		return 0, "", p.faulty(guichet.KindInvalid, "line %d: the code %s has %d digits; codes of the HS have 2, 4 or 6", p.lines[odd[0]], odd[0], len(odd[0])).
			WithHint("a spreadsheet takes leading zeros away: fetch the list again and do not save it from one")
	}
	fits := editionFits(six)
	if len(long) > 0 {
		fits = listFits(long)
	} else if p.class != "" {
		e, err := hs.ParseEdition(p.class)
		if err != nil {
			return 0, "", p.faulty(guichet.KindUnrecognised, "it says that it is %s, which is no edition held here", shorten(p.class)).WithHint("held are HS2007 to HS2022, H3 to H6")
		}
		fits = slices.DeleteFunc(fits, func(f fit) bool { return f.edition != e })
	}
	slices.SortStableFunc(fits, func(a, b fit) int { return b.known - a.known })
	if len(fits) == 0 || fits[0].of == 0 || float64(fits[0].known) < leastKnown*float64(fits[0].of) {
		seen := []string{fmt.Sprintf("%d of six digits, %d longer", len(six), len(long))}
		for _, f := range fits {
			seen = append(seen, fmt.Sprintf("%s knows %d of %d", f, f.known, f.of))
		}
		return 0, "", p.faulty(guichet.KindUnrecognised, "its codes are those of no edition and no list held here (%s)", strings.Join(seen, "; ")).
			WithHint("95 of 100 must be known; `guichet codes lists` names the national lists")
	}
	if len(fits) > 1 && fits[1].known == fits[0].known && fits[1].of == fits[0].of {
		return 0, "", p.faulty(guichet.KindUnrecognised, "its codes fit %s and %s alike", fits[0], fits[1]).WithHint("import the whole list, not a part of it")
	}
	return int(fits[0].edition), fits[0].list, nil
}

// fit is how many codes of a file an edition or a national list knows.
type fit struct {
	edition   hs.Edition
	list      string
	known, of int
}

func (f fit) String() string { return strings.TrimSpace(f.list + " " + f.edition.String()) }

// count counts the codes of a length, and those of them that are known.
func (f fit) count(all []string, digits int, knows func(string) bool) fit {
	for _, c := range all {
		if len(c) == digits {
			f.of++
			if knows(c) {
				f.known++
			}
		}
	}
	return f
}

func editionFits(all []string) []fit {
	var out []fit
	for _, e := range hs.Editions() {
		out = append(out, fit{edition: e}.count(all, 6, func(c string) bool { return hs.Known(e, hs.Code(c)) }))
	}
	return out
}

// listFits asks the snapshots of the national lists, each for the codes of its
// own length: a file may also hold steps of the tree that are no goods.
func listFits(long []string) []fit {
	var out []fit
	for _, l := range codes.Lists() {
		day, err := time.Parse(time.DateOnly, l.Snapshot)
		if err != nil {
			continue
		}
		out = append(out, fit{edition: l.Edition, list: l.Name}.count(long, l.Digits, func(c string) bool {
			e, s := codes.CommodityIn(l.Name, c, day)
			return e.List.Snapshot == l.Snapshot && (s == codes.Listed || s == codes.NotInForce)
		}))
	}
	return out
}
