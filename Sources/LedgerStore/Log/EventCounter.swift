public import LedgerDomain
import PostgresClient

/// How many events of one type there are below a position, as far as they were counted.
public struct EventCount: Sendable, Hashable {
  /// The number of events below ``next``.
  public var count: Int64 = 0
  /// The position from which events are not counted yet.
  public var next: Position = .first

  /// Makes a count of nothing.
  public init() {}
}

/// Counts records, and events by type, a bounded number of them with one statement.
///
/// Citations are not counted: they are not in the index of types, and are what the other types leave of the log.
public struct EventCounter: Sendable {
  /// The largest number of rows of one type that a statement counts.
  public static let batch = 5000
  /// The types that are counted.
  public static let types = EventType.allCases.filter { $0 != .citationSignature }

  private let readers: DatabasePool

  init(readers: DatabasePool) { self.readers = readers }

  /// Counts further events of each type.
  ///
  /// - Parameters:
  ///   - counts: what was counted so far; an absent type begins with the first event.
  ///   - end: the position below which events are counted.
  /// - Returns: the counts. A type is complete if its `next` is `end`.
  public func counting(
    _ counts: [EventType: EventCount], below end: Position
  ) async throws -> [EventType: EventCount] {
    var counts = counts
    let waiting = Self.types.filter { (counts[$0] ?? EventCount()).next < end }
    if waiting.isEmpty { return counts }
    let statement = Self.statement(
      waiting.map { ($0, (counts[$0] ?? EventCount()).next) }, below: end)
    let rows = try await readers.query(statement.sql, statement.parameters)
    for row in rows {
      guard let type = EventType(rawValue: Int16(try row.int(0))) else { continue }
      counts[type, default: EventCount()].add(
        try row.int(1), last: try row.optionalInt(2), end)
    }
    return counts
  }

  /// Counts events of some types, each from a position on.
  static func statement(
    _ types: [(type: EventType, from: Position)], below end: Position
  ) -> PostgresStatement {
    // The numbers are part of the text: the partial index of types names one.
    let parts = types.enumerated().map { index, part in
      """
      SELECT \(part.type.rawValue)::bigint, count(*), max(t.position) FROM (
        SELECT e.position FROM ledger.event e
        WHERE e.event_type + 0 = \(part.type.rawValue) AND e.event_type <> \(EventType.citationSignature.rawValue)
          AND e.position >= ($1::bigint[])[\(index + 1)] AND e.position < $2
        ORDER BY e.position LIMIT \(batch)) AS t
      """
    }
    return PostgresStatement(
      parts.joined(separator: " UNION ALL "),
      [.int8Array(types.map(\.from.rawValue)), .position(end)])
  }

  /// Counts records from one position to before another.
  static func recordStatement(from: Position, below end: Position) -> PostgresStatement {
    PostgresStatement(
      """
      SELECT count(*), max(t.record_position) FROM (
        SELECT s.record_position FROM ledger.subject s WHERE s.record_position >= $1 AND s.record_position < $2
        ORDER BY s.record_position LIMIT \(batch)) AS t
      """, [.position(from), .position(end)])
  }

  /// Counts further records.
  ///
  /// - Parameters:
  ///   - count: the count so far.
  ///   - end: the position below which their first events are.
  public func countingRecords(_ count: EventCount, below end: Position) async throws -> EventCount {
    var count = count
    if count.next >= end { return count }
    let statement = Self.recordStatement(from: count.next, below: end)
    let row = try await readers.query(statement.sql, statement.parameters)[0]
    count.add(try row.int(0), last: try row.optionalInt(1), end)
    return count
  }
}

extension EventCount {
  /// Adds the rows of one statement. Fewer rows than a batch are the last ones below the end.
  fileprivate mutating func add(_ rows: Int64, last: Int64?, _ end: Position) {
    count += rows
    next = rows < Int64(EventCounter.batch) ? end : Position(rawValue: last ?? end.rawValue).next
  }
}
