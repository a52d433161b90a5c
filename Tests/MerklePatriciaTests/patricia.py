"""Verifies a Merkle Patricia tree and proofs of it, from the definition.

Input: the root and the number of leaves; the leaves; then `presence` or `absence`, a key and a proof.
"""
import hashlib
import sys


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def bit(key, index):
    return int.from_bytes(key, "big") >> (255 - index) & 1


def root_of(leaves):
    """The root of sorted (key, value) pairs. The node of several keys is at the first bit in which they differ."""
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return sha(*leaves[0])
    low, high = (int.from_bytes(leaves[i][0], "big") for i in (0, -1))
    index = 256 - (low ^ high).bit_length()
    first, last = 1, len(leaves) - 1
    while first < last:
        middle = (first + last) // 2
        if bit(leaves[middle][0], index):
            last = middle
        else:
            first = middle + 1
    return sha(root_of(leaves[:first]), root_of(leaves[first:]), bytes([index]))


def climb(key, value, way):
    """The root that a way leads to from a leaf, and the bits on it."""
    assert len(way) % 33 == 0
    node, bits = sha(key, value), []
    for at in range(0, len(way), 33):
        index, sibling = way[at], way[at + 1 : at + 33]
        assert not bits or index < bits[-1], "the bits do not fall"
        bits.append(index)
        pair = (sibling, node) if bit(key, index) else (node, sibling)
        node = sha(*pair, bytes([index]))
    return node, bits


lines = sys.stdin.read().split("\n")
root, count = bytes.fromhex(lines[0].split()[0]), int(lines[0].split()[1])
leaves = {}
for line in lines[1 : 1 + count]:
    key, value = map(bytes.fromhex, line.split())
    leaves[key] = value
assert root_of(sorted(leaves.items())) == root, "another root"
proofs = [line.split(" ") for line in lines[1 + count :]]
for kind, key, proof in proofs:
    key, proof = bytes.fromhex(key), bytes.fromhex(proof)
    if kind == "presence":
        assert proof[:9] == b"mptproof\x01"
        assert proof[9:41] == leaves[key]
        assert climb(key, leaves[key], proof[41:])[0] == root, "presence"
    elif not proof:
        assert not leaves and root == sha(b"")
    else:
        other, value = proof[:32], proof[32:64]
        assert key not in leaves and leaves[other] == value
        reached, bits = climb(other, value, proof[64:])
        assert reached == root and all(bit(key, i) == bit(other, i) for i in bits), "absence"
print(len(proofs), "proofs hold")
