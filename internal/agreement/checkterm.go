package agreement

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"guichet"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// term checks one term against the dataset that it names.
func (c *checker) term(i int, t *guichet.Term) {
	at := fmt.Sprintf("terms[%d].", i)
	for _, m := range t.From {
		c.named(at+"from", m)
	}
	for _, m := range t.To {
		c.named(at+"to", m)
	}
	c.periods(at+"periods.", t.Periods)
	c.rules(at+"disclosure.", t.Rules)
	c.that(t.Quota > 0, at+"quota_per_day", say("a quota of %d answers nobody", "un quota de %d ne répond à personne", t.Quota), say("write how many answers a day, or take the term out", "écrivez combien de réponses par jour, ou retirez la clause"))
	c.notNegative(at+"copies.max_age_days", t.Copies.MaxAgeDays)
	c.that(t.Copies.Permitted || t.Copies.MaxAgeDays == 0, at+"copies.max_age_days", say("an age is given for copies that are not permitted", "un âge est donné à des copies qui ne sont pas admises"), say("permit copies, or leave it out", "admettez les copies, ou retirez-le"))
	c.oneOf(at+"onward", t.Onward, "none", "parties", "public")
	c.oneOf(at+"derived", t.Derived, "none", "internal", "publish")
	c.that(t.Onward != "public" || t.Derived == "publish", at+"derived", say("answers may be published, works made from them may not", "les réponses peuvent être publiées, les travaux qui en sont tirés non"), say("permit both or neither", "admettez les deux ou aucun"))
	c.that(t.Keep.Days > 0, at+"retention.days", say("no time of keeping is given", "aucune durée de conservation n'est donnée"), say("write days: 365", "écrivez des jours : 365"))
	c.that(t.Licence != "", at+"licence", empty(), say("name the licence, or none", "nommez la licence, ou none"))
	c.both(at+"attribution", t.Credit)
	d := datasetBy(c.ds, t.Dataset)
	if d == nil {
		c.that(false, at+"dataset", say("there is no dataset %q", "il n'y a pas de jeu de données %q", clip(t.Dataset)), say("there are: %s", "il y a : %s", names(c.ds)))
		return
	}
	c.statistics(at, d)
	c.asked(at, t, d)
	c.picks(at, t, d)
	c.bounds(at, t.Levels, d)
	for _, cl := range d.Classifications {
		c.that(t.Levels[cl.Name] != "", at+"levels."+cl.Name, empty(), say("name the finest level: %s", "nommez le niveau le plus fin : %s", strings.Join(Levels(d, cl.Name), ", ")))
	}
	c.that(t.Levels[guichet.FieldPeriod] != "", at+"levels.period", empty(), say("name the finest level: year, quarter, month, day", "nommez le niveau le plus fin : year, quarter, month, day"))
}

func names(ds []*guichet.Dataset) string {
	var out []string
	for _, d := range ds {
		out = append(out, d.Name)
	}
	return strings.Join(out, ", ")
}

// statistics: a dataset whose submissions do not tell their regime has one, its own;
// a statistical one serves nothing else.
func (c *checker) statistics(at string, d *guichet.Dataset) {
	other := func(w string) bool { p, ok := PurposeBy(w); return ok && p.Use != UseStatistical }
	if _, told := d.Field(fieldRegime); !told && d.Regime == UseStatistical && slices.ContainsFunc(c.a.Purposes.Permitted, other) {
		c.that(false, at+"dataset", say("%q is statistical and serves no enforcement or operations", "%q est statistique et ne sert ni contrôle ni opérations", d.Name), say("permit statistical purposes alone", "n'admettez que des fins statistiques"))
	}
}

