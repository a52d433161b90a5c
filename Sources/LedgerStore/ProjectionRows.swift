import LedgerDomain
import PostgresClient

/// How a record's state is written as rows of the projections, and read back.
enum ProjectionRows {
  static func select(_ schema: String) -> String {
    """
    SELECT v.record, v.content_addressed, v.pith_receipt, v.weak_author_claims, v.strong_author_claims, \
    v.verified_anchors, v.storage_verified_until, v.citation_signatures, v.vouched_citation_signatures, \
    v.replication_records, v.graph_snapshot, v.reference_count, v.resolved_work, \
    v.formal_evidence_count, e.buckets, e.first_recorded_at, e.last_recorded_at, e.last_event_id, \
    e.equivocations, e.pending_bare_anchors, e.unknown_events, e.position \
    FROM \(schema).verification_status v JOIN \(schema).event_summary e USING (record)
    """
  }

  static func state(_ row: PostgresRow) throws -> ProjectedState {
    var state = RecordState(record: try row.int(0))
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
    guard buckets.count == 30 else { throw PostgresError(.decoding, "a summary has 30 buckets") }
    state.sums.buckets = buckets
    state.firstRecordedAt = try row.optionalTimestamp(15).map { Timestamp(microseconds: $0) }
    state.lastRecordedAt = try row.optionalTimestamp(16).map { Timestamp(microseconds: $0) }
    state.lastEventID = try row.optionalBytes(17).flatMap { Digest(bytes: $0) }
    state.sums.equivocations = Int32(try row.int(18))
    state.sums.pendingBareAnchors = Int32(try row.int(19))
    state.unknownEvents = Int32(try row.int(20))
    state.position = try row.int(21)
    return ProjectedState(
      state: state,
      storageVerifiedUntil: try row.optionalTimestamp(6).map { Timestamp(microseconds: $0) })
  }

  /// A row of `verification_status`, in the order of its columns.
  static func status(_ s: RecordState, until: Timestamp?) -> [PostgresValue] {
    [
      .int8(s.record), .bool(s.contentAddressed), .bool(s.pithReceipt), .int4(s.sums.weakAuthors),
      .int4(s.sums.strongAuthors), .int4(s.sums.verifiedAnchors),
      until.map { .timestamp($0.microseconds) } ?? .null, .int4(s.sums.citationEdges),
      .int4(s.sums.vouchedCitationEdges), .int4(s.sums.approvedReplications),
      .bool(s.graphSnapshot),
      .int4(s.referenceCount), .int4(s.resolvedWork), .int4(s.formalEvidenceCount),
    ]
  }

  /// A row of `event_summary`, in the order of its columns.
  static func summary(_ s: RecordState) -> [PostgresValue] {
    [
      .int8(s.record), .int4Array(s.sums.buckets.map { $0 }),
      s.firstRecordedAt.map { .timestamp($0.microseconds) } ?? .null,
      s.lastRecordedAt.map { .timestamp($0.microseconds) } ?? .null,
      s.lastEventID.map { .bytes($0.bytes) } ?? .null, .int4(s.sums.equivocations),
      .int4(s.sums.pendingBareAnchors), .int4(s.unknownEvents), .int8(s.position),
    ]
  }
}
