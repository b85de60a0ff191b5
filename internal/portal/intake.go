package portal

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet"
)

// intakePageNew is what the page of a file to be taken in receives.
type intakePageNew struct {
	Once   string
	Form   intakeFields
	Recent sheet
}

// intakeFields are what may be said of a file, in a form.
type intakeFields struct {
	Options  intakeOptions
	Profiles []choice
	Asked    []fact // what profiles ask of whoever takes their files in
	Wrong    faults
	Most     string
}

// intakeForm shows the form, and what came last.
func (p *Portal) intakeForm(v *visit) error { return p.intakeShow(v, intakeOptions{}, nil) }

func (p *Portal) intakeShow(v *visit, o intakeOptions, wrong faults) error {
	fields, err := p.intakeFields(v, o, wrong)
	if err != nil {
		return err
	}
	once, err := p.chance()
	if err != nil {
		return err
	}
	page := intakePageNew{Once: once, Form: fields, Recent: p.recentIntakes(v)}
	code := http.StatusOK
	if wrong.Any() {
		code = http.StatusUnprocessableEntity
	}
	return v.show(code, "intake", v.t("intake.title"), page, func(s *shown) { s.Wrong = wrong.Any() })
}

func (p *Portal) intakeFields(v *visit, o intakeOptions, wrong faults) (intakeFields, error) {
	f := intakeFields{Options: o, Wrong: wrong, Most: v.words.size(p.intakes.most())}
	all, err := p.cfg.Steward.Taker.Profiles()
	if err != nil {
		return f, err
	}
	for _, x := range all {
		f.Profiles = append(f.Profiles, choice{Value: x.Name, Text: x.Name + " – " + x.Title.In(v.lang), Chosen: x.Name == o.Profile})
		for _, g := range x.Given {
			f.Asked = append(f.Asked, fact{Title: g.Name, Text: v.t("intake.given.asked", "profile", x.Name, "why", g.Why.In(v.lang))})
		}
	}
	return f, nil
}

// recentIntakes are the files that came last.
func (p *Portal) recentIntakes(v *visit) sheet {
	const shown = 20
	out := sheet{Title: v.t("intake.recent"), Heads: v.heads("..#.", "intake.file", "intake.came", "intake.size", "intake.state")}
	for i, h := range p.intakes.all() {
		if i == shown {
			break
		}
		state, tag := p.intakeState(h)
		out.Rows = append(out.Rows, []sheetCell{
			{Text: h.Name, To: v.to("/intake/"+h.ID, nil)},
			textCell(v.words.moment(h.Began)), numCell(v.words.size(h.Bytes)),
			{Text: v.t("intake.state." + state), Tag: tag},
		})
	}
	return out
}

// intakeState says how a file stands, and the colour of its tag.
func (p *Portal) intakeState(h intakeHead) (state, tag string) {
	switch {
	case p.intakes.underWay(h.ID) != nil:
		return "working", "blue"
	case h.State == intakeTaken:
		return intakeTaken, "green"
	case h.State == intakeAlready:
		return intakeAlready, "grey"
	case h.State == intakeHeld && !h.Gone, h.State == intakeAsks && !h.Gone:
		return h.State, "yellow"
	case h.State == intakeRefused:
		return intakeRefused, "red"
	case h.State == intakeHeld, h.State == intakeAsks:
		return "gone", "grey"
	}
	return "broken", "red" // the node ended while it took it in
}

// intakePost takes a form with a file. The file is kept whatever is wrong with the rest,
// so that nobody sends it twice.
func (p *Portal) intakePost(v *visit) error {
	select {
	case p.intakes.receiving <- struct{}{}:
		defer func() { <-p.intakes.receiving }()
	default:
		return v.drained(guichet.Errorf(guichet.KindBusy, "%s", v.words.count("intake.receiving", receivedAtAll)))
	}
	if err := p.intakes.sweep(); err != nil {
		return err
	}
	if p.intakes.held() >= heldAtAll {
		return v.drained(guichet.Errorf(guichet.KindBusy, "%s", v.words.count("intake.held", heldAtAll)))
	}
	got, err := p.receive(v, p.cfg.Steward.Dir, p.intakes.most())
	if err != nil {
		return err
	}
	id := got.form.Get("once")
	o := readIntake(got.form)
	if !isID(id) {
		return errors.Join(guichet.Errorf(guichet.KindInvalid, "%s", v.t("error.form")), got.drop())
	}
	if _, here := p.intakes.heads.get(id); here { // the same form twice
		return errors.Join(got.drop(), v.redirect(v.to("/intake/"+id, nil)))
	}
	if got.part == "" || got.bytes == 0 {
		_, wrong := p.intakeOf(v, "", o)
		key := "intake.file.missing"
		if got.part != "" {
			key = "intake.file.empty"
		}
		wrong = slices.Insert(wrong, 0, fault{"file", v.t(key, "name", got.name)})
		return errors.Join(got.drop(), p.intakeShow(v, o, wrong))
	}
	h := intakeHead{ID: id, Owner: v.person.Pseudonym, Name: got.name, Bytes: got.bytes, Options: o, Began: p.cfg.Clock(), State: intakeHeld}
	// The paper first: a file without one is swept away.
	if err := p.intakes.heads.put(id, h); err != nil {
		return errors.Join(err, got.drop())
	}
	if err := os.Rename(got.part, p.intakes.file(id)); err != nil {
		return errors.Join(err, got.drop(), p.intakes.remove(id))
	}
	return p.intakeBegin(v, h, "")
}

