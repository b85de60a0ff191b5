package federation_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"guichet"
	"guichet/internal/federation"
)

// letterVectors is docs/protocol/vectors/letters.json.
type letterVectors struct {
	About   string         `json:"about"`
	Letters []letterVector `json:"letters"`
	Files   []fileVector   `json:"files"` // that the list of the first letter names
	Refused []badLetter    `json:"refused"`
}

// letterVector is a letter and its reply, as they travel.
type letterVector struct {
	Path   string        `json:"path"`
	Letter requestVector `json:"letter"`
	Reply  string        `json:"reply"`         // JSON, as sent
	Salted string        `json:"salted_digest"` // of the reply: Leaf.Reply
	Kind   string        `json:"leaf_kind"`     // at the member asked
	Rows   int64         `json:"leaf_rows"`     // of both leaves
}

type fileVector struct {
	SHA256 string `json:"sha256"`
	Body   []byte `json:"body"`
}

// badLetter is what must be refused: a letter by the member that it is to; a reply,
// or a file, by who wrote the letter.
type badLetter struct {
	Name   string `json:"name"`
	What   string `json:"what"`   // "letter", "reply" or "file"
	Letter int    `json:"letter"` // which it is, or replies to, or was listed in the reply to
	// Begins: what is wrong is what all letters and replies begin with.
	Begins bool   `json:"begins"`
	Body   []byte `json:"body"`
}

// letterHead is the beginning of the i-th letter: its chance is the bytes from
// 16*i on.
func letterHead(tb testing.TB, i int) guichet.Request {
	tb.Helper()
	chance := make([]byte, 48)
	for at := range chance {
		chance[at] = byte(16*i + at)
	}
	req := vectorRequest(tb)
	req, err := federation.NewRequest(bytes.NewReader(chance), vectorTime(), guichet.Request{From: req.From, To: req.To, Officer: req.Officer, Purpose: req.Purpose, Question: req.Question})
	if err != nil {
		tb.Fatal(err)
	}
	return req
}

func mark(c string) guichet.CopyMark {
	return guichet.CopyMark{Submission: strings.Repeat(c, 16), Key: strings.Repeat(c, 64)}
}

// listedItem is an item of the list of the vectors.
func listedItem(tb testing.TB, c string, file []byte) guichet.CopyItem {
	tb.Helper()
	sum := sha256.Sum256(file)
	var unit guichet.Unit
	if err := json.Unmarshal([]byte(`{"reporter":"CA","period":"2020-01","dims":{"flow":"imports"},"rows":2,"value":1234567.889}`), &unit); err != nil {
		tb.Fatal(err)
	}
	return guichet.CopyItem{
		Key: mark(c).Key, SHA256: hex.EncodeToString(sum[:]), Bytes: int64(len(file)), Rows: 2,
		Submission: guichet.Submission{
			ID: mark(c).Submission, Identity: strings.Repeat(c, 64), Dataset: "trade", Profile: "ca-cimt", Version: "1", Digest: strings.Repeat(c, 64), File: "imports.csv",
			TakenAt: vectorTime(), Released: "2020-03-05", Fields: map[string]string{"licence": "open"}, Covers: map[string]string{}, MayRedistribute: true, Generated: true,
			Units: []guichet.Unit{unit},
		},
	}
}

