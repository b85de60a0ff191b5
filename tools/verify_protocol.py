"""Verifies the test vectors of docs/protocol with code that shares nothing with guichet.

    python tools/verify_protocol.py docs/protocol/vectors            every vector must hold, and what is to be refused must be
    python tools/verify_protocol.py --altered docs/protocol/vectors  and no vector may still hold when any of its values is altered

It is written from docs/protocol alone, with the standard library and Ed25519 of
`cryptography`, for whoever writes a node of another kind: each part is short
enough to be read beside the paper. It checks RFC 9421 signature bases, RFC 9530
digests, the part of RFC 8785 that the protocol uses, RFC 6962 proofs, signed
notes and their cosignatures (C2SP), replies, chains of records, and letters. Where
pyarrow is installed, it also reads an answer's rows; where not, it says so.
"""

import base64
import copy
import hashlib
import hmac
import json
import pathlib
import re
import struct
import sys
from datetime import datetime
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SKEW, LIFE = 30, 60  # seconds
MAX_HEAD, MAX_REPLY, MAX_CHUNK, MAX_SMALL, MAX_LETTER, MAX_REPORT = 4 << 20, 16 << 20, 256 << 10, 16 << 10, 1 << 20, 8 << 20
PREFIX = "/guichet/1/"


class Refused(Exception):
    """What was read does not hold."""


def must(holds, what):
    if not holds:
        raise Refused(what)


def sha256(data):
    return hashlib.sha256(data).digest()


def unbase64(text):
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as e:
        raise Refused(f"no base64: {e}") from e
    must(base64.b64encode(raw).decode() == text, "base64 that says more than its bytes")
    return raw


def unhex(text):
    must(re.fullmatch("([0-9a-f]{2})*", text), "no hexadecimal digits in small letters")
    return bytes.fromhex(text)


def ed25519(public, message, signature):
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError) as e:
        raise Refused("the signature does not hold") from e


def public_of(seed):
    return Ed25519PrivateKey.from_private_bytes(unhex(seed)).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


# JSON: one value, UTF-8, no member named twice; and its canonical form.


def read_json(data, plain=False):
    def once(pairs):
        names = [name.lower() for name, _ in pairs]
        must(len(set(names)) == len(names), "a member is named twice")
        must(not plain or all(re.fullmatch("[a-z0-9_]{1,64}", name) for name, _ in pairs), "a member's name is not plain")
        return dict(pairs)

    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=once)
    except (UnicodeDecodeError, json.JSONDecodeError) as e:
        raise Refused(f"no JSON: {e}") from e


def canonical(value):
    def whole(v):
        if isinstance(v, dict):
            must(all(name.isascii() and name.isprintable() for name in v), "a member name is not plain ASCII")
            for inner in v.values():
                whole(inner)
        elif isinstance(v, list):
            for inner in v:
                whole(inner)
        elif not isinstance(v, (str, bool, type(None))):
            must(isinstance(v, int) and abs(v) <= 1 << 53, f"{v} is no whole number that every program reads alike")

    whole(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def instant(text):
    must(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text), f"{text} is no time in whole seconds, UTC")
    return datetime.fromisoformat(text)


# RFC 9530 and RFC 9421.


def content_digest(body):
    return "sha-256=:" + base64.b64encode(sha256(body)).decode() + ":"


def parse_input(header):
    """guichet=("@method" ... );created=1;...;tag="guichet" -> label, components, parameters, what is signed of it."""
    text = r'"[^"\\]*"'
    member = re.fullmatch(rf'([a-z*][a-z0-9_.*-]*)=(\((?:{text}(?:;req)?(?: {text}(?:;req)?)*)?\)((?:;[a-z]+=(?:-?\d{{1,15}}|{text}))*))', header)
    must(member, "the Signature-Input cannot be read")
    components = re.findall(rf"{text}(?:;req)?", member[2][1 : member[2].index(")")])
    must(len(set(components)) == len(components), "a component is covered twice")
    params = re.findall(rf";([a-z]+)=(-?\d+|{text})", member[3])
    must(len({name for name, _ in params}) == len(params), "a parameter is there twice")
    return member[1], components, {n: v[1:-1] if v[0] == '"' else int(v) for n, v in params}, member[2]


def component(name, message, request):
    if name.endswith(";req"):
        return component(name[:-4], request, None)
    name = name.strip('"')
    if name == "@status":
        return str(message["status"])
    if name.startswith("@"):
        must("url" in message, f"{name} is none of this message")
        url = urlsplit(message["url"])
        must(url.scheme == "https", "the wire is HTTPS")
        return {"@method": message["method"], "@authority": url.netloc.lower().removesuffix(":443"), "@path": url.path or "/", "@query": "?" + url.query}[name]
    fields = {k.lower(): v.strip() for k, v in message["header"].items() if v != ""}
    must(name in fields, f"the field {name} is covered and not there")
    return fields[name]


