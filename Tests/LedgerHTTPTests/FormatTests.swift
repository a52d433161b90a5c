import CanonicalJSON
import Encodings
import Foundation
import HTTPTypes
import HummingbirdTesting
import LedgerDomain
import LedgerStore
import LedgerTestSupport
import NIOCore
import TestSupport
import Testing

@testable import LedgerHTTP
@testable import LedgerService

@Suite("Formats of records", .privateServer())
struct FormatTests {
  private static let number = LedgerUnderTest.number
  private static let suffix = String(number.suffix(26))
  private static let path = "/pith/\(suffix)"
  /// What the tests with other libraries lack.
  static let missing = PythonPackages.missing(
    ["pyld", "rdflib", "signposting", "bibtexparser", "rispy"], programs: ["xmllint"])

  /// Runs a test with a ledger that has a public address.
  private static func publicly(
    at address: String, _ body: (LedgerUnderTest) async throws -> Void
  ) async throws {
    func configure(_ configuration: inout LedgerConfiguration) {
      configuration.publicURL = address
    }
    try await withLedger(configure: configure, body)
  }

  private static func get(
    _ client: any TestClientProtocol, _ uri: String, _ headers: HTTPFields = [:],
    method: HTTPRequest.Method = .get
  ) async throws -> TestResponse {
    try await client.execute(uri: uri, method: method, headers: headers) { $0 }
  }