// asked checks grains, figures, values and what may be told apart.
func (c *checker) asked(at string, t *guichet.Term, d *guichet.Dataset) {
	c.that(len(t.Grains) > 0, at+"grains", empty(), say("name one of: %s", "nommez l'un de : %s", strings.Join(d.Grains, ", ")))
	for _, g := range t.Grains {
		c.oneOf(at+"grains", g, d.Grains...)
	}
	c.that(len(t.Measures) > 0, at+"measures", empty(), say("name a figure", "nommez un chiffre"))
	for _, m := range t.Measures {
		f, ok := d.Field(m)
		_, derived := d.DerivedBy(m)
		c.that(derived || ok && f.Role == guichet.Measure, at+"measures", say("there is no figure %q", "il n'y a pas de chiffre %q", clip(m)), say("look at the fields of the dataset", "voyez les champs du jeu de données"))
	}
	for _, name := range t.By {
		_, _, class := d.ClassificationBy(name)
		f, ok := d.Field(name)
		c.that(class || ok && (f.Role == guichet.Dimension || f.Role == guichet.Attribute), at+"by", say("%q cannot be told apart", "%q ne peut pas être distingué", clip(name)), say("there are: %s", "il y a : %s", d.Names()))
	}
	for _, name := range sortedKeys(t.Where) {
		f, ok := d.Field(name)
		c.that(ok && (f.Role == guichet.Dimension || f.Role == guichet.Attribute), at+"where."+name, say("there is no dimension %q", "il n'y a pas de dimension %q", clip(name)), say("there are: %s", "il y a : %s", d.Names()))
		c.that(len(t.Where[name]) > 0, at+"where."+name, empty(), say("name values, or leave it out", "nommez des valeurs, ou retirez-la"))
		for _, v := range t.Where[name] {
			if d.Known == nil || f.List == "" {
				continue
			}
			known, hint := d.Known(f.List, v)
			c.that(known, at+"where."+name, say("there is no %s %q", "il n'y a pas de %s %q", name, clip(v)), guichet.Text{EN: hint, FR: hint})
		}
	}
}

func (c *checker) picks(at string, t *guichet.Term, d *guichet.Dataset) {
	for _, name := range sortedKeys(t.Picks) {
		cl, _, ok := d.ClassificationBy(name)
		c.that(ok && cl.Name == name, at+"picks."+name, say("there is no classification %q", "il n'y a pas de nomenclature %q", clip(name)), say("there are: %s", "il y a : %s", d.Names()))
	}
	tiers := []string{""}
	for _, cl := range d.Classifications {
		tiers = append(tiers, cl.Tiers...)
		c.that(len(t.Picks[cl.Name]) > 0, at+"picks."+cl.Name, empty(), say("name what may be asked, or all", "nommez ce qui peut être demandé, ou all"))
		g := newGrant(cl, t.Picks[cl.Name])
		for _, expr := range t.Picks[cl.Name] {
			s := g.seek(expr, &guichet.Question{})
			c.that(s.read, at+"picks."+cl.Name, say("%q cannot be read", "%q est illisible", clip(expr)), say("write a code, a group or all", "écrivez un code, un groupe ou all"))
		}
	}
	c.oneOf(at+"max_tier", t.MaxTier, tiers...)
}

// bounds checks levels.
func (c *checker) bounds(at string, levels map[string]string, d *guichet.Dataset) {
	for _, name := range sortedKeys(levels) {
		known := Levels(d, name)
		c.that(known != nil, at+"levels."+name, say("%q has no levels", "%q n'a pas de niveaux", clip(name)), say("there are: %s", "il y a : %s", d.Names()))
		if known != nil {
			c.oneOf(at+"levels."+name, levels[name], known...)
		}
	}
}

func (c *checker) periods(at string, p guichet.Periods) {
	from, errFrom := guichet.ParsePeriod(p.From)
	to, errTo := guichet.ParsePeriod(p.To)
	c.that(p.From == "" || errFrom == nil, at+"from", say("%q is no period", "%q n'est pas une période", clip(p.From)), say("write 2019-01", "écrivez 2019-01"))
	c.that(p.To == "" || errTo == nil, at+"to", say("%q is no period", "%q n'est pas une période", clip(p.To)), say("write 2025-12", "écrivez 2025-12"))
	if p.From != "" && p.To != "" && errFrom == nil && errTo == nil {
		c.that(!to.End().Before(from.Start), at+"to", say("the last period is before the first", "la dernière période précède la première"), say("correct them", "corrigez-les"))
	}
	c.notNegative(at+"delay_days", p.Delay)
	c.day(at+"embargo", p.Embargo, false)
	c.that(p.Embargo == "" || c.a.Validity.Until == "" || p.Embargo <= c.a.Validity.Until, at+"embargo", say("the embargo ends after the agreement", "l'embargo finit après l'accord"), say("correct the days", "corrigez les jours"))
}