def signature_base(message, request, components, signed):
    lines = [f"{c}: {component(c, message, request)}" for c in components]
    return "\n".join([*lines, f'"@signature-params": {signed}'])


def verify_message(message, request, keys, now):
    """The rules of docs/protocol/signatures.md; returns the signature base."""
    header = {k.lower(): v for k, v in message["header"].items() if v != ""}
    body = message.get("body", "").encode()
    if "status" in message:
        needs = ['"@status"', '"content-type"', '"signature";req', '"@method";req', '"@path";req']
        needs += [] if message.get("stream") else ['"content-digest"']
    else:
        needs = ['"@method"', '"@authority"', '"@path"', '"@query"']
        needs += ['"content-digest"', '"content-type"'] if body or message["method"] != "GET" else []
    if '"content-digest"' in needs:
        must(header.get("content-digest") == content_digest(body), "the body is not what its digest says")
    must("signature" in header and "signature-input" in header, "there is no signature")
    label, components, params, signed = parse_input(header["signature-input"])
    needs += [f'"{name}"' for name in header if name in ("content-type", "content-encoding") or name.startswith("guichet-")]
    for need in needs:
        must(need in components, f"{need} is not covered")
    must({"created", "expires", "nonce", "keyid", "tag"} <= set(params), "a parameter is missing")
    must(params["tag"] == "guichet" and isinstance(params["nonce"], str) and 16 <= len(params["nonce"]) <= 64, "the tag or the nonce is none")
    must(params.get("alg", "ed25519") == "ed25519", "another algorithm")
    must(0 < params["expires"] - params["created"] <= LIFE, "it lives too long")
    must(params["created"] <= now + SKEW and params["expires"] >= now - SKEW, "the clocks are apart")
    must(params["keyid"] in keys, "the key is not known")
    value = re.fullmatch(rf"{re.escape(label)}=:([A-Za-z0-9+/=]*):", header["signature"])
    must(value, "the Signature cannot be read")
    base = signature_base(message, request, components, signed)
    ed25519(keys[params["keyid"]], base.encode(), unbase64(value[1]))
    return base


def verify_bytes(public, context, message, signature):
    ed25519(public, context.encode() + b"\x00" + message, signature)


def check_signatures(v):
    count, keys = 0, {}
    for k in v["keys"]:
        public = unhex(k["public"])
        must(public_of(k["seed"]) == public and sha256(public)[:8].hex() == k["id"], f"the key of {k['who']}")
        keys[k["who"]] = (k["id"], public)
    known, now = dict(keys.values()), instant(v["now"]).timestamp()
    by_name = {m["name"]: m for m in v["signed"]}
    for m in v["signed"]:
        base = verify_message(m, by_name.get(m.get("to")), known, now)
        must(base == m["base"], f"{m['name']}: the signature base")
        must(parse_input({k.lower(): x for k, x in m["header"].items()}["signature-input"])[2]["keyid"] == keys[m["key"]][0], f"{m['name']}: the key")
        count += 1
    for r in v["refused"]:
        m = copy.deepcopy(by_name[r["of"]])
        m["header"] |= r.get("set", {})
        m["body"] = r.get("body") or m.get("body", "")
        m["method"] = r.get("method", m.get("method"))
        m["url"] = r.get("url", m.get("url"))
        refuses(f"refused: {r['name']}", verify_message, m, by_name.get(r.get("to") or m.get("to")), known, now + r.get("clock", 0))
        count += 1
    for b in v["bytes"]:
        verify_bytes(keys[b["key"]][1], b["context"], b["message"].encode(), unhex(b["signature"]))
        count += 1
    for d in v["digests"]:
        must(content_digest(d["body"].encode()) == d["content_digest"], "a content digest")
        count += 1
    return count


def refuses(name, f, *args):
    try:
        f(*args)
    except Refused:
        return
    raise Refused(f"{name}: it was taken")


# RFC 6962 trees, signed notes, receipts.


def leaf_hash(data):
    return sha256(b"\x00" + data)


def node_hash(left, right):
    return sha256(b"\x01" + left + right)


def root_from_inclusion(index, size, leaf, proof):
    """RFC 9162, 2.1.3.2."""
    must(0 <= index < size, "the index is beyond the tree")
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        must(sn > 0, "the proof is too long")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    must(sn == 0, "the proof is too short")
    return r


