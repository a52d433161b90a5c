public import Encodings

/// The groups of events that are folded together.
///
/// A group has one owner, so that nobody makes another's group longer: a key, for what the key signed;
/// an identity that an issuer proved, for its claims by token; or one claim whose token is not checked
/// yet. The statements of several keys of one identity are in several groups, which ``FoldLinks`` brings
/// together.
public enum FoldGroup {
  /// All claims of one owner are counted together, whichever iD they are for.
  public static let authors = Digest128(of: EventType.authorAttestation.name, "")

  /// The group of a signed statement.
  static func of(_ signer: Signer, _ topic: Digest128) -> Int64 {
    // A registry has one key after the other, all of them by its own word.
    signer.signerType == .registry
      ? of(identity: KeyTimeline.identity(signerID: signer.signerID), topic)
      : of(key: signer.fingerprint, topic)
  }

  public static func of(key: Digest128, _ topic: Digest128) -> Int64 {
    Digest128(of: "key", key.hex, topic.hex).hash64
  }

  public static func of(identity: Digest128, _ topic: Digest128) -> Int64 {
    Digest128(of: "identity", identity.hex, topic.hex).hash64
  }

  public static func of(claim: Digest) -> Int64 { Digest128(of: "claim", claim.hex).hash64 }
}

/// The groups that belong together with those of some events, because one identity speaks in all of them.
///
/// Only keys that are vouched for, and claims that a token proved, make links: both are few for each
/// identity.
public struct FoldLinks: Sendable {
  public private(set) var groups: Set<Int64> = []
  /// Identities: the groups of checks that found a claim to be by one of these belong here too.
  public private(set) var claimants: Set<Digest128> = []

  /// - Parameters:
  ///   - events: of one record; all of the groups that the links are asked for.
  ///   - timeline: as of the newest of them.
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

  public var isEmpty: Bool { groups.isEmpty && claimants.isEmpty }

  /// Those of some events of a record that are in these groups or in one more.
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
  /// What, with its owner, determines the group of a statement; `nil` where no other group can matter.
  var topic: Digest128? {
    switch type {
    case .authorAttestation: FoldGroup.authors
    case .storageAttestation, .citationSignature, .replicationRecord: slot
    default: nil
    }
  }

  /// Whether what other groups say may bear on this event.
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
