import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerTestSupport
import LedgerVerifier
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerService

/// The files in `Tests/Vectors/golden`, which the program must make again byte for byte.
///
/// They fix the formats of entries, checkpoints, bundles and exports. A change of a file is a change of
/// a format. To write the files anew, run both suites with `PITHLEDGER_WRITE_GOLDEN=1`, and then
/// without it.
enum GoldenFiles {
  static let folder = Fixtures.project.appendingPathComponent("Tests/Vectors/golden")
  static let origin = "golden.example/log"
  static let time = Timestamp(microseconds: 1_790_000_000_000_000)

  static func key(_ byte: UInt8) throws -> SigningKey {
    try SigningKey(rawRepresentation: Array(repeating: byte, count: 32))
  }

  static func registry() throws -> KeyFile {
    KeyFile(
      key: try key(1), keyID: "registry", signerID: "urn:golden:registry", signerType: .registry)
  }

  static let logSecret = [UInt8](repeating: 9, count: 32)

  static func logSigner() throws -> NoteSigner { try NoteSigner(name: origin, secret: logSecret) }

  /// Compares bytes with a file.
  static func expect(_ bytes: [UInt8], _ name: String) throws {
    let url = folder.appendingPathComponent(name)
    if ProcessInfo.processInfo.environment["PITHLEDGER_WRITE_GOLDEN"] == "1" {
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: url)
    }
    #expect(try read(name) == bytes, "\(name) is not what the program makes")
  }

  static func read(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appendingPathComponent(name)))
  }

  /// The paths of the files below a folder, sorted.
  static func files(in root: URL) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: root.path).filter {
      let type = try FileManager.default.attributesOfItem(atPath: "\(root.path)/\($0)")[.type]
      return type as? FileAttributeType == .typeRegular
    }.sorted()
  }
}

@Suite("Golden files")
struct GoldenFileTests {
  @Test("An entry is reproduced byte for byte, and verifies")
  func entry() async throws {
    let registry = try GoldenFiles.registry()
    let body = try EventBody.make(
      type: .keyRegistered,
      payload: [
        "algorithm": "ed25519",
        "public_key_b64": .string(Base64.encode(registry.key.publicKey)),
      ],
      signer: registry.signer, subject: .registry,
      target: "key:\(registry.signer.fingerprint.hex)", createdAt: GoldenFiles.time)
    let entry = try Entry(
      event: registry.key.sign(body), admission: .signedOnly(at: GoldenFiles.time))
    try GoldenFiles.expect(entry.bytes, "entry.json")
    var reader = LogReader()
    let checked = try await reader.read([.init(position: .first, bytes: entry.bytes)])
    #expect(checked.first?.event.key?.fingerprint == registry.signer.fingerprint)
  }

  @Test("A checkpoint over that entry is reproduced byte for byte, and verifies")
  func checkpoint() async throws {
    let signer = try GoldenFiles.logSigner()
    var reader = LogReader()
    let checked = try await reader.read([
      .init(position: .first, bytes: try GoldenFiles.read("entry.json"))
    ])
    var edge = Frontier()
    for entry in checked { edge.append(entry.leaf) { _ in } }
    let checkpoint = Checkpoint(origin: GoldenFiles.origin, size: 1, root: edge.root)
    try GoldenFiles.expect(SignedCheckpoint(checkpoint, by: signer).note.bytes, "checkpoint")
    let signed = try LogDirectory(GoldenFiles.folder.path).checkpoint(by: [signer.verifierKey])
    #expect(signed.checkpoint == checkpoint)
  }

  @Test("The bundle and the export verify without a ledger")
  func verification() async throws {
    let key = try GoldenFiles.logSigner().verifierKey
    let outcome = try await BundleVerification(keys: [key]).verify(
      try GoldenFiles.read("bundle.json"))
    #expect(outcome.pithNumber == Fixtures.sampleNumber && outcome.hasDocument)
    let report = try await LogDirectory.verify(
      GoldenFiles.folder.appendingPathComponent("export").path, by: [key], containing: [])
    #expect(report.checkpoint == outcome.checkpoint)
    #expect(report.records == 1 && report.projections == 1)
  }
}

/// Ledgers with the keys and the clock of the golden files.
@Suite("Golden files of a ledger", .privateServer())
struct GoldenLedgerTests {
  @Test("The bundle and the export are reproduced byte for byte")
  func ledger() async throws {
    let directory = URL(fileURLWithPath: "/tmp/plt-golden-\(UUID())", isDirectory: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try FileManager.default.createDirectory(
      at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try GoldenFiles.registry().write(to: directory.appendingPathComponent("registry.key").path)
    try writeLogKey(to: directory.appendingPathComponent("log.key").path)
    func configure(_ configuration: inout LedgerConfiguration) {
      configuration.dataDirectory = directory.path
      configuration.origin = GoldenFiles.origin
      configuration.clock = { GoldenFiles.time }
    }
    try await withLedger(configure: configure) { test in
      try await writeHistory(test)
      var bundle: [UInt8] = []
      for try await chunk in try await test.ledger.bundles.bundle(LedgerUnderTest.number) {
        bundle += chunk
      }
      try GoldenFiles.expect(bundle, "bundle.json")

      let export = directory.appendingPathComponent("export")
      _ = try await test.ledger.logExporter.exportLog(to: export.path)
      let names = try GoldenFiles.files(in: export)
      for name in names {
        try GoldenFiles.expect(
          Array(try Data(contentsOf: export.appendingPathComponent(name))), "export/\(name)")
      }
      #expect(
        try GoldenFiles.files(in: GoldenFiles.folder.appendingPathComponent("export")) == names)
    }
  }

  private func writeLogKey(to path: String) throws {
    let key = try GoldenFiles.logSigner().verifierKey
    let secret = Base64.encode([NoteVerifierKey.Algorithm.ed25519.rawValue] + GoldenFiles.logSecret)
    let line = "PRIVATE+KEY+\(key.name)+\(Hex.encode(key.id))+\(secret)\n"
    try #require(
      FileManager.default.createFile(
        atPath: path, contents: Data(line.utf8), attributes: [.posixPermissions: 0o600]))
  }

  /// Appends something of several kinds, one after another, so that the positions are fixed.
  private func writeHistory(_ test: LedgerUnderTest) async throws {
    let author = KeyFile(
      key: try GoldenFiles.key(2), keyID: "author",
      signerID: "https://orcid.org/\(Fixtures.sampleORCID)", signerType: .author)
    let moderator = KeyFile(
      key: try GoldenFiles.key(3), keyID: "moderator", signerID: "urn:moderator",
      signerType: .author)
    for (key, type) in [(author, SignerType.author), (moderator, .moderator)] {
      _ = try await test.ledger.keyAdministrator.register(key)
      _ = try await test.ledger.keyAdministrator.vouch(key.signer.fingerprint, as: type)
    }
    let first = try await test.cite("10.1/1", by: author)
    _ = try await test.cite("10.1/1", by: author, supersedes: first.eventID, relation: "extends")
    let run = try await test.submit(
      .replicationRecord,
      [
        "claim_ids": ["C1"], "kind": "replication", "outcome": "replicated",
        "replication_id": "r1",
      ], by: author)
    _ = try await test.submit(
      .eventWithdrawn,
      ["event_id": .string("sha256:" + run.eventID.hex), "reason": "error"], by: author)
  }
}
