package portal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"guichet"
)

// The public view is the same for everybody: it is served before the door, sets no
// cookie, and looks at none, so that whoever stands between may keep it.
const (
	// openFor is how long a public page may be kept by others, and is kept here.
	openFor = time.Minute
	// Of one network: a page with its style and a table or two at once, and then some a
	// second. Behind a proxy everybody shares one.
	openBurst, openRefill = 120.0, 10.0
	openNetworks          = 10_000
	openKept              = 400 // pages, in both languages
)

// openPages are public pages that were made, and who asked for them how often.
type openPages struct {
	mu       sync.Mutex // guards what follows
	made     map[string]openPage
	networks map[netip.Prefix]allowance
}

// openPage is a page as it was sent.
type openPage struct {
	head http.Header
	body []byte
	tag  string
	at   time.Time
}

type allowance struct {
	left float64
	at   time.Time
}

func newOpenPages() *openPages {
	return &openPages{made: map[string]openPage{}, networks: map[netip.Prefix]allowance{}}
}

// allow takes one page of a network; false tells how long to wait.
func (o *openPages) allow(remote string, now time.Time) (time.Duration, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	who := networkOf(remote)
	a, known := o.networks[who]
	if !known {
		if len(o.networks) >= openNetworks { // whoever has that many is not held by a limit for each
			clear(o.networks)
		}
		a = allowance{openBurst, now}
	}
	if passed := now.Sub(a.at).Seconds(); passed > 0 {
		a.left, a.at = math.Min(openBurst, a.left+passed*openRefill), now
	}
	if a.left < 1 {
		o.networks[who] = a
		return time.Duration((1 - a.left) / openRefill * float64(time.Second)), false
	}
	a.left--
	o.networks[who] = a
	return 0, true
}

// networkOf is what one subscriber has: an address of IPv4, 64 bits of IPv6.
func networkOf(remote string) netip.Prefix {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	const of6, of4 = 64, 32
	ip, bits := at.Addr().Unmap().WithZone(""), of6
	if ip.Is4() {
		bits = of4
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

func (o *openPages) get(key string, now time.Time) (openPage, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	x, ok := o.made[key]
	return x, ok && now.Sub(x.at).Abs() < openFor
}

func (o *openPages) keep(key string, x openPage) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.made) >= openKept {
		clear(o.made)
	}
	o.made[key] = x
}

// recorder takes a page instead of a browser.
type recorder struct {
	head   http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header         { return w.head }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }

// serveOpen makes a handler of a public page. What an address says beside its path is
// not looked at: else each would be a page of its own.
func (p *Portal) serveOpen(lang string, route route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := p.cfg.Clock()
		if wait, ok := p.open.allow(r.RemoteAddr, now); !ok {
			w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
			p.openFails(w, r, lang, route, errTooOften)
			return
		}
		key := lang + " " + r.URL.Path
		page, ok := p.open.get(key, now)
		if !ok {
			r.URL.RawQuery = ""
			in := &recorder{head: http.Header{}, status: http.StatusOK}
			v := &visit{p: p, w: in, r: r.Clone(r.Context()), lang: lang, words: p.words[lang], route: route, open: true}
			v.r.Method = http.MethodGet // what is kept has a body
			if err := route.do(v); err != nil {
				p.openFails(w, r, lang, route, err)
				return
			}
			sum := sha256.Sum256(in.body.Bytes())
			page = openPage{in.head, in.body.Bytes(), `"` + hex.EncodeToString(sum[:12]) + `"`, now}
			p.open.keep(key, page)
		}
		h := w.Header()
		maps.Copy(h, page.head)
		h.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(openFor/time.Second)))
		h.Set("ETag", page.tag)
		if slices.Contains(strings.Split(strings.ReplaceAll(r.Header.Get("If-None-Match"), " ", ""), ","), page.tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Length", strconv.Itoa(len(page.body)))
		if r.Method != http.MethodHead {
			_, _ = w.Write(page.body) // who went away is no fault
		}
	})
}

// errTooOften says that somebody looks more often than a person does.
var errTooOften = &guichet.Error{Kind: "too_often"}

// openFails shows why a public page is not there. A home that publishes nothing says so
// on a page of its own; what is wrong with its file is for its steward and auditor.
func (p *Portal) openFails(w http.ResponseWriter, r *http.Request, lang string, route route, err error) {
	v := &visit{p: p, w: w, r: r, lang: lang, words: p.words[lang], route: route, open: true}
	page := publicFault{Index: v.to("/public", nil), Words: v.to("/public/words", nil)}
	code := status(guichet.KindOf(err))
	why := ""
	switch kind := guichet.KindOf(err); {
	case errors.Is(err, errTooOften):
		code = http.StatusTooManyRequests
		why = "often"
	case kind == guichet.KindNotFound:
		why = "none"
	case kind == guichet.KindRefused:
		why = "refused"
		page.Said, _ = v.tells(err)
	case kind == guichet.KindBusy:
		why = "busy"
	default:
		code = http.StatusInternalServerError
	}
	page.Title, page.Lead, page.Do = v.t("error.internal.title"), v.t("error.internal.lead"), v.t("error.internal.do")
	if why != "" {
		page.Title, page.Lead, page.Do = v.t("public."+why+".title"), v.t("public."+why+".lead"), v.t("public."+why+".do")
	}
	if code >= http.StatusInternalServerError {
		p.cfg.Log.LogAttrs(r.Context(), slog.LevelWarn, "public page failed", slog.String("path", route.path), slog.String("error", err.Error()))
	}
	if err := v.show(code, "public-fault", page.Title, page); err != nil {
		http.Error(w, v.t("error.internal.title"), http.StatusInternalServerError)
	}
}

