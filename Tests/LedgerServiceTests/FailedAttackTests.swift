import CanonicalJSON
import Encodings
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LedgerDomain
import LedgerService
import LedgerTestSupport
import ProofFormats
import ProofVerification
import SafeHTTPClient
import Synchronization
import TestSupport
import Testing

/// Attacks from a security audit that failed. They must keep failing.
@Suite("Attacks that failed, on tokens", .privateServer())
struct FailedAttackTests {
  private let evidence = EvidenceScenario()

  /// A forged identity token, made from a genuine one or requested from the issuer.
  private struct Forgery {
    let name: String
    var claims: JSONObject = [:]
    var order: JSONObject = [:]
    var change: @Sendable ([UInt8]) -> [UInt8] = { $0 }
  }

  /// A token with its three parts changed.
  private static func parts(
    _ change: @escaping @Sendable (inout [String]) -> Void
  ) -> @Sendable ([UInt8]) -> [UInt8] {
    { token in
      var parts = String(decoding: token, as: UTF8.self).split(separator: ".").map(String.init)
      change(&parts)
      return Array(parts.joined(separator: ".").utf8)
    }
  }

  private func forgeries(_ url: String, _ nonce: String, _ stranger: [UInt8]) -> [Forgery] {
    let now = Timestamp.now.microseconds / 1_000_000
    let hour: Int64 = 3600
    let theirs = String(decoding: stranger, as: UTF8.self).split(separator: ".").map(String.init)
    var list: [Forgery] = []
    for (name, claims) in [
      ("another issuer", ["iss": "https://evil.example"]),
      ("a slash more", ["iss": .string(url + "/")]),
      ("without TLS", ["iss": .string(url.replacing("https", with: "http"))]),
      ("issuer in capitals", ["iss": .string(url.uppercased())]), ("no issuer", ["iss": .null]),
      ("issuer as list", ["iss": .array([.string(url)])]),
      ("another audience", ["aud": "OTHER"]), ("audience cut", ["aud": "APP-TES"]),
      ("audience with a space", ["aud": "APP-TEST "]),
      ("audience in small letters", ["aud": "app-test"]),
      ("no audience", ["aud": .null]), ("empty audience", ["aud": []]),
      ("others' audiences", ["aud": ["OTHER", "APP-TEST2"]]),
      ("audience as object", ["aud": ["APP-TEST": true]]),
      ("expired", ["exp": .integer(now - hour), "iat": .integer(now - 2 * hour)]),
      ("expires before it begins", ["exp": .integer(now + 10), "iat": .integer(now + 30)]),
      ("never expires", ["exp": .null]), ("expiry as text", ["exp": .string("\(now + hour)")]),
      ("from the future", ["exp": .integer(now + 9 * hour), "iat": .integer(now + hour)]),
      ("no beginning", ["iat": .null]), ("beginning as text", ["iat": .string("\(now)")]),
      ("no nonce", ["nonce": .null]), ("empty nonce", ["nonce": ""]),
      ("padded nonce", ["nonce": .string(nonce + "=")]),
      ("nonce in capitals", ["nonce": .string(nonce.uppercased())]),
      ("nonce as list", ["nonce": .array([.string(nonce)])]),
      ("another record's nonce", ["nonce": .string(Base64.encodeURL(Digest(hashing: [1]).bytes))]),
      ("another person", ["sub": "0000-0001-5109-3700"]), ("no person", ["sub": .null]),
      ("person by address", ["sub": .string("https://orcid.org/" + Fixtures.sampleORCID)]),
      ("person without hyphens", ["sub": .string(Fixtures.sampleORCID.replacing("-", with: ""))]),
      ("another name", ["family_name": "Somebody", "given_name": "Else"]),
    ] as [(String, JSONObject)] { list.append(Forgery(name: name, claims: claims)) }
    for (name, order) in [
      ("unsigned", ["alg": "none"]), ("public key as secret", ["alg": "HS256"]),
      ("another key", ["stranger": true]),
      ("another key, unknown", ["kid": "x", "stranger": true]),
      ("an unknown key", ["kid": "unknown"]), ("another hash", ["header": ["alg": "RS512"]]),
      ("another padding", ["header": ["alg": "PS256"]]),
      ("algorithm in small letters", ["header": ["alg": "rs256"]]),
      ("no algorithm", ["header": ["alg": .null]]), ("algorithms", ["header": ["alg": ["RS256"]]]),
      ("unknown extension", ["header": ["crit": ["exp"]]]),
      ("another type", ["header": ["typ": "at+jwt"]]),
      (
        "its own key",
        ["header": ["jwk": ["e": "AQAB", "kty": "RSA", "n": "AQAB"]], "stranger": true]
      ),
      (
        "its own key's address", ["header": ["jku": "https://evil.example/keys"], "stranger": true]
      ),
    ] as [(String, JSONObject)] { list.append(Forgery(name: name, order: order)) }
    list += [
      Forgery(name: "no signature", change: Self.parts { $0[2] = "" }),
      Forgery(name: "two parts", change: Self.parts { $0.removeLast() }),
      Forgery(name: "four parts", change: Self.parts { $0.append("AA") }),
      Forgery(name: "another's signature", change: Self.parts { $0[2] = theirs[2] }),
      Forgery(name: "another's payload", change: Self.parts { $0[1] = theirs[1] }),
      Forgery(name: "another's header", change: Self.parts { $0[0] = theirs[0] + "A" }),
      Forgery(name: "cut signature", change: Self.parts { $0[2].removeLast(4) }),
      Forgery(name: "longer signature", change: Self.parts { $0[2] += "AAAA" }),
      Forgery(name: "padding", change: Self.parts { $0[1] += "=" }),
      Forgery(name: "a line's end", change: { $0 + [0x0A] }),
      Forgery(name: "a space before", change: { [0x20] + $0 }),
      Forgery(name: "a zero byte", change: { $0 + [0] }),
      Forgery(name: "nothing", change: { _ in [] }),
      Forgery(name: "dots", change: { _ in Array("..".utf8) }),
      Forgery(name: "twice", change: { $0 + [0x2E] + $0 }),
      Forgery(
        name: "too long", change: Self.parts { $0[2] += String(repeating: "A", count: 16_384) }),
    ]
    return list
  }

