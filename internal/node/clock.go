//go:build !faults

package node

import "time"

// SystemClock is the one place where the machine's clock is read: the clock that
// everybody else is handed, in UTC.
//
// A program built with the tag faults reads it in another way; no released one
// is. See clock_faults.go.
func SystemClock() time.Time { return time.Now().UTC() } //nolint:forbidigo // the clock itself
