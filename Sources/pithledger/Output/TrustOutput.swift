import CanonicalJSON
import Encodings
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
  let trusted: TrustStore.Summary

  var json: JSON { trusted.json }

  var text: String {
    var lines = ["no headers"]
    if let heights = trusted.heights {
      lines = [
        "\(trusted.headerCount) headers, heights \(heights.lowerBound) to \(heights.upperBound)"
      ]
    }
    lines += trusted.authorities.map { "tsa  \($0.sha256.hex)" }
    lines += trusted.issuerKeys.map { "jwks  \($0.sha256.hex)" }
    return lines.joined(separator: "\n")
  }
}
