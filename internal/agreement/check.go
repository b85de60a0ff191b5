package agreement

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"guichet"
)

// Fault is what is wrong with a paper.
type Fault struct {
	Clause string       `json:"clause"` // its path: "terms[0].levels.product"
	Text   guichet.Text `json:"text"`
	Advice guichet.Text `json:"advice"`
}

// Sections are the texts of part 3 that a paper has, in the order of a paper.
func Sections() []string {
	return []string{
		"definitions", "sovereignty", "domestic_law", "freedom_of_information", "compelled_disclosure", "liability",
		"disputes", "survival", "accession", "authority", "entry_into_force", "force_majeure",
	}
}

// Check returns every fault of a paper, all together, in the paper's order. Faults
// do not stop a decision: what cannot be read refuses there.
//
// It does not say whether the paper is wise, nor whether the members exist: that
// the circle knows.
func Check(a guichet.Agreement, ds []*guichet.Dataset) []Fault {
	c := &checker{a: &a, ds: ds}
	c.head()
	c.parties()
	c.validity()
	c.purposes("purposes.permitted", a.Purposes.Permitted)
	c.purposes("purposes.forbidden", a.Purposes.Forbidden)
	for _, w := range a.Purposes.Permitted {
		p, _ := PurposeBy(w)
		c.that(!slices.Contains(a.Purposes.Forbidden, w), "purposes.forbidden", say("%q is permitted and forbidden", "%q est admise et interdite", w), say("leave it in one list", "gardez-la dans une seule liste"))
		c.that(!p.Automated || a.AutomatedDecisions == "permitted", "automated_decisions", say("%q ends in decisions by machine, which are forbidden", "%q mène à des décisions par machine, qui sont interdites", w), say("take the purpose out, or permit such decisions", "retirez cette fin, ou admettez ces décisions"))
	}
	c.that(len(a.Purposes.Permitted) > 0, "purposes.permitted", empty(), say("name a purpose; there are: %s", "nommez une fin ; il y a : %s", words()))
	c.that(len(a.Terms) > 0, "terms", empty(), say("add a term, or take a template", "ajoutez une clause, ou prenez un modèle"))
	for i := range a.Terms {
		c.term(i, &a.Terms[i])
	}
	c.tiers()
	c.rest()
	c.partTwo()
	c.texts()
	return c.faults
}

type checker struct {
	a      *guichet.Agreement
	ds     []*guichet.Dataset
	faults []Fault
}

func (c *checker) that(ok bool, clause string, text, advice guichet.Text) {
	if !ok {
		c.faults = append(c.faults, Fault{clause, text, advice})
	}
}

func empty() guichet.Text { return say("nothing is named", "rien n'est nommé") }

func words() string {
	var out []string
	for _, p := range Purposes() {
		out = append(out, p.Word)
	}
	return strings.Join(out, ", ")
}

// oneOf checks a word of a closed list.
func (c *checker) oneOf(clause, word string, list ...string) {
	c.that(slices.Contains(list, word), clause, say("%q is not known", "%q est inconnu", clip(word)), say("write one of: %s", "écrivez l'un de : %s", strings.Join(list, ", ")))
}

// both checks that a text that people read is there in both languages.
func (c *checker) both(clause string, t guichet.Text) {
	c.that(strings.TrimSpace(t.EN) != "", clause+".en", say("the English text is missing", "le texte anglais manque"), say("write it", "écrivez-le"))
	c.that(strings.TrimSpace(t.FR) != "", clause+".fr", say("the French text is missing", "le texte français manque"), say("write it", "écrivez-le"))
}

func (c *checker) day(clause, s string, required bool) {
	c.that(isDay(s) || s == "" && !required, clause, say("%q is no day", "%q n'est pas un jour", clip(s)), say("write 2026-01-31", "écrivez 2026-01-31"))
}

func (c *checker) notNegative(clause string, n int) {
	c.that(n >= 0, clause, say("%d is below zero", "%d est inférieur à zéro", n), say("write 0 or more", "écrivez 0 ou plus"))
}

func (c *checker) head() {
	a := c.a
	c.that(a.Format == 1, "format", say("format %d is not read here", "le format %d n'est pas lu ici", a.Format), say("write 1", "écrivez 1"))
	id := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	c.that(id.MatchString(a.ID) && len(a.ID) <= 64, "id", say("%q is no identifier", "%q n'est pas un identifiant", clip(a.ID)), say("write small letters, digits and hyphens: b5-covid-supply", "écrivez des minuscules, des chiffres et des traits d'union : b5-covid-supply"))
	c.that(a.Version >= 1, "version", say("version %d is below 1", "la version %d est inférieure à 1", a.Version), say("begin with 1 and add 1 for each new text", "commencez par 1 et ajoutez 1 à chaque nouveau texte"))
	c.that(a.Circle != "", "circle", empty(), say("name the circle: border-five", "nommez le cercle : border-five"))
	c.both("title", a.Title)
}

