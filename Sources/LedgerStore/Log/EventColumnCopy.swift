import Encodings
import LedgerDomain
import PostgresClient

extension BinaryCopyWriter {
  /// Appends a row of the columns that the fold reads, in the order of ``EventColumn/ofFold``.
  mutating func append(_ event: FoldEvent) {
    beginRow(columns: EventColumn.foldCount)
    for column in EventColumn.ofFold { append(column, of: event) }
  }

  private mutating func append(_ column: EventColumn, of event: FoldEvent) {
    switch column {
    case .position: append(int8: event.position.rawValue)
    case .record: append(int8: event.record.rawValue)
    case .eventID: append(bytes: event.eventID.bytes)
    case .type: append(int2: event.type.rawValue)
    case .recordedAt: append(timestamp: event.recordedAt.microseconds)
    case .verdict: append(int2: event.verdict.rawValue)
    case .signerKey: append(bytes: event.signerKey.bytes)
    case .foldGroup: append(optional: event.foldGroup)
    case .slot: append(bytes: event.slot?.bytes)
    case .statement: append(bytes: event.statement?.bytes)
    case .targetHash: append(int8: event.targetHash)
    case .refersTo: append(optional: event.refersTo?.rawValue)
    case .validUntil: append(timestamp: event.validUntil?.microseconds)
    case .flags: append(int4: event.flags.rawValue)
    case .claimant: append(bytes: event.claimant?.bytes)
    case .referenceCount: append(int4: event.referenceCount)
    case .resolvedWork: append(int4: event.resolvedWork)
    case .formalEvidenceCount: append(int4: event.formalEvidenceCount)
    case .createdAt: append(timestamp: event.createdAt.microseconds)
    case .entry: appendNull()
    default: append(column, of: event.key)
    }
  }

  /// Appends a column of events about keys.
  private mutating func append(_ column: EventColumn, of key: KeyColumns?) {
    guard let key else { return appendNull() }
    switch column {
    case .keyFingerprint: append(bytes: key.fingerprint.bytes)
    case .keySignerID: append(text: key.signerID)
    case .keySignerType:
      if let type = key.signerType { append(int2: type.rawValue) } else { appendNull() }
    case .keyID: append(text: key.keyID)
    case .keyPublic: append(bytes: key.publicKey)
    case .compromisedFrom: append(optional: key.compromisedFrom?.rawValue)
    case .keyName: append(text: key.name)
    default: appendNull()
    }
  }

  private mutating func append(optional value: Int64?) {
    if let value { append(int8: value) } else { appendNull() }
  }

  private mutating func append(text: String?) { append(bytes: text.map { Array($0.utf8) }) }
}
