package node

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"guichet"
	"guichet/internal/federation"
)

// This file is the side of who is told: what we subscribed to, and the notices that
// came. Members are asked; nobody has to reach us. A notice is durable here before
// its sender is told that we have it, and is shown once.

// NoticesQuestion says what is wanted of notices.
type NoticesQuestion struct {
	Members []string `json:"members,omitempty"` // none: every member of the circle
	Purpose string   `json:"purpose,omitempty"`
	Office  string   `json:"office,omitempty"` // of ours; "" the only one
	Officer string   `json:"officer,omitempty"`
	All     bool     `json:"all,omitempty"`    // those too that were shown before
	End     []string `json:"end,omitempty"`    // subscriptions to end
	NoAsk   bool     `json:"no_ask,omitempty"` // what is here alone
	// Afresh reads again from the first, of one member that has forgotten what it told: what
	// is here and was shown is let go.
	Afresh bool `json:"afresh,omitempty"`
}

// NoticesAnswer is what members told.
type NoticesAnswer struct {
	Notices       []ToldNotice     `json:"notices"` // in order, of each member
	Subscriptions []ToldTo         `json:"subscriptions"`
	Failed        []guichet.Remark `json:"failed"` // members that could not be asked
}

// ToldNotice is a notice with who told it, and our leaf of it.
type ToldNotice struct {
	Member string `json:"member"`
	Leaf   int64  `json:"leaf"`
	guichet.SubmissionNotice
}

// ToldTo is a subscription with whom it is at.
type ToldTo struct {
	Member string `json:"member"`
	guichet.Subscription
}

// tellerPaper is what one member tells us.
type tellerPaper struct {
	Member        string                 `json:"member"`
	Office        string                 `json:"office"`
	After         int64                  `json:"after"` // the last notice that is here
	Notices       []ToldNotice           `json:"notices"`
	Shown         int64                  `json:"shown"` // the last that was shown
	Subscriptions []guichet.Subscription `json:"subscriptions"`
	// Lost are subscriptions that the member does not know any more, and never closed.
	Lost []guichet.Subscription `json:"lost,omitempty"`
	// Dropped counts notices that were let go before they were shown.
	Dropped int `json:"dropped,omitempty"`
}

// noticesKept is how many notices of a member stay, shown or not.
const noticesKept = 1000

func (s *Seat) tellerPath(member string) string {
	return filepath.Join(s.n.Home().Path, "subscriptions", s.name, "to", member+".json")
}

// Subscribe asks a member to tell us when figures of a question are there, or
// revised.
func (s *Seat) Subscribe(ctx context.Context, q MembersQuestion) (guichet.Subscription, error) {
	q, err := s.completed(q)
	if err != nil {
		return guichet.Subscription{}, err
	}
	members, _, err := s.asked(q.Members)
	if err != nil {
		return guichet.Subscription{}, err
	}
	if len(members) != 1 {
		return guichet.Subscription{}, guichet.Errorf(guichet.KindInvalid, "a subscription is at one other member").WithHint("name it with --from")
	}
	req, err := s.request(q, members[0].Code, false)
	if err != nil {
		return guichet.Subscription{}, err
	}
	body, err := json.Marshal(req)
	if err != nil {
		return guichet.Subscription{}, fmt.Errorf("subscription: %w", err)
	}
	sent, err := s.client.Letter(ctx, members[0], federation.LetterSubscribe, federation.NewHead(req), body, q.Question.Lang)
	if err != nil {
		return guichet.Subscription{}, err
	}
	if sent.Gap != nil {
		kind := guichet.KindBusy
		if sent.Body != nil {
			kind = guichet.KindRefused
		}
		return guichet.Subscription{}, guichet.Errorf(kind, "%s", sent.Gap.Text)
	}
	out, err := readSubscribed(members[0].Code, sent.Body)
	if err != nil {
		return guichet.Subscription{}, err
	}
	free, err := s.outbox.wait(ctx, "told "+members[0].Code)
	if err != nil {
		return guichet.Subscription{}, err
	}
	defer free()
	p := tellerPaper{Member: members[0].Code, Office: q.Office}
	if _, err := readPaper(s.tellerPath(p.Member), &p); err != nil {
		return guichet.Subscription{}, err
	}
	sub := guichet.Subscription{ID: out.ID, From: req.From, Purpose: q.Purpose, Agreement: out.Decision.Agreement, Question: q.Question, Since: req.Put}
	p.Subscriptions = append(p.Subscriptions, sub)
	return sub, writePaper(s.tellerPath(p.Member), p)
}

