/// What the bytes of evidence are. The raw value is stored with them, and names the folder of an export.
public enum EvidenceKind: String, Sendable, CaseIterable {
  /// The document of a record, or of a snapshot.
  case document
  /// A proof of time.
  case proof
  /// An identity token, which is not public, and which serves one event.
  case identityToken = "identity_token"
  /// Bytes that were uploaded.
  case storedBytes = "stored_bytes"
  /// A report of a fetch.
  case fetchReport = "fetch_report"
  /// Anything else.
  case other
}

extension Payload {
  /// What the bytes are that the payload names. The kind decides whether they may be served.
  public var evidenceKind: EvidenceKind {
    switch self {
    case .timestampAnchor, .anchorUpgraded: .proof
    case .authorAttestation, .eventWithdrawn: .identityToken
    case .storageAttestation(let storage): storage.kind == .file ? .storedBytes : .fetchReport
    case .checkRecorded: .fetchReport
    case .recordCreated, .graphSnapshot: .document
    default: .other
    }
  }
}
