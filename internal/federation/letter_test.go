package federation_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/federation"
)

// letters answers every letter by replying, as it is changed.
type letters struct {
	n     *node
	alter func(*guichet.LetterReply)
}

// Letter replies.
func (l letters) Letter(ctx context.Context, _ string, in federation.Letter) (federation.Said, error) {
	reply := in.Reply(l.n.code, guichet.Decision{Permitted: true}, 3)
	if l.alter != nil {
		l.alter(&reply)
	}
	body, leaf, err := in.Sealed(reply, reply, l.n.now())
	if err != nil {
		return federation.Said{}, err
	}
	i, err := l.n.journal.Append(ctx, leaf)
	return federation.Said{Body: body, Leaf: i}, err
}

// CopyPiece gives ten bytes, one at a time.
func (l letters) CopyPiece(_ context.Context, _ federation.Visitor, _ string, from int64) ([]byte, error) {
	return []byte("0123456789")[min(from, 10):min(from+1, 10)], nil
}

func letterTo(t *testing.T, to string) (guichet.LetterHead, []byte) {
	t.Helper()
	req, err := federation.NewRequest(rand.Reader, time.Now(), guichet.Request{From: guichet.Party{Circle: "border-five", Member: "NZ", Office: "statistics"}, To: to, Officer: "0123456789abcdef"})
	if err != nil {
		t.Fatal(err)
	}
	head := federation.NewHead(req)
	body, err := json.Marshal(guichet.NoticesAsked{LetterHead: head, After: 1})
	if err != nil {
		t.Fatal(err)
	}
	return head, body
}

// TestLetters: a letter and its reply are bound to each other, and have a leaf on each
// side that say the same; a node of before says in words that it knows none.
func TestLetters(t *testing.T) {
	t.Parallel()
	_, nodes := found(t, "CA", "NZ", "US")
	old, ca := nodes["US"].start(), nodes["CA"]
	ca.letters = letters{n: ca}
	ca.start()
	c := nodes["NZ"].client()
	head, body := letterTo(t, "CA")
	sent, err := c.Letter(t.Context(), ca.circle.member("CA"), federation.LetterNotices, head, body, "")
	if err != nil || sent.Gap != nil || sent.Reply.Rows != 3 {
		t.Fatalf("a letter: %+v, %v", sent, err)
	}
	there, here := ca.journal.all(), nodes["NZ"].journal.all()
	if len(there) != 1 || len(here) != 1 || there[0].Kind != guichet.LeafAnswered || here[0].Kind != guichet.LeafReceived || there[0].Request != here[0].Request || there[0].Reply != here[0].Reply || there[0].Rows != here[0].Rows || here[0].Peer != 1 {
		t.Errorf("the leaves differ:\n%+v\n%+v", there, here)
	}
	var got []byte
	for {
		piece, err := c.CopyPiece(t.Context(), ca.circle.member("CA"), strings.Repeat("a", 64), int64(len(got)))
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, piece...); len(piece) == 0 {
			break
		}
	}
	if string(got) != "0123456789" {
		t.Errorf("the pieces make %q", got)
	}
	if _, err := c.CopyPiece(t.Context(), ca.circle.member("CA"), "nothing", 0); guichet.KindOf(err) != guichet.KindNotFound {
		t.Errorf("a file that is none: %v", err)
	}

	head, body = letterTo(t, "US")
	sent, err = c.Letter(t.Context(), old.circle.member("US"), federation.LetterCopies, head, body, "fr")
	if err != nil || sent.Gap == nil || !strings.Contains(sent.Gap.Text, "d’une version qui ne connaît pas") || sent.Busy {
		t.Errorf("of a node of before: %+v, %v", sent, err)
	}
	if here = nodes["NZ"].journal.all(); here[len(here)-1].Kind != guichet.LeafMissed {
		t.Errorf("our journal says %+v", here[len(here)-1])
	}
}

