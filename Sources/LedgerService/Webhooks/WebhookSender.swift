public import LedgerDomain
public import LedgerStore
import SafeHTTPClient

/// The body of a message to a webhook.
public struct WebhookBody: Sendable {
  /// The media type.
  public let mediaType: String
  /// The bytes.
  public let bytes: [UInt8]

  /// Makes a body.
  public init(mediaType: String, bytes: [UInt8]) {
    self.mediaType = mediaType
    self.bytes = bytes
  }
}

/// Writes events as the bodies of messages.
public protocol WebhookFormat: Sendable {
  /// One event.
  func event(_ event: StoredEvent) throws -> WebhookBody
  /// Several events, in order.
  func batch(_ events: [StoredEvent]) throws -> WebhookBody
  /// A message that says nothing about the log, to test a receiver.
  func ping(_ messageID: String, webhook: String, at time: Timestamp) -> WebhookBody
}

/// What became of a message.
public enum WebhookAnswer: Sendable, Equatable {
  /// The receiver answered with this status.
  case answered(status: Int)
  /// There was no answer. The check is that of a fetch, such as `fetch.unreachable`.
  case failed(check: String, message: String)

  /// Whether the receiver has the message.
  public var isDelivered: Bool {
    if case .answered(let status) = self { return (200..<300).contains(status) }
    return false
  }

  /// What was wrong, for the operator.
  var text: String {
    switch self {
    case .answered(let status):
      (300..<400).contains(status)
        ? "It answered \(status). Redirects are not followed." : "It answered \(status)."
    case .failed(let check, let message): "\(Self.plain(message)) [\(check)]"
    }
  }

  /// A text that the database takes: at most 800 bytes, without control characters. An error of a library may contain
  /// what a receiver sent.
  private static func plain(_ text: String) -> String {
    let scalars = text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }
    let bytes = String(String.UnicodeScalarView(scalars)).utf8.prefix(800)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The class of the answer, for metrics.
  var result: String {
    switch self {
    case .answered: isDelivered ? "delivered" : "refused"
    case .failed: "unreachable"
    }
  }
}

/// Signs messages and sends them (Standard Webhooks 1.0).
struct WebhookSender: Sendable {
  /// The limits of one request. There are as many slots as there may be webhooks, so that a slow receiver delays no
  /// other; each webhook has one request at a time.
  static func limits(of most: Int) -> SafeHTTPClient.Limits {
    var limits = SafeHTTPClient.Limits()
    limits.time = .seconds(15)
    limits.concurrent = most
    limits.perHost = most
    limits.redirects = 0
    return limits
  }

  let fetcher: any Fetcher
  let secrets: WebhookSecrets
  /// The hosts that may have private addresses, or no TLS.
  let allowedHosts: Set<String>

  /// Sends a message.
  ///
  /// - Returns: what became of it, and how long the receiver asks to wait.
  ///
  /// Errors: a `CancellationError`.
  func send(
    _ body: WebhookBody, id messageID: String, to webhook: Webhook, at now: Timestamp
  ) async throws -> (answer: WebhookAnswer, retryAfter: FetchedHead.RetryAfter?) {
    // The setting may have changed since the webhook was added.
    do throws(Refusal) { _ = try WebhookAddress.checked(webhook.url, allowed: allowedHosts) } catch
    {
      return (.failed(check: error.check, message: error.message), nil)
    }
    let seconds = now.microseconds / 1_000_000
    var request = SafeHTTPClient.Request(webhook.url, .webhooks)
    request.method = "POST"
    request.followsRedirects = false
    request.ignoresBody = true
    request.accepted = Set(100...999)
    request.body = body.bytes
    request.headers = [
      ("content-type", body.mediaType), ("webhook-id", messageID),
      ("webhook-timestamp", String(seconds)),
      (
        "webhook-signature",
        secrets.signatures(
          webhook, messageID: messageID, seconds: seconds, body: body.bytes, at: now)
      ),
    ]
    do {
      let answer = try await fetcher.fetch(request)
      let mayAsk = [429, 503].contains(answer.status)
      return (.answered(status: answer.status), mayAsk ? answer.head.retryAfter : nil)
    } catch let error as FetchError {
      return (.failed(check: error.code.rawValue, message: error.message), nil)
    }
  }
}
