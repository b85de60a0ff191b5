package node

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet"
	"guichet/internal/agreement"
	"guichet/internal/desk"
	"guichet/internal/federation"
)

// This file is the side of who tells: subscriptions of members, and what is to be
// told to them. What came in is looked up when a member asks, by the state of the
// tables that it was told of last; so nothing piles up for one that never comes back,
// and a node that was off misses nothing. What is told is durable before it leaves,
// and told again until the reader says that it has it.

// Bounds of subscriptions.
const (
	mostSubscriptions = 100                 // of one member
	mostWaiting       = 1000                // notices that wait for a reader; then its subscriptions end
	longestSilence    = 30 * 24 * time.Hour // of a reader; then they end
	noticesPage       = 100
)

// Kinds of notices.
const (
	NoticeNew        = "new"        // a submission about it came in
	NoticeRevised    = "revised"    // one that takes over figures of an older one
	NoticeCorrection = "correction" // of figures that were given in an answer
	NoticeWithdrawn  = "withdrawn"  // one that was told of, or answered from, is not to be used
	NoticeClosed     = "closed"     // the subscription has ended, and why
)

// clauseAfter is the clause of a refusal to go on after a notice that was never told:
// by a node that was restored from an older backup.
const clauseAfter = "after"

// readerPaper is what one member is to be told.
type readerPaper struct {
	Next          int64                      `json:"next"` // number of the last notice
	Read          int64                      `json:"read"` // the last that the reader has
	Seen          time.Time                  `json:"seen"` // when it last came
	Subscriptions []subscribed               `json:"subscriptions"`
	Waiting       []guichet.SubmissionNotice `json:"waiting"`
	Corrected     map[string]bool            `json:"corrected,omitempty"` // exchange and submission that were told
	Looked        string                     `json:"looked,omitempty"`    // the last submission that corrections were looked for in
	Withdrawn     string                     `json:"withdrawn,omitempty"` // the last event that was looked at
}

// subscribed is one subscription with what it was told last.
type subscribed struct {
	guichet.Subscription
	First  string          `json:"first"`            // the last submission that was there when it began
	Told   map[string]bool `json:"told,omitempty"`   // submission and reporter
	Looked string          `json:"looked,omitempty"` // the state of the tables when it was looked at, and the day: a delay may have ended
}

func (s *Seat) readerPath(member string) string {
	return filepath.Join(s.n.Home().Path, "subscriptions", s.name, "of", member+".json")
}

// subscribe takes a subscription down. What may be asked may be subscribed to.
func (d writing) subscribe(ctx context.Context, l federation.Letter) (any, guichet.LetterReply, error) {
	none := guichet.LetterReply{}
	req, err := readSubscription(l.Body)
	if err != nil {
		return nil, none, err
	}
	q, decision := d.counter.Judge(ctx, desk.Asked{Request: req, Body: l.Body, Key: l.Key})
	out := guichet.Subscribed{LetterReply: l.Reply(d.s.us(), decision, 0)}
	if !decision.Permitted {
		return out, out.LetterReply, nil
	}
	var p readerPaper
	if _, err := readPaper(d.s.readerPath(l.Member.Code), &p); err != nil {
		return nil, none, err
	}
	open := 0
	for _, s := range p.Subscriptions {
		if s.Closed == "" {
			open++
		}
	}
	if open >= mostSubscriptions {
		return nil, none, guichet.Errorf(guichet.KindBusy, "%s has %d subscriptions here, as many as one member may", l.Member.Code, open).WithHint("end some: guichet subscriptions remove")
	}
	all, err := d.submissions(ctx)
	if err != nil {
		return nil, none, err
	}
	id := make([]byte, 8)
	if _, err := rand.Read(id); err != nil {
		return nil, none, fmt.Errorf("subscription: %w", err)
	}
	sub := subscribed{Subscription: guichet.Subscription{
		ID: hex.EncodeToString(id), From: req.From, Purpose: req.Purpose, Agreement: decision.Agreement, Question: q, Since: d.s.clock().Truncate(time.Second),
	}}
	if len(all) > 0 {
		sub.First = all[len(all)-1].ID
	}
	p.Subscriptions, p.Seen = append(p.Subscriptions, sub), d.s.clock()
	out.ID = sub.ID
	return out, out.LetterReply, writePaper(d.s.readerPath(l.Member.Code), p)
}

