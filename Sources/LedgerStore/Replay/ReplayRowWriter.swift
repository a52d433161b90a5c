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
  /// The number of records that are written together.
  static let batch = 5000

  private var status = BinaryCopyWriter()
  private var summary = BinaryCopyWriter()
  private var storage = BinaryCopyWriter()
  private var citations = BinaryCopyWriter()
  private var authors = BinaryCopyWriter()
  /// The number of records that are not written yet.
  private(set) var count = 0
  private var hasStorage = false
  private var hasCitations = false
  private var hasAuthors = false

  mutating func append(_ record: FoldedRecord) {
    ProjectionRows.write(record.state, until: record.storageVerifiedUntil, to: &status)
    ProjectionRows.write(record.state, to: &summary)
    for case (let group, let until?) in record.storage {
      storage.beginRow(columns: 3)
      storage.append(int8: record.state.record.rawValue)
      storage.append(int8: group)
      storage.append(timestamp: until.microseconds)
      hasStorage = true
    }
    for citation in record.citations {
      ProjectionRows.write(citation, of: record.state.record, to: &citations)
      hasCitations = true
    }
    for (group, identities) in record.strongAuthors {
      for identity in identities {
        authors.beginRow(columns: 3)
        authors.append(int8: record.state.record.rawValue)
        authors.append(int8: group)
        authors.append(bytes: identity.bytes)
        hasAuthors = true
      }
    }
    count += 1
  }

  /// Writes the records that are not written yet.
  mutating func flush(_ connection: PostgresConnection) async throws {
    guard count > 0 else { return }
    var tables = [("verification_status", status.finish()), ("event_summary", summary.finish())]
    if hasStorage { tables.append(("storage_validity", storage.finish())) }
    if hasCitations { tables.append(("citation", citations.finish())) }
    if hasAuthors { tables.append(("strong_author", authors.finish())) }
    status = BinaryCopyWriter()
    summary = BinaryCopyWriter()
    storage = BinaryCopyWriter()
    citations = BinaryCopyWriter()
    authors = BinaryCopyWriter()
    count = 0
    hasStorage = false
    hasCitations = false
    hasAuthors = false
    for (table, bytes) in tables {
      let chunks = AsyncStream { continuation in
        continuation.yield(bytes)
        continuation.finish()
      }
      _ = try await connection.copyIn(
        "COPY \(Replayer.schema).\(table) FROM STDIN (FORMAT binary)", chunks)
    }
  }
}
