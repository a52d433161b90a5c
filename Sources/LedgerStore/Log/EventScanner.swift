public import Encodings
public import LedgerDomain
import PostgresClient

/// The order of a list of events.
public enum EventOrder: String, Sendable, CaseIterable {
  /// The lowest position first.
  case ascending = "asc"
  /// The highest position first.
  case descending = "desc"
}

/// Selects events by columns of the log. An absent condition selects every event.
public struct EventSelection: Sendable {
  /// The record that the events are about; `RecordID.registry` for events about keys.
  public var record: RecordID?
  /// The keys, one of which signed the event. An empty array selects nothing.
  public var signers: [Digest128]?
  /// The types, of which the event has one. An empty array selects nothing.
  public var types: [EventType]?
  /// The hash of the event's target.
  public var targetHash: Int64?
  /// The lowest position.
  public var lowest: Position = .first
  /// The order of the events.
  public var order: EventOrder = .ascending

  /// Selects every event.
  public init() {}

  /// Whether an empty array excludes every event.
  var isEmpty: Bool { signers?.isEmpty ?? false || types?.isEmpty ?? false }
}

/// The result of a scan: some events, and where the scan stopped.
public struct EventScan: Sendable {
  /// The selected events, in the order of the selection.
  public let events: [StoredEvent]
  /// Where the next scan begins; `nil` if the scan reached the end.
  public let next: Position?
}

/// Reads selected events of the log. The cost of one scan is bounded, whatever it selects.
///
/// A scan reads one index in the order of positions: that of the record, of the signers, of the types or of the log.
/// It stops after ``maxScanned`` entries of the index. Then its result may have fewer events than the limit, and the next
/// scan continues behind the last entry that was read.
public struct EventScanner: Sendable {
  /// The largest number of index entries that one scan reads.
  public static let maxScanned = 2048

  private let readers: DatabasePool
  private let maxScanned: Int

  init(readers: DatabasePool, maxScanned: Int = EventScanner.maxScanned) {
    self.readers = readers
    self.maxScanned = maxScanned
  }

  /// Scans for selected events.
  ///
  /// - Parameters:
  ///   - selection: what is selected.
  ///   - from: the position of the first event, or where an earlier scan stopped. The order of the selection decides
  ///     in which direction the scan goes.
  ///   - limit: the largest number of events.
  public func scan(
    _ selection: EventSelection, from: Position, limit: Int
  ) async throws -> EventScan {
    if selection.isEmpty { return EventScan(events: [], next: nil) }
    let source = try await source(selection, from: from)
    let statement = ScanStatement(selection, source, from: from, limit: limit + 1, maxScanned)
    let rows = try await readers.query(statement.sql, statement.parameters)
    var events = try rows.filter { !$0.isNull(2) }.map { try StoredEvent($0, from: 2) }
    if events.count > limit {
      return EventScan(events: Array(events.prefix(limit)), next: events.removeLast().position)
    }
    guard let first = rows.first, try first.int(0) >= Int64(maxScanned),
      let last = try first.optionalInt(1).map(Position.init(rawValue:))
    else { return EventScan(events: events, next: nil) }
    return EventScan(
      events: events, next: selection.order == .ascending ? last.next : last.previous)
  }

  /// The index that has the fewest entries to read.
  private func source(
    _ selection: EventSelection, from: Position
  ) async throws -> ScanStatement.Source {
    guard let record = selection.record else {
      if selection.signers != nil { return .signers }
      // Citations are not in the index of types: most events of a log are citations.
      return selection.types.map { $0.contains(.citationSignature) ? .log : .types } ?? .log
    }
    guard let signers = selection.signers else { return .record }
    // Either may be far larger than the other: the registry signs much, and a record may have many events.
    let row = try await readers.query(
      """
      SELECT (SELECT count(*) FROM (SELECT FROM ledger.event e WHERE e.record_position = $1 LIMIT $3) r)
        <= (SELECT count(*) FROM unnest($2::bytea[]) k (signer)
          CROSS JOIN LATERAL (SELECT FROM ledger.event e WHERE e.signer_key = k.signer LIMIT $3) s)
      """,
      [.record(record), .bytesArray(signers.map(\.bytes)), .int8(Int64(maxScanned))])[0]
    return try row.bool(0) ? .record : .signers
  }

  /// The position of the first event that was recorded at a time or later; the size of the log if there is none.
  ///
  /// Searches by halves: the ledger's clock ascends with the position.
  public func firstPosition(recordedFrom time: Timestamp) async throws -> Position {
    try await readers.query(
      """
      WITH RECURSIVE search (low, high) AS (
        SELECT 0::bigint, h.size FROM ledger.head h
        UNION ALL
        SELECT CASE WHEN m.is_earlier THEN (s.low + s.high) / 2 + 1 ELSE s.low END,
          CASE WHEN m.is_earlier THEN s.high ELSE (s.low + s.high) / 2 END
        FROM search s CROSS JOIN LATERAL (
          SELECT coalesce((SELECT e.recorded_at < $1 FROM ledger.event e WHERE e.position = (s.low + s.high) / 2), false)
            AS is_earlier) AS m
        WHERE s.low < s.high)
      SELECT low FROM search WHERE low >= high LIMIT 1
      """, [.timestamp(time.microseconds)])[0].position(0)
  }

