import Encodings

/// The fold of a group and of the groups linked to it: which statements count, and how.
///
/// The fold reads the events in the order of the log. Specification: standing.md.
public struct GroupFold: Sendable {
  /// The attestations, by position.
  public private(set) var statements: [Statement] = []
  /// The number of slots whose live statements contradict each other.
  public private(set) var equivocations: Int32 = 0
  private let context: FoldContext
  private var timeline: KeyTimeline { context.timeline }
  /// The latest `created_at` of the withdrawals in a slot.
  private var lastWithdrawals: [Place: Timestamp] = [:]

  /// Folds events.
  ///
  /// - Parameters:
  ///   - events: all events of each group and of the groups linked to it, by position. Events of other
  ///     groups do not change the result.
  ///   - context: the keys and names as of the last event, or later.
  public init(_ events: [FoldEvent], _ context: FoldContext) {
    self.context = context
    statements = events.lazy.filter(\.type.isAttestation).map { Self.unjudged($0, context) }
    // Verdicts come first: the identity of a claim by token depends on the verdict.
    for event in events where event.type == .checkRecorded && isRegistry(event) {
      guard let target = index(of: event.refersTo, before: event.position) else { continue }
      if event.verdict == .erased {
        // An upload without its bytes is no longer stored. Erasing a proof or a report of a fetch does
        // not change what it has shown.
        let erased = statements[target].event
        if erased.type == .storageAttestation, !erased.flags.contains(.elsewhere) {
          statements[target].verdict = .failed
        }
      } else {
        statements[target].verdict = event.verdict
      }
    }
    for index in statements.indices { statements[index].identity = identity(of: statements[index]) }
    for event in events where !timeline.isRevoked(event.signerKey, at: event.position) {
      apply(event)
    }
    for index in statements.indices where isOutdated(statements[index]) {
      statements[index].isOutdated = true
    }
    rankSlots()
  }

  /// A statement without the effects of other events.
  private static func unjudged(_ event: FoldEvent, _ context: FoldContext) -> Statement {
    let signer = context.timeline.signer(event.signerKey, at: event.position)
    return Statement(
      event: context.papers.resolving(event),
      citingName: event.type == .citationSignature ? event.slot : nil, signer: signer,
      identity: signer.identity, verdict: event.verdict)
  }

  /// A statement that is alone in its group.
  private func statement(_ event: FoldEvent) -> Statement {
    var statement = Self.unjudged(event, context)
    statement.identity = identity(of: statement)
    return statement
  }

  private func isRegistry(_ event: FoldEvent) -> Bool {
    timeline.isRegistry(event.signerKey, at: event.position)
  }

  private func index(of position: Position?, before: Position) -> Int? {
    guard let position, position < before else { return nil }
    return index(at: position)
  }

  /// Finds a statement by binary search, so that folding a long group does not take quadratic time.
  private func index(at position: Position) -> Int? {
    var low = 0
    var high = statements.count
    while low < high {
      let middle = (low + high) / 2
      if statements[middle].event.position < position { low = middle + 1 } else { high = middle }
    }
    return low < statements.count && statements[low].event.position == position ? low : nil
  }

  private func identity(of statement: Statement) -> Digest128 {
    let event = statement.event
    if event.flags.contains(.tokenClaim) {
      // A claim whose token is not verified belongs to no identity, and takes no slot of one.
      return statement.verdict == .verified
        ? event.claimant ?? event.eventID.prefix : event.eventID.prefix
    }
    return statement.signer.identity
  }

  private mutating func apply(_ event: FoldEvent) {
    guard let target = index(of: event.refersTo, before: event.position) else { return }
    let older = statements[target]
    switch event.type {
    case .eventWithdrawn:
      guard
        event.signerKey == older.event.signerKey || isRegistry(event)
          || timeline.identity(event.signerKey, at: event.position) == older.identity
      else { return }
      statements[target].isWithdrawn = true
      if let place = older.place {
        lastWithdrawals[place] = max(lastWithdrawals[place] ?? event.createdAt, event.createdAt)
      }
    case .moderationDecision:
      guard older.event.type == .replicationRecord,
        timeline.isVouched(event.signerKey, at: event.position, as: .moderator),
        event.signerKey != older.event.signerKey,
        timeline.identity(event.signerKey, at: event.position) != older.identity
      else { return }
      statements[target].decision = event.flags.contains(.approved)
    case let type where type.isAttestation:
      guard let newer = index(at: event.position),
        type == older.event.type, statements[newer].identity == older.identity,
        statements[newer].event.slot == older.event.slot,
        event.targetHash == older.event.targetHash
      else { return }
      statements[target].isSuperseded = true
    default: break
    }
  }

