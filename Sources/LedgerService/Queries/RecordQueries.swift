public import CanonicalJSON
import Encodings
import LedgerDomain
public import LedgerStore

/// Reads records: their documents, their status now and in the past, and their graph.
public struct RecordQueries: Sendable {
  let store: LedgerStore
  let resolver: RecordResolver
  let documents: RecordDocuments
  let timeline: TimelineCache
  let configuration: LedgerConfiguration
  let statuses: StatusCache
  /// Past states of records.
  let pastStates = BuildCache<PastKey, ProjectedState>(
    check: "as_of", maxRunning: 2, maxWaiting: 32, maxCost: 10_000)

  private var now: Timestamp { configuration.clock() }

  /// The record that a name designates, and the others that carry the same alias.
  ///
  /// Errors: `not_found`; `conflict` with the candidates where a short form is ambiguous.
  public func resolve(
    _ name: String
  ) async throws -> (record: ResolvedRecord, others: [ResolvedRecord]) {
    try await resolver.resolve(name)
  }

  /// `{"pith_number","position","verification_status","event_summary"}`, now or after the first `asOf`
  /// events.
  ///
  /// - Parameter atLeast: waits up to five seconds until the projections include this position.
  public func status(
    _ name: String, asOf: Int64? = nil, atLeast: Int64? = nil
  ) async throws -> JSON {
    if let atLeast { try await waitFor(Position(rawValue: atLeast)) }
    if let asOf { return try await pastStatus(resolve(name).record, size: asOf) }
    return try await currentStatus(name).json
  }

  /// The status as of now in canonical bytes, which are kept while nothing changes.
  public func statusBytes(_ name: String) async throws -> [UInt8] {
    try await statuses.answer(for: name, at: now) {
      let (json, until) = try await self.currentStatus(name)
      return StatusCache.Answer(bytes: json.canonicalBytes(), until: until)
    }
  }

  /// - Returns: `until`: when storage that is verified now ceases to be.
  private func currentStatus(_ name: String) async throws -> (json: JSON, until: Timestamp?) {
    let parsed = try RecordName(name)
    let found = try await store.records.statuses(parsed)
    let record = try RecordResolver.best(of: found.map(\.record), for: parsed, name)
    guard let first = found.first, let projected = first.projected else {
      throw Refusal(
        .unavailable, check: "projection",
        "The projections do not include this record yet; try again.")
    }
    let now = now
    let json = statusJSON(
      record, position: max(first.position, projected.state.position),
      status: projected.state.verificationStatus(
        storageVerifiedUntil: projected.storageVerifiedUntil, at: now),
      summary: projected.state.eventSummary())
    return (json, projected.storageVerifiedUntil.flatMap { $0 > now ? $0 : nil })
  }

  private func statusJSON(
    _ record: ResolvedRecord, position: Position, status: VerificationStatus, summary: JSONObject
  ) -> JSON {
    [
      "pith_number": .string(record.pithNumber.description),
      "position": .integer(position.rawValue),
      "verification_status": .object(status.json), "event_summary": .object(summary),
    ]
  }

  private func waitFor(_ position: Position) async throws {
    let size = try await store.log.size()
    guard position >= .first, position.rawValue < size else {
      throw Refusal(
        .malformed, check: "at_least", field: "at_least",
        "The log has \(size) events, so its last position is \(size - 1).")
    }
    guard
      try await store.projections.wait(for: position, timeout: configuration.limits.projectionWait)
    else {
      throw Refusal(
        .unavailable, check: "at_least",
        "The projections do not include position \(position) yet; try again.")
    }
  }

  private func pastStatus(_ record: ResolvedRecord, size: Int64) async throws -> JSON {
    let head = try await store.log.size()
    guard size >= 1, size <= head else {
      throw Refusal(
        .malformed, check: "as_of", field: "as_of",
        "as_of counts events from the first: between 1 and \(head), the log's size.")
    }
    let end = Position(rawValue: size)
    guard record.record.firstPosition < end,
      let last = try await store.log.events(from: end.previous, limit: 1).first
    else {
      throw Refusal(
        .notFound, check: "as_of", "The record is not among the first \(size) events.")
    }
    let ends = try await store.folds.lastPositions(of: record.record, below: end)
    let key = PastKey(record: record.record, lastEvent: ends.event, lastKeyEvent: ends.keyEvent)
    let past = try await pastStates.value(for: key) {
      let timeline = try await store.folds.timeline(below: ends.keyEvent.next)
      let events = try await store.folds.events(record: record.record, upTo: ends.event.next)
      let folded = FoldedRecord.whole(events, timeline)
      return ProjectedState(
        state: folded.state, storageVerifiedUntil: folded.storageVerifiedUntil)
    }
    return statusJSON(
      record, position: end.previous,
      status: past.state.verificationStatus(
        storageVerifiedUntil: past.storageVerifiedUntil, at: last.recordedAt),
      summary: past.state.eventSummary())
  }

  /// What a record's state was: it is the same until the next event about the record or about a key.
  struct PastKey: Hashable, Sendable {
    let record: RecordID
    let lastEvent: Position
    let lastKeyEvent: Position
  }
}
