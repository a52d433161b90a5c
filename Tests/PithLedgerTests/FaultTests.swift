import CanonicalJSON
import EmbeddedPostgres
import Encodings
import Foundation
import LedgerDomain
import LedgerService
import LedgerStore
import LedgerTestSupport
import PostgresClient
import Subprocess
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Causes a fault during a load, and inspects the ledger afterwards. The nested suites run one after the
/// other.
@Suite("Faults under load", .serialized)
struct FaultTests: FaultScenario {
  @Test("Connections that are closed repeatedly, before, during and after COMMIT")
  func connectionsCut() async throws {
    try await withDirectory { directory in
      let ledger = try await open(directory)
      let load = try await makeLoad(ledger, count: 1500)
      let server = try await EmbeddedPostgres.start(
        dataDirectory: directory, logger: PrivateServer.logger)
      let cuts = Mutex(0)
      let cutter = Task {
        let connection = try await PostgresConnection.connect(
          PostgresConfiguration(uri: server.uri, applicationName: "cutter"))
        while !Task.isCancelled {
          let killed = try await connection.query(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE application_name LIKE 'pithledger%' AND datname = current_database()
              AND random() < 0.5
            """
          ).count
          cuts.withLock { $0 += killed }
          try await Task.sleep(for: .milliseconds(Int.random(in: 5...60)))
        }
        await connection.close()
      }
      let sent = try await send(load, to: ledger) { answer, _ in
        #expect(answer.created, "each was sent once")
      }
      cutter.cancel()
      _ = try? await cutter.value
      let found = try await complete(load, in: ledger, acknowledged: sent.acknowledged)
      try await server.stop()
      await ledger.close()
      try note(
        "connections cut at random", kills: cuts.withLock { $0 },
        acknowledged: sent.acknowledged.count, found)
    }
  }

  enum Phase: String, CaseIterable {
    /// The transaction has begun and waits for the lock on the head.
    case beforeCommit
    /// COMMIT is durable locally and waits for a standby, so its answer never arrives.
    case afterCommit
  }

  @Test(
    "A connection that is closed before or after COMMIT stores the event once",
    arguments: Phase.allCases)
  func connectionCut(in phase: Phase) async throws {
    try await withDirectory { directory in
      let ledger = try await open(directory)
      let load = try await makeLoad(ledger, count: 300)
      let server = try await EmbeddedPostgres.start(
        dataDirectory: directory, logger: PrivateServer.logger)
      let owner = try await PostgresConnection.connect(
        PostgresConfiguration(uri: server.uri, applicationName: "owner"))
      let waits: String
      switch phase {
      case .beforeCommit:
        try await owner.execute("BEGIN; SELECT size FROM ledger.head FOR UPDATE")
        waits = "wait_event_type = 'Lock' AND query LIKE '%ledger.append(%'"
      case .afterCommit:
        // A standby of this name does not exist.
        try await owner.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        try await owner.execute("SELECT pg_reload_conf()")
        waits = "wait_event = 'SyncRep' AND application_name = 'pithledger'"
      }
      let cutter = Task {
        let cutting = try await PostgresConnection.connect(
          PostgresConfiguration(uri: server.uri, applicationName: "cutter"))
        var cuts = 0
        while cuts < 5 {
          cuts += try await cutting.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE \(waits)"
          ).count
          try await Task.sleep(for: .milliseconds(20))
        }
        await cutting.close()
        switch phase {
        case .beforeCommit: try await owner.execute("COMMIT")
        case .afterCommit:
          try await owner.execute("ALTER SYSTEM RESET synchronous_standby_names")
          try await owner.execute("SELECT pg_reload_conf()")
        }
        return cuts
      }
      let sent = try await send(load, to: ledger) { answer, _ in
        #expect(answer.created, "each was sent once")
      }
      let cuts = try await cutter.value
      #expect(sent.refused == 0)
      let found = try await complete(load, in: ledger, acknowledged: sent.acknowledged)
      await owner.close()
      try await server.stop()
      await ledger.close()
      try note(
        "cut \(phase.rawValue)", kills: cuts, acknowledged: sent.acknowledged.count, found)
    }
  }

  @Test("A projector that ends during a batch changes nothing, and the next one continues")
  func projectorDies() async throws {
    try await withDirectory { directory in
      let ledger = try await open(directory)
      let load = try await makeLoad(ledger, count: 600)
      let server = try await EmbeddedPostgres.start(
        dataDirectory: directory, logger: PrivateServer.logger)
      let owner = try await PostgresConnection.connect(
        PostgresConfiguration(uri: server.uri, applicationName: "owner"))
      // The projector can read and not write, so it stops in the middle of a batch.
      try await owner.execute(
        "BEGIN; LOCK TABLE ledger.verification_status IN SHARE ROW EXCLUSIVE MODE")
      let killer = Task {
        // A separate session, because within a transaction the list of sessions does not change.
        let killing = try await PostgresConnection.connect(
          PostgresConfiguration(uri: server.uri, applicationName: "killer"))
        var killed = 0
        while killed < 5 {
          killed += try await killing.query(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE application_name = 'pithledger projector' AND datname = current_database()
              AND wait_event_type = 'Lock'
            """
          ).count
          try await Task.sleep(for: .milliseconds(50))
        }
        try await owner.execute("COMMIT")
        await killing.close()
        return killed
      }
      let sent = try await send(load, to: ledger)
      let kills = try await killer.value
      #expect(kills >= 5 && sent.refused == 0)
      let found = try await complete(load, in: ledger, acknowledged: sent.acknowledged)
      await owner.close()
      try await server.stop()
      await ledger.close()
      try note(
        "a projector killed in its batch", kills: kills, acknowledged: sent.acknowledged.count,
        found)
    }
  }

