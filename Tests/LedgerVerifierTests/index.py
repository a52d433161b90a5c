"""Computes the root of the index of a log from its entries, as the specification describes it."""
import hashlib
import json
import re
import sys


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def merkle_root(leaves):
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return sha(b"\0", leaves[0])
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\1", merkle_root(leaves[:split]), merkle_root(leaves[split:]))


def fold(text, prefixes):
    text = text.lower()
    for prefix in prefixes:
        text = text.removeprefix(prefix)
    return text


def arxiv_name(text):
    return "arxiv:" + re.sub(r"(?<=.)v[0-9]+$", "", fold(text, ["arxiv:"]))


DOI = ["https://doi.org/", "http://doi.org/", "https://dx.doi.org/", "doi:"]


def citing(payload):
    if "citing_pith_number" in payload:
        return payload["citing_pith_number"]
    if "citing_arxiv" in payload:
        return arxiv_name(payload["citing_arxiv"])
    doi = fold(payload["citing_doi"], DOI)
    ours = "10.48550/arxiv."
    return arxiv_name(doi[len(ours):]) if doi.startswith(ours) and doi != ours else "doi:" + doi


def keys(event):
    subject, target = event["subject_pith_number"], event["target"]
    if subject != "pith:registry":
        yield "record:" + subject
    elif target.startswith("key:"):
        yield "registry"
        yield target
    yield "signer:" + event["signer"]["public_key_fingerprint"]
    payload = event["payload"]
    if event["event_type"] == "citation_signature":
        yield "cites:" + citing(payload)
    if event["event_type"] in ("alias_added", "alias_retracted"):
        kind = payload["alias_kind"]
        prefixes = DOI if kind == "doi" else ["arxiv:"] if kind.startswith("arxiv") else ["pith:"]
        yield f"alias:{kind}:{fold(payload['alias_value'], prefixes)}"


def tree_root(leaves, bit=0):
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return sha(*leaves[0])
    sides = [[leaf for leaf in leaves if leaf[0][bit // 8] >> 7 - bit % 8 & 1 == side] for side in (0, 1)]
    if not all(sides):
        return tree_root(leaves, bit + 1)
    return sha(tree_root(sides[0], bit + 1), tree_root(sides[1], bit + 1), bytes([bit]))


log = json.load(sys.stdin)
positions = {}
for position, entry in enumerate(log["entries"]):
    for key in keys(json.loads(entry)["event"]):
        positions.setdefault(key, []).append(position)
leaves = [
    (sha(key.encode()), merkle_root([position.to_bytes(8, "big") for position in places]))
    for key, places in positions.items()]
for item in log["statuses"]:
    text = json.dumps(item["status"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    leaves.append((sha(f"status:{item['pith_number']}".encode()), sha(text.encode())))
print(len(leaves), "keys, root", tree_root(leaves).hex())
