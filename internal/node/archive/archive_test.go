package archive_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/node/archive"
)

// files are those of the backup that the tests take apart.
func files() map[string]string {
	return map[string]string{"guichet.json": "{}\n", "tables/t/data/a.parquet": strings.Repeat("figures ", 3000), "empty": "", "names/été ünd 数": "x"}
}

func backup(t *testing.T) ([]byte, string) {
	t.Helper()
	var out bytes.Buffer
	w, err := archive.NewWriter(&out, t.TempDir(), archive.Head{Member: "NZ", Home: 1, Made: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"empty", "guichet.json", "names/été ünd 数", "tables/t/data/a.parquet"} {
		text := files()[name]
		if err := w.Add(name, strings.NewReader(text), int64(len(text))); err != nil {
			t.Fatal(err)
		}
	}
	digest, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), digest
}

// extract takes bytes apart and returns the folder that they came into.
func extract(tb testing.TB, b []byte) (dir, digest string, err error) {
	tb.Helper()
	dir = filepath.Join(tb.TempDir(), "into")
	if err := os.Mkdir(dir, 0o700); err != nil {
		tb.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	_, digest, err = archive.Extract(tb.Context(), bytes.NewReader(b), root, archive.Extraction{Size: int64(len(b)), Scratch: tb.TempDir()})
	return dir, digest, err
}

func TestWhatGoesInComesOut(t *testing.T) {
	b, digest := backup(t)
	dir, found, err := extract(t, b)
	if err != nil || found != digest {
		t.Fatalf("digest %s, want %s: %v", found, digest, err)
	}
	n := 0
	for name, text := range files() {
		got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || string(got) != text {
			t.Errorf("%s: %d bytes, want %d: %v", name, len(got), len(text), err)
		}
		n++
	}
	err = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if !e.IsDir() {
			n--
		}
		return err
	})
	if err != nil || n != 0 {
		t.Errorf("%d files too few: %v", n, err)
	}
}

// TestEveryCutIsSeen cuts the file at every place, but for the zeros after its last
// byte.
func TestEveryCutIsSeen(t *testing.T) {
	b, _ := backup(t)
	end := len(b) - 1024 - 512 + 65
	for at := 0; at < end; at += 97 {
		if _, _, err := extract(t, b[:at]); guichet.KindOf(err) != guichet.KindInvalid {
			t.Fatalf("cut at %d of %d: %v", at, len(b), err)
		}
	}
}

// TestEveryChangeIsSeen changes a byte at many places. Where nothing depends on it,
// between files and in times, what comes out must be what was meant.
func TestEveryChangeIsSeen(t *testing.T) {
	b, digest := backup(t)
	for at := 0; at < len(b)-1024; at += 61 {
		c := bytes.Clone(b)
		c[at] ^= 0x21
		dir, found, err := extract(t, c)
		if err != nil {
			if kind := guichet.KindOf(err); kind != guichet.KindInvalid && kind != guichet.KindHostile {
				t.Fatalf("byte %d changed: %v (%s)", at, err, kind)
			}
			continue
		}
		if found != digest {
			t.Fatalf("byte %d changed: taken for whole, with the digest %s", at, found)
		}
		for name, text := range files() {
			if got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name))); err != nil || string(got) != text {
				t.Fatalf("byte %d changed: taken for whole, and %s is another: %v", at, name, err)
			}
		}
	}
}

