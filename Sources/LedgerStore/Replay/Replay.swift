import LedgerDomain
import PostgresClient
import Synchronization

/// Rebuilds the projections from the log.
public struct Replayer: Sendable {
  /// The key of the advisory lock that one replay of a database holds.
  static let lock: Int64 = 0x7069_7468_0003
  /// The schema of the rebuilt tables.
  static let schema = "ledger_replay"
  /// The largest number of differences that a report lists.
  static let maxDrift = 1000
  /// The number of tasks that read, and then fold, in parallel.
  static let workers = 2

  let configuration: StoreConfiguration
  /// The largest number of events that are folded while the live projector is blocked, unless more arrive than a
  /// replay can fold.
  private let maxBlocking: Int

  init(_ configuration: StoreConfiguration, maxBlocking: Int = 2000) {
    self.configuration = configuration
    self.maxBlocking = maxBlocking
  }

  /// Rebuilds the projections from position 0 beside the live ones, while writes go on.
  ///
  /// The log up to its head at the start is read in parallel by ranges of pages, and folded in parallel
  /// by records, and then what was appended meanwhile. At last a transaction blocks the live projector, folds
  /// the rest, and compares the tables. Without `check` the new tables replace the old ones in the same transaction.
  /// A replay that is interrupted leaves the live projections as they were.
  ///
  /// - Parameters:
  ///   - check: whether the tables are only compared.
  ///   - isWanted: called once the log is folded. If it returns `false`, the replay ends with an empty report, and
  ///     changes nothing.
  ///   - progress: called as the work advances, from any thread.
  ///
  /// Errors: `replayRunning`, `noRoom`; those of `isWanted`.
  public func run(
    check: Bool, isWanted: @escaping @Sendable () async throws -> Bool = { true },
    progress: @escaping @Sendable (ReplayProgress) -> Void
  ) async throws -> ReplayReport {
    try await LedgerStoreError.translating {
      try await withReplayConnection { connection in
        try await replay(
          connection, check ? .compareOnly : .compareAndReplace, isWanted: isWanted,
          progress: progress)
      }
    }
  }

  /// Rebuilds the projections and replaces the live ones, without a comparison. A projector that is far
  /// behind does this, because it takes a fraction of the time that batches of events take.
  ///
  /// Errors: `replayRunning`, `noRoom`.
  func rebuild() async throws {
    try await LedgerStoreError.translating {
      _ = try await withReplayConnection { connection in
        try await replay(connection, .replaceOnly) { _ in }
      }
    }
  }

  /// What a replay does with the new tables.
  private enum Purpose {
    case compareOnly, compareAndReplace, replaceOnly
  }

  /// Runs a closure with a connection that has the lock of a replay.
  ///
  /// Errors: `replayRunning`.
  func withReplayConnection<R: Sendable>(
    _ body: (PostgresConnection) async throws -> R
  ) async throws -> R {
    try await withConnection { connection in
      try await lockReplay(connection)
      let result = try await body(connection)
      // The end of the session frees the lock too, but some time after the close.
      _ = try await connection.query("SELECT pg_advisory_unlock($1)", [.int8(Self.lock)])
      return result
    }
  }

  /// Runs a closure with a session of its own.
  func withConnection<R: Sendable>(
    _ body: (PostgresConnection) async throws -> R
  ) async throws -> R {
    try await PostgresConnection.withConnection(Projector.connection(configuration), body)
  }

  /// Takes the lock. Waits two seconds for a replay that was interrupted, whose lock is held until the
  /// server notices the end of its session.
  ///
  /// Errors: `replayRunning`.
  private func lockReplay(_ connection: PostgresConnection) async throws {
    for attempt in 0..<20 {
      if attempt > 0 { try await Task.sleep(for: .milliseconds(100)) }
      if try await connection.query(
        "SELECT pg_try_advisory_lock($1)", [.int8(Self.lock)])[0].bool(0)
      {
        return
      }
    }
    throw LedgerStoreError(.replayRunning, "another replay is under way")
  }

  private func replay(
    _ connection: PostgresConnection, _ purpose: Purpose,
    isWanted: @Sendable () async throws -> Bool = { true },
    progress: @escaping @Sendable (ReplayProgress) -> Void
  ) async throws -> ReplayReport {
    let start = ContinuousClock.now
    _ = try await connection.query("SELECT ledger.replay_begin()")
    let size = try await connection.query("SELECT size FROM ledger.head")[0].position(0)
    let timeline = try await Self.timeline(connection, below: size)
    let counter = ReplayCounter(total: size.rawValue, start: start, report: progress)
    try await foldLog(connection, size: size.rawValue, timeline, counter)
    var tables = NewTables(size: size, timeline: timeline)
    try await complete(&tables, purpose)
    guard try await isWanted() else {
      _ = try await connection.query("SELECT ledger.replay_end()")
      return ReplayReport(
        events: 0, records: 0, seconds: (ContinuousClock.now - start) / .seconds(1), drift: [],
        swapped: false)
    }
    try await follow(connection, &tables)
    let result = try await connection.transaction { [tables] connection in
      try await finish(connection, purpose, tables)
    }
    let isSwapped = purpose != .compareOnly
    if !isSwapped { _ = try await connection.query("SELECT ledger.replay_end()") }
    return ReplayReport(
      events: result.events, records: result.records,
      seconds: (ContinuousClock.now - start) / .seconds(1), drift: result.drift, swapped: isSwapped)
  }

