#!/usr/bin/env bash
# facts.sh write|check: make the generated facts from the files in $GUICHET_DATA;
# `check` makes them beside and compares, byte for byte.
set -euo pipefail
cd "$(dirname "$0")/.."
do=$1
data=${GUICHET_DATA:?facts.sh: no data folder: set GUICHET_DATA}/codes
root=$PWD status=0
beside=$(mktemp -d)
trap 'rm -rf "$beside"' EXIT

# generator, and the folder of the facts it makes
while read -r generator folder; do
  out=$root/$folder
  [ "$do" = write ] || out=$beside/$folder
  mkdir -p "$out"
  (cd tools && go run "./$generator" -data "$data" -out "$out")
  [ "$do" = check ] || continue
  if diff -rq "$root/$folder" "$out" >&2; then
    echo "facts: $folder is what tools/$generator makes"
  else
    echo "facts: $folder is not what tools/$generator makes: run 'make facts' and read the difference" >&2
    status=1
  fi
done <<'END'
hsfacts hs/facts
codefacts codes/facts
synthfacts internal/synth/facts
END
exit "$status"
