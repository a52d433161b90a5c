public import Encodings
public import LedgerDomain
import PostgresClient
public import TransparencyLog

/// The append-only log of events.
public struct EventLog: Sendable {
  private let readers: DatabasePool
  private let appender: Appender

  init(readers: DatabasePool, appender: Appender) {
    self.readers = readers
    self.appender = appender
  }

  // MARK: Append

  /// Reserves a place for a unit that is about to be appended. The next batch waits a few milliseconds
  /// for it.
  public func reserve() -> SubmissionReservation { appender.reserve() }

  /// Whether so many submissions are in progress that a further one would only wait.
  public var isFull: Bool { appender.isFull }

  /// Refuses a submission before work is spent on it, while the log is full.
  ///
  /// Errors: `queueFull`.
  public func requireRoom() throws { if isFull { throw Appender.queueFull } }

  /// Appends a unit. It is durable when this returns.
  ///
  /// Errors: `queueFull`, `outcomeUnknown`.
  public func append(_ unit: AppendUnit) async throws -> AppendOutcome {
    try await appender.append(unit)
  }

  /// Appends units in their order, to restore a log. Each transaction takes some hundred of them.
  ///
  /// Errors: `queueFull`, `outcomeUnknown`.
  public func append(inOrder units: [AppendUnit]) async throws {
    try await appender.append(inOrder: units)
  }

  // MARK: Size and origin

  /// The number of events in the log.
  public func size() async throws -> TreeSize {
    try await readers.query("SELECT size FROM ledger.head")[0].treeSize(0)
  }

  /// The size of the log, and the position of the last event about keys.
  public func head() async throws -> LogHead { try LogHead(try await readers.query(LogHead.query)) }

  /// The origin of the log, which events of authority name. Empty before the first event.
  public func origin() async throws -> String {
    try await readers.query("SELECT origin FROM ledger.head")[0].optionalText(0) ?? ""
  }

  /// The number of rows in the table of events, which `size()` must equal.
  public func countEntries() async throws -> TreeSize {
    try await readers.query("SELECT count(*) FROM ledger.event")[0].treeSize(0)
  }

  // MARK: Events

  /// An event of a record by its ID.
  public func event(record: RecordID, id: Digest) async throws -> StoredEvent? {
    try await select(
      "WHERE \(EventColumn.byID("e", record: "$1", id: "$2"))", [.record(record), .bytes(id.bytes)]
    ).first
  }

  /// Events of a record by position, from a position on.
  public func events(
    record: RecordID, from: Position = .first, limit: Int, newestFirst: Bool = false
  ) async throws -> [StoredEvent] {
    try await select(
      "WHERE e.record_position = $1 AND e.position >= $2 ORDER BY e.position \(newestFirst ? "DESC" : "ASC") LIMIT $3",
      [.record(record), .position(from), .int8(Int64(limit))])
  }

  /// Events of all records by position, from a position on.
  public func events(from: Position, limit: Int) async throws -> [StoredEvent] {
    try await select(
      "WHERE e.position >= $1 ORDER BY e.position LIMIT $2", [.position(from), .int8(Int64(limit))])
  }

  /// The events at some positions, in no order.
  public func events(at positions: [Position]) async throws -> [StoredEvent] {
    if positions.isEmpty { return [] }
    return try await readers.query(
      """
      SELECT \(StoredEvent.columns) FROM unnest($1::bigint[]) AS w (position)
        CROSS JOIN LATERAL (SELECT * FROM ledger.event t WHERE t.position = w.position LIMIT 1) AS e
      """, [.positions(positions)]
    ).map { try StoredEvent($0) }
  }

  /// The newest event of a record that has a type.
  public func latestEvent(record: RecordID, type: EventType) async throws -> StoredEvent? {
    // The type is part of the text: a plan for any type cannot use the partial index of documents.
    try await select(
      "WHERE e.record_position = $1 AND e.event_type = \(type.rawValue) ORDER BY e.position DESC LIMIT 1",
      [.record(record)]
    ).first
  }

  /// The events of a record that have one type, newest first.
  ///
  /// - Parameters:
  ///   - record: the record.
  ///   - type: a type of the index `event_by_record_and_type`. For another type the read has no bound.
  ///   - below: the position below which they are.
  ///   - limit: the largest number of items.
  public func newestEvents(
    record: RecordID, type: EventType, below: Position = .max, limit: Int
  ) async throws -> [StoredEvent] {
    // The type is part of the text, as in `latestEvent`.
    try await select(
      """
      WHERE e.record_position = $1 AND e.event_type = \(type.rawValue) AND e.position < $2
      ORDER BY e.position DESC LIMIT $3
      """, [.record(record), .position(below), .int8(Int64(limit))])
  }

  /// The events whose entries name evidence. Scans the whole log.
  public func events(naming digest: Digest) async throws -> [StoredEvent] {
    try await select(
      """
      WHERE position(convert_to($1, 'UTF8') IN e.entry) > 0 ORDER BY e.position
      """, [.text(digest.hex)])
  }

  /// The position of the event with an ID, in any record.
  public func position(of id: Digest) async throws -> Position? {
    try await readers.query(
      "SELECT e.position FROM ledger.event e WHERE e.event_id = $1 ORDER BY e.position LIMIT 1",
      [.bytes(id.bytes)]
    ).first?.position(0)
  }

  /// The ids of events that begin with some hexadecimal digits in lower case, in the order of the ids.
  public func eventIDs(beginning digits: String, limit: Int) async throws -> [Digest] {
    let missing = max(0, 64 - digits.utf8.count)
    guard let first = Digest(hex: digits + String(repeating: "0", count: missing)),
      let last = Digest(hex: digits + String(repeating: "f", count: missing))
    else { return [] }
    return try await readers.query(
      """
      SELECT DISTINCT e.event_id FROM ledger.event e WHERE e.event_id BETWEEN $1 AND $2
      ORDER BY e.event_id LIMIT $3
      """, [.bytes(first.bytes), .bytes(last.bytes), .int8(Int64(limit))]
    ).compactMap { Digest(bytes: try $0.bytes(0)) }
  }

  // MARK: Entries

  /// The bytes of entries from a position on; fewer than the limit where the log ends or has a gap.
  public func entries(from: Position, limit: Int) async throws -> [[UInt8]] {
    let rows = try await readers.query(
      """
      SELECT e.position, e.entry FROM ledger.event e WHERE e.position >= $1
      ORDER BY e.position LIMIT $2
      """, [.position(from), .int8(Int64(limit))])
    var entries: [[UInt8]] = []
    for row in rows {
      guard try row.position(0) == from.advanced(by: entries.count) else { break }
      entries.append(try row.bytes(1))
    }
    return entries
  }

  /// The bytes of the entries at some positions.
  public func entries(at positions: [Position]) async throws -> [Position: [UInt8]] {
    var entries: [Position: [UInt8]] = [:]
    let rows = try await readers.query(
      """
      SELECT e.position, e.entry FROM unnest($1::bigint[]) AS w (position)
        CROSS JOIN LATERAL (SELECT * FROM ledger.event t WHERE t.position = w.position LIMIT 1) AS e
      """, [.positions(positions)])
    for row in rows { entries[try row.position(0)] = try row.bytes(1) }
    return entries
  }

  private func select(
    _ condition: String, _ parameters: [PostgresValue]
  ) async throws -> [StoredEvent] {
    try await StoredEvent.select(from: readers, condition, parameters)
  }
}
