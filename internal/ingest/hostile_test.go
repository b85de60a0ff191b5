package ingest_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/ingest"
)

// entry is one member of an archive that a test makes.
type entry struct {
	name string
	body string
	kind byte // of a tar; 0: a regular file
	link string
}

func gz(tb testing.TB, b []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func tarOf(tb testing.TB, entries ...entry) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: e.kind, Linkname: e.link, Mode: 0o644, Size: int64(len(e.body))}
		if e.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(h); err != nil {
			tb.Fatal(err)
		}
		if _, err := w.Write([]byte(e.body)); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func zipOf(tb testing.TB, entries ...entry) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range entries {
		f, err := w.Create(e.name)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := f.Write([]byte(e.body)); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// encrypted sets the flag of a password on every member of a zip.
func encrypted(b []byte) []byte {
	b = bytes.Clone(b)
	for _, sign := range []struct {
		mark string
		at   int
	}{{"PK\x03\x04", 6}, {"PK\x01\x02", 8}} {
		for i := 0; ; {
			j := bytes.Index(b[i:], []byte(sign.mark))
			if j < 0 {
				break
			}
			b[i+j+sign.at] |= 1
			i += j + 4
		}
	}
	return b
}

func TestBadFiles(t *testing.T) {
	for _, c := range append(brokenFiles(t), hostileFiles(t)...) {
		t.Run(c.name, func(t *testing.T) {
			_, err := prepareBy(t, write(t, "file", c.file), ingest.Options{Limits: ingest.Limits{Unpacked: 1 << 20, Members: 50, Line: 4096}})
			if guichet.KindOf(err) != c.kind || !strings.Contains(fmt.Sprint(err), c.want) {
				t.Errorf("got %q: %v\nwant %q: ...%s...", guichet.KindOf(err), err, c.kind, c.want)
			}
		})
	}
}

// badFile is a file, and how it is refused.
type badFile struct {
	name string
	file []byte
	kind guichet.Kind
	want string
}

func brokenFiles(tb testing.TB) []badFile {
	tb.Helper()
	big := strings.Repeat("2025-01,0101,AU,10\n", 1000)
	whole := zipOf(tb, entry{name: "a.csv", body: smallText + big})
	wholeTar := tarOf(tb, entry{name: "a.csv", body: smallText + big})
	deep := gz(tb, []byte(smallText+big))
	return []badFile{
		{"empty", nil, guichet.KindInvalid, "is empty"},
		{"empty gzip", gz(tb, nil), guichet.KindInvalid, "is empty once it is unpacked"},
		{"empty zip", zipOf(tb), guichet.KindInvalid, "holds no file"},
		{"empty tar.gz", gz(tb, tarOf(tb)), guichet.KindUnrecognised, "it is a gzip file"},
		{"NUL", []byte(smallText + "2025-01,01\x0002,CA,1\n"), guichet.KindInvalid, "a NUL byte stands in line 4, column 11"},
		{"not UTF-8", []byte(smallText + "2025-01,0102,C\xe7,1\n"), guichet.KindInvalid, "line 4 is not UTF-8: the byte 0xe7 in column 15"},
		{"cut within a character", []byte(smallText + "2025-01,0102,C\xc3"), guichet.KindInvalid, "line 4 is not UTF-8: the text ends within a character"},
		{"long line", []byte(smallText + strings.Repeat("x", 5000) + "\n"), guichet.KindHostile, "line 4 is longer than 4096 bytes"},
		{"a missing column", []byte("month,code,value\n2025-01,0101,1\n"), guichet.KindUnrecognised, "column 'country' is missing"},
		{"an extra column", []byte("month,code,country,port,value\n"), guichet.KindUnrecognised, "column 'port' is not known"},
		{"a column twice", []byte("month,code,country,value,value\n"), guichet.KindUnrecognised, "column 'value' stands twice"},
		{"control characters", []byte("\x1b[31mred\n"), guichet.KindUnrecognised, `first line "\x1b[31mred"`},
		{"Parquet", []byte("PAR1abc"), guichet.KindUnrecognised, "a Parquet file"},
		{"UTF-16", []byte("\xff\xfem\x00o\x00"), guichet.KindUnrecognised, "UTF-16 text"},
		{"bzip2", []byte("BZh91AY&SY"), guichet.KindUnrecognised, "a bzip2 file"},
		{"open quote", []byte("\xef\xbb\xbf" + smallText + "2025-01,\"0102,CA,1\n"), guichet.KindInvalid, "a quote opens in the record that begins on line 4 and never closes"},
		{"gzip cut", deep[:len(deep)/2], guichet.KindInvalid, "is truncated: the gzip ends too early"},
		{"gzip cut in its head", deep[:5], guichet.KindInvalid, "truncated"},
		{"gzip altered", append(bytes.Clone(deep[:len(deep)-6]), 1, 2, 3, 4, 5, 6), guichet.KindInvalid, "is damaged"},
		{"gzip and more", append(bytes.Clone(deep), "more"...), guichet.KindInvalid, ""},
		{"zip cut", whole[:len(whole)-30], guichet.KindInvalid, "truncated or no zip"},
		{"zip altered", append(bytes.Clone(whole[:60]), whole[62:]...), guichet.KindInvalid, ""},
		{"tar.gz cut", gz(tb, wholeTar)[:100], guichet.KindInvalid, "truncated"},
		{"tar cut in a member", gz(tb, wholeTar[:2000]), guichet.KindInvalid, "is truncated"},
		{"tar cut after a member", gz(tb, wholeTar[:len(wholeTar)-1024]), guichet.KindInvalid, "does not end as a tar does"},
		{"zip in a zip", zipOf(tb, entry{name: "b.zip", body: string(whole)}), guichet.KindHostile, "an archive in an archive"},
		{"gzip in a gzip", gz(tb, deep), guichet.KindHostile, "an archive in an archive"},
		{"zip in a tar.gz", gz(tb, tarOf(tb, entry{name: "b", body: string(whole)})), guichet.KindHostile, "an archive in an archive"},
		{"password", encrypted(whole), guichet.KindInvalid, "is encrypted: member a.csv"},
	}
}

func hostileFiles(tb testing.TB) []badFile {
	tb.Helper()
	plain := entry{name: "a.csv", body: smallText}
	return []badFile{
		{"zip leads up", zipOf(tb, entry{name: "../a.csv", body: smallText}), guichet.KindHostile, "leads elsewhere"},
		{"zip leads up within", zipOf(tb, entry{name: "x/../../a.csv", body: smallText}), guichet.KindHostile, "leads elsewhere"},
		{"zip absolute", zipOf(tb, entry{name: "/etc/passwd", body: smallText}), guichet.KindHostile, "is absolute"},
		{"zip drive", zipOf(tb, entry{name: "c:/a.csv", body: smallText}), guichet.KindHostile, "is absolute"},
		{"zip backslash", zipOf(tb, entry{name: `..\a.csv`, body: smallText}), guichet.KindHostile, "backslash"},
		{"zip control", zipOf(tb, entry{name: "a\x1b[2Jb", body: smallText}), guichet.KindHostile, `a\x1b[2Jb`},
		{"zip twice", zipOf(tb, plain, plain), guichet.KindHostile, "two members of the name a.csv"},
		{"zip several", zipOf(tb, plain, entry{name: "b.csv", body: smallText}), guichet.KindInvalid, "holds several files"},
		{"tar leads up", gz(tb, tarOf(tb, entry{name: "../a.csv", body: smallText})), guichet.KindHostile, "leads elsewhere"},
		{"tar twice", tarOf(tb, plain, plain), guichet.KindHostile, "two members of the name"},
		{"tar symlink", tarOf(tb, entry{name: "a.csv", kind: tar.TypeSymlink, link: "/etc/passwd"}), guichet.KindHostile, "link, device or special"},
		{"tar hard link", tarOf(tb, plain, entry{name: "b.csv", kind: tar.TypeLink, link: "a.csv"}), guichet.KindHostile, "link, device or special"},
		{"tar device", tarOf(tb, entry{name: "null", kind: tar.TypeChar}), guichet.KindHostile, "link, device or special"},
		{"tar pipe", tarOf(tb, entry{name: "pipe", kind: tar.TypeFifo}), guichet.KindHostile, "link, device or special"},
		{"members", manyMembers(tb), guichet.KindHostile, "holds more than 50 members"},
		{"bomb", gz(tb, append([]byte(smallText), bytes.Repeat([]byte("2025-01,0101,AU,10\n"), 200_000)...)), guichet.KindHostile, "unpacks to more than"},
		{"bomb in a zip", zipOf(tb, entry{name: "a.csv", body: smallText + strings.Repeat("2025-01,0101,AU,10\n", 200_000)}), guichet.KindHostile, "unpacks to more than"},
		{"bomb of zeros after a tar", gz(tb, append(tarOf(tb, plain), make([]byte, 4<<20)...)), guichet.KindHostile, "unpacks to more than"},
	}
}

func manyMembers(tb testing.TB) []byte {
	tb.Helper()
	var all []entry
	for i := range 60 {
		all = append(all, entry{name: fmt.Sprintf("%d.csv", i), body: smallText})
	}
	return zipOf(tb, all...)
}

// A file that unpacks well may be small; a large one may not unpack to hundreds
// of times its size.
func TestRatio(t *testing.T) {
	if testing.Short() {
		t.Skip("unpacks 70 MB")
	}
	// A gzip may be several, one after the other: the same megabyte is packed once.
	more := gz(t, bytes.Repeat([]byte("2025-01,0101,AU,10\n"), 1<<20/19))
	body := append(gz(t, []byte(smallText)), bytes.Repeat(more, 70)...)
	_, err := prepareBy(t, write(t, "file.gz", body), ingest.Options{Limits: ingest.Limits{Ratio: 50}})
	if guichet.KindOf(err) != guichet.KindHostile || !strings.Contains(err.Error(), "more than 50 times its size") {
		t.Errorf("got %v", err)
	}
}

func TestFilesThatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]guichet.Kind{
		dir:                          guichet.KindInvalid,
		filepath.Join(dir, "nobody"): guichet.KindNotFound,
		os.DevNull:                   guichet.KindInvalid,
	} {
		if _, err := prepareBy(t, path, ingest.Options{}); guichet.KindOf(err) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	if os.Getuid() != 0 {
		path := write(t, "closed.csv", []byte(smallText))
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := prepareBy(t, path, ingest.Options{}); guichet.KindOf(err) != guichet.KindInvalid || !strings.Contains(err.Error(), "cannot be read") {
			t.Errorf("a closed file: %v", err)
		}
	}
}

