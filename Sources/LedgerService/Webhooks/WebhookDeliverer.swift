import Encodings
import Foundation
import LedgerDomain
import LedgerStore
import Logging
import ProofFormats
import SafeHTTPClient
import Synchronization

/// Sends the events of the log to webhooks, each in the order of positions, at least once.
///
/// A process takes the webhooks that are due and delivers them concurrently; each has one request at a time. A webhook
/// moves on only after an answer of 2xx. What was sent and not noted is sent again, with the same identifier.
public final class WebhookDeliverer: Sendable {
  /// How often a process looks for webhooks that are due.
  static let interval: Duration = .milliseconds(500)
  /// How often the webhooks are counted.
  private static let countInterval: Duration = .seconds(10)

  let store: LedgerStore
  let resolver: RecordResolver
  let timeline: TimelineCache
  /// `nil` in a process without the key of the log.
  let sender: WebhookSender?
  let clock: @Sendable () -> Timestamp
  let logger: Logger
  let metrics: ServiceMetrics
  /// How long a process holds a webhook without a sign of life. Longer than a request.
  let holdSeconds: Int64
  /// The name of this process among those that deliver.
  let holder = UUID().uuidString
  private let monitor = JobMonitor()
  private let busy = Mutex<Set<String>>([])

  init(
    store: LedgerStore, resolver: RecordResolver, timeline: TimelineCache, sender: WebhookSender?,
    clock: @escaping @Sendable () -> Timestamp, holdSeconds: Int64 = 60, logger: Logger,
    metrics: ServiceMetrics
  ) {
    self.store = store
    self.resolver = resolver
    self.timeline = timeline
    self.sender = sender
    self.clock = clock
    self.holdSeconds = holdSeconds
    self.logger = logger
    self.metrics = metrics
  }

  /// The webhooks by state, as the job counted them last; `nil` before the first time.
  public var report: JobReport.Webhooks? { monitor.report.webhooks }

  /// Delivers until the task is cancelled.
  public func run(_ format: any WebhookFormat) async {
    await withDiscardingTaskGroup { group in
      var nextCount = ContinuousClock.now
      while !Task.isCancelled {
        do {
          for webhook in try await claim() {
            group.addTask { await self.deliver(webhook, format) }
          }
          if ContinuousClock.now >= nextCount {
            nextCount = .now + Self.countInterval
            try await count()
          }
          try await Task.sleep(for: Self.interval)
        } catch {
          if Task.isCancelled { return }
          metrics.countRound("webhooks", isDone: false)
          logger.warning("webhooks are not delivered, which is tried again: \(error)")
          try? await Task.sleep(for: .seconds(10))
        }
      }
    }
  }

  /// Delivers everything that is due once, and waits for it.
  ///
  /// - Returns: how many webhooks were due.
  func deliverDue(_ format: any WebhookFormat) async throws -> Int {
    let due = try await claim()
    await withDiscardingTaskGroup { group in
      for webhook in due { group.addTask { await self.deliver(webhook, format) } }
    }
    return due.count
  }

  private func count() async throws {
    let counts = try await store.webhooks.counts()
    monitor.note { $0.webhooks = .init(counts: counts, at: .now) }
    metrics.countRound("webhooks", isDone: true)
  }

  // MARK: One webhook

  private func claim() async throws -> [Webhook] {
    guard sender != nil else { return [] }
    let claimed = try await store.webhooks.claim(
      holder, except: busy.withLock { $0 }, seconds: holdSeconds, now: clock())
    busy.withLock { $0.formUnion(claimed.map(\.id)) }
    return claimed
  }

  /// Delivers to one webhook until it has everything, fails, or is paused.
  private func deliver(_ claimed: Webhook, _ format: any WebhookFormat) async {
    var current: Webhook? = claimed
    do {
      while let webhook = current, webhook.pause == nil {
        try Task.checkCancellation()
        current = try await step(webhook, format)
      }
    } catch {
      if !Task.isCancelled {
        logger.warning("the delivery to the webhook \(claimed.id) was interrupted: \(error)")
        // Without a pause the same fault would fill the log.
        try? await Task.sleep(for: .seconds(10))
      }
    }
    // Not cancelled with this task, so that another process need not wait for the end of the hold.
    await Task { try? await store.webhooks.release(claimed.id, holder) }.value
    _ = busy.withLock { $0.remove(claimed.id) }
  }

  /// Sends the next message, or passes events that are not wanted.
  ///
  /// - Returns: the webhook as it is then; `nil` if there is nothing more to do for now.
  private func step(_ webhook: Webhook, _ format: any WebhookFormat) async throws -> Webhook? {
    let size = try await store.log.size()
    guard webhook.next < size.end else { return nil }
    let found = try await events(for: webhook)
    guard let last = found.events.last else {
      let next = webhook.batchEnd ?? found.next ?? size.end
      return try await store.webhooks.skip(webhook.id, holder, to: next, seconds: holdSeconds)
    }
    if webhook.batchSize > 1, webhook.batchEnd == nil {
      guard
        try await store.webhooks.begin(
          webhook.id, holder, batchEnd: last.position.next, seconds: holdSeconds) != nil
      else { return nil }
    }
    return try await send(found.events, through: last.position, to: webhook, format)
  }

