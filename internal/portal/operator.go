package portal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"guichet"
)

// Keeper looks at how the node does.
type Keeper interface {
	// Look looks at everything that the node needs, and tells each part as it is found;
	// parts say how many there are.
	Look(ctx context.Context, parts func(int), found func([]Finding)) error
}

// Finding is one sentence about something that the node needs.
type Finding struct {
	Circle  string // whose; "" of what all circles share
	What    string // "keys", "disk", "journal", "copy SG" ...
	Member  string // the finding is about this member's node
	Version string // of its program; "" it did not say
	State   string // "well", "watch", "wrong"
	Text    guichet.Text
	Do      guichet.Text // what to do; empty nothing
}

const (
	// lookFor bounds a round: each member is given ten seconds, several at a time.
	lookFor = 2 * time.Minute
	// lookedFreshFor is how long what was found is shown without another look.
	lookedFreshFor = 10 * time.Minute
)

// rounds are the operator's: one goes at a time, for whoever waits, and goes on when
// nobody looks.
type rounds struct {
	clock  guichet.Clock
	log    *slog.Logger
	keeper Keeper
	since  time.Time
	ctx    context.Context //nolint:containedctx // of a round: ended by close, which waits
	end    context.CancelFunc
	all    sync.WaitGroup

	mu   sync.Mutex // guards what follows
	now  *round     // nil: none goes
	last *round     // nil: there was none
}

// round is one look at everything.
type round struct {
	began, ended time.Time

	mu       sync.Mutex // guards what follows
	of, done int
	findings []Finding
	err      error
	over     bool
	changed  chan struct{} // closed, and made anew, at each change
}

func newRounds(clock guichet.Clock, log *slog.Logger, k Keeper) *rounds {
	r := &rounds{clock: clock, log: log, keeper: k, since: clock()}
	r.ctx, r.end = context.WithCancel(context.Background())
	return r
}

func (r *rounds) close() {
	r.end()
	r.all.Wait()
}

// stand returns the round that goes, and the last one that ended.
func (r *rounds) stand() (now, last *round) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now, r.last
}

// begin begins a round where none goes.
func (r *rounds) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now != nil || r.ctx.Err() != nil {
		return
	}
	x := &round{began: r.clock(), changed: make(chan struct{})}
	r.now = x
	r.all.Go(func() { r.run(x) })
}

func (r *rounds) run(x *round) {
	ctx, cancel := context.WithTimeout(r.ctx, lookFor)
	defer cancel()
	err := r.keeper.Look(ctx, func(n int) { x.change(func() { x.of = n }) }, func(f []Finding) {
		x.change(func() {
			x.done++
			x.findings = append(x.findings, f...)
		})
	})
	if err != nil {
		r.log.LogAttrs(ctx, slog.LevelWarn, "operator's round failed", slog.String("error", err.Error()))
	}
	x.ended = r.clock()
	r.mu.Lock()
	r.now, r.last = nil, x
	r.mu.Unlock()
	x.change(func() { x.err, x.over = err, true })
}

func (x *round) change(do func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	do()
	close(x.changed)
	x.changed = make(chan struct{})
}

// stands says how far a round has come, and what is closed when that changes.
func (x *round) stands() (done, of int, over bool, changed <-chan struct{}) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.done, x.of, x.over, x.changed
}

// operatorPage is what the operator's page receives.
type operatorPage struct {
	Going   bool   // a round goes; nothing else is shown
	Far     string // how far it has come
	Events  string
	Looked  time.Time
	Lead    string
	Tag     string // the colour of the worst
	Failed  string // why the round did not end well; "" it did
	Todo    []findingView
	Members []findingView
	Groups  []findingGroup
	Facts   []factView
}

type findingGroup struct {
	Title    string
	Findings []findingView
}

type findingView struct {
	Circle, What, State, Tag, Version, Text, Do string
	Lang, DoLang                                string // of text and of what to do
}

type factView struct{ Name, Text string }

// operator shows how the node does. It looks when nobody has for a while: members are
// only asked whether they are there, and no journal is written.
func (p *Portal) operator(v *visit) error {
	if p.cfg.Keeper == nil {
		return &guichet.Error{Kind: guichet.KindNotFound}
	}
	now, last := p.rounds.stand()
	if now == nil && (last == nil || p.cfg.Clock().Sub(last.ended) > lookedFreshFor) {
		p.rounds.begin()
		now, last = p.rounds.stand()
	}
	if now != nil {
		done, of, _, _ := now.stands()
		page := operatorPage{Going: true, Far: v.farText(done, of), Events: v.to("/operator/events", nil)}
		const again = 2
		return v.show(http.StatusOK, "operator", v.t("operator.title"), page, func(s *shown) { s.Refresh = again })
	}
	if last == nil { // the node ends
		return guichet.Errorf(guichet.KindBusy, "%s", v.t("operator.ending"))
	}
	return v.show(http.StatusOK, "operator", v.t("operator.title"), p.found(v, last))
}

// farText says how far a round has come.
func (v *visit) farText(done, of int) string {
	if of == 0 {
		return v.t("operator.begins")
	}
	return v.t("operator.far", "done", v.words.whole(int64(done)), "of", v.words.whole(int64(of)))
}

// lookAgain begins a round, unless one goes.
func (p *Portal) lookAgain(v *visit) error {
	if p.cfg.Keeper != nil {
		p.rounds.begin()
	}
	return v.redirect(v.to("/operator", nil))
}