  /// The new tables before the live projector is blocked.
  private struct NewTables {
    /// The tables include the events below this position.
    var size: Position
    /// The keys as of `size`.
    var timeline: KeyTimeline
    /// Whether the tables have keys and indexes. A comparison needs none, unless the live projections include more events
    /// than the new ones.
    var areIndexed = false
    /// The names of the tables whose rows equal the live ones, where these include the same events.
    var unchanged: Set<String> = []
  }

  /// Writes the texts of records while the tables of the fold get their indexes, in a session of its own, and compares all
  /// tables.
  private func complete(_ tables: inout NewTables, _ purpose: Purpose) async throws {
    let isReplaced = purpose != .compareOnly
    let isCompared = purpose != .replaceOnly
    let folded = ReplayTable.all.filter { $0.name != ReplayTable.texts.name }
    async let indexed: Void = isReplaced ? createIndexes(folded) : ()
    try await writeTexts(below: tables.size)
    async let indexedTexts: Void = isReplaced ? createIndexes([.texts]) : ()
    _ = try await (indexed, indexedTexts)
    if isCompared { tables.unchanged = try await unchangedTables(at: tables.size) }
    tables.areIndexed = isReplaced
  }

  /// Folds what was appended since the log was read, until few events are left. The live projector goes on.
  private func follow(_ connection: PostgresConnection, _ tables: inout NewTables) async throws {
    var left = Int.max
    while true {
      let projected = try await connection.query(
        "SELECT next_position FROM ledger.projection_offset")[0].position(0)
      let behind = tables.size.distance(to: projected)
      guard behind > maxBlocking, behind < left else { return }
      left = behind
      try await fold(connection, into: &tables, to: projected)
    }
  }

  /// Folds further events into the new tables, which need their indexes for that.
  private func fold(
    _ connection: PostgresConnection, into tables: inout NewTables, to end: Position
  ) async throws {
    if !tables.areIndexed {
      for table in ReplayTable.all { try await table.createIndexes(connection) }
    }
    try await Projector(configuration).catchUp(
      connection, schema: Self.schema, from: tables.size, to: end, timeline: tables.timeline)
    tables = NewTables(
      size: end, timeline: try await Self.timeline(connection, below: end), areIndexed: true)
  }

  /// Gives new tables the keys and indexes of the live ones, in a session of its own.
  private func createIndexes(_ tables: [ReplayTable]) async throws {
    try await withConnection { connection in
      // Other sessions use the other processors meanwhile. Parallel workers hand over sorted rows in files.
      try await connection.execute("SET max_parallel_maintenance_workers = 0")
      for table in tables { try await table.createIndexes(connection) }
    }
  }

  /// The keys as the events below a position leave them.
  static func timeline(
    _ connection: PostgresConnection, below position: Position
  ) async throws -> KeyTimeline {
    var timeline = KeyTimeline()
    timeline.apply(
      try await KeyEventQuery(from: .first, below: position).events(on: connection))
    return timeline
  }

