package ingest

import (
	"archive/zip"
	"errors"
	"io"

	"guichet"
)

// Room that a zip's directory may take: what is looked through to find it, and a
// kilobyte per member, which has 46 bytes, its name and its times.
const (
	directoryFloor  = 1 << 20
	directoryMember = 1 << 10
)

// directory reads the directory of a zip. The library keeps every entry before
// anybody can count them, some hundred bytes of memory for 47 on disk, and
// believes no number that the zip states: so it is the bytes that are bounded.
func (f *original) directory(r io.ReaderAt) (*zip.Reader, error) {
	at := &roomAt{r: r, room: directoryFloor + int64(f.limits.Members)*directoryMember, full: guichet.Errorf(guichet.KindHostile,
		"%s holds more than %d members, or says too much of them in its directory", f.name, f.limits.Members)}
	zr, err := zip.NewReader(at, f.size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // names are looked at by whoever reads the members
		return nil, f.readError("", err)
	}
	at.full = nil // members are bounded otherwise
	return zr, nil
}

// roomAt reads so many bytes and then fails with full; without it, without end.
type roomAt struct {
	r    io.ReaderAt
	room int64
	full error
}

// ReadAt implements io.ReaderAt.
func (a *roomAt) ReadAt(p []byte, off int64) (int, error) {
	if a.full != nil {
		if a.room -= int64(len(p)); a.room < 0 {
			return 0, a.full
		}
	}
	return a.r.ReadAt(p, off) //nolint:wrapcheck // told with the file by readError
}
