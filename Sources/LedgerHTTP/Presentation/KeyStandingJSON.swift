public import CanonicalJSON
import Encodings
import LedgerDomain
public import LedgerService

extension KeyStanding {
  /// The key as JSON.
  public var json: JSON {
    [
      "algorithm": "ed25519",
      "compromised_from_position": key.compromisedFrom.map { .integer($0.rawValue) } ?? .null,
      "is_registry": .bool(isRegistry),
      "key_id": .string(key.keyID),
      "public_key_b64": .string(Base64.encode(key.publicKey)),
      "public_key_fingerprint": .string(key.fingerprint.hex),
      "registered_position": .integer(key.registeredAt.rawValue),
      "revoked_position": key.revokedAt.map { .integer($0.rawValue) } ?? .null,
      "signer_id": .string(key.signerID), "signer_type": .string(key.signerType.name),
      "standing": .string(state.rawValue),
      "vouched": .array(key.vouches.map(\.json)),
    ]
  }
}

extension [KeyStanding] {
  /// The keys as JSON: an object with the member `keys`.
  public var json: JSON { ["keys": .array(map(\.json))] }
}

extension KeyTimeline.Key.Vouch {
  fileprivate var json: JSON {
    [
      "name": name.map { .string($0) } ?? .null, "position": .integer(position.rawValue),
      "signer_type": .string(type.name),
      "withdrawn_position": until.map { .integer($0.rawValue) } ?? .null,
    ]
  }
}
