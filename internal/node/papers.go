package node

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"guichet"
	"guichet/internal/agreement"
	"guichet/internal/circle"
)

// freshFor is how long a verified state of the circle is used before the files
// are looked at again: a key that a member revoked is refused so much later at
// the most.
const freshFor = time.Second

// papers are the circle's papers as this node has verified them, with the
// agreements made ready for decisions.
type papers struct {
	n    *Node
	repo *circle.Repository

	mu     sync.Mutex // guards what follows
	seen   time.Time  // by the node's clock
	now    circle.State
	err    error
	ready  map[string]*agreement.Paper // by digest
	usable []*agreement.Paper
}

// openPapers opens the circle of a name in a home. It must verify.
func openPapers(n *Node, name string) (*papers, error) {
	repo, err := n.repository(name)
	if err != nil {
		return nil, err
	}
	p := &papers{n: n, repo: repo, ready: map[string]*agreement.Paper{}}
	_, err = p.state()
	return p, err
}

// repository is the folder of a circle; there need be no circle in it yet.
func (n *Node) repository(name string) (*circle.Repository, error) {
	return circle.Open(circle.Config{
		Dir: filepath.Join(n.Home().Path, dirCircles, name), Clock: n.cfg.Clock,
		Diff: clauseChanges,
		Check: func(a guichet.Agreement) []string {
			var out []string
			for _, f := range agreement.Check(a, datasets()) {
				out = append(out, f.Clause+": "+f.Text.EN)
			}
			return out
		},
	})
}

func clauseChanges(old, next guichet.Agreement) []circle.ClauseChange {
	var out []circle.ClauseChange
	for _, c := range agreement.Diff(old, next, datasets()) {
		out = append(out, circle.ClauseChange{Clause: c.Clause, Before: c.Before, After: c.After, Effect: string(c.Effect)})
	}
	return out
}

// state returns the verified circle, or why there is none that may be used.
func (p *papers) state() (guichet.Circle, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refresh()
	return p.now.Circle, p.err
}

// whole returns all that is known of the circle's state.
func (p *papers) whole() (circle.State, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refresh()
	return p.now, p.err
}

// circle returns the circle, empty where none may be used: then nobody is a
// member.
func (p *papers) circle() guichet.Circle {
	c, err := p.state()
	if err != nil {
		return guichet.Circle{}
	}
	return c
}

// agreements returns those that are signed by all their parties, made ready.
func (p *papers) agreements() []*agreement.Paper {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refresh()
	return p.usable
}

// refresh looks at the files again when the last look is old. p.mu is held.
func (p *papers) refresh() {
	now := p.n.cfg.Clock()
	if !p.seen.IsZero() && now.Sub(p.seen).Abs() < freshFor {
		return
	}
	p.seen = now
	p.now, p.err = p.repo.State()
	p.usable = nil
	if p.err != nil {
		return
	}
	kept := map[string]*agreement.Paper{}
	for _, a := range p.now.Agreements {
		digest, err := guichet.DigestOf(a)
		if err != nil {
			continue // cannot be: it was read from its canonical JSON
		}
		paper, ok := p.ready[digest]
		if !ok {
			if paper, err = agreement.Ready(a, datasets()); err != nil {
				p.n.cfg.Log.Warn("agreement not used", "agreement", a.ID, "error", err.Error())
				continue
			}
		}
		kept[digest] = paper
		p.usable = append(p.usable, paper)
	}
	p.ready = kept
	slices.SortFunc(p.usable, func(a, b *agreement.Paper) int { return cmp.Compare(a.Agreement().ID, b.Agreement().ID) })
}

// forget makes the next look a fresh one: papers have just changed.
func (p *papers) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = time.Time{}
}

func join(names []string) string { return strings.Join(names, ", ") }
