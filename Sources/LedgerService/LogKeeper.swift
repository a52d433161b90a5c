import DurableFiles
import Foundation
import LedgerDomain
import LedgerStore
import Logging
import TransparencyLog

/// Signs for the log, and never two histories: what it signed last is kept in a file beside its key, where
/// a database restored from a backup cannot take it back.
actor LogKeeper {
  private let key: LogKey
  private let store: LedgerStore
  private let origin: String
  private let logger: Logger
  /// Where the last checkpoint that was signed is kept.
  let memoryPath: String
  /// Why nothing is signed any more; `nil` while all is well.
  private(set) var contradiction: TransparencyError?
  /// How many entries the last checkpoint covers.
  private var lastSize: UInt64 = 0

  nonisolated var verifierKey: NoteVerifierKey { key.verifierKey }

  init(key: LogKey, store: LedgerStore, origin: String, logger: Logger) {
    self.key = key
    self.store = store
    self.origin = origin
    self.logger = logger
    memoryPath = key.path + ".checkpoint"
  }

  /// Takes the log as its own, and holds it against what was signed last.
  ///
  /// Errors: a `Refusal` where the log's checkpoints are signed by another key.
  func begin() async throws {
    let claimed = try await store.claimLogKey(verifierKey)
    guard claimed == verifierKey.description else {
      throw Refusal(
        .forbidden, check: "log_key", field: key.path,
        "This log's checkpoints are signed by \(claimed), and the key file holds \(verifierKey). Give "
          + "the right file by PITHLEDGER_LOG_KEY_FILE, or the data directory this log was begun with."
      )
    }
    do { try await holdAgainstMemory() } catch let error as TransparencyError { refuse(error) }
  }

  /// Signs and accepts nothing from here on.
  func refuse(_ error: TransparencyError) {
    if contradiction == nil {
      logger.critical(
        """
        this log is not the one that was signed for: \(error). Nothing is signed or accepted. Restore a \
        newer backup; see docs/operations.md
        """)
    }
    contradiction = error
  }

  /// Refuses where the log contradicts what was signed.
  func requireOneHistory() throws(Refusal) {
    guard let contradiction else { return }
    throw Refusal(
      .unavailable, check: contradiction.check,
      "This database is not the history that this ledger signed: \(contradiction.message). Its operator "
        + "has to restore a newer backup.")
  }

  // MARK: Memory

  /// The last checkpoint that this key signed; `nil` for none yet.
  private func remembered() throws(TransparencyError) -> SignedCheckpoint? {
    guard FileManager.default.fileExists(atPath: memoryPath) else { return nil }
    guard let data = FileManager.default.contents(atPath: memoryPath) else {
      throw TransparencyError("checkpoint.memory", "\(memoryPath) cannot be read")
    }
    return try SignedCheckpoint(Array(data), by: [verifierKey], origin: origin)
  }

  /// The same as it stands in its file, for whoever checks everything.
  func memory() -> (name: String, bytes: [UInt8])? {
    FileManager.default.contents(atPath: memoryPath).map {
      ("the last checkpoint signed", Array($0))
    }
  }

  /// Writes the file whole or not at all, and to the disk before anything is published.
  private func remember(_ signed: SignedCheckpoint) throws(TransparencyError) {
    do { try DurableFile.replace(memoryPath, with: signed.note.bytes) } catch {
      throw TransparencyError("checkpoint.memory", "\(memoryPath) cannot be written: \(error)")
    }
    lastSize = signed.checkpoint.size
  }

  /// The tree, once it is shown to contain what was signed last.
  @discardableResult
  private func holdAgainstMemory() async throws -> (edge: TreeEdge, last: SignedCheckpoint?) {
    let edge = try await store.growTree()
    let newest = try await store.latestCheckpoint()
    let last = try remembered()
    guard let last else {
      guard newest == nil else {
        throw TransparencyError(
          "checkpoint.memory_missing",
          "the database holds checkpoints up to \(newest?.size ?? 0), and \(memoryPath) is missing: put it "
            + "back, or give the last checkpoint that you can vouch for with `pithledger checkpoint "
            + "--continue-from FILE`")
      }
      return (edge, nil)
    }
    lastSize = last.checkpoint.size
    try await prove(last.checkpoint, isBeginningOf: edge)
    return (edge, last)
  }

  /// Errors: `checkpoint.rolled_back`, `checkpoint.contradiction`.
  private func prove(_ last: Checkpoint, isBeginningOf edge: TreeEdge) async throws {
    guard last.size <= edge.size else {
      throw TransparencyError(
        "checkpoint.rolled_back",
        "\(last.size) entries were signed for, and the database has \(edge.size)")
    }
    guard let shape = TreeShape.consistency(old: last.size, new: edge.size) else { return }
    do throws(TransparencyError) {
      try TreeProofs.verifyConsistency(
        old: last.size, oldRoot: last.root, new: edge.size, newRoot: edge.root,
        proof: try await hashes(shape))
    } catch {
      throw TransparencyError(
        "checkpoint.contradiction",
        "the first \(last.size) entries are not those that were signed for (\(error.message))")
    }
  }

  private func hashes(_ shape: [ProofElement]) async throws(TransparencyError) -> [TreeHash] {
    do { return try await store.hashes(of: shape) } catch {
      throw TransparencyError("checkpoint.contradiction", "\(error)")
    }
  }

  // MARK: Signing

  /// A checkpoint of the whole log, signed now, or the last one where nothing came since.
  ///
  /// Errors: `Refusal` where the log contradicts what was signed before.
  @discardableResult
  func checkpoint() async throws -> LedgerStore.StoredCheckpoint {
    try requireOneHistory()
    do {
      // Two processes may share the key: one signs at a time.
      let lock = try FileLock(path: key.path + ".lock")
      try await lock.lock(exclusive: true)
      defer { lock.unlock() }
      let (edge, last) = try await holdAgainstMemory()
      if let last, last.checkpoint.size == edge.size {
        // Signed before, and perhaps not recorded before a crash.
        try await store.record(last)
      } else {
        let signed = try SignedCheckpoint(
          Checkpoint(origin: origin, size: edge.size, root: edge.root), by: key.signer)
        try remember(signed)
        try await store.record(signed)
      }
      guard let stored = try await store.checkpoint(size: edge.size) else {
        throw Refusal(.unavailable, check: "checkpoint", "The checkpoint cannot be read back.")
      }
      return stored
    } catch let error as TransparencyError {
      refuse(error)
      try requireOneHistory()
      throw error
    }
  }

  /// Takes up the memory of a key from a checkpoint that somebody else kept.
  ///
  /// Errors: `Refusal` where it is not this key's, or the log does not contain it.
  func continueFrom(_ bytes: [UInt8]) async throws {
    do {
      let signed = try SignedCheckpoint(bytes, by: [verifierKey], origin: origin)
      if let last = try remembered(), last.checkpoint.size > signed.checkpoint.size {
        throw TransparencyError(
          "checkpoint.rolled_back",
          "\(last.checkpoint.size) entries were signed for, which is more than that checkpoint covers"
        )
      }
      let edge = try await store.growTree()
      try await prove(signed.checkpoint, isBeginningOf: edge)
      try remember(signed)
      contradiction = nil
    } catch let error as TransparencyError {
      throw Refusal(.conflict, check: error.check, error.message)
    }
  }

  /// How many entries the last checkpoint covers, for whoever is about to append.
  ///
  /// Errors: `Refusal` where the log contradicts what was signed.
  func signedSize() throws(Refusal) -> UInt64 {
    try requireOneHistory()
    return lastSize
  }

  /// Holds the position of a new entry against what was signed before it was appended: it lies behind that, or
  /// the database is an older one.
  func expect(_ position: Int64, beyond signed: UInt64) throws(Refusal) {
    if UInt64(clamping: position) < signed {
      refuse(
        TransparencyError(
          "checkpoint.rolled_back",
          "\(signed) entries were signed for, and a new one was given position \(position)"))
    }
    try requireOneHistory()
  }

  /// The log's promise that an entry is at its position.
  nonisolated func promise(_ event: StoredEvent) async throws -> String {
    try await requireOneHistory()
    let promise = PromiseNote(
      origin: origin, position: UInt64(clamping: event.position),
      eventID: "sha256:" + event.eventID.hex, leaf: .leaf(event.entry))
    return try promise.signed(by: key.signer).description
  }
}
