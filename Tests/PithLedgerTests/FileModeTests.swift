import CanonicalJSON
import DurableFiles
import EmbeddedPostgres
import Foundation
import LedgerDomain
import LedgerService
import LedgerTestSupport
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The files that the program writes, their modes, and the environment that it reads.
@Suite("Files of the program", .privateServer())
struct FileModeTests {
  private func withDirectory(_ body: (String) async throws -> Void) async throws {
    let directory = "/tmp/plt-\(UUID().uuidString.prefix(8))"
    try OwnedDirectory.prepare(directory)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await body(directory)
  }

  private func mode(_ path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return try #require(attributes[.posixPermissions] as? Int)
  }

  private struct Answer {
    let isSuccess: Bool
    let errors: String
  }

  /// Runs the program from a shell, after another shell command.
  private func shell(_ before: String, _ arguments: [String]) async throws -> Answer {
    let result = try await run(
      .name("bash"),
      arguments: Arguments(
        ["-c", before + "; exec \"$@\"", "bash", TestProgram.path] + arguments),
      output: .discarded, error: .string(limit: 65_536))
    return Answer(isSuccess: result.terminationStatus.isSuccess, errors: result.standardError)
  }

  private func generate(_ out: String) -> [String] {
    ["key", "generate", "--out", out, "--id", "k", "--signer", "urn:k"]
  }

  @Test("A key that cannot be written completely leaves no file, and the next attempt succeeds")
  func failedKeyWrite() async throws {
    try await withDirectory { directory in
      let path = directory + "/author.key"
      // The limit of file sizes is 0. The signal is ignored, so that the write fails with an error.
      let failed = try await shell("ulimit -f 0; trap '' XFSZ", generate(path))
      #expect(!failed.isSuccess && failed.errors.contains(path), "\(failed.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
      let made = try await shell("umask 000", generate(path))
      #expect(made.isSuccess, "\(made.errors)")
      #expect(try mode(path) == 0o600)
      let again = try await shell("true", generate(path))
      #expect(!again.isSuccess && again.errors.contains("not overwritten"), "\(again.errors)")
    }
  }

  @Test("Keys that a failed start could not write are written by the next one")
  func failedFirstStart() async throws {
    let uri = try await PrivateServer.running().database()
    try await withDirectory { directory in
      let arguments = ["anchors", "upgrade", "--data-dir", directory]
      let url = "export PITHLEDGER_DATABASE_URL='\(uri)'"
      let migrated = try await shell(url, ["migrate", "--data-dir", directory])
      #expect(migrated.isSuccess, "\(migrated.errors)")
      let failed = try await shell(url + "; ulimit -f 0; trap '' XFSZ", arguments)
      #expect(failed.errors.contains("registry.key"), "\(failed.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
      let next = try await shell(url, arguments)
      #expect(next.isSuccess, "\(next.errors)")
      for key in ["registry.key", "log.key"] {
        #expect(try mode("\(directory)/\(key)") == 0o600, "\(key)")
      }
    }
  }

  @Test("A key file that others can read is refused with the command that corrects it")
  func readableKeys() async throws {
    try await withLedger { test in
      let directory = test.ledger.configuration.dataDirectory
      for name in ["registry.key", "log.key"] {
        let path = "\(directory)/\(name)"
        try #require(unsafe chmod(path, 0o644) == 0)
        let answer = try await test.pithledger(["status", LedgerUnderTest.number])
        #expect(answer.status == 2, "\(answer.errors)")
        #expect(answer.errors.contains("chmod 600 \(path)"), "\(answer.errors)")
        try #require(unsafe chmod(path, 0o600) == 0)
      }
      let answer = try await test.pithledger(["status", LedgerUnderTest.number])
      #expect(answer.status == 0, "\(answer.errors)")
    }
  }

