//go:build duckdb_arrow

package store

// arrowBuilt says that the binary carries DuckDB's Arrow interface, which
// later rooms need for rows in bulk. The tag stands in one place, the Makefile.
const arrowBuilt = true
