import CanonicalJSON
import EmbeddedPostgres
import Encodings
import Foundation
import LedgerDomain
import LedgerService
import LedgerStore
import PostgresClient
import Subprocess
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Kills what runs, in the middle of a load, and looks at what is left.
@Suite("Killed in the middle of a load", .serialized)
struct FaultTests {
  static let number = Fixtures.sampleNumber
  static let program = URL(fileURLWithPath: CommandLine.arguments[0])
    .deletingLastPathComponent().appendingPathComponent("pithledger").path

  struct Load {
    let key: KeyFile
    let lines: [[UInt8]]
  }

  private func withDirectory(_ body: (String) async throws -> Void) async throws {
    let directory = "/tmp/plt-\(UUID().uuidString.prefix(8))"
    do { try await body(directory) } catch {
      try? FileManager.default.removeItem(atPath: directory)
      throw error
    }
    try? FileManager.default.removeItem(atPath: directory)
  }

  private func open(_ directory: String) async throws -> Ledger {
    try await Ledger.open(
      LedgerConfiguration(dataDirectory: directory), logger: PrivateServer.logger)
  }

  /// Citations that are signed beforehand, by a key that the ledger has.
  private func load(_ ledger: Ledger, count: Int) async throws -> Load {
    _ = try await ledger.importDocument(
      Fixtures.project(Fixtures.sample), client: .shell, operatorAuthorised: true)
    let key = KeyFile(key: SigningKey(), keyID: "k", signerID: "urn:load", signerType: .author)
    _ = try await ledger.register(key)
    guard let pith = PithNumber(Self.number) else { throw Refusal(.invalid, check: "test", "") }
    let lines = try (0..<count).map { index in
      let event = try key.key.sign(
        EventBody.make(
          type: .citationSignature,
          payload: ["citing_doi": .string("10.1000/\(index)"), "relation": "cites"],
          signer: key.signer, subject: .record(pith), target: "record", createdAt: .now))
      return JSON.object(event.json).canonicalBytes()
    }
    return Load(key: key, lines: lines)
  }

  /// Answers of a bulk submission: where what is acknowledged stands, and how many were refused.
  struct Sent {
    /// By event_id.
    var acknowledged: [String: Int64] = [:]
    var refused = 0
  }

  /// Sends a load, and calls back after each acknowledgement.
  private func send(
    _ load: Load, to ledger: Ledger,
    after: (SubmissionAnswer, Int) async throws -> Void = { _, _ in }
  ) async throws -> Sent {
    var sent = Sent()
    for try await answer in ledger.takeLines(
      Lines(load.lines), .events, client: .shell, operatorAuthorised: true)
    {
      switch answer {
      case .success(let answer):
        sent.acknowledged["sha256:" + answer.eventID.hex] = answer.position
        try await after(answer, sent.acknowledged.count)
      case .failure: sent.refused += 1
      }
    }
    return sent
  }

  /// Sends a load again, which stores what is missing and nothing else, and looks at the ledger.
  private func complete(
    _ load: Load, in ledger: Ledger, acknowledged: [String: Int64]
  ) async throws -> Findings {
    let again = try await send(load, to: ledger)
    #expect(again.refused == 0 && again.acknowledged.count == load.lines.count)
    let found = try await inspect(
      ledger, acknowledged: acknowledged.merging(again.acknowledged) { first, _ in first })
    #expect(found.cited == load.lines.count)
    return found
  }

  /// What was found after a fault.
  struct Findings {
    var cited = 0
    var lost = 0
    var gaps = 0
    var duplicates = 0
    var drift = 0
  }

  /// Adds a line to the campaign's log, where there is one.
  private func note(
    _ fault: String, kills: Int = 1, acknowledged: Int, _ found: Findings
  ) throws {
    guard let path = ProcessInfo.processInfo.environment["PITHLEDGER_CHAOS_LOG"] else { return }
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.seekToEnd()
    let numbers = [kills, acknowledged, found.lost, found.gaps, found.duplicates, found.drift]
    let line = ([fault] + numbers.map(String.init)).joined(separator: "\t")
    try handle.write(contentsOf: Data((line + "\n").utf8))
    try handle.close()
  }

