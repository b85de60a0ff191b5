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
	"sync/atomic"
	"time"

	"guichet"
	"guichet/internal/agreement"
	"guichet/internal/circle"
	"guichet/wording"
)

// freshFor is how long a verified state of the circle is used before the files
// are looked at again: a key that a member revoked is refused so much later at
// the most.
const freshFor = time.Second

// papers are the circle's papers as this node has verified them. Every exchange
// asks them several times, so what they are is looked up once a freshFor and read
// without a lock in between.
type papers struct {
	n    *Node
	repo *circle.Repository
	last atomic.Pointer[standing] // nil: to be looked up

	mu    sync.Mutex                  // one look at a time; guards what follows
	ready map[string]*agreement.Paper // by digest
}

// standing is what the papers were when they were looked at. It is never changed.
type standing struct {
	seen   time.Time // by the node's clock
	state  circle.State
	err    error              // why there is no circle that may be used
	usable []*agreement.Paper // made ready for decisions
	differ []string           // signed lists that are not those of this program
}

// openPapers opens the circle of a name in a home. It must verify.
func openPapers(n *Node, name string) (*papers, error) {
	repo, err := n.repository(name)
	if err != nil {
		return nil, err
	}
	p := &papers{n: n, repo: repo}
	_, err = p.state()
	return p, err
}

// repository is the folder of a circle; there need be no circle in it yet.
func (n *Node) repository(name string) (*circle.Repository, error) {
	return circle.Open(circle.Config{
		Dir: filepath.Join(n.Home().Path, dirCircles, name), Name: name, Clock: n.cfg.Clock,
		Diff: clauseChanges,
		Check: func(a guichet.Agreement) []wording.Sentence {
			var out []wording.Sentence
			for _, f := range agreement.Check(a, datasets()) {
				out = append(out, wording.Say("%s: %s", f.Clause, f.Text))
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
	now := p.standing()
	return now.state.Circle, now.err
}

// whole returns all that is known of the circle's state.
func (p *papers) whole() (circle.State, error) {
	now := p.standing()
	return now.state, now.err
}

// circle returns the circle, empty where none may be used: then nobody is a
// member.
func (p *papers) circle() guichet.Circle {
	now := p.standing()
	if now.err != nil {
		return guichet.Circle{}
	}
	return now.state.Circle
}

// agreements returns those that are signed by all their parties, made ready.
func (p *papers) agreements() []*agreement.Paper { return p.standing().usable }

// standing is how the papers stand: looked at again when the last look is old.
func (p *papers) standing() *standing {
	if last := p.fresh(); last != nil {
		return last
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := p.fresh(); last != nil { // somebody else has looked meanwhile
		return last
	}
	now := p.look(p.n.cfg.Clock())
	p.last.Store(now)
	return now
}

// fresh is the last look, nil when it is old.
func (p *papers) fresh() *standing {
	last := p.last.Load()
	if last == nil || p.n.cfg.Clock().Sub(last.seen).Abs() >= freshFor {
		return nil
	}
	return last
}

// look looks at the files. p.mu is held.
func (p *papers) look(at time.Time) *standing {
	now := &standing{seen: at}
	now.state, now.err = p.repo.State()
	if now.err != nil {
		return now
	}
	// What our role keeps from us is no fault of the papers.
	if withheld, err := p.repo.Withheld(p.n.Home().Member); err == nil && len(withheld) > 0 {
		now.state.Faults = slices.DeleteFunc(slices.Clone(now.state.Faults), func(f circle.Fault) bool { return slices.Contains(withheld, f.Paper) })
	}
	kept := map[string]*agreement.Paper{}
	for _, a := range now.state.Agreements {
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
		now.usable = append(now.usable, paper)
	}
	p.ready = kept
	slices.SortFunc(now.usable, func(a, b *agreement.Paper) int { return cmp.Compare(a.Agreement().ID, b.Agreement().ID) })
	now.differ = p.lists(now.state)
	return now
}

// forget makes the next look a fresh one: papers have just changed.
func (p *papers) forget() {
	p.mu.Lock() // a look that is under way may have missed it
	defer p.mu.Unlock()
	p.last.Store(nil)
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
	until := st.Grace.Format(time.DateOnly)
	return guichet.Remark{Code: remarkGrace, Text: guichet.Text{
		EN: "papers of the circle have expired; they are used until " + until + ": renew them (guichet circle propose --renew)",
		FR: "des papiers du cercle ont expiré ; ils sont utilisés jusqu'au " + until + " : renouvelez-les (guichet circle propose --renew)",
	}.In(lang)}, true
}

// notices are what the asker is told of the circle's papers beside an answer.
func (p *papers) notices(lang string) []string {
	now := p.standing()
	if now.err != nil {
		return nil
	}
	var out []string
	if r, ok := p.grace(lang); ok {
		out = append(out, r.Text)
	}
	for _, f := range now.state.Faults {
		out = append(out, f.Paper+": "+f.Text.In(lang))
	}
	if len(now.differ) > 0 {
		out = append(out, guichet.Text{
			EN: "this program's code lists or product groups are not those that the circle has signed (" + join(now.differ) + "): codes may mean something else elsewhere",
			FR: "les listes de codes ou groupes de produits de ce programme ne sont pas ceux que le cercle a signés (" + join(now.differ) + ") : des codes peuvent avoir un autre sens ailleurs",
		}.In(lang))
	}
	return out
}

// lists are the signed lists that differ from what this program holds.
func (p *papers) lists(st circle.State) []string {
	ours, err := listDigests()
	if err != nil {
		return []string{err.Error()}
	}
	var out []string
	for name, digest := range st.Lists {
		if digest != ours[name] {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// listDigests are the SHA-256 of signedLists, hex: tens of milliseconds that never
// come out otherwise in one process.
//
//nolint:gochecknoglobals // of what is built into the program; never changed
var listDigests = sync.OnceValues(func() (map[string]string, error) {
	lists, err := signedLists()
	out := map[string]string{}
	for name, text := range lists {
		sum := sha256.Sum256(text)
		out[name] = hex.EncodeToString(sum[:])
	}
	return out, err
})
