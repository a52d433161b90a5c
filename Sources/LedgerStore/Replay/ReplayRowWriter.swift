import LedgerDomain
import PostgresClient
import Synchronization

/// The parts of a replay that are still to be folded.
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

/// Rows of folded records, on their way into the shadow tables through binary COPY.
struct ReplayRowWriter {
  /// After how many records it is worth a round trip for each table.
  static let batch = 5000

  private var status = BinaryCopyWriter()
  private var summary = BinaryCopyWriter()
  private var storage = BinaryCopyWriter()
  /// Records that are waiting.
  private(set) var count = 0
  private var hasStorage = false

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
    count += 1
  }

  /// Writes what is waiting.
  mutating func flush(_ connection: PostgresConnection) async throws {
    guard count > 0 else { return }
    var tables = [("verification_status", status.finish()), ("event_summary", summary.finish())]
    if hasStorage { tables.append(("storage_validity", storage.finish())) }
    status = BinaryCopyWriter()
    summary = BinaryCopyWriter()
    storage = BinaryCopyWriter()
    count = 0
    hasStorage = false
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
