package journal_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/journal"
)

var update = flag.Bool("update", false, "write the test vectors again")

const vectorsFile = "../../docs/protocol/vectors/receipt.json"

// vectors is docs/protocol/vectors/receipt.json: for whoever writes another node.
type vectors struct {
	About      string         `json:"about"`
	Circle     string         `json:"circle"`
	Keys       []vectorKey    `json:"keys"`
	Digest     vectorDigest   `json:"digest"`
	Leaves     []vectorLeaf   `json:"leaves"`
	Checkpoint string         `json:"checkpoint"`
	Cosigned   string         `json:"checkpoint_cosigned"`
	Add        []vectorAdd    `json:"add_checkpoint"`
	Receipts   []vectorText   `json:"receipts"`
	Tampered   []vectorBroken `json:"tampered"`
}

type vectorKey struct {
	Member string `json:"member"`
	Use    string `json:"use"`
	Name   string `json:"name"`
	Seed   string `json:"seed"` // hex
	Public string `json:"public"`
	KeyID  string `json:"key_id"` // of signature lines, hex
}

type vectorDigest struct {
	Salt string `json:"salt"` // base64, as in the request
	Body string `json:"body"`
	HMAC string `json:"hmac_sha256"`
}

type vectorLeaf struct {
	Canonical string `json:"canonical"`
	Hash      string `json:"leaf_hash"` // hex
}

type vectorAdd struct {
	Body   string `json:"body"`
	Status int    `json:"status"`
	Answer string `json:"answer"`
}

type vectorText struct {
	Index     int64    `json:"index"`
	Text      string   `json:"text"`
	Size      int64    `json:"size"`
	Root      string   `json:"root"`
	Witnesses []string `json:"witnesses"`
}

type vectorBroken struct {
	What string `json:"what"`
	Text string `json:"text"`
}

func TestVectors(t *testing.T) {
	made := makeVectors(t)
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(made); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(vectorsFile, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(kept), out.String()); diff != "" {
		t.Errorf("the vectors have changed, and other governments' nodes with them (-update writes them again):\n%s", diff)
	}
	for _, r := range made.Receipts {
		if _, err := journal.VerifyReceipt([]byte(r.Text), trusted()); err != nil {
			t.Errorf("receipt %d: %v", r.Index, err)
		}
	}
	for _, b := range made.Tampered {
		if _, err := journal.VerifyReceipt([]byte(b.Text), trusted()); err == nil {
			t.Errorf("%s: believed", b.What)
		}
	}
}

// A program in another language, written from the paper, checks the vectors.
func TestAnotherProgramChecksTheVectors(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("python3 is not there, and CI must not leave this out")
		}
		t.Skip("python3 is not there")
	}
	script := exec.Command(python, "-B", "../../docs/protocol/vectors/receipt.py", vectorsFile)
	if out, err := script.CombinedOutput(); err != nil || !strings.Contains(string(out), "4 receipts hold, 6 tampered ones do not") {
		t.Errorf("%v: %s", err, out)
	}
}

func makeVectors(t *testing.T) vectors {
	t.Helper()
	ctx := context.Background()
	v := vectors{
		About:  "Generated for tests of guichet: no exchange of these took place, and these keys are known to everybody. Texts are UTF-8; lines end with U+000A.",
		Circle: circleName, Digest: vectorOfDigest(),
	}
	for _, m := range []string{"US", "CA", "GB"} {
		v.Keys = append(v.Keys, vectorOfKey(m, guichet.KeyLog), vectorOfKey(m, guichet.KeyWitness))
	}
	j := open(t, t.TempDir())
	for _, l := range vectorLeaves() {
		if _, err := j.Append(ctx, l); err != nil {
			t.Fatal(err)
		}
		text, err := guichet.Canonical(l)
		if err != nil {
			t.Fatal(err)
		}
		v.Leaves = append(v.Leaves, vectorLeaf{string(text), hex.EncodeToString(journal.LeafHash(text))})
	}
	receipt(t, j, 6)
	v.Checkpoint = fileOf(t, j, "checkpoint")
	v.Receipts = append(v.Receipts, vectorOfReceipt(t, j, 6))
	v.cosign(t, j)
	v.Cosigned = fileOf(t, j, "checkpoint.cosigned")
	for _, i := range []int64{0, 2, 5} {
		v.Receipts = append(v.Receipts, vectorOfReceipt(t, j, i))
	}
	v.tamper(t)
	return v
}

