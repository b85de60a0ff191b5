#!/usr/bin/env bash
# apt.sh PACKAGE...: install Debian packages where that is possible without a
# question, else say which to install.
set -euo pipefail
if ! command -v apt-get >/dev/null; then
  echo "please install by hand: $*" >&2
  exit 1
fi
if [ "$(id -u)" = 0 ]; then
  as_root=(env)
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  as_root=(sudo)
else
  echo "please run: apt-get install $*" >&2
  exit 1
fi
echo "installing $*"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# An update that fails need not matter: the lists that are there may do.
"${as_root[@]}" apt-get -q update </dev/null >"$log" 2>&1 || true
if ! "${as_root[@]}" apt-get -q install -y --no-install-recommends "$@" </dev/null >>"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "could not install $*; please do it by hand" >&2
  exit 1
fi
