package node_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"guichet"
	"guichet/internal/desk"
	"guichet/internal/disclosure"
	"guichet/internal/federation"
	"guichet/internal/guichettest"
	"guichet/internal/node"
	"guichet/internal/store"
)

// memberDesk is the desk over the real store, the real rules and the real columns,
// with a journal and a decider that tests look into.
type memberDesk struct {
	*desk.Counter
	store    *store.Store
	decision guichet.Decision

	mu  sync.Mutex // guards log
	log []guichet.Leaf
}

// memberDeskOf opens a home that another store has open too.
func memberDeskOf(t *testing.T, h *house) *memberDesk {
	t.Helper()
	s := guichettest.Open(t, func() (*store.Store, error) {
		return store.Open(t.Context(), store.Config{Home: h.Home().Path, Datasets: []*guichet.Dataset{node.Dataset()}, Clock: h.clock.Now})
	})
	w := &memberDesk{store: s, decision: guichet.Decision{Permitted: true, Agreement: "b5", Version: 1}}
	var err error
	w.Counter, err = desk.New(s, h.clock.Now).Counter(desk.CounterConfig{Us: "US", Decider: w, Protector: w, Encoder: store.Columns{}, Journal: w, Ledger: s})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *memberDesk) Decide(context.Context, desk.Asked) guichet.Decision { return w.decision }

func (w *memberDesk) Needed(r guichet.DisclosureRules) int { return disclosure.Needed(r) }

func (w *memberDesk) Protect(r guichet.DisclosureRules, cells []desk.Cell) []desk.Verdict {
	in := make([]disclosure.Cell, len(cells))
	for i, c := range cells {
		in[i] = disclosure.Cell{Contributors: c.Contributors, Total: c.Total, Gross: c.Gross, Largest: c.Largest}
	}
	out := make([]desk.Verdict, len(cells))
	for i, v := range disclosure.Protect(r, in).Verdicts {
		out[i] = desk.Verdict{Hidden: v.Hidden}
	}
	return out
}

func (w *memberDesk) Append(_ context.Context, leaf guichet.Leaf) (int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, leaf)
	return int64(len(w.log) - 1), nil
}

// request asks as question reads it.
func request(t *testing.T, n int, words string) desk.Asked {
	t.Helper()
	q := question(t, words)
	q.Dataset = "trade"
	r := guichet.Request{
		Exchange: fmt.Sprintf("%032x", n), From: guichet.Party{Circle: "border-five", Member: "NZ", Office: "statistics"}, To: "US",
		Purpose: "supply-monitoring", Question: q, Salt: bytes.Repeat([]byte{1}, 32),
	}
	body, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return desk.Asked{Request: r, Body: body}
}

