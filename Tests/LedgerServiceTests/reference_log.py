"""Checks a served log by RFC 6962 and C2SP. It shares no code with the ledger.

Usage: reference_log.py URL VKEY < {"notes": [...], "positions": [...]}; prints a JSON report or fails.
"""

import base64, hashlib, json, sys, urllib.error, urllib.request
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

url, vkey = sys.argv[1:3]
name, key_id, key = vkey.split("+", 2)
key = base64.b64decode(key)
assert key[0] == 1
assert hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex() == key_id
public = Ed25519PublicKey.from_public_bytes(key[1:])


def sha(data):
    return hashlib.sha256(data).digest()


def leaf(data):
    return sha(b"\0" + data)


def node(left, right):
    return sha(b"\1" + left + right)


def get(path):
    with urllib.request.urlopen(url + path) as answer:
        return answer.read(), answer.headers


def checkpoint(note):
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    for line in signatures.splitlines():
        dash, who, signature = line.split(" ")
        raw = base64.b64decode(signature)
        if dash == "—" and who == name and raw[:4].hex() == key_id:
            public.verify(raw[4:], text.encode())
            origin, size, root = text.splitlines()
            return origin, int(size), base64.b64decode(root)
    raise ValueError("no signature by the log")


def mth(hashes):
    """RFC 6962, section 2.1, over leaf hashes."""
    if not hashes:
        return sha(b"")
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return node(mth(hashes[:k]), mth(hashes[k:]))


def tile_path(index):
    groups = []
    while True:
        groups.insert(0, "%03d" % (index % 1000))
        index //= 1000
        if not index:
            return "/".join(["x" + g for g in groups[:-1]] + groups[-1:])


tiles = {}


def tile(kind, index, width):
    path = "/tile/%s/%s%s" % (kind, tile_path(index), "" if width == 256 else ".p/%d" % width)
    if path not in tiles:
        body, headers = get(path)
        assert "immutable" in headers["cache-control"], path
        assert headers["content-type"] == "application/octet-stream"
        tiles[path] = body
    return tiles[path]


def level(number, size):
    """All hashes of a level of the tiles of a tree of this size."""
    count = size // 256**number
    hashes = []
    for index in range((count + 255) // 256):
        width = min(256, count - index * 256)
        body = tile(number, index, width)
        assert len(body) == width * 32
        hashes += [body[i : i + 32] for i in range(0, len(body), 32)]
    return hashes


def leaves(size):
    hashes = []
    for index in range((size + 255) // 256):
        width = min(256, size - index * 256)
        bundle, at = tile("entries", index, width), 0
        for _ in range(width):
            length = int.from_bytes(bundle[at : at + 2], "big")
            hashes.append(leaf(bundle[at + 2 : at + 2 + length]))
            at += 2 + length
        assert at == len(bundle)
    return hashes


def verify_inclusion(hash, index, size, root, proof):
    """RFC 9162, section 2.1.3.2."""
    assert index < size
    fn, sn, r = index, size - 1, hash
    for p in proof:
        assert sn != 0
        if fn % 2 or fn == sn:
            r = node(p, r)
            while fn % 2 == 0 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0 and r == root


def verify_consistency(old, old_root, new, new_root, proof):
    """RFC 9162, section 2.1.4.2; the empty tree and equal sizes apart."""
    if old == 0:
        assert not proof and old_root == sha(b"")
        return
    if old == new:
        assert not proof and old_root == new_root
        return
    if old & (old - 1) == 0:
        proof = [old_root] + proof
    fn, sn = old - 1, new - 1
    while fn % 2:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = proof[0]
    for c in proof[1:]:
        assert sn != 0
        if fn % 2 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while fn % 2 == 0 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    assert fr == old_root and sr == new_root and sn == 0


asked = json.load(sys.stdin)
heads = [checkpoint(note) for note in asked["notes"]]
served = checkpoint(get("/checkpoint")[0].decode())
assert served in heads
all_leaves = leaves(served[1])
for origin, size, root in heads:
    assert origin == served[0]
    assert mth(all_leaves[:size]) == root, size
    number, hashes = 0, all_leaves[:size]
    while size // 256**number:
        assert level(number, size) == hashes, (size, number)
        hashes = [mth(hashes[i : i + 256]) for i in range(0, len(hashes) - 255, 256)]
        number += 1

proofs = 0
for position in asked["positions"]:
    lines, note = get("/api/proof/%d" % position)[0].decode().split("\n\n", 1)
    lines = lines.split("\n")
    assert lines.pop(0) == "c2sp.org/tlog-proof@v1"
    entry = base64.b64decode(lines.pop(0).removeprefix("extra "))
    assert lines.pop(0) == "index %d" % position
    _, size, root = checkpoint(note)
    verify_inclusion(leaf(entry), position, size, root, [base64.b64decode(l) for l in lines])
    proofs += 1

consistent = 0
for i, (_, old, old_root) in enumerate(heads):
    for _, new, new_root in heads[i:]:
        answer = json.loads(get("/api/proof/consistency?old=%d&new=%d" % (old, new))[0])
        assert base64.b64decode(answer["old_root"]) == old_root
        assert base64.b64decode(answer["new_root"]) == new_root
        proof = [base64.b64decode(h) for h in answer["proof"]]
        verify_consistency(old, old_root, new, new_root, proof)
        consistent += 1

missing = 0
width = served[1] % 256 + 1
for path in ["/tile/0/%s" % tile_path(served[1] // 256), "/tile/0/999", "/tile/9/000", "/tile/0/0"]:
    try:
        get(path)
    except urllib.error.HTTPError as error:
        assert error.code == 404
        missing += 1

print(json.dumps({"consistent": consistent, "heads": len(heads), "missing": missing, "proofs": proofs}))