  @Test("Accept chooses the representation of a record")
  func negotiation() async throws {
    try await withService { _, client in
      let cases: [(accept: String?, type: String)] = [
        (nil, "text/html"), ("*/*", "text/html"), ("text/html", "text/html"),
        ("text/*;q=0.5, application/json;q=0.4", "text/html"),
        ("application/json", "application/json"), ("application/ld+json", "application/ld+json"),
        ("text/html;q=0, */*;q=0.1", "application/json"),
        ("application/*", "application/json"),
        ("application/ld+json, text/html;q=0.9", "application/ld+json"),
        ("text/html;q=0.1, application/json;q=0.2", "application/json"),
        ("application/json;q=0, text/html;q=0, application/ld+json;q=0.001", "application/ld+json"),
        ("garbage, ;;q=,/,*/json;q=x", "text/html"),
        ("application/json;q=nan", "text/html"), ("application/json;q=2", "text/html"),
        (String(repeating: "a/b,", count: 1900) + "application/json", "text/html"),
      ]
      for (accept, type) in cases {
        var headers: HTTPFields = [:]
        headers[.accept] = accept
        let answer = try await Self.get(client, Self.path, headers)
        #expect(answer.status == .ok)
        #expect(
          answer.headers[.contentType]?.split(separator: ";").first == type[...], "\(accept ?? "")")
        #expect(answer.headers[.vary]?.contains("Accept") == true)
        let direct = try await Self.get(client, Self.path + ".json", headers)
        let excludesJSON = [
          "text/html", "application/ld+json", "application/ld+json, text/html;q=0.9",
          "application/json;q=0, text/html;q=0, application/ld+json;q=0.001",
        ].contains(accept)
        #expect(
          direct.headers[.contentType]
            == (excludesJSON ? "application/problem+json" : "application/json"),
          ".json is not negotiated")
      }
      // Two fields are one list.
      var headers: HTTPFields = [.accept: "application/json;q=0.2"]
      headers.append(HTTPField(name: .accept, value: "application/ld+json"))
      let answer = try await Self.get(client, Self.path, headers)
      #expect(answer.headers[.contentType] == "application/ld+json")
      let long = String(repeating: "x", count: 10_240)
      #expect(try await Self.get(client, Self.path, [.accept: long]).status.code == 431)
    }
  }

  @Test("Every format has an entity tag, and is not sent again to who has it")
  func conditionalRequests() async throws {
    try await withService { _, client in
      for (part, type) in Self.formats {
        let first = try await Self.get(client, Self.path + part)
        #expect(first.status == .ok && first.headers[.contentType] == type, "\(part)")
        #expect(first.headers[.cacheControl] == "no-cache", "\(part)")
        #expect(first.headers[.xContentTypeOptions] == "nosniff", "\(part)")
        let tag = try #require(first.headers[.eTag])
        for known in [tag, "\"x\", \(tag)", "*", String(tag.dropFirst(2)), "\"a,b\",\(tag)"] {
          let again = try await Self.get(client, Self.path + part, [.ifNoneMatch: known])
          #expect(again.status == .notModified, "\(part) \(known)")
          #expect(again.body.readableBytes == 0 && again.headers[.eTag] == tag)
          #expect(again.headers[.contentEncoding] == nil)
        }
        for other in ["\"x\"", "", "W/\"\"", String(tag.dropLast(2))] {
          let again = try await Self.get(client, Self.path + part, [.ifNoneMatch: other])
          #expect(again.status == .ok, "\(part) \(other)")
        }
        let head = try await Self.get(client, Self.path + part, method: .head)
        #expect(head.status == .ok && head.body.readableBytes == 0)
        #expect(head.headers[.contentLength] == "\(first.body.readableBytes)", "\(part)")
        #expect(head.headers[.eTag] == tag)
      }
    }
  }

  /// The parts of a record's page in some format, with their media types.
  private static let formats = [
    (".json", "application/json"), ("/record.jsonld", "application/ld+json"),
    ("/linkset.json", "application/linkset+json"),
    ("/feed.atom", "application/atom+xml; charset=utf-8"), ("/badge.svg", "image/svg+xml"),
    ("/citation.bib", "application/x-bibtex"),
    ("/citation.ris", "application/x-research-info-systems"),
    ("/citation.csl.json", "application/vnd.citationstyles.csl+json"),
  ]

  @Test("Text is compressed for clients that accept it, and nothing else is")
  func compression() async throws {
    try await withService { test, client in
      let gzip: HTTPFields = [.acceptEncoding: "gzip, deflate, br"]
      let plain = try await Self.get(client, Self.path + ".json")
      #expect(plain.headers[.contentEncoding] == nil)
      #expect(plain.headers[.vary]?.contains("Accept-Encoding") == true)
      let compressed = try await Self.get(client, Self.path + ".json", gzip)
      #expect(compressed.headers[.contentEncoding] == "gzip")
      #expect(compressed.headers[.contentLength] == "\(compressed.body.readableBytes)")
      #expect(compressed.headers[.eTag] == plain.headers[.eTag], "the tag is a weak one")
      #expect(try await Self.inflated(compressed) == Array(plain.body.readableBytesView))
      let head = try await Self.get(client, Self.path + ".json", gzip, method: .head)
      #expect(head.headers[.contentLength] == compressed.headers[.contentLength])
      #expect(head.headers[.contentEncoding] == "gzip" && head.body.readableBytes == 0)

      let bundle = try await Self.get(client, Self.path + "/bundle.json", gzip)
      #expect(bundle.headers[.contentEncoding] == "gzip")
      #expect(
        try JSON.parse(await Self.inflated(bundle), limits: JSONLimits(maxBytes: 1 << 24))[
          "checkpoint"] != nil)

      for refused in [
        "", "identity", "gzip;q=0", "br", "gzip;q=0.5, identity", "*;q=0", "gzip;q=x",
      ] {
        let answer = try await Self.get(client, Self.path + ".json", [.acceptEncoding: refused])
        #expect(answer.headers[.contentEncoding] == nil, "\(refused)")
      }
      for accepted in ["*", "x-gzip", "GZIP;q=0.1", "br;q=1.0,gzip;q=0.8, *;q=0.1"] {
        let answer = try await Self.get(client, Self.path + ".json", [.acceptEncoding: accepted])
        #expect(answer.headers[.contentEncoding] == "gzip", "\(accepted)")
      }
      let size = try await test.ledger.health().size
      _ = try await test.ledger.checkpoints.issue()
      let paths = [
        "/healthz", "/tile/entries/000.p/\(size)", "/api/pith-number/\(Self.suffix)/status.json",
      ]
      for path in paths {
        let answer = try await Self.get(client, path, gzip)
        #expect(answer.status == .ok && answer.headers[.contentEncoding] == nil, "\(path)")
      }
    }
  }

  private static func inflated(_ answer: TestResponse) async throws -> [UInt8] {
    try await python(
      "import gzip, sys; sys.stdout.buffer.write(gzip.decompress(sys.stdin.buffer.read()))",
      input: Array(answer.body.readableBytesView))
  }

  @Test("oEmbed answers for pages of this ledger alone, in two formats")
  func oEmbed() async throws {
    let base = "https://ledger.example"
    try await Self.publicly(at: base) { test in
      try await test.serving { client in
        func answer(_ query: String) async throws -> TestResponse {
          try await Self.get(client, "/oembed?\(query)")
        }
        let own = try await answer("url=\(base)\(Self.path)")
        #expect(own.status == .ok, "\(String(buffer: own.body))")
        let json = try own.json()
        #expect(json["type"] == "rich" && json["version"] == "1.0" && json["height"] == 20)
        #expect(json["html"]?.stringValue?.contains("\(base)\(Self.path)/badge.svg") == true)
        let xml = try await answer("url=\(base)\(Self.path)&format=xml&maxwidth=5000&dnt=1")
        #expect(xml.headers[.contentType] == "text/xml; charset=utf-8")
        #expect(try await answer("url=\(base)\(Self.path)&maxwidth=10").json()["type"] == "link")
        #expect(try await answer("url=\(base)\(Self.path)&format=yaml").status.code == 501)
        #expect(try await answer("format=json").status.code == 400)
        #expect(try await answer("url=\(base)\(Self.path)&maxwidth=x").status.code == 400)
        for other in [
          "https://evil.example/pith/\(Self.suffix)", "\(base)/events", "\(base)/pith/ZZZZZZZZ",
          "\(base)/pith/%0d%0a", "\(base)/pith/..%2f..", "javascript:alert(1)", "",
          "\(base).evil/pith/x",
          "\(base)/pith/%25%25",
        ] {
          #expect(try await answer("url=\(other)").status.code == 404, "\(other)")
        }
      }
    }
  }

  @Test(
    "The host of a request is in links only where no public address is configured, and is never cached"
  )
  func hosts() async throws {
    try await Self.publicly(at: "https://ledger.example") { test in
      try await test.serving { client in
        for part in [""] + Self.formats.map(\.0) {
          var request = HTTPFields()
          request[.accept] = "application/json"
          let answer = try await Self.get(client, Self.path + part, request)
          let link = answer.headers[values: .link].joined()
          let text = String(buffer: answer.body) + link
          #expect(!text.contains("localhost") && !text.contains("127.0.0.1"), "\(part)")
        }
        let robots = String(buffer: try await Self.get(client, "/robots.txt").body)
        #expect(robots.contains("Sitemap: https://ledger.example/sitemap.xml\n"))
      }
    }
  }

  @Test("Sitemaps list every record in ranges of the log")
  func sitemaps() async throws {
    try await withService { test, client in
      let other = try await test.bareRecord()
      let index = String(buffer: try await Self.get(client, "/sitemap.xml").body)
      #expect(index.contains("/sitemap/records.xml?from=0</loc>"))
      let list = String(buffer: try await Self.get(client, "/sitemap/records.xml?from=0").body)
      for number in [Self.number, other] {
        #expect(list.contains("/pith/\(number.suffix(26))</loc><lastmod>20"))
      }
      let later = try await Self.get(client, "/sitemap/records.xml?from=5000")
      #expect(!String(buffer: later.body).contains("<url>"))
      #expect(try await Self.get(client, "/sitemap/records.xml?from=1").status.code == 400)
      // Each record is in the range of its first event.
      let records = test.ledger.store.list
      let place = try await test.ledger.records.resolve(other).record.record.firstPosition
      let first = try await test.ledger.records.resolve(Self.number).record.record.firstPosition
      func ranges(from: Position = .first, before: Position = 1000, limit: Int = 10) async throws
        -> [Position]
      {
        try await records.ranges(of: 1, from: from, before: before, limit: limit)
      }
      #expect(try await ranges() == [first, place])
      #expect(try await ranges(limit: 1) == [first])
      #expect(try await ranges(before: place) == [first])
      #expect(try await ranges(from: first.next) == [place])
      #expect(try await ranges(from: place.next).isEmpty)
      #expect(
        try await records.ranges(of: 4, from: 0, before: 1000, limit: 10).last
          == Position(rawValue: place.rawValue / 4 * 4))
      #expect(try await Self.get(client, "/sitemap.xml?part=1").status.code == 404)
      let robots = String(buffer: try await Self.get(client, "/robots.txt").body)
      #expect(robots.contains("Disallow: /api/\n") && robots.contains("\nSitemap: http://"))
    }
  }

  @Test("Hostile text of events and names is harmless in every format")
  func hostileText() async throws {
    try await withService { test, client in
      let hostile = "]]></entry><script>alert(1)</script>&\u{301}<\u{301}{}\\'\""
      let key = try await test.key(hostile, hostile)
      _ = try await test.submit(
        .citationSignature,
        ["citing_doi": "10.1000/<b>&\"'<\u{301}", "note": .string(hostile), "relation": "refutes"],
        by: key)
      let last = try await test.submit(
        .replicationRecord,
        [
          "claim_ids": ["C1"], "kind": "replication", "outcome": "replicated",
          "replication_id": .string(hostile), "summary": .string(hostile),
        ], by: key)
      _ = try await test.ledger.records.status(Self.number, atLeast: last.position)
      let feed = String(buffer: try await Self.get(client, Self.path + "/feed.atom").body)
      let titles = String(
        decoding: try await python(
          "import sys, xml.etree.ElementTree as t; print(len(t.parse(sys.stdin).getroot()))",
          input: Array(feed.utf8)), as: UTF8.self)
      #expect(Int(titles.dropLast()) ?? 0 > 10)
      #expect(!feed.contains("<script>"))
      let page = String(
        buffer: try await Self.get(client, Self.path, [.accept: "text/html"]).body)
      let script = try #require(
        page.components(separatedBy: "application/ld+json\">").dropFirst().last?
          .components(separatedBy: "</script>").first)
      #expect(try JSON.parse(Array(script.utf8))["@type"] != nil)
      #expect(!script.unicodeScalars.contains("<"))
    }
  }
}
