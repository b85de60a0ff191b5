# Sourced by `make test`, after pyiceberg.sh: a Python with Ed25519, so that
# tools/verify_protocol.py, which shares no code with ours, checks the test vectors
# of docs/protocol. Sets GUICHET_PROTOCOL_PYTHON. What cannot be had is said and
# left out, but under CI it fails.
protocol_cryptography=50.0.2
protocol_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

protocol_install() {
  if [ ! -x "$protocol_root/.venv/bin/python" ]; then
    if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
      "$protocol_root/tools/apt.sh" python3-venv || return 1
    fi
    python3 -m venv "$protocol_root/.venv" || return 1
  fi
  "$protocol_root/.venv/bin/pip" install --quiet --disable-pip-version-check \
    "cryptography==$protocol_cryptography" cffi==2.1.1 pycparser==3.12
}

protocol_stands() {
  "$protocol_root/.venv/bin/python" -c "
import cryptography, sys
sys.exit(cryptography.__version__ != '$protocol_cryptography')" 2>/dev/null
}

if ! protocol_stands; then
  echo "installing cryptography $protocol_cryptography into .venv, for the test that checks the protocol's vectors with another program"
  if ! protocol_install && [ -n "${CI:-}" ]; then
    echo "cryptography could not be installed" >&2
    exit 1
  fi
fi
if protocol_stands; then
  export GUICHET_PROTOCOL_PYTHON=$protocol_root/.venv/bin/python
else
  echo "cryptography could not be installed: the test that checks the protocol's vectors with another program is left out" >&2
fi
