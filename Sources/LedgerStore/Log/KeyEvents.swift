public import LedgerDomain
import PostgresClient

/// Selects the events of the registry between two positions, by position.
struct KeyEventQuery: Sendable {
  /// The first position.
  let from: Position
  /// The position after the last.
  let below: Position

  /// The statement, whose rows are events of the fold.
  var statement: PostgresStatement {
    PostgresStatement(
      """
      SELECT \(EventColumn.foldList) FROM ledger.event e
      WHERE e.record_position = ledger.registry() AND e.position >= $1 AND e.position < $2 ORDER BY e.position
      """, [.position(from), .position(below)])
  }

  /// The events, read on a connection.
  func events(on connection: PostgresConnection) async throws -> [FoldEvent] {
    let statement = statement
    return try await connection.query(statement.sql, statement.parameters).map {
      try FoldEvent($0)
    }
  }
}

extension KeyTimeline {
  /// Applies events of the registry in the order of the log.
  public mutating func apply(_ events: some Sequence<FoldEvent>) {
    for event in events { _ = apply(event) }
  }
}
