import LedgerDomain
import LedgerStore
import Tracing

/// Makes the answer to a submission from an event of the log.
final class AnswerBuilder: Sendable {
  let store: LedgerStore
  let timeline: TimelineCache
  let checkpointSigner: CheckpointSigner?
  let configuration: LedgerConfiguration

  init(
    store: LedgerStore, timeline: TimelineCache, checkpointSigner: CheckpointSigner?,
    configuration: LedgerConfiguration
  ) {
    self.store = store
    self.timeline = timeline
    self.checkpointSigner = checkpointSigner
    self.configuration = configuration
  }

  /// The answer for an event, once the projections include it.
  ///
  /// - Parameters:
  ///   - group: the event's fold group, if it is known; it is read otherwise.
  ///   - created: whether this submission appended the event.
  ///   - reason: why the submission changed nothing, if the standing of the event does not say it.
  func answer(
    _ stored: StoredEvent, record: ResolvedRecord?, group: Int64? = nil, created: Bool,
    reason: String? = nil
  ) async throws -> SubmissionAnswer {
    let isProjected = try await withSpan("project") { _ in
      try await store.projections.wait(
        for: stored.position, timeout: configuration.limits.projectionWait)
    }
    var result = Result(projected: nil, standing: "recorded", reason: nil)
    if let record { result = try await self.result(of: stored, record, group) }
    let projected = isProjected ? result.projected : nil
    return SubmissionAnswer(
      created: created, eventID: stored.eventID, position: stored.position,
      recordedAt: stored.recordedAt, standing: result.standing,
      reason: result.reason ?? reason,
      pithNumber: record?.pithNumber,
      verificationStatus: projected.map {
        $0.state.verificationStatus(
          storageVerifiedUntil: $0.storageVerifiedUntil, at: configuration.clock())
      },
      eventSummary: projected.map { $0.state.eventSummary() },
      receipt: try await checkpointSigner?.receipt(stored))
  }

  private struct Result {
    let projected: ProjectedState?
    let standing: String
    let reason: String?
  }

  private func result(
    of stored: StoredEvent, _ record: ResolvedRecord, _ known: Int64?
  ) async throws -> Result {
    guard stored.type.isAttestation, let group = try await group(of: stored, record, known) else {
      return Result(
        projected: try await store.projections.state(record: record.record), standing: "recorded",
        reason: nil)
    }
    let keys = await timeline.known
    let (row, events) = try await store.submissions.standing(
      at: stored.position, record: record.record, group: group, keys)
    let fold = GroupFold(events, keys)
    return Result(
      projected: row, standing: fold.standingName(of: stored.position),
      reason: fold.reason(of: stored.position))
  }

  private func group(
    of stored: StoredEvent, _ record: ResolvedRecord, _ known: Int64?
  ) async throws -> Int64? {
    if let known { return known }
    return try await store.folds.event(record: record.record, id: stored.eventID)?.foldGroup
  }
}
