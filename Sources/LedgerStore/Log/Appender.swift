public import Encodings
public import LedgerDomain
import PostgresClient
import Synchronization

/// Events that stand or fall together, with the bytes they name.
public struct AppendUnit: Sendable {
  /// One event, ready to be stored.
  public struct Item: Sendable {
    public let subject: String
    /// `nil` where the unit itself creates the record.
    public let record: RecordID?
    public let event: FoldEvent
    public let entry: [UInt8]
    let canonical: CanonicalRecord?
    let alias: Alias?

    /// Makes the entry and its columns.
    public static func make(
      event: SignedEvent, admission: Admission, record: RecordID?, referenced: FoldEvent?,
      canonical: CanonicalRecord? = nil
    ) throws(Refusal) -> Item {
      let entry = try Entry(event: event, admission: admission)
      return Item(
        subject: event.body.subject.text, record: record,
        event: entry.foldEvent(
          position: .first, record: record ?? RecordID(createdAt: .first), referenced: referenced),
        entry: entry.bytes, canonical: canonical, alias: event.body.payload.alias)
    }
  }

  public struct Evidence: Sendable {
    public let digest: Digest
    public let bytes: [UInt8]
    /// What the bytes are: `document`, `proof`, `identity_token`, `stored_bytes`, `fetch_report`.
    public let kind: String
    /// What nobody is served, and what serves one event only.
    public static let identityToken = "identity_token"

    public init(digest: Digest, bytes: [UInt8], kind: String) {
      self.digest = digest
      self.bytes = bytes
      self.kind = kind
    }
  }

  public var items: [Item]
  public var evidence: [Evidence]
  /// Skip the unit where its record has moved, by the same key, beyond this position.
  public var guardPosition: Position?
  /// The log's name, for the unit that begins it.
  public var origin: String?
  /// For what the registry key signed: the position up to which the log was known, from which on that key must not
  /// have been replaced. Where it was, the unit is answered with `conflict`.
  public var registryAsOf: Position?

  public init(
    items: [Item], evidence: [Evidence], guardPosition: Position?, origin: String? = nil
  ) {
    self.items = items
    self.evidence = evidence
    self.guardPosition = guardPosition
    self.origin = origin
  }

  /// An entry as another log holds it, byte for byte.
  public init(restoring entry: Entry, event: FoldEvent, origin: String?) {
    var canonical: CanonicalRecord?
    if case .recordCreated(let payload) = entry.event.body.payload { canonical = payload.canonical }
    self.init(
      items: [
        Item(
          subject: entry.event.body.subject.text,
          record: event.record == RecordID(createdAt: event.position) ? nil : event.record,
          event: event,
          entry: entry.bytes, canonical: canonical, alias: entry.event.body.payload.alias)
      ], evidence: [], guardPosition: nil, origin: origin)
  }

  var byteCount: Int {
    items.reduce(0) { $0 + $1.entry.count } + evidence.reduce(0) { $0 + $1.bytes.count }
  }
}

/// What became of a unit.
public enum AppendOutcome: Sendable, Equatable {
  /// All items are in the log at these positions. `isNew` says whether this append put the last of them
  /// there; `nil` where an answer was lost, and only its bytes can tell.
  case stored(positions: [Position], record: RecordID, isNew: Bool?)
  /// The record moved past the guard, or the registry key was replaced; nothing was stored.
  case conflict

  var lastPosition: Position? {
    if case .stored(let positions, _, _) = self { positions.last } else { nil }
  }
}

/// How many units are being checked, and will be appended if nothing is wrong with them.
final class InFlightCount: Sendable {
  let count = Atomic<Int>(0)
}

/// A unit that is on its way to the log, for as long as this is held and not ended.
public final class SubmissionReservation: Sendable {
  private let inFlight: InFlightCount
  private let hasEnded = Atomic<Bool>(false)

  init(_ inFlight: InFlightCount) {
    self.inFlight = inFlight
    inFlight.count.add(1, ordering: .relaxed)
  }

  deinit { end() }

  /// It is there, or will not come.
  public func end() {
    guard !hasEnded.exchange(true, ordering: .relaxed) else { return }
    inFlight.count.subtract(1, ordering: .relaxed)
  }
}

