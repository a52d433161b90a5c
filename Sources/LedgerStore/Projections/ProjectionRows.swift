import Encodings
import LedgerDomain
import PostgresClient

/// Writes the state of a record as rows of the projections, and reads it back.
enum ProjectionRows {
  /// The number of `columns`.
  static let columnCount = 22
  static let columns = """
    v.record_position, v.content_addressed, v.pith_receipt, v.weak_author_claims, v.strong_author_claims, \
    v.verified_anchors, v.storage_verified_until, v.citation_signatures, v.vouched_citation_signatures, \
    v.replication_records, v.graph_snapshot, v.reference_count, v.resolved_work, \
    v.formal_evidence_count, e.standing_counts, e.first_recorded_at, e.last_recorded_at, e.last_event_id, \
    e.equivocations, e.pending_bare_anchors, e.unknown_events, e.position
    """

  static func select(_ schema: String) -> String {
    """
    SELECT \(columns) \
    FROM \(schema).verification_status v JOIN \(schema).event_summary e USING (record_position)
    """
  }

  static func state(_ row: PostgresRow) throws -> ProjectedState {
    var state = RecordState(record: try row.record(0))
    state.contentAddressed = try row.bool(1)
    state.pithReceipt = try row.bool(2)
    state.sums.weakAuthors = Int32(try row.int(3))
    state.sums.strongAuthors = Int32(try row.int(4))
    state.sums.verifiedAnchors = Int32(try row.int(5))
    state.sums.citationEdges = Int32(try row.int(7))
    state.sums.vouchedCitationEdges = Int32(try row.int(8))
    state.sums.approvedReplications = Int32(try row.int(9))
    state.graphSnapshot = try row.bool(10)
    state.referenceCount = Int32(try row.int(11))
    state.resolvedWork = Int32(try row.int(12))
    state.formalEvidenceCount = Int32(try row.int(13))
    let buckets = try row.int4Array(14)
    guard buckets.count == 30 else { throw LedgerStoreError(.database, "a summary has 30 buckets") }
    state.sums.counts = buckets
    state.firstRecordedAt = try row.optionalTimestamp(15).map { Timestamp(microseconds: $0) }
    state.lastRecordedAt = try row.optionalTimestamp(16).map { Timestamp(microseconds: $0) }
    state.lastEventID = try row.optionalBytes(17).flatMap { Digest(bytes: $0) }
    state.sums.equivocations = Int32(try row.int(18))
    state.sums.pendingBareAnchors = Int32(try row.int(19))
    state.unknownEvents = Int32(try row.int(20))
    state.position = try row.position(21)
    return ProjectedState(
      state: state,
      storageVerifiedUntil: try row.optionalTimestamp(6).map { Timestamp(microseconds: $0) })
  }

  /// Writes a row of `verification_status`, in the order of its columns.
  static func write(_ s: RecordState, until: Timestamp?, to rows: inout BinaryCopyWriter) {
    rows.beginRow(columns: 14)
    rows.append(int8: s.record.rawValue)
    rows.append(bool: s.contentAddressed)
    rows.append(bool: s.pithReceipt)
    rows.append(int4: s.sums.weakAuthors)
    rows.append(int4: s.sums.strongAuthors)
    rows.append(int4: s.sums.verifiedAnchors)
    rows.append(timestamp: until?.microseconds)
    rows.append(int4: s.sums.citationEdges)
    rows.append(int4: s.sums.vouchedCitationEdges)
    rows.append(int4: s.sums.approvedReplications)
    rows.append(bool: s.graphSnapshot)
    rows.append(int4: s.referenceCount)
    rows.append(int4: s.resolvedWork)
    rows.append(int4: s.formalEvidenceCount)
  }

  /// Writes a row of `event_summary`, in the order of its columns.
  static func write(_ s: RecordState, to rows: inout BinaryCopyWriter) {
    rows.beginRow(columns: 9)
    rows.append(int8: s.record.rawValue)
    rows.append(int4Array: s.sums.counts)
    rows.append(timestamp: s.firstRecordedAt?.microseconds)
    rows.append(timestamp: s.lastRecordedAt?.microseconds)
    rows.append(bytes: s.lastEventID?.bytes)
    rows.append(int4: s.sums.equivocations)
    rows.append(int4: s.sums.pendingBareAnchors)
    rows.append(int4: s.unknownEvents)
    rows.append(int8: s.position.rawValue)
  }

