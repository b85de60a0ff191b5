package portal

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet"
	"guichet/codes"
	"guichet/hs"
	"guichet/trade"
)

// Asking is a question to members, and on whose behalf.
type Asking struct {
	Question guichet.Question
	Members  []string
	Purpose  string
	Office   string // of ours, that asks
	Officer  string // who asks; leaves the node as a pseudonym
}

// Bounds of a form.
const (
	mostPicks    = 30
	mostMembers  = 60
	mostAreas    = 40
	longestField = 400
	longestCode  = 80
)

// askForm is a question as a person writes it, and as an address holds it. An address
// of before, without dataset and what few need, means what it meant.
type askForm struct {
	ds *guichet.Dataset // that it is of

	Circle     string
	Dataset    string   // as the address names it; "" the first
	Goods      string   // words, or codes
	Products   []string // chosen: codes, groups, national lines
	Members    []string
	Picks      map[string][]string // by field: what was chosen, or the one text that was typed
	From, To   string              // months
	By         []string            // names of bysOf
	Level      string              // of the goods; "" all of them together
	Purpose    string
	Office     string
	Edition    string // of the HS, in which codes are read; "" in force at the end
	Conversion string // "default": the UN's estimate too; "" exact families alone
	Vintage    string // a day: what the office had published by then; "" the latest
	AsOf       string // a day or moment: what the member held then; "" now
	Measures   []string
}

// readAsk reads the values of an address.
func (p *Portal) readAsk(v url.Values) askForm {
	name := one(v, "dataset", longestCode)
	f := readAskOf(p.dataset(name), v)
	if name != p.cfg.Datasets[0].Name {
		f.Dataset = name
	}
	return f
}

func readAskOf(ds *guichet.Dataset, v url.Values) askForm {
	f := askForm{
		ds: ds, Circle: one(v, "circle", 64), Goods: one(v, "goods", longestField), Products: many(v, "product", mostPicks, longestCode),
		Members: many(v, "member", mostMembers, 2), Picks: map[string][]string{},
		From: one(v, "from", 20), To: one(v, "to", 20), By: many(v, "by", mostPicks, longestCode), Level: one(v, "level", 20),
		Purpose: one(v, "purpose", 40), Office: one(v, "office", 64),
		Edition: one(v, "edition", 20), Conversion: one(v, "conversion", 20), Vintage: one(v, "vintage", 40), AsOf: one(v, "as_of", 40),
		Measures: many(v, "measure", mostPicks, longestCode),
	}
	for _, x := range askFields(ds) {
		most, longest := mostAreas, longestCode
		if len(x.values) == 0 {
			most, longest = 1, longestField
		}
		if list := many(v, x.name, most, longest); len(list) > 0 {
			f.Picks[x.name] = list
		}
	}
	if slices.Equal(f.Measures, usualMeasures(ds)) {
		f.Measures = nil // what is meant anyway is not held
	}
	return f
}

// values are the form as an address holds it.
func (f askForm) values() url.Values {
	v := url.Values{}
	for name, text := range map[string]string{
		"circle": f.Circle, "dataset": f.Dataset, "goods": f.Goods, "from": f.From, "to": f.To, "level": f.Level, "purpose": f.Purpose, "office": f.Office,
		"edition": f.Edition, "conversion": f.Conversion, "vintage": f.Vintage, "as_of": f.AsOf,
	} {
		if text != "" {
			v.Set(name, text)
		}
	}
	for name, list := range map[string][]string{"product": f.Products, "member": f.Members, "by": f.By, "measure": f.Measures} {
		if len(list) > 0 {
			v[name] = list
		}
	}
	maps.Copy(v, f.Picks)
	return v
}

// blank says whether an address asks for nothing yet.
func (f askForm) blank() bool {
	return len(f.Products) == 0 && f.Goods == "" && len(f.Picks) == 0 && f.From == ""
}

// asks turns a form into what it asks, and the form into its own best words: months as
// 2024-05, partners by their codes. What is wrong is said in the page's language; then
// the asking counts for nothing.
func (f *askForm) asks(p phrases, c guichet.Circle, us string, purposes []Purpose, now time.Time) (Asking, faults) {
	var wrong faults
	a := Asking{Members: f.Members, Purpose: f.Purpose, Question: guichet.Question{
		Dataset: f.ds.Name, Where: map[string][]string{}, By: []string{guichet.FieldReporter}, Measures: usualMeasures(f.ds),
	}}
	if p.lang != "en" {
		a.Question.Lang = p.lang
	}
	if f.Dataset != "" && f.Dataset != f.ds.Name {
		wrong.add("dataset", p.say("ask.dataset.unknown", "name", f.Dataset))
	}
	if classified(f.ds) {
		f.checkGoods(p, &wrong)
		if len(f.Products) > 0 {
			a.Question.Where[f.ds.Class().Name] = f.Products
		}
	}
	for _, x := range askFields(f.ds) {
		if list := f.checkField(p, x, &wrong); len(list) > 0 {
			a.Question.Where[x.name] = list
		}
	}
	f.checkMembers(p, c, &wrong)
	a.Question.Period = f.checkMonths(p, now, &wrong)
	f.By = slices.DeleteFunc(slices.Clone(f.By), func(by string) bool { return !slices.Contains(bysOf(f.ds), by) })
	a.Question.By = append(a.Question.By, f.By...)
	switch {
	case !slices.Contains(levelsOf(f.ds), f.Level):
		wrong.add("level", p.say("ask.level.unknown"))
	case f.Level != "":
		a.Question.By = append(a.Question.By, f.Level)
	}
	if !slices.ContainsFunc(purposes, func(x Purpose) bool { return x.Word == f.Purpose }) {
		wrong.add("purpose", p.say("ask.purpose.missing"))
	}
	a.Office = f.checkOffice(p, c, us, &wrong)
	f.checkRest(p, &a.Question, now, &wrong)
	slices.SortStableFunc(wrong, func(x, y fault) int { return cmp.Compare(f.place(x.Field), f.place(y.Field)) })
	return a, wrong
}

