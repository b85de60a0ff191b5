package portal

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet"
	"guichet/mark"
)

// Twice is the same question as of two days: what came of each, its rows apart. The rows
// stand beside each other in the answer's table.
type Twice struct {
	First  Answer `json:"first"`
	Second Answer `json:"second"`
}

// The two ways to go back to a day.
const (
	asHeld      = "held"      // what a member held then
	asPublished = "published" // what the office had published by then
)

// twiceForm is a question with two days.
type twiceForm struct {
	askForm
	Way, First, Second string // days as 2024-03-05; Second "" now
}

func readTwice(v url.Values) twiceForm {
	f := twiceForm{askForm: readAsk(v), Way: one(v, "way", 20), First: one(v, "first", 20), Second: one(v, "second", 20)}
	if f.Way == "" {
		f.Way = asPublished
	}
	return f
}

func (f twiceForm) values() url.Values {
	v := f.askForm.values()
	for name, text := range map[string]string{"way": f.Way, "first": f.First, "second": f.Second} {
		if text != "" {
			v.Set(name, text)
		}
	}
	return v
}

// moments turns a question into the two that are asked.
func (f *twiceForm) moments(w phrases, q guichet.Question, now time.Time) (first, second guichet.Question, wrong faults) {
	if f.Way != asHeld && f.Way != asPublished {
		wrong.add("way", w.say("twice.way.missing"))
	}
	read := func(text, field string) (time.Time, bool) {
		t, err := time.Parse(time.DateOnly, text)
		switch {
		case text == "":
			wrong.add(field, w.say("twice.day.missing"))
		case err != nil:
			wrong.add(field, w.say("twice.day.none", "day", text))
		case t.After(now):
			wrong.add(field, w.say("twice.day.future", "day", text))
		default:
			return t, true
		}
		return t, false
	}
	at := func(t time.Time) guichet.Question {
		out := q
		if f.Way == asPublished {
			out.Vintage = t.Format(time.DateOnly)
			return out
		}
		if end := t.Add(24*time.Hour - time.Second); end.Before(now) {
			out.AsOf = end
		}
		return out
	}
	one, ok := read(f.First, "first")
	first, second = at(one), q
	if f.Second != "" {
		two, both := read(f.Second, "second")
		if ok && both && !two.After(one) {
			wrong.add("second", w.say("twice.order"))
		}
		second = at(two)
	}
	return first, second, wrong
}

// twicePage is what the page receives that asks for two days.
type twicePage struct {
	Form      twiceForm
	Wrong     faults
	Lines     []line
	Hidden    []choice // the question's fields: Value, and its name as Tag
	Ways      []choice
	Questions []askedLine // of whom no question was brought: theirs to choose from
	Change    string
}

// twice asks for two days of a question that it was brought; without one it offers those
// that were asked.
func (p *Portal) twice(v *visit) error {
	query := v.r.URL.Query()
	f := readTwice(query)
	if len(f.Products) == 0 && f.Goods == "" && f.Flow == "" {
		return v.show(http.StatusOK, "twice", v.t("twice.title"), twicePage{Questions: p.questionsOf(v)})
	}
	seat, err := p.seat(f.Circle)
	if err != nil {
		return err
	}
	c := seat.Circle()
	f.Circle = c.Name
	a, wrong := f.asks(v.words, c, p.cfg.Member, p.cfg.Purposes, p.cfg.Clock())
	if wrong.Any() {
		q := f.askForm.values()
		q.Set("check", "1")
		return v.redirect(v.to("/ask", q))
	}
	page := twicePage{Lines: p.linesOf(v, f.askForm, a, c), Change: v.to("/ask", f.askForm.values())}
	if query.Has("check") {
		if _, _, page.Wrong = f.moments(v.words, a.Question, p.cfg.Clock()); !page.Wrong.Any() {
			return v.redirect(v.to("/twice/question", f.values()))
		}
	}
	page.Form = f
	fields := f.askForm.values()
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		for _, text := range fields[name] {
			page.Hidden = append(page.Hidden, choice{Tag: name, Value: text})
		}
	}
	for _, w := range []string{asPublished, asHeld} {
		page.Ways = append(page.Ways, choice{Value: w, Text: v.t("twice.way." + w), Hint: v.t("twice.way." + w + ".hint"), Chosen: f.Way == w})
	}
	code := http.StatusOK
	if page.Wrong.Any() {
		code = http.StatusUnprocessableEntity
	}
	return v.show(code, "twice", v.t("twice.title"), page, func(s *shown) { s.Wrong = page.Wrong.Any() })
}

