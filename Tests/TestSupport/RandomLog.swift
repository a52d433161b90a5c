public import LedgerDomain

/// Writes the typed columns of a log, by the rules by which entries get theirs.
public struct LogWriter: Sendable {
  public struct Signer: Hashable, Sendable {
    public let name: String
    public let signerID: String
    public let type: SignerType
    public var fingerprint: Digest128 { Digest128(of: "fingerprint", name) }
  }

  public private(set) var events: [FoldEvent] = []
  public private(set) var registry = Signer(name: "root", signerID: "urn:root", type: .registry)

  /// A log that begins with its registry key.
  public init() { register(registry) }

  public var timeline: KeyTimeline { Self.timeline(events[...]) }

  public static func timeline(_ events: ArraySlice<FoldEvent>) -> KeyTimeline {
    var timeline = KeyTimeline()
    for event in events { _ = timeline.apply(event) }
    return timeline
  }

  public static func orcid(_ number: Int) -> String {
    "https://orcid.org/0000-0000-0000-000\(number)"
  }

  @discardableResult
  public mutating func append(
    _ type: EventType, by signer: Signer, record: Int64,
    _ change: (inout FoldEvent) -> Void = { _ in }
  ) -> Int64 {
    let position = Int64(events.count)
    var event = FoldEvent(
      position: position, record: record, eventID: Digest(hashing: Array("event \(position)".utf8)),
      type: type, recordedAt: Timestamp(microseconds: (position + 1) * 1_000_000),
      verdict: .verified, signerKey: signer.fingerprint)
    change(&event)
    events.append(event)
    return position
  }

  // MARK: Keys

  public mutating func register(_ signer: Signer) {
    append(.keyRegistered, by: signer, record: -1) {
      $0.key = KeyColumns(
        fingerprint: signer.fingerprint, signerID: signer.signerID, signerType: signer.type,
        keyID: signer.name, publicKey: Array(repeating: 7, count: 32))
    }
  }

  /// Registers a key, and has the registry vouch for it in some capacity.
  public mutating func signer(
    _ name: String, _ signerID: String? = nil, _ type: SignerType = .author,
    vouched: SignerType? = nil
  ) -> Signer {
    let signer = Signer(name: name, signerID: signerID ?? "urn:\(name)", type: type)
    register(signer)
    if let vouched { vouch(signer, as: vouched) }
    return signer
  }

  public mutating func vouch(
    _ signer: Signer, as type: SignerType = .author, by voucher: Signer? = nil
  ) {
    append(.keyVouched, by: voucher ?? registry, record: -1) {
      $0.key = KeyColumns(
        fingerprint: signer.fingerprint, signerID: signer.signerID, signerType: type)
    }
  }

  public mutating func revoke(_ signer: Signer, by revoker: Signer? = nil, from: Int64? = nil) {
    append(.keyRevoked, by: revoker ?? registry, record: -1) {
      $0.key = KeyColumns(fingerprint: signer.fingerprint, compromisedFrom: from)
    }
  }

  public mutating func rotate(to name: String) {
    let next = Signer(name: name, signerID: registry.signerID, type: .registry)
    register(next)
    vouch(next, as: .registry)
    registry = next
  }

  // MARK: Records and attestations

  public mutating func record(receipt: Bool = true) -> Int64 {
    let position = Int64(events.count)
    return append(.recordCreated, by: registry, record: position) {
      $0.flags = receipt ? [.contentAddressed, .receiptVerified] : [.contentAddressed]
    }
  }

  public mutating func snapshot(
    _ record: Int64, references: Int32, resolved: Int32, formal: Int32 = 0
  ) {
    append(.graphSnapshot, by: registry, record: record) {
      $0.referenceCount = references
      $0.resolvedWork = resolved
      $0.formalEvidenceCount = formal
    }
  }

  /// One of the five; `slot` is what discriminates among the signer's statements of that type.
  ///
  /// - Parameter token: the iD that an identity token is about; the registry signs.
  @discardableResult
  public mutating func attest(
    _ type: EventType, _ record: Int64, by signer: Signer? = nil, slot: String = "1",
    says: String = "a", verdict: Verdict = .verified, supersedes: Int64? = nil,
    target: String = "record", token: String? = nil, until: Timestamp? = nil,
    flags: FoldFlags = [], roleCounts: Bool = true
  ) -> Int64 {
    let author = signer ?? registry
    let older = supersedes.map { events[Int($0)] }
    return append(type, by: author, record: record) {
      let declared = token ?? author.signerID
      $0.verdict = verdict
      $0.flags = flags
      if signer == nil { $0.flags.insert(.bare) }
      $0.statement = Digest128(of: "says", says)
      $0.targetKey = Digest128(of: target).word
      $0.refersTo = supersedes
      $0.validUntil = until
      var group = Digest128(of: type.name, declared, slot).word
      switch type {
      case .timestampAnchor: group = older?.foldGroup ?? group
      case .authorAttestation:
        $0.slot = Digest128(of: type.name, declared)
        group = Digest128(of: type.name, declared, "").word
        $0.claimant = KeyTimeline.identity(signerID: declared)
        if token != nil { $0.flags.insert(.tokenClaim) }
      default: $0.slot = Digest128(of: type.name, slot)
      }
      if type == .storageAttestation, roleCounts { $0.flags.insert(.contentRoleCounts) }
      $0.foldGroup = group
    }
  }

