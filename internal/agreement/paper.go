package agreement

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"guichet"
)

// Paper is an agreement made ready for decisions: its digest, the goods that its
// picks grant in every edition, its notices. It is made once for each signed
// paper and shared; nothing changes it but what it remembers of expressions, and
// that never changes what it says.
type Paper struct {
	a       guichet.Agreement
	digest  string
	terms   []grants
	times   []times                       // of the terms
	notices map[string][][]guichet.Remark // language -> by term
	memo    memo
}

// grants is what a term grants of its dataset's classifications, by name.
type grants map[string]*grant

// times are the first and the last period of a term, as it writes them and read.
type times struct {
	from, to       guichet.Period
	errFrom, errTo error
}

func timesOf(p guichet.Periods) times {
	var t times
	if p.From != "" {
		t.from, t.errFrom = guichet.ParsePeriod(p.From)
	}
	if p.To != "" {
		t.to, t.errTo = guichet.ParsePeriod(p.To)
	}
	return t
}

// grant is what a term grants of one classification.
type grant struct {
	class     guichet.Classification
	levels    []string // as Levels has them
	exprs     []string
	all       bool           // everything
	byEdition map[int]*goods // what the expressions mean in each edition
}

// goods is a set of codes of one edition.
type goods struct {
	codes    map[string]bool
	prefixes []string
	national []guichet.Selection
}

// Ready makes a paper ready. Expressions that a classification cannot read grant
// nothing (Check tells of them); a term over a dataset that is not held grants
// nothing at all. The error is that of guichet.DigestOf.
func Ready(a guichet.Agreement, ds []*guichet.Dataset) (*Paper, error) {
	digest, err := guichet.DigestOf(a)
	if err != nil {
		return nil, fmt.Errorf("digest of the agreement %s: %w", a.ID, err)
	}
	p := &Paper{a: a, digest: digest, notices: map[string][][]guichet.Remark{}}
	for i, t := range a.Terms {
		g := grants{}
		if d := datasetBy(ds, t.Dataset); d != nil {
			for _, c := range d.Classifications {
				g[c.Name] = newGrant(c, t.Picks[c.Name])
			}
		}
		p.terms, p.times = append(p.terms, g), append(p.times, timesOf(t.Periods))
		for _, lang := range []string{"en", "fr"} {
			p.notices[lang] = append(p.notices[lang], slices.Clip(notices(a, i, lang)))
		}
	}
	return p, nil
}

// Agreement returns the paper as it was signed.
func (p *Paper) Agreement() guichet.Agreement { return p.a }

// Digest is the SHA-256 of the paper's canonical JSON, hex.
func (p *Paper) Digest() string { return p.digest }

func datasetBy(ds []*guichet.Dataset, name string) *guichet.Dataset {
	i := slices.IndexFunc(ds, func(d *guichet.Dataset) bool { return d.Name == name })
	if i < 0 {
		return nil
	}
	return ds[i]
}

func newGrant(c guichet.Classification, exprs []string) *grant {
	g := &grant{class: c, levels: classLevels(c), exprs: exprs, byEdition: map[int]*goods{}}
	for _, e := range editionsOf(c) {
		set := &goods{codes: map[string]bool{}}
		for _, expr := range exprs {
			s, err := c.Resolve(guichet.Resolution{Expr: expr, Asked: e, Present: e})
			if err != nil || s.Gap != "" {
				continue // no such code in this edition
			}
			g.all = g.all || everything(s)
			set.add(s)
		}
		g.byEdition[e] = set
	}
	return g
}

// editionsOf are the editions to judge in; of a classification without any, one
// that is called 0.
func editionsOf(c guichet.Classification) []int {
	if len(c.Editions) == 0 {
		return []int{0}
	}
	return c.Editions
}

// everything says whether a selection is the zero one: no code is left out.
func everything(s guichet.Selection) bool {
	return s.Gap == "" && len(s.Codes) == 0 && s.Prefix == "" && s.National == ""
}

func (g *goods) add(s guichet.Selection) {
	for _, c := range s.Codes {
		g.codes[c] = true
	}
	if s.Prefix != "" {
		g.prefixes = append(g.prefixes, s.Prefix)
	}
	if s.National != "" {
		g.national = append(g.national, s)
	}
}

// hold says whether all of a selection is in the set. A prefix is held by a
// prefix alone, also where every code that begins so is granted: rows of a
// heading may be published as a whole, with goods that have no finer code.
func (g *goods) hold(s guichet.Selection) bool {
	switch {
	case s.Gap != "":
		return true // nothing is drawn from it
	case s.National != "":
		return slices.ContainsFunc(g.national, func(n guichet.Selection) bool {
			return (n.List == "" || n.List == s.List) && strings.HasPrefix(s.National, n.National)
		})
	case s.Prefix != "":
		return g.under(s.Prefix)
	case len(s.Codes) > 0:
		return !slices.ContainsFunc(s.Codes, func(c string) bool { return !g.codes[c] && !g.under(c) })
	}
	return false
}

func (g *goods) under(code string) bool {
	return slices.ContainsFunc(g.prefixes, func(p string) bool { return strings.HasPrefix(code, p) })
}

// memo remembers what was found of expressions: reading a code or a group costs
// tens of microseconds, and the same few are asked all day. What it holds is
// bounded, since expressions come from outside.
type memo struct {
	mu   sync.RWMutex
	seen map[memoKey]sought // guarded by mu
}

const memoAtMost = 4096

type memoKey struct {
	term       int
	class      string
	expr       string
	edition    int
	conversion string
}

func (m *memo) get(k memoKey) (sought, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	s, ok := m.seen[k]
	return s, ok
}

func (m *memo) put(k memoKey, s sought) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen == nil || len(m.seen) >= memoAtMost {
		m.seen = map[memoKey]sought{}
	}
	m.seen[k] = s
}
