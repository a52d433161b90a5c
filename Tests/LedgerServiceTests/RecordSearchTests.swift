import CanonicalJSON
import Encodings
import Foundation
import HTTPTypes
import HummingbirdTesting
import LedgerHTTP
import LedgerService
import LedgerStore
import LedgerTestSupport
import LedgerVerifier
import NIOCore
import PostgresClient
import TestSupport
import Testing

@testable import LedgerDomain

/// Searches for records: conditions, pages, and the rows that they read.
@Suite("A search for records", .privateServer())
struct RecordSearchTests {
  /// A paper of which a test imports a document.
  struct Paper: Sendable {
    var id: String
    var title = "A title"
    var authors = "Jane Doe"
    var submittedAt = "2024-01-01T00:00:00Z"
    var category = "cs.CV"
    var crossCategories: [String] = []
    var updatedAt = "2026-01-01T00:00:00Z"
    /// The title whose digest is in the canonical record.
    var canonicalTitle: String?

    var canonical: JSON {
      let digest = RecordSearchTests.titleDigest(canonicalTitle ?? title).hex
      return [
        "metadata": [
          "abstract_canon_sha256": .string(Digest(hashing: Array(id.utf8)).hex),
          "cross_cats_sorted": .array(crossCategories.map { .string($0) }), "license": .null,
          "primary_cat": .string(category), "submitted_at": .string(submittedAt),
          "title_canon_sha256": .string(digest),
        ], "schema_version": "1.0",
        "source": ["id": .string(id), "kind": "arxiv", "version": 1],
      ]
    }

    var document: JSON {
      [
        "canonical_record": canonical,
        "paper": ["authors_text": .string(authors), "title": .string(title)],
        "updated_at": .string(updatedAt),
      ]
    }

    var number: String {
      let record = try? CanonicalRecord(canonical)
      return record?.pithNumber.description ?? ""
    }
  }

  static func titleDigest(_ title: String) -> Digest { CanonicalText(title).digest }

  @discardableResult
  private func add(_ paper: Paper, to test: LedgerUnderTest) async throws -> SubmissionAnswer {
    try await test.ledger.documentImporter.importDocument(
      paper.document.canonicalBytes(), client: .shell, operatorAuthorised: true)
  }

  /// The Pith Numbers that a search finds, page by page.
  private func found(
    _ test: LedgerUnderTest, _ conditions: [String: String], limit: Int = 50
  ) async throws -> [String] {
    let filter = try RecordFilter { conditions[$0] }
    var numbers: [String] = []
    var cursor: String?
    repeat {
      let page = try await test.ledger.search.page(filter, cursor: cursor, limit: limit)
      #expect(page.records.count <= limit)
      numbers += page.records.map(\.record.record.pithNumber.description)
      cursor = page.next
    } while cursor != nil
    return numbers
  }