// submissions are those of the dataset, oldest first.
func (d writing) submissions(ctx context.Context) ([]*guichet.Submission, error) {
	all, err := d.s.n.store.Submissions(ctx, Dataset().Name)
	slices.Reverse(all)
	return all, err
}

// notices tells a member what came in since it last asked.
func (d writing) notices(ctx context.Context, l federation.Letter) (any, guichet.LetterReply, error) {
	none := guichet.LetterReply{}
	asked, err := readNoticesLetter(l.Body)
	if err != nil {
		return nil, none, err
	}
	path := d.s.readerPath(l.Member.Code)
	p := readerPaper{}
	if _, err := readPaper(path, &p); err != nil {
		return nil, none, err
	}
	if asked.After > p.Next {
		page := guichet.NoticePage{Notices: []guichet.SubmissionNotice{}, Subscriptions: []guichet.Subscription{}}
		page.LetterReply = l.Reply(d.s.us(), guichet.Decision{
			Clause: clauseAfter, Text: fmt.Sprintf("%s says that it has read notice %d, and the last that is known here is %d", l.Member.Code, asked.After, p.Next),
			Hint: "a node that was restored from an older backup has forgotten what it told: read again from 0",
		}, 0)
		return page, page.LetterReply, nil
	}
	if err := d.bring(ctx, l, &p, asked); err != nil {
		return nil, none, err
	}
	if err := writePaper(path, p); err != nil {
		return nil, none, err
	}
	page := guichet.NoticePage{Notices: p.Waiting[:min(len(p.Waiting), noticesPage)], More: len(p.Waiting) > noticesPage, Subscriptions: []guichet.Subscription{}}
	if page.Notices == nil {
		page.Notices = []guichet.SubmissionNotice{}
	}
	for _, s := range p.Subscriptions {
		page.Subscriptions = append(page.Subscriptions, s.Subscription)
	}
	page.LetterReply = l.Reply(d.s.us(), guichet.Decision{Permitted: true}, len(page.Notices))
	return page, page.LetterReply, nil
}

// bring brings a reader's paper up to date.
func (d writing) bring(ctx context.Context, l federation.Letter, p *readerPaper, asked guichet.NoticesAsked) error {
	now := d.s.clock()
	p.Read = max(p.Read, asked.After)
	p.Waiting = slices.DeleteFunc(p.Waiting, func(n guichet.SubmissionNotice) bool { return n.Number <= p.Read })
	p.Subscriptions = slices.DeleteFunc(p.Subscriptions, func(s subscribed) bool {
		told := s.Closed != "" && !slices.ContainsFunc(p.Waiting, func(n guichet.SubmissionNotice) bool { return n.Subscription == s.ID })
		return told || slices.Contains(asked.End, s.ID)
	})
	p.Waiting = slices.DeleteFunc(p.Waiting, func(n guichet.SubmissionNotice) bool { return slices.Contains(asked.End, n.Subscription) })
	silent := !p.Seen.IsZero() && now.Sub(p.Seen) > longestSilence
	p.Seen = now
	all, err := d.submissions(ctx)
	if err != nil {
		return err
	}
	for i := range p.Subscriptions {
		if s := &p.Subscriptions[i]; s.Closed == "" {
			if silent {
				p.close(s, guichet.Text{
					EN: fmt.Sprintf("nobody has read its notices for %d days", int(longestSilence.Hours()/24)),
					FR: fmt.Sprintf("nul n'a lu ses avis pendant %d jours", int(longestSilence.Hours()/24)),
				}, now)
			} else if err := d.look(ctx, l, p, s, all); err != nil {
				return err
			}
		}
	}
	if err := d.corrections(ctx, l, p, all); err != nil {
		return err
	}
	return d.withdrawals(ctx, l, p, all)
}

// withdrawals tells a member of what was withdrawn since it last came: who was told
// of it by a subscription, and who was answered from it where the agreement says
// that corrections are forwarded. What is reinstated is told as new.
func (d writing) withdrawals(ctx context.Context, l federation.Letter, p *readerPaper, all []*guichet.Submission) error {
	ds := Dataset()
	events, err := d.s.n.store.Events(ctx, ds.Name)
	if err != nil || len(events) == 0 || events[0].ID == p.Withdrawn {
		return err
	}
	news := events
	if i := slices.IndexFunc(events, func(e *guichet.Submission) bool { return e.ID == p.Withdrawn }); i >= 0 {
		news = events[:i]
	}
	for _, e := range slices.Backward(news) {
		for _, id := range e.Event.Of {
			i := slices.IndexFunc(all, func(s *guichet.Submission) bool { return s.ID == id })
			// What was reinstated since is not told of.
			if e.Event.Kind != guichet.EventWithdrawn || i < 0 || all[i].Withdrawn != e.ID || len(p.Waiting) > mostWaiting {
				continue
			}
			if err := d.withdrawn(ctx, l, p, ds, e, all[i]); err != nil {
				return err
			}
		}
	}
	p.Withdrawn = events[0].ID
	return nil
}

