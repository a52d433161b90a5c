public import Encodings

/// `check_recorded`: the registry checked an event again, with this verdict.
public struct CheckRecorded: EventPayload {
  /// The event that was checked.
  public let eventID: Digest
  /// The new verdict.
  public let verdict: Verdict
  /// SHA-256 of a report of the check.
  public let evidence: Digest?

  init(reading members: inout JSONObjectReader) throws(Refusal) {
    guard let verdict = Verdict(name: try members.text("verdict")) else {
      throw members.refusal("verdict", "No such verdict.")
    }
    self.verdict = verdict
    _ = try members.reason()
    eventID = try members.eventID("event_id")
    evidence = try members.optionalDigest("evidence_sha256")
  }

  var referencedEventID: Digest? { eventID }

  func setColumns(_ columns: inout FoldEvent, of source: ColumnSource) {
    columns.foldGroup = source.referenced?.foldGroup
    columns.verdict = verdict
    // A check that proves a pending claim by token links the claim to the other statements of its iD.
    if verdict == .verified, let claim = source.referenced, claim.flags.contains(.tokenClaim) {
      columns.claimant = claim.claimant
    }
  }
}
