import LedgerDomain
import PostgresClient

extension ReplayTable {
  /// Whether the new rows equal the live ones.
  ///
  /// The server tests this in parallel, which it cannot do for a full join.
  func isUnchanged(_ connection: PostgresConnection) async throws -> Bool {
    try await connection.query(
      """
      SELECT (SELECT count(*) FROM ledger.\(name) a JOIN \(Replayer.schema).\(name) b USING (\(key))
          WHERE a IS NOT DISTINCT FROM b)
        = ALL (ARRAY[(SELECT count(*) FROM ledger.\(name)),
          (SELECT count(*) FROM \(Replayer.schema).\(name))])
      """)[0].bool(0)
  }

  /// The columns that differ, by Pith Number and column.
  fileprivate func drift(
    _ connection: PostgresConnection, limit: Int
  ) async throws -> [ReplayReport.Drift] {
    // Only as many rows are expanded as are listed: after a disaster every row may differ.
    try await connection.query(
      """
      SELECT coalesce(s.pith_number, 'record ' || d.record_position), k.key,
        to_jsonb(d.a) ->> k.key, to_jsonb(d.b) ->> k.key
      FROM (SELECT record_position, a, b
          FROM ledger.\(name) a FULL JOIN \(Replayer.schema).\(name) b USING (\(key))
          WHERE a IS DISTINCT FROM b LIMIT \(limit)) AS d
        LEFT JOIN ledger.subject s USING (record_position)
        CROSS JOIN LATERAL jsonb_object_keys(coalesce(to_jsonb(d.a), to_jsonb(d.b))) AS k (key)
      WHERE to_jsonb(d.a) -> k.key IS DISTINCT FROM to_jsonb(d.b) -> k.key
      ORDER BY 1, 2 LIMIT \(limit)
      """
    ).map { row in
      ReplayReport.Drift(
        table: "ledger.\(name)", pithNumber: try row.text(0), key: try row.text(1),
        was: try row.optionalText(2), now: try row.optionalText(3))
    }
  }
}

extension Replayer {
  /// The memory of the server for a comparison, which joins tables of a row for each record or citation.
  private static let memory = "SET LOCAL work_mem = '64MB'"

  /// The names of the tables whose new rows equal the live ones as of a position; none if the live projections include
  /// fewer or more events.
  ///
  /// The live projector is not blocked. Its rows change together with its position, so that one snapshot of both is
  /// enough.
  func unchangedTables(at size: Position) async throws -> Set<String> {
    try await withConnection { connection in
      try await connection.transaction { connection in
        try await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        try await connection.execute(Self.memory)
        let projected = try await connection.query(
          "SELECT next_position FROM ledger.projection_offset")[0].position(0)
        guard projected == size else { return [] }
        var unchanged: Set<String> = []
        for table in ReplayTable.all where try await table.isUnchanged(connection) {
          unchanged.insert(table.name)
        }
        return unchanged
      }
    }
  }

  /// The columns that differ between live and new rows. Runs in the transaction that blocks the live projector.
  ///
  /// - Parameter unchanged: the names of tables that are known to be equal.
  static func drift(
    _ connection: PostgresConnection, except unchanged: Set<String>
  ) async throws -> [ReplayReport.Drift] {
    try await connection.execute(memory)
    var drift: [ReplayReport.Drift] = []
    for table in ReplayTable.all where !unchanged.contains(table.name) {
      // Usually the tables are equal.
      if try await table.isUnchanged(connection) { continue }
      drift += try await table.drift(connection, limit: maxDrift - drift.count)
    }
    return drift
  }
}