// reply asks, and reads the body as the other side does.
func (w *memberDesk) reply(t *testing.T, a desk.Asked) (guichet.Answer, desk.Sealed) {
	t.Helper()
	s, err := w.Reply(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	head, columns, err := federation.DecodeReply(s.Body)
	if err != nil {
		t.Fatal(err)
	}
	if head.Answer == nil {
		t.Fatalf("refused: %+v", head.Decision)
	}
	rows, err := store.Columns{}.DecodeRows(head.Answer.Columns, columns)
	if err != nil {
		t.Fatal(err)
	}
	head.Answer.Rows = rows
	if leaf := w.log[s.Leaf]; leaf.Reply != federation.SaltedDigest(a.Request.Salt, s.Body) || leaf.Rows != int64(len(rows)) {
		t.Errorf("the leaf %+v is not of this reply", leaf)
	}
	return *head.Answer, s
}

// contributions are METHODS part 2's, 700, 200, 60, 40, 10 from a country, by
// groups of enterprises.
func contributions(country string, groups ...string) []declared {
	var out []declared
	for i, v := range []string{"700", "200", "60", "40", "10"} {
		out = append(out, usImport().with(declared{
			"COUNTRY_ORIGIN": country, "CUSTOMS_VALUE": v, "CIF_VALUE": v, "LINE_NO": fmt.Sprint(i), "PARENT_GROUP": groups[i], "IMPORTER_EXPORTER_NO": fmt.Sprint("SECRET", i),
		}))
	}
	return out
}

// TestMembersAreAnsweredUnderTheRules: over the real tables, five importers are
// shown by the p % rule, those of which two are of one group are not, two are not
// even there; what was given is in the ledger; a file that another process takes
// in is in the next answer.
func TestMembersAreAnsweredUnderTheRules(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "US")
	lines := slices.Concat(contributions("1220", "A", "B", "C", "D", "E"), contributions("5700", "A", "A", "C", "D", "E"), contributions("2010", "A", "B", "", "", "")[:2])
	h.take(t, node.IngestRequest{File: declare(t, "us", lines...)})
	w := memberDeskOf(t, h)
	w.decision.Conditions.Rules = guichet.DisclosureRules{Threshold: 3, Prior: 10}
	const words = "reporter=US flow=imports period=2020-03 by=partner measure=value,value_usd,quantity"
	a, sealed := w.reply(t, request(t, 1, words))
	want(t, a, "partner=CA", "value", "1010")
	if row := rows(t, a, "partner=CN"); len(row) != 1 || row[0]["value"] != nil || row[0]["value_usd"] != nil || row[0]["quantity"] != nil {
		t.Errorf("China is not hidden: %v", row)
	}
	if len(a.Rows) != 2 || sealed.Reply.Hidden != 1 {
		t.Errorf("%d rows, %d hidden, want Canada's and China's: %v", len(a.Rows), sealed.Reply.Hidden, a.Rows)
	}
	gap(t, a, guichet.GapProtected, "is no zero")
	given, err := w.store.Given(t.Context(), guichet.Party{Member: "NZ"})
	if err != nil || len(given) != 1 || len(given[0].Cells) != 3 {
		t.Errorf("the ledger has %+v (%v), want three cells", given, err)
	}
	if _, again := w.reply(t, request(t, 2, words)); !again.Held {
		t.Error("the same answer is not held ready")
	}
	h.take(t, node.IngestRequest{File: declare(t, "us", contributions("1220", "F", "G", "H", "I", "J")...)})
	a, again := w.reply(t, request(t, 3, words))
	if again.Held {
		t.Error("an answer from before the last file was given")
	}
	if again.Reply.Snapshot == sealed.Reply.Snapshot {
		t.Errorf("both are of the snapshot %s", again.Reply.Snapshot)
	}
	if len(a.Rows) == 0 {
		t.Errorf("no row: %v", a.Gaps)
	}
}

// taken is where records go.
type taken struct {
	bytes.Buffer
	rows int64
}

func (*taken) Refuse([]byte, uint64) error { return guichet.Errorf(guichet.KindRefused, "refused") }

func (*taken) Begin(guichet.Reply, uint64) error { return nil }

func (d *taken) Root() (string, error) {
	sum := sha256.Sum256(d.Bytes())
	return hex.EncodeToString(sum[:]), nil
}

func (d *taken) End(rows int64, _ uint64) error {
	d.rows = rows
	return nil
}

// TestRecordsHaveNoName: rows of declarations, where the agreement asks for no
// protection, come without traders, and as the sum of what their columns do not
// tell apart.
func TestRecordsHaveNoName(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "US")
	h.take(t, node.IngestRequest{File: declare(t, "us", contributions("1220", "GROUPA", "GROUPB", "C", "D", "E")...)})
	w := memberDeskOf(t, h)
	w.decision.Conditions.Records = true
	out := &taken{}
	if err := w.Records(t.Context(), request(t, 1, "reporter=US flow=imports by=partner,period,hs6 measure=value"), out); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	n, err := store.CopyRecords(t.Context(), bytes.NewReader(out.Bytes()), "csv", &text)
	if err != nil || n != 1 || out.rows != 1 {
		t.Fatalf("%d records, %d told, %v", n, out.rows, err)
	}
	for _, secret := range []string{"SECRET", "GROUP", "MAEU"} {
		if strings.Contains(text.String(), secret) || bytes.Contains(out.Bytes(), []byte(secret)) {
			t.Errorf("%s stands in the records", secret)
		}
	}
	for _, part := range []string{"CA,2020-03-01,630790", ",line,USD,", ",1010"} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("%q is not in the records:\n%s", part, text.String())
		}
	}
	w.decision.Conditions.Rules.Threshold = 3
	if err := w.Records(t.Context(), request(t, 2, "reporter=US flow=imports by=partner measure=value"), out); guichet.KindOf(err) != guichet.KindRefused {
		t.Errorf("protected records: %v, want a refusal", err)
	}
}
