package portal

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"guichet"
)

const (
	checksKept = 20               // the newest; older ones are forgotten
	checkFor   = 30 * time.Minute // bounds one
)

// checks are verifications of journals, under way and done. What those found that have
// ended lies in a file too, so that a new start does not forget it. Evidence lies in
// the home.
type checks struct {
	clock guichet.Clock
	log   *slog.Logger
	dir   string          // of the file
	ctx   context.Context //nolint:containedctx // of all checks: ended by close, which waits
	end   context.CancelFunc
	all   sync.WaitGroup

	writing sync.Mutex // held over the write

	mu  sync.Mutex // guards what follows
	now []*check   // newest first
}

// check is one verification.
type check struct {
	ID, Circle string
	Members    []string // whose journals are looked at, ours first
	Began      time.Time

	mu      sync.Mutex // guards what follows
	ended   time.Time
	reports []JournalReport
	err     error
	changed chan struct{} // closed, and made anew, at each change
}

func newChecks(clock guichet.Clock, log *slog.Logger, dir string) *checks {
	c := &checks{clock: clock, log: log, dir: dir}
	c.ctx, c.end = context.WithCancel(context.Background())
	if err := c.load(); err != nil { // no reason to serve no pages: it can be found again
		log.LogAttrs(c.ctx, slog.LevelWarn, "earlier checks not read", slog.String("error", err.Error()))
	}
	return c
}

func (c *checks) close() {
	c.end()
	c.all.Wait()
}

// begin begins a check. One of the same circle that is under way is that one.
func (c *checks) begin(audit Audit, id, circle string, members []string) (*check, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.now {
		if _, over, _ := x.stands(); x.ID == id || x.Circle == circle && !over {
			return x, nil
		}
	}
	if c.ctx.Err() != nil {
		return nil, guichet.Errorf(guichet.KindBusy, "the node is ending").WithHint("try again when it runs")
	}
	x := &check{ID: id, Circle: circle, Members: members, Began: c.clock(), changed: make(chan struct{})}
	c.now = append([]*check{x}, c.now...)
	if len(c.now) > checksKept {
		c.now = c.now[:checksKept]
	}
	c.all.Go(func() {
		ctx, cancel := context.WithTimeout(c.ctx, checkFor)
		defer cancel()
		err := audit.Verify(ctx, circle, members[1:], x.add)
		if err != nil {
			c.log.LogAttrs(ctx, slog.LevelWarn, "journals not verified", slog.String("circle", circle), slog.String("error", err.Error()))
		}
		x.over(c.clock(), err)
		if err := c.save(); err != nil {
			c.log.LogAttrs(ctx, slog.LevelWarn, "a check is not kept", slog.String("error", err.Error()))
		}
	})
	return x, nil
}

func (c *checks) by(id string) (*check, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.now, func(x *check) bool { return x.ID == id })
	if i < 0 {
		return nil, false
	}
	return c.now[i], true
}

func (c *checks) list() []*check {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.now)
}

func (x *check) add(r JournalReport) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.reports = append(x.reports, r.bounded())
	close(x.changed)
	x.changed = make(chan struct{})
}

func (x *check) over(at time.Time, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ended, x.err = at, err
	close(x.changed)
}

// stands returns what was found so far, whether it is over, and what is closed when
// that changes.
func (x *check) stands() (reports []JournalReport, over bool, changed <-chan struct{}) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clip(x.reports), !x.ended.IsZero(), x.changed
}

// outcome is how a check ended.
func (x *check) outcome() (ended time.Time, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.ended, x.err
}

// checksPage is what the list of checks receives.
type checksPage struct {
	Circles []choice
	Once    string
	Lines   []checkLine
}

type checkLine struct{ To, Circle, Began, State, Tag string }

// checksList lists checks, and has a form that begins one.
func (p *Portal) checksList(v *visit) error {
	page := checksPage{}
	for i, s := range p.cfg.Seats {
		name := s.Circle().Name
		page.Circles = append(page.Circles, choice{Value: name, Text: name, Chosen: i == 0})
	}
	var id [16]byte
	if _, err := io.ReadFull(p.cfg.Rand, id[:]); err != nil {
		return fmt.Errorf("name a check: %w", err)
	}
	page.Once = hex.EncodeToString(id[:])
	for _, x := range p.checks.list() {
		state, tag := x.state()
		page.Lines = append(page.Lines, checkLine{v.to("/checks/"+x.ID, nil), x.Circle, v.words.moment(x.Began), v.t("check.state." + state), tag})
	}
	return v.show(http.StatusOK, "checks", v.t("checks.title"), page)
}

// state is how a check stands: the gravest of what it found.
func (x *check) state() (state, tag string) {
	reports, over, _ := x.stands()
	_, err := x.outcome()
	switch {
	case !over:
		return "running", "blue"
	case err != nil:
		return "failed", "red"
	}
	return worst(reports)
}

// worst is the gravest severity of reports.
func worst(reports []JournalReport) (state, tag string) {
	state, tag = "well", "green"
	for _, s := range []struct{ severity, tag string }{{"notice", "yellow"}, {"serious", "orange"}, {"grave", "red"}} {
		for _, r := range reports {
			if slices.ContainsFunc(r.Findings, func(f JournalFinding) bool { return f.Severity == s.severity }) {
				state, tag = s.severity, s.tag
			}
		}
	}
	return state, tag
}

