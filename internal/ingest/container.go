package ingest

import (
	"archive/zip"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"guichet"
)

// original is the file as it came.
type original struct {
	path      string
	name      string // for messages
	size      int64
	before    os.FileInfo
	container string
	limits    Limits
	progress  guichet.Progress
}

// openOriginal looks at the file from outside. It refuses what is no regular
// file, what is empty, and what cannot be read.
func openOriginal(path string, o Options) (*original, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, guichet.Errorf(guichet.KindNotFound, "there is no file %s", path)
	case err != nil:
		return nil, guichet.Errorf(guichet.KindInvalid, "the file %s cannot be looked at: %w", path, err)
	case info.IsDir():
		return nil, guichet.Errorf(guichet.KindInvalid, "%s is a folder", path).WithHint("name the files in it: %s/*", strings.TrimSuffix(path, "/"))
	case !info.Mode().IsRegular():
		return nil, guichet.Errorf(guichet.KindInvalid, "%s is no regular file", path).WithHint("write it to a file first")
	case info.Size() == 0:
		return nil, guichet.Errorf(guichet.KindInvalid, "%s is empty", path)
	}
	f := &original{path: path, name: cmp.Or(o.Name, path), size: info.Size(), before: info, limits: o.Limits.orDefault(), progress: o.Progress}
	if f.progress == nil {
		f.progress = func(string, int64, int64) {}
	}
	return f, f.sniff()
}

// open opens the file, to be read from its beginning.
func (f *original) open() (*os.File, error) {
	h, err := os.Open(f.path)
	if err != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s cannot be read: %w", f.name, err).WithHint("look at its permissions")
	}
	return h, nil
}

// sniff finds the container.
func (f *original) sniff() error {
	h, err := f.open()
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }()
	head, err := readUpTo(h, 512)
	if err != nil {
		return f.readError("", err)
	}
	f.container = containerNone
	if c := signed(head, archives()); isRead(c) {
		f.container = c
	}
	if f.container != containerGzip {
		return nil
	}
	if _, err := h.Seek(0, io.SeekStart); err != nil {
		return f.readError("", err)
	}
	zr, err := gzip.NewReader(h)
	if err != nil {
		return f.readError("", err)
	}
	inner, err := readUpTo(zr, 512)
	if err != nil && len(inner) == 0 {
		return f.readError("", err)
	}
	switch c := signed(inner, archives()); {
	case c == containerTar:
		f.container = containerTarGz
	case c != "":
		return packedTwice(f.name, c)
	}
	return nil
}

// unchanged refuses a file that was written to while we read it.
func (f *original) unchanged() error {
	after, err := os.Stat(f.path)
	if err != nil || after.Size() != f.before.Size() || !after.ModTime().Equal(f.before.ModTime()) || !os.SameFile(f.before, after) {
		return guichet.Errorf(guichet.KindInvalid, "%s changed while it was read", f.name).WithHint("wait until it is wholly written, then take it in again")
	}
	return nil
}

// readError says in words why reading failed.
func (f *original) readError(member string, err error) error {
	var known *guichet.Error
	if errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	where := f.name
	if member != "" {
		where += ", member " + member
	}
	kind := f.container
	if kind == containerNone {
		kind = "file"
	}
	var path *os.PathError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return guichet.Errorf(guichet.KindInvalid, "%s is truncated: the %s ends too early", where, kind).WithHint("fetch it again; compare its size with the office's")
	case errors.Is(err, zip.ErrFormat):
		return guichet.Errorf(guichet.KindInvalid, "%s is truncated or no zip: it has no directory at its end", where).WithHint("fetch it again; compare its size with the office's")
	case errors.Is(err, zip.ErrAlgorithm):
		return guichet.Errorf(guichet.KindInvalid, "%s is packed in a way that is not read", where).WithHint("pack it as plain zip, gzip or tar.gz")
	case errors.As(err, &path):
		return guichet.Errorf(guichet.KindInvalid, "%s cannot be read: %w", where, err)
	}
	return guichet.Errorf(guichet.KindInvalid, "%s is damaged: %w", where, err).WithHint("fetch it again")
}

func packedTwice(name, what string) error {
	if isRead(what) {
		what = "a " + what
	}
	return guichet.Errorf(guichet.KindHostile, "%s holds %s within it: an archive in an archive is not opened", name, what).WithHint("unpack it once")
}

// readUpTo reads n bytes, or as many as there are.
func readUpTo(r io.Reader, n int) ([]byte, error) {
	b := make([]byte, n)
	got, err := io.ReadFull(r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) && got > 0 {
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("read the beginning: %w", err)
	}
	return b[:got], err
}
