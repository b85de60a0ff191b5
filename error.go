package guichet

import (
	"errors"
	"fmt"

	"guichet/wording"
)

// Kind classifies an error for machines. The list is closed: kinds are
// appended, never renamed, because they cross borders.
type Kind string

// The kinds.
const (
	KindInvalid      Kind = "invalid"      // the request or the file is wrong; the message says where
	KindNotFound     Kind = "not_found"    // what was named does not exist here
	KindUnrecognised Kind = "unrecognised" // no profile fits the file
	KindTotals       Kind = "totals"       // control totals do not reconcile
	KindTooMany      Kind = "too_many"     // more rows would be put aside than allowed
	KindHostile      Kind = "hostile"      // the file breaks a limit meant for attacks
	KindBusy         Kind = "busy"         // somebody else holds what is needed; try again
	KindVersion      Kind = "version"      // made by another version that cannot be read
	KindFull         Kind = "full"         // no space left
	KindRefused      Kind = "refused"      // not allowed
	KindUntrusted    Kind = "untrusted"    // a signature, a key or a log is not what the circle has signed
	KindInternal     Kind = "internal"     // a fault of ours; people see only that
)

// Error is the one error type that people see.
type Error struct {
	Kind    Kind   // for machines
	Message string // for people: what, where; lower case, no full stop
	Hint    string // for people: what to do next; may be empty
	Err     error  // for the operator: the cause; may be nil
	// Said and Next are how Message and Hint came to be, for a window that says them in
	// another language. Both are empty where those are constant.
	Said, Next wording.Sentence
}

// Error returns the message for people, and the cause when there is one.
func (e *Error) Error() string {
	if e.Err != nil && e.Kind == KindInternal {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an Error of a kind with a formatted message; a %w verb keeps
// the cause.
func Errorf(kind Kind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Message: err.Error(), Err: errors.Unwrap(err), Said: wording.Of(err.Error(), format, args)}
}

// WithHint returns the error with the next step that its reader can take.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint, c.Next = fmt.Sprintf(format, args...), wording.Say(format, args...)
	return &c
}

// Wording is how the message came to be; the message itself where that is not known.
func (e *Error) Wording() wording.Sentence {
	if text := e.Error(); e.Said.Of == "" || text != e.Message {
		return wording.Plain(text)
	}
	return e.Said
}

// KindOf returns the kind of the first Error in the chain, KindInternal for
// any other error and "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return KindInternal
}
