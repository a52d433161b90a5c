import Encodings
import Foundation
import HTTPTypes
import HummingbirdTesting
import LedgerDomain
import LedgerStore
import LedgerTestSupport
import LedgerVerifier
import NIOCore
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerService

/// What every reader of a log must answer.
///
/// The program has two readers: of the database (`fsck`) and of a folder (`verify log`). It has none
/// over HTTP, so that these tests read the tiles of the HTTP service themselves.
@Suite("Readers of a log", .privateServer())
struct LogSourceTests {
  /// Reads a log from the routes of C2SP tlog-tiles.
  private struct RoutedLog: LogSource {
    let client: any TestClientProtocol
    let size: TreeSize

    private func bytes(_ path: TilePath) async throws -> [UInt8]? {
      try await client.execute(uri: "/\(path)", method: .get) { response in
        guard response.status != .notFound else { return nil }
        try #require(response.status == .ok)
        return Array(response.body.readableBytesView)
      }
    }

    func entries(from position: Position, limit: Int) async throws -> [[UInt8]] {
      var entries: [[UInt8]] = []
      let end = min(size.rawValue, position.leafIndex + UInt64(limit))
      for leaf in position.leafIndex..<max(end, position.leafIndex) {
        let index = leaf / UInt64(TilePath.fullWidth)
        let start = index * UInt64(TilePath.fullWidth)
        if entries.isEmpty || leaf == start {
          let width = Int(min(UInt64(TilePath.fullWidth), size.rawValue - start))
          let bytes = try #require(
            try await bytes(TilePath(.entries, index: index, width: width)))
          let bundle = try #require(TileBytes.decode(entries: bytes))
          try #require(bundle.count == width)
          entries += bundle[Int(leaf - start)...]
        }
      }
      return Array(entries.prefix(limit))
    }

    func tile(level: Int, index: UInt64, width: Int) async throws -> [Digest]? {
      try await bytes(TilePath(.hashes(level: level), index: index, width: width)).map {
        try #require(TileBytes.decode($0))
      }
    }