  /// The events of the next message. None, and where to look next, if a part of the log has none.
  private func events(for webhook: Webhook) async throws -> (events: [StoredEvent], next: Position?)
  {
    let record = try await record(of: webhook)
    let selection = try await webhook.filter.selection(
      record: record, try await timeline.current().timeline, in: store)
    let scan = try await store.scanner.scan(
      selection, from: webhook.next, limit: webhook.batchSize)
    // A repeated batch has no events that were appended meanwhile.
    guard let end = webhook.batchEnd else { return (scan.events, scan.next) }
    return (scan.events.filter { $0.position < end }, scan.next)
  }

  private func record(of webhook: Webhook) async throws -> RecordID? {
    guard let name = webhook.pithNumber else { return nil }
    return try await resolver.resolve(name).record.record
  }

  private func send(
    _ events: [StoredEvent], through last: Position, to webhook: Webhook,
    _ format: any WebhookFormat
  ) async throws -> Webhook? {
    guard let sender, let first = events.first else { return nil }
    let isBatch = webhook.batchSize > 1
    let messageID = WebhookName.message(webhook.id, first.position, isBatch ? last : nil)
    let started = ContinuousClock.now
    let body: WebhookBody
    do { body = isBatch ? try format.batch(events) : try format.event(first) } catch {
      let answer = WebhookAnswer.failed(
        check: "internal", message: "The event at \(first.position) cannot be written.")
      return try await fail(webhook, answer, nil)
    }
    let (answer, retryAfter) = try await sender.send(body, id: messageID, to: webhook, at: clock())
    metrics.countDelivery(answer.result, took: ContinuousClock.now - started)
    guard answer.isDelivered else { return try await fail(webhook, answer, retryAfter) }
    return try await store.webhooks.advance(
      webhook.id, holder, to: last.next, at: clock(), seconds: holdSeconds)
  }

  /// Notes a failure. Pauses the webhook if its receiver is gone, or if failures have lasted too long.
  private func fail(
    _ webhook: Webhook, _ answer: WebhookAnswer, _ retryAfter: FetchedHead.RetryAfter?
  ) async throws -> Webhook? {
    let now = clock()
    var pause: WebhookPause?
    if answer == .answered(status: 410) {
      pause = .gone
    } else if let first = webhook.failingSince, WebhookBackoff.isOver(since: first, at: now) {
      pause = .failing
    }
    let failures = webhook.failures + 1
    let failure = WebhookFailure(
      failures: failures, at: now,
      nextAttempt: WebhookBackoff.next(
        failures, at: now, jitter: .random(in: 0...1), asked: retryAfter),
      error: answer.text, pause: pause)
    let isNoted = try await store.webhooks.fail(webhook.id, holder, failure)
    if isNoted, let pause { logPause(webhook, pause, failures) }
    return nil
  }

  /// The line has the host alone: paths and queries may be secrets of the receiver.
  private func logPause(_ webhook: Webhook, _ pause: WebhookPause, _ failures: Int64) {
    let host = (try? WebAddress(webhook.url))?.bareHost ?? ""
    let reason =
      switch pause {
      case .gone: "it answered 410 Gone"
      case .failing: "\(failures) attempts in five days failed"
      case .operator: "the operator paused it"
      }
    logger.warning(
      "the webhook \(webhook.id) at \(host) is paused at position \(webhook.next): \(reason). Nothing is lost: pithledger webhook resume \(webhook.id) continues there."
    )
  }
}

extension Webhook {
  /// The conditions on events.
  var filter: EventFilter {
    var filter = EventFilter()
    filter.types = types
    filter.signer = signer
    filter.target = target
    return filter
  }
}

/// The identifiers of webhooks and of messages.
enum WebhookName {
  private static let prefix = "wh_"

  /// A new identifier of a webhook: 80 random bits.
  static func random() -> String {
    var source = SystemRandomNumberGenerator()
    let bytes = (0..<10).map { _ in UInt8.random(in: .min ... .max, using: &source) }
    return prefix + Base32.encode(bytes).lowercased()
  }

  /// The identifier of a message, which is the same for each attempt: the webhook's, and the positions of the events.
  ///
  /// - Parameter last: the position of the last event of a batch; `nil` for a single event.
  static func message(_ webhook: String, _ first: Position, _ last: Position?) -> String {
    "msg_\(suffix(webhook))_\(first)" + (last.map { "-\($0)" } ?? "")
  }

  /// The identifier of a message that tests a webhook.
  static func ping(_ webhook: String, at time: Timestamp) -> String {
    "msg_\(suffix(webhook))_ping\(time.microseconds)"
  }

  private static func suffix(_ webhook: String) -> Substring {
    webhook.hasPrefix(prefix) ? webhook.dropFirst(prefix.count) : webhook[...]
  }
}
