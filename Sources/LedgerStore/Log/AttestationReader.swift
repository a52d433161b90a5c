public import LedgerDomain
import PostgresClient

/// Reads attestations that a periodic job checks again, by position.
public struct AttestationReader: Sendable {
  private let readers: DatabasePool

  init(readers: DatabasePool) { self.readers = readers }

  /// Claims by token that were pending when they were recorded and have no final verdict yet.
  public func unsettledClaims(from: Position, limit: Int) async throws -> [StoredEvent] {
    try await unsettled(.authorAttestation, from: from, limit: limit)
  }

  /// Anchors that were pending when they were recorded and have no final verdict yet.
  public func unsettledAnchors(from: Position, limit: Int) async throws -> [StoredEvent] {
    try await unsettled(.timestampAnchor, from: from, limit: limit)
  }

  private func unsettled(
    _ type: EventType, from: Position, limit: Int
  ) async throws -> [StoredEvent] {
    // The numbers are part of the text: the partial indexes of pending events name them.
    try await select(
      """
      WHERE e.event_type = \(type.rawValue) AND e.verdict = \(Verdict.pending.rawValue) AND e.position >= $1
        AND NOT EXISTS (
          SELECT FROM ledger.event c
          WHERE c.record_position = e.record_position AND c.fold_group = e.fold_group AND c.refers_to = e.position
            AND (c.event_type = \(EventType.checkRecorded.rawValue)
              AND c.verdict IN (\(Verdict.verified.rawValue), \(Verdict.failed.rawValue))
            OR c.event_type = \(EventType.eventWithdrawn.rawValue)))
      ORDER BY e.position LIMIT $2
      """, [.position(from), .int8(Int64(limit))])
  }

  /// Storage attestations from a position on.
  public func storageAttestations(from: Position, limit: Int) async throws -> [StoredEvent] {
    try await select(
      """
      WHERE e.event_type = \(EventType.storageAttestation.rawValue) AND e.position >= $1
      ORDER BY e.position LIMIT $2
      """,
      [.position(from), .int8(Int64(limit))])
  }

  /// Records of erasures from a position on: the position of each, and the entry of the event whose evidence
  /// was erased.
  public func erasures(
    from: Position, limit: Int
  ) async throws -> [(position: Position, entry: [UInt8])] {
    // The numbers are part of the text: the partial index of erasures names them.
    try await readers.query(
      """
      SELECT c.position, e.entry FROM (
          SELECT * FROM ledger.event t
          WHERE t.event_type = \(EventType.checkRecorded.rawValue) AND t.verdict = \(Verdict.erased.rawValue)
            AND t.position >= $1 ORDER BY t.position LIMIT $2) AS c
        CROSS JOIN LATERAL (
          SELECT t.entry FROM ledger.event t WHERE t.position = c.refers_to LIMIT 1) AS e
      ORDER BY c.position
      """, [.position(from), .int8(Int64(limit))]
    ).map { (try $0.position(0), try $0.bytes(1)) }
  }

  /// The newest event of a type that refers to another event.
  public func newest(
    _ type: EventType, referringTo event: FoldEvent
  ) async throws -> StoredEvent? {
    try await select(
      """
      WHERE e.record_position = $1 AND e.fold_group = $2 AND e.event_type = $3 AND e.refers_to = $4
      ORDER BY e.position DESC LIMIT 1
      """,
      [
        .record(event.record), event.foldGroup.map { .int8($0) } ?? .null, .int2(type.rawValue),
        .position(event.position),
      ]
    ).first
  }

  private func select(
    _ condition: String, _ parameters: [PostgresValue]
  ) async throws -> [StoredEvent] {
    try await StoredEvent.select(from: readers, condition, parameters)
  }
}
