import CanonicalJSON
import EmbeddedPostgres
import Foundation
import HTTPTypes
import HummingbirdTesting
import LedgerDomain
import LedgerTestSupport
import PostgresClient
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerService
@testable import LedgerStore

/// Failures during the comparison of the log with the signed history. None of them is a mismatch.
@Suite("Outages while a checkpoint is signed", .privateServer())
struct OutageTests {
  /// Runs a test while every read of the tree's tiles waits for a lock. No checkpoint covers the newest
  /// entries.
  private func withHeldTiles(
    _ test: LedgerUnderTest, _ body: (PostgresConnection) async throws -> Void
  ) async throws {
    _ = try await test.ledger.checkpoints.issue().cosigned
    _ = try await test.key("held \(UUID())")
    try await test.ledger.store.tree.integrate()
    try await test.owner { owner in
      try await owner.execute("BEGIN; LOCK TABLE ledger.tile IN ACCESS EXCLUSIVE MODE")
      try await body(owner)
      try await owner.execute("COMMIT")
    }
  }

  /// Waits until a session waits for the lock.
  private func waitForWaiter(_ owner: PostgresConnection) async throws {
    for _ in 0..<500 {
      // Within a transaction, PostgreSQL returns the first snapshot of the statistics again.
      _ = try await owner.query("SELECT pg_stat_clear_snapshot()")
      let waiting = try await owner.query(
        """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%ledger.tile%'
        """)[0].int(0)
      if waiting > 0 { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("no process reads the tiles")
  }

  private func expectWorking(_ test: LedgerUnderTest) async throws {
    #expect(await test.ledger.checkpoints.historyMismatch() == nil)
    _ = try await test.key("after \(UUID())")
    let size = try await test.ledger.health().size
    let note = try SignedNote(try await test.ledger.checkpoints.issue().cosigned)
    #expect(try Checkpoint(text: note.text).size >= size)
    #expect(await test.ledger.checkpoints.signingOutage() == nil)
    #expect(await test.ledger.checkpoints.historyMismatch() == nil)
  }

  @Test("A statement timeout during the comparison is a temporary outage of the database")
  func statementTimeout() async throws {
    try await withLedger { test in
      // The setting applies to new connections to this database.
      try await test.owner { owner in
        let name = try await owner.query("SELECT current_database()")[0].text(0)
        try await owner.execute("ALTER DATABASE \(name) SET statement_timeout = '300ms'")
      }
      let impatient = LedgerUnderTest(
        ledger: try await test.another(runProjector: false), uri: test.uri)
      try await withHeldTiles(impatient) { owner in
        let error = await #expect(throws: LedgerStoreError(.unavailable, "")) {
          try await impatient.ledger.checkpoints.issue().cosigned
        }
        #expect(error?.cause == PostgresError(.timedOut, "", sqlState: "57014"))
        #expect(await impatient.ledger.checkpoints.historyMismatch() == nil)
        #expect(await impatient.ledger.checkpoints.signingOutage()?.check == "database")
        try await impatient.serving { client in
          try await client.execute(uri: "/readyz", method: .get) { response in
            #expect(response.status == .serviceUnavailable)
            let json = try response.json()
            #expect(json["check"] == "database")
          }
        }
      }
      try await expectWorking(impatient)
      try await impatient.serving { client in
        try await client.execute(uri: "/readyz", method: .get) { response in
          #expect(response.status == .ok)
        }
      }
      await impatient.ledger.close()
    }
  }

  @Test("A cancellation during the comparison changes no state")
  func cancelled() async throws {
    try await withLedger { test in
      try await withHeldTiles(test) { owner in
        let signing = Task { try await test.ledger.checkpoints.issue().cosigned }
        try await waitForWaiter(owner)
        signing.cancel()
        await #expect(throws: (any Error).self) { try await signing.value }
        #expect(await test.ledger.checkpoints.historyMismatch() == nil)
        #expect(await test.ledger.checkpoints.signingOutage() == nil)
      }
      try await expectWorking(test)
    }
  }

  @Test("Connections that are closed during the comparison are a temporary outage")
  func connectionsCut() async throws {
    try await withLedger { test in
      try await withHeldTiles(test) { owner in
        let signing = Task { try await test.ledger.checkpoints.issue().cosigned }
        // A read is repeated on every pooled connection, so all of them are terminated.
        for _ in 0..<500 {
          try await owner.execute(
            """
            SELECT pg_stat_clear_snapshot();
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%ledger.tile%'
            """)
          if await test.ledger.checkpoints.signingOutage() != nil { break }
          try await Task.sleep(for: .milliseconds(10))
        }
        let error = await #expect(throws: LedgerStoreError(.unavailable, "")) {
          try await signing.value
        }
        #expect(error?.cause?.code == .connectionLost)
        #expect(await test.ledger.checkpoints.historyMismatch() == nil)
        #expect(await test.ledger.checkpoints.signingOutage()?.check == "database")
      }
      try await expectWorking(test)
    }
  }

