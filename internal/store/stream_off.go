//go:build !duckdb_arrow

package store

import (
	"context"
	"io"

	"guichet"
)

// streamEngine gives no records in a build without the tag duckdb_arrow.
type streamEngine struct{}

func (*streamEngine) close() error { return nil }

func (*streamEngine) run(context.Context, *Store, streamed, io.Writer) (int64, error) {
	return 0, guichet.Errorf(guichet.KindInternal, "this program was built without the tag duckdb_arrow").
		WithHint("build it with `make build`, or `go build -tags duckdb_arrow`")
}