  /// A withdrawal, a decision, a check or an upgrade, about an earlier event of the same record.
  @discardableResult
  public mutating func about(
    _ position: Int64, _ type: EventType, by signer: Signer? = nil, verdict: Verdict = .verified,
    approved: Bool = false
  ) -> Int64 {
    let target = events[Int(position)]
    return append(type, by: signer ?? registry, record: target.record) {
      $0.verdict = verdict
      $0.refersTo = position
      $0.foldGroup = target.foldGroup
      if approved { $0.flags.insert(.approved) }
    }
  }

  // MARK: What follows

  public func events(of record: Int64) -> [FoldEvent] { events.filter { $0.record == record } }

  public func folded(_ record: Int64) -> FoldedRecord { .whole(events(of: record), timeline) }

  public func sums(_ record: Int64) -> GroupContribution { folded(record).state.sums }

  public func standing(_ position: Int64) -> String {
    let event = events[Int(position)]
    let group = events(of: event.record).filter { $0.foldGroup == event.foldGroup }
    return GroupFold(group, timeline).standing(of: position)
  }
}

/// A log of every kind of event, sound and unsound, that a seed determines.
public struct RandomLog: Sendable {
  public let seed: UInt64
  public let events: [FoldEvent]
  public let records: [Int64]

  /// - Parameter count: about how many events.
  public init(seed: UInt64, count: Int = 240, records recordCount: Int = 4) {
    self.seed = seed
    var random = SeededGenerator(seed: seed)
    var log = LogWriter()
    var records: [Int64] = []
    var signers: [LogWriter.Signer] = []
    var attestations: [Int64] = []
    let types: [SignerType] = [.author, .replicator, .agent, .moderator, .storageProvider]
    for _ in 0..<recordCount { records.append(log.record(receipt: .random(using: &random))) }
    while log.events.count < count {
      let record = records[Int.random(in: 0..<recordCount, using: &random)]
      let someone = signers.randomElement(using: &random)
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<6:
        let id = LogWriter.orcid(Int.random(in: 0..<3, using: &random))
        signers.append(log.signer("key \(signers.count)", id))
      case 6..<13:
        guard let someone else { continue }
        let stranger = Int.random(in: 0..<5, using: &random) == 0
        log.vouch(
          someone, as: types[Int.random(in: 0..<5, using: &random)],
          by: stranger ? signers.randomElement(using: &random) : nil)
      case 13..<15:
        guard let someone else { continue }
        let own = Bool.random(using: &random)
        let from = Int64.random(in: 0..<Int64(log.events.count), using: &random)
        log.revoke(
          someone, by: own ? someone : nil, from: Bool.random(using: &random) ? from : nil)
      case 15: log.rotate(to: "registry \(log.events.count)")
      case 16..<19:
        let references = Int32.random(in: 0..<4, using: &random)
        log.snapshot(
          record, references: references, resolved: min(references, 2),
          formal: Int32.random(in: 0..<2, using: &random))
      case 19..<21: log.append(.unknown, by: log.registry, record: record)
      case 21..<45:
        guard let older = attestations.randomElement(using: &random) else { continue }
        let by = Int.random(in: 0..<3, using: &random) == 0 ? nil : someone
        let kinds: [EventType] = [
          .eventWithdrawn, .moderationDecision, .moderationDecision, .checkRecorded, .checkRecorded,
          .anchorUpgraded,
        ]
        log.about(
          older, kinds[Int.random(in: 0..<kinds.count, using: &random)], by: by,
          verdict: Verdict.allCases.randomElement(using: &random) ?? .verified,
          approved: Bool.random(using: &random))
      default:
        var type = EventType.attestations[Int.random(in: 0..<5, using: &random)]
        var by = Int.random(in: 0..<4, using: &random) == 0 ? nil : someone
        var older: FoldEvent?
        if let position = attestations.randomElement(using: &random),
          Int.random(in: 0..<3, using: &random) == 0
        {
          // Mostly by the signer of the older one, since all others are without effect.
          let event = log.events[Int(position)]
          older = event
          type = event.type
          if Int.random(in: 0..<4, using: &random) > 0 {
            by = signers.first { $0.fingerprint == event.signerKey }
          }
        }
        let token =
          type == .authorAttestation && by == nil
          ? LogWriter.orcid(Int.random(in: 0..<3, using: &random)) : nil
        var flags: FoldFlags = []
        if type == .storageAttestation, by != nil { flags.insert(.providerStatement) }
        if type == .authorAttestation, Int.random(in: 0..<4, using: &random) == 0 {
          flags.insert(.nameMismatch)
        }
        attestations.append(
          log.attest(
            type, older?.record ?? record, by: by,
            slot: "\(Int.random(in: 0..<2, using: &random))",
            says: "\(Int.random(in: 0..<2, using: &random))",
            verdict: [.verified, .verified, .pending].randomElement(using: &random) ?? .verified,
            supersedes: older?.position,
            target: Int.random(in: 0..<5, using: &random) == 0 ? "claim:C1" : "record",
            token: token,
            until: Bool.random(using: &random)
              ? Timestamp(microseconds: Int64.random(in: 0..<1_000_000_000, using: &random)) : nil,
            flags: flags, roleCounts: Int.random(in: 0..<3, using: &random) > 0))
      }
    }
    self.events = log.events
    self.records = records
  }
}
