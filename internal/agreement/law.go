package agreement

import (
	"fmt"
	"slices"

	"guichet"
)

// CheckLaw returns every fault of a law, by its clause as refusals name it:
// "law.bounds[0].tier". What Decide does with a fault is the strictest that it can
// mean, so that a word written wrongly refuses more than was meant, never less; a
// purpose that nobody knows forbids nothing, and is told here.
func CheckLaw(l Law, ds []*guichet.Dataset) []Fault {
	c := &checker{a: &guichet.Agreement{}, ds: ds}
	c.purposes("law.forbidden", l.Forbidden)
	tiers := []string{""}
	for _, d := range ds {
		for _, cl := range d.Classifications {
			tiers = append(tiers, cl.Tiers...)
		}
	}
	for i, r := range l.Bounds {
		at := fmt.Sprintf("law.bounds[%d].", i)
		c.oneOf(at+"tier", r.Tier, tiers...)
		c.rules(at+"disclosure.", r.Rules)
		c.notNegative(at+"delay_days", r.DelayDays)
		c.notNegative(at+"quota_per_day", r.Quota)
		c.purposes(at+"purposes", r.Purposes)
		for _, name := range sortedKeys(r.Levels) {
			var known []string // a law is of all datasets: one that has the name is enough
			for _, d := range ds {
				known = append(known, Levels(d, name)...)
			}
			c.oneOf(at+"levels."+name, r.Levels[name], slices.Compact(known)...)
		}
	}
	return c.faults
}