type publicFault struct {
	Title, Lead, Do, Index, Words string
	Said                          spoken
}

// publicPage is what the public page receives.
type publicPage struct {
	Nothing    bool
	Until      string
	Contact    string
	Mail       bool
	Tables     []choice
	Agreements []publicPaper
	Listed     bool // agreements are public
	Counted    bool
	Log, Words string
}

type publicPaper struct {
	Title, ID, Circle, Parties, State, Tag, From, Until string
	Purposes                                            []string
	Answered, Refused, Put                              string
}

// publicIndex says what is public here.
func (p *Portal) publicIndex(v *visit) error {
	page := publicPage{Words: v.to("/public/words", nil)}
	pub, err := p.cfg.Public.Publication(v.r.Context())
	if guichet.KindOf(err) == guichet.KindNotFound {
		page.Nothing = true
		return v.show(http.StatusOK, "public", v.t("public.title"), page)
	}
	if err != nil {
		return err
	}
	page.Until, page.Contact, page.Listed, page.Counted = v.dayOf(pub.Until), pub.Contact, pub.Agreements != nil, pub.Counted
	page.Mail = strings.Count(pub.Contact, "@") == 1 && !strings.ContainsAny(pub.Contact, " ?&<>\"'")
	for _, t := range pub.Tables {
		page.Tables = append(page.Tables, choice{Value: v.to("/public/table/"+url.PathEscape(t.Name), nil), Text: t.Title.In(v.lang)})
	}
	for _, a := range pub.Agreements {
		x := a.Agreement
		state, tag := stateOf(x, p.cfg.Clock())
		out := publicPaper{
			Title: x.Title.In(v.lang), ID: x.ID + " v" + strconv.Itoa(x.Version), Circle: a.Circle, Parties: v.partiesOf(x), State: v.t("paper.state." + state), Tag: tag,
			From: v.dayOf(x.Validity.From), Until: v.dayOf(x.Validity.Until),
		}
		for _, w := range x.Purposes.Permitted {
			text := p.purposeOf(v, w)
			if text == "" {
				text = w
			}
			out.Purposes = append(out.Purposes, text)
		}
		if c := a.Counts; c != nil {
			out.Answered, out.Refused, out.Put = v.aboutOf(c.Answered), v.aboutOf(c.Refused), v.aboutOf(c.Put)
		}
		page.Agreements = append(page.Agreements, out)
	}
	if len(pub.Logs) > 0 {
		page.Log = v.to("/public/log", nil)
	}
	return v.show(http.StatusOK, "public", v.t("public.title"), page)
}

// aboutOf writes a count that may be told.
func (v *visit) aboutOf(n Rounded) string {
	if n < RoundedTo {
		return v.t("public.few", "n", RoundedTo)
	}
	return v.t("public.atleast", "n", v.words.whole(int64(n)))
}

// publicTablePage is what the page of a public table receives.
type publicTablePage struct {
	Title, Index, CSV, AsOf string
	Made                    bool
	Hidden                  int
	Rules                   []string
	Table                   figureTable
	Chart                   *chart
	Remarks, Gaps           []said
	Sources                 []guichet.Source
	Licence, Credit         string
}

// publicTable shows a table.
func (p *Portal) publicTable(v *visit) error {
	t, err := p.cfg.Public.Table(v.r.Context(), v.r.PathValue("name"), v.lang)
	if err != nil {
		return err
	}
	page := publicTablePage{
		Title: t.Title.In(v.lang), Index: v.to("/public", nil), CSV: v.to("/public/table/"+url.PathEscape(t.Name)+"/csv", nil), Made: t.Made, Hidden: t.Hidden,
		AsOf: v.words.moment(t.Answer.AsOf), Sources: t.Answer.Sources, Credit: t.Term.Credit.In(v.lang),
	}
	if t.Term.Licence != "none" {
		page.Licence = t.Term.Licence
	}
	rules := paperPart{}
	v.ruleLines(&rules, "", t.Term.Rules)
	for _, l := range rules.Lines {
		page.Rules = append(page.Rules, l.Text)
	}
	a := answerOf(t)
	page.Remarks, page.Gaps = v.remarksOf(a.Answer), v.gapsOf(a.Answer)
	if len(a.Answer.Rows) > 0 {
		f := figuresOf(v, p.dataset(t.Answer.Question.Dataset), a)
		page.Table = f.table(p.cfg.Goods)
		page.Table.cut(0, len(page.Table.Rows))
		page.Table.Notes = f.marked.notesOf(v, page.Table.Signs, page.Remarks)
		page.Chart = chartOf(v.words, f.ds, a, t.Answer.Question.By)
	}
	title := page.Title
	if t.Made {
		title = v.t("public.made.title", "title", title)
	}
	if page.Chart != nil {
		page.Chart.Title = title + v.t("shell.colon") + page.Chart.Title
	}
	return v.show(http.StatusOK, "public-table", title, page)
}

