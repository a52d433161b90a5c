public import Encodings

/// `event_withdrawn`: the signer of an attestation withdraws it.
public struct EventWithdrawn: EventPayload {
  /// The attestation that is withdrawn.
  public let eventID: Digest
  /// The reason, at most 500 bytes.
  public let reason: String
  /// SHA-256 of an identity token. The token replaces the signature of a person who made a bare
  /// claim by token.
  public let evidence: Digest?

  init(reading members: inout JSONObjectReader) throws(Refusal) {
    eventID = try members.eventID("event_id")
    reason = try members.reason()
    evidence = try members.optionalDigest("evidence_sha256")
  }

  var referencedEventID: Digest? { eventID }

  func setColumns(_ columns: inout FoldEvent, of source: ColumnSource) {
    columns.foldGroup = source.referenced?.foldGroup
  }
}
