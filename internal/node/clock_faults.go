//go:build faults

package node

import (
	"os"
	"time"
)

// clockOffset names the variable that says by how much the clock is wrong: "10m"
// ahead, "-10m" behind.
const clockOffset = "GUICHET_TEST_CLOCK_OFFSET"

// SystemClock is the machine's clock, moved by $GUICHET_TEST_CLOCK_OFFSET, for
// the tests of a node whose clock is wrong. It stands behind a build tag because
// whoever moves a node's clock decides which keys, agreements and replays it
// believes: a released program must have no such door.
func SystemClock() time.Time {
	now := time.Now().UTC() //nolint:forbidigo // the clock itself
	text := os.Getenv(clockOffset)
	if text == "" {
		return now
	}
	offset, err := time.ParseDuration(text)
	if err != nil {
		panic(clockOffset + " is no duration, such as 10m or -10m: " + text)
	}
	return now.Add(offset)
}
