public import Encodings

extension GroupFold {
  /// An attestation and the effects of later events on it.
  public struct Statement: Sendable {
    /// The attestation.
    public let event: FoldEvent
    /// The name of the citing paper in a citation. The slot of ``event`` is the paper.
    let citingName: Digest128?
    let signer: KeyTimeline.Signer
    /// The identity of the signer.
    public var identity: Digest128
    /// The verdict of the entry, or of the newest `check_recorded` about it.
    public var verdict: Verdict
    /// Whether it was withdrawn.
    public var isWithdrawn = false
    /// Whether a later statement names it in `supersedes`.
    public var isSuperseded = false
    /// Whether it was signed no later than the signer's last withdrawal in its slot.
    public var isOutdated = false
    /// Whether an earlier live statement of the same slot contradicts it, and counts instead.
    public var isEquivocating = false
    /// The newest decision of a moderator; `nil` if there is none.
    public var decision: Bool?

    /// Whether its key has no standing at its position.
    public var isRevoked: Bool { signer.isRevoked }
    /// Whether it is neither revoked nor withdrawn nor superseded nor outdated.
    public var isLive: Bool { !isRevoked && !isWithdrawn && !isSuperseded && !isOutdated }
    /// The slot and target with the identity; `nil` for types without slots.
    var place: Place? {
      event.slot.map { Place(identity: identity, slot: $0, target: event.targetHash) }
    }
  }

  /// A signer's slot for one target.
  struct Place: Hashable {
    let identity: Digest128
    let slot: Digest128
    let target: Int64
  }
}