func (d writing) withdrawn(ctx context.Context, l federation.Letter, p *readerPaper, ds *guichet.Dataset, e, sub *guichet.Submission) error {
	why := guichet.Text{EN: e.Event.Why, FR: e.Event.Why} // as the source's people wrote it
	for i := range p.Subscriptions {
		s := &p.Subscriptions[i]
		for _, reporter := range sub.Reporters() {
			told := sub.ID + " " + reporter
			if s.Closed != "" || !s.Told[told] {
				continue
			}
			delete(s.Told, told)
			s.Looked = ""
			// One that still waits says what is no longer so.
			p.Waiting = slices.DeleteFunc(p.Waiting, func(n guichet.SubmissionNotice) bool {
				return n.Subscription == s.ID && n.Submission == sub.ID && n.Reporter == reporter
			})
			p.tell(guichet.SubmissionNotice{Subscription: s.ID, Kind: NoticeWithdrawn, Submission: sub.ID, Reporter: reporter, Agreement: s.Agreement, Text: why, At: e.TakenAt})
		}
	}
	given, err := d.s.n.store.Given(ctx, guichet.Party{Circle: d.s.name, Member: l.Member.Code})
	if err != nil {
		return err
	}
	held := map[int]bool{}
	for _, set := range given {
		a, ok := d.forwards(set)
		if !ok {
			continue
		}
		drew, err := d.s.n.drewFrom(ctx, ds, set, *sub, held)
		if err != nil {
			return err
		}
		if drew {
			p.tell(guichet.SubmissionNotice{Exchange: set.Exchange, Kind: NoticeWithdrawn, Submission: sub.ID, Agreement: a.ID, Version: a.Version, Text: why, At: e.TakenAt})
		}
	}
	return nil
}

// close ends a subscription and tells why.
func (p *readerPaper) close(s *subscribed, why guichet.Text, now time.Time) {
	s.Closed = why.EN
	p.tell(guichet.SubmissionNotice{Subscription: s.ID, Kind: NoticeClosed, Agreement: s.Agreement, Text: why, At: now})
}

func (p *readerPaper) tell(n guichet.SubmissionNotice) {
	p.Next++
	n.Number, n.At = p.Next, n.At.UTC().Truncate(time.Second)
	p.Waiting = append(p.Waiting, n)
}

// after says which submissions came in after one of the register.
func after(all []*guichet.Submission, last string) map[string]bool {
	i := slices.IndexFunc(all, func(s *guichet.Submission) bool { return s.ID == last })
	out := map[string]bool{}
	for _, s := range all[i+1:] {
		out[s.ID] = true
	}
	return out
}

// look looks what came in for one subscription, as its agreement stands now.
func (d writing) look(ctx context.Context, l federation.Letter, p *readerPaper, s *subscribed, all []*guichet.Submission) error {
	came, now := after(all, s.First), d.s.clock()
	decision := d.judged(s, l.Key)
	if !decision.Permitted {
		p.close(s, guichet.Text{EN: decision.Text + " (" + decision.Clause + ")", FR: decision.Text + " (" + decision.Clause + ")"}, now)
		return nil
	}
	if len(came) == 0 {
		return nil
	}
	state, err := d.s.n.store.State(ctx, s.Question.Dataset)
	if err != nil {
		return err
	}
	looked := strconv.Itoa(state) + " " + now.UTC().Format(time.DateOnly)
	if s.Looked == looked {
		return nil
	}
	if s.Told == nil {
		s.Told = map[string]bool{}
	}
	arrived, err := d.counter.Arrivals(ctx, s.Question, decision.Conditions, all, func(x *guichet.Submission) bool { return came[x.ID] })
	if err != nil {
		return err
	}
	for _, a := range arrived {
		told := a.Submission.ID + " " + a.Reporter
		if s.Told[told] {
			continue
		}
		s.Told[told] = true
		n := guichet.SubmissionNotice{
			Subscription: s.ID, Kind: NoticeNew, Submission: a.Submission.ID, Reporter: a.Reporter, Periods: a.Periods, Replaces: a.Replaces,
			Agreement: decision.Agreement, Version: decision.Version, At: now,
		}
		if len(a.Replaces) > 0 {
			n.Kind = NoticeRevised
		}
		if p.tell(n); len(p.Waiting) > mostWaiting {
			p.close(s, guichet.Text{
				EN: fmt.Sprintf("%d notices wait, and none is read", len(p.Waiting)), FR: fmt.Sprintf("%d avis en attente, et aucun n'est lu", len(p.Waiting)),
			}, now)
			return nil
		}
	}
	s.Looked = looked
	return nil
}

