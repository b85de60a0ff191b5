#!/usr/bin/env bash
# fuzz.sh TIME: run each fuzz test of the module in turn for that long.
set -euo pipefail
cd "$(dirname "$0")/.."
count=0
while IFS=: read -r file name; do
  echo "== $name in $(dirname "$file")"
  go test -run='^$' -fuzz="^$name\$" -fuzztime="$1" "./$(dirname "$file")"
  count=$((count + 1))
done < <(git ls-files -co --exclude-standard '*_test.go' | grep -v '^tools/' |
  xargs -r grep -oE '^func Fuzz[A-Za-z0-9_]*' /dev/null | sed 's/:func /:/' | sort -u)
[ "$count" -gt 0 ] || { echo "no fuzz test was found" >&2; exit 1; }
echo "$count fuzz tests, $1 each: nothing found"
