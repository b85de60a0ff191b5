package guichet_test

import (
	"encoding/json"
	"testing"

	"github.com/gowebpki/jcs"
	"pgregory.net/rapid"

	"guichet"
)

// TestCanonicalIsRFC8785 holds our JSON against another implementation's.
func TestCanonicalIsRFC8785(t *testing.T) {
	t.Parallel()
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"\u2028", `\u2028`, `\\` + "\u2029", "<&>\x7f\b\f\x01", "é\u0301", "\U0001f600"}))
	rapid.Check(t, func(t *rapid.T) {
		v := map[string]any{}
		for _, name := range rapid.SliceOf(rapid.StringMatching(`[ -~]{0,8}`)).Draw(t, "names") {
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				v[name] = text.Draw(t, "text")
			case 1:
				v[name] = rapid.Int64Range(-1<<53, 1<<53).Draw(t, "number")
			case 2:
				v[name] = []any{text.Draw(t, "text"), nil, true, map[string]any{"b": 1, "a": text.Draw(t, "text")}}
			default:
				v[name] = map[string]any{"z": false, "A": []any{}}
			}
		}
		got, err := guichet.Canonical(v)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		want, err := jcs.Transform(plain)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%q, and elsewhere %q", got, want)
		}
	})
}

func TestCanonicalRefusesWhatProgramsReadDifferently(t *testing.T) {
	t.Parallel()
	for _, v := range []any{1.5, map[string]any{"é": 1}, []any{int64(1<<53 + 1)}, json.Number("1e3"), json.Number("-0"), map[string]any{"a": []any{0.1}}} {
		if got, err := guichet.Canonical(v); guichet.KindOf(err) != guichet.KindInvalid {
			t.Errorf("%v is written as %s, %v", v, got, err)
		}
		if _, err := guichet.DigestOf(v); err == nil {
			t.Errorf("%v has a digest", v)
		}
	}
	if _, err := guichet.Canonical(func() {}); err == nil {
		t.Error("a function is written")
	}
	if d, err := guichet.DigestOf(map[string]int{}); err != nil || d != "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" {
		t.Errorf("the digest of {} is %s, %v", d, err)
	}
}
