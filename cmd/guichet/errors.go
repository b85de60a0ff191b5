package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"guichet"
)

// Exit codes that stand for no kind of error.
const (
	exitOK          = 0
	exitInternal    = 1
	exitInterrupted = 130 // as shells have it: 128 and SIGINT
)

// kindInterrupted is what --json says of a command that was interrupted. It is
// a word of this window: rooms say context.Canceled.
const kindInterrupted = "interrupted"

// exitCode is the one table from kinds to exit codes; docs/json.md shows it.
func exitCode(k guichet.Kind) int {
	switch k {
	case guichet.KindInvalid:
		return 2
	case guichet.KindNotFound:
		return 3
	case guichet.KindUnrecognised:
		return 4
	case guichet.KindTotals:
		return 5
	case guichet.KindTooMany:
		return 6
	case guichet.KindHostile:
		return 7
	case guichet.KindBusy:
		return 8
	case guichet.KindVersion:
		return 9
	case guichet.KindFull:
		return 10
	case guichet.KindRefused:
		return 11
	case guichet.KindUntrusted:
		return 12
	case guichet.KindInternal:
	}
	return exitInternal
}

// problem is an error as --json shows it.
type problem struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// told marks an error whose words were printed already; only its exit code is
// still to come.
type told struct{ err error }

// Error returns the words of the error that was told.
func (t told) Error() string { return t.err.Error() }

// Unwrap returns the error that was told.
func (t told) Unwrap() error { return t.err }

// end tells an error and returns the exit code.
func (w *window) end(ctx context.Context, err error) int {
	if err == nil {
		return exitOK
	}
	if !errors.As(err, new(told)) {
		w.tell(ctx, err)
	}
	if interrupted(ctx, err) {
		return exitInterrupted
	}
	return exitCode(guichet.KindOf(err))
}

// tell prints an error to standard error: each fault with its hint, or one
// JSON object per fault.
func (w *window) tell(ctx context.Context, err error) {
	for _, p := range w.problems(ctx, err) {
		if w.json {
			if text, err := json.Marshal(map[string]problem{"error": p}); err == nil {
				_, _ = io.WriteString(w.stderr, harmless(string(text))+"\n")
			}
			continue
		}
		_, _ = io.WriteString(w.stderr, "guichet: "+cleanLines(p.Message)+"\n")
		if p.Hint != "" {
			_, _ = io.WriteString(w.stderr, "guichet: "+w.say("hint")+cleanLines(p.Hint)+"\n")
		}
	}
}

// problems returns the faults within an error, as people and programs read
// them.
func (w *window) problems(ctx context.Context, err error) []problem {
	if interrupted(ctx, err) {
		return []problem{{Kind: kindInterrupted, Message: w.say("error.interrupted")}}
	}
	var out []problem
	for _, e := range faults(err) {
		out = append(out, problem{Kind: string(e.Kind), Message: strings.TrimSpace(e.Error()), Hint: e.Hint})
	}
	return out
}

// faults takes joined errors apart. Any error that is not ours is a fault of
// ours.
func faults(err error) []*guichet.Error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []*guichet.Error
		for _, one := range joined.Unwrap() {
			out = append(out, faults(one)...)
		}
		return out
	}
	if e, ok := errors.AsType[*guichet.Error](err); ok {
		return []*guichet.Error{e}
	}
	return []*guichet.Error{{Kind: guichet.KindInternal, Message: err.Error()}}
}

// interrupted says whether an error is the end of a work that was cancelled
// from outside: ^C. What breaks off then (a child that was ended, a statement
// of the engine) breaks off as a fault of ours.
func interrupted(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, context.Canceled) || guichet.KindOf(err) == guichet.KindInternal)
}
