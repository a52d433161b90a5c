import PostgresClient

/// A table that a replay rebuilds.
struct ReplayTable: Sendable {
  /// The name without a schema.
  let name: String
  /// The columns of the primary key.
  let key: String

  /// The texts by which records are found.
  static let texts = ReplayTable(name: "record_text", key: "record_position")

  /// All tables, in the order of a report.
  static let all = [
    ReplayTable(name: "verification_status", key: "record_position"),
    ReplayTable(name: "event_summary", key: "record_position"),
    ReplayTable(name: "storage_validity", key: "record_position, fold_group"),
    ReplayTable(name: "citation", key: "record_position, position"),
    ReplayTable(name: "strong_author", key: "record_position, fold_group, identity"), texts,
  ]

  /// Gives the new table the keys and indexes of the live one. A loaded table is indexed in a fraction of the time that
  /// single rows take.
  func createIndexes(_ connection: PostgresConnection) async throws {
    _ = try await connection.query("SELECT ledger.replay_index($1)", [.text(name)])
  }
}
