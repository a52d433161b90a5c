import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerTestSupport
import PostgresClient
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerService
@testable import LedgerStore

/// The statements that each login of the database may not execute, each connected as itself.
@Suite("Logins of the database", .privateServer())
struct DatabaseRoleTests {
  /// Statements that only the owner may execute.
  private static let forAll = [
    "INSERT INTO ledger.event SELECT * FROM ledger.event", "UPDATE ledger.head SET size = 0",
    "DELETE FROM ledger.event", "TRUNCATE ledger.event", "DROP TABLE ledger.verification_status",
    "ALTER TABLE ledger.event DISABLE TRIGGER ALL", "SET session_replication_role = replica",
    "CREATE TABLE ledger.mine (a integer)", "CREATE SCHEMA mine",
    "SELECT bytes FROM ledger.evidence",
    "DELETE FROM ledger.evidence", "UPDATE ledger.tree SET log_key = 'mine'",
    "INSERT INTO ledger.checkpoint (size, root, note) VALUES (1, '', '')",
    "INSERT INTO ledger.tile VALUES (0, 0, '')", "DELETE FROM ledger.trusted_header",
    "INSERT INTO ledger.trusted_document VALUES ('tsa', '', '')",
    "DELETE FROM ledger.used_token", "UPDATE ledger.subject SET record_position = 0",
    "INSERT INTO ledger.alias VALUES ('arxiv', 'x', 0)",
    "UPDATE pithledger.migration SET name = ''",
    "UPDATE pithledger.definition SET revision = 0", "SELECT ledger.refuse_change()",
    "SELECT ledger.subtree_root(0, 0)",
    "SELECT ledger.tree_root(1)", "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY (SELECT 1) TO '/tmp/pithledger-forbidden'", "SELECT pg_read_file('PG_VERSION')",
    "SELECT pg_ls_dir('.')", "ALTER ROLE CURRENT_USER SUPERUSER", "CREATE ROLE mine LOGIN",
    "ALTER SYSTEM SET fsync = off",
  ]

  /// Statements that only some logins may execute.
  private static let ownWork: [(statement: String, roles: Set<DatabaseRole>)] = [
    ("SELECT ledger.save_evidence('{}', '{}', '{}')", [.append]),
    ("SELECT ledger.use_tokens('{}', '{}', '{}')", [.append]),
    ("SELECT ledger.require_no_rotation(0)", [.append]),
    ("SELECT ledger.integrate_tree(0, 0, '{}', '{}', '{}', '{}')", [.sign]),
    ("SELECT ledger.claim_log_key('mine')", [.sign]),
    ("SELECT ledger.save_checkpoint(1, '', '')", [.sign]),
    ("SELECT ledger.save_cosignature(1, 'w', 'line')", [.sign]),
    ("SELECT ledger.read_pending_token('')", [.settle]),
    ("SELECT ledger.trust_headers('{}', '{}')", [.settle, .administer]),
    ("SELECT ledger.untrust_header(1)", [.administer]),
    ("SELECT ledger.trust_document('tsa', '')", [.administer]),
    ("SELECT ledger.untrust_document('tsa', '')", [.administer]),
    ("SELECT ledger.read_evidence('')", [.administer]),
    ("SELECT ledger.list_evidence('', 1)", [.administer]),
    ("SELECT ledger.list_corrupt_evidence()", [.administer]),
    ("SELECT ledger.erase_evidence('')", [.administer]),
    (
      "SELECT ledger.replace_lookups(0, \(Array(repeating: "'{}'", count: 18).joined(separator: ",")))",
      [.administer]
    ),
    ("SELECT ledger.replay_begin()", [.project]),
    ("SELECT ledger.replay_index('citation')", [.project]),
    ("SELECT ledger.replay_end()", [.project]), ("SELECT ledger.replay_swap()", [.project]),
    ("UPDATE ledger.verification_status SET pith_receipt = true", [.project]),
    ("DELETE FROM ledger.event_summary", [.project]),
    ("UPDATE ledger.projection_offset SET next_position = 0", [.project]),
    ("SELECT entry FROM ledger.event", [.read, .project]),
    ("SELECT bytes FROM ledger.public_evidence", [.read]),
    ("SELECT sha256 FROM ledger.used_token", [.read]),
    ("SELECT note FROM ledger.checkpoint", [.read]),
    ("SELECT size FROM ledger.tree", [.read, .sign]),
    ("SELECT bytes FROM ledger.trusted_document", [.read]),
    ("SELECT url FROM ledger.webhook", [.settle, .administer]),
    ("UPDATE ledger.webhook SET failures = 1", [.settle, .administer]),
    ("UPDATE ledger.webhook SET url = 'https://example.org/'", [.administer]),
    ("UPDATE ledger.webhook SET generation = 9", [.administer]),
    ("DELETE FROM ledger.webhook", [.administer]),
  ]

