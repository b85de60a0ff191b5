package archive

import (
	"errors"

	"golang.org/x/sys/unix"
)

// isNoFolder says whether a name leads through a file.
func isNoFolder(err error) bool { return errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.EISDIR) }
