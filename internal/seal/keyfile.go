package seal

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"

	"guichet"
)

const (
	// MinPassphrase is how long a passphrase must be, in bytes. scrypt slows
	// guessing down by five orders of magnitude; it cannot save a short word.
	MinPassphrase = 12

	// maxWorkFactor bounds what a file made by another program may make us do:
	// one second and 256 MiB.
	maxWorkFactor = 18

	fileFormat  = 1
	maxKeyFile  = 64 << 10 // bytes; ten keys take two thousand
	keyFileMode = 0o600
	othersMay   = 0o077 // any right of the group or of others
)

// contents is what is encrypted: JSON, so that a steward can read it with the
// age command in an emergency.
type contents struct {
	Format     int           `json:"format"`
	Pseudonyms []byte        `json:"pseudonyms"` // 32 bytes
	Keys       []contentsKey `json:"keys"`
}

type contentsKey struct {
	Use  guichet.KeyUse `json:"use"`
	From time.Time      `json:"from"`
	Seed []byte         `json:"seed"` // of RFC 8032: 32 bytes
}

// OpenKeys reads a key file. KindNotFound when there is none; KindRefused when
// others may read it or the passphrase is wrong; KindInvalid when it is damaged;
// KindVersion when a newer guichet wrote it. The caller wipes the passphrase.
func OpenKeys(path string, passphrase []byte) (*Keys, error) {
	text, err := readKeyFile(path)
	if err != nil {
		return nil, err
	}
	plain, err := decrypt(path, text, passphrase)
	if err != nil {
		return nil, err
	}
	defer Wipe(plain)
	return decode(path, plain)
}

// Create writes the keys to a file that is not there yet: a ceremony never
// overwrites a key. KindRefused if it is there.
func (k *Keys) Create(path string, passphrase []byte) error {
	return k.write(path, passphrase, os.Link)
}

// Save writes the keys to a file, in the place of the one that is there.
func (k *Keys) Save(path string, passphrase []byte) error {
	return k.write(path, passphrase, os.Rename)
}

// write puts the whole file beside its place, synced, before publish gives it
// its name; a failure at any step leaves what was there.
func (k *Keys) write(path string, passphrase []byte, publish func(from, to string) error) error {
	text, err := k.encrypt(passphrase)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // CreateTemp's mode is 0600
	if err != nil {
		return fmt.Errorf("write the key file %s: %w", path, err)
	}
	defer os.Remove(f.Name()) //nolint:errcheck // gone already where it was renamed
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(keyFileMode), f.Sync(), f.Close())
	if err != nil {
		return fmt.Errorf("write the key file %s: %w", path, err)
	}
	if err := publish(f.Name(), path); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return guichet.Errorf(guichet.KindRefused, "there is a key file already at %s", path).
				WithHint("move it away if its keys are really to be given up; nothing was written")
		}
		return fmt.Errorf("write the key file %s: %w", path, err)
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	d, err := os.Open(path) //nolint:gosec // the folder of the key file that the operator named
	if err != nil {
		return fmt.Errorf("sync the folder of the key file: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync the folder of the key file: %w", err)
	}
	return nil
}

