# Sourced by `make test`, after pyiceberg.sh: a Python with http-message-signatures,
# so that another implementation of RFC 9421 verifies what we sign and signs what we
# verify. Sets GUICHET_SIGNATURES_PYTHON. What cannot be had is said and left out,
# but under CI it fails.
signatures_version=3.0.0
signatures_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

signatures_install() {
  if [ ! -x "$signatures_root/.venv/bin/python" ]; then
    if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
      "$signatures_root/tools/apt.sh" python3-venv || return 1
    fi
    python3 -m venv "$signatures_root/.venv" || return 1
  fi
  "$signatures_root/.venv/bin/pip" install --quiet --disable-pip-version-check \
    "http-message-signatures==$signatures_version" http-sf==1.5.0 cryptography==50.0.2 cffi==2.1.1 pycparser==3.12
}

signatures_stands() {
  "$signatures_root/.venv/bin/python" -c "
import cryptography, http_message_signatures, importlib.metadata, sys
sys.exit(importlib.metadata.version('http-message-signatures') != '$signatures_version')" 2>/dev/null
}

if ! signatures_stands; then
  echo "installing http-message-signatures $signatures_version into .venv, for the test that holds our signatures against it"
  if ! signatures_install && [ -n "${CI:-}" ]; then
    echo "http-message-signatures could not be installed" >&2
    exit 1
  fi
fi
if signatures_stands; then
  export GUICHET_SIGNATURES_PYTHON=$signatures_root/.venv/bin/python
else
  echo "http-message-signatures could not be installed: the test that holds our signatures against it is left out" >&2
fi