def verify_consistency(first, second, old, new, proof):
    """RFC 9162, 2.1.4.2."""
    if first == 0:
        return must(not proof, "a proof from nothing")
    if first == second:
        return must(not proof and old == new, "the same size, another root")
    must(0 < first < second and proof, "no proof")
    if first & (first - 1) == 0:
        proof = [old, *proof]
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = proof[0]
    for c in proof[1:]:
        must(sn > 0, "the proof is too long")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return must(sn == 0 and fr == old and sr == new, "the older tree is no part of the newer")


SIGNATURE_LINE = re.compile("— ([^ +]+) ([A-Za-z0-9+/=]+)")


def parse_note(text):
    body, found, lines = text.rpartition("\n\n")
    must(found and lines.endswith("\n"), "no signed note")
    signatures = []
    for line in lines[:-1].split("\n"):
        m = SIGNATURE_LINE.fullmatch(line)
        must(m, "no line of a signature")
        raw = unbase64(m[2])
        signatures.append((m[1], raw[:4], raw[4:]))
    return body + "\n", signatures


def note_key_id(name, algorithm, public):
    return sha256(name.encode() + b"\n" + bytes([algorithm]) + public)[:4]


def verify_line(body, line, keys):
    """A log's signature (algorithm 1) or a witness's cosignature (algorithm 4); returns the key."""
    name, key_id, raw = line
    key = keys.get((name, key_id))
    must(key, f"{name} is nobody's key")
    if key["use"] == "log":
        ed25519(key["raw"], body.encode(), raw)
    else:
        must(len(raw) == 72, "no cosignature")
        at = struct.unpack(">Q", raw[:8])[0]
        ed25519(key["raw"], f"cosignature/v1\ntime {at}\n{body}".encode(), raw[8:])
    return key


def parse_checkpoint(body):
    lines = body.split("\n")
    must(len(lines) >= 4 and lines[1].isdigit() and str(int(lines[1])) == lines[1], "no checkpoint")
    root = unbase64(lines[2])
    must(len(root) == 32, "no root")
    return lines[0], int(lines[1]), root


def verify_checkpoint(text, keys):
    """Returns origin, size, root and the members whose witnesses cosigned."""
    body, lines = parse_note(text)
    origin, size, root = parse_checkpoint(body)
    signers = [verify_line(body, line, keys) for line in lines]
    must([s for s in signers if s["use"] == "log" and s["name"] == origin], "the log has not signed")
    return origin, size, root, sorted(s["member"] for s in signers if s["use"] == "witness")


def verify_receipt(text, keys):
    head, found, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    must(found and lines[0] == "c2sp.org/tlog-proof@v1" and len(lines) > 2, "no receipt")
    must(lines[1].startswith("extra ") and re.fullmatch(r"index (0|[1-9]\d*)", lines[2]), "no receipt")
    leaf, index = unbase64(lines[1][6:]), int(lines[2][6:])
    must(canonical(read_json(leaf)) == leaf, "the leaf is not canonical")
    origin, size, root, witnesses = verify_checkpoint(checkpoint, keys)
    must(root_from_inclusion(index, size, leaf_hash(leaf), [unbase64(h) for h in lines[3:]]) == root, "the leaf is not in the tree")
    return index, size, root, witnesses, leaf


def check_receipt(v):
    keys = {}
    for k in v["keys"]:
        raw = unbase64(k["public"])
        must(k["use"] in ("log", "witness"), "the use of a key")
        kid = note_key_id(k["name"], 1 if k["use"] == "log" else 4, raw)
        must(public_of(k["seed"]) == raw and kid.hex() == k["key_id"], f"the key {k['name']}")
        must(k["name"] == f"guichet/{v['circle']}/{k['member']}" + ("" if k["use"] == "log" else "/witness"), f"the name {k['name']}")
        keys[k["name"], kid] = k | {"raw": raw}
    d = v["digest"]
    must(salted(unbase64(d["salt"]), d["body"].encode()) == d["hmac_sha256"], "a salted digest")
    leaves = []
    for leaf in v["leaves"]:
        text = leaf["canonical"].encode()
        must(canonical(read_json(text)) == text, "a leaf is not canonical")
        must(leaf_hash(text).hex() == leaf["leaf_hash"], "a leaf's hash")
        leaves.append(text)
    sizes = {}
    for text in (v["checkpoint"], v["checkpoint_cosigned"]):
        _, size, root, _ = verify_checkpoint(text, keys)
        must(tree_root([leaf_hash(x) for x in leaves[:size]]) == root and size == len(leaves), "the root of the leaves")
    must(len(verify_checkpoint(v["checkpoint_cosigned"], keys)[3]) > 0, "nobody has cosigned")
    for r in v["receipts"]:
        index, size, root, witnesses, leaf = verify_receipt(r["text"], keys)
        must((index, size, root.hex(), witnesses) == (r["index"], r["size"], r["root"], sorted(r["witnesses"])), f"receipt {r['index']}")
        must(leaves[index] == leaf, f"the leaf of receipt {index}")
    for t in v["tampered"]:
        refuses(f"tampered: {t['what']}", verify_receipt, t["text"], keys)
    for a in v["add_checkpoint"]:
        witness(a, sizes, leaves, keys)
    return len(keys) + 1 + len(leaves) + 2 + len(v["receipts"]) + len(v["tampered"]) + len(v["add_checkpoint"])


