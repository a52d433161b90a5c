import CanonicalJSON
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LedgerDomain
import LedgerStore
import LedgerTestSupport
import Logging
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import LedgerHTTP
@testable import LedgerService

/// A server on this machine that receives webhooks, and keeps what it received.
final class WebhookReceiver: Sendable {
  /// A message as it arrived.
  struct Message: Sendable {
    let path: String
    let id: String
    let timestamp: String
    let signature: String
    let mediaType: String
    let body: String

    /// The positions of its events.
    var positions: [Int64] {
      let json = try? JSON.parse(Array(body.utf8))
      return (json?.arrayValue ?? [json ?? .null]).compactMap {
        $0["data"]?["position"]?.integerValue
      }
    }
  }

  /// How a message is answered.
  struct Answer: Sendable {
    var status = 200
    var fields: [String: String] = [:]
    var hangs = false
    var body = ""
  }

  private let received = Mutex<[Message]>([])
  private let answers = Mutex<[String: [Answer]]>([:])

  /// The messages to a path, in the order of their arrival.
  func messages(_ path: String) -> [Message] {
    received.withLock { $0.filter { $0.path == path } }
  }

  /// The positions of all events that were sent to a path.
  func positions(_ path: String) -> [Int64] { messages(path).flatMap(\.positions) }

  /// Answers the next messages to a path in this way, and those after them with 200.
  func answer(_ path: String, _ next: Answer...) { answers.withLock { $0[path] = next } }

  private func next(_ path: String) -> Answer {
    answers.withLock { answers in
      guard let first = answers[path]?.first else { return Answer() }
      answers[path]?.removeFirst()
      return first
    }
  }

  private func receive(_ request: Request, _ path: String) async throws -> Response {
    func field(_ name: String) -> String {
      HTTPField.Name(name).flatMap { request.headers[$0] } ?? ""
    }
    let body = try await request.body.collect(upTo: 16 << 20)
    let message = Message(
      path: path, id: field("webhook-id"), timestamp: field("webhook-timestamp"),
      signature: field("webhook-signature"), mediaType: field("content-type"),
      body: String(buffer: body))
    received.withLock { $0.append(message) }
    let answer = next(path)
    if answer.hangs { try await Task.sleep(for: .seconds(60)) }
    var headers = HTTPFields()
    for (name, value) in answer.fields {
      if let name = HTTPField.Name(name) { headers[name] = value }
    }
    return Response(
      status: .init(code: answer.status), headers: headers,
      body: .init(byteBuffer: ByteBuffer(string: answer.body)))
  }

  /// Runs a closure with a receiver and its port.
  static func serving(
    _ body: @escaping @Sendable (WebhookReceiver, Int) async throws -> Void
  ) async throws {
    let receiver = WebhookReceiver()
    let router = Router()
    router.post("/:name") { request, context in
      try await receiver.receive(request, context.parameters.require("name"))
    }
    let application = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      logger: Logger(label: "receiver") { _ in SwiftLogNoOpLogHandler() })
    try await application.test(.live) { client in
      try await body(receiver, #require(client.port))
    }
  }
}

/// A clock that a test moves.
final class WebhookClock: Sendable {
  private let ahead = Mutex<Int64>(0)
  var now: Timestamp { Timestamp.now.adding(seconds: ahead.withLock { $0 }) }
  func advance(seconds: Int64) { ahead.withLock { $0 += seconds } }
}

/// A ledger with a receiver beside it.
struct WebhookScene: Sendable {
  let test: LedgerUnderTest
  let receiver: WebhookReceiver
  let port: Int
  let clock: WebhookClock

  var manager: WebhookManager { test.ledger.webhookManager }
  var deliverer: WebhookDeliverer { test.ledger.webhookDeliverer }
  var format: WebhookCloudEvents { WebhookCloudEvents(test.ledger) }

  /// Adds a webhook to a path of the receiver.
  func add(
    _ path: String, from: Int64? = 0, batch: Int = 1,
    _ change: (inout WebhookRequest) -> Void = { _ in }
  ) async throws -> String {
    var request = WebhookRequest(url: "http://127.0.0.1:\(port)/\(path)", batchSize: batch)
    request.from = from
    change(&request)
    return try await manager.add(request).webhook.id
  }

  /// Delivers everything that is due.
  @discardableResult
  func deliver(by other: WebhookDeliverer? = nil) async throws -> Int {
    try await (other ?? deliverer).deliverDue(format)
  }

  /// Waits for a state, for at most a minute.
  func eventually(
    _ what: Comment, _ holds: () async throws -> Bool
  ) async throws {
    for _ in 0..<1200 {
      if try await holds() { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record(what)
  }

  /// Runs a test with a ledger whose clock the test moves, and a receiver that the ledger may send to.
  static func run(
    isAllowed: Bool = true, _ body: @escaping @Sendable (WebhookScene) async throws -> Void
  ) async throws {
    try await WebhookReceiver.serving { receiver, port in
      let clock = WebhookClock()
      func configure(_ configuration: inout LedgerConfiguration) {
        configuration.clock = { clock.now }
        if isAllowed {
          configuration.externalServices.webhookAllowedHosts = ["127.0.0.1:\(port)"]
        }
      }
      try await withLedger(configure: configure) { test in
        try await body(WebhookScene(test: test, receiver: receiver, port: port, clock: clock))
      }
    }
  }
}