func (c *checker) rules(at string, r guichet.DisclosureRules) {
	c.notNegative(at+"threshold", r.Threshold)
	c.that(r.Top >= 0 && (r.Top > 0) == (r.Share > 0), at+"dominance_top", say("dominance needs both n and k", "la dominance demande n et k"), say("write both, or 0 for both", "écrivez les deux, ou 0 pour les deux"))
	c.that(r.Share >= 0 && r.Share <= 100, at+"dominance_per_cent", say("%d is no share of 100", "%d n'est pas une part de 100", r.Share), say("write 1 to 100", "écrivez de 1 à 100"))
	c.that(r.Prior >= 0 && r.Prior <= 100, at+"prior_per_cent", say("%d is no share of 100", "%d n'est pas une part de 100", r.Prior), say("write 0 to 100", "écrivez de 0 à 100"))
}

// tiers checks the rules for sensitive goods against the terms that they raise: one
// that is looser than a term says something that it does not do.
func (c *checker) tiers() {
	for i, r := range c.a.Tiers {
		at := fmt.Sprintf("tiers[%d].", i)
		c.rules(at+"disclosure.", r.Rules)
		c.notNegative(at+"delay_days", r.DelayDays)
		c.notNegative(at+"quota_per_day", r.Quota)
		c.purposes(at+"purposes", r.Purposes)
		for _, w := range r.Purposes {
			c.that(slices.Contains(c.a.Purposes.Permitted, w), at+"purposes", say("%q is not permitted by the agreement", "%q n'est pas admise par l'accord", clip(w)), say("permit it there, or take it out here", "admettez-la là, ou retirez-la ici"))
		}
		c.that(slices.IndexFunc(c.a.Tiers, func(o guichet.TierRule) bool { return o.Tier == r.Tier }) == i, at+"tier", say("the tier %q stands twice", "le degré %q figure deux fois", clip(r.Tier)), say("join the two", "réunissez les deux"))
		known := []string{}
		for j, t := range c.a.Terms {
			d := datasetBy(c.ds, t.Dataset)
			if d == nil {
				continue
			}
			for _, cl := range d.Classifications {
				known = append(known, cl.Tiers...)
			}
			c.bounds(at, r.Levels, d)
			c.looser(at, r, j)
		}
		slices.Sort(known)
		c.oneOf(at+"tier", r.Tier, slices.Compact(known)...)
	}
}

func (c *checker) looser(at string, r guichet.TierRule, term int) {
	t := c.a.Terms[term]
	d := datasetBy(c.ds, t.Dataset)
	than := say("looser than terms[%d], so that it does nothing", "plus souple que terms[%d], donc sans effet", term)
	advice := say("make it stricter, or leave it out", "rendez-la plus stricte, ou retirez-la")
	mine, its := r.Rules, t.Rules
	c.that(mine.Threshold == 0 || mine.Threshold >= its.Threshold, at+"disclosure.threshold", than, advice)
	c.that(mine.Prior == 0 || mine.Prior >= its.Prior, at+"disclosure.prior_per_cent", than, advice)
	c.that(mine.Top == 0 || its.Top == 0 || mine.Top >= its.Top && mine.Share <= its.Share, at+"disclosure.dominance_top", than, advice)
	c.that(r.DelayDays == 0 || r.DelayDays >= t.Periods.Delay, at+"delay_days", than, advice)
	c.that(r.Quota == 0 || r.Quota <= t.Quota, at+"quota_per_day", than, advice)
	for _, name := range sortedKeys(r.Levels) {
		known := Levels(d, name)
		i, j := slices.Index(known, r.Levels[name]), slices.Index(known, t.Levels[name])
		c.that(i <= j || j < 0, at+"levels."+name, than, advice)
	}
}
