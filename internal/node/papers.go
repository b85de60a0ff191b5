package node

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
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
		out = append(out, circle.ClauseChange{Clause: c.Clause, Before: c.Before, After: c.After, Effect: c.Effect})
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
				p.n.cfg.Log.LogAttrs(context.Background(), slog.LevelWarn, "agreement not used", slog.String("agreement", a.ID), slog.String("error", err.Error()))
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

// remarkGrace is the code of what answers say while papers have expired.
const remarkGrace = "circle_grace"

// grace is what every answer says, ours and those that we get, while papers of the
// circle have expired and are still used.
func (p *papers) grace(lang string) (guichet.Remark, bool) {
	st, err := p.whole()
	if err != nil || !st.InGrace {
		return guichet.Remark{}, false
	}
	until := st.Circle.Grace.Format(time.DateOnly)
	return guichet.Remark{Code: remarkGrace, Text: guichet.Text{
		EN: "papers of the circle have expired; they are used until " + until + ": renew them (guichet circle propose --renew)",
		FR: "des papiers du cercle ont expiré ; ils sont utilisés jusqu'au " + until + " : renouvelez-les (guichet circle propose --renew)",
	}.In(lang)}, true
}

// notices are what the asker is told of the circle's papers beside an answer.
func (p *papers) notices(lang string) []string {
	var out []string
	if r, ok := p.grace(lang); ok {
		out = append(out, r.Text)
	}
	st, err := p.whole()
	if err != nil {
		return nil
	}
	for _, f := range st.Faults {
		out = append(out, f.Paper+": "+f.Text.In(lang))
	}
	if differ := p.lists(st); len(differ) > 0 {
		out = append(out, guichet.Text{
			EN: "this program's code lists or product groups are not those that the circle has signed (" + join(differ) + "): codes may mean something else elsewhere",
			FR: "les listes de codes ou groupes de produits de ce programme ne sont pas ceux que le cercle a signés (" + join(differ) + ") : des codes peuvent avoir un autre sens ailleurs",
		}.In(lang))
	}
	return out
}

// lists are the signed lists that differ from what this program holds.
func (p *papers) lists(st circle.State) []string {
	ours, err := signedLists()
	if err != nil {
		return []string{err.Error()}
	}
	var out []string
	for name, digest := range st.Lists {
		sum := sha256.Sum256(ours[name])
		if digest != hex.EncodeToString(sum[:]) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