// beginCheck begins one.
func (p *Portal) beginCheck(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		return guichet.Errorf(guichet.KindInvalid, "%s", v.t("error.form"))
	}
	f := v.r.PostForm
	seat, err := p.seat(one(f, "circle", 64))
	if err != nil {
		return err
	}
	id := one(f, "once", 32)
	if !isID(id) {
		return guichet.Errorf(guichet.KindInvalid, "%s", v.t("error.form"))
	}
	c := seat.Circle()
	members := []string{p.cfg.Member}
	if f.Get("whose") == "all" {
		for _, m := range c.Members {
			if m.Code != p.cfg.Member && !m.HasLeft(p.cfg.Clock()) {
				members = append(members, m.Code)
			}
		}
	}
	x, err := p.checks.begin(p.cfg.Audit, id, c.Name, members)
	if err != nil {
		return err
	}
	return v.redirect(v.to("/checks/"+x.ID, nil))
}

// checkPage is what the page of a check receives.
type checkPage struct {
	Circle, Began, Ended, State, Tag, Events, Failed, Hint string
	Came                                                   int
	Waiting                                                []waitingLine
	Reports                                                []reportView
	Back                                                   string
}

type reportView struct {
	Name, State, Tag            string
	Own                         bool
	Looked                      bool // it could be looked at
	Leaves, Compared, Witnesses int
	Others                      int // findings that are not shown
	Findings                    []journalFault
}

type journalFault struct{ State, Tag, Text, Means, Do, Exchange, Evidence, Leaf string }

// mostFindings bounds how many of a journal are kept, and stand on a page.
const mostFindings = 100

// checkShown shows how far a check has come, or what it found.
func (p *Portal) checkShown(v *visit) error {
	x, ok := p.checks.by(v.r.PathValue("id"))
	if !ok {
		return &guichet.Error{Kind: guichet.KindNotFound}
	}
	reports, over, _ := x.stands()
	ended, err := x.outcome()
	page := checkPage{Circle: x.Circle, Began: v.words.moment(x.Began), Back: v.to("/checks", nil), Came: len(reports)}
	state, tag := x.state()
	page.State, page.Tag = v.t("check.state."+state), tag
	if !over {
		page.Events = v.to("/checks/"+x.ID+"/events", nil)
		for i, code := range x.Members {
			text := v.t("check.waits")
			switch {
			case i < len(reports):
				text = v.reportText(reports[i])
			case i == len(reports):
				text = v.t("check.looking")
			}
			page.Waiting = append(page.Waiting, waitingLine{Code: code, Name: areaName(code, v.lang), Text: text})
		}
		const again = 2
		return v.show(http.StatusOK, "checking", v.t("check.title"), page, func(s *shown) { s.Refresh = again })
	}
	page.Ended = v.words.moment(ended)
	if err != nil {
		page.Failed = v.t("check.failed")
		if e, ok := errors.AsType[*guichet.Error](err); ok && guichet.KindOf(err) != guichet.KindInternal {
			said, hint := v.tells(e)
			page.Failed, page.Hint = said.Text, hint.Text
		}
	}
	for _, r := range reports {
		page.Reports = append(page.Reports, p.reportOf(v, x.Circle, r))
	}
	return v.show(http.StatusOK, "check", v.t("check.title"), page)
}

func (v *visit) reportText(r JournalReport) string {
	state, _ := worst([]JournalReport{r})
	if !looked(r) {
		return v.t("check.state.unlooked")
	}
	return v.t("check.state."+state) + v.t("check.comma") + v.words.count("check.leaves", int(r.Leaves))
}

// looked says whether a journal could be looked at: of one that could not, there is
// nothing to count.
func looked(r JournalReport) bool {
	return !slices.ContainsFunc(r.Findings, func(f JournalFinding) bool { return f.Code == "unreachable" || f.Code == "unbelieved" })
}

func (p *Portal) reportOf(v *visit, circle string, r JournalReport) reportView {
	state, tag := worst([]JournalReport{r})
	out := reportView{
		Name: areaName(r.Member, v.lang), Own: r.Member == p.cfg.Member, State: v.t("check.state." + state), Tag: tag, Leaves: int(r.Leaves), Compared: r.Compared, Witnesses: r.Witnesses,
		Looked: looked(r), Others: r.Others,
	}
	for _, f := range r.Findings {
		_, tag := worst([]JournalReport{{Findings: []JournalFinding{f}}})
		x := journalFault{
			State: v.t("check.state." + f.Severity), Tag: tag, Text: printed(f.Text.In(v.lang)), Means: v.words.or("check.means."+f.Code, v.words.or("check.means."+f.Severity, "")),
			Do: v.words.or("check.do."+f.Code, v.words.or("check.do."+f.Severity, "")), Exchange: f.Exchange, Evidence: f.Evidence,
		}
		if out.Own && f.Index >= 0 {
			x.Leaf = v.to("/journal/"+url.PathEscape(circle)+"/"+strconv.FormatInt(f.Index, 10), nil)
		}
		out.Findings = append(out.Findings, x)
	}
	return out
}

// checkEvents tells a browser what is found as it is found.
func (p *Portal) checkEvents(v *visit) error {
	x, ok := p.checks.by(v.r.PathValue("id"))
	if !ok {
		return &guichet.Error{Kind: guichet.KindNotFound}
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(v.w)
	_ = out.SetWriteDeadline(time.Time{}) // it lasts as long as the check, which is bounded
	for told := 0; ; {
		reports, over, changed := x.stands()
		for _, r := range reports[told:] {
			if _, err := fmt.Fprintf(v.w, "event: came\ndata: %s %s\n\n", r.Member, strings.ReplaceAll(v.reportText(r), "\n", " ")); err != nil {
				return nil //nolint:nilerr // who went away is no fault
			}
		}
		if len(reports) > told {
			if _, err := fmt.Fprintf(v.w, "event: far\ndata: %s\n\n", v.words.count("check.came", len(reports), "of", len(x.Members))); err != nil {
				return nil //nolint:nilerr // as above
			}
		}
		told = len(reports)
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
