#!/usr/bin/env bash
# hygiene.sh: what must not be committed: the hosts of package registries (the
# clients know theirs; they are asked, so that none is named here), the paths
# of this machine, and a TODO without the number of an issue.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -e .git ] || { echo "check: hygiene is looked at in a clone only" >&2; exit 0; }
status=0

hosts() {
  {
    go env GOPROXY GOSUMDB | tr ',|' '\n\n'
    env | sed -n 's/^\(PIP\|npm_config\|NPM_CONFIG\|CARGO\)[A-Za-z_]*=//p'
    cat /etc/pip.conf "$HOME/.config/pip/pip.conf" "$HOME/.pip/pip.conf" "$HOME/.npmrc" 2>/dev/null || true
    cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true
  } | grep -oE '(https?://|^)([a-z0-9-]+\.)+[a-z]{2,}' | sed 's,.*//,,' | sort -u
}

# refuse SENTENCE PATTERN...: no tracked file, and none about to be, may hold one of these texts.
refuse() {
  local sentence=$1 hits
  shift
  [ $# -gt 0 ] || return 0
  local args=()
  for pattern in "$@"; do args+=(-e "$pattern"); done
  hits=$(git grep --untracked -nIF "${args[@]}" -- . ':!*.sum' || true)
  [ -z "$hits" ] || { echo "$sentence" >&2; echo "$hits" | cut -c1-160 >&2; status=1; }
}

mapfile -t names < <(hosts)
refuse 'hygiene: the host of a package registry is named:' "${names[@]}"

paths=("$PWD/")
[ "$HOME" = / ] || paths+=("$HOME/")
refuse 'hygiene: a path of this machine is named:' "${paths[@]}"

todos=$(git grep --untracked -nIE '\b(TODO|FIXME)\b' -- '*.go' '*.sql' '*.sh' Makefile ':!tools/hygiene.sh' ':!Makefile' | grep -vE 'TODO\(#[0-9]+\): ' || true)
[ -z "$todos" ] || { echo 'hygiene: a TODO names its issue, as in TODO(#12): ...' >&2; echo "$todos" >&2; status=1; }
[ "$status" != 0 ] || echo "hygiene: no registry host, no path of this machine, no TODO without an issue"
exit "$status"
