#!/usr/bin/env bash
# assets.sh write|check: make the style of the pages from govuk-frontend and
# tools/pages/guichet.scss, or say whether what is committed is that. The lock file
# pins every package by its digest; npm knows its own registry. Needs node 20 or
# later.
set -euo pipefail
cd "$(dirname "$0")/.."
want=${1:-check}
out=internal/portal/assets/guichet.css
command -v npm >/dev/null || { echo "assets: npm is not here, the style of the pages was not compared" >&2; [ "$want" = check ] && [ -z "${CI:-}" ]; exit; }
work=.tools/pages
mkdir -p "$work"
cp tools/pages/package.json tools/pages/package-lock.json tools/pages/.npmrc tools/pages/guichet.scss tools/pages/head.css "$work"/
cd "$work"
if ! cmp -s package-lock.json node_modules/.guichet-lock 2>/dev/null; then
  npm ci --no-audit --no-fund --silent
  cp package-lock.json node_modules/.guichet-lock
fi
{
  cat head.css
  node_modules/.bin/sass --style=compressed --no-charset --no-source-map --quiet-deps --load-path=node_modules/govuk-frontend/dist guichet.scss
} >guichet.css
cd ../..
if [ "$want" = write ]; then
  cp "$work/guichet.css" "$out"
elif ! cmp -s "$work/guichet.css" "$out"; then
  echo "assets: $out is not what tools/assets.sh makes; run 'make assets'" >&2
  exit 1
fi
echo "assets: $(wc -c <"$out") bytes, $(gzip -9 -c "$out" | wc -c) compressed"
