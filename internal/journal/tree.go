package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api/layout"
	"github.com/transparency-dev/tessera/client"
)

// errTiles says that hash tiles do not make the root that a checkpoint signs.
var errTiles = errors.New("the hash tiles do not make the signed root")

// consistent says whether a smaller tree is the beginning of a larger one, by the
// hash tiles of the larger (RFC 6962, section 2.1.2). false without an error
// means that the tiles do make the larger root, and another smaller one than was
// given: the two cannot both be true of one log. errTiles means that the tiles do
// not make the larger root, and prove nothing.
func consistent(ctx context.Context, small, large head, tile client.TileFetcherFunc) (bool, error) {
	switch {
	case small.Size > large.Size:
		return false, nil
	case small.Size == large.Size:
		return bytes.Equal(small.Root, large.Root), nil
	case small.Size == 0:
		return true, nil
	}
	tile = tilesAt(large.Size, tile)
	before, err := rootAt(ctx, small.Size, tile)
	if err != nil {
		return false, err
	}
	nodes, err := consistencyProof(ctx, small.Size, large.Size, tile)
	if err != nil {
		return false, err
	}
	if err := proof.VerifyConsistency(rfc6962.DefaultHasher, small.Size, large.Size, nodes, before, large.Root); err != nil {
		return false, errTiles
	}
	return bytes.Equal(before, small.Root), nil
}

// tilesAt fetches tiles as full as they are in a tree of a size, whatever size is
// asked for: a log need not keep the emptier ones.
func tilesAt(size uint64, tile client.TileFetcherFunc) client.TileFetcherFunc {
	return func(ctx context.Context, level, index uint64, _ uint8) ([]byte, error) {
		return tile(ctx, level, index, layout.PartialTileSize(level, index, size))
	}
}

func consistencyProof(ctx context.Context, small, large uint64, tile client.TileFetcherFunc) ([][]byte, error) {
	if small == 0 || small == large {
		return nil, nil
	}
	builder, err := client.NewProofBuilder(ctx, large, tile)
	if err != nil {
		return nil, fmt.Errorf("consistency proof: %w", err)
	}
	nodes, err := builder.ConsistencyProof(ctx, small, large)
	if err != nil {
		return nil, fmt.Errorf("consistency proof: %w", err)
	}
	return nodes, nil
}

func inclusionProof(ctx context.Context, i, size uint64, tile client.TileFetcherFunc) ([][]byte, error) {
	builder, err := client.NewProofBuilder(ctx, size, tile)
	if err != nil {
		return nil, fmt.Errorf("inclusion proof: %w", err)
	}
	nodes, err := builder.InclusionProof(ctx, i)
	if err != nil {
		return nil, fmt.Errorf("inclusion proof: %w", err)
	}
	return nodes, nil
}