def tree_root(hashes):
    """RFC 6962, 2.1, by its definition."""
    if not hashes:
        return sha256(b"")
    if len(hashes) == 1:
        return hashes[0]
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(tree_root(hashes[:k]), tree_root(hashes[k:]))


def witness(a, sizes, leaves, keys):
    """Does again what the witness did: C2SP tlog-witness, add-checkpoint."""
    head, _, checkpoint = a["body"].partition("\n\n")
    lines = head.split("\n")
    must(re.fullmatch(r"old \d+", lines[0]), "no add-checkpoint")
    old, proof = int(lines[0][4:]), [unbase64(h) for h in lines[1:]]
    origin, size, root, _ = verify_checkpoint(checkpoint, keys)
    must(tree_root([leaf_hash(x) for x in leaves[:size]]) == root, "the root of the leaves")
    seen = sizes.get(origin, (0, None))
    if old != seen[0]:
        return must((a["status"], a["answer"]) == (409, f"{seen[0]}\n"), "a conflict")
    verify_consistency(old, size, seen[1], root, proof)
    sizes[origin] = (size, root)
    must(a["status"] == 200, "a checkpoint that holds")
    body = parse_note(checkpoint)[0]
    _, cosignatures = parse_note(body + "\n" + a["answer"])
    for line in cosignatures:
        must(verify_line(body, line, keys)["use"] == "witness", "no witness")
    return must(cosignatures, "no cosignature")


# Renewals of a journal.


def verify_renewal(text, circle, member, keys):
    """Returns the renewal and what its keys have signed. keys: by use, each with id and raw."""
    raw = text.encode()
    whole = read_json(raw)
    must(canonical(whole) == raw and set(whole) == {"renewal", "signatures"}, "the renewal is not canonical")
    r = whole["renewal"]
    must(set(r) == {"format", "circle", "member", "number", "first", "before", "why", "time"}, "a field of the renewal")
    must((r["format"], r["circle"], r["member"]) == (1, circle, member), "whose renewal it is")
    must(2 <= r["number"] <= 16 and len(r["before"]) == r["number"] - 1, "its number and the logs before it")
    must(r["why"] and len(r["why"]) <= 500 and not any(c < " " or c == "\x7f" for c in r["why"]), "its reason")
    instant(r["time"])
    message = canonical(r)
    for use, key in keys.items():
        found = [x for x in whole["signatures"] if x["use"] == use]
        must(len(found) == 1 and found[0]["key"] == key["id"], f"no signature of the {use} key")
        verify_bytes(key["raw"], "guichet journal renewal v1", message, unbase64(found[0]["signature"]))
    first = 0
    for number, e in enumerate(r["before"], 1):
        must(e["number"] == number and e["first"] >= first and (number > 1 or e["first"] == 0), f"the place of log {number}")
        size = 0
        if e["end"]:
            size = verify_checkpoint(e["end"], log_keys(circle, member, number, keys["log"]))[1]
        must(0 <= e["have"] <= size and len(unhex(e["root"])) == 32, f"what is left of log {number}")
        first = e["first"] + e["have"]
    must(r["first"] >= first, "its first leaf")
    return r, message


def log_keys(circle, member, number, key):
    name = f"guichet/{circle}/{member}" + (f"/{number}" if number > 1 else "")
    return {(name, note_key_id(name, 1, key["raw"])): key | {"use": "log", "name": name, "member": member}}


def lost(r):
    ends = [int(e["end"].split("\n")[1]) if e["end"] else 0 for e in r["before"]]
    return sum(end - e["have"] for end, e in zip(ends, r["before"], strict=True))


