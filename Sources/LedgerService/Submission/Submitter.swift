public import Encodings
public import LedgerDomain
import LedgerStore

/// Takes submissions: admits them, appends them, and answers when they are durable.
public final class Submitter: EventSubmitter {
  let signed: SignedEventSubmitter
  let bare: BareSubmitter
  let voucher: TokenVoucher
  let limits: LedgerConfiguration.Limits
  let metrics: ServiceMetrics

  init(
    signed: SignedEventSubmitter, bare: BareSubmitter, voucher: TokenVoucher,
    limits: LedgerConfiguration.Limits, metrics: ServiceMetrics
  ) {
    self.metrics = metrics
    self.signed = signed
    self.bare = bare
    self.voucher = voucher
    self.limits = limits
  }

  /// Whether single submissions are refused at present, because too many are in progress.
  public var isFull: Bool { signed.store.log.isFull }

  /// Takes a submission as JSON: a signed event, or the payload of a bare action.
  ///
  /// - Parameters:
  ///   - bytes: the JSON of the submission.
  ///   - name: the record that it was submitted to. `nil` accepts the event's subject.
  ///   - action: the event type of the path. `nil` accepts any.
  ///   - client: the client whose quotas the submission uses.
  ///   - operatorAuthorised: whether the caller has proved to be the operator.
  /// - Throws: a `Refusal`, or a `LedgerStoreError` with the code `queueFull`; nothing of the submission is stored
  ///   then.
  public func submit(
    _ bytes: [UInt8], record name: String? = nil, action: EventType? = nil, client: ClientID,
    operatorAuthorised: Bool = false
  ) async throws -> SubmissionAnswer {
    if !operatorAuthorised { try signed.store.log.requireRoom() }
    switch try SubmissionParser.parse(bytes, limits: limits.submission) {
    case .signed(let event, let evidence):
      if let action, event.body.type != action {
        throw Refusal(
          .invalid, check: "action", field: "event_type",
          "The event's type is \(event.body.type.name), and it was submitted as \(action.name).")
      }
      return try await submit(
        event, evidence: evidence, record: name, client: client,
        operatorAuthorised: operatorAuthorised)
    case .bare(let submission):
      guard let action, let name else { throw Self.unsigned }
      return try await metrics.counting(action.name) {
        try await bare.submit(
          submission, action: action, record: name, client: operatorAuthorised ? .shell : client)
      }
    }
  }

  /// Submits a signed event. Vouches for its key if a verified identity token asks for that.
  ///
  /// - Parameters:
  ///   - event: the event, whose signature is checked here.
  ///   - evidence: the bytes that the event refers to, by their SHA-256.
  ///   - name: the record that the event was submitted to. `nil` accepts the event's subject.
  ///   - client: the client whose quotas the submission uses.
  ///   - operatorAuthorised: whether the caller has proved to be the operator.
  /// - Throws: a `Refusal`; nothing of the submission is stored then.
  public func submit(
    _ event: SignedEvent, evidence: [Digest: [UInt8]], record name: String? = nil, client: ClientID,
    operatorAuthorised: Bool = false
  ) async throws -> SubmissionAnswer {
    let answer = try await metrics.counting(event.body.type.name) {
      try await signed.submit(
        event, evidence: evidence, record: name, client: client,
        operatorAuthorised: operatorAuthorised)
    }
    try await voucher.vouch(for: event, evidence, position: answer.position)
    return answer
  }

  /// The refusal of an unsigned event where only signed events are accepted.
  static let unsigned = Refusal(
    .malformed, check: "signature", field: "signature",
    "The event has no signature.", remedy: .submitAction)
}
