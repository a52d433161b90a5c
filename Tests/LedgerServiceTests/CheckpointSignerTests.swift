import Encodings
import Foundation
import LedgerDomain
import Testing
import TransparencyLog

@testable import LedgerService
@testable import LedgerStore

@Suite("The signer of checkpoints")
final class CheckpointSignerTests {
  private static let origin = "example.org/log"

  private let folder: String
  private let key: LogKey
  private let tree = FakeTree(["a", "b", "c"])
  private let archive = FakeCheckpointArchive()

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("signer-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    key = try LogKey(path: folder + "/log.key", name: "example.org/log")
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// A signer as a process has it after its start. Each shares the file of the last checkpoint.
  private func begin(_ archive: FakeCheckpointArchive? = nil) async throws -> CheckpointSigner {
    let signer = CheckpointSigner(
      key: key, tree: tree, archive: archive ?? self.archive, origin: Self.origin,
      logger: silentLogger)
    try await signer.begin()
    return signer
  }

  private func expectRefusal(
    _ check: String, _ body: () async throws -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async {
    do {
      try await body()
      Issue.record("not refused", sourceLocation: sourceLocation)
    } catch {
      #expect((error as? Refusal)?.check == check, "\(error)", sourceLocation: sourceLocation)
    }
  }

  private func note(size: TreeSize, root: Digest, by signer: NoteSigner) throws -> [UInt8] {
    try SignedCheckpoint(Checkpoint(origin: Self.origin, size: size, root: root), by: signer)
      .note.bytes
  }

  @Test("It signs the whole tree, and signs again only when the tree has grown")
  func growth() async throws {
    let signer = try await begin()
    let first = try await signer.checkpoint()
    #expect(first.size == 3)
    #expect(first.root == (try await tree.integrate()).root)
    #expect(try await signer.checkpoint().note == first.note)
    await tree.replace(["a", "b", "c", "d", "e"])
    #expect(try await signer.checkpoint().size == 5)
    #expect(await archive.checkpoints.keys.sorted() == [3, 5])
    #expect(try await signer.signedSize() == 5)
  }

  @Test("It signs nothing over a history that differs from its last checkpoint")
  func contradiction() async throws {
    _ = try await begin().checkpoint()
    await tree.replace(["a", "other", "c", "d"])
    let signer = try await begin()
    #expect(await signer.mismatch?.check == "checkpoint.contradiction")
    await expectRefusal("checkpoint.contradiction") { _ = try await signer.checkpoint() }
    await expectRefusal("checkpoint.contradiction") { _ = try await signer.signedSize() }
    #expect(await archive.checkpoints.keys.sorted() == [3])
    // The mismatch stays, although the tree is the signed one again.
    await tree.replace(["a", "b", "c", "d"])
    await expectRefusal("checkpoint.contradiction") { _ = try await signer.checkpoint() }
  }

  @Test("It finds a difference that appears while it runs")
  func laterContradiction() async throws {
    let signer = try await begin()
    _ = try await signer.checkpoint()
    await tree.replace(["a", "b", "other", "d"])
    await expectRefusal("checkpoint.contradiction") { _ = try await signer.checkpoint() }
    #expect(await signer.mismatch != nil)
    #expect(await archive.checkpoints.keys.sorted() == [3])
  }

  @Test("A shorter log is a log that was rolled back")
  func shorterLog() async throws {
    _ = try await begin().checkpoint()
    await tree.replace(["a", "b"])
    await expectRefusal("checkpoint.rolled_back") { _ = try await self.begin().checkpoint() }
  }

  @Test("A new entry among the signed positions shows that the log was rolled back")
  func positions() async throws {
    let signer = try await begin()
    _ = try await signer.checkpoint()
    let signed = try await signer.signedSize()
    try await signer.expect(3, beyond: signed)
    await expectRefusal("checkpoint.rolled_back") { try await signer.expect(2, beyond: signed) }
    await expectRefusal("checkpoint.rolled_back") { try await signer.requireConsistentHistory() }
  }

  @Test("A failed read is an outage and no difference")
  func outage() async throws {
    let signer = try await begin()
    await tree.fail(with: LedgerStoreError(.unavailable, "no connection"))
    await #expect(throws: LedgerStoreError.self) { try await signer.checkpoint() }
    #expect(await signer.mismatch == nil)
    #expect(await signer.outage?.check == "database")
    await tree.fail(with: nil)
    #expect(try await signer.checkpoint().size == 3)
    #expect(await signer.outage == nil)
  }

  @Test("It signs nothing if the file of the last checkpoint is missing")
  func missingMemory() async throws {
    let signer = try await begin()
    _ = try await signer.checkpoint()
    try FileManager.default.removeItem(atPath: key.path + ".checkpoint")
    await tree.replace(["x"])
    await expectRefusal(CheckpointMemory.missing) { _ = try await self.begin().checkpoint() }
    #expect(await archive.checkpoints.keys.sorted() == [3])
  }

  @Test("Another root in the database is a difference")
  func anotherRoot() async throws {
    let signer = try await begin()
    await archive.fail(with: LedgerStoreError(.anotherRoot, "another root"))
    await expectRefusal("checkpoint.contradiction") { _ = try await signer.checkpoint() }
  }

  @Test("A log that another key signs is refused")
  func anotherKey() async throws {
    let archive = FakeCheckpointArchive(key: "another")
    await expectRefusal("log_key") { _ = try await self.begin(archive) }
  }

  @Test("A checkpoint that others show proves a difference only if this key signed it")
  func shown() async throws {
    let signer = try await begin()
    let stranger = try NoteSigner(name: "example.org/log", secret: NoteSigner.freshSecret())
    let foreign = try note(size: 1000, root: .emptyTree, by: stranger)
    await #expect(throws: TransparencyError.self) { try await signer.compare(with: foreign) }
    let root = (try await tree.integrate()).root
    #expect(try await signer.compare(with: note(size: 3, root: root, by: key.signer)))
    #expect(await signer.mismatch == nil)
    #expect(try await !signer.compare(with: note(size: 1000, root: .emptyTree, by: key.signer)))
    await expectRefusal("checkpoint.rolled_back") { _ = try await signer.checkpoint() }
  }

  @Test("An adopted checkpoint replaces a missing file, and never a larger checkpoint")
  func adoption() async throws {
    let signer = try await begin()
    let small = try await signer.checkpoint()
    await tree.replace(["a", "b", "c", "d"])
    _ = try await signer.checkpoint()
    await expectRefusal("checkpoint.rolled_back") {
      try await signer.adopt(Array(small.note.utf8))
    }
    try FileManager.default.removeItem(atPath: key.path + ".checkpoint")
    let second = try await begin()
    await expectRefusal(CheckpointMemory.missing) { _ = try await second.checkpoint() }
    try await second.adopt(Array(small.note.utf8))
    #expect(try await second.checkpoint().size == 4)
  }
}
