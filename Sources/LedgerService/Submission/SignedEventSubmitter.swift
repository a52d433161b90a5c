import Encodings
import LedgerDomain
import LedgerStore
import Tracing

/// Takes a signed event. A test may replace it.
protocol EventSubmitter: Sendable {
  /// - Parameters:
  ///   - evidence: the bytes that the event refers to, by their SHA-256.
  ///   - name: the record that the event was submitted to. `nil` accepts the event's subject.
  func submit(
    _ event: SignedEvent, evidence: [Digest: [UInt8]], record name: String?, client: ClientID,
    operatorAuthorised: Bool
  ) async throws -> SubmissionAnswer
}

/// Checks the signature of an event and appends the event, or answers with the one that is in the log
/// already.
final class SignedEventSubmitter: EventSubmitter {
  let store: LedgerStore
  let resolver: RecordResolver
  let reader: AdmissionReader
  let timeline: TimelineCache
  let quotas: Quotas
  let appender: EventAppender
  let answers: AnswerBuilder

  init(
    store: LedgerStore, resolver: RecordResolver, reader: AdmissionReader, timeline: TimelineCache,
    quotas: Quotas, appender: EventAppender, answers: AnswerBuilder
  ) {
    self.store = store
    self.resolver = resolver
    self.reader = reader
    self.timeline = timeline
    self.quotas = quotas
    self.appender = appender
    self.answers = answers
  }

  func submit(
    _ event: SignedEvent, evidence: [Digest: [UInt8]], record name: String?, client: ClientID,
    operatorAuthorised: Bool
  ) async throws -> SubmissionAnswer {
    let client = operatorAuthorised ? .shell : client
    try quotas.takeSubmission(client)
    let reservation = store.log.reserve()
    defer { reservation.end() }
    let submission = Submission(
      event: event, evidence: evidence, client: client, operatorAuthorised: operatorAuthorised)
    return switch event.body.subject {
    case .record(let number):
      try await submit(submission, about: number, submittedTo: name, reservation)
    default: try await submitAboutRegistry(submission, submittedTo: name)
    }
  }

  private struct Submission {
    let event: SignedEvent
    let evidence: [Digest: [UInt8]]
    let client: ClientID
    let operatorAuthorised: Bool

    func request(_ verified: VerifiedEvent, _ record: ResolvedRecord?) -> AppendRequest {
      // Two equal vouches at the same time would both be admitted without the guard.
      AppendRequest(record: record, isGuarded: event.body.type == .keyVouched) { context, _ in
        context.evidence = evidence
        context.operatorAuthorised = operatorAuthorised
        return verified
      }
    }
  }

  private func submit(
    _ submission: Submission, about number: PithNumber, submittedTo name: String?,
    _ reservation: SubmissionReservation
  ) async throws -> SubmissionAnswer {
    let loaded = try await withSpan("load") { _ in
      try await reader.inputs(for: submission.event, about: number)
    }
    guard let inputs = loaded else {
      throw Refusal(
        .notFound, check: "subject", field: "subject_pith_number",
        "This ledger has no record \(number).", remedy: .importRecord)
    }
    try await check(submittedTo: name, agreesWith: inputs.record)
    let keys = try await timeline.current(inputs.log)
    let verified = try withSpan("verify signature") { _ in
      try VerifiedEvent(submission.event, keys: keys.timeline)
    }
    if let stored = inputs.stored {
      return try await answers.answer(stored, record: inputs.record, created: false)
    }
    try count(submission, keys)
    var request = submission.request(verified, inputs.record)
    request.client = submission.client
    request.inputs = inputs
    request.reservation = reservation
    return try await appender.append(request)
  }

  private func submitAboutRegistry(
    _ submission: Submission, submittedTo name: String?
  ) async throws -> SubmissionAnswer {
    if name != nil {
      throw Refusal(
        .invalid, check: "subject", field: "subject_pith_number",
        "An event about the registry is not submitted to a record.", remedy: .submitToRegistry)
    }
    let event = submission.event
    let keys = try await timeline.current()
    let verified = try VerifiedEvent(event, keys: keys.timeline)
    if let stored = try await store.log.event(record: .registry, id: event.eventID) {
      return try await answers.answer(stored, record: nil, created: false)
    }
    if event.body.type == .keyRegistered { try quotas.takeRegistration(submission.client) }
    try count(submission, keys)
    return try await appender.append(submission.request(verified, nil))
  }

  /// Counts a new event with a valid signature for its client and its key.
  private func count(
    _ submission: Submission, _ keys: (timeline: KeyTimeline, next: Position)
  ) throws(Refusal) {
    let fingerprint = submission.event.body.signer.fingerprint
    try quotas.takeVerified(
      submission.client, key: fingerprint,
      isVouched: keys.timeline.isVouched(fingerprint, at: keys.next),
      evidenceBytes: submission.evidence.values.reduce(0) { $0 + $1.count })
  }

  /// Refuses an event that was submitted to another record.
  private func check(submittedTo name: String?, agreesWith record: ResolvedRecord) async throws {
    guard let name, name.uppercased() != record.pithNumber.suffix,
      name != record.pithNumber.description
    else { return }
    let addressed = try await resolver.resolve(name).record
    guard addressed.record == record.record else {
      throw Refusal(
        .invalid, check: "subject", field: "subject_pith_number",
        "The event is about \(record.pithNumber), and was submitted to \(addressed.pithNumber).")
    }
  }
}