// questionsOf are the questions of a person that can be asked of two days, each once.
func (p *Portal) questionsOf(v *visit) []askedLine {
	var out []askedLine
	seen := map[string]bool{}
	for _, h := range p.shelf.of(v.person.Pseudonym) {
		if whatOf(h) != "" || seen[h.Query] {
			continue
		}
		seen[h.Query] = true
		out = append(out, askedLine{To: v.to("/twice", formOf(h).values()), Title: p.titleOf(v, h), Fine: p.fineOfKept(v, h), Began: h.Began})
	}
	return out
}

// twiceAsked reads a question of two days from the values of an address; back leads to the
// form where something is wrong.
func (p *Portal) twiceAsked(v *visit, q url.Values) (f twiceForm, s twiceSeat, a Asking, back string, err error) {
	f = readTwice(q)
	seat, err := p.seat(f.Circle)
	if err != nil {
		return f, s, a, "", err
	}
	c := seat.Circle()
	f.Circle = c.Name
	a, wrong := f.asks(v.words, c, p.cfg.Member, p.cfg.Purposes, p.cfg.Clock())
	s.Seat = seat
	var more faults
	s.first, s.second, more = f.moments(v.words, a.Question, p.cfg.Clock())
	if wrong.Any() || more.Any() {
		q := f.values()
		q.Set("check", "1")
		back = v.to("/twice", q)
	}
	return f, s, a, back, nil
}

// twiceQuestion shows what would be asked.
func (p *Portal) twiceQuestion(v *visit) error {
	f, s, a, back, err := p.twiceAsked(v, v.r.URL.Query())
	if err != nil {
		return err
	}
	if back != "" {
		return v.redirect(back)
	}
	return p.confirm(v, confirmPage{
		Title: v.t("twice.question"), Action: v.to("/twice/question", nil), Query: f.values().Encode(), Change: v.to("/twice", f.values()), Leaf: v.t("twice.leaf"),
		Lines: append(v.linesOfTwice(f), p.linesOf(v, f.askForm, a, s.Circle())...),
	})
}

// linesOfTwice says the two days in words.
func (v *visit) linesOfTwice(f twiceForm) []line {
	return []line{
		{Key: "twice.way", Text: v.words.or("twice.way."+f.Way, f.Way)},
		{Key: "twice.first", Text: v.dayText(f.First)},
		{Key: "twice.second", Text: v.dayOrNow(f.Second)},
	}
}

func (v *visit) dayOrNow(text string) string {
	if text == "" {
		return v.t("twice.now")
	}
	return v.dayText(text)
}

// putTwice asks, once.
func (p *Portal) putTwice(v *visit) error {
	once, query, err := v.sent()
	if err != nil {
		return err
	}
	f, s, a, back, err := p.twiceAsked(v, query)
	if err != nil {
		return err
	}
	if back != "" {
		return v.redirect(back)
	}
	a.Officer = v.person.Pseudonym
	q := f.values()
	q.Set(whatField, whatTwice)
	head := keptHead{ID: once, Owner: v.person.Pseudonym, Circle: f.Circle, Query: q.Encode(), Lang: v.lang, Members: f.Members}
	if err := p.askings.begin(s, a, head); err != nil {
		return err
	}
	return v.redirect(v.to("/asked/"+once, nil))
}

// twiceSeat is a seat that asks a question as of two days.
type twiceSeat struct {
	Seat
	first, second guichet.Question
}

