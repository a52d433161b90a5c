import Encodings
import LedgerDomain
import LedgerTestSupport
import PostgresClient
import TestSupport
import Testing

@testable import LedgerStore

/// The plans of the statements that pages find things with, in large tables.
@Suite("Plans of the statements of pages", .privateServer())
struct FindingPlanTests {
  private static let rows = [
    """
    INSERT INTO ledger.subject
    SELECT 'pith:2024:' || n.suffix, n.suffix, i, sha256(i::text::bytea), 1, false, true
    FROM generate_series(0, 29999) AS i
      CROSS JOIN LATERAL (SELECT lpad(translate(i::text, '0189', 'ABCD'), 26, 'A') AS suffix) AS n
    """,
    """
    INSERT INTO ledger.record_text
    SELECT i, timestamptz '1990-01-01' + (i * 37 % 30000) * interval '10 hours', ARRAY['cs.DL'], 'arxiv', i::text, 1,
      sha256((i % 9000)::text::bytea), 'A title ' || i, true, 'Jane Doe',
      array_to_tsvector(ARRAY['title', 'x' || (i % 500)]), array_to_tsvector(ARRAY['doe', 'jane', 'n' || (i % 300)])
    FROM generate_series(0, 29999) AS i
    """,
    """
    INSERT INTO ledger.event (position, record_position, recorded_at, created_at, target_hash, reference_count,
      resolved_work, formal_evidence_count, flags, event_type, verdict, event_id, signer_key, claimant, entry)
    SELECT i, i % 30000, timestamptz '2024-01-01' + i * interval '1 second', '2024-01-01', 0, 0, 0, 0, 0,
      CASE WHEN i < 30000 THEN 6 WHEN i % 50 = 1 THEN 3 ELSE 4 END, 1, sha256(i::text::bytea),
      decode(lpad(to_hex(i % 100), 32, '0'), 'hex'), decode(lpad(to_hex(i % 997), 32, '0'), 'hex'), '{}'
    FROM generate_series(0, 119999) AS i
    """, "UPDATE ledger.head SET size = 120000", "ANALYZE",
  ]

  private func filled(
    _ body: (LedgerStore, PostgresConnection) async throws -> Void
  ) async throws {
    let uri = try await PrivateServer.running().database()
    _ = try await Migrator(uri: uri, logger: PrivateServer.logger).migrate()
    let owner = try await PostgresConnection.connect(PostgresConfiguration(uri: uri))
    for statement in Self.rows { try await owner.execute(statement) }
    let store = try await LedgerStore.open(
      StoreConfiguration(uri: uri, logger: PrivateServer.logger))
    try await body(store, owner)
    await store.close()
    await owner.close()
  }

  private static var statements: [(name: String, statement: PostgresStatement)] {
    let all = (from: Timestamp(microseconds: 0), below: Timestamp.never)
    return [
      (
        "count", EventCounter.statement(EventCounter.types.map { ($0, .first) }, below: 120_000)
      ),
      (
        "count what is new",
        EventCounter.statement(EventCounter.types.map { ($0, 119_990) }, below: 120_000)
      ),
      ("count records", EventCounter.recordStatement(from: 20_000, below: 120_000)),
      ("neighbours", RecordTitles.neighbourStatement("AAAAB", limit: 6)),
      ("years", RecordTitles.periodStatement(.year, from: all.from, below: all.below)),
      ("days", RecordTitles.periodStatement(.day, from: all.from, below: all.below)),
      (
        "claims",
        PostgresStatement(
          "SELECT \(StoredEvent.columns) FROM ledger.event e \(ClaimReader.condition)",
          [
            .bytes(Digest128(high: 0, low: 51).bytes), .position(.max), .int8(51),
          ])
      ),
    ]
  }

  @Test("No statement reads a large table from end to end")
  func plans() async throws {
    try await filled { _, owner in
      for setting in StorePools.lookupSettings { try await owner.execute(setting) }
      for (name, statement) in Self.statements {
        let plan = try await owner.query("EXPLAIN " + statement.sql, statement.parameters).map {
          try $0.text(0)
        }
        for table in ["event", "record_text", "subject"] {
          #expect(
            !plan.contains { $0.contains("Seq Scan on \(table) ") },
            "\(name): \(plan.joined(separator: "\n"))")
        }
        if name == "claims" {
          #expect(plan.contains { $0.contains("event_claim_of_author") }, "\(plan)")
        }
      }
    }
  }

  @Test("Counts in batches are the counts of the table")
  func counts() async throws {
    try await filled { store, owner in
      var records = EventCount()
      var events: [EventType: EventCount] = [:]
      var rounds = 0
      while records.next < 120_000 || events.values.contains(where: { $0.next < 120_000 }) {
        records = try await store.counter.countingRecords(records, below: 120_000)
        events = try await store.counter.counting(events, below: 120_000)
        rounds += 1
        if rounds > 20 { break }
      }
      #expect(rounds == 7, "30,000 rows in batches of 5,000, and a last one that is empty")
      #expect(records.count == 30_000)
      #expect(events[.recordCreated]?.count == 30_000)
      let claims = try await owner.query(
        "SELECT count(*) FROM ledger.event WHERE event_type = 3")[0].int(0)
      #expect(events[.authorAttestation]?.count == claims)
      #expect(events[.citationSignature] == nil)
      let years = try await store.titles.periods(
        .year, from: Timestamp(microseconds: 0), below: .never)
      let expected = try await owner.query(
        "SELECT DISTINCT extract(year FROM submitted_at AT TIME ZONE 'UTC')::int8 FROM ledger.record_text ORDER BY 1 DESC"
      ).map { try $0.int(0) }
      #expect(years.map { Int64($0.description.prefix(4)) } == expected.map { $0 })
    }
  }
}
