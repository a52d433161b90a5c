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
import TransparencyLog

@testable import LedgerService

/// What an administrator of the database can change without being detected.
@Suite("Changes by the administrator", .privateServer())
struct TableCoverageTests: EvidenceSuite {
  private func migrated<R>(_ body: (PostgresConnection) async throws -> R) async throws -> R {
    let uri = try await PrivateServer.running().database()
    _ = try await Migrator(uri: uri, logger: PrivateServer.logger).migrate()
    let connection = try await PostgresConnection.connect(PostgresConfiguration(uri: uri))
    let result = try await body(connection)
    await connection.close()
    return result
  }

  @Test(
    "sql/README.md gives every table a category, and names no table or column that does not exist")
  func categories() async throws {
    let coverage = try TableCoverage.read()
    let columns = try await migrated { try await CatalogColumn.all($0) }
    let tables = Set(columns.map(\.table))
    #expect(tables.subtracting(coverage.tables.keys) == [], "these tables have no category")
    #expect(Set(coverage.tables.keys).subtracting(tables) == [], "these tables do not exist")
    #expect(
      Set(coverage.tables.values).isSubset(of: TableCoverage.categories), "\(coverage.tables)")
    #expect(coverage.unprotected.subtracting(columns.map(\.description)) == [])
  }

  /// Runs a test with a ledger whose tables all have rows, and with nothing that writes to them.
  private func withFullTables(
    _ body: (LedgerUnderTest) async throws -> Void
  ) async throws {
    let witness = try NoteSigner(
      name: "witness.example/w1", algorithm: .cosignature, secret: NoteSigner.freshSecret())
    try await withFakeServices { services in
      let endpoint = try WitnessEndpoint("\(witness.verifierKey) http://127.0.0.1:1")
      try await withLedger {
        $0.externalServices = services.configuration
        $0.witnesses = [endpoint]
      } _: { test in
        try await fill(test, services, witness)
        let size = try await test.ledger.health().size
        _ = try await test.ledger.records.status(Self.number, atLeast: size.end.previous)
        await test.ledger.close()
        let quiet = try await test.another(runProjector: false)
        do {
          try await body(LedgerUnderTest(ledger: quiet, uri: test.uri))
          await quiet.close()
        } catch {
          await quiet.close()
          throw error
        }
      }
    }
  }

  private func fill(
    _ test: LedgerUnderTest, _ services: FakeServices, _ witness: NoteSigner
  ) async throws {
    // Statements of every kind, with evidence, and trust.
    _ = try await test.ledger.trust.addHeaders(try await services.mine())
    _ = try await test.ledger.trust.addAuthority(services.file("tsa-root.pem"))
    let token = try await test.requestToken(
      Self.number, authority: services.url + "/tsa")
    _ = try await anchor(test, "rfc3161", token)
    let bytes = Array("kept".utf8)
    _ = try await services.post("/put/kept", bytes)
    var stored = place("https", services.url + "/kept", bytes)
    stored["content_role"] = "document"
    _ = try await bare(test, .storageAttestation, stored)
    let number = try #require(PithNumber(Self.number))
    let identity = try await services.token(claims(IdentityNonce.of(number)))
    _ = try await bare(test, .authorAttestation, claim(identity), evidence: [identity])
    let vouched = try await test.key(
      "vouched", "https://orcid.org/0000-0002-1694-233X", vouched: .author, named: "A. Name")
    let last = try await test.cite("10.1/x", by: vouched)
    _ = try await test.cite("10.1/x", by: vouched, supersedes: last.eventID)
    _ = try await test.ledger.keyAdministrator.revoke(
      vouched.signer.fingerprint, reason: "stolen", compromisedFrom: last.position, key: nil)
    // A full tile, a checkpoint and a cosignature.
    let author = try await test.key("author")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<260 {
        group.addTask { _ = try await test.cite("10.2/\(number)", by: author) }
      }
      try await group.waitForAll()
    }
    let signed = try await test.ledger.checkpoints.issue()
    let cosignature = try witness.cosign(try SignedNote(signed.note).text, time: 1_790_000_000)
    try await test.ledger.store.checkpoints.save(cosignature: cosignature, size: signed.size)
  }

  /// Lets the owner of the database change anything, as an administrator can.
  private func unlock(_ connection: PostgresConnection) async throws {
    for row in try await connection.query(
      """
      SELECT format('ALTER TABLE %s DISABLE TRIGGER ALL', c.oid::regclass)
      FROM pg_class c WHERE c.relnamespace IN ('ledger'::regnamespace, 'pithledger'::regnamespace)
        AND c.relkind = 'r'
      UNION ALL
      SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname) FROM pg_constraint c
      WHERE c.connamespace IN ('ledger'::regnamespace, 'pithledger'::regnamespace) AND c.contype IN ('c', 'f')
      """)
    {
      try await connection.execute(try row.text(0))
    }
  }

  /// The faults that fsck finds, apart from the triggers that the test itself disabled.
  private func faults(_ test: LedgerUnderTest) async throws -> [LogFault] {
    try await test.ledger.logChecker.check().faults.filter { $0.check != "table.trigger" }
  }

  @Test("A change of any column of any table is detected, or the column is listed as not protected")
  func everyColumn() async throws {
    let coverage = try TableCoverage.read()
    let seed = Double.random(in: -1...1)
    try await withFullTables { test in
      #expect(try await test.ledger.logChecker.check().faults.isEmpty)
      try await test.owner { connection in
        let columns = try await CatalogColumn.all(connection)
        try await unlock(connection)
        #expect(try await faults(test).isEmpty)
        _ = try await connection.query("SELECT setseed(\(seed))")
        var changed: [String: Int] = [:]
        for column in columns where !coverage.unprotected.contains("\(column)") {
          for change in try ColumnChange.all(of: column) {
            let found = try await change.apply(connection) { try await faults(test) }
            guard let found else { continue }
            changed["\(column)", default: 0] += 1
            #expect(
              found.contains { $0.tables.contains(column.table) },
              "\(change) was not detected in its table (seed \(seed)): \(found)")
          }
        }
        #expect(changed.values.reduce(0, +) >= 100)
        for column in columns where !coverage.unprotected.contains("\(column)") {
          #expect(
            changed["\(column)"] != nil, "no row has a value of \(column): fill() must make one")
        }
        #expect(try await faults(test).isEmpty, "every change was taken back")
      }
    }
  }

  @Test("A disabled or dropped trigger is detected, and named with its table")
  func triggers() async throws {
    try await withLedger { test in
      try await test.owner {
        try await $0.execute(
          """
          ALTER TABLE ledger.alias DISABLE TRIGGER alias_is_append_only;
          DROP TRIGGER event_is_never_truncated ON ledger.event;
          ALTER TABLE ledger.tree ENABLE TRIGGER tree_only_grows
          """)
      }
      let found = try await test.ledger.logChecker.check().faults
      #expect(found.allSatisfy { $0.check == "table.trigger" })
      #expect(found.flatMap(\.tables).sorted() == ["ledger.alias", "ledger.event", "ledger.tree"])
    }
  }
}
