import CanonicalJSON
import Foundation
import LedgerDomain
import LedgerHTTP
import LedgerVerifier
import PostgresClient
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerService
@testable import LedgerStore

/// Logs of earlier versions that used other rules of the fold.
@Suite("Logs of earlier versions", .privateServer())
struct OldLogTests {
  /// The export of the version that grouped events by declared signers.
  private static let folder = "Tests/Vectors/log-of-declared-groups"

  private func restored(
    _ folder: String = Self.folder, _ body: (LedgerConfiguration) async throws -> Void
  ) async throws {
    let running = try PrivateServer.running()
    var configuration = LedgerConfiguration(
      dataDirectory: running.directory + "/ledger-\(UUID())")
    configuration.databaseURL = try await running.database()
    configuration.isReadOnly = true
    _ = try await Ledger.migrate(configuration, logger: PrivateServer.logger)
    _ = try await LogImporter(configuration, logger: PrivateServer.logger)
      .importLog(from: Fixtures.project.appendingPathComponent(folder).path)
    try await body(configuration)
  }

  /// The members whose value changed: the exported value, and the value by the present rules.
  private static let changes: [String: (was: JSON, now: JSON)] = [
    // The claim was recorded before names were compared with the name that the issuer gives.
    "author_attested": (true, false), "strong_author_claims": (1, 0),
    // A key and the signer that it was vouched for later count as one, so their claims are counted once.
    // The formerly strong claim is weak.
    "weak_author_claims": (2, 2),
    // The same signer said `extends` before the vouch and `refutes` after it.
    "citation_signatures": (2, 1),
  ]

  @Test("An exported log of declared groups is imported, and each number that changed has a reason")
  func imported() async throws {
    let lines = try Fixtures.project(Self.folder + "/projections.ndjson")
    let before = try JSON.parse(Array(lines.split(separator: 0x0A)[0]))
    try await restored { configuration in
      let ledger = try await Ledger.open(
        configuration, runProjector: false, logger: PrivateServer.logger)
      let now = try await ledger.records.status(Fixtures.sampleNumber).json
      for (key, was) in before["verification_status"]?.objectValue ?? [:] {
        let change = Self.changes[key]
        #expect(was == change?.was ?? was, "\(key)")
        #expect(now["verification_status"]?[key] == change?.now ?? was, "\(key)")
      }
      let types = now["event_summary"]?["by_type"]
      #expect(types?["citation_signature"]?["rejected"] == 1, "the second of an equivocation")
      #expect(now["event_summary"]?["equivocations"] == 1)
      #expect(types?["author_attestation"]?["pending"] == 3)
      let claims = try await ledger.records.view(Fixtures.sampleNumber).authorClaims
      #expect(!claims.isEmpty && !claims.contains(where: \.isStrong))
      #expect(try await ledger.replay(check: true) { _ in }.drift.isEmpty)
      await ledger.close()
    }
  }

  /// The export of the last version with numbered migrations (commit 7c34cfe). It contains every event
  /// type except `anchor_upgraded`.
  private static let beforeBaseline = "Tests/Vectors/log-of-numbered-migrations"
  private static let beforeBaselineKey =
    "pithledger/8aca4fb2349c351bd75d69c1aed88f72+e26f36d4+AYcGBLmMPFQw/7MS3iiFC8sPUHGY6P84IJ3BHHYOxZQy"

  @Test(
    "A log exported before the baseline is imported with the same root and the same projections")
  func beforeBaseline() async throws {
    let path = Fixtures.project.appendingPathComponent(Self.beforeBaseline).path
    let key = try NoteVerifierKey(Self.beforeBaselineKey)
    let verified = try await LogDirectory.verify(path, by: [key], containing: [])
    #expect(verified.checkpoint.size == 37)
    #expect(verified.records == 1 && verified.projections == 1)
    let lines = try Fixtures.project(Self.beforeBaseline + "/projections.ndjson")
    let before = try JSON.parse(Array(lines.split(separator: 0x0A)[0]))
    try await restored(Self.beforeBaseline) { configuration in
      let ledger = try await Ledger.open(
        configuration, runProjector: false, logger: PrivateServer.logger)
      let tree = try await ledger.store.tree.state()
      #expect(tree.edge.size == verified.checkpoint.size)
      #expect(tree.edge.root == verified.checkpoint.root)
      let now = try await ledger.records.status(Fixtures.sampleNumber).json
      for part in ["verification_status", "event_summary"] {
        let members = try #require(before[part]?.objectValue)
        #expect(!members.isEmpty)
        for (key, value) in members { #expect(now[part]?[key] == value, "\(part) \(key)") }
      }
      let events = try await ledger.store.folds.events(from: 0, limit: 1000)
      #expect(
        Set(events.map(\.type)) == Set(EventType.allCases).subtracting([.unknown, .anchorUpgraded]))
      #expect(try await ledger.replay(check: true) { _ in }.drift.isEmpty)
      await ledger.close()
    }
  }

