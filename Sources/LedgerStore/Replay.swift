import LedgerDomain
import PostgresClient

/// How far a replay is.
public struct ReplayProgress: Sendable {
  public let eventsDone: Int64
  public let eventsTotal: Int64
  public let seconds: Double

  /// Events a second so far.
  public var rate: Double { seconds > 0 ? Double(eventsDone) / seconds : 0 }
  /// Seconds left at this rate.
  public var secondsLeft: Double { rate > 0 ? Double(eventsTotal - eventsDone) / rate : 0 }
}

/// What a replay found.
public struct ReplayReport: Sendable {
  /// One value of the live projections that the log does not bear out.
  public struct Drift: Sendable, Equatable {
    public let pithNumber: String
    public let key: String
    /// The live value; `nil` where the row was missing.
    public let was: String?
    /// The value the log gives; `nil` where there should be no row.
    public let now: String?
  }

  public let events: Int64
  public let records: Int64
  public let seconds: Double
  public let drift: [Drift]
  /// Whether the replayed tables took the place of the live ones.
  public let swapped: Bool
}

extension LedgerStore {
  static let replayLock: Int64 = 0x7069_7468_0003
  static let replaySchema = "ledger_replay"
  /// Differences that a report lists; more are counted by nobody, since the first say enough.
  static let maxDrift = 1000

  /// Rebuilds the projections from position 0 beside the live ones, while writes go on.
  ///
  /// The log's part up to the head at the start is folded in parallel by ranges of records; then, with
  /// the live projector held still, what came meanwhile is folded on, the two are compared, and without
  /// `check` the new tables take the place of the old in that same transaction. Interrupted at any point
  /// it leaves the live projections as they were.
  public func replay(
    check: Bool, progress: @escaping @Sendable (ReplayProgress) -> Void
  ) async throws -> ReplayReport {
    let connection = try await PostgresConnection.connect(Projector.connection(configuration))
    do {
      guard
        try await connection.query("SELECT pg_try_advisory_lock($1)", [.int8(Self.replayLock)])[0]
          .bool(0)
      else { throw LedgerStoreError(.replayRunning, "another replay is under way") }
      let report = try await replay(connection, check: check, progress: progress)
      await connection.close()
      return report
    } catch {
      await connection.close()
      throw error
    }
  }

  private func replay(
    _ connection: PostgresConnection, check: Bool,
    progress: @escaping @Sendable (ReplayProgress) -> Void
  ) async throws -> ReplayReport {
    let start = ContinuousClock.now
    func seconds() -> Double { (ContinuousClock.now - start) / .seconds(1) }
    _ = try await connection.query("SELECT ledger.replay_begin()")
    let size = try await connection.query("SELECT size FROM ledger.head")[0].int(0)
    var timeline = KeyTimeline()
    for event in try await Projector.keyEvents(connection, from: 0, to: size) {
      _ = timeline.apply(event)
    }
    let counter = ReplayCounter(total: size, start: start, report: progress)
    let folded = timeline
    try await withThrowingTaskGroup(of: Void.self) { group in
      for range in Self.ranges(size, count: 2) {
        group.addTask { try await self.fold(range, size: size, folded, counter) }
      }
      try await group.waitForAll()
    }
    let (drift, records, events) = try await connection.transaction { connection in
      // The live projector waits here, so that both sides are compared at the same position.
      let projected = try await connection.query(
        "SELECT next_position FROM ledger.projection_checkpoint FOR UPDATE")[0].int(0)
      let live = Projector(configuration)
      if projected > size {
        try await live.catchUp(
          connection, schema: Self.replaySchema, from: size, to: projected, timeline: folded)
      } else if projected < size {
        // The live side is behind: what it has not folded yet is no drift. Bring it here first.
        var keys = KeyTimeline()
        for event in try await Projector.keyEvents(connection, from: 0, to: projected) {
          _ = keys.apply(event)
        }
        try await live.catchUp(
          connection, schema: "ledger", from: projected, to: size, timeline: keys)
        _ = try await connection.query(
          "UPDATE ledger.projection_checkpoint SET next_position = $1", [.int8(size)])
      }
      let drift = try await Self.drift(connection)
      let records = try await connection.query(
        "SELECT count(*) FROM \(Self.replaySchema).verification_status")[0].int(0)
      if !check { _ = try await connection.query("SELECT ledger.replay_swap()") }
      return (drift, records, max(projected, size))
    }
    if check { _ = try await connection.query("SELECT ledger.replay_end()") }
    return ReplayReport(
      events: events, records: records, seconds: seconds(), drift: drift, swapped: !check)
  }

  /// Ranges of record numbers; a record's number is a position, so they are about equally full.
  private static func ranges(_ size: Int64, count: Int64) -> [Range<Int64>] {
    let step = max(1, (size + count - 1) / count)
    return stride(from: Int64(0), to: max(size, 1), by: Int64.Stride(step)).map {
      $0..<min($0 + step, max(size, 1))
    }
  }

