package node

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"guichet"
)

// salts are what the digests in a journal were salted with, exchange by
// exchange. They stay with the two parties: who has a salt and a body can show
// that a leaf speaks of it, who has the leaf alone cannot guess. A salt that is
// lost in a crash makes nothing untrue, so the file is not synced.
type salts struct {
	mu sync.Mutex // guards f
	f  *os.File
}

// saltsFile has one line per exchange: 32 hex digits, a space, 64 hex digits.
const saltsFile = "salts"

func openSalts(dir string) (*salts, error) {
	f, err := os.OpenFile(filepath.Join(dir, saltsFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // inside the home
	if err != nil {
		return nil, fmt.Errorf("salts: %w", err)
	}
	return &salts{f: f}, nil
}

// keep writes a salt down. A full disk is told by the journal, which is written
// next.
func (s *salts) keep(exchange string, salt []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = s.f.WriteString(exchange + " " + hex.EncodeToString(salt) + "\n")
}

// Close closes the file.
func (s *salts) Close() error { return s.f.Close() }

// saltOf finds the salt of an exchange. KindNotFound when it is not held.
func saltOf(dir, exchange string) ([]byte, error) {
	f, err := os.Open(filepath.Join(dir, saltsFile)) //nolint:gosec // inside the home
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("salts: %w", err)
	}
	if err == nil {
		defer func() { _ = f.Close() }()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if text, ok := strings.CutPrefix(lines.Text(), exchange+" "); ok {
				return hex.DecodeString(text)
			}
		}
	}
	return nil, guichet.Errorf(guichet.KindNotFound, "the salt of exchange %s is not held here", exchange)
}
