import DurableFiles
import Foundation
import LedgerDomain
import LedgerStore
public import LedgerVerifier
public import Logging
import ProofVerification
import Synchronization
public import TransparencyLog

/// Builds a ledger from an exported folder, in an empty database or in one that an import did not finish.
public struct LogImporter: Sendable {
  /// The number of entries from which the projections are rebuilt at once. Nobody reads the old ones.
  private static let rebuildLag: Int64 = 5_000

  let configuration: LedgerConfiguration
  let logger: Logger

  /// Creates an importer.
  ///
  /// - Parameters:
  ///   - configuration: the settings of the new ledger, which name the database. The export does not contain the
  ///     registry key and the log key.
  ///   - logger: the log of the process.
  public init(_ configuration: LedgerConfiguration, logger: Logger) {
    self.configuration = configuration
    self.logger = logger
  }

  /// Imports every entry at its position, byte for byte, after the checks of `verify log`. Entries that the
  /// database holds are compared with those of the folder, and the import continues after them.
  ///
  /// - Returns: the checkpoint of the imported log.
  ///
  /// Errors: a `LogFault` for a fault of the folder, a `Refusal` with check `import` if the database
  /// holds another log, or more entries than the folder.
  public func importLog(
    from directory: String,
    progress: @Sendable (LogVerification.Progress) -> Void = { _ in }
  ) async throws -> Checkpoint {
    let database = try await LedgerDatabase.open(configuration, logger: logger)
    do {
      let checkpoint = try await importLog(from: directory, into: database.store, progress)
      try await database.close()
      return checkpoint
    } catch {
      try? await database.close()
      throw error
    }
  }

  private func importLog(
    from directory: String, into store: LedgerStore,
    _ progress: @Sendable (LogVerification.Progress) -> Void
  ) async throws -> Checkpoint {
    let (note, checkpoint) = try await restore(directory, store, progress)
    // The projector begins with the whole log, so that it rebuilds the projections of a long one.
    let projection = Task<Void, Never> {
      try? await store.makeProjector(rebuildLag: Self.rebuildLag).run()
    }
    do {
      // The entries are appended without their evidence, so that no token is noted as used.
      async let lookups = store.lookups.run(check: false)
      let edge = try await store.tree.integrate()
      _ = try await lookups
      guard edge.root == checkpoint.root else {
        throw LogFault("checkpoint.root", place: "checkpoint", "the restored log has another root")
      }
      try await adoptCheckpoint(note, checkpoint, store)
      while !checkpoint.size.isEmpty,
        try await !store.projections.wait(
          for: checkpoint.size.end.previous, timeout: .seconds(5))
      {}
      projection.cancel()
      await projection.value
      return checkpoint
    } catch {
      projection.cancel()
      await projection.value
      throw error
    }
  }

  /// Verifies the folder, and restores its entries, evidence and trust configuration.
  private func restore(
    _ directory: String, _ store: LedgerStore,
    _ progress: @Sendable (LogVerification.Progress) -> Void
  ) async throws -> (note: [UInt8], checkpoint: Checkpoint) {
    guard let note = try LogDirectory(directory).file("checkpoint") else {
      throw LogFault("checkpoint.missing", place: "checkpoint", "there is no such file")
    }
    let checkpoint: Checkpoint
    do { checkpoint = try Checkpoint(text: try SignedNote(note).text) } catch {
      throw LogFault(error, place: "checkpoint")
    }
    let source = LogDirectory(directory, size: checkpoint.size)
    let held = try await store.log.size()
    if !held.isEmpty { try await checkHeld(held, source, checkpoint, store) }
    // The whole folder is checked before the first row is written.
    let seals = Seals()
    _ = try await LogVerification(
      source, size: checkpoint.size, expecting: [.init(checkpoint, place: "checkpoint")]
    ) { seals.add($0) }.run(keepsEvents: false, progress: progress)
    let files = ImportFolder(directory)
    try await files.restoreTrust(store)
    try await files.restoreEvidence(store)
    try await restoreEntries(source, checkpoint, seals.all, after: held, store)
    return (note, checkpoint)
  }

