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

  /// Makes a key and a certificate that is valid for some days from a day on. Returns their paths.
  private func certificate(
    _ folder: String, _ name: String, from first: Int, days: Int
  ) async throws -> [String: String] {
    let (key, file) = ("\(folder)/\(name).key", "\(folder)/\(name).pem")
    _ = try await python(
      """
      import datetime
      from cryptography import x509
      from cryptography.hazmat.primitives import hashes, serialization
      from cryptography.hazmat.primitives.asymmetric import ec
      key = ec.generate_private_key(ec.SECP256R1())
      name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
      begin = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=\(first))
      end = begin + datetime.timedelta(days=\(days))
      made = x509.CertificateBuilder(name, name, key.public_key(), 1, begin, end).sign(key, hashes.SHA256())
      pem = serialization.Encoding.PEM
      form = serialization.PrivateFormat.PKCS8
      open("\(key)", "wb").write(key.private_bytes(pem, form, serialization.NoEncryption()))
      open("\(file)", "wb").write(made.public_bytes(pem))
      """)
    try #require(unsafe chmod(key, 0o600) == 0)
    return ["TLS_CERTIFICATE_FILE": file, "TLS_KEY_FILE": key]
  }

  @Test("The contents of the files of TLS are checked")
  func certificates() async throws {
    let folder = "/tmp/plt-tls-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func found(_ settings: [String: String], _ check: String) async throws -> (String, String) {
      let all = try await findings(folder + "/none", settings).1.filter { $0.check == check }
      let one = try #require(all.first)
      #expect(all.count == 1, "\(all)")
      return (one.state, one.text)
    }
    let good = try await certificate(folder, "good", from: -1, days: 61)
    let (state, text) = try await found(good, "TLS certificate")
    // The day that runs is not counted.
    #expect(state == "ok" && text.contains("59 days more"), "\(text)")
    let old = try await certificate(folder, "old", from: -9, days: 4)
    for (name, first, days, expected, words) in [
      ("soon", -1, 5, "warning", "Renew it"), ("early", 2, 9, "fault", "not valid before"),
      ("gone", -9, 4, "fault", "it expired at"),
    ] {
      let files = try await certificate(folder, name, from: first, days: days)
      let (state, text) = try await found(files, "TLS certificate")
      #expect(state == expected && text.contains(words), "\(name): \(text)")
    }
    let mixed = try await found(
      good.merging(["TLS_KEY_FILE": old["TLS_KEY_FILE"] ?? ""]) { $1 }, "TLS certificate")
    #expect(mixed.0 == "fault" && mixed.1.contains("is not the key"), "\(mixed)")
    let none = try await found(
      good.merging(["TLS_CERTIFICATE_FILE": "/etc/hostname"]) { $1 }, "TLS certificate")
    #expect(none.0 == "fault" && none.1.contains("no certificates in PEM"), "\(none)")

    let path = try #require(good["TLS_CERTIFICATE_FILE"])
    #expect(try await found(["FETCH_CA_FILE": path], "TLS roots").0 == "ok")
    let both =
      try String(contentsOfFile: path, encoding: .utf8)
      + String(contentsOfFile: old["TLS_CERTIFICATE_FILE"] ?? "", encoding: .utf8)
    try both.write(toFile: folder + "/both.pem", atomically: true, encoding: .utf8)
    let roots = try await found(["FETCH_CA_FILE": folder + "/both.pem"], "TLS roots")
    #expect(roots.0 == "warning" && roots.1.contains("1 of 2 certificates"), "\(roots)")
    #expect(try await found(["FETCH_CA_FILE": "/etc/hostname"], "TLS roots").0 == "fault")
  }

  @Test("What the kernel says about the clock is told, and what it does not say too")
  func clock() async throws {
    let all = try await findings("/tmp/plt-none").1.filter { $0.check == "clock synchronisation" }
    let one = try #require(all.first)
    // The states of `adjtimex`, which the machine of the test decides.
    switch one.state {
    case "ok": #expect(one.text.contains("ms at worst"), "\(one.text)")
    case "warning": #expect(one.text.contains("time service"), "\(one.text)")
    default: #expect(one.state == "skipped" && one.text.contains("not checked"), "\(one.text)")
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