  @Test("A file of a secret that a variable names is refused if others can read it")
  func readableSecrets() async throws {
    try await withFile(Array("postgresql:///none".utf8)) { path in
      try #require(unsafe chmod(path, 0o644) == 0)
      let error = #expect(throws: Refusal.self) {
        try LedgerConfiguration.fromEnvironment(
          dataDirectory: "/nowhere", environment: ["PITHLEDGER_DATABASE_URL_FILE": path])
      }
      #expect(error?.message.contains("chmod 600 \(path)") == true)
      try #require(unsafe chmod(path, 0o600) == 0)
      let configuration = try LedgerConfiguration.fromEnvironment(
        dataDirectory: "/nowhere", environment: ["PITHLEDGER_DATABASE_URL_FILE": path])
      #expect(configuration.databaseURL == "postgresql:///none")
    }
  }

  @Test("An export of the log is readable by its owner only, with any umask and folder")
  func exportModes() async throws {
    try await withLedger { test in
      try await withDirectory { directory in
        // The state that an earlier version left.
        try FileManager.default.createDirectory(
          atPath: directory + "/log/evidence", withIntermediateDirectories: true,
          attributes: [.posixPermissions: 0o755])
        try #require(unsafe chmod(directory + "/log", 0o755) == 0)
        _ = try await test.ledger.logExporter.exportLog(to: directory + "/log")
        #expect(try mode(directory + "/log") == 0o755, "what was there is not changed")
        var files = 0
        let names = FileManager.default.enumerator(atPath: directory + "/log")
        while let name = names?.nextObject() as? String {
          files += 1
          #expect(try mode("\(directory)/log/\(name)") & 0o077 == 0, "\(name)")
        }
        #expect(files > 5)
        _ = try await test.ledger.logExporter.exportTiles(to: directory + "/tiles")
        #expect(try mode(directory + "/tiles/checkpoint") == 0o644, "tiles are there to be served")
        try #require(unsafe chmod(directory + "/log", 0o777) == 0)
        await #expect(throws: Refusal(.forbidden, check: "export_folder", "")) {
          try await test.ledger.logExporter.exportLog(to: directory + "/log")
        }
      }
    }
  }

  /// Environment variables of libpq, each with a value with which a connection to the private server
  /// would fail.
  static let variables = [
    "PGHOST": "/nowhere", "PGHOSTADDR": "192.0.2.1", "PGPORT": "1", "PGUSER": "nobody",
    "PGDATABASE": "none", "PGPASSWORD": "wrong", "PGPASSFILE": "/nowhere", "PGSERVICE": "none",
    "PGSERVICEFILE": "/nowhere", "PGSYSCONFDIR": "/nowhere", "PGOPTIONS": "-c no_such_setting=1",
    "PGAPPNAME": "other", "PGSSLMODE": "verify-full", "PGREQUIRESSL": "1",
    "PGSSLMINPROTOCOLVERSION": "none", "PGSSLMAXPROTOCOLVERSION": "none",
    "PGGSSENCMODE": "require", "PGCHANNELBINDING": "require", "PGREQUIREPEER": "nobody",
    "PGREQUIREAUTH": "none,md5", "PGTARGETSESSIONATTRS": "standby",
    "PGLOADBALANCEHOSTS": "wrong", "PGCONNECT_TIMEOUT": "wrong", "PGCLIENTENCODING": "wrong",
    "PGDATESTYLE": "wrong", "PGTZ": "wrong", "PGGEQO": "wrong", "PGKRBSRVNAME": "none",
    "PGSSLROOTCERT": "/nowhere", "PGSSLCERT": "/nowhere", "PGSSLKEY": "/nowhere",
  ]

  @Test("With its own PostgreSQL the program ignores every variable of libpq")
  func libpqVariables() async throws {
    try await withDirectory { directory in
      try #require(unsafe chmod(directory, 0o711) == 0)
      let data = directory + "/data"
      let all = Self.variables.map { "export \($0.key)='\($0.value)'" }.joined(separator: "; ")
      let first = try await shell(all, ["migrate", "--data-dir", data])
      #expect(first.isSuccess, "\(first.errors)")
      // The server is started once, so that each command only joins it.
      let server = try await EmbeddedPostgres.start(
        dataDirectory: data, logger: PrivateServer.logger)
      for (name, value) in Self.variables {
        let answer = try await shell(
          "export \(name)='\(value)'", ["anchors", "upgrade", "--data-dir", data])
        #expect(answer.isSuccess, "\(name): \(answer.errors)")
      }
      try await server.stop()
    }
  }

  @Test("A connection of the library names every parameter that a variable could set")
  func explicitParameters() async throws {
    let uri = try PrivateServer.running().server.uri
    for parameter in [
      "host", "hostaddr", "port", "user", "password", "options", "sslmode", "gssencmode",
      "channel_binding", "ssl_min_protocol_version", "ssl_max_protocol_version", "requirepeer",
      "target_session_attrs",
    ] {
      #expect(uri.contains("?\(parameter)=") || uri.contains("&\(parameter)="), "\(parameter)")
    }
  }

  @Test(
    "A data directory that others may write to is refused, and its mode is not changed",
    arguments: [0o1777, 0o777, 0o770] as [Int])
  func sharedDataDirectory(mode shared: Int) async throws {
    try await withDirectory { directory in
      try #require(unsafe chmod(directory, mode_t(shared)) == 0)
      let answer = try await shell("true", ["migrate", "--data-dir", directory])
      #expect(!answer.isSuccess && answer.errors.contains(directory), "\(answer.errors)")
      #expect(try mode(directory) == shared)
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
    }
  }
}