// answerOf is a table as an answer of one member.
func answerOf(t PublicTable) Answer {
	return Answer{Answer: t.Answer, Members: []MemberResult{{Hidden: t.Hidden}}}
}

// publicCSV gives a table as a file. That its figures are made stands in its name and in
// each of its rows.
func (p *Portal) publicCSV(v *visit) error {
	t, err := p.cfg.Public.Table(v.r.Context(), v.r.PathValue("name"), v.lang)
	if err != nil {
		return err
	}
	a, name := answerOf(t), t.Name
	if t.Made {
		name = "made-" + name
		a.Answer.Columns = append([]guichet.Column{{Name: "made"}}, a.Answer.Columns...)
		rows := make([]guichet.Row, len(a.Answer.Rows))
		for i, r := range a.Answer.Rows {
			rows[i] = guichet.Row{"made": true}
			maps.Copy(rows[i], r)
		}
		a.Answer.Rows = rows
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	return writeCSV(v.w, p.dataset(t.Answer.Question.Dataset), a)
}

// publicLogPage is what the page about the log receives.
type publicLogPage struct {
	Logs  []publicLogOf
	Index string
}

type publicLogOf struct {
	PublicLog

	Ours, Others []LogKey
	Checkpoint   string // as it is now
	File         string
	Bundle       *offeredBundle // nil: not public here
	With         string         // what the command calls the bundle
}

// publicLog says how to check our journal.
func (p *Portal) publicLog(v *visit) error {
	pub, err := p.cfg.Public.Publication(v.r.Context())
	if err != nil {
		return err
	}
	page := publicLogPage{Index: v.to("/public", nil)}
	for _, l := range pub.Logs {
		text, err := p.cfg.Public.Checkpoint(v.r.Context(), l.Circle)
		if err != nil {
			return err
		}
		of := publicLogOf{PublicLog: l, Checkpoint: string(text), File: v.to("/public/log/"+url.PathEscape(l.Circle)+"/checkpoint", nil)}
		for _, k := range l.Keys {
			if k.Witness {
				of.Others = append(of.Others, k)
			} else {
				of.Ours = append(of.Ours, k)
			}
		}
		if of.Bundle, of.With = p.offered(v, l), "circle.bundle"; of.Bundle != nil {
			of.With = of.Bundle.Name
		}
		page.Logs = append(page.Logs, of)
	}
	if len(page.Logs) == 0 {
		return &guichet.Error{Kind: guichet.KindNotFound}
	}
	return v.show(http.StatusOK, "public-log", v.t("publiclog.title"), page)
}

// publicCheckpoint gives the newest checkpoint as it was signed.
func (p *Portal) publicCheckpoint(v *visit) error {
	text, err := p.cfg.Public.Checkpoint(v.r.Context(), v.r.PathValue("circle"))
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = v.w.Write(text) // who went away is no fault
	return nil
}

// glossaryPage is what the glossary receives.
type glossaryPage struct {
	Words []glossaryWord
	Index string
}

type glossaryWord struct{ ID, Word, Text string }

// glossary are the words that these pages use, by their key.
func glossary() []string {
	return []string{
		"agreement", "answer", "checkpoint", "cif", "circle", "clause", "contributor", "copy", "cosignature", "digest", "dominance", "edition", "embargo", "estimate", "exchange", "flow", "fob",
		"hidden", "hs", "journal", "key", "leaf", "licence", "made", "member", "mirror", "node", "notice", "office", "officer", "override", "party", "partner", "prior", "purge", "purpose",
		"question", "receipt", "record", "refusal", "remark", "reporter", "retention", "role", "root", "salt", "source", "submission", "suspension", "system", "threshold", "tier", "valuation", "vintage", "withdrawal", "witness",
	}
}

// publicWords says what every word means. It is the program's, so that it is there also
// where the home publishes nothing.
func (p *Portal) publicWords(v *visit) error {
	page := glossaryPage{Index: v.to("/public", nil)}
	for _, w := range glossary() {
		page.Words = append(page.Words, glossaryWord{w, v.t("glossary." + w), v.t("glossary." + w + ".text")})
	}
	slices.SortFunc(page.Words, func(a, b glossaryWord) int { return strings.Compare(sortedAs(a.Word), sortedAs(b.Word)) })
	return v.show(http.StatusOK, "public-words", v.t("publicwords.title"), page)
}

// sortedAs is a word as a reader looks for it: without accents and capitals.
func sortedAs(word string) string {
	return strings.NewReplacer("é", "e", "è", "e", "ê", "e", "à", "a", "â", "a", "î", "i", "ô", "o", "û", "u", "ç", "c", "œ", "oe").Replace(strings.ToLower(word))
}
