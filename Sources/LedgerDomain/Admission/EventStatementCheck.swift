import Encodings
import ProofFormats

/// Checks statements about another event: withdrawals, decisions of moderators, and repeated checks.
struct EventStatementCheck {
  let authority: SignerAuthority
  /// The event that the statement names.
  let referenced: FoldEvent

  /// Checks a `moderation_decision`. A moderator cannot decide on a statement of the same key or
  /// identity, nor on one that is not live.
  ///
  /// - Parameter group: the events of the group of the statement that is decided on.
  func moderation(_ payload: ModerationDecision, group: LinkedEvents) throws(Refusal) {
    guard referenced.type == .replicationRecord else {
      throw Refusal(.eventID, "payload.event_id", "Only a replication_record is moderated.")
    }
    let author = authority.timeline.identity(referenced.signerKey, at: referenced.position)
    guard referenced.signerKey != authority.signer.fingerprint, authority.identity != author else {
      throw Refusal(
        .forbidden, .authority, "signer", "A moderator cannot decide on their own record.")
    }
    let fold = GroupFold(group, authority.timeline)
    let statement = fold.statements.first { $0.event.position == referenced.position }
    if let statement, !statement.isLive {
      throw Refusal(
        .conflict, .eventID, "payload.event_id",
        "This replication record is \(fold.standing(of: statement).name). Only a record that stands is "
          + "decided on.")
    }
  }

  /// Checks a `check_recorded`. It is about an attestation, or records that evidence was erased.
  func checkRecorded(
    _ payload: CheckRecorded, _ finding: Finding?, _ admission: inout Admission
  ) throws(Refusal) {
    guard referenced.type.isAttestation || payload.verdict == .erased else {
      throw Refusal(.eventID, "payload.event_id", "Only an attestation is checked again.")
    }
    admission.provenAt = finding?.provenAt
  }

  /// Checks an `event_withdrawn`. The signer's key, the signer's identity or the registry may
  /// withdraw.
  ///
  /// - Parameter group: the events of the group of the statement that is withdrawn.
  func withdrawal(group: LinkedEvents) throws(Refusal) {
    guard referenced.type.isAttestation else {
      throw Refusal(.eventID, "payload.event_id", "Only an attestation can be withdrawn.")
    }
    let fold = GroupFold(group, authority.timeline)
    let statement = fold.statements.first { $0.event.position == referenced.position }
    guard let statement,
      authority.isRegistry || statement.event.signerKey == authority.signer.fingerprint
        || statement.identity == authority.identity
    else {
      throw Refusal(
        .forbidden, .authority, "signer", "Only the signer of an attestation withdraws it.")
    }
    if statement.isWithdrawn {
      throw Refusal(
        .conflict, .eventID, "payload.event_id", "This event has been withdrawn already.")
    }
  }

  /// Checks the identity token that replaces the signature of the person who made a bare claim by token.
  func withdrawalToken(
    _ digest: Digest, of record: RecordFacts?, _ evidence: EvidenceForm, _ finding: Finding?,
    _ admission: inout Admission
  ) throws(Refusal) {
    guard authority.isRegistry, referenced.flags.isSuperset(of: [.tokenClaim, .bare]) else {
      throw Refusal(
        .eventID, "payload.event_id",
        "Only an unsigned claim by identity token is withdrawn by token. Sign the withdrawal with the "
          + "key that made the statement.")
    }
    let token = try evidence.identityToken(
      digest, for: try record.required().pithNumber, key: nil)
    let person = KeyTimeline.identity(signerID: "https://orcid.org/" + token.subject)
    guard referenced.claimant == person else {
      throw Refusal(.tokenSubject, "payload.event_id", "The claim is another iD's.")
    }
    admission.checks.append(Check("token_form", .verified))
    // A claim can be pending; a withdrawal cannot, because it takes effect at its position.
    guard let finding, finding.verdict == .verified else {
      throw Refusal(
        .unavailable, .tokenSignature, "evidence",
        "The token cannot be checked now: "
          + (finding?.missing ?? "no audience is configured, or the issuer's keys are not available")
          + ".")
    }
    admission.apply(finding, orPending: "token_signature")
  }
}
