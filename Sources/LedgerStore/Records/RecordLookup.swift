public import LedgerDomain
import PostgresClient

/// Finds the records of a name, and the names of a record.
public struct RecordLookup: Sendable {
  private let readers: DatabasePool

  init(readers: DatabasePool) { self.readers = readers }

  /// Orders records `s` that share a name: records with a trusted receipt first, then records that an
  /// operator imported, then the others; within each the highest source version, then the lowest
  /// position.
  static let preference = """
    s.trusted_receipt DESC, s.operator_imported DESC, s.source_version DESC, s.record_position
    """

  /// The records of a name, the preferred one first; at most 100.
  public func resolve(_ name: RecordName) async throws -> [ResolvedRecord] {
    let (condition, parameters) = Self.condition(name)
    return try await readers.query(
      "SELECT \(ResolvedRecord.columns) FROM ledger.subject s \(condition)", parameters
    ).map { try ResolvedRecord($0) }
  }

  /// The records of a name with their rows of the projections, the preferred one first; at most 100.
  public func statuses(_ name: RecordName) async throws -> [RecordWithStatus] {
    let (condition, parameters) = Self.condition(name)
    // Each row is a lookup of its own: a planner without statistics reads whole tables to join them.
    return try await readers.query(
      """
      SELECT \(ProjectionRows.columns), \(ResolvedRecord.columns),
        (SELECT c.next_position FROM ledger.projection_offset c)
      FROM (SELECT s.* FROM ledger.subject s \(condition)) AS s
        LEFT JOIN LATERAL
          (SELECT * FROM ledger.verification_status t WHERE t.record_position = s.record_position LIMIT 1) v ON true
        LEFT JOIN LATERAL
          (SELECT * FROM ledger.event_summary t WHERE t.record_position = s.record_position LIMIT 1) e ON true
      """, parameters
    ).map { row in
      let first = ProjectionRows.columnCount
      return RecordWithStatus(
        record: try ResolvedRecord(row, from: first),
        projected: row.isNull(0) ? nil : try ProjectionRows.state(row),
        position: try row.position(first + ResolvedRecord.columnCount).previous)
    }
  }

  /// The condition on `ledger.subject s` that selects the records of a name, and its parameters.
  private static func condition(_ name: RecordName) -> (String, [PostgresValue]) {
    let order = "ORDER BY \(preference) LIMIT 100"
    switch name {
    case .pithNumber(let number):
      return ("WHERE s.pith_number = $1", [.text(number.description)])
    case .suffix(let suffix) where suffix.utf8.count == PithNumber.suffixLength:
      return ("WHERE s.suffix = $1 \(order)", [.text(suffix)])
    case .suffix(let suffix):
      // An index serves a range under every plan. `[` sorts after every character of base32.
      return (
        "WHERE s.suffix >= $1 AND s.suffix < $2 \(order)", [.text(suffix), .text(suffix + "[")]
      )
    case .alias(let kinds, let folded):
      return (
        """
        WHERE s.record_position = ANY (ARRAY(
          SELECT a.record_position FROM ledger.alias a
          WHERE a.normalized = $1 AND a.kind = ANY ($2) AND NOT a.is_retracted)) \(order)
        """, [.text(folded), .textArray(kinds.map(\.rawValue))]
      )
    }
  }

  /// The aliases of a record that are not retracted.
  public func aliases(record: RecordID) async throws -> [Alias] {
    try await names(record: record).compactMap { $0.isRetracted ? nil : $0.alias }
  }

  /// Every alias of a record, including those that an operator retracted.
  public func names(record: RecordID) async throws -> [(alias: Alias, isRetracted: Bool)] {
    try await readers.query(
      "SELECT kind, normalized, is_retracted FROM ledger.alias WHERE record_position = $1 ORDER BY kind, normalized",
      [.record(record)]
    ).compactMap { row in
      guard let kind = Alias.Kind(rawValue: try row.text(0)) else { return nil }
      return (Alias(kind: kind, value: try row.text(1)), try row.bool(2))
    }
  }

  /// Every Pith Number with its record.
  public func recordsByPithNumber() async throws -> [String: RecordID] {
    var records: [String: RecordID] = [:]
    for row in try await readers.query("SELECT pith_number, record_position FROM ledger.subject") {
      records[try row.text(0)] = try row.record(1)
    }
    return records
  }

  /// All rows of the lookup tables at one size of the log.
  public func snapshot() async throws -> LookupSnapshot {
    try LookupSnapshot(
      answers: try await readers.pipelineRepeatably(LookupSnapshot.statements))
  }
}
