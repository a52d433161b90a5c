import DurableFiles
import Encodings
import Foundation
import LedgerDomain
import LedgerStore
import Logging
import TransparencyLog

/// Signs for the log, and never two histories: what it signed last is kept in a file beside its key, where
/// a database restored from a backup cannot take it back.
actor CheckpointSigner {
  private let key: LogKey
  private let store: LedgerStore
  private let origin: String
  private let logger: Logger
  private nonisolated let memory: CheckpointMemory
  /// Proof that the log is not the one that was signed for; it stays until an operator deals with it.
  private(set) var mismatch: HistoryMismatch?
  /// Why the last attempt to sign failed; `nil` once one has succeeded.
  private(set) var outage: Refusal?
  /// How many entries the last checkpoint covers; `nil` until the log has been compared with it.
  private var lastSize: UInt64?

  nonisolated var verifierKey: NoteVerifierKey { key.verifierKey }
  /// Where the last checkpoint that was signed is kept.
  nonisolated var memoryPath: String { memory.path }

  init(key: LogKey, store: LedgerStore, origin: String, logger: Logger) {
    self.key = key
    self.store = store
    self.origin = origin
    self.logger = logger
    memory = CheckpointMemory(
      path: key.path + ".checkpoint", key: key.verifierKey, origin: origin)
  }

  /// Takes the log as its own, and compares it with what was signed last.
  ///
  /// Errors: a `Refusal` where the log's checkpoints are signed by another key; what the database reports.
  func begin() async throws {
    let claimed = try await store.checkpoints.claimLogKey(verifierKey)
    guard claimed == verifierKey.description else {
      throw Refusal(
        .forbidden, check: "log_key", field: key.path,
        "This log's checkpoints are signed by \(claimed), and the key file holds \(verifierKey). Give "
          + "the right file by PITHLEDGER_LOG_KEY_FILE, or the data directory this log was begun with."
      )
    }
    do { try await compareWithMemory() } catch let error as HistoryMismatch {
      refuse(error)
    } catch let error as Refusal where error.code == .unavailable {
      // Reading works without the file; each submission looks for it again.
      report(error)
    }
  }

  /// Signs and accepts nothing from here on.
  func refuse(_ error: HistoryMismatch) {
    if mismatch == nil {
      logger.critical(
        """
        this log is not the one that was signed for: \(error). Nothing is signed or accepted. Restore a \
        newer backup; see docs/operations.md
        """)
    }
    mismatch = error
  }

  /// Refuses where the log contradicts what was signed.
  func requireConsistentHistory() throws(Refusal) {
    guard let mismatch else { return }
    throw Refusal(
      .unavailable, check: mismatch.check,
      "This database is not the history that this ledger signed: \(mismatch.message). Its operator "
        + "has to restore a newer backup.")
  }

  /// Notes why nothing could be signed. A task that was cancelled says nothing about the log.
  private func report(_ error: any Error) {
    guard !(error is CancellationError), !Task.isCancelled else { return }
    outage =
      switch error {
      case let error as Refusal: error
      case let error where LedgerStoreError.isUnavailability(error):
        Refusal(.unavailable, check: "database", "The database cannot be reached: \(error).")
      default: Refusal(.unavailable, check: "log", "\(error)")
      }
  }

  // MARK: Memory

  /// The last checkpoint signed as it stands in its file, for fsck.
  nonisolated func remembered() throws(Refusal) -> (name: String, bytes: [UInt8])? {
    try memory.bytes().map { ("the last checkpoint signed", $0) }
  }

  /// The tree, once it is shown to contain what was signed last.
  ///
  /// Errors: a `HistoryMismatch`; a `Refusal`, unavailable, where the file of the last checkpoint is missing or cannot
  /// be used; what the database reports.
  @discardableResult
  private func compareWithMemory() async throws -> (edge: Frontier, last: SignedCheckpoint?) {
    // In this order: what another process signs meanwhile covers more than was read here.
    var last = try memory.last()
    let edge = try await store.tree.integrate()
    if last == nil, let newest = try await store.checkpoints.latest() {
      last = try memory.last()
      guard last != nil else {
        throw Refusal(
          .unavailable, check: CheckpointMemory.missing, field: memory.path,
          "The database holds checkpoints up to \(newest.size), and the file of the last checkpoint signed is "
            + "missing: put it back, or give the last checkpoint that you can vouch for with `pithledger checkpoint "
            + "--continue-from FILE`.")
      }
      return try await compareWithMemory()
    }
    guard let last else {
      lastSize = lastSize ?? 0
      return (edge, nil)
    }
    try await prove(last.checkpoint, isBeginningOf: edge)
    lastSize = last.checkpoint.size
    return (edge, last)
  }

  /// Errors: a `HistoryMismatch` where hashes differ or the log is shorter; what reading them reports.
  private func prove(_ last: Checkpoint, isBeginningOf edge: Frontier) async throws {
    guard last.size <= edge.size else {
      throw HistoryMismatch(
        "checkpoint.rolled_back",
        "\(last.size) entries were signed for, and the database has \(edge.size)")
    }
    guard let shape = ProofLayout.consistency(old: last.size, new: edge.size) else { return }
    // A read that fails proves nothing: its error is passed on as what it is.
    let proof = try await store.tree.hashes(of: shape)
    do throws(TransparencyError) {
      try TreeProofs.verifyConsistency(
        old: last.size, oldRoot: last.root, new: edge.size, newRoot: edge.root, proof: proof)
    } catch {
      throw HistoryMismatch(
        "checkpoint.contradiction",
        "the first \(last.size) entries are not those that were signed for (\(error.message))")
    }
  }

  /// Compares the log with a checkpoint that somebody else shows, and refuses from here on where it contradicts.
  ///
  /// - Returns: whether the log contains it. A checkpoint that this log's key did not sign is evidence of nothing.
  func compare(with bytes: [UInt8]) async throws -> Bool {
    guard let shown = try? SignedCheckpoint(bytes, by: [verifierKey], origin: origin) else {
      throw TransparencyError("note.signature", "no checkpoint of this log's key was shown")
    }
    // Read after the note was: another process of this ledger signs for what is committed already.
    let edge = try await store.tree.integrate()
    do { try await prove(shown.checkpoint, isBeginningOf: edge) } catch let error as HistoryMismatch
    {
      refuse(error)
      return false
    }
    return true
  }

  // MARK: Signing

  /// A checkpoint of the whole log, signed now, or the last one where nothing came since.
  ///
  /// Errors: a `Refusal` where the log contradicts what was signed before, or the file of the last checkpoint cannot
  /// be used; what the database reports.
  @discardableResult
  func checkpoint() async throws -> StoredCheckpoint {
    try requireConsistentHistory()
    do {
      let signed = try await sign()
      outage = nil
      return signed
    } catch let error as HistoryMismatch {
      refuse(error)
      try requireConsistentHistory()
      throw error
    } catch {
      report(error)
      throw error
    }
  }

  private func sign() async throws -> StoredCheckpoint {
    // Two processes may share the key: one signs at a time.
    let lock = try FileLock(path: key.path + ".lock")
    try await lock.lock(exclusive: true)
    defer { lock.unlock() }
    let (edge, last) = try await compareWithMemory()
    let signed: SignedCheckpoint
    if let last, last.checkpoint.size == edge.size {
      // Signed before, and perhaps not recorded before a crash.
      signed = last
    } else {
      signed = try SignedCheckpoint(
        Checkpoint(origin: origin, size: edge.size, root: edge.root), by: key.signer)
      try memory.keep(signed)
      lastSize = signed.checkpoint.size
    }
    do { try await store.checkpoints.save(signed) } catch let error as LedgerStoreError
      where error.code == .anotherRoot
    { throw HistoryMismatch("checkpoint.contradiction", error.message) }
    let stored = try await store.checkpoints.checkpoint(size: edge.size)
    guard let stored, stored.note == signed.note.description else {
      // Somebody else's note is kept under this size. Signed is what was signed here.
      logger.error("the database keeps another note for \(edge.size) entries than was signed")
      return StoredCheckpoint(signed)
    }
    return stored
  }

  /// Takes up the memory of a key from a checkpoint that somebody else kept.
  ///
  /// Errors: `Refusal` where it is not this key's, or the log does not contain it.
  func adopt(_ bytes: [UInt8]) async throws {
    do {
      let signed = try SignedCheckpoint(bytes, by: [verifierKey], origin: origin)
      let lock = try FileLock(path: key.path + ".lock")
      try await lock.lock(exclusive: true)
      defer { lock.unlock() }
      if let last = try usableMemory(), last.checkpoint.size > signed.checkpoint.size {
        throw HistoryMismatch(
          "checkpoint.rolled_back",
          "\(last.checkpoint.size) entries were signed for, which is more than that checkpoint covers"
        )
      }
      let edge = try await store.tree.integrate()
      try await prove(signed.checkpoint, isBeginningOf: edge)
      try memory.keep(signed)
      lastSize = signed.checkpoint.size
      mismatch = nil
      outage = nil
    } catch let error as TransparencyError {
      throw Refusal(.conflict, check: error.check, error.message)
    } catch let error as HistoryMismatch {
      throw Refusal(.conflict, check: error.check, error.message)
    }
  }

  /// What the file holds, where it holds a checkpoint: a damaged one is what an operator replaces.
  private func usableMemory() throws -> SignedCheckpoint? {
    do { return try memory.last() } catch  where error.check == CheckpointMemory.damaged {
      return nil
    }
  }

  /// How many entries the last checkpoint covers, for a submission that is about to be appended.
  ///
  /// Errors: a `Refusal` where the log contradicts what was signed, or could not be compared with it yet.
  func signedSize() async throws -> UInt64 {
    try requireConsistentHistory()
    if let lastSize { return lastSize }
    do { try await compareWithMemory() } catch let error as HistoryMismatch {
      refuse(error)
      try requireConsistentHistory()
    } catch {
      report(error)
      throw error
    }
    outage = nil
    return lastSize ?? 0
  }

  /// Compares the position of a new entry with what was signed before it was appended: it lies behind that, or
  /// the database is an older one.
  func expect(_ position: Position, beyond signed: UInt64) throws(Refusal) {
    if position.leafIndex < signed {
      refuse(
        HistoryMismatch(
          "checkpoint.rolled_back",
          "\(signed) entries were signed for, and a new one was given position \(position)"))
    }
    try requireConsistentHistory()
  }

  /// The log's promise that an entry is at its position.
  nonisolated func receipt(_ event: StoredEvent) async throws -> String {
    try await requireConsistentHistory()
    let receipt = LogReceipt(
      origin: origin, position: event.position.leafIndex,
      eventID: "sha256:" + event.eventID.hex, leaf: .leaf(event.entry))
    return try receipt.signed(by: key.signer).description
  }
}
