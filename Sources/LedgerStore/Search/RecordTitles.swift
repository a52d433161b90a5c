public import Encodings
public import LedgerDomain
import PostgresClient

/// A record with the title by which people know it.
public struct TitledRecord: Sendable {
  /// The record.
  public let record: ResolvedRecord
  /// The title in the document that stands; `nil` if there is none.
  public let title: String?
  /// Whether the title has the digest in the canonical record; `nil` if there is no title.
  public let titleVerified: Bool?

  /// Makes a record with its title.
  public init(record: ResolvedRecord, title: String?, titleVerified: Bool?) {
    self.record = record
    self.title = title
    self.titleVerified = titleVerified
  }
}

/// Reads the titles of records.
public struct RecordTitles: Sendable {
  private let readers: DatabasePool

  init(readers: DatabasePool) { self.readers = readers }

  private static let columns = "\(ResolvedRecord.columns), t.title, t.title_verified"

  /// The titles of some records. A record that the projections do not include yet has no title.
  public func titles(of records: Set<RecordID>) async throws -> [RecordID: TitledRecord] {
    if records.isEmpty { return [:] }
    let rows = try await readers.query(
      """
      SELECT \(Self.columns) FROM unnest($1::bigint[]) AS w (record_position)
        CROSS JOIN LATERAL (
          SELECT * FROM ledger.subject x WHERE x.record_position = w.record_position LIMIT 1) AS s
        LEFT JOIN LATERAL (
          SELECT x.title, x.title_verified FROM ledger.record_text x
          WHERE x.record_position = w.record_position LIMIT 1) AS t ON true
      """, [.int8Array(records.map(\.rawValue).sorted())])
    return Dictionary(
      try rows.map(Self.titled).map { ($0.record.record, $0) },
      uniquingKeysWith: { first, _ in first })
  }

  /// The records whose newest document has a digest.
  public func records(ofDocument digest: Digest, limit: Int) async throws -> [TitledRecord] {
    try await readers.query(
      """
      SELECT \(Self.columns) FROM (
          SELECT x.record_position, x.title, x.title_verified FROM ledger.record_text x
          WHERE x.document_sha256 = $1 LIMIT $2) AS t
        CROSS JOIN LATERAL (
          SELECT * FROM ledger.subject x WHERE x.record_position = t.record_position LIMIT 1) AS s
      ORDER BY s.record_position
      """, [.bytes(digest.bytes), .int8(Int64(limit))]
    ).map(Self.titled)
  }

  /// The records whose suffixes are next to a text in the order of suffixes, in either direction. Among them are those
  /// that share the longest beginning with it.
  public func neighbours(ofSuffix text: String, limit: Int) async throws -> [TitledRecord] {
    let statement = Self.neighbourStatement(text, limit: limit)
    return try await readers.query(statement.sql, statement.parameters).map(Self.titled)
  }

  static func neighbourStatement(_ text: String, limit: Int) -> PostgresStatement {
    PostgresStatement(
      """
      SELECT \(columns) FROM (
          (SELECT * FROM ledger.subject x WHERE x.suffix >= $1 ORDER BY x.suffix LIMIT $2)
          UNION ALL
          (SELECT * FROM ledger.subject x WHERE x.suffix < $1 ORDER BY x.suffix DESC LIMIT $2)) AS s
        LEFT JOIN LATERAL (
          SELECT x.title, x.title_verified FROM ledger.record_text x
          WHERE x.record_position = s.record_position LIMIT 1) AS t ON true
      """, [.text(text), .int8(Int64(limit))])
  }

  private static func titled(_ row: PostgresRow) throws -> TitledRecord {
    let first = ResolvedRecord.columnCount
    return TitledRecord(
      record: try ResolvedRecord(row), title: try row.optionalText(first),
      titleVerified: try row.optionalBool(first + 1))
  }

  /// The periods between two times in which records were submitted, the newest first: a time in each.
  ///
  /// Reads one entry of the index for each period that has records, and at most ``maxPeriods``.
  ///
  /// - Parameters:
  ///   - unit: the length of a period.
  ///   - from: the first time.
  ///   - below: the time before which a record was submitted.
  public func periods(
    _ unit: Period, from: Timestamp, below: Timestamp
  ) async throws -> [Timestamp] {
    let statement = Self.periodStatement(unit, from: from, below: below)
    return try await readers.query(statement.sql, statement.parameters)
      .map { Timestamp(microseconds: try $0.timestamp(0)) }
  }

  static func periodStatement(
    _ unit: Period, from: Timestamp, below: Timestamp
  ) -> PostgresStatement {
    PostgresStatement(
      """
      WITH RECURSIVE step (submitted_at) AS (
        (SELECT t.submitted_at FROM ledger.record_text t WHERE t.submitted_at >= $1 AND t.submitted_at < $2
          ORDER BY t.submitted_at DESC, t.record_position DESC LIMIT 1)
        UNION ALL
        SELECT n.submitted_at FROM step s CROSS JOIN LATERAL (
          SELECT t.submitted_at FROM ledger.record_text t
          WHERE t.submitted_at >= $1 AND t.submitted_at < date_trunc('\(unit.rawValue)', s.submitted_at, 'UTC')
          ORDER BY t.submitted_at DESC, t.record_position DESC LIMIT 1) AS n)
      SELECT submitted_at FROM step LIMIT \(maxPeriods)
      """, [.timestamp(from.microseconds), .timestamp(below.microseconds)])
  }

  /// The largest number of periods of one list.
  public static let maxPeriods = 100

  /// A length of time.
  public enum Period: String, Sendable, CaseIterable { case year, month, day }
}
