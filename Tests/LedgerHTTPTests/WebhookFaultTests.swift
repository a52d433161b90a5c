import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerStore
import LedgerTestSupport
import Logging
import Synchronization
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerHTTP
@testable import LedgerService

/// Webhooks whose receivers or senders fail.
@Suite("Webhooks with faults", .privateServer())
struct WebhookFaultTests {
  @Test(
    "A message that was sent and not noted is sent again, with the same identifier, by another process"
  )
  func interrupted() async throws {
    try await WebhookScene.run { scene in
      let id = try await scene.add("a")
      scene.receiver.answer("a", .init(), .init(hangs: true))
      let first = Task { await scene.deliverer.run(scene.format) }
      try await scene.eventually("the second message arrives") {
        scene.receiver.messages("a").count == 2
      }
      #expect(try await scene.manager.webhook(id).webhook.next == 1)
      first.cancel()
      await first.value
      #expect(try await scene.manager.webhook(id).webhook.failures == 0)
      let second = try await scene.test.another(runProjector: false)
      #expect(try await scene.deliver(by: second.webhookDeliverer) == 1)
      await second.close()
      let messages = scene.receiver.messages("a")
      #expect(messages[1].id == messages[2].id && messages[1].body == messages[2].body)
      let size = try await scene.test.ledger.health().size.stored
      #expect(messages.dropFirst(2).flatMap(\.positions) == Array(1..<size))
    }
  }

  @Test("A webhook that a dead process holds is taken when its time is over, and not before")
  func dead() async throws {
    try await WebhookScene.run { scene in
      let id = try await scene.add("a")
      let store = scene.test.ledger.store.webhooks
      let held = try await store.claim("dead", except: [], seconds: 2, now: scene.clock.now)
      #expect(held.map(\.id) == [id])
      #expect(try await scene.deliver() == 0)
      #expect(scene.receiver.messages("a").isEmpty)
      try await scene.eventually("the hold ends") { try await scene.deliver() == 1 }
      // The dead process comes back, and may note nothing.
      let late = try await store.advance(
        id, "dead", to: 1_000_000, at: scene.clock.now, seconds: 2)
      #expect(late == nil)
      let size = try await scene.test.ledger.health().size.stored
      #expect(scene.receiver.positions("a") == Array(0..<size))
    }
  }

  @Test("A receiver that never answers delays no other, and removing its webhook ends it")
  func hanging() async throws {
    try await WebhookScene.run { scene in
      let hung = try await scene.add("hung")
      scene.receiver.answer("hung", .init(hangs: true))
      _ = try await scene.add("healthy")
      let job = Task { await scene.deliverer.run(scene.format) }
      try await scene.eventually("the other receiver has everything") {
        let size = try await scene.test.ledger.health().size.stored
        return scene.receiver.positions("healthy") == Array(0..<size)
          && scene.receiver.messages("hung").count == 1
      }
      let last = try await scene.test.key("late")
      try await scene.eventually("a later event arrives, too") {
        scene.receiver.messages("healthy").last?.body
          .contains(last.signer.fingerprint.hex) == true
      }
      try await scene.manager.remove(hung)
      job.cancel()
      await job.value
      #expect(scene.receiver.messages("hung").count == 1)
      #expect(try await scene.manager.list().count == 1)
    }
  }

  @Test("Two services on one database deliver each event once")
  func twoServices() async throws {
    try await WebhookScene.run { scene in
      let key = try await scene.test.key("k")
      for path in ["a", "b", "c"] { _ = try await scene.add(path) }
      let second = try await scene.test.another(runProjector: false)
      let jobs = [scene.deliverer, second.webhookDeliverer].map { deliverer in
        Task { await deliverer.run(scene.format) }
      }
      for index in 0..<30 { _ = try await scene.test.cite("10.1000/\(index)", by: key) }
      let size = try await scene.test.ledger.health().size.stored
      try await scene.eventually("all events arrive") {
        ["a", "b", "c"].allSatisfy { scene.receiver.positions($0).count >= Int(size) }
      }
      for job in jobs {
        job.cancel()
        await job.value
      }
      await second.close()
      for path in ["a", "b", "c"] {
        #expect(scene.receiver.positions(path) == Array(0..<size), "\(path)")
      }
    }
  }