// TestAReportHasRoom: a report of copies may name as many as a list, and as many that
// were removed; other letters are small.
func TestAReportHasRoom(t *testing.T) {
	_, nodes := found(t, "CA", "NZ")
	ca := nodes["CA"]
	ca.letters = letters{n: ca}
	ca.start()
	head, _ := letterTo(t, "CA")
	send := func(name string, size int) federation.Sent {
		t.Helper()
		head.Exchange = "0" + head.Exchange[:31] // each its own
		body, err := json.Marshal(guichet.CopyReport{LetterHead: head, Kept: []guichet.CopyMark{}, Removed: []guichet.CopyMark{}})
		if err != nil {
			t.Fatal(err)
		}
		body = append(body, bytes.Repeat([]byte(" "), size-len(body))...)
		sent, err := nodes["NZ"].client().Letter(t.Context(), ca.circle.member("CA"), name, head, body, "")
		if err != nil {
			t.Fatal(err)
		}
		return sent
	}
	if sent := send(federation.LetterKept, federation.MaxReport); sent.Gap != nil {
		t.Errorf("the largest report: %+v", sent.Gap)
	}
	if sent := send(federation.LetterKept, federation.MaxReport+1); sent.Gap == nil {
		t.Error("a report that is larger is heard")
	}
	if sent := send(federation.LetterNotices, federation.MaxLetter+1); sent.Gap == nil {
		t.Error("another letter that is larger is heard")
	}
}

// TestLettersAreHeld: what is not what it should be is not believed.
func TestLettersAreHeld(t *testing.T) {
	t.Parallel()
	for name, alter := range map[string]func(*guichet.LetterReply){
		"of another exchange": func(r *guichet.LetterReply) { r.Exchange = strings.Repeat("0", 32) },
		"to another letter":   func(r *guichet.LetterReply) { r.Request = strings.Repeat("0", 64) },
		"of another member":   func(r *guichet.LetterReply) { r.Member = "US" },
		"refused by nothing":  func(r *guichet.LetterReply) { r.Decision = guichet.Decision{} },
		"fewer than none":     func(r *guichet.LetterReply) { r.Rows = -1 },
	} {
		_, nodes := found(t, "CA", "NZ")
		nodes["CA"].letters = letters{n: nodes["CA"], alter: alter}
		nodes["CA"].start()
		head, body := letterTo(t, "CA")
		sent, err := nodes["NZ"].client().Letter(t.Context(), nodes["CA"].circle.member("CA"), federation.LetterKept, head, body, "")
		if err != nil || sent.Gap == nil || sent.Gap.Reason != guichet.GapGarbled || sent.Body != nil {
			t.Errorf("a reply %s: %+v, %v", name, sent.Gap, err)
		}
	}
	_, nodes := found(t, "CA", "NZ", "US")
	ca := nodes["CA"]
	ca.letters = letters{n: ca}
	ca.start()
	for name, change := range map[string]func(*guichet.LetterHead){
		"of another member": func(h *guichet.LetterHead) { h.From.Member = "US" },
		"to another":        func(h *guichet.LetterHead) { h.To = "US" },
		"of another circle": func(h *guichet.LetterHead) { h.From.Circle = "other" },
		"without a salt":    func(h *guichet.LetterHead) { h.Salt = nil },
		"of nobody":         func(h *guichet.LetterHead) { h.From.Office = "" },
		"by name":           func(h *guichet.LetterHead) { h.Officer = "J. Doe" },
	} {
		head, _ := letterTo(t, "CA")
		change(&head)
		body, err := json.Marshal(guichet.NoticesAsked{LetterHead: head})
		if err != nil {
			t.Fatal(err)
		}
		sent, err := nodes["NZ"].client().Letter(t.Context(), ca.circle.member("CA"), federation.LetterNotices, head, body, "")
		if err != nil || sent.Gap == nil || sent.Gap.Reason != guichet.GapRefused {
			t.Errorf("a letter %s: %+v, %v", name, sent, err)
		}
	}
	if n := len(ca.journal.all()); n != 0 {
		t.Errorf("%d leaves of letters that were not admitted", n)
	}
}
