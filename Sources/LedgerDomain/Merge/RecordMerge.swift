public import Encodings

/// The state of one record, merged from statements of any ledgers.
///
/// It is a pure function of the set of statements: neither their order nor how they are spread over
/// bundles changes it. Specification: merging.md.
public struct RecordMerge: Sendable {
  /// A statement about the record that is not valid.
  public struct Invalid: Sendable, Equatable {
    /// The event id; for an event that cannot be read, SHA-256 of its canonical bytes.
    public let eventID: Digest
    /// The name of the check that failed.
    public let check: String
  }

  /// Live statements of one signer in one slot that contradict each other.
  public struct Equivocation: Sendable, Equatable {
    /// The type of the statements.
    public let type: EventType
    /// The event ids in the order of the merge. The first one counts.
    public let events: [Digest]
  }

  /// An attestation with its standing.
  public struct Attestation: Sendable {
    /// The event.
    public let event: SignedEvent
    /// The standing after the effects of all statements.
    public let standing: Standing
    /// Whether it is a claim of authorship that counts and is not strong.
    public let isWeak: Bool
    /// The origins of the trusted ledgers that admitted it, sorted.
    public let origins: [String]
  }

  /// The record.
  public let pithNumber: PithNumber
  /// SHA-256 of the canonical record; `nil` if no statement contains the canonical record.
  public let canonicalSHA256: Digest?
  /// The number of distinct events about the record, valid or not.
  public let eventCount: Int
  /// The events that are not valid, sorted by event id.
  public let invalid: [Invalid]
  /// The contradictions, in the order of the merge.
  public let equivocations: [Equivocation]
  /// The attestations, in the order of the merge: by `created_at`, then by event id.
  public let attestations: [Attestation]
  /// The record's status.
  public let status: VerificationStatus
  /// The time until which storage counts; `nil` if no storage is verified.
  public let storageVerifiedUntil: Timestamp?
  /// The number of attestations by type and standing, as in ``GroupTotals/counts``.
  let totals: GroupTotals
  /// The origins of trusted ledgers, sorted, with whether their statements contradict each other.
  public let ledgers: [(origin: String, isContradictory: Bool)]

  /// Merges statements.
  ///
  /// - Parameters:
  ///   - number: the record. Statements about other records change nothing.
  ///   - statements: the statements. Repetitions change nothing.
  ///   - unreadable: SHA-256 of the canonical bytes of events about the record that cannot be read.
  ///   - trusted: the raw public keys that are trusted for receipts, by fingerprint.
  public init(
    _ number: PithNumber, _ statements: [MergeStatement], unreadable: Set<Digest> = [],
    trusted: [Digest128: [UInt8]]
  ) {
    let byOrigin = Dictionary(grouping: statements.filter { $0.testimony != nil }) {
      $0.testimony?.origin ?? ""
    }
    var logs: [String: MergeLedger] = [:]
    for (origin, own) in byOrigin { logs[origin] = MergeLedger(own, about: number) }
    ledgers = byOrigin.keys.sorted().map { ($0, logs[$0] == nil) }
    let validity = MergeValidity(number, statements.map(\.event))
    var valid: [Digest: SignedEvent] = [:]
    var failures: [Digest: String] = [:]
    for statement in statements where statement.isAbout(number) {
      let event = statement.event
      if valid[event.eventID] != nil { continue }
      let isTestified = statement.testimony.map { logs[$0.origin] != nil } ?? false
      if let failure = validity.failure(event, isTestified: isTestified) {
        // The checks have a fixed order, so that the copy of an event that fails last is reported.
        failures[event.eventID] = max(failures[event.eventID] ?? "", failure)
      } else {
        valid[event.eventID] = event
      }
    }
    for digest in unreadable where valid[digest] == nil { failures[digest] = "form" }
    let events = valid.values.sorted(by: Self.precedes)
    let merged = MergeFold(events, logs)
    invalid = failures.filter { valid[$0.key] == nil }.map { Invalid(eventID: $0, check: $1) }
      .sorted { $0.eventID.hex < $1.eventID.hex }
    pithNumber = number
    canonicalSHA256 = validity.canonicalSHA256
    eventCount = valid.count + invalid.count
    equivocations = merged.equivocations
    attestations = merged.attestations
    totals = merged.totals
    storageVerifiedUntil = merged.storageVerifiedUntil
    var state = RecordState(record: .registry)
    state.sums = merged.totals
    for event in events { state.apply(event, logs.values, trusted) }
    status = state.verificationStatus(
      storageVerifiedUntil: merged.storageVerifiedUntil,
      at: logs.values.compactMap(\.lastRecordedAt).max() ?? Timestamp(microseconds: 0))
  }

  /// The order of the merge. Positions of different ledgers cannot be compared.
  private static func precedes(_ a: SignedEvent, _ b: SignedEvent) -> Bool {
    (a.body.createdAt, a.eventID.hex) < (b.body.createdAt, b.eventID.hex)
  }
}

extension RecordState {
  /// Applies the effects of a valid event that do not depend on other events.
  fileprivate mutating func apply(
    _ event: SignedEvent, _ logs: some Collection<MergeLedger>, _ trusted: [Digest128: [UInt8]]
  ) {
    switch event.body.payload {
    case .recordCreated(let payload):
      // Validity has compared the canonical record with the Pith Number.
      contentAddressed = true
      let verdict = payload.receipt.flatMap {
        try? Receipt.check(
          $0, digest: payload.canonical.digest, trusted: trusted, field: "payload.receipt")
      }
      if verdict == .verified || logs.contains(where: { $0.hasVerifiedReceipt(event) }) {
        pithReceipt = true
      }
    case .graphSnapshot(let payload):
      guard logs.contains(where: { $0.isByRegistry(event) }) else { return }
      graphSnapshot = true
      referenceCount = Int32(payload.referenceCount)
      resolvedWork = Int32(payload.resolvedWork)
      formalEvidenceCount = Int32(payload.formalEvidenceCount)
    default: break
    }
  }
}
