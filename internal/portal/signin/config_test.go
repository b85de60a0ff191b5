package signin_test

import (
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/portal/signin"
)

func TestReadConfig(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("client-secret", "s3cret\n", 0o600)
	write("open-secret", "s3cret\n", 0o644)
	write("empty-secret", "\n", 0o600)
	good := map[string]any{
		"issuer": "https://accounts.customs.example/realms/staff", "client_id": "guichet", "client_secret_file": "client-secret",
		"roles_claim": "realm_access.roles", "roles": map[string]string{"trade-desk": "officer"}, "address": "https://window.customs.example", "idle": "20m", "longest": "8h",
	}
	text := func(change map[string]any) string {
		all := maps.Clone(good)
		for k, v := range change {
			if v == nil {
				delete(all, k)
				continue
			}
			all[k] = v
		}
		text, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	c, err := signin.ReadConfig(write("good.json", text(nil), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	if c.Idle != 20*time.Minute || c.Longest != 8*time.Hour || c.Roles["trade-desk"] != signin.Officer || c.SecretFile != filepath.Join(dir, "client-secret") {
		t.Errorf("read %+v", c)
	}
	for _, bad := range []struct {
		name   string
		change map[string]any
		says   []string
	}{
		{"all at once", map[string]any{"issuer": nil, "client_id": "", "address": "ftp://x.example", "roles": map[string]string{"a": "director"}}, []string{"issuer", "client_id", "address", "director"}},
		{"unknown key", map[string]any{"isuer": "x"}, []string{"isuer"}},
		{"plain http", map[string]any{"issuer": "http://accounts.customs.example"}, []string{"issuer", "https"}},
		{"plain http for the pages", map[string]any{"address": "http://window.customs.example"}, []string{"address", "https"}},
		{"a path", map[string]any{"address": "https://window.customs.example/pages"}, []string{"path"}},
		{"a secret in the address", map[string]any{"issuer": "https://u:p@x.example"}, []string{"issuer"}},
		{"no secret", map[string]any{"client_secret_file": nil}, []string{"client_secret_file"}},
		{"no such secret", map[string]any{"client_secret_file": "none"}, []string{"none"}},
		{"others read it", map[string]any{"client_secret_file": "open-secret"}, []string{"chmod 600"}},
		{"empty", map[string]any{"client_secret_file": "empty-secret"}, []string{"empty"}},
		{"no time", map[string]any{"idle": "soon"}, []string{"idle", "soon"}},
		{"idle longer than longest", map[string]any{"idle": "9h"}, []string{"idle"}},
		{"too long", map[string]any{"longest": "48h"}, []string{"longest"}},
	} {
		_, err := signin.ReadConfig(write("bad.json", text(bad.change), 0o600))
		if err == nil {
			t.Errorf("%s: taken", bad.name)
			continue
		}
		for _, word := range bad.says {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: does not say %q: %v", bad.name, word, err)
			}
		}
		if strings.Contains(err.Error(), "s3cret") || guichet.KindOf(err) != guichet.KindInvalid {
			t.Errorf("%s: kind %s: %v", bad.name, guichet.KindOf(err), err)
		}
	}
	if _, err := signin.ReadConfig(filepath.Join(dir, "none.json")); guichet.KindOf(err) != guichet.KindNotFound {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := signin.ReadConfig(write("large.json", strings.Repeat(" ", 1<<20), 0o600)); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("a large file: %v", err)
	}
}

// TestDoorsThatDoNotOpen: a demonstration is for its own machine, and nobody chooses
// between it and a provider.
func TestDoorsThatDoNotOpen(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := &signin.Config{Issuer: "https://a.example", ClientID: "c", SecretFile: secret, Address: "https://w.example"}
	with := func(change func(*signin.Config)) *signin.Config {
		c := *config
		change(&c)
		return &c
	}
	for _, c := range []struct {
		name string
		o    signin.Options
		kind guichet.Kind
	}{
		{"neither", signin.Options{}, guichet.KindInvalid},
		{"both", signin.Options{Config: config, Demonstration: true, Listen: "127.0.0.1:1"}, guichet.KindInvalid},
		{"every address", signin.Options{Demonstration: true, Listen: ":8080"}, guichet.KindRefused},
		{"every address, by number", signin.Options{Demonstration: true, Listen: "0.0.0.0:8080"}, guichet.KindRefused},
		{"an office's address", signin.Options{Demonstration: true, Listen: "10.1.2.3:8080"}, guichet.KindRefused},
		{"a name", signin.Options{Demonstration: true, Listen: "localhost.evil.example:8080"}, guichet.KindRefused},
		{"nothing", signin.Options{Demonstration: true}, guichet.KindRefused},
		{"no issuer", signin.Options{Config: with(func(c *signin.Config) { c.Issuer = "" })}, guichet.KindInvalid},
		{"no authority", signin.Options{Config: with(func(c *signin.Config) { c.CAFile = secret })}, guichet.KindInvalid},
		{"no secret", signin.Options{Config: with(func(c *signin.Config) { c.SecretFile = filepath.Join(dir, "none") })}, guichet.KindNotFound},
	} {
		c.o.Folder, c.o.Clock, c.o.Render, c.o.Log = filepath.Join(dir, c.name), time.Now, render, slog.New(slog.DiscardHandler)
		if d, err := signin.New(c.o); guichet.KindOf(err) != c.kind {
			t.Errorf("%s: door %v, %v, want %s", c.name, d != nil, err, c.kind)
		}
	}
	for _, listen := range []string{"127.0.0.1:0", "[::1]:8080", "localhost:8080"} {
		d, err := signin.New(signin.Options{Demonstration: true, Listen: listen, Folder: filepath.Join(dir, "good"), Clock: time.Now, Render: render, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Errorf("%s: %v", listen, err)
			continue
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestTexts: every page has a title and a text in both languages, with the same places,
// and no text is for nothing.
func TestTexts(t *testing.T) {
	used := map[string]bool{}
	key := regexp.MustCompile(`"(signin\.[a-z_]+)"`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range key.FindAllStringSubmatch(string(text), -1) {
			used[m[1]] = true
		}
	}
	if len(used) < 25 {
		t.Errorf("only %d keys are used", len(used))
	}
	english, err := signin.Texts("en")
	if err != nil {
		t.Fatal(err)
	}
	french, err := signin.Texts("fr")
	if err != nil {
		t.Fatal(err)
	}
	place := regexp.MustCompile(`\{[a-z]+\}`)
	for k := range english {
		if french[k] == "" || english[k] == "" || french[k] == english[k] && !strings.HasPrefix(k, "signin.role.") {
			t.Errorf("%s: %q in English, %q in French", k, english[k], french[k])
		}
		a, b := place.FindAllString(english[k], -1), place.FindAllString(french[k], -1)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(a, b) {
			t.Errorf("%s: places %q in English, %q in French", k, a, b)
		}
		page := strings.Join(strings.Split(k, ".")[:2], ".")
		if page != "signin.role" && !used[page] {
			t.Errorf("%s is a text of no page", k)
		}
	}
	if len(french) != len(english) {
		t.Errorf("%d texts in English, %d in French", len(english), len(french))
	}
	for k := range used {
		for _, needed := range []string{k, k + ".title"} {
			if english[needed] == "" {
				t.Errorf("there is no text %s", needed)
			}
		}
	}
	for _, r := range signin.Roles() {
		if english["signin.role."+string(r)] == "" {
			t.Errorf("the role %s has no name", r)
		}
	}
	if _, err := signin.Texts("../person"); err == nil {
		t.Error("a language that is a path")
	}
}
