package portal_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/portal"
)

// TestNamesOfFiles: what a browser calls a file is a name, and nothing else.
func TestNamesOfFiles(t *testing.T) {
	long := strings.Repeat("x", 400)
	for in, want := range map[string]string{
		"imports.csv":                  "imports.csv",
		"../../etc/passwd":             "passwd",
		`C:\Users\me\imports 2024.zip`: "imports 2024.zip",
		"..":                           "file-",
		"":                             "file-",
		"/":                            "file-",
		"work":                         "file-work",
		"original":                     "file-original",
		".hidden.csv":                  "hidden.csv",
		"a\u202egnp.csv":               "agnp.csv",
		"a\x00b\n.csv":                 "ab .csv",
		"<b>é</b>.csv":                 "b>.csv",
		long + ".csv":                  strings.Repeat("x", 146) + ".csv",
		long:                           strings.Repeat("x", 150),
		"a." + long:                    "a." + strings.Repeat("x", 148),
	} {
		if got := portal.FileName(in); got != want {
			t.Errorf("%q is called %q, want %q", in, got, want)
		}
	}
}

func TestSizes(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{portal.Size("en", 0), "0\u00a0B"},
		{portal.Size("en", 999), "999\u00a0B"},
		{portal.Size("en", 1234), "1.2\u00a0kB"},
		{portal.Size("fr", 12_345_678), "12,3\u00a0Mo"},
		{portal.Size("fr", 4<<30), "4,3\u00a0Go"},
		{portal.Size("en", 1<<62), "4611686\u00a0TB"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// TestDrawer: papers outlive a process; what is damaged is no paper, and what was half
// written is gone.
func TestDrawer(t *testing.T) {
	dir := t.TempDir()
	d, err := portal.OpenDrawer(dir)
	if err != nil {
		t.Fatal(err)
	}
	good, bad := strings.Repeat("a", 32), strings.Repeat("b", 32)
	if err := d.Put(good, map[string]string{"what": "stays"}); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{bad + ".json": "{", ".part-1": "half", "../x.json": "", "notes.txt": "no paper"} {
		if !strings.HasPrefix(name, "..") {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if d, err = portal.OpenDrawer(dir); err != nil {
		t.Fatal(err)
	}
	if x, ok := d.Get(good); !ok || x["what"] != "stays" || d.All() != 1 {
		t.Errorf("the paper is %v, of %d", x, d.All())
	}
	if _, err := os.Stat(filepath.Join(dir, ".part-1")); !errors.Is(err, os.ErrNotExist) {
		t.Error("what was half written is still there")
	}
	if err := errors.Join(d.Drop(good), d.Drop(good)); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, good+".json")); !errors.Is(err, os.ErrNotExist) {
		t.Error("what was removed is still there")
	}
	if _, err := portal.OpenDrawer(filepath.Join(dir, "none")); err == nil {
		t.Error("a folder that there is not was opened")
	}
}

// openDoor lets a steward in: what is tested stands behind it.
type openDoor struct{}

func (openDoor) Handler(next http.Handler) http.Handler { return next }

func (openDoor) Person(context.Context) (portal.Person, bool) {
	return portal.Person{Pseudonym: "s", Name: "S", Roles: []portal.Role{portal.Steward}}, true
}

func (openDoor) Token(context.Context) string { return "t" }

// disk is a disk with so much room, on which no file is taken in.
type disk struct{ room int64 }

func (d disk) Room() (int64, error) { return d.room, nil }

func (disk) Profiles() ([]portal.ProfileInfo, error) { return nil, nil }

func (disk) TakeIn(context.Context, portal.Intake, guichet.Progress) (portal.Took, error) {
	return portal.Took{}, guichet.Errorf(guichet.KindFull, "the disk is full; nothing was kept")
}

// uploads sends a file of a size to pages whose disk has so much room; a size that is not
// told is sent without a length.
func uploads(t *testing.T, d disk, size int, told bool) (int, string, []string) {
	t.Helper()
	taking := t.TempDir()
	p, err := portal.New(portal.Config{
		Member: "CA", Kept: t.TempDir(), Door: openDoor{}, Clock: func() time.Time { return time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC) },
		Steward: &portal.Stewardship{Dir: taking, Drafts: t.TempDir(), Taker: d, Most: 100_000},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(p.Handler())
	t.Cleanup(func() {
		server.Close()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	err = errors.Join(m.WriteField("csrf", "t"), m.WriteField("once", strings.Repeat("0", 32)))
	part, err2 := m.CreateFormFile("file", "a.csv")
	if err = errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	_, err = part.Write(bytes.Repeat([]byte("x"), size))
	if err = errors.Join(err, m.Close()); err != nil {
		t.Fatal(err)
	}
	var sent io.Reader = &body
	if !told {
		sent = io.MultiReader(&body)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/en/intake", sent)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", m.FormDataContentType())
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(taking)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		if told && size <= 50_000 && strings.HasPrefix(e.Name(), ".part-") {
			continue // its page is being written
		}
		left = append(left, e.Name())
	}
	return resp.StatusCode, string(page), left
}

// TestBoundsOfAFile: one that is too large, told or not, and one that there is no room
// for, are refused in words, and nothing of them is left.
func TestBoundsOfAFile(t *testing.T) {
	const room = 1 << 40
	for _, c := range []struct {
		name   string
		disk   disk
		size   int
		told   bool
		status int
		says   string
	}{
		{"too large", disk{room}, 300_000, true, http.StatusBadRequest, "and these pages take 100"},
		{"too large, and it did not say so", disk{room}, 300_000, false, http.StatusBadRequest, "and these pages take 1"},
		{"no room", disk{1 << 20}, 50_000, true, http.StatusServiceUnavailable, "it needs three times its size"},
	} {
		status, page, left := uploads(t, c.disk, c.size, c.told)
		if status != c.status || !strings.Contains(page, c.says) {
			t.Errorf("%s: %d\n%s", c.name, status, page)
		}
		if len(left) > 0 {
			t.Errorf("%s: left is %v", c.name, left)
		}
	}
	if status, _, left := uploads(t, disk{room}, 50_000, true); status != http.StatusOK || len(left) != 2 {
		t.Errorf("a file within the bounds is answered %d, and kept as %v", status, left)
	}
}