def check_renewal(v):
    circle, member, keys = v["circle"], v["member"], {}
    for k in v["keys"]:
        raw = unbase64(k["public"])
        must(public_of(k["seed"]) == raw and sha256(raw)[:8].hex() == k["id"], f"the {k['use']} key")
        keys[k["use"]] = {"id": k["id"], "raw": raw}
    must(set(keys) == {"log", "member"} and v["context"] == "guichet journal renewal v1", "the keys and the context")
    r, message = verify_renewal(v["signed"], circle, member, keys)
    must(message.decode() == v["message"] and sha256(message).hex() == v["digest"], "what is signed")
    texts = {}
    for leaf in v["leaves"]:
        text = leaf["canonical"].encode()
        must(canonical(read_json(text)) == text and leaf_hash(text).hex() == leaf["leaf_hash"], "a leaf")
        texts[leaf["position"]] = text
    must(sorted(texts) == list(range(r["first"], r["first"] + len(texts))), "the positions of leaves")
    opening = {
        "exchange": "", "format": 1, "from": {"circle": circle, "member": member, "office": ""}, "kind": "renewed",
        "request": v["digest"], "rows": lost(r), "time": r["time"], "to": member,
    }
    must(texts[r["first"]] == canonical(opening), "the first leaf is not the renewal's")
    for text in list(texts.values())[1:]:
        leaf = read_json(text)
        must(leaf["kind"] == "recovered" and member in (leaf["from"]["member"], leaf["to"]), "what was recovered")
    for x in v["receipts"]:
        index, size, root, _, leaf = verify_receipt(x["text"], log_keys(circle, member, x["log"], keys["log"]))
        before = x["log"] < r["number"]
        first = r["before"][x["log"] - 1]["first"] if before else r["first"]
        must(index == x["index"] and first + index == x["position"], "the place of a receipt")
        if before:
            must(size <= int(r["before"][x["log"] - 1]["end"].split("\n")[1]), "a receipt of after the end")
        else:
            must(leaf == texts[x["position"]] and tree_root([leaf_hash(t) for t in texts.values()][:size]) == root, "the leaf of a receipt")
    for bad in v["refused"]:
        refuses(f"refused: {bad['name']}", verify_renewal, bad["text"], circle, member, keys)
    return 3 + len(v["leaves"]) + len(v["receipts"]) + len(v["refused"])


# Replies and records.


def salted(salt, data):
    must(len(salt) == 32, "a salt of another length: HMAC would take zeros after it for none")
    return hmac.new(salt, data, hashlib.sha256).hexdigest()


def parse_reply(body):
    must(4 <= len(body) <= MAX_REPLY, "no length")
    (n,) = struct.unpack(">I", body[:4])
    must(n <= MAX_HEAD and n <= len(body) - 4, "the head is longer than what follows")
    head = read_json(body[4 : 4 + n], plain=True)
    must(not (head.get("answer") or {}).get("rows"), "rows in the head")
    return head, body[4 + n :]


def check_request(r):
    body = r["body"].encode()
    request = read_json(body, plain=True)
    must(sha256(body).hex() == r["sha256"], "the request's digest")
    must(re.fullmatch("[0-9a-f]{32}", request["exchange"]) and len(unbase64(request["salt"])) == 32, "the request's exchange or salt")
    must(request["salt"] == r["salt"] and salted(unbase64(r["salt"]), body) == r["salted_digest"], "the request's salted digest")
    instant(request["put"])
    return request


def reply_of(head, request, digest):
    must((head["exchange"], head["request"], head["member"]) == (request["exchange"], digest, request["to"]), "the reply is to another question")
    must(("answer" in head) == head["decision"]["permitted"], "an answer beside a refusal")
    must(head["decision"]["permitted"] or head["decision"].get("clause"), "a refusal without a clause")


def arrow_reader():
    """pyarrow.ipc, or None where it is not installed."""
    try:
        import pyarrow.ipc
    except ImportError:
        return None
    return pyarrow.ipc


def arrow_rows(rows, table):
    """The rows as an Arrow reader sees them; only where pyarrow is at hand."""
    ipc = arrow_reader()
    if ipc is None:
        return
    try:
        read = ipc.open_stream(rows).read_all().to_pylist()
    except Exception as e:  # pyarrow has many
        raise Refused(f"no Arrow stream: {e}") from e
    must([{k: v if v is None else str(v) for k, v in row.items()} for row in read] == table, "the rows")


def check_exchange(v):
    request = check_request(v["request"])
    for r in (v["answer"], v["marked"], v["refusal"]):
        body = unbase64(r["body"])
        head, rows = parse_reply(body)
        must(r["request"] == "ask" and read_json(r["head"].encode()) == head and unbase64(r["rows"] or "") == rows, "head and rows")
        must(body[4 : len(body) - len(rows)] == r["head"].encode(), "the head's bytes")
        reply_of(head, request, v["request"]["sha256"])
        must(salted(unbase64(v["request"]["salt"]), body) == r["salted_digest"], "the reply's salted digest")
    must(parse_reply(unbase64(v["refusal"]["body"]))[1] == b"", "rows of a refusal")
    arrow_rows(unbase64(v["answer"]["rows"]), v["answer_table"])
    arrow_rows(unbase64(v["marked"]["rows"]), v["marked_table"])
    marks(read_json(v["marked"]["head"].encode()), v["marked_table"])
    for bad in v["refused"]:
        refuses(f"refused: {bad['name']}", parse_reply, unbase64(bad["body"]))
    return 4 + len(v["refused"])


