import DurableFiles
import Foundation
import LedgerDomain
import LedgerStore
public import LedgerVerifier
public import Logging
import ProofVerification
public import TransparencyLog

/// Builds a ledger from an exported folder, in an empty database or in one that an import did not finish.
public struct LogImporter: Sendable {
  let configuration: LedgerConfiguration
  let logger: Logger

  /// Creates an importer.
  ///
  /// - Parameter configuration: the settings of the new ledger, which name the database. The export
  ///   does not contain the registry key and the log key.
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
    let projection = Task<Void, Never> { try? await store.makeProjector().run() }
    do {
      let checkpoint = try await restore(directory, store, progress)
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

  private func restore(
    _ directory: String, _ store: LedgerStore,
    _ progress: @Sendable (LogVerification.Progress) -> Void
  ) async throws -> Checkpoint {
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
    _ = try await LogVerification(
      source, size: checkpoint.size, expecting: [.init(checkpoint, place: "checkpoint")]
    ).run(keepsEvents: false, progress: progress)
    let files = ImportFolder(directory)
    try await files.restoreTrust(store)
    try await files.restoreEvidence(store)
    try await restoreEntries(source, checkpoint, after: held, store)
    // The entries are appended without their evidence, so that no token is noted as used.
    _ = try await store.lookups.run(check: false)
    let edge = try await store.tree.integrate()
    guard edge.root == checkpoint.root else {
      throw LogFault("checkpoint.root", place: "checkpoint", "the restored log has another root")
    }
    try await adoptCheckpoint(note, checkpoint, store)
    return checkpoint
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
  /// - Parameter held: the number of entries in the database. They are read too: the signatures of later
  ///   entries are verified with the keys that they register.
  private func restoreEntries(
    _ source: LogDirectory, _ checkpoint: Checkpoint, after held: TreeSize, _ store: LedgerStore
  ) async throws {
    var reader = LogReader(keepsEvents: false)
    var from = Position.first
    while true {
      let entries = try await source.entries(from: from, limit: 1000)
      if entries.isEmpty { return }
      let checked = try await reader.read(
        entries.enumerated().map { .init(position: from.advanced(by: $0), bytes: $1) })
      from = from.advanced(by: entries.count)
      let missing = checked.filter { !held.covers($0.position) }
      if missing.isEmpty { continue }
      try await store.log.append(
        inOrder: missing.map {
          AppendUnit(
            restoring: $0.entry, event: $0.event,
            origin: $0.position == 0 ? checkpoint.origin : nil)
        })
      guard try await store.log.size().end == from else {
        throw Refusal(
          .conflict, check: "import", "Another process wrote to the database during the import.")
      }
    }
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