  @Test("Identity tokens: of more than 37 forgeries none is taken, and nothing of them is stored")
  func forgedTokens() async throws {
    try await evidence.withBoth { test, services in
      let nonce = IdentityNonce.of(try #require(PithNumber(Fixtures.sampleNumber)))
      let stranger = try await services.token(evidence.claims(nonce), ["stranger": true])
      let forgeries = forgeries(services.url, nonce, stranger)
      let size = try await test.ledger.health().size
      var refused = 0
      for forgery in forgeries {
        var said = evidence.claims(nonce)
        for (name, value) in forgery.claims { said[name] = value }
        let token = forgery.change(try await services.token(said, forgery.order))
        do {
          let answer = try await evidence.bare(
            test, .authorAttestation, evidence.claim(token), evidence: [token])
          Issue.record("\(forgery.name): \(answer.standing)")
        } catch let refusal as Refusal {
          #expect(refusal.check.hasPrefix("jwt."), "\(forgery.name): \(refusal)")
          refused += 1
        }
      }
      #expect(forgeries.count >= 37 && refused == forgeries.count, "\(refused)")
      #expect(try await test.ledger.health().size == size)
      #expect(try await test.state().status["author_attested"] == false)
      print("forged identity tokens refused: \(refused)")
    }
  }

  @Test(
    "Timestamp tokens: of more than 414 changed bits none proves anything but what the token proves"
  )
  func changedBits() async throws {
    let digest = Digest(hashing: Array("414".utf8))
    let cases = try await MadeToken.all(over: digest.bytes)
    let good = try #require(cases.first { $0.name == "good" })
    let (original, finding) = try TimestampToken.check(
      good.token, roots: good.roots, imprint: digest.bytes)
    #expect(finding == .verified)
    var tried = 0
    var harmful: [Int] = []
    for index in good.token.indices {
      var changed = good.token
      changed[index] ^= 1 << UInt8(index * 5 % 8)
      tried += 1
      guard
        let (token, found) = try? TimestampToken.check(
          changed, roots: good.roots, imprint: digest.bytes), found == .verified
      else { continue }
      if token != original { harmful.append(index) }
    }
    #expect(tried >= 414 && harmful.isEmpty, "\(tried) \(harmful)")
    print("changed bits of a timestamp token, none harmful: \(tried)")
  }
}

/// A server on this machine that redirects every request, and counts requests to other paths.
@Suite("Redirects to private addresses")
struct FailedRedirectTests {
  private final class Hits: Sendable {
    let count = Mutex(0)
  }

