import Encodings

/// Checks one event against the log, its signer and its evidence.
///
/// An event that is provably false or not allowed is refused. A fact that cannot be decided yet is
/// admitted as pending. Specification: events.md, section Who may sign what, and standing.md.
///
/// - Throws: a `Refusal` with the check and the member.
public func admit(
  _ verified: VerifiedEvent, _ context: AdmissionContext
) throws(Refusal) -> Admission {
  let check = AdmissionCheck(verified, context)
  let admission = try check.checkAllButSlot()
  if verified.event.body.type.isAttestation { try check.checkSlot(admission) }
  return admission
}

/// Checks an event against the log, its signer and the form of its evidence, before the ledger asks an
/// external service about it.
///
/// - Throws: the `Refusal` with which ``admit(_:_:)`` would end whatever the service answers. Slots are not checked,
///   since the owner of a claim depends on the answer.
public func precheck(
  _ verified: VerifiedEvent, _ context: AdmissionContext
) throws(Refusal) {
  var context = context
  context.finding = context.finding ?? Finding([], .verified)
  _ = try AdmissionCheck(verified, context, isPrecheck: true).checkAllButSlot()
}

/// The checks of one admission, in their order.
struct AdmissionCheck {
  /// The number of seconds that a signer's clock may be ahead of the ledger's.
  static let clockSkewSeconds: Int64 = 300

  private let verified: VerifiedEvent
  private let context: AdmissionContext
  private let authority: SignerAuthority
  private let evidence: EvidenceForm

  private var event: SignedEvent { verified.event }
  private var body: EventBody { verified.event.body }

  init(_ verified: VerifiedEvent, _ context: AdmissionContext, isPrecheck: Bool = false) {
    self.verified = verified
    self.context = context
    authority = SignerAuthority(
      signer: verified.event.body.signer, timeline: context.timeline, position: context.position,
      origin: context.origin)
    evidence = EvidenceForm(evidence: context.evidence, isPrecheck: isPrecheck)
  }

  /// Runs every check except that of the slot. Returns the results.
  func checkAllButSlot() throws(Refusal) -> Admission {
    if body.createdAt > context.now.adding(seconds: Self.clockSkewSeconds) {
      throw Refusal(
        .createdAt, "created_at",
        "More than five minutes in the future. Check the signer's clock.")
    }
    try SubmissionParser.checkNamed(context.evidence, by: body.payload)
    try checkSigner()
    if let claim = body.target.claim, context.record?.claimIDs.contains(claim) != true {
      throw Refusal(
        .claims, "target", "The newest snapshot of this record has no claim \(claim).")
    }
    var admission = Admission.signedOnly(at: context.now)
    if body.type.isAboutKeys {
      try checkKeyEvent()
    } else {
      try checkPayload(&admission)
    }
    return admission
  }

  /// Checks the slot of an attestation that passed the other checks.
  func checkSlot(_ admission: Admission) throws(Refusal) {
    let candidate = event.foldEvent(
      admission, position: context.position, record: context.record?.record ?? .registry,
      referenced: context.referenced)
    try SlotCheck(event, authority, candidate: candidate, group: context.group).check()
  }

  /// Checks the signer. A registration is signed by the key in its payload, which is not registered
  /// yet.
  private func checkSigner() throws(Refusal) {
    guard case .keyRegistered(let payload) = body.payload else {
      return try authority.check(verified)
    }
    try keyCheck.registration(
      payload, trustedReceiptKeys: context.trustedReceiptKeys,
      operatorAuthorised: context.operatorAuthorised, isRotation: context.isRotation)
  }

  private func checkKeyEvent() throws(Refusal) {
    switch body.payload {
    case .keyVouched(let payload): try keyCheck.vouching(payload)
    case .vouchingWithdrawn(let payload): try keyCheck.vouchingWithdrawal(payload)
    case .keyRevoked(let payload): try keyCheck.revocation(payload)
    default: break
    }
  }

  private func checkPayload(_ admission: inout Admission) throws(Refusal) {
    switch body.payload {
    case .timestampAnchor(let payload): try anchorCheck.anchor(payload, &admission)
    case .anchorUpgraded(let payload):
      try authority.requireRegistry(for: body.type)
      try anchorCheck.upgrade(payload, referenced: try referenced(), &admission)
    case .storageAttestation(let payload):
      try StorageCheck(
        authority: authority, evidence: evidence, record: try context.record.required(),
        finding: context.finding, now: context.now
      ).check(payload, &admission)
    case .authorAttestation(let payload):
      try AuthorCheck(
        authority: authority, evidence: evidence, record: try context.record.required(),
        finding: context.finding
      ).check(payload, &admission)
    case .citationSignature(let payload):
      try recordCheck.citation(
        payload, citesItself: context.citesItself)
    case .replicationRecord(let payload): try recordCheck.replication(payload)
    case .recordCreated(let payload):
      try recordCheck.recordCreated(
        payload, subject: body.subject, trustedReceiptKeys: context.trustedReceiptKeys,
        operatorAuthorised: context.operatorAuthorised, &admission)
    case .graphSnapshot, .aliasAdded: try authority.requireRegistry(for: body.type)
    case .aliasRetracted(let payload): try recordCheck.aliasRetraction(payload)
    default: try checkEventStatement(&admission)
    }
  }

  private func checkEventStatement(_ admission: inout Admission) throws(Refusal) {
    switch body.payload {
    case .checkRecorded(let payload):
      try authority.requireRegistry(for: body.type)
      try eventCheck().checkRecorded(payload, context.finding, &admission)
    case .moderationDecision(let payload):
      try authority.requireThisLog(payload.log)
      try requireModerator()
      try eventCheck().moderation(payload, group: context.group)
    case .eventWithdrawn(let payload):
      let check = try eventCheck()
      try check.withdrawal(group: context.group)
      if let token = payload.evidence {
        try check.withdrawalToken(
          token, of: context.record, evidence, context.finding, &admission)
      }
    default: break
    }
  }

  private func requireModerator() throws(Refusal) {
    guard authority.isModerator else {
      throw Refusal(
        .forbidden, .authority, "signer", "Only a key that is vouched for as moderator decides.")
    }
  }

  // MARK: The checks by subject

  private var keyCheck: KeyEventCheck { KeyEventCheck(authority: authority, target: body.target) }

  private var recordCheck: RecordStatementCheck {
    RecordStatementCheck(authority: authority, record: context.record)
  }

  private var anchorCheck: AnchorCheck {
    AnchorCheck(
      authority: authority, evidence: evidence, target: body.target, record: context.record,
      checkpointDigest: context.checkpointDigest, finding: context.finding)
  }

  private func eventCheck() throws(Refusal) -> EventStatementCheck {
    EventStatementCheck(authority: authority, referenced: try referenced())
  }

  private func referenced() throws(Refusal) -> FoldEvent {
    guard let found = context.referenced else {
      throw Refusal(
        .eventID, "payload.event_id",
        "This record has no event \(body.payload.referencedEventID?.hex ?? "").")
    }
    return found
  }
}

extension Admission {
  /// Takes over a finding. Without one, the check of this name is pending.
  mutating func apply(_ finding: Finding?, orPending check: String) {
    let finding = finding ?? Finding([Check(check, .pending)], .pending)
    checks += finding.checks
    verdict = finding.verdict
    provenAt = finding.provenAt
  }
}