// judged decides a subscription's question again. It takes no place of the quota:
// no figure leaves.
func (d writing) judged(s *subscribed, key guichet.MemberKey) guichet.Decision {
	req := guichet.Request{From: s.From, To: d.s.us(), Purpose: s.Purpose, Agreement: s.Agreement, Question: s.Question}
	f, no := deciding{d.s}.facts(desk.Asked{Request: req, Key: key})
	if no != nil {
		return *no
	}
	f.Given = func(string, string) int { return 0 }
	return agreement.Decide(f, req)
}

// corrections tells a member of revisions of what it was given in answers, where the
// agreement of the answer says that corrections are forwarded.
func (d writing) corrections(ctx context.Context, l federation.Letter, p *readerPaper, all []*guichet.Submission) error {
	if len(all) == 0 || p.Looked == all[len(all)-1].ID || len(p.Waiting) > mostWaiting {
		return nil
	}
	came := after(all, p.Looked)
	given, err := d.s.n.store.Given(ctx, guichet.Party{Circle: d.s.name, Member: l.Member.Code})
	if err != nil {
		return err
	}
	if p.Corrected == nil {
		p.Corrected = map[string]bool{}
	}
	then := map[int]map[string]bool{} // state -> what answered in it
	for _, set := range given {
		a, ok := d.forwards(set)
		state, own := strings.CutPrefix(set.Snapshot, set.Question.Dataset+"@")
		if n, err := strconv.Atoi(state); !ok || !own || err != nil || n < 0 {
			continue
		}
		n, _ := strconv.Atoi(state)
		if then[n] == nil {
			if then[n], err = d.heldIn(ctx, set.Question.Dataset, n); err != nil {
				return err
			}
		}
		q := set.Question
		q.Vintage, q.AsOf, q.Limit = "", time.Time{}, 0 // what is in force now
		arrived, err := d.counter.Arrivals(ctx, q, guichet.Conditions{}, all, func(s *guichet.Submission) bool {
			return came[s.ID] && !then[n][s.ID] && !p.Corrected[set.Exchange+" "+s.ID]
		})
		if err != nil {
			return err
		}
		for _, x := range arrived {
			if len(x.Replaces) == 0 {
				continue
			}
			if len(p.Waiting) > mostWaiting { // the rest is told when these were read
				return nil
			}
			p.Corrected[set.Exchange+" "+x.Submission.ID] = true
			p.tell(guichet.SubmissionNotice{
				Exchange: set.Exchange, Kind: NoticeCorrection, Submission: x.Submission.ID, Reporter: x.Reporter, Periods: x.Periods, Replaces: x.Replaces,
				Agreement: a.ID, Version: a.Version, At: d.s.clock(),
			})
		}
	}
	p.Looked = all[len(all)-1].ID
	return nil
}

// forwards finds the agreement of an answer, if it says that corrections are told.
func (d writing) forwards(set guichet.GivenSet) (guichet.Agreement, bool) {
	for _, a := range d.s.papers.circle().Agreements {
		if a.ID == set.Agreement {
			return a, a.Corrections == "forward"
		}
	}
	return guichet.Agreement{}, false
}

// heldIn are the submissions that answered in a state of the tables.
func (d writing) heldIn(ctx context.Context, dataset string, state int) (map[string]bool, error) {
	holdings, err := d.s.n.store.Holdings(ctx, dataset, guichet.Moment{State: state})
	out := map[string]bool{}
	for _, h := range holdings {
		out[h.Submission.ID] = true
	}
	return out, err
}
