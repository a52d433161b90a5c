import CanonicalJSON
import LedgerHTTP
import LedgerService

/// Prints the number of block headers that were added, and the anchors that they settled.
struct HeadersAddedOutput: CommandOutput {
  let added: Int64
  let settled: [AnchorOutcome]

  var json: JSON { ["added": .integer(added), "settled": .array(settled.map(\.json))] }
  var text: String { "\(added) headers added; \(settled.count) anchors settled" }
}

/// Prints the number of certificates that were added, and the anchors that they settled.
struct AuthoritiesAddedOutput: CommandOutput {
  let certificates: Int
  let settled: [AnchorOutcome]

  var json: JSON {
    [
      "certificates": .integer(Int64(certificates)), "settled": .array(settled.map(\.json)),
    ]
  }
  var text: String { "\(certificates) certificates trusted; \(settled.count) anchors settled" }
}

/// Prints whether a key set is new, and the number of claims that it settled.
struct IssuerKeysAddedOutput: CommandOutput {
  let isNew: Bool
  let settled: Int

  var json: JSON { ["added": .bool(isNew), "settled": .integer(Int64(settled))] }
  var text: String { "\(isNew ? "trusted" : "trusted already"); \(settled) claims settled" }
}

/// Prints whether trusted material was removed.
struct TrustRemovedOutput: CommandOutput {
  let isRemoved: Bool
  /// The text if there was nothing to remove.
  let textIfMissing: String

  var json: JSON { ["removed": .bool(isRemoved)] }
  var text: String { isRemoved ? "removed" : textIfMissing }
}

/// Prints the trust configuration.
struct TrustListOutput: CommandOutput {
  let json: JSON

  var text: String {
    let headers = json["headers"]
    var lines = ["no headers"]
    if let count = headers?["count"]?.integerValue, let lowest = headers?["lowest"]?.integerValue,
      let highest = headers?["highest"]?.integerValue
    {
      lines = ["\(count) headers, heights \(lowest) to \(highest)"]
    }
    for kind in ["tsa", "jwks"] {
      lines += (json[kind]?.arrayValue ?? []).map { "\(kind)  \($0["sha256"].line)" }
    }
    return lines.joined(separator: "\n")
  }
}