  /// Finds slots whose live statements contradict each other. The statement at the lowest position counts.
  private mutating func rankSlots() {
    guard statements.count > 1 else { return }
    var first: [Place: Digest128?] = [:]
    var contradicted: Set<Place> = []
    for index in statements.indices where statements[index].isLive {
      let statement = statements[index]
      guard let key = statement.place else { continue }
      if let standing = first[key] {
        guard standing != statement.event.statement else { continue }
        statements[index].isEquivocating = true
        contradicted.insert(key)
      } else {
        first[key] = statement.event.statement
      }
    }
    equivocations = Int32(contradicted.count)
  }

  /// Whether it was signed no later than the signer's last withdrawal in its slot. Otherwise a third party
  /// could submit an old statement of the signer in place of the withdrawn one.
  private func isOutdated(_ s: Statement) -> Bool {
    guard !lastWithdrawals.isEmpty, let place = s.place, let last = lastWithdrawals[place] else {
      return false
    }
    return s.event.createdAt <= last
  }

  /// The latest `created_at` of the withdrawals in the slot of a statement; `nil` if there is none.
  func lastWithdrawal(where statement: Statement) -> Timestamp? {
    statement.place.flatMap { lastWithdrawals[$0] }
  }

  // MARK: Results

  /// Whether the iD of a claim is proven: by a verified token, or by a key that was vouched for as that
  /// iD's before.
  private func isProven(_ s: Statement) -> Bool {
    s.verdict == .verified && s.event.claimant == s.identity
      && (s.event.flags.contains(.tokenClaim) || s.signer.isVouched)
  }

  /// Whether an author claim is strong: its iD is proven, and the claimed name is the issuer's and is in the
  /// author list.
  private func isStrong(_ s: Statement) -> Bool {
    isProven(s) && s.event.flags.isSuperset(of: [.nameListed, .nameVerified])
  }

  /// The reason why a claim with a proven iD is weak.
  private func nameReason(_ s: Statement) -> String {
    let flags = s.event.flags
    if flags.contains(.nameMismatch) { return "the name is not in the record's author list" }
    if !flags.contains(.nameListed) { return "the authors of this record are not known here" }
    if flags.contains(.nameDiffers) {
      return "the claim gives another name than the one that is bound to the key"
    }
    if flags.contains(.nameUnknown) {
      return flags.contains(.tokenClaim)
        ? "the identity token gives no name that confirms the one in the claim"
        : "the key was vouched for without a name that confirms the one in the claim"
    }
    return
      "the claim was recorded before names were compared with what the issuer gives: claim again"
  }

  private func isVerifiedStorage(_ s: Statement) -> Bool {
    s.verdict == .verified
      || (s.verdict == .pending && s.event.flags.contains(.providerStatement)
        && timeline.isVouched(s.event.signerKey, at: s.event.position, as: .storageProvider))
  }

  /// The standing of a statement. Specification: standing.md, section Statements of a record.
  public func standing(of s: Statement) -> Standing {
    if s.isRevoked { return .revoked }
    if s.isWithdrawn { return .withdrawn }
    if s.isSuperseded || s.isOutdated { return .superseded }
    if s.isEquivocating { return .rejected }
    switch s.event.type {
    case .storageAttestation where isVerifiedStorage(s): return .verified
    case .authorAttestation where s.verdict == .verified: return isStrong(s) ? .verified : .pending
    case .replicationRecord: return s.decision.map { $0 ? .verified : .rejected } ?? .pending
    default:
      switch s.verdict {
      case .verified: return .verified
      case .pending: return .pending
      case .failed, .gone, .changed, .erased: return .rejected
      }
    }
  }

  /// The standing of the event at a position under the name that its type uses: `strong`, `weak` or
  /// `approved` for some types. `recorded` for an event that is not an attestation of this group.
  public func standingName(of position: Position) -> String {
    guard let index = index(at: position) else { return "recorded" }
    let s = statements[index]
    let standing = standing(of: s)
    switch (s.event.type, standing) {
    case (.authorAttestation, .verified): return "strong"
    case (.authorAttestation, .pending) where s.verdict == .verified: return "weak"
    case (.replicationRecord, .verified): return "approved"
    default: return standing.name
    }
  }

  /// The reason why a statement does not have the best standing; `nil` if there is none to give.
  public func reason(of position: Position) -> String? {
    guard let index = index(at: position) else { return nil }
    let s = statements[index]
    if s.isLive, s.isEquivocating {
      return
        "an earlier statement of the same signer about the same thing stands and says otherwise"
    }
    switch (s.event.type, standing(of: s)) {
    case (_, .superseded) where s.isOutdated && !s.isSuperseded:
      return "the same signer signed a withdrawal here at the same time or later"
    case (.authorAttestation, .pending) where isProven(s): return nameReason(s)
    case (.authorAttestation, .pending) where s.event.flags.contains(.tokenClaim):
      return "the identity token's signature has not been checked"
    case (.authorAttestation, .pending) where s.event.claimant == s.identity:
      return "it was recorded before the key was vouched for as this iD's"
    case (.authorAttestation, .pending): return "the key has not been vouched for as this iD's"
    case (.timestampAnchor, .pending) where s.event.flags.contains(.unsettleable):
      return
        "the proof names no calendar that this ledger asks and no block that may exist; it expires soon"
    case (.timestampAnchor, .pending):
      return "the proof's form holds, and its end is not checked yet"
    case (.replicationRecord, .pending): return "a moderator has not decided yet"
    default: return nil
    }
  }

