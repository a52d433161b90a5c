import CanonicalJSON
import Foundation
import HummingbirdTesting
import LedgerDomain
import LedgerService
import LedgerTestSupport
import PostgresClient
import TestSupport
import Testing

/// `pithledger doctor`: what it finds, what it advises, and that it changes nothing.
@Suite("The doctor", .privateServer())
struct DoctorTests {
  /// Runs the doctor. Returns the exit code, and state, text and remedy of each finding by its check.
  private func findings(
    _ directory: String, _ settings: [String: String] = [:]
  ) async throws -> (status: Int, [(check: String, state: String, text: String)]) {
    let settings = ["PORT": "0"].merging(settings) { $1 }
    let answer = try await ProgramRun.pithledger(
      ["doctor", "--json", "--data-dir", directory], settings: settings)
    let json = try #require(answer.json, "\(answer.errors)")
    #expect(json["healthy"] == .bool(answer.status == 0))
    return (
      answer.status,
      (json["findings"]?.arrayValue ?? []).map {
        (
          $0["check"]?.stringValue ?? "", $0["state"]?.stringValue ?? "",
          [$0["text"]?.stringValue, $0["remedy"]?.stringValue].compactMap { $0 }
            .joined(separator: " → ")
        )
      }
    )
  }

  /// The texts of the faults.
  private func faults(
    _ directory: String, _ settings: [String: String] = [:]
  ) async throws -> [String] {
    let (status, all) = try await findings(directory, settings)
    let faults = all.filter { $0.state == "fault" }.map { "\($0.check): \($0.text)" }
    #expect(status == (faults.isEmpty ? 0 : 1))
    return faults
  }

  @Test("A ledger in order has no fault and no warning about the log")
  func healthy() async throws {
    try await withLedger { test in
      _ = try await test.ledger.checkpoints.issue()
      _ = try await test.state()
      let directory = test.ledger.configuration.dataDirectory
      let (status, all) = try await findings(directory, ["DATABASE_URL": test.uri])
      #expect(status == 0, "\(all)")
      for check in ["database", "server", "log", "log key", "registry key", "checkpoint"] {
        let found = all.filter { $0.check == check }
        #expect(!found.isEmpty && found.allSatisfy { $0.state == "ok" }, "\(check): \(found)")
      }
      let text = try await ProgramRun.pithledger(
        ["doctor", "--data-dir", directory],
        settings: ["DATABASE_URL": test.uri, "PORT": "0"])
      #expect(text.status == 0 && text.output.hasSuffix("no fault\n"), "\(text.output)")
      // The password of the URL is not printed.
      #expect(!text.output.contains(test.uri))
    }
  }

  @Test("Without a ledger it creates nothing, and says what would")
  func nothing() async throws {
    let directory = "/tmp/plt-none-\(UUID().uuidString.prefix(8))"
    let (status, all) = try await findings(directory)
    #expect(status == 0, "\(all)")
    #expect(all.contains { $0.check == "database" && $0.text.contains("pithledger serve") })
    #expect(!FileManager.default.fileExists(atPath: directory))
  }

  @Test("Faults of files and keys name the command that corrects them")
  func files() async throws {
    try await withLedger { test in
      _ = try await test.ledger.checkpoints.issue()
      let directory = test.ledger.configuration.dataDirectory
      let settings = ["DATABASE_URL": test.uri]
      let key = directory + "/registry.key"
      try #require(unsafe chmod(key, 0o644) == 0)
      #expect(try await faults(directory, settings).contains { $0.contains("chmod 600 \(key)") })
      try #require(unsafe chmod(key, 0o600) == 0)
      #expect(try await faults(directory, settings).isEmpty)

      let memory = directory + "/log.key.checkpoint"
      try FileManager.default.moveItem(atPath: memory, toPath: memory + ".away")
      #expect(try await faults(directory, settings).contains { $0.contains("checkpoint adopt") })
      try FileManager.default.moveItem(atPath: memory + ".away", toPath: memory)

      try await withLedger { other in
        for name in ["registry.key", "log.key"] {
          let path = directory + "/" + name
          try FileManager.default.moveItem(atPath: path, toPath: path + ".away")
          try FileManager.default.copyItem(
            atPath: other.ledger.configuration.dataDirectory + "/" + name, toPath: path)
          let found = try await faults(directory, settings)
          #expect(found.contains { $0.contains(path) && $0.contains("is not the") }, "\(found)")
          try FileManager.default.removeItem(atPath: path)
          try FileManager.default.moveItem(atPath: path + ".away", toPath: path)
        }
      }
      try #require(unsafe chmod(directory, 0o777) == 0)
      #expect(try await faults(directory, settings).contains { $0.contains("chmod go-w") })
      try #require(unsafe chmod(directory, 0o700) == 0)
    }
  }

  @Test("Faults of settings, of the database and of the port are found")
  func others() async throws {
    let directory = "/tmp/plt-none-\(UUID().uuidString.prefix(8))"
    let unknown = try await faults(directory, ["PROT": "1"])
    #expect(unknown.contains { $0.contains("PITHLEDGER_PORT?") }, "\(unknown)")
    let file = try await faults(directory, ["FETCH_CA_FILE": "/nowhere/roots.pem"])
    #expect(file.contains { $0.contains("/nowhere/roots.pem cannot be read") }, "\(file)")
    let secret = try await faults(directory, ["DATABASE_URL_FILE": "/nowhere/url"])
    #expect(secret.contains { $0.contains("/nowhere/url") }, "\(secret)")
    let away = try await faults(
      directory, ["DATABASE_URL": "postgresql://127.0.0.1:1/x?connect_timeout=2"])
    #expect(away.contains { $0.contains("database: it cannot be reached") }, "\(away)")
    let empty = try await PrivateServer.running().database()
    let bare = try await faults(directory, ["DATABASE_URL": empty])
    #expect(bare.contains { $0.contains("pithledger migrate") }, "\(bare)")
    try await withService { test, client in
      let port = "\(client.port ?? 0)"
      let found = try await faults(
        test.ledger.configuration.dataDirectory, ["DATABASE_URL": test.uri, "PORT": port])
      #expect(found.contains { $0.contains("another program uses \(port)") }, "\(found)")
    }
  }
}