// Notices fetches what members have to tell, and returns what was not shown yet.
func (s *Seat) Notices(ctx context.Context, q NoticesQuestion) (NoticesAnswer, error) {
	out := NoticesAnswer{Notices: []ToldNotice{}, Subscriptions: []ToldTo{}, Failed: []guichet.Remark{}}
	if len(q.Members) == 0 {
		q.Members = []string{everybody}
	}
	members, _, err := s.asked(q.Members)
	if err != nil {
		return out, err
	}
	if q.Afresh && len(members) != 1 {
		return out, guichet.Errorf(guichet.KindInvalid, "notices are read afresh of one member").WithHint("name it: guichet notices --from US --afresh")
	}
	for _, m := range members {
		if err := s.told(ctx, m, q, &out); err != nil {
			return out, err
		}
	}
	return out, nil
}

// told adds what one member tells.
func (s *Seat) told(ctx context.Context, m guichet.Member, q NoticesQuestion, out *NoticesAnswer) error {
	free, err := s.outbox.wait(ctx, "told "+m.Code)
	if err != nil {
		return err
	}
	defer free()
	p := tellerPaper{Member: m.Code, Office: q.Office}
	if _, err := readPaper(s.tellerPath(m.Code), &p); err != nil {
		return err
	}
	if q.Afresh {
		p.again(out)
	}
	if !q.NoAsk {
		if err := s.fetchNotices(ctx, m, q, &p); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			out.Failed = append(out.Failed, guichet.Remark{Code: string(guichet.KindOf(err)), Text: err.Error(), Member: m.Code})
		}
	}
	for _, n := range p.Notices {
		if q.All || n.Number > p.Shown {
			out.Notices = append(out.Notices, n)
		}
	}
	for _, sub := range p.Subscriptions {
		out.Subscriptions = append(out.Subscriptions, ToldTo{m.Code, sub})
	}
	for _, sub := range p.Lost {
		out.Failed = append(out.Failed, guichet.Remark{
			Code: string(guichet.KindNotFound), Member: m.Code,
			Text: fmt.Sprintf("it knows the subscription %s of %s no more, and never said that it ended: it was restored from an older backup, perhaps; subscribe again", sub.ID, sub.Since.Format(time.DateOnly)),
		})
	}
	if p.Dropped > 0 {
		out.Failed = append(out.Failed, guichet.Remark{Code: string(guichet.KindFull), Member: m.Code, Text: fmt.Sprintf("%d older notices were let go before they were shown; the last %d are kept", p.Dropped, noticesKept)})
	}
	if p.Shown == p.After && len(p.Lost) == 0 && p.Dropped == 0 || len(q.End) > 0 { // who ends a subscription reads nothing
		return nil
	}
	p.Shown, p.Lost, p.Dropped = p.After, nil, 0
	return writePaper(s.tellerPath(m.Code), p)
}

