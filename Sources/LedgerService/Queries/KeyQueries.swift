public import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerStore

/// Reads the registered keys and their standing.
public struct KeyQueries: Sendable {
  let timeline: TimelineCache

  /// Every registered key with its standing as of now.
  public func all() async throws -> JSON {
    let current = try await timeline.current()
    return [
      "keys": .array(current.timeline.keys.map { keyJSON($0, current.timeline, current.next) })
    ]
  }

  /// One key by its fingerprint (32 hexadecimal digits).
  public func key(_ fingerprint: String) async throws -> JSON {
    let current = try await timeline.current()
    guard let wanted = Digest128(hex: fingerprint.lowercased()),
      let key = current.timeline.keys.first(where: { $0.fingerprint == wanted })
    else {
      throw Refusal(
        .notFound, check: "fingerprint", "No key with this fingerprint is registered here.")
    }
    return keyJSON(key, current.timeline, current.next)
  }

  private func keyJSON(_ key: KeyTimeline.Key, _ timeline: KeyTimeline, _ next: Position) -> JSON {
    [
      "algorithm": "ed25519",
      "compromised_from_position": key.compromisedFrom.map { .integer($0.rawValue) } ?? .null,
      "is_registry": .bool(timeline.registryKey(at: next) == key.fingerprint),
      "key_id": .string(key.keyID),
      "public_key_b64": .string(encodeBase64(key.publicKey)),
      "public_key_fingerprint": .string(key.fingerprint.hex),
      "registered_position": .integer(key.registeredAt.rawValue),
      "revoked_position": key.revokedAt.map { .integer($0.rawValue) } ?? .null,
      "signer_id": .string(key.signerID), "signer_type": .string(key.signerType.name),
      "vouched": .array(
        key.vouches.map {
          [
            "name": $0.name.map { .string($0) } ?? .null,
            "position": .integer($0.position.rawValue),
            "signer_type": .string($0.type.name),
            "withdrawn_position": $0.until.map { .integer($0.rawValue) } ?? .null,
          ]
        }),
    ]
  }
}
