public import Encodings

/// `storage_attestation`: these bytes are stored at a location.
public struct StorageAttestation: EventPayload {
  public enum Kind: String, Sendable, CaseIterable {
    case https, wayback, s3, ipfs, file
    case softwareHeritage = "software_heritage"
  }

  public enum Role: String, Sendable, CaseIterable {
    case document, other
    case canonicalRecord = "canonical_record"
  }

  public let kind: Kind
  /// What the bytes are. Storage of the role `other` never counts as storage of the record.
  public let role: Role
  public let location: String
  public let content: Digest
  public let sizeBytes: Int64
  public let observedAt: Timestamp
  /// When the statement ends; `nil` if it has no end.
  public let expiresAt: Timestamp?
  public let evidence: Digest?
  public let supersedes: Digest?

  init(reading members: inout JSONObjectReader) throws(Refusal) {
    kind = try members.choice("storage_kind", Kind.allCases)
    content = try members.digest("content_sha256")
    _ = try members.text("media_type", maxBytes: 100)
    role = try members.choice("content_role", Role.allCases)
    location = try Location.check(
      members.text("location", maxBytes: 2048), kind: kind, content: content)
    sizeBytes = try members.integer("size_bytes")
    observedAt = try members.timestamp("observed_at")
    expiresAt = try members.optionalTimestamp("expires_at")
    evidence = try members.optionalDigest("evidence_sha256")
    supersedes = try members.supersedes()
    if let expiresAt, expiresAt <= observedAt {
      throw members.refusal("expires_at", "Later than observed_at.")
    }
  }

  var referencedEventID: Digest? { supersedes }
  var slotKey: String? { location }

  func setColumns(_ columns: inout FoldEvent, of source: ColumnSource) {
    columns.validUntil = expiresAt
    if role != .other { columns.flags.insert(.contentRoleCounts) }
    if kind != .file { columns.flags.insert(.elsewhere) }
    if source.admission.verdict(of: "storage_provider") != nil {
      columns.flags.insert(.providerStatement)
    }
  }
}
