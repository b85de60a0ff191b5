package node

import (
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"guichet"
)

// Config is what a node needs. The zero value of every field but Home works.
type Config struct {
	Home      string        // folder of the node's home
	Clock     guichet.Clock // default: the machine's clock, UTC
	Log       *slog.Logger  // for operators; default: discarded
	Threads   int           // of the engine; default: the cores
	MemoryMiB int           // of the engine that asks; default 1024
	// StageMiB bounds the engine of the staging child process; default 2048.
	StageMiB int
	// LockWait is how long a writer waits for another; default one minute.
	LockWait time.Duration
	// CompactAt is how many small files of one table of an office an ingest leaves
	// before it joins them; default 64.
	CompactAt int
	// CopyPiece is how many bytes of a file of copies one request is given; default and
	// most 1 MiB. A line that breaks often wants fewer: what was cut goes on from there.
	CopyPiece int
	// Child is the command that runs RunChild in a process of its own;
	// default: this program with the argument stage-child.
	Child   []string
	Version string // of the program, for papers
	Circle  string // the circle whose seat is meant; "" the home's only one
	// Passphrase opens the node's keys, MemberPassphrase the member's own. Each
	// is asked for when it is needed, and what it returns is wiped.
	Passphrase, MemberPassphrase func() ([]byte, error)
}

// Home is the paper at the door of a home.
type Home struct {
	Path    string    `json:"path"`
	Member  string    `json:"member"`
	Version int       `json:"version"`
	Created time.Time `json:"created"`
}

func (c Config) withDefaults() (Config, error) {
	if c.Clock == nil {
		c.Clock = SystemClock
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.StageMiB == 0 {
		c.StageMiB = 2048
	}
	if len(c.Child) == 0 {
		self, err := os.Executable()
		if err != nil {
			return c, guichet.Errorf(guichet.KindInternal, "find this program's own file: %w", err)
		}
		c.Child = []string{filepath.Clean(self), "stage-child"}
	}
	return c, nil
}