// place is where a field stands in the form.
func (f *askForm) place(field string) int {
	order := []string{"dataset", "goods"}
	var main, more []string
	for _, x := range askFields(f.ds) {
		switch {
		case x.must:
			order = append(order, x.name)
		case x.more:
			more = append(more, x.name)
		default:
			main = append(main, x.name)
		}
	}
	order = append(append(order, "member"), main...)
	order = append(order, "from", "to", "level", "purpose", "office", "measure", "as_of", "vintage", "edition", "conversion")
	return slices.Index(append(order, more...), field)
}

// checkField reads one of the dataset's own fields: its values, or what was typed.
func (f *askForm) checkField(p phrases, x askField, wrong *faults) []string {
	list := f.Picks[x.name]
	switch {
	case x.areas():
		list = f.areas(p, x.name, wrong)
	case len(x.values) == 0:
		list = f.typed(p, x, wrong)
	default:
		for _, v := range list {
			if !slices.Contains(x.values, v) {
				wrong.add(x.name, p.say("ask.field.unknown", "value", v, "what", x.title.In(p.lang)))
			}
		}
	}
	if x.must && len(list) == 0 && wrong.Of(x.name) == "" {
		wrong.add(x.name, p.or("ask."+x.name+".missing", p.say("ask.field.missing", "what", x.title.In(p.lang))))
	}
	return list
}

// typed reads values between commas, and refuses those that the dataset does not know.
func (f *askForm) typed(p phrases, x askField, wrong *faults) []string {
	var out []string
	for _, text := range f.Picks[x.name] {
		for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ';' }) {
			part = strings.TrimSpace(part)
			if part == "" || slices.Contains(out, part) {
				continue
			}
			if f.ds.Known != nil && x.list != "" {
				if ok, _ := f.ds.Known(x.list, part); !ok {
					wrong.add(x.name, p.say("ask.field.unknown", "value", part, "what", x.title.In(p.lang)))
				}
			}
			out = append(out, part)
		}
	}
	return out
}

// checkRest reads what few need: measures, days, and how codes are read.
func (f *askForm) checkRest(p phrases, q *guichet.Question, now time.Time, wrong *faults) {
	for _, m := range f.Measures {
		if !slices.ContainsFunc(measuresOf(f.ds), func(c guichet.Column) bool { return c.Name == m }) {
			wrong.add("measure", p.say("ask.measure.unknown", "name", m))
		}
	}
	if len(f.Measures) > 0 {
		q.Measures = f.Measures
	}
	for _, day := range []struct {
		field string
		text  *string
		clock bool
	}{{"as_of", &f.AsOf, true}, {"vintage", &f.Vintage, false}} {
		if *day.text == "" {
			continue
		}
		at, kept, bad := readMoment(p, *day.text, day.clock, now)
		*day.text = kept
		switch {
		case bad != "":
			wrong.add(day.field, bad)
		case !day.clock:
			q.Vintage = kept
		case at.Before(now): // the rest of this day is still to come: what is held now
			q.AsOf = at
		}
	}
	if classified(f.ds) {
		f.checkEdition(p, q, wrong)
	}
}

// The two ways to bring codes of one edition to another.
const (
	conversionExact   = "exact"
	conversionDefault = "default"
)

// checkEdition reads in which edition codes are meant, and holds the chosen goods to it.
func (f *askForm) checkEdition(p phrases, q *guichet.Question, wrong *faults) {
	class := f.ds.Class()
	if f.Edition != "" {
		e, err := strconv.Atoi(f.Edition)
		if err != nil || !slices.Contains(class.Editions, e) {
			wrong.add("edition", p.say("ask.edition.unknown", "edition", f.Edition))
			e = 0
		}
		q.Edition = e
	}
	switch f.Conversion {
	case conversionExact:
		f.Conversion = "" // what is meant anyway
	case "":
	case conversionDefault:
		q.Conversion = f.Conversion
	default:
		wrong.add("conversion", p.say("ask.conversion.unknown"))
	}
	if q.Edition == 0 || wrong.Of("goods") != "" {
		return
	}
	for _, expr := range f.Products {
		if _, err := class.Resolve(guichet.Resolution{Expr: expr, Asked: q.Edition, Conversion: q.Conversion}); err != nil {
			wrong.add("edition", p.say("ask.edition.code", "code", expr, "edition", q.Edition))
		}
	}
}

