public import LedgerDomain
import PostgresClient
public import TransparencyLog

/// The log, its projections and its checkpoints in numbers, as of one statement.
public struct LogMeasurements: Sendable {
  /// The number of events in the log.
  public let size: TreeSize
  /// The bytes of the log's table and its indexes.
  public let bytes: Int64
  /// The number of events that the projections include.
  public let projected: TreeSize
  /// When the first event that the projections do not include was recorded; `nil` if they include all.
  public let behindSince: Timestamp?
  /// The newest checkpoint; `nil` before the first.
  public let checkpoint: (size: TreeSize, signedAt: Timestamp)?

  static func read(from readers: DatabasePool) async throws -> LogMeasurements {
    let row = try await readers.query(
      """
      SELECT h.size, pg_total_relation_size('ledger.event'), o.next_position,
        (SELECT e.recorded_at FROM ledger.event e WHERE e.position = o.next_position),
        (SELECT max(c.size) FROM ledger.checkpoint c),
        (SELECT c.signed_at FROM ledger.checkpoint c ORDER BY c.size DESC LIMIT 1)
      FROM ledger.head h, ledger.projection_offset o
      """)[0]
    var checkpoint: (size: TreeSize, signedAt: Timestamp)?
    if let signedAt = try row.optionalTimestamp(5).map(Timestamp.init(microseconds:)) {
      checkpoint = (try row.treeSize(4), signedAt)
    }
    return LogMeasurements(
      size: try row.treeSize(0), bytes: try row.int(1), projected: try row.treeSize(2),
      behindSince: try row.optionalTimestamp(3).map(Timestamp.init(microseconds:)),
      checkpoint: checkpoint)
  }
}
