package desk

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"guichet"
)

// What a request is made of, and how large a reply may be.
const (
	exchangeDigits = 32
	officerDigits  = 16
	saltBytes      = 32
	mostWord       = 128      // bytes of a name or word that goes into a leaf
	mostReply      = 16 << 20 // bytes of a whole reply; more is asked for as records
	mostHead       = 4 << 20  // of its head
)

// wellFormed refuses what is no request to us: what goes into a leaf has its
// shape, so that nobody can write a leaf that the journal does not take.
func (c *Counter) wellFormed(a Asked) error {
	r := a.Request
	switch {
	case !isHex(r.Exchange, exchangeDigits):
		return guichet.Errorf(guichet.KindInvalid, "the exchange is not named by %d hex digits", exchangeDigits)
	case r.Officer != "" && !isHex(r.Officer, officerDigits):
		return guichet.Errorf(guichet.KindInvalid, "the officer is not named by a pseudonym of %d hex digits", officerDigits)
	case len(r.Salt) != saltBytes:
		return guichet.Errorf(guichet.KindInvalid, "the salt has %d bytes, not %d", len(r.Salt), saltBytes)
	case r.To != c.cfg.Us:
		return guichet.Errorf(guichet.KindInvalid, "the request is to another member than %s", c.cfg.Us)
	case r.From.Member == c.cfg.Us:
		// Whoever could write our own code into a request would be the owner, who
		// sees all. Our own questions never come this way.
		return guichet.Errorf(guichet.KindInvalid, "the request names %s, who answers, as the member that asks", c.cfg.Us)
	case len(a.Body) == 0:
		return guichet.Errorf(guichet.KindInvalid, "the request has no bytes to take a digest of")
	}
	for _, s := range []string{r.From.Circle, r.From.Member, r.From.Office, r.Purpose, r.Agreement} {
		if len(s) > mostWord {
			return guichet.Errorf(guichet.KindInvalid, "a name or word of the request has %d bytes, more than %d", len(s), mostWord)
		}
	}
	return nil
}

func isHex(s string, n int) bool { return len(s) == n && strings.Trim(s, "0123456789abcdef") == "" }

// replyOf is the reply without what names its exchange, and without rows.
func (c *Counter) replyOf(e *exchange, w *work) guichet.Reply {
	out := guichet.Reply{Member: c.cfg.Us, Decision: e.decision}
	if e.fault != nil {
		out.Fault = e.fault.Kind
	}
	if w == nil || !e.decision.Permitted {
		return out
	}
	answer := w.answer
	answer.Rows = nil
	out.Answer, out.Hidden, out.Snapshot = &answer, w.hidden, w.snapshot()
	return out
}

// longestSnapshot bounds what names a state.
const longestSnapshot = 256

// snapshot names the state of the tables that the answer is of; of an answer from
// several, that of each, or a digest of them where these are too many to be named.
func (w *work) snapshot() string {
	if len(w.states) == 0 {
		return fmt.Sprintf("%s@%d", w.ds.Name, w.moment.State)
	}
	names := strings.Join(w.states, " ")
	if len(names) > longestSnapshot {
		sum := sha256.Sum256([]byte(names))
		return fmt.Sprintf("%d tables/%s", len(w.states), hex.EncodeToString(sum[:]))
	}
	return names
}

// encode writes the reply. What is too large for one becomes a refusal of the
// question.
func (c *Counter) encode(e *exchange, w *work) (*madeReply, error) {
	var rows []byte
	if w != nil && e.decision.Permitted {
		var err error
		if rows, err = c.cfg.Encoder.EncodeRows(w.answer.Columns, w.answer.Rows); err != nil {
			if err := e.faulty(err); err != nil {
				return nil, err
			}
		}
	}
	made, err := c.tail(e, w, rows)
	if err != nil || len(made.rows)+len(made.tail) <= mostReply-mostWord && len(made.tail) <= mostHead-mostWord {
		return made, err
	}
	if err := e.faulty(guichet.Errorf(guichet.KindInvalid, "the answer has %d rows in %d bytes, too many for one reply", made.rowCount, len(made.rows)+len(made.tail)).
		WithHint("ask for less at a time, or for records")); err != nil {
		return nil, err
	}
	return c.tail(e, nil, nil)
}

// unnamed is how the head of a reply begins that names no exchange.
const unnamed = `{"exchange":"","request":"",`

