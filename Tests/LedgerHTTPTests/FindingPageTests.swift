import CanonicalJSON
import Encodings
import Foundation
import HTTPTypes
import HummingbirdTesting
import LedgerDomain
import LedgerService
import LedgerStore
import LedgerTestSupport
import NIOCore
import Subprocess
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerHTTP

/// Pages that find things: every page answers, lists are whole, and hostile text stays text.
@Suite("Pages that find records, authors, keys and events", .privateServer())
struct FindingPageTests {
  static let number = LedgerUnderTest.number
  static let hostile = "</pre>\"'><script>alert(1)</script>&amp;<img src=x>"

  struct Page {
    let status: Int
    let html: String
    let headers: HTTPFields

    /// The addresses of links whose text or attributes have a text.
    func links(_ pattern: String) -> [String] {
      (try? NSRegularExpression(pattern: pattern)).map { expression in
        expression.matches(in: html, range: NSRange(html.startIndex..., in: html)).compactMap {
          Range($0.range(at: 1), in: html).map { FindingPageTests.unescaped(String(html[$0])) }
        }
      } ?? []
    }

    var next: String? { links("rel=\"next\" href=\"([^\"]+)\"").first }
  }

  static func unescaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&quot;", with: "\"").replacingOccurrences(of: "&#39;", with: "'")
      .replacingOccurrences(of: "&lt;", with: "<").replacingOccurrences(of: "&gt;", with: ">")
      .replacingOccurrences(of: "&amp;", with: "&")
  }

  static func page(_ client: any TestClientProtocol, _ uri: String) async throws -> Page {
    try await client.execute(uri: uri, method: .get, headers: [.accept: "text/html"]) { response in
      Page(
        status: response.status.code, html: String(buffer: response.body),
        headers: response.headers)
    }
  }

  private func requireWhole(_ page: Page, _ uri: String, status: Int = 200) {
    #expect(page.status == status, "\(uri): \(page.html.prefix(2000))")
    #expect(page.html.components(separatedBy: "<h1").count == 2, "\(uri) has one h1")
    #expect(!page.html.contains("<script>alert") && !page.html.contains("<img"), "\(uri)")
    #expect(page.headers[.contentType] == "text/html; charset=utf-8", "\(uri)")
    #expect(page.headers[.contentSecurityPolicy]?.contains("default-src 'none'") == true, "\(uri)")
  }

  /// A ledger with one statement of each kind, and hostile text where a client may put text.
  private static func fill(_ test: LedgerUnderTest) async throws -> KeyFile {
    let author = try await test.key("Doe", "https://orcid.org/0000-0002-1825-0097")
    let stranger = try await test.key("k\(hostile)", "urn:\(hostile)")
    let first = try await test.submit(
      .authorAttestation,
      ["method": "key_signature", "name": .string(hostile), "orcid": "0000-0002-1825-0097"],
      by: author)
    _ = try await test.submit(
      .citationSignature,
      ["citing_arxiv": "2605.21642", "note": .string(hostile), "relation": "refutes"], by: stranger)
    _ = try await test.submit(
      .replicationRecord,
      [
        "claim_ids": ["C1"], "kind": "replication", "outcome": "replicated",
        "replication_id": .string(hostile), "summary": .string(hostile),
      ], by: stranger)
    _ = try await test.submit(
      .eventWithdrawn,
      ["event_id": .string("sha256:" + first.eventID.hex), "reason": .string(hostile)], by: author)
    _ = try await test.ledger.keyAdministrator.vouch(
      author.signer.fingerprint, as: .author, name: "Jane \(hostile)")
    _ = try await test.bareRecord("bare <b>1</b>")
    let size = try await test.ledger.health().size
    _ = try await test.ledger.records.status(number, atLeast: size.end.previous)
    return author
  }

  @Test("Each page answers, also with hostile text, and none is opened by a search for its name")
  func everyPage() async throws {
    try await withService { test, client in
      let author = try await Self.fill(test)
      let fingerprint = author.signer.fingerprint.hex
      var addresses = [
        "/", "/search", "/search?q=metamorph", "/search?q=liu+metamorph", "/search?q=nothing+here",
        "/search?q=%3Cscript%3Ealert(1)%3C/script%3E", "/search?category=cs.CV&after=2024-01-01",
        "/search?after=yesterday", "/search?q=&status=&order=asc", "/search?q=*",
        "/records", "/records?date=2024", "/records?date=2024-12", "/records?date=2024-12-18",
        "/records?category=cs.DL", "/records?date=1970", "/keys", "/keys?standing=vouched",
        "/keys?signer=urn:x", "/keys/\(fingerprint)", "/keys/\(fingerprint)?type=key_registered",
        "/authors/0000-0002-1825-0097", "/events", "/events?standing=withdrawn",
        "/events?type=citation_signature,author_attestation", "/check", "/check?sha256=x",
        "/check?sha256=\(String(repeating: "0", count: 64))",
      ]
      let events = try await test.ledger.events.page(limit: 100).events
      addresses += events.map { "/events/sha256:\($0.eventID.hex)" }
      for key in try await test.ledger.keys.all() {
        addresses.append("/keys/\(key.key.fingerprint.hex)")
      }
      for uri in addresses {
        let page = try await Self.page(client, uri)
        requireWhole(page, uri)
        #expect(page.headers[.eTag] != nil, "\(uri)")
      }
      let names: [(String, String)] = [
        (Self.number, "/pith/"), ("4oxkxq4p", "/pith/"), ("arXiv:2412.14164", "/pith/"),
        ("https://arxiv.org/abs/2412.14164", "/pith/"), ("10.48550/arXiv.2412.14164", "/pith/"),
        ("0000-0002-1825-0097", "/authors/"),
        ("https://orcid.org/0000-0002-1825-0097", "/authors/"),
        (fingerprint, "/keys/"), ("sha256:\(events[0].eventID.hex)", "/events/"),
        (events[0].eventID.hex, "/events/"), (String(repeating: "0", count: 64), "/check?sha256="),
      ]
      for (name, address) in names {
        let query = Data(name.utf8).map { String(format: "%%%02X", $0) }.joined()
        try await client.execute(uri: "/search?q=\(query)", method: .get) { response in
          #expect(response.status == .found, "\(name)")
          #expect(response.headers[.location]?.hasPrefix(address) == true, "\(name)")
        }
      }
    }
  }

  @Test("A ledger without records has every page")
  func empty() async throws {
    try await withLedger(sample: false) { test in
      try await test.serving { client in
        for uri in ["/", "/search", "/search?q=x", "/records", "/keys", "/events", "/check"] {
          requireWhole(try await Self.page(client, uri), uri)
        }
        let author = try await Self.page(client, "/authors/0000-0002-1825-0097")
        requireWhole(author, "author", status: 404)
        #expect(author.html.contains("Nothing in this ledger is signed under the ORCID iD"))
      }
    }
  }

  @Test("A browser gets a page with similar names for what is not here, and a program the problem")
  func errors() async throws {
    try await withService { test, client in
      let cases: [(uri: String, status: Int, text: String)] = [
        // O for 0, and one other character at the end.
        ("/pith/40XKXQ4P", 400, Self.number), ("/pith/4OXKXQ4Q", 404, Self.number),
        ("/pith/2412.14164v7", 404, Self.number), ("/pith/241214164", 400, Self.number),
        ("/pith/metamorph", 400, Self.number), ("/paper/zzzzzzzz", 404, "No such record here"),
        ("/events/sha256:\(String(repeating: "0", count: 64))", 404, "No such event here"),
        ("/events/1", 400, "64 hexadecimal digits"),
        ("/keys/\(String(repeating: "0", count: 32))", 404, "No such key here"),
        ("/authors/0000-0002-1825-0098", 400, "check digit"),
        ("/records?date=2024-13", 400, "A year, a month or a day"),
        ("/events?type=nothing", 400, "One of"), ("/events?x=1", 400, "does not take"),
        ("/nothing", 404, "There is no such page"), ("/events?from=999999", 400, "The log has"),
      ]
      for (uri, status, text) in cases {
        let page = try await Self.page(client, uri)
        requireWhole(page, uri, status: status)
        #expect(page.html.contains(text), "\(uri): \(page.html.suffix(2500))")
        #expect(page.headers[.vary]?.hasPrefix("Accept") == true, "\(uri)")
        try await client.execute(uri: uri, method: .get, headers: [.accept: "*/*"]) { response in
          #expect(response.headers[.contentType] == "application/problem+json", "\(uri)")
          #expect(response.status.code == status, "\(uri)")
        }
      }
      // An interface has no page, also for a browser.
      let api = try await Self.page(client, "/api/events/x")
      #expect(api.headers[.contentType] == "application/problem+json")
    }
  }

  @Test("The pages of a list have every item once, with and without conditions")
  func paging() async throws {
    try await withService { test, client in
      let key = try await test.key("Many", "https://orcid.org/0000-0002-1825-0097")
      let lines = try (0..<230).map { try test.citation("10.1/\($0)", by: key) }
      for line in lines {
        let body = ByteBuffer(bytes: line)
        try await client.execute(uri: "/api/events", method: .post, headers: .json, body: body) {
          #expect($0.status == .created)
        }
      }
      let size = try await test.ledger.health().size
      func all(_ first: String) async throws -> [String] {
        var found: [String] = []
        var uri: String? = first
        while let address = uri, found.count < 2000 {
          let page = try await Self.page(client, address)
          requireWhole(page, address)
          found += page.links("<div class=\"row\">.*?href=\"(/events/[^\"]+)\"")
          uri = page.next
        }
        return found
      }
      let log = try await all("/events")
      #expect(log.count == Int(size.rawValue) && Set(log).count == log.count)
      let signed = try await all("/keys/\(key.signer.fingerprint.hex)")
      #expect(signed.count == 231 && Set(signed).count == signed.count)
      let verified = try await all("/events?type=citation_signature&standing=verified")
      #expect(verified.count == 230 && Set(verified).count == 230)
      let home = try await Self.page(client, "/")
      #expect(home.html.contains("<dd>230</dd>"))
      let counts = home.links(
        "<tr><th scope=\"row\"><time[^>]*>[^<]*</time></th><td>([0-9,]+)</td>")
      #expect(counts.count == 30)
      #expect(counts.compactMap { Int($0) }.reduce(0, +) == Int(size.rawValue))
    }
  }

  @Test("The commands on the page of an event verify that it is in the log")
  func commands() async throws {
    try await withService { test, client in
      let event = try #require(try await test.ledger.events.page(limit: 5).events.last)
      let page = try await Self.page(client, "/events/sha256:\(event.eventID.hex)")
      let shown = page.links("<pre class=\"command\"><code>([^<]*)</code></pre>")
      #expect(shown.count == 2)
      let programs = URL(fileURLWithPath: TestProgram.path).deletingLastPathComponent().path
      let directory = NSTemporaryDirectory() + "plt-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: directory) }
      // The test's client names the host without its port.
      let port = try #require(client.port)
      let commands = shown.map {
        $0.replacingOccurrences(of: "http://localhost/", with: "http://127.0.0.1:\(port)/")
      }
      let script = (["cd '\(directory)'", "PATH='\(programs)':$PATH"] + commands)
        .joined(separator: " && ")
      let result = try await run(
        .name("bash"), arguments: ["-c", script], output: .string(limit: 1 << 16),
        error: .string(limit: 1 << 16))
      #expect(result.terminationStatus.isSuccess, "\(result.standardError)")
    }
  }

  @Test("A SHA-256 finds the canonical record, the document, an event and evidence")
  func hashes() async throws {
    try await withService { test, client in
      func known(_ hex: String) async throws -> JSON {
        try await client.execute(uri: "/api/hashes/\(hex)", method: .get) { response in
          #expect(response.status == .ok)
          return try response.json()
        }
      }
      let record = try await test.ledger.records.resolve(Self.number).record
      let canonical = try await known(record.canonicalSHA256.hex)
      #expect(canonical["canonical_records"]?.arrayValue?.count == 1)
      let event = try #require(try await test.ledger.events.page(limit: 5).events.last)
      let signed = try await known(event.eventID.hex)
      #expect(signed["event_id"] == .string("sha256:" + event.eventID.hex))
      let bytes = Array("a copy".utf8)
      let digest = Digest(hashing: bytes).hex
      _ = try await test.submit(
        .storageAttestation,
        [
          "content_role": "other", "content_sha256": .string(digest),
          "evidence_sha256": .string(digest), "location": .string("urn:sha256:" + digest),
          "media_type": "text/plain", "observed_at": .string(Timestamp.now.description),
          "size_bytes": .integer(Int64(bytes.count)), "storage_kind": "file",
        ], by: try await test.key("Keeper"), evidence: [bytes])
      let stored = try await known(digest)
      #expect(stored["evidence"]?["size_bytes"] == 6)
      let nothing = try await known(String(repeating: "0", count: 64))
      #expect(nothing["evidence"] == .null && nothing["documents"] == [])
      let page = try await Self.page(client, "/check?sha256=\(digest)")
      requireWhole(page, "check")
      #expect(page.html.contains("The ledger keeps these bytes as evidence"))
    }
  }
}
