package federation

import (
	"context"
	"fmt"
	"iter"
	"runtime/debug"
	"sync"
	"time"

	"guichet"
)

// Asking is one question put to several members at once.
type Asking struct {
	Members []guichet.Member
	// Build makes the request to a member: with an exchange and a salt of its own
	// (NewRequest). It is called from several goroutines.
	Build func(m guichet.Member) (guichet.Request, error)
	// Within is how long each member has: 0 what the client's limits say.
	Within time.Duration
	Lang   string // of the sentences about our own desk: "en" (default) or "fr"
	// Own asks our own desk, which keeps its own journal; nil: it is not asked. It
	// has no deadline but that of the context of AskAll.
	Own func(ctx context.Context) (guichet.Reply, error)
}

// AskAll puts the question to all members, and to our own desk, at once, and
// yields what became of each as it comes. No member waits for another, and a
// reader that is slow delays none. Who leaves the loop early takes the question
// back: the rest is given up, and AskAll returns when their leaves are written.
func (c *Client) AskAll(ctx context.Context, a Asking) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var asked sync.WaitGroup
		defer asked.Wait()
		defer cancel()
		results := make(chan Result, len(a.Members)+1) // room for all: nobody waits for the reader
		for _, m := range a.Members {
			asked.Go(func() { results <- c.askOne(ctx, a, m) })
		}
		left := len(a.Members)
		if a.Own != nil {
			left++
			asked.Go(func() { results <- c.askOwn(ctx, a) })
		}
		for ; left > 0; left-- {
			if !yield(<-results) {
				return
			}
		}
	}
}

// askOne asks one member; a panic on the way stays its own.
func (c *Client) askOne(ctx context.Context, a Asking, m guichet.Member) (out Result) {
	defer contained(m.Code, &out)
	req, err := a.Build(m)
	if err != nil {
		return Result{Member: m.Code, Err: fmt.Errorf("make the question to %s: %w", m.Code, err)}
	}
	if a.Within > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, a.Within)
		defer cancel()
	}
	out, _ = c.Ask(ctx, m, req) // out.Err says it
	return out
}

// askOwn asks our own desk.
func (c *Client) askOwn(ctx context.Context, a Asking) (out Result) {
	defer contained(c.cfg.Us, &out)
	began := c.cfg.Clock()
	reply, err := a.Own(ctx)
	if err != nil {
		return Result{Member: c.cfg.Us, Err: fmt.Errorf("ask our own desk: %w", err)}
	}
	out = Result{Member: c.cfg.Us, Reply: &reply, Took: c.cfg.Clock().Sub(began)}
	if reply.Answer == nil {
		out.Gap = refusal(guichet.Member{Code: c.cfg.Us}, reply, a.Lang)
	}
	return out
}

// contained makes a panic the fault of one result.
func contained(member string, out *Result) {
	if fault := recover(); fault != nil {
		*out = Result{Member: member, Err: guichet.Errorf(guichet.KindInternal, "asking %s ended in a panic: %T\n%s", member, fault, debug.Stack())}
	}
}
