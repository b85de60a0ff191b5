"""Checks receipt.json without a line of guichet's: the standard library alone.

    python3 receipt.py receipt.json

It is written from docs/protocol/journal.md, to show that the paper suffices. It is
slow, and no guard against side channels: it only ever sees public things.
"""
import base64
import hashlib
import hmac
import json
import sys

# Ed25519 verification, RFC 8032, section 5.1.7.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    p, q = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    r, s = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = q - p, s - r, s + r, q + p
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, a):
    out = (0, 1, 1, 0)
    while n:
        if n & 1:
            out = add(out, a)
        a, n = add(a, a), n >> 1
    return out


def point(raw):
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or y >= P:
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def verify(public, message, sig):
    a, r, s = point(public), point(sig[:32]), int.from_bytes(sig[32:], "little")
    if len(sig) != 64 or not a or not r or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(sig[:32] + public + message).digest(), "little") % L
    x1, y1, z1, _ = times(s, BASE)
    x2, y2, z2, _ = add(r, times(k, a))
    return (x1 * z2 - x2 * z1) % P == 0 and (y1 * z2 - y2 * z1) % P == 0


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def included(leaf, index, size, proof, root):
    """RFC 9162, section 2.1.3.2, which says how to check RFC 6962's proofs."""
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = sha(b"\x01", p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha(b"\x01", r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def open_checkpoint(raw, keys):
    """Returns origin, size, root and the members that have signed under it."""
    text, _, lines = raw.rpartition("\n\n")
    text += "\n"
    origin, size, root = text.split("\n")[:3]
    circle, member = origin.split("/")[1:]
    log, seen = False, {}
    for line in lines.splitlines():
        dash, name, sig = line.split(" ")
        assert dash == "\u2014", "a signature line begins with a dash"
        sig = base64.b64decode(sig, validate=True)
        for k in keys:
            kind = b"\x01" if k["use"] == "log" else b"\x04"
            public = base64.b64decode(k["public"])
            if name != k["name"] or sig[:4] != sha(name.encode(), b"\n", kind, public)[:4]:
                continue
            if k["use"] == "log":
                assert name == origin and verify(public, text.encode(), sig[4:]), "the log's signature"
                log = True
            elif k["member"] != member:
                at = int.from_bytes(sig[4:12], "big")
                assert verify(public, f"cosignature/v1\ntime {at}\n{text}".encode(), sig[12:]), "a cosignature"
                seen[k["member"]] = at
    assert log, "no signature of the log"
    return circle, member, int(size), base64.b64decode(root), sorted(seen)


def check(text, keys):
    top, _, checkpoint = text.partition("\n\n")
    header, extra, index, *proof = top.split("\n")
    assert header == "c2sp.org/tlog-proof@v1", "the header"
    assert extra.startswith("extra ") and index.startswith("index "), "the lines"
    entry = base64.b64decode(extra[6:], validate=True)
    leaf = json.loads(entry)
    assert leaf["format"] == 1 and canonical(leaf) == entry, "the leaf's form"
    circle, member, size, root, seen = open_checkpoint(checkpoint, keys)
    index = int(index[6:])
    proof = [base64.b64decode(p, validate=True) for p in proof]
    assert index < size and included(sha(b"\x00", entry), index, size, proof, root), "the proof"
    owner = leaf["from"]["member"] if leaf["kind"] in ("received", "missed") else leaf["to"]
    assert owner == member and leaf["from"]["circle"] == circle, "the owner"
    return index, size, root.hex(), seen


def main(name):
    with open(name, encoding="utf-8") as f:
        v = json.load(f)
    for k in v["keys"]:
        kind = b"\x01" if k["use"] == "log" else b"\x04"
        assert sha(k["name"].encode(), b"\n", kind, base64.b64decode(k["public"]))[:4].hex() == k["key_id"]
    d = v["digest"]
    assert hmac.new(base64.b64decode(d["salt"]), d["body"].encode(), "sha256").hexdigest() == d["hmac_sha256"]
    for leaf in v["leaves"]:
        entry = leaf["canonical"].encode()
        assert canonical(json.loads(entry)) == entry and sha(b"\x00", entry).hex() == leaf["leaf_hash"]
    open_checkpoint(v["checkpoint"], v["keys"])
    open_checkpoint(v["checkpoint_cosigned"], v["keys"])
    for r in v["receipts"]:
        assert check(r["text"], v["keys"]) == (r["index"], r["size"], r["root"], r["witnesses"]), r["index"]
    for t in v["tampered"]:
        try:
            check(t["text"], v["keys"])
        except (AssertionError, ValueError):
            continue
        raise SystemExit("believed: " + t["what"])
    print(f"{len(v['receipts'])} receipts hold, {len(v['tampered'])} tampered ones do not")


if __name__ == "__main__":
    main(sys.argv[1])
