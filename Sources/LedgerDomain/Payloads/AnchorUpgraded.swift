public import Encodings

/// `anchor_upgraded`: a complete proof replaces the pending proof of an anchor.
public struct AnchorUpgraded: EventPayload {
  /// The anchor.
  public let eventID: Digest
  /// SHA-256 of the complete proof.
  public let proof: Digest

  init(reading members: inout JSONObjectReader) throws(Refusal) {
    eventID = try members.eventID("event_id")
    proof = try members.digest("evidence_sha256")
  }

  var referencedEventID: Digest? { eventID }
  var evidence: Digest? { proof }

  func setColumns(_ columns: inout FoldEvent, of source: ColumnSource) {
    columns.foldGroup = source.referenced?.foldGroup
  }
}
