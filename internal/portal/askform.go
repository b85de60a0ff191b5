package portal

import (
	"cmp"
	"net/url"
	"slices"
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

// askForm is a question as a person writes it, and as an address holds it.
type askForm struct {
	Circle    string
	Goods     string   // words, or codes
	Products  []string // chosen: codes, groups, national lines
	Flow      string
	Members   []string
	Partners  string // names or codes
	Reporters string
	From, To  string   // months
	By        []string // "period", "partner"
	Level     string   // of the goods; "" all of them together
	Purpose   string
	Office    string
}

func readAsk(v url.Values) askForm {
	f := askForm{
		Circle: one(v, "circle", 64), Goods: one(v, "goods", longestField), Products: many(v, "product", mostPicks, longestCode),
		Flow: one(v, "flow", 40), Members: many(v, "member", mostMembers, 2), Partners: one(v, "partner", longestField), Reporters: one(v, "reporter", longestField),
		From: one(v, "from", 20), To: one(v, "to", 20), By: many(v, "by", 4, 20), Level: one(v, "level", 20),
		Purpose: one(v, "purpose", 40), Office: one(v, "office", 64),
	}
	return f
}

// values are the form as an address holds it.
func (f askForm) values() url.Values {
	v := url.Values{}
	for name, text := range map[string]string{
		"circle": f.Circle, "goods": f.Goods, "flow": f.Flow, "partner": f.Partners, "reporter": f.Reporters, "from": f.From, "to": f.To,
		"level": f.Level, "purpose": f.Purpose, "office": f.Office,
	} {
		if text != "" {
			v.Set(name, text)
		}
	}
	for name, list := range map[string][]string{"product": f.Products, "member": f.Members, "by": f.By} {
		if len(list) > 0 {
			v[name] = list
		}
	}
	return v
}

// levels are how fine goods may be told apart.
func levels() []string { return []string{"", "hs2", "hs4", "hs6", "national"} }

// asks turns a form into what it asks, and the form into its own best words: months as
// 2024-05, partners by their codes. What is wrong is said in the page's language; then
// the asking counts for nothing.
func (f *askForm) asks(p phrases, c guichet.Circle, us string, purposes []Purpose, now time.Time) (Asking, faults) {
	var wrong faults
	ds := trade.Dataset()
	a := Asking{Members: f.Members, Purpose: f.Purpose, Question: guichet.Question{
		Dataset: ds.Name, Where: map[string][]string{}, By: []string{guichet.FieldReporter}, Measures: []string{"value", "value_usd"},
	}}
	if p.lang != "en" {
		a.Question.Lang = p.lang
	}
	f.checkGoods(p, ds, &wrong)
	if f.Flow == "" || !slices.Contains(trade.Flows(), trade.Flow(f.Flow)) {
		wrong.add("flow", p.say("ask.flow.missing"))
	}
	f.checkMembers(p, c, &wrong)
	partners := f.areas(p, &f.Partners, "partner", &wrong)
	reporters := f.areas(p, &f.Reporters, "reporter", &wrong)
	a.Question.Period = f.checkMonths(p, now, &wrong)
	for _, by := range f.By {
		if by == "period" || by == "partner" {
			a.Question.By = append(a.Question.By, by)
		}
	}
	switch {
	case !slices.Contains(levels(), f.Level):
		wrong.add("level", p.say("ask.level.unknown"))
	case f.Level != "":
		a.Question.By = append(a.Question.By, f.Level)
	}
	if !slices.ContainsFunc(purposes, func(x Purpose) bool { return x.Word == f.Purpose }) {
		wrong.add("purpose", p.say("ask.purpose.missing"))
	}
	a.Office = f.checkOffice(p, c, us, &wrong)
	for name, list := range map[string][]string{"product": f.Products, "flow": {f.Flow}, "partner": partners, "reporter": reporters} {
		if len(list) > 0 && list[0] != "" {
			a.Question.Where[name] = list
		}
	}
	slices.SortStableFunc(wrong, func(x, y fault) int { return cmp.Compare(place(x.Field), place(y.Field)) })
	return a, wrong
}

// place is where a field stands in the form.
func place(field string) int {
	return slices.Index([]string{"goods", "flow", "member", "partner", "reporter", "from", "to", "level", "purpose", "office"}, field)
}

// checkGoods takes what was typed among the chosen goods where it is a code or a
// group, and refuses codes of no list.
func (f *askForm) checkGoods(p phrases, ds *guichet.Dataset, wrong *faults) {
	known := func(expr string) bool { return knownGoods(ds.Class(), expr) }
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

// checkMonths reads the months: "2024-05", "05/2024", "5.2024", and a year for its
// first or last month.
func (f *askForm) checkMonths(p phrases, now time.Time, wrong *faults) guichet.Span {
	read := func(text *string, field string, last bool) (guichet.Period, bool) {
		if *text == "" {
			wrong.add(field, p.say("ask."+field+".missing"))
			return guichet.Period{}, false
		}
		month, err := guichet.ParsePeriod(monthOf(*text, last))
		if err != nil || month.Freq != guichet.Monthly || month.Start.Year() < 1900 {
			wrong.add(field, p.say("ask.month.none", "month", *text))
			return guichet.Period{}, false
		}
		*text = month.String()
		return month, true
	}
	from, ok1 := read(&f.From, "from", false)
	to, ok2 := read(&f.To, "to", true)
	if !ok1 || !ok2 {
		return guichet.Span{}
	}
	if to.Start.Before(from.Start) {
		wrong.add("to", p.say("ask.to.before", "from", p.month(from.Start), "to", p.month(to.Start)))
	}
	if from.Start.After(now) {
		wrong.add("from", p.say("ask.from.future", "from", p.month(from.Start)))
	}
	return guichet.Span{From: from, To: to}
}

// monthOf brings the ways to write a month into one.
func monthOf(text string, last bool) string {
	parts := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("-/. ", r) })
	if len(parts) == 1 && len(parts[0]) == 4 {
		if last {
			return parts[0] + "-12"
		}
		return parts[0] + "-01"
	}
	if len(parts) != 2 {
		return text
	}
	year, month := parts[0], parts[1]
	if len(month) == 4 {
		year, month = month, year
	}
	if len(month) == 1 {
		month = "0" + month
	}
	return year + "-" + month
}

// areas reads names or codes of areas between commas, and writes the codes back.
func (f *askForm) areas(p phrases, text *string, field string, wrong *faults) []string {
	var out []string
	for part := range strings.FieldsFuncSeq(*text, func(r rune) bool { return r == ',' || r == ';' }) {
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
	if wrong.Of(field) == "" {
		*text = strings.Join(out, ", ")
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
