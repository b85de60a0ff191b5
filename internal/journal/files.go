package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/transparency-dev/tessera/api/layout"

	"guichet"
)

// Paths that are served to members, and fetched from them, C2SP tlog-tiles.
const (
	PathCheckpoint = "checkpoint"
	PathCosigned   = "checkpoint.cosigned"
)

// File returns a file that the members may see: the newest checkpoint, the newest
// cosigned one, and the hash tiles (tile/<level>/<index>[.p/<width>]). Entries are
// never among them: a leaf is for the two parties of its exchange. KindNotFound
// for every other name.
func (j *Journal) File(ctx context.Context, name string) ([]byte, error) {
	var raw []byte
	var err error
	switch name {
	case PathCheckpoint:
		raw, err = j.reader.ReadCheckpoint(ctx)
	case PathCosigned:
		raw, err = readSmall(filepath.Join(j.cfg.Dir, fileCosigned), maxCheckpoint)
	default:
		level, index, partial, ok := parseTile(name)
		if !ok {
			return nil, guichet.Errorf(guichet.KindNotFound, "%.100q is no file of a log that is served", name)
		}
		raw, err = j.tile(ctx, level, index, partial)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, guichet.Errorf(guichet.KindNotFound, "the log has no %s", name)
	}
	if err != nil {
		return nil, fmt.Errorf("serve %s: %w", name, err)
	}
	return raw, nil
}

// tile reads a tile as full as was asked for. What is served is what was signed
// for: a fuller tile than is asked is cut.
func (j *Journal) tile(ctx context.Context, level, index uint64, partial uint8) ([]byte, error) {
	raw, err := j.reader.ReadTile(ctx, level, index, partial)
	if want := int(partial) * hashSize; err == nil && partial > 0 && len(raw) > want {
		raw = raw[:want]
	}
	return raw, err //nolint:wrapcheck // File says what it was for
}

const hashSize = 32

// parseTile reads the path of a hash tile, and no other way of writing it.
func parseTile(name string) (level, index uint64, partial uint8, ok bool) {
	rest, ok := strings.CutPrefix(name, "tile/")
	if !ok || len(name) > 100 {
		return 0, 0, 0, false
	}
	l, n, ok := strings.Cut(rest, "/")
	if !ok {
		return 0, 0, 0, false
	}
	level, index, partial, err := layout.ParseTileLevelIndexPartial(l, n)
	if err != nil || layout.TilePath(level, index, partial) != name {
		return 0, 0, 0, false
	}
	return level, index, partial, true
}
