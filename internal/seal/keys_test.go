package seal_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/seal"
)

const passphrase = "battery staple generated horse"

func TestKeysSurviveTheirFile(t *testing.T) {
	at := guichettest.NewClock().Now()
	k, err := seal.NewKeys(at, rand.Reader, guichet.KeyTLS, guichet.KeySeal, guichet.KeyLog, guichet.KeyWitness)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "node.age")
	if err := k.Create(path, []byte(passphrase)); err != nil {
		t.Fatal(err)
	}
	if err := k.Create(path, []byte(passphrase)); guichet.KindOf(err) != guichet.KindRefused {
		t.Errorf("a key file was overwritten by Create: %v", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v, want 0600 (%v)", info.Mode().Perm(), err)
	}
	text, err := os.ReadFile(path)
	if err != nil || !bytes.HasPrefix(text, []byte("-----BEGIN AGE ENCRYPTED FILE-----")) {
		t.Errorf("the file is not armoured (%v)", err)
	}
	again, err := seal.OpenKeys(path, []byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(k.Public(), again.Public()); diff != "" {
		t.Errorf("the keys are others (-made +read):\n%s", diff)
	}
	if k.Pseudonym("officer") != again.Pseudonym("officer") {
		t.Error("an officer has another pseudonym after the file was read")
	}
	for _, p := range again.Public() {
		sum := sha256.Sum256(p.Public)
		if p.ID != hex.EncodeToString(sum[:8]) || !p.From.Equal(at) {
			t.Errorf("the public part is %+v", p)
		}
		s, err := again.Signer(p.Use)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := seal.SignBytes(s, "test", []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		if err := seal.VerifyBytes(p.Public, "test", []byte("x"), signature); err != nil {
			t.Error(err)
		}
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("files were left behind: %v (%v)", files, err)
	}
}

func TestKeyFilesThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.age")
	k := newKeys(t, guichet.KeyMember)
	k.Cheap()
	if err := k.Save(good, []byte(passphrase)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string, text []byte, mode os.FileMode) string {
		p := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(p, text, 0o600), os.Chmod(p, mode)); err != nil {
			t.Fatal(err)
		}
		return p
	}
	swapped := bytes.Clone(text)
	i := len(swapped) - 80
	swapped[i] ^= 1 // still base64 for most letters; damaged in any case
	for _, c := range []struct {
		name, path, pass string
		kind             guichet.Kind
		says             string
	}{
		{"wrong passphrase", good, "battery staple generated mule", guichet.KindRefused, "the passphrase does not open"},
		{"no passphrase", good, "", guichet.KindInvalid, "no passphrase"},
		{"readable by the group", file("group.age", text, 0o640), passphrase, guichet.KindRefused, "open to others (mode 0640)"},
		{"writable by all", file("all.age", text, 0o602), passphrase, guichet.KindRefused, "open to others"},
		{"cut", file("cut.age", text[:len(text)/2], 0o600), passphrase, guichet.KindInvalid, "damaged"},
		{"altered", file("altered.age", swapped, 0o600), passphrase, guichet.KindInvalid, "damaged"},
		{"empty", file("empty.age", nil, 0o600), passphrase, guichet.KindInvalid, "damaged"},
		{"no key file", file("letter.age", []byte("dear all"), 0o600), passphrase, guichet.KindInvalid, "damaged"},
		{"too large", file("large.age", bytes.Repeat([]byte("x"), 100<<10), 0o600), passphrase, guichet.KindInvalid, "more than 65536 bytes"},
		{"a folder", dir, passphrase, guichet.KindInvalid, "is not a file"},
		{"none", filepath.Join(dir, "none.age"), passphrase, guichet.KindNotFound, "there is no key file"},
		{"newer", file("newer.age", locked(t, `{"format":2,"more":true}`), 0o600), passphrase, guichet.KindVersion, "has format 2"},
		{"unknown member", file("member.age", locked(t, `{"format":1,"more":true}`), 0o600), passphrase, guichet.KindInvalid, "damaged"},
		{"short seed", file("seed.age", locked(t, `{"format":1,"pseudonyms":"`+strings.Repeat("A", 43)+`=","keys":[{"use":"tls","from":"2026-01-01T00:00:00Z","seed":"AAAA"}]}`), 0o600), passphrase, guichet.KindInvalid, "key 1"},
		{"no JSON", file("text.age", locked(t, `hello`), 0o600), passphrase, guichet.KindInvalid, "damaged"},
		{"dear to open", file("dear.age", dear(t), 0o600), passphrase, guichet.KindInvalid, "work factor too large"},
	} {
		_, err := seal.OpenKeys(c.path, []byte(c.pass))
		if guichet.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v (%s), want %q (%s)", c.name, err, guichet.KindOf(err), c.says, c.kind)
		}
	}
	if err := k.Save(filepath.Join(dir, "short.age"), []byte("short")); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("a short passphrase was taken: %v", err)
	}
	if err := k.Save(filepath.Join(dir, "no", "folder.age"), []byte(passphrase)); err == nil {
		t.Error("a file was written into a folder that is not there")
	}
}

