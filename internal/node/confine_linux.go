package node

import (
	"golang.org/x/sys/unix"

	"guichet"
)

// confine takes from the child process what staging does not need: it writes no
// core, gains no privilege, and dies with its parent.
func confine(_ order) error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return guichet.Errorf(guichet.KindInternal, "confine the staging process: %w", err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return guichet.Errorf(guichet.KindInternal, "confine the staging process: %w", err)
	}
	return nil
}
