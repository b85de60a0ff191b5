package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"guichet"
	"guichet/internal/agreement"
	"guichet/wording"
)

// lawFile is a home's own law: what it forbids or bounds whatever was signed. It
// stands in docs/design/agreements.md. A home without one has no such law.
const lawFile = "law.json"

// longestLaw bounds the file.
const longestLaw = 1 << 20

// law is the home's own law as it stands now. A file that cannot be read, or has a
// fault, is no reason to answer as if there were none: then nothing is answered.
type law struct {
	home  string
	clock guichet.Clock

	mu    sync.Mutex // guards what follows
	seen  time.Time
	now   agreement.Law
	there bool
	err   error
}

// openLaw reads the law of a home; the error is the file's.
func openLaw(home string, clock guichet.Clock) (*law, error) {
	l := &law{home: home, clock: clock}
	_, _, err := l.inForce()
	return l, err
}

// inForce returns the law, and whether there is one. The file is looked at again
// as often as the circle's papers are.
func (l *law) inForce() (agreement.Law, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	if l.seen.IsZero() || now.Sub(l.seen).Abs() >= freshFor {
		l.seen = now
		l.now, l.there, l.err = readLaw(filepath.Join(l.home, lawFile))
	}
	return l.now, l.there, l.err
}

func readLaw(path string) (out agreement.Law, there bool, err error) {
	f, err := os.Open(path) //nolint:gosec // inside the home
	if errors.Is(err, fs.ErrNotExist) {
		return out, false, nil
	}
	if err != nil {
		return out, true, guichet.Errorf(guichet.KindRefused, "our law, %s, cannot be read: %w", path, err).WithHint("let the node's own user read it")
	}
	defer func() { _ = f.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(f, longestLaw+1))
	if err == nil {
		out, err = parseLaw(text)
	}
	if err != nil {
		return agreement.Law{}, true, guichet.Errorf(guichet.KindInvalid, "our law, %s, cannot be read: %w", path, err).
			WithHint("see docs/design/agreements.md; while it is like this nothing is answered")
	}
	return out, true, nil
}

// parseLaw reads a law strictly: a word that is not known here, or that stands
// twice, would else be a rule that nobody keeps.
func parseLaw(text []byte) (agreement.Law, error) {
	var l agreement.Law
	if len(text) > longestLaw {
		return l, guichet.Errorf(guichet.KindInvalid, "it is larger than %d bytes", longestLaw)
	}
	if err := namedOnce(json.NewDecoder(bytes.NewReader(text))); err != nil {
		return l, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return l, fmt.Errorf("read JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return l, guichet.Errorf(guichet.KindInvalid, "something follows the JSON")
	}
	var faults []wording.Sentence
	for _, f := range agreement.CheckLaw(l, datasets()) {
		faults = append(faults, wording.Say("%s: %s (%s)", f.Clause, f.Text, f.Advice))
	}
	if len(faults) > 0 {
		return l, guichet.Errorf(guichet.KindInvalid, "%s", wording.Several(faults, "; "))
	}
	return l, nil
}

// namedOnce reads one JSON value and refuses an object that names a member twice,
// in whatever case: the last one would silently replace the first.
func namedOnce(d *json.Decoder) error {
	at, err := d.Token()
	if err != nil {
		return fmt.Errorf("read JSON: %w", err)
	}
	open, nested := at.(json.Delim)
	if !nested {
		return nil
	}
	var names []string
	for d.More() {
		if open == '{' {
			name, err := d.Token()
			if err != nil {
				return fmt.Errorf("read JSON: %w", err)
			}
			text, _ := name.(string)
			if slices.ContainsFunc(names, func(o string) bool { return strings.EqualFold(o, text) }) {
				return guichet.Errorf(guichet.KindInvalid, "%q stands twice", text)
			}
			names = append(names, text)
		}
		if err := namedOnce(d); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("read JSON: %w", err)
	}
	return nil
}
