public import CanonicalJSON
import Encodings
import LedgerDomain
public import LedgerService

extension ProofInspection {
  /// A checked proof of time as JSON: `form`, `digest`, `verdict` (`verified` or `pending`), `proven_at`, `missing`, and
  /// the attestations or the members of the token.
  public var json: JSON {
    var json: JSONObject = [
      "digest": ["algorithm": .string(digestAlgorithm), "hex": .string(Hex.encode(digest))],
      "form": .string(form),
      "missing": missing.map { .string($0) } ?? .null,
      "proven_at": provenAt.map { .string($0.description) } ?? .null,
      "verdict": .string(verdict.name),
    ]
    switch contents {
    case .openTimestamps(let attestations):
      json["attestations"] = .array(attestations.map(\.json))
    case .token(let token):
      json["gen_time"] = .string(token.genTime)
      json["policy"] = .string(token.policy)
      json["serial"] = .string(Hex.encode(token.serial))
    }
    return .object(json)
  }
}

extension ProofInspection.Attestation {
  fileprivate var json: JSON {
    var json = source.json
    json["message"] = .string(Hex.encode(message))
    json["verdict"] = .string(isVerified ? "verified" : "pending")
    return .object(json)
  }
}

extension ProofInspection.Attestation.Source {
  fileprivate var json: JSONObject {
    switch self {
    case .calendar(let address): ["calendar": .string(address), "kind": "pending"]
    case .block(let chain, let height):
      // An integer that canonical JSON cannot represent exactly is written as text.
      ["height": .integer(checked: height) ?? .string("\(height)"), "kind": .string(chain)]
    case .unknown(let tag): ["kind": "unknown", "tag": .string(Hex.encode(tag))]
    }
  }
}