  @Test("A ledger that is frozen longer than its locks live loses them, and recovers")
  func frozenLedger() async throws {
    try await withDirectory { directory in
      let ledger = try await Ledger.open(
        LedgerConfiguration(dataDirectory: directory), runProjector: false,
        logger: PrivateServer.logger)
      // The other process holds the projector's lock, because no other projector runs.
      let serving = Mutex<Execution?>(nil)
      let running = Task {
        _ = try await run(
          .path(FilePath(TestProgram.path)),
          arguments: ["serve", "--port", "0", "--data-dir", directory], input: .none,
          output: .sequence, error: .discarded
        ) { execution in
          serving.withLock { $0 = Execution(execution) }
          for try await _ in execution.standardOutput.strings() {}
        }
      }
      let load = try await makeLoad(ledger, count: 300)
      let second = try await open(directory)
      var stopped: ContinuousClock.Instant?
      let sent = try await send(load, to: second) { _, count in
        guard count == 100, stopped == nil else { return }
        stopped = .now
        serving.withLock { $0?.send(SIGSTOP) }
      }
      #expect(stopped != nil && sent.refused == 0)
      // Only the frozen process delayed the projections.
      let size = try await second.health().size
      var lag = try await second.health().lag
      for _ in 0..<300 where lag > 0 {
        try await Task.sleep(for: .milliseconds(100))
        lag = try await second.health().lag
      }
      #expect(lag == 0, "\(lag) of \(size) events behind")
      serving.withLock { $0?.send(SIGCONT) }
      let found = try await complete(load, in: second, acknowledged: sent.acknowledged)
      serving.withLock { $0?.send(SIGTERM) }
      try await running.value
      await second.close()
      await ledger.close()
      try note("a ledger frozen past its lock", acknowledged: sent.acknowledged.count, found)
    }
  }

  /// A running process that can receive signals.
  private struct Execution {
    let pid: Int32
    init<I, O, E>(_ execution: Subprocess.Execution<I, O, E>) {
      pid = execution.processIdentifier.value
    }
    func send(_ signal: Int32) { _ = Foundation.kill(pid, signal) }
  }

