package node

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"guichet"
	"guichet/internal/agreement"
	"guichet/internal/federation"
	"guichet/internal/store"
	"guichet/trade"
)

// everybody is the name by which all members of a circle are asked.
const everybody = "all"

// AskMembers puts a question to members, all at once, and our own desk among
// them where it is named. What a member did not give is a gap with its reason.
func (s *Seat) AskMembers(ctx context.Context, q MembersQuestion, each func(MemberResult)) (MembersAnswer, error) {
	q, err := s.completed(q)
	if err != nil {
		return MembersAnswer{}, err
	}
	members, own, err := s.asked(q.Members)
	if err != nil {
		return MembersAnswer{}, err
	}
	a := federation.Asking{Members: members, Within: q.Within, Build: func(m guichet.Member) (guichet.Request, error) {
		return s.request(q, m.Code, false)
	}}
	if own {
		a.Own = func(ctx context.Context) (guichet.Reply, error) { return s.ownReply(ctx, q) }
	}
	if s.watch != nil {
		traced, done := s.watch.tracing.asking(ctx, s.name, len(members))
		defer done()
		ctx = traced
	}
	out := MembersAnswer{Circle: s.name, Members: []MemberResult{}}
	var results []federation.Result
	for r := range s.client.AskAll(ctx, a) {
		if r.Err != nil {
			return MembersAnswer{}, r.Err
		}
		results = append(results, r)
		if r.Member != s.us() {
			s.watch.asked(s.name, r)
		}
		told := resultOf(r)
		out.Members = append(out.Members, told)
		if each != nil {
			each(told)
		}
	}
	if err := ctx.Err(); err != nil {
		return MembersAnswer{}, err
	}
	slices.SortFunc(out.Members, func(a, b MemberResult) int { return strings.Compare(a.Member, b.Member) })
	out.Answer = federation.Absorb(q.Question, results)
	if out.Answer.AsOf.IsZero() { // nobody answered
		out.Answer.AsOf = cmp.Or(q.Question.AsOf, s.clock())
	}
	out.Notices = s.papers.notices(q.Question.Lang)
	return out, nil
}

// Mirror compares two members' figures of one flow. Each side is asked of the
// member whose figures they are; what it does not give is said in the answer.
func (s *Seat) Mirror(ctx context.Context, q MirrorQuestion) (trade.MirrorAnswer, error) {
	return s.n.mirror(ctx, q.Mirror, func(ctx context.Context, reporter string, of guichet.Question) (guichet.Answer, error) {
		asking := q.Asking
		asking.Question, asking.Members = of, []string{reporter}
		a, err := s.AskMembers(ctx, asking, nil)
		return a.Answer, err
	})
}

