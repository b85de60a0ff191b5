package desk

import (
	"errors"
	"sync"

	"guichet"
)

// reading is a question as it was understood: completed, or with its fault.
// Nothing in it depends on what is held or on who asks.
type reading struct {
	key      string // the question as it came
	dataset  *guichet.Dataset
	question guichet.Question
	fault    error
}

// readings are the questions read last. To complete a question resolves its
// codes, which costs as much as to answer it from what is held ready.
type readings struct {
	mu  sync.Mutex // guards all
	all map[string]reading
}

// mostReadings are kept, and as many bytes of a question at most; when they are
// that many, all are forgotten.
const (
	mostReadings = 4096
	longQuestion = 8 << 10
)

func (r *readings) of(tables Tables, q guichet.Question) reading {
	var k keyer
	k.question(q)
	key := string(k)
	r.mu.Lock()
	found, ok := r.all[key]
	r.mu.Unlock()
	if ok {
		return found
	}
	found = reading{key: key}
	found.dataset, found.fault = tables.Dataset(q.Dataset)
	if found.fault == nil {
		found.question, found.fault = complete(found.dataset, q)
	}
	if e, ok := errors.AsType[*guichet.Error](found.fault); found.fault != nil && (!ok || e.Kind == guichet.KindInternal) || len(key) > longQuestion {
		return found
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil || len(r.all) >= mostReadings {
		r.all = map[string]reading{}
	}
	r.all[key] = found
	return found
}
