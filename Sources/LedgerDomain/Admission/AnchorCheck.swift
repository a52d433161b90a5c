import Encodings

/// Checks `timestamp_anchor` and `anchor_upgraded`.
struct AnchorCheck {
  /// The number of pending unsigned anchors that a record may have.
  static let maxPendingBareAnchors = 16

  let authority: SignerAuthority
  let evidence: EvidenceForm
  let target: Target
  let record: RecordFacts?
  /// SHA-256 of the checkpoint that the target names.
  let checkpointDigest: Digest?
  let finding: Finding?

  /// Checks a `timestamp_anchor`: the digest, the form of the proof, and the limit of pending
  /// unsigned anchors.
  func anchor(_ payload: TimestampAnchor, _ admission: inout Admission) throws(Refusal) {
    let anchored = try anchoredDigest(.timestampAnchor)
    guard payload.digest == anchored else {
      throw Refusal(
        .digest, "payload.digest_sha256", "The digest to be anchored here is \(anchored.hex).")
    }
    try evidence.checkProof(payload.proof, payload.kind, of: anchored)
    admission.checks.append(Check("proof_form", .verified))
    admission.apply(
      finding, orPending: payload.kind == .rfc3161 ? "token_signature" : "bitcoin")
    if authority.isRegistry, admission.verdict == .pending, let record {
      try limitPending(record, &admission)
    }
  }

  /// Checks an `anchor_upgraded`: the anchor that it names, and the form of the proof.
  func upgrade(
    _ payload: AnchorUpgraded, referenced: FoldEvent, _ admission: inout Admission
  ) throws(Refusal) {
    guard referenced.type == .timestampAnchor else {
      throw Refusal(.eventID, "payload.event_id", "Only a timestamp_anchor is upgraded.")
    }
    try evidence.checkProof(
      payload.proof, .opentimestamps, of: try anchoredDigest(.anchorUpgraded))
    admission.checks.append(Check("proof_form", .verified))
    admission.apply(finding, orPending: "bitcoin")
  }

  /// The digest that a proof of time must be about: the record's, or that of the checkpoint that the
  /// target names.
  private func anchoredDigest(_ type: EventType) throws(Refusal) -> Digest {
    guard let size = target.checkpoint else { return try record.required().canonicalSHA256 }
    try authority.requireRegistry(for: type)
    guard let checkpointDigest else {
      throw Refusal(.checkpoint, "target", "This log signed no checkpoint of \(size) entries.")
    }
    return checkpointDigest
  }

  /// Limits the pending anchors that the registry signed for clients without a key.
  private func limitPending(
    _ record: RecordFacts, _ admission: inout Admission
  ) throws(Refusal) {
    if finding?.canBeSettled == false {
      // It does not count towards the limit, so that worthless anchors cannot exclude others.
      admission.checks.append(Check(Admission.settleable, .failed))
      return
    }
    guard record.pendingBareAnchors < Self.maxPendingBareAnchors else {
      throw Refusal(
        .tooMany, .pendingAnchors, nil,
        "This record has \(record.pendingBareAnchors) pending unsigned anchors. Sign yours with a "
          + "registered key.")
    }
  }
}
