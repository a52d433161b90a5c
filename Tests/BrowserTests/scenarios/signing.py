"""Keys that sign statements, written with the specification and `cryptography` only."""

import base64
import datetime
import hashlib
import json

from browser import expect
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Key:
    """A key that a ledger knows. It submits over HTTP."""

    def __init__(self, ledger, name, signer=None, kind="author"):
        self.ledger = ledger
        self.private = Ed25519PrivateKey.generate()
        public = self.private.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.fingerprint = hashlib.sha256(public).hexdigest()[:32]
        self.signer = {"key_id": name, "public_key_fingerprint": self.fingerprint,
                       "signer_id": signer or "urn:example:" + name, "signer_type": kind}
        answer = self.submit(
            "key_registered", {"algorithm": "ed25519", "public_key_b64": base64.b64encode(public).decode()},
            "pith:registry", "key:" + self.fingerprint)
        expect(answer["status"] == 201, f"the key {name[:40]} is not registered: {answer}")

    def submit(self, kind, payload, record=None, target="record", evidence=()):
        """Signs and submits a statement. Returns the answer, whose `status` is that of HTTP."""
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        body = {"created_at": now, "event_type": kind, "event_version": "1.0", "payload": payload,
                "signer": self.signer, "subject_pith_number": record or self.ledger.number, "target": target}
        digest = hashlib.sha256(canonical(body)).digest()
        body["event_id"] = "sha256:" + digest.hex()
        body["signature"] = {"algorithm": "ed25519", "signature_b64": base64.b64encode(self.private.sign(digest)).decode()}
        if evidence:
            body["evidence"] = {hashlib.sha256(file).hexdigest(): base64.b64encode(file).decode() for file in evidence}
        status, _, answer = self.ledger.request("/api/events", body)
        return {**json.loads(answer), "status": status}
