import Encodings
import LedgerDomain
import LedgerStore
import Logging
import SafeHTTPClient
import Tracing
import TransparencyLog

/// One event on its way into the log.
struct AppendRequest {
  /// The record that the event is about. `nil` for the registry.
  var record: ResolvedRecord?
  /// Whether the append fails if any event came after the admission inputs were read.
  var isGuarded: Bool
  /// The client whose limits apply to fetches.
  var client: ClientID = .shell
  /// Admission inputs that were read already. They serve the first attempt only.
  var inputs: AdmissionInputs?
  var reservation: SubmissionReservation?
  /// The answers of external services, if they were asked already.
  var lookup = ExternalLookup.pending
  /// Makes the event. The digest names the event that it supersedes, if there is one.
  var makeEvent: (inout AdmissionContext, Digest?) async throws -> VerifiedEvent
  /// Finds an existing statement that makes the event unnecessary.
  var findExisting: (FoldEvent, LinkedEvents, KeyTimeline) -> ExistingStatement = {
    _, _, _ in .none
  }
}

/// Whether external services have been asked about an event.
enum ExternalLookup: Sendable {
  case pending
  /// They were asked. The finding is `nil` if the evidence to ask about is missing.
  case done(Finding?)

  var finding: Finding? { if case .done(let finding) = self { finding } else { nil } }
  var isPending: Bool { if case .pending = self { true } else { false } }
}

/// Admits one event and appends it: load, find existing statements, check evidence, admit, commit, answer.
///
/// The steps start again if the record changed in the meantime.
final class EventAppender: Sendable {
  /// How often the steps are repeated because the record changed.
  static let maxRetries = 8

  let store: LedgerStore
  let reader: AdmissionReader
  let timeline: TimelineCache
  let evidence: EvidenceChecker
  let checkpoints: CheckpointIssuer
  let checkpointSigner: CheckpointSigner?
  let registry: RegistryKey
  let answers: AnswerBuilder
  let configuration: LedgerConfiguration
  let origin: String
  let logger: Logger
  let metrics: ServiceMetrics

  init(
    store: LedgerStore, reader: AdmissionReader, timeline: TimelineCache, evidence: EvidenceChecker,
    checkpoints: CheckpointIssuer, checkpointSigner: CheckpointSigner?, registry: RegistryKey,
    answers: AnswerBuilder, configuration: LedgerConfiguration, origin: String, logger: Logger,
    metrics: ServiceMetrics
  ) {
    self.metrics = metrics
    self.store = store
    self.reader = reader
    self.timeline = timeline
    self.evidence = evidence
    self.checkpoints = checkpoints
    self.checkpointSigner = checkpointSigner
    self.registry = registry
    self.answers = answers
    self.configuration = configuration
    self.origin = origin
    self.logger = logger
  }

  /// Admits and appends an event.
  ///
  /// Errors: a `Refusal`; nothing is stored then.
  func append(_ request: AppendRequest) async throws -> SubmissionAnswer {
    try configuration.requireWriting()
    let signed = try await checkpointSigner?.signedSize() ?? 0
    // External services are asked at most once, inputs that were read beforehand serve once.
    var request = request
    for _ in 0..<Self.maxRetries {
      let attempt: Attempt
      switch try await examine(&request) {
      case .ready(let ready): attempt = ready
      case .answered(let answer): return answer
      case .changed: continue
      }
      if let answer = try await commit(attempt, request, signedSize: signed) { return answer }
    }
    throw Self.contention
  }

  /// The result of ``lookUp(_:)``.
  enum LookupResult {
    case found(ExternalLookup)
    /// The log holds such a statement already.
    case answered(SubmissionAnswer)
  }

  /// Asks external services about an event and appends nothing.
  ///
  /// Errors: a `Refusal` by the checks that precede the question.
  func lookUp(_ request: AppendRequest) async throws -> LookupResult {
    try configuration.requireWriting()
    _ = try await checkpointSigner?.signedSize()
    var request = request
    for _ in 0..<Self.maxRetries {
      switch try await examine(&request) {
      case .ready: return .found(request.lookup)
      case .answered(let answer): return .answered(answer)
      case .changed: continue
      }
    }
    throw Self.contention
  }

  private static let contention = Refusal(
    .unavailable, check: "contention",
    "The record changes faster than the submission can be checked. Try again.")

  // MARK: Steps

