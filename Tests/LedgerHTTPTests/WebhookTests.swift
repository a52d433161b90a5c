import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerStore
import LedgerTestSupport
import PostgresClient
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerHTTP
@testable import LedgerService

/// What receivers of webhooks get.
@Suite("Webhooks", .privateServer())
struct WebhookTests {
  private static let missing = PythonPackages.missing(["standardwebhooks", "cloudevents.core"])

  /// Verifies messages with the library of Standard Webhooks, and reads them with that of the CNCF. Fails for a wrong
  /// secret, another body and another identifier.
  private static let judge = """
    import json, sys
    from cloudevents.core.formats.json import JSONFormat
    from cloudevents.core.v1.event import CloudEvent
    from standardwebhooks.webhooks import Webhook, WebhookVerificationError
    def refused(secret, body, headers):
        try:
            Webhook(secret).verify(body, headers)
        except WebhookVerificationError:
            return True
        raise SystemExit("accepted what is forged")
    messages = json.load(sys.stdin)
    for m in messages:
        headers = {"webhook-id": m["id"], "webhook-timestamp": m["timestamp"], "webhook-signature": m["signature"]}
        value = Webhook(m["secret"]).verify(m["body"], headers)
        for event in value if isinstance(value, list) else [value]:
            JSONFormat().read(CloudEvent, json.dumps(event).encode())
        refused("whsec_" + "A" * 44, m["body"], headers)
        refused(m["secret"], m["body"] + " ", headers)
        refused(m["secret"], m["body"], {**headers, "webhook-id": m["id"] + "0"})
    print(len(messages))
    """

