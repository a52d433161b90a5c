import CanonicalJSON
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LedgerDomain
import LedgerService
import LedgerStore
import LedgerTestSupport
import NIOCore
import TestSupport
import Testing

@testable import LedgerHTTP

@Suite("Types of problems and quotas", .privateServer())
struct ProblemTests {
  private static let number = LedgerUnderTest.number

  private static func get(
    _ client: any TestClientProtocol, _ uri: String, _ headers: HTTPFields = [:]
  ) async throws -> TestResponse {
    try await client.execute(uri: uri, method: .get, headers: headers) { $0 }
  }

  @Test("Every rule of admission and every type has a text, and no type is there twice")
  func table() {
    for rule in AdmissionRule.allCases {
      #expect(ProblemType.of(rule.rawValue)?.statuses.isEmpty == false, "\(rule.rawValue)")
    }
    #expect(ProblemType.all.count > 200)
    #expect(Set(ProblemType.all.map(\.check)).count == ProblemType.all.count)
    for type in ProblemType.all {
      #expect(!type.title.isEmpty && !type.title.hasSuffix("."), "\(type.check)")
      #expect(type.meaning.hasSuffix(".") && type.remedy.hasSuffix("."), "\(type.check)")
      #expect(type.statuses.allSatisfy { (400...599).contains($0) }, "\(type.check)")
      #expect(type.statuses == type.statuses.sorted(), "\(type.check)")
    }
  }

  @Test("The address of a type leads to its page, and to JSON for a program")
  func pages() async throws {
    try await withService { _, client in
      for type in ProblemType.all {
        let json = try await Self.get(
          client, Problem.type(type.check), [.accept: "application/json"])
        #expect(json.status == .ok && json.headers[.vary]?.contains("Accept") == true)
        let object = try json.json()
        #expect(object["check"] == .string(type.check))
        #expect(object["type"] == .string("/problems/\(type.check)"))
        #expect(object["statuses"]?.arrayValue?.count == type.statuses.count)
        let page = try await Self.get(client, Problem.type(type.check), [.accept: "text/html"])
        #expect(page.status == .ok && page.headers[.contentType]?.hasPrefix("text/html") == true)
        #expect(String(buffer: page.body).contains("<code>\(type.check)</code>"))
      }
      for name in ["nothing", "Slot", "slot.json", "%3Cscript%3E", "..", "slot%00"] {
        let answer = try await Self.get(client, "/problems/\(name)", [.accept: "text/html"])
        #expect([400, 404].contains(answer.status.code), "\(name)")
        #expect(!String(buffer: answer.body).contains("<script>"), "\(name)")
      }
    }
  }

  @Test("A problem document names its type, title and status as the table does")
  func documents() async throws {
    try await withService { _, client in
      let cases: [(HTTPRequest.Method, String, String)] = [
        (.get, "/pith/ZZZZZZZZ.json", ""), (.get, "/api/events?x=1", ""), (.get, "/nothing", ""),
        (.get, "/api/events/stream?order=desc", ""), (.put, "/api/events", "{}"),
        (.get, "/api/pith-number/\(Self.number)/status.json?as_of=99999", ""),
        (.get, "/api/pith-number/\(Self.number)/status.json?at_least=99999", ""),
        (.get, "/api/proof/99999", ""), (.get, "/api/evidence/x", ""), (.get, "/tile/x", ""),
        (.get, "/api/keys/0", ""), (.get, "/authors/x", ""), (.get, "/api/events/x", ""),
        (.get, "/oembed?url=x&format=y", ""), (.get, "/api/proof/consistency?old=9999", ""),
        (.get, "/api/admin/status", ""), (.post, "/api/events", "{"), (.post, "/api/events", "[]"),
        (.post, "/api/events", "{\"payload\":{},\"x\":1}"), (.post, "/api/records", "{}"),
        (.post, "/api/records", "{\"canonical_record\":{}}"),
        (.post, "/pith/\(Self.number)/action/x", "{}"),
        (.post, "/pith/\(Self.number)/action/citation_signature", "{\"payload\":{}}"),
      ]
      for (method, uri, body) in cases {
        let answer = try await client.execute(
          uri: uri, method: method, headers: .json, body: ByteBuffer(string: body)
        ) { $0 }
        let problem = try answer.json()
        let check = try #require(problem["check"]?.stringValue)
        let type = try #require(ProblemType.of(check), "\(uri) \(check)")
        #expect(problem["type"] == .string("/problems/\(check)"))
        #expect(problem["title"] == .string(type.title))
        #expect(type.statuses.contains(answer.status.code), "\(uri) \(check) \(answer.status)")
      }
    }
  }

  // MARK: Quotas

