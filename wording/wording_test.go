package wording_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"guichet"
	"guichet/wording"
)

// french says a sentence by a few formats, as a window does.
func french(w wording.Sentence) string {
	held := map[string]string{
		"there is no file %s":   "il n’y a pas de fichier %s",
		"%s holds %d of %s":     "%[3]s : %[2]d dans %[1]s",
		"row %d: %s":            "ligne %d : %s",
		"row %d: %v":            "ligne %d : %s",
		"100 %% of %q":          "100 %% de %s",
		"a comma must stand":    "une virgule est attendue",
		"%s is of the kind: %s": "%s est du genre : %s",
	}
	of, ok := held[w.Of]
	if !ok {
		of = w.Of
	}
	return w.Fill(of, func(i int) string {
		switch p := w.Pieces[i]; {
		case p.Said != nil:
			return french(*p.Said)
		case p.FR != "":
			return p.FR
		default:
			return p.Text
		}
	})
}

func TestSay(t *testing.T) {
	inner := guichet.Errorf(guichet.KindInvalid, "there is no file %s", "a.csv")
	for _, c := range []struct {
		got    wording.Sentence
		en, fr string
	}{
		{wording.Say("there is no file %s", "a.csv"), "there is no file a.csv", "il n’y a pas de fichier a.csv"},
		{wording.Say("%s holds %d of %s", "x", 3, "y"), "x holds 3 of y", "y : 3 dans x"},
		{wording.Say("100 %% of %q", "a"), `100 % of "a"`, `100 % de "a"`},
		{wording.Say("row %d: %s", 2, wording.Say("a comma must stand")), "row 2: a comma must stand", "ligne 2 : une virgule est attendue"},
		{wording.Say("row %d: %v", 2, inner), "row 2: there is no file a.csv", "ligne 2 : il n’y a pas de fichier a.csv"},
		{wording.Say("row %d: %v", 2, fmt.Errorf("read: %w", inner)), "row 2: read: there is no file a.csv", "ligne 2 : read: il n’y a pas de fichier a.csv"},
		{wording.Say("row %d: %v", 2, errors.New("eof")), "row 2: eof", "ligne 2 : eof"},
		{wording.Say("%s is of the kind: %s", "x", guichet.Text{EN: "a zip", FR: "un zip"}), "x is of the kind: a zip", "x est du genre : un zip"},
		{wording.Several([]wording.Sentence{wording.Say("a comma must stand"), wording.Say("row %d: %s", 1, "b")}, "; "), "a comma must stand; row 1: b", "une virgule est attendue; ligne 1 : b"},
		{wording.Several(nil, "; "), "", ""},
		{wording.Say("%[2]s %[1]s", "a", "b"), "b a", "b a"},
		{inner.Wording().Renamed("a.csv", "b.csv"), "there is no file b.csv", "il n’y a pas de fichier b.csv"},
	} {
		if c.got.String() != c.en {
			t.Errorf("in English %q, want %q", c.got, c.en)
		}
		if fr := french(c.got); fr != c.fr {
			t.Errorf("in French %q, want %q", fr, c.fr)
		}
		text, err := json.Marshal(c.got)
		if err != nil {
			t.Fatal(err)
		}
		var again wording.Sentence
		if err := json.Unmarshal(text, &again); err != nil || french(again) != c.fr {
			t.Errorf("%s through JSON is %q, %v; want %q", text, french(again), err, c.fr)
		}
	}
}

// TestErrorsAreSaid holds that the message of an error and its wording say the same.
func TestErrorsAreSaid(t *testing.T) {
	e := guichet.Errorf(guichet.KindInvalid, "row %d of %q is not %.1f %%", 3, "a", 2.5).WithHint("look at %s", "a")
	for _, x := range []*guichet.Error{e, {Kind: guichet.KindFull, Message: "100 % full"}} {
		if x.Wording().String() != x.Message || x.Next.String() != x.Hint {
			t.Errorf("%q is said %q, its hint %q %q", x.Message, x.Wording(), x.Hint, x.Next)
		}
	}
}
