import Encodings

/// The effects of the attestations of one record on each other, across ledgers.
///
/// Specification: merging.md, section Standing.
struct MergeFold {
  /// An attestation with what the ledgers say about it.
  private struct Statement {
    let event: SignedEvent
    /// The columns that derive from the event alone.
    let columns: FoldEvent
    let origins: [String]
    /// The best standing that a ledger gives.
    let standing: Standing
    let identity: Digest128
    let isStrong: Bool
    let isAuthor: Bool
    let isVouched: Bool
    let storageUntil: Timestamp?
    var isWithdrawn = false
    var isSuperseded = false
    var isEquivocating = false

    var isLive: Bool {
      !isWithdrawn && !isSuperseded && ![.revoked, .withdrawn, .superseded].contains(standing)
    }
    /// The slot and target with the identity; `nil` for types without slots.
    var place: GroupFold.Place? {
      columns.slot.map {
        GroupFold.Place(identity: identity, slot: $0, target: columns.targetHash)
      }
    }
    /// Whether this statement, which names an older one in `supersedes`, may replace it.
    func replaces(_ older: Statement) -> Bool {
      columns.type == older.columns.type && identity == older.identity
        && columns.slot == older.columns.slot && columns.targetHash == older.columns.targetHash
    }

    /// The standing after the effects of other statements.
    var merged: Standing {
      if standing == .revoked { return .revoked }
      if isWithdrawn || standing == .withdrawn { return .withdrawn }
      if isSuperseded { return .superseded }
      return isEquivocating ? .rejected : standing
    }
  }

  private var statements: [Statement] = []
  private(set) var equivocations: [RecordMerge.Equivocation] = []

  /// Reads events.
  ///
  /// - Parameters:
  ///   - events: the valid events about the record, in the order of the merge.
  ///   - logs: the trusted ledgers by origin.
  init(_ events: [SignedEvent], _ logs: [String: MergeLedger]) {
    let papers = PaperNamesBuilder.finish(logs.values.map(\.names))
    var index: [Digest: Int] = [:]
    for event in events where event.body.type.isAttestation {
      index[event.eventID] = statements.count
      statements.append(Self.statement(event, logs, papers))
    }
    var lastWithdrawals: [GroupFold.Place: Timestamp] = [:]
    for event in events where !Self.isRevoked(event, logs) {
      guard let target = event.body.referencedEventID.flatMap({ index[$0] }) else { continue }
      let older = statements[target]
      if event.body.type == .eventWithdrawn {
        guard Self.isSameSigner(event, older, logs) else { continue }
        statements[target].isWithdrawn = true
        guard let place = older.place else { continue }
        let time = event.body.createdAt
        lastWithdrawals[place] = max(lastWithdrawals[place] ?? time, time)
      } else if let newer = index[event.eventID], statements[newer].replaces(older) {
        statements[target].isSuperseded = true
      }
    }
    for index in statements.indices {
      guard let place = statements[index].place, let last = lastWithdrawals[place] else { continue }
      // An old statement does not come back, whoever has it.
      if statements[index].columns.createdAt <= last { statements[index].isSuperseded = true }
    }
    findContradictions()
  }

  /// Whether an event has no effect, because each ledger that has it says that its key was revoked.
  private static func isRevoked(_ event: SignedEvent, _ logs: [String: MergeLedger]) -> Bool {
    let revocations = logs.values.compactMap { $0.isRevoked(event) }
    return !revocations.isEmpty && revocations.allSatisfy { $0 }
  }

  private static func isSameSigner(
    _ withdrawal: SignedEvent, _ older: Statement, _ logs: [String: MergeLedger]
  ) -> Bool {
    withdrawal.body.signer.fingerprint == older.event.body.signer.fingerprint
      || logs.values.contains { $0.identity(of: withdrawal) == older.identity }
  }

