public import Encodings

/// `timestamp_anchor`: a digest existed at a time. The proof is sent as evidence.
public struct TimestampAnchor: EventPayload {
  /// The kind of proof. The raw value is the member `anchor_kind`.
  public enum Kind: String, Sendable, CaseIterable { case opentimestamps, rfc3161 }

  /// The kind of proof.
  public let kind: Kind
  /// SHA-256 of the record's canonical form, or of the text of a checkpoint.
  public let digest: Digest
  /// SHA-256 of the proof.
  public let proof: Digest
  /// The event that this one replaces.
  public let supersedes: Digest?

  init(reading members: inout JSONObjectReader) throws(Refusal) {
    kind = try members.choice("anchor_kind", Kind.allCases)
    digest = try members.digest("digest_sha256")
    proof = try members.digest("evidence_sha256")
    supersedes = try members.supersedes()
  }

  var referencedEventID: Digest? { supersedes }
  var evidence: Digest? { proof }

  func setColumns(_ columns: inout FoldEvent, of source: ColumnSource) {
    columns.foldGroup =
      source.referenced?.foldGroup
      ?? FoldGroup.of(source.signer, Digest128(of: EventType.timestampAnchor.name, proof.hex))
    if source.admission.verdict(of: Admission.settleable) == .failed {
      columns.flags.insert(.unsettleable)
    }
  }
}