  /// Folds the records of one range, holding one record's events at a time.
  private func fold(
    _ range: Range<Int64>, size: Int64, _ timeline: KeyTimeline, _ counter: ReplayCounter
  ) async throws {
    let source = try await PostgresConnection.connect(Projector.connection(configuration))
    let target = try await PostgresConnection.connect(Projector.connection(configuration))
    do {
      // Sorting in memory while it fits; a longer log is sorted on disk, and memory stays flat.
      try await source.execute("SET work_mem = '64MB'")
      let writer = ShadowWriter(target)
      var reader = BinaryCopyReader()
      var current: [FoldEvent] = []
      try await source.copyOut(
        """
        COPY (SELECT \(FoldColumns.ofRecords) FROM ledger.event e
          WHERE e.record >= \(range.lowerBound) AND e.record < \(range.upperBound)
            AND e.position < \(size) ORDER BY e.record, e.position) TO STDOUT (FORMAT binary)
        """
      ) { chunk in
        var finished: [FoldedRecord] = []
        var count: Int64 = 0
        try reader.feed(chunk) { row in
          let event = try FoldColumns.event(row)
          count += 1
          if let first = current.first, first.record != event.record {
            finished.append(FoldedRecord.whole(current, timeline))
            current.removeAll(keepingCapacity: true)
          }
          current.append(event)
        }
        await counter.add(count)
        try await writer.write(finished)
      }
      if !current.isEmpty { try await writer.write([FoldedRecord.whole(current, timeline)]) }
      try await writer.flush()
      await source.close()
      await target.close()
    } catch {
      await source.close()
      await target.close()
      throw error
    }
  }

  /// Live and replayed rows that differ, by Pith Number and key.
  private static func drift(_ connection: PostgresConnection) async throws -> [ReplayReport.Drift] {
    var drift: [ReplayReport.Drift] = []
    for (table, key) in [
      ("verification_status", "record"), ("event_summary", "record"),
      ("storage_standing", "record, fold_group"),
    ] {
      let rows = try await connection.query(
        """
        SELECT coalesce(s.pith_number, 'record ' || coalesce(a.record, b.record)), k.key,
          to_jsonb(a) ->> k.key, to_jsonb(b) ->> k.key
        FROM ledger.\(table) a FULL JOIN \(replaySchema).\(table) b USING (\(key))
          LEFT JOIN ledger.subject s ON s.record = coalesce(a.record, b.record)
          CROSS JOIN LATERAL jsonb_object_keys(coalesce(to_jsonb(a), to_jsonb(b))) AS k (key)
        WHERE a IS DISTINCT FROM b AND to_jsonb(a) -> k.key IS DISTINCT FROM to_jsonb(b) -> k.key
        ORDER BY 1, 2 LIMIT \(maxDrift - drift.count)
        """)
      for row in rows {
        drift.append(
          ReplayReport.Drift(
            pithNumber: try row.text(0), key: try row.text(1), was: try row.optionalText(2),
            now: try row.optionalText(3)))
      }
    }
    return drift
  }
}

/// Counts events over the ranges of a replay, and reports now and then.
private actor ReplayCounter {
  private let total: Int64
  private let start: ContinuousClock.Instant
  private let report: @Sendable (ReplayProgress) -> Void
  private var done: Int64 = 0
  private var reported = ContinuousClock.now

  init(
    total: Int64, start: ContinuousClock.Instant,
    report: @escaping @Sendable (ReplayProgress) -> Void
  ) {
    self.total = total
    self.start = start
    self.report = report
  }

  func add(_ count: Int64) {
    done += count
    let now = ContinuousClock.now
    guard now - reported > .milliseconds(500) else { return }
    reported = now
    report(
      ReplayProgress(eventsDone: done, eventsTotal: total, seconds: (now - start) / .seconds(1)))
  }
}

/// Writes folded records into the shadow tables through binary COPY, some thousand rows at a time.
private actor ShadowWriter {
  private let connection: PostgresConnection
  private var status = BinaryCopyWriter()
  private var summary = BinaryCopyWriter()
  private var storage = BinaryCopyWriter()
  private var rows = 0

  init(_ connection: PostgresConnection) { self.connection = connection }

  func write(_ records: [FoldedRecord]) async throws {
    for record in records {
      status.append(ProjectionRows.status(record.state, until: record.storageVerifiedUntil))
      summary.append(ProjectionRows.summary(record.state))
      for case (let group, let until?) in record.storage {
        storage.append([
          .int8(record.state.record), .int8(group), .timestamp(until.microseconds),
        ])
      }
      rows += 1
    }
    if rows >= 5000 { try await flush() }
  }

  func flush() async throws {
    guard rows > 0 else { return }
    rows = 0
    let tables = [
      ("verification_status", status.finish()), ("event_summary", summary.finish()),
      ("storage_standing", storage.finish()),
    ]
    status = BinaryCopyWriter()
    summary = BinaryCopyWriter()
    storage = BinaryCopyWriter()
    for (table, bytes) in tables { try await copy(table, bytes) }
  }

  private func copy(_ table: String, _ bytes: [UInt8]) async throws {
    let chunks = AsyncStream { continuation in
      continuation.yield(bytes)
      continuation.finish()
    }
    _ = try await connection.copyIn(
      "COPY \(LedgerStore.replaySchema).\(table) FROM STDIN (FORMAT binary)", chunks)
  }
}
