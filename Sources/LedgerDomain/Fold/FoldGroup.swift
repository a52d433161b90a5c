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
/// Keys that were vouched for, claims by verified token, and citations of one paper under several names
/// cause links. An identity has few keys and claims, and admission limits its citations of a record by
/// one paper.
public struct FoldLinks: Sendable {
  /// The linked groups.
  public private(set) var groups: Set<Int64> = []
  /// Identities. The groups of checks that verified a claim of one of these are linked too.
  public private(set) var claimants: Set<Digest128> = []
  /// Citations of the record. The groups of citations by the same key and paper under another name
  /// are linked too.
  public private(set) var citations: Set<Citation> = []

  /// A key that cites under one name of a paper.
  public struct Citation: Hashable, Sendable {
    /// The key.
    public let key: Digest128
    /// The name.
    public let name: Digest128
    /// The paper.
    public let paper: Digest128
  }

  /// Finds the links of some events.
  ///
  /// - Parameters:
  ///   - events: events of one record; all events of each group in question.
  ///   - context: the keys and names as of the newest of the events.
  public init(_ events: some Sequence<FoldEvent>, _ context: FoldContext) {
    let timeline = context.timeline
    for event in events {
      guard let topic = event.topic else { continue }
      if event.type == .citationSignature {
        let paper = context.papers.paper(of: topic)
        for key in context.keysOfSigner(event.signerKey) {
          citations.insert(Citation(key: key, name: topic, paper: paper))
        }
      }
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

  /// Selects, among events of a record, those in the linked groups or in one further group.
  public func events(
    among events: [FoldEvent], and group: Int64, _ papers: PaperNames
  ) -> [FoldEvent] {
    var wanted = groups
    wanted.insert(group)
    let cited = Set(citations.map { CitedBy(key: $0.key, paper: $0.paper) })
    for event in events {
      guard let group = event.foldGroup else { continue }
      switch event.type {
      case .checkRecorded:
        if event.claimant.map(claimants.contains) ?? false { wanted.insert(group) }
      case .citationSignature:
        let paper = event.slot.map(papers.paper(of:))
        if paper.map({ cited.contains(CitedBy(key: event.signerKey, paper: $0)) }) ?? false {
          wanted.insert(group)
        }
      default: break
      }
    }
    return events.filter { $0.foldGroup.map(wanted.contains) ?? false }
  }
}

/// A key and a paper that it cites from.
private struct CitedBy: Hashable {
  let key: Digest128
  let paper: Digest128
}

extension PaperNames {
  /// The papers under whose other names some of the events cite.
  func joined(among events: borrowing Span<FoldEvent>) -> Set<Digest128> {
    if isEmpty { return [] }
    var joined: Set<Digest128> = []
    for index in events.indices where events[index].type == .citationSignature {
      guard let name = events[index].slot else { continue }
      let paper = paper(of: name)
      if paper != name { joined.insert(paper) }
    }
    return joined
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
  ///
  /// - Parameter joined: the papers that the record's events cite from under several names.
  func isLinked(_ context: FoldContext, _ joined: Set<Digest128>) -> Bool {
    let timeline = context.timeline
    switch type {
    case .citationSignature
    where !joined.isEmpty && slot.map { joined.contains(context.papers.paper(of: $0)) } ?? false:
      return true
    case .checkRecorded: return claimant != nil
    case .authorAttestation:
      return flags.contains(.tokenClaim) || timeline.boundIdentity(signerKey) != nil
    case .storageAttestation, .citationSignature, .replicationRecord:
      return timeline.boundIdentity(signerKey).map { timeline.keys(of: $0).count > 1 } ?? false
    default: return false
    }
  }
}