// intakeBegin begins, where what was said of the file can be; else its page says what
// is wrong. Agreed is the plan that was looked at; "" none.
func (p *Portal) intakeBegin(v *visit, h intakeHead, agreed string) error {
	in, wrong := p.intakeOf(v, h.Name, h.Options)
	in.Agreed = agreed
	if !wrong.Any() {
		if err := p.intakes.begin(v, h, in); err != nil {
			return err
		}
	}
	return v.redirect(v.to("/intake/"+h.ID, nil))
}

// readIntake reads what was said of a file.
func readIntake(f url.Values) intakeOptions {
	lines := strings.Split(strings.ReplaceAll(f.Get("given"), "\r\n", "\n"), "\n")
	const mostLines = 20
	var given []string
	for _, l := range lines[:min(len(lines), mostLines)] {
		if l = tidy(l, longestField); l != "" {
			given = append(given, l)
		}
	}
	return intakeOptions{
		Profile: one(f, "profile", 60), Released: one(f, "released", 40), Given: strings.Join(given, "\n"), Generated: f.Get("generated") != "",
		Totals: one(f, "totals", longestField), Aside: f.Get("aside") != "", Look: f.Get("look") != "",
	}
}

// intakeOf holds what was said of a file to what can be.
func (p *Portal) intakeOf(v *visit, name string, o intakeOptions) (Intake, faults) {
	var wrong faults
	in := Intake{Name: name, By: v.person.Pseudonym, Profile: o.Profile, AcceptTotals: o.Totals, AcceptAside: o.Aside, Generated: o.Generated, Look: o.Look, Given: map[string]string{}}
	day, fault := v.releasedOn(o.Released, p.cfg.Clock())
	if in.Released = day; fault != "" {
		wrong.add("released", fault)
	}
	if o.Profile != "" {
		all, err := p.cfg.Steward.Taker.Profiles()
		if err != nil || !slices.ContainsFunc(all, func(x ProfileInfo) bool { return x.Name == o.Profile }) {
			wrong.add("profile", v.t("intake.profile.wrong", "text", o.Profile))
		}
	}
	for l := range strings.Lines(o.Given) {
		key, value, ok := strings.Cut(strings.TrimSpace(l), "=")
		key = strings.TrimSpace(key)
		if !ok || key == "" {
			wrong.add("given", v.t("intake.given.wrong", "text", l))
			continue
		}
		in.Given[key] = strings.TrimSpace(value)
	}
	return in, wrong
}

// releasedOn reads a day as people write it, 2024-05-31 or 2024-5-31, that is not ahead; or
// says what is wrong with it.
func (v *visit) releasedOn(text string, now time.Time) (day, wrong string) {
	if text == "" {
		return "", ""
	}
	parts := strings.Split(text, "-")
	const three, yearDigits, oldest = 3, 4, 1900
	var n [three]int
	ok := len(parts) == three && len(parts[0]) == yearDigits
	for i := 0; ok && i < three; i++ {
		x, err := strconv.ParseUint(parts[i], 10, 16)
		n[i], ok = int(x), err == nil
	}
	if !ok {
		return "", v.t("intake.released.wrong", "text", text)
	}
	if n[1] < 1 || n[1] > 12 {
		return "", v.t("intake.released.nomonth", "text", text, "month", n[1])
	}
	first := time.Date(n[0], time.Month(n[1]), 1, 0, 0, 0, 0, time.UTC)
	on, days := first.AddDate(0, 0, n[2]-1), first.AddDate(0, 1, -1).Day()
	switch {
	case n[2] < 1 || n[2] > days:
		return "", v.t("intake.released.noday", "text", text, "month", v.words.month(first), "days", days)
	case n[0] < oldest:
		return "", v.t("intake.released.old", "text", text)
	case on.After(now):
		return "", v.t("intake.released.ahead", "text", text)
	}
	return on.Format(time.DateOnly), ""
}
