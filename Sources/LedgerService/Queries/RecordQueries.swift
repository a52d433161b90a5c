public import CanonicalJSON
import Encodings
import LedgerDomain
public import LedgerStore

extension Ledger {
  /// How many events one answer holds at most.
  public static let pageSize = 1000

  /// The record a reader names, and the others that carry the same alias.
  ///
  /// Errors: `not_found`; `conflict` with the candidates where a short form is ambiguous.
  public func resolve(
    _ name: String
  ) async throws -> (record: ResolvedRecord, others: [ResolvedRecord]) {
    let parsed = try RecordName(name)
    let found = try await store.records.resolve(parsed)
    let best = try Self.best(of: found, for: parsed, name)
    return (best, Array(found.dropFirst()))
  }

  private static func best(
    of found: [ResolvedRecord], for parsed: RecordName, _ name: String
  ) throws(Refusal) -> ResolvedRecord {
    guard let best = found.first else {
      throw Refusal(.notFound, check: "identifier", "This ledger has no record \(name).")
    }
    if case .suffix(let suffix) = parsed, suffix.utf8.count < PithNumber.suffixLength,
      found.count > 1
    {
      throw Refusal(
        .conflict, check: "identifier", "\(name) is the beginning of several Pith Numbers.",
        candidates: found.map(\.pithNumber.description))
    }
    return best
  }

  /// `{"pith_number","position","verification_status","event_summary"}`, now or after the first `asOf`
  /// events.
  ///
  /// - Parameter atLeast: waits up to five seconds until the projections include this position.
  public func status(
    _ name: String, asOf: Int64? = nil, atLeast: Int64? = nil
  ) async throws -> JSON {
    if let atLeast { try await waitFor(atLeast) }
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
    let record = try Self.best(of: found.map(\.record), for: parsed, name)
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
    _ record: ResolvedRecord, position: Int64, status: VerificationStatus, summary: JSONObject
  ) -> JSON {
    [
      "pith_number": .string(record.pithNumber.description), "position": .integer(position),
      "verification_status": .object(status.json), "event_summary": .object(summary),
    ]
  }

  private func waitFor(_ position: Int64) async throws {
    let size = try await store.log.size()
    guard position >= 0, position < size else {
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
    guard record.record < size,
      let last = try await store.log.events(from: size - 1, limit: 1).first
    else {
      throw Refusal(
        .notFound, check: "as_of", "The record is not among the first \(size) events.")
    }
    let ends = try await store.folds.lastPositions(of: record.record, below: size)
    let key = PastKey(record: record.record, lastEvent: ends.event, lastKeyEvent: ends.keyEvent)
    let past = try await pasts.value(for: key) {
      var timeline = KeyTimeline()
      for event in try await self.store.folds.keyEvents(from: 0, below: ends.keyEvent + 1) {
        _ = timeline.apply(event)
      }
      let events = try await self.store.folds.events(record: record.record, upTo: ends.event + 1)
      let folded = FoldedRecord.whole(events, timeline)
      return ProjectedState(
        state: folded.state, storageVerifiedUntil: folded.storageVerifiedUntil)
    }
    return statusJSON(
      record, position: size - 1,
      status: past.state.verificationStatus(
        storageVerifiedUntil: past.storageVerifiedUntil, at: last.recordedAt),
      summary: past.state.eventSummary())
  }

  /// What a record's state was: it is the same until the next event about the record or about a key.
  struct PastKey: Hashable, Sendable {
    let record: Int64
    let lastEvent: Int64
    let lastKeyEvent: Int64
  }

  // MARK: Events

  /// One event as readers see it: what was signed, its place in the log, and what admission found.
  static func eventJSON(_ stored: StoredEvent) throws -> JSON {
    let entry = try JSON.parse(stored.entry, limits: JSONLimits(maxBytes: 65_535, maxDepth: 64))
    var members = entry["event"]?.objectValue ?? [:]
    members["position"] = .integer(stored.position)
    members["recorded_at"] = .string(stored.recordedAt.description)
    members["admission"] = entry["admission"]
    return .object(members)
  }

  private func page(_ events: [StoredEvent], limit: Int, next: (Int64) -> String) throws -> JSON {
    var members: JSONObject = ["events": .array(try events.map(Self.eventJSON))]
    if events.count == limit, let last = events.last {
      members["next"] = .string(next(last.position + 1))
    }
    return .object(members)
  }

  /// A record's events by position, from `from` on.
  public func events(
    _ name: String, from: Int64 = 0, limit: Int = 100, baseURL: String = ""
  ) async throws -> JSON {
    let record = try await resolve(name).record
    let limit = max(1, min(limit, Self.pageSize))
    let events = try await store.log.events(record: record.record, from: from, limit: limit)
    var json = try page(events, limit: limit) {
      "\(base(baseURL))/api/pith-number/\(record.pithNumber.suffix)/events.json?from=\($0)&limit=\(limit)"
    }.objectValue
    json?["pith_number"] = .string(record.pithNumber.description)
    return json.map { .object($0) } ?? .null
  }

  /// The whole log by position, from `from` on.
  public func log(from: Int64 = 0, limit: Int = 100, baseURL: String = "") async throws -> JSON {
    let limit = max(1, min(limit, Self.pageSize))
    return try page(try await store.log.events(from: from, limit: limit), limit: limit) {
      "\(base(baseURL))/api/events?from=\($0)&limit=\(limit)"
    }
  }

  // MARK: Keys

  /// Every registered key with its standing as of now.
  public func keys() async throws -> JSON {
    let current = try await timeline.current()
    return [
      "keys": .array(current.timeline.keys.map { keyJSON($0, current.timeline, current.next) })
    ]
  }

  /// One key by its fingerprint (32 hexadecimal digits).
  public func key(_ fingerprint: String) async throws -> JSON {
    let current = try await timeline.current()
    guard let wanted = Digest128(hex: fingerprint.lowercased()),
      let key = current.timeline.keys.first(where: { $0.fingerprint == wanted })
    else {
      throw Refusal(
        .notFound, check: "fingerprint", "No key with this fingerprint is registered here.")
    }
    return keyJSON(key, current.timeline, current.next)
  }
}
