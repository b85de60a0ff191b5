package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"guichet"
)

// A log that was put back from an older copy does not know it: its head was put
// back with it. Who knows is everybody who has seen more of it. What they remember
// is a checkpoint under the log's own signature, so that nobody can close a
// journal by saying so.

// Remembered returns the newest checkpoint of a member's log that this node has
// seen, as its witness or when it looked at that log; KindNotFound when it has seen
// none. dir is the folder of our own journal.
func Remembered(dir, circle, member string) ([]byte, error) {
	for number := MaxLogs; number > 1; number-- {
		raw, err := remembered(dir, member, OriginOf(circle, member, number))
		if guichet.KindOf(err) != guichet.KindNotFound {
			return raw, err
		}
	}
	return remembered(dir, member, Origin(circle, member))
}

// remembered is Remembered of one log.
func remembered(dir, member, origin string) ([]byte, error) {
	sum := sha256.Sum256([]byte(origin))
	var newest []byte
	var size uint64
	for _, name := range []string{
		filepath.Join(dir, "witness", hex.EncodeToString(sum[:])),
		filepath.Join(dir, "peers", member+"-"+hex.EncodeToString(sum[:8])+".checkpoint"),
	} {
		raw, err := readSmall(name, maxCheckpoint)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		c, err := parseHead(raw)
		if err != nil || c.Origin != origin {
			return nil, guichet.Errorf(guichet.KindUntrusted, "what was remembered of the log %s is damaged", origin)
		}
		if newest == nil || c.Size > size {
			newest, size = raw, c.Size
		}
	}
	if newest == nil {
		return nil, guichet.Errorf(guichet.KindNotFound, "nothing was seen of the log %s", origin)
	}
	return newest, nil
}

// Ahead is how what somebody has seen of our log goes beyond it.
type Ahead struct {
	Seen, Have int64
	Forked     bool // it is no longer, and another
	Log        int  // of Book.Beyond: which of our logs
}

// Beyond holds a checkpoint of our log, as another member remembers it, against
// the log: nil when the log contains it. KindInvalid or KindUntrusted when it is
// none that our key has signed: it says nothing then.
func (j *Journal) Beyond(ctx context.Context, raw []byte) (*Ahead, error) {
	cp, err := openCheckpoint(raw, j.own)
	if err != nil {
		return nil, err
	}
	if cp.origin != j.cfg.Origin {
		return nil, guichet.Errorf(guichet.KindInvalid, "the checkpoint is of %s, not of %s", cp.origin, j.cfg.Origin)
	}
	size := j.size.Load()
	if cp.size > size {
		return &Ahead{Seen: signed(cp.size), Have: signed(size)}, nil
	}
	root, err := rootAt(ctx, size, j.reader.ReadTile)
	if err != nil {
		return nil, fmt.Errorf("hold the log against what was seen of it: %w", err)
	}
	same, err := consistent(ctx, head{cp.size, cp.root}, head{size, root}, j.reader.ReadTile)
	if err != nil {
		return nil, fmt.Errorf("hold the log against what was seen of it: %w", err)
	}
	if !same {
		return &Ahead{Seen: signed(cp.size), Have: signed(size), Forked: true}, nil
	}
	return nil, nil //nolint:nilnil // within is an answer here
}

// Hold lets no leaf be appended, and so nothing be signed, until Free: Append and
// Ready say why. What is written is read as before.
func (j *Journal) Hold(why error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.held = why
}

// Free ends what Hold began.
func (j *Journal) Free() { j.Hold(nil) }
