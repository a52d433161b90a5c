public import Encodings
public import LedgerDomain
import PostgresClient

/// What the records of a search satisfy. An absent condition selects every record.
public struct RecordConditions: Sendable, Hashable {
  /// A member of `verification_status` that is true, or a count that is not zero.
  public enum Status: String, Sendable, CaseIterable {
    case contentAddressed = "content_addressed"
    case pithReceipt = "pith_receipt"
    case authorAttested = "author_attested"
    case weakAuthorClaims = "weak_author_claims"
    case strongAuthorClaims = "strong_author_claims"
    case externallyAnchored = "externally_anchored"
    case storageVerified = "storage_verified"
    case citationSignatures = "citation_signatures"
    case replicationRecords = "replication_records"
    case graphSnapshot = "graph_snapshot"
    case referencesResolved = "references_resolved"
    case formalLinksPresent = "formal_links_present"

    /// The condition on `ledger.verification_status v`.
    ///
    /// - Parameter now: the mark of the parameter that is the time.
    func condition(now: String) -> String {
      switch self {
      case .contentAddressed: "v.content_addressed"
      case .pithReceipt: "v.pith_receipt"
      case .authorAttested, .strongAuthorClaims: "v.strong_author_claims > 0"
      case .weakAuthorClaims: "v.weak_author_claims > 0"
      case .externallyAnchored: "v.verified_anchors > 0"
      case .storageVerified: "v.storage_verified_until > \(now)"
      case .citationSignatures: "v.citation_signatures > 0"
      case .replicationRecords: "v.replication_records > 0"
      case .graphSnapshot: "v.graph_snapshot"
      case .referencesResolved: "v.reference_count > 0 AND v.resolved_work = v.reference_count"
      case .formalLinksPresent: "v.formal_evidence_count > 0"
      }
    }
  }

  /// Words, each of which is in the title or in the names of the authors.
  public var anywhere: SearchQuery?
  /// Words of the title.
  public var title: SearchQuery?
  /// Words of the names of the authors.
  public var author: SearchQuery?
  /// The identity of an author whose strong claim stands.
  public var claimant: Digest128?
  /// A category, primary or not.
  public var category: String?
  /// The earliest `submitted_at`.
  public var after: Timestamp?
  /// The time before which `submitted_at` is.
  public var before: Timestamp?
  /// Members of the status. All of them hold.
  public var statuses: [Status] = []
  /// The order by `submitted_at`. Records of the same time are in the order of the log.
  public var order: EventOrder = .descending

  /// Selects every record.
  public init() {}
}

/// A place in the list of records, which is ordered by time and then by position.
public struct RecordPlace: Sendable, Hashable {
  /// `submitted_at`.
  public let submittedAt: Timestamp
  /// The position of the record's first event.
  public let record: RecordID

  /// Makes a place.
  public init(submittedAt: Timestamp, record: RecordID) {
    self.submittedAt = submittedAt
    self.record = record
  }
}

/// A record that a search found.
public struct FoundRecord: Sendable {
  /// The record.
  public let record: ResolvedRecord
  /// The place in the list.
  public let place: RecordPlace
  /// The categories, the primary one first.
  public let categories: [String]
  /// `source.kind` of the canonical record.
  public let sourceKind: String
  /// `source.id` of the canonical record.
  public let sourceID: String
  /// `source.version` of the canonical record.
  public let sourceVersion: Int64
  /// The title in the document that stands; `nil` if there is none.
  public let title: String?
  /// Whether the title has the digest in the canonical record; `nil` if there is no title.
  public let titleVerified: Bool?
  /// The authors as the document lists them; `nil` if it lists none.
  public let authors: String?
  /// The record's row of the projections.
  public let projected: ProjectedState
}

/// The records of one page.
public struct RecordPage: Sendable {
  /// The records, in the order of the search.
  public let records: [FoundRecord]
  /// The place behind which the next page begins; `nil` if this is the last page.
  public let next: RecordPlace?
}

