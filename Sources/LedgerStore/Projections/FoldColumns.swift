import Encodings
import LedgerDomain
import PostgresClient

/// The columns of `ledger.event` that the fold reads, and how a row becomes a `FoldEvent`.
enum FoldColumns {
  /// Those of events about records.
  static let ofRecords = """
    e.position, e.record_position, e.event_id, e.event_type, e.recorded_at, e.verdict, e.signer_key, \
    e.fold_group, e.slot, e.statement, e.target_hash, e.refers_to, e.valid_until, e.flags, e.claimant, \
    e.reference_count, e.resolved_work, e.formal_evidence_count, e.created_at
    """

  /// The same with those of events about keys.
  static let list = """
    \(ofRecords), e.key_fingerprint, e.key_signer_id, e.key_signer_type, e.key_id, e.key_public, \
    e.compromised_from, e.key_name
    """

  /// How many columns are in `list`.
  static let count = 26

  static func event(_ row: PostgresRow) throws -> FoldEvent {
    func digest128(_ index: Int) throws -> Digest128? {
      try row.optionalBytes(index).flatMap { Digest128(bytes: $0) }
    }
    var key: KeyColumns?
    if let fingerprint = try digest128(19) {
      key = KeyColumns(
        fingerprint: fingerprint, signerID: try row.optionalText(20),
        signerType: try row.optionalInt(21).flatMap { SignerType(rawValue: Int16($0)) },
        keyID: try row.optionalText(22), publicKey: try row.optionalBytes(23),
        compromisedFrom: try row.optionalInt(24).map(Position.init(rawValue:)),
        name: try row.optionalText(25))
    }
    guard let eventID = Digest(bytes: try row.bytes(2)), let signer = try digest128(6) else {
      throw LedgerStoreError(.database, "an event has an id or a signer of the wrong length")
    }
    return FoldEvent(
      position: try row.position(0), record: try row.record(1), eventID: eventID,
      // A type from the future is counted, and stops nothing.
      type: EventType(rawValue: Int16(try row.int(3))) ?? .unknown,
      recordedAt: Timestamp(microseconds: try row.timestamp(4)),
      createdAt: Timestamp(microseconds: try row.timestamp(18)),
      verdict: Verdict(rawValue: Int16(try row.int(5))) ?? .pending, signerKey: signer,
      foldGroup: try row.optionalInt(7), slot: try digest128(8), statement: try digest128(9),
      targetKey: try row.int(10), refersTo: try row.optionalInt(11).map(Position.init(rawValue:)),
      validUntil: try row.optionalTimestamp(12).map { Timestamp(microseconds: $0) },
      flags: FoldFlags(rawValue: Int32(try row.int(13))), claimant: try digest128(14),
      referenceCount: Int32(try row.int(15)), resolvedWork: Int32(try row.int(16)),
      formalEvidenceCount: Int32(try row.int(17)), key: key)
  }
}
