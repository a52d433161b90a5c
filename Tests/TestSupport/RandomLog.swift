public import LedgerDomain

/// A random log with valid and invalid events of every type, determined by a seed.
public struct RandomLog: Sendable {
  /// The signing time of the next event: `nil` for its recording time, otherwise a random earlier time.
  private static func signed(_ random: inout SeededGenerator, _ log: LogWriter) -> Timestamp? {
    guard Int.random(in: 0..<4, using: &random) == 0 else { return nil }
    return LogWriter.time(
      of: Position(rawValue: Int64.random(in: 0..<Int64(log.events.count), using: &random)))
  }

  /// The seed.
  public let seed: UInt64
  /// The events, by position.
  public let events: [FoldEvent]
  /// The records that the log creates.
  public let records: [RecordID]

  /// Makes a log of given events.
  public init(seed: UInt64, events: [FoldEvent], records: [RecordID]) {
    self.seed = seed
    self.events = events
    self.records = records
  }

  /// Generates a log.
  ///
  /// - Parameters:
  ///   - count: the approximate number of events.
  ///   - recordCount: the number of records.
  public init(seed: UInt64, count: Int = 240, records recordCount: Int = 4) {
    self.seed = seed
    var random = SeededGenerator(seed: seed)
    var log = LogWriter()
    var records: [RecordID] = []
    var signers: [LogWriter.Signer] = []
    var attestations: [Position] = []
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
        let from = Position(
          rawValue: Int64.random(in: 0..<Int64(log.events.count), using: &random))
        log.revoke(
          someone, by: own ? someone : nil, from: Bool.random(using: &random) ? from : nil)
      case 15:
        if Bool.random(using: &random) {
          log.rotate(to: "registry \(log.events.count)")
        } else if let someone {
          let stranger = Int.random(in: 0..<5, using: &random) == 0
          log.withdrawVouching(
            someone, by: stranger ? signers.randomElement(using: &random) : nil)
        }
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
          approved: Bool.random(using: &random), createdAt: Self.signed(&random, log))
      default:
        var type = EventType.attestations[Int.random(in: 0..<5, using: &random)]
        var by = Int.random(in: 0..<4, using: &random) == 0 ? nil : someone
        var older: FoldEvent?
        if let position = attestations.randomElement(using: &random),
          Int.random(in: 0..<3, using: &random) == 0
        {
          // Usually the signer of the older event is chosen, because a supersession by another signer has
          // no effect.
          let event = log.events[Int(position.rawValue)]
          older = event
          type = event.type
          if Int.random(in: 0..<4, using: &random) > 0 {
            by = signers.first { $0.fingerprint == event.signerKey }
          }
        }
        let token =
          type == .authorAttestation
            && (by == nil || Int.random(in: 0..<5, using: &random) == 0)
          ? LogWriter.orcid(Int.random(in: 0..<3, using: &random)) : nil
        var flags: FoldFlags = []
        if type == .storageAttestation, by != nil { flags.insert(.providerStatement) }
        if type == .authorAttestation, Int.random(in: 0..<4, using: &random) == 0 {
          let names: [FoldFlags] = [.nameMismatch, .nameDiffers, .nameUnknown]
          flags.insert(names.randomElement(using: &random) ?? [])
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
            flags: flags, roleCounts: Int.random(in: 0..<3, using: &random) > 0,
            createdAt: Self.signed(&random, log)))
      }
    }
    self.events = log.events
    self.records = records
  }
}