func makeLetters(t *testing.T) letterVectors {
	t.Helper()
	rows, err := os.ReadFile(filepath.Join("testdata", "rows.arrow"))
	if err != nil {
		t.Fatal(err)
	}
	out := letterVectors{About: vectorsAbout, Files: []fileVector{}}
	permitted := guichet.Decision{Permitted: true, Agreement: "b5-covid", Version: 2}
	write := func(path string, letter, reply any, head guichet.LetterHead, said guichet.LetterReply) {
		body, err := json.Marshal(letter)
		if err != nil {
			t.Fatal(err)
		}
		l := federation.Letter{Head: head, Body: body}
		sealed, leaf, err := l.Sealed(reply, said, vectorTime())
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(body)
		out.Letters = append(out.Letters, letterVector{
			path, requestVector{string(body), hex.EncodeToString(sum[:]), head.Salt, leaf.Request}, string(sealed), leaf.Reply, string(leaf.Kind), leaf.Rows,
		})
	}
	begin := func(letter any, head guichet.LetterHead, d guichet.Decision, rows int) guichet.LetterReply {
		body, err := json.Marshal(letter)
		if err != nil {
			t.Fatal(err)
		}
		return federation.Letter{Head: head, Body: body}.Reply("CA", d, rows)
	}

	copies := letterHead(t, 0)
	copies.Records, copies.Question = true, guichet.Question{Dataset: "trade", Lang: "en"}
	list := guichet.CopyList{
		Known: true, Taken: vectorTime(), State: "trade@7", Items: []guichet.CopyItem{listedItem(t, "a", rows), listedItem(t, "b", []byte("another file"))},
		Back: []guichet.KeptBack{{Submission: strings.Repeat("c", 16), Text: guichet.Text{EN: "its licence does not permit copies", FR: "sa licence n'autorise pas de copie"}}},
	}
	list.LetterReply = begin(copies, federation.NewHead(copies), permitted, 2)
	write(federation.LetterCopies, copies, list, federation.NewHead(copies), list.LetterReply)
	for i, body := range [][]byte{rows, []byte("another file")} {
		out.Files = append(out.Files, fileVector{list.Items[i].SHA256, body})
	}

	again := letterHead(t, 1)
	again.Records, again.Question, again.Have = true, copies.Question, copies.Exchange
	same := list
	same.LetterReply = begin(again, federation.NewHead(again), permitted, 2)
	write(federation.LetterCopies, again, same, federation.NewHead(again), same.LetterReply)

	r := letterHead(t, 2)
	report := guichet.CopyReport{LetterHead: federation.NewHead(r), List: copies.Exchange, Kept: []guichet.CopyMark{mark("a")}, Removed: []guichet.CopyMark{mark("d")}, Why: "withdrawn"}
	heard := begin(report, report.LetterHead, guichet.Decision{Permitted: true}, 2)
	write(federation.LetterKept, report, heard, report.LetterHead, heard)

	sub := letterHead(t, 3)
	taken := guichet.Subscribed{LetterReply: begin(sub, federation.NewHead(sub), permitted, 0), ID: "00112233445566ff"}
	write(federation.LetterSubscribe, sub, taken, federation.NewHead(sub), taken.LetterReply)

	n := letterHead(t, 4)
	asked := guichet.NoticesAsked{LetterHead: federation.NewHead(n), After: 2, End: []string{"ffeeddccbbaa9988"}}
	asked.Purpose = ""
	page := guichet.NoticePage{
		Notices: []guichet.SubmissionNotice{
			{Number: 3, Subscription: taken.ID, Kind: "new", Submission: mark("a").Submission, Reporter: "CA", Periods: []string{"2020-01"}, Agreement: "b5-covid", Version: 2, At: vectorTime()},
			{Number: 4, Exchange: copies.Exchange, Kind: "correction", Submission: mark("b").Submission, Reporter: "CA", Periods: []string{"2020-01"}, Replaces: []string{mark("a").Submission}, Agreement: "b5-covid", Version: 2, At: vectorTime()},
			{Number: 7, Subscription: taken.ID, Kind: "closed", Agreement: "b5-covid", Text: guichet.Text{EN: "nobody has read its notices for 30 days", FR: "nul n'a lu ses avis pendant 30 jours"}, At: vectorTime()},
		},
		Subscriptions: []guichet.Subscription{{ID: taken.ID, From: sub.From, Purpose: sub.Purpose, Agreement: "b5-covid", Question: sub.Question, Since: vectorTime().Add(-time.Hour), Closed: "nobody has read its notices for 30 days"}},
	}
	page.LetterReply = begin(asked, asked.LetterHead, guichet.Decision{Permitted: true}, len(page.Notices))
	write(federation.LetterNotices, asked, page, asked.LetterHead, page.LetterReply)

	other := letterHead(t, 5)
	other.Purpose = "customs-risk"
	no := guichet.Subscribed{LetterReply: begin(other, federation.NewHead(other), guichet.Decision{Agreement: "b5-covid", Version: 2, Clause: "purposes.permitted", Text: "the agreement does not permit this purpose", Hint: "ask for supply-monitoring"}, 0)}
	write(federation.LetterSubscribe, other, no, federation.NewHead(other), no.LetterReply)
	out.Refused = badLetters(t, out)
	return out
}

