"""Signs and verifies the messages of a guichet wire with PyPI's http-message-signatures.

Reads one JSON object from standard input: the messages that guichet signed, and the keys. Verifies each, signs the same
messages anew, and writes what it signed. The library and guichet share no code.
"""

import base64
import datetime
import json
import os
import sys
import types

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, HTTPSignatureKeyResolver, InvalidSignature, algorithms


class Keys(HTTPSignatureKeyResolver):
    def __init__(self, seeds):
        self.keys = {k: Ed25519PrivateKey.from_private_bytes(base64.b64decode(v)) for k, v in seeds.items()}

    def resolve_public_key(self, key_id):
        return self.keys[key_id].public_key()

    def resolve_private_key(self, key_id):
        return self.keys[key_id]


class Headers(dict):
    """Field names without case, as every HTTP library has them."""

    def __init__(self, fields):
        super().__init__({k.lower(): v for k, v in fields.items()})

    def __setitem__(self, k, v):
        super().__setitem__(k.lower(), v)

    def __getitem__(self, k):
        return super().__getitem__(k.lower())

    def __contains__(self, k):
        return super().__contains__(k.lower())

    def get(self, k, default=None):
        return super().get(k.lower(), default)


def message(m, request=None):
    out = types.SimpleNamespace(headers=Headers(m["header"]))
    if request is None:
        out.method, out.url = m["method"], m["url"]
    else:
        out.status_code, out.request, out.url = m["status"], request, request.url
    return out


def main():
    told = json.load(sys.stdin)
    keys = Keys(told["seeds"])
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=keys)
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=keys)
    now = datetime.datetime.now(datetime.timezone.utc)
    out = []
    for pair in told["pairs"]:
        request = message(pair["request"])
        response = message(pair["response"], request)
        verified = [verify(verifier, request, pair["request"]), verify(verifier, response, pair["response"])]
        sign(signer, request, told["asker"], pair["request"], now)
        sign(signer, response, told["asked"], pair["response"], now)
        out.append({"verified": verified, "request": dict(request.headers), "response": dict(response.headers)})
    json.dump(out, sys.stdout)


def verify(verifier, m, raw):
    result = verifier.verify(m, expect_tag="guichet", body=base64.b64decode(raw["body"]) if raw["whole"] else None)[0]
    # A changed message must not hold, or verifying proves nothing.
    kept, m.headers["content-type"] = m.headers["content-type"], "text/html"
    try:
        verifier.verify(m, expect_tag="guichet")
    except InvalidSignature:
        m.headers["content-type"] = kept
        return [c for c in result.covered_components if c != '"@signature-params"']
    raise SystemExit("an altered message was verified")


def sign(signer, m, key, raw, now):
    for field in ("signature", "signature-input", "content-digest"):
        m.headers.pop(field, None)
    signer.sign(
        m,
        key_id=key,
        created=now,
        expires=now + datetime.timedelta(seconds=45),
        nonce=base64.urlsafe_b64encode(os.urandom(24)).decode(),
        label="py",
        tag="guichet",
        include_alg=False,
        covered_component_ids=raw["covered"],
        body=base64.b64decode(raw["body"]) if raw["whole"] else None,
    )


main()
