import CanonicalJSON
import EmbeddedPostgres
import Encodings
import Foundation
import LedgerDomain
import LedgerService
import LedgerTestSupport
import PostgresClient
import TestSupport
import Testing

/// Commands that only read create no ledger.
@Suite("Commands that only read", .privateServer())
struct ReadCommandTests {
  /// The commands that only read, with arguments that the parser accepts. A command that does not exist in
  /// this version is left out.
  static let reading: [String: [String]] = [
    "audit": [], "checkpoint sign": ["--key"], "citations": ["4OXKXQ4P"], "event show": [digest],
    "events": [], "evidence check": ["/dev/null"], "export events": [],
    "export log": ["/tmp/plt-none"], "export tiles": ["/tmp/plt-none"], "fsck": [],
    "key events": [fingerprint], "key list": [], "prove": ["0"], "replay": ["--check"],
    "replications": ["--pending"], "search": [], "status": ["4OXKXQ4P"], "trust list": [],
    "webhook list": [], "webhook show": ["wh_none"],
  ]
  /// The commands that write, need no ledger, or run until they are stopped.
  static let others: Set<String> = [
    "alias retract", "anchors upgrade", "attest author", "attest citation", "attest replication",
    "attest storage", "attest timestamp", "checkpoint adopt", "config check", "config list",
    "doctor", "evidence erase", "import files", "manual",
    "mcp", "import log", "key generate", "key register", "key revoke", "key rotate", "key unvouch",
    "key vouch", "merge", "migrate", "moderate", "serve", "trust headers add",
    "trust headers remove", "trust jwks add", "trust jwks remove", "trust tsa add",
    "trust tsa remove", "webhook add", "webhook pause", "webhook remove", "webhook resume",
    "webhook secret", "webhook test", "withdraw", "witness",
  ]
  private static let digest = String(repeating: "0", count: 64)
  private static let fingerprint = String(repeating: "0", count: 32)

  private static func commands() async throws -> [String] {
    try await CommandTree.read().leaves.map { $0.path.joined(separator: " ") }
  }

  @Test("Every command either only reads, or is known to do something else")
  func classes() async throws {
    for command in try await Self.commands() where !command.hasPrefix("verify ") {
      #expect(
        (Self.reading[command] != nil) != Self.others.contains(command),
        "\(command) is in one of the two lists")
    }
  }

  @Test("In a data directory without a ledger, they create nothing and say what is missing")
  func noDirectory() async throws {
    let directory = "/tmp/plt-none-\(UUID().uuidString.prefix(8))"
    for command in try await Self.commands() {
      guard let arguments = Self.reading[command] else { continue }
      let words = command.split(separator: " ").map(String.init)
      let answer = try await ProgramRun.pithledger(
        words + arguments + ["--json", "--data-dir", directory])
      #expect(answer.status == 2, "\(command): \(answer.errors)")
      #expect(answer.output.isEmpty, "\(command): \(answer.output)")
      #expect(answer.error?["check"] == "no_ledger", "\(command): \(answer.errors)")
      #expect(answer.error?["exit_code"] == 2)
      #expect(answer.error?["message"]?.stringValue?.contains(directory) == true)
      #expect(!FileManager.default.fileExists(atPath: directory), "\(command) created it")
    }
    let text = try await ProgramRun.pithledger(["status", "4OXKXQ4P", "--data-dir", directory])
    #expect(text.status == 2 && text.errors.contains("--data-dir"), "\(text.errors)")
    // An empty directory stays empty.
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let empty = try await ProgramRun.pithledger(["fsck", "--json", "--data-dir", directory])
    #expect(empty.error?["check"] == "no_ledger")
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
    // A read-only service has no ledger to serve either.
    let serving = try await ProgramRun.pithledger(
      ["serve", "--port", "0", "--data-dir", directory], settings: ["READ_ONLY": "1"])
    #expect(serving.status == 2 && serving.errors.contains("no_ledger"), "\(serving.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
  }

  @Test("In a database without a ledger, they append nothing and say what is missing")
  func emptyDatabase() async throws {
    let uri = try await PrivateServer.running().database()
    let directory = "/tmp/plt-none-\(UUID().uuidString.prefix(8))"
    func read(_ command: String) async throws -> ProgramRun {
      try await ProgramRun.pithledger(
        command.split(separator: " ").map(String.init) + (Self.reading[command] ?? [])
          + ["--json", "--data-dir", directory], settings: ["DATABASE_URL": uri])
    }
    let bare = try await read("status")
    #expect(bare.status == 69 && bare.error?["check"] == "not_migrated", "\(bare.errors)")
    var configuration = LedgerConfiguration(dataDirectory: directory)
    configuration.databaseURL = uri
    _ = try await Ledger.migrate(configuration, logger: PrivateServer.logger)
    for command in ["status", "events", "key list", "export events", "fsck", "prove"] {
      let answer = try await read(command)
      #expect(answer.status == 2, "\(command): \(answer.errors)")
      #expect(answer.error?["check"] == "no_ledger", "\(command): \(answer.errors)")
      #expect(
        answer.error?["message"]?.stringValue?.contains("PITHLEDGER_DATABASE_URL") == true)
    }
    #expect(!FileManager.default.fileExists(atPath: directory))
    let connection = try await PostgresConnection.connect(PostgresConfiguration(uri: uri))
    let size = try await connection.query("SELECT size FROM ledger.head")[0].int(0)
    await connection.close()
    #expect(size == 0)
  }

  @Test("On a machine without the ledger's keys, they read and make no keys")
  func withoutKeys() async throws {
    try await withLedger { test in
      // Something that a proof can be made of.
      _ = try await test.ledger.checkpoints.issue()
      let directory = "/tmp/plt-none-\(UUID().uuidString.prefix(8))"
      for arguments in [
        ["status", LedgerUnderTest.number], ["events"], ["key", "list"], ["prove", "0"],
        ["export", LedgerUnderTest.number], ["replay", "--check"], ["fsck"], ["trust", "list"],
        ["webhook", "list"], ["checkpoint", "--key"], ["audit"],
      ] {
        let answer = try await ProgramRun.pithledger(
          arguments + ["--json", "--data-dir", directory], settings: ["DATABASE_URL": test.uri])
        #expect(answer.status == 0, "\(arguments): \(answer.errors)")
        #expect(!FileManager.default.fileExists(atPath: directory), "\(arguments)")
      }
    }
  }
}
