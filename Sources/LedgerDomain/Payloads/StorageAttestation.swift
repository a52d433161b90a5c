public import Encodings

/// `storage_attestation`: these bytes are stored at a location.
public struct StorageAttestation: EventPayload {
  /// The kind of storage. The raw value is the member `storage_kind`.
  public enum Kind: String, Sendable, CaseIterable {
    /// A web address, a capture of the Wayback Machine, an S3 object, an IPFS address, or a file
    /// that the ledger stores.
    case https, wayback, s3, ipfs, file
    /// A content identifier of Software Heritage, `swh:1:cnt:…`.
    case softwareHeritage = "software_heritage"
  }

  /// The role of the bytes. The raw value is the member `content_role`.
  public enum Role: String, Sendable, CaseIterable {
    /// The record's document, or other bytes.
    case document, other
    /// The canonical record.
    case canonicalRecord = "canonical_record"
  }

  /// The kind of storage.
  public let kind: Kind
  /// The role of the bytes. Storage of the role `other` never counts as storage of the record.
  public let role: Role
  /// The location, at most 2048 bytes. Its form depends on the kind.
  public let location: String
  /// SHA-256 of the stored bytes.
  public let content: Digest
  /// The number of stored bytes.
  public let sizeBytes: Int64
  /// The time at which the bytes were found at the location.
  public let observedAt: Timestamp
  /// The time until which the statement counts; `nil` if it has no end.
  public let expiresAt: Timestamp?
  /// SHA-256 of the evidence: the bytes of a file, or a report of a fetch.
  public let evidence: Digest?
  /// The event that this one replaces.
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