// badLetters is one letter, reply or file for each rule, made of a good one by a
// change of its text.
func badLetters(t *testing.T, v letterVectors) []badLetter {
	t.Helper()
	var out []badLetter
	alter := func(what string, letter int, begins bool, name, old, with string) {
		text := v.Letters[letter].Letter.Body
		if what == "reply" {
			text = v.Letters[letter].Reply
		}
		if !strings.Contains(text, old) {
			t.Fatalf("%s: the %s %d has no %s: %s", name, what, letter, old, text)
		}
		out = append(out, badLetter{name, what, letter, begins, []byte(strings.Replace(text, old, with, 1))})
	}
	const first, have, report, sub, notices = 0, 1, 2, 3, 4
	for _, f := range []struct{ name, old, with string }{
		{"of another member", `"member":"US"`, `"member":"NZ"`},
		{"to another member", `"to":"CA"`, `"to":"NZ"`},
		{"of another circle", `"circle":"border-five"`, `"circle":"other"`},
		{"without an exchange", `"exchange":"4`, `"exchange":"X`},
		{"with a short salt", `"salt":"`, `"salt":"AAAA","x":"`},
		{"of nobody's office", `"office":"statistics"`, `"office":""`},
		{"by name", `"officer":"0123456789abcdef"`, `"officer":"J. Doe"`},
		{"for no purpose that is one", `"officer":"0123456789abcdef"`, `"officer":"0123456789abcdef","purpose":"Some Purpose"`},
		{"without a time", `"put":"`, `"other":"`},
		{"with a name twice", `"after":2`, `"after":2,"after":0`},
		{"with a name in other letters", `"after":2`, `"after":2,"After":0`},
		{"with something after it", `"after":2,"end":["ffeeddccbbaa9988"]}`, `"after":2}{}`},
	} {
		alter("letter", notices, true, "a letter "+f.name, f.old, f.with)
	}
	for _, f := range []struct {
		letter          int
		name, old, with string
	}{
		{first, "copies that are no records", `"records":true,`, ``},
		{first, "copies of something narrower", `"dataset":"trade",`, `"dataset":"trade","where":{"flow":["imports"]},`},
		{first, "copies told apart", `"by":null`, `"by":["reporter"]`},
		{have, "copies of which a list is held that is none", `"have":"0`, `"have":"X`},
		{first, "copies with a field of another version", `"records":true,`, `"records":true,"more":1,`},
		{report, "a report with a field of another version", `"why":"withdrawn"`, `"why":"withdrawn","more":1`},
		{report, "a report of a list that is none", `"list":"0`, `"list":"X`},
		{report, "a report without a reason", `,"why":"withdrawn"`, ``},
		{report, "a report with a reason that is none", `"why":"withdrawn"`, `"why":"lost"`},
		{report, "a report of a copy that is none", `"submission":"a`, `"submission":"X`},
		{sub, "a subscription to records", `"question":`, `"records":true,"question":`},
		{sub, "a subscription with a list", `"salt":`, `"have":"000102030405060708090a0b0c0d0e0f","salt":`},
		{sub, "a subscription with a field of another version", `"salt":`, `"more":1,"salt":`},
		{notices, "notices after one below none", `"after":2`, `"after":-1`},
		{notices, "notices with a field of another version", `"after":2`, `"after":2,"more":1`},
	} {
		alter("letter", f.letter, false, f.name, f.old, f.with)
	}
	for _, f := range []struct{ name, old, with string }{
		{"to another letter", `"request":"`, `"request":"0`},
		{"of another exchange", `"exchange":"4`, `"exchange":"5`},
		{"of another member", `"member":"CA"`, `"member":"NZ"`},
		{"refused by no clause", `"permitted":true`, `"permitted":false`},
		{"that names fewer than none", `"rows":3`, `"rows":-3`},
		{"with a name twice", `"rows":3`, `"rows":3,"rows":3`},
	} {
		alter("reply", notices, true, "a reply "+f.name, f.old, f.with)
	}
	for _, f := range []struct {
		letter          int
		name, old, with string
	}{
		{first, "a list whose number is another", `"rows":2`, `"rows":3`},
		{first, "a key that is none", `"key":"a`, `"key":"X`},
		{first, "a digest that is none", `"sha256":"`, `"sha256":"X`},
		{first, "an empty file", `"bytes":12`, `"bytes":0`},
		{first, "a submission whose identity is another", `"identity":"a`, `"identity":"b`},
		{first, "a submission twice", `"id":"bbbbbbbbbbbbbbbb","identity":"bbbbbbbbbbbbbbbb`, `"id":"aaaaaaaaaaaaaaaa","identity":"aaaaaaaaaaaaaaaa`},
		{first, "a submission of another dataset", `"dataset":"trade"`, `"dataset":"other"`},
		{first, "a submission that may not be passed on", `"may_redistribute":true`, `"may_redistribute":false`},
		{have, "a list that denies the one that is held", `"known":true`, `"known":false`},
		{sub, "a subscription that has no name", `"id":"00112233445566ff"`, `"id":"X"`},
		{notices, "notices whose number is another", `"rows":3`, `"rows":2`},
		{notices, "a notice that was read", `"number":3`, `"number":2`},
		{notices, "notices out of order", `"number":7`, `"number":4`},
	} {
		alter("reply", f.letter, false, f.name, f.old, f.with)
	}
	one := `{"number":3,"kind":"new","at":"2026-11-21T12:00:00Z"}`
	many := make([]string, 101)
	for i := range many {
		many[i] = strings.Replace(one, "3", strconv.Itoa(3+i), 1)
	}
	before, after, _ := strings.Cut(v.Letters[notices].Reply, `"notices":[`)
	_, after, _ = strings.Cut(after, `],"subscriptions"`)
	before = strings.Replace(before, `"rows":3`, `"rows":101`, 1)
	out = append(out,
		badLetter{"more notices than a page has", "reply", notices, false, []byte(before + `"notices":[` + strings.Join(many, ",") + `],"subscriptions"` + after)},
		badLetter{"a file that is not the one that was listed", "file", first, false, []byte("another fil3")},
		badLetter{"a file that was cut", "file", first, false, []byte("another fil")},
	)
	return out
}

