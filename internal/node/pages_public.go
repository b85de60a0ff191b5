package node

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"guichet"
	"guichet/internal/agreement"
	"guichet/internal/desk"
	"guichet/internal/federation"
	"guichet/internal/journal"
	"guichet/internal/portal"
	"guichet/internal/store"
	"guichet/wording"
)

// publicFile says what everybody may see of a home. It stands in
// docs/design/public.md. A home without one publishes nothing.
const publicFile = "public.json"

const (
	longestPublic  = 1 << 20
	mostTables     = 20
	mostPublicRows = 2000
	leastThreshold = 3               // below it two contributors could each compute the other
	tableFor       = 5 * time.Minute // how long a drawn table serves
	drawingAtOnce  = 2
	// thePublic asks in no circle: it has a name of its own in the ledger.
	thePublic        = "public"
	purposeOfPublic  = "official-statistics"
	publicAgreement  = "public"
	endlessQuota     = 1 << 30
	firstDay         = "2000-01-01"
	publicAgreements = 1
)

// publication is the file. Its terms are those of an agreement, with the same words.
type publication struct {
	Format     int                  `json:"format"`     // 1
	Until      string               `json:"until"`      // the last day: what is public is looked at again by then
	Contact    string               `json:"contact"`    // whom to write to; "" nobody
	Agreements bool                 `json:"agreements"` // which there are
	Questions  bool                 `json:"questions"`  // how many were put under each
	Log        bool                 `json:"log"`        // checkpoint and keys of our journal
	Bundle     bool                 `json:"bundle"`     // the circles' papers, without agreements, to verify receipts with
	Generated  bool                 `json:"generated"`  // made figures may be shown, marked as made
	Terms      []publicTerm         `json:"terms"`
	Tiers      []guichet.TierRule   `json:"tiers"`
	Tables     []publicTableRequest `json:"tables"`
}

// publicTerm is what of a term of an agreement can bind the public.
type publicTerm struct {
	Dataset  string                  `json:"dataset"`
	Grains   []string                `json:"grains"`
	Picks    map[string][]string     `json:"picks"`
	MaxTier  string                  `json:"max_tier"`
	Where    map[string][]string     `json:"where"`
	Measures []string                `json:"measures"`
	By       []string                `json:"by"`
	Levels   map[string]string       `json:"levels"`
	Periods  guichet.Periods         `json:"periods"`
	Rules    guichet.DisclosureRules `json:"disclosure"`
	Licence  string                  `json:"licence"`
	Credit   guichet.Text            `json:"attribution"`
}

// publicTableRequest is one table: nobody can ask for another.
type publicTableRequest struct {
	Name     string           `json:"name"` // in its address: "masks-2024"
	Title    guichet.Text     `json:"title"`
	Question guichet.Question `json:"question"`
}

// paper is the publication as an agreement between us and the public, so that the same
// room judges both, with our own law beside it.
func (p publication) paper(us string) guichet.Agreement {
	a := guichet.Agreement{
		Format: 1, ID: publicAgreement, Version: publicAgreements, Circle: thePublic, Parties: []guichet.AgreementParty{
			{Member: us, Role: "party", Offices: []string{thePublic}}, {Member: thePublic, Role: "party", Offices: []string{thePublic}},
		},
		Validity: guichet.Validity{From: firstDay, Until: p.Until, Copies: "keep_archived"}, Purposes: guichet.Purposes{Permitted: []string{purposeOfPublic}},
		Tiers: p.Tiers, Security: guichet.SecurityMinimum{TLS: "1.3"}, AutomatedDecisions: "forbidden", Corrections: "on_request",
	}
	for _, t := range p.Terms {
		a.Terms = append(a.Terms, guichet.Term{
			Dataset: t.Dataset, From: []string{us}, To: []string{thePublic}, Grains: t.Grains, Picks: t.Picks, MaxTier: t.MaxTier, Where: t.Where, Measures: t.Measures,
			By: t.By, Levels: t.Levels, Periods: t.Periods, Rules: t.Rules, Quota: endlessQuota, Onward: "public", Derived: "publish",
			Keep: guichet.Retention{Days: 1}, Licence: t.Licence, Credit: t.Credit,
		})
	}
	return a
}

