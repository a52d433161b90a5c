import Encodings

/// Checks that an attestation does not contradict the live statements of its signer.
///
/// The fold decides about slots, in the order of the log. This check refuses what the fold would
/// not count, so that the signer gets an error.
struct SlotCheck {
  /// The number of statements of one key that are folded together. Each one makes the fold slower.
  static let maxStatements = 512

  let event: SignedEvent
  let authority: SignerAuthority
  /// The columns that the event would have.
  let candidate: FoldEvent
  private let fold: GroupFold
  /// The candidate as a statement, for its identity. The fold of the log computes the same one.
  private let statement: GroupFold.Statement?

  init(
    _ event: SignedEvent, _ authority: SignerAuthority, candidate: FoldEvent, group: LinkedEvents
  ) {
    self.event = event
    self.authority = authority
    self.candidate = candidate
    fold = GroupFold(group, authority.timeline)
    statement =
      GroupFold(LinkedEvents([candidate], group.papers), authority.timeline).statements.first
  }

  /// Runs the checks in their order.
  func check() throws(Refusal) {
    try checkCount()
    try checkAge()
    try checkSuperseded()
    try checkLive()
  }

  /// Limits the statements of a key that are folded together. A storage provider has no limit: it repeats its statements
  /// for years, and the operator vouched for it.
  private func checkCount() throws(Refusal) {
    let count = fold.statements.count { $0.event.signerKey == candidate.signerKey }
    guard count >= Self.maxStatements, !authority.isStorageProvider else { return }
    throw Refusal(
      .tooMany, .statements, nil,
      "You have made \(count) statements here. A signer may make at most \(Self.maxStatements).")
  }

  /// Refuses a statement that is not newer than the signer's last withdrawal in the slot.
  private func checkAge() throws(Refusal) {
    guard let last = statement.flatMap({ fold.lastWithdrawal(where: $0) }),
      event.body.createdAt <= last
    else { return }
    throw Refusal(
      .conflict, .createdAt, "created_at",
      "The same signer withdrew a statement here at \(last), so this statement does not count. Sign it "
        + "again with a later created_at.")
  }

  /// Checks that the statement in `supersedes` is live and has the same signer, slot and target.
  private func checkSuperseded() throws(Refusal) {
    guard let id = event.body.payload.referencedEventID else { return }
    guard let target = fold.statements.first(where: { $0.event.eventID == id }),
      target.event.type == event.body.type, target.identity == statement?.identity,
      target.event.slot == statement?.event.slot, target.event.targetHash == candidate.targetHash
    else {
      throw Refusal(
        .supersedes, "payload.supersedes",
        "A statement supersedes only a statement of the same signer, slot and target.")
    }
    guard target.isLive else {
      throw Refusal(
        .conflict, .supersedes, "payload.supersedes",
        "That statement is \(fold.standing(of: target).name) already.")
    }
  }

  /// Refuses a second live statement in a slot. A newer statement must name the older one in
  /// `supersedes`.
  private func checkLive() throws(Refusal) {
    guard let slot = statement?.event.slot else { return }
    let live = fold.live.first {
      $0.event.slot == slot && $0.event.targetHash == candidate.targetHash
        && $0.identity == statement?.identity
        && $0.event.eventID != event.body.payload.referencedEventID
    }
    guard let live else { return }
    throw Refusal(
      .conflict, .slot, "payload.supersedes",
      "You have a live statement here, sha256:\(live.event.eventID.hex). Name it in supersedes, or "
        + "withdraw it.")
  }
}