def marks(head, rows):
    """Marks are the last column, a text of sorted codes; a protected row has no figure."""
    columns = head["answer"]["columns"]
    must(columns[-1]["name"] == "marks" and columns[-1]["measure"] is False, "marks are not the last column")
    hidden = 0
    for row in rows:
        codes = (row["marks"] or "").split(" ") if row["marks"] else []
        must(codes == sorted(set(codes)), "the order of marks")
        if "protected" in codes:
            hidden += 1
            must(codes == ["protected"] and all(row[c["name"]] is None for c in columns if c["measure"]), "a protected row has a figure")
    must(hidden == head.get("hidden", 0) and any(row["marks"] for row in rows), "how many rows are hidden")


def frames(stream):
    at, out = 0, []
    while at < len(stream):
        must(len(stream) - at >= 5, "the stream was cut")
        kind, n = chr(stream[at]), struct.unpack(">I", stream[at + 1 : at + 5])[0]
        most = {"H": MAX_HEAD, "C": MAX_CHUNK, "E": MAX_SMALL, "X": MAX_SMALL}.get(kind)
        must(most is not None and n <= most, "no frame of this stream")
        must(len(stream) - at - 5 >= n, "the stream was cut")
        out.append((kind, stream[at : at + 5 + n]))
        at += 5 + n
    return out


def verify_records(stream, request, digest, key):
    """Returns the chain's digests and the end, of a stream that is whole."""
    found = frames(stream)
    kinds = "".join(kind for kind, _ in found)
    must(re.fullmatch("HC*E", kinds), f"the frames are {kinds}")
    reply_of(read_json(found[0][1][5:]), request, digest)
    chain = [sha256(b"guichet records v1" + request["exchange"].encode())]
    for _, raw in found[:-1]:
        chain.append(sha256(chain[-1] + sha256(raw)))
    chunks = [raw[5:] for kind, raw in found if kind == "C"]
    must(all(chunks), "an empty chunk")
    end = read_json(found[-1][1][5:])
    signed = {name: end[name] for name in ("bytes", "chunks", "leaf", "root", "rows")}
    must(end["keyid"] == key["id"], "the key of the end")
    verify_bytes(unhex(key["public"]), "guichet records end v1", canonical(signed), unbase64(end["signature"]))
    must((end["root"], end["chunks"], end["bytes"]) == (chain[-1].hex(), len(chunks), sum(map(len, chunks))), "the stream is not what was signed")
    return [d.hex() for d in chain], canonical(signed)


def check_records(v):
    request = check_request(v["request"])
    k, stream = v["key"], unbase64(v["stream"])
    must(public_of(k["seed"]).hex() == k["public"] and sha256(unhex(k["public"]))[:8].hex() == k["id"], "the key")
    chain, end = verify_records(stream, request, v["request"]["sha256"], k)
    must(request["records"] is True and request["exchange"] == v["exchange"], "the request")
    must([v["chain_start"], *(f["chain"] for f in v["frames"][:-1])] == chain and v["root"] == chain[-1], "the chain")
    must([(f["type"], unbase64(f["payload"])) for f in v["frames"]] == [(kind, raw[5:]) for kind, raw in frames(stream)], "the frames")
    must(v["end_message"].encode() == end and v["end_context"] == "guichet records end v1", "what the end signs")
    must(salted(unbase64(v["request"]["salt"]), v["root"].encode()) == v["salted_digest"], "the root's salted digest")
    must(v["leaf_header"].isdigit() and v["receipt_header"] == PREFIX + "receipts/" + v["leaf_header"], "the headers")
    for bad in v["refused"]:
        refuses(f"refused: {bad['name']}", verify_records, unbase64(bad["body"]), request, v["request"]["sha256"], k)
    return 2 + len(v["frames"]) + len(v["refused"])


# Letters.

DIGITS16, DIGITS32, DIGITS64 = "[0-9a-f]{16}", "[0-9a-f]{32}", "[0-9a-f]{64}"
NAME = "[a-z0-9][a-z0-9_-]{0,63}"
HEAD = {"exchange", "from", "to", "officer", "purpose", "salt", "put"}
QUESTION = {"dataset", "where", "period", "by", "measures", "edition", "conversion", "cube", "as_of", "vintage", "limit", "lang"}