/// The one path into the log: what queues while a transaction commits goes into the next.
actor Appender {
  private struct Waiting {
    let unit: AppendUnit
    let continuation: CheckedContinuation<AppendOutcome, any Error>
  }

  static let maxQueuedUnits = 4096
  static let maxQueuedBytes = 256 << 20
  static let maxBatchItems = 2000
  static let maxBatchBytes = 32 << 20
  /// From how many waiting units on a batch does not wait for the one before it: it is encoded and sent while
  /// that one commits, and waits in PostgreSQL for the head.
  static let overlapUnits = 500
  static let deadline: Duration = .seconds(30)
  /// Where it says, after each commit, which position is next.
  static let channel = "ledger_appended"
  /// How long a batch waits for submissions that are on their way: few large transactions cost less than
  /// many small ones.
  static let batchWindow: Duration = .milliseconds(4)

  private let pool: DatabasePool
  private var queue: [Waiting] = []
  private var queuedBytes = 0
  private var isDraining = false
  /// Batches that are being written.
  private var writing = 0
  private nonisolated let inFlight = InFlightCount()
  /// What `gather` waits by.
  private var gathering: CheckedContinuation<Void, Never>?

  init(pool: DatabasePool) { self.pool = pool }

  /// Announces a unit that is being checked, until the answer is let go of.
  nonisolated func reserve() -> SubmissionReservation { SubmissionReservation(inFlight) }

  /// Durable once this returns.
  func append(_ unit: AppendUnit) async throws -> AppendOutcome {
    guard queue.count < Self.maxQueuedUnits, queuedBytes + unit.byteCount <= Self.maxQueuedBytes
    else {
      throw LedgerStoreError(
        .queueFull, "too many submissions are waiting to be written; try again")
    }
    return try await withCheckedThrowingContinuation { continuation in
      queue.append(Waiting(unit: unit, continuation: continuation))
      queuedBytes += unit.byteCount
      if isGathered { stopGathering() }
      drainIfDue()
    }
  }

  /// Appends units in their order, in one transaction.
  func append(inOrder units: [AppendUnit]) async throws -> [AppendOutcome] {
    try await commit(units)
  }

  private func drainIfDue() {
    guard !queue.isEmpty, !isDraining,
      writing == 0 || writing == 1 && queue.count >= Self.overlapUnits
    else { return }
    isDraining = true
    Task { await drain() }
  }

  /// Takes a batch from the queue and writes it.
  private func drain() async {
    await gather()
    var items = 0
    var bytes = 0
    var count = 0
    for waiting in queue {
      items += waiting.unit.items.count
      bytes += waiting.unit.byteCount
      if count > 0, items > Self.maxBatchItems || bytes > Self.maxBatchBytes { break }
      count += 1
    }
    let batch = Array(queue.prefix(count))
    queue.removeFirst(count)
    queuedBytes -= batch.reduce(0) { $0 + $1.unit.byteCount }
    isDraining = false
    writing += 1
    drainIfDue()
    await write(batch)
    writing -= 1
    drainIfDue()
  }

  private var isGathered: Bool {
    inFlight.count.load(ordering: .relaxed) == 0 || queue.count >= Self.maxBatchItems
  }

  /// Waits while more is on its way, for a short time at most; whoever is alone waits for nobody.
  private func gather() async {
    guard !isGathered else { return }
    let timer = Task {
      try await Task.sleep(for: Self.batchWindow)
      stopGathering()
    }
    await withCheckedContinuation { gathering = $0 }
    timer.cancel()
  }

  private func stopGathering() {
    gathering?.resume()
    gathering = nil
  }

  private func write(_ batch: [Waiting]) async {
    do {
      let outcomes = try await commit(batch.map(\.unit))
      for (waiting, outcome) in zip(batch, outcomes) {
        waiting.continuation.resume(returning: outcome)
      }
    } catch {
      guard batch.count > 1, (error as? LedgerStoreError)?.isServerError == true else {
        for waiting in batch {
          if (error as? LedgerStoreError)?.code == .registryKeyReplaced {
            waiting.continuation.resume(returning: .conflict)
          } else {
            waiting.continuation.resume(throwing: error)
          }
        }
        return
      }
      // One unit spoilt the transaction: alone, only that one fails.
      for waiting in batch { await write([waiting]) }
    }
  }

  /// One transaction, tried again while the connection is what fails.
  ///
  /// After a COMMIT whose answer was lost the same events are found as existing, never stored twice.
  private func commit(_ units: [AppendUnit]) async throws -> [AppendOutcome] {
    let statements = Self.statements(units)
    let start = ContinuousClock.now
    var attempts = 0
    while true {
      attempts += 1
      do {
        let rows = try await pool.pipeline(statements)
        // Outside the transaction, where NOTIFY would hold every other committer up.
        // The append comes second, or third where evidence goes before it.
        let append = units.allSatisfy(\.evidence.isEmpty) ? 1 : 2
        let outcomes = try Self.outcomes(units, rows[append], retried: attempts > 1)
        let last = outcomes.lazy.compactMap(\.lastPosition).max()
        if let last {
          Task {
            _ = try? await pool.query(
              "SELECT pg_notify('\(Self.channel)', $1)", [.text("\(last.next)")])
          }
        }
        return outcomes
      } catch let error as LedgerStoreError where error.isRetryable {
        if ContinuousClock.now - start > Self.deadline {
          throw LedgerStoreError(
            .outcomeUnknown,
            "PostgreSQL could not be reached for \(Self.deadline), and whether the event was stored is "
              + "unknown: send the same event again (\(error))")
        }
        try await Task.sleep(for: .milliseconds(Int.random(in: 20...60) << min(attempts, 5)))
      }
    }
  }

  private static func outcomes(
    _ units: [AppendUnit], _ rows: [PostgresRow], retried: Bool
  ) throws -> [AppendOutcome] {
    if rows.count == 1, try rows[0].text(1) == "all_appended" {
      // One answer for all, which lie one after the other, each in the record that was named.
      var next = try rows[0].position(0)
      return units.map { unit in
        defer { next = next.advanced(by: unit.items.count) }
        return .stored(
          positions: Array(next..<next.advanced(by: unit.items.count)),
          record: unit.items.last?.record ?? .registry, isNew: true)
      }
    }
    var outcomes: [AppendOutcome] = []
    var index = 0
    for unit in units {
      var positions: [Position] = []
      var record = RecordID.registry
      var conflict = false
      var isNew: Bool? = true
      for row in rows[index..<index + unit.items.count] {
        let outcome = try row.text(1)
        if outcome == "conflict" {
          conflict = true
        } else {
          // What is there already may be so by an attempt whose answer was lost.
          isNew = outcome == "appended" ? true : retried ? nil : false
          positions.append(try row.position(0))
          record = try row.record(2)
        }
      }
      index += unit.items.count
      outcomes.append(
        conflict ? .conflict : .stored(positions: positions, record: record, isNew: isNew))
    }
    return outcomes
  }

  /// BEGIN, the evidence, the append, the tokens that it spends, COMMIT.
  private static func statements(_ units: [AppendUnit]) -> [PostgresStatement] {
    let evidence = units.flatMap(\.evidence)
    var statements = [PostgresStatement("BEGIN")]
    if !evidence.isEmpty {
      statements.append(
        PostgresStatement(
          "SELECT ledger.put_evidence($1, $2, $3)",
          [
            .bytesArray(evidence.map(\.digest.bytes)), .textArray(evidence.map(\.kind)),
            .bytesArray(evidence.map(\.bytes)),
          ]))
    }
    let items = units.flatMap(\.items)
    let events = items.map(\.event)
    let unitNumbers = units.enumerated().flatMap { index, unit in
      unit.items.map { _ in Int32?(Int32(index)) }
    }
    let guards = units.flatMap { unit in unit.items.map { _ in unit.guardPosition } }
    let parameters: [PostgresValue] = [
      .int4Array(unitNumbers), .int8Array(guards.map { $0?.rawValue }),
      .textArray(items.map(\.subject)),
      .int8Array(items.map(\.record?.rawValue)),
      .timestampArray(events.map(\.recordedAt.microseconds)),
      .int8Array(events.map(\.foldGroup)), .int8Array(events.map(\.targetKey)),
      .int8Array(events.map(\.refersTo?.rawValue)),
      .timestampArray(events.map(\.validUntil?.microseconds)),
      .int4Array(events.map(\.referenceCount)), .int4Array(events.map(\.resolvedWork)),
      .int4Array(events.map(\.formalEvidenceCount)), .int4Array(events.map(\.flags.rawValue)),
      .int2Array(events.map(\.type.rawValue)), .int2Array(events.map(\.verdict.rawValue)),
      .bytesArray(events.map(\.eventID.bytes)), .bytesArray(events.map(\.signerKey.bytes)),
      .bytesArray(events.map(\.slot?.bytes)), .bytesArray(events.map(\.statement?.bytes)),
      .bytesArray(events.map(\.claimant?.bytes)),
      .bytesArray(events.map(\.key?.fingerprint.bytes)), .textArray(events.map(\.key?.signerID)),
      .int2Array(events.map(\.key?.signerType?.rawValue)), .textArray(events.map(\.key?.keyID)),
      .bytesArray(events.map(\.key?.publicKey)),
      .int8Array(events.map(\.key?.compromisedFrom?.rawValue)),
      .bytesArray(items.map(\.entry)), .timestampArray(events.map(\.createdAt.microseconds)),
      .textArray(events.map(\.key?.name)), .bytesArray(items.map(\.canonical?.digest.bytes)),
      .int8Array(items.map(\.canonical?.sourceVersion)),
      .textArray(items.map(\.alias?.kind.rawValue)),
      .textArray(items.map(\.alias?.folded)),
      units.lazy.compactMap(\.origin).first.map { .text($0) } ?? .null,
    ]
    let marks = (1...parameters.count).map { "$\($0)" }.joined(separator: ",")
    statements.append(PostgresStatement("SELECT * FROM ledger.append(\(marks))", parameters))
    let tokens = units.flatMap { unit in
      unit.evidence.filter { $0.kind == AppendUnit.Evidence.identityToken }.compactMap { token in
        unit.items.last.map { (token: token.digest, item: $0) }
      }
    }
    if !tokens.isEmpty {
      statements.append(
        PostgresStatement(
          "SELECT ledger.spend_tokens($1, $2, $3)",
          [
            .bytesArray(tokens.map(\.token.bytes)),
            .records(tokens.map { $0.item.record ?? .registry }),
            .bytesArray(tokens.map(\.item.event.eventID.bytes)),
          ]))
    }
    if let since = units.compactMap(\.registryAsOf).min() {
      statements.append(
        PostgresStatement("SELECT ledger.require_no_rotation($1)", [.position(since)]))
    }
    statements.append(PostgresStatement("COMMIT"))
    return statements
  }
}
