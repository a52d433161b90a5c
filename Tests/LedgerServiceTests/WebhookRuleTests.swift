import Crypto
import Encodings
import LedgerDomain
import LedgerStore
import SafeHTTPClient
import Testing
import TransparencyLog

@testable import LedgerService

/// The rules of webhooks that need no database: pauses and secrets.
@Suite("Rules of webhooks")
struct WebhookRuleTests {
  private static let now = Timestamp(microseconds: 1_790_000_000_000_000)

  private func pause(
    _ failures: Int64, jitter: Double = 0.5, asked: FetchedHead.RetryAfter? = nil
  ) -> Int64 {
    let next = WebhookBackoff.next(failures, at: Self.now, jitter: jitter, asked: asked)
    return (next.microseconds - Self.now.microseconds) / 1_000_000
  }

  @Test("Pauses double from five seconds to four hours, with a fifth of jitter")
  func backoff() {
    #expect((1...4).map { pause($0) } == [5, 10, 20, 40])
    #expect(pause(1, jitter: 0) == 4 && pause(1, jitter: 1) == 6)
    for failures in [13, 14, 17, 100, Int64.max] { #expect(pause(failures) == 4 * 3600) }
    #expect(pause(0) == 5 && pause(.min) == 5)
    #expect(pause(1, jitter: -9) == 4 && pause(1, jitter: .infinity) == 6)
  }

  @Test("What a receiver asks for is followed within bounds")
  func asked() {
    #expect(pause(9, asked: .seconds(30)) == 30)
    #expect(pause(9, asked: .seconds(0)) == 5)
    #expect(pause(1, asked: .seconds(.max)) == 4 * 3600)
    let seconds = Self.now.microseconds / 1_000_000
    #expect(pause(1, asked: .time(seconds + 60)) == 60)
    #expect(pause(1, asked: .time(0)) == 5)
    #expect(pause(1, asked: .time(seconds + 1_000_000)) == 4 * 3600)
  }

  @Test("A header Retry-After has seconds or a date")
  func retryAfter() {
    func read(_ text: String) -> FetchedHead.RetryAfter? {
      FetchedHead([("Retry-After", text)]).retryAfter
    }
    #expect(read("120") == .seconds(120) && read(" 7 ") == .seconds(7))
    #expect(read("Tue, 24 Nov 2026 00:00:00 GMT") == .time(1_795_478_400))
    for text in ["", "-1", "1.5", "1e3", "soon", "99999999999999999999", "+5"] {
      #expect(read(text) == nil, "\(text)")
    }
  }

  private func webhook(_ generation: Int64, rotated: Timestamp?) -> Webhook {
    var webhook = Webhook(
      id: "wh_a", url: "https://example.org/", next: 0, created: Self.now)
    webhook.generation = generation
    webhook.rotatedAt = rotated
    return webhook
  }

  @Test("A secret follows from the key, the webhook and the generation, and from nothing else")
  func secrets() throws {
    let seed = [UInt8](repeating: 7, count: 32)
    let secrets = WebhookSecrets(try NoteSigner(name: "log", secret: seed))
    let again = WebhookSecrets(try NoteSigner(name: "another", secret: seed))
    let other = WebhookSecrets(
      try NoteSigner(name: "log", secret: [UInt8](repeating: 8, count: 32)))
    let secret = secrets.bytes("wh_a", generation: 1)
    #expect(secret.count == 32 && secret == again.bytes("wh_a", generation: 1))
    #expect(secret != other.bytes("wh_a", generation: 1))
    #expect(secret != secrets.bytes("wh_b", generation: 1))
    #expect(secret != secrets.bytes("wh_a", generation: 2))
    // RFC 5869, written out.
    let early = HMAC<SHA256>.authenticationCode(
      for: seed, using: SymmetricKey(data: Array("pithledger webhook v1".utf8)))
    let expected = HMAC<SHA256>.authenticationCode(
      for: Array("wh_a/1".utf8) + [1], using: SymmetricKey(data: Array(early)))
    #expect(secret == Array(expected))
  }

  @Test("Two signatures are sent for a day after a rotation")
  func generations() {
    let day: Int64 = 86_400
    func generations(_ generation: Int64, _ age: Int64?) -> [Int64] {
      WebhookSecrets.generations(
        webhook(generation, rotated: age.map { Self.now.adding(seconds: -$0) }), at: Self.now)
    }
    #expect(generations(1, nil) == [1])
    #expect(generations(2, 0) == [2, 1] && generations(2, day - 1) == [2, 1])
    #expect(generations(2, day) == [2] && generations(9, 10 * day) == [9])
    #expect(generations(9, 1) == [9, 8])
  }

  @Test("What a library reports becomes a bounded text without control characters")
  func errorText() {
    for message in [
      String(repeating: "\u{1F600}", count: 5000), String(repeating: "e\u{301}", count: 5000),
      "a\u{0}b\nc\u{7F}", "",
    ] {
      let text = WebhookAnswer.failed(check: "fetch.unreachable", message: message).text
      #expect(text.utf8.count <= 1000 && text.hasSuffix("[fetch.unreachable]"))
      #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
    }
  }

  @Test("The identifier of a message names the webhook and the positions")
  func identifiers() {
    #expect(WebhookName.message("wh_abc", 7, nil) == "msg_abc_7")
    #expect(WebhookName.message("wh_abc", 7, 9) == "msg_abc_7-9")
    let names = Set((0..<1000).map { _ in WebhookName.random() })
    #expect(names.count == 1000 && names.allSatisfy { $0.utf8.count == 19 })
  }
}
