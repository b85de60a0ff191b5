#!/usr/bin/env bash
# The figures of docs/benchmarks.md on growth, one line each, `name: value`.
# SCALE names the sizes in millions of rows, growing; BENCH_RUN picks some.
# With the default, 100 million rows, it wants 25 GB in the temporary folder
# ($TMPDIR) and the machine to itself for half an hour.
set -euo pipefail
cd "$(dirname "$0")/.."
tags=${TAGS:-duckdb_arrow}
export SCALE=${SCALE:-1 10 100}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
go build -tags "$tags" -o "$out/guichet" ./cmd/guichet
BENCH_GUICHET=$out/guichet \
  go test -v -tags "$tags,bench" -count=1 -timeout 3h -run "${BENCH_RUN:-^TestLarge}" ./internal/node | grep -E '^([a-z0-9_]+: [0-9.]+|---|FAIL|ok|.*_test.go.*)'
