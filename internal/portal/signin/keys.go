package signin

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"guichet"
)

const (
	keyBytes = 32
	// A key seals for a week. With random nonces of 96 bits AES-GCM is good for 2^32
	// messages: 7,000 a second, all week.
	sealFor = 7 * 24 * time.Hour
	// After that it opens for two weeks: what was typed before a weekend is recognised
	// after it, though the session is over.
	openFor = 14 * 24 * time.Hour
	maxKeys = 8
)

// keyFile is what keys.json holds. Whoever can read it can make sessions.
type keyFile struct {
	Format int       `json:"format"`
	Root   []byte    `json:"root"`  // of pseudonyms and of forms; it never changes, or everybody would be somebody else
	Seals  []sealKey `json:"seals"` // of cookies, the newest first
}

type sealKey struct {
	Made time.Time `json:"made"`
	Key  []byte    `json:"key"`
}

// keyring seals what browsers keep for us, and derives names that only this home can.
type keyring struct {
	path string
	log  *slog.Logger
	root []byte

	mu     sync.Mutex // guards what follows
	seals  []sealKey
	aeads  []cipher.AEAD // in step with seals
	failed time.Time     // when a new key could not be kept
}

// openKeyring reads the keys of a home, and makes them the first time.
func openKeyring(path string, now time.Time, log *slog.Logger) (*keyring, error) {
	k := &keyring{path: path, log: log}
	file, err := readKeys(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		file = &keyFile{Format: 1, Root: newKey(), Seals: []sealKey{{Made: now, Key: newKey()}}}
		if err := writeWhole(path, file); err != nil {
			return nil, guichet.Errorf(guichet.KindInternal, "keep the keys of sessions: %w", err)
		}
	case err != nil:
		return nil, err
	case len(file.Seals) == 0: // put back from a backup, which has none
		file.Seals = []sealKey{{Made: now, Key: newKey()}}
		if err := writeWhole(path, file); err != nil {
			return nil, guichet.Errorf(guichet.KindInternal, "keep the keys of sessions: %w", err)
		}
	}
	k.root = file.Root
	return k, k.take(file.Seals)
}

func newKey() []byte {
	key := make([]byte, keyBytes)
	// It never fails: the program ends where there is no chance to be had.
	_, _ = rand.Read(key)
	return key
}

func readKeys(path string) (*keyFile, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, guichet.Errorf(guichet.KindRefused, "others on this machine may read %s: whoever does can make sessions", path).
			WithHint("chmod 600 %s; if somebody may have read it, remove it: everybody signs in again, under another pseudonym", path)
	}
	text, err := readBounded(path, 64<<10)
	if err != nil {
		return nil, err
	}
	var file keyFile
	damaged := guichet.Errorf(guichet.KindInvalid, "%s is damaged", path).
		WithHint("put it back from a backup; without one remove it: everybody signs in again, under another pseudonym")
	if json.Unmarshal(text, &file) != nil || file.Format != 1 || len(file.Root) != keyBytes || len(file.Seals) > maxKeys {
		return nil, damaged
	}
	for _, s := range file.Seals {
		if len(s.Key) != keyBytes {
			return nil, damaged
		}
	}
	return &file, nil
}

// KeysFile and EndedFile are what a home's folder holds beside the configuration.
const (
	KeysFile  = "keys.json"
	EndedFile = endedFile
)

// PutAside writes a home's keys for a backup, without those that make sessions: who is
// who stays so, and whoever reads the backup can be nobody. Nothing is written where
// there are none.
func PutAside(folder, to string) error {
	file, err := readKeys(filepath.Join(folder, KeysFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	file.Seals = []sealKey{}
	if err := writeWhole(to, file); err != nil {
		return guichet.Errorf(guichet.KindInternal, "put the keys of sessions aside: %w", err)
	}
	return nil
}

func (k *keyring) take(seals []sealKey) error {
	aeads := make([]cipher.AEAD, len(seals))
	for i, s := range seals {
		block, err := aes.NewCipher(s.Key)
		if err != nil {
			return guichet.Errorf(guichet.KindInternal, "a key of sessions: %w", err)
		}
		if aeads[i], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return guichet.Errorf(guichet.KindInternal, "a key of sessions: %w", err)
		}
	}
	k.seals, k.aeads = seals, aeads
	return nil
}

// seal makes text that only this home can read, and only for the same purpose.
func (k *keyring) seal(purpose string, plain []byte, now time.Time) string {
	sealed := k.sealer(now).Seal(nil, nil, plain, []byte(purpose)) //nolint:gosec // it makes its own nonce and wants none
	return base64.RawURLEncoding.EncodeToString(sealed)
}

// open reads what was sealed for a purpose.
func (k *keyring) open(purpose, sealed string) ([]byte, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return nil, false
	}
	k.mu.Lock()
	aeads := k.aeads
	k.mu.Unlock()
	for _, a := range aeads {
		if plain, err := a.Open(nil, nil, raw, []byte(purpose)); err == nil {
			return plain, true
		}
	}
	return nil, false
}

// sealer returns the newest key, a new one when it has served its time. The lock is
// held while a new key is kept, once a week: it must be on disk before it seals, or a
// restart would put everybody out.
func (k *keyring) sealer(now time.Time) cipher.AEAD {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now.Sub(k.seals[0].Made) <= sealFor || now.Sub(k.failed) < time.Hour {
		return k.aeads[0]
	}
	seals := []sealKey{{Made: now, Key: newKey()}}
	for _, s := range k.seals {
		if now.Sub(s.Made) <= sealFor+openFor && len(seals) < maxKeys {
			seals = append(seals, s)
		}
	}
	err := writeWhole(k.path, &keyFile{Format: 1, Root: k.root, Seals: seals})
	if err == nil {
		err = k.take(seals)
	}
	if err != nil {
		k.failed = now
		k.log.WarnContext(context.Background(), "the key of sessions could not be changed; the old one seals on", slog.String("cause", err.Error()))
	}
	return k.aeads[0]
}

// mac derives a name from another, for one purpose: 32 hex digits that nobody without
// the home's root can make or trace back.
func (k *keyring) mac(purpose, text string) string {
	key, err := hkdf.Key(sha256.New, k.root, nil, "guichet sign-in v1 "+purpose, keyBytes)
	if err != nil {
		panic(err) // only for lengths that SHA-256 cannot give
	}
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return hex.EncodeToString(m.Sum(nil)[:16])
}

// pseudonym is the name of a person in every record: 16 hex digits, as on the wire.
// The issuer is part of it: a subject of another provider is another person.
func (k *keyring) pseudonym(issuer, subject string) string {
	return k.mac("pseudonym", issuer+"\x00"+subject)[:16]
}

// writeWhole replaces a file by a value's JSON: the old or the new one, never half.
func writeWhole(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(path, append(text, '\n'))
}

// replaceFile writes beside, makes it durable, and puts it in place.
func replaceFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