  private func expectVerified(
    _ messages: [WebhookReceiver.Message], by secret: String
  ) async throws {
    let input = JSON.array(
      messages.map {
        [
          "body": .string($0.body), "id": .string($0.id), "secret": .string(secret),
          "signature": .string($0.signature), "timestamp": .string($0.timestamp),
        ]
      })
    let count = try await python(Self.judge, input: input.canonicalBytes())
    #expect(
      String(decoding: count, as: UTF8.self).trimmingCharacters(in: .newlines)
        == String(messages.count))
  }

  @Test(
    "Each gets the events of its conditions in order, with signatures that another library verifies",
    .enabled(if: missing == nil, Comment(rawValue: missing ?? "")))
  func order() async throws {
    try await WebhookScene.run { scene in
      let key = try await scene.test.key("k")
      let other = try await scene.test.bareRecord()
      let all = try await scene.add("all")
      let batches = try await scene.add("batches", batch: 3)
      _ = try await scene.add("citations") { $0.types = "citation_signature" }
      _ = try await scene.add("record") { $0.record = other }
      _ = try await scene.add("signer") { $0.signer = key.signer.fingerprint.hex }
      _ = try await scene.add("new", from: nil)
      let old = try await scene.test.ledger.health().size.stored
      for index in 0..<4 { _ = try await scene.test.cite("10.1000/\(index)", by: key) }
      #expect(try await scene.deliver() == 6)
      #expect(try await scene.deliver() == 0)
      let size = try await scene.test.ledger.health().size.stored
      let citations = Array(old..<size)
      #expect(scene.receiver.positions("all") == Array(0..<size))
      #expect(Set(scene.receiver.messages("all").map(\.id)).count == Int(size))
      #expect(
        scene.receiver.messages("all").allSatisfy {
          $0.mediaType == "application/cloudevents+json"
        })
      #expect(scene.receiver.positions("batches") == Array(0..<size))
      #expect(
        scene.receiver.messages("batches").allSatisfy {
          $0.mediaType == "application/cloudevents-batch+json"
            && (1...3).contains($0.positions.count)
        })
      #expect(scene.receiver.positions("citations") == citations)
      #expect(scene.receiver.positions("new") == citations)
      #expect(scene.receiver.positions("signer").suffix(4) == citations[...])
      #expect(!scene.receiver.positions("record").isEmpty)
      #expect(
        scene.receiver.messages("record").allSatisfy {
          $0.body.contains("\"subject\":\"\(other)\"")
        })
      // What a condition excludes is passed, too.
      for state in try await scene.manager.list() {
        #expect(state.lag == 0 && state.webhook.lastError == nil)
      }
      for (id, path) in [(all, "all"), (batches, "batches")] {
        try await expectVerified(
          scene.receiver.messages(path), by: scene.manager.secret(id))
      }
    }
  }

  @Test("A refused message is tried again later with the same identifier, and nothing overtakes it")
  func retries() async throws {
    try await WebhookScene.run { scene in
      let id = try await scene.add("a")
      scene.receiver.answer(
        "a", .init(status: 500), .init(status: 503, fields: ["retry-after": "100"]),
        .init(status: 302, fields: ["location": "/elsewhere"]),
        .init(status: 429, fields: ["retry-after": "99999999"]))
      func wait() async throws -> Int64 {
        let webhook = try await scene.manager.webhook(id).webhook
        #expect(webhook.next == 0 && webhook.delivered == nil)
        return try (#require(webhook.nextAttempt).microseconds - scene.clock.now.microseconds)
          / 1_000_000
      }
      #expect(try await scene.deliver() == 1)
      #expect(try await (2...6).contains(wait()))
      #expect(try await scene.deliver() == 0, "before its time it is not due")
      scene.clock.advance(seconds: 7)
      #expect(try await scene.deliver() == 1)
      #expect(try await (90...100).contains(wait()), "the receiver asked for it")
      scene.clock.advance(seconds: 101)
      _ = try await scene.deliver()
      #expect(try await scene.manager.webhook(id).webhook.lastError?.contains("302") == true)
      #expect(try await (10...24).contains(wait()), "the third failure")
      scene.clock.advance(seconds: 25)
      _ = try await scene.deliver()
      #expect(
        try await (4 * 3600 - 10...4 * 3600).contains(wait()), "what it asks for is bounded")
      #expect(try await scene.manager.webhook(id).webhook.failures == 4)
      #expect(scene.receiver.messages("elsewhere").isEmpty, "redirects are not followed")
      scene.clock.advance(seconds: 4 * 3600 + 1)
      _ = try await scene.deliver()
      let messages = scene.receiver.messages("a")
      #expect(Set(messages.prefix(5).map(\.id)).count == 1)
      #expect(Set(messages.prefix(5).map(\.body)).count == 1)
      #expect(Set(messages.prefix(5).map(\.timestamp)).count == 5)
      let size = try await scene.test.ledger.health().size.stored
      #expect(messages.suffix(Int(size)).flatMap(\.positions) == Array(0..<size))
      let done = try await scene.manager.webhook(id)
      #expect(done.lag == 0 && done.webhook.failures == 0 && done.webhook.lastError == nil)
    }
  }

  @Test("A batch that failed is sent again as it was, although events were appended since")
  func batches() async throws {
    try await WebhookScene.run { scene in
      let key = try await scene.test.key("k")
      let id = try await scene.add("a", from: nil, batch: 50)
      _ = try await scene.test.cite("10.1000/1", by: key)
      _ = try await scene.test.cite("10.1000/2", by: key)
      scene.receiver.answer("a", .init(status: 500))
      _ = try await scene.deliver()
      _ = try await scene.test.cite("10.1000/3", by: key)
      _ = try await scene.manager.resume(id)
      _ = try await scene.deliver()
      let messages = scene.receiver.messages("a")
      #expect(messages.map(\.positions.count) == [2, 2, 1])
      #expect(messages[0].id == messages[1].id && messages[0].body == messages[1].body)
      #expect(messages[1].id != messages[2].id)
    }
  }

  @Test("410 and five days of failures pause a webhook; it continues where it was")
  func pauses() async throws {
    try await WebhookScene.run { scene in
      let gone = try await scene.add("gone")
      let failing = try await scene.add("failing")
      scene.receiver.answer("gone", .init(status: 200), .init(status: 410))
      scene.receiver.answer(
        "failing", .init(status: 500), .init(status: 500), .init(status: 500))
      _ = try await scene.deliver()
      var webhook = try await scene.manager.webhook(gone).webhook
      #expect(webhook.pause == .gone && webhook.next == 1)
      scene.clock.advance(seconds: 4 * 86_400)
      _ = try await scene.deliver()
      #expect(try await scene.manager.webhook(failing).webhook.pause == nil)
      scene.clock.advance(seconds: 86_401)
      _ = try await scene.deliver()
      webhook = try await scene.manager.webhook(failing).webhook
      #expect(webhook.pause == .failing && webhook.failures == 3 && webhook.next == 0)
      scene.clock.advance(seconds: 86_400)
      #expect(try await scene.deliver() == 0)
      let counts = try await scene.test.ledger.store.webhooks.counts()
      #expect(counts.stopped == 2 && counts.active == 0 && counts.failing == 0)
      for id in [gone, failing] { _ = try await scene.manager.resume(id) }
      #expect(try await scene.deliver() == 2)
      let size = try await scene.test.ledger.health().size.stored
      #expect(Set(scene.receiver.positions("gone")) == Set(0..<size))
      #expect(scene.receiver.positions("failing").suffix(Int(size)) == Array(0..<size)[...])
      // The operator's pause holds, too.
      _ = try await scene.manager.pause(gone)
      _ = try await scene.test.key("another")
      #expect(try await scene.deliver() == 1)
      #expect(try await scene.manager.webhook(gone).lag == 1)
    }
  }

  @Test("After a rotation messages carry both signatures for a day, and then the new one alone")
  func rotation() async throws {
    try await WebhookScene.run { scene in
      let id = try await scene.add("a", from: nil)
      let old = try await scene.manager.secret(id)
      #expect(old.hasPrefix("whsec_"))
      #expect(try await scene.manager.secret(id) == old, "it stays the same")
      let new = try await scene.manager.rotateSecret(id)
      #expect(new != old)
      #expect(try await scene.manager.secret(id) == new)
      #expect(try await scene.manager.secret(scene.add("b")) != new)
      _ = try await scene.test.key("one")
      _ = try await scene.deliver()
      let both = try #require(scene.receiver.messages("a").last)
      #expect(both.signature.split(separator: " ").count == 2)
      if Self.missing == nil {
        for secret in [old, new] { try await expectVerified([both], by: secret) }
      }
      scene.clock.advance(seconds: 86_401)
      _ = try await scene.test.key("two")
      _ = try await scene.deliver()
      let last = try #require(scene.receiver.messages("a").last)
      #expect(last.id != both.id && last.signature.split(separator: " ").count == 1)
      let webhook = try await scene.manager.webhook(id).webhook
      let secrets = try #require(scene.deliverer.sender?.secrets)
      #expect(
        last.signature
          == secrets.signatures(
            webhook, messageID: last.id, seconds: try #require(Int64(last.timestamp)),
            body: Array(last.body.utf8), at: scene.clock.now))
      // The database has no secret.
      let rows = try await scene.test.owner {
        try await $0.query("SELECT w::text FROM ledger.webhook w").map { try $0.text(0) }
      }
      for secret in [old, new] {
        #expect(!rows.joined().contains(secret.dropFirst("whsec_".count)))
      }
    }
  }

  @Test("A message that tests a receiver is signed, and changes nothing")
  func ping() async throws {
    try await WebhookScene.run { scene in
      let id = try await scene.add("a", from: nil)
      let done = try await scene.manager.test(id, scene.format)
      #expect(done.answer == .answered(status: 200) && done.answer.isDelivered)
      let message = try #require(scene.receiver.messages("a").first)
      #expect(
        message.body.contains("science.pith.ledger.webhook_ping") && message.id == done.messageID)
      if Self.missing == nil {
        try await expectVerified([message], by: scene.manager.secret(id))
      }
      scene.receiver.answer("a", .init(status: 404, body: String(repeating: "x", count: 1 << 20)))
      #expect(try await !scene.manager.test(id, scene.format).answer.isDelivered)
      #expect(try await scene.manager.webhook(id).webhook.failures == 0)
    }
  }
}
