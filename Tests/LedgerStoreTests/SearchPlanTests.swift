import Encodings
import LedgerDomain
import LedgerTestSupport
import PostgresClient
import TestSupport
import Testing

@testable import LedgerStore

/// The plans and the speed of searches and lists in large tables.
@Suite("Plans of searches and lists", .privateServer())
struct SearchPlanTests {
  @Test("Words are compared without case, accents and compatibility forms")
  func words() {
    #expect(
      SearchWords("Müller, MULLER; ﬁnite_x — 3D").words == [
        "muller", "muller", "finite", "x", "3d",
      ])
    #expect(SearchWords("Σίσυφος ΣΊΣΥΦΟΣ").words == ["σισυφοσ", "σισυφοσ"])
    #expect(
      SearchWords("Straße STRASSE Łódź Ørsted İstanbul").words == [
        "strasse", "strasse", "lodz", "orsted", "istanbul",
      ])
    #expect(SearchWords("e\u{301}té = été").words == ["ete", "ete"])
    #expect(SearchWords("\u{0}\u{1F600} '&|!:*()").words.isEmpty)
    #expect(
      SearchWords(String(repeating: "a", count: 1000)).words == [String(repeating: "a", count: 64)])
    #expect(SearchWords("a b c d", limit: 2).words == ["a", "b"])
  }

  @Test("Text in ASCII gives the words that it gives beside other text")
  func asciiWords() {
    let seed = UInt64.random(in: .min ... .max)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0..<200, using: &random)).map { _ in
        UInt8.random(in: Bool.random(using: &random) ? 0...0x7F : 0x5F...0x7A, using: &random)
      }
      let text = String(decoding: bytes, as: UTF8.self)
      #expect(
        SearchWords(text + " \u{E9}").words == SearchWords(text).words + ["e"], "seed \(seed)")
    }
  }

  /// A database with ten thousand records and two hundred thousand citations of skewed papers and keys.
  private func filled(_ body: (StoreConfiguration, PostgresConnection) async throws -> Void)
    async throws
  {
    let uri = try await PrivateServer.running().database()
    _ = try await Migrator(uri: uri, logger: PrivateServer.logger).migrate()
    let owner = try await PostgresConnection.connect(PostgresConfiguration(uri: uri))
    for statement in Self.rows { try await owner.execute(statement) }
    try await body(StoreConfiguration(uri: uri, logger: PrivateServer.logger), owner)
    await owner.close()
  }

  private static let rows = [
    """
    INSERT INTO ledger.subject
    SELECT 'pith:2024:' || n.suffix, n.suffix, i, sha256(i::text::bytea), 1, false, true
    FROM generate_series(0, 9999) AS i
      CROSS JOIN LATERAL (SELECT lpad(translate(i::text, '0189', 'ABCD'), 26, 'A') AS suffix) AS n
    """,
    """
    INSERT INTO ledger.verification_status
    SELECT i, true, i % 2 = 0, 0, (i % 1000 = 0)::int, 0, NULL, 1, 0, 0, true, 0, 0, 0 FROM generate_series(0, 9999) AS i
    """,
    """
    INSERT INTO ledger.event_summary
    SELECT i, array_fill(0, ARRAY[30]), NULL, NULL, NULL, 0, 0, 0, i FROM generate_series(0, 9999) AS i
    """,
    """
    INSERT INTO ledger.record_text
    SELECT i, timestamptz '2020-01-01' + (i * 37 % 10000) * interval '1 hour',
      ARRAY['cs.' || (i % 40)], 'arxiv', i::text, 1, NULL, 'A title ' || i, true, 'Jane Doe',
      array_to_tsvector(ARRAY['common', 'w' || (i % 10), 'x' || (i % 500), 'rare' || i]),
      array_to_tsvector(ARRAY['doe', 'jane', 'n' || (i % 300)])
    FROM generate_series(0, 9999) AS i
    """,
    "INSERT INTO ledger.strong_author SELECT i * 1000, 1, decode(repeat('ab', 16), 'hex') FROM generate_series(0, 9) AS i",
    """
    INSERT INTO ledger.event (position, record_position, recorded_at, created_at, target_hash, reference_count,
      resolved_work, formal_evidence_count, flags, event_type, verdict, event_id, signer_key, entry)
    SELECT i, (i::bigint * i % 10000) * (i % 3) / 2, timestamptz '2024-01-01' + i * interval '1 second', '2024-01-01', i % 7,
      0, 0, 0, 0,
      CASE WHEN i % 50000 = 7 THEN 11 WHEN i % 20 = 1 THEN 6 ELSE 4 END, 0, sha256(i::text::bytea),
      decode(lpad(to_hex((sqrt(i)::int % 100)), 32, '0'), 'hex'), '{}'
    FROM generate_series(0, 219999) AS i
    """, "UPDATE ledger.head SET size = 220000", "ANALYZE",
  ]

  private static func key(_ number: Int) -> Digest128 { Digest128(high: 0, low: UInt64(number)) }

  private static var selections: [(name: String, selection: EventSelection)] {
    func made(_ change: (inout EventSelection) -> Void) -> EventSelection {
      var selection = EventSelection()
      change(&selection)
      return selection
    }
    return [
      ("log", made { _ in }), ("newest", made { $0.order = .descending }),
      ("signer", made { $0.signers = [key(7)] }),
      (
        "signers",
        made {
          $0.signers = [key(7), key(8), key(9)]
          $0.order = .descending
        }
      ),
      ("rare type", made { $0.types = [.moderationDecision] }),
      (
        "types",
        made {
          $0.types = [.recordCreated, .moderationDecision]
          $0.order = .descending
        }
      ),
      ("citations", made { $0.types = [.citationSignature] }),
      ("target", made { $0.targetHash = 99 }),
      ("record", made { $0.record = RecordID(rawValue: 0) }),
      (
        "signer of a record",
        made {
          $0.record = RecordID(rawValue: 0)
          $0.signers = [key(5)]
        }
      ),
      (
        "signer and type",
        made {
          $0.signers = [key(7)]
          $0.types = [.moderationDecision]
        }
      ),
    ]
  }

  private static var searches: [(name: String, conditions: RecordConditions)] {
    func made(_ change: (inout RecordConditions) throws -> Void) -> RecordConditions {
      var conditions = RecordConditions()
      do { try change(&conditions) } catch { Issue.record(error) }
      return conditions
    }
    return [
      ("all", made { _ in }),
      ("common word", made { $0.title = try SearchQuery("common", field: "title") }),
      ("rare word", made { $0.title = try SearchQuery("rare77", field: "title") }),
      ("prefix", made { $0.title = try SearchQuery("rare7*", field: "title") }),
      ("no word", made { $0.title = try SearchQuery("common nothing", field: "title") }),
      ("anywhere", made { $0.anywhere = try SearchQuery("common jane", field: "q") }),
      ("anywhere, rare", made { $0.anywhere = try SearchQuery("rare77 doe", field: "q") }),
      ("anywhere, none", made { $0.anywhere = try SearchQuery("common nothing", field: "q") }),
      ("author", made { $0.author = try SearchQuery("jane n7", field: "author") }),
      (
        "author and title",
        made {
          $0.author = try SearchQuery("doe", field: "author")
          $0.title = try SearchQuery("w3", field: "title")
        }
      ),
      ("category", made { $0.category = "cs.7" }),
      ("claimant", made { $0.claimant = Digest128(hex: String(repeating: "ab", count: 16)) }),
      ("rare status", made { $0.statuses = [.strongAuthorClaims] }),
      ("no status", made { $0.statuses = [.storageVerified] }),
      (
        "status of a common word",
        made {
          $0.statuses = [.pithReceipt]
          $0.title = try SearchQuery("common", field: "title")
        }
      ),
      (
        "time",
        made {
          $0.after = Timestamp("2020-06-01T00:00:00Z")
          $0.order = .ascending
        }
      ),
    ]
  }

  /// The largest number of pages of 8 KiB that a search or a list reads here. A page counts each time it is
  /// read: a search looks at a bounded number of records, whose rows are lookups of their own.
  private static let maxPages = 1500
  /// The same for a search by status, which reads the status of each record that it looks at.
  private static let maxPagesByStatus = 6000

  /// The pages that a statement read, by the first line about buffers in its plan, which includes all others.
  private static func pages(_ plan: [String]) -> Int {
    let line = plan.first { $0.contains("Buffers: shared") } ?? ""
    return line.split(separator: " ").reduce(0) { sum, part in
      let value = part.split(separator: "=")
      guard value.count == 2, value[0] == "hit" || value[0] == "read" else { return sum }
      return sum + (Int(value[1]) ?? 0)
    }
  }

  @Test("No search and no list reads a large table from end to end, and each reads few pages")
  func plans() async throws {
    try await filled { configuration, owner in
      // With the settings of the connections that read.
      for setting in StorePools.lookupSettings { try await owner.execute(setting) }
      let large = [
        "event", "record_text", "subject", "verification_status", "event_summary", "strong_author",
      ]
      func requireIndexes(
        _ name: String, _ sql: String, _ parameters: [PostgresValue], maxPages: Int
      ) async throws {
        let plan = try await owner.query("EXPLAIN (ANALYZE, BUFFERS) " + sql, parameters).map {
          try $0.text(0)
        }
        let pages = Self.pages(plan)
        #expect((1...maxPages).contains(pages), "\(name): \(plan.joined(separator: "\n"))")
        for table in large {
          #expect(
            !plan.contains { $0.contains("Seq Scan on \(table) ") },
            "\(name): \(plan.joined(separator: "\n"))")
        }
      }
      for (name, selection) in Self.selections {
        let source: ScanStatement.Source =
          selection.record != nil
          ? .record
          : selection.signers != nil
            ? .signers
            : selection.types.map { $0.contains(.citationSignature) ? .log : .types } ?? .log
        let statement = ScanStatement(
          selection, source, from: 0, limit: 101, EventScanner.maxScanned)
        try await requireIndexes(
          name, statement.sql, statement.parameters, maxPages: Self.maxPages)
      }
      for statement in RecordSearch.settings { _ = try await owner.query(statement.sql) }
      for (name, conditions) in Self.searches {
        let statement = SearchStatement(
          conditions, behind: nil, limit: 51, now: Timestamp(microseconds: 0),
          RecordSearch.maxScanned)
        try await requireIndexes(
          name, statement.sql, statement.parameters,
          maxPages: conditions.statuses.isEmpty ? Self.maxPages : Self.maxPagesByStatus)
      }
      try await owner.execute("ROLLBACK")
      try await findTime(configuration)
    }
  }

  private func findTime(_ configuration: StoreConfiguration) async throws {
    let store = try await LedgerStore.open(configuration)
    let time = try #require(Timestamp("2024-01-02T00:00:00Z"))
    #expect(try await store.scanner.firstPosition(recordedFrom: time) == 86_400)
    await store.close()
  }

  @Test("A scan that stops early goes on where it stopped")
  func smallScans() async throws {
    try await filled { configuration, _ in
      let store = try await LedgerStore.open(configuration)
      let small = EventScanner(readers: store.pools.readers, maxScanned: 1000)
      var isFound: Set<Position> = []
      for (name, selection) in Self.selections
      where name.contains("type") || name.contains("signer") {
        var expected: [Position] = []
        var found: [Position] = []
        for (scanner, isSmall) in [(store.scanner, false), (small, true)] {
          var from: Position? = selection.order == .ascending ? .first : .max
          while let next = from {
            let scan = try await scanner.scan(selection, from: next, limit: isSmall ? 37 : 1000)
            if isSmall {
              found += scan.events.map(\.position)
            } else {
              expected += scan.events.map(\.position)
            }
            from = scan.next
          }
        }
        #expect(found == expected, "\(name)")
        isFound.formUnion(found)
        #expect(found == (selection.order == .ascending ? found.sorted() : found.sorted(by: >)))
      }
      #expect(isFound.count > 1000)
      await store.close()
    }
  }
}
