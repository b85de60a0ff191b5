#!/usr/bin/env bash
# install.sh NAME PACKAGE VERSION: put a tool of exactly that version into
# .tools/bin. One that stands there, or among the user's own Go programs, is
# used as it is.
set -euo pipefail
name=$1 package=$2 version=$3
bin=$(cd "$(dirname "$0")/.." && pwd)/.tools/bin
mkdir -p "$bin"

is_right() { [ -x "$1" ] && go version -m "$1" 2>/dev/null | awk -v v="$version" '$1 == "mod" && $3 == v {ok = 1} END {exit !ok}'; }

is_right "$bin/$name" && exit 0
users=$(go env GOBIN)
users=${users:-$(go env GOPATH)/bin}
if is_right "$users/$name"; then
  ln -sf "$users/$name" "$bin/$name"
  exit 0
fi
echo "installing $name $version into .tools (some minutes the first time)"
if ! GOFLAGS='' GOBIN=$bin go install "$package@$version"; then
  echo "$name $version could not be installed" >&2
  exit 1
fi
