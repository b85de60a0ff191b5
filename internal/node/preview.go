package node

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"slices"
	"strings"

	"guichet"
	"guichet/internal/agreement"
	"guichet/internal/desk"
	"guichet/internal/federation"
	"guichet/internal/store"
)

// Preview is what one party would see of our data under an agreement that is not
// signed yet.
type Preview struct {
	Member string        `json:"member"`
	Tries  []PreviewTry  `json:"tries"`
	Sample *PreviewShown `json:"sample,omitempty"`
}

// PreviewTry is one question that the party might put, and what it would get.
type PreviewTry struct {
	Text     guichet.Text     `json:"text"`
	Purpose  string           `json:"purpose"`
	Question guichet.Question `json:"question"`
	Decision guichet.Decision `json:"decision"`
	Rows     int              `json:"rows"`   // of an answer
	Hidden   int              `json:"hidden"` // cells that the rules would hide
	Gaps     []guichet.Gap    `json:"gaps"`   // kept in, not covered ...
}

// PreviewShown is an answer as the party would get it.
type PreviewShown struct {
	Answer guichet.Answer `json:"answer"`
}

// Preview asks our own desk, as each party of a draft in turn, what the draft
// would give: nothing is signed, sent, or written down.
func (c *Ceremonies) Preview(ctx context.Context, a guichet.Agreement, lang string, only ...string) ([]Preview, error) {
	paper, err := agreement.Ready(a, datasets())
	if err != nil {
		return nil, err
	}
	us := c.n.Home().Member
	if !slices.ContainsFunc(a.Parties, func(p guichet.AgreementParty) bool { return p.Member == us }) {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s is no party of this agreement", us).WithHint("preview it at the home of a party")
	}
	own, _, err := readLaw(filepath.Join(c.n.Home().Path, lawFile))
	if err != nil {
		return nil, err
	}
	counter, err := c.n.desk.Counter(desk.CounterConfig{
		Us: us, Protector: protecting{}, Encoder: store.Columns{}, Journal: nowhere{}, Ledger: nowhere{}, HeldBytes: -1, Words: inBoth,
		Decider: trying{c: c, paper: paper, members: c.previewMembers(a), law: own},
	})
	if err != nil {
		return nil, err
	}
	out := []Preview{}
	for _, p := range a.Parties {
		if p.Member == us || len(only) > 0 && !slices.Contains(only, p.Member) {
			continue
		}
		one := Preview{Member: p.Member, Tries: []PreviewTry{}}
		for _, t := range c.tries(a, lang) {
			try, shown, err := c.try(ctx, counter, p, a.Circle, t)
			if err != nil {
				return nil, err
			}
			if one.Sample == nil && shown != nil && len(shown.Rows) > 0 {
				one.Sample = &PreviewShown{*shown}
			}
			one.Tries = append(one.Tries, try)
		}
		out = append(out, one)
	}
	return out, nil
}

// previewMembers are the parties as members, with offices as the draft names
// them: the circle need not stand yet.
func (c *Ceremonies) previewMembers(a guichet.Agreement) []guichet.Member {
	now, _ := c.Circle() // an empty circle where none stands
	var out []guichet.Member
	for _, p := range a.Parties {
		m, ok := now.Member(p.Member)
		if !ok {
			m = guichet.Member{Code: p.Member, Name: areaName(p.Member), Role: p.Role}
			for _, o := range p.Offices {
				m.Offices = append(m.Offices, guichet.Office{ID: o})
			}
		}
		out = append(out, m)
	}
	return out
}

// tries are the questions that show what an agreement gives: for each term that
// binds us as it is, one level finer, as records, and by declaration lines.
func (c *Ceremonies) tries(a guichet.Agreement, lang string) []PreviewTry {
	var out []PreviewTry
	us := c.n.Home().Member
	for _, t := range a.Terms {
		if len(t.From) > 0 && !slices.Contains(t.From, us) || len(t.Measures) == 0 || len(a.Purposes.Permitted) == 0 {
			continue
		}
		ds, err := c.n.store.Dataset(t.Dataset)
		if err != nil {
			continue // told by Check
		}
		base := guichet.Question{Dataset: t.Dataset, Measures: slices.Clone(t.Measures[:1]), Where: map[string][]string{guichet.FieldReporter: {us}}, By: []string{guichet.FieldReporter}, Lang: lang}
		for name, picks := range t.Picks {
			if len(picks) > 0 && picks[0] != "all" {
				base.Where[name] = slices.Clone(picks)
			}
		}
		add := func(en, fr string, change func(q *guichet.Question, purpose *string)) {
			x := PreviewTry{Text: guichet.Text{EN: en, FR: fr}, Purpose: a.Purposes.Permitted[0], Question: base}
			x.Question.Where = cloneWhere(base.Where)
			x.Question.By = slices.Clone(base.By)
			change(&x.Question, &x.Purpose)
			out = append(out, x)
		}
		class, each := ds.Class(), counterparts(ds)
		finest := t.Levels[class.Name]
		add("as fine as it goes"+by(", by ", each), "aussi fin que possible"+by(", par ", inFrench(ds, each)), func(q *guichet.Question, _ *string) {
			if finest != "" {
				q.By = append(q.By, finest)
			}
			q.By = append(q.By, each...)
		})
		add("by month", "par mois", func(q *guichet.Question, _ *string) { q.By = append(q.By, guichet.FieldPeriod) })
		if class.Name != "" {
			add("by national line", "par ligne nationale", func(q *guichet.Question, _ *string) { q.By = append(q.By, class.Levels[deepest(class)].Name) })
		}
		if len(ds.Grains) > 1 {
			add("from single lines"+by(", by ", each), "à partir des lignes"+by(", par ", inFrench(ds, each)), func(q *guichet.Question, _ *string) {
				q.Where[guichet.FieldGrain] = []string{ds.Grains[len(ds.Grains)-1]}
				q.By = append(q.By, each...)
			})
		}
		for _, p := range agreement.Purposes() {
			if !slices.Contains(a.Purposes.Permitted, p.Word) && p.Use != "statistical" {
				add("for the purpose "+p.Word, "dans le but "+p.Word, func(_ *guichet.Question, purpose *string) { *purpose = p.Word })
				break
			}
		}
	}
	return out
}