  /// The number of columns of `citation`.
  static let citationColumnCount = 9

  /// Writes a row of `citation`, in the order of its columns.
  static func write(
    _ c: FoldedCitation, of record: RecordID, to rows: inout BinaryCopyWriter
  ) {
    rows.beginRow(columns: citationColumnCount)
    rows.append(int8: record.rawValue)
    rows.append(int8: c.position.rawValue)
    rows.append(int8: c.group)
    rows.append(bytes: c.name.bytes)
    rows.append(bytes: c.paper.bytes)
    rows.append(bytes: c.signerKey.bytes)
    rows.append(int2: c.relationNumber)
    rows.append(int2: Int16(c.standing.rawValue))
    rows.append(bool: c.isVouched)
  }

  /// A statement that inserts or replaces the rows of changed citations; none where there is none.
  private static func citationUpserts(
    _ schema: String, _ changes: ArraySlice<FoldedRecord>
  ) -> [PostgresStatement] {
    let rows = changes.flatMap { change in
      change.citations.map { (record: change.state.record, citation: $0) }
    }
    if rows.isEmpty { return [] }
    return [
      PostgresStatement(
        """
        INSERT INTO \(schema).citation SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (record_position, position) DO UPDATE SET paper = EXCLUDED.paper,
          standing = EXCLUDED.standing, is_vouched = EXCLUDED.is_vouched
        """,
        [
          .records(rows.map(\.record)), .positions(rows.map(\.citation.position)),
          .int8Array(rows.map(\.citation.group)), .bytesArray(rows.map(\.citation.name.bytes)),
          .bytesArray(rows.map(\.citation.paper.bytes)),
          .bytesArray(rows.map(\.citation.signerKey.bytes)),
          .int2Array(rows.map(\.citation.relationNumber)),
          .int2Array(rows.map { Int16($0.citation.standing.rawValue) }),
          .boolArray(rows.map(\.citation.isVouched)),
        ])
    ]
  }

  /// Statements that replace the rows of changed groups of strong authors; none where there is none.
  private static func strongAuthorUpserts(
    _ schema: String, _ changes: ArraySlice<FoldedRecord>
  ) -> [PostgresStatement] {
    let groups = changes.flatMap { change in
      change.strongAuthors.map { (record: change.state.record, group: $0.key, authors: $0.value) }
    }
    if groups.isEmpty { return [] }
    let rows = groups.flatMap { row in
      row.authors.map { (record: row.record, group: row.group, identity: $0) }
    }
    return [
      PostgresStatement(
        """
        DELETE FROM \(schema).strong_author t USING unnest($1, $2) AS k (record_position, fold_group)
        WHERE t.record_position = k.record_position AND t.fold_group = k.fold_group
        """, [.records(groups.map(\.record)), .int8Array(groups.map(\.group))]),
      PostgresStatement(
        "INSERT INTO \(schema).strong_author SELECT * FROM unnest($1, $2, $3)",
        [
          .records(rows.map(\.record)), .int8Array(rows.map(\.group)),
          .bytesArray(rows.map(\.identity.bytes)),
        ]),
    ]
  }

