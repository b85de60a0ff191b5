package archive

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"unicode"

	"guichet"
)

// Bounds of what is read. A tar does not unpack to more than it is, so that what
// is left to bound is how many files there are and how they are called.
const (
	mostFiles   = 5_000_000
	longestName = 1024
	deepest     = 32
	longestHead = 64 << 10
)

// Extraction says what is taken apart, and how.
type Extraction struct {
	Size     int64  // of the file
	Scratch  string // a folder for the manifest in the making
	Progress guichet.Progress
	// Head is asked once the head is read, before anything is written; an error
	// ends it.
	Head func(Head) error
}

// Extract takes a backup apart into a folder, which must be empty, and holds every
// file against the manifest. It returns the head and the digest of the backup.
// KindInvalid for what is no backup, was cut or was changed, KindHostile for what
// no writer of ours has written: a name that leads elsewhere, a link, a device, a
// file with holes. What was written by then is to be removed. Nothing is synced.
func Extract(ctx context.Context, from io.Reader, into *os.Root, x Extraction) (h Head, digest string, err error) {
	f, err := scratchFile(x.Scratch)
	if err != nil {
		return Head{}, "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	read := &counting{r: from}
	e := extracting{x: x, read: read, tar: tar.NewReader(read), into: into, seen: f, sum: sha256.New(), dirs: map[string]bool{}}
	if h, err = e.head(); err != nil {
		return h, "", err
	}
	if err := e.files(ctx); err != nil {
		return h, "", err
	}
	digest, err = e.end()
	return h, digest, err
}

// counting counts what was read.
type counting struct {
	r io.Reader
	n int64
}

// Read reads and counts.
func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// extracting is a backup on its way out.
type extracting struct {
	x    Extraction
	read *counting
	tar  *tar.Reader
	into *os.Root
	seen *os.File // the manifest as it ought to be, of what was read
	sum  hash.Hash
	dirs map[string]bool
}

func broken(format string, args ...any) error {
	return guichet.Errorf(guichet.KindInvalid, "the backup is damaged: "+format, args...).
		WithHint("take another copy of it; nothing was restored")
}

func hostile(format string, args ...any) error {
	return guichet.Errorf(guichet.KindHostile, "this is no backup that guichet has written: "+format, args...).
		WithHint("ask where the file is from; nothing was restored")
}

// next reads the header of the next file and holds it to what a writer of ours
// writes.
func (e *extracting) next() (*tar.Header, error) {
	hdr, err := e.tar.Next()
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, broken("it ends after %d bytes, before its manifest: it was cut", e.read.n)
	case err != nil:
		return nil, broken("near byte %d: %w", e.read.n, err)
	}
	for key := range maps.Keys(hdr.PAXRecords) {
		if key != "path" && key != "size" && key != "mtime" {
			return nil, hostile("%q has the extension %q", short(hdr.Name), short(key))
		}
	}
	switch {
	case hdr.Typeflag != tar.TypeReg:
		return nil, hostile("%q is no plain file", short(hdr.Name))
	case !proper(hdr.Name):
		return nil, hostile("the name %q leads out of the home, or is no name of a file", short(hdr.Name))
	case hdr.Size > e.x.Size-e.read.n:
		return nil, broken("%s is to have %d bytes, and %d are left: it was cut", hdr.Name, hdr.Size, max(e.x.Size-e.read.n, 0))
	}
	return hdr, nil
}

func short(s string) string { return s[:min(len(s), 200)] }

// proper says whether a name is one that may stand in a backup: relative, clean,
// without anything that a terminal or a file system takes otherwise.
func proper(name string) bool {
	odd := func(r rune) bool { return r == '\\' || r == unicode.ReplacementChar || !unicode.IsGraphic(r) }
	return fs.ValidPath(name) && name != "." && len(name) <= longestName && strings.Count(name, "/") < deepest && !strings.ContainsFunc(name, odd)
}

