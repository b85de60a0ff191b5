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

// budget counts what comes out of a file, whatever its headers announce.
type budget struct {
	stopped func() error // the context's
	name    string
	limits  Limits
	packed  int64
	out     int64
	ratioAt int64 // from here on the ratio is looked at
}

// ratioFloor: small files may pack well without harm.
const ratioFloor = 64 << 20

func (f *original) budget(ctx context.Context) *budget {
	return &budget{stopped: ctx.Err, name: f.name, limits: f.limits, packed: f.size, ratioAt: max(ratioFloor, f.limits.Ratio*f.size)}
}

func (b *budget) take(n int) error {
	b.out += int64(n)
	if err := b.stopped(); err != nil {
		return fmt.Errorf("read %s: %w", b.name, err)
	}
	switch {
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
	told     int64
	total    int64
	progress guichet.Progress
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.done += int64(n)
	if w.done-w.told >= max(w.total/200, 1<<20) || err != nil && w.done != w.told {
		w.told = w.done
		w.progress("reading", w.done, w.total)
	}
	return n, err
}

// errStop ends a walk early without fault.
var errStop = errors.New("stop")

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
		a := newAhead(zr)
		defer a.Close()
		if f.container == containerGzip {
			err = one("", limited{a, b})
		} else {
			err = f.walkTar(limited{a, b}, one)
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
	zr, err := f.directory(h)
	if err != nil {
		return err
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
		err = f.member(name, r, files[name].UncompressedSize64, one)
		_ = r.Close()
		if err != nil {
			return err
		}
		done += int64(files[name].CompressedSize64) //nolint:gosec // a wrong size makes a wrong bar, no more
		f.progress("reading", min(done, f.size), f.size)
	}
	return nil
}

// member visits one member of a zip, and reads ahead where it is said to be
// large (which decides nothing but speed).
func (f *original) member(name string, r io.Reader, size uint64, one func(string, io.Reader) error) error {
	if size < chunk {
		return one(name, r)
	}
	a := newAhead(r)
	defer a.Close()
	return one(name, a)
}

func (f *original) walkTar(r io.Reader, one func(string, io.Reader) error) error {
	tail := &zeroTail{r: r}
	tr := tar.NewReader(tail)
	names := &members{limit: f.limits.Members, seen: map[string]bool{}}
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
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
