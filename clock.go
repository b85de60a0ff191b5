package guichet

import "time"

// Clock returns the present instant. It is handed to whoever needs the time,
// so that tests can hold it still.
type Clock func() time.Time

// Progress is told how far a long work has come: what is being done, how much
// is done and of how much; total 0 when it is not known. It must be quick and
// may be called from one goroutine at a time.
type Progress func(stage string, done, total int64)
