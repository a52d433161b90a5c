import CanonicalJSON
import EmbeddedPostgres
import Encodings
import Foundation
import Hummingbird
import HummingbirdTesting
import LedgerDomain
import LedgerHTTP
import LedgerStore
import LedgerTestSupport
import LedgerVerifier
import PostgresClient
import ProofFormats
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerService

@Suite("The log as its verifiers see it", .privateServer())
struct TransparencyTests {
  /// Appends rows until the log has a size. The tree accepts entries of any bytes.
  private func fill(_ test: LedgerUnderTest, to size: Int64) async throws {
    try await test.owner { connection in
      _ = try await connection.query(
        """
        WITH added AS (
          INSERT INTO ledger.event (position, record_position, recorded_at, target_hash, reference_count,
            resolved_work, formal_evidence_count, flags, event_type, verdict, event_id, signer_key, entry,
            created_at)
          SELECT n, 1000000000, now(), 0, 0, 0, 0, 0, 0, 1, sha256(int8send(n)),
            substr(sha256(int8send(n)), 1, 16), convert_to('entry ' || repeat(n::text, 1 + (n % 7)::integer), 'UTF8'), now()
          FROM generate_series((SELECT size FROM ledger.head), $1 - 1) AS n RETURNING 1)
        UPDATE ledger.head SET size = $1 WHERE (SELECT count(*) FROM added) >= 0
        """, [.int8(size)])
    }
  }

  @Test("A reference implementation accepts checkpoints, tiles and proofs at many sizes")
  func referenceImplementation() async throws {
    try await withLedger(sample: false, runProjector: false) { test in
      var notes: [JSON] = [.string(try await test.ledger.checkpoints.issue().cosigned)]
      for size: Int64 in [2, 3, 255, 256, 257, 511, 513, 65_535, 65_536, 65_537] {
        try await fill(test, to: size)
        notes.append(.string(try await test.ledger.checkpoints.issue().cosigned))
      }
      let key = try #require(try await test.ledger.checkpoints.verifierKey())
      let asked = JSON.object([
        "notes": .array(notes), "positions": [0, 1, 255, 256, 40_000, 65_536],
      ])
      try await test.serving { client in
        let port = try #require(client.port)
        let report = try JSON.parse(
          await python(
            String(
              decoding: Fixtures.project("Tests/LedgerServiceTests/reference_log.py"), as: UTF8.self
            ),
            ["http://127.0.0.1:\(port)", key], input: asked.canonicalBytes()))
        #expect(report == ["consistent": 66, "heads": 11, "missing": 4, "proofs": 6])
      }
    }
  }

  @Test("The tree of an empty log is the empty tree, which is consistent with every other")
  func emptyLog() async throws {
    let running = try PrivateServer.running()
    let uri = try await running.database()
    _ = try await Migrator(uri: uri, logger: PrivateServer.logger).migrate()
    let store = try await LedgerStore.open(
      StoreConfiguration(uri: uri, logger: PrivateServer.logger))
    let edge = try await store.tree.integrate()
    #expect(edge.size == 0 && edge.root == .emptyTree)
    #expect(try await store.tree.hashes(of: [ProofLayout.root(size: 0)]) == [.emptyTree])
    #expect(try await store.tree.hashes(of: ProofLayout.consistency(old: 0, new: 9) ?? []).isEmpty)
    await store.close()
  }

  @Test("Two processes that extend the tree at the same time build one tree")
  func builtAtOnce() async throws {
    try await withLedger(sample: false, runProjector: false) { test in
      try await fill(test, to: 40_000)
      let other = try await test.another(runProjector: false)
      async let first = test.ledger.store.tree.integrate()
      async let second = other.store.tree.integrate()
      let edges = try await [first, second]
      #expect(edges[0] == edges[1] && edges[0].size == 40_000)
      let leaves = try await test.ledger.store.tree.leafHashes(of: 0..<40_000)
      var expected = Frontier()
      for leaf in leaves { expected.append(leaf) { _ in } }
      #expect(expected == edges[0])
      await other.close()
    }
  }

