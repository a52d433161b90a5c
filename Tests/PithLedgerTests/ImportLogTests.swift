import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerService
import LedgerTestSupport
import PostgresClient
import TestSupport
import Testing
import TransparencyLog

/// An import of a log that is interrupted, and what it refuses to continue.
@Suite("Imports of a log", .privateServer())
struct ImportLogTests {
  /// A process that imports a folder.
  private func start(_ folder: String, _ uri: String, _ directory: String) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: TestProgram.path)
    process.arguments = ["import", "log", folder, "--data-dir", directory]
    var environment = ProcessInfo.processInfo.environment
    environment["PITHLEDGER_DATABASE_URL"] = uri
    process.environment = environment
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    return process
  }

  private func migrated() async throws -> (uri: String, directory: String) {
    let running = try PrivateServer.running()
    var configuration = LedgerConfiguration(
      dataDirectory: running.directory + "/imported-\(UUID())")
    let uri = try await running.database()
    configuration.databaseURL = uri
    _ = try await Ledger.migrate(configuration, logger: PrivateServer.logger)
    return (uri, configuration.dataDirectory)
  }

  private func size(_ uri: String) async throws -> Int64 {
    let connection = try await PostgresConnection.connect(PostgresConfiguration(uri: uri))
    let size = try await connection.query("SELECT size FROM ledger.head")[0].int(0)
    await connection.close()
    return size
  }

  /// A script that stops each transaction that inserts the event of one position.
  ///
  /// The lock belongs to the session of the script, so that an import is killed at a position that
  /// the test chooses, on a machine of any speed.
  private static func gate(at position: Int) -> String {
    """
    CREATE OR REPLACE FUNCTION public.wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN PERFORM pg_advisory_xact_lock(19); RETURN NEW; END';
    CREATE TRIGGER gate BEFORE INSERT ON ledger.event FOR EACH ROW
      WHEN (NEW.position = \(position)) EXECUTE FUNCTION public.wait_at_gate();
    SELECT pg_advisory_lock(19);
    """
  }

  /// The number of sessions that wait at the gate.
  private static func waiting(_ uri: String) async throws -> Int64 {
    let connection = try await PostgresConnection.connect(PostgresConfiguration(uri: uri))
    let sessions = try await connection.query(
      """
      SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 19 AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      """)[0].int(0)
    await connection.close()
    return sessions
  }

  @Test("An import that is killed again and again continues where it stopped, to the same root")
  func killed() async throws {
    try await withLedger { test in
      let key = try await test.key("load")
      let lines = try (0..<3000).map { try test.citation("10.1/\($0)", by: key) }
      for try await answer in test.ledger.bulkSubmitter.submit(
        Lines(lines), .events, client: .shell, operatorAuthorised: true)
      { _ = try answer.result.get() }
      let folder = "/tmp/plt-log-\(UUID().uuidString.prefix(8))"
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let total = try await test.ledger.logExporter.exportLog(to: folder).entries.stored
      let (uri, directory) = try await migrated()
      let gate = try await PostgresConnection.connect(PostgresConfiguration(uri: uri))
      var held = Int64(0)
      for position in [500, 1500, 2500] {
        try await gate.execute(Self.gate(at: position))
        let process = try start(folder, uri, directory)
        while process.isRunning, try await Self.waiting(uri) == 0 {
          try await Task.sleep(for: .milliseconds(5))
        }
        #expect(process.isRunning, "the import reaches position \(position)")
        _ = kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try await gate.execute("SELECT pg_advisory_unlock_all(); DROP TRIGGER gate ON ledger.event")
        let before = held
        held = try await size(uri)
        #expect((before..<total).contains(held))
      }
      await gate.close()
      #expect(held > 0, "an import left events for the next one")
      for _ in 0..<2 {
        let done = try await ProgramRun.pithledger(
          ["import", "log", folder, "--json", "--data-dir", directory],
          settings: ["DATABASE_URL": uri])
        #expect(done.status == 0, "\(done.errors)")
        #expect(done.json?["size"] == .integer(total))
      }
      let same = try await ProgramRun.pithledger(
        ["status", LedgerUnderTest.number, "--json", "--data-dir", directory],
        settings: ["DATABASE_URL": uri])
      let original = try await test.pithledger(["status", LedgerUnderTest.number])
      #expect(same.output == original.output, "\(same.errors)")
      for arguments in [["fsck"], ["replay", "--check"]] {
        let check = try await ProgramRun.pithledger(
          arguments + ["--data-dir", directory], settings: ["DATABASE_URL": uri])
        #expect(check.status == 0, "\(check.output) \(check.errors)")
      }
    }
  }

  @Test("Another log, a longer one and a changed entry are refused, and nothing is written")
  func foreign() async throws {
    try await withLedger { test in
      let folder = "/tmp/plt-log-\(UUID().uuidString.prefix(8))"
      defer { try? FileManager.default.removeItem(atPath: folder) }
      _ = try await test.ledger.logExporter.exportLog(to: folder)
      func importing(_ uri: String, _ directory: String) async throws -> ProgramRun {
        try await ProgramRun.pithledger(
          ["import", "log", folder, "--json", "--data-dir", directory],
          settings: ["DATABASE_URL": uri])
      }
      // A ledger of its own.
      try await withLedger { other in
        let before = try await other.ledger.health().size
        let refused = try await importing(other.uri, other.ledger.configuration.dataDirectory)
        #expect(refused.status == 2 && refused.error?["check"] == "import", "\(refused.errors)")
        #expect(refused.error?["message"]?.stringValue?.contains("position 0") == true)
        #expect(try await other.ledger.health().size == before)
      }
      // The same log, one event further, and then with another event behind the common ones.
      let (uri, directory) = try await migrated()
      #expect(try await importing(uri, directory).status == 0)
      let key = try await test.key("further")
      _ = try await test.cite("10.1/further", by: key)
      let own = test.ledger.configuration.dataDirectory
      let longer = try await importing(test.uri, own)
      #expect(longer.status == 2 && longer.error?["check"] == "import", "\(longer.errors)")
      // A newer export of the same log continues the older one.
      _ = try await test.ledger.logExporter.exportLog(to: folder)
      let further = try await importing(uri, directory)
      #expect(further.status == 0, "\(further.errors)")
      #expect(try await size(uri) == (try await test.ledger.health().size.stored))
    }
  }
}