  /// Reads the first `size` events and folds them into the new tables.
  func foldLog(
    _ connection: PostgresConnection, size: Int64, _ timeline: KeyTimeline,
    _ counter: ReplayCounter
  ) async throws {
    let parts = try await partitions(connection, size: size, timeline, counter)
    var names = PaperNamesBuilder()
    for part in parts { names.add(part.names) }
    let context = FoldContext(timeline, names.finish())
    let queue = PartQueue(count: EventPartitions.parts(events: size))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<Self.workers {
        group.addTask { try await self.fold(parts, queue, context, counter) }
      }
      try await group.waitForAll()
    }
  }

  /// Brings the new and the live tables to the same position, compares them and replaces the live
  /// tables, as far as the purpose says. Runs in a transaction, which blocks the live projector.
  ///
  private func finish(
    _ connection: PostgresConnection, _ purpose: Purpose, _ new: NewTables
  ) async throws -> (drift: [ReplayReport.Drift], records: Int64, events: Int64) {
    var tables = new
    // The live projector waits for this lock, so that both sides are compared at the same position.
    let projected = try await connection.query(
      "SELECT next_position FROM ledger.projection_offset FOR UPDATE")[0].position(0)
    if projected > tables.size {
      try await fold(connection, into: &tables, to: projected)
    } else if projected < tables.size, purpose != .replaceOnly {
      try await catchUpLive(connection, from: projected, to: tables.size)
    }
    try await RecordTextRows.clearErased(schema: Self.schema, on: connection)
    let unchanged = projected == tables.size ? tables.unchanged : []
    let drift =
      purpose == .replaceOnly ? [] : try await Self.drift(connection, except: unchanged)
    let records = try await connection.query(
      "SELECT count(*) FROM \(Self.schema).verification_status")[0].int(0)
    if purpose != .compareOnly { _ = try await connection.query("SELECT ledger.replay_swap()") }
    if purpose == .replaceOnly {
      _ = try await connection.query(
        "UPDATE ledger.projection_offset SET next_position = $1", [.position(tables.size)])
    }
    return (drift, records, tables.size.rawValue)
  }

  /// Folds the events that the live projections do not include yet, so that they are not reported as
  /// differences.
  private func catchUpLive(
    _ connection: PostgresConnection, from projected: Position, to size: Position
  ) async throws {
    try await Projector(configuration).catchUp(
      connection, schema: "ledger", from: projected, to: size,
      timeline: try await Self.timeline(connection, below: projected))
    _ = try await connection.query(
      "UPDATE ledger.projection_offset SET next_position = $1", [.position(size)])
  }

  /// Reads the first `size` events in the order of the table's pages, each worker a range of pages.
  ///
  /// A sort by record on the server takes longer than the reading. Events are grouped by record in this
  /// process, and sorted by position before they are folded.
  private func partitions(
    _ connection: PostgresConnection, size: Int64, _ timeline: KeyTimeline,
    _ counter: ReplayCounter
  ) async throws -> [EventPartitions] {
    // All rows below `size` are on pages that exist now.
    let pages = try await connection.query(
      """
      SELECT pg_relation_size('ledger.event') / current_setting('block_size')::bigint
      """)[0].int(0)
    let step = pages / Int64(Self.workers) + 1
    return try await withThrowingTaskGroup(of: EventPartitions.self) { group in
      for worker in 0..<Int64(Self.workers) {
        group.addTask {
          try await self.read(
            pages: worker * step..<(worker + 1) * step, size: size, timeline, counter)
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }

  private func read(
    pages: Range<Int64>, size: Int64, _ timeline: KeyTimeline, _ counter: ReplayCounter
  ) async throws -> EventPartitions {
    try await withConnection { source in
      var cursor = BinaryCopyCursor()
      var parts = EventPartitions(parts: EventPartitions.parts(events: size))
      var count: Int64 = 0
      try await source.copyMessages(
        """
        COPY (SELECT \(PackedEvent.columns) FROM ledger.event e
          WHERE e.ctid >= '(\(pages.lowerBound),0)' AND e.ctid < '(\(pages.upperBound),0)'
            AND e.record_position >= 0 AND e.position < \(size)) TO STDOUT (FORMAT binary)
        """
      ) { message in
        guard try cursor.begin(message) != nil else { return }
        try parts.append(PackedEvent(message, &cursor), timeline)
        count += 1
        if count & 0x3FFF == 0 { counter.add(0x4000) }
      }
      counter.add(count & 0x3FFF)
      return parts
    }
  }

  /// Folds parts of the log until none is left, and writes their rows.
  private func fold(
    _ readers: [EventPartitions], _ queue: PartQueue, _ context: FoldContext,
    _ counter: ReplayCounter
  ) async throws {
    try await withConnection { target in
      var rows = ReplayRowWriter()
      while let part = queue.next() {
        try Task.checkCancellation()
        var blocks: [[PackedEvent]] = []
        for reader in readers { try reader.read(part, into: &blocks) }
        counter.add(Int64(Self.fold(blocks, context) { rows.append($0) }))
        try await rows.write(target)
      }
      try await rows.flush(target)
    }
  }

  /// Folds each record of some events, which are all events of these records. Returns the number of events.
  private static func fold(
    _ blocks: [[PackedEvent]], _ context: FoldContext, _ body: (FoldedRecord) -> Void
  ) -> Int {
    struct Place: Comparable {
      let record: Int64
      let position: Int64
      let block: Int32
      let index: Int32

      static func < (a: Place, b: Place) -> Bool {
        if a.record != b.record { return a.record < b.record }
        return a.position < b.position
      }
    }
    var places: [Place] = []
    places.reserveCapacity(blocks.reduce(0) { $0 + $1.count })
    for (number, block) in blocks.enumerated() {
      // A span: reading two numbers of an array's element would copy the element.
      let events = block.span
      for index in events.indices {
        places.append(
          Place(
            record: events[index].record, position: events[index].position,
            block: Int32(number), index: Int32(index)))
      }
    }
    places.sort()
    var current: [FoldEvent] = []
    for place in places {
      if let first = current.first, first.record.rawValue != place.record {
        body(FoldedRecord.whole(current, context))
        current.removeAll(keepingCapacity: true)
      }
      current.append(blocks[Int(place.block)][Int(place.index)].event)
    }
    if !current.isEmpty { body(FoldedRecord.whole(current, context)) }
    return places.count
  }
}
