import Encodings
import LedgerDomain
import Logging
import PostgresClient

/// Folds the log into the projections. One projector per database does so at a time, the holder of an
/// advisory lock.
public actor Projector {
  /// The key of the advisory lock.
  static let lock: Int64 = 0x7069_7468_0002
  /// The channel of the notification that follows each commit, with the next position.
  static let channel = "ledger_projected"

  private let configuration: StoreConfiguration
  /// The largest number of events folded in one transaction.
  private let batchSize: Int64
  /// The largest number of groups whose events are in memory at once, unless one record has more.
  private let maxGroups: Int
  /// The number of events behind the log from which the projections are rebuilt, if they are also more than
  /// half of the log.
  private let rebuildLag: Int64
  /// Receives the position of this projector.
  private let waiter: ProjectionWaiter?
  private var timeline = KeyTimeline()
  /// Key events below this position are in `timeline`.
  private var timelineSize: Position = .first

  init(
    _ configuration: StoreConfiguration, batchSize: Int64 = 5000, maxGroups: Int = 5000,
    rebuildLag: Int64 = 20_000, waiter: ProjectionWaiter? = nil
  ) {
    self.configuration = configuration
    self.rebuildLag = rebuildLag
    self.batchSize = batchSize
    self.maxGroups = maxGroups
    self.waiter = waiter
  }

  static func connection(_ configuration: StoreConfiguration) -> PostgresConfiguration {
    var connection = configuration.connection(
      as: .project, applicationName: "pithledger projector",
      onConnect: [
        "SET idle_in_transaction_session_timeout = \(StorePools.idleTimeoutMilliseconds)",
        // The projections follow from the log. What a crash undoes is folded again from the offset,
        // which the crash undoes too. The swap after a replay drops tables, and is durable with every
        // setting.
        "SET synchronous_commit = off",
      ])
    // A replay has statements of any duration.
    connection.silenceTimeout = nil
    return connection
  }

  /// Runs until its task is cancelled. Takes over when the projector of another process ends.
  public func run() async throws {
    var failures = 0
    while !Task.isCancelled {
      do {
        let connection = try await PostgresConnection.connect(Self.connection(configuration))
        do {
          try await connection.execute(Self.losesLockWhenFrozen)
          // It reads by position and by group. A planner without statistics might choose other plans.
          try await connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
          try await follow(connection) { failures = 0 }
        } catch {
          await waiter?.lead(false)
          await connection.close()
          throw error
        }
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        if Task.isCancelled { throw CancellationError() }
        failures += 1
        configuration.logger.warning("the projector restarts: \(error)")
        try await Task.sleep(for: .milliseconds(min(5000, 50 << min(failures, 7))))
      }
    }
    throw CancellationError()
  }

  /// A running projector sends a statement every 250 ms. A frozen one loses its session, and the lock with
  /// it.
  private static let losesLockWhenFrozen =
    "SET idle_session_timeout = \(StorePools.idleTimeoutMilliseconds)"

  private func follow(
    _ connection: PostgresConnection, onProgress: () -> Void
  ) async throws {
    while try await !connection.query("SELECT pg_try_advisory_lock($1)", [.int8(Self.lock)])[0]
      .bool(0)
    {
      // The lock belongs to a session: it is free when the holder's process ends.
      try await Task.sleep(for: .milliseconds(250))
    }
    await waiter?.lead(true)
    try await rebuildIfFarBehind(connection)
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

  /// Rebuilds the projections of a log of which they include little.
  func rebuildIfFarBehind(_ connection: PostgresConnection) async throws {
    let row = try await connection.query(
      "SELECT h.size, c.next_position FROM ledger.head h, ledger.projection_offset c")[0]
    let (size, next) = (try row.int(0), try row.int(1))
    guard size - next >= max(rebuildLag, size / 2) else { return }
    configuration.logger.notice(
      "the projections are rebuilt: they include \(next) of \(size) events")
    // A replay has a session of its own. This one is idle meanwhile, and keeps its lock.
    try await connection.execute("SET idle_session_timeout = 0")
    do { try await Replayer(configuration).rebuild() } catch let error as LedgerStoreError {
      // A replay that runs already brings the projections up to date. Otherwise batches do, which take
      // longer.
      configuration.logger.notice("the projections are not rebuilt: \(error)")
    }
    try await connection.execute(Self.losesLockWhenFrozen)
  }

  /// Waits for the notification of an append that is not folded yet. NOTIFY is a hint. Polling
  /// guarantees progress.
  private func waitForMore(_ connection: PostgresConnection) async throws {
    while let notification = try await connection.nextNotification(timeout: .milliseconds(250)) {
      if Int64(notification.payload).map({ $0 > timelineSize.rawValue }) ?? true { return }
    }
  }

  /// Folds the next batch into the live projections, and returns its number of events.
  ///
  /// Three round trips: the new events, the rows and groups they change, and the changes with the commit.
  func step(_ connection: PostgresConnection) async throws -> Int {
    let before = (timeline, timelineSize)
    do {
      let (from, events, naming) = try await beginBatch(connection)
      guard let last = events.last else {
        try await connection.execute("COMMIT")
        await waiter?.note(from)
        return 0
      }
      try await moveTimeline(connection, to: from)
      let batch = try await project(
        connection, schema: "ledger", events, from: from,
        naming: NamingEvents(naming, of: events.citingNames, below: last.position.next),
        finally: Self.commit(next: last.position.next))
      await waiter?.note(last.position.next, batch)
      return events.count
    } catch {
      (timeline, timelineSize) = before
      await Self.rollBack(connection)
      throw error
    }
  }

  /// Begins a transaction, locks the offset, and reads the next events, with the events that name
  /// their citing papers.
  private func beginBatch(
    _ connection: PostgresConnection
  ) async throws -> (from: Position, events: [FoldEvent], naming: [FoldEvent]) {
    let opening = try await connection.pipeline([
      PostgresStatement("BEGIN"),
      PostgresStatement("SELECT next_position FROM ledger.projection_offset FOR UPDATE"),
      PostgresStatement(
        """
        SELECT \(EventColumn.foldList) FROM ledger.event e
        WHERE e.position >= (SELECT c.next_position FROM ledger.projection_offset c)
        ORDER BY e.position LIMIT $1
        """, [.int8(batchSize)]),
      NamingEventQuery.ofNextEvents(limit: batchSize),
    ])
    return (
      try opening[1][0].position(0), try opening[2].map { try FoldEvent($0) },
      try opening[3].map { try FoldEvent($0) }
    )
  }

  /// The statements that store the offset, commit, and notify.
  ///
  /// The notification follows the commit: inside the transaction it would serialise commits.
  private static func commit(next: Position) -> [PostgresStatement] {
    [
      PostgresStatement(
        "UPDATE ledger.projection_offset SET next_position = $1", [.position(next)]),
      PostgresStatement("COMMIT"),
      PostgresStatement("SELECT pg_notify('\(channel)', $1)", [.text("\(next)")]),
    ]
  }

  private static func rollBack(_ connection: PostgresConnection) async {
    // The current task may be cancelled, and the rollback must run.
    await Task {
      if await connection.isInTransaction { try? await connection.execute("ROLLBACK") }
    }
    .value
  }

  /// Brings the timeline to a position.
  private func moveTimeline(_ connection: PostgresConnection, to position: Position) async throws {
    if timelineSize > position {
      // The offset is lower than before: a backup was restored while this process runs.
      timeline = KeyTimeline()
      timelineSize = 0
    }
    // A projector that starts in the middle of the log has an empty timeline.
    guard timelineSize < position else { return }
    timeline.apply(
      try await KeyEventQuery(from: timelineSize, below: position).events(on: connection))
    timelineSize = position
  }

  /// Folds events into the tables of a schema. The events are all events from `from` to the last of
  /// them, and the timeline is as of `from`.
  ///
  /// - Parameter naming: the events that name the citing papers of the events, up to their end.
  @discardableResult
  private func project(
    _ connection: PostgresConnection, schema: String, _ events: [FoldEvent], from: Position,
    naming: NamingEvents, finally: [PostgresStatement] = []
  ) async throws -> ProjectedBatch? {
    let to = events.last.map { $0.position.next } ?? from
    var batch = ProjectorBatch(
      schema: schema, events, from: from, before: timeline, naming: naming)
    // Keys first: the records of the batch are folded with the timeline of its end.
    let changes = events.filter { $0.record.isRegistry }.compactMap { timeline.apply($0) }
    timelineSize = to
    batch.after = timeline
    for change in changes { try await batch.touch(change, connection) }
    try await batch.touchRenamed(events, connection)
    let renamed = events.filter { RecordTextRows.types.contains($0.type) }.map(\.record)
    try await RecordTextRows.refresh(
      Set(renamed).sorted(), below: to, schema: schema, on: connection)
    var kept = ProjectedBatch(positions: from..<to, states: [:], events: [:])
    let isKept = events.count <= ProjectedBatch.maxEvents
    var rest = batch.touched.sorted { $0.key < $1.key }[...]
    repeat {
      let chunk = takeChunk(&rest)
      let (rows, old) = try await batch.standing(of: chunk, connection)
      let (before, after) = batch.contexts()
      var folded: [FoldedRecord] = []
      for record in chunk.keys {
        let (row, old, new) = (rows[record], old[record] ?? [], batch.new[record] ?? [])
        let update = FoldedRecord.update(
          row?.state ?? RecordState(record: record), old: old, new: new, before: before,
          after: after)
        folded.append(update)
        if isKept {
          kept.add(update, events: LinkedEvents(old + new, after.papers), earlier: row)
        }
      }
      try await write(connection, schema: schema, folded, finally: rest.isEmpty ? finally : [])
    } while !rest.isEmpty
    return isKept ? kept : nil
  }

  /// Takes records from the front of a list until their groups reach `maxGroups`, and at least one
  /// record of a list that is not empty.
  private func takeChunk(
    _ rest: inout ArraySlice<(key: RecordID, value: Set<Int64>)>
  ) -> [RecordID: Set<Int64>] {
    var chunk: [RecordID: Set<Int64>] = [:]
    var count = 0
    while let next = rest.first, chunk.isEmpty || count + next.value.count <= maxGroups {
      chunk[next.key] = next.value
      count += next.value.count
      rest = rest.dropFirst()
    }
    return chunk
  }

  /// Writes the rows of some records, a thousand in a round trip, with some statements after the last
  /// of them.
  private func write(
    _ connection: PostgresConnection, schema: String, _ changes: [FoldedRecord],
    finally: [PostgresStatement]
  ) async throws {
    var rest = changes[...]
    while rest.count > 1000 {
      _ = try await connection.pipeline(ProjectionRows.upserts(schema, rest.prefix(1000)))
      rest = rest.dropFirst(1000)
    }
    let last = (rest.isEmpty ? [] : ProjectionRows.upserts(schema, rest)) + finally
    if !last.isEmpty { _ = try await connection.pipeline(last) }
  }

  /// Folds the events between two positions into the tables of a schema. The timeline is as of `from`.
  func catchUp(
    _ connection: PostgresConnection, schema: String, from: Position, to: Position,
    timeline: KeyTimeline
  ) async throws {
    self.timeline = timeline
    var next = from
    while next < to {
      let end = min(to, next.advanced(by: Int(batchSize)))
      let events = try await connection.query(
        """
        SELECT \(EventColumn.foldList) FROM ledger.event e
        WHERE e.position >= $1 AND e.position < $2 ORDER BY e.position
        """, [.position(next), .position(end)]
      ).map { try FoldEvent($0) }
      var naming = NamingEvents(below: end)
      try await naming.read(events.citingNames, connection)
      try await project(connection, schema: schema, events, from: next, naming: naming)
      next = end
    }
  }
}
