import LedgerDomain
import Logging
import PostgresClient

/// Follows the log and keeps the projections: one at a time per database, whoever holds the lock.
public actor Projector {
  static let lock: Int64 = 0x7069_7468_0002

  private let configuration: StoreConfiguration
  /// Events folded in one transaction at most.
  private let batchSize: Int64
  private var timeline = KeyTimeline()
  /// Key events below this position are in `timeline`.
  private var timelineSize: Int64 = 0

  init(_ configuration: StoreConfiguration, batchSize: Int64 = 5000) {
    self.configuration = configuration
    self.batchSize = batchSize
  }

  static func connection(_ configuration: StoreConfiguration) -> PostgresConfiguration {
    PostgresConfiguration(
      uri: configuration.uri, applicationName: "pithledger projector",
      onConnect: ["SET ROLE pithledger_projector"])
  }

  /// Runs until its task is cancelled; takes over when another process's projector dies.
  public func run() async throws {
    var failures = 0
    while !Task.isCancelled {
      do {
        let connection = try await PostgresConnection.connect(Self.connection(configuration))
        do {
          try await follow(connection) { failures = 0 }
        } catch {
          await connection.close()
          throw error
        }
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        if Task.isCancelled { throw CancellationError() }
        failures += 1
        configuration.logger.warning("the projector starts again: \(error)")
        try await Task.sleep(for: .milliseconds(min(5000, 50 << min(failures, 7))))
      }
    }
    throw CancellationError()
  }

  private func follow(
    _ connection: PostgresConnection, onProgress: () -> Void
  ) async throws {
    while try await !connection.query("SELECT pg_try_advisory_lock($1)", [.int8(Self.lock)])[0]
      .bool(0)
    {
      // The lock is its holder's session: it is free as soon as that process is gone.
      try await Task.sleep(for: .milliseconds(250))
    }
    try await connection.listen("ledger_appended")
    timeline = KeyTimeline()
    timelineSize = 0
    while true {
      try Task.checkCancellation()
      if try await step(connection) {
        onProgress()
        try await connection.execute("NOTIFY ledger_projected")
      } else {
        // The notification only wakes it; the poll is what it relies on.
        _ = try await connection.nextNotification(timeout: .milliseconds(250))
      }
    }
  }

  /// Folds the next batch into the live projections; `false` when there was nothing to fold.
  func step(_ connection: PostgresConnection) async throws -> Bool {
    let before = timeline
    let beforeSize = timelineSize
    do {
      return try await connection.transaction { connection in
        let from = try await connection.query(
          "SELECT next_position FROM ledger.projection_checkpoint FOR UPDATE")[0].int(0)
        if timelineSize > from {
          // The checkpoint went back: a backup was restored under this process.
          timeline = KeyTimeline()
          timelineSize = 0
        }
        let head = try await connection.query("SELECT size FROM ledger.head")[0].int(0)
        guard head > from else { return false }
        let to = min(head, from + batchSize)
        try await advance(connection, to: from)
        try await project(connection, schema: "ledger", from: from, to: to)
        _ = try await connection.query(
          "UPDATE ledger.projection_checkpoint SET next_position = $1", [.int8(to)])
        return true
      }
    } catch {
      timeline = before
      timelineSize = beforeSize
      throw error
    }
  }

  /// Brings the timeline up to a position, for a projector that starts in the middle.
  private func advance(_ connection: PostgresConnection, to position: Int64) async throws {
    guard timelineSize < position else { return }
    for event in try await Self.keyEvents(connection, from: timelineSize, to: position) {
      _ = timeline.apply(event)
    }
    timelineSize = position
  }

  static func keyEvents(
    _ connection: PostgresConnection, from: Int64, to: Int64
  ) async throws -> [FoldEvent] {
    try await connection.query(
      """
      SELECT \(FoldColumns.list) FROM ledger.event e
      WHERE e.record = -1 AND e.position >= $1 AND e.position < $2 ORDER BY e.position
      """, [.int8(from), .int8(to)]
    ).map(FoldColumns.event)
  }

  /// Folds the events of `from..<to` onto the rows of a schema. The timeline is as of `from`.
  func project(
    _ connection: PostgresConnection, schema: String, from: Int64, to: Int64
  ) async throws {
    let events = try await connection.query(
      """
      SELECT \(FoldColumns.list) FROM ledger.event e
      WHERE e.position >= $1 AND e.position < $2 ORDER BY e.position
      """, [.int8(from), .int8(to)]
    ).map(FoldColumns.event)
    let before = timeline
    var refold: Set<Int64> = []
    for event in events where event.record < 0 {
      // Keys first: the records of the batch are folded with the timeline of its end.
      guard let revocation = timeline.apply(event) else { continue }
      let rows = try await connection.query(
        """
        SELECT DISTINCT record FROM ledger.event
        WHERE signer_key = $1 AND record >= 0 AND position >= $2 AND position < $3
        """,
        [.bytes(revocation.fingerprint.bytes), .int8(revocation.from), .int8(to)])
      for row in rows { refold.insert(try row.int(0)) }
    }
    timelineSize = to
    var changes: [FoldedRecord] = []
    for record in refold {
      let all = try await connection.query(
        """
        SELECT \(FoldColumns.list) FROM ledger.event e
        WHERE e.record = $1 AND e.position < $2 ORDER BY e.position
        """, [.int8(record), .int8(to)]
      ).map(FoldColumns.event)
      changes.append(FoldedRecord.whole(all, timeline))
    }
    let ordinary = events.filter { $0.record >= 0 && !refold.contains($0.record) }
    let byRecord = Dictionary(grouping: ordinary, by: \.record)
    let states = try await states(connection, schema: schema, Array(byRecord.keys))
    let old = try await groups(connection, of: ordinary, before: from)
    for (record, new) in byRecord {
      changes.append(
        FoldedRecord.update(
          states[record] ?? RecordState(record: record), old: old[record] ?? [], new: new,
          before: before, after: timeline))
    }
    try await write(connection, schema: schema, changes, whole: refold)
  }

  private func states(
    _ connection: PostgresConnection, schema: String, _ records: [Int64]
  ) async throws -> [Int64: RecordState] {
    guard !records.isEmpty else { return [:] }
    var states: [Int64: RecordState] = [:]
    let rows = try await connection.query(
      "\(ProjectionRows.select(schema)) WHERE v.record = ANY ($1)", [.int8Array(records)])
    for row in rows {
      let state = try ProjectionRows.state(row).state
      states[state.record] = state
    }
    return states
  }

  /// The earlier events of every group that the new ones touch, in one query.
  private func groups(
    _ connection: PostgresConnection, of events: [FoldEvent], before position: Int64
  ) async throws -> [Int64: [FoldEvent]] {
    struct Key: Hashable {
      let record: Int64
      let group: Int64
    }
    let keys = Array(
      Set(events.compactMap { e in e.foldGroup.map { Key(record: e.record, group: $0) } }))
    guard !keys.isEmpty else { return [:] }
    let rows = try await connection.query(
      """
      SELECT \(FoldColumns.list) FROM unnest($1::bigint[], $2::bigint[]) AS k (record, fold_group)
      JOIN ledger.event e ON e.record = k.record AND e.fold_group = k.fold_group
      WHERE e.fold_group IS NOT NULL AND e.position < $3 ORDER BY e.position
      """,
      [.int8Array(keys.map(\.record)), .int8Array(keys.map(\.group)), .int8(position)])
    return Dictionary(grouping: try rows.map(FoldColumns.event), by: \.record)
  }

  /// Writes the rows of some records, a thousand in a round trip.
  private func write(
    _ connection: PostgresConnection, schema: String, _ changes: [FoldedRecord], whole: Set<Int64>
  ) async throws {
    for start in stride(from: 0, to: changes.count, by: 1000) {
      let slice = changes[start..<min(start + 1000, changes.count)]
      _ = try await connection.pipeline(
        ProjectionRows.upserts(schema, slice, whole: whole))
    }
  }

  /// Folds what was appended meanwhile onto replayed tables; the timeline begins as of `from`.
  func catchUp(
    _ connection: PostgresConnection, schema: String, from: Int64, to: Int64, timeline: KeyTimeline
  ) async throws {
    self.timeline = timeline
    var next = from
    while next < to {
      let end = min(to, next + batchSize)
      try await project(connection, schema: schema, from: next, to: end)
      next = end
    }
  }
}