// locked encrypts a text as a key file is, by another program.
func locked(t *testing.T, text string) []byte {
	t.Helper()
	to, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	to.SetWorkFactor(10)
	var out bytes.Buffer
	a := armor.NewWriter(&out)
	w, err := age.Encrypt(a, to)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(w, text)
	if err := errors.Join(err, w.Close(), a.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// dear is a file that says that it takes 2^30 steps to open: 128 GiB of memory.
func dear(t *testing.T) []byte {
	t.Helper()
	text, err := io.ReadAll(armor.NewReader(bytes.NewReader(locked(t, `{}`))))
	if err != nil {
		t.Fatal(err)
	}
	said := bytes.Replace(text, []byte(" 10\n"), []byte(" 30\n"), 1)
	if bytes.Equal(text, said) {
		t.Fatal("the file does not say its work factor where this test looks")
	}
	var out bytes.Buffer
	a := armor.NewWriter(&out)
	_, err = a.Write(said)
	if err := errors.Join(err, a.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestReplacingAKey(t *testing.T) {
	clock := guichettest.NewClock()
	k := newKeys(t, guichet.KeyTLS, guichet.KeySeal)
	old := k.Public()[1]
	paper := guichet.Member{Code: "CA", Keys: k.Public()}
	next, err := k.Replace(guichet.KeySeal, clock.Move(time.Hour), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if s := signer(t, k, guichet.KeySeal); !s.Public().(ed25519.PublicKey).Equal(next.Public) {
		t.Error("Signer is not the newest key")
	}
	_, used, err := k.InForce(paper, guichet.KeySeal, clock.Now())
	if err != nil || used.ID != old.ID {
		t.Errorf("before the circle has the new key the node signs with %s (%v), want %s", used.ID, err, old.ID)
	}
	paper.Keys = append(paper.Keys, next)
	paper.Keys[1].Revoked = clock.Now()
	if _, used, err = k.InForce(paper, guichet.KeySeal, clock.Now()); err != nil || used.ID != next.ID {
		t.Errorf("after it the node signs with %s (%v), want %s", used.ID, err, next.ID)
	}
	if _, _, err := k.InForce(guichet.Member{Code: "CA"}, guichet.KeySeal, clock.Now()); guichet.KindOf(err) != guichet.KindUntrusted {
		t.Errorf("a paper without our keys gives %v", err)
	}
	if err := k.Forget(old.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := k.SignerOf(old.ID); guichet.KindOf(err) != guichet.KindNotFound {
		t.Errorf("a forgotten key is there: %v", err)
	}
	if _, err := k.SignerOf(next.ID); err != nil {
		t.Error(err)
	}
	if err := k.Forget(old.ID); guichet.KindOf(err) != guichet.KindNotFound {
		t.Errorf("forgotten twice: %v", err)
	}
	if _, err := k.Replace("letters", clock.Now(), rand.Reader); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("a key for an unknown use: %v", err)
	}
	if _, err := seal.NewKeys(clock.Now(), rand.Reader, guichet.KeyTLS, guichet.KeyTLS); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("two keys of one use at first: %v", err)
	}
	if _, err := seal.NewKeys(clock.Now(), strings.NewReader("x"), guichet.KeyTLS); err == nil {
		t.Error("keys were made without chance")
	}
}

func TestPseudonyms(t *testing.T) {
	a, b := newKeys(t, guichet.KeySeal), newKeys(t, guichet.KeySeal)
	p := a.Pseudonym("j.doe")
	if len(p) != 16 || strings.Trim(p, "0123456789abcdef") != "" {
		t.Errorf("a pseudonym is %q, want 16 hex digits", p)
	}
	if p != a.Pseudonym("j.doe") || p == a.Pseudonym("j.dot") || p == b.Pseudonym("j.doe") {
		t.Error("a pseudonym is not one officer's of one node")
	}
}

func TestClosedKeysSignNothing(t *testing.T) {
	k := newKeys(t, guichet.KeySeal)
	s := signer(t, k, guichet.KeySeal)
	k.Close()
	if _, err := seal.SignBytes(s, "test", []byte("x")); err == nil {
		t.Error("a wiped key signs")
	}
	if _, err := k.Signer(guichet.KeySeal); guichet.KindOf(err) != guichet.KindNotFound {
		t.Errorf("a closed file has keys: %v", err)
	}
	b := []byte(passphrase)
	seal.Wipe(b)
	if !bytes.Equal(b, make([]byte, len(b))) {
		t.Error("Wipe left something")
	}
}

// token stands for a PKCS#11 token: it is no ed25519.PrivateKey, counts its
// signatures, and refuses what a token refuses.
type token struct {
	key  ed25519.PrivateKey
	used int
}

func (k *token) Public() crypto.PublicKey { return k.key.Public() }

func (k *token) Sign(_ io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts.HashFunc() != 0 {
		return nil, errors.New("this token signs messages, not digests")
	}
	k.used++
	return ed25519.Sign(k.key, message), nil
}

func TestATokenStandsIn(t *testing.T) {
	k := &token{key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))}
	clock := guichettest.NewClock()
	s, err := seal.NewSealer(k, clock.Now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r := request(t, "POST", "https://ca.example.org:8443/guichet/1/ask", "{}")
	if err := s.Request(r, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if _, err := (seal.Verifier{Clock: clock.Now}).Request(r, []byte("{}"), knows(k)); err != nil || k.used != 1 {
		t.Errorf("a request signed by a token: %v, %d uses of it", err, k.used)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.NewSealer(other, clock.Now, rand.Reader); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("an RSA key was taken: %v", err)
	}
	if _, err := seal.PublicOf(nil); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("no key was taken: %v", err)
	}
}

func TestBytesInContext(t *testing.T) {
	k := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	public := k.Public().(ed25519.PublicKey)
	frame := []byte(`{"bytes":12,"chunks":1,"rows":3}`)
	s, err := seal.SignBytes(k, seal.ContextRecordsEnd, frame)
	if err != nil {
		t.Fatal(err)
	}
	if err := seal.VerifyBytes(public, seal.ContextRecordsEnd, frame, s); err != nil {
		t.Error(err)
	}
	if !ed25519.Verify(public, append([]byte(seal.ContextRecordsEnd+"\x00"), frame...), s) {
		t.Error("the signature is not over context, zero, message, as the protocol says")
	}
	for name, err := range map[string]error{
		"another context": seal.VerifyBytes(public, "other", frame, s),
		"altered":         seal.VerifyBytes(public, seal.ContextRecordsEnd, append(frame, ' '), s),
		"cut":             seal.VerifyBytes(public, seal.ContextRecordsEnd, frame, s[:63]),
		"no key":          seal.VerifyBytes(nil, seal.ContextRecordsEnd, frame, s),
	} {
		if guichet.KindOf(err) != guichet.KindUntrusted {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, context := range []string{"", "a\x00b", `"quoted`, "é"} {
		if _, err := seal.SignBytes(k, context, frame); guichet.KindOf(err) != guichet.KindInvalid {
			t.Errorf("the context %q was taken: %v", context, err)
		}
	}
}

func newKeys(t *testing.T, uses ...guichet.KeyUse) *seal.Keys {
	t.Helper()
	k, err := seal.NewKeys(guichettest.NewClock().Now(), rand.Reader, uses...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func signer(t *testing.T, k *seal.Keys, use guichet.KeyUse) crypto.Signer {
	t.Helper()
	s, err := k.Signer(use)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
