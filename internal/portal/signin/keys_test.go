package signin_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet/internal/portal/signin"
)

// TestKeysPutAside: a backup has who is who, and nothing that makes a session.
func TestKeysPutAside(t *testing.T) {
	folder, aside := t.TempDir(), filepath.Join(t.TempDir(), signin.KeysFile)
	if err := signin.PutAside(folder, aside); err != nil {
		t.Errorf("no keys: %v", err)
	}
	if _, err := os.Stat(aside); err == nil {
		t.Error("keys were put aside that were not there")
	}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	k, err := signin.OpenKeyring(filepath.Join(folder, signin.KeysFile), now)
	if err != nil {
		t.Fatal(err)
	}
	sealed, name := k.Seal("session", []byte("x"), now), k.PseudonymOf("https://a.example", "1")
	if err := signin.PutAside(folder, aside); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second start finds the key that the first has made
		back, err := signin.OpenKeyring(aside, now)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := back.Open("session", sealed); ok || back.PseudonymOf("https://a.example", "1") != name || back.Count() != 1 {
			t.Errorf("a session of before is let in: %t; %d keys", ok, back.Count())
		}
	}
	if err := os.WriteFile(filepath.Join(folder, signin.KeysFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := signin.PutAside(folder, aside); err == nil {
		t.Error("damaged keys were put aside")
	}
}

// TestKeys: they change, what they sealed before is read for a while, and nobody else
// reads the file.
func TestKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	k, err := signin.OpenKeyring(path, now)
	if err != nil {
		t.Fatal(err)
	}
	old := k.Seal("session", []byte("x"), now)
	name := k.PseudonymOf("https://a.example", "1")
	if _, ok := k.Open("flow", old); ok {
		t.Error("what was sealed for one use is read for another")
	}
	now = now.Add(signin.SealFor + time.Hour)
	newer := k.Seal("session", []byte("y"), now)
	k, err = signin.OpenKeyring(path, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, sealed := range []string{old, newer} {
		if _, ok := k.Open("session", sealed); !ok {
			t.Error("not read after the key was changed and the node started again")
		}
	}
	if k.PseudonymOf("https://a.example", "1") != name || k.PseudonymOf("https://b.example", "1") == name {
		t.Error("a person is somebody else after the key was changed, or the same at another provider")
	}
	for range 10 {
		now = now.Add(signin.SealFor + time.Hour)
		k.Seal("session", []byte("z"), now)
	}
	if _, ok := k.Open("session", old); ok || k.Count() > 4 {
		t.Errorf("%d keys are kept, the first opens: %t", k.Count(), ok)
	}

	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func() error{
		"others may read": func() error { return os.Chmod(path, 0o644) },
		"cut":             func() error { return os.WriteFile(path, text[:len(text)/2], 0o600) },
		"no keys":         func() error { return os.WriteFile(path, []byte(`{"format":1}`), 0o600) },
		"short root": func() error {
			return os.WriteFile(path, []byte(strings.Replace(string(text), `"root": "`, `"root": "AAAA`, 1)), 0o600)
		},
		"large": func() error { return os.WriteFile(path, make([]byte, 1<<20), 0o600) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		if _, err := signin.OpenKeyring(path, now); err == nil {
			t.Errorf("%s: opened", name)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// A folder that cannot be written to seals on with the old key.
	dir := t.TempDir()
	k, err = signin.OpenKeyring(filepath.Join(dir, "sub"), now)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir, dir+".gone"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir + ".gone") })
	if sealed := k.Seal("session", []byte("x"), now.Add(2*signin.SealFor)); k.Count() != 1 || sealed == "" {
		t.Errorf("%d keys, sealed %q", k.Count(), sealed)
	}
}

// TestEnded: what is over stays over, whatever befalls the table.
func TestEnded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ended")
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	over := func(e *signin.Ended, id string, began time.Time) bool {
		return e.Has(&signin.Session{ID: id, Pseudonym: "p", Began: began.UnixMilli()})
	}
	open := func(now time.Time) *signin.Ended {
		e, err := signin.OpenEnded(path, now)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = e.Close() })
		return e
	}
	e := open(now)
	for _, id := range []string{"a", "b"} {
		if err := e.Add(now, "s"+id); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n") {
		if !json.Valid([]byte(line)) {
			t.Errorf("a line that is no JSON: %s", line)
		}
	}
	if err := os.WriteFile(path, append(text, `{"k":"sc","at"`...), 0o600); err != nil {
		t.Fatal(err)
	}
	e = open(now)
	if !over(e, "a", now) || !over(e, "b", now) || over(e, "c", now) || over(e, "a", now.Add(time.Second)) {
		t.Error("a torn last line changed what is over")
	}
	if err := os.WriteFile(path, append([]byte("garbage\n"), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	e = open(now)
	if !over(e, "c", now) || over(e, "c", now.Add(time.Second)) {
		t.Error("after damage in the middle old sessions are good, or new ones are not")
	}
	if e = open(now.Add(11 * time.Hour)); e.Len() != 0 {
		t.Errorf("%d entries of sessions that cannot be any more", e.Len())
	}
	for i := range signin.MaxEnded / 1000 {
		keys := make([]string, 1000)
		for j := range keys {
			keys[j] = "s" + string(rune('a'+j%26)) + strings.Repeat("x", j/26) + time.Duration(i).String()
		}
		if err := e.Add(now, keys...); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Add(now, "sz"); err != nil {
		t.Fatal(err)
	}
	if e.Len() > signin.MaxEnded || !over(e, "sa"+"0s", now) || !over(e, "z", now) {
		t.Errorf("%d entries", e.Len())
	}
	if !over(open(now), "z", now) {
		t.Error("a full table forgot who is out")
	}
}