// lookEvents tells a browser how far a round has come: "came" with a sentence, "over" at
// the end.
func (p *Portal) lookEvents(v *visit) error {
	h := v.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(v.w)
	_ = out.SetWriteDeadline(time.Time{}) // it lasts as long as the round, which is bounded
	x, _ := p.rounds.stand()
	for x != nil {
		done, of, over, changed := x.stands()
		if _, err := fmt.Fprintf(v.w, "event: came\ndata: far %s\n\n", v.farText(done, of)); err != nil {
			return nil //nolint:nilerr // who went away is no fault
		}
		if err := out.Flush(); err != nil || over {
			break
		}
		select {
		case <-changed:
		case <-v.r.Context().Done():
			return nil
		}
	}
	_, _ = fmt.Fprint(v.w, "event: over\ndata: over\n\n")
	return nil
}

// graveness orders states: what is wrong comes first.
func graveness(state string) int { return slices.Index([]string{"wrong", "watch", "well"}, state) }

// found is the page of a round that has ended.
func (p *Portal) found(v *visit, x *round) operatorPage {
	x.mu.Lock()
	findings, err := slices.Clone(x.findings), x.err
	x.mu.Unlock()
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(graveness(a.State), graveness(b.State)), cmp.Compare(a.Circle, b.Circle))
	})
	page := operatorPage{Looked: x.ended, Tag: tagOf("well")}
	if err != nil {
		page.Failed = v.t("operator.failed")
		if e, ok := errors.AsType[*guichet.Error](err); ok {
			page.Failed = v.told(e)
		}
	}
	counts := map[string]int{}
	groups := map[string][]findingView{}
	for _, f := range findings {
		counts[f.State]++
		view := v.viewOf(f)
		if f.State != "well" {
			page.Todo = append(page.Todo, view)
		}
		if f.Member != "" {
			page.Members = append(page.Members, view)
			continue
		}
		groups[f.Circle] = append(groups[f.Circle], view)
	}
	slices.SortStableFunc(page.Members, func(a, b findingView) int {
		return cmp.Or(strings.Compare(a.Circle, b.Circle), strings.Compare(a.What, b.What))
	})
	if len(findings) > 0 {
		page.Tag = tagOf(findings[0].State)
	}
	page.Lead = v.leadOf(counts)
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		title := v.t("operator.home")
		if name != "" {
			title = v.t("operator.seat", "circle", name)
		}
		page.Groups = append(page.Groups, findingGroup{title, groups[name]})
	}
	page.Facts = p.facts(v)
	return page
}

// leadOf says in a sentence how much is as it should be.
func (v *visit) leadOf(counts map[string]int) string {
	if counts["wrong"]+counts["watch"] == 0 {
		return v.words.count("operator.well", counts["well"])
	}
	var parts []string
	for _, state := range []string{"wrong", "watch", "well"} {
		if n := counts[state]; n > 0 {
			parts = append(parts, v.words.count("operator.count."+state, n))
		}
	}
	return strings.Join(parts, ", ")
}

func tagOf(state string) string {
	return map[string]string{"well": "green", "watch": "yellow", "wrong": "red"}[state]
}

// viewOf says a finding in the visit's language.
func (v *visit) viewOf(f Finding) findingView {
	what, of, _ := strings.Cut(f.What, " ")
	name := v.words.or("operator.what."+what, f.What)
	switch {
	case f.Member != "":
		name = areaName(f.Member, v.lang) + " (" + f.Member + ")"
	case of != "" && name != f.What:
		name += " " + areaName(of, v.lang)
	}
	return findingView{
		Circle: f.Circle, What: name, State: v.t("operator.state." + f.State), Tag: tagOf(f.State), Version: f.Version,
		Text: v.sentence(sentence(f.Text.In(v.lang))), Do: v.sentence(sentence(f.Do.In(v.lang))), Lang: v.foreign(f.Text), DoLang: v.foreign(f.Do),
	}
}

// foreign is the language of a text where that is not the page's: what has only one
// form is English.
func (v *visit) foreign(t guichet.Text) string {
	if v.lang != "en" && t.EN == t.FR && t.EN != "" {
		return "en"
	}
	return ""
}

// sentence begins with a capital, unless it begins with a name or a command.
func sentence(text string) string {
	first, rest, _ := strings.Cut(text, " ")
	if rest == "" || strings.ToLower(first) != first || strings.ContainsAny(first, "/:-_.0123456789") || first == "guichet" {
		return text
	}
	r := []rune(text)
	return strings.ToUpper(string(r[0])) + string(r[1:])
}

// facts are what the page says of the program itself.
func (p *Portal) facts(v *visit) []factView {
	p.askings.mu.Lock()
	asking := len(p.askings.now)
	p.askings.mu.Unlock()
	var circles []string
	for _, s := range p.cfg.Seats {
		circles = append(circles, s.Circle().Name)
	}
	return []factView{
		{v.t("operator.fact.version"), p.cfg.Version},
		{v.t("operator.fact.since"), v.words.moment(p.rounds.since)},
		{v.t("operator.fact.circles"), strings.Join(circles, ", ")},
		{v.t("operator.fact.asking"), v.t("operator.fact.asking.of", "n", v.words.whole(int64(asking)), "most", v.words.whole(askingAtAll))},
	}
}
