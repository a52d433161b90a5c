import CanonicalJSON
import EmbeddedPostgres
import Foundation
import LedgerDomain
import LedgerSQL
import LedgerService
import LedgerStore
import Logging
import PostgresClient
import Testing

/// A ledger on a PostgreSQL of its own, gone when the test is.
func withLedger(_ body: (Ledger, String) async throws -> Void) async throws {
  let directory = "/tmp/plt-\(UUID().uuidString.prefix(8))"
  var logger = Logger(label: "test")
  logger.logLevel = .error
  let server = try await EmbeddedPostgres.start(dataDirectory: directory, logger: logger)
  let configuration = LedgerConfiguration(dataDirectory: directory)
  do {
    let ledger = try await Ledger.open(configuration, logger: logger)
    do {
      try await body(ledger, server.uri)
      await ledger.close()
    } catch {
      await ledger.close()
      throw error
    }
    try await server.stop()
    try FileManager.default.removeItem(atPath: directory)
  } catch {
    try? await server.stop()
    try? FileManager.default.removeItem(atPath: directory)
    throw error
  }
}

private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent()
private let fixture = root.deletingLastPathComponent()
  .appendingPathComponent("shared/fixtures/pith/pith-number-record.json").path
private let sample = root.appendingPathComponent("docs/sample/metamorph.json").path

private func bytes(_ path: String) throws -> [UInt8] {
  Array(try Data(contentsOf: URL(fileURLWithPath: path)))
}

@Suite("The ledger on PostgreSQL", .serialized)
struct LedgerTests {
  static let number = "pith:2024:4OXKXQ4PBCCPHOCVZK2PKPZTA2"

  @Test(
    "The real record goes in and comes out equal",
    .enabled(
      if: FileManager.default.fileExists(atPath: fixture), "the shared fixtures are not here"))
  func realRecord() async throws { try await roundTrip(fixture) }

  @Test("The sample record goes in and comes out equal")
  func sampleRecord() async throws { try await roundTrip(sample) }

  private func roundTrip(_ path: String) async throws {
    try await withLedger { ledger, _ in
      let document = try bytes(path)
      let first = try await ledger.importDocument(
        document, client: .shell, operatorAuthorised: true)
      #expect(first.created)
      let again = try await ledger.importDocument(
        document, client: .shell, operatorAuthorised: true)
      #expect(!again.created && again.position == first.position)
      let served = try await ledger.recordDocument("2412.14164v1", baseURL: "https://pith.science")
      for (key, value) in try JSON.parse(document).objectValue ?? [:] where key != "updated_at" {
        #expect(served[key] == value, "\(key)")
      }
      let text = String(decoding: document, as: UTF8.self)
      for change in [("L95J5m", "L95J5n"), ("e3aeabc3", "e3aeabc4")] {
        await #expect(throws: Refusal.self) {
          try await ledger.importDocument(
            Array(text.replacing(change.0, with: change.1).utf8), client: .shell,
            operatorAuthorised: true)
        }
      }
    }
  }

  @Test("A citation counts once, an altered one not at all, and replay agrees")
  func citation() async throws {
    try await withLedger { ledger, uri in
      _ = try await ledger.importDocument(
        bytes(sample), client: .shell, operatorAuthorised: true)
      let key = KeyFile(
        key: SigningKey(), keyID: "k", signerID: "https://orcid.org/0000-0002-1825-0097",
        signerType: .author)
      _ = try await ledger.register(key)
      guard let pith = PithNumber(Self.number) else { return }
      let event = try key.key.sign(
        EventBody.make(
          type: .citationSignature,
          payload: ["citing_arxiv": "2605.21642", "relation": "extends"], signer: key.signer,
          subject: .record(pith), target: "record", createdAt: .now))
      let wire = JSON.object(event.json).canonicalBytes()
      let first = try await ledger.submit(wire, client: .shell)
      #expect(first.verificationStatus?["citation_signatures"] == 1)
      let again = try await ledger.submit(wire, client: .shell)
      #expect(!again.created && again.position == first.position)
      let size = try await ledger.health().size
      let altered = String(decoding: wire, as: UTF8.self).replacing("extends", with: "refutes")
      await #expect(throws: Refusal(.invalid, check: "event_id", "")) {
        try await ledger.submit(Array(altered.utf8), client: .shell)
      }
      #expect(try await ledger.health().size == size)

      let owner = try await PostgresConnection.connect(PostgresConfiguration(uri: uri))
      for sql in [
        "UPDATE ledger.event SET verdict = 2", "DELETE FROM ledger.event", "TRUNCATE ledger.event",
      ] {
        await #expect(throws: PostgresError(.server, "", sqlState: "PL001")) {
          try await owner.execute(sql)
        }
      }
      try await owner.execute("UPDATE ledger.verification_status SET citation_signatures = 9")
      let check = try await ledger.replay(check: true) { _ in }
      #expect(check.drift.map(\.key) == ["citation_signatures"])
      #expect(check.drift.map(\.pithNumber) == [Self.number])
      _ = try await ledger.replay(check: false) { _ in }
      let status = try await ledger.status(Self.number)
      #expect(status["verification_status"]?["citation_signatures"] == 1)
      #expect(try await ledger.replay(check: true) { _ in }.drift.isEmpty)
      await owner.close()
    }
  }

  @Test("Two ledgers append at once, and positions stay gapless")
  func twoLedgers() async throws {
    try await withLedger { ledger, uri in
      _ = try await ledger.importDocument(
        bytes(sample), client: .shell, operatorAuthorised: true)
      let key = KeyFile(
        key: SigningKey(), keyID: "k", signerID: "urn:somebody", signerType: .author)
      _ = try await ledger.register(key)
      var logger = Logger(label: "second")
      logger.logLevel = .error
      let second = try await Ledger.open(ledger.configuration, logger: logger)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 0..<200 {
          let target = index % 2 == 0 ? ledger : second
          group.addTask {
            _ = try await target.signAndSubmit(
              type: .citationSignature,
              payload: ["citing_doi": "10.1000/\(index)", "relation": "cites"], record: Self.number,
              key: key)
          }
        }
        try await group.waitForAll()
      }
      await second.close()
      let log = try await ledger.log(from: 0, limit: 1000)["events"]?.arrayValue ?? []
      #expect(log.compactMap { $0["position"]?.integerValue } == Array(0..<Int64(log.count)))
      let status = try await ledger.status(Self.number, atLeast: Int64(log.count) - 1)
      #expect(status["verification_status"]?["citation_signatures"] == 200)
      #expect(try await ledger.replay(check: true) { _ in }.drift.isEmpty)
    }
  }

  @Test("Every migration file is listed, and nothing else")
  func migrations() throws {
    let files = try FileManager.default.contentsOfDirectory(
      atPath: root.appendingPathComponent("sql/migrations").path
    ).map { $0.replacing(".sql", with: "") }.sorted()
    #expect(Migrations.all.map(\.name) == files)
    #expect(Migrations.all.map(\.number) == Array(1...files.count))
  }
}
