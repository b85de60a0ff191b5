package portal

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"guichet"
)

// paperPart is a part of an agreement in sentences.
type paperPart struct {
	Title string
	Lines []paperLine
}

// paperLine is one sentence with the clause that says it in the paper.
// ID is where a refusal's link leads to: the first sentence of a clause has it.
type paperLine struct{ Clause, Text, ID string }

// partsOf writes an agreement in sentences. Every clause that the machine enforces is
// said, with its path, which is what a refusal names.
func (p *Portal) partsOf(v *visit, a guichet.Agreement, c guichet.Circle) []paperPart {
	out := []paperPart{v.partiesPart(a, c), v.validityPart(a), p.purposesPart(v, a)}
	for i, t := range a.Terms {
		title := v.t("paper.term", "n", i+1)
		if len(a.Terms) == 1 {
			title = v.t("paper.onlyterm")
		}
		out = append(out, paperPart{title, p.termLines(v, fmt.Sprintf("terms[%d]", i), t)})
	}
	if len(a.Tiers) > 0 {
		out = append(out, p.tiersPart(v, a))
	}
	out = append(out, v.securityPart(a), v.statedPart(a), v.dutiesPart(a))
	texts := paperPart{Title: v.t("paper.texts")}
	for _, name := range slices.Sorted(maps.Keys(a.Texts)) {
		texts.add("texts."+name, a.Texts[name].In(v.lang))
	}
	return append(out, texts)
}

func (x *paperPart) add(clause, text string) {
	if text != "" {
		id := clauseID(clause)
		if slices.ContainsFunc(x.Lines, func(l paperLine) bool { return l.Clause == clause }) {
			id = ""
		}
		x.Lines = append(x.Lines, paperLine{clause, text, id})
	}
}

func (v *visit) partiesPart(a guichet.Agreement, c guichet.Circle) paperPart {
	out := paperPart{Title: v.t("paper.parties")}
	for _, party := range a.Parties {
		var offices []string
		m, _ := c.Member(party.Member)
		for _, id := range party.Offices {
			name := id
			if o, ok := m.Office(id); ok && o.Name.In(v.lang) != "" {
				name = o.Name.In(v.lang) + " (" + id + ")"
			}
			offices = append(offices, name)
		}
		key := "paper.party"
		if len(offices) == 0 {
			key = "paper.party.none"
		}
		out.add("parties["+party.Member+"]", v.t(key, "who", areaName(party.Member, v.lang), "role", strings.ToLower(v.words.or("role."+party.Role, party.Role)), "offices", v.words.list(offices)))
	}
	return out
}

func (v *visit) validityPart(a guichet.Agreement) paperPart {
	out := paperPart{Title: v.t("paper.validity")}
	out.add("validity", v.t("paper.valid", "from", v.dayOf(a.Validity.From), "until", v.dayOf(a.Validity.Until)))
	if a.Validity.Withdrawn != "" {
		out.add("validity.withdrawn", v.t("paper.withdrawn", "day", v.dayOf(a.Validity.Withdrawn)))
	}
	out.add("validity.copies", v.words.or("paper.after."+a.Validity.Copies, a.Validity.Copies))
	for i, s := range a.Suspended {
		by := ""
		if s.By != "" {
			by = areaName(s.By, v.lang)
		}
		text := v.suspensionOf(by, s)
		if why := s.Reason.In(v.lang); why != "" {
			text += " " + v.t("paper.reason", "why", why)
		}
		out.add(fmt.Sprintf("suspended[%d]", i), text)
	}
	return out
}

// purposeOf is what a purpose covers, in the page's language.
func (p *Portal) purposeOf(v *visit, word string) string {
	for _, list := range [][]Purpose{p.cfg.Purposes, p.cfg.Automated} {
		for _, x := range list {
			if x.Word == word {
				return printed(x.Text.In(v.lang))
			}
		}
	}
	return ""
}

// clauseID is the name of a clause in an address: "terms-0.levels.product".
func clauseID(clause string) string {
	return "clause-" + strings.NewReplacer("[", "-", "]", "").Replace(clause)
}

// purposeNamed says a purpose with its word.
func (p *Portal) purposeNamed(v *visit, word string) string {
	if covers := p.purposeOf(v, word); covers != "" {
		return covers + " (" + word + ")"
	}
	return word
}

func (p *Portal) purposesPart(v *visit, a guichet.Agreement) paperPart {
	out := paperPart{Title: v.t("paper.purposes")}
	say := func(clause, key string, words []string) {
		for _, w := range words {
			out.add(clause, v.t(key, "purpose", p.purposeNamed(v, w)))
		}
	}
	say("purposes.permitted", "paper.permitted", a.Purposes.Permitted)
	say("purposes.forbidden", "paper.forbidden", a.Purposes.Forbidden)
	if a.AutomatedDecisions == "permitted" {
		out.add("automated_decisions", v.t("paper.automated.permitted"))
	} else {
		out.add("automated_decisions", v.t("paper.automated.forbidden"))
	}
	return out
}

