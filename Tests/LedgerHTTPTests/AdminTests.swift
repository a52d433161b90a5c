import CanonicalJSON
import Encodings
import Foundation
import HTTPTypes
import HummingbirdTesting
import LedgerDomain
import LedgerService
import LedgerTestSupport
import NIOCore
import TestSupport
import Testing

/// The page for moderators and operators, and what only the operator does over HTTP.
@Suite("Moderation and operation in a browser", .privateServer())
struct AdminTests {
  private static let hostile = "\"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}"

  private func operatorHeaders(_ test: LedgerUnderTest) throws -> HTTPFields {
    var headers = HTTPFields.json
    let token = try #require(try test.ledger.configuration.operatorToken())
    headers[.authorization] = "Bearer \(token)"
    return headers
  }

  private func post(
    _ client: any TestClientProtocol, _ uri: String, _ body: JSON, _ headers: HTTPFields
  ) async throws -> (status: Int, json: JSON, cacheControl: String?) {
    try await client.execute(
      uri: uri, method: .post, headers: headers,
      body: ByteBuffer(bytes: body.canonicalBytes())
    ) { (Int($0.status.code), try $0.json(), $0.headers[.cacheControl]) }
  }

  @Test("Anybody reads what waits for a decision, as text")
  func publicLists() async throws {
    try await withService { test, client in
      let key = try await test.key(Self.hostile, Self.hostile, .replicator)
      let report = try await test.submit(
        .replicationRecord,
        [
          "claim_ids": ["C1"], "kind": "replication", "outcome": "replicated",
          "replication_id": "r", "summary": .string(Self.hostile),
        ], by: key)
      let page = try await RecordPageTests.page(client, "/admin")
      #expect(page.status == 200)
      #expect(page.html.contains("data-event=\"sha256:\(report.eventID.hex)\""))
      #expect(page.html.contains("data-fingerprint=\"\(key.signer.fingerprint.hex)\""))
      #expect(page.html.contains("pithledger moderate"))
      #expect(!page.html.contains("<script>alert") && !page.html.contains("<img"))
      #expect(page.html.contains("&lt;script&gt;alert(1)") && page.html.contains("{{7*7}}"))
      for uri in ["/admin?colour=red", "/admin?replications=x", "/admin?equivocations=x"] {
        #expect(try await RecordPageTests.page(client, uri).status == 400, "\(uri)")
      }
    }
  }

  @Test("Long lists have further pages, and each item is on one of them")
  func pages() async throws {
    try await withService { test, client in
      var expected: Set<String> = []
      for index in 0..<45 {
        expected.insert(try await test.key("key \(index)").signer.fingerprint.hex)
      }
      var found: [String] = []
      var next: String? = "/admin"
      while let uri = next {
        let page = try await RecordPageTests.page(client, uri)
        try #require(page.status == 200)
        found += page.html.matches(of: #/data-fingerprint="([0-9a-f]{32})"/#).map {
          String($0.output.1)
        }
        next = page.html.firstMatch(of: #/href="(/admin\?keys=[0-9]+)"/#).map {
          String($0.output.1)
        }
        try #require(found.count <= 100)
      }
      #expect(Set(found) == expected && found.count == expected.count)
    }
  }

  @Test("Only the operator reads the state of the service")
  func status() async throws {
    try await withService { test, client in
      for wrong in [nil, "Bearer x", "Bearer "] {
        var headers = HTTPFields()
        headers[.authorization] = wrong
        let status = try await client.execute(
          uri: "/api/admin/status", method: .get, headers: headers
        ) { answer in
          #expect(answer.headers[.cacheControl] == "no-store")
          return answer.status.code
        }
        #expect(status == 403, "\(wrong ?? "none")")
      }
      let json = try await client.execute(
        uri: "/api/admin/status", method: .get, headers: operatorHeaders(test)
      ) { answer in
        #expect(answer.status == .ok && answer.headers[.cacheControl] == "no-store")
        return try answer.json()
      }
      #expect(json["log"]?["size"]?.integerValue ?? 0 > 1)
      #expect(json["trust"]?["headers"]?["count"] == 0)
      #expect(json["jobs"]?["anchors"] == .null, "no jobs run in this test")
      #expect(json["checkpoint"]?["size"]?.integerValue ?? 0 > 1)
      #expect(json["checkpoint"]?["covers_until"]?.stringValue != nil)
    }
  }