func readKeyFile(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the key file that the operator named
	if errors.Is(err, fs.ErrNotExist) {
		return nil, guichet.Errorf(guichet.KindNotFound, "there is no key file at %s", path).
			WithHint("make one when the member joins the circle, or bring back its copy")
	}
	if err != nil {
		return nil, fmt.Errorf("open the key file: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open the key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s is not a file", path)
	}
	if info.Mode().Perm()&othersMay != 0 {
		return nil, guichet.Errorf(guichet.KindRefused, "the key file %s is open to others (mode %04o)", path, info.Mode().Perm()).
			WithHint("chmod 600 %s, and ask who could have copied it", path)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	if len(text) > maxKeyFile {
		return nil, damaged(path, fmt.Errorf("more than %d bytes", maxKeyFile))
	}
	return text, nil
}

func (k *Keys) encrypt(passphrase []byte) ([]byte, error) {
	if len(passphrase) < MinPassphrase {
		return nil, guichet.Errorf(guichet.KindInvalid, "the passphrase has %d characters, fewer than %d", len(passphrase), MinPassphrase).
			WithHint("four or five words drawn by chance are easier to keep than signs")
	}
	plain, err := k.plain()
	if err != nil {
		return nil, err
	}
	defer Wipe(plain)
	to, err := age.NewScryptRecipient(string(passphrase))
	if err != nil {
		return nil, fmt.Errorf("encrypt the keys: %w", err)
	}
	to.SetWorkFactor(k.work)
	var out bytes.Buffer
	armored := armor.NewWriter(&out)
	w, err := age.Encrypt(armored, to)
	if err != nil {
		return nil, fmt.Errorf("encrypt the keys: %w", err)
	}
	_, err = w.Write(plain)
	if err := errors.Join(err, w.Close(), armored.Close()); err != nil {
		return nil, fmt.Errorf("encrypt the keys: %w", err)
	}
	return out.Bytes(), nil
}

func (k *Keys) plain() ([]byte, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	c := contents{Format: fileFormat, Pseudonyms: k.secret}
	for _, o := range k.keys {
		c.Keys = append(c.Keys, contentsKey{Use: o.use, From: o.from, Seed: o.private.Seed()})
	}
	defer func() {
		for _, key := range c.Keys {
			Wipe(key.Seed)
		}
	}()
	plain, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("write the keys: %w", err)
	}
	return plain, nil
}

func decrypt(path string, text, passphrase []byte) ([]byte, error) {
	id, err := age.NewScryptIdentity(string(passphrase))
	if err != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "no passphrase was given for the key file %s", path)
	}
	id.SetMaxWorkFactor(maxWorkFactor)
	r, err := age.Decrypt(armor.NewReader(bytes.NewReader(text)), id)
	if _, wrong := errors.AsType[*age.NoIdentityMatchError](err); wrong {
		return nil, guichet.Errorf(guichet.KindRefused, "the passphrase does not open the key file %s", path).
			WithHint("check the keyboard and which file it is; without the passphrase the keys are lost and must be replaced in the circle")
	}
	if err != nil {
		return nil, damaged(path, err)
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxKeyFile))
	if err != nil {
		Wipe(plain)
		return nil, damaged(path, err)
	}
	return plain, nil
}

func decode(path string, plain []byte) (*Keys, error) {
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(plain, &version); err != nil {
		return nil, damaged(path, err)
	}
	if version.Format > fileFormat {
		return nil, guichet.Errorf(guichet.KindVersion, "the key file %s has format %d, this guichet reads up to %d", path, version.Format, fileFormat).
			WithHint("run the guichet that wrote it, or a newer one")
	}
	var c contents
	d := json.NewDecoder(bytes.NewReader(plain))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return nil, damaged(path, err)
	}
	if c.Format != fileFormat || len(c.Pseudonyms) != secretBytes {
		return nil, damaged(path, errors.New("no format, or no secret for pseudonyms"))
	}
	k := &Keys{secret: c.Pseudonyms, work: workFactor}
	for i, key := range c.Keys {
		if len(key.Seed) != ed25519.SeedSize || !knownUse(key.Use) || key.From.IsZero() {
			return nil, damaged(path, fmt.Errorf("key %d", i+1))
		}
		k.keys = append(k.keys, &ownKey{use: key.Use, from: key.From.UTC(), private: ed25519.NewKeyFromSeed(key.Seed)})
		Wipe(key.Seed)
	}
	return k, nil
}

// damaged keeps the cause for the operator's log; nothing secret is in it.
func damaged(path string, err error) error {
	return guichet.Errorf(guichet.KindInvalid, "the key file %s is damaged or is no key file: %w", path, err).
		WithHint("bring back its copy")
}