  @Test("A receipt and the later proof of its entry verify from files alone")
  func receipts() async throws {
    try await withLedger { test in
      let key = try await test.key("author")
      let event = try key.key.sign(
        EventBody.make(
          type: .citationSignature, payload: ["citing_doi": "10.1/receipt", "relation": "cites"],
          signer: key.signer, subject: .record(try #require(PithNumber(LedgerUnderTest.number))),
          target: "record", createdAt: .now))
      let answer = try await test.ledger.submitter.submit(event, evidence: [:], client: .shell)
      let log = [try NoteVerifierKey(try #require(try await test.ledger.checkpoints.verifierKey()))]
      let receipt = Array(try #require(answer.receipt).utf8)
      let promise = try LogReceipt(receipt, by: log)
      #expect(promise.position == answer.position.leafIndex)
      #expect(promise.eventID == "sha256:" + answer.eventID.hex)
      let proof = try await test.ledger.proofs.inclusionProof("sha256:" + answer.eventID.hex)
      let entry = try #require(proof.extra)
      #expect(Digest.leaf(entry) == promise.leaf)
      try proof.verify(entry: entry, by: log, origin: test.ledger.origin)
      #expect(try Entry(bytes: entry).event.eventID == answer.eventID)
      // A repeated submission returns the same receipt.
      let again = try await test.ledger.submitter.submit(event, evidence: [:], client: .shell)
      #expect(!again.created && again.receipt == answer.receipt)
      await #expect(throws: Refusal(.notFound, check: "event_id", "")) {
        try await test.ledger.proofs.inclusionProof(String(repeating: "0", count: 64))
      }
      await #expect(throws: Refusal(.notFound, check: "position", "")) {
        try await test.ledger.proofs.inclusionProof("999999")
      }
    }
  }

  @Test("Signing checkpoints under load refuses no submission")
  func signedMeanwhile() async throws {
    try await withLedger { test in
      let key = try await test.key("author")
      let positions = try await withThrowingTaskGroup(of: Position?.self) { group in
        for number in 0..<300 {
          group.addTask { try await test.cite("10.1/\(number)", by: key).position }
          guard number % 10 == 0 else { continue }
          group.addTask {
            _ = try await test.ledger.checkpoints.issue().cosigned
            return nil
          }
        }
        return try await group.reduce(into: Set()) { if let position = $1 { $0.insert(position) } }
      }
      #expect(positions.count == 300)
      #expect(await test.ledger.checkpoints.historyMismatch() == nil)
      #expect(try await test.ledger.logChecker.check().faults.isEmpty)
    }
  }

  // MARK: Tampering

  /// Changes by an administrator with all rights and disabled triggers.
  enum Tampering: String, CaseIterable, Sendable {
    case changed, deleted, inserted, swapped, regrown, columns, tile, subject, projection
  }

  private func tamper(
    _ how: Tampering, at position: Int64, _ connection: PostgresConnection
  ) async throws {
    try await connection.execute(
      "SET session_replication_role = replica; ALTER TABLE ledger.event DISABLE TRIGGER ALL; "
        + "ALTER TABLE ledger.tile DISABLE TRIGGER ALL; ALTER TABLE ledger.head DISABLE TRIGGER ALL; "
        + "ALTER TABLE ledger.tree DISABLE TRIGGER ALL; ALTER TABLE ledger.checkpoint DISABLE TRIGGER ALL; "
        + "ALTER TABLE ledger.subject DISABLE TRIGGER ALL; ALTER TABLE ledger.cosignature DISABLE TRIGGER ALL"
    )
    switch how {
    case .changed:
      try await connection.execute(
        """
        UPDATE ledger.event SET entry = convert_to(
          replace(convert_from(entry, 'UTF8'), '"event_version":"1.0"', '"event_version":"1.1"'), 'UTF8')
        WHERE position = \(position)
        """)
    case .deleted:
      try await connection.execute("DELETE FROM ledger.event WHERE position = \(position)")
    case .inserted:
      try await connection.execute(
        """
        UPDATE ledger.event SET position = position + 1000000 WHERE position > \(position);
        UPDATE ledger.event SET position = position - 999999 WHERE position > 1000000;
        INSERT INTO ledger.event SELECT (jsonb_populate_record(e, jsonb_build_object(
          'position', e.position + 1, 'event_id', '\\x' || encode(sha256(e.event_id), 'hex')))).*
          FROM ledger.event e WHERE position = \(position);
        UPDATE ledger.head SET size = size + 1
        """)
    case .swapped:
      try await connection.execute(
        """
        UPDATE ledger.event SET position = 1000000 WHERE position = \(position);
        UPDATE ledger.event SET position = \(position) WHERE position = \(position + 1);
        UPDATE ledger.event SET position = \(position + 1) WHERE position = 1000000
        """)
    case .regrown:
      // The log is truncated together with checkpoints and tree, and continued with other entries.
      try await connection.execute(
        """
        DELETE FROM ledger.event WHERE position >= \(position);
        UPDATE ledger.head SET size = \(position);
        DELETE FROM ledger.cosignature; DELETE FROM ledger.checkpoint; DELETE FROM ledger.tile;
        UPDATE ledger.tree SET size = 0, frontier = '{}'
        """)
    case .columns:
      try await connection.execute(
        "UPDATE ledger.event SET verdict = 3, target_hash = target_hash + 1 WHERE position = \(position)"
      )
    case .tile:
      try await connection.execute(
        """
        UPDATE ledger.tree SET frontier[1] = set_byte(frontier[1], \(position * 32),
          get_byte(frontier[1], \(position * 32)) # 1)
        """)
    case .subject:
      try await connection.execute(
        "UPDATE ledger.subject SET record_position = record_position + 1")
    case .projection:
      try await connection.execute("UPDATE ledger.verification_status SET citation_signatures = 99")
    }
    try await connection.execute("SET session_replication_role = origin")
  }

  @Test(
    "A change by the administrator is found by fsck, and by a verifier with an older checkpoint",
    arguments: Tampering.allCases)
  func tampering(how: Tampering) async throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededGenerator(seed: seed)
    try await withLedger { test in
      let author = try await test.key("author")
      for number in 0..<20 { _ = try await test.cite("10.1/\(number)", by: author) }
      let size = try await test.ledger.health().size
      _ = try await test.state()
      let note = Array(try await test.ledger.checkpoints.issue().cosigned.utf8)
      let clean = try await test.ledger.logChecker.check(against: [("mine", note)])
      #expect(clean.faults.isEmpty, "\(clean.faults)")
      #expect(clean.entries == size && clean.checkpoints >= 2)
      let position = Int64.random(in: 10..<size.stored - 2, using: &random)
      try await test.owner { try await tamper(how, at: position, $0) }
      if how == .regrown {
        for number in 0..<30 { _ = try? await test.cite("10.2/\(number)", by: author) }
      }
      let report = try await test.ledger.logChecker.check(against: [("mine", note)])
      #expect(!report.faults.isEmpty, "\(how) at \(position) (seed \(seed))")
      switch how {
      case .changed, .columns, .deleted, .inserted, .swapped, .tile:
        let found = report.faults.contains {
          $0.position?.rawValue == position || $0.position?.rawValue == position + 1
        }
        #expect(found, "\(how) at \(position): \(report.faults) (seed \(seed))")
      case .regrown: #expect(report.faults.contains { $0.place == "mine" }, "\(report.faults)")
      case .subject: #expect(report.faults.contains { $0.check == "lookup.subject" })
      case .projection: #expect(report.faults.contains { $0.check == "projection.drift" })
      }
      guard how != .columns, how != .subject, how != .projection else { return }
      try await expectVerifierFinds(test, note, "\(how) at \(position) (seed \(seed))")
    }
  }

  /// Expects that a verifier with the key and an older checkpoint detects the change in the served
  /// files.
  private func expectVerifierFinds(
    _ test: LedgerUnderTest, _ note: [UInt8], _ comment: String
  ) async throws {
    let key = try NoteVerifierKey(try #require(try await test.ledger.checkpoints.verifierKey()))
    let folder = "/tmp/plt-verifier-\(UUID())"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    do {
      _ = try await test.ledger.logExporter.exportTiles(to: folder)
      _ = try await LogDirectory.verify(folder, by: [key], containing: [("mine", note)])
      Issue.record("the verifier accepted the changed log: \(comment)")
    } catch is LogFault {
    } catch is Refusal {
      // Nothing was served, so the verifier accepted nothing.
    } catch is LedgerStoreError {}
  }

  // MARK: One history

  @Test("A database restored from an older backup cannot make the ledger sign a second history")
  func restored() async throws {
    try await withLedger { test in
      let author = try await test.key("author")
      _ = try await test.cite("10.1/1", by: author)
      let backup = "backup_\(UInt32.random(in: 0 ... .max))"
      _ = try await test.state()
      await test.ledger.close()
      try await copyDatabase(test.uri, to: backup)
      let second = try await test.another()
      for number in 2..<6 {
        _ = try await second.signingSubmitter.submit(
          type: .citationSignature,
          payload: ["citing_doi": .string("10.1/\(number)"), "relation": "cites"],
          record: LedgerUnderTest.number, key: author)
      }
      let published = try await second.checkpoints.issue().cosigned
      await second.close()

      // The older database replaces the newer one. The key and the last signed checkpoint stay.
      var configuration = test.ledger.configuration
      configuration.databaseURL = try PrivateServer.running().server.uri(database: backup)
      let rolledBack = try await Ledger.open(configuration, logger: PrivateServer.logger)
      await #expect(throws: Refusal(.unavailable, check: "checkpoint.rolled_back", "")) {
        _ = try await rolledBack.checkpoints.issue().cosigned
      }
      // Submissions are refused too, because they would continue a second history.
      await #expect(throws: Refusal(.unavailable, check: "checkpoint.rolled_back", "")) {
        _ = try await rolledBack.signingSubmitter.submit(
          type: .citationSignature, payload: ["citing_doi": "10.9/9", "relation": "cites"],
          record: LedgerUnderTest.number, key: author)
      }
      #expect(await rolledBack.checkpoints.historyMismatch() != nil)
      let report = try await rolledBack.logChecker.check()
      #expect(report.faults.contains { $0.check.hasPrefix("checkpoint.") }, "\(report.faults)")
      await rolledBack.close()

      // A database that another program extends beyond the signed size is still a different history.
      let size = try Checkpoint(text: SignedNote(published).text).size.stored
      let grown = LedgerUnderTest(ledger: test.ledger, uri: try #require(configuration.databaseURL))
      try await fill(grown, to: size + 5)
      let contradicting = try await Ledger.open(
        configuration, runProjector: false, logger: PrivateServer.logger)
      await #expect(throws: Refusal(.unavailable, check: "checkpoint.contradiction", "")) {
        _ = try await contradicting.checkpoints.issue().cosigned
      }
      await contradicting.close()
    }
  }

