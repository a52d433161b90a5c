import Encodings
import LedgerDomain
import PostgresClient
import Synchronization

/// Hands out the parts of a replay that are not folded yet.
final class PartQueue: Sendable {
  private let count: Int
  private let taken = Atomic<Int>(0)

  init(count: Int) { self.count = count }

  /// The next part; `nil` once there is none.
  func next() -> Int? {
    let next = taken.wrappingAdd(1, ordering: .relaxed).oldValue
    return next < count ? next : nil
  }
}

/// Writes rows of folded records to the tables of a replay by binary COPY.
struct ReplayRowWriter {
  /// The number of bytes of rows of one table that are written together.
  private static let batchBytes = 1 << 20

  /// Rows of one table.
  private struct Table {
    let name: String
    var rows = BinaryCopyWriter()
    var isEmpty = true

    mutating func write(_ connection: PostgresConnection) async throws {
      guard !isEmpty else { return }
      isEmpty = true
      try await connection.copyIn(rows: &rows, into: "\(Replayer.schema).\(name)")
    }
  }

  private var status = Table(name: "verification_status")
  private var summary = Table(name: "event_summary")
  private var storage = Table(name: "storage_validity")
  private var citations = Table(name: "citation")
  private var authors = Table(name: "strong_author")

  mutating func append(_ record: FoldedRecord) {
    ProjectionRows.write(record.state, until: record.storageVerifiedUntil, to: &status.rows)
    status.isEmpty = false
    ProjectionRows.write(record.state, to: &summary.rows)
    summary.isEmpty = false
    for case (let group, let until?) in record.storage {
      storage.rows.beginRow(columns: 3)
      storage.rows.append(int8: record.state.record.rawValue)
      storage.rows.append(int8: group)
      storage.rows.append(timestamp: until.microseconds)
      storage.isEmpty = false
    }
    for citation in record.citations {
      ProjectionRows.write(citation, of: record.state.record, to: &citations.rows)
      citations.isEmpty = false
    }
    for (group, identities) in record.strongAuthors {
      for identity in identities {
        authors.rows.beginRow(columns: 3)
        authors.rows.append(int8: record.state.record.rawValue)
        authors.rows.append(int8: group)
        authors.rows.append(bytes: identity.bytes)
        authors.isEmpty = false
      }
    }
  }

  /// Writes the rows of the tables that have many.
  mutating func write(_ connection: PostgresConnection) async throws {
    try await write(from: Self.batchBytes, connection)
  }

  /// Writes all rows that are not written yet.
  mutating func flush(_ connection: PostgresConnection) async throws {
    try await write(from: 0, connection)
  }

  private mutating func write(from bytes: Int, _ connection: PostgresConnection) async throws {
    if status.rows.count >= bytes { try await status.write(connection) }
    if summary.rows.count >= bytes { try await summary.write(connection) }
    if storage.rows.count >= bytes { try await storage.write(connection) }
    if citations.rows.count >= bytes { try await citations.write(connection) }
    if authors.rows.count >= bytes { try await authors.write(connection) }
  }
}

extension PostgresConnection {
  /// Writes encoded rows to a table, and empties the writer.
  func copyIn(rows: inout BinaryCopyWriter, into table: String) async throws {
    let bytes = rows.finish()
    rows = BinaryCopyWriter()
    let chunks = AsyncStream { continuation in
      continuation.yield(bytes)
      continuation.finish()
    }
    _ = try await copyIn("COPY \(table) FROM STDIN (FORMAT binary)", chunks)
  }
}
