import Foundation
import LedgerDomain
import LedgerStore
import PostgresClient
import TransparencyLog

/// (a) and (b): appends and replays.
extension Bench {
  /// The Pith Numbers and positions of the records, by index.
  private func recordNumbers() async throws -> [(PithNumber, Int64)] {
    let records = try await recordCount()
    let connection = try await connect()
    var numbers: [String: Int64] = [:]
    for row in try await connection.query("SELECT pith_number, record_position FROM ledger.subject")
    {
      numbers[try row.text(0)] = try row.int(1)
    }
    await connection.close()
    return try (0..<records).compactMap { index in
      let number = try Workload.canonical(index).pithNumber
      return numbers[number.description].map { (number, $0) }
    }
  }

  private func recordCount() async throws -> Int {
    let connection = try await connect()
    let count = try await connection.query("SELECT count(*) FROM ledger.subject")[0].int(0)
    await connection.close()
    return Int(count)
  }

  // MARK: (a) Append

  /// Appends events to the log in rounds. With a name, rounds of the comparison alternate with them.
  ///
  /// - Parameters:
  ///   - first: the number of the first event, which must not exist yet.
  ///   - slice: the number of events of a round; `nil` for a part of the events of the benchmark.
  ///   - rounds: the number of rounds; `nil` for that of the benchmark.
  ///   - name: the name and the label of the result; `nil` reports and compares nothing.
  ///   - rivalSharesLog: whether the comparison copies into the log itself, to have a table of the same
  ///     size. Otherwise it starts with an empty table, like the first round of the ledger.
  func append(
    _ store: LedgerStore, from first: Int, slice: Int? = nil, rounds: Int? = nil,
    as name: (name: String, label: String)?, rivalSharesLog: Bool = false
  ) async throws -> Rates {
    let numbers = try await recordNumbers()
    let connection = try await connect()
    try await connection.execute(
      "CREATE SCHEMA bench; CREATE TABLE bench.event (LIKE ledger.event INCLUDING ALL)")
    let table = rivalSharesLog ? "ledger.event" : "bench.event"
    var ours: [Double] = []
    var theirs: [Double] = []
    let rounds = rounds ?? self.rounds
    let size = slice ?? events / rounds
    for round in 0..<rounds {
      let items = try await build(first + round * size..<first + (round + 1) * size, numbers)
      let took = try await Self.seconds {
        try await inParallel(items.count) { index in
          _ = try await store.log.append(
            AppendUnit(items: [items[index]], evidence: [], guardPosition: nil))
        }
      }
      ours.append(Double(size) / took)
      guard name != nil else { continue }
      // The comparison copies the same rows. They are read as COPY data, so that it does not include the
      // time to build them.
      let head = try await store.log.size().stored
      let columns =
        rivalSharesLog ? Growth.columns(-1, "e.position + \(size)", "e.record_position") : "e.*"
      var chunks: [[UInt8]] = []
      try await connection.copyOut(
        """
        COPY (SELECT \(columns) FROM ledger.event e WHERE position >= \(head - Int64(size)))
        TO STDOUT (FORMAT binary)
        """
      ) { chunks.append($0) }
      let data = chunks
      let copied = try await Self.seconds {
        let stream = AsyncStream { continuation in
          for chunk in data { continuation.yield(chunk) }
          continuation.finish()
        }
        _ = try await connection.copyIn("COPY \(table) FROM STDIN (FORMAT binary)", stream)
      }
      theirs.append(Double(size) / copied)
      if rivalSharesLog { try await connection.execute(Growth.advanceHead) }
    }
    try await connection.execute("DROP SCHEMA bench CASCADE")
    try await connection.execute("VACUUM ANALYZE ledger.event")
    await connection.close()
    if let name {
      let head = try await store.log.size().stored
      try report(name.name, name.label, at: head, ours, "binary COPY", theirs)
    }
    return Rates(ours: ours, theirs: theirs)
  }

