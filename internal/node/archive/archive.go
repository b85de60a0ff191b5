// Package archive writes a backup of a home into one file, and takes one apart
// again.
//
// It promises: a file that was cut, or of which a byte was changed by accident,
// is found out and the place named; what is taken apart lands in the folder that
// was named and nowhere else, as plain files and folders; no more bytes are
// written than were read; memory does not grow with the backup.
//
// It does not know what a home is, does not put anything in its place, and does
// not sign: whoever can write the file can make another one. The digest that
// Close and Extract return names the whole content; kept elsewhere, it tells the
// two apart.
//
// The file is a plain tar (POSIX pax), which any system can list and take apart:
//
//	guichet-backup.json   the head: format, member, when, what is in it
//	home/...              the files, each once
//	manifest              a line for each of the above: SHA-256, size, name
//	manifest.sha256       the SHA-256 of the manifest: the digest of the backup
package archive

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"
	"time"
)

// Format is the number of the format that is written, and the only one that is
// read.
const Format = 1

// Names inside the file.
const (
	nameHead     = "guichet-backup.json"
	nameManifest = "manifest"
	nameDigest   = "manifest.sha256"
	prefix       = "home/"
)

// Head is what a backup says of itself.
type Head struct {
	Format  int       `json:"format"`
	Member  string    `json:"member"`
	Home    int       `json:"home_version"`
	Program string    `json:"program"`
	Made    time.Time `json:"made"`
	Keys    bool      `json:"keys"`    // the key files are in it, encrypted as they were
	Circles []string  `json:"circles"` // of which journals are in it
	Files   int64     `json:"files"`   // that were counted before: for those who wait
	Bytes   int64     `json:"bytes"`
}

// Writer writes a backup.
type Writer struct {
	tar      *tar.Writer
	made     time.Time
	manifest *os.File // the manifest as far as it is known: it may have a million lines
	sum      hash.Hash
}

// NewWriter begins a backup; scratch is a folder for the manifest in the making.
func NewWriter(to io.Writer, scratch string, h Head) (*Writer, error) {
	f, err := scratchFile(scratch)
	if err != nil {
		return nil, err
	}
	w := &Writer{tar: tar.NewWriter(to), made: h.Made, manifest: f, sum: sha256.New()}
	h.Format = Format
	text, err := json.MarshalIndent(h, "", "  ")
	if err == nil {
		err = w.add(nameHead, strings.NewReader(string(text)), int64(len(text)))
	}
	if err != nil {
		return nil, errors.Join(err, w.Abandon())
	}
	return w, nil
}

// scratchFile is a file that is gone when it is closed.
func scratchFile(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "manifest-")
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("manifest: %w", err), f.Close())
	}
	return f, nil
}

// Add adds a file of a size by its slash-separated name in the home. The reader
// must give exactly that many bytes.
func (w *Writer) Add(name string, r io.Reader, size int64) error {
	if !proper(prefix + name) {
		return fmt.Errorf("a file of the name %q is not kept", name)
	}
	return w.add(prefix+name, r, size)
}

func (w *Writer) add(name string, r io.Reader, size int64) error {
	sum, err := w.put(name, r, size)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(io.MultiWriter(w.manifest, w.sum), line(sum, size, name)); err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	return nil
}

// line is a line of the manifest.
func line(sum hash.Hash, size int64, name string) string {
	return fmt.Sprintf("%s %d %s\n", hex.EncodeToString(sum.Sum(nil)), size, name)
}

func (w *Writer) put(name string, r io.Reader, size int64) (hash.Hash, error) {
	err := w.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: w.made, Format: tar.FormatPAX})
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(w.tar, sum), io.LimitReader(r, size))
	if err == nil && n != size {
		err = fmt.Errorf("%d bytes of %d: %w", n, size, io.ErrUnexpectedEOF)
	}
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	return sum, nil
}

// Close ends the backup and returns its digest.
func (w *Writer) Close() (string, error) {
	size, err := w.manifest.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = w.manifest.Seek(0, io.SeekStart)
	}
	if err == nil {
		_, err = w.put(nameManifest, w.manifest, size)
	}
	digest := hex.EncodeToString(w.sum.Sum(nil))
	if err == nil {
		_, err = w.put(nameDigest, strings.NewReader(digest+"\n"), int64(len(digest)+1))
	}
	if err == nil {
		err = w.tar.Close()
	}
	return digest, errors.Join(err, w.Abandon())
}

// Abandon lets go of a backup that is not ended.
func (w *Writer) Abandon() error { return w.manifest.Close() }
