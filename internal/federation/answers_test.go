package federation_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"guichet"
	"guichet/internal/federation"
)

// head is a permitted reply without rows.
func (n *node) head(a federation.Asked) guichet.Reply {
	sum := sha256.Sum256(a.Body)
	return guichet.Reply{
		Exchange: a.Request.Exchange, Request: hex.EncodeToString(sum[:]), Member: n.code,
		Decision: guichet.Decision{Permitted: true, Agreement: "b5-covid", Version: 2, Notices: []guichet.Remark{{Code: "licence", Text: "open"}}},
		Answer: &guichet.Answer{
			Question: a.Request.Question, Columns: columns(), AsOf: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC),
			Remarks: []guichet.Remark{{Code: "generated", Reporter: n.code, Text: "made"}},
			Sources: []guichet.Source{{Submission: "s" + n.code, Reporter: n.code, Generated: true, Rows: 2}},
		},
		Snapshot: "42",
	}
}

// says answers with rows of two partners, the leaf first.
func (n *node) says(value int) func(context.Context, federation.Asked) (federation.Said, error) {
	return func(ctx context.Context, a federation.Asked) (federation.Said, error) {
		reply := n.head(a)
		rows := []guichet.Row{{"reporter": n.code, "partner": "CN", "value": value}, {"reporter": n.code, "partner": "DE", "value": 1}}
		return n.sealed(ctx, a, reply, encodeRows(rows))
	}
}

// refuses answers with a clause.
func (n *node) refuses(clause string) func(context.Context, federation.Asked) (federation.Said, error) {
	return func(ctx context.Context, a federation.Asked) (federation.Said, error) {
		reply := n.head(a)
		reply.Answer = nil
		reply.Decision = guichet.Decision{Agreement: "b5-covid", Version: 2, Clause: clause, Text: "not for this purpose", Hint: "ask for supply-monitoring"}
		return n.sealed(ctx, a, reply, nil)
	}
}

func (n *node) sealed(ctx context.Context, a federation.Asked, reply guichet.Reply, rows []byte) (federation.Said, error) {
	body, err := federation.EncodeReply(reply, rows)
	if err != nil {
		return federation.Said{}, err
	}
	leaf, err := n.journal.Append(ctx, guichet.Leaf{
		Format: 1, Kind: guichet.LeafAnswered, Exchange: a.Request.Exchange, From: a.Request.From, To: a.Request.To,
		Request: federation.SaltedDigest(a.Request.Salt, a.Body), Reply: federation.SaltedDigest(a.Request.Salt, body),
	})
	return federation.Said{Body: body, Leaf: leaf, Refused: !reply.Decision.Permitted}, err
}

// piece is what the stream of a test repeats.
func piece(i, size int) []byte { return bytes.Repeat([]byte{byte('a' + i%26)}, size) }

// streams answers with pieces of records.
func (n *node) streams(pieces, size int) func(context.Context, federation.Asked, *federation.RecordsWriter) error {
	return func(ctx context.Context, a federation.Asked, w *federation.RecordsWriter) error {
		leaf := guichet.Leaf{Format: 1, Kind: guichet.LeafStarted, Exchange: a.Request.Exchange, From: a.Request.From, To: a.Request.To}
		start, err := n.journal.Append(ctx, leaf)
		if err != nil {
			return err
		}
		head := n.head(a)
		if err := w.Begin(head, start); err != nil {
			return err
		}
		for i := range pieces {
			if _, err := w.Write(piece(i, size)); err != nil {
				return err
			}
		}
		root, err := w.Root()
		if err != nil {
			return err
		}
		leaf.Kind, leaf.Reply, leaf.Rows = guichet.LeafEnded, federation.SaltedDigest(a.Request.Salt, []byte(root)), int64(pieces)
		end, err := n.journal.Append(ctx, leaf)
		if err != nil {
			return err
		}
		return w.End(int64(pieces), end)
	}
}

// question is what n asks of another member.
func (n *node) question(to string, change ...func(*guichet.Request)) guichet.Request {
	n.t.Helper()
	draft := guichet.Request{
		From: guichet.Party{Circle: "border-five", Member: n.code, Office: "statistics"}, To: to, Officer: "0123456789abcdef", Purpose: "supply-monitoring",
		Question: guichet.Question{Dataset: "trade", By: []string{"reporter", "partner"}, Measures: []string{"value"}},
	}
	for _, f := range change {
		f(&draft)
	}
	req, err := federation.NewRequest(rand.Reader, n.now(), draft)
	if err != nil {
		n.t.Fatal(err)
	}
	return req
}

// forRecords is what n asks of CA.
func (n *node) forRecords() guichet.Request {
	return n.question("CA", func(r *guichet.Request) { r.Records = true })
}
