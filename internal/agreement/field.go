package agreement

import (
	"maps"
	"slices"
	"strings"

	"guichet"
)

// fields: what a question tells apart and picks by is open to it. Picking by a
// dimension tells it apart too, in as many questions as it has members.
func (m *matter) fields() *refusal {
	for _, name := range m.by {
		f, field := m.f.Dataset.Field(name)
		if field && f.Role != guichet.Dimension && !m.isUnit(name) || !m.mayTell(name) {
			return m.noField(name)
		}
	}
	for _, name := range m.names {
		if len(m.q.Where[name]) == 0 || name == guichet.FieldPeriod {
			return m.noField(name)
		}
		if _, bounded := m.t.Where[name]; !bounded && !m.mayTell(name) && name != fieldRegime {
			return m.noField(name)
		}
	}
	return nil
}

func (m *matter) noField(name string) *refusal {
	open := m.t.By
	if len(open) == 0 {
		open = slices.Sorted(maps.Keys(m.t.Levels))
	}
	return refuse(stageFields, m.clause("by"), say("%q may not be told apart or picked by", "%q ne peut servir ni à distinguer ni à choisir", clip(name)),
		say("open to questions: %s", "ouverts aux questions : %s", strings.Join(open, ", ")))
}

// mayTell says whether the term lets a field, classification or level be told
// apart. What is never summed over unsaid, the reporter, the frequency, the grain
// and the units of figures always may: the desk tells them apart by itself.
func (m *matter) mayTell(name string) bool {
	d := m.f.Dataset
	if f, ok := d.Field(name); ok {
		if f.Separate || name == guichet.FieldReporter || name == guichet.FieldFreq || name == guichet.FieldGrain || m.isUnit(name) {
			return true
		}
	}
	for _, c := range d.Classifications {
		if name == c.Code || name == c.Common || name == c.Name || slices.ContainsFunc(c.Levels, func(l guichet.Level) bool { return l.Name == name }) {
			return m.opened(c.Name) || m.opened(name)
		}
	}
	return m.opened(name) || slices.ContainsFunc(d.Fields, func(f guichet.Field) bool { return f.KindOf == name && m.opened(f.Name) })
}

// opened says whether the term names it; one that names nothing opens what it
// bounds by a level.
func (m *matter) opened(name string) bool {
	if len(m.t.By) > 0 {
		return slices.Contains(m.t.By, name)
	}
	_, bounded := m.t.Levels[name]
	return bounded
}

func (m *matter) isUnit(name string) bool {
	return slices.ContainsFunc(m.measures, func(x string) bool {
		f, _ := m.f.Dataset.Field(x)
		return f.Unit == name
	})
}

// where: values that are named are among those that may be asked; a dimension that
// is left open is narrowed to them. A value that is in no list refuses.
func (m *matter) where() *refusal {
	for _, name := range slices.Sorted(maps.Keys(m.t.Where)) {
		allowed := m.t.Where[name]
		if len(m.q.Where[name]) == 0 {
			m.allow(name, allowed)
		}
		for _, v := range m.q.Where[name] {
			if !slices.Contains(allowed, v) {
				return refuse(stageWhere, m.clause("where."+name), say("%s %q is not given", "%s %q n'est pas donné", name, clip(v)),
					say("given: %s", "donné : %s", strings.Join(allowed, ", ")))
			}
		}
	}
	for _, name := range m.names {
		if v, hint, bad := m.unknown(name); bad {
			return refuse(stageWhere, m.clause("where."+name), say("there is no %s %q", "il n'y a pas de %s %q", name, clip(v)), guichet.Text{EN: hint, FR: hint})
		}
	}
	return nil
}

// unknown returns the first value of a condition that its code list does not have.
func (m *matter) unknown(name string) (value, hint string, bad bool) {
	f, ok := m.f.Dataset.Field(name)
	if !ok || f.List == "" || m.f.Dataset.Known == nil {
		return "", "", false
	}
	for _, v := range m.q.Where[name] {
		if known, hint := m.f.Dataset.Known(f.List, v); !known {
			return v, hint, true
		}
	}
	return "", "", false
}