// checkGoods takes what was typed among the chosen goods where it is a code or a
// group, and refuses codes of no list.
func (f *askForm) checkGoods(p phrases, wrong *faults) {
	known := func(expr string) bool { return knownGoods(f.ds.Class(), expr) }
	for _, x := range f.Products {
		if !known(x) {
			wrong.add("goods", p.say("ask.goods.code", "code", x))
		}
	}
	switch {
	case f.Goods == "" && len(f.Products) == 0:
		wrong.add("goods", p.say("ask.goods.missing"))
	case f.Goods == "":
	case known(f.Goods):
		if !slices.Contains(f.Products, f.Goods) {
			f.Products = append(f.Products, f.Goods)
		}
		f.Goods = ""
	case strings.Trim(f.Goods, "0123456789. ") == "":
		wrong.add("goods", p.say("ask.goods.code", "code", f.Goods))
	default:
		wrong.add("goods", p.say("ask.goods.choose", "words", f.Goods))
	}
}

// knownGoods says whether an expression is of some list: of any edition of the HS that
// is held, of a group, or of a national list under a subheading that there is.
func knownGoods(class guichet.Classification, expr string) bool {
	if !slices.ContainsFunc(class.Editions, func(e int) bool {
		_, err := class.Resolve(guichet.Resolution{Expr: expr, Asked: e, Present: e})
		return err == nil
	}) {
		return false
	}
	code := expr
	if _, after, ok := strings.Cut(expr, ":"); ok {
		code = after
	}
	code = strings.NewReplacer(".", "", " ", "").Replace(code)
	const subheading = 6
	if len(code) <= subheading || strings.Trim(code, "0123456789") != "" || trade.NationalChapter(hs.Code(code).Chapter()) {
		return true
	}
	return slices.ContainsFunc(hs.Editions(), func(e hs.Edition) bool { return hs.Known(e, hs.Code(code[:subheading])) })
}

func (f *askForm) checkMembers(p phrases, c guichet.Circle, wrong *faults) {
	if len(f.Members) == 0 {
		wrong.add("member", p.say("ask.member.missing"))
		return
	}
	for _, code := range f.Members {
		if _, ok := c.Member(code); !ok {
			wrong.add("member", p.say("ask.member.unknown", "code", code, "circle", c.Name))
		}
	}
}

func (f *askForm) checkOffice(p phrases, c guichet.Circle, us string, wrong *faults) string {
	self, _ := c.Member(us)
	switch {
	case len(self.Offices) == 0:
		return ""
	case len(self.Offices) == 1:
		return self.Offices[0].ID
	}
	if _, ok := self.Office(f.Office); !ok {
		wrong.add("office", p.say("ask.office.missing"))
	}
	return f.Office
}

// areas reads names or codes of areas between commas, and writes the codes back.
func (f *askForm) areas(p phrases, field string, wrong *faults) []string {
	var out []string
	text := strings.Join(f.Picks[field], ", ")
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ';' }) {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		code, near := areaOf(part, p.lang)
		switch {
		case code != "":
			if !slices.Contains(out, code) {
				out = append(out, code)
			}
		case len(near) > 0:
			wrong.add(field, p.say("ask.area.near", "name", part, "near", strings.Join(near, ", ")))
		default:
			wrong.add(field, p.say("ask.area.none", "name", part))
		}
	}
	if len(out) > mostAreas {
		wrong.add(field, p.say("ask.area.many", "most", mostAreas))
	}
	if wrong.Of(field) == "" && len(out) > 0 {
		f.Picks[field] = []string{strings.Join(out, ", ")}
	}
	return out
}

// areaOf finds an area by its code or its name in either language; near are names that
// begin or hold what was written.
func areaOf(text, lang string) (code string, near []string) {
	if a, ok := codes.AreaByCode(strings.ToUpper(text)); ok {
		return a.Code, nil
	}
	wanted := strings.ToLower(text)
	var begin, hold []codes.Area
	for _, a := range codes.Areas() {
		en, fr := strings.ToLower(a.NameEN), strings.ToLower(a.NameFR)
		switch {
		case wanted == en || wanted == fr:
			return a.Code, nil
		case len(wanted) < 3:
		case strings.HasPrefix(en, wanted) || strings.HasPrefix(fr, wanted):
			begin = append(begin, a)
		case strings.Contains(en, wanted) || strings.Contains(fr, wanted):
			hold = append(hold, a)
		}
	}
	found := begin
	if len(begin) == 0 {
		found = hold
	}
	if len(found) == 1 {
		return found[0].Code, nil
	}
	for _, a := range found {
		near = append(near, guichet.Text{EN: a.NameEN, FR: a.NameFR}.In(lang)+" ("+a.Code+")")
	}
	slices.Sort(near)
	return "", near[:min(len(near), 4)]
}
