public import Encodings

/// Which names belong to one paper, as of a position. It is a pure function of the log's prefix.
///
/// A Pith Number names the source of its record. A source and the aliases of its records name one
/// paper; so do names that share an alias. A name is given by the slot of a citation under it,
/// ``PaperName/slot``. Specification: standing.md, section Papers.
public struct PaperNames: Sendable {
  /// The source of a record.
  struct Source: Sendable, BitwiseCopyable {
    /// The slot of the Pith Number.
    let pithNumber: Digest128
    /// The slot of the source.
    let source: Digest128
  }

  /// The sources of records, sorted by Pith Number.
  private var sources: [Source] = []
  /// The papers of the names that share a paper with another name. A Pith Number is not among them.
  private var papers: [Digest128: Digest128] = [:]

  /// Makes the names of an empty log: each name is a paper of its own.
  public init() {}

  /// Collects the names.
  ///
  /// - Parameters:
  ///   - events: events of any types, in any order: all that are about the names in question, and about
  ///     the names that belong to the same papers.
  ///   - timeline: the keys as of the last of them, or later. Only the registry names papers.
  public init(_ events: some Sequence<FoldEvent>, _ timeline: KeyTimeline) {
    var builder = PaperNamesBuilder()
    for event in events { builder.add(event, timeline) }
    self = builder.finish()
  }

  init(sources: [Source], papers: [Digest128: Digest128]) {
    self.sources = sources
    self.papers = papers
  }

  /// Whether each name is a paper of its own.
  public var isEmpty: Bool { sources.isEmpty && papers.isEmpty }

  /// The paper that a name belongs to. Two names belong to one paper if the result is the same.
  ///
  /// The result is one of the paper's names: the smallest, among those that are not Pith Numbers.
  public func paper(of name: Digest128) -> Digest128 {
    let source = source(of: name) ?? name
    return papers[source] ?? source
  }

  /// The source of the record with a Pith Number, by binary search.
  private func source(of name: Digest128) -> Digest128? {
    var low = 0
    var high = sources.count
    while low < high {
      let middle = (low + high) / 2
      if sources[middle].pithNumber < name { low = middle + 1 } else { high = middle }
    }
    return low < sources.count && sources[low].pithNumber == name ? sources[low].source : nil
  }

  /// The event with the paper as its slot, if it is a citation.
  func resolving(_ event: FoldEvent) -> FoldEvent {
    guard event.type == .citationSignature, let slot = event.slot else { return event }
    var event = event
    event.slot = paper(of: slot)
    return event
  }
}

/// Collects names of papers from events in any order.
public struct PaperNamesBuilder: Sendable {
  /// An alias of a record, which the record's source shares.
  private struct Claim: Hashable {
    let record: RecordID
    let name: Digest128
  }

  /// An event that adds or retracts an alias.
  private struct Change: Sendable {
    let position: Position
    let record: RecordID
    let name: Digest128
    let source: Digest128
    let isRetracted: Bool
  }

  private var sources: [PaperNames.Source] = []
  private var changes: [Change] = []

  /// Makes a builder for an empty prefix.
  public init() {}

  /// Adds an event. An event that names no paper, or that the registry did not sign, changes nothing.
  public mutating func add(_ event: FoldEvent, _ timeline: KeyTimeline) {
    guard event.type.namesPaper, let name = event.slot, let owner = event.claimant,
      timeline.isRegistry(event.signerKey, at: event.position)
    else { return }
    if event.type == .recordCreated {
      sources.append(.init(pithNumber: owner, source: name))
    } else if name != owner {
      changes.append(
        Change(
          position: event.position, record: event.record, name: name, source: owner,
          isRetracted: event.type == .aliasRetracted))
    }
  }

  /// Adds what another builder collected.
  public mutating func add(_ other: PaperNamesBuilder) {
    sources += other.sources
    changes += other.changes
  }

  /// The sources of the claims that are not retracted.
  private func standingClaims() -> [Claim: Digest128] {
    var claims: [Claim: Digest128] = [:]
    for change in changes.sorted(by: { $0.position < $1.position }) {
      claims[Claim(record: change.record, name: change.name)] =
        change.isRetracted ? nil : change.source
    }
    return claims
  }

  /// The names of the prefix.
  public func finish() -> PaperNames { Self.finish([self]) }

  /// The names according to several logs. Names belong to one paper if one of the logs says so.
  public static func finish(_ logs: some Sequence<PaperNamesBuilder>) -> PaperNames {
    var parents: [Digest128: Digest128] = [:]
    func root(_ name: Digest128) -> Digest128 {
      var name = name
      while let parent = parents[name], parent != name {
        let next = parents[parent] ?? parent
        parents[name] = next
        name = next
      }
      return name
    }
    for log in logs {
      for (claim, source) in log.standingClaims() {
        let a = root(claim.name)
        let b = root(source)
        parents[a] = min(a, b)
        parents[b] = min(a, b)
      }
    }
    var papers: [Digest128: Digest128] = [:]
    for name in Array(parents.keys) { papers[name] = root(name) }
    return PaperNames(
      sources: logs.flatMap(\.sources).sorted { $0.pithNumber < $1.pithNumber }, papers: papers)
  }
}

extension EventType {
  /// Whether an event of this type tells which names belong to one paper.
  public var namesPaper: Bool {
    self == .recordCreated || self == .aliasAdded || self == .aliasRetracted
  }
}

extension Sequence<FoldEvent> {
  /// The names under which the events cite.
  public var citingNames: Set<Digest128> {
    var names: Set<Digest128> = []
    for event in self where event.type == .citationSignature {
      if let name = event.slot { names.insert(name) }
    }
    return names
  }
}