// completed fills in what a question to members leaves open, and refuses what
// cannot be sent.
func (s *Seat) completed(q MembersQuestion) (MembersQuestion, error) {
	if q.Question.Dataset == "" {
		q.Question.Dataset = trade.Dataset().Name
	}
	if q.Purpose == "" {
		return q, guichet.Errorf(guichet.KindInvalid, "a question to members must say its purpose").
			WithHint("add --purpose, such as supply-monitoring; 'guichet agreement purposes' lists them")
	}
	if !slices.ContainsFunc(agreement.Purposes(), func(p agreement.Purpose) bool { return p.Word == q.Purpose }) {
		return q, guichet.Errorf(guichet.KindInvalid, "there is no purpose %q; nobody was asked", q.Purpose).WithHint("'guichet agreement purposes' lists those that there are")
	}
	self, ok := s.papers.circle().Member(s.us())
	if !ok {
		return q, guichet.Errorf(guichet.KindRefused, "%s is no member of the circle %s", s.us(), s.name)
	}
	if q.Agreement != "" && !slices.ContainsFunc(s.papers.circle().Agreements, func(a guichet.Agreement) bool { return a.ID == q.Agreement }) {
		return q, guichet.Errorf(guichet.KindNotFound, "the circle %s has no agreement %q in force", s.name, q.Agreement).WithHint("'guichet agreement list' shows those that there are")
	}
	if today := s.clock().UTC().Format(time.DateOnly); q.Agreement != "" && !slices.ContainsFunc(s.papers.circle().Agreements, func(a guichet.Agreement) bool {
		return a.ID == q.Agreement && a.Validity.From <= today && today <= a.Validity.Until && (a.Validity.Withdrawn == "" || today < a.Validity.Withdrawn)
	}) {
		return q, guichet.Errorf(guichet.KindRefused, "the agreement %q is not in force today; nobody was asked", q.Agreement).WithHint("'guichet agreement list' shows from when until when each holds")
	}
	var offices []string
	for _, o := range self.Offices {
		offices = append(offices, o.ID)
	}
	switch {
	case q.Office == "" && len(offices) == 1:
		q.Office = offices[0]
	case q.Office == "":
		return q, guichet.Errorf(guichet.KindInvalid, "%s has several offices in the circle: %s", s.us(), join(offices)).WithHint("say which asks: --office-asking %s", offices[0])
	case !slices.Contains(offices, q.Office):
		return q, guichet.Errorf(guichet.KindNotFound, "%s has no office %q in the circle; it has: %s", s.us(), q.Office, join(offices)).WithHint("say one of these with --office-asking")
	}
	return q, nil
}

// asked are the members to be asked, and whether we are among them.
func (s *Seat) asked(names []string) (members []guichet.Member, own bool, err error) {
	c := s.papers.circle()
	now := s.clock()
	if slices.Contains(names, everybody) {
		names = nil
		for _, m := range c.Members {
			if !m.HasLeft(now) {
				names = append(names, m.Code)
			}
		}
	}
	for _, name := range names {
		m, ok := c.Member(strings.ToUpper(name))
		switch {
		case !ok:
			return nil, false, guichet.Errorf(guichet.KindNotFound, "%s is no member of the circle %s", name, s.name).WithHint("'guichet circle members' lists them")
		case m.HasLeft(now):
			return nil, false, guichet.Errorf(guichet.KindRefused, "%s has left the circle %s", m.Code, s.name)
		case m.Code == s.us():
			own = true
		case !slices.ContainsFunc(members, func(o guichet.Member) bool { return o.Code == m.Code }):
			members = append(members, m)
		}
	}
	if len(members) == 0 && !own {
		return nil, false, guichet.Errorf(guichet.KindInvalid, "no member is named").WithHint("name some, or all: --members all")
	}
	return members, own, nil
}

// request makes the request that a member gets.
func (s *Seat) request(q MembersQuestion, to string, records bool) (guichet.Request, error) {
	r, err := federation.NewRequest(rand.Reader, s.clock(), guichet.Request{
		From: guichet.Party{Circle: s.name, Member: s.us(), Office: q.Office}, To: to,
		Officer: s.keys.Pseudonym(q.Officer), Purpose: q.Purpose, Agreement: q.Agreement, Question: q.Question, Records: records,
	})
	if err == nil {
		s.salts.keep(r.Exchange, r.Salt)
	}
	return r, err
}

// ownReply is our own desk's, of our own figures.
func (s *Seat) ownReply(ctx context.Context, q MembersQuestion) (guichet.Reply, error) {
	a, err := s.n.desk.Answer(ctx, q.Question) // ours: copies are asked of their sources
	if err != nil {
		return guichet.Reply{}, err
	}
	return guichet.Reply{Member: s.us(), Decision: guichet.Decision{Permitted: true}, Answer: &a}, nil
}

func resultOf(r federation.Result) MemberResult {
	out := MemberResult{
		Member: r.Member, Exchange: r.Request.Exchange, Gap: r.Gap, Leaf: int64(r.Leaf), Millis: r.Took.Milliseconds(), //nolint:gosec // indexes of logs
	}
	if r.Reply == nil {
		return out
	}
	out.Decision, out.Hidden, out.Snapshot = r.Reply.Decision, r.Reply.Hidden, r.Reply.Snapshot
	out.Notices = slices.Concat(r.Reply.Decision.Notices, r.Reply.Notices)
	out.Peer = int64(r.Peer) + 1 //nolint:gosec // as above
	if r.Reply.Answer != nil {
		out.Rows = len(r.Reply.Answer.Rows)
	}
	return out
}

