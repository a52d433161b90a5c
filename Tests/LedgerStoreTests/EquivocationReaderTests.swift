import LedgerDomain
import LedgerTestSupport
import PostgresClient
import TestSupport
import Testing

@testable import LedgerStore

/// The list of records whose statements contradict each other.
@Suite("Records with equivocations", .privateServer())
struct EquivocationReaderTests {
  private static let rows = [
    """
    INSERT INTO ledger.subject
    SELECT 'pith:2024:' || n.suffix, n.suffix, i, sha256(i::text::bytea), 1, false, true
    FROM generate_series(0, 9999) AS i
      CROSS JOIN LATERAL (SELECT lpad(translate(i::text, '0189', 'ABCD'), 26, 'A') AS suffix) AS n
    """,
    """
    INSERT INTO ledger.event_summary
    SELECT i, array_fill(0, ARRAY[30]), NULL, NULL, NULL,
      CASE WHEN i IN (5, 6, 7, 4096, 9999) THEN i % 7 + 1 ELSE 0 END, 0, 0, i
    FROM generate_series(0, 9999) AS i
    """, "ANALYZE",
  ]

  @Test("A list finds each record once, and reads a bounded part of the primary key")
  func list() async throws {
    let uri = try await PrivateServer.running().database()
    _ = try await Migrator(uri: uri, logger: PrivateServer.logger).migrate()
    let owner = try await PostgresConnection.connect(PostgresConfiguration(uri: uri))
    for statement in Self.rows { try await owner.execute(statement) }
    let store = try await LedgerStore.open(
      StoreConfiguration(uri: uri, logger: PrivateServer.logger))
    for limit in [1, 2, 3, 100] {
      var found: [Int64] = []
      var next: RecordID? = RecordID(rawValue: 0)
      var calls = 0
      while let from = next {
        let page = try await store.equivocations.records(from: from, limit: limit)
        #expect(page.records.count <= limit)
        found += page.records.map(\.record.record.rawValue)
        #expect(page.records.allSatisfy { $0.count == Int32($0.record.record.rawValue % 7) + 1 })
        next = page.next
        calls += 1
        try #require(calls < 20)
      }
      #expect(found == [5, 6, 7, 4096, 9999], "limit \(limit)")
    }
    let plan = try await owner.query(
      "EXPLAIN (ANALYZE, BUFFERS) " + EquivocationReader.sql,
      [.record(RecordID(rawValue: 0)), .int8(20)]
    ).map { try $0.text(0) }.joined(separator: "\n")
    #expect(plan.contains("event_summary_pkey"), "\(plan)")
    #expect(!plan.contains("Seq Scan on event_summary"), "\(plan)")
    #expect(!plan.contains("Seq Scan on subject"), "\(plan)")
    await store.close()
    await owner.close()
  }
}
