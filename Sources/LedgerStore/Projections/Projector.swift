import CoreMetrics
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
  private let metrics: ProjectorMetrics
  private var timeline = KeyTimeline()
  /// Key events below this position are in `timeline`.
  private var timelineSize: Position = .first
  /// The events that this process appends.
  private let appended: AppendedEvents?
  /// `nil` until the projector has read the offset.
  private var memory: ProjectorMemory?

  init(
    _ configuration: StoreConfiguration, batchSize: Int64 = 5000, maxGroups: Int = 5000,
    rebuildLag: Int64 = 20_000, waiter: ProjectionWaiter? = nil, appended: AppendedEvents? = nil
  ) {
    self.configuration = configuration
    metrics = ProjectorMetrics(configuration.metrics)
    self.rebuildLag = rebuildLag
    self.batchSize = batchSize
    self.maxGroups = maxGroups
    self.waiter = waiter
    self.appended = appended
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
          appended?.follow(false)
          await waiter?.lead(false)
          await connection.close()
          throw error
        }
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        if Task.isCancelled { throw CancellationError() }
        failures += 1
        metrics.restarts.increment()
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
    timeline = KeyTimeline()
    timelineSize = 0
    memory = nil
    let appended = appended ?? AppendedEvents()
    appended.follow(true)
    // An append by another process arrives as a notification, at a session of its own: this one has
    // statements to run meanwhile.
    async let _ = Self.listen(configuration, appended)
    while true {
      try Task.checkCancellation()
      let start = ContinuousClock.now
      var count = try await foldAppended(connection, appended)
      if count == 0 { count = try await step(connection) }
      metrics.record(count, since: start)
      if count > 0 { onProgress() }
      if count < Int(batchSize) { await appended.wait() }
    }
  }

  /// Wakes the projector after an append by another process, and every 250 ms: NOTIFY is a hint, and
  /// polling guarantees progress.
  private static func listen(
    _ configuration: StoreConfiguration, _ appended: AppendedEvents
  ) async {
    while !Task.isCancelled {
      var listener: PostgresConnection?
      do {
        let connection = try await PostgresConnection.connect(Self.connection(configuration))
        listener = connection
        try await connection.listen(Appender.channel)
        while !Task.isCancelled {
          _ = try await connection.nextNotification(timeout: .milliseconds(250))
          appended.signal()
        }
      } catch {
        appended.signal()
        try? await Task.sleep(for: .milliseconds(250))
      }
      await listener?.close()
    }
    // The projector may wait at this moment.
    appended.signal()
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

  /// Folds events that this process appended, if they follow those that the projections include, and returns
  /// their number; 0 where the log has to be read.
  ///
  /// Two round trips at most: what the memory does not have, and the changes with the commit.
  func foldAppended(
    _ connection: PostgresConnection, _ appended: AppendedEvents
  ) async throws -> Int {
    guard let memory, memory.next == timelineSize else { return 0 }
    let plain = appended.take(from: memory.next)
    guard let last = plain.last?.event.position,
      plain.allSatisfy({ ProjectorMemory.isPlain($0.event) })
    else { return 0 }
    var batch = ProjectorBatch(plain: plain, timeline, memory)
    try await batch.readNames(connection)
    let (rows, old) = try await batch.standing(of: batch.touched, connection)
    var kept = ProjectedBatch(positions: memory.next..<last.next, states: [:], events: [:])
    let folded = batch.fold(batch.touched.keys.sorted(), rows, old) {
      kept.add($0, events: $1, earlier: $2)
    }
    do {
      _ = try await connection.pipeline(
        [
          PostgresStatement("BEGIN"),
          PostgresStatement(
            "SELECT ledger.advance_projection($1, $2, $3)",
            [.position(memory.next), .position(last.next), .int8(memory.table)]),
        ] + ProjectionRows.upserts("ledger", folded[...]) + Self.commit(next: last.next))
    } catch let error as PostgresError where error.sqlState == .projectionMoved {
      // A backup was restored, or a replay replaced the tables.
      self.memory = nil
      await Self.rollBack(connection)
      return 0
    }
    self.memory?.add(plain.map(\.event), kept, next: last.next)
    timelineSize = last.next
    await waiter?.note(last.next, plain.count <= ProjectedBatch.maxEvents ? kept : nil)
    return plain.count
  }

  /// Folds the next batch into the live projections, and returns its number of events.
  ///
  /// Three round trips: the new events, the rows and groups they change, and the changes with the commit.
  func step(_ connection: PostgresConnection) async throws -> Int {
    let before = (timeline, timelineSize)
    do {
      let (from, table, events, naming) = try await beginBatch(connection)
      guard let last = events.last else {
        try await connection.execute("COMMIT")
        try await moveTimeline(connection, to: from)
        if memory?.next != from || memory?.table != table {
          memory = ProjectorMemory(table: table, next: from)
        }
        await waiter?.note(from)
        return 0
      }
      try await moveTimeline(connection, to: from)
      let batch = try await project(
        connection, schema: "ledger", events, from: from,
        naming: NamingEvents(naming, of: events.citingNames, below: last.position.next),
        finally: [
          PostgresStatement(
            "UPDATE ledger.projection_offset SET next_position = $1",
            [.position(last.position.next)])
        ] + Self.commit(next: last.position.next))
      memory = ProjectorMemory(table: table, next: last.position.next)
      await waiter?.note(last.position.next, batch)
      return events.count
    } catch {
      memory = nil
      (timeline, timelineSize) = before
      await Self.rollBack(connection)
      throw error
    }
  }

  /// Begins a transaction, locks the offset, and reads the next events, with the events that name
  /// their citing papers.
  private func beginBatch(
    _ connection: PostgresConnection
  ) async throws -> (from: Position, table: Int64, events: [FoldEvent], naming: [FoldEvent]) {
    let opening = try await connection.pipeline([
      PostgresStatement("BEGIN"),
      PostgresStatement(
        """
        SELECT next_position, to_regclass('ledger.verification_status')::oid::bigint
        FROM ledger.projection_offset FOR UPDATE
        """),
      PostgresStatement(
        """
        SELECT \(EventColumn.foldList) FROM ledger.event e
        WHERE e.position >= (SELECT c.next_position FROM ledger.projection_offset c)
        ORDER BY e.position LIMIT $1
        """, [.int8(batchSize)]),
      NamingEventQuery.ofNextEvents(limit: batchSize),
    ])
    return (
      try opening[1][0].position(0), try opening[1][0].int(1),
      try opening[2].map { try FoldEvent($0) },
      try opening[3].map { try FoldEvent($0) }
    )
  }

  /// The statements that notify and commit.
  ///
  /// A transaction with a notification holds a lock of the whole database while it commits. This one does
  /// not wait for the disk then, and no other has one, unless several processes append.
  private static func commit(next: Position) -> [PostgresStatement] {
    [
      PostgresStatement("SELECT pg_notify('\(channel)', $1)", [.text("\(next)")]),
      PostgresStatement("COMMIT"),
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
      let folded = batch.fold(chunk.keys, rows, old) {
        if isKept { kept.add($0, events: $1, earlier: $2) }
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