  @Test("A clock that jumps back does not reorder the log or lose events")
  func clockJumpsBack() async throws {
    try await withDirectory { directory in
      let offset = Mutex<Int64>(0)
      var configuration = LedgerConfiguration(dataDirectory: directory)
      configuration.clock = { Timestamp.now.adding(seconds: offset.withLock { $0 }) }
      let ledger = try await Ledger.open(configuration, logger: PrivateServer.logger)
      // At most 256 events are in progress or unread, so some of the 600 are admitted after the second
      // jump.
      let load = try await makeLoad(ledger, count: 600)
      // Four minutes are within the allowed difference of clocks. After a jump of an hour, signed times
      // lie in the future, and the events are refused.
      let sent = try await send(load, to: ledger) { _, count in
        if count == 100 { offset.withLock { $0 = -240 } }
        if count == 200 { offset.withLock { $0 = -3600 } }
      }
      #expect(sent.refused > 0)
      offset.withLock { $0 = 0 }
      let found = try await complete(load, in: ledger, acknowledged: sent.acknowledged)
      await ledger.close()
      try note("a clock that jumps back", acknowledged: sent.acknowledged.count, found)
    }
  }

  /// Whether this process may mount a file system, which the test fills.
  static let mayMount: Bool = {
    let path = "/tmp/plt-\(UUID().uuidString.prefix(8))"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    guard unsafe mount("tmpfs", path, "tmpfs", 0, nil) == 0 else { return false }
    return unsafe umount(path) == 0
  }()

  @Test(
    "A full disk refuses submissions and loses none; with space the ledger continues",
    .enabled(if: mayMount, "mounting a small file system needs CAP_SYS_ADMIN"))
  func fullDisk() async throws {
    try await withDirectory { directory in
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711]
      )
      try #require(unsafe mount("tmpfs", directory, "tmpfs", 0, "size=256m,mode=0711") == 0)
      defer { _ = unsafe umount2(directory, Int32(MNT_DETACH)) }
      let ledger = try await open(directory)
      let load = try await makeLoad(ledger, count: 3000)
      let filler = directory + "/filler"
      let sent = try await send(load, to: ledger) { _, count in
        guard count == 500 else { return }
        let file = unsafe fopen(filler, "w")
        let zeros = [UInt8](repeating: 0, count: 1 << 16)
        while unsafe fwrite(zeros, 1, zeros.count, file) == zeros.count {}
        unsafe fclose(file)
      }
      try FileManager.default.removeItem(atPath: filler)
      // A server without space for its WAL stops and is restarted.
      var isBack = false
      for _ in 0..<200 where !isBack {
        isBack = (try? await ledger.health()) != nil
        if !isBack { try await Task.sleep(for: .milliseconds(100)) }
      }
      #expect(isBack && sent.refused > 0, "\(sent.refused) refused")
      let found = try await complete(load, in: ledger, acknowledged: sent.acknowledged)
      await ledger.close()
      try note("a full disk", acknowledged: sent.acknowledged.count, found)
    }
  }

  @Test("Submissions wait while an operator's session locks the head, and then continue")
  func heldLock() async throws {
    try await withDirectory { directory in
      let ledger = try await open(directory)
      let load = try await makeLoad(ledger, count: 200)
      let server = try await EmbeddedPostgres.start(
        dataDirectory: directory, logger: PrivateServer.logger)
      let operatorSession = try await PostgresConnection.connect(
        PostgresConfiguration(uri: server.uri))
      try await operatorSession.execute("BEGIN; SELECT size FROM ledger.head FOR UPDATE")
      let release = Task {
        try await Task.sleep(for: .seconds(1))
        try await operatorSession.execute("COMMIT")
      }
      let start = ContinuousClock.now
      let sent = try await send(load, to: ledger) { _, count in
        if count == 1 { #expect(ContinuousClock.now - start > .milliseconds(900)) }
      }
      #expect(sent.refused == 0)
      try await release.value
      await operatorSession.close()
      let found = try await complete(load, in: ledger, acknowledged: sent.acknowledged)
      try await server.stop()
      await ledger.close()
      try note("the head held for a second", acknowledged: sent.acknowledged.count, found)
    }
  }
}