  private func copyDatabase(_ uri: String, to name: String) async throws {
    let running = try PrivateServer.running()
    let source = try #require(uri.split(separator: "/").last?.split(separator: "?").first)
    let connection = try await PostgresConnection.connect(
      PostgresConfiguration(uri: running.server.uri))
    try await connection.execute("CREATE DATABASE \(name) TEMPLATE \(source)")
    await connection.close()
  }

  @Test("Without the file of the last checkpoint nothing is signed until an operator adopts one")
  func memoryLost() async throws {
    try await withLedger { test in
      let note = try await test.ledger.checkpoints.issue().cosigned
      let memory = test.ledger.configuration.dataDirectory + "/log.key.checkpoint"
      try FileManager.default.removeItem(atPath: memory)
      let other = try await test.another(runProjector: false)
      await #expect(throws: Refusal(.unavailable, check: "checkpoint.memory_missing", "")) {
        _ = try await other.checkpoints.issue().cosigned
      }
      await #expect(throws: Refusal(.conflict, check: "note.signature", "")) {
        let stranger = try NoteSigner(name: other.origin, secret: NoteSigner.freshSecret())
        let forged = try SignedCheckpoint(
          Checkpoint(origin: other.origin, size: 1, root: .emptyTree), by: stranger)
        try await other.checkpoints.adopt(forged.note.bytes)
      }
      try await other.checkpoints.adopt(Array(note.utf8))
      #expect(try await other.checkpoints.issue().cosigned == note)
      await other.close()
    }
  }

  @Test("Another key cannot sign for the log")
  func anotherKey() async throws {
    try await withLedger { test in
      var configuration = test.ledger.configuration
      configuration.logKeyFile = test.ledger.configuration.dataDirectory + "/other.key"
      let changed = configuration
      await #expect(throws: Refusal(.forbidden, check: "log_key", "")) {
        _ = try await Ledger.open(changed, logger: PrivateServer.logger)
      }
    }
  }
}
