#!/usr/bin/env bash
# cover-rules.sh ROOM...: is every statement of these rooms run by the room's
# own tests? Prints the place of each that is not.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .cover
patterns=()
for room in "$@"; do patterns+=("./internal/$room/..."); done
go test -coverprofile=.cover/rules.out "${patterns[@]}"
awk '
  NR > 1 { all++; split($1, at, ","); if ($NF == 0) { missed++; print "never run: " at[1] } }
  END {
    if (!all) { print "cover-rules: no statement was counted"; exit 1 }
    if (missed) { print "cover-rules: " missed " of " all " blocks are never run by their tests; the rules want all"; exit 1 }
  }' .cover/rules.out >&2