  private func build(
    _ range: Range<Int>, _ numbers: [(PithNumber, Int64)]
  ) async throws -> [AppendUnit.Item] {
    let step = (range.count + 3) / 4
    return try await withThrowingTaskGroup(of: (Int, [AppendUnit.Item]).self) { group in
      for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
        group.addTask {
          let items = try (start..<min(start + step, range.upperBound)).map { number in
            let (pith, record) = numbers[Workload.record(number, of: numbers.count)]
            return try workload.event(
              number, pithNumber: pith, record: RecordID(rawValue: record),
              at: Timestamp(microseconds: Self.begin.microseconds + Int64(number)))
          }
          return (start, items)
        }
      }
      var parts: [(Int, [AppendUnit.Item])] = []
      for try await part in group { parts.append(part) }
      return parts.sorted { $0.0 < $1.0 }.flatMap(\.1)
    }
  }

  // MARK: (b) Replay

  /// Measures a projector that begins with nothing.
  private func catchUp(_ store: LedgerStore, _ size: Int64) async throws {
    let connection = try await connect()
    var rates: [Double] = []
    for _ in 0..<rounds {
      let tables = try await connection.query("SELECT unnest(ledger.projections())")
        .map { "ledger.\(try $0.text(0))" }.joined(separator: ", ")
      try await connection.execute(
        "TRUNCATE \(tables); UPDATE ledger.projection_offset SET next_position = 0")
      let projector = Task { try await store.makeProjector().run() }
      let took = try await Self.seconds {
        // The store remembers the largest offset that it saw, which is not that of this round.
        while try await connection.query("SELECT next_position FROM ledger.projection_offset")[0]
          .int(0) < size
        { try await Task.sleep(for: .milliseconds(5)) }
      }
      projector.cancel()
      _ = try? await projector.value
      rates.append(Double(size) / took)
    }
    await connection.close()
    try report("projector", "(b) a projector that begins with nothing", at: size, rates, .perSecond)
  }

  func replay(_ store: LedgerStore) async throws {
    let size = try await store.log.size().stored
    try await catchUp(store, size)
    let connection = try await connect()
    var ours: [Double] = []
    var copies: [Double] = []
    var statements: [Double] = []
    for _ in 0..<rounds {
      let report = try await store.replayer.run(check: false) { _ in }
      ours.append(Double(size) / report.seconds)
      copies.append(
        Double(size)
          / (try await Self.seconds {
            try await connection.copyOut(
              "COPY (SELECT \(FoldEventReader.recordColumns) FROM ledger.event e) TO STDOUT (FORMAT binary)"
            ) { _ in }
          }))
      // Like a replay, the comparison leaves durable rows that are indexed by record. It counts what SQL
      // can count without the rules of the fold.
      statements.append(
        Double(size)
          / (try await Self.seconds {
            try await connection.execute(
              """
              CREATE TABLE counts (
                record bigint PRIMARY KEY, total bigint, anchors bigint, storage bigint,
                authors bigint, citations bigint, replications bigint, pending bigint,
                first timestamptz, last timestamptz, position bigint)
              """)
            try await connection.execute(
              """
              INSERT INTO counts SELECT record_position, count(*),
                count(*) FILTER (WHERE event_type = ledger.event_type_code('timestamp_anchor')),
                count(*) FILTER (WHERE event_type = ledger.event_type_code('storage_attestation')),
                count(DISTINCT claimant)
                  FILTER (WHERE event_type = ledger.event_type_code('author_attestation')),
                count(DISTINCT (signer_key, slot))
                  FILTER (WHERE event_type = ledger.event_type_code('citation_signature')),
                count(*) FILTER (WHERE event_type = ledger.event_type_code('replication_record')),
                count(*) FILTER (WHERE verdict = ledger.verdict_code('pending')),
                min(recorded_at), max(recorded_at), max(position)
              FROM ledger.event GROUP BY record_position
              """)
          }))
      try await connection.execute("DROP TABLE counts")
    }
    await connection.close()
    try report(
      "replay.copy", "(b) replay", at: size, ours, "COPY TO of the columns it reads", copies)
    try report("replay.group", "(b) replay", at: size, ours, "one GROUP BY", statements)
  }
}
