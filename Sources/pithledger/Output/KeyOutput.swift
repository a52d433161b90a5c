import CanonicalJSON
import Encodings
import LedgerDomain

/// Prints the fingerprint of a new key.
struct NewKeyOutput: CommandOutput {
  let fingerprint: Digest128
  let path: String

  var json: JSON { ["public_key_fingerprint": .string(fingerprint.hex)] }
  var text: String { "\(fingerprint.hex)  written to \(path)" }
}

/// Prints the registered keys: fingerprint, type of signer, standing and `signer_id`.
struct KeyListOutput: CommandOutput {
  let json: JSON

  var text: String {
    (json["keys"]?.arrayValue ?? []).map { item in
      [
        item["public_key_fingerprint"].line, item["signer_type"].line, Self.standing(of: item),
        item["signer_id"].line,
      ].joined(separator: "  ")
    }.joined(separator: "\n")
  }

  private static func standing(of item: JSON) -> String {
    let vouches = (item["vouched"]?.arrayValue ?? []).filter {
      $0["withdrawn_position"]?.isNull ?? true
    }
    switch item["standing"]?.stringValue {
    case "vouched":
      return "vouched as " + vouches.map { $0["signer_type"].line }.joined(separator: ", ")
    case "live" where item["is_registry"] == true: return "live, signs for the registry"
    default: return item["standing"].line
    }
  }
}