  private static func limited(
    _ limits: LedgerConfiguration.Limits,
    _ body: @escaping @Sendable (LedgerUnderTest, any TestClientProtocol) async throws -> Void
  ) async throws {
    func configure(_ configuration: inout LedgerConfiguration) { configuration.limits = limits }
    try await withLedger(configure: configure) { test in
      try await test.serving { client in try await body(test, client) }
    }
  }

  @Test("An answer tells what is left of the quotas that it used, and a refusal when to come again")
  func heavyReads() async throws {
    var limits = LedgerConfiguration.Limits()
    limits.heavyReadsPerHour = 3
    try await Self.limited(limits) { _, client in
      let uri = "/pith/\(Self.number)/state.json"
      for left in [2, 1, 0] {
        let answer = try await Self.get(client, uri)
        #expect(answer.status == .ok)
        #expect(answer.headers[.rateLimitPolicy] == "\"heavy_read_limit\";q=3;w=3600")
        let state = try #require(answer.headers[.rateLimit])
        #expect(state.hasPrefix("\"heavy_read_limit\";r=\(left);t="), "\(state)")
        let seconds = try #require(Int(state.split(separator: "=").last ?? ""))
        #expect((1...3600).contains(seconds) && seconds >= (3 - left) * 1200 - 10)
      }
      let refused = try await Self.get(client, uri)
      #expect(refused.status == .tooManyRequests)
      #expect(refused.headers[.rateLimitPolicy] == "\"heavy_read_limit\";q=3;w=3600")
      #expect(refused.headers[.rateLimit]?.hasPrefix("\"heavy_read_limit\";r=0;t=") == true)
      let wait = try #require(refused.headers[.retryAfter].flatMap { Int($0) })
      #expect((1...1200).contains(wait))
      #expect(try refused.json()["retry_after"] == .integer(Int64(wait)))
      for free in ["/healthz", "/api/pith-number/\(Self.number)/status.json", "/api/events"] {
        let answer = try await Self.get(client, free)
        #expect(answer.status == .ok && answer.headers[.rateLimit] == nil, "\(free)")
      }
    }
  }

  @Test("A submission tells what is left of each of its quotas, those of bytes in bytes")
  func submissions() async throws {
    var limits = LedgerConfiguration.Limits()
    limits.submissionsPerHour = 9
    limits.submissionsPerKeyPerHour = 5
    limits.bareActionsPerHour = 2
    try await Self.limited(limits) { test, client in
      let key = try await test.key("k")
      let signed = try await client.execute(
        uri: "/api/events", method: .post, headers: .json,
        body: ByteBuffer(bytes: try test.citation("10.1000/1", by: key))
      ) { $0 }
      #expect(signed.status == .created)
      let policies = try #require(signed.headers[.rateLimitPolicy])
      #expect(
        policies == "\"submission_limit\";q=9;w=3600, \"key_submission_limit\";q=5;w=3600",
        "\(policies)")
      #expect(signed.headers[.rateLimit]?.contains("\"key_submission_limit\";r=4;t=720") == true)
      let lines = try await client.execute(
        uri: "/api/events", method: .post, headers: [.contentType: "application/jsonl"],
        body: ByteBuffer(string: "{}\n")
      ) { $0 }
      #expect(lines.headers[.rateLimit]?.hasPrefix("\"submission_limit\";r=8;t=") == true)
      let bare = try await client.execute(
        uri: "/pith/\(Self.number)/action/storage_attestation", method: .post, headers: .json,
        body: ByteBuffer(
          string: """
            {"evidence":{"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad":"YWJj"},\
            "payload":{"content_role":"other","content_sha256":\
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","evidence_sha256":\
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","location":\
            "urn:sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",\
            "media_type":"text/plain","size_bytes":3,"storage_kind":"file"}}
            """)
      ) { $0 }
      #expect(bare.status == .created)
      let limit = 256 << 20
      #expect(
        bare.headers[.rateLimitPolicy]
          == "\"bare_action_limit\";q=2;w=3600, \"evidence_limit\";q=\(limit);qu=\"content-bytes\";w=3600"
      )
      #expect(bare.headers[.rateLimit]?.contains("\"evidence_limit\";r=\(limit - 3);t=1") == true)
    }
  }

  @Test("Waiting is advised only where it helps")
  func waiting() {
    for (check, seconds) in [
      ("database", 1), ("queue_full", 1), ("read_only", nil), ("checkpoint.rolled_back", nil),
      ("registry_key", nil), ("unknown_check", 1),
    ] {
      #expect(
        Problem(Refusal(.unavailable, check: check, "x")).secondsToWait == seconds, "\(check)")
    }
    #expect(Problem(Refusal(.tooMany, check: "statements", "x")).secondsToWait == nil)
    #expect(Problem(Refusal(.tooMany, check: "x", "x", retryAfter: 7)).secondsToWait == 7)
  }
}