// Ask asks for the second day first: who refuses is known by then, and told.
func (s twiceSeat) Ask(ctx context.Context, q Asking, each func(MemberResult)) (Answer, error) {
	q.Question = s.second
	second, err := s.Seat.Ask(ctx, q, each)
	if err != nil {
		return Answer{}, err
	}
	q.Question = s.first
	first, err := s.Seat.Ask(ctx, q, func(MemberResult) {})
	if err != nil {
		return Answer{}, err
	}
	return besides(first, second), nil
}

// Marks of a row of two days.
const (
	markChanged = "changed"
	markNew     = "new"
	markGone    = "gone"
	markHidden  = "veiled" // on one day or both the agreement's rules hid it
	markSame    = "same"
)

func marks() []string { return []string{markChanged, markNew, markGone, markHidden, markSame} }

// besides sets two answers beside each other: rows by all that tells them apart, those
// that differ first; remarks, gaps and sources of both.
func besides(first, second Answer) Answer {
	out := Answer{Circle: second.Circle, Answer: second.Answer, Members: append(slices.Clone(second.Members), first.Members...), Notices: second.Notices}
	var apart []guichet.Column
	// A second answer without figures has no columns.
	for _, c := range append(slices.Clone(second.Answer.Columns), first.Answer.Columns...) {
		if !c.Measure && !isMarks(c.Name) && !slices.ContainsFunc(apart, func(o guichet.Column) bool { return o.Name == c.Name }) {
			apart = append(apart, c)
		}
	}
	out.Answer.Rows = rowsBeside(apart, first.Answer.Rows, second.Answer.Rows)
	out.Answer.Columns = append(apart,
		guichet.Column{Name: "mark", Title: guichet.Text{EN: "Difference", FR: "Différence"}},
		guichet.Column{Name: "first", Measure: true, Title: guichet.Text{EN: "Value, first day", FR: "Valeur, premier jour"}},
		guichet.Column{Name: "second", Measure: true, Title: guichet.Text{EN: "Value, second day", FR: "Valeur, second jour"}},
		guichet.Column{Name: "change", Measure: true, Title: guichet.Text{EN: "Change", FR: "Variation"}},
	)
	out.Answer.Columns = append(out.Answer.Columns, columnsOfMarks(out.Answer.Rows)...)
	out.Answer.Remarks = addRemarks(second.Answer.Remarks, first.Answer.Remarks)
	out.Answer.Gaps = append(slices.Clone(second.Answer.Gaps), first.Answer.Gaps...)
	out.Answer.Sources = slices.Clone(second.Answer.Sources)
	for _, s := range first.Answer.Sources {
		if !slices.ContainsFunc(out.Answer.Sources, func(o guichet.Source) bool { return o.Submission == s.Submission && o.Member == s.Member }) {
			out.Answer.Sources = append(out.Answer.Sources, s)
		}
	}
	first.Answer.Rows, second.Answer.Rows = nil, nil
	out.Twice = &Twice{First: first, Second: second}
	return out
}

// rowsBeside pairs rows by the columns that tell them apart.
func rowsBeside(apart []guichet.Column, first, second []guichet.Row) []guichet.Row {
	key := func(r guichet.Row) string {
		var b strings.Builder
		for _, c := range apart {
			b.WriteString(strconv.Quote(plain(r[c.Name])) + ",")
		}
		return b.String()
	}
	before := map[string]guichet.Row{}
	for _, r := range first {
		before[key(r)] = r
	}
	var rows []guichet.Row
	for _, r := range second {
		k := key(r)
		rows = append(rows, rowBeside(apart, before[k], r))
		delete(before, k)
	}
	for _, r := range first {
		if _, left := before[key(r)]; left {
			rows = append(rows, rowBeside(apart, r, nil))
		}
	}
	slices.SortStableFunc(rows, func(x, y guichet.Row) int {
		return slices.Index(marks(), plain(x["mark"])) - slices.Index(marks(), plain(y["mark"]))
	})
	return rows
}