  /// No gap, no duplicate, everything acknowledged where it was said to be, and rows that replay bears
  /// out.
  private func inspect(_ ledger: Ledger, acknowledged: [String: Int64]) async throws -> Findings {
    var found = Findings()
    var ids: [String: Int64] = [:]
    var next: Int64 = 0
    while true {
      let events = try await ledger.events.page(from: next, limit: 1000)["events"]?.arrayValue ?? []
      if events.isEmpty { break }
      for event in events {
        let position = event["position"]?.integerValue ?? -1
        if position != next { found.gaps += 1 }
        if ids.updateValue(position, forKey: event["event_id"]?.stringValue ?? "") != nil {
          found.duplicates += 1
        }
        next = position + 1
      }
    }
    let size = try await ledger.health().size
    if next != size { found.gaps += 1 }
    found.lost = acknowledged.count { ids[$0.key] != $0.value }
    let status = try await ledger.records.status(Self.number, atLeast: next - 1)
    found.cited = Int(status["verification_status"]?["citation_signatures"]?.integerValue ?? -1)
    let report = try await ledger.replay(check: true) { _ in }
    found.drift = report.drift.count
    #expect(found.gaps == 0 && found.duplicates == 0 && found.lost == 0 && found.drift == 0)
    return found
  }

  @Test("kill -9 of the ledger", arguments: [1, 150, 700])
  func ledgerKilled(after acknowledgements: Int) async throws {
    try await withDirectory { directory in
      let ledger = try await open(directory)
      let load = try await load(ledger, count: 1500)
      await ledger.close()
      let file = directory + "/load.ndjson"
      try Data(load.lines.joined(separator: [0x0A])).write(to: URL(fileURLWithPath: file))
      let acknowledged = Mutex<[String: Int64]>([:])
      _ = try await run(
        .path(FilePath(Self.program)),
        arguments: ["import", file, "--json", "--data-dir", directory], input: .none,
        output: .sequence, error: .discarded
      ) { execution in
        for try await line in execution.standardOutput.strings() {
          // The line during which the process died may be cut.
          guard let answer = try? JSON.parse(Array(line.utf8)),
            let id = answer["event_id"]?.stringValue,
            let position = answer["position"]?.integerValue
          else { continue }
          let count = acknowledged.withLock {
            $0[id] = position
            return $0.count
          }
          if count == acknowledgements { try execution.send(signal: .kill) }
        }
      }
      let again = try await open(directory)
      let known = acknowledged.withLock { $0 }
      #expect(known.count >= acknowledgements)
      let cited = try await inspect(again, acknowledged: known).cited
      #expect(cited >= known.count && cited < load.lines.count, "it was killed in the middle")
      let found = try await complete(load, in: again, acknowledged: known)
      await again.close()
      try note("kill -9 of the ledger", acknowledged: known.count, found)
    }
  }

  /// A served ledger that was started on a port and is to be killed.
  private struct Served {
    let process: Process
    let url: String

