# Sourced by `make test-journeys`: a browser, and what drives it. Sets GUICHET_JOURNEYS,
# the folder of run.mjs with its packages, GUICHET_CHROMIUM, and GUICHET_SHOTS, where
# the pictures go. The lock file pins every package by its digest.
journeys_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
command -v chromium >/dev/null || "$journeys_root/tools/apt.sh" chromium
command -v npm >/dev/null || "$journeys_root/tools/apt.sh" nodejs npm
GUICHET_CHROMIUM=$(command -v chromium)
GUICHET_JOURNEYS=$journeys_root/.tools/journeys
GUICHET_SHOTS=${GUICHET_SHOTS:-$journeys_root/.tools/shots}
export GUICHET_CHROMIUM GUICHET_JOURNEYS GUICHET_SHOTS
mkdir -p "$GUICHET_JOURNEYS"
cp "$journeys_root"/tools/journeys/{package.json,package-lock.json,.npmrc} "$journeys_root"/tools/journeys/*.mjs "$GUICHET_JOURNEYS"/
if ! cmp -s "$GUICHET_JOURNEYS/package-lock.json" "$GUICHET_JOURNEYS/node_modules/.guichet-lock" 2>/dev/null; then
  (cd "$GUICHET_JOURNEYS" && npm ci --no-audit --no-fund --silent && cp package-lock.json node_modules/.guichet-lock)
fi
