# Sourced by `make test`: a Python with pyiceberg, so that a second reader opens
# the tables that guichet keeps. Sets GUICHET_PYTHON. What cannot be had is said
# and left out, but under CI it fails.
pyiceberg_version=0.12.0
pyiceberg_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

pyiceberg_install() {
  if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
    "$pyiceberg_root/tools/apt.sh" python3-venv || return 1
  fi
  python3 -m venv "$pyiceberg_root/.venv" &&
    "$pyiceberg_root/.venv/bin/pip" install --quiet --disable-pip-version-check \
      "pyiceberg[pyarrow,sql-sqlite]==$pyiceberg_version"
}

pyiceberg_stands() {
  "$pyiceberg_root/.venv/bin/python" -c "
import pyiceberg, pyiceberg.catalog.sql, pyarrow, sys
sys.exit(pyiceberg.__version__ != '$pyiceberg_version')" 2>/dev/null
}

if ! pyiceberg_stands; then
  echo "installing pyiceberg $pyiceberg_version into .venv, for the test that opens our tables with it (half a minute)"
  rm -rf "$pyiceberg_root/.venv"
  if ! pyiceberg_install && [ -n "${CI:-}" ]; then
    echo "pyiceberg could not be installed" >&2
    exit 1
  fi
fi
if pyiceberg_stands; then
  export GUICHET_PYTHON=$pyiceberg_root/.venv/bin/python
else
  echo "pyiceberg could not be installed: the test that opens our tables with it is left out" >&2
fi