// counterparts are the dimensions whose members are of kinds: the partners of
// trade, the nationalities of those who cross a border.
func counterparts(ds *guichet.Dataset) []string {
	var out []string
	for _, f := range ds.Fields {
		if f.Role == guichet.Dimension && f.KindOf != "" {
			out = append(out, f.Name)
		}
	}
	return out
}

// inFrench is what dimensions are called in French, within a sentence.
func inFrench(ds *guichet.Dataset, dims []string) []string {
	out := make([]string, len(dims))
	for i, name := range dims {
		out[i] = name
		if f, ok := ds.Field(name); ok {
			out[i] = strings.ToLower(f.Title.In("fr"))
		}
	}
	return out
}

// by writes the dimensions behind a word, nothing where there are none.
func by(word string, dims []string) string {
	if len(dims) == 0 {
		return ""
	}
	return word + strings.Join(dims, ", ")
}

// deepest is the level of a classification that has the national code itself, the
// last where none has.
func deepest(c guichet.Classification) int {
	i := slices.IndexFunc(c.Levels, func(l guichet.Level) bool { return l.Digits == 0 })
	if i < 0 {
		return len(c.Levels) - 1
	}
	return i
}

func cloneWhere(in map[string][]string) map[string][]string {
	out := map[string][]string{}
	for k, v := range in {
		out[k] = slices.Clone(v)
	}
	return out
}

// try puts one question as a party would.
func (c *Ceremonies) try(ctx context.Context, counter *desk.Counter, p guichet.AgreementParty, name string, t PreviewTry) (PreviewTry, *guichet.Answer, error) {
	office := ""
	if len(p.Offices) > 0 {
		office = p.Offices[0]
	}
	req, err := federation.NewRequest(rand.Reader, c.now(), guichet.Request{
		From: guichet.Party{Circle: name, Member: p.Member, Office: office}, To: c.n.Home().Member,
		Officer: "0000000000000000", Purpose: t.Purpose, Question: t.Question,
	})
	if err != nil {
		return t, nil, err
	}
	body, err := guichet.Canonical(req)
	if err != nil {
		return t, nil, err
	}
	sealed, err := counter.Reply(ctx, desk.Asked{Request: req, Body: body, Key: guichet.MemberKey{From: c.now()}})
	if err != nil {
		return t, nil, err
	}
	t.Decision, t.Rows, t.Hidden, t.Gaps = sealed.Reply.Decision, int(sealed.Rows), sealed.Reply.Hidden, []guichet.Gap{}
	if sealed.Reply.Answer == nil {
		return t, nil, nil
	}
	t.Gaps = sealed.Reply.Answer.Gaps
	reply, rows, err := federation.DecodeReply(sealed.Body)
	if err != nil {
		return t, nil, err
	}
	reply.Answer.Rows, err = decodeRows(reply.Answer.Columns, rows)
	return t, reply.Answer, err
}

// trying decides by a draft alone.
type trying struct {
	c       *Ceremonies
	paper   *agreement.Paper
	members []guichet.Member
	law     agreement.Law
}

// Decide says what the draft would say.
func (d trying) Decide(_ context.Context, a desk.Asked) guichet.Decision {
	ds, err := d.c.n.store.Dataset(a.Request.Question.Dataset)
	if err != nil {
		ds = nil
	}
	return agreement.Decide(agreement.Facts{
		Now: d.c.now(), Us: d.c.n.Home().Member, Circle: a.Request.From.Circle, Members: d.members, Papers: []*agreement.Paper{d.paper},
		Dataset: ds, Given: func(string, string) int { return 0 }, KeyFrom: a.Key.From, Law: d.law,
	}, a.Request)
}

// nowhere is a journal and a ledger of what is only tried: nothing leaves, so
// that nothing need be written down.
type nowhere struct{}

// Append writes nothing.
func (nowhere) Append(context.Context, guichet.Leaf) (int64, error) { return 0, nil }

// Give writes nothing.
func (nowhere) Give(context.Context, guichet.GivenSet) error { return nil }
