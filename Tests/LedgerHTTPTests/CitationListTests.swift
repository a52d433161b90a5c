import CanonicalJSON
import Encodings
import Foundation
import HTTPTypes
import HummingbirdTesting
import LedgerDomain
import LedgerService
import LedgerTestSupport
import TestSupport
import Testing

/// Lists of citations: who cites a record, and whom it cites.
@Suite("Lists of citations", .privateServer())
struct CitationListTests {
  private static let number = LedgerUnderTest.number
  private static let arxiv = "2412.14164"
  private static let orcid = "https://orcid.org/0000-0002-1825-0097"

  /// The keys and the records of a test.
  private struct Scene {
    let vouched: KeyFile
    let other: KeyFile
    let third: KeyFile
    /// A record that the sample cites under three names.
    let cited: String
  }

  private static func cite(
    _ record: String, _ citing: JSONObject, _ relation: String, by key: KeyFile,
    _ test: LedgerUnderTest
  ) async throws -> SubmissionAnswer {
    var payload = citing
    payload["relation"] = .string(relation)
    return try await test.ledger.signingSubmitter.submit(
      type: .citationSignature, payload: payload, record: record, key: key)
  }

  /// Fills the log with citations in both directions, of several relations and standings.
  private static func fill(_ test: LedgerUnderTest) async throws -> Scene {
    let vouched = try await test.key("one", orcid, vouched: .author)
    let other = try await test.key("other")
    let third = try await test.key("third")
    let cited = try await test.bareRecord()
    var ids: [Digest] = []
    for index in 0..<11 {
      let answer = try await test.cite(
        "10.1000/\(index)", by: index % 3 == 0 ? vouched : other,
        relation: index % 2 == 0 ? "cites" : "extends")
      ids.append(answer.eventID)
    }
    _ = try await test.cite("10.1000/1", by: other, supersedes: ids[1], relation: "refutes")
    _ = try await test.submit(
      .eventWithdrawn, ["event_id": .string("sha256:" + ids[2].hex), "reason": "a mistake"],
      by: other)
    // One paper under its three names.
    _ = try await cite(cited, ["citing_arxiv": .string(arxiv)], "extends", by: other, test)
    _ = try await cite(cited, ["citing_pith_number": .string(number)], "extends", by: third, test)
    let last = try await cite(
      cited, ["citing_doi": .string("10.48550/arXiv.\(arxiv)v2")], "supports", by: vouched, test)
    _ = try await test.ledger.records.status(number, atLeast: last.position)
    return Scene(vouched: vouched, other: other, third: third, cited: cited)
  }

  /// Reads a list page by page from an address on.
  private static func walk(_ client: any TestClientProtocol, _ uri: String) async throws -> [JSON] {
    var citations: [JSON] = []
    var next: String? = uri
    var pages = 0
    while let uri = next {
      pages += 1
      try #require(pages <= 100, "the list has no end: \(uri)")
      let page = try await EventListTests.get(client, uri)
      citations += try #require(page["citations"]?.arrayValue, "\(uri): \(page)")
      next = page["next"]?.stringValue.map(EventListTests.path)
      #expect((page["cursor"] == nil) == (next == nil))
    }
    return citations
  }

  private static func positions(_ citations: [JSON]) -> [Int64] {
    citations.compactMap { $0["position"]?.integerValue }
  }

  private static func path(_ record: String) -> String {
    "/api/pith-number/\(record)/citations.json"
  }

