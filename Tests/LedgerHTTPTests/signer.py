"""Registers a key and signs a citation with nothing but the design's words and `cryptography`."""
import base64, datetime, hashlib, json, sys, urllib.error, urllib.request
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

base, pith = sys.argv[1:]


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def call(path, body=None):
    request = urllib.request.Request(base + path, data=body, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


key = Ed25519PrivateKey.generate()
public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
fingerprint = hashlib.sha256(public).hexdigest()[:32]
signer = {"key_id": "python", "public_key_fingerprint": fingerprint,
          "signer_id": "urn:example:python", "signer_type": "author"}


def event(kind, payload, subject, target):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {"created_at": now, "event_type": kind, "event_version": "1.0", "payload": payload,
            "signer": signer, "subject_pith_number": subject, "target": target}
    digest = hashlib.sha256(canonical(body)).digest()
    signature = base64.b64encode(key.sign(digest)).decode()
    return {**body, "event_id": "sha256:" + digest.hex(),
            "signature": {"algorithm": "ed25519", "signature_b64": signature}}


def count():
    return call(f"/api/pith-number/{pith}/status.json")[1]["verification_status"]["citation_signatures"]


def size():
    return call("/readyz")[1]["size"]


report = {"before": count()}
registration = event("key_registered", {"algorithm": "ed25519", "public_key_b64": base64.b64encode(public).decode()},
                     "pith:registry", "key:" + fingerprint)
report["registered"] = call("/api/events", canonical(registration))[0]
citation = event("citation_signature", {"citing_arxiv": "2605.21642", "relation": "extends", "note": "é😂"},
                 pith, "record")
path = f"/pith/{pith}/action/citation_signature"
status, prepared = call(path + "?prepare=true", canonical(
    {"payload": citation["payload"], "signer": signer, "created_at": citation["created_at"]}))
report["prepared"] = prepared.get("event_id") == citation["event_id"]
report["first"], first = call(path, canonical(citation))
# Keys in any order and loosely spaced: what is signed is the canonical form.
report["again"], again = call(path, json.dumps(citation, indent=2).encode())
report["first_position"], report["again_position"] = first["position"], again["position"]
report["after"] = count()
report["size_before"] = size()
altered = []
text = canonical(citation).decode()
for old, new in [("extends", "refutes"), ("2605.21642", "2605.21643"), ("python", "pythom"),
                 (citation["created_at"], citation["created_at"][:-2] + ("1Z" if citation["created_at"][-2] != "1" else "2Z")),
                 (citation["event_id"][7:], "0" * 64)]:
    altered.append(call(path, text.replace(old, new, 1).encode())[0])
without = dict(citation)
del without["event_id"]
for index in (0, 40, 80):
    signature = citation["signature"]["signature_b64"]
    flipped = signature[:index] + ("A" if signature[index] != "A" else "B") + signature[index + 1:]
    without["signature"] = {"algorithm": "ed25519", "signature_b64": flipped}
    altered.append(call(path, canonical(without))[0])
report["altered"] = altered
report["size_after"] = size()
print(json.dumps(report))