  @Test("Private addresses, plain http, long addresses and user info are refused")
  func addresses() async throws {
    try await WebhookScene.run(isAllowed: false) { scene in
      func check(_ url: String) async -> String? {
        do {
          _ = try await scene.manager.add(WebhookRequest(url: url))
          return nil
        } catch { return (error as? Refusal)?.check }
      }
      for url in [
        "http://127.0.0.1:\(scene.port)/a", "https://127.0.0.1/a", "https://[::1]/a",
        "https://169.254.169.254/latest", "https://10.1.2.3/", "http://receiver.example.org/",
        "https://user:secret@receiver.example.org/", "ftp://receiver.example.org/", "x", "",
        "https://receiver.example.org/" + String(repeating: "x", count: 2048),
        "https://receiver.example.org/" + String(repeating: "é", count: 900),
      ] {
        #expect(await check(url) == "webhook.url", "\(url)")
      }
      // A name is refused when it is used: it may lead elsewhere every time.
      let id = try await scene.manager.add(
        WebhookRequest(url: "https://localhost:\(scene.port)/a")
      ).webhook.id
      _ = try await scene.test.key("k")
      _ = try await scene.deliver()
      let webhook = try await scene.manager.webhook(id).webhook
      #expect(webhook.failures == 1 && webhook.lastError?.contains("fetch.inside") == true)
      #expect(scene.receiver.messages("a").isEmpty)
    }
  }

  @Test("An address is refused, too, when it is no longer allowed")
  func withdrawnPermission() async throws {
    try await WebhookScene.run { scene in
      let id = try await scene.add("a")
      var changed = scene.test.ledger.configuration
      changed.externalServices.webhookAllowedHosts = []
      let ledger = try await Ledger.open(
        changed, runProjector: false, logger: PrivateServer.logger)
      #expect(try await scene.deliver(by: ledger.webhookDeliverer) == 1)
      await ledger.close()
      let webhook = try await scene.manager.webhook(id).webhook
      #expect(webhook.failures == 1 && webhook.lastError?.contains("webhook.url") == true)
      #expect(scene.receiver.messages("a").isEmpty)
    }
  }

  @Test("Numbers out of range and unknown names are refused; there are 64 webhooks at most")
  func bounds() async throws {
    try await WebhookScene.run { scene in
      func check(_ change: (inout WebhookRequest) -> Void) async -> String? {
        do {
          _ = try await scene.add("a", from: nil, change)
          return nil
        } catch { return (error as? Refusal)?.check }
      }
      #expect(await check { $0.batchSize = 0 } == "webhook.batch")
      #expect(await check { $0.batchSize = 101 } == "webhook.batch")
      #expect(await check { $0.from = -1 } == "webhook.from")
      #expect(await check { $0.from = 1 << 53 } == "webhook.from")
      #expect(await check { $0.types = "no_such_type" } == "query")
      #expect(await check { $0.signer = String(repeating: "x", count: 301) } == "query")
      #expect(await check { $0.record = "pith:2024:AAAAAAAAAAAAAAAAAAAAAAAAAA" } == "identifier")
      for _ in 0..<WebhookManager.most { #expect(await check { _ in } == nil) }
      #expect(await check { _ in } == "webhook.count")
      for unknown in ["", "wh_none", "'; DROP TABLE ledger.webhook; --"] {
        await #expect(throws: Refusal(.notFound, check: "webhook", "")) {
          _ = try await scene.manager.webhook(unknown)
        }
        await #expect(throws: Refusal(.notFound, check: "webhook", "")) {
          try await scene.manager.remove(unknown)
        }
      }
    }
  }

  /// Keeps the lines of a log.
  private final class LogLines: Sendable {
    let lines = Mutex<[String]>([])
    var all: String { lines.withLock { $0.joined(separator: "\n") } }
  }

  private struct KeepingHandler: LogHandler {
    let kept: LogLines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }
    func log(event: LogEvent) { kept.lines.withLock { $0.append("\(event.message)") } }
  }

  @Test("A pause is a line of the log, without the path, the query and the secret")
  func logLines() async throws {
    try await WebhookScene.run { scene in
      let kept = LogLines()
      let ledger = try await Ledger.open(
        scene.test.ledger.configuration, runProjector: false,
        logger: Logger(label: "test") { _ in KeepingHandler(kept: kept) })
      let id = try await scene.add("hunter2?token=hunter3")
      scene.receiver.answer("hunter2", .init(status: 500), .init(status: 410))
      _ = try await scene.deliver(by: ledger.webhookDeliverer)
      scene.clock.advance(seconds: 10)
      _ = try await scene.deliver(by: ledger.webhookDeliverer)
      let secret = try await ledger.webhookManager.secret(id).dropFirst("whsec_".count)
      await ledger.close()
      #expect(kept.all.contains("the webhook \(id) at 127.0.0.1 is paused at position 0"))
      for word in ["hunter2", "hunter3", "/hunter", String(secret)] {
        #expect(!kept.all.contains(word), "\(word)")
      }
    }
  }
}
