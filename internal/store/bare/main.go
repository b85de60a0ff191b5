// Command bare is the yardstick of the benchmark: it does with DuckDB alone
// what taking a file in cannot do without, reading the same CSV with its typed
// columns and writing it sorted as zstd Parquet. No digest, no judgement, no
// catalogue, nothing put aside, nothing synced.
//
//	bare FILE.csv OUT.parquet THREADS
package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // the driver "duckdb"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1) //nolint:forbidigo // the end of a program of its own
	}
}

// run reads every column typed as the benchmark's profile types it.
func run(ctx context.Context, args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("usage: bare FILE.csv OUT.parquet THREADS")
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return fmt.Errorf("open engine: %w", err)
	}
	defer func() { _ = db.Close() }()
	cols := []string{"period", "flow", "trade_system", "code", "partner", "port", "mode", "procedure", "value", "quantity", "unit", "net_mass"}
	typed := make([]string, len(cols))
	for i, c := range cols {
		t := "VARCHAR"
		switch c {
		case "value", "quantity", "net_mass":
			t = "DECIMAL(18,3)"
		case "period":
			t = "DATE"
		}
		typed[i] = "'" + c + "':'" + t + "'"
	}
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	for _, q := range []string{
		"SET memory_limit='2GB'", "SET threads=" + quote(args[2]),
		"COPY (SELECT " + strings.Join(cols, ", ") + " FROM read_csv(" + quote(args[0]) + ", columns={" + strings.Join(typed, ",") +
			"}, dateformat='%Y%m', header=true, auto_detect=false, delim=',', quote='\"', escape='\"') ORDER BY code, partner, period) TO " + quote(args[1]) + " (FORMAT parquet, COMPRESSION zstd)",
	} {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("bare copy: %w", err)
		}
	}
	return nil
}
