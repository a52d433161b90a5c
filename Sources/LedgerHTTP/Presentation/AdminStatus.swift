import CanonicalJSON
import LedgerDomain
import LedgerService
import LedgerStore
import TransparencyLog

/// The state of the service, for its operator.
struct AdminStatus: Sendable {
  let health: Ledger.Health
  /// Why the ledger refuses or cannot sign; `nil` if it does neither.
  let refusing: String?
  /// The newest checkpoint, and when its last entry was recorded; `nil` if there is none.
  let checkpoint: (size: TreeSize, coversUntil: Timestamp?)?
  let jobs: JobReport
  /// When the oldest proof of time that is pending was recorded; `nil` if there is none.
  let oldestAnchor: Timestamp?
  let trust: TrustStore.Summary

  /// Reads the state.
  init(_ ledger: Ledger) async throws {
    health = try await ledger.health()
    refusing =
      if let mismatch = await ledger.checkpoints.historyMismatch() { mismatch } else {
        await ledger.checkpoints.signingOutage().map { "\($0.check): \($0.message)" }
      }
    func time(_ position: Position) async throws -> Timestamp? {
      try await ledger.events.page(from: position, limit: 1).events.first?.recordedAt
    }
    // Only the service's own schedule signs checkpoints. A ledger that signed none yet has none to show.
    let newest = try? await ledger.checkpoints.newest()
    if let newest, !newest.size.isEmpty {
      checkpoint = (newest.size, try await time(newest.size.end.previous))
    } else {
      checkpoint = nil
    }
    jobs = ledger.backgroundJobs.report
    oldestAnchor =
      if let oldest = jobs.anchors?.oldest { try await time(oldest) } else { nil }
    trust = try await ledger.trust.summary()
  }

  /// The state as JSON.
  var json: JSON {
    [
      "checkpoint": checkpoint.map {
        [
          "covers_until": $0.coversUntil.map { .string($0.description) } ?? .null,
          "size": .integer($0.size.stored),
        ]
      } ?? .null,
      "jobs": [
        "anchors": jobs.anchors.map { pending($0, oldestAnchor) } ?? .null,
        "claims": jobs.claims.map { pending($0, nil) } ?? .null,
        "storage": jobs.storage.map {
          [
            "at": .string($0.at.description), "due": .integer(Int64($0.due)),
            "watched": .integer(Int64($0.watched)),
          ]
        } ?? .null,
      ],
      "log": [
        "lag": .integer(health.lag), "refusing": refusing.map { .string($0) } ?? .null,
        "size": .integer(health.size.stored),
      ], "trust": trust.json,
    ]
  }

  private func pending(_ report: JobReport.Pending, _ oldest: Timestamp?) -> JSON {
    [
      "at": .string(report.at.description),
      "oldest_at": oldest.map { .string($0.description) } ?? .null,
      "oldest_position": report.oldest.map { .integer($0.rawValue) } ?? .null,
      "pending": .integer(Int64(report.count)),
    ]
  }
}
