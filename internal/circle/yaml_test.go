package circle_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"guichet"
	"guichet/internal/circle"
)

// anyAgreement draws a paper with texts of any letters.
func anyAgreement(t *rapid.T) guichet.Agreement {
	str := rapid.String()
	name := rapid.StringMatching(`[ -~]{0,12}`)
	text := rapid.Custom(func(t *rapid.T) guichet.Text { return guichet.Text{EN: str.Draw(t, "en"), FR: str.Draw(t, "fr")} })
	words := rapid.SliceOfN(str, 0, 3)
	party := rapid.Custom(func(t *rapid.T) guichet.AgreementParty {
		return guichet.AgreementParty{Member: str.Draw(t, "member"), Role: str.Draw(t, "role"), Offices: words.Draw(t, "offices")}
	})
	term := rapid.Custom(func(t *rapid.T) guichet.Term {
		return guichet.Term{
			Dataset: str.Draw(t, "dataset"), From: words.Draw(t, "from"), Picks: rapid.MapOfN(name, words, 0, 3).Draw(t, "picks"),
			Levels: rapid.MapOfN(name, str, 0, 3).Draw(t, "levels"), Mirror: rapid.Bool().Draw(t, "mirror"),
			Quota: rapid.IntRange(-5, 1<<30).Draw(t, "quota"), Credit: text.Draw(t, "credit"),
		}
	})
	return guichet.Agreement{
		Format: 1, ID: str.Draw(t, "id"), Version: rapid.IntRange(0, 1000).Draw(t, "version"), Title: text.Draw(t, "title"),
		Parties: rapid.SliceOfN(party, 0, 3).Draw(t, "parties"), Terms: rapid.SliceOfN(term, 0, 3).Draw(t, "terms"),
		Suspended: []guichet.Suspension{{Member: "NO", By: str.Draw(t, "by"), Reason: text.Draw(t, "reason")}},
		Texts:     rapid.MapOfN(name, text, 0, 3).Draw(t, "texts"),
	}
}

// TestAgreementRoundTrip writes any paper and reads the same one back.
func TestAgreementRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyAgreement(t)
		text, err := circle.WriteAgreement(a)
		if err != nil {
			t.Fatal(err)
		}
		got, err := circle.ReadAgreement(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		again, err := circle.WriteAgreement(got)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(text, again) {
			t.Fatalf("another paper came back:\n%s", cmp.Diff(string(text), string(again)))
		}
		before, err := guichet.DigestOf(filledBy(t, a))
		if err != nil {
			t.Fatal(err)
		}
		after, err := guichet.DigestOf(got)
		if err != nil {
			t.Fatal(err)
		}
		if before != after {
			t.Fatalf("the digest changed:\n%s", cmp.Diff(a, got))
		}
	})
}

// filledBy is the paper with empty lists, as the circle signs it.
func filledBy(t *rapid.T, a guichet.Agreement) guichet.Agreement {
	t.Helper()
	return circle.Filled(a)
}

func TestMemberRoundTrip(t *testing.T) {
	h := newCountry(t, "CA", newHouseClock())
	text, err := circle.WriteMember(h.paper)
	if err != nil {
		t.Fatal(err)
	}
	got, err := circle.ReadMember(text)
	if err != nil {
		t.Fatal(err)
	}
	want := h.paper
	want.Keys = []guichet.MemberKey{}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestFaultsHaveTheirPlace: all of them, with line and column.
func TestFaultsHaveTheirPlace(t *testing.T) {
	_, err := circle.ReadAgreement([]byte("id: x\nversion: two\npartys: []\nparties:\n  - member: NO\n    offices: statistics\nterms:\n  - mirror: yes\n    mirror: true\n"))
	kind(t, err, guichet.KindInvalid, "a faulty paper")
	for _, want := range []string{
		"line 2, column 10: version must be a whole number", "line 3, column 1: there is no field partys",
		"line 6, column 14: parties[0].offices must be a list", "line 8, column 13: terms[0].mirror must be true or false", "line 9, column 5: terms[0].mirror is written twice; first in line 8",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("not told: %s\nin: %v", want, err)
		}
	}
	a, err := circle.ReadAgreement([]byte("parties:\n  - member: NO\nterms:\n  - picks: {product: [0301, 1e3, 6307]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if a.Parties[0].Member != "NO" || a.Terms[0].Picks["product"][0] != "0301" || a.Terms[0].Picks["product"][1] != "1e3" {
		t.Errorf("texts were read as something else: %+v", a)
	}
}

func TestHostileYAML(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for i := range 9 {
		bomb += fmt.Sprintf("b%d: &b%d [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n", i, i)
	}
	for what, c := range map[string]struct {
		text string
		want guichet.Kind
	}{
		"a bomb of aliases": {bomb, guichet.KindInvalid},
		"a deep paper":      {"terms: " + strings.Repeat("[", 2000) + strings.Repeat("]", 2000), guichet.KindInvalid},
		"a huge paper":      {"id: " + strings.Repeat("x", 600<<10), guichet.KindHostile},
		"many values":       {"annexes: [" + strings.Repeat("{},", 60000) + "]", guichet.KindInvalid},
		"two documents":     {"id: x\n---\nid: y\n", guichet.KindInvalid},
		"a tag":             {"id: !!binary aGVsbG8=\n", guichet.KindInvalid},
		"a merge":           {"parties:\n  - <<: {member: CA}\n", guichet.KindInvalid},
		"no fields":         {"- a\n", guichet.KindInvalid},
		"nothing":           {"", guichet.KindInvalid},
		"no YAML":           {"a: [", guichet.KindInvalid},
		"another alphabet":  {"texts: {définitions: {en: x}}", guichet.KindInvalid},
	} {
		_, err := circle.ReadAgreement([]byte(c.text))
		kind(t, err, c.want, what)
		if err != nil && len(err.Error()) > 20000 {
			t.Errorf("%s: the refusal has %d letters", what, len(err.Error()))
		}
	}
}

// FuzzReadAgreement: what is read can be written and read again.
func FuzzReadAgreement(f *testing.F) {
	text, err := circle.WriteAgreement(agreement("b5-covid", "CA", "US"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("id: &x y\nparties: *x\n"))
	f.Add([]byte("terms: [{quota_per_day: 1}]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := circle.ReadAgreement(text)
		if err != nil {
			if k := guichet.KindOf(err); k != guichet.KindInvalid && k != guichet.KindHostile {
				t.Fatalf("kind %q: %v", k, err)
			}
			return
		}
		out, err := circle.WriteAgreement(a)
		if guichet.KindOf(err) == guichet.KindInvalid {
			return // a text that is no UTF-8
		}
		if err != nil {
			t.Fatal(err)
		}
		again, err := circle.ReadAgreement(out)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if diff := cmp.Diff(a, again); diff != "" {
			t.Fatal(diff)
		}
	})
}
