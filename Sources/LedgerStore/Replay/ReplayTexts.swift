import LedgerDomain
import PostgresClient

extension Replayer {
  /// The number of positions whose records' texts are read together.
  private static let textRange = 1024

  /// Writes the texts by which records are found into the new tables, in parallel by ranges of the log.
  func writeTexts(below end: Position) async throws {
    let width = Self.textRange
    let queue = PartQueue(count: (Int(end.rawValue) + width - 1) / width)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<Self.workers {
        group.addTask {
          try await withConnection { target in
            // A planner without statistics would read the whole log.
            try await target.execute("SET enable_seqscan = off")
            var writer = ReplayTextWriter(below: end)
            while let part = queue.next() {
              try Task.checkCancellation()
              let start = Position.first.advanced(by: part * width)
              try await writer.write(start..<min(start.advanced(by: width), end), on: target)
            }
            try await writer.flush(target)
          }
        }
      }
      try await group.waitForAll()
    }
  }
}

/// Writes the texts of records into the new table of a replay.
private struct ReplayTextWriter {
  /// The number of bytes of rows that are written together.
  private static let batchBytes = 1 << 18

  private let end: Position
  private var rows = BinaryCopyWriter()
  private var count = 0

  /// Makes a writer for texts as of a position.
  init(below end: Position) { self.end = end }

  /// Writes the rows of the records in a range of the log, or keeps them for a later call.
  ///
  /// - Parameter range: the positions of the first events of the records.
  mutating func write(_ range: Range<Position>, on connection: PostgresConnection) async throws {
    let facts = try await RecordTextRows.facts(in: range, below: end, on: connection)
    try await write(facts.filter { $0.document == nil }, on: connection)
    for facts in RecordTextRows.batches(facts.filter { $0.document != nil }) {
      // An erasure of a document between its reading and the end of the replay is found there.
      try await write(facts, on: connection)
    }
  }

  private mutating func write(
    _ facts: [RecordTextRows.Facts], on connection: PostgresConnection
  ) async throws {
    for (record, text) in try await RecordTextRows.texts(facts, on: connection) {
      guard RecordTextRows.fitsCopy(text) else {
        try await RecordTextRows.insert([(record, text)], schema: Replayer.schema, on: connection)
        continue
      }
      RecordTextRows.write(text, of: record, to: &rows)
      count += 1
      if rows.count >= Self.batchBytes { try await flush(connection) }
    }
  }

  /// Writes the rows that were kept.
  mutating func flush(_ connection: PostgresConnection) async throws {
    guard count > 0 else { return }
    try await connection.copyIn(rows: &rows, into: "\(Replayer.schema).record_text")
    count = 0
  }
}
