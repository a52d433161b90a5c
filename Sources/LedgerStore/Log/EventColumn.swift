import Encodings
import LedgerDomain
import PostgresClient

/// The columns of `ledger.event`: their names, how an append writes them and how the fold reads them.
///
/// The order of the cases is the order in which `FoldEvent.init(_:)` selects the columns, so that a raw
/// value is the index of the column in such a row.
enum EventColumn: Int, CaseIterable {
  // Columns of every event.
  case position, record, eventID, type, recordedAt, verdict, signerKey, foldGroup, slot, statement
  case targetHash, refersTo, validUntil, flags, claimant, referenceCount, resolvedWork
  case formalEvidenceCount, createdAt
  // Columns of events about keys.
  case keyFingerprint, keySignerID, keySignerType, keyID, keyPublic, compromisedFrom, keyName
  // The column that the fold does not read.
  case entry

  /// The condition that selects an event of a record by its ID.
  ///
  /// Only the index that begins with the ID serves it. A plan that was made while the table was small may
  /// otherwise read all events of the record.
  ///
  /// - Parameters:
  ///   - event: the alias of `ledger.event`.
  ///   - record: an expression for the record.
  ///   - id: an expression for the ID.
  static func byID(_ event: String, record: String, id: String) -> String {
    "\(event).event_id = \(id) AND \(event).record_position + 0 = \(record)"
  }

  /// The name of the column in `ledger.event`.
  var name: String {
    switch self {
    case .position: "position"
    case .record: "record_position"
    case .eventID: "event_id"
    case .type: "event_type"
    case .recordedAt: "recorded_at"
    case .verdict: "verdict"
    case .signerKey: "signer_key"
    case .foldGroup: "fold_group"
    case .slot: "slot"
    case .statement: "statement"
    case .targetHash: "target_hash"
    case .refersTo: "refers_to"
    case .validUntil: "valid_until"
    case .flags: "flags"
    case .claimant: "claimant"
    case .referenceCount: "reference_count"
    case .resolvedWork: "resolved_work"
    case .formalEvidenceCount: "formal_evidence_count"
    case .createdAt: "created_at"
    case .keyFingerprint: "key_fingerprint"
    case .keySignerID: "key_signer_id"
    case .keySignerType: "key_signer_type"
    case .keyID: "key_id"
    case .keyPublic: "key_public"
    case .compromisedFrom: "compromised_from"
    case .keyName: "key_name"
    case .entry: "entry"
    }
  }

  /// The columns of events about records, in the order of the cases.
  static let ofRecords = allCases.filter { $0.rawValue <= createdAt.rawValue }
  /// The columns that the fold reads, in the order of the cases.
  static let ofFold = allCases.filter { $0 != .entry }

  /// Columns of `ledger.event e` as a select list.
  static func list(_ columns: [EventColumn]) -> String {
    columns.map { "e.\($0.name)" }.joined(separator: ", ")
  }

  /// The select list of `ofRecords`.
  static let recordList = list(ofRecords)
  /// The select list of `ofFold`.
  static let foldList = list(ofFold)
  /// The number of columns of `foldList`.
  static let foldCount = ofFold.count

  /// The statement that compares stored columns with the arrays of `values(of:)` for `ofFold`. It answers
  /// the position of each row that differs, and the names of the columns, separated by commas.
  static let comparison: String = {
    let marks = (1...foldCount).map { "$\($0)" }.joined(separator: ", ")
    let names = ofFold.map { "\"\($0.name)\"" }
    let different = names.map { "CASE WHEN e.\($0) IS DISTINCT FROM n.\($0) THEN '\($0)' END" }
      .joined(separator: ", ").replacing("'\"", with: "'").replacing("\"'", with: "'")
    return """
      SELECT d.position, d.columns FROM (
        SELECT n.position, CASE WHEN e.position IS NULL THEN '' ELSE concat_ws(',', \(different)) END AS columns,
          e.position IS NULL AS is_missing
        FROM unnest(\(marks)) AS n (\(names.joined(separator: ", ")))
          LEFT JOIN LATERAL (SELECT * FROM ledger.event t WHERE t.position = n.position LIMIT 1) AS e ON true) AS d
      WHERE d.is_missing OR d.columns <> '' ORDER BY d.position
      """
  }()

  // MARK: Write

  /// The columns that are parameters of `ledger.append`, in its order. The function assigns the position.
  static let appended: [EventColumn] = [
    .record, .recordedAt, .foldGroup, .targetHash, .refersTo, .validUntil, .referenceCount,
    .resolvedWork, .formalEvidenceCount, .flags, .type, .verdict, .eventID, .signerKey, .slot,
    .statement, .claimant, .keyFingerprint, .keySignerID, .keySignerType, .keyID, .keyPublic,
    .compromisedFrom, .entry, .createdAt, .keyName,
  ]

  /// The values of the column for some items, as an array parameter.
  ///
  /// - Parameter events: the events of the items. The caller collects them once for all columns.
  func values(of items: [AppendUnit.Item], _ events: [FoldEvent]) -> PostgresValue {
    switch self {
    case .record: .int8Array(items.map(\.record?.rawValue))
    case .entry: .bytesArray(items.map(\.entry))
    default: values(of: events)
    }
  }

