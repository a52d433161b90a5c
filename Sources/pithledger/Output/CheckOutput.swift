import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerStore
import LedgerVerifier
import TransparencyLog

/// Prints the result of an audit, with a line for each finding.
struct AuditOutput: CommandOutput {
  let report: AuditReport

  var json: JSON { report.json }

  var text: String {
    var lines = report.findings.map {
      "\($0.pithNumber) at \($0.position): \($0.check) \($0.was) → \($0.now) (\($0.detail))"
    }
    lines += report.erased.map {
      "\($0.pithNumber) at \($0.position): erased, the evidence \($0.evidence.hex) cannot be checked again"
    }
    lines.append(
      "\(report.events) events, \(report.findings.count) verdicts differ, \(report.erased.count) erased, "
        + "\(report.notChecked) not checked (at a location that an audit does not fetch, or without the keys or "
        + "the document)")
    return lines.joined(separator: "\n")
  }
}

/// Prints the result of a check of the database, with a line for each fault.
struct FsckOutput: CommandOutput {
  let report: FsckReport

  private var milliseconds: Int { Int(report.seconds * 1000) }

  var json: JSON {
    [
      "checkpoints": .integer(Int64(report.checkpoints)),
      "entries": .integer(report.entries.stored),
      "faults": .array(report.faults.map(\.json)),
      "milliseconds": .integer(Int64(milliseconds)), "records": .integer(report.records),
      "unverified_cosignatures": .integer(Int64(report.unverifiedCosignatures)),
    ]
  }

  var text: String {
    guard report.faults.isEmpty else {
      let lines = report.faults.map { "FAULT: \($0)" } + ["\(report.faults.count) faults"]
      return lines.joined(separator: "\n")
    }
    let rate = Int(Double(report.entries.rawValue) / max(report.seconds, 0.001))
    let unverified =
      report.unverifiedCosignatures == 0
      ? ""
      : "; \(report.unverifiedCosignatures) cosignatures not checked: their witnesses are not configured"
    return
      "\(report.entries) entries of \(report.records) records, \(report.checkpoints) checkpoints: all "
      + "is as it was signed (\(milliseconds) ms, \(rate) entries/s)" + unverified
  }
}

/// Prints the result of a replay, with a line for each difference.
struct ReplayOutput: CommandOutput {
  let report: ReplayReport
  /// Whether the replay compared only.
  let isCheck: Bool

  private var milliseconds: Int { Int(report.seconds * 1000) }

  var json: JSON {
    [
      "drift": .array(report.drift.map(Self.json)), "events": .integer(report.events),
      "milliseconds": .integer(Int64(milliseconds)), "records": .integer(report.records),
      "swapped": .bool(report.swapped),
    ]
  }

  private static func json(_ drift: ReplayReport.Drift) -> JSON {
    [
      "key": .string(drift.key), "now": drift.now.map { .string($0) } ?? .null,
      "pith_number": .string(drift.pithNumber), "table": .string(drift.table),
      "was": drift.was.map { .string($0) } ?? .null,
    ]
  }

  var text: String {
    let rate = Int(Double(report.events) / max(report.seconds, 0.001))
    var lines = [
      "\(isCheck ? "compared" : "replayed") \(report.events) events of \(report.records) records in "
        + "\(milliseconds) ms (\(rate)/s); \(report.drift.count) values had drifted"
    ]
    lines += report.drift.map {
      "  \($0.table) \($0.pithNumber) \($0.key): \($0.was ?? "missing") → \($0.now ?? "no row")"
    }
    return lines.joined(separator: "\n")
  }
}
