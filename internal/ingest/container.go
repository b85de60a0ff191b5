package ingest

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"guichet"
)

// Containers, found by content, never by a file's name.
const (
	containerNone  = "none"
	containerGzip  = "gzip"
	containerZip   = "zip"
	containerTar   = "tar"
	containerTarGz = "tar.gz"
)

func containers() []string {
	return []string{containerNone, containerGzip, containerZip, containerTar, containerTarGz}
}

// signature is how a format begins.
type signature struct {
	at    int
	bytes string
	name  string
}

// archives are formats that hold other files; the first five are those we read,
// alone or one in the other (a tar in a gzip).
func archives() []signature {
	return []signature{
		{0, "\x1f\x8b", containerGzip},
		{0, "PK\x03\x04", containerZip},
		{0, "PK\x05\x06", containerZip}, // a zip without members
		{257, "ustar", containerTar},
		{0, "BZh", "a bzip2 file"},
		{0, "\xfd7zXZ\x00", "an xz file"},
		{0, "\x28\xb5\x2f\xfd", "a zstd file"},
		{0, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive"},
		{0, "Rar!\x1a\x07", "a RAR archive"},
	}
}

// others are formats that people send in place of text; naming them helps.
func others() []signature {
	return []signature{
		{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file (.xls, .doc)"},
		{0, "PAR1", "a Parquet file"},
		{0, "%PDF-", "a PDF file"},
		{0, "SQLite format 3\x00", "an SQLite database"},
		{0, "\xff\xfe", "UTF-16 text"},
		{0, "\xfe\xff", "UTF-16 text"},
	}
}

// signed returns the name of the first format whose signature b bears.
func signed(b []byte, list []signature) string {
	for _, s := range list {
		if len(b) >= s.at+len(s.bytes) && string(b[s.at:s.at+len(s.bytes)]) == s.bytes {
			return s.name
		}
	}
	return ""
}

// isRead says whether we open a container of that name.
func isRead(name string) bool { return slices.Contains(containers(), name) }

// original is the file as it came.
type original struct {
	path      string
	name      string // as given, for messages
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
	f := &original{path: path, name: path, size: info.Size(), before: info, limits: o.Limits.orDefault(), progress: o.Progress}
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

// budget counts what comes out of a file, whatever its headers announce.
type budget struct {
	ctx     context.Context //nolint:containedctx // one walk over one file: it lives no longer than the call
	name    string
	limits  Limits
	packed  int64
	out     int64
	ratioAt int64 // from here on the ratio is looked at
}

// ratioFloor: small files may pack well without harm.
const ratioFloor = 64 << 20

func (f *original) budget(ctx context.Context) *budget {
	return &budget{ctx: ctx, name: f.name, limits: f.limits, packed: f.size, ratioAt: max(ratioFloor, f.limits.Ratio*f.size)}
}

func (b *budget) take(n int) error {
	b.out += int64(n)
	switch {
	case b.ctx.Err() != nil:
		return b.ctx.Err()
	case b.out > b.limits.Unpacked:
		return guichet.Errorf(guichet.KindHostile, "%s unpacks to more than %d bytes", b.name, b.limits.Unpacked).WithHint("if it is what it should be, raise the limit")
	case b.out > b.ratioAt:
		return guichet.Errorf(guichet.KindHostile, "%s unpacks to more than %d times its size of %d bytes: no file of an office does", b.name, b.limits.Ratio, b.packed).
			WithHint("unpack it yourself if you trust it")
	}
	return nil
}

// limited counts what it reads against a budget.
type limited struct {
	r io.Reader
	b *budget
}

func (l limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if bad := l.b.take(n); bad != nil {
		return n, bad
	}
	return n, err
}

// watched tells how far the packed file has been read.
type watched struct {
	r        io.Reader
	done     int64
	total    int64
	progress guichet.Progress
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.done += int64(n)
	w.progress("reading", w.done, w.total)
	return n, err
}

// errStop ends a walk early without fault.
var errStop = errors.New("stop") //nolint:gochecknoglobals // a sentinel, never written to

// walk visits the regular members of the file, each with a reader of its
// unpacked bytes; a file that is no archive is one member without name.
// What visit leaves is read to its end, so that checksums are compared.
func (f *original) walk(ctx context.Context, visit func(member string, r io.Reader) error) error {
	h, err := f.open()
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }()
	b := f.budget(ctx)
	in := &watched{r: h, total: f.size, progress: f.progress}
	one := func(member string, r io.Reader) error {
		if err := visit(member, r); err != nil {
			return f.visitError(member, err)
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			return f.readError(member, err)
		}
		return nil
	}
	switch f.container {
	case containerZip:
		err = f.walkZip(h, func(member string, r io.Reader) error { return one(member, limited{r, b}) })
	case containerTar:
		err = f.walkTar(limited{in, b}, one)
	case containerGzip, containerTarGz:
		var zr *gzip.Reader
		if zr, err = gzip.NewReader(bufio.NewReaderSize(in, 256<<10)); err != nil {
			return f.readError("", err)
		}
		if f.container == containerGzip {
			err = one("", limited{zr, b})
		} else {
			err = f.walkTar(limited{zr, b}, one)
		}
	default:
		err = one("", limited{in, b})
	}
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

// visitError keeps what visit said, and explains what reading said.
func (f *original) visitError(member string, err error) error {
	if errors.Is(err, errStop) {
		return err
	}
	return f.readError(member, err)
}

// members holds what an archive may hold: bounded in number, each name once and
// harmless.
type members struct {
	limit int
	seen  map[string]bool
}

func (m *members) add(file, name string) (string, error) {
	clean, why := memberName(name)
	if why != "" {
		return "", guichet.Errorf(guichet.KindHostile, "%s holds a member whose name %s: %s", file, why, shorten(name))
	}
	if m.seen[clean] {
		return "", guichet.Errorf(guichet.KindHostile, "%s holds two members of the name %s", file, shorten(name))
	}
	if len(m.seen) >= m.limit {
		return "", guichet.Errorf(guichet.KindHostile, "%s holds more than %d members", file, m.limit)
	}
	m.seen[clean] = true
	return clean, nil
}

func (f *original) walkZip(h *os.File, one func(string, io.Reader) error) error {
	zr, err := zip.NewReader(h, f.size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return f.readError("", err)
	}
	names := &members{limit: f.limits.Members, seen: map[string]bool{}}
	files := map[string]*zip.File{}
	var order []string
	for _, m := range zr.File {
		name, err := names.add(f.name, strings.TrimSuffix(m.Name, "/"))
		if err != nil {
			return err
		}
		mode := m.Mode()
		switch {
		case mode.IsDir():
			continue
		case !mode.IsRegular():
			return guichet.Errorf(guichet.KindHostile, "%s holds a link or device: %s", f.name, shorten(m.Name))
		case m.Flags&1 != 0:
			return guichet.Errorf(guichet.KindInvalid, "%s is encrypted: member %s needs a password", f.name, shorten(m.Name)).WithHint("unpack it yourself")
		}
		files[name] = m
		order = append(order, name)
	}
	slices.Sort(order)
	var done int64
	for _, name := range order {
		r, err := files[name].Open()
		if err != nil {
			return f.readError(name, err)
		}
		err = one(name, r)
		_ = r.Close()
		if err != nil {
			return err
		}
		done += int64(files[name].CompressedSize64) //nolint:gosec // a wrong size makes a wrong bar, no more
		f.progress("reading", min(done, f.size), f.size)
	}
	return nil
}

func (f *original) walkTar(r io.Reader, one func(string, io.Reader) error) error {
	tail := &zeroTail{r: r}
	tr := tar.NewReader(tail)
	names := &members{limit: f.limits.Members, seen: map[string]bool{}}
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return f.tarEnd(tail)
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return f.readError("", err)
		}
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		name, err := names.add(f.name, strings.TrimSuffix(h.Name, "/"))
		if err != nil {
			return err
		}
		switch h.Typeflag {
		case tar.TypeDir:
		case tar.TypeReg:
			if err := one(name, tr); err != nil {
				return err
			}
		default:
			return guichet.Errorf(guichet.KindHostile, "%s holds a link, device or special member: %s", f.name, shorten(h.Name))
		}
	}
}

// tarEnd looks at what follows the last member: at least one block of zeros,
// and nothing else. A tar cut between two members has none.
func (f *original) tarEnd(t *zeroTail) error {
	if _, err := io.Copy(io.Discard, t); err != nil {
		return f.readError("", err)
	}
	if t.zeros < 512 {
		return guichet.Errorf(guichet.KindInvalid, "%s is truncated, or more follows its end: the %s does not end as a tar does", f.name, f.container).WithHint("fetch it again")
	}
	return nil
}

// zeroTail counts the zeros at the end of what it has read.
type zeroTail struct {
	r     io.Reader
	zeros int
}

func (z *zeroTail) Read(p []byte) (int, error) {
	n, err := z.r.Read(p)
	if kept := len(bytes.TrimRight(p[:n], "\x00")); kept > 0 {
		z.zeros = n - kept
	} else {
		z.zeros += n
	}
	return n, err
}

// readUpTo reads n bytes, or as many as there are.
func readUpTo(r io.Reader, n int) ([]byte, error) {
	b := make([]byte, n)
	got, err := io.ReadFull(r, b)
	if err == io.EOF || err == io.ErrUnexpectedEOF && got > 0 {
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("read the beginning: %w", err)
	}
	return b[:got], err
}
