package main_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	root "guichet"
	guichet "guichet/cmd/guichet"
)

func TestFlagsStandAnywhere(t *testing.T) {
	for _, args := range [][]string{
		{"--home", "h", "--by", "a,b", "--once", "FILE", "OTHER"},
		{"FILE", "--home=h", "--by=a", "OTHER", "--by=b", "--once"},
		{"--once=true", "FILE", "OTHER", "-home", "h", "--by", "a, b"},
		{"--home", "h", "--once", "--by", "a,b", "--", "FILE", "OTHER"},
	} {
		rest, got, err := guichet.Read(args...)
		if err != nil {
			t.Errorf("%q: %v", args, err)
			continue
		}
		want := map[string]any{"home": "h", "limit": 20, "by": []string{"a", "b"}, "given": []string(nil), "once": true}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: flags differ (-want +got):\n%s", args, diff)
		}
		if diff := cmp.Diff([]string{"FILE", "OTHER"}, rest); diff != "" {
			t.Errorf("%q: arguments differ (-want +got):\n%s", args, diff)
		}
	}
}

func TestFlagsKeepWhatLooksLikeOne(t *testing.T) {
	rest, got, err := guichet.Read("-", "--given", "a=b,c", "--given=d=--x", "--limit", "-3", "--", "--home", "-h")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"-", "--home", "-h"}, rest); diff != "" {
		t.Errorf("arguments differ (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a=b,c", "d=--x"}, got["given"]); diff != "" {
		t.Errorf("--given differs (-want +got):\n%s", diff)
	}
	if got["limit"] != -3 {
		t.Errorf("--limit -3 gave %v", got["limit"])
	}
}

func TestWrongFlagsAreToldWithAHint(t *testing.T) {
	for _, c := range []struct {
		name          string
		args          []string
		message, hint string
	}{
		{"near", []string{"--hme", "x"}, "--hme is no flag of this command", "did you mean --home?"},
		{"far", []string{"--zzzzzz"}, "--zzzzzz is no flag of this command", "'guichet help try' shows how it is used"},
		{"twice", []string{"--home", "a", "--home", "b"}, "--home was given twice", "give it once"},
		{"no value", []string{"--home"}, "--home needs a value", "write the value after it, or as --home=VALUE"},
		{"value forgotten", []string{"--home", "--by", "x"}, "--home needs a value", "write the value after it, or as --home=VALUE"},
		{"no number", []string{"--limit", "many"}, `--limit: "many" cannot be read`, "'guichet help try' shows how it is used"},
		{"no yes or no", []string{"--once=maybe"}, `--once: "maybe" cannot be read`, "'guichet help try' shows how it is used"},
		{"empty in a list", []string{"--by", "a,,b"}, `--by: "a,,b" cannot be read`, "'guichet help try' shows how it is used"},
		{"language", []string{"--lang", "tlh"}, `no words in the language "tlh"`, "use --lang en or --lang fr"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := guichet.Read(c.args...)
			if root.KindOf(err) != root.KindInvalid {
				t.Fatalf("%q: got %v, want an error of kind invalid", c.args, err)
			}
			e := guichet.Faults(err)[0]
			if e.Message != c.message || e.Hint != c.hint {
				t.Errorf("%q:\n got %q, hint %q\nwant %q, hint %q", c.args, e.Message, e.Hint, c.message, c.hint)
			}
		})
	}
}

func TestClosest(t *testing.T) {
	known := []string{"ingest", "init", "ask", "submissions"}
	for name, want := range map[string]string{
		"injest": "ingest", "intgest": "ingest", "aks": "ask", "submission": "submissions", "inti": "init", "frobnicate": "", "": "",
	} {
		if got, _ := guichet.Closest(name, known); got != want {
			t.Errorf("closest to %q is %q, want %q", name, got, want)
		}
	}
}