var tableName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// faults are all that is wrong with the file, each with its place.
func (p publication) faults(us string) []wording.Sentence {
	var out []wording.Sentence
	wrong := func(ok bool, place, format string, args ...any) {
		if !ok {
			out = append(out, wording.Say("%s: %s", place, wording.Say(format, args...)))
		}
	}
	wrong(p.Format == 1, "format", "%d is not read here; write 1", p.Format)
	_, err := time.Parse(time.DateOnly, p.Until)
	wrong(err == nil, "until", "%q is no day; write the last day on which this is public: 2027-01-31", p.Until)
	wrong(p.Log || !p.Bundle, "bundle", "it stands on the page of the log, which is not public; write log as true, or bundle as false")
	wrong(len(p.Tables) <= mostTables, "tables", "there are %d, more than %d", len(p.Tables), mostTables)
	for _, f := range agreement.Check(p.paper(us), datasets()) {
		ours := strings.HasPrefix(f.Clause, "terms[") && !strings.Contains(f.Clause, "].to") && !strings.Contains(f.Clause, "].from") || strings.HasPrefix(f.Clause, "tiers[")
		wrong(!ours, f.Clause, "%s; %s", f.Text, f.Advice)
	}
	for i, t := range p.Terms {
		at := fmt.Sprintf("terms[%d].disclosure", i)
		wrong(t.Rules.Threshold >= leastThreshold, at+".threshold", "%d is too low for the public; write %d or more", t.Rules.Threshold, leastThreshold)
		wrong(t.Rules.Top > 0 || t.Rules.Prior > 0, at, "no rule against dominance; write dominance_top and dominance_per_cent, or prior_per_cent")
	}
	names := map[string]bool{}
	for i, t := range p.Tables {
		at := fmt.Sprintf("tables[%d]", i)
		wrong(tableName.MatchString(t.Name) && len(t.Name) <= 40 && !names[t.Name], at+".name", "%q stands twice or is no name; write small letters, digits and hyphens: masks-2024", t.Name)
		names[t.Name] = true
		wrong(t.Title.EN != "" && t.Title.FR != "", at+".title", "a language is missing; write en and fr")
		wrong(slices.ContainsFunc(p.Terms, func(x publicTerm) bool { return x.Dataset == t.Question.Dataset }), at+".question.dataset", "no term is about %q", t.Question.Dataset)
		wrong(t.Question.AsOf.IsZero() && t.Question.Limit == 0 && t.Question.Vintage == "", at+".question", "as_of, vintage and limit have no meaning here; leave them out")
		wrong(!t.Question.Period.IsZero(), at+".question.period", "nothing is named; write the first and last period: 2024-01:2024-12")
		wrong(len(t.Question.By) > 0 && len(t.Question.Measures) > 0, at+".question", "by and measures must be named: every table is decided once, by a person")
	}
	return out
}

