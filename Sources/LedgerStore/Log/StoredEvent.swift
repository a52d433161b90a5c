public import Encodings
public import LedgerDomain
import PostgresClient

/// An event of the log: its entry and the columns that identify it.
public struct StoredEvent: Sendable {
  /// The event's number in the log, from 0.
  public let position: Position
  /// The position of the first event of its record; -1 for events of the registry.
  public let record: RecordID
  /// The SHA-256 of the signed event.
  public let eventID: Digest
  /// The event's type; `unknown` for a type that a newer program wrote.
  public let type: EventType
  /// When the log recorded the event.
  public let recordedAt: Timestamp
  /// The bytes of the log entry.
  public let entry: [UInt8]

  /// Makes an event from its columns.
  public init(
    position: Position, record: RecordID, eventID: Digest, type: EventType, recordedAt: Timestamp,
    entry: [UInt8]
  ) {
    self.position = position
    self.record = record
    self.eventID = eventID
    self.type = type
    self.recordedAt = recordedAt
    self.entry = entry
  }
}

extension StoredEvent {
  /// The columns of `ledger.event e` that `init(_:)` reads, in its order.
  static let columns =
    "e.position, e.record_position, e.event_id, e.event_type, e.recorded_at, e.entry"

  /// Reads `columns` of a row.
  ///
  /// - Parameter first: the index of the first of them.
  init(_ row: PostgresRow, from first: Int = 0) throws {
    guard let id = Digest(bytes: try row.bytes(first + 2)) else {
      throw LedgerStoreError(.database, "an event_id has the wrong length")
    }
    self.init(
      position: try row.position(first), record: try row.record(first + 1), eventID: id,
      type: EventType(rawValue: Int16(try row.int(first + 3))) ?? .unknown,
      recordedAt: Timestamp(microseconds: try row.timestamp(first + 4)),
      entry: try row.bytes(first + 5))
  }

  /// Selects events.
  ///
  /// - Parameter condition: the rest of the statement, from `WHERE` on. The table is `ledger.event e`.
  static func select(
    from pool: DatabasePool, _ condition: String, _ parameters: [PostgresValue]
  ) async throws -> [StoredEvent] {
    try await pool.query("SELECT \(columns) FROM ledger.event e \(condition)", parameters)
      .map { try StoredEvent($0) }
  }
}
