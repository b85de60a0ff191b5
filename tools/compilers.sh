#!/usr/bin/env bash
# compilers.sh VERSION: is there what a build needs? Go of at least VERSION, and
# a C and a C++ compiler, since DuckDB's libraries are linked through cgo.
set -euo pipefail
want=$1

if ! command -v go >/dev/null; then
  echo "guichet needs Go $want or newer: no go command was found" >&2
  exit 1
fi
have=$(GOTOOLCHAIN=local go env GOVERSION)
have=${have#go}
if [ "$(printf '%s\n' "$want" "$have" | sort -V | head -n 1)" != "$want" ]; then
  echo "guichet needs Go $want or newer: this is Go $have" >&2
  exit 1
fi
for name in CC CXX; do
  compiler=$(go env "$name")
  if ! command -v "${compiler%% *}" >/dev/null; then
    echo "guichet needs a C++ compiler, for DuckDB: ${compiler%% *} was not found (on Debian and Ubuntu: the package g++)" >&2
    exit 1
  fi
done
if [ "$(go env CGO_ENABLED)" != 1 ]; then
  echo "guichet needs cgo, for DuckDB: CGO_ENABLED is 0" >&2
  exit 1
fi