  /// The export of the last version that counted each name of a paper as a paper (commit 545c842).
  private static let singleNames = "Tests/Vectors/log-of-single-names"

  @Test("A log exported before names were joined is imported, and each changed number has a reason")
  func beforeNames() async throws {
    let lines = try Fixtures.project(Self.singleNames + "/projections.ndjson")
    let before = try lines.split(separator: 0x0A).map { try JSON.parse(Array($0)) }
    let was = try #require(
      before.first { $0["pith_number"] == .string(Fixtures.sampleNumber) })
    #expect(was["verification_status"]?["citation_signatures"] == 7)
    try await restored(Self.singleNames) { configuration in
      let ledger = try await Ledger.open(
        configuration, runProjector: false, logger: PrivateServer.logger)
      let now = try await ledger.records.status(Fixtures.sampleNumber).json
      for (key, value) in was["verification_status"]?.objectValue ?? [:] {
        // Three names of one paper, by one signer, are one. So are two names by a signer who says
        // `supports` under one and `refutes` under the other, and two keys of one signer.
        let expected = key == "citation_signatures" ? 4 : value
        #expect(now["verification_status"]?[key] == expected, "\(key)")
      }
      for (key, value) in was["event_summary"]?.objectValue ?? [:] {
        switch key {
        case "equivocations": #expect(value == 1 && now["event_summary"]?[key] == 2)
        case "by_type":
          let citations = now["event_summary"]?[key]?["citation_signature"]
          // The second of the statements under two names contradicts the first.
          #expect(value["citation_signature"]?["rejected"] == 1 && citations?["rejected"] == 2)
          #expect(value["citation_signature"]?["verified"] == 7 && citations?["verified"] == 6)
        default: #expect(now["event_summary"]?[key] == value, "\(key)")
        }
      }
      #expect(try await ledger.replay(check: true) { _ in }.drift.isEmpty)
      await ledger.close()
    }
  }

  @Test("The columns of an older database are derived again from its entries, and it is replayed")
  func derivedAnew() async throws {
    try await restored { configuration in
      let uri = try #require(configuration.databaseURL)
      let store = try await LedgerStore.open(
        StoreConfiguration(uri: uri, logger: PrivateServer.logger))
      let expected = try await store.folds.events(from: 0, limit: 1000)
      let number = try #require(PithNumber(Fixtures.sampleNumber))
      let record = try #require(try await store.records.resolve(.pithNumber(number)).first)
      let row = try await store.projections.state(record: record.record)
      #expect(record.isOperatorImported)
      await store.close()
      let owner = try await PostgresConnection.connect(PostgresConfiguration(uri: uri))
      try await owner.execute(
        """
        ALTER TABLE ledger.event DISABLE TRIGGER event_is_append_only;
        UPDATE ledger.event SET created_at = 'epoch', fold_group = 7, flags = flags & 511, claimant = NULL;
        ALTER TABLE ledger.event ENABLE ALWAYS TRIGGER event_is_append_only;
        ALTER TABLE ledger.subject DISABLE TRIGGER subject_is_append_only;
        UPDATE ledger.subject SET operator_imported = false;
        ALTER TABLE ledger.subject ENABLE ALWAYS TRIGGER subject_is_append_only;
        UPDATE ledger.verification_status SET citation_signatures = 9;
        UPDATE ledger.column_rules SET version = 1;
        """)
      await #expect(throws: LedgerStoreError(.notMigrated, "")) {
        try await LedgerStore.open(StoreConfiguration(uri: uri, logger: PrivateServer.logger))
      }
      #expect(try await Migrator(uri: uri, logger: PrivateServer.logger).migrate().isEmpty)
      let mended = try await LedgerStore.open(
        StoreConfiguration(uri: uri, logger: PrivateServer.logger))
      #expect(try await mended.folds.events(from: 0, limit: 1000) == expected)
      #expect(try await mended.projections.state(record: record.record) == row)
      #expect(
        try await mended.records.resolve(.pithNumber(record.pithNumber)).first?.isOperatorImported
          == true)
      await #expect(throws: PostgresError(.server, "", sqlState: "PL001")) {
        try await owner.execute("UPDATE ledger.event SET flags = 0")
      }
      await mended.close()
      await owner.close()
    }
  }
}
