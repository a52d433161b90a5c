import CanonicalJSON
import LedgerDomain
import LedgerService
import LedgerTestSupport
import PostgresClient
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerStore

/// Replays that are interrupted, and replays beside which the projector goes on.
@Suite("Replays", .privateServer())
struct ReplayTests {
  @Test("A replay that is interrupted at any step leaves the live rows, and the next one succeeds")
  func interruptedReplay() async throws {
    try await withLedger { test in
      let key = try await test.key("k")
      for index in 0..<20 { _ = try await test.cite("10.1000/\(index)", by: key) }
      let before = try await test.state()
      for delay in [0, 1, 3, 8, 20, 50] {
        let replay = Task { try await test.ledger.replay(check: false) { _ in } }
        try await Task.sleep(for: .milliseconds(delay))
        if delay % 2 == 0 {
          replay.cancel()
        } else {
          try await test.owner { owner in
            try await owner.execute(
              """
              SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE datname = current_database() AND application_name = 'pithledger projector'
              """)
          }
        }
        _ = try? await replay.value
        #expect(try await test.state().status == before.status, "after \(delay) ms")
      }
      let report = try await test.ledger.replay(check: false) { _ in }
      #expect(report.drift.isEmpty && report.swapped)
      let leftover = try await test.owner {
        try await $0.query("SELECT to_regnamespace('ledger_replay') IS NULL")[0].bool(0)
      }
      #expect(leftover)
    }
  }

  @Test(
    "A replay folds what is appended meanwhile, before or while the projector is blocked",
    arguments: [false, true], [1, 1000])
  func follows(check: Bool, maxBlocking: Int) async throws {
    try await withLedger { test in
      let key = try await test.key("k")
      for index in 0..<5 { _ = try await test.cite("10.1000/\(index)", by: key) }
      let replayer = Replayer(
        StoreConfiguration(uri: test.uri, logger: PrivateServer.logger), maxBlocking: maxBlocking)
      let report = try await replayer.run(
        check: check,
        isWanted: {
          // The log was read. Another key of the signer changes what the earlier events mean.
          let second = try await test.key("second", vouched: .author)
          for index in 0..<10 { _ = try await test.cite("10.1000/\(index)", by: second) }
          // The tables were compared before. They are compared again, because events followed.
          try await test.owner {
            try await $0.execute(
              "UPDATE ledger.verification_status SET formal_evidence_count = 7")
          }
          return true
        }, progress: { _ in })
      #expect(report.drift.map(\.key) == ["formal_evidence_count"], "\(report.drift)")
      #expect(report.swapped == !check)
      let size = try await test.ledger.health().size
      #expect(report.events == size.stored)
      if !check { try await test.replayAgrees() }
    }
  }

  @Test("A replay that is no longer wanted changes nothing")
  func unwanted() async throws {
    try await withLedger { test in
      let key = try await test.key("k")
      _ = try await test.cite("10.1000/1", by: key)
      try await test.owner {
        try await $0.execute("UPDATE ledger.verification_status SET citation_signatures = 9")
      }
      let report = try await Replayer(
        StoreConfiguration(uri: test.uri, logger: PrivateServer.logger)
      ).run(check: false, isWanted: { false }, progress: { _ in })
      #expect(report.drift.isEmpty && !report.swapped && report.events == 0)
      let rows = try await test.owner {
        try await $0.query(
          """
          SELECT max(citation_signatures), to_regnamespace('ledger_replay') IS NULL
          FROM ledger.verification_status
          """)
      }
      #expect(try rows[0].int(0) == 9 && rows[0].bool(1))
    }
  }

  @Test(
    "A replay beside which the projector goes on compares at the projector's position",
    arguments: [false, true])
  func replayWhileAhead(check: Bool) async throws {
    try await withLedger { test in
      let key = try await test.key("k")
      for index in 0..<20 { _ = try await test.cite("10.1000/\(index)", by: key) }
      let replay = Task {
        try await Task.sleep(for: .milliseconds(50))
        return try await test.ledger.replay(check: check) { _ in }
      }
      try await test.owner { owner in
        // Locks a new table as soon as it exists. The replay waits for it, after it has read the log.
        try await owner.execute(
          """
          BEGIN;
          DO $$ BEGIN
            WHILE NOT EXISTS (SELECT FROM pg_tables t
                WHERE t.schemaname = 'ledger_replay' AND t.tablename = 'strong_author') LOOP
              ASSERT clock_timestamp() < now() + interval '20 seconds';
              PERFORM pg_sleep(0.001);
            END LOOP;
            LOCK TABLE ledger_replay.strong_author IN ACCESS EXCLUSIVE MODE;
          END $$
          """)
        var isWaiting = false
        while !isWaiting {
          try await Task.sleep(for: .milliseconds(10))
          isWaiting = try await owner.query(
            """
            SELECT EXISTS (SELECT FROM pg_locks l
              WHERE l.relation = 'ledger_replay.strong_author'::regclass AND NOT l.granted)
            """)[0].bool(0)
        }
        for index in 20..<30 { _ = try await test.cite("10.1000/\(index)", by: key) }
        try await owner.execute("COMMIT")
      }
      let report = try await replay.value
      #expect(report.drift.isEmpty && report.swapped == !check)
      #expect(report.events >= 30)
      try await test.replayAgrees()
    }
  }
}