def shaped(text, shape, what):
    must(isinstance(text, str) and re.fullmatch(shape, text), f"{what} is not as it must be")


def fields(value, known):
    must(isinstance(value, dict) and set(value) <= known, "a field of another version")


def verify_letter(path, body, us="CA", sender="US", circle="border-five"):
    """A letter as the member reads it that it is to."""
    must(len(body) <= (MAX_REPORT if path == "copies/kept" else MAX_LETTER), "the letter is larger than one may be")
    letter = read_json(body, plain=True)
    must({"exchange", "from", "to", "salt", "put"} <= set(letter), "a field is not there")
    shaped(letter["exchange"], DIGITS32, "the exchange")
    must(letter["from"]["member"] == sender, "another member has sent it")
    must((letter["to"], letter["from"]["circle"]) == (us, circle), "it is to another")
    shaped(letter["from"]["office"], NAME, "the office")
    shaped(letter.get("officer", "0" * 16), DIGITS16, "the officer")
    shaped(letter.get("purpose", "none"), NAME, "the purpose")
    must(len(unbase64(letter["salt"])) == 32, "the salt has another length")
    instant(letter["put"])
    if path in ("copies", "subscriptions"):
        fields(letter, HEAD | {"agreement", "question", "records"} | ({"have"} if path == "copies" else set()))
        fields(letter["question"], QUESTION)
        shaped(letter["question"]["dataset"], "[a-z0-9][a-z0-9_.-]{0,63}", "the dataset")
    if path == "copies":
        must(letter.get("records") is True, "copies are records")
        must(not letter["question"].get("where") and not letter["question"].get("by"), "copies of something narrower")
        shaped(letter.get("have", "0" * 32), DIGITS32, "the list that is held")
    elif path == "subscriptions":
        must(not letter.get("records"), "a subscription to records")
    elif path == "copies/kept":
        fields(letter, HEAD | {"list", "kept", "removed", "why"})
        shaped(letter["list"] or "0" * 32, DIGITS32, "the list")
        must(letter.get("why", "") in ("", "withdrawn", "refused", "denied"), "no reason")
        must(letter.get("why") or not letter["removed"], "copies were removed for no reason")
        for mark in letter["kept"] + letter["removed"]:
            shaped(mark["submission"], DIGITS16, "a submission")
            shaped(mark["key"], DIGITS64, "a key")
    else:
        must(path == "notices", "no letters of that name")
        fields(letter, HEAD | {"after", "end"})
        must(isinstance(letter["after"], int) and letter["after"] >= 0, "a notice below none")
        for ended in letter.get("end", []):
            shaped(ended, DIGITS16, "a subscription")
    return letter


def verify_letter_reply(path, letter, digest, body):
    """A reply as who wrote the letter reads it; returns it with the kind of its leaf."""
    must(len(body) <= MAX_REPLY, "the reply is larger than one may be")
    reply = read_json(body, plain=True)
    must((reply["exchange"], reply["request"], reply["member"]) == (letter["exchange"], digest, letter["to"]), "the reply is to another letter")
    decision, rows = reply["decision"], reply["rows"]
    must(isinstance(rows, int) and rows >= 0, "fewer than none")
    must(decision["permitted"] or decision.get("clause"), "a refusal without a clause")
    if not decision["permitted"]:
        must(rows == 0, "a refusal names nothing")
        return reply, "refused"
    if path == "copies":
        copies(letter, reply)
    elif path == "subscriptions":
        must(rows == 0, "a subscription names nothing")
        shaped(reply["id"], DIGITS16, "the subscription")
    elif path == "copies/kept":
        must(rows == len(letter["kept"]) + len(letter["removed"]), "the number of copies")
    else:
        numbers = [n["number"] for n in reply["notices"]]
        must(len(numbers) <= 100 and rows == len(numbers), "the number of notices")
        must(all(a < b for a, b in zip([letter["after"], *numbers], numbers)), "notices are told in order, and none that was read")
    return reply, "answered"


def copies(letter, reply):
    must(reply["known"] or not letter.get("have"), "the source says that it never gave the list that is held")
    must(reply["rows"] == len(reply["items"]), "the number of submissions")
    instant(reply["taken"])
    for item in reply["items"]:
        shaped(item["key"], DIGITS64, "a key")
        shaped(item["sha256"], DIGITS64, "a digest")
        must(item["bytes"] > 0 and item["rows"] >= 0, "a file of nothing")
        submission = item["submission"]
        shaped(submission["id"], DIGITS16, "a submission")
        must(submission["identity"].startswith(submission["id"]), "the identity of a submission")
        must(submission["dataset"] == letter["question"]["dataset"], "a submission of another dataset")
        must(submission["may_redistribute"] is True, "a submission that may not be passed on")
    ids = [item["submission"]["id"] for item in reply["items"]]
    must(len(set(ids)) == len(ids), "a submission is listed twice")