    init(_ directory: String, port: String) throws {
      process = Process()
      process.executableURL = URL(fileURLWithPath: FaultTests.program)
      process.arguments = ["serve", "--port", port, "--data-dir", directory]
      process.standardError = FileHandle.nullDevice
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
      url = String(try #require(line.firstMatch(of: /http:[^ \n]*/)).0)
    }

    func answers() async throws -> Bool {
      try await Subprocess.run(
        .name("curl"), arguments: ["-sf", "-m", "2", url + "/readyz"], output: .discarded,
        error: .discarded
      ).terminationStatus.isSuccess
    }

    func kill() {
      _ = Foundation.kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
  }

  enum Order: String, CaseIterable {
    case postgresThenLedger, postgresRestartedThenLedger, ledgerThenPostgres
  }

  @Test("kill -9 of both, and a new ledger at once on the same port", arguments: Order.allCases)
  func bothKilled(order: Order) async throws {
    try await withDirectory { directory in
      let first = try Served(directory, port: "0")
      let port = String(try #require(first.url.split(separator: ":").last))
      switch order {
      case .postgresThenLedger:
        try kill(.postmaster, directory)
        first.kill()
      case .postgresRestartedThenLedger:
        try kill(.postmaster, directory)
        try await Task.sleep(for: .seconds(1))
        var isBack = false
        for _ in 0..<100 where !isBack { isBack = try await first.answers() }
        #expect(isBack)
        first.kill()
      case .ledgerThenPostgres:
        first.kill()
        try kill(.postmaster, directory)
      }
      let start = ContinuousClock.now
      let second = try Served(directory, port: port)
      #expect(try await second.answers())
      #expect(ContinuousClock.now - start < .seconds(30))
      second.kill()
      let left = try await EmbeddedPostgres.start(
        dataDirectory: directory, logger: PrivateServer.logger)
      try await left.stop()
    }
  }

  enum Victim: String, CaseIterable { case postmaster, allOfPostgres, oneBackend }

  @Test("kill -9 of PostgreSQL", arguments: Victim.allCases)
  func postgresKilled(victim: Victim) async throws {
    try await withDirectory { directory in
      let ledger = try await open(directory)
      let load = try await load(ledger, count: 1200)
      let sent = try await send(load, to: ledger) { _, count in
        if count == 300 { try kill(victim, directory) }
      }
      #expect(sent.acknowledged.count > 300)
      let cited = try await inspect(ledger, acknowledged: sent.acknowledged).cited
      #expect(
        cited >= sent.acknowledged.count && cited <= sent.acknowledged.count + sent.refused)
      let found = try await complete(load, in: ledger, acknowledged: sent.acknowledged)
      await ledger.close()
      try note(
        "kill -9 of PostgreSQL: \(victim.rawValue)", acknowledged: sent.acknowledged.count, found)
    }
  }

  /// The postmaster of a data directory, and its children.
  private func processes(_ directory: String) throws -> (postmaster: Int32, children: [Int32]) {
    let text = try String(
      contentsOfFile: directory + "/postgres/data/postmaster.pid", encoding: .utf8)
    let postmaster = try #require(text.split(separator: "\n").first.flatMap { Int32($0) })
    var children: [Int32] = []
    for entry in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
      guard let pid = Int32(entry),
        let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
        let parent = stat.split(separator: ")").last?.split(separator: " ").dropFirst().first
      else { continue }
      if Int32(parent) == postmaster { children.append(pid) }
    }
    return (postmaster, children)
  }

  private func kill(_ victim: Victim, _ directory: String) throws {
    let (postmaster, children) = try processes(directory)
    let pids: [Int32] =
      switch victim {
      case .postmaster: [postmaster]
      case .allOfPostgres: [postmaster] + children
      case .oneBackend:
        children.filter { pid in
          let line = try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8)
          return line?.contains("[local]") ?? false
        }.prefix(1).map { $0 }
      }
    #expect(!pids.isEmpty)
    for pid in pids { _ = Foundation.kill(pid, SIGKILL) }
  }

  @Test("A PostgreSQL that freezes for a while costs time, and no event")
  func frozen() async throws {
    try await withDirectory { directory in
      let ledger = try await open(directory)
      let load = try await load(ledger, count: 400)
      let sent = try await send(load, to: ledger) { _, count in
        guard count == 100 else { return }
        let (postmaster, children) = try processes(directory)
        for pid in [postmaster] + children { _ = Foundation.kill(pid, SIGSTOP) }
        Task {
          try await Task.sleep(for: .seconds(1))
          for pid in children + [postmaster] { _ = Foundation.kill(pid, SIGCONT) }
        }
      }
      #expect(sent.refused == 0)
      let found = try await complete(load, in: ledger, acknowledged: sent.acknowledged)
      await ledger.close()
      try note("PostgreSQL frozen for a second", acknowledged: sent.acknowledged.count, found)
    }
  }