func (c *checker) parties() {
	c.that(len(c.a.Parties) >= 2, "parties", say("an agreement has two parties or more", "un accord a deux parties ou plus"), say("name them", "nommez-les"))
	code := regexp.MustCompile(`^[A-Z]{2}$`)
	full := 0
	for i, p := range c.a.Parties {
		at := fmt.Sprintf("parties[%d]", i)
		c.that(code.MatchString(p.Member), at+".member", say("%q is no member code", "%q n'est pas un code de membre", clip(p.Member)), say("write two capital letters of ISO 3166-1: CA", "écrivez deux majuscules de l'ISO 3166-1 : CA"))
		c.that(party(c.a, p.Member) == i, at+".member", say("%s stands twice", "%s figure deux fois", clip(p.Member)), say("join the two", "réunissez les deux"))
		c.oneOf(at+".role", p.Role, Roles()...)
		if p.Role == roleParty {
			full++
		}
		c.that(!slices.Contains(p.Offices, ""), at+".offices", say("an office has no name", "un service n'a pas de nom"), say("write its identifier of the member's paper", "écrivez son identifiant dans l'acte du membre"))
	}
	c.that(full > 0, "parties", say("nobody is a full party, so that nobody answers", "personne n'est partie de plein droit : personne ne répond"), say("give one the role party", "donnez à l'un le rôle party"))
	for i, s := range c.a.Suspended {
		at := fmt.Sprintf("suspended[%d]", i)
		c.member(at+".member", s.Member)
		if s.By != "" {
			c.member(at+".by", s.By)
		}
		c.day(at+".from", s.From, true)
		c.day(at+".until", s.Until, false)
		c.that(s.Until == "" || s.From <= s.Until, at+".until", say("the suspension ends before it begins", "la suspension finit avant de commencer"), say("correct the days", "corrigez les jours"))
		c.both(at+".reason", s.Reason)
	}
}

func (c *checker) member(clause, code string) {
	c.that(party(c.a, code) >= 0, clause, say("%q is not among the parties", "%q n'est pas parmi les parties", clip(code)), say("add it to the parties, or take it out", "ajoutez-le aux parties, ou retirez-le"))
}

// named checks a word of a term's from or to: a party, or a role that a party has.
func (c *checker) named(clause, word string) {
	if !slices.Contains(Roles(), word) {
		c.member(clause, word)
		return
	}
	has := slices.ContainsFunc(c.a.Parties, func(p guichet.AgreementParty) bool { return p.Role == word })
	c.that(has, clause, say("no party has the role %q", "aucune partie n'a le rôle %q", word), say("give a party that role, or take it out", "donnez ce rôle à une partie, ou retirez-le"))
}

func (c *checker) validity() {
	v := c.a.Validity
	c.day("validity.from", v.From, true)
	c.day("validity.until", v.Until, true)
	c.day("validity.withdrawn", v.Withdrawn, false)
	c.that(v.From <= v.Until, "validity.until", say("the agreement ends before it begins", "l'accord finit avant de commencer"), say("correct the days", "corrigez les jours"))
	c.that(v.Withdrawn == "" || v.Withdrawn >= v.From && v.Withdrawn <= v.Until, "validity.withdrawn", say("the withdrawal is outside the time of the agreement", "la dénonciation est hors de la durée de l'accord"), say("name a day between", "nommez un jour entre les deux"))
	c.oneOf("validity.copies", v.Copies, "delete", "keep_archived")
}

func (c *checker) purposes(clause string, list []string) {
	for _, w := range list {
		_, ok := PurposeBy(w)
		c.that(ok, clause, say("the purpose %q is not known", "la fin %q est inconnue", clip(w)), say("write one of: %s", "écrivez l'une de : %s", words()))
	}
}

func (c *checker) rest() {
	a := c.a
	c.oneOf("security.tls", a.Security.TLS, "1.3")
	c.notNegative("security.key_age_days", a.Security.KeyAgeDays)
	c.that(a.Security.Witnesses >= 0 && a.Security.Witnesses < max(1, len(a.Parties)), "security.witnesses", say("%d witnesses are more than there are other parties", "%d témoins sont plus qu'il n'y a d'autres parties", a.Security.Witnesses), say("ask for fewer", "demandez-en moins"))
	c.oneOf("automated_decisions", a.AutomatedDecisions, "forbidden", "permitted")
	c.oneOf("corrections", a.Corrections, "forward", "on_request")
}

func (c *checker) partTwo() {
	a := c.a
	for _, x := range []struct {
		name string
		all  []guichet.OfParty
	}{{"legal_basis", a.LegalBasis}, {"controllers", a.Controllers}, {"contacts", a.Contacts}} {
		stated := map[string]bool{}
		for i, o := range x.all {
			at := fmt.Sprintf("%s[%d]", x.name, i)
			c.member(at+".member", o.Member)
			c.both(at+".text", o.Text)
			stated[o.Member] = true
		}
		for _, p := range a.Parties {
			c.that(stated[p.Member], x.name, say("%s states nothing", "%s n'indique rien", clip(p.Member)), say("let each party state its own", "faites indiquer par chaque partie la sienne"))
		}
	}
	c.both("accuracy", a.Accuracy)
	c.that(a.BreachNotice.Hours > 0, "breach_notice.hours", say("no deadline is given", "aucun délai n'est donné"), say("write hours: 72", "écrivez des heures : 72"))
	c.both("breach_notice.text", a.BreachNotice.Text)
	c.both("audit", a.Audit)
	c.both("rights", a.Rights)
	c.both("fees", a.Fees)
	c.both("service_level", a.ServiceLevel)
	c.both("changes", a.Changes)
	c.oneOf("language", a.Language, "en", "fr", "both")
	digest := regexp.MustCompile(`^[0-9a-f]{64}$`)
	for i, x := range a.Annexes {
		at := fmt.Sprintf("annexes[%d]", i)
		c.that(x.Name != "", at+".name", empty(), say("write its name", "écrivez son nom"))
		c.that(digest.MatchString(x.SHA256), at+".sha256", say("this is no SHA-256 digest", "ce n'est pas une empreinte SHA-256"), say("write 64 hex digits: sha256sum FILE", "écrivez 64 chiffres hexadécimaux : sha256sum FICHIER"))
	}
}

func (c *checker) texts() {
	for _, name := range Sections() {
		c.both("texts."+name, c.a.Texts[name])
	}
	for _, name := range sortedKeys(c.a.Texts) {
		if !slices.Contains(Sections(), name) {
			c.both("texts."+name, c.a.Texts[name])
		}
	}
}
