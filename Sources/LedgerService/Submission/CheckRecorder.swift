import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerStore

/// Appends the results of the ledger's own checks, signed by the registry key.
struct CheckRecorder: Sendable {
  let appender: EventAppender
  let registry: RegistryKey

  /// Appends a `check_recorded` event.
  ///
  /// - Parameters:
  ///   - reason: cut to 500 bytes.
  ///   - record: the record that the target is about. `nil` for the registry.
  ///   - report: a fetch report, stored as evidence.
  func record(
    _ verdict: Verdict, _ reason: String, about target: StoredEvent, of record: ResolvedRecord?,
    finding: Finding? = nil, report: [UInt8]? = nil
  ) async throws {
    var reason = reason
    // Free text has at most 500 bytes. It is cut between characters.
    while reason.utf8.count > 500 { reason.removeLast() }
    var payload: JSONObject = ["reason": .string(reason), "verdict": .string(verdict.name)]
    payload["evidence_sha256"] = report.map { .string(Digest(hashing: $0).hex) }
    _ = try await append(
      .checkRecorded, payload, about: target, of: record, evidence: report, finding: finding)
  }

  /// Appends an `anchor_upgraded` event with a more complete proof.
  func recordUpgrade(
    _ proof: [UInt8], of anchor: StoredEvent, record: ResolvedRecord?, finding: Finding
  ) async throws {
    _ = try await append(
      .anchorUpgraded, ["evidence_sha256": .string(Digest(hashing: proof).hex)], about: anchor,
      of: record, evidence: proof, finding: finding)
  }

  private func append(
    _ type: EventType, _ members: JSONObject, about target: StoredEvent,
    of record: ResolvedRecord?, evidence: [UInt8]?, finding: Finding?
  ) async throws -> SubmissionAnswer {
    var members = members
    members["event_id"] = .string("sha256:" + target.eventID.hex)
    let payload = members
    // An event about a checkpoint keeps the checkpoint as its target.
    let target =
      record == nil ? try Entry(bytes: target.entry).event.body.target.text : "record"
    let subject = record.map { Subject.record($0.pithNumber) } ?? .registry
    return try await appender.append(
      AppendRequest(record: record, isGuarded: false) { context, _ in
        if let evidence { context.evidence[Digest(hashing: evidence)] = evidence }
        context.finding = finding
        let key = try await registry.key(in: context.timeline, at: context.position)
        let event = try key.key.sign(
          EventBody.make(
            type: type, payload: payload, signer: key.signer, subject: subject, target: target,
            createdAt: context.now))
        return try VerifiedEvent(event, keys: context.timeline)
      })
  }
}