func (e *extracting) head() (Head, error) {
	hdr, err := e.next()
	if guichet.KindOf(err) == guichet.KindInvalid {
		return Head{}, guichet.Errorf(guichet.KindInvalid, "this is no backup of guichet, or only the beginning of one").WithHint("name a file that 'guichet backup' wrote")
	}
	if err != nil {
		return Head{}, err
	}
	if hdr.Name != nameHead || hdr.Size > longestHead {
		return Head{}, guichet.Errorf(guichet.KindInvalid, "this is no backup of guichet: it begins with %q", short(hdr.Name)).WithHint("name a file that 'guichet backup' wrote")
	}
	var text strings.Builder
	if err := e.copy(hdr, &text); err != nil {
		return Head{}, err
	}
	var h Head
	if err := json.Unmarshal([]byte(text.String()), &h); err != nil {
		return Head{}, broken("its head cannot be read: %w", err)
	}
	if h.Format != Format {
		return h, guichet.Errorf(guichet.KindVersion, "the backup is of format %d; this program reads %d", h.Format, Format).WithHint("use the guichet that wrote it (%s), or a newer one", short(h.Program))
	}
	if e.x.Head != nil {
		return h, e.x.Head(h)
	}
	return h, nil
}

// copy copies a file out and notes what it was.
func (e *extracting) copy(hdr *tar.Header, to io.Writer) error {
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, sum), e.tar)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), err == nil && n != hdr.Size:
		return broken("it ends in %s, after %d of %d bytes: it was cut", hdr.Name, n, hdr.Size)
	case err != nil:
		return fmt.Errorf("restore %s: %w", hdr.Name, err)
	}
	if _, err := io.WriteString(io.MultiWriter(e.seen, e.sum), line(sum, n, hdr.Name)); err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	return nil
}

// files takes the files out, and the manifest after them.
func (e *extracting) files(ctx context.Context) error {
	for n := 0; ; n++ {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		hdr, err := e.next()
		if err != nil {
			return err
		}
		if hdr.Name == nameManifest {
			return e.compare()
		}
		local, ok := strings.CutPrefix(hdr.Name, prefix)
		if !ok || n == mostFiles {
			return hostile("%q does not belong there, or is one file too many", short(hdr.Name))
		}
		if err := e.file(hdr, local); err != nil {
			return err
		}
		if e.x.Progress != nil {
			e.x.Progress("restoring", e.read.n, e.x.Size)
		}
	}
}

// file writes one file into the folder. A name that is there already is refused.
func (e *extracting) file(hdr *tar.Header, local string) error {
	if dir := path.Dir(local); !e.dirs[dir] {
		if err := e.into.MkdirAll(dir, 0o750); err != nil {
			return whoseFault(local, err)
		}
		e.dirs[dir] = true
	}
	f, err := e.into.OpenFile(local, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return whoseFault(local, err)
	}
	return errors.Join(e.copy(hdr, f), f.Close())
}

// whoseFault tells a name that cannot be, twice the same or a file where a folder
// must be, from a disk that cannot.
func whoseFault(local string, err error) error {
	if errors.Is(err, fs.ErrExist) || isNoFolder(err) {
		return hostile("it has %q twice, or a file of that name and a folder", short(local))
	}
	return fmt.Errorf("restore %s: %w", local, err)
}

// compare holds what was read against the manifest, line by line.
func (e *extracting) compare() error {
	if _, err := e.seen.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	stated, found := bufio.NewReader(e.tar), bufio.NewReader(e.seen)
	for {
		want, err := stated.ReadSlice('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return broken("its manifest cannot be read")
		}
		want = slices.Clone(want)
		got, err := found.ReadSlice('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("manifest: %w", err)
		}
		switch {
		case len(want) == 0 && len(got) == 0:
			return nil
		case len(got) == 0:
			return broken("%s is missing", named(want))
		case string(want) != string(got):
			return broken("%s is not what was written", named(got))
		}
	}
}

// named is the name in a line of a manifest.
func named(line []byte) string {
	parts := strings.SplitN(strings.TrimSuffix(string(line), "\n"), " ", 3)
	return short(parts[len(parts)-1])
}

// end reads the digest, which nothing follows.
func (e *extracting) end() (string, error) {
	digest := hex.EncodeToString(e.sum.Sum(nil))
	hdr, err := e.next()
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(e.tar, 1024))
	if err != nil || hdr.Name != nameDigest || string(text) != digest+"\n" {
		return "", broken("its digest is not that of its manifest")
	}
	if _, err := e.tar.Next(); !errors.Is(err, io.EOF) {
		return "", hostile("something follows its digest")
	}
	return digest, nil
}
