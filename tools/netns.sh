#!/usr/bin/env bash
# netns.sh: is there what the tests of faults between hosts need: root, and the
# command ip, of iproute2? What cannot be had is said and left out, but under CI
# it fails.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ok=1

if [ "$(id -u)" != 0 ]; then
  echo "this user is not root: the tests that need hosts in network namespaces or a small disk are left out (to have them: run as root)" >&2
  ok=
elif ! command -v ip >/dev/null && ! "$root/tools/apt.sh" iproute2; then
  echo "the command ip could not be had (on Debian and Ubuntu: the package iproute2): the tests that need hosts in network namespaces are left out" >&2
  ok=
fi
[ -n "$ok" ] || [ -z "${CI:-}" ]
