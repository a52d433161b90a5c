"""Verifies COSE receipts of a ledger with pycose, and with nothing else of the ledger. Prints what it found."""
import base64
import hashlib
import json
import sys
import urllib.request

import cbor2
from pycose.keys import OKPKey
from pycose.messages import CoseMessage, Sign1Message

server = sys.argv[1]


def read(path, accept):
    with urllib.request.urlopen(urllib.request.Request(server + path, headers={"Accept": accept})) as answer:
        return answer.headers["Content-Type"], answer.read()


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaf, index, size, path):
    """RFC 9162, section 2.1.3.2."""
    if index >= size:
        return None
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return r if sn == 0 else None


def roots_of(first, second, old, path):
    """RFC 9162, section 2.1.4.2: the newer root if the older one fits."""
    path = list(path)
    if first & (first - 1) == 0:
        path.insert(0, old)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sr if fr == old and sn == 0 else None


service = json.loads(read("/.well-known/pith-ledger.json", "application/json")[1])
name, key_id, material = service["log_key"].rsplit("+", 2) if service["log_key"].count("+") == 2 else \
    service["log_key"].split("+", 2)
public = base64.b64decode(material)[1:]
key = OKPKey(crv="ED25519", x=public, optional_params={"ALG": "EDDSA"})


def verify(receipt, root):
    """Whether the signature is over this root."""
    message = CoseMessage.decode(receipt)
    assert isinstance(message, Sign1Message) and message.payload is None
    message.payload = root
    message.key = key
    return root is not None and message.verify_signature()


report = {"verified": 0, "altered": 0, "types": []}
size = json.loads(read("/readyz", "application/json")[1])["size"]
for position in range(size):
    _, text = read(f"/api/proof/{position}", "text/plain")
    entry = base64.b64decode(text.split(b"\n")[1].removeprefix(b"extra "))
    kind, receipt = read(f"/api/proof/{position}", "application/cose")
    report["types"] = [kind]
    value = cbor2.loads(receipt)
    protected = cbor2.loads(value.value[0])
    assert protected[1] == -8 and protected[395] == 1 and protected[15][1] == service["origin"]
    assert protected[4].hex() == key_id
    tree, index, path = cbor2.loads(value.value[1][396][-1][0])
    assert index == position
    leaf = hashlib.sha256(b"\x00" + entry).digest()
    report["verified"] += verify(receipt, root_of(leaf, index, tree, path))
    # Another entry, another place, another hash.
    other = hashlib.sha256(b"\x00" + entry + b" ").digest()
    attempts = [root_of(other, index, tree, path), root_of(leaf, index ^ 1, tree, path)]
    attempts += [root_of(leaf, index, tree, path[:i] + [bytes(32)] + path[i + 1:]) for i in range(len(path))]
    report["altered"] += sum(verify(receipt, attempt) for attempt in attempts)

for old in range(1, size):
    proof = json.loads(read(f"/api/proof/consistency?old={old}", "application/json")[1])
    _, receipt = read(f"/api/proof/consistency?old={old}", "application/cose")
    first, second, path = cbor2.loads(cbor2.loads(receipt).value[1][396][-2][0])
    root = base64.b64decode(proof["old_root"])
    report["verified"] += verify(receipt, roots_of(first, second, root, path))
    report["altered"] += verify(receipt, roots_of(first, second, bytes(32), path))
report["size"] = size
print(json.dumps(report))
