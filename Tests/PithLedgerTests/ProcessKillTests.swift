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

extension FaultTests {
  /// Kills and stops the ledger, its PostgreSQL, or both during a load.
  @Suite("Crashes of processes")
  struct ProcessKillTests: FaultScenario {
    @Test("kill -9 of the ledger", arguments: [1, 150, 700])
    func ledgerKilled(after acknowledgements: Int) async throws {
      try await withDirectory { directory in
        let ledger = try await open(directory)
        let load = try await makeLoad(ledger, count: 1500)
        await ledger.close()
        let file = directory + "/load.ndjson"
        try Data(load.lines.joined(separator: [0x0A])).write(to: URL(fileURLWithPath: file))
        let acknowledged = Mutex<[String: Position]>([:])
        _ = try await run(
          .path(FilePath(TestProgram.path)),
          arguments: ["import", file, "--json", "--data-dir", directory], input: .none,
          output: .sequence, error: .discarded
        ) { execution in
          for try await line in execution.standardOutput.strings() {
            // The last line may be incomplete, because the process was killed.
            guard let answer = try? JSON.parse(Array(line.utf8)),
              let id = answer["event_id"]?.stringValue,
              let position = answer["position"]?.integerValue
            else { continue }
            let count = acknowledged.withLock {
              $0[id] = Position(rawValue: position)
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

    /// A service on a port that the test kills.
    private struct Served {
      let process: Process
      let url: String

      init(_ directory: String, port: String) throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: TestProgram.path)
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

    @Test("kill -9 of PostgreSQL", arguments: FaultVictim.allCases)
    func postgresKilled(victim: FaultVictim) async throws {
      try await withDirectory { directory in
        let ledger = try await open(directory)
        let load = try await makeLoad(ledger, count: 1200)
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

    @Test("A PostgreSQL that is frozen for some time delays events and loses none")
    func frozen() async throws {
      try await withDirectory { directory in
        let ledger = try await open(directory)
        let load = try await makeLoad(ledger, count: 400)
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
  }
}
