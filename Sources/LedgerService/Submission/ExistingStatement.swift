import LedgerDomain

/// The statement in the log that corresponds to a bare action before the registry signs it.
enum ExistingStatement: Sendable, Equatable {
  case none
  /// An equal live statement. The submission is answered with it.
  case same(FoldEvent)
  /// A live statement about the same location. The new one supersedes it.
  case older(FoldEvent)
  /// A live statement whose role counts, while the role of the new one does not. The new one is refused.
  case stands(FoldEvent)
}

extension ExistingStatement {
  /// Finds the statement that a bare action repeats or replaces.
  ///
  /// - Parameters:
  ///   - candidate: the event to be signed.
  ///   - group: the events of the candidate's fold group.
  ///   - now: the time against which expiry is checked.
  init(
    for candidate: FoldEvent, among group: LinkedEvents, _ timeline: KeyTimeline, at now: Timestamp
  ) {
    let fold = GroupFold(group, timeline)
    // A rejected anchor does not block a second submission of the same proof.
    let bare = fold.live.filter {
      candidate.type != .timestampAnchor || fold.standing(of: $0) != .rejected
    }.map(\.event).filter {
      $0.type == candidate.type && $0.targetHash == candidate.targetHash && $0.flags.contains(.bare)
    }
    func isValid(_ event: FoldEvent) -> Bool { event.validUntil.map { $0 > now } ?? true }
    if let same = bare.first(where: { $0.statement == candidate.statement && isValid($0) }) {
      self = .same(same)
      return
    }
    guard candidate.type == .storageAttestation,
      let older = bare.first(where: { $0.slot == candidate.slot })
    else {
      self = .none
      return
    }
    // A statement whose role counts is not replaced by one about the same location whose role does not
    // count.
    let counts =
      older.flags.contains(.contentRoleCounts) && isValid(older)
      && fold.statements.contains { $0.event.position == older.position && $0.verdict == .verified }
    self = counts && !candidate.flags.contains(.contentRoleCounts) ? .stands(older) : .older(older)
  }
}