  @Test("Every condition and order gives the citations that satisfy it, live and after a replay")
  func conditions() async throws {
    try await withService { test, client in
      let scene = try await Self.fill(test)
      let key = scene.other.signer.fingerprint.hex
      let inbound = try await Self.walk(client, Self.path(Self.number) + "?limit=100")
      #expect(inbound.count == 12)
      #expect(Self.positions(inbound) == Self.positions(inbound).sorted())
      let standings = Set(inbound.compactMap { $0["standing"]?.stringValue })
      #expect(standings == ["verified", "superseded", "withdrawn"])
      let conditions: [(query: String, holds: (JSON) -> Bool)] = [
        ("", { _ in true }), ("direction=in", { _ in true }),
        ("relation=extends", { $0["relation"] == "extends" }),
        ("relation=uses_method", { _ in false }),
        ("vouched=true", { $0["signer_vouched"] == true }),
        ("vouched=false", { $0["signer_vouched"] == false }),
        ("signer=\(key)", { $0["signer"]?["public_key_fingerprint"] == .string(key) }),
        ("signer=\(Self.orcid)", { $0["signer"]?["signer_id"] == .string(Self.orcid) }),
        ("signer=urn:nobody", { _ in false }),
        ("standing=verified", { $0["standing"] == "verified" }),
        (
          "standing=withdrawn,superseded&signer=\(key)",
          { ["withdrawn", "superseded"].contains($0["standing"]?.stringValue) }
        ),
      ]
      for isReplayed in [false, true] {
        if isReplayed { _ = try await test.ledger.replay(check: false) { _ in } }
        for condition in conditions {
          let expected = Self.positions(inbound.filter(condition.holds))
          for order in ["asc", "desc"] {
            for limit in [1, 5, 100] {
              let uri = "\(Self.path(Self.number))?\(condition.query)&order=\(order)&limit=\(limit)"
              let found = Self.positions(try await Self.walk(client, uri))
              #expect(found == (order == "asc" ? expected : expected.reversed()), "\(uri)")
            }
          }
        }
        // The three names are one paper, whichever name asks.
        for name in [Self.number, Self.arxiv, "doi:10.48550/arXiv.\(Self.arxiv)"] {
          let escaped = name.replacing("/", with: "%2F")
          let outbound = try await Self.walk(client, Self.path(escaped) + "?direction=out&limit=2")
          #expect(outbound.count == 3, "\(name)")
          for citation in outbound {
            #expect(citation["cited_pith_number"] == .string(scene.cited))
            #expect(citation["citing"]?["pith_number"] == .string(Self.number), "\(citation)")
          }
        }
        let status = try await EventListTests.get(
          client, "/api/pith-number/\(scene.cited)/status.json")
        #expect(status["verification_status"]?["citation_signatures"] == 3)
      }
      // A signer has one statement of one paper, whichever name it gives.
      await #expect(throws: Refusal(.conflict, check: "slot", "")) {
        try await Self.cite(
          scene.cited, ["citing_arxiv": .string(Self.arxiv)], "refutes", by: scene.third, test)
      }
      try await test.replayAgrees()
    }
  }

  @Test("A record and its graph show the newest citations that the log attests, and where more are")
  func attested() async throws {
    try await withService { test, client in
      let scene = try await Self.fill(test)
      func newest(_ record: String, _ direction: String) async throws -> [Int64] {
        let uri =
          Self.path(record) + "?standing=verified&order=desc&limit=100&direction=\(direction)"
        return Self.positions(try await Self.walk(client, uri))
      }
      let inbound = try await newest(Self.number, "in")
      let record = try await EventListTests.get(client, "/pith/\(Self.number).json")
      let attested = try #require(record["inbound_citations"]?["attested"])
      #expect(attested["count"] == .integer(Int64(inbound.count)))
      #expect(attested["vouched_count"] == 4)
      let shown = Self.positions(attested["citations"]?.arrayValue ?? [])
      #expect(shown == Array(inbound.prefix(10)) && attested["next"] == nil)
      // A document does not decide what is attested.
      #expect(record["inbound_citations"]?["provenance"] != nil)

      let graph = try await EventListTests.get(client, "/api/pith-number/\(Self.number)/graph.json")
      #expect(graph["snapshot"] != .null && graph["graph_snapshot"] != .null)
      for (member, direction) in [("inbound", "in"), ("outbound", "out")] {
        let edges = graph["attested"]?[member]?["citations"]?.arrayValue ?? []
        #expect(try await Self.positions(edges) == newest(Self.number, direction), "\(member)")
      }
      // A record without a snapshot has a graph once it is cited.
      let bare = try await EventListTests.get(client, "/api/pith-number/\(scene.cited)/graph.json")
      #expect(bare["snapshot"] == .null && bare["graph_snapshot"] == .null)
      #expect(bare["attested"]?["inbound"]?["citations"]?.arrayValue?.count == 3)
      let alone = try await test.bareRecord("alone")
      let code = try await client.execute(
        uri: "/api/pith-number/\(alone)/graph.json", method: .get
      ) { $0.status.code }
      #expect(code == 404)
      for index in 0..<12 { _ = try await test.cite("10.2000/\(index)", by: scene.other) }
      let longer = try await EventListTests.get(client, "/pith/\(Self.number).json")
      let list = longer["inbound_citations"]?["attested"]
      let next = try #require(list?["next"]?.stringValue)
      let rest = try await Self.walk(client, EventListTests.path(of: next))
      #expect(
        try await Self.positions(list?["citations"]?.arrayValue ?? []) + Self.positions(rest)
          == newest(Self.number, "in"))
    }
  }

  @Test("What cannot be asked is refused by the name of its parameter")
  func refusals() async throws {
    try await withService { test, client in
      _ = try await Self.fill(test)
      let first = try await EventListTests.get(
        client, Self.path(Self.number) + "?limit=2&relation=cites")
      let cursor = try #require(first["cursor"]?.stringValue)
      for (query, field) in [
        ("direction=up", "direction"), ("direction=", "direction"), ("relation=likes", "relation"),
        ("vouched=1", "vouched"), ("signer=", "signer"),
        ("signer=" + String(repeating: "a", count: 301), "signer"), ("standing=good", "standing"),
        ("standing=verified,", "standing"), ("order=up", "order"), ("limit=0", "limit"),
        ("limit=-1", "limit"), ("limit=99999999999999999999", "limit"), ("cursor=", "cursor"),
        ("cursor=zz", "cursor"), ("cursor=\(cursor)", "cursor"),
        ("relation=extends&cursor=\(cursor)", "cursor"),
        ("relation=cites&cursor=\(cursor)00", "cursor"), ("offset=1", "offset"),
        ("relation=cites&relation=cites", "relation"),
      ] {
        let uri = Self.path(Self.number) + "?" + query
        let (code, problem) = try await client.execute(uri: uri, method: .get) {
          ($0.status.code, try $0.json())
        }
        #expect(code == 400 && problem["check"] == "query", "\(query): \(problem)")
        #expect(problem["field"] == .string(field), "\(query): \(problem)")
      }
      let unknown = try await client.execute(
        uri: Self.path("pith:2024:AAAAAAAAAAAAAAAAAAAAAAAAAA"), method: .get
      ) { $0.status.code }
      #expect(unknown == 404)
    }
  }

  @Test("The shell prints the same list")
  func shell() async throws {
    try await withService { test, client in
      let scene = try await Self.fill(test)
      let key = scene.other.signer.fingerprint.hex
      let answer = try await test.pithledger([
        "citations", Self.arxiv, "--relation", "extends", "--signer", key, "--order", "desc",
        "--limit", "2",
      ])
      #expect(answer.status == 0, "\(answer.errors)")
      let printed = try JSON.parse(Array(answer.output.utf8))
      let served = try await EventListTests.get(
        client, Self.path(Self.number) + "?relation=extends&signer=\(key)&order=desc&limit=2")
      #expect(printed["citations"] == served["citations"] && printed["cursor"] == served["cursor"])
      let text = try await test.pithledger(["citations", scene.cited, "--vouched", "true"])
      #expect(text.status == 0 && text.output.contains("supports"), "\(text.output)")
      #expect(!text.output.contains("extends"), "\(text.output)")
      let wrong = try await test.pithledger(["citations", scene.cited, "--direction", "up"])
      #expect(wrong.status != 0 && wrong.errors.contains("direction"), "\(wrong.errors)")
    }
  }
}