  @Test("The operator vouches for a key, withdraws the vouch, and revokes the key")
  func keyCommands() async throws {
    try await withService { test, client in
      let key = try await test.key("k", "urn:k").signer.fingerprint
      let path = "/api/admin/keys/\(key.hex)"
      let headers = try operatorHeaders(test)
      let vouch: JSON = ["as": "moderator", "name": "A Person"]
      let first = try await post(client, path + "/vouch", vouch, headers)
      #expect(first.status == 201 && first.cacheControl == "no-store", "\(first.json)")
      let again = try await post(client, path + "/vouch", vouch, headers)
      #expect(again.status == 200 && again.json["event_id"] == first.json["event_id"])
      #expect(try await test.ledger.keys.key(key.hex).state == .vouched)
      let withdrawn = try await post(client, path + "/unvouch", ["reason": "left"], headers)
      #expect(withdrawn.status == 201)
      #expect(try await test.ledger.keys.key(key.hex).state == .retired)
      let revoked = try await post(
        client, path + "/revoke", ["compromised_from_position": 1, "reason": "stolen"], headers)
      #expect(revoked.status == 201, "\(revoked.json)")
      #expect(try await test.ledger.keys.key(key.hex).state == .revoked)
      try await test.replayAgrees()
    }
  }

  @Test("Commands about keys are refused without authority, from other sites, and if malformed")
  func refusals() async throws {
    try await withService { test, client in
      let key = try await test.key("k", "urn:k").signer.fingerprint
      let registry = try #require(
        try await test.ledger.keys.all().first { $0.isRegistry }?.key.fingerprint.hex)
      let path = "/api/admin/keys/\(key.hex)"
      let allowed = try operatorHeaders(test)
      var foreign = allowed
      foreign[try #require(HTTPField.Name("Origin"))] = "https://evil.example"
      var crossSite = allowed
      crossSite[try #require(HTTPField.Name("Sec-Fetch-Site"))] = "cross-site"
      var form = allowed
      form[.contentType] = "text/plain"
      var wrong = allowed
      wrong[.authorization] = "Bearer wrong"
      let size = try await test.ledger.health().size
      let vouch: JSON = ["as": "moderator"]
      for (uri, body, headers, status) in [
        (path + "/vouch", vouch, HTTPFields.json, 403), (path + "/vouch", vouch, wrong, 403),
        (path + "/vouch", vouch, foreign, 403), (path + "/vouch", vouch, crossSite, 403),
        (path + "/vouch", vouch, form, 415), (path + "/vouch", [], allowed, 400),
        (path + "/vouch", ["as": "registry"], allowed, 422),
        (path + "/vouch", ["as": "moderator", "x": 1], allowed, 422),
        (path + "/vouch", ["as": "moderator", "name": "a\u{202E}b"], allowed, 422),
        (path + "/unvouch", [:], allowed, 422),
        (path + "/unvouch", ["reason": "no vouch is in force"], allowed, 409),
        (path + "/revoke", ["compromised_from_position": -1, "reason": "x"], allowed, 422),
        ("/api/admin/keys/x/vouch", vouch, allowed, 400),
        ("/api/admin/keys/\(String(repeating: "0", count: 32))/vouch", vouch, allowed, 404),
        ("/api/admin/keys/\(registry)/revoke", ["reason": "x"], allowed, 422),
        (path + "/revoke", ["reason": "x"], HTTPFields.json, 403),
        (path + "/unvouch", ["reason": "x"], HTTPFields.json, 403),
      ] as [(String, JSON, HTTPFields, Int)] {
        let answer = try await post(client, uri, body, headers)
        #expect(answer.status == status, "\(uri) \(body): \(answer.json)")
      }
      #expect(try await test.ledger.health().size == size, "nothing was recorded")
    }
  }
}