func parsePublication(text []byte, us string) (publication, error) {
	var p publication
	if len(text) > longestPublic {
		return p, guichet.Errorf(guichet.KindInvalid, "it is larger than %d bytes", longestPublic)
	}
	if err := namedOnce(json.NewDecoder(bytes.NewReader(text))); err != nil {
		return p, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, fmt.Errorf("read JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return p, guichet.Errorf(guichet.KindInvalid, "something follows the JSON")
	}
	if faults := p.faults(us); len(faults) > 0 {
		return p, guichet.Errorf(guichet.KindInvalid, "%s", wording.Several(faults, "; "))
	}
	return p, nil
}

// public is what everybody may see of this home, now.
type public struct {
	h      *house
	law    *law
	counts *questionCounts
	draw   chan struct{} // who draws a table

	mu     sync.Mutex // guards what follows
	seen   time.Time
	text   []byte // of the file, as it was read last
	now    published
	err    error
	tables map[string]drawn // by language and name

	bundles map[string]bundled // by circle
}

// published is a publication made ready for decisions.
type published struct {
	publication

	paper   *agreement.Paper
	counter *desk.Counter
}

// drawn is a table as it was drawn.
type drawn struct {
	table portal.PublicTable
	err   error // of a table that the rules do not let be shown
	at    time.Time
}

func (h *house) newPublic() (*public, error) {
	law, err := openLaw(h.n.Home().Path, h.n.cfg.Clock)
	if err != nil {
		return nil, err
	}
	return &public{h: h, law: law, counts: newQuestionCounts(), draw: make(chan struct{}, drawingAtOnce), tables: map[string]drawn{}, bundles: map[string]bundled{}}, nil
}

// read returns the publication in force. The file is looked at again as often as the
// circle's papers are.
func (p *public) read() (published, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.h.n.cfg.Clock()
	if p.seen.IsZero() || now.Sub(p.seen).Abs() >= freshFor {
		p.seen = now
		p.look()
	}
	if p.err == nil && now.UTC().Format(time.DateOnly) > p.now.Until {
		return published{}, guichet.Errorf(guichet.KindBusy, "what %s publishes ended on %s", publicFile, p.now.Until).WithHint("look through it, and write another day")
	}
	return p.now, p.err
}

// look looks at the file. p.mu is held.
func (p *public) look() {
	text, err := readBounded(filepath.Join(p.h.n.Home().Path, publicFile))
	if errors.Is(err, fs.ErrNotExist) {
		p.text, p.now = nil, published{}
		p.err = guichet.Errorf(guichet.KindNotFound, "this home publishes nothing").WithHint("docs/design/public.md says how: a file %s in the home", publicFile)
		return
	}
	if err == nil && p.text != nil && bytes.Equal(text, p.text) {
		return
	}
	p.text, p.now, p.tables = text, published{}, map[string]drawn{}
	if err == nil {
		p.now, err = p.ready(text)
	}
	p.err = nil
	if err != nil {
		p.now = published{}
		p.err = guichet.Errorf(guichet.KindBusy, "%s cannot be used: %w", publicFile, err).WithHint("correct the file; nothing is public while it is like this")
	}
}

func (p *public) ready(text []byte) (published, error) {
	us := p.h.n.Home().Member
	pub, err := parsePublication(text, us)
	if err != nil {
		return published{}, err
	}
	out := published{publication: pub}
	if out.paper, err = agreement.Ready(pub.paper(us), datasets()); err != nil {
		return out, err
	}
	// No journal of a circle is told: the public is no member of any. The ledger is, so
	// that a withdrawal says that the public saw what is withdrawn.
	out.counter, err = p.h.n.desk.Counter(desk.CounterConfig{
		Us: us, Protector: protecting{}, Encoder: store.Columns{}, Journal: nowhere{}, Ledger: p.h.n.store, HeldBytes: -1, Words: inBoth,
		Decider: publishing{p, out.paper},
	})
	return out, err
}

// publishing decides what the public may see.
type publishing struct {
	p     *public
	paper *agreement.Paper
}

// Decide judges by the publication and by our own law.
func (d publishing) Decide(_ context.Context, a desk.Asked) guichet.Decision {
	law, _, err := d.p.law.inForce()
	if err != nil {
		return guichet.Decision{Clause: clauseLaw, Text: guichet.Text{EN: "our own law cannot be read, and nothing is published without it", FR: "notre propre droit ne peut être lu, et rien n’est publié sans lui"}.In(a.Request.Question.Lang)}
	}
	n := d.p.h.n
	ds, err := n.store.Dataset(a.Request.Question.Dataset)
	if err != nil {
		ds = nil
	}
	us, now := n.Home().Member, n.cfg.Clock().UTC()
	office := []guichet.Office{{ID: thePublic}}
	return agreement.Decide(agreement.Facts{
		Now: now, Us: us, Circle: thePublic, Papers: []*agreement.Paper{d.paper}, Dataset: ds, Given: func(string, string) int { return 0 }, KeyFrom: now, Law: law,
		Members: []guichet.Member{{Code: us, Role: "party", Offices: office}, {Code: thePublic, Role: "party", Offices: office}},
	}, a.Request)
}

// Publication says what is public.
func (p *public) Publication(ctx context.Context) (portal.Publication, error) {
	pub, err := p.read()
	if err != nil {
		return portal.Publication{}, err
	}
	out := portal.Publication{Until: pub.Until, Contact: pub.Contact, Terms: pub.paper.Agreement().Terms, Counted: pub.Questions && pub.Agreements}
	if pub.Agreements {
		out.Agreements = []portal.PublicAgreement{}
	}
	for _, t := range pub.Tables {
		out.Tables = append(out.Tables, portal.PublicName{Name: t.Name, Title: t.Title})
	}
	for _, v := range p.h.services {
		s := v.seat
		st, err := s.papers.whole()
		if err != nil {
			return out, err
		}
		if pub.Agreements {
			for _, a := range st.Agreements {
				one := portal.PublicAgreement{Circle: s.name, Agreement: a}
				if pub.Questions {
					if one.Counts, err = p.counts.of(ctx, s, a.ID); err != nil {
						return out, err
					}
				}
				out.Agreements = append(out.Agreements, one)
			}
		}
		if pub.Log {
			l := s.publicLog(st.Circle)
			l.Bundled = pub.Bundle
			out.Logs = append(out.Logs, l)
		}
	}
	return out, nil
}

// publicLog is our journal in a circle as everybody may check it.
func (s *Seat) publicLog(c guichet.Circle) portal.PublicLog {
	number := 1
	if r := s.journal.Renewal(); r != nil {
		number = r.Renewal.Number
	}
	out := portal.PublicLog{Circle: s.name, ID: c.ID, Origin: journal.OriginOf(s.name, s.us(), number)}
	now := s.clock()
	for _, m := range c.Members {
		for _, k := range m.Keys {
			ours := m.Code == s.us() && k.Use == guichet.KeyLog
			witness := m.Code != s.us() && k.Use == guichet.KeyWitness && journal.MayWitness(m)
			if (ours || witness) && k.InForce(now) && !m.HasLeft(now) {
				out.Keys = append(out.Keys, portal.LogKey{Member: m.Code, Witness: witness, Key: journal.VerifierKey(s.name, m.Code, number, k)})
			}
		}
	}
	slices.SortStableFunc(out.Keys, func(a, b portal.LogKey) int {
		if a.Witness != b.Witness && !a.Witness {
			return -1
		}
		return cmp.Compare(a.Member, b.Member)
	})
	return out
}

// Checkpoint is the newest that others have signed under, else the newest of all.
func (p *public) Checkpoint(ctx context.Context, name string) ([]byte, error) {
	pub, err := p.read()
	if err != nil {
		return nil, err
	}
	for _, v := range p.h.services {
		if v.seat.name != name || !pub.Log {
			continue
		}
		text, err := v.seat.journal.File(ctx, "checkpoint.cosigned")
		if guichet.KindOf(err) == guichet.KindNotFound {
			text, err = v.seat.journal.File(ctx, "checkpoint")
		}
		return text, err
	}
	return nil, guichet.Errorf(guichet.KindNotFound, "no log of a circle %q is public here", name)
}

// Table is a published table. It is drawn once and serves for some minutes: who looks
// often costs nothing, and what is withdrawn goes as soon.
func (p *public) Table(ctx context.Context, name, lang string) (portal.PublicTable, error) {
	pub, err := p.read()
	if err != nil {
		return portal.PublicTable{}, err
	}
	i := slices.IndexFunc(pub.Tables, func(t publicTableRequest) bool { return t.Name == name })
	if i < 0 {
		return portal.PublicTable{}, guichet.Errorf(guichet.KindNotFound, "no table %q is public here", name)
	}
	key := lang + "/" + name
	if d, ok := p.drawnAs(key); ok {
		return d.table, d.err
	}
	select {
	case p.draw <- struct{}{}:
		defer func() { <-p.draw }()
	case <-ctx.Done():
		return portal.PublicTable{}, guichet.Errorf(guichet.KindBusy, "others wait for tables: %w", ctx.Err())
	}
	if d, ok := p.drawnAs(key); ok { // somebody else has drawn it meanwhile
		return d.table, d.err
	}
	d := drawn{at: p.h.n.cfg.Clock()}
	d.table, d.err = p.drawTable(ctx, pub, pub.Tables[i], lang)
	if d.err != nil && guichet.KindOf(d.err) != guichet.KindRefused {
		return d.table, d.err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tables[key] = d
	return d.table, d.err
}

func (p *public) drawnAs(key string) (drawn, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d, ok := p.tables[key]
	return d, ok && p.h.n.cfg.Clock().Sub(d.at).Abs() < tableFor
}

func (p *public) drawTable(ctx context.Context, pub published, t publicTableRequest, lang string) (portal.PublicTable, error) {
	us := p.h.n.Home().Member
	out := portal.PublicTable{Name: t.Name, Title: t.Title}
	q := t.Question
	q.Lang, q.Where = lang, cloneWhere(q.Where)
	q.Where[guichet.FieldReporter] = []string{us}
	now := p.h.n.cfg.Clock()
	req, err := federation.NewRequest(rand.Reader, now, guichet.Request{
		From: guichet.Party{Circle: thePublic, Member: thePublic, Office: thePublic}, To: us, Purpose: purposeOfPublic, Question: q,
	})
	if err != nil {
		return out, err
	}
	body, err := guichet.Canonical(req)
	if err != nil {
		return out, fmt.Errorf("public table: %w", err)
	}
	sealed, err := pub.counter.Reply(ctx, desk.Asked{Request: req, Body: body, Key: guichet.MemberKey{From: now}})
	if err != nil {
		return out, err
	}
	reply, rows, err := federation.DecodeReply(sealed.Body)
	if err != nil {
		return out, err
	}
	if reply.Answer == nil {
		return out, guichet.Errorf(guichet.KindRefused, "the rules of the publication do not let this table be shown (%s): %s", reply.Decision.Clause, reply.Decision.Text)
	}
	out.Answer, out.Hidden = *reply.Answer, reply.Hidden
	out.Answer.Question.By = slices.Clone(t.Question.By) // what the desk adds is the same in every row, or is a column
	if out.Answer.Rows, err = decodeRows(reply.Answer.Columns, rows); err != nil {
		return out, err
	}
	out.Made = slices.ContainsFunc(out.Answer.Sources, func(s guichet.Source) bool { return s.Generated })
	switch {
	case len(out.Answer.Rows) > mostPublicRows:
		return portal.PublicTable{}, guichet.Errorf(guichet.KindRefused, "this table has %d rows, more than %d", len(out.Answer.Rows), mostPublicRows)
	case out.Made && !pub.Generated:
		return portal.PublicTable{}, guichet.Errorf(guichet.KindRefused, "this table would be drawn from made figures, and the home does not publish any")
	}
	for _, x := range pub.paper.Agreement().Terms {
		if x.Dataset == q.Dataset {
			out.Term = x
			break
		}
	}
	out.Term.Rules = reply.Decision.Conditions.Rules // as they were kept: our law and tiers may have made them stricter
	return out, nil
}
