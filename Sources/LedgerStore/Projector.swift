import LedgerDomain
import Logging
import PostgresClient

/// Follows the log and keeps the projections: one at a time per database, whoever holds the lock.
public actor Projector {
  static let lock: Int64 = 0x7069_7468_0002
  /// Where it says, after each commit, which position is next.
  static let channel = "ledger_projected"

  private let configuration: StoreConfiguration
  /// Events folded in one transaction at most.
  private let batchSize: Int64
  /// Who is told how far this projector is.
  private let progress: ProjectionProgress?
  private var timeline = KeyTimeline()
  /// Key events below this position are in `timeline`.
  private var timelineSize: Int64 = 0

  init(
    _ configuration: StoreConfiguration, batchSize: Int64 = 5000,
    progress: ProjectionProgress? = nil
  ) {
    self.configuration = configuration
    self.batchSize = batchSize
    self.progress = progress
  }

  static func connection(_ configuration: StoreConfiguration) -> PostgresConfiguration {
    PostgresConfiguration(
      uri: configuration.uri, applicationName: "pithledger projector",
      onConnect: [
        // Its statements run for milliseconds, or once: compiling them costs more than it saves.
        "SET ROLE pithledger_projector", "SET jit = off",
        "SET idle_in_transaction_session_timeout = \(LedgerStore.lockLife)",
        // What it writes follows from the log: what a crash takes back is folded again from the checkpoint, which
        // goes back with it. A swap after a replay drops tables, and is durable whatever is set here.
        "SET synchronous_commit = off",
      ])
  }

  /// Runs until its task is cancelled; takes over when another process's projector dies.
  public func run() async throws {
    var failures = 0
    while !Task.isCancelled {
      do {
        let connection = try await PostgresConnection.connect(Self.connection(configuration))
        do {
          // Alive, it speaks every 250 ms: one that is frozen loses its session, and the lock with it.
          try await connection.execute("SET idle_session_timeout = \(LedgerStore.lockLife)")
          try await follow(connection) { failures = 0 }
        } catch {
          await progress?.lead(false)
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
    await progress?.lead(true)
    try await connection.listen(Appender.channel)
    timeline = KeyTimeline()
    timelineSize = 0
    while true {
      try Task.checkCancellation()
      let count = try await step(connection)
      if count > 0 { onProgress() }
      if count < Int(batchSize) { try await waitForMore(connection) }
    }
  }

  /// Waits for word of an append that is not folded yet; the word only wakes it, and the poll is what it
  /// relies on.
  private func waitForMore(_ connection: PostgresConnection) async throws {
    while let told = try await connection.nextNotification(timeout: .milliseconds(250)) {
      if Int64(told.payload).map({ $0 > timelineSize }) ?? true { return }
    }
  }

  /// Folds the next batch into the live projections, and answers how many events it had.
  ///
  /// Three round trips: what is new, what it touches, and what follows, with the commit.
  func step(_ connection: PostgresConnection) async throws -> Int {
    let before = timeline
    let beforeSize = timelineSize
    do {
      let opening = try await connection.pipeline([
        PostgresStatement("BEGIN"),
        PostgresStatement("SELECT next_position FROM ledger.projection_checkpoint FOR UPDATE"),
        PostgresStatement(
          """
          SELECT \(FoldColumns.list) FROM ledger.event e
          WHERE e.position >= (SELECT c.next_position FROM ledger.projection_checkpoint c)
          ORDER BY e.position LIMIT $1
          """, [.int8(batchSize)]),
      ])
      let from = try opening[1][0].int(0)
      let events = try opening[2].map(FoldColumns.event)
      guard let last = events.last else {
        try await connection.execute("COMMIT")
        await progress?.note(from)
        return 0
      }
      if timelineSize > from {
        // The checkpoint went back: a backup was restored under this process.
        timeline = KeyTimeline()
        timelineSize = 0
      }
      try await advance(connection, to: from)
      // The notification comes after the commit, where it holds nobody up.
      let batch = try await project(
        connection, schema: "ledger", events, from: from,
        finally: [
          PostgresStatement(
            "UPDATE ledger.projection_checkpoint SET next_position = $1",
            [.int8(last.position + 1)]),
          PostgresStatement("COMMIT"),
          PostgresStatement(
            "SELECT pg_notify('\(Self.channel)', $1)", [.text("\(last.position + 1)")]),
        ])
      await progress?.note(last.position + 1, batch)
      return events.count
    } catch {
      timeline = before
      timelineSize = beforeSize
      // Not by this task, which may be cancelled and must still roll back.
      await Task {
        if await connection.isInTransaction { try? await connection.execute("ROLLBACK") }
      }
      .value
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

  /// Folds events, all from `from` to their last, onto the rows of a schema. The timeline is as of `from`.
  @discardableResult
  private func project(
    _ connection: PostgresConnection, schema: String, _ events: [FoldEvent], from: Int64,
    finally: [PostgresStatement] = []
  ) async throws -> ProjectedBatch? {
    let to = events.last.map { $0.position + 1 } ?? from
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
    let (rows, old) = try await touched(
      connection, schema: schema, by: ordinary, Array(byRecord.keys), before: from)
    let isKept = events.count <= ProjectedBatch.maxEvents
    var states: [Int64: ProjectedState] = [:]
    var groups: [Int64: [FoldEvent]] = [:]
    for (record, new) in byRecord {
      let row = rows[record]
      let folded = FoldedRecord.update(
        row?.state ?? RecordState(record: record), old: old[record] ?? [], new: new,
        before: before, after: timeline)
      changes.append(folded)
      // Where storage changed, the server finds out what is the latest of it.
      if isKept, folded.storage.isEmpty {
        states[record] = ProjectedState(
          state: folded.state, storageVerifiedUntil: row?.storageVerifiedUntil)
        groups[record] = (old[record] ?? []) + new
      }
    }
    try await write(connection, schema: schema, changes, whole: refold, finally: finally)
    return isKept ? ProjectedBatch(positions: from..<to, states: states, events: groups) : nil
  }

  /// The rows of some records, and the earlier events of every group that new ones touch.
  private func touched(
    _ connection: PostgresConnection, schema: String, by events: [FoldEvent], _ records: [Int64],
    before position: Int64
  ) async throws -> (rows: [Int64: ProjectedState], old: [Int64: [FoldEvent]]) {
    struct Key: Hashable {
      let record: Int64
      let group: Int64
    }
    guard !records.isEmpty else { return ([:], [:]) }
    let keys = Array(
      Set(events.compactMap { e in e.foldGroup.map { Key(record: e.record, group: $0) } }))
    let answers = try await connection.pipeline([
      PostgresStatement(
        "\(ProjectionRows.select(schema)) WHERE v.record = ANY ($1)", [.int8Array(records)]),
      PostgresStatement(
        """
        SELECT \(FoldColumns.list) FROM unnest($1::bigint[], $2::bigint[]) AS k (record, fold_group)
        JOIN ledger.event e ON e.record = k.record AND e.fold_group = k.fold_group
        WHERE e.fold_group IS NOT NULL AND e.position < $3 ORDER BY e.position
        """,
        [.int8Array(keys.map(\.record)), .int8Array(keys.map(\.group)), .int8(position)]),
    ])
    var rows: [Int64: ProjectedState] = [:]
    for row in answers[0] {
      let projected = try ProjectionRows.state(row)
      rows[projected.state.record] = projected
    }
    return (rows, Dictionary(grouping: try answers[1].map(FoldColumns.event), by: \.record))
  }

  /// Writes the rows of some records, a thousand in a round trip, and what comes with the last of them.
  private func write(
    _ connection: PostgresConnection, schema: String, _ changes: [FoldedRecord], whole: Set<Int64>,
    finally: [PostgresStatement]
  ) async throws {
    var rest = changes[...]
    while rest.count > 1000 {
      _ = try await connection.pipeline(
        ProjectionRows.upserts(schema, rest.prefix(1000), whole: whole))
      rest = rest.dropFirst(1000)
    }
    let last =
      (rest.isEmpty ? [] : ProjectionRows.upserts(schema, rest, whole: whole)) + finally
    if !last.isEmpty { _ = try await connection.pipeline(last) }
  }

  /// Folds what was appended meanwhile onto replayed tables; the timeline begins as of `from`.
  func catchUp(
    _ connection: PostgresConnection, schema: String, from: Int64, to: Int64, timeline: KeyTimeline
  ) async throws {
    self.timeline = timeline
    var next = from
    while next < to {
      let end = min(to, next + batchSize)
      let events = try await connection.query(
        """
        SELECT \(FoldColumns.list) FROM ledger.event e
        WHERE e.position >= $1 AND e.position < $2 ORDER BY e.position
        """, [.int8(next), .int8(end)]
      ).map(FoldColumns.event)
      try await project(connection, schema: schema, events, from: next)
      next = end
    }
  }
}
