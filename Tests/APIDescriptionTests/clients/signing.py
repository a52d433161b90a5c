"""Signs events with nothing but the words of the specification and the package `cryptography`."""
import base64
import datetime
import hashlib
import json
import urllib.request

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def canonical(value):
    """The canonical bytes of a value (canonical-json.md)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Signer:
    """A key, and who signs with it."""

    def __init__(self, name, seed=None):
        self.key = Ed25519PrivateKey.from_private_bytes(seed) if seed else Ed25519PrivateKey.generate()
        self.public = self.key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.fingerprint = hashlib.sha256(self.public).hexdigest()[:32]
        self.members = {"key_id": name, "public_key_fingerprint": self.fingerprint,
                        "signer_id": "urn:example:" + name, "signer_type": "author"}

    def event(self, kind, payload, subject, target="record"):
        """A signed event (events.md)."""
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return self.sign({"created_at": now, "event_type": kind, "event_version": "1.0", "payload": payload,
                          "signer": self.members, "subject_pith_number": subject, "target": target})

    def sign(self, body):
        """The body with its id and signature."""
        digest = hashlib.sha256(canonical(body)).digest()
        return {**body, "event_id": "sha256:" + digest.hex(),
                "signature": {"algorithm": "ed25519",
                              "signature_b64": base64.b64encode(self.key.sign(digest)).decode()}}

    def registration(self):
        """The event that registers the key."""
        public = base64.b64encode(self.public).decode()
        return self.event("key_registered", {"algorithm": "ed25519", "public_key_b64": public},
                          "pith:registry", "key:" + self.fingerprint)

    def register(self, server):
        """Registers the key at a ledger. Registering it again changes nothing."""
        request = urllib.request.Request(server + "/api/events", data=canonical(self.registration()),
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
