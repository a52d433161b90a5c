public import LedgerDomain
import PostgresClient
public import TransparencyLog

/// The size of the log, and the position of the last event about keys.
public struct LogHead: Sendable {
  /// The number of events in the log.
  public let size: TreeSize
  /// The position of the registry's last event; -1 for none.
  public let lastKeyEvent: Position

  /// Selects the row that `init(_:)` reads.
  static let query = """
    SELECT h.size, coalesce((SELECT max(e.position) FROM ledger.event e WHERE e.record_position = ledger.registry()), -1)
    FROM ledger.head h
    """

  /// Reads the answer to `query`.
  init(_ rows: [PostgresRow]) throws {
    size = try rows[0].treeSize(0)
    lastKeyEvent = try rows[0].position(1)
  }
}