  /// Checks that the entries in the database are the first ones of the folder.
  ///
  /// Errors: a `Refusal`, conflict, with check `import`.
  private func checkHeld(
    _ held: TreeSize, _ source: LogDirectory, _ checkpoint: Checkpoint, _ store: LedgerStore
  ) async throws {
    func refusal(_ message: String) -> Refusal { Refusal(.conflict, check: "import", message) }
    guard held <= checkpoint.size else {
      throw refusal(
        "The database holds \(held) entries, and the folder has \(checkpoint.size). Nothing was changed."
      )
    }
    var from = Position.first
    while from < held.end {
      let limit = min(1000, from.distance(to: held.end))
      let here = try await store.log.entries(from: from, limit: limit)
      let there = try await source.entries(from: from, limit: limit)
      guard here.count == limit, there.count >= limit else {
        throw refusal(
          "The entries from position \(from) on cannot be read from the database and the folder.")
      }
      if let different = here.indices.first(where: { here[$0] != there[$0] }) {
        throw refusal(
          "The database holds another log than the folder: the entries at position "
            + "\(from.advanced(by: different)) differ. Import into an empty database. Nothing was changed."
        )
      }
      from = from.advanced(by: limit)
    }
    let origin = try await store.log.origin()
    guard origin == checkpoint.origin else {
      throw refusal(
        "The database holds the log \(origin), and the folder has \(checkpoint.origin). Nothing was changed."
      )
    }
  }

  /// Appends the entries of the folder that the database does not hold.
  ///
  /// - Parameters:
  ///   - seals: the batches whose signatures are verified.
  ///   - held: the number of entries in the database. They are read too: the columns of later entries
  ///     derive from them.
  private func restoreEntries(
    _ source: LogDirectory, _ checkpoint: Checkpoint, _ seals: [BatchSeal],
    after held: TreeSize, _ store: LedgerStore
  ) async throws {
    var reader = LogReader(keepsEvents: false)
    var seals = seals[...]
    var from = Position.first
    // While the server writes one batch, the next one is read, parsed and placed.
    try await withThrowingTaskGroup(of: Void.self) { writing in
      while true {
        let batch = try await Self.batch(source, from: from)
        if batch.count == 0 { break }
        let checked = try await reader.read(batch, sealed: seals.popFirst())
        let end = from.advanced(by: batch.count)
        from = end
        let units = checked.filter { !held.covers($0.position) }.map {
          AppendUnit(
            restoring: $0.entry, event: $0.event,
            origin: $0.position == 0 ? checkpoint.origin : nil)
        }
        try await writing.next()
        if !units.isEmpty { writing.addTask { try await Self.append(units, to: end, store) } }
      }
      try await writing.waitForAll()
    }
  }

  /// Appends units, after which the log must end at a position.
  private static func append(
    _ units: [AppendUnit], to end: Position, _ store: LedgerStore
  ) async throws {
    try await store.log.append(inOrder: units)
    guard try await store.log.size().end == end else {
      throw Refusal(
        .conflict, check: "import", "Another process wrote to the database during the import.")
    }
  }

  /// Reads and parses as many entries as a verification checks at once.
  private static func batch(
    _ source: LogDirectory, from position: Position
  ) async throws -> ParsedBatch {
    let entries = try await source.entries(from: position, limit: LogVerification.batch)
    return await ParsedBatch(
      entries.enumerated().map { .init(position: position.advanced(by: $0), bytes: $1) })
  }

  /// Lets the log key continue from the imported checkpoint, if the key that signed it is configured here.
  private func adoptCheckpoint(
    _ note: [UInt8], _ checkpoint: Checkpoint, _ store: LedgerStore
  ) async throws {
    let path = configuration.logKeyPath
    guard FileManager.default.fileExists(atPath: path) else { return }
    let key = try LogKey.read(path).verifierKey
    guard let signed = try? SignedCheckpoint(note, by: [key], origin: checkpoint.origin) else {
      return
    }
    try DurableFile.replace(path + ".checkpoint", with: signed.note.bytes)
    _ = try await store.checkpoints.claimLogKey(key)
    try await store.checkpoints.save(signed)
  }
}

/// The seals of the batches of a verification, in the order of the log.
private final class Seals: Sendable {
  private let seals = Mutex<[BatchSeal]>([])

  var all: [BatchSeal] { seals.withLock { $0 } }

  func add(_ verified: [LogReader.Checked]) {
    let seal = BatchSeal(verified)
    seals.withLock { $0.append(seal) }
  }
}