func (c *Counter) tail(e *exchange, w *work, rows []byte) (*madeReply, error) {
	made := &madeReply{reply: c.replyOf(e, w)}
	if made.reply.Answer != nil {
		made.rows, made.rowCount = rows, int64(len(w.answer.Rows))
	}
	head, err := json.Marshal(made.reply)
	if err != nil {
		return nil, fmt.Errorf("encode reply: %w", err)
	}
	tail, ok := bytes.CutPrefix(head, []byte(unnamed))
	if !ok {
		return nil, guichet.Errorf(guichet.KindInternal, "the head of a reply does not begin with its exchange")
	}
	made.tail = tail
	return made, nil
}

// assemble puts the exchange before what was made: the body as it leaves.
func (c *Counter) assemble(e *exchange, m *madeReply) []byte {
	const frame = 4
	body := make([]byte, frame, frame+len(unnamed)+exchangeDigits+2*sha256.Size+len(m.tail)+len(m.rows))
	body = append(body, `{"exchange":"`...)
	body = append(body, e.asked.Request.Exchange...)
	body = append(body, `","request":"`...)
	body = append(body, e.request...)
	body = append(body, `",`...)
	body = append(body, m.tail...)
	binary.BigEndian.PutUint32(body, uint32(len(body)-frame)) //nolint:gosec // at most mostReply
	return append(body, m.rows...)
}

// leafOf is what the journal is told of a reply.
func (c *Counter) leafOf(e *exchange, m *madeReply, body []byte) guichet.Leaf {
	leaf := c.leaf(e, guichet.LeafAnswered)
	if !e.decision.Permitted {
		leaf.Kind = guichet.LeafRefused
	}
	leaf.Reply = salted(e.asked.Request.Salt, body)
	leaf.Rows, leaf.Hidden, leaf.Snapshot = m.rowCount, int64(m.reply.Hidden), m.reply.Snapshot
	return leaf
}

// leaf is what leaves of an exchange have in common.
func (c *Counter) leaf(e *exchange, kind guichet.LeafKind) guichet.Leaf {
	r := e.asked.Request
	return guichet.Leaf{
		Format: 1, Kind: kind, Exchange: r.Exchange, From: r.From, To: r.To, Officer: r.Officer, Purpose: r.Purpose,
		Agreement: e.decision.Agreement, Version: e.decision.Version, Clause: e.decision.Clause,
		Request: salted(r.Salt, e.asked.Body), Time: e.at,
	}
}

// salted is the digest of a leaf: HMAC-SHA256 under the salt of the two, hex.
func salted(salt, body []byte) string {
	m := hmac.New(sha256.New, salt)
	_, _ = m.Write(body) // a digest takes everything
	return hex.EncodeToString(m.Sum(nil))
}

// handOver is the reply with its exchange, once it is recorded.
func (c *Counter) handOver(e *exchange, m *madeReply, body []byte, leaf int64) Sealed {
	out := Sealed{Reply: m.reply, Body: body, Leaf: leaf, Rows: m.rowCount, Held: e.held}
	out.Reply.Exchange, out.Reply.Request = e.asked.Request.Exchange, e.request
	return out
}

// give notes in the ledger what is about to be given.
func (c *Counter) give(ctx context.Context, e *exchange, w *work) error {
	if w == nil || !e.decision.Permitted {
		return nil
	}
	return c.cfg.Ledger.Give(ctx, c.setOf(e, w))
}

// setOf is the set of cells that an answer gives, those that it leaves out
// among them.
func (c *Counter) setOf(e *exchange, w *work) guichet.GivenSet {
	r := e.asked.Request
	set := guichet.GivenSet{
		Party: r.From, Agreement: e.decision.Agreement, Version: e.decision.Version, Question: w.answer.Question,
		Snapshot: w.snapshot(), Exchange: r.Exchange, First: e.at, Last: e.at,
		Cells: make([]guichet.GivenCell, 0, len(w.answer.Rows)+len(w.omitted)),
	}
	for _, row := range w.answer.Rows {
		cell := guichet.GivenCell{Key: make([]string, len(w.q.By))}
		var id strings.Builder
		for i, by := range w.q.By {
			cell.Key[i], _ = row[by].(string)
			id.WriteString(cell.Key[i])
			id.WriteByte(0)
		}
		if in := w.rows.cells[id.String()]; in != nil {
			cell.Hidden = in.hidden
		}
		set.Cells = append(set.Cells, cell)
	}
	for _, key := range slices.Sorted(maps.Keys(w.omitted)) {
		set.Cells = append(set.Cells, guichet.GivenCell{Key: strings.Split(strings.TrimSuffix(key, "\x00"), "\x00"), Hidden: true})
	}
	return set
}