// fetchNotices fetches page by page; each is durable before the next is asked for,
// which tells the sender that we have it.
func (s *Seat) fetchNotices(ctx context.Context, m guichet.Member, q NoticesQuestion, p *tellerPaper) error {
	done, err := s.completed(MembersQuestion{Purpose: "official-statistics", Office: p.Office, Officer: q.Officer})
	if err != nil {
		return err
	}
	end := slices.DeleteFunc(slices.Clone(q.End), func(id string) bool {
		return !slices.ContainsFunc(p.Subscriptions, func(x guichet.Subscription) bool { return x.ID == id })
	})
	for {
		req, err := s.request(done, m.Code, false)
		if err != nil {
			return err
		}
		asked := guichet.NoticesAsked{LetterHead: federation.NewHead(req), After: p.After, End: end}
		asked.Purpose = "" // no figures are asked for
		body, err := json.Marshal(asked)
		if err != nil {
			return fmt.Errorf("notices: %w", err)
		}
		sent, err := s.client.Letter(ctx, m, federation.LetterNotices, asked.LetterHead, body, "")
		if err != nil {
			return err
		}
		if d := sent.Reply.Decision; sent.Body != nil && d.Clause == clauseAfter {
			return guichet.Errorf(guichet.KindRefused, "%s has forgotten what it told us: %s (it was restored from an older backup, perhaps); read again from the first: guichet notices --from %s --afresh", m.Code, d.Text, m.Code)
		}
		if sent.Gap != nil {
			return guichet.Errorf(guichet.KindBusy, "%s", sent.Gap.Text)
		}
		var page guichet.NoticePage
		if err := federation.ReadLetter(sent.Body, &page, false); err != nil {
			return guichet.Errorf(guichet.KindUntrusted, "the notices of %s cannot be read: %w", m.Code, err)
		}
		if err := p.add(page, int64(sent.Leaf), end); err != nil { //nolint:gosec // an index of a log
			return err
		}
		if err := writePaper(s.tellerPath(m.Code), p); err != nil {
			return err
		}
		if len(page.Notices) == 0 {
			return nil
		}
	}
}

// again forgets what a member told; what was not shown yet is shown before.
func (p *tellerPaper) again(out *NoticesAnswer) {
	for _, n := range p.Notices {
		if n.Number > p.Shown {
			out.Notices = append(out.Notices, n)
		}
	}
	p.After, p.Shown, p.Notices = 0, 0, []ToldNotice{}
}

// add takes a page down: in order, and none twice. What we subscribed to, did not end,
// and find no more without a word, is lost.
func (p *tellerPaper) add(page guichet.NoticePage, leaf int64, ended []string) error {
	if err := checkPage(p.Member, page, p.After); err != nil {
		return err
	}
	for _, n := range page.Notices {
		p.After = n.Number
		p.Notices = append(p.Notices, ToldNotice{p.Member, leaf, n})
	}
	over := max(0, len(p.Notices)-noticesKept)
	for _, n := range p.Notices[:over] {
		if n.Number > p.Shown {
			p.Dropped++
		}
	}
	p.Notices = p.Notices[over:]
	for _, sub := range p.Subscriptions {
		there := slices.ContainsFunc(page.Subscriptions, func(x guichet.Subscription) bool { return x.ID == sub.ID })
		if !there && sub.Closed == "" && !slices.Contains(ended, sub.ID) {
			p.Lost = append(p.Lost, sub)
		}
	}
	p.Subscriptions = page.Subscriptions
	return nil
}

// askNotices asks those at whom we subscribed.
func (s *Seat) askNotices(ctx context.Context) {
	entries, err := os.ReadDir(filepath.Dir(s.tellerPath("x")))
	if err != nil {
		return // nothing was subscribed to
	}
	for _, e := range entries {
		code, ok := strings.CutSuffix(e.Name(), ".json")
		m, known := s.papers.circle().Member(code)
		if !ok || !known || m.HasLeft(s.clock()) || ctx.Err() != nil {
			continue
		}
		if err := s.askNoticesOf(ctx, m); err != nil && ctx.Err() == nil {
			s.n.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "no notices", slog.String("member", code), slog.String("error", err.Error()))
		}
	}
}

func (s *Seat) askNoticesOf(ctx context.Context, m guichet.Member) error {
	free, err := s.outbox.wait(ctx, "told "+m.Code)
	if err != nil {
		return err
	}
	defer free()
	p := tellerPaper{Member: m.Code}
	if _, err := readPaper(s.tellerPath(m.Code), &p); err != nil || len(p.Subscriptions) == 0 {
		return err
	}
	return s.fetchNotices(ctx, m, NoticesQuestion{}, &p)
}
