package federation

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"guichet"
)

// problem is what a node says where it says nothing about the question itself:
// application/problem+json (RFC 9457) with members of ours.
//
//	{"status":401,"kind":"untrusted","message":"…","hint":"…","time":"2026-11-21T12:00:00Z"}
type problem struct {
	Status  int          `json:"status"`
	Kind    guichet.Kind `json:"kind"`
	Message string       `json:"message"`
	Hint    string       `json:"hint,omitempty"`
	Time    time.Time    `json:"time"` // by the clock of who says so: a wrong clock is the commonest cause
}

// How long somebody who is told to wait should.
const (
	retryBusy   = 2 * time.Second
	retryNotYet = time.Second
)

// problemOf is the one table from errors to problems. Of a fault of ours the
// other side learns that it happened, and no more.
func problemOf(err error, now time.Time) (p problem, after time.Duration) {
	p = problem{Status: http.StatusInternalServerError, Kind: guichet.KindInternal, Message: "a fault of this node", Time: now.UTC().Truncate(time.Second)}
	e, ok := errors.AsType[*guichet.Error](err)
	if !ok || e.Kind == guichet.KindInternal {
		return p, 0
	}
	p.Kind, p.Message, p.Hint, p.Status = e.Kind, clip(e.Message, 1000), clip(e.Hint, 1000), statusOf(e.Kind)
	switch w, waits := errors.AsType[*statusError](err); {
	case waits:
		p.Status, after = w.status, w.after
	case p.Status == http.StatusServiceUnavailable:
		after = retryBusy
	}
	return p, after
}

// statusOf says which status of HTTP a kind travels with.
func statusOf(kind guichet.Kind) int {
	switch kind {
	case guichet.KindInvalid, guichet.KindVersion:
		return http.StatusBadRequest
	case guichet.KindHostile:
		return http.StatusRequestEntityTooLarge
	case guichet.KindUntrusted:
		return http.StatusUnauthorized
	case guichet.KindRefused:
		return http.StatusForbidden
	case guichet.KindNotFound:
		return http.StatusNotFound
	case guichet.KindBusy, guichet.KindFull:
		return http.StatusServiceUnavailable
	case guichet.KindUnrecognised, guichet.KindTotals, guichet.KindTooMany, guichet.KindInternal:
	}
	return http.StatusInternalServerError
}

// statusError is an error with a status of its own, finer than its kind's.
type statusError struct {
	told   *guichet.Error
	status int
	after  time.Duration
}

// Told gives an error a status of HTTP of its own, and says after which time its
// reader may come again, 0 unsaid: a replay is 409, a member that asks too much
// 429, a receipt that waits for its checkpoint 425.
func Told(err *guichet.Error, status int, after time.Duration) error {
	return &statusError{err, status, after}
}

// Error returns the message for people.
func (e *statusError) Error() string { return e.told.Error() }

// Unwrap returns the error that people see.
func (e *statusError) Unwrap() error { return e.told }

func tooMany(member string) error {
	return Told(guichet.Errorf(guichet.KindBusy, "%s has as many requests under way here as one member may", member), http.StatusTooManyRequests, retryBusy)
}

func notCovered(index uint64) error {
	return Told(guichet.Errorf(guichet.KindBusy, "no checkpoint covers leaf %d yet", index), http.StatusTooEarly, retryNotYet)
}

// body writes the problem as it travels.
func (p problem) body() ([]byte, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("write a problem: %w", err)
	}
	return text, nil
}