  /// The values of a column that the fold reads, as an array parameter.
  func values(of events: [FoldEvent]) -> PostgresValue {
    switch self {
    case .position: .positions(events.map(\.position))
    case .record: .records(events.map(\.record))
    case .eventID: .bytesArray(events.map(\.eventID.bytes))
    case .type: .int2Array(events.map(\.type.rawValue))
    case .recordedAt: .timestampArray(events.map(\.recordedAt.microseconds))
    case .verdict: .int2Array(events.map(\.verdict.rawValue))
    case .signerKey: .bytesArray(events.map(\.signerKey.bytes))
    case .foldGroup: .int8Array(events.map(\.foldGroup))
    case .slot: .bytesArray(events.map(\.slot?.bytes))
    case .statement: .bytesArray(events.map(\.statement?.bytes))
    case .targetHash: .int8Array(events.map(\.targetHash))
    case .refersTo: .int8Array(events.map(\.refersTo?.rawValue))
    case .validUntil: .timestampArray(events.map(\.validUntil?.microseconds))
    case .flags: .int4Array(events.map(\.flags.rawValue))
    case .claimant: .bytesArray(events.map(\.claimant?.bytes))
    case .referenceCount: .int4Array(events.map(\.referenceCount))
    case .resolvedWork: .int4Array(events.map(\.resolvedWork))
    case .formalEvidenceCount: .int4Array(events.map(\.formalEvidenceCount))
    case .createdAt: .timestampArray(events.map(\.createdAt.microseconds))
    case .keyFingerprint: .bytesArray(events.map(\.key?.fingerprint.bytes))
    case .keySignerID: .textArray(events.map(\.key?.signerID))
    case .keySignerType: .int2Array(events.map(\.key?.signerType?.rawValue))
    case .keyID: .textArray(events.map(\.key?.keyID))
    case .keyPublic: .bytesArray(events.map(\.key?.publicKey))
    case .compromisedFrom: .int8Array(events.map(\.key?.compromisedFrom?.rawValue))
    case .keyName: .textArray(events.map(\.key?.name))
    case .entry: .bytesArray(events.map { _ in nil })
    }
  }
}

// MARK: Read

extension FoldEvent {
  /// Reads a row that begins with `EventColumn.foldList`.
  init(_ row: PostgresRow) throws {
    let row = EventRow(row: row)
    guard let eventID = Digest(bytes: try row.bytes(.eventID)),
      let signer = try row.optionalDigest128(.signerKey)
    else {
      throw LedgerStoreError(.database, "an event has an id or a signer of the wrong length")
    }
    self.init(
      position: Position(rawValue: try row.int(.position)),
      record: RecordID(rawValue: try row.int(.record)), eventID: eventID,
      // A type that a newer program wrote is counted, and has no other effect.
      type: EventType(rawValue: Int16(try row.int(.type))) ?? .unknown,
      recordedAt: try row.timestamp(.recordedAt), createdAt: try row.timestamp(.createdAt),
      verdict: Verdict(rawValue: Int16(try row.int(.verdict))) ?? .pending, signerKey: signer,
      foldGroup: try row.optionalInt(.foldGroup), slot: try row.optionalDigest128(.slot),
      statement: try row.optionalDigest128(.statement), targetHash: try row.int(.targetHash),
      refersTo: try row.optionalInt(.refersTo).map(Position.init(rawValue:)),
      validUntil: try row.row.optionalTimestamp(EventColumn.validUntil.rawValue)
        .map { Timestamp(microseconds: $0) },
      flags: FoldFlags(rawValue: Int32(try row.int(.flags))),
      claimant: try row.optionalDigest128(.claimant),
      referenceCount: Int32(try row.int(.referenceCount)),
      resolvedWork: Int32(try row.int(.resolvedWork)),
      formalEvidenceCount: Int32(try row.int(.formalEvidenceCount)), key: try row.key())
  }
}

/// A row that begins with `EventColumn.foldList`, read by column.
private struct EventRow {
  let row: PostgresRow

  func int(_ column: EventColumn) throws -> Int64 { try row.int(column.rawValue) }
  func optionalInt(_ column: EventColumn) throws -> Int64? { try row.optionalInt(column.rawValue) }
  func bytes(_ column: EventColumn) throws -> [UInt8] { try row.bytes(column.rawValue) }
  func optionalText(_ column: EventColumn) throws -> String? {
    try row.optionalText(column.rawValue)
  }
  func timestamp(_ column: EventColumn) throws -> Timestamp {
    Timestamp(microseconds: try row.timestamp(column.rawValue))
  }
  func optionalDigest128(_ column: EventColumn) throws -> Digest128? {
    try row.optionalBytes(column.rawValue).flatMap { Digest128(bytes: $0) }
  }

  /// The columns of an event about keys; `nil` for other events.
  func key() throws -> KeyColumns? {
    guard let fingerprint = try optionalDigest128(.keyFingerprint) else { return nil }
    return KeyColumns(
      fingerprint: fingerprint, signerID: try optionalText(.keySignerID),
      signerType: try optionalInt(.keySignerType).flatMap { SignerType(rawValue: Int16($0)) },
      keyID: try optionalText(.keyID),
      publicKey: try row.optionalBytes(EventColumn.keyPublic.rawValue),
      compromisedFrom: try optionalInt(.compromisedFrom).map(Position.init(rawValue:)),
      name: try optionalText(.keyName))
  }
}