  /// The data of one attempt to append an event.
  private struct Attempt {
    var context: AdmissionContext
    var verified: VerifiedEvent
    var candidate: FoldEvent
    var referenced: FoldEvent?
    /// The event's group, if no other was linked to it.
    let group: GroupAtAdmission?
    /// The log's size as of the attempt.
    let next: Position
    let record: RecordID

    var event: SignedEvent { verified.event }

    mutating func updateCandidate() {
      candidate = event.foldEvent(
        .signedOnly(at: context.now), position: next, record: record, referenced: referenced)
    }
  }

  private enum Examination {
    case ready(Attempt)
    case answered(SubmissionAnswer)
    /// The log changed between two reads.
    case changed
  }

  /// The steps before admission.
  private func examine(_ request: inout AppendRequest) async throws -> Examination {
    var attempt = try await load(&request)
    let existing = request.findExisting(
      attempt.candidate, attempt.context.group, attempt.context.timeline)
    switch existing {
    case .none: break
    case .same(let first):
      guard let stored = try await store.log.event(record: attempt.record, id: first.eventID) else {
        return .changed
      }
      return .answered(
        try await answers.answer(
          stored, record: request.record, group: first.foldGroup, created: false))
    case .stands(let standing): throw Self.refusal(standing)
    case .older(let older):
      attempt.verified = try await request.makeEvent(&attempt.context, older.eventID)
      attempt.referenced = older
      attempt.updateCandidate()
    }
    attempt.context.referenced = attempt.referenced
    if let record = request.record {
      attempt.context.record = try await reader.facts(of: record, for: attempt.event.body)
    }
    try await checkEvidence(&attempt, &request)
    return .ready(attempt)
  }

  /// Reads the keys, the event that this one refers to, and its fold group.
  private func load(_ request: inout AppendRequest) async throws -> Attempt {
    var inputs = request.inputs
    request.inputs = nil
    let keys =
      if let inputs { try await timeline.current(inputs.log) } else { try await timeline.current() }
    var context = AdmissionContext(
      now: configuration.clock(), origin: origin, timeline: keys.timeline, position: keys.next)
    context.trustedReceiptKeys = configuration.trustedReceiptKeys
    context.finding = request.lookup.finding
    let verified = try await request.makeEvent(&context, nil)
    let event = verified.event
    let number = request.record?.record ?? .registry
    var referenced: FoldEvent?
    if let record = request.record {
      if inputs == nil { inputs = try await reader.inputs(for: event, about: record.pithNumber) }
      referenced = inputs?.referenced
    } else {
      if let id = event.body.referencedEventID {
        referenced = try await store.folds.event(record: number, id: id)
      }
      context.checkpointDigest = try await checkpoints.digest(of: event.body.target)
    }
    context.citesItself = inputs?.citesItself ?? false
    let candidate = event.foldEvent(
      .signedOnly(at: context.now), position: keys.next, record: number, referenced: referenced)
    // An event that refers to another is in that one's group, which the inputs do not include.
    context.group = try await reader.group(
      of: candidate, event: event, record: number,
      inputs: referenced == nil ? inputs : nil, keys.timeline)
    return Attempt(
      context: context, verified: verified, candidate: candidate, referenced: referenced,
      group: referenced == nil ? inputs?.isolatedGroup : nil, next: keys.next, record: number)
  }

  /// Asks external services about the event's evidence, unless that has been done.
  private func checkEvidence(_ attempt: inout Attempt, _ request: inout AppendRequest) async throws
  {
    let isProvider = attempt.context.timeline.isVouched(
      attempt.event.body.signer.fingerprint, at: attempt.next, as: .storageProvider)
    guard attempt.context.finding == nil, request.lookup.isPending,
      evidence.needsExternalCheck(attempt.event, isProvider: isProvider)
    else { return }
    // No service is asked on behalf of an event that is refused anyway.
    try precheck(attempt.verified, attempt.context)
    // Batches of other submissions do not wait while a service is slow.
    request.reservation?.end()
    let (event, bytes, time) = (attempt.event, attempt.context.evidence, attempt.context.now)
    let finding = try await withSpan("check evidence") { _ in
      try await request.client.paying {
        try await evidence.finding(for: event, evidence: bytes, at: time)
      }
    }
    request.lookup = .done(finding)
    attempt.context.finding = finding
    if finding?.report != nil {
      attempt.verified = try await request.makeEvent(&attempt.context, attempt.referenced?.eventID)
    }
  }