// rowBeside is one row of both days; nil is a day that does not have it.
func rowBeside(apart []guichet.Column, x, y guichet.Row) guichet.Row {
	main, from := dataset().Main, y
	if y == nil {
		from = x
	}
	row := guichet.Row{}
	for _, c := range apart {
		row[c.Name] = from[c.Name]
	}
	a, okA := decimalOf(x[main])
	b, okB := decimalOf(y[main])
	row["first"], row["second"], row["change"] = x[main], y[main], nil
	row[marksFirst], row[marksSecond] = x[mark.Column], y[mark.Column]
	if okA && okB {
		row["change"] = b.Sub(a)
	}
	switch {
	case x == nil:
		row["mark"] = markNew
	case y == nil:
		row["mark"] = markGone
	case !okA || !okB:
		row["mark"] = markHidden
	case a.Cmp(b) != 0:
		row["mark"] = markChanged
	default:
		row["mark"] = markSame
	}
	return row
}

// twicedPage is what the page of a question of two days receives.
type twicedPage struct {
	ID, Title               string
	Counts                  []twiceCount
	Days                    []twiceDay
	Table                   figureTable
	Rows                    []twiceRow
	Pages                   pages
	Remarks, Gaps, Notices  []said
	Made                    bool
	SaidIn                  string
	Lines                   []line
	Change, Share, Download string
	Kept                    keptHead
}

type twiceCount struct {
	Mark, Tag, Text string
	N               int
}

// twiceDay says what came of one of the two questions.
type twiceDay struct {
	Title  string
	Banner banner
	Who    []whoLine
}

type twiceRow struct {
	Cells     []cell
	Mark, Tag string
}

// twiced shows a question of two days.
func (p *Portal) twiced(v *visit, k kept) error {
	seat, err := p.seat(k.Circle)
	if err != nil {
		return err
	}
	again, change := p.waysBack(v, k.keptHead)
	q, err := url.ParseQuery(k.Query)
	if err != nil {
		return notKept()
	}
	f := readTwice(q)
	page := twicedPage{
		ID: k.ID, Title: p.titleOf(v, k.keptHead), Kept: k.keptHead, SaidIn: k.Lang, Lines: p.linesOfKept(v, k.keptHead, seat.Circle()),
		Change: change, Share: again, Download: v.to("/asked/"+k.ID+"/figures/", nil),
		Remarks: v.foldFiles(v.remarksOf(k.Answer.Answer)), Gaps: v.gapsOf(k.Answer.Answer), Notices: v.noticesOf(k.Answer),
		Made: slices.ContainsFunc(k.Answer.Answer.Sources, func(s guichet.Source) bool { return s.Generated }),
	}
	for i, a := range []Answer{k.Answer.Twice.First, k.Answer.Twice.Second} {
		day := twiceDay{Title: v.t("twice.first") + v.t("shell.colon") + v.dayText(f.First)}
		if i == 1 {
			day.Title = v.t("twice.second") + v.t("shell.colon") + v.dayOrNow(f.Second)
		}
		for _, m := range a.Members {
			day.Who = append(day.Who, v.whoOf(seat.Circle(), m))
		}
		page.Days = append(page.Days, day)
	}
	tags := map[string]string{markChanged: "yellow", markNew: "green", markGone: "red", markHidden: "grey", markSame: "grey"}
	rows := k.Answer.Answer.Rows
	for _, m := range marks() {
		n := 0
		for _, r := range rows {
			if plain(r["mark"]) == m {
				n++
			}
		}
		page.Counts = append(page.Counts, twiceCount{m, tags[m], v.t("twice.mark." + m), n})
	}
	shown := k.Answer
	shown.Answer.Columns = slices.DeleteFunc(slices.Clone(shown.Answer.Columns), func(c guichet.Column) bool { return c.Name == "mark" })
	page.Table = p.tableOf(v, shown)
	page.Pages = pagesOf(v, k.ID, len(rows))
	page.Table.cut(page.Pages.First, page.Pages.To)
	page.Table.Notes = markedOf(dataset(), shown.Answer, nil).notesOf(v, page.Table.Signs, page.Remarks)
	for i, cells := range page.Table.Rows {
		m := plain(rows[page.Pages.First+i]["mark"])
		page.Rows = append(page.Rows, twiceRow{cells, v.t("twice.mark." + m), tags[m]})
	}
	return v.show(http.StatusOK, "twiced", v.t("twice.answer"), page)
}