// termLines says what one term gives.
func (p *Portal) termLines(v *visit, at string, t guichet.Term) []paperLine {
	x := paperPart{}
	ds := p.datasetOf(t.Dataset)
	name := t.Dataset
	if ds != nil {
		name = ds.Title.In(v.lang)
	}
	x.add(at+".dataset", v.t("paper.dataset", "name", name))
	x.add(at+".to", v.t("paper.askers", "to", v.membersOr(t.To, "paper.to.all"), "from", v.membersOr(t.From, "paper.from.all")))
	var grains []string
	for _, g := range t.Grains {
		grains = append(grains, v.words.or("paper.grain."+g, g))
	}
	if len(grains) > 0 {
		x.add(at+".grains", v.t("paper.grains", "grains", v.words.list(grains)))
	}
	p.matterLines(v, &x, at, t, ds)
	v.timeLines(&x, at, t.Periods)
	v.ruleLines(&x, at+".disclosure", t.Rules)
	if len(t.Grains) > 0 && t.Rules == (guichet.DisclosureRules{}) {
		x.add(at+".disclosure", v.t("paper.norules"))
	}
	if t.Mirror {
		x.add(at+".mirror", v.t("paper.mirror"))
	}
	if t.MaxTier != "" {
		x.add(at+".max_tier", v.t("paper.maxtier", "tier", t.MaxTier))
	}
	x.add(at+".quota_per_day", v.words.count("paper.quota", t.Quota))
	x.add(at+".records", v.t("paper.records."+yesNo(t.Records)))
	v.afterLines(&x, at, t)
	return x.Lines
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// membersOr names members or roles; where none is named, what that means.
func (v *visit) membersOr(codes []string, none string) string {
	if len(codes) == 0 {
		return v.t(none)
	}
	var out []string
	for _, c := range codes {
		if name := areaName(c, v.lang); name != c {
			out = append(out, name)
			continue
		}
		out = append(out, v.words.or("paper.role."+c, c))
	}
	return v.words.list(out)
}

// matterLines say what may be asked: goods, values, figures, how fine.
func (p *Portal) matterLines(v *visit, x *paperPart, at string, t guichet.Term, ds *guichet.Dataset) {
	for _, name := range slices.Sorted(maps.Keys(t.Picks)) {
		var goods []string
		for _, g := range p.goodsChosen(v, t.Picks[name]) {
			switch {
			case g.Value == "all":
				goods = append(goods, v.t("paper.all"))
			case g.Text == "" || g.Text == g.Value:
				goods = append(goods, g.Value)
			default:
				goods = append(goods, g.Text+" ("+g.Value+")")
			}
		}
		x.add(at+".picks."+name, v.t("paper.picks", "what", v.words.or("paper.class."+name, name), "goods", v.words.list(goods)))
	}
	for _, name := range slices.Sorted(maps.Keys(t.Where)) {
		var values []string
		for _, value := range t.Where[name] {
			word := v.words.or("code."+value, value)
			if area := areaName(value, v.lang); word == value && area != value {
				word = area
			}
			values = append(values, word)
		}
		x.add(at+".where."+name, v.t("paper.where", "field", fieldTitle(ds, name, v.lang), "values", v.words.list(values)))
	}
	var figures []string
	for _, m := range t.Measures {
		figures = append(figures, fieldTitle(ds, m, v.lang))
	}
	if len(figures) > 0 {
		x.add(at+".measures", v.t("paper.measures", "figures", strings.Join(figures, v.t("shell.semicolon"))))
	}
	var apart []string
	for _, b := range t.By {
		apart = append(apart, fieldTitle(ds, b, v.lang))
	}
	if len(apart) > 0 {
		x.add(at+".by", v.t("paper.by", "fields", v.words.list(apart)))
	}
	for _, name := range slices.Sorted(maps.Keys(t.Levels)) {
		x.add(at+".levels."+name, v.t("paper.level", "field", v.words.or("paper.class."+name, fieldTitle(ds, name, v.lang)), "level", v.words.or("paper.level."+t.Levels[name], t.Levels[name])))
	}
}

// fieldTitle is a field's title for people.
func fieldTitle(ds *guichet.Dataset, name, lang string) string {
	if ds == nil {
		return name
	}
	if f, ok := ds.Field(name); ok && f.Title.In(lang) != "" {
		return f.Title.In(lang)
	}
	if d, ok := ds.DerivedBy(name); ok && d.Title.In(lang) != "" {
		return d.Title.In(lang)
	}
	return name
}

func (v *visit) timeLines(x *paperPart, at string, p guichet.Periods) {
	at += ".periods"
	switch {
	case p.From != "" && p.To != "":
		x.add(at, v.t("paper.periods", "from", v.words.period(p.From), "to", v.words.period(p.To)))
	case p.From != "":
		x.add(at+".from", v.t("paper.periods.from", "from", v.words.period(p.From)))
	case p.To != "":
		x.add(at+".to", v.t("paper.periods.to", "to", v.words.period(p.To)))
	default:
		x.add(at, v.t("paper.periods.all"))
	}
	if p.Delay > 0 {
		x.add(at+".delay_days", v.words.count("paper.delay", p.Delay))
	}
	if p.Embargo != "" {
		x.add(at+".embargo", v.t("paper.embargo", "day", v.dayOf(p.Embargo)))
	}
}

// ruleLines say which figures are hidden.
func (v *visit) ruleLines(x *paperPart, at string, r guichet.DisclosureRules) {
	if r.Threshold > 0 {
		x.add(at+".threshold", v.words.count("paper.threshold", r.Threshold))
	}
	if r.Top > 0 {
		x.add(at+".dominance_top", v.words.count("paper.dominance", r.Top, "share", strconv.Itoa(r.Share)))
	}
	if r.Prior > 0 {
		x.add(at+".prior_per_cent", v.t("paper.prior", "share", r.Prior))
	}
}

// afterLines say what the asker may do with an answer.
func (v *visit) afterLines(x *paperPart, at string, t guichet.Term) {
	switch {
	case !t.Copies.Permitted:
		x.add(at+".copies", v.t("paper.copies.no"))
	case t.Copies.MaxAgeDays > 0:
		x.add(at+".copies", v.words.count("paper.copies.age", t.Copies.MaxAgeDays))
	default:
		x.add(at+".copies", v.t("paper.copies.yes"))
	}
	x.add(at+".retention", v.words.count("paper.keep", t.Keep.Days))
	if t.Keep.Proof {
		x.add(at+".retention.proof", v.t("paper.keep.proof"))
	}
	x.add(at+".onward", v.words.or("paper.onward."+t.Onward, t.Onward))
	x.add(at+".derived", v.words.or("paper.derived."+t.Derived, t.Derived))
	if t.Licence != "" && t.Licence != "none" {
		x.add(at+".licence", v.t("paper.licence", "name", t.Licence))
	}
	if credit := t.Credit.In(v.lang); credit != "" {
		x.add(at+".attribution", v.t("paper.credit", "text", credit))
	}
}

func (p *Portal) tiersPart(v *visit, a guichet.Agreement) paperPart {
	out := paperPart{Title: v.t("paper.tiers")}
	for i, r := range a.Tiers {
		at := fmt.Sprintf("tiers[%d]", i)
		out.add(at+".tier", v.t("paper.tier", "tier", r.Tier))
		v.ruleLines(&out, at+".disclosure", r.Rules)
		for _, name := range slices.Sorted(maps.Keys(r.Levels)) {
			out.add(at+".levels."+name, v.t("paper.level", "field", v.words.or("paper.class."+name, name), "level", v.words.or("paper.level."+r.Levels[name], r.Levels[name])))
		}
		if r.DelayDays > 0 {
			out.add(at+".delay_days", v.words.count("paper.delay", r.DelayDays))
		}
		if r.Quota > 0 {
			out.add(at+".quota_per_day", v.words.count("paper.quota", r.Quota))
		}
		if len(r.Purposes) > 0 {
			var named []string
			for _, w := range r.Purposes {
				named = append(named, p.purposeNamed(v, w))
			}
			out.add(at+".purposes", v.t("paper.tier.purposes", "purposes", v.words.list(named)))
		}
	}
	return out
}

func (v *visit) securityPart(a guichet.Agreement) paperPart {
	out := paperPart{Title: v.t("paper.security")}
	out.add("security.tls", v.t("paper.tls", "version", a.Security.TLS))
	if a.Security.KeyAgeDays > 0 {
		out.add("security.key_age_days", v.words.count("paper.keyage", a.Security.KeyAgeDays))
	}
	if a.Security.Witnesses > 0 {
		out.add("security.witnesses", v.words.count("paper.witnesses", a.Security.Witnesses))
	}
	out.add("corrections", v.words.or("paper.corrections."+a.Corrections, a.Corrections))
	return out
}

func (v *visit) statedPart(a guichet.Agreement) paperPart {
	out := paperPart{Title: v.t("paper.stated")}
	say := func(clause, key string, list []guichet.OfParty) {
		for _, o := range list {
			out.add(clause+"["+o.Member+"]", v.t(key, "who", areaName(o.Member, v.lang), "text", o.Text.In(v.lang)))
		}
	}
	say("legal_basis", "paper.basis", a.LegalBasis)
	say("controllers", "paper.controller", a.Controllers)
	say("contacts", "paper.contact", a.Contacts)
	return out
}

func (v *visit) dutiesPart(a guichet.Agreement) paperPart {
	out := paperPart{Title: v.t("paper.duties")}
	out.add("accuracy", a.Accuracy.In(v.lang))
	if text := a.BreachNotice.Text.In(v.lang); text != "" {
		out.add("breach_notice", v.words.count("paper.breach", a.BreachNotice.Hours, "text", text))
	}
	out.add("audit", a.Audit.In(v.lang))
	out.add("rights", a.Rights.In(v.lang))
	out.add("fees", a.Fees.In(v.lang))
	out.add("service_level", a.ServiceLevel.In(v.lang))
	out.add("changes", a.Changes.In(v.lang))
	out.add("language", v.words.or("paper.language."+a.Language, a.Language))
	for i, x := range a.Annexes {
		out.add(fmt.Sprintf("annexes[%d]", i), v.t("paper.annex", "name", x.Name, "digest", x.SHA256))
	}
	return out
}