  @Test("With a missing tile the tree is reported as broken, and nothing is signed")
  func missingTile() async throws {
    try await withLedger { test in
      let ledger = test.ledger
      _ = try await ledger.checkpoints.issue().cosigned
      try await test.owner { owner in
        _ = try await owner.query(
          """
          WITH added AS (
            INSERT INTO ledger.event (position, record_position, recorded_at, target_hash, reference_count,
              resolved_work, formal_evidence_count, flags, event_type, verdict, event_id, signer_key, entry,
              created_at)
            SELECT n, 1000000000, now(), 0, 0, 0, 0, 0, 0, 1, sha256(int8send(n)),
              substr(sha256(int8send(n)), 1, 16), convert_to('entry ' || n, 'UTF8'), now()
            FROM generate_series((SELECT size FROM ledger.head), 299) AS n RETURNING 1)
          UPDATE ledger.head SET size = 300 WHERE (SELECT count(*) FROM added) >= 0
          """)
      }
      try await ledger.store.tree.integrate()
      try await test.owner {
        try await $0.execute(
          """
          CREATE TABLE public.kept AS SELECT * FROM ledger.tile;
          ALTER TABLE ledger.tile DISABLE TRIGGER ALL; DELETE FROM ledger.tile
          """)
      }
      await #expect(throws: LedgerStoreError(.treeBroken, "")) {
        try await ledger.checkpoints.issue().cosigned
      }
      #expect(await ledger.checkpoints.historyMismatch() == nil)
      #expect(await ledger.checkpoints.signingOutage()?.check == "log")
      try await test.owner {
        try await $0.execute("INSERT INTO ledger.tile SELECT * FROM public.kept")
      }
      try await expectWorking(test)
    }
  }

  @Test(
    "An unreadable file of the last checkpoint stops signing and not reading")
  func unreadableMemory() async throws {
    try await withLedger { test in
      _ = try await test.ledger.checkpoints.issue().cosigned
      let memory = test.ledger.configuration.dataDirectory + "/log.key.checkpoint"
      let aside = memory + ".aside"
      try FileManager.default.moveItem(atPath: memory, toPath: aside)
      // A directory can be opened and not read, which also holds for root.
      try FileManager.default.createDirectory(
        atPath: memory, withIntermediateDirectories: false)
      _ = try await test.key("meanwhile")
      await #expect(throws: Refusal(.unavailable, check: "checkpoint.memory", "")) {
        try await test.ledger.checkpoints.issue().cosigned
      }
      #expect(await test.ledger.checkpoints.historyMismatch() == nil)
      #expect(await test.ledger.checkpoints.signingOutage()?.check == "checkpoint.memory")
      // A new process cannot know the signed history: it answers reads and refuses submissions.
      let begun = LedgerUnderTest(
        ledger: try await test.another(runProjector: false), uri: test.uri)
      #expect(try await begun.ledger.health().size > 0)
      await #expect(throws: Refusal(.unavailable, check: "checkpoint.memory", "")) {
        try await begun.key("refused")
      }
      try FileManager.default.removeItem(atPath: memory)
      try FileManager.default.moveItem(atPath: aside, toPath: memory)
      _ = try await begun.key("accepted")
      try await expectWorking(begun)
      try await expectWorking(test)
      await begun.ledger.close()
    }
  }

  @Test("A damaged file of the last checkpoint is reported, and an operator can replace it")
  func damagedMemory() async throws {
    try await withLedger { test in
      let note = Array(try await test.ledger.checkpoints.issue().cosigned.utf8)
      let memory = test.ledger.configuration.dataDirectory + "/log.key.checkpoint"
      try Data("half a no".utf8).write(to: URL(fileURLWithPath: memory))
      await #expect(throws: Refusal(.unavailable, check: "checkpoint.memory_damaged", "")) {
        try await test.ledger.checkpoints.issue().cosigned
      }
      #expect(await test.ledger.checkpoints.historyMismatch() == nil)
      try await test.ledger.checkpoints.adopt(note)
      try await expectWorking(test)
    }
  }

  @Test("A ledger that is opened while another one signs finds no mismatch")
  func openedMeanwhile() async throws {
    try await withLedger { test in
      let signing = Task {
        var count = 0
        while !Task.isCancelled {
          _ = try await test.key("signed \(count)")
          _ = try await test.ledger.checkpoints.issue().cosigned
          count += 1
        }
      }
      for _ in 0..<15 {
        let other = try await test.another(runProjector: false)
        #expect(await other.checkpoints.historyMismatch() == nil)
        _ = try await other.checkpoints.issue().cosigned
        await other.close()
      }
      signing.cancel()
      _ = await signing.result
      try await expectWorking(test)
    }
  }

  @Test("After a crash of PostgreSQL during the comparison nothing is refused")
  func killed() async throws {
    let directory = "/tmp/plt-\(UUID().uuidString.prefix(8))"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let ledger = try await Ledger.open(
      LedgerConfiguration(dataDirectory: directory), logger: PrivateServer.logger)
    let server = try await EmbeddedPostgres.start(
      dataDirectory: directory, logger: PrivateServer.logger)
    let test = LedgerUnderTest(ledger: ledger, uri: server.uri)
    _ = try await ledger.checkpoints.issue().cosigned
    _ = try await test.key("first")
    try await ledger.store.tree.integrate()
    let owner = try await PostgresConnection.connect(PostgresConfiguration(uri: server.uri))
    try await owner.execute("BEGIN; LOCK TABLE ledger.tile IN ACCESS EXCLUSIVE MODE")
    let signing = Task { try await ledger.checkpoints.issue().cosigned }
    try await waitForWaiter(owner)
    _ = kill(try #require(server.postmasterPID), SIGKILL)
    _ = await signing.result
    await owner.close()
    #expect(await ledger.checkpoints.historyMismatch() == nil)
    // The supervisor restarts the server.
    for _ in 0..<200 {
      if (try? await ledger.health()) != nil,
        (try? await ledger.checkpoints.issue().cosigned) != nil
      {
        break
      }
      try await Task.sleep(for: .milliseconds(100))
    }
    try await expectWorking(test)
    await ledger.close()
    try await server.stop()
  }
}