  @Test("Connections cut over and over, before, during and after COMMIT")
  func connectionsCut() async throws {
    try await withDirectory { directory in
      let ledger = try await open(directory)
      let load = try await load(ledger, count: 1500)
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
    /// The transaction has begun, and waits for the head.
    case beforeCommit
    /// COMMIT is durable here and waits for a standby: its answer never comes.
    case afterCommit
  }

  @Test(
    "Cut before COMMIT, or after it and before its answer: stored once", arguments: Phase.allCases)
  func connectionCut(in phase: Phase) async throws {
    try await withDirectory { directory in
      let ledger = try await open(directory)
      let load = try await load(ledger, count: 300)
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
        // No such standby ever answers.
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

  /// A copy of a running server under another data directory, by `pg_basebackup`.
  ///
  /// - Parameter following: whether the copy goes on as a standby.
  private func copy(
    of primary: EmbeddedPostgres, in directory: String, following: Bool
  ) async throws -> EmbeddedPostgres {
    let connection = try await PostgresConnection.connect(
      PostgresConfiguration(uri: primary.uri))
    let programs = try await connection.query(
      "SELECT setting FROM pg_config WHERE name = 'BINDIR'")[0].text(0)
    if following {
      let primaryFiles = try await connection.query("SHOW data_directory")[0].text(0)
      // The standby's own processes are not the ledger's user: it has a login of its own.
      try await connection.execute(
        """
        CREATE ROLE follower LOGIN REPLICATION PASSWORD 'of-the-test';
        COPY (VALUES ('local replication follower scram-sha-256'), ('local all all peer map=pithledger'),
          ('local replication all peer map=pithledger')) TO '\(primaryFiles)/pg_hba.conf'
        """)
      try await connection.execute("SELECT pg_reload_conf()")
    }
    await connection.close()
    let socket = try #require(primary.uri.firstMatch(of: /host=([^&]*)/)).1
    let home = directory + "/postgres"
    let script = """
      set -e
      install -d -m 0711 "$1"
      install -d -m 0700 "$2"
      "$3/pg_basebackup" -h "$4" -U pithledger -D "$2/data" -X stream -c fast ${5:+-R -C -S standby}
      if [ -n "$5" ]; then
        echo "primary_conninfo = 'host=$4 user=follower password=$5'" >> "$2/data/postgresql.auto.conf"
      fi
      if [ "$(id -u)" = 0 ]; then chown -R postgres:postgres "$2"; fi
      """
    let result = try await run(
      .name("bash"),
      arguments: Arguments([
        "-c", script, "bash", directory, home, programs,
        String(socket).removingPercentEncoding ?? "", following ? "of-the-test" : "",
      ]), input: .none, output: .discarded, error: .string(limit: 65_536))
    try #require(result.terminationStatus.isSuccess, "\(result.standardError)")
    return try await EmbeddedPostgres.start(
      dataDirectory: directory, logger: PrivateServer.logger)
  }

  @Test("The primary is killed, the standby promoted, and the load goes on")
  func failOver() async throws {
    try await withDirectory { directory in
      let primary = try await EmbeddedPostgres.start(
        dataDirectory: directory + "/one", logger: PrivateServer.logger)
      let follower = try await copy(of: primary, in: directory + "/two", following: true)
      let owner = try await PostgresConnection.connect(PostgresConfiguration(uri: primary.uri))
      // What is acknowledged is on both disks: otherwise a burnt primary may take some of it along.
      try await owner.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
      try await owner.execute("SELECT pg_reload_conf()")
      await owner.close()
      let other = try #require(follower.uri.firstMatch(of: /host=([^&]*)/)).1
      var configuration = LedgerConfiguration(dataDirectory: directory + "/ledger")
      configuration.databaseURL =
        primary.uri.replacing("&user", with: ",\(other)&user").replacing(
          "target_session_attrs=any", with: "target_session_attrs=read-write")
      _ = try await Ledger.migrate(configuration, logger: PrivateServer.logger)
      let ledger = try await Ledger.open(configuration, logger: PrivateServer.logger)
      let load = try await load(ledger, count: 600)

      // The standby answers meanwhile.
      var reading = configuration
      reading.databaseURL = follower.uri
      reading.isReadOnly = true
      let reader = try await Ledger.open(reading, logger: PrivateServer.logger)
      let size = try await ledger.health().size
      var seen = false
      for _ in 0..<50 where !seen {
        seen = try await reader.health().size == size
        if !seen { try await Task.sleep(for: .milliseconds(50)) }
      }
      let status = try await reader.records.status(Self.number, atLeast: size - 1)
      #expect(status["verification_status"]?["pith_receipt"] == true)
      await #expect(throws: Refusal(.unavailable, check: "read_only", "")) {
        try await reader.submit(load.lines[0], client: .shell)
      }
      await reader.close()

      var isPromoted = false
      let sent = try await send(load, to: ledger) { _, count in
        guard count >= 200, !isPromoted else { return }
        isPromoted = true
        try kill(.allOfPostgres, directory + "/one")
        let promoting = try await PostgresConnection.connect(
          PostgresConfiguration(uri: follower.uri))
        _ = try await promoting.query("SELECT pg_promote()")
        await promoting.close()
      }
      #expect(isPromoted)
      let found = try await complete(load, in: ledger, acknowledged: sent.acknowledged)
      await ledger.close()
      try await follower.stop()
      try await primary.stop()
      try note("fail-over to a standby", acknowledged: sent.acknowledged.count, found)
    }
  }

  @Test("A backup that pg_basebackup takes under load is whole, up to a point after it began")
  func backup() async throws {
    try await withDirectory { directory in
      let ledger = try await open(directory)
      let load = try await load(ledger, count: 800)
      let server = try await EmbeddedPostgres.start(
        dataDirectory: directory, logger: PrivateServer.logger)
      var before: [String: Int64] = [:]
      var restored: EmbeddedPostgres?
      let copying = Mutex<Task<EmbeddedPostgres, any Error>?>(nil)
      let sent = try await send(load, to: ledger) { answer, count in
        guard count <= 200 else { return }
        before["sha256:" + answer.eventID.hex] = answer.position
        guard count == 200 else { return }
        copying.withLock {
          $0 = Task { try await copy(of: server, in: directory + "/two", following: false) }
        }
      }
      #expect(sent.refused == 0)
      restored = try await copying.withLock { $0 }?.value
      try await server.stop()
      await ledger.close()
      // The other half of a backup is the keys.
      for key in ["registry.key", "log.key"] {
        try FileManager.default.copyItem(
          atPath: "\(directory)/\(key)", toPath: "\(directory)/two/\(key)")
      }
      let copied = try await open(directory + "/two")
      let cited = try await inspect(copied, acknowledged: before).cited
      #expect(cited >= before.count)
      let found = try await complete(load, in: copied, acknowledged: before)
      await copied.close()
      try await restored?.stop()
      try note("a backup under load, restored", acknowledged: before.count, found)
    }
  }

  @Test("A projector that dies in the middle of a batch has changed nothing; the next one goes on")
  func projectorDies() async throws {
    try await withDirectory { directory in
      let ledger = try await open(directory)
      let load = try await load(ledger, count: 600)
      let server = try await EmbeddedPostgres.start(
        dataDirectory: directory, logger: PrivateServer.logger)
      let owner = try await PostgresConnection.connect(
        PostgresConfiguration(uri: server.uri, applicationName: "owner"))
      // It reads, and cannot write: there it stands, in the middle of its batch.
      try await owner.execute(
        "BEGIN; LOCK TABLE ledger.verification_status IN SHARE ROW EXCLUSIVE MODE")
      let killer = Task {
        // Another session: within one transaction the list of sessions stays as it was first read.
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

  @Test("A ledger that is frozen past its locks' life loses them, and takes its place again")
  func frozenLedger() async throws {
    try await withDirectory { directory in
      let ledger = try await Ledger.open(
        LedgerConfiguration(dataDirectory: directory), runProjector: false,
        logger: PrivateServer.logger)
      // The other process has the projector's lock, for there is nobody else.
      let serving = Mutex<Execution?>(nil)
      let running = Task {
        _ = try await run(
          .path(FilePath(Self.program)),
          arguments: ["serve", "--port", "0", "--data-dir", directory], input: .none,
          output: .sequence, error: .discarded
        ) { execution in
          serving.withLock { $0 = Execution(execution) }
          for try await _ in execution.standardOutput.strings() {}
        }
      }
      let load = try await load(ledger, count: 300)
      let second = try await open(directory)
      var stopped: ContinuousClock.Instant?
      let sent = try await send(load, to: second) { _, count in
        guard count == 100, stopped == nil else { return }
        stopped = .now
        serving.withLock { $0?.send(SIGSTOP) }
      }
      #expect(stopped != nil && sent.refused == 0)
      // Nobody but the frozen one held the projections back.
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

  /// A process that signals reach.
  private struct Execution {
    let pid: Int32
    init<I, O, E>(_ execution: Subprocess.Execution<I, O, E>) {
      pid = execution.processIdentifier.value
    }
    func send(_ signal: Int32) { _ = Foundation.kill(pid, signal) }
  }

  @Test("A clock that jumps back neither reorders the log nor loses from it")
  func clockJumpsBack() async throws {
    try await withDirectory { directory in
      let offset = Mutex<Int64>(0)
      var configuration = LedgerConfiguration(dataDirectory: directory)
      configuration.clock = { Timestamp.now.adding(seconds: offset.withLock { $0 }) }
      let ledger = try await Ledger.open(configuration, logger: PrivateServer.logger)
      // At most 256 are under way or unread: of these, some are looked at after the second jump for certain.
      let load = try await load(ledger, count: 600)
      // Four minutes are within what signers' clocks may differ; after an hour, what they signed lies in
      // the future, and waits.
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

  /// Whether this process may mount a file system of its own, to fill it.
  static let mayMount: Bool = {
    let path = "/tmp/plt-\(UUID().uuidString.prefix(8))"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    guard unsafe mount("tmpfs", path, "tmpfs", 0, nil) == 0 else { return false }
    return unsafe umount(path) == 0
  }()

  @Test(
    "A full disk refuses and loses nothing; with room again, it goes on",
    .enabled(if: mayMount, "mounting a small file system needs CAP_SYS_ADMIN"))
  func fullDisk() async throws {
    try await withDirectory { directory in
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711]
      )
      try #require(unsafe mount("tmpfs", directory, "tmpfs", 0, "size=256m,mode=0711") == 0)
      defer { _ = unsafe umount2(directory, Int32(MNT_DETACH)) }
      let ledger = try await open(directory)
      let load = try await load(ledger, count: 3000)
      let filler = directory + "/filler"
      let sent = try await send(load, to: ledger) { _, count in
        guard count == 500 else { return }
        let file = unsafe fopen(filler, "w")
        let zeros = [UInt8](repeating: 0, count: 1 << 16)
        while unsafe fwrite(zeros, 1, zeros.count, file) == zeros.count {}
        unsafe fclose(file)
      }
      try FileManager.default.removeItem(atPath: filler)
      // A server without room for its log stops, and is started again.
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

  @Test("An operator's session that holds the head makes submissions wait, and no longer")
  func heldLock() async throws {
    try await withDirectory { directory in
      let ledger = try await open(directory)
      let load = try await load(ledger, count: 200)
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

/// Lines that are there already.
struct Lines: AsyncSequence, Sendable {
  let lines: [[UInt8]]
  init(_ lines: [[UInt8]]) { self.lines = lines }

  struct AsyncIterator: AsyncIteratorProtocol {
    var iterator: IndexingIterator<[[UInt8]]>
    mutating func next() async -> [UInt8]? { iterator.next() }
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(iterator: lines.makeIterator()) }
}
