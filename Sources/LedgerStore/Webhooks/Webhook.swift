public import LedgerDomain
import PostgresClient

/// Why a webhook gets no events.
public enum WebhookPause: String, Sendable, CaseIterable {
  /// The operator paused it.
  case `operator`
  /// The receiver answered 410 Gone.
  case gone
  /// Its deliveries failed for too long.
  case failing
}

/// A subscription to events of the log, which are sent to an address.
public struct Webhook: Sendable {
  /// The identifier, such as `wh_5xt2k3q7m4ayd6bc`.
  public let id: String
  /// The address. It may contain a token of the receiver.
  public let url: String
  /// The types, of which an event has one; empty for any type.
  public let types: [EventType]
  /// The Pith Number of the record that the events are about; `nil` for any subject.
  public let pithNumber: String?
  /// The fingerprint of the signing key, or a `signer_id`; `nil` for any signer.
  public let signer: String?
  /// The target of the events; `nil` for any target.
  public let target: String?
  /// The largest number of events in one request. 1 sends single events, a larger number batches.
  public let batchSize: Int
  /// The lowest position that is not delivered.
  public var next: Position
  /// The position behind the batch that is being sent. `nil` if none is.
  public var batchEnd: Position?
  /// The number of the secret, from 1.
  public var generation: Int64 = 1
  /// When the secret was rotated last; `nil` if it never was.
  public var rotatedAt: Timestamp?
  /// Why nothing is sent; `nil` while events are sent.
  public var pause: WebhookPause?
  /// How many attempts failed since the last success.
  public var failures: Int64 = 0
  /// The first failure since the last success.
  public var failingSince: Timestamp?
  /// Before this time no attempt is made. `nil` if the next one is made at once.
  public var nextAttempt: Timestamp?
  /// The last attempt.
  public var lastAttempt: Timestamp?
  /// The last success.
  public var delivered: Timestamp?
  /// What was wrong with the last attempt. `nil` after a success.
  public var lastError: String?
  /// When the subscription was made.
  public let created: Timestamp

  /// Makes a subscription that has sent nothing.
  public init(
    id: String, url: String, types: [EventType] = [], pithNumber: String? = nil,
    signer: String? = nil, target: String? = nil, batchSize: Int = 1, next: Position,
    created: Timestamp
  ) {
    self.id = id
    self.url = url
    self.types = types
    self.pithNumber = pithNumber
    self.signer = signer
    self.target = target
    self.batchSize = batchSize
    self.next = next
    self.created = created
  }
}

extension Webhook {
  /// The columns of `ledger.webhook w` that `init(_:)` reads, in its order.
  static let columns = """
    w.id, w.url, w.event_types, w.pith_number, w.signer, w.target, w.batch_size, w.next_position, w.batch_end,
    w.generation, w.rotated_at, w.pause, w.failures, w.failing_since, w.next_attempt_at, w.last_attempt_at,
    w.delivered_at, w.last_error, w.created_at
    """

  init(_ row: PostgresRow) throws {
    func time(_ column: Int) throws -> Timestamp? {
      try row.optionalTimestamp(column).map { Timestamp(microseconds: $0) }
    }
    let types = row.isNull(2) ? [] : try row.textArray(2)
    self.init(
      id: try row.text(0), url: try row.text(1), types: types.compactMap { EventType(name: $0) },
      pithNumber: try row.optionalText(3), signer: try row.optionalText(4),
      target: try row.optionalText(5), batchSize: Int(try row.int(6)), next: try row.position(7),
      created: Timestamp(microseconds: try row.timestamp(18)))
    batchEnd = try row.optionalInt(8).map { Position(rawValue: $0) }
    generation = try row.int(9)
    rotatedAt = try time(10)
    pause = try row.optionalText(11).flatMap { WebhookPause(rawValue: $0) }
    failures = try row.int(12)
    failingSince = try time(13)
    nextAttempt = try time(14)
    lastAttempt = try time(15)
    delivered = try time(16)
    lastError = try row.optionalText(17)
  }
}

/// A failed attempt to deliver.
public struct WebhookFailure: Sendable {
  /// The number of failures since the last success, this one included.
  public let failures: Int64
  /// When the attempt ended.
  public let at: Timestamp
  /// When the next attempt is made.
  public let nextAttempt: Timestamp
  /// What was wrong, at most 1000 bytes.
  public let error: String
  /// Why no further attempt is made; `nil` if one is.
  public let pause: WebhookPause?

  /// Makes a failure from its parts.
  public init(
    failures: Int64, at: Timestamp, nextAttempt: Timestamp, error: String, pause: WebhookPause?
  ) {
    self.failures = failures
    self.at = at
    self.nextAttempt = nextAttempt
    self.error = error
    self.pause = pause
  }
}

/// How many webhooks there are, by state.
public struct WebhookCounts: Sendable, Equatable {
  /// Those whose last attempt succeeded, and those without an attempt.
  public let active: Int64
  /// Those whose last attempt failed, and which are tried again.
  public let failing: Int64
  /// Those that are paused because they failed for too long, or answered 410.
  public let stopped: Int64
  /// Those that the operator paused.
  public let paused: Int64
  /// The largest number of events of the log that a webhook, which is not paused, has not passed.
  public let lag: Int64
}
