package desk

import (
	"container/list"
	"context"
	"sync"
	"time"

	"guichet"
)

// heldBytes bounds the answers held ready where nothing else is said.
const heldBytes = 64 << 20

// madeReply is a reply but for what names its exchange: the end of its head, and
// its rows.
type madeReply struct {
	tail     []byte // JSON from "member" on
	rows     []byte // Arrow IPC stream
	reply    guichet.Reply
	rowCount int64
}

// size is about what a reply takes in memory: its head stands there as values
// too.
func (m *madeReply) size() int64 { return int64(3*len(m.tail) + len(m.rows) + 1024) }

// held are answers held ready, the one asked longest ago forgotten first. What
// an answer depends on is its key: who asks, the question, the decision to the
// last word of its notices, the state of the tables, and the day, since the
// ledger notes the last one of each set.
type held struct {
	limit int64

	mu    sync.Mutex // guards what follows
	bytes int64
	order list.List // of *heldReply, the newest first
	byKey map[string]*list.Element
}

type heldReply struct {
	key  string
	made *madeReply
}

func (h *held) get(key string) *madeReply {
	h.mu.Lock()
	defer h.mu.Unlock()
	el, ok := h.byKey[key]
	if !ok {
		return nil
	}
	h.order.MoveToFront(el)
	return el.Value.(*heldReply).made //nolint:forcetypeassert // nothing else is in it
}

// put keeps a reply, unless it would push out an eighth of all others.
func (h *held) put(key string, m *madeReply) {
	const share = 8
	size := m.size() + int64(len(key))
	if size > h.limit/share {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.byKey == nil {
		h.byKey = map[string]*list.Element{}
	}
	if _, ok := h.byKey[key]; ok {
		return
	}
	h.byKey[key] = h.order.PushFront(&heldReply{key, m})
	for h.bytes += size; h.bytes > h.limit; {
		el := h.order.Back()
		old := h.order.Remove(el).(*heldReply) //nolint:forcetypeassert // as above
		delete(h.byKey, old.key)
		h.bytes -= old.made.size() + int64(len(old.key))
	}
}

// ready returns the reply that is held ready for an exchange, nil when there is
// none. The key is made here: the state is looked up before the tables are, so
// that an answer which is newer than its key is possible and an older one is not.
func (c *Counter) ready(ctx context.Context, e *exchange) (*madeReply, error) {
	if !e.decision.Permitted || c.held.limit <= 0 {
		return nil, nil //nolint:nilnil // none is held
	}
	state, err := c.desk.tables.State(ctx, e.reading.dataset.Name)
	if err != nil {
		return nil, err
	}
	k := make(keyer, 0, 2*len(e.reading.key)+512)
	k.party(e.asked.Request.From)
	k.text(e.reading.key)
	k.decision(e.decision)
	k.num(int64(state))
	k.num(e.at.Unix() / int64(24*time.Hour/time.Second))
	e.key = string(k)
	made := c.held.get(e.key)
	e.held = made != nil
	return made, nil
}

// keep holds an answer ready.
func (c *Counter) keep(e *exchange, m *madeReply) {
	if e.key != "" && e.decision.Permitted {
		c.held.put(e.key, m)
	}
}