  private func separate(_ configuration: inout LedgerConfiguration) {
    configuration.usesSeparateLogins = true
  }

  private func connect(_ uri: String, as role: DatabaseRole) async throws -> PostgresConnection {
    try await PostgresConnection.connect(PostgresConfiguration(uri: uri, user: role.rawValue))
  }

  private func expectForbidden(
    _ statement: String, _ role: DatabaseRole, _ connection: PostgresConnection
  ) async {
    await #expect(
      throws: PostgresError(.server, "", sqlState: "42501"), "\(role.rawValue): \(statement)"
    ) { try await connection.execute(statement) }
  }

  @Test("Each login is refused all but its own work", arguments: DatabaseRole.allCases)
  func rights(role: DatabaseRole) async throws {
    let uri = try await PrivateServer.running().database()
    _ = try await Migrator(uri: uri, logger: PrivateServer.logger).migrate()
    let connection = try await connect(uri, as: role)
    let others = Self.ownWork.filter { !$0.roles.contains(role) }.map(\.statement)
    for statement in Self.forAll + others { await expectForbidden(statement, role, connection) }
    // A role may execute these statements. Their effects are rolled back.
    for (statement, roles) in Self.ownWork where roles.contains(role) {
      do { try await connection.execute("BEGIN; \(statement)") } catch let error as PostgresError {
        #expect(error.sqlState != "42501", "\(role.rawValue): \(statement): \(error)")
      }
      try await connection.execute("ROLLBACK")
    }
    await connection.close()
  }

  @Test("No login can take another role by RESET or SET", arguments: DatabaseRole.allCases)
  func escalation(role: DatabaseRole) async throws {
    let uri = try await PrivateServer.running().database()
    _ = try await Migrator(uri: uri, logger: PrivateServer.logger).migrate()
    let connection = try await connect(uri, as: role)
    for other in DatabaseRole.names + ["pithledger"] where other != role.rawValue {
      await expectForbidden("SET ROLE \(other)", role, connection)
      await expectForbidden("SET SESSION AUTHORIZATION \(other)", role, connection)
      await expectForbidden("GRANT \(other) TO \(role.rawValue)", role, connection)
    }
    for reset in ["RESET ROLE", "RESET SESSION AUTHORIZATION", "SET ROLE NONE", "RESET ALL"] {
      try await connection.execute(reset)
      #expect(try await connection.query("SELECT current_user")[0].text(0) == role.rawValue)
      for statement in Self.forAll.prefix(10) {
        await expectForbidden(statement, role, connection)
      }
    }
    await connection.close()
  }

  @Test("A ledger with separate logins does all its work, and never connects as the owner")
  func wholeLedger() async throws {
    try await withLedger(configure: separate) { test in
      let key = try await test.key("author")
      _ = try await test.cite("10.1/1", by: key)
      _ = try await test.ledger.checkpoints.issue().cosigned
      let bytes = Array("kept".utf8)
      let digest = Digest(hashing: bytes)
      let wire: JSON = [
        "evidence": .object([digest.hex: .string(Base64.encode(bytes))]),
        "payload": [
          "content_role": "document", "content_sha256": .string(digest.hex),
          "evidence_sha256": .string(digest.hex),
          "location": .string("urn:sha256:" + digest.hex), "media_type": "text/plain",
          "size_bytes": .integer(Int64(bytes.count)), "storage_kind": "file",
        ],
      ]
      _ = try await test.ledger.submitter.submit(
        wire.canonicalBytes(), record: LedgerUnderTest.number, action: .storageAttestation,
        client: ClientID("192.0.2.1"))
      try await test.replayAgrees()
      #expect(try await test.ledger.replay(check: false) { _ in }.swapped)
      _ = try await test.cite("10.1/2", by: key)
      let logins = try await test.owner { owner in
        try await owner.query(
          """
          SELECT DISTINCT usename::text FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()
          """
        ).map { try $0.text(0) }
      }
      #expect(
        Set(logins).isSubset(of: Set(DatabaseRole.names).subtracting(["pithledger_admin"])),
        "\(logins)")
      // Commands of the operator connect as the administrator.
      #expect(try await test.ledger.auditor.audit(nil).findings.isEmpty)
      #expect(try await test.ledger.evidenceEraser.erase(digest, reason: "asked for") == 1)
      #expect(try await test.ledger.logChecker.check().faults.isEmpty)
      #expect(try await !test.ledger.trust.removeHeader(1))
    }
  }

  @Test("With one URL for all work, its user takes the roles as before")
  func sharedLogin() async throws {
    try await withLedger { test in
      let users = try await test.owner { owner in
        try await owner.query(
          "SELECT DISTINCT usename::text FROM pg_stat_activity WHERE datname = current_database()"
        ).map { try $0.text(0) }
      }
      #expect(users == ["pithledger"])
      let role = try await test.ledger.store.pools.writer.query("SELECT current_user")[0].text(0)
      #expect(role == "pithledger_writer")
    }
  }

  // MARK: Checkpoints

  @Test("A checkpoint larger than the log, of another root or another log is refused")
  func falseCheckpoints() async throws {
    try await withLedger { test in
      _ = try await test.ledger.checkpoints.issue().cosigned
      let edge = try await test.ledger.store.tree.integrate()
      let connection = try await connect(test.uri, as: .sign)
      func record(_ size: TreeSize, _ root: Digest, _ note: String) async throws {
        _ = try await connection.query(
          "SELECT ledger.save_checkpoint($1, $2, $3)",
          [.int8(size.stored), .bytes(root.bytes), .text(note)])
      }
      func text(_ size: TreeSize, _ root: Digest, _ origin: String? = nil) -> String {
        Checkpoint(origin: origin ?? test.ledger.origin, size: size, root: root).text
          + "\n— x AAAAAAAA\n"
      }
      let other = Digest.leaf([1])
      let cases: [(TreeSize, Digest, String, SQLState)] = [
        (edge.size.next, edge.root, text(edge.size.next, edge.root), "PL022"),
        (1_099_511_627_776, edge.root, text(1_099_511_627_776, edge.root), "PL022"),
        (edge.size, other, text(edge.size, other), "PL021"),
        (2, edge.root, text(2, edge.root), "PL021"),
        (edge.size, edge.root, text(edge.size, edge.root, "elsewhere"), "PL022"),
        (edge.size, edge.root, text(edge.size.advanced(by: -1), edge.root), "PL022"),
        (edge.size, edge.root, "no note", "PL022"),
      ]
      for (size, root, note, state) in cases {
        await #expect(throws: PostgresError(.server, "", sqlState: state), "\(note)") {
          try await record(size, root, note)
        }
      }
      for line in ["", "no line", "— w2 AAAA\n", "— w AAAA", "— w AAAA\n\n— w BBBB\n", "— w A A\n"]
      {
        await #expect(throws: PostgresError(.server, "", sqlState: "PL022"), "\(line)") {
          _ = try await connection.query(
            "SELECT ledger.save_cosignature($1, 'w', $2)",
            [.int8(edge.size.stored), .text(line)])
        }
      }
      await connection.close()
      #expect(try await test.ledger.logChecker.check().faults.isEmpty)
    }
  }

  /// Inserts rows that the functions of the database would refuse.
  private func insert(
    _ test: LedgerUnderTest, _ checkpoint: Checkpoint, _ note: String
  ) async throws {
    try await test.owner { owner in
      _ = try await owner.query(
        "INSERT INTO ledger.checkpoint (size, root, note) VALUES ($1, $2, $3)",
        [
          .int8(checkpoint.size.stored), .bytes(checkpoint.root.bytes), .text(note),
        ])
    }
  }

  @Test("An invalid note is never served, by the ledger or a read-only one")
  func servedNotes() async throws {
    try await withLedger { test in
      let good = try await test.ledger.checkpoints.issue().cosigned
      _ = try await test.key("another")
      let edge = try await test.ledger.store.tree.integrate()
      let origin = test.ledger.origin
      let stranger = try NoteSigner(
        name: LogKey.name(for: origin), secret: NoteSigner.freshSecret())
      let key = try LogKey.read(test.ledger.configuration.dataDirectory + "/log.key")
      // Forged rows: another key's signature over the true root, and the log's signature over a size that
      // does not exist, over another root, and in a row of another size.
      let forged = Checkpoint(origin: origin, size: edge.size, root: edge.root)
      try await insert(test, forged, try SignedCheckpoint(forged, by: stranger).note.description)
      let larger = Checkpoint(origin: origin, size: edge.size.advanced(by: 1000), root: edge.root)
      try await insert(test, larger, try SignedCheckpoint(larger, by: key).note.description)
      let smaller = Checkpoint(origin: origin, size: 2, root: .leaf([1]))
      try await insert(test, smaller, try SignedCheckpoint(smaller, by: key).note.description)
      let moved = Checkpoint(origin: origin, size: edge.size.advanced(by: 2000), root: edge.root)
      try await insert(test, moved, good)
      try await insert(
        test, Checkpoint(origin: origin, size: edge.size.advanced(by: 3000), root: edge.root),
        "no note")
      var answering = test.ledger.configuration
      answering.isReadOnly = true
      for ledger in [
        try await test.another(runProjector: false),
        try await Ledger.open(answering, runProjector: false, logger: PrivateServer.logger),
      ] {
        #expect(try await ledger.checkpoints.newest().cosigned == good)
        #expect(try await ledger.checkpoints.served.checkpoint(size: 2) == nil)
        #expect(try await ledger.checkpoints.served.checkpoint(size: larger.size) == nil)
        await ledger.close()
      }
      // The ledger continues to sign if the database already holds a forged note of the same size.
      let signed = try SignedNote(try await test.ledger.checkpoints.issue().cosigned)
      #expect(try Checkpoint(text: signed.text) == forged)
      try signed.verified(by: [key.verifierKey])
      #expect(
        try await test.ledger.checkpoints.newest().cosigned == good,
        "the database keeps the forged note")
      _ = try await test.key("a third")
      let next = try await test.ledger.checkpoints.issue().cosigned
      #expect(try await test.ledger.checkpoints.newest().cosigned == next)
      #expect(await test.ledger.checkpoints.historyMismatch() == nil)
    }
  }

  @Test("Malformed and invalid cosignatures are not served")
  func servedCosignatures() async throws {
    try await withLedger { test in
      let good = try await test.ledger.checkpoints.issue().cosigned
      let size = try Checkpoint(text: SignedNote(good).text).size
      let witness = try NoteSigner(
        name: "witness.example", algorithm: .cosignature, secret: NoteSigner.freshSecret())
      let forged = try witness.cosign("another text\n", time: 1).line
      func insert(_ line: String) async throws {
        try await test.owner { owner in
          _ = try await owner.query(
            "INSERT INTO ledger.cosignature (size, witness, line) VALUES ($1, $2, $3)",
            [.int8(size.stored), .text(UUID().uuidString), .text(line)])
        }
      }
      try await insert(forged)
      var watched = test.ledger.configuration
      watched.witnesses = [try WitnessEndpoint("\(witness.verifierKey) http://127.0.0.1:1")]
      let ledger = try await Ledger.open(
        watched, runProjector: false, logger: PrivateServer.logger)
      #expect(try await ledger.checkpoints.newest().cosigned == good)
      try await insert("\nanother log\n5\n\n— x AAAAAAAA\n")
      #expect(try await ledger.checkpoints.newest().cosigned == good)
      await ledger.close()
    }
  }
}
