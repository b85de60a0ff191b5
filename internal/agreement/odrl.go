package agreement

import (
	"fmt"
	"slices"

	"guichet"
)

// ProfileODRL names our terms beside those of ODRL. It is a name, not an address:
// the profile is described in docs/design/agreements.md.
const ProfileODRL = "urn:guichet:odrl-profile:1"

// ODRL writes a paper as a policy of the ODRL Information Model 2.2 (W3C
// Recommendation, 15 February 2018) in JSON-LD, for readers elsewhere: kind is
// "Agreement" for a signed paper, "Offer" for a draft. Each term is one permission,
// with the asker's duties, and prohibitions.
//
// It is a description. What this program enforces is the paper itself: the
// finest level, protection rules, tiers and quotas have no word in ODRL, and stand
// under our profile.
func ODRL(a guichet.Agreement, kind string) any {
	w := odrl{a}
	policy := map[string]any{
		"@context": []any{"http://www.w3.org/ns/odrl.jsonld", map[string]any{
			"dpv": dpv, "dct": "http://purl.org/dc/terms/", "guichet": ProfileODRL + ":",
		}},
		"@type":   kind,
		"uid":     w.uid(),
		"profile": ProfileODRL,
		"dct:title": []any{
			map[string]any{"@value": a.Title.EN, "@language": "en"}, map[string]any{"@value": a.Title.FR, "@language": "fr"},
		},
		"conflict": "prohibit",
	}
	var permissions, prohibitions []any
	for i := range a.Terms {
		permissions = append(permissions, w.permission(i))
		prohibitions = append(prohibitions, w.prohibitions(i)...)
	}
	policy["permission"], policy["prohibition"] = permissions, prohibitions
	return policy
}

type odrl struct{ a guichet.Agreement }

func (w odrl) uid() string {
	return fmt.Sprintf("urn:guichet:agreement:%s:%s:%d", w.a.Circle, w.a.ID, w.a.Version)
}

func (w odrl) parties(named []string) []any {
	if len(named) == 0 {
		named = []string{roleParty}
	}
	var out []any
	for _, p := range w.a.Parties {
		if slices.Contains(named, p.Member) || slices.Contains(named, p.Role) {
			out = append(out, w.partyIRI(p.Member))
		}
	}
	return out
}

func (w odrl) partyIRI(member string) string {
	return "urn:guichet:party:" + w.a.Circle + ":" + member
}

// rule is what every rule of a term has.
func (w odrl) rule(i int, action string) map[string]any {
	t := w.a.Terms[i]
	return map[string]any{
		"uid": fmt.Sprintf("%s:terms:%d:%s", w.uid(), i, action), "action": action,
		"target": "urn:guichet:dataset:" + t.Dataset, "assigner": w.parties(t.From), "assignee": w.parties(t.To),
	}
}

func (w odrl) permission(i int) map[string]any {
	t := w.a.Terms[i]
	out := w.rule(i, "use")
	constraints := []any{
		constraint("purpose", "isAnyOf", purposeIRIs(w.a.Purposes.Permitted)),
		constraint("dateTime", "gteq", day(w.a.Validity.From)),
		constraint("dateTime", "lteq", day(w.a.Validity.Until)),
		constraint("guichet:quotaPerDay", "lteq", t.Quota),
		constraint("guichet:grain", "isAnyOf", t.Grains),
		constraint("guichet:measure", "isAnyOf", t.Measures),
		constraint("guichet:disclosure", "eq", fmt.Sprintf("threshold %d; dominance %d, %d %%; prior %d %%", t.Rules.Threshold, t.Rules.Top, t.Rules.Share, t.Rules.Prior)),
	}
	for _, name := range sortedKeys(t.Picks) {
		constraints = append(constraints, constraint("guichet:pick-"+name, "isPartOf", t.Picks[name]))
	}
	for _, name := range sortedKeys(t.Where) {
		constraints = append(constraints, constraint("guichet:where-"+name, "isAnyOf", t.Where[name]))
	}
	for _, name := range sortedKeys(t.Levels) {
		constraints = append(constraints, constraint("guichet:finest-"+name, "lteq", t.Levels[name]))
	}
	if t.MaxTier != "" {
		constraints = append(constraints, constraint("guichet:tier", "lteq", t.MaxTier))
	}
	if t.Periods.Delay > 0 {
		constraints = append(constraints, constraint("delayPeriod", "gteq", duration(t.Periods.Delay)))
	}
	out["constraint"] = constraints
	out["duty"] = []any{
		map[string]any{"action": "attribute"},
		map[string]any{"action": "delete", "constraint": []any{constraint("elapsedTime", "lteq", duration(t.Keep.Days))}},
	}
	return out
}

// prohibitions: what the term does not allow with an answer, and the purposes that
// nobody may have.
func (w odrl) prohibitions(i int) []any {
	t := w.a.Terms[i]
	var out []any
	if t.Onward != "public" {
		no := w.rule(i, "distribute")
		if t.Onward == "parties" {
			no["constraint"] = []any{constraint("recipient", "isNoneOf", w.allParties())}
		}
		out = append(out, no)
	}
	if t.Derived == "none" {
		out = append(out, w.rule(i, "derive"))
	}
	if len(w.a.Purposes.Forbidden) > 0 {
		no := w.rule(i, "use")
		no["uid"] = fmt.Sprintf("%s:terms:%d:forbidden", w.uid(), i)
		no["constraint"] = []any{constraint("purpose", "isAnyOf", purposeIRIs(w.a.Purposes.Forbidden))}
		out = append(out, no)
	}
	return out
}

func (w odrl) allParties() []any {
	var out []any
	for _, p := range w.a.Parties {
		out = append(out, w.partyIRI(p.Member))
	}
	return out
}

func constraint(left, operator string, right any) map[string]any {
	return map[string]any{"leftOperand": left, "operator": operator, "rightOperand": right}
}

func day(s string) map[string]any { return map[string]any{"@value": s, "@type": "xsd:date"} }

func duration(days int) map[string]any {
	return map[string]any{"@value": fmt.Sprintf("P%dD", days), "@type": "xsd:duration"}
}

// purposeIRIs names purposes by our own words: the DPV term is broader, and a reader
// who matched by it would permit too much. The pair is told beside.
func purposeIRIs(words []string) []any {
	var out []any
	for _, word := range words {
		p, _ := PurposeBy(word)
		out = append(out, map[string]any{"@id": "guichet:purpose-" + word, "http://www.w3.org/2004/02/skos/core#broadMatch": map[string]any{"@id": p.DPV}})
	}
	return out
}