  /// The live statements, by position.
  public var live: [Statement] { statements.filter(\.isLive) }

  /// The numbers that the group adds to its record.
  public var contribution: GroupTotals {
    var sum = GroupTotals()
    add(to: &sum)
    return sum
  }

  /// A pair of signer and citing paper.
  private struct Edge: Hashable {
    let identity: Digest128
    let citing: Digest128?
  }

  /// Adds the numbers of the group to a sum.
  func add(to sum: inout GroupTotals) {
    sum.equivocations += equivocations
    var authors: [Digest128: Bool] = [:]
    var edges: [Edge: Bool] = [:]
    for s in statements {
      let standing = count(s, in: &sum)
      if let author = author(s) {
        authors[author.identity] = authors[author.identity] ?? false || author.isStrong
      }
      if let edge = edge(s, standing) {
        edges[edge.edge] = edges[edge.edge] ?? false || edge.isVouched
      }
    }
    for isStrong in authors.values { sum.addAuthor(isStrong: isStrong) }
    for isVouched in edges.values { sum.addEdge(isVouched: isVouched) }
  }

  /// Adds the numbers of a group that consists of this event, without the cost of a fold. No other
  /// event of the group affects it.
  ///
  /// - Returns: the time until which its storage counts, and its citation; `nil` for none.
  func addAlone(
    _ event: FoldEvent, to sum: inout GroupTotals
  ) -> (storageVerifiedUntil: Timestamp?, citation: FoldedCitation?) {
    guard event.type.isAttestation else { return (nil, nil) }
    let s = statement(event)
    let standing = count(s, in: &sum)
    if let author = author(s) { sum.addAuthor(isStrong: author.isStrong) }
    if let edge = edge(s, standing) { sum.addEdge(isVouched: edge.isVouched) }
    return (storageVerifiedUntil(s, standing), citation(s, standing))
  }

  /// Counts a statement under its standing, and in the totals that count every statement.
  private func count(_ s: Statement, in sum: inout GroupTotals) -> Standing {
    let standing = standing(of: s)
    sum.counts[Int(s.event.type.rawValue - 1) * 6 + standing.rawValue] += 1
    switch (s.event.type, standing) {
    case (.timestampAnchor, .verified): sum.verifiedAnchors += 1
    case (.timestampAnchor, .pending)
    where s.event.flags.contains(.bare) && !s.event.flags.contains(.unsettleable):
      sum.pendingBareAnchors += 1
    case (.replicationRecord, .verified): sum.approvedReplications += 1
    default: break
    }
    return standing
  }

  /// The author of a live claim with a verified verdict; `nil` for other statements.
  func author(_ s: Statement) -> (identity: Digest128, isStrong: Bool)? {
    guard s.event.type == .authorAttestation, s.isLive, !s.isEquivocating, s.verdict == .verified
    else { return nil }
    return (s.identity, isStrong(s))
  }

  /// The pair of a verified citation; `nil` for other statements.
  private func edge(_ s: Statement, _ standing: Standing) -> (edge: Edge, isVouched: Bool)? {
    guard s.event.type == .citationSignature, standing == .verified else { return nil }
    return (Edge(identity: s.identity, citing: s.event.slot), s.signer.isVouched)
  }

  /// The citations of the group with their standing, by position.
  var citations: [FoldedCitation] { statements.compactMap { citation($0, standing(of: $0)) } }

  private func citation(_ s: Statement, _ standing: Standing) -> FoldedCitation? {
    guard let name = s.citingName, let paper = s.event.slot, let group = s.event.foldGroup else {
      return nil
    }
    return FoldedCitation(
      position: s.event.position, group: group, name: name, paper: paper,
      signerKey: s.event.signerKey,
      relation: s.event.flags.relation, standing: standing, isVouched: s.signer.isVouched)
  }

  /// The time until which storage counts, by group. ``Timestamp/never`` means without end. A group
  /// without storage that counts is absent.
  public var storage: [Int64: Timestamp] {
    var storage: [Int64: Timestamp] = [:]
    for s in statements where s.event.type == .storageAttestation {
      guard let group = s.event.foldGroup, let until = storageVerifiedUntil(s, standing(of: s))
      else {
        continue
      }
      storage[group] = max(storage[group] ?? until, until)
    }
    return storage
  }

  private func storageVerifiedUntil(_ s: Statement, _ standing: Standing) -> Timestamp? {
    guard s.event.type == .storageAttestation, standing == .verified,
      s.event.flags.contains(.contentRoleCounts)
    else { return nil }
    return s.event.validUntil ?? .never
  }
}

extension Timestamp {
  /// Later than every instant; PostgreSQL's `infinity`.
  public static let never = Timestamp(microseconds: .max)
}
