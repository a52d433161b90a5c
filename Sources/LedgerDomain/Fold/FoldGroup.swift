public import Encodings

/// The groups of events that are folded together.
///
/// A group has one owner, so that a signer cannot enlarge the group of another signer. The owner is
/// a key, for the statements that it signed; an identity, for its claims by verified token; or one
/// claim whose token is not verified. The statements of one identity that has several keys are in
/// several groups, which ``FoldLinks`` combines.
public enum FoldGroup {
  /// The topic of author claims. The claims of one owner are in one group, for any iD.
  public static let authors = Digest128(of: EventType.authorAttestation.name, "")

  /// The group of a signed statement.
  static func of(_ signer: Signer, _ topic: Digest128) -> Int64 {
    // The keys of the registry share one group, because the registry vouches for each new key itself.
    signer.signerType == .registry
      ? of(identity: KeyTimeline.identity(signerID: signer.signerID), topic)
      : of(key: signer.fingerprint, topic)
  }

  /// The group of the statements of a key about a topic.
  public static func of(key: Digest128, _ topic: Digest128) -> Int64 {
    Digest128(of: "key", key.hex, topic.hex).hash64
  }

  /// The group of the statements of an identity about a topic.
  public static func of(identity: Digest128, _ topic: Digest128) -> Int64 {
    Digest128(of: "identity", identity.hex, topic.hex).hash64
  }

  /// The group of one claim whose token is not verified.
  ///
  /// - Parameter claim: the event id.
  public static func of(claim: Digest) -> Int64 { Digest128(of: "claim", claim.hex).hash64 }
}

/// The groups that must be folded together with some events, because they contain statements of the
/// same identities.
///
/// Only keys that were vouched for, and claims by verified token, cause links. An identity has few
/// of both.
public struct FoldLinks: Sendable {
  /// The linked groups.
  public private(set) var groups: Set<Int64> = []
  /// Identities. The groups of checks that verified a claim of one of these are linked too.
  public private(set) var claimants: Set<Digest128> = []

  /// Finds the links of some events.
  ///
  /// - Parameters:
  ///   - events: events of one record; all events of each group in question.
  ///   - timeline: the keys as of the newest of the events.
  public init(_ events: some Sequence<FoldEvent>, _ timeline: KeyTimeline) {
    for event in events {
      guard let topic = event.topic else { continue }
      let identity: Digest128
      if event.flags.contains(.tokenClaim) {
        guard let claimant = event.claimant else { continue }
        identity = claimant
      } else {
        guard let bound = timeline.boundIdentity(event.signerKey) else { continue }
        identity = bound
      }
      let keys = timeline.keys(of: identity)
      let isClaim = event.type == .authorAttestation
      if keys.count > 1 || isClaim {
        for key in keys { groups.insert(FoldGroup.of(key: key, topic)) }
      }
      if isClaim {
        groups.insert(FoldGroup.of(identity: identity, topic))
        claimants.insert(identity)
      }
    }
  }

  /// Whether there are no links.
  public var isEmpty: Bool { groups.isEmpty && claimants.isEmpty }

  /// Selects, among events of a record, those in the linked groups or in one further group.
  public func events(among events: [FoldEvent], and group: Int64) -> [FoldEvent] {
    var wanted = groups
    wanted.insert(group)
    for event in events where event.type == .checkRecorded {
      if let claimant = event.claimant, claimants.contains(claimant), let group = event.foldGroup {
        wanted.insert(group)
      }
    }
    return events.filter { $0.foldGroup.map(wanted.contains) ?? false }
  }
}

extension FoldEvent {
  /// The part of a statement that determines its group together with the owner; `nil` for a type
  /// that is never linked.
  var topic: Digest128? {
    switch type {
    case .authorAttestation: FoldGroup.authors
    case .storageAttestation, .citationSignature, .replicationRecord: slot
    default: nil
    }
  }

  /// Whether events of other groups can affect this event.
  func isLinked(_ timeline: KeyTimeline) -> Bool {
    switch type {
    case .checkRecorded: claimant != nil
    case .authorAttestation:
      flags.contains(.tokenClaim) || timeline.boundIdentity(signerKey) != nil
    case .storageAttestation, .citationSignature, .replicationRecord:
      timeline.boundIdentity(signerKey).map { timeline.keys(of: $0).count > 1 } ?? false
    default: false
    }
  }
}