/// Searches for records.
public struct RecordSearch: Sendable {
  /// The largest number of records whose status one search reads.
  public static let maxScanned = 1000

  private let readers: DatabasePool
  private let maxScanned: Int

  init(readers: DatabasePool, maxScanned: Int = RecordSearch.maxScanned) {
    self.readers = readers
    self.maxScanned = maxScanned
  }

  /// Settings of the transaction of a search. Other reads forbid these plans, and make each plan once.
  static let settings = [
    PostgresStatement("BEGIN READ ONLY"),
    PostgresStatement("SET LOCAL plan_cache_mode = force_custom_plan"),
    PostgresStatement("SET LOCAL enable_bitmapscan = on"),
    PostgresStatement("SET LOCAL jit = off"),
  ]

  /// Returns a page of the records that satisfy conditions.
  ///
  /// A search for a status may give fewer records than the limit, and a next page all the same: it reads the status of
  /// ``maxScanned`` records at most.
  ///
  /// - Parameters:
  ///   - conditions: the conditions.
  ///   - behind: the place behind which the page begins; `nil` for the first page.
  ///   - limit: the largest number of records.
  ///   - now: the time with which the end of storage is compared.
  public func page(
    _ conditions: RecordConditions, behind: RecordPlace? = nil, limit: Int, now: Timestamp
  ) async throws -> RecordPage {
    let statement = SearchStatement(
      conditions, behind: behind, limit: limit + 1, now: now, maxScanned)
    let rows = try await readers.pipelineRepeatably(
      Self.settings + [statement.statement, PostgresStatement("COMMIT")])[Self.settings.count]
    let records = try rows.filter { !$0.isNull(0) }.map { try FoundRecord($0) }
    if records.count > limit {
      return RecordPage(
        records: Array(records.prefix(limit)), next: records[limit - 1].place)
    }
    let first = FoundRecord.columnCount
    guard !conditions.statuses.isEmpty, let row = rows.first,
      try row.int(first) >= Int64(maxScanned), let time = try row.optionalTimestamp(first + 1)
    else { return RecordPage(records: records, next: nil) }
    let last = RecordPlace(
      submittedAt: Timestamp(microseconds: time), record: try row.record(first + 2))
    return RecordPage(records: records, next: last)
  }
}

extension FoundRecord {
  /// The columns of `v`, `e`, `s` and `t` that `init(_:)` reads, and the position by which they are ordered.
  static let columns = """
    \(ProjectionRows.columns), \(ResolvedRecord.columns), t.submitted_at, t.categories, t.source_kind, t.source_id, \
    t.source_version, t.title, t.title_verified, t.authors, t.record_position AS found_position
    """
  /// The number of `columns`.
  static let columnCount = ProjectionRows.columnCount + ResolvedRecord.columnCount + 9

  init(_ row: PostgresRow) throws {
    let resolved = ProjectionRows.columnCount
    let first = resolved + ResolvedRecord.columnCount
    self.init(
      record: try ResolvedRecord(row, from: resolved),
      place: RecordPlace(
        submittedAt: Timestamp(microseconds: try row.timestamp(first)),
        record: try row.record(first + 8)),
      categories: try row.textArray(first + 1), sourceKind: try row.text(first + 2),
      sourceID: try row.text(first + 3), sourceVersion: try row.int(first + 4),
      title: try row.optionalText(first + 5), titleVerified: try row.optionalBool(first + 6),
      authors: try row.optionalText(first + 7), projected: try ProjectionRows.state(row))
  }
}

/// The statement of one search.
///
/// Its rows have the columns of a found record, the number of records whose status was read, and the place of the last of
/// them. There is always one row at least.
struct SearchStatement {
  private(set) var parameters: [PostgresValue] = []
  private(set) var sql = ""

  var statement: PostgresStatement { PostgresStatement(sql, parameters) }

