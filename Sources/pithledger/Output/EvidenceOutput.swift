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
  let inspection: ProofInspection

  var json: JSON { inspection.json }

  var text: String {
    let time = inspection.provenAt.map { ": existed at \($0)" } ?? ""
    var lines = [
      "\(inspection.verdict.name)\(time)",
      "  \(inspection.digestAlgorithm) \(Hex.encode(inspection.digest))",
    ]
    if case .openTimestamps(let attestations) = inspection.contents {
      lines += attestations.map {
        "  \(Self.text($0.source)): \($0.isVerified ? "verified" : "pending")"
      }
    }
    if let missing = inspection.missing { lines.append("  missing: \(missing)") }
    return lines.joined(separator: "\n")
  }

  private static func text(_ source: ProofInspection.Attestation.Source) -> String {
    switch source {
    case .calendar(let address): "pending \(address)"
    case .block(let chain, let height): "\(chain) block \(height)"
    case .unknown(let tag): "unknown \(Hex.encode(tag))"
    }
  }
}

/// Prints the number of events whose evidence was erased.
struct ErasureOutput: CommandOutput {
  let events: Int

  var json: JSON { ["events": .integer(Int64(events))] }
  var text: String { "erased; the log records it for \(events) events" }
}