  /// Statements that replace the rows of some records.
  ///
  /// The rows of storage come first, because the row of a record shows the latest of them.
  static func upserts(
    _ schema: String, _ changes: ArraySlice<FoldedRecord>
  ) -> [PostgresStatement] {
    let records = PostgresValue.records(changes.map(\.state.record))
    let storage = changes.flatMap { change in
      change.storage.map { (record: change.state.record, group: $0.key, until: $0.value) }
    }
    var statements: [PostgresStatement] = []
    let ended = storage.filter { $0.until == nil }
    if !ended.isEmpty {
      statements.append(
        PostgresStatement(
          """
          DELETE FROM \(schema).storage_validity t USING unnest($1, $2) AS k (record_position, fold_group)
          WHERE t.record_position = k.record_position AND t.fold_group = k.fold_group
          """, [.records(ended.map(\.record)), .int8Array(ended.map(\.group))]))
    }
    let standing = storage.filter { $0.until != nil }
    if !standing.isEmpty {
      statements.append(
        PostgresStatement(
          """
          INSERT INTO \(schema).storage_validity SELECT * FROM unnest($1, $2, $3)
          ON CONFLICT (record_position, fold_group) DO UPDATE SET verified_until = EXCLUDED.verified_until
          """,
          [
            .records(standing.map(\.record)), .int8Array(standing.map(\.group)),
            .timestampArray(standing.map(\.until?.microseconds)),
          ]))
    }
    statements += citationUpserts(schema, changes)
    statements += strongAuthorUpserts(schema, changes)
    func ints(_ value: (RecordState) -> Int32) -> PostgresValue {
      .int4Array(changes.map { value($0.state) })
    }
    statements.append(
      PostgresStatement(
        """
        INSERT INTO \(schema).verification_status
        SELECT n.record_position, n.addressed, n.receipt, n.weak, n.strong, n.anchors,
          (SELECT max(t.verified_until) FROM \(schema).storage_validity t WHERE t.record_position = n.record_position),
          n.citations, n.vouched, n.replications, n.snapshot, n.reference_count, n.resolved, n.formal
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) AS n (record_position, addressed,
          receipt, weak, strong, anchors, citations, vouched, replications, snapshot, reference_count,
          resolved, formal)
        ON CONFLICT (record_position) DO UPDATE SET
          content_addressed = EXCLUDED.content_addressed, pith_receipt = EXCLUDED.pith_receipt,
          weak_author_claims = EXCLUDED.weak_author_claims,
          strong_author_claims = EXCLUDED.strong_author_claims,
          verified_anchors = EXCLUDED.verified_anchors,
          storage_verified_until = EXCLUDED.storage_verified_until,
          citation_signatures = EXCLUDED.citation_signatures,
          vouched_citation_signatures = EXCLUDED.vouched_citation_signatures,
          replication_records = EXCLUDED.replication_records,
          graph_snapshot = EXCLUDED.graph_snapshot, reference_count = EXCLUDED.reference_count,
          resolved_work = EXCLUDED.resolved_work,
          formal_evidence_count = EXCLUDED.formal_evidence_count
        """,
        [
          records, .boolArray(changes.map(\.state.contentAddressed)),
          .boolArray(changes.map(\.state.pithReceipt)), ints(\.sums.weakAuthors),
          ints(\.sums.strongAuthors), ints(\.sums.verifiedAnchors), ints(\.sums.citationEdges),
          ints(\.sums.vouchedCitationEdges), ints(\.sums.approvedReplications),
          .boolArray(changes.map(\.state.graphSnapshot)), ints(\.referenceCount),
          ints(\.resolvedWork), ints(\.formalEvidenceCount),
        ]))
    // unnest cannot split an array of arrays into arrays. All buckets are one array, which the
    // statement slices.
    statements.append(
      PostgresStatement(
        """
        INSERT INTO \(schema).event_summary
        SELECT n.record_position, ($2::integer[])[n.ordinality * 30 - 29 : n.ordinality * 30], n.first, n.last,
          n.id, n.equivocations, n.pending, n.unknown, n.position
        FROM unnest($1, $3, $4, $5, $6, $7, $8, $9) WITH ORDINALITY AS n (record_position, first, last, id,
          equivocations, pending, unknown, position, ordinality)
        ON CONFLICT (record_position) DO UPDATE SET
          standing_counts = EXCLUDED.standing_counts, first_recorded_at = EXCLUDED.first_recorded_at,
          last_recorded_at = EXCLUDED.last_recorded_at, last_event_id = EXCLUDED.last_event_id,
          equivocations = EXCLUDED.equivocations,
          pending_bare_anchors = EXCLUDED.pending_bare_anchors,
          unknown_events = EXCLUDED.unknown_events, position = EXCLUDED.position
        """,
        [
          records, .int4Array(changes.flatMap(\.state.sums.counts)),
          .timestampArray(changes.map(\.state.firstRecordedAt?.microseconds)),
          .timestampArray(changes.map(\.state.lastRecordedAt?.microseconds)),
          .bytesArray(changes.map(\.state.lastEventID?.bytes)), ints(\.sums.equivocations),
          ints(\.sums.pendingBareAnchors), ints(\.unknownEvents),
          .positions(changes.map(\.state.position)),
        ]))
    return statements
  }
}
