import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerStore
import LedgerTestSupport
import LedgerVerifier
import PostgresClient
import TestSupport
import Testing

@testable import LedgerService

/// The lookup tables after changes by the administrator, and what a replay makes of them.
@Suite("Replay of the lookups", .privateServer())
struct LookupReplayTests: EvidenceSuite {
  /// Changes that an administrator makes, with the tables that they are in.
  private static let changes: [(sql: String, tables: Set<String>)] = [
    (
      "UPDATE ledger.subject SET suffix = split_part(pith_number, ':', 2) || ':' || suffix",
      ["ledger.subject"]
    ),
    ("UPDATE ledger.subject SET record_position = record_position + 1", ["ledger.subject"]),
    (
      "UPDATE ledger.subject SET operator_imported = false, trusted_receipt = false",
      ["ledger.subject"]
    ),
    ("DELETE FROM ledger.subject", ["ledger.subject"]),
    (
      """
      INSERT INTO ledger.subject SELECT 'pith:2024:AAAAAAAAAAAAAAAAAAAAAAAAAA', 'AAAAAAAAAAAAAAAAAAAAAAAAAA',
        7, canonical_sha256, 1, true, true FROM ledger.subject
      """, ["ledger.subject"]
    ),
    ("UPDATE ledger.alias SET normalized = '2401.00001' WHERE kind = 'arxiv'", ["ledger.alias"]),
    ("UPDATE ledger.alias SET is_retracted = true WHERE kind = 'arxiv'", ["ledger.alias"]),
    ("TRUNCATE ledger.alias", ["ledger.alias"]),
    (
      "INSERT INTO ledger.alias SELECT 'doi', '10.1/false', record_position FROM ledger.subject",
      ["ledger.alias"]
    ),
    ("DELETE FROM ledger.used_token", ["ledger.used_token"]),
    ("UPDATE ledger.used_token SET event_id = sha256(event_id)", ["ledger.used_token"]),
    (
      "TRUNCATE ledger.subject, ledger.alias, ledger.used_token",
      ["ledger.subject", "ledger.alias", "ledger.used_token"]
    ),
  ]

  private static func change(_ sql: String, _ connection: PostgresConnection) async throws {
    try await connection.execute(
      """
      ALTER TABLE ledger.subject DISABLE TRIGGER ALL; ALTER TABLE ledger.alias DISABLE TRIGGER ALL;
      \(sql);
      ALTER TABLE ledger.subject ENABLE ALWAYS TRIGGER subject_is_append_only;
      ALTER TABLE ledger.subject ENABLE ALWAYS TRIGGER subject_is_never_truncated;
      ALTER TABLE ledger.alias ENABLE ALWAYS TRIGGER alias_is_append_only;
      ALTER TABLE ledger.alias ENABLE ALWAYS TRIGGER alias_is_never_truncated
      """)
  }

  private static func rows(_ connection: PostgresConnection) async throws -> [String] {
    try await connection.query(
      """
      SELECT 'subject ' || s FROM ledger.subject s UNION ALL SELECT 'alias ' || a FROM ledger.alias a
      UNION ALL SELECT 'token ' || u FROM ledger.used_token u ORDER BY 1
      """
    ).map { try $0.text(0) }
  }

  @Test("A replay names each changed lookup, and restores it as it was", arguments: [false, true])
  func restored(separate: Bool) async throws {
    try await withFakeServices { services in
      let external = services.configuration
      try await withLedger {
        $0.externalServices = external
        $0.usesSeparateLogins = separate
      } _: { test in
        let number = try #require(PithNumber(Self.number))
        let token = try await services.token(claims(IdentityNonce.of(number)))
        _ = try await bare(test, .authorAttestation, claim(token), evidence: [token])
        let before = try await test.owner { try await Self.rows($0) }
        #expect(before.contains { $0.hasPrefix("token") })
        for (sql, tables) in Self.changes {
          try await test.owner { try await Self.change(sql, $0) }
          let checked = try await test.ledger.replay(check: true) { _ in }
          #expect(Set(checked.drift.map(\.table)) == tables, "\(sql): \(checked.drift)")
          let faults = try await test.ledger.logChecker.check().faults
          #expect(Set(faults.flatMap(\.tables)) == tables, "\(sql): \(faults)")
          let replayed = try await test.ledger.replay(check: false) { _ in }
          #expect(replayed.drift == checked.drift, "\(sql)")
          #expect(try await test.owner { try await Self.rows($0) } == before, "\(sql)")
        }
        #expect(try await test.ledger.logChecker.check().faults.isEmpty)
        let triggers = try await test.owner { connection in
          try await connection.query(
            "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'A'")[0].int(0)
        }
        #expect(triggers == 0, "a replay leaves the triggers as they were")
      }
    }
  }

  @Test("Rows are restored while submissions create names")
  func restoredMeanwhile() async throws {
    try await withLedger { test in
      let author = try await test.key("author")
      try await test.owner { try await Self.change("TRUNCATE ledger.alias", $0) }
      async let submitted: Void = withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<100 {
          group.addTask { _ = try await test.cite("10.1/\(number)", by: author) }
        }
        try await group.waitForAll()
      }
      #expect(try await !test.ledger.replay(check: false) { _ in }.drift.isEmpty)
      try await submitted
      try await test.replayAgrees()
    }
  }

  @Test("An imported log knows which tokens were used")
  func tokensOfImport() async throws {
    try await withBoth { test, services in
      let number = try #require(PithNumber(Self.number))
      let token = try await services.token(claims(IdentityNonce.of(number)))
      _ = try await bare(test, .authorAttestation, claim(token), evidence: [token])
      let folder = "/tmp/plt-tokens-\(UUID())"
      defer { try? FileManager.default.removeItem(atPath: folder) }
      _ = try await test.ledger.logExporter.exportLog(to: folder)
      var configuration = LedgerConfiguration(dataDirectory: folder + "-data")
      defer { try? FileManager.default.removeItem(atPath: configuration.dataDirectory) }
      try FileManager.default.createDirectory(
        atPath: configuration.dataDirectory, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o711])
      for name in ["registry.key", "log.key"] {
        try FileManager.default.copyItem(
          atPath: "\(test.ledger.configuration.dataDirectory)/\(name)",
          toPath: "\(configuration.dataDirectory)/\(name)")
      }
      configuration.databaseURL = try await PrivateServer.running().database()
      configuration.externalServices = services.configuration
      _ = try await Ledger.migrate(configuration, logger: PrivateServer.logger)
      _ = try await LogImporter(configuration, logger: PrivateServer.logger).importLog(from: folder)
      let second = try await Ledger.open(configuration, logger: PrivateServer.logger)
      let imported = LedgerUnderTest(ledger: second, uri: try #require(configuration.databaseURL))
      #expect(try await second.store.evidence.isUsed(token: Digest(hashing: token)))
      let author = try await imported.key("k", "https://orcid.org/" + Self.orcid)
      await #expect(throws: Refusal(.conflict, check: "jwt.reuse", "")) {
        try await imported.submit(.authorAttestation, claim(token), by: author, evidence: [token])
      }
      await second.close()
    }
  }
}
