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
  /// Receives the position of this projector.
  private let waiter: ProjectionWaiter?
  private var timeline = KeyTimeline()
  /// Key events below this position are in `timeline`.
  private var timelineSize: Position = .first

  init(
    _ configuration: StoreConfiguration, batchSize: Int64 = 5000, maxGroups: Int = 5000,
    waiter: ProjectionWaiter? = nil
  ) {
    self.configuration = configuration
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
          // A running projector sends a statement every 250 ms. A frozen one loses its session, and the
          // lock with it.
          try await connection.execute(
            "SET idle_session_timeout = \(StorePools.idleTimeoutMilliseconds)")
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
      let (from, events) = try await beginBatch(connection)
      guard let last = events.last else {
        try await connection.execute("COMMIT")
        await waiter?.note(from)
        return 0
      }
      try await moveTimeline(connection, to: from)
      let batch = try await project(
        connection, schema: "ledger", events, from: from,
        finally: Self.commit(next: last.position.next))
      await waiter?.note(last.position.next, batch)
      return events.count
    } catch {
      (timeline, timelineSize) = before
      await Self.rollBack(connection)
      throw error
    }
  }

  /// Begins a transaction, locks the offset, and reads the next events.
  private func beginBatch(
    _ connection: PostgresConnection
  ) async throws -> (from: Position, events: [FoldEvent]) {
    let opening = try await connection.pipeline([
      PostgresStatement("BEGIN"),
      PostgresStatement("SELECT next_position FROM ledger.projection_offset FOR UPDATE"),
      PostgresStatement(
        """
        SELECT \(EventColumn.foldList) FROM ledger.event e
        WHERE e.position >= (SELECT c.next_position FROM ledger.projection_offset c)
        ORDER BY e.position LIMIT $1
        """, [.int8(batchSize)]),
    ])
    return (try opening[1][0].position(0), try opening[2].map { try FoldEvent($0) })
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
  @discardableResult
  private func project(
    _ connection: PostgresConnection, schema: String, _ events: [FoldEvent], from: Position,
    finally: [PostgresStatement] = []
  ) async throws -> ProjectedBatch? {
    let to = events.last.map { $0.position.next } ?? from
    let before = timeline
    // Keys first: the records of the batch are folded with the timeline of its end.
    let changes = events.filter { $0.record.isRegistry }.compactMap { timeline.apply($0) }
    timelineSize = to
    let new = Dictionary(grouping: events.filter { !$0.record.isRegistry }, by: \.record)
    var touched = new.mapValues { Set($0.compactMap(\.foldGroup)) }
    for change in changes {
      for (record, group) in try await groups(connection, of: change, before: from) {
        touched[record, default: []].insert(group)
      }
    }
    var kept = ProjectedBatch(positions: from..<to, states: [:], events: [:])
    let isKept = events.count <= ProjectedBatch.maxEvents
    var rest = touched.sorted { $0.key < $1.key }[...]
    repeat {
      let chunk = takeChunk(&rest)
      let (rows, old) = try await standing(connection, schema, chunk, new, before: from)
      var folded: [FoldedRecord] = []
      for record in chunk.keys {
        let (row, old, new) = (rows[record], old[record] ?? [], new[record] ?? [])
        let update = FoldedRecord.update(
          row?.state ?? RecordState(record: record), old: old, new: new, before: before,
          after: timeline)
        folded.append(update)
        if isKept { kept.add(update, events: old + new, earlier: row) }
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

  /// The groups that have an event of a key whose status changed retroactively.
  private func groups(
    _ connection: PostgresConnection, of change: KeyTimeline.RetroactiveChange, before: Position
  ) async throws -> [(record: RecordID, group: Int64)] {
    try await connection.query(
      """
      SELECT DISTINCT record_position, fold_group FROM ledger.event
      WHERE signer_key = $1 AND position >= $2 AND position < $3 AND record_position >= 0
        AND fold_group IS NOT NULL
      """,
      [.bytes(change.fingerprint.bytes), .position(change.from), .position(before)]
    ).map { (try $0.record(0), try $0.int(1)) }
  }

  /// The rows of some records, and the earlier events of some of their groups and of all groups linked
  /// to these.
  ///
  /// Each group is a lookup of its own: a planner without statistics reads the whole log to join them.
  private func standing(
    _ connection: PostgresConnection, _ schema: String, _ touched: [RecordID: Set<Int64>],
    _ new: [RecordID: [FoldEvent]], before position: Position
  ) async throws -> (rows: [RecordID: ProjectedState], old: [RecordID: [FoldEvent]]) {
    guard !touched.isEmpty else { return ([:], [:]) }
    let keys = touched.flatMap { record, groups in groups.map { (record: record, group: $0) } }
    let answers = try await connection.pipeline([
      PostgresStatement(
        "\(ProjectionRows.select(schema)) WHERE v.record_position = ANY ($1)",
        [.records(touched.keys)]),
      PostgresStatement(
        """
        SELECT \(EventColumn.foldList) FROM unnest($1::bigint[], $2::bigint[]) AS k (record_position, fold_group)
          CROSS JOIN LATERAL (
            SELECT * FROM ledger.event t WHERE t.record_position = k.record_position AND t.fold_group = k.fold_group
              AND t.fold_group IS NOT NULL AND t.position < $3 OFFSET 0) AS e
        ORDER BY e.position
        """,
        [.records(keys.map(\.record)), .int8Array(keys.map(\.group)), .position(position)]),
    ])
    var rows: [RecordID: ProjectedState] = [:]
    for row in answers[0] {
      let projected = try ProjectionRows.state(row)
      rows[projected.state.record] = projected
    }
    var old = Dictionary(grouping: try answers[1].map { try FoldEvent($0) }, by: \.record)
    for (record, events) in try await linked(connection, touched, old, new, before: position) {
      old[record] = ((old[record] ?? []) + events).sorted { $0.position < $1.position }
    }
    return (rows, old)
  }

  /// The earlier events of the groups that are linked to some groups, without the events of these.
  private func linked(
    _ connection: PostgresConnection, _ touched: [RecordID: Set<Int64>],
    _ old: [RecordID: [FoldEvent]],
    _ new: [RecordID: [FoldEvent]], before position: Position
  ) async throws -> [RecordID: [FoldEvent]] {
    var groups: [(record: RecordID, group: Int64)] = []
    var claimants: [(record: RecordID, identity: Digest128)] = []
    for (record, known) in touched {
      let links = FoldLinks((old[record] ?? []) + (new[record] ?? []), timeline)
      groups += links.groups.subtracting(known).map { (record, $0) }
      claimants += links.claimants.map { (record, $0) }
    }
    if groups.isEmpty && claimants.isEmpty { return [:] }
    let events = try await connection.query(
      """
      SELECT \(EventColumn.foldList) FROM (
        SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS g (record_position, fold_group)
        UNION
        SELECT c.record_position, c.fold_group
        FROM unnest($3::bigint[], $4::bytea[]) AS k (record_position, claimant)
          CROSS JOIN LATERAL (
            SELECT * FROM ledger.event t WHERE t.record_position = k.record_position AND t.claimant = k.claimant
              AND t.event_type = ledger.event_type_code('check_recorded') AND t.claimant IS NOT NULL
              AND t.position < $5 OFFSET 0) AS c
        ) AS k CROSS JOIN LATERAL (
          SELECT * FROM ledger.event t WHERE t.record_position = k.record_position AND t.fold_group = k.fold_group
            AND t.fold_group IS NOT NULL AND t.position < $5 OFFSET 0) AS e
      """,
      [
        .records(groups.map(\.record)), .int8Array(groups.map(\.group)),
        .records(claimants.map(\.record)), .bytesArray(claimants.map(\.identity.bytes)),
        .position(position),
      ]
    ).map { try FoldEvent($0) }
    return Dictionary(
      grouping: events.filter { event in
        event.foldGroup.map { touched[event.record]?.contains($0) != true } ?? false
      }, by: \.record)
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
      try await project(connection, schema: schema, events, from: next)
      next = end
    }
  }
}
