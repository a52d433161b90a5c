public import CanonicalJSON
import Encodings
public import LedgerService

extension PreparedEvent {
  /// The answer to `?prepare=true` as JSON: the body as text and in base64, the digest to sign, and instructions.
  public var json: JSON {
    [
      "body": .string(String(decoding: body, as: UTF8.self)),
      "body_b64": .string(Base64.encode(body)),
      "digest_sha256": .string(eventID.hex),
      "event_id": .string("sha256:" + eventID.hex),
      "notice": "What you sign is public and permanent: it cannot be removed from the log.",
      "sign": "Ed25519 over the 32 bytes of digest_sha256",
    ]
  }
}
