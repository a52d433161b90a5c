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
    keys.map { item in
      [
        item.key.fingerprint.hex, item.key.signerType.name, Self.standing(of: item),
        item.key.signerID,
      ].joined(separator: "  ")
    }.joined(separator: "\n")
  }

  private static func standing(of item: KeyStanding) -> String {
    let vouches = item.key.vouches.filter { $0.until == nil }.map(\.type.name)
    switch item.state {
    case .vouched: return "vouched as " + vouches.joined(separator: ", ")
    case .live where item.isRegistry: return "live, signs for the registry"
    case .live, .retired, .revoked: return item.state.rawValue
    }
  }
}