// allow narrows a dimension.
func (m *matter) allow(name string, values []string) {
	if m.cond.Where == nil {
		m.cond.Where = map[string][]string{}
	}
	m.cond.Where[name] = values
}

// levels: how fine a question may be in everything but time.
func (m *matter) levels() *refusal {
	for _, c := range m.f.Dataset.Classifications {
		if no := m.within(c.Name, m.depthOf(c)); no != nil {
			return no
		}
	}
	for _, name := range m.bounded() {
		if f, ok := m.f.Dataset.Field(name); ok && name != guichet.FieldPeriod {
			if no := m.within(name, m.depthOfField(f)); no != nil {
				return no
			}
		}
	}
	return nil
}

// bounded names what the term, its tiers or our law bound by a level.
func (m *matter) bounded() []string {
	names := slices.Collect(maps.Keys(m.t.Levels))
	for _, r := range m.raised {
		names = slices.AppendSeq(names, maps.Keys(r.rule.Levels))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// finest is the level to which something is bounded, as a place among its Levels,
// and the rule that says so, nil the term: the coarsest of all. What the term does not bound,
// though it is a classification or the period, stays at its coarsest; so does what
// is bounded to a level that does not exist.
func (m *matter) finest(name string, names []string) (at int, by *raise) {
	at = len(names) - 1
	level, bounded := m.t.Levels[name]
	_, _, class := m.f.Dataset.ClassificationBy(name)
	if bounded || class || name == guichet.FieldPeriod {
		at = max(0, slices.Index(names, level))
	}
	for i, r := range m.raised {
		if level, ok := r.rule.Levels[name]; ok && max(0, slices.Index(names, level)) < at {
			at, by = max(0, slices.Index(names, level)), &m.raised[i]
		}
	}
	return at, by
}

func (m *matter) within(name string, d depth) *refusal {
	at, by := m.finest(name, d.names)
	if d.at <= at {
		return nil
	}
	return refuse(stageLevels, m.levelClause(name, by), say("%s is given down to %s, and the question goes down to %s", "%s est donné jusqu'à %s, et la question descend jusqu'à %s", name, d.names[at], d.names[d.at]),
		say("ask down to %s", "demandez jusqu'à %s", d.names[at]))
}

// levelClause is the clause by which something is bounded to a level.
func (m *matter) levelClause(name string, by *raise) string {
	if by != nil {
		return by.clause + ".levels." + name
	}
	return m.clause("levels." + name)
}

// depthOf is how fine a question is in a classification, by what it tells apart
// and by what it picks.
func (m *matter) depthOf(c guichet.Classification) depth {
	d := depth{names: m.p.terms[m.term][c.Name].levels}
	for _, by := range m.by {
		switch by {
		case c.Code:
			d.deepen(c, national)
		case c.Name, c.Common:
			d.deepen(c, common(c))
		default:
			if i := slices.IndexFunc(c.Levels, func(l guichet.Level) bool { return l.Name == by }); i >= 0 {
				d.deepen(c, deep(c.Levels[i]))
			}
		}
	}
	if len(m.q.Where[c.Code]) > 0 {
		d.deepen(c, national)
	}
	for _, p := range m.exprs[c.Name] {
		d.deepen(c, p.found.digits)
	}
	return d
}

// depthOfField is how fine a question is in a dimension. A member that is picked
// is as fine as one that is told apart.
func (m *matter) depthOfField(f guichet.Field) depth {
	d := depth{names: Levels(m.f.Dataset, f.Name)}
	last, b := len(d.names)-1, breakdownOf(m.f.Dataset, f.Name)
	picks, kinds := m.q.Where[f.Name], m.q.Where[f.KindOf]
	switch {
	case len(picks) > 0:
		for _, v := range picks {
			d.at = max(d.at, min(last, kindOf(b, f.List, v)))
		}
	case !slices.Contains(m.by, f.Name):
	case f.KindOf != "" && len(kinds) > 0:
		for _, k := range kinds {
			d.at = max(d.at, min(last, rankOfKind(b, k)))
		}
	default:
		d.at = last
	}
	return d
}