  private static let targets: [String] = {
    var targets = [
      "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1",
      "017700000001", "127.0.0.2", "127.255.255.254", "0.0.0.0", "0", "localhost", "LOCALHOST",
      "localhost.", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1",
      "192.168.255.255", "169.254.169.254", "169.254.0.1", "100.64.0.1", "192.0.0.1", "192.0.2.1",
      "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
      "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
      "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
      "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2001::1]", "[2001:db8::1]",
      "[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[fec0::1]", "[ff02::1]", "inner.example",
      "mapped.example", "six.example", "mixed.example", "nat64.example",
    ].flatMap { ["http://\($0):PORT/secret", "https://\($0):PORT/secret"] }
    targets += [
      "//127.0.0.1:PORT/secret", "http://user@127.0.0.1:PORT/secret",
      "http://1.1.1.1@127.0.0.1:PORT/secret", "http://127.0.0.1%2f@1.1.1.1:PORT/secret",
      "http://%31%32%37.0.0.1:PORT/secret", "http://127。0。0。1:PORT/secret",
      "http://①②⑦.⓪.⓪.①:PORT/secret",
      "http://127.0.0.1\\@1.1.1.1:PORT/secret", "file:///etc/passwd",
      "gopher://127.0.0.1:PORT/secret",
      "http+unix://%2Fvar%2Frun%2Fdocker.sock/secret", "http://127.0.0.1:PORT\u{9}/secret",
    ]
    return targets
  }()

  @Test("Of more than 46 targets none is reached")
  func redirects() async throws {
    let hits = Hits()
    let router = Router()
    router.get("/to/:target") { _, context in
      let target = try context.parameters.require("target")
      return Response(
        status: .found, headers: [.location: target.removingPercentEncoding ?? target])
    }
    router.get("/secret") { _, _ in
      hits.count.withLock { $0 += 1 }
      return "secret"
    }
    let application = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)))
    try await application.test(.live) { client in
      let port = try #require(client.port)
      let names = [
        "start.example": ["127.0.0.1"], "inner.example": ["127.0.0.1"], "six.example": ["::1"],
        "mapped.example": ["::ffff:127.0.0.1"], "mixed.example": ["1.1.1.1", "127.0.0.1"],
        "nat64.example": ["64:ff9b::7f00:1"], "localhost": ["127.0.0.1"],
        "localhost.": ["127.0.0.1"],
      ]
      let fetch = SafeHTTPClient(
        allowedHosts: ["start.example:\(port)"],
        // The system's resolver accepts numbers as addresses in several notations.
        resolve: { name in
          (names[name] ?? (name.first?.isNumber == true ? ["127.0.0.1"] : []))
            .compactMap { NetworkAddress($0) }
        })
      var refused = 0
      for target in Self.targets {
        let place = target.replacing("PORT", with: "\(port)")
        let encoded = place.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        do {
          _ = try await fetch.fetch(.init("http://start.example:\(port)/to/\(encoded)"))
          Issue.record("\(target) was fetched")
        } catch let error as FetchError {
          #expect(error.code == .inside || error.code == .address, "\(target): \(error)")
          refused += 1
        }
      }
      #expect(Self.targets.count >= 46 && refused == Self.targets.count)
      #expect(hits.count.withLock { $0 } == 0)
      print("redirects to private addresses refused: \(refused)")
    }
  }
}