  /// Admits the event and appends it. Returns `nil` if the record changed and the steps have to start
  /// again.
  private func commit(
    _ attempt: Attempt, _ request: AppendRequest, signedSize: TreeSize
  ) async throws -> SubmissionAnswer? {
    let (event, record) = (attempt.event, request.record)
    let admission = try withSpan("admit") { _ in try admit(attempt.verified, attempt.context) }
    let source =
      event.body.payload.alias == nil ? nil : try await store.folds.recordSource(attempt.record)
    var item = try AppendUnit.Item.make(
      event: event, admission: admission, record: attempt.record, referenced: attempt.referenced,
      recordSource: source)
    item.group = attempt.group
    var unit = AppendUnit(
      items: [item], evidence: AppendUnit.Evidence.items(of: event, attempt.context.evidence),
      guardPosition: request.isGuarded ? attempt.next.previous : nil)
    if event.body.signer.signerType == .registry { unit.registryAsOf = attempt.next }
    request.reservation?.queued()
    switch try await append(unit) {
    case .stored(let positions, _, isNew: true):
      metrics.count(admission.checks)
      try await checkpointSigner?.expect(positions[0], beyond: signedSize)
      let stored = StoredEvent(
        position: positions[0], record: attempt.record, eventID: event.eventID,
        type: event.body.type, recordedAt: admission.recordedAt, entry: item.entry)
      if let record { await recordReport(attempt, stored, record) }
      let answer = try await answers.answer(
        stored, record: record, group: item.event.foldGroup, created: true)
      guard answer.standing == "pending", let missing = attempt.context.finding?.missing else {
        return answer
      }
      // What was missing at the admission is more than the fold knows.
      let isUnsettleable = item.event.flags.contains(.unsettleable)
      return answer.giving(reason: isUnsettleable ? "\(missing); it expires soon" : missing)
    case .stored:
      guard let stored = try await store.log.event(record: attempt.record, id: event.eventID) else {
        return nil
      }
      // An entry contains the time of its admission. The same bytes are in the log only if this append
      // wrote them, possibly in an attempt whose answer was lost.
      return try await answers.answer(
        stored, record: record, group: item.event.foldGroup, created: stored.entry == item.entry)
    case .conflict: return nil
    }
  }

  /// Appends a unit. Another event may have used the token in the meantime.
  private func append(_ unit: AppendUnit) async throws -> AppendOutcome {
    do {
      return try await withSpan("append and commit") { _ in try await store.log.append(unit) }
    } catch let error as LedgerStoreError where error.code == .tokenUsed {
      throw EvidenceChecker.usedToken
    }
  }

  /// Appends the report of the fetch, if the attestation was signed before the fetch and does not
  /// contain it.
  private func recordReport(
    _ attempt: Attempt, _ stored: StoredEvent, _ record: ResolvedRecord
  ) async {
    guard case .storageAttestation(let storage) = attempt.event.body.payload,
      let finding = attempt.context.finding, let report = finding.report,
      storage.evidence != Digest(hashing: report)
    else { return }
    do {
      try await CheckRecorder(appender: self, registry: registry).record(
        finding.verdict, "fetched: the bytes are as attested", about: stored, of: record,
        report: report)
    } catch {
      // The attestation is valid without the report. The next periodic check makes another.
      logger.warning("no storage report for position \(stored.position): \(error)")
    }
  }

  private static func refusal(_ standing: FoldEvent) -> Refusal {
    Refusal(
      .conflict, check: "slot", field: "payload.content_role",
      "sha256:\(standing.eventID.hex) attests this location with a content_role that counts. A statement with a "
        + "role that does not count can follow only after that one has ended.")
  }
}

extension ClientID {
  /// Runs work whose fetches count towards this client's limits. The shell has no limits.
  func paying<R>(_ work: () async throws -> R) async rethrows -> R {
    try await FetchClient.$current.withValue(self == .shell ? nil : name, operation: work)
  }
}

extension AppendUnit.Evidence {
  /// The evidence of an event with its kind. The kind decides whether the bytes may be served.
  fileprivate static func items(of event: SignedEvent, _ evidence: [Digest: [UInt8]]) -> [Self] {
    let kind = event.body.payload.evidenceKind.rawValue
    return evidence.map { Self(digest: $0.key, bytes: $0.value, kind: kind) }
  }
}