  init(
    _ conditions: RecordConditions, behind: RecordPlace?, limit: Int, now: Timestamp,
    _ maxScanned: Int
  ) {
    let direction = conditions.order == .ascending ? "ASC" : "DESC"
    let order = "ORDER BY t.submitted_at \(direction), t.record_position \(direction)"
    var wanted = ["true"]
    for word in conditions.anywhere?.lexemes ?? [] {
      let word = "\(mark(.text(word)))::text::tsquery"
      wanted.append("(t.title_words @@ \(word) OR t.author_words @@ \(word))")
    }
    if let title = conditions.title {
      wanted.append("t.title_words @@ \(mark(.text(title.tsquery)))::text::tsquery")
    }
    if let author = conditions.author {
      wanted.append("t.author_words @@ \(mark(.text(author.tsquery)))::text::tsquery")
    }
    if let category = conditions.category {
      wanted.append("t.categories @> ARRAY[\(mark(.text(category)))::text]")
    }
    if let claimant = conditions.claimant {
      wanted.append(
        """
        t.record_position = ANY (ARRAY(
          SELECT a.record_position FROM ledger.strong_author a WHERE a.identity = \(mark(.bytes(claimant.bytes)))))
        """)
    }
    if let after = conditions.after {
      wanted.append("t.submitted_at >= \(mark(.timestamp(after.microseconds)))")
    }
    if let before = conditions.before {
      wanted.append("t.submitted_at < \(mark(.timestamp(before.microseconds)))")
    }
    if let behind {
      let place =
        "(\(mark(.timestamp(behind.submittedAt.microseconds))), \(mark(.record(behind.record))))"
      wanted.append(
        "(t.submitted_at, t.record_position) \(conditions.order == .ascending ? ">" : "<") \(place)"
      )
    }
    var status = "true"
    if !conditions.statuses.isEmpty {
      let now = mark(.timestamp(now.microseconds))
      let members = conditions.statuses.map { "(\($0.condition(now: now)))" }
      status = """
        EXISTS (SELECT FROM ledger.verification_status v
          WHERE v.record_position = t.record_position AND \(members.joined(separator: " AND ")) OFFSET 0)
        """
    }
    let scanned = mark(.int8(Int64(conditions.statuses.isEmpty ? limit : maxScanned)))
    sql = """
      WITH scanned AS MATERIALIZED (
          SELECT t.record_position, t.submitted_at FROM ledger.record_text t
          WHERE \(wanted.joined(separator: " AND ")) \(order) LIMIT \(scanned)),
        chosen AS MATERIALIZED (
          SELECT t.record_position, t.submitted_at FROM scanned t WHERE \(status) \(order)
          LIMIT \(mark(.int8(Int64(limit)))))
      SELECT f.*, b.records, l.submitted_at, l.record_position
      FROM (SELECT count(*) AS records FROM scanned) AS b
        LEFT JOIN (
          SELECT t.submitted_at, t.record_position FROM scanned t
          ORDER BY t.submitted_at \(Self.reversed(direction)), t.record_position \(Self.reversed(direction)) LIMIT 1) AS l
          ON true
        LEFT JOIN (
          SELECT \(FoundRecord.columns)
          FROM chosen c
            CROSS JOIN LATERAL (
              SELECT * FROM ledger.record_text x WHERE x.record_position = c.record_position LIMIT 1) AS t
            CROSS JOIN LATERAL (
              SELECT * FROM ledger.subject x WHERE x.record_position = c.record_position LIMIT 1) AS s
            CROSS JOIN LATERAL (
              SELECT * FROM ledger.verification_status x WHERE x.record_position = c.record_position LIMIT 1) AS v
            CROSS JOIN LATERAL (
              SELECT * FROM ledger.event_summary x WHERE x.record_position = c.record_position LIMIT 1) AS e) AS f
          ON true
      """
    sql += " ORDER BY f.submitted_at \(direction), f.found_position \(direction)"
  }

  private static func reversed(_ direction: String) -> String {
    direction == "ASC" ? "DESC" : "ASC"
  }

  /// Adds a parameter, and returns its mark.
  private mutating func mark(_ value: PostgresValue) -> String {
    parameters.append(value)
    return "$\(parameters.count)"
  }
}