// A file that is written to while it is read is refused.
func TestFileThatChanges(t *testing.T) {
	path := write(t, "a.csv", []byte(smallText+strings.Repeat("2025-01,0101,AU,10\n", 200_000)))
	touched := false
	_, err := prepareBy(t, path, ingest.Options{Progress: func(string, int64, int64) {
		if !touched {
			touched = true
			if err := os.Chtimes(path, time.Unix(1, 0), time.Unix(1, 0)); err != nil {
				t.Error(err)
			}
		}
	}})
	if !touched || guichet.KindOf(err) != guichet.KindInvalid || !strings.Contains(fmt.Sprint(err), "changed while it was read") {
		t.Errorf("got %v", err)
	}
}

func TestCancelled(t *testing.T) {
	path := write(t, "a.csv", []byte(smallText))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := ingest.Prepare(ctx, path, ingest.Options{Profiles: []*ingest.Profile{small(t)}, Dir: t.TempDir(), Now: now()})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// What was looked at, and who came nearest, can be read by a machine.
func TestUnrecognised(t *testing.T) {
	path := write(t, "a.csv", []byte("month,code,pays,value\n2025-01,0101,AU,1\n"))
	_, err := prepareBy(t, path, ingest.Options{Profiles: append(profiles(t), small(t))})
	var u *ingest.UnrecognisedError
	if !errors.As(err, &u) || u.Attempts[0].Profile != "small" || u.Attempts[0].Score < 50 || u.Attempts[0].Score > 89 {
		t.Fatalf("got %v, attempts %v", err, u)
	}
	for _, want := range []string{"the nearest is small", "column 'country' is missing", "column 'pays' is not known", `first line "month,code,pays,value"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in %q", want, err)
		}
	}
	var e *guichet.Error
	if !errors.As(err, &e) || !strings.Contains(e.Hint, "guichet profile list") {
		t.Errorf("the hint is %q", e.Hint)
	}
}

func TestAmbiguous(t *testing.T) {
	other := parse(t, strings.Replace(smallYAML, "name: small", "name: other", 1))
	_, err := prepareBy(t, write(t, "a.csv", []byte(smallText)), ingest.Options{Profiles: []*ingest.Profile{small(t), other}})
	if guichet.KindOf(err) != guichet.KindInvalid || !strings.Contains(err.Error(), "fits 2 profiles: small, other") {
		t.Errorf("got %v", err)
	}
}
