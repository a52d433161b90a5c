import Encodings

/// A signed event, as a source has it.
///
/// Specification: merging.md, section Statements.
public struct MergeStatement: Sendable {
  /// What a ledger says about an event that it admitted: its position and the results of admission.
  public struct Testimony: Sendable, Equatable {
    /// The origin of the ledger.
    public let origin: String
    /// The position of the event in the ledger's log.
    public let position: Position
    /// The results of admission.
    public let admission: Admission

    /// Makes a testimony.
    public init(origin: String, position: Position, admission: Admission) {
      self.origin = origin
      self.position = position
      self.admission = admission
    }
  }

  /// The event.
  public let event: SignedEvent
  /// What a trusted ledger says about it. `nil` if the statement rests on its signature alone.
  public let testimony: Testimony?

  /// Makes a statement that rests on its signature.
  public init(_ event: SignedEvent) {
    self.event = event
    testimony = nil
  }

  /// Makes a statement of an entry of a trusted ledger. The caller has verified the signature, and that
  /// the entry is in the ledger's log at this position.
  public init(_ entry: Entry, at position: Position, in origin: String) {
    event = entry.event
    testimony = Testimony(origin: origin, position: position, admission: entry.admission)
  }

  /// Whether the event is about a record.
  func isAbout(_ number: PithNumber) -> Bool { event.body.subject == .record(number) }
}

/// What one ledger, or a signature alone, says about an attestation, without the effects of other
/// statements of the same signer.
struct MergeAssessment: Sendable {
  /// The standing, without supersession, withdrawal by the signer, and contradictions.
  let standing: Standing
  /// The identity of the signer, if the ledger binds the key or the token to one.
  let identity: Digest128?
  /// Whether the claim is strong.
  let isStrong: Bool
  /// Whether the claim of authorship counts, strong or weak.
  let isAuthor: Bool
  /// Whether the citation is by a vouched key.
  let isVouched: Bool
  /// The time until which storage counts.
  let storageUntil: Timestamp?

  /// Folds an attestation together with the statements of authority about it.
  ///
  /// - Parameter isOutdated: whether the ledger's registry withdrew a statement in the same slot, and this
  ///   one was not signed later.
  init(
    _ attestation: FoldEvent, _ referrers: [FoldEvent], _ timeline: KeyTimeline, signer: Signer,
    isOutdated: Bool = false
  ) {
    let fold = GroupFold(LinkedEvents([attestation] + referrers), timeline)
    let totals = fold.contribution
    let statement = fold.statements.first
    let own = statement.map { fold.standing(of: $0) } ?? .pending
    standing = isOutdated && own != .revoked && own != .withdrawn ? .superseded : own
    isStrong = totals.strongAuthors > 0
    isAuthor = totals.strongAuthors + totals.weakAuthors > 0
    isVouched = totals.vouchedCitationEdges > 0
    storageUntil = fold.storage.values.max()
    // The other identities are the key and the event. They are the same in every ledger.
    let bound =
      attestation.flags.contains(.tokenClaim)
      ? attestation.claimant : KeyTimeline.identity(signerID: signer.signerID)
    identity = statement?.identity == bound ? bound : nil
  }
}
