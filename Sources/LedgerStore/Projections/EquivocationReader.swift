public import LedgerDomain
import PostgresClient

/// A record some of whose live statements contradict each other.
public struct EquivocalRecord: Sendable {
  /// The record.
  public let record: ResolvedRecord
  /// How many slots contradict.
  public let count: Int32
}

/// Finds records with equivocations in the projections.
public struct EquivocationReader: Sendable {
  /// The largest number of rows that one call reads. No index has the records with equivocations alone.
  static let maxScanned = 4096

  private let readers: DatabasePool

  init(readers: DatabasePool) { self.readers = readers }

  /// The statement of ``records(from:limit:)``. It reads a part of the primary key, and no more rows than the window.
  static let sql = """
    WITH w AS MATERIALIZED (
      SELECT e.record_position, e.equivocations FROM ledger.event_summary e
      WHERE e.record_position >= $1 ORDER BY e.record_position LIMIT \(maxScanned)),
    f AS MATERIALIZED (
      SELECT * FROM w WHERE equivocations > 0 ORDER BY record_position LIMIT $2)
    SELECT (SELECT max(record_position) FROM w), (SELECT count(*) FROM w), f.equivocations, \(ResolvedRecord.columns)
    FROM (SELECT) AS one LEFT JOIN (f JOIN ledger.subject s USING (record_position)) ON true
    ORDER BY f.record_position
    """

  /// Records with equivocations, in the order of their positions, and where the next call goes on.
  ///
  /// A call may find fewer records than `limit`, or none, and more may follow all the same.
  public func records(
    from: RecordID, limit: Int
  ) async throws -> (records: [EquivocalRecord], next: RecordID?) {
    let rows = try await readers.query(Self.sql, [.record(from), .int8(Int64(limit))])
    let found = try rows.filter { !$0.isNull(2) }.map {
      EquivocalRecord(
        record: try ResolvedRecord($0, from: 3), count: Int32(try $0.int(2)))
    }
    guard let row = rows.first, !row.isNull(0) else { return (found, nil) }
    if found.count == limit, let last = found.last {
      return (found, RecordID(rawValue: last.record.record.rawValue + 1))
    }
    let isWindowFull = try row.int(1) == Int64(Self.maxScanned)
    return (found, isWindowFull ? RecordID(rawValue: try row.int(0) + 1) : nil)
  }
}