  /// The event with an ID, with the columns that the fold reads.
  public func event(id: Digest) async throws -> (stored: StoredEvent, columns: FoldEvent)? {
    try await readers.query(
      """
      SELECT \(EventColumn.foldList), \(StoredEvent.columns) FROM ledger.event e
      WHERE e.event_id = $1 ORDER BY e.position LIMIT 1
      """, [.bytes(id.bytes)]
    ).first.map { (try StoredEvent($0, from: EventColumn.foldCount), try FoldEvent($0)) }
  }

  /// The columns that the fold reads of the events at some positions.
  public func columns(at positions: [Position]) async throws -> [FoldEvent] {
    try await readers.query(
      """
      SELECT \(EventColumn.foldList) FROM unnest($1::bigint[]) AS w (position)
        CROSS JOIN LATERAL (SELECT * FROM ledger.event t WHERE t.position = w.position LIMIT 1) AS e
      """, [.positions(positions)]
    ).map { try FoldEvent($0) }
  }
}

/// The statement of one scan.
///
/// Its rows have the number of entries that were read, the position of the last of them, and the columns of an event.
/// There is always one row at least.
struct ScanStatement {
  /// The index that a scan reads.
  enum Source: Sendable {
    case log, record, signers, types
  }

  private(set) var parameters: [PostgresValue] = []
  private(set) var sql = ""

  init(
    _ selection: EventSelection, _ source: Source, from: Position, limit: Int, _ maxScanned: Int
  ) {
    let isAscending = selection.order == .ascending
    let direction = isAscending ? "ASC" : "DESC"
    let start = isAscending ? max(from, selection.lowest) : from
    let first = mark(.position(start))
    var range = isAscending ? "t.position >= \(first)" : "t.position <= \(first)"
    if !isAscending { range += " AND t.position >= \(mark(.position(selection.lowest)))" }
    let isExact = Self.isExact(selection, source)
    let scanned = mark(.int8(Int64(isExact ? limit : maxScanned)))
    let tail = "ORDER BY t.position \(direction) LIMIT \(scanned)"
    func entries(_ condition: String) -> String {
      """
      SELECT t.position, t.record_position, t.signer_key, t.event_type, t.target_hash FROM ledger.event t
      WHERE \(condition)\(range) \(tail)
      """
    }
    let record = selection.record.map { mark(.record($0)) }
    let signers = selection.signers.map { mark(.bytesArray($0.map(\.bytes))) }
    let list: String
    switch source {
    case .log: list = entries("")
    case .record: list = entries("t.record_position = \(record ?? "NULL") AND ")
    case .signers:
      list =
        "SELECT e.* FROM (SELECT DISTINCT unnest(\(signers ?? "NULL")::bytea[])) AS k (signer) CROSS JOIN LATERAL ("
        + entries("t.signer_key = k.signer AND ") + ") AS e"
    case .types:
      // The numbers are part of the text: the partial index of types names one.
      list = (selection.types ?? []).map {
        "(\(entries("t.event_type + 0 = \($0.rawValue) AND t.event_type <> \(EventType.citationSignature.rawValue) AND ")))"
      }.joined(separator: " UNION ALL ")
    }
    var conditions = ["true"]
    if let record, source != .record { conditions.append("t.record_position = \(record)") }
    if let signers, source != .signers { conditions.append("t.signer_key = ANY (\(signers))") }
    if let types = selection.types, source != .types {
      conditions.append("t.event_type = ANY (\(mark(.int2Array(types.map(\.rawValue)))))")
    }
    if let target = selection.targetHash {
      conditions.append("t.target_hash = \(mark(.int8(target)))")
    }
    sql = """
      WITH scanned AS MATERIALIZED (SELECT t.* FROM (\(list)) AS t \(tail)),
        chosen AS MATERIALIZED (
          SELECT t.position FROM scanned t WHERE \(conditions.joined(separator: " AND "))
          ORDER BY t.position \(direction) LIMIT \(mark(.int8(Int64(limit)))))
      SELECT b.entries, b.last, \(StoredEvent.columns)
      FROM (SELECT count(*) AS entries, \(isAscending ? "max" : "min")(t.position) AS last FROM scanned t) AS b
        LEFT JOIN (
          SELECT f.* FROM chosen c
            CROSS JOIN LATERAL (SELECT * FROM ledger.event f WHERE f.position = c.position LIMIT 1) AS f) AS e ON true
      ORDER BY e.position \(direction)
      """
  }

  /// Whether every entry of the index satisfies the selection.
  private static func isExact(_ selection: EventSelection, _ source: Source) -> Bool {
    selection.targetHash == nil && (selection.types == nil || source == .types)
      && (selection.record == nil || source == .record)
      && (selection.signers == nil || source == .signers)
  }

  /// Adds a parameter, and returns its mark.
  private mutating func mark(_ value: PostgresValue) -> String {
    parameters.append(value)
    return "$\(parameters.count)"
  }
}
