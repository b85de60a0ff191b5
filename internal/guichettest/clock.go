package guichettest

import (
	"sync"
	"time"
)

// Clock stands still until it is told to move. Its Now is a guichet.Clock.
type Clock struct {
	mu  sync.Mutex // guards now
	now time.Time
}

// NewClock returns a clock that stands at noon of 21 November 2026, UTC: later
// than every period in the data folder.
func NewClock() *Clock {
	return &Clock{now: time.Date(2026, time.November, 21, 12, 0, 0, 0, time.UTC)}
}

// Now returns the instant at which the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Move moves the clock on, or back, and returns where it stands then.
func (c *Clock) Move(by time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
	return c.now
}