  @Test("Each condition finds the records that satisfy it, in order, for any size of the pages")
  func conditions() async throws {
    try await withLedger(sample: false) { test in
      let words = ["Quantum", "Graphs", "learning", "Σίσυφος", "Müller's", "finite"]
      var papers: [Paper] = []
      for index in 0..<40 {
        papers.append(
          Paper(
            id: "2401.\(10_000 + index)",
            title: "\(words[index % 6]) \(words[index / 6 % 6]) of order \(index)",
            authors: index % 3 == 0 ? "José Ángel Núñez, Jane Doe" : "John Smith and Łukasz Doe",
            // Several papers have the same time.
            submittedAt: "2024-0\(1 + index % 4)-01T00:00:00Z",
            category: index % 2 == 0 ? "cs.CV" : "math.AG",
            crossCategories: index % 5 == 0 ? ["cs.LG"] : []))
      }
      for paper in papers { try await add(paper, to: test) }
      let size = try await test.ledger.health().size
      func sorted(_ isIncluded: (Paper) -> Bool) -> [String] {
        papers.enumerated().filter { isIncluded($0.element) }
          .sorted { ($0.element.submittedAt, $0.offset) > ($1.element.submittedAt, $1.offset) }
          .map(\.element.number)
      }
      let cases: [([String: String], (Paper) -> Bool)] = [
        ([:], { _ in true }),
        (["title": "quantum"], { $0.title.contains("Quantum") }),
        (
          ["title": "QUANTUM graphs"],
          { $0.title.contains("Quantum") && $0.title.contains("Graphs") }
        ),
        (
          ["q": "doe quantum"], { $0.title.contains("Quantum") }
        ),
        (["q": "smith graphs"], { $0.authors.contains("Smith") && $0.title.contains("Graphs") }),
        (["title": "quan*"], { $0.title.contains("Quantum") }),
        (["title": "ΣΊΣΥΦΟΣ"], { $0.title.contains("Σίσυφος") }),
        (["title": "muller"], { $0.title.contains("Müller") }),
        (["title": "17"], { $0.title.hasSuffix(" 17") }),
        (["title": "nothing"], { _ in false }),
        (["author": "nunez jose"], { $0.authors.contains("José") }),
        (["author": "lukasz"], { $0.authors.contains("Łukasz") }),
        (["author": "doe", "category": "cs.LG"], { $0.crossCategories == ["cs.LG"] }),
        (["category": "math.AG"], { $0.category == "math.AG" }),
        (["category": "math"], { _ in false }),
        (["after": "2024-02-01"], { $0.submittedAt >= "2024-02" }),
        (["before": "2024-02-01T00:00:00Z"], { $0.submittedAt < "2024-02" }),
        (
          ["after": "2024-02-01", "before": "2024-04-01", "title": "of"],
          { $0.submittedAt >= "2024-02" && $0.submittedAt < "2024-04" }
        ),
        (["status": "content_addressed"], { _ in true }),
        (["status": "content_addressed,graph_snapshot"], { _ in false }),
      ]
      for replayed in [false, true] {
        if replayed { _ = try await test.ledger.replay(check: false) { _ in } }
        for (conditions, isIncluded) in cases {
          let expected = sorted(isIncluded)
          for limit in [1, 7, 100] {
            #expect(
              try await found(test, conditions, limit: limit) == expected,
              "\(conditions) by \(limit)")
          }
          var ascending = conditions
          ascending["order"] = "asc"
          #expect(
            try await found(test, ascending, limit: 3) == expected.reversed(), "\(conditions)")
        }
      }
      #expect(try await test.ledger.health().size == size)
      try await test.replayAgrees()
    }
  }

  @Test("A record's text follows the document that stands, and leaves with it")
  func documents() async throws {
    try await withLedger { test in
      var paper = Paper(id: "2402.00001", title: "An early title")
      try await add(paper, to: test)
      #expect(try await found(test, ["title": "early"]) == [paper.number])
      paper.canonicalTitle = paper.title
      paper.title = "A later title"
      paper.updatedAt = "2026-02-01T00:00:00Z"
      #expect(try await add(paper, to: test).created)
      #expect(try await found(test, ["title": "early"]).isEmpty)
      #expect(try await found(test, ["title": "later"]) == [paper.number])
      let page = try await test.ledger.search.page(RecordFilter { $0 == "title" ? "later" : nil })
      #expect(page.records.first?.record.titleVerified == false, "the canonical title is another")
      #expect(page.records.first?.record.authors == "Jane Doe")
      try await test.replayAgrees()

      let view = try await test.ledger.records.view(paper.number)
      let digest = Digest(hashing: JSON.object(try #require(view.document)).canonicalBytes())
      _ = try await test.ledger.evidenceEraser.erase(digest, reason: "asked for")
      #expect(try await found(test, ["title": "later"]).isEmpty)
      #expect(try await found(test, ["category": "cs.CV"]).contains(paper.number))
      try await test.replayAgrees()
      _ = try await test.ledger.replay(check: false) { _ in }
      #expect(try await found(test, ["title": "later"]).isEmpty)
      try await test.replayAgrees()

      // A bare record is found by what its canonical record says.
      let bare = Paper(id: "2402.00002", category: "q-bio.NC")
      _ = try await test.ledger.documentImporter.importDocument(
        JSON.object(["canonical_record": bare.canonical]).canonicalBytes(), client: .shell,
        operatorAuthorised: false)
      #expect(try await found(test, ["category": "q-bio.NC"]) == [bare.number])
      try await test.replayAgrees()
    }
  }

  @Test("Documents with hostile text are found by their words")
  func hostileDocuments() async throws {
    try await withLedger(sample: false) { test in
      let names = (0..<30_000).map { "Author\($0) Family" }.joined(separator: ", ")
      let papers = [
        Paper(id: "2403.00001", title: "nul \u{0} inside 'quoted' & \\ | ! : * (title)"),
        Paper(id: "2403.00002", title: String(repeating: "x", count: 100_000) + " tail"),
        Paper(id: "2403.00003", title: "\u{202E}bidi \u{1F600} 量子计算", authors: names),
        Paper(id: "2403.00004", title: "", authors: ""),
        Paper(id: "2403.00005", title: String(repeating: "word ", count: 5000), category: "a,b"),
      ]
      for paper in papers { try await add(paper, to: test) }
      for _ in 0..<2 {
        #expect(try await found(test, ["title": "nul quoted"]) == [papers[0].number])
        #expect(
          try await found(test, ["title": String(repeating: "x", count: 400)]) == [papers[1].number]
        )
        #expect(try await found(test, ["title": "量子计算"]) == [papers[2].number])
        #expect(try await found(test, ["author": "author19"]) == [papers[2].number])
        #expect(try await found(test, ["title": "word"]) == [papers[4].number])
        #expect(try await found(test, ["category": "a,b"]) == [papers[4].number])
        #expect(try await found(test, [:]).count == 5)
        try await test.replayAgrees()
        _ = try await test.ledger.replay(check: false) { _ in }
      }
    }
  }

  @Test(
    "A query that is no query is refused by the name of its parameter, and operators are no operators"
  )
  func hostileQueries() async throws {
    try await withService { _, client in
      for (query, field) in [
        ("title=", "title"), ("title=%20", "title"), ("title=%F0%9F%98%80", "title"),
        ("title=\(String(repeating: "a", count: 501))", "title"), ("title=a*", "title"),
        ("title=\(Array(repeating: "a", count: 33).joined(separator: "%20"))", "title"),
        ("orcid=0000-0002-1825-0098", "orcid"), ("orcid=x", "orcid"), ("category=", "category"),
        ("after=yesterday", "after"), ("before=2024-13-01", "before"), ("status=good", "status"),
        ("status=", "status"), ("order=rank", "order"), ("limit=0", "limit"),
        ("cursor=00", "cursor"), ("cursor=\(String(repeating: "0", count: 40))", "cursor"),
        ("title=a&title=b", "title"), ("titel=a", "titel"), ("query=a", "query"), ("q=", "q"),
      ] {
        let answer = try await client.execute(uri: "/api/records?\(query)", method: .get) {
          ($0.status.code, try $0.json())
        }
        #expect(answer.0 == 400, "\(query.prefix(60)): \(answer.1)")
        #expect(answer.1["field"] == .string(field), "\(query.prefix(60)): \(answer.1)")
      }
      for query in [
        "title=metamorph%20%26%20!generation%20%7C%20(tuning)", "title='metamorph'%20%5C",
        "title=metamorph:%20generation", "title=meta*", "author=shengbang%20tong,",
        "category=cs.CV&after=2024-12-18&before=2024-12-19&status=pith_receipt,graph_snapshot",
        "title=metamorph+generation",
      ] {
        let page = try await client.execute(uri: "/api/records?\(query)", method: .get) {
          try $0.json()
        }
        let records = page["records"]?.arrayValue ?? []
        #expect(records.count == 1, "\(query): \(page)")
        #expect(records.first?["pith_number"] == .string(Fixtures.sampleNumber))
        #expect(records.first?["title_verified"] == true)
        #expect(records.first?["verification_status"]?["pith_receipt"] == true)
      }
    }
  }

  @Test("An author is found by a strong claim that stands, and by no other")
  func authors() async throws {
    try await withLedger { test in
      let orcid = "0000-0002-1825-0097"
      let claim: JSONObject = [
        "method": "key_signature", "name": "Shengbang Tong", "orcid": .string(orcid),
      ]
      let weak = try await test.key("weak", "https://orcid.org/\(orcid)")
      _ = try await test.submit(.authorAttestation, claim, by: weak)
      #expect(try await found(test, ["orcid": orcid]).isEmpty)
      let strong = try await test.key(
        "strong", "https://orcid.org/\(orcid)", vouched: .author, named: "Shengbang Tong")
      let answer = try await test.submit(.authorAttestation, claim, by: strong)
      #expect(answer.standing == "strong")
      #expect(try await found(test, ["orcid": orcid]) == [Fixtures.sampleNumber])
      #expect(
        try await found(test, ["orcid": "https://orcid.org/\(orcid)", "status": "author_attested"])
          == [Fixtures.sampleNumber])
      try await test.replayAgrees()
      _ = try await test.ledger.replay(check: false) { _ in }
      #expect(try await found(test, ["orcid": orcid]) == [Fixtures.sampleNumber])
      _ = try await test.submit(
        .eventWithdrawn,
        ["event_id": .string("sha256:" + answer.eventID.hex), "reason": "not me"], by: strong)
      #expect(try await found(test, ["orcid": orcid]).isEmpty)
      try await test.replayAgrees()
    }
  }

  @Test("Pages do not overlap and leave nothing out while records are imported")
  func pagesWhileImporting() async throws {
    try await withLedger(sample: false) { test in
      func paper(_ index: Int) -> Paper {
        Paper(
          id: "2404.\(10_000 + index)", title: "Paper \(index)",
          submittedAt: "2024-01-\(10 + index * 7 % 19)T00:00:00Z")
      }
      for index in 0..<30 { try await add(paper(index), to: test) }
      let before = Set((0..<30).map { paper($0).number })
      let writer = Task { for index in 30..<60 { try await add(paper(index), to: test) } }
      for limit in [1, 4, 10] {
        for order in ["asc", "desc"] {
          let numbers = try await found(test, ["title": "paper", "order": order], limit: limit)
          #expect(Set(numbers).count == numbers.count)
          #expect(Set(numbers).isSuperset(of: before))
        }
      }
      try await writer.value
    }
  }

  @Test("A change by the administrator is found, and replay puts it right")
  func drift() async throws {
    try await withLedger { test in
      let changes = [
        "UPDATE ledger.record_text SET title = 'Another title'",
        "UPDATE ledger.record_text SET title_words = array_to_tsvector(ARRAY['another'])",
        "UPDATE ledger.record_text SET author_words = NULL",
        "UPDATE ledger.record_text SET authors = 'Somebody'",
        "UPDATE ledger.record_text SET title_verified = false",
        "UPDATE ledger.record_text SET categories = ARRAY['x']",
        "UPDATE ledger.record_text SET submitted_at = now()",
        "UPDATE ledger.record_text SET source_kind = 'x'",
        "UPDATE ledger.record_text SET source_id = 'x'",
        "UPDATE ledger.record_text SET source_version = 9",
        "UPDATE ledger.record_text SET document_sha256 = NULL",
        "DELETE FROM ledger.record_text",
        "INSERT INTO ledger.strong_author VALUES (1, 1, decode(repeat('00', 16), 'hex'))",
      ]
      for change in changes {
        try await test.owner { try await $0.execute(change) }
        let report = try await test.ledger.logChecker.check()
        #expect(report.faults.contains { $0.check == "projection.drift" }, "\(change)")
        _ = try await test.ledger.replay(check: false) { _ in }
        try await test.replayAgrees()
      }
      #expect(try await found(test, ["title": "metamorph"]) == [Fixtures.sampleNumber])
    }
  }

  @Test("A migration fills the tables of a ledger that is in use")
  func migration() async throws {
    try await withLedger { test in
      try await test.owner { owner in
        try await owner.execute(
          """
          DROP TABLE ledger.record_text, ledger.strong_author CASCADE;
          DROP INDEX ledger.event_by_type;
          DELETE FROM pithledger.migration WHERE number = 30
          """)
      }
      let names = try await Ledger.migrate(test.ledger.configuration, logger: PrivateServer.logger)
      #expect(names.contains("0030_record_search"))
      #expect(try await found(test, ["title": "metamorph"]) == [Fixtures.sampleNumber])
      try await test.replayAgrees()
    }
  }

  @Test("An erased document does not come back as other bytes, and comes back as a document")
  func erasedAndUploaded() async throws {
    try await withService { test, client in
      let paper = Paper(id: "2405.00001", title: "An erased title")
      try await add(paper, to: test)
      let bytes = paper.document.canonicalBytes()
      let digest = Digest(hashing: bytes)
      _ = try await test.ledger.evidenceEraser.erase(digest, reason: "asked for")
      let upload: JSON = [
        "evidence": .object([digest.hex: .string(Base64.encode(bytes))]),
        "payload": [
          "content_role": "other", "content_sha256": .string(digest.hex),
          "evidence_sha256": .string(digest.hex), "location": .string("urn:sha256:" + digest.hex),
          "media_type": "application/json", "size_bytes": .integer(Int64(bytes.count)),
          "storage_kind": "file",
        ],
      ]
      let posted = try await client.execute(
        uri: "/pith/\(paper.number)/action/storage_attestation", method: .post, headers: .json,
        body: ByteBuffer(bytes: upload.canonicalBytes())
      ) { $0.status }
      #expect(posted == .created)
      #expect(try await found(test, ["title": "erased"]).isEmpty)
      #expect(try await test.ledger.records.view(paper.number).document == nil)
      try await test.replayAgrees()
      var newer = paper
      newer.updatedAt = "2026-03-01T00:00:00Z"
      try await add(newer, to: test)
      #expect(try await found(test, ["title": "erased"]) == [paper.number])
      try await test.replayAgrees()
    }
  }
}