  private static func statement(
    _ event: SignedEvent, _ logs: [String: MergeLedger], _ papers: PaperNames
  ) -> Statement {
    var assessments: [MergeAssessment] = []
    var origins: [String] = []
    var identity: Digest128?
    for (origin, log) in logs {
      if let assessment = log.assessment(event) {
        assessments.append(assessment)
        origins.append(origin)
        identity = identity ?? assessment.identity
      } else if event.body.token == nil {
        // A ledger that does not have the event may still know whose key it is. Each ledger that binds
        // the key gives the same identity, because it derives from the signer in the event.
        identity = identity ?? log.identity(of: event)
      }
    }
    let columns = event.foldEvent(
      unchecked(event), position: .first, record: RecordID(createdAt: .first), referenced: nil)
    if assessments.isEmpty {
      assessments = [MergeAssessment(columns, [], KeyTimeline(), signer: event.body.signer)]
    }
    let standing = assessments.map(\.standing).max { rank($0) < rank($1) } ?? .pending
    let best = assessments.filter { $0.standing == standing }
    let own =
      event.body.token == nil
      ? Digest128(of: "key", event.body.signer.fingerprint.hex) : event.eventID.prefix
    return Statement(
      event: event, columns: papers.resolving(columns), origins: origins.sorted(),
      standing: standing,
      identity: identity ?? own, isStrong: best.contains(where: \.isStrong),
      isAuthor: best.contains(where: \.isAuthor), isVouched: best.contains(where: \.isVouched),
      storageUntil: best.compactMap(\.storageUntil).max())
  }

  /// The admission of an event of which only the signature is verified. Evidence is not decided.
  private static func unchecked(_ event: SignedEvent) -> Admission {
    var admission = Admission.signedOnly(at: event.body.createdAt)
    switch event.body.payload {
    case .timestampAnchor, .storageAttestation: admission.verdict = .pending
    default: if event.body.token != nil { admission.verdict = .pending }
    }
    return admission
  }

  /// The order in which the standing that one ledger gives outranks that of another.
  private static func rank(_ standing: Standing) -> Int {
    switch standing {
    case .verified: 5
    case .pending: 4
    case .rejected: 3
    case .superseded: 2
    case .withdrawn: 1
    case .revoked: 0
    }
  }

  /// Finds slots whose live statements contradict each other. The first statement of the merge counts.
  private mutating func findContradictions() {
    var first: [GroupFold.Place: Int] = [:]
    var contradicting: [GroupFold.Place: [Int]] = [:]
    for index in statements.indices where statements[index].isLive {
      guard let place = statements[index].place else { continue }
      guard let standing = first[place] else {
        first[place] = index
        continue
      }
      guard statements[standing].columns.statement != statements[index].columns.statement else {
        continue
      }
      statements[index].isEquivocating = true
      contradicting[place, default: [standing]].append(index)
    }
    equivocations = contradicting.values.sorted { $0[0] < $1[0] }.map { found in
      RecordMerge.Equivocation(
        type: statements[found[0]].columns.type, events: found.map { statements[$0].event.eventID })
    }
  }

  // MARK: Results

  var attestations: [RecordMerge.Attestation] {
    statements.map {
      RecordMerge.Attestation(
        event: $0.event, standing: $0.merged, isWeak: $0.isAuthor && !$0.isStrong,
        origins: $0.origins)
    }
  }

  private struct Edge: Hashable {
    let identity: Digest128
    let citing: Digest128?
  }

  /// The numbers of the record, as in standing.md.
  var totals: GroupTotals {
    var totals = GroupTotals()
    var authors: [Digest128: Bool] = [:]
    var edges: [Edge: Bool] = [:]
    for statement in statements {
      let type = statement.columns.type
      totals.counts[Int(type.rawValue - 1) * 6 + statement.merged.rawValue] += 1
      if statement.isAuthor, statement.isLive, !statement.isEquivocating {
        authors[statement.identity] = authors[statement.identity] ?? false || statement.isStrong
      }
      guard statement.merged == .verified else { continue }
      switch type {
      case .timestampAnchor: totals.verifiedAnchors += 1
      case .replicationRecord: totals.approvedReplications += 1
      case .citationSignature:
        let edge = Edge(identity: statement.identity, citing: statement.columns.slot)
        edges[edge] = edges[edge] ?? false || statement.isVouched
      default: break
      }
    }
    for isStrong in authors.values { totals.addAuthor(isStrong: isStrong) }
    for isVouched in edges.values { totals.addEdge(isVouched: isVouched) }
    totals.equivocations = Int32(equivocations.count)
    return totals
  }

  /// The time until which storage counts.
  var storageVerifiedUntil: Timestamp? {
    statements.filter { $0.merged == .verified }.compactMap(\.storageUntil).max()
  }
}

extension EventBody {
  /// SHA-256 of the identity token of a claim by token; `nil` for other events.
  fileprivate var token: Digest? {
    guard case .authorAttestation(let claim) = payload, claim.method == .orcidOIDC else {
      return nil
    }
    return claim.evidence
  }
}
