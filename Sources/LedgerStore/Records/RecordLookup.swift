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

  /// The preferred record of each of some papers, in their order; `nil` where there is none.
  ///
  /// - Parameter names: the names of each paper: Pith Numbers and aliases; a suffix has no record here.
  public func preferred(_ names: [[RecordName]]) async throws -> [PithNumber?] {
    var found = [PithNumber?](repeating: nil, count: names.count)
    if names.isEmpty { return found }
    for row in try await readers.query(
      """
      SELECT DISTINCT ON (k.n) k.n, s.pith_number
      \(Self.recordsByName)
      ORDER BY k.n, \(Self.preference)
      """, Self.parameters(names))
    {
      found[Int(try row.int(0))] = PithNumber(try row.text(1))
    }
    return found
  }

  /// Joins names `k`, with their numbers `n`, with the records `s` that have them.
  static let recordsByName = """
    FROM unnest($1::bigint[], $2::text[], $3::text[]) AS k (n, kind, name)
      CROSS JOIN LATERAL (
        SELECT t.* FROM ledger.subject t WHERE k.kind IS NULL AND t.pith_number = k.name
        UNION ALL
        SELECT t.* FROM ledger.alias a JOIN ledger.subject t ON t.record_position = a.record_position
        WHERE a.kind = k.kind AND a.normalized = k.name AND NOT a.is_retracted) AS s
    """

  /// The parameters of `recordsByName`. A name has the index of its paper as number.
  static func parameters(_ papers: [[RecordName]]) -> [PostgresValue] {
    var rows: [(number: Int64, kind: String?, name: String)] = []
    for (index, names) in papers.enumerated() {
      for name in names {
        switch name {
        case .pithNumber(let number): rows.append((Int64(index), nil, number.description))
        case .alias(let kinds, let folded):
          for kind in kinds { rows.append((Int64(index), kind.rawValue, folded)) }
        // Events do not name a paper by a short form.
        case .suffix: continue
        }
      }
    }
    return [
      .int8Array(rows.map(\.number)), .textArray(rows.map(\.kind)), .textArray(rows.map(\.name)),
    ]
  }

  /// The records of a name with their rows of the projections, the preferred one first; at most 100.
  public func statuses(_ name: RecordName) async throws -> [RecordWithStatus] {
    let statement = Self.statusStatement(name)
    return try await readers.query(statement.sql, statement.parameters).map(Self.status)
  }

  /// The same for several names, all as of one moment, in their order.
  public func statuses(_ names: [RecordName]) async throws -> [[RecordWithStatus]] {
    let answers = try await readers.pipelineRepeatably(
      [PostgresStatement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")]
        + names.map(Self.statusStatement) + [PostgresStatement("COMMIT")])
    return try answers.dropFirst().prefix(names.count).map { try $0.map(Self.status) }
  }

  private static func statusStatement(_ name: RecordName) -> PostgresStatement {
    let (condition, parameters) = condition(name)
    // Each row is a lookup of its own: a planner without statistics reads whole tables to join them.
    return PostgresStatement(
      """
      SELECT \(ProjectionRows.columns), \(ResolvedRecord.columns),
        (SELECT c.next_position FROM ledger.projection_offset c)
      FROM (SELECT s.* FROM ledger.subject s \(condition)) AS s
        LEFT JOIN LATERAL
          (SELECT * FROM ledger.verification_status t WHERE t.record_position = s.record_position LIMIT 1) v ON true
        LEFT JOIN LATERAL
          (SELECT * FROM ledger.event_summary t WHERE t.record_position = s.record_position LIMIT 1) e ON true
      """, parameters)
  }

  private static func status(_ row: PostgresRow) throws -> RecordWithStatus {
    let first = ProjectionRows.columnCount
    return RecordWithStatus(
      record: try ResolvedRecord(row, from: first),
      projected: row.isNull(0) ? nil : try ProjectionRows.state(row),
      position: try row.position(first + ResolvedRecord.columnCount).previous)
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
      // A DOI of arXiv names the paper although no document lists it, unless it was retracted.
      var names = kinds.map { (kind: $0, name: folded) }
      var exception = ""
      if kinds == [.doi], let arxiv = PaperName(doi: folded).arxiv {
        names.append((.arxiv, arxiv))
        exception = """
           WHERE NOT EXISTS (SELECT FROM ledger.alias r WHERE r.normalized = $1[1] AND r.kind = $2[1]
            AND r.record_position = a.record_position AND r.is_retracted)
          """
      }
      return (
        """
        WHERE s.record_position = ANY (ARRAY(
          SELECT a.record_position FROM unnest($1::text[], $2::text[]) AS k (name, kind)
            CROSS JOIN LATERAL (SELECT * FROM ledger.alias t
              WHERE t.normalized = k.name AND t.kind = k.kind AND NOT t.is_retracted OFFSET 0) AS a\(exception))) \(order)
        """, [.textArray(names.map(\.name)), .textArray(names.map(\.kind.rawValue))]
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