// vectorLeaves are a leaf of each kind, and texts that try a canonical writer.
func vectorLeaves() []guichet.Leaf {
	given := answered("US", 1)
	no := with(answered("US", 2), func(l *guichet.Leaf) { l.Kind, l.Clause, l.Rows = guichet.LeafRefused, "terms/1/level", 0 })
	started := with(answered("US", 3), func(l *guichet.Leaf) { l.Kind, l.Reply, l.Rows = guichet.LeafStarted, "", 0 })
	ended := with(answered("US", 3), func(l *guichet.Leaf) { l.Kind, l.Rows = guichet.LeafEnded, 10_000_000 })
	got := with(received("GB", 4), func(l *guichet.Leaf) { l.From.Member, l.Peer = "US", 42 })
	late := with(received("GB", 5), func(l *guichet.Leaf) {
		l.From.Member, l.Kind, l.Reason, l.Reply, l.Rows = "US", guichet.LeafMissed, guichet.GapLate, "", 0
	})
	taken := guichet.Leaf{
		Format: 1, Kind: guichet.LeafTaken, Exchange: "", From: guichet.Party{Circle: circleName, Member: "US", Office: "statistique « été » <&> \u2028 \"x\"\t"},
		To: "US", Request: digest("file", 1), Rows: 12, Snapshot: "7042", Time: given.Time,
	}
	return []guichet.Leaf{given, no, started, ended, got, late, taken}
}

func vectorOfDigest() vectorDigest {
	salt := sha256.Sum256([]byte("generated salt"))
	body := `{"exchange":"0123","put":"2026-11-21T12:00:00Z"}`
	mac := hmac.New(sha256.New, salt[:])
	mac.Write([]byte(body))
	return vectorDigest{base64.StdEncoding.EncodeToString(salt[:]), body, hex.EncodeToString(mac.Sum(nil))}
}

func vectorOfKey(member string, use guichet.KeyUse) vectorKey {
	word, name, alg := member+" log", journal.Origin(circleName, member), byte(1)
	if use == guichet.KeyWitness {
		word, name, alg = member+" witness", journal.WitnessName(circleName, member), 4
	}
	// The key ID is made here by the specification, not by the package under test.
	id := sha256.Sum256(append([]byte(name+"\n"+string(rune(alg))), public(word)...))
	return vectorKey{member, string(use), name, hex.EncodeToString(key(word).Seed()), base64.StdEncoding.EncodeToString(public(word)), hex.EncodeToString(id[:4])}
}

func fileOf(t *testing.T, j *journal.Journal, name string) string {
	t.Helper()
	b, err := j.File(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func vectorOfReceipt(t *testing.T, j *journal.Journal, i int64) vectorText {
	t.Helper()
	text := receipt(t, j, i)
	r, err := journal.VerifyReceipt(text, trusted())
	if err != nil {
		t.Fatal(err)
	}
	out := vectorText{Index: i, Text: string(text), Size: r.Size, Root: r.Root, Witnesses: []string{}}
	for _, w := range r.Witnesses {
		out.Witnesses = append(out.Witnesses, w.Member)
	}
	return out
}

// cosign asks two witnesses, and keeps what was said to one of them: a first time,
// again with a wrong old size, and with a proof.
func (v *vectors) cosign(t *testing.T, j *journal.Journal) {
	t.Helper()
	ctx := context.Background()
	ca, gb := near(witness(t, t.TempDir(), "CA")), near(witness(t, t.TempDir(), "GB"))
	small := open(t, t.TempDir())
	for _, l := range vectorLeaves()[:3] {
		if _, err := small.Append(ctx, l); err != nil {
			t.Fatal(err)
		}
	}
	receipt(t, small, 2)
	told := cosigner(func(ctx context.Context, body []byte) (int, []byte, error) {
		status, answer, err := ca(ctx, body)
		v.Add = append(v.Add, vectorAdd{string(body), status, string(answer)})
		return status, answer, err
	})
	if r, err := small.Cosign(ctx, []journal.Peer{peer("CA", told)}); err != nil || r[0].Err != nil {
		t.Fatal(r, err)
	}
	if r, err := j.Cosign(ctx, []journal.Peer{peer("CA", told), peer("GB", gb)}); err != nil || r[0].Err != nil || r[1].Err != nil {
		t.Fatal(r, err)
	}
	if got := fmt.Sprint(v.Add[0].Status, v.Add[1].Status, v.Add[2].Status); got != "200 409 200" {
		t.Fatal(got)
	}
}

func (v *vectors) tamper(t *testing.T) {
	t.Helper()
	text := v.Receipts[2].Text // of leaf 2, with witnesses
	lines := strings.Split(text, "\n")
	leaf := "extra " + base64.StdEncoding.EncodeToString([]byte(v.Leaves[1].Canonical))
	for _, b := range []vectorBroken{
		{"the leaf of another place", strings.Replace(text, lines[1], leaf, 1)},
		{"another index", strings.Replace(text, "index 2\n", "index 3\n", 1)},
		{"another size", strings.Replace(text, "\n7\n", "\n8\n", 1)},
		{"a hash of the proof left out", strings.Replace(text, lines[3]+"\n", "", 1)},
		{"the log's signature left out", strings.Replace(text, lines[len(lines)-4]+"\n", "", 1)},
		{"another log's name", strings.ReplaceAll(text, "border-five/US", "border-five/CA")},
	} {
		if b.Text == text {
			t.Fatalf("%s: not tampered with", b.What)
		}
		v.Tampered = append(v.Tampered, b)
	}
}
