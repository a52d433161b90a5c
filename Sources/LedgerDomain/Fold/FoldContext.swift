public import Encodings

/// What the fold of a record depends on besides the record's own events, as of a position.
public struct FoldContext: Sendable {
  /// The keys.
  public var timeline: KeyTimeline
  /// The names of papers. Only those are needed under which the folded events cite.
  public var papers: PaperNames

  /// Makes a context from its parts.
  public init(_ timeline: KeyTimeline, _ papers: PaperNames) {
    self.timeline = timeline
    self.papers = papers
  }

  /// Makes a context for events without citations.
  public init(withoutCitations timeline: KeyTimeline) { self.init(timeline, PaperNames()) }

  /// The keys whose statements may have the same identity as those of a key: the key itself, and the
  /// other keys that were ever vouched for with its identity, or all keys of the registry.
  func keysOfSigner(_ key: Digest128) -> [Digest128] { timeline.keysOfSigner(key) }
}

extension KeyTimeline {
  fileprivate func keysOfSigner(_ key: Digest128) -> [Digest128] {
    let registry = registryKeys
    let keys = registry.contains(key) ? registry : boundIdentity(key).map(keys) ?? []
    return keys.contains(key) ? keys : keys + [key]
  }

  /// Whether no other key can make statements of the same identity as those of a key.
  public func isOnlyKeyOfSigner(_ key: Digest128) -> Bool { keysOfSigner(key).count == 1 }
}

/// Events of a record that are folded together, with the names under which they cite.
public struct LinkedEvents: Sendable {
  /// All events of some groups and of the groups linked to them, by position.
  public var events: [FoldEvent]
  /// The names of the citing papers.
  public var papers: PaperNames

  /// Makes a collection from its parts.
  public init(_ events: [FoldEvent] = [], _ papers: PaperNames = PaperNames()) {
    self.events = events
    self.papers = papers
  }
}

extension GroupFold {
  /// Folds events that are linked.
  ///
  /// - Parameters:
  ///   - linked: the events with all that their links lead to.
  ///   - timeline: the keys as of the last event, or later.
  public init(_ linked: LinkedEvents, _ timeline: KeyTimeline) {
    self.init(linked.events, FoldContext(timeline, linked.papers))
  }
}
