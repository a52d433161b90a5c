import Encodings
import LedgerDomain
import PostgresClient

/// The queries of submissions before they are admitted and after they are projected. Each query serves
/// all submissions that ask at the same time.
///
/// Each row is a lookup of its own, in a subquery that the planner does not flatten: without statistics
/// it would read whole tables to join them.
struct SubmissionQueries: Sendable {
  struct FactsRequest: Sendable {
    let subject: PithNumber
    let id: Digest
    let referenced: Digest?
    let group: Int64?
    let citing: RecordName?
  }

  struct StandingRequest: Sendable {
    let record: RecordID
    let group: Int64
  }

  struct Standing: Sendable {
    let projected: ProjectedState?
    let group: [FoldEvent]
  }

  let facts: QueryBatcher<FactsRequest, AdmissionInputs?>
  let standings: QueryBatcher<StandingRequest, Standing>

  init(readers: DatabasePool) {
    facts = QueryBatcher { requests in
      let statements = Self.statements(requests)
      return try Self.facts(
        requests, try await readers.pipelineRepeatably(statements))
    }
    standings = QueryBatcher { requests in
      let statements = Self.statements(requests)
      return try Self.standings(
        requests, try await readers.pipelineRepeatably(statements))
    }
  }

  /// Groups rows by the request they answer. A column holds its number, counted from 1.
  private static func byRequest<T>(
    _ rows: [PostgresRow], _ column: Int, _ decode: (PostgresRow) throws -> T
  ) throws -> [Int: [T]] {
    var found: [Int: [T]] = [:]
    for row in rows { found[Int(try row.int(column)) - 1, default: []].append(try decode(row)) }
    return found
  }

  private static let groups = """
    CROSS JOIN LATERAL (
      SELECT * FROM ledger.event t
      WHERE t.record_position = k.record_position AND t.fold_group = k.fold_group OFFSET 0) AS e
    ORDER BY e.position
    """

  // MARK: Before

  private static func statements(_ requests: [FactsRequest]) -> [PostgresStatement] {
    let subjects = PostgresValue.textArray(requests.map(\.subject.description))
    let subject = """
      CROSS JOIN LATERAL (
        SELECT * FROM ledger.subject t WHERE t.pith_number = k.subject LIMIT 1) AS s
      """
    let byID = """
      FROM unnest($1::text[], $2::bytea[]) WITH ORDINALITY AS k (subject, id, n) \(subject)
        LEFT JOIN LATERAL (
          SELECT * FROM ledger.event t
          WHERE t.record_position = s.record_position AND t.event_id = k.id LIMIT 1) AS e ON true
      """
    var names: [(number: Int64, kind: String?, name: String)] = []
    for (index, request) in requests.enumerated() {
      switch request.citing {
      case .pithNumber(let number): names.append((Int64(index + 1), nil, number.description))
      case .alias(let kinds, let folded):
        for kind in kinds { names.append((Int64(index + 1), kind.rawValue, folded)) }
      // Events do not name the citing paper by a short form.
      case .suffix, nil: continue
      }
    }
    var statements = [
      PostgresStatement(LogHead.query),
      PostgresStatement(
        "SELECT \(StoredEvent.columns), \(ResolvedRecord.columns), k.n \(byID)",
        [subjects, .bytesArray(requests.map(\.id.bytes))]),
    ]
    if asks(requests, for: \.referenced) {
      statements.append(
        PostgresStatement(
          "SELECT \(EventColumn.foldList), k.n \(byID) WHERE e.position IS NOT NULL",
          [subjects, .bytesArray(requests.map(\.referenced?.bytes))]))
    }
    if asks(requests, for: \.group) {
      statements.append(
        PostgresStatement(
          """
          SELECT \(EventColumn.foldList), k.n
          FROM (SELECT s.record_position, k.fold_group, k.n
              FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS k (subject, fold_group, n)
                \(subject)
              WHERE k.fold_group IS NOT NULL) AS k
            \(groups)
          """, [subjects, .int8Array(requests.map(\.group))]))
    }
    if asks(requests, for: \.citing) {
      statements.append(
        PostgresStatement(
          """
          SELECT s.pith_number, s.trusted_receipt OR s.operator_imported, k.n
          FROM unnest($1::bigint[], $2::text[], $3::text[]) AS k (n, kind, name)
            CROSS JOIN LATERAL (
              SELECT t.* FROM ledger.subject t WHERE k.kind IS NULL AND t.pith_number = k.name
              UNION ALL
              SELECT t.* FROM ledger.alias a JOIN ledger.subject t ON t.record_position = a.record_position
              WHERE a.kind = k.kind AND a.normalized = k.name AND NOT a.is_retracted) AS s
          ORDER BY \(RecordLookup.preference)
          """,
          [
            .int8Array(names.map(\.number)), .textArray(names.map(\.kind)),
            .textArray(names.map(\.name)),
          ]))
    }
    return statements
  }

