#!/usr/bin/env bash
# The figures of docs/benchmarks.md, one line each, `name: value`.
# BENCH_ROWS makes the main file smaller for a trial; BENCH_RUN picks some.
set -euo pipefail
cd "$(dirname "$0")/.."
tags=${TAGS:-duckdb_arrow}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
go build -tags "$tags" -o "$out/guichet" ./cmd/guichet
go build -tags "$tags" -o "$out/bare" ./internal/store/bare
BENCH_GUICHET=$out/guichet BENCH_BARE=$out/bare \
  go test -v -tags "$tags,bench" -count=1 -timeout 15m -run "${BENCH_RUN:-^TestBench}" ./internal/node | grep -E '^([a-z0-9_]+: [0-9.]+|---|FAIL|ok|.*_test.go.*)'
[ -n "${BENCH_RUN:-}" ] && [ "$BENCH_RUN" != TestBenchSynth ] && exit 0
go test -tags "$tags" -count=1 -run '^$' -bench '^BenchmarkSynth$' -benchtime 3x ./internal/synth |
  awk '{for (i = 2; i < NF; i++) if ($(i + 1) == "synth_lines_per_s") printf "synth_lines_per_s: %d\n", $i}'
