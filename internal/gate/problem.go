package gate

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"guichet"
)

// ProblemType is the media type of a problem's body (RFC 9457).
const ProblemType = "application/problem+json"

// Refused is an error that has a status of its own, finer than its kind's.
//
//nolint:errname // gate.Refused reads as what it is, as guichet.Error does
type Refused struct {
	Status int           // of HTTP
	After  time.Duration // when it may be tried again; 0: not said
	Err    *guichet.Error
}

// Error is the sentence for people.
func (e *Refused) Error() string { return e.Err.Error() }

// Unwrap returns the error with its kind.
func (e *Refused) Unwrap() error { return e.Err }

// Refusal is an error as it goes over the wire.
type Refusal struct {
	Status     int
	RetryAfter time.Duration // 0: not said
	Body       []byte        // {"kind", "message", "hint"}
}

// statuses is the one table from kinds to statuses of HTTP.
func statuses(k guichet.Kind) int {
	switch k {
	case guichet.KindInvalid, guichet.KindUnrecognised, guichet.KindTotals, guichet.KindTooMany, guichet.KindVersion:
		return http.StatusBadRequest
	case guichet.KindUntrusted:
		return http.StatusUnauthorized
	case guichet.KindRefused:
		return http.StatusForbidden
	case guichet.KindNotFound:
		return http.StatusNotFound
	case guichet.KindHostile:
		return http.StatusRequestEntityTooLarge
	case guichet.KindBusy, guichet.KindFull:
		return http.StatusServiceUnavailable
	case guichet.KindInternal:
		return http.StatusInternalServerError
	}
	return http.StatusInternalServerError
}

// Problem says an error in the language of the wire, English. Of a fault of ours
// it tells nothing but that: what went wrong is in our log.
func Problem(err error) Refusal {
	told := struct {
		Kind    guichet.Kind `json:"kind"`
		Message string       `json:"message"`
		Hint    string       `json:"hint,omitempty"`
	}{Kind: guichet.KindInternal, Message: "a fault of this node; its operator can see which"}
	out := Refusal{Status: http.StatusInternalServerError}
	if e, ok := errors.AsType[*guichet.Error](err); ok && e.Kind != guichet.KindInternal {
		told.Kind, told.Message, told.Hint = e.Kind, e.Message, e.Hint
		out.Status = statuses(e.Kind)
	}
	if e, ok := errors.AsType[*Refused](err); ok {
		out.Status, out.RetryAfter = e.Status, e.After
	}
	body, err := json.Marshal(told)
	if err != nil { // three texts
		body = []byte(`{"kind":"internal","message":"a fault of this node"}`)
	}
	out.Body = body
	return out
}