  /// Whether any of the requests has a question of this kind. Others are not looked up.
  private static func asks<T>(_ requests: [FactsRequest], for question: (FactsRequest) -> T?)
    -> Bool
  {
    requests.contains { question($0) != nil }
  }

  private static func facts(
    _ requests: [FactsRequest], _ answers: [[PostgresRow]]
  ) throws -> [AdmissionInputs?] {
    let ends = try LogHead(answers[0])
    let found = try byRequest(answers[1], 10) { row in
      (
        record: try ResolvedRecord(row, from: 6),
        stored: row.isNull(0) ? nil : try StoredEvent(row)
      )
    }
    var rest = answers.dropFirst(2)
    func next<T>(_ question: (FactsRequest) -> T?) -> [PostgresRow] {
      asks(requests, for: question) ? rest.popFirst() ?? [] : []
    }
    let referenced = try byRequest(next(\.referenced), EventColumn.foldCount) { try FoldEvent($0) }
    let groups = try byRequest(next(\.group), EventColumn.foldCount) { try FoldEvent($0) }
    let citing = try byRequest(next(\.citing), 2) {
      (number: PithNumber(try $0.text(0)), isTrusted: try $0.bool(1))
    }
    return requests.indices.map { index in
      guard let found = found[index]?.first else { return nil }
      return AdmissionInputs(
        record: found.record, stored: found.stored, referenced: referenced[index]?.first,
        group: groups[index] ?? [],
        citing: citing[index]?.first { $0.isTrusted }?.number ?? nil,
        citesItself: citing[index]?.contains { $0.number == requests[index].subject } ?? false,
        log: ends)
    }
  }

  // MARK: After

  private static func statements(_ requests: [StandingRequest]) -> [PostgresStatement] {
    let records = PostgresValue.records(requests.map(\.record))
    return [
      PostgresStatement(
        """
        SELECT \(ProjectionRows.columns), k.n
        FROM unnest($1::bigint[]) WITH ORDINALITY AS k (record_position, n)
          CROSS JOIN LATERAL (
            SELECT * FROM ledger.verification_status t WHERE t.record_position = k.record_position LIMIT 1) AS v
          CROSS JOIN LATERAL (
            SELECT * FROM ledger.event_summary t WHERE t.record_position = k.record_position LIMIT 1) AS e
        """, [records]),
      PostgresStatement(
        """
        SELECT \(EventColumn.foldList), k.n
        FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS k (record_position, fold_group, n)
          \(groups)
        """, [records, .int8Array(requests.map(\.group))]),
    ]
  }

  private static func standings(
    _ requests: [StandingRequest], _ answers: [[PostgresRow]]
  ) throws -> [Standing] {
    let states = try byRequest(answers[0], ProjectionRows.columnCount, ProjectionRows.state)
    let groups = try byRequest(answers[1], EventColumn.foldCount) { try FoldEvent($0) }
    return requests.indices.map {
      Standing(projected: states[$0]?.first, group: groups[$0] ?? [])
    }
  }
}
