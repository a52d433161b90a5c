import DurableFiles
import Foundation
import LedgerDomain
import LedgerStore
public import LedgerVerifier
public import Logging
import ProofVerification
public import TransparencyLog

/// Builds a ledger from an exported folder in an empty database.
public struct LogImporter: Sendable {
  let configuration: LedgerConfiguration
  let logger: Logger

  /// Creates an importer.
  ///
  /// - Parameter configuration: the settings of the new ledger, which name an empty database. The export
  ///   does not contain the registry key and the log key.
  public init(_ configuration: LedgerConfiguration, logger: Logger) {
    self.configuration = configuration
    self.logger = logger
  }

  /// Imports every entry at its position, byte for byte, after the checks of `verify log`.
  ///
  /// - Returns: the checkpoint of the imported log.
  ///
  /// Errors: a `LogFault` for a fault of the folder, a `Refusal` if the database holds a log.
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
    guard try await store.log.size().isEmpty else {
      throw Refusal(
        .conflict, check: "import",
        "The database holds a log. A log is imported into an empty database.")
    }
    guard let note = try LogDirectory(directory).file("checkpoint") else {
      throw LogFault("checkpoint.missing", place: "checkpoint", "there is no such file")
    }
    let checkpoint: Checkpoint
    do { checkpoint = try Checkpoint(text: try SignedNote(note).text) } catch {
      throw LogFault(error, place: "checkpoint")
    }
    // The whole folder is checked before the first row is written.
    let source = LogDirectory(directory, size: checkpoint.size)
    _ = try await LogVerification(
      source, size: checkpoint.size, expecting: [.init(checkpoint, place: "checkpoint")]
    ).run(keepsEvents: false, progress: progress)
    let files = ImportFolder(directory)
    try await files.restoreTrust(store)
    try await files.restoreEvidence(store)
    try await restoreEntries(source, checkpoint, store)
    let edge = try await store.tree.integrate()
    guard edge.root == checkpoint.root else {
      throw LogFault("checkpoint.root", place: "checkpoint", "the restored log has another root")
    }
    try await adoptCheckpoint(note, checkpoint, store)
    return checkpoint
  }

  private func restoreEntries(
    _ source: LogDirectory, _ checkpoint: Checkpoint, _ store: LedgerStore
  ) async throws {
    var reader = LogReader(keepsEvents: false)
    while true {
      let from = try await store.log.size().end
      let entries = try await source.entries(from: from, limit: 1000)
      if entries.isEmpty { return }
      let checked = try await reader.read(
        entries.enumerated().map { .init(position: from.advanced(by: $0), bytes: $1) })
      try await store.log.append(
        inOrder: checked.map {
          AppendUnit(
            restoring: $0.entry, event: $0.event,
            origin: $0.position == 0 ? checkpoint.origin : nil)
        })
      guard try await store.log.size().end == from.advanced(by: entries.count) else {
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
