import CanonicalJSON
import Encodings
import Foundation
import HTTPTypes
import HummingbirdTesting
import LedgerDomain
import LedgerService
import LedgerTestSupport
import NIOCore
import PostgresClient
import TestSupport
import Testing

/// The page of a record, and its lists of events and citations.
@Suite("Pages of records", .privateServer())
struct RecordPageTests {
  private static let path = "/pith/\(LedgerUnderTest.number)"

  /// The text of a page, and its status.
  static func page(
    _ client: any TestClientProtocol, _ uri: String, accept: String = "text/html"
  ) async throws -> (status: Int, html: String, headers: HTTPFields) {
    try await client.execute(uri: uri, method: .get, headers: [.accept: accept]) { answer in
      (Int(answer.status.code), String(buffer: answer.body), answer.headers)
    }
  }

  @Test("The page says what is verified, and changes with the statements")
  func statusInWords() async throws {
    try await withService { test, client in
      let before = try await Self.page(client, Self.path)
      #expect(before.status == 200)
      #expect(before.headers[.contentType] == "text/html; charset=utf-8")
      #expect(before.headers[.contentSecurityPolicy]?.hasPrefix("default-src 'none'") == true)
      for words in [
        "MetaMorph", "The canonical record hashes to this Pith Number.",
        "No author has signed here.",
        "Nothing proves when the hash of this record existed.", "none signed",
        "No report of a replication is approved.",
      ] { #expect(before.html.contains(words), "\(words)") }

      let key = try await test.key("k", "https://orcid.org/0000-0002-1825-0097")
      _ = try await test.cite("10.1000/1", by: key, relation: "refutes")
      _ = try await test.submit(
        .replicationRecord,
        [
          "claim_ids": ["C1"], "kind": "replication", "outcome": "not_replicated",
          "replication_id": "first",
        ], by: key)
      let last = try await test.submit(
        .authorAttestation,
        ["method": "key_signature", "name": "Zhuang Liu", "orcid": "0000-0002-1825-0097"], by: key)
      _ = try await test.ledger.records.status(LedgerUnderTest.number, atLeast: last.position)
      let after = try await Self.page(client, Self.path)
      for words in [
        "1 signed", "who signed is not confirmed", "1 weak claim", "1 undecided",
        "awaits a moderator", "not replicated", "Refutes this paper", "doi:10.1000/1",
        "The key has not been vouched for as this iD&#39;s.", "nobody vouched for the name",
      ] { #expect(after.html.contains(words), "\(words)") }
      #expect(!after.html.contains("No author has signed here."))
    }
  }

  @Test("Text of documents and events is shown as text")
  func hostileText() async throws {
    try await withService { test, client in
      let hostile = "\"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}</title>"
      let key = try await test.key(hostile, hostile)
      _ = try await test.submit(
        .citationSignature,
        ["citing_doi": "10.1000/<b>&\"'", "note": .string(hostile), "relation": "cites"], by: key)
      let answer = try await test.submit(
        .replicationRecord,
        [
          "claim_ids": ["C1"], "kind": "replication",
          "outcome": "replicated", "replication_id": .string(hostile), "summary": .string(hostile),
        ], by: key)
      _ = try await test.ledger.records.status(LedgerUnderTest.number, atLeast: answer.position)
      for path in [Self.path, Self.path + "/events", Self.path + "/citations"] {
        let page = try await Self.page(client, path)
        #expect(page.status == 200, "\(path)")
        #expect(
          !page.html.contains("<script>alert") && !page.html.contains("<img src=x"), "\(path)")
        #expect(!page.html.contains("<b>"), "\(path)")
      }
      let page = try await Self.page(client, Self.path)
      #expect(page.html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
      #expect(page.html.contains("{{7*7}}"))
      #expect(page.html.contains("https://doi.org/10.1000/%3Cb%3E%26%22%27"))
    }
  }

  @Test("A page shows the status at the end of a day, and says so")
  func past() async throws {
    try await withService { test, client in
      let key = try await test.key("k")
      let answer = try await test.cite("10.1000/1", by: key)
      _ = try await test.ledger.records.status(LedgerUnderTest.number, atLeast: answer.position)
      let before = try await Self.page(client, Self.path + "?as_of=2020-01-01")
      #expect(before.status == 200)
      #expect(before.html.contains("This ledger did not have the record at the end of 2020-01-01"))
      #expect(!before.html.contains("The canonical record hashes to this Pith Number."))
      let later = try await Self.page(client, Self.path + "?as_of=9999-12-31")
      #expect(later.html.contains("As of the end of 9999-12-31 (UTC), after position"))
      #expect(later.html.contains("1 citation with a valid signature."))
      // Who was vouched for then is not computed.
      #expect(!later.html.contains("who signed is not confirmed"))
      for day in ["yesterday", "2026-13-01", "2026-11-27T00:00:00Z", "12"] {
        let refused = try await Self.page(client, Self.path + "?as_of=\(day)")
        #expect(refused.status == 400, "\(day)")
      }
      let json = try await Self.page(
        client, Self.path + "?as_of=2020-01-01", accept: "application/json")
      #expect(json.status == 400)
    }
  }

  @Test(
    "A list of events names each event once, and a list of citations each citation of its relation")
  func lists() async throws {
    try await withService { test, client in
      let key = try await test.key("k")
      var last: Position = .first
      for index in 0..<60 {
        last = try await test.cite(
          "10.1000/\(index)", by: key, relation: index % 2 == 0 ? "cites" : "extends"
        ).position
      }
      _ = try await test.ledger.records.status(LedgerUnderTest.number, atLeast: last)
      let events = try await Self.walk(client, Self.path + "/events?type=citation_signature")
      #expect(events.count == 60 && Set(events).count == 60)
      let extending = try await Self.walk(client, Self.path + "/citations?relation=extends")
      #expect(extending.count == 30 && Set(extending).count == 30)
      #expect(Set(extending).isSubset(of: events))
    }
  }

  /// The events that the pages of a list link to, page by page.
  private static func walk(_ client: any TestClientProtocol, _ uri: String) async throws -> [String]
  {
    var events: [String] = []
    var next: String? = uri
    while let uri = next {
      let page = try await page(client, uri)
      try #require(page.status == 200, "\(uri): \(page.html)")
      let found = page.html.matches(of: #/href="/events/(sha256:[0-9a-f]{64})"/#)
      events += found.map { String($0.output.1) }
      next = page.html.firstMatch(of: #/<a class="button" href="([^"]+)"/#).map {
        String($0.output.1).replacing("&amp;", with: "&")
      }
      try #require(events.count <= 1000, "the list has no end")
    }
    return events
  }

  @Test("A page that did not change is answered by 304")
  func conditional() async throws {
    try await withService { _, client in
      let first = try await Self.page(client, Self.path)
      let tag = try #require(first.headers[.eTag])
      for known in [tag, "\"other\", \(tag)", String(tag.dropFirst(2)), "*"] {
        let status = try await client.execute(
          uri: Self.path, method: .get, headers: [.accept: "text/html", .ifNoneMatch: known]
        ) { answer in
          #expect(answer.body.readableBytes == 0 && answer.headers[.eTag] == tag)
          return answer.status.code
        }
        #expect(status == 304, "\(known)")
      }
      let other = try await client.execute(
        uri: Self.path, method: .get, headers: [.accept: "text/html", .ifNoneMatch: "\"other\""]
      ) { $0.status.code }
      #expect(other == 200)
    }
  }

  @Test("A page that was read before does not show a document that another process erased")
  func erasedDocument() async throws {
    try await withService { test, client in
      for _ in 0..<2 {
        #expect(try await Self.page(client, Self.path).html.contains("MetaMorph"))
      }
      // No event tells this process of the erasure.
      let erased = try await test.owner { connection in
        try await connection.query(
          "SELECT ledger.erase_evidence(sha256) FROM ledger.stored_document"
        ).count
      }
      #expect(erased == 1)
      for _ in 0..<2 {
        let page = try await Self.page(client, Self.path)
        #expect(page.status == 200 && !page.html.contains("MetaMorph"))
      }
    }
  }

  @Test("Links in a page begin with the address of each request")
  func addresses() async throws {
    try await withService { _, client in
      let port = try #require(client.port)
      for host in ["one.example", "two.example", "one.example"] {
        let connection = try RawConnection(port: port)
        connection.send(
          "GET \(Self.path) HTTP/1.1\r\nHost: \(host)\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
        )
        let html = try #require(await connection.receiveAll())
        #expect(html.contains("http://\(host)/pith/"))
      }
    }
  }
}
