package journal_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/journal"
)

func TestAReceiptProvesALeaf(t *testing.T) {
	j := open(t, filled(t, "US", 300))
	for _, i := range []int64{0, 1, 255, 256, 299} {
		r, err := journal.VerifyReceipt(receipt(t, j, i), trusted())
		if err != nil {
			t.Fatalf("leaf %d: %v", i, err)
		}
		leaf, _ := j.Leaf(context.Background(), i)
		if r.Leaf != leaf || r.Index != i || r.Size != 300 || r.Member != "US" || r.Origin != "guichet/border-five/US" || len(r.Witnesses) != 0 {
			t.Errorf("leaf %d: %+v", i, r)
		}
	}
}

func TestATamperedReceiptSaysWhatIsWrong(t *testing.T) {
	j := open(t, filled(t, "US", 300))
	if r, err := j.Cosign(context.Background(), []journal.Peer{peer("GB", near(witness(t, t.TempDir(), "GB")))}); err != nil || r[0].Err != nil {
		t.Fatal(r, err)
	}
	text := string(receipt(t, j, 77))
	next := string(receipt(t, j, 78))
	lines := strings.Split(text, "\n")
	extra, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	leaf, err := j.Leaf(context.Background(), 77)
	if err != nil {
		t.Fatal(err)
	}
	rows := fmt.Sprintf(`"rows":%d,`, leaf.Rows)
	other := func(from, to string) string {
		changed := bytes.Replace(extra, []byte(from), []byte(to), 1)
		if bytes.Equal(changed, extra) {
			t.Fatalf("%q is not in the leaf", from)
		}
		return strings.Replace(text, lines[1], "extra "+base64.StdEncoding.EncodeToString(changed), 1)
	}
	// One letter of a signature's base64 for another: what is left is still a note, and another signature.
	flip := func(s string, at int) string {
		b := []byte(s)
		if b[at] == 'A' {
			b[at] = 'B'
		} else {
			b[at] = 'A'
		}
		return string(b)
	}
	us := strings.LastIndex(text, "— guichet/border-five/US ")
	gb := strings.LastIndex(text, "— guichet/border-five/GB/witness ")
	for name, c := range map[string]struct{ text, say string }{
		"another leaf's rows": {other(rows, `"rows":1000,`), "not in the log of US at 77"},
		"a space in the leaf": {other(rows, " "+rows), "canonical"},
		"an unknown field":    {other(rows, `"rowz":77,`+rows), "canonical"},
		"a newer leaf":        {other(`"format":1`, `"format":2`), "format 2"},
		"another index":       {strings.Replace(text, "index 77", "index 78", 1), "not in the log of US at 78"},
		"an index too large":  {strings.Replace(text, "index 77", "index 300", 1), "covers 300"},
		"an index with a 0":   {strings.Replace(text, "index 77", "index 077", 1), "written as it must be"},
		"a hash of the proof": {strings.Replace(text, lines[4], strings.Split(next, "\n")[3], 1), "not in the log"},
		"the size":            {strings.Replace(text, "\n300\n", "\n301\n", 1), "does not hold"},
		"the log's signature": {flip(text, us+60), "guichet/border-five/US"},
		"a witness's line":    {flip(text, gb+80), "GB/witness under the checkpoint does not hold"},
		"no log's signature":  {text[:us] + text[gb:], "not signed by its log key"},
		"no leaf":             {strings.Replace(text, lines[1]+"\n", "", 1), "no leaf"},
		"cut":                 {text[:len(text)/3], "no receipt"},
		"windows line ends":   {strings.ReplaceAll(text, "\n", "\r\n"), "no receipt"},
		"nothing":             {"", "no receipt"},
		"another circle":      {strings.ReplaceAll(text, "border-five", "border-four"), "log key is not known"},
	} {
		_, err := journal.VerifyReceipt([]byte(c.text), trusted())
		if err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: %v, want %q", name, err, c.say)
		}
		if k := guichet.KindOf(err); k != guichet.KindInvalid && k != guichet.KindUntrusted && k != guichet.KindVersion {
			t.Errorf("%s: kind %s", name, k)
		}
	}
}

// A leaf of another member's side is not believed in this log.
func TestALeafThatIsNotTheOwnersIsNotBelieved(t *testing.T) {
	j := open(t, t.TempDir())
	at, err := j.Append(context.Background(), received("GB", 1)) // CA asked GB
	if err != nil {
		t.Fatal(err)
	}
	if _, err := journal.VerifyReceipt(receipt(t, j, at), trusted()); err == nil || !strings.Contains(err.Error(), "another member's story") {
		t.Errorf("%v", err)
	}
}

// A revoked log key counts only where a witness has seen the checkpoint before.
func TestARevokedLogKey(t *testing.T) {
	j := open(t, filled(t, "US", 3))
	plain := receipt(t, j, 1)
	if r, err := j.Cosign(context.Background(), []journal.Peer{peer("GB", near(witness(t, t.TempDir(), "GB")))}); err != nil || r[0].Err != nil {
		t.Fatal(r, err)
	}
	seen := receipt(t, j, 1)
	for _, c := range []struct {
		revoked     time.Time
		plain, seen bool
	}{
		{time.Time{}, true, true},
		{time.Date(2026, time.December, 1, 0, 0, 0, 0, time.UTC), false, true},
		{time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC), false, false},
	} {
		now := circle("AU", "CA", "GB", "NZ", "US")
		now.Members[4].Keys[0].Revoked = c.revoked
		keys := journal.Trusted(circle("US", "GB"), now)
		if _, err := journal.VerifyReceipt(plain, keys); (err == nil) != c.plain {
			t.Errorf("revoked %s, without a witness: %v", c.revoked, err)
		}
		if _, err := journal.VerifyReceipt(seen, keys); (err == nil) != c.seen {
			t.Errorf("revoked %s, with a witness: %v", c.revoked, err)
		}
	}
}

func FuzzReceipt(f *testing.F) {
	j := open(f, filled(f, "US", 5))
	f.Add(receipt(f, j, 3))
	f.Add([]byte("c2sp.org/tlog-proof@v1\nindex 0\n\n"))
	keys := trusted()
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := journal.VerifyReceipt(text, keys)
		if err == nil && (r.Index >= r.Size || r.Member != "US") {
			t.Errorf("%+v", r)
		}
	})
}

func FuzzCheckpoint(f *testing.F) {
	f.Add(checkpointOf(f, filled(f, "US", 5)))
	f.Add([]byte("guichet/border-five/US\n0\nX\n\n— x y\n"))
	keys := trusted()
	f.Fuzz(func(t *testing.T, raw []byte) {
		if size, err := journal.OpenCheckpoint(raw, keys); err == nil && size != 5 {
			t.Errorf("a checkpoint of %d leaves that nobody has signed", size)
		}
	})
}

func FuzzAddCheckpoint(f *testing.F) {
	f.Add(journal.FormatAdd(3, [][]byte{make([]byte, 32)}, checkpointOf(f, filled(f, "US", 5))))
	f.Add([]byte("old 0\n\nx\n0\n\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if again, err := journal.ParseAdd(body); err == nil && !bytes.Equal(again, body) {
			t.Errorf("%q is read and written as %q", body, again)
		}
	})
}
