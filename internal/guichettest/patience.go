package guichettest

import "time"

// Patience is how long a test waits for what must come: so long that a slow machine
// under the race detector does not miss it, and only a test that fails waits for it.
const Patience = 2 * time.Minute

// Longer tries something whose time is to run out, first with little time and then
// with four times as much, until it was not too early: a slow machine may take all of
// a short time for what comes before. It gives up beyond a minute.
func Longer(try func(within time.Duration) (early bool)) {
	for within := 300 * time.Millisecond; try(within) && within < time.Minute; within *= 4 {
	}
}

// Until looks every so often whether something has come about, and says whether it
// has within Patience.
func Until(every time.Duration, come func() bool) bool {
	began := time.Now() //nolint:forbidigo // the machine's time runs out, and no other
	for ; ; time.Sleep(every) {
		if come() {
			return true
		}
		if time.Since(began) > Patience {
			return false
		}
	}
}