def verify_file(reply, body):
    """A file that a list names: by its digest and its length."""
    must([1 for item in reply["items"] if item["sha256"] == sha256(body).hex() and item["bytes"] == len(body)], "no file of the list")


def check_letters(v):
    read = []
    for x in v["letters"]:
        letter = verify_letter(x["path"], x["letter"]["body"].encode())
        check_request(x["letter"])
        body = x["reply"].encode()
        reply, kind = verify_letter_reply(x["path"], letter, x["letter"]["sha256"], body)
        must((kind, reply["rows"]) == (x["leaf_kind"], x["leaf_rows"]), "what the leaves say")
        must(salted(unbase64(x["letter"]["salt"]), body) == x["salted_digest"], "the reply's salted digest")
        read.append((x["path"], letter, x["letter"]["sha256"], reply))
    must([path for path, *_ in read] == ["copies", "copies", "copies/kept", "subscriptions", "notices", "subscriptions"], "the letters")
    for file in v["files"]:
        must(sha256(unbase64(file["body"])).hex() == file["sha256"], "the digest of a file")
        verify_file(read[0][3], unbase64(file["body"]))
    for bad in v["refused"]:
        path, letter, digest, reply = read[bad["letter"]]
        body = unbase64(bad["body"])
        if bad["what"] == "letter":
            refuses(f"refused: {bad['name']}", verify_letter, path, body)
        elif bad["what"] == "reply":
            refuses(f"refused: {bad['name']}", verify_letter_reply, path, letter, digest, body)
        else:
            must(bad["what"] == "file", "nothing that can be refused")
            refuses(f"refused: {bad['name']}", verify_file, reply, body)
    return 2 * len(read) + len(v["files"]) + len(v["refused"])


CHECKS = {
    "signatures.json": check_signatures,
    "receipt.json": check_receipt,
    "renewal.json": check_renewal,
    "exchange.json": check_exchange,
    "records.json": check_records,
    "letters.json": check_letters,
}


def check(name, v):
    try:
        return CHECKS[name](v)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, struct.error) as e:
        raise Refused(f"it cannot be read: {type(e).__name__} {e}") from e


# Names for people, and what is refused already, may be altered without a verifier seeing it.
FREE = re.compile(r"^/about$|/name$|/what$|^/keys/\d+/who$|^/(refused|tampered)/")
# What only an Arrow reader can hold against the rows.
TABLE = re.compile(r"^/answer_table/")


def values(v, path=""):
    if isinstance(v, dict):
        for name, inner in v.items():
            yield from values(inner, f"{path}/{name}")
    elif isinstance(v, list):
        for i, inner in enumerate(v):
            yield from values(inner, f"{path}/{i}")
    elif v is not None and not FREE.search(path):
        yield path, v


def put(v, path, value):
    *way, last = [int(p) if p.isdigit() else p for p in path.split("/")[1:]]
    for step in way:
        v = v[step]
    v[last] = value


def alterations(value):
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    else:
        for at in sorted({0, len(value) // 2, len(value) - 1}) if value else ():
            yield value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]
        yield value + "0"


def altered(name, v):
    """How many alterations of a file are found; Refused names one that is not."""
    count = 0
    for path, value in list(values(v)):
        if TABLE.search(path) and arrow_reader() is None:
            continue  # main says so
        for other in alterations(value):
            worse = copy.deepcopy(v)
            put(worse, path, other)
            try:
                check(name, worse)
            except Refused:
                count += 1
                continue
            raise Refused(f"{path} may be {other!r} as well as {value!r}")
    return count


def main(args):
    deep = args[:1] == ["--altered"]
    folder = pathlib.Path(args[-1] if args[deep:] else "docs/protocol/vectors")
    files = sorted(folder.glob("*.json"))
    if arrow_reader() is None:
        print("pyarrow is not installed: answer_table of exchange.json is held against nothing, and left as it is; pip install pyarrow to check it too", file=sys.stderr)
    failed = {f"{folder}: there is no {name}" for name in CHECKS if not (folder / name).is_file()}
    for file in files:
        if file.name not in CHECKS:
            failed.add(f"{file}: nobody checks it")
            continue
        try:
            v = read_json(file.read_bytes())
            print(f"{file.name}: {check(file.name, v)} vectors hold")
            if deep:
                print(f"{file.name}: {altered(file.name, v)} alterations are found")
        except Refused as e:
            failed.add(f"{file}: {e}")
    for line in sorted(failed):
        print(line, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
