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
    let citing: [RecordName]
    /// The key and the slot of a citation; `nil` for other events.
    let citation: (key: Digest128, name: Digest128)?
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
          WHERE \(EventColumn.byID("t", record: "s.record_position", id: "k.id")) LIMIT 1) AS e ON true
      """
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
    if requests.contains(where: { !$0.citing.isEmpty }) {
      statements.append(
        PostgresStatement(
          """
          SELECT s.pith_number, k.n + 1
          \(RecordLookup.recordsByName)
          """, RecordLookup.parameters(requests.map(\.citing))))
      statements.append(
        PostgresStatement(
          joined,
          [
            subjects, .bytesArray(requests.map(\.citation?.key.bytes)),
            .bytesArray(requests.map(\.citation?.name.bytes)),
          ]))
    }
    return statements
  }

  /// Selects the requests whose citing paper may have another name: an event names it, or the key cites
  /// the record from it under another name.
  private static let joined = """
    SELECT k.n FROM unnest($1::text[], $2::bytea[], $3::bytea[]) WITH ORDINALITY AS k (subject, key, name, n)
      CROSS JOIN LATERAL (
        SELECT * FROM ledger.subject t WHERE t.pith_number = k.subject LIMIT 1) AS s
      CROSS JOIN LATERAL (
        (SELECT FROM ledger.event t WHERE t.claimant = k.name AND t.claimant IS NOT NULL
          AND t.event_type = ledger.event_type_code('record_created') LIMIT 1)
        UNION ALL
        (SELECT FROM ledger.event t WHERE t.claimant = k.name AND t.slot <> t.claimant
          AND t.event_type IN (ledger.event_type_code('alias_added'), ledger.event_type_code('alias_retracted')) LIMIT 1)
        UNION ALL
        (SELECT FROM ledger.event t WHERE t.slot = k.name AND t.slot <> t.claimant
          AND t.event_type IN (ledger.event_type_code('alias_added'), ledger.event_type_code('alias_retracted')) LIMIT 1)
        UNION ALL
        (SELECT FROM ledger.citation t WHERE t.record_position = s.record_position AND t.signer_key = k.key
          AND t.paper = k.name AND t.name <> k.name LIMIT 1)
        LIMIT 1) AS x
    WHERE k.name IS NOT NULL
    """

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
    let citing = try byRequest(rest.popFirst() ?? [], 1) { PithNumber(try $0.text(0)) }
    let joined = Set(try (rest.popFirst() ?? []).map { Int(try $0.int(0)) - 1 })
    return requests.indices.map { index in
      guard let found = found[index]?.first else { return nil }
      return AdmissionInputs(
        record: found.record, stored: found.stored, referenced: referenced[index]?.first,
        group: groups[index] ?? [],
        citesItself: citing[index]?.contains(requests[index].subject) ?? false,
        citesUnderOneName: requests[index].citation != nil && !joined.contains(index),
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