// StreamRecords takes one member's rows as an Arrow IPC stream. What was written
// counts only when no error comes back: a stream that was cut is one.
func (s *Seat) StreamRecords(ctx context.Context, q MembersQuestion, w io.Writer) (MemberResult, error) {
	return s.records(ctx, q, plain{w})
}

// plain is a sink that needs no beginning.
type plain struct{ io.Writer }

// Begin begins nothing.
func (plain) Begin(guichet.Reply) error { return nil }

// records takes rows from one member.
func (s *Seat) records(ctx context.Context, q MembersQuestion, sink federation.Sink) (MemberResult, error) {
	done, err := s.completed(q)
	if err != nil {
		return MemberResult{}, err
	}
	members, _, err := s.asked(done.Members)
	if err != nil {
		return MemberResult{}, err
	}
	if len(members) != 1 {
		return MemberResult{}, guichet.Errorf(guichet.KindInvalid, "rows are taken from one other member at a time").WithHint("name one with --members")
	}
	req, err := s.request(done, members[0].Code, true)
	if err != nil {
		return MemberResult{}, err
	}
	taken, err := s.client.Records(ctx, members[0], req, sink)
	if err != nil {
		return MemberResult{}, err
	}
	out := resultOf(taken.Result)
	out.Rows = int(taken.Rows)
	if out.Gap == nil && !taken.Whole {
		return out, guichet.Errorf(guichet.KindUntrusted, "the rows of %s broke off", members[0].Code).WithHint("ask again")
	}
	return out, nil
}

// TakeRecords takes one member's rows into a new file. The file is there whole
// or not at all.
func (s *Seat) TakeRecords(ctx context.Context, q RecordsQuestion) (MemberResult, error) {
	part, err := newPart(q.File, q.Format)
	if err != nil {
		return MemberResult{}, err
	}
	out, err := s.records(ctx, q.MembersQuestion, part)
	return out, errors.Join(err, part.end(err == nil && out.Gap == nil))
}

// part is a file that is being written beside its name.
type part struct {
	path, tmp string
	out       *os.File
	in        *io.PipeWriter
	done      chan error
	format    string
}

func newPart(path, format string) (*part, error) {
	if _, err := os.Stat(path); err == nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s is there already", path).WithHint("name a new file")
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".guichet-records-*")
	if err != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s cannot be written: %w", path, err).WithHint("name a file in a folder that is there and may be written to")
	}
	return &part{path: path, tmp: f.Name(), out: f, done: make(chan error, 1), format: format}, nil
}

// Begin begins the file.
func (p *part) Begin(guichet.Reply) error {
	r, w := io.Pipe()
	p.in = w
	go func() {
		_, err := store.CopyRecords(context.Background(), r, p.format, p.out)
		_ = r.CloseWithError(err)
		p.done <- err
	}()
	return nil
}

// Write takes a piece of the stream.
func (p *part) Write(b []byte) (int, error) { return p.in.Write(b) }

// end gives the file its name when it is whole, else removes it.
func (p *part) end(whole bool) error {
	var err error
	if p.in != nil {
		if !whole {
			_ = p.in.CloseWithError(io.ErrUnexpectedEOF)
		} else {
			_ = p.in.Close()
		}
		err = <-p.done
	}
	if !whole || err != nil || p.in == nil {
		_ = p.out.Close()
		_ = os.Remove(p.tmp)
		if !whole {
			return nil // told by what broke off
		}
		return err
	}
	if err := errors.Join(p.out.Sync(), p.out.Close()); err != nil {
		_ = os.Remove(p.tmp)
		return err
	}
	return os.Rename(p.tmp, p.path)
}
