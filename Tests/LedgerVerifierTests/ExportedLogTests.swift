import CanonicalJSON
import EmbeddedPostgres
import Encodings
import Foundation
import Hummingbird
import HummingbirdTesting
import LedgerDomain
import LedgerHTTP
import LedgerStore
import LedgerTestSupport
import LedgerVerifier
import PostgresClient
import ProofFormats
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerService

@Suite("Exported logs", .privateServer())
struct ExportedLogTests: HistorySuite {
  @Test("An exported log verifies, restores to the same root, and any change in it is found")
  func wholeLog() async throws {
    try await withHistory { test, keys in
      let folder = "/tmp/plt-log-\(UUID())"
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let report = try await test.ledger.logExporter.exportLog(to: folder)
      #expect(report.written >= 3)
      #expect(
        try await test.ledger.logExporter.exportLog(to: folder).written == 0, "what is there stays")
      let verified = try await LogDirectory.verify(folder, by: keys, containing: [])
      #expect(verified.records == 1 && verified.projections == 1)

      // A new ledger from the files with the same keys.
      let running = try PrivateServer.running()
      var configuration = LedgerConfiguration(
        dataDirectory: running.directory + "/restored-\(UUID())")
      configuration.databaseURL = try await running.database()
      try FileManager.default.createDirectory(
        atPath: configuration.dataDirectory, withIntermediateDirectories: true)
      for name in ["registry.key", "log.key"] {
        try FileManager.default.copyItem(
          atPath: test.ledger.configuration.dataDirectory + "/" + name,
          toPath: configuration.dataDirectory + "/" + name)
      }
      _ = try await Ledger.migrate(configuration, logger: PrivateServer.logger)
      let checkpoint = try await LogImporter(configuration, logger: PrivateServer.logger).importLog(
        from: folder)
      #expect(checkpoint == verified.checkpoint)
      // An import of what is there changes nothing.
      let again = try await LogImporter(configuration, logger: PrivateServer.logger).importLog(
        from: folder)
      #expect(again == checkpoint)
      let restored = LedgerUnderTest(
        ledger: try await Ledger.open(configuration, logger: PrivateServer.logger),
        uri: try #require(configuration.databaseURL))
      #expect(try await restored.state() == (try await test.state()))
      #expect(
        try await restored.ledger.checkpoints.issue().cosigned
          == (try await test.ledger.checkpoints.issue().cosigned))
      let clean = try await restored.ledger.logChecker.check()
      #expect(clean.faults.isEmpty, "\(clean.faults)")
      let author = try await restored.key("later")
      _ = try await restored.cite("10.1/later", by: author)
      try await restored.replayAgrees()
      await restored.ledger.close()

      try await expectEveryChangeFound(folder, keys)
    }
  }

  private func expectEveryChangeFound(_ folder: String, _ keys: [NoteVerifierKey]) async throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededGenerator(seed: seed)
    let names = try #require(FileManager.default.enumerator(atPath: folder)).compactMap {
      ($0 as? String).flatMap {
        $0.hasPrefix("tile/") || ["checkpoint", "projections.ndjson"].contains($0) ? $0 : nil
      }
    }.sorted().filter {
      var isFolder: ObjCBool = false
      return unsafe FileManager.default.fileExists(
        atPath: "\(folder)/\($0)", isDirectory: &isFolder)
        && !isFolder.boolValue
    }
    #expect(names.count >= 4)
    for _ in 0..<60 {
      let name = try #require(names.randomElement(using: &random))
      let url = URL(fileURLWithPath: "\(folder)/\(name)")
      let original = try Data(contentsOf: url)
      var changed = original
      let place = Int.random(in: 0..<original.count, using: &random)
      changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      try changed.write(to: url)
      do {
        let report = try await LogDirectory.verify(folder, by: keys, containing: [])
        // Unused trailing bits in the base64 of a signature do not change the signed text.
        #expect(name == "checkpoint" && report.records == 1, "\(name) byte \(place) (seed \(seed))")
      } catch is LogFault {}
      try original.write(to: url)
    }
  }
}
