public import LedgerDomain
import PostgresClient

/// A record with the time of its last change.
public struct ListedRecord: Sendable, Equatable {
  /// The Pith Number.
  public let pithNumber: PithNumber
  /// When its last event was recorded.
  public let changedAt: Timestamp
}

/// Lists all records in the order of the log, by ranges of positions. A record is in the range of its first event.
public struct RecordList: Sendable {
  private let readers: DatabasePool

  init(readers: DatabasePool) { self.readers = readers }

  /// The ranges that have records: their first positions, which are multiples of `length`.
  ///
  /// - Parameters:
  ///   - length: the number of positions in a range.
  ///   - start: the position at or after which a range begins.
  ///   - end: the position before which a range begins.
  ///   - limit: the largest number of ranges, which are looked up one by one.
  public func ranges(
    of length: Int64, from start: Position, before end: Position, limit: Int
  ) async throws -> [Position] {
    try await readers.query(
      """
      WITH RECURSIVE range (start) AS (
        SELECT (SELECT s.record_position / $1 * $1 FROM ledger.subject s
          WHERE s.record_position >= $2 ORDER BY s.record_position LIMIT 1)
        UNION ALL
        SELECT (SELECT s.record_position / $1 * $1 FROM ledger.subject s
          WHERE s.record_position >= r.start + $1 ORDER BY s.record_position LIMIT 1)
        FROM range r WHERE r.start < $3)
      SELECT r.start FROM range r WHERE r.start < $3 LIMIT $4
      """, [.int8(length), .position(start), .position(end), .int8(Int64(limit))]
    ).map { try $0.position(0) }
  }

  /// The records of a range of positions.
  public func records(from start: Position, before end: Position) async throws -> [ListedRecord] {
    // Each row is a lookup of its own: a planner without statistics reads whole tables to join them.
    try await readers.query(
      """
      SELECT s.pith_number, e.recorded_at
      FROM ledger.subject s
        LEFT JOIN LATERAL (SELECT t.position FROM ledger.event_summary t
          WHERE t.record_position = s.record_position LIMIT 1) n ON true
        CROSS JOIN LATERAL (SELECT v.recorded_at FROM ledger.event v
          WHERE v.position = coalesce(n.position, s.record_position) LIMIT 1) e
      WHERE s.record_position >= $1 AND s.record_position < $2 ORDER BY s.record_position
      """, [.position(start), .position(end)]
    ).compactMap { row in
      guard let number = PithNumber(try row.text(0)) else { return nil }
      return ListedRecord(
        pithNumber: number, changedAt: Timestamp(microseconds: try row.timestamp(1)))
    }
  }
}
