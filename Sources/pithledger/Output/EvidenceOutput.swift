import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerHTTP
import LedgerService

/// Prints the state of each pending anchor after it was checked.
struct AnchorsOutput: CommandOutput {
  let outcomes: [AnchorOutcome]

  var json: JSON { ["anchors": .array(outcomes.map(\.json))] }

  var text: String {
    guard !outcomes.isEmpty else { return "no anchor is pending" }
    return outcomes.map { "\($0.state.rawValue)  \($0.subject)  \($0.detail)" }
      .joined(separator: "\n")
  }
}

/// Prints a checked proof of time: the verdict with the time, the digest, and a line for each
/// attestation.
struct InspectionOutput: CommandOutput {
  let json: JSON

  /// Whether the proof holds.
  var isVerified: Bool { json["verdict"] == "verified" }

  var text: String {
    let time = json["proven_at"]?.stringValue == nil ? "" : ": existed at \(json["proven_at"].line)"
    var lines = [
      "\(json["verdict"].line)\(time)",
      "  \(json["digest"]?["algorithm"].line ?? "") \(json["digest"]?["hex"].line ?? "")",
    ]
    lines += (json["attestations"]?.arrayValue ?? []).map {
      "  \(Self.source($0)): \($0["verdict"].line)"
    }
    if json["missing"]?.stringValue != nil { lines.append("  missing: \(json["missing"].line)") }
    return lines.joined(separator: "\n")
  }

  private static func source(_ attestation: JSON) -> String {
    let kind = attestation["kind"].line
    switch kind {
    case "pending": return "pending \(attestation["calendar"].line)"
    case "unknown": return "unknown \(attestation["tag"].line)"
    default:
      let height =
        attestation["height"]?.integerValue.map { "\($0)" } ?? attestation["height"].line
      return "\(kind) block \(height)"
    }
  }
}

/// Prints the number of events whose evidence was erased.
struct ErasureOutput: CommandOutput {
  let events: Int

  var json: JSON { ["events": .integer(Int64(events))] }
  var text: String { "erased; the log records it for \(events) events" }
}
