package journal_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/journal"
)

const renewalFile = "../../docs/protocol/vectors/renewal.json"

// renewalVectors is docs/protocol/vectors/renewal.json: a journal of three leaves of
// which its owner has two left, and what it becomes.
type renewalVectors struct {
	About    string           `json:"about"`
	Circle   string           `json:"circle"`
	Member   string           `json:"member"`
	Keys     []renewalKey     `json:"keys"`
	Context  string           `json:"context"`
	Message  string           `json:"message"` // that both keys sign under the context
	Digest   string           `json:"digest"`
	Signed   string           `json:"signed"` // as it is fetched
	Leaves   []renewalLeaf    `json:"leaves"` // of log 2
	Receipts []renewalReceipt `json:"receipts"`
	Refused  []renewalRefused `json:"refused"`
}

type renewalKey struct {
	Use    guichet.KeyUse `json:"use"`
	ID     string         `json:"id"`
	Seed   string         `json:"seed"`   // hex
	Public string         `json:"public"` // base64
}

type renewalLeaf struct {
	Position  int64  `json:"position"`
	Canonical string `json:"canonical"`
	Hash      string `json:"leaf_hash"`
}

type renewalReceipt struct {
	Log      int    `json:"log"`
	Index    int64  `json:"index"`
	Position int64  `json:"position"`
	Text     string `json:"text"`
}

type renewalRefused struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

func TestRenewalVectors(t *testing.T) {
	made := makeRenewalVectors(t)
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(made); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(renewalFile, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(must(os.ReadFile(renewalFile))(t)), out.String()); diff != "" {
		t.Errorf("the vectors have changed, and other governments' nodes with them (-update writes them again):\n%s", diff)
	}
	for _, r := range made.Refused {
		s, err := journal.ParseRenewal([]byte(r.Text))
		if err == nil {
			err = s.Verify(papers(), now())
		}
		if err == nil {
			t.Errorf("%s: believed", r.Name)
		}
	}
}

func makeRenewalVectors(t *testing.T) renewalVectors {
	t.Helper()
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "journal")
	for i := range 2 { // in this order
		grow(t, dir, i, 1)
	}
	whole := copyDir(t, dir)
	grow(t, whole, 2, 1)
	v := renewalVectors{
		About:  "Generated for tests of guichet: no exchange of these took place, and these keys are known to everybody. Texts are UTF-8; lines end with U+000A.",
		Circle: circleName, Member: "US", Context: journal.RenewalContext,
	}
	for _, use := range []guichet.KeyUse{guichet.KeyLog, guichet.KeyMember} {
		word := "US " + string(use)
		v.Keys = append(v.Keys, renewalKey{use, memberKey(use, word).ID, hex.EncodeToString(key(word).Seed()), base64.StdEncoding.EncodeToString(public(word))})
	}
	full := open(t, whole)
	lost := receipt(t, full, 2)
	closeNow(t, full)
	b := openBook(t, dir)
	r := must(b.Draft(ctx, "the disk was lost « été »", [][]byte{checkpointOf(t, whole)}, nil, papers()))(t)
	s := begin(t, b, r)
	v.Message, v.Digest, v.Signed = string(must(guichet.Canonical(r))(t)), r.Digest(), string(textOf(t, s))
	// Two receipts of the log that ended: of a leaf that is here, and of the lost one.
	v.Receipts = append(v.Receipts, renewalReceipt{1, 1, 1, string(must(b.Receipt(ctx, 1))(t))}, renewalReceipt{1, 2, 2, string(lost)})
	recovered := with(answered("US", 2), func(l *guichet.Leaf) {
		l.Kind, l.Request, l.Reply, l.Snapshot, l.Peer = guichet.LeafRecovered, must(journal.HashOf(received("US", 2)))(t), "", "", 8
	})
	asked := with(recovered, func(l *guichet.Leaf) { l.From.Member, l.To = "US", "CA" })
	for _, l := range []guichet.Leaf{recovered, asked} {
		must(b.Append(ctx, l))(t)
	}
	for at := r.First; at < b.Size(); at++ {
		text := must(guichet.Canonical(must(b.Leaf(ctx, at))(t)))(t)
		v.Leaves = append(v.Leaves, renewalLeaf{at, string(text), hex.EncodeToString(journal.LeafHash(text))})
	}
	until(t, "a checkpoint", func() error { _, err := b.Receipt(ctx, r.First+2); return err })
	for _, i := range []int64{0, 1, 2} {
		v.Receipts = append(v.Receipts, renewalReceipt{2, i, r.First + i, string(must(b.Receipt(ctx, r.First+i))(t))})
	}
	change := func(name string, do func(*journal.Renewal)) {
		other := r
		other.Before = slices.Clone(r.Before)
		do(&other)
		v.Refused = append(v.Refused, renewalRefused{name, string(textOf(t, signed(t, other, "US")))})
	}
	v.Refused = append(v.Refused, renewalRefused{"signed by another member", string(textOf(t, signed(t, r, "CA")))},
		renewalRefused{"another reason than was signed", strings.Replace(v.Signed, "lost", "sold", 1)})
	one := s
	one.Signatures = s.Signatures[:1]
	v.Refused = append(v.Refused, renewalRefused{"without the member's own key", string(textOf(t, one))})
	change("more leaves left than there were", func(r *journal.Renewal) { r.Before[0].Have = 4 })
	change("a log that begins within the one before", func(r *journal.Renewal) { r.First = 1 })
	change("a log without those before it", func(r *journal.Renewal) { r.Number = 3 })
	return v
}
