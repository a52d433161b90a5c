import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerHTTP
import LedgerService

/// Prints the fingerprint of a new key.
struct NewKeyOutput: CommandOutput {
  let fingerprint: Digest128
  let path: String

  var json: JSON { ["public_key_fingerprint": .string(fingerprint.hex)] }
  var text: String { "\(fingerprint.hex)  written to \(path)" }
}

/// Prints the registered keys: fingerprint, type of signer, standing and `signer_id`.
struct KeyListOutput: CommandOutput {
  let keys: [KeyStanding]

  var json: JSON { keys.json }

  var text: String {
    keys.map(\.key).map { key in
      [key.fingerprint.hex, key.signerType.name, Self.standing(of: key), key.signerID]
        .joined(separator: "  ")
    }.joined(separator: "\n")
  }

  private static func standing(of key: KeyTimeline.Key) -> String {
    guard key.revokedAt == nil else { return "revoked" }
    let vouched = key.vouches.filter { $0.until == nil }.map(\.type.name)
    return vouched.isEmpty ? "registered" : "vouched as " + vouched.joined(separator: ", ")
  }
}
