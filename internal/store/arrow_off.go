//go:build !duckdb_arrow

package store

// arrowBuilt is false in a build without the tag duckdb_arrow; opening the
// engine then says so in plain words.
const arrowBuilt = false
