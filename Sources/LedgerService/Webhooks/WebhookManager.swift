import LedgerDomain
public import LedgerStore
public import TransparencyLog

/// What a new webhook is to get.
public struct WebhookRequest: Sendable {
  /// The address that events are sent to.
  public var url: String
  /// Names of types with commas between them; `nil` for any type.
  public var types: String?
  /// A name of the record that the events are about; `nil` for any subject.
  public var record: String?
  /// A fingerprint or a `signer_id`; `nil` for any signer.
  public var signer: String?
  /// The target of the events; `nil` for any target.
  public var target: String?
  /// The position of the first event; `nil` for the next one that is appended.
  public var from: Int64?
  /// The largest number of events in one request.
  public var batchSize: Int

  /// Asks for every event that is appended from now on, one by one.
  public init(url: String, batchSize: Int = 1) {
    self.url = url
    self.batchSize = batchSize
  }
}

/// A webhook, and the size of the log that it follows.
public struct WebhookState: Sendable {
  /// The webhook.
  public let webhook: Webhook
  /// The size of the log.
  public let size: TreeSize
  /// How many events of the log the webhook has not passed.
  public var lag: Int64 { Int64(max(0, webhook.next.distance(to: size.end))) }
}

/// Manages webhooks on an operator's command.
public final class WebhookManager: Sendable {
  /// The largest number of webhooks.
  public static let most = 64
  /// The largest number of events in one request.
  public static let largestBatch = 100

  let store: LedgerStore
  let resolver: RecordResolver
  /// `nil` in a process without the key of the log.
  let sender: WebhookSender?
  let configuration: LedgerConfiguration

  init(
    store: LedgerStore, resolver: RecordResolver, sender: WebhookSender?,
    configuration: LedgerConfiguration
  ) {
    self.store = store
    self.resolver = resolver
    self.sender = sender
    self.configuration = configuration
  }

  /// Adds a webhook.
  ///
  /// Errors: a `Refusal` with check `webhook.url` about the address, `webhook.batch`, `webhook.from`, `webhook.count`;
  /// `query` about a condition; those of a record's name.
  public func add(_ request: WebhookRequest) async throws -> WebhookState {
    try configuration.requireWriting()
    let url = try WebhookAddress.checked(
      request.url, allowed: configuration.externalServices.webhookAllowedHosts)
    let filter = try EventFilter(
      types: request.types, signer: request.signer, target: request.target, standings: nil,
      since: nil, order: nil)
    guard (1...Self.largestBatch).contains(request.batchSize) else {
      throw Refusal(
        .malformed, check: "webhook.batch", field: "batch",
        "A request has 1 to \(Self.largestBatch) events.")
    }
    var number: PithNumber?
    if let record = request.record { number = try await resolver.resolve(record).record.pithNumber }
    let size = try await store.log.size()
    let from = request.from.map { Position(rawValue: $0) } ?? size.end
    guard from >= .first, from <= size.end else {
      throw Refusal(
        .malformed, check: "webhook.from", field: "from",
        "The log has \(size) events. The next one will be at position \(size).")
    }
    let webhook = Webhook(
      id: WebhookName.random(), url: url, types: filter.types, pithNumber: number?.description,
      signer: filter.signer, target: filter.target, batchSize: request.batchSize, next: from,
      created: configuration.clock())
    guard try await store.webhooks.add(webhook, most: Self.most) else {
      throw Refusal(
        .conflict, check: "webhook.count",
        "There are \(Self.most) webhooks, which is the largest number. Remove one first.")
    }
    return WebhookState(webhook: webhook, size: size)
  }

  /// All webhooks, in the order in which they were made.
  public func list() async throws -> [WebhookState] {
    let size = try await store.log.size()
    return try await store.webhooks.all().map { WebhookState(webhook: $0, size: size) }
  }

  /// One webhook.
  ///
  /// Errors: a `Refusal` with check `webhook` if there is none with this identifier.
  public func webhook(_ id: String) async throws -> WebhookState {
    try await state(of: store.webhooks.webhook(id), id)
  }

  /// Pauses a webhook. A request that is being answered ends.
  ///
  /// Errors: a `Refusal` with check `webhook` if there is none with this identifier.
  public func pause(_ id: String) async throws -> WebhookState {
    try configuration.requireWriting()
    return try await state(of: store.webhooks.pause(id), id)
  }

  /// Continues a webhook with the first event that was not delivered, at once.
  ///
  /// Errors: a `Refusal` with check `webhook` if there is none with this identifier.
  public func resume(_ id: String) async throws -> WebhookState {
    try configuration.requireWriting()
    return try await state(of: store.webhooks.resume(id), id)
  }

  /// Removes a webhook.
  ///
  /// Errors: a `Refusal` with check `webhook` if there is none with this identifier.
  public func remove(_ id: String) async throws {
    try configuration.requireWriting()
    guard try await store.webhooks.remove(id) else { throw Self.missing(id) }
  }

  private func state(of webhook: Webhook?, _ id: String) async throws -> WebhookState {
    guard let webhook else { throw Self.missing(id) }
    return WebhookState(webhook: webhook, size: try await store.log.size())
  }

  private static func missing(_ id: String) -> Refusal {
    Refusal(
      .notFound, check: "webhook", field: "id", "There is no webhook with this identifier.")
  }

  // MARK: Secrets

  /// The secret of a webhook, for its receiver.
  ///
  /// Errors: a `Refusal` with check `webhook` if there is no such webhook, with check `log_key` in a process without the
  /// key of the log.
  public func secret(_ id: String) async throws -> String {
    let secrets = try requireSender().secrets
    let webhook = try await webhook(id).webhook
    return secrets.text(webhook.id, generation: webhook.generation)
  }

  /// Makes a new secret. Messages carry the signatures of both for 24 hours.
  ///
  /// Errors: those of ``secret(_:)``.
  public func rotateSecret(_ id: String) async throws -> String {
    try configuration.requireWriting()
    let secrets = try requireSender().secrets
    let present = try await webhook(id).webhook
    guard
      let webhook = try await store.webhooks.rotate(
        id, from: present.generation, at: configuration.clock())
    else { throw Self.missing(id) }
    return secrets.text(webhook.id, generation: webhook.generation)
  }

  private func requireSender() throws(Refusal) -> WebhookSender {
    guard let sender else {
      throw Refusal(
        .unavailable, check: "log_key",
        "The secrets of webhooks are derived from the key of the log, which is not here. Run the command where the ledger is served."
      )
    }
    return sender
  }

  // MARK: Tests

  /// Sends a message to a webhook that says nothing about the log. The webhook does not change.
  ///
  /// Errors: those of ``secret(_:)``.
  public func test(_ id: String, _ format: any WebhookFormat) async throws -> WebhookTest {
    let sender = try requireSender()
    let webhook = try await webhook(id).webhook
    let now = configuration.clock()
    let messageID = WebhookName.ping(id, at: now)
    let started = ContinuousClock.now
    let answer = try await sender.send(
      format.ping(messageID, webhook: id, at: now), id: messageID, to: webhook, at: now
    ).answer
    return WebhookTest(messageID: messageID, answer: answer, took: ContinuousClock.now - started)
  }
}

/// The result of a message that tests a webhook.
public struct WebhookTest: Sendable {
  /// The field `webhook-id` of the message.
  public let messageID: String
  /// What became of it.
  public let answer: WebhookAnswer
  /// The time until the answer.
  public let took: Duration

  /// What the receiver answered, or why there is no answer, as a sentence.
  public var text: String { answer.text }
}