    func columnDifferences(from derived: [FoldEvent]) async throws -> [ColumnDifference]? { nil }
  }

  @Test("An empty log has no entries and no tiles in any reader")
  func emptyLog() async throws {
    let uri = try await PrivateServer.running().database()
    _ = try await Migrator(uri: uri, logger: PrivateServer.logger).migrate()
    let store = try await LedgerStore.open(
      StoreConfiguration(uri: uri, logger: PrivateServer.logger))
    let folder = "/tmp/plt-empty-\(UUID())"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let readers: [any LogSource] = [StoredLog(store: store), LogDirectory(folder)]
    for reader in readers {
      #expect(try await reader.entries(from: .first, limit: 0).isEmpty)
      #expect(try await reader.entries(from: .first, limit: 10).isEmpty)
      #expect(try await reader.tile(level: 0, index: 0, width: 1) == nil)
      #expect(try await (reader.columnDifferences(from: []) ?? []).isEmpty)
      let outcome = try await LogVerification(reader, size: 0, expecting: []).run()
      #expect(outcome.edge.size == 0)
    }
    await store.close()
  }

  /// A log of more than one tile: `size` entries and their leaf hashes.
  private struct Expected {
    let entries: [[UInt8]]
    let leaves: [Digest]
    let checkpoint: Checkpoint

    var size: Int { entries.count }
  }

  @Test("Entries, tiles and columns are the same in every reader")
  func sameAnswers() async throws {
    try await withLedger { test in
      let author = try await test.key("author")
      for number in 0..<270 { _ = try await test.cite("10.1/\(number)", by: author) }
      let folder = "/tmp/plt-source-\(UUID())"
      defer { try? FileManager.default.removeItem(atPath: folder) }
      _ = try await test.ledger.logExporter.exportTiles(to: folder)
      let key = try NoteVerifierKey(try #require(try await test.ledger.checkpoints.verifierKey()))
      let checkpoint = try LogDirectory(folder).checkpoint(by: [key]).checkpoint
      let store = test.ledger.store
      let entries = try await store.log.entries(from: .first, limit: 1000)
      try #require(entries.count == Int(checkpoint.size.rawValue))
      try #require(entries.count > TilePath.fullWidth && entries.count < 2 * TilePath.fullWidth)
      let expected = Expected(
        entries: entries, leaves: entries.map { Digest.leaf($0) }, checkpoint: checkpoint)

      try await expectConformance(StoredLog(store: store), expected, hasColumns: true)
      try await expectConformance(
        LogDirectory(folder, size: checkpoint.size), expected, hasColumns: false)
      // A folder that has grown beyond a checkpoint still has the log of that size.
      let earlier = LogDirectory(folder, size: 100)
      #expect(try await earlier.entries(from: 90, limit: 20) == Array(entries[90..<100]))
      try await test.serving { client in
        try await expectConformance(
          RoutedLog(client: client, size: checkpoint.size), expected, hasColumns: false)
      }
    }
  }

  private func expectConformance(
    _ reader: any LogSource, _ expected: Expected, hasColumns: Bool
  ) async throws {
    let name = "\(type(of: reader))"
    let size = expected.size
    for (from, limit) in [
      (0, 0), (0, 1), (0, size), (0, size + 10), (250, 12), (256, 1), (255, 1), (size - 1, 5),
      (size, 5), (size + 1000, 5),
    ] {
      let start = min(from, size)
      let wanted = expected.entries[start..<min(size, start + limit)]
      let found = try await reader.entries(from: Position(leaf: UInt64(from)), limit: limit)
      #expect(found == Array(wanted), "\(name): \(limit) entries from \(from)")
    }
    try await expectTiles(reader, expected, name)
    try await expectColumns(reader, expected, hasColumns: hasColumns, name)
    try await expectPrefix(reader, expected, name)
    let outcome = try await LogVerification(
      reader, size: expected.checkpoint.size, expecting: [.init(expected.checkpoint, place: name)]
    ).run()
    #expect(outcome.edge.root == expected.checkpoint.root, "\(name)")
    #expect(outcome.checkpoints == 1, "\(name)")
  }

  /// Expects that a reader gives the log of an earlier size, whose last tiles are narrower.
  private func expectPrefix(
    _ reader: any LogSource, _ expected: Expected, _ name: String
  ) async throws {
    for size in [1, 100, TilePath.fullWidth, TilePath.fullWidth + 4] {
      var edge = Frontier()
      for leaf in expected.leaves[..<size] { edge.append(leaf) { _ in } }
      let checkpoint = Checkpoint(
        origin: expected.checkpoint.origin, size: edge.size, root: edge.root)
      let outcome = try await LogVerification(
        reader, size: edge.size, expecting: [.init(checkpoint, place: name)]
      ).run()
      #expect(outcome.edge == edge && outcome.checkpoints == 1, "\(name): \(size) entries")
    }
  }

  /// Expects that stored columns are those of the entries, and that each changed one is named.
  private func expectColumns(
    _ reader: any LogSource, _ expected: Expected, hasColumns: Bool, _ name: String
  ) async throws {
    var log = LogReader()
    var derived = try await log.read(
      expected.entries.enumerated().map {
        .init(position: Position(leaf: UInt64($0)), bytes: $1)
      }
    ).map(\.event)
    #expect(
      try await reader.columnDifferences(from: derived) == (hasColumns ? [] : nil), "\(name)")
    guard hasColumns else { return }
    derived[10].verdict = .gone
    derived[12].targetHash += 1
    derived[12].slot = nil
    derived[derived.count - 1].position = Position(leaf: 1_000_000)
    #expect(
      try await reader.columnDifferences(from: derived) == [
        ColumnDifference(position: Position(leaf: 10), columns: ["verdict"]),
        ColumnDifference(position: Position(leaf: 12), columns: ["slot", "target_hash"]),
        ColumnDifference(position: Position(leaf: 1_000_000), columns: []),
      ], "\(name)")
  }

  private func expectTiles(
    _ reader: any LogSource, _ expected: Expected, _ name: String
  ) async throws {
    let width = TilePath.fullWidth
    let rest = expected.size - width
    #expect(
      try await reader.tile(level: 0, index: 0, width: width) == Array(expected.leaves[..<width]),
      "\(name): a full tile")
    #expect(
      try await reader.tile(level: 0, index: 1, width: rest) == Array(expected.leaves[width...]),
      "\(name): a partial tile")
    for narrower in [1, width - 1] {
      #expect(
        try await reader.tile(level: 0, index: 0, width: narrower)
          == Array(expected.leaves[..<narrower]),
        "\(name): \(narrower) hashes of a full tile")
    }
    #expect(
      try await reader.tile(level: 0, index: 1, width: rest - 1)
        == Array(expected.leaves[width..<width + rest - 1]),
      "\(name): all but one hash of a partial tile")
    var edge = Frontier()
    for leaf in expected.leaves[..<width] { edge.append(leaf) { _ in } }
    #expect(
      try await reader.tile(level: 1, index: 0, width: 1) == [edge.root],
      "\(name): a partial tile of the second level")
    #expect(
      try await reader.tile(level: 0, index: 1, width: rest + 1) == nil, "\(name): a wider tile")
    #expect(try await reader.tile(level: 0, index: 2, width: 1) == nil, "\(name): a later tile")
    #expect(try await reader.tile(level: 2, index: 0, width: 1) == nil, "\(name): a higher tile")
  }
}