// hostile makes a tar that begins as a backup, with entries of an attacker's own.
func hostile(tb testing.TB, more ...*tar.Header) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	put := func(h *tar.Header, text string) {
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(text))
		}
		h.Mode = 0o600
		if err := w.WriteHeader(h); err != nil {
			tb.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := io.WriteString(w, text); err != nil {
				tb.Fatal(err)
			}
		}
	}
	put(&tar.Header{Typeflag: tar.TypeReg, Name: "guichet-backup.json"}, `{"format":1,"member":"NZ"}`)
	for _, h := range more {
		put(h, "evil")
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func TestTricksWithNames(t *testing.T) {
	reg := func(name string) *tar.Header { return &tar.Header{Typeflag: tar.TypeReg, Name: name} }
	deep := "home/" + strings.Repeat("a/", 40) + "b"
	for name, b := range map[string][]byte{
		"up":            hostile(t, reg("home/../../evil")),
		"absolute":      hostile(t, reg("/tmp/evil-of-guichet")),
		"beside":        hostile(t, reg("evil")),
		"dot":           hostile(t, reg("home/./evil")),
		"backslash":     hostile(t, reg(`home/..\evil`)),
		"control":       hostile(t, reg("home/\x1b[31mevil")),
		"deep":          hostile(t, reg(deep)),
		"long":          hostile(t, reg("home/"+strings.Repeat("x", 2000))),
		"symlink":       hostile(t, &tar.Header{Typeflag: tar.TypeSymlink, Name: "home/link", Linkname: "/tmp"}, reg("home/link/evil")),
		"hard link":     hostile(t, &tar.Header{Typeflag: tar.TypeLink, Name: "home/link", Linkname: "/etc/passwd"}),
		"device":        hostile(t, &tar.Header{Typeflag: tar.TypeChar, Name: "home/dev", Devmajor: 1, Devminor: 5}),
		"fifo":          hostile(t, &tar.Header{Typeflag: tar.TypeFifo, Name: "home/fifo"}),
		"folder":        hostile(t, &tar.Header{Typeflag: tar.TypeDir, Name: "home/dir"}),
		"twice":         hostile(t, reg("home/a"), reg("home/a")),
		"file, folder":  hostile(t, reg("home/a"), reg("home/a/b")),
		"folder, file":  hostile(t, reg("home/a/b"), reg("home/a")),
		"attributes":    hostile(t, &tar.Header{Typeflag: tar.TypeReg, Name: "home/a", PAXRecords: map[string]string{"SCHILY.xattr.user.x": "y"}}),
		"sparse, tiny":  sparse(t, 1<<40),
		"sparse, small": sparse(t, 600),
	} {
		dir, _, err := extract(t, b)
		if kind := guichet.KindOf(err); kind != guichet.KindHostile && (kind != guichet.KindInvalid || !strings.HasPrefix(name, "sparse")) {
			t.Errorf("%s: %v (%s)", name, err, kind)
		}
		for _, path := range []string{filepath.Join(filepath.Dir(dir), "evil"), "/tmp/evil-of-guichet", "/tmp/evil"} {
			if _, err := os.Lstat(path); err == nil {
				t.Errorf("%s: %s was written", name, path)
			}
		}
		if used := size(t, dir); used > int64(len(b)) {
			t.Errorf("%s: %d bytes were written of a file of %d", name, used, len(b))
		}
	}
}

// sparse is a backup with a file that says it is large and has next to nothing in
// it, as GNU tar 1.0 writes files with holes.
func sparse(t *testing.T, size int64) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	text := `{"format":1,"member":"NZ"}`
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "guichet-backup.json", Size: int64(len(text)), Mode: 0o600}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	record := func(k, v string) string {
		n := len(k) + len(v) + 3
		for len(fmt.Sprint(n))+len(k)+len(v)+3 != n {
			n = len(fmt.Sprint(n)) + len(k) + len(v) + 3
		}
		return fmt.Sprintf("%d %s=%s\n", n, k, v)
	}
	pax := record("GNU.sparse.major", "1") + record("GNU.sparse.minor", "0") + record("GNU.sparse.name", "home/holes") + record("GNU.sparse.realsize", fmt.Sprint(size))
	block(&out, 'x', "pax", pax)
	block(&out, '0', "home/holes", "0\n")
	out.Write(make([]byte, 1024))
	return out.Bytes()
}

// block writes a tar entry by hand.
func block(out *bytes.Buffer, kind byte, name, text string) {
	h := make([]byte, 512)
	copy(h, name)
	copy(h[100:], "0000600\x00")
	copy(h[124:], fmt.Sprintf("%011o\x00", len(text)))
	copy(h[136:], "00000000000\x00")
	copy(h[148:], "        ")
	h[156] = kind
	copy(h[257:], "ustar\x0000")
	sum := 0
	for _, b := range h {
		sum += int(b)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	out.Write(h)
	out.WriteString(text)
	out.Write(make([]byte, (512-len(text)%512)%512))
}

func size(t *testing.T, dir string) int64 {
	t.Helper()
	var n int64
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		n += info.Size()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// FuzzExtract: whatever the bytes, nothing leaves the folder and nothing panics.
func FuzzExtract(f *testing.F) {
	f.Add(hostile(f, &tar.Header{Typeflag: tar.TypeReg, Name: "home/a"}))
	f.Add(hostile(f, &tar.Header{Typeflag: tar.TypeSymlink, Name: "home/a", Linkname: ".."}))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir, _, err := extract(t, b)
		beside, err2 := os.ReadDir(filepath.Dir(dir))
		if err2 != nil || len(beside) != 1 {
			t.Errorf("beside the folder there is %v: %v (%v)", beside, err2, err)
		}
	})
}