// TestTheLettersAreReadByOurs: what letters and replies begin with is taken and
// refused by this room as the vectors say; what follows is read by the node, whose
// tests read the same file.
func TestTheLettersAreReadByOurs(t *testing.T) {
	v := makeLetters(t)
	n := &node{t: t, code: "CA", seal: seal{key: vectorKey()}, journal: &journal{}, clock: vectorTime}
	s, err := federation.NewServer(federation.ServerConfig{
		Us: "CA", Version: "test", Circle: func() guichet.Circle { return guichet.Circle{Name: "border-five"} }, Clock: vectorTime, Gate: everybody{}, Seal: n.seal, Desk: n.desk, Still: everybody{}.still,
		Journal: n.journal, Letters: letters{n: n}, Papers: func(guichet.Member) fs.FS { return fstest.MapFS{} }, Size: func() uint64 { return 0 }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	status := func(path string, body []byte) int {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodPost, "https://ca.example.org:8443/guichet/1/"+path, bytes.NewReader(body)))
		return w.Code
	}
	for _, l := range v.Letters {
		if got := status(l.Path, []byte(l.Letter.Body)); got != http.StatusOK {
			t.Errorf("a letter of %s: %d", l.Path, got)
		}
	}
	for _, bad := range v.Refused {
		l := v.Letters[bad.Letter]
		var asked guichet.LetterHead
		if err := json.Unmarshal([]byte(l.Letter.Body), &asked); err != nil {
			t.Fatal(err)
		}
		switch bad.What {
		case "letter":
			if got := status(l.Path, bad.Body); bad.Begins == (got == http.StatusOK) {
				t.Errorf("%s: %d", bad.Name, got)
			}
		case "reply":
			if _, err := federation.ReadLetterReply(bad.Body, asked.Exchange, l.Letter.SHA256, "CA"); bad.Begins == (err == nil) {
				t.Errorf("%s: %v", bad.Name, err)
			}
		}
	}
}
