package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"guichet"
)

// recordPage is what the page of exceptions receives.
type recordPage struct {
	Public    spoken
	Notices   []noticeLine
	Renewed   []renewedLine
	Overrides []overrideLine
	Holds     []Hold
	Events    []eventLine
	Nothing   bool
}

type renewedLine struct{ Circle, Why, At, Text, To string }

type overrideLine struct {
	Submission, File, Why, By, Aside, At string
	Controls                             []controlLine
}

type controlLine struct{ Name, Stated, Found string }

type eventLine struct {
	To, What, Tag, At, Why, By, Of string
	Rows                           int64
	OffDisk                        bool
}

// record shows what was done outside the usual way, by whom and why.
func (p *Portal) record(v *visit) error {
	r, err := p.cfg.Audit.Record(v.r.Context())
	if err != nil {
		return err
	}
	page := recordPage{Public: spoken{Text: r.Public.In(v.lang), Lang: v.foreign(r.Public)}, Holds: r.Holds}
	for _, n := range r.Notices {
		page.Notices = append(page.Notices, v.noticeOf(n))
	}
	for _, s := range r.Suspended {
		page.Notices = append(page.Notices, noticeLine{
			Circle: s.Circle, Agreement: s.Agreement, To: v.to(agreementPath(s.Circle, s.Agreement), nil), Made: v.dayOf(s.Suspension.From), Text: v.suspensionOf("", s.Suspension), Reason: s.Suspension.Reason.In(v.lang),
		})
	}
	for _, x := range r.Renewed {
		page.Renewed = append(page.Renewed, renewedLine{
			Circle: x.Circle, Why: x.Why, At: v.words.moment(x.At), Text: v.t("record.goeson", "log", x.Number, "leaf", v.words.whole(x.First)),
			To: v.to("/journal/"+url.PathEscape(x.Circle)+"/"+strconv.FormatInt(x.First, 10), nil),
		})
	}
	for _, o := range r.Overrides {
		x := overrideLine{Submission: o.Submission, File: o.File, Why: o.Why, By: o.By, At: v.words.moment(o.At)}
		if o.Aside > 0 {
			x.Aside = v.t("record.aside", "aside", v.words.whole(o.Aside), "lines", v.words.whole(o.Lines))
		}
		for _, c := range o.Controls {
			x.Controls = append(x.Controls, controlLine{c.Name, v.words.number(c.Stated, 0), v.words.number(c.Found, 0)})
		}
		page.Overrides = append(page.Overrides, x)
	}
	for _, e := range r.Events {
		page.Events = append(page.Events, v.eventOf(e))
	}
	page.Nothing = len(page.Notices)+len(page.Renewed)+len(page.Overrides)+len(page.Holds)+len(page.Events) == 0
	return v.show(http.StatusOK, "record", v.t("record.title"), page)
}

func (v *visit) eventOf(e Event) eventLine {
	tag := map[guichet.EventKind]string{guichet.EventPurged: "grey", guichet.EventWithdrawn: "orange", guichet.EventReinstated: "green"}[e.Kind]
	out := eventLine{
		To: v.to("/record/"+url.PathEscape(e.ID), nil), What: v.words.or("event."+string(e.Kind), string(e.Kind)), Tag: tag, At: v.words.moment(e.At), Why: e.Why, By: e.By,
		OffDisk: e.OffDisk || e.Kind != guichet.EventPurged,
	}
	if e.Kind == guichet.EventPurged && e.Why == "retention" { // no person gave a reason
		out.Why = v.t("record.byrule")
	}
	if e.By == "serve" {
		out.By = v.t("record.byitself")
	}
	for i, id := range e.Of {
		if i > 0 {
			out.Of += ", "
		}
		out.Of += id
	}
	for _, r := range e.Removed {
		out.Rows += r.Rows
	}
	return out
}

// eventPage is what the page of an event receives.
type eventPage struct {
	Event   eventLine
	ID      string
	Removed []guichet.Removed
	Proofs  []proofLine
	Back    string
	At      time.Time
}

type proofLine struct {
	Circle, Exchange, Paper, Digest, To, Leaf string
}

// event shows what became of submissions, with the papers that prove it.
func (p *Portal) event(v *visit) error {
	r, err := p.cfg.Audit.Record(v.r.Context())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(r.Events, func(e Event) bool { return e.ID == v.r.PathValue("id") })
	if i < 0 {
		return &guichet.Error{Kind: guichet.KindNotFound}
	}
	e := r.Events[i]
	page := eventPage{Event: v.eventOf(e), ID: e.ID, Removed: e.Removed, Back: v.to("/record", nil), At: e.At}
	for _, x := range e.Proofs {
		line := proofLine{Circle: x.Circle, Exchange: x.Exchange, Paper: x.Paper, Digest: x.Digest}
		if x.Leaf >= 0 {
			line.To, line.Leaf = v.to("/journal/"+url.PathEscape(x.Circle)+"/"+strconv.FormatInt(x.Leaf, 10), nil), v.words.whole(x.Leaf)
		}
		page.Proofs = append(page.Proofs, line)
	}
	return v.show(http.StatusOK, "event", page.Event.What, page)
}

// eventPaper gives the paper of an event as the digest in a circle's journal is of it.
func (p *Portal) eventPaper(v *visit) error {
	r, err := p.cfg.Audit.Record(v.r.Context())
	if err != nil {
		return err
	}
	for _, e := range r.Events {
		for _, x := range e.Proofs {
			if e.ID == v.r.PathValue("id") && x.Circle == v.r.PathValue("circle") {
				h := v.w.Header()
				h.Set("Content-Type", "application/json")
				h.Set("Content-Disposition", `attachment; filename="event-`+e.ID+`.json"`)
				_, _ = v.w.Write([]byte(x.Paper)) // who went away is no fault
				return nil
			}
		}
	}
	return &guichet.Error{Kind: guichet.KindNotFound}
}
