import DurableFiles
import Encodings
import Foundation
import LedgerDomain
import LedgerStore
import Logging
import TransparencyLog

/// The Merkle tree over the log.
protocol LogTree: Sendable {
  /// Adds the entries that the tree does not cover yet, and returns the frontier of the tree.
  @discardableResult
  func integrate() async throws -> Frontier
  /// The hashes of a proof.
  func hashes(of elements: [ProofElement]) async throws -> [Digest]
}

extension TreeStore: LogTree {}

/// Stores signed checkpoints, and the key that signs them.
protocol CheckpointArchive: Sendable {
  /// Stores the log's key, unless one is stored. Returns the key that is stored.
  func claimLogKey(_ key: NoteVerifierKey) async throws -> String
  /// The checkpoint of the largest size. `nil` if there is none.
  func latest() async throws -> StoredCheckpoint?
  /// The checkpoint of a size. `nil` if there is none.
  func checkpoint(size: TreeSize) async throws -> StoredCheckpoint?
  /// Stores a signed checkpoint.
  ///
  /// Errors: a `LedgerStoreError` with code `anotherRoot` if the tree, or a stored checkpoint of that
  /// size, has another root.
  func save(_ checkpoint: SignedCheckpoint) async throws
}

extension CheckpointStore: CheckpointArchive {}

/// Signs checkpoints and receipts, and never signs two different histories.
///
/// The last signed checkpoint is stored in a file beside the log key. A database that is restored from a
/// backup cannot undo it.
actor CheckpointSigner {
  private let key: LogKey
  private let tree: any LogTree
  private let archive: any CheckpointArchive
  private let origin: String
  private let logger: Logger
  private nonisolated let memory: CheckpointMemory
  /// The proof that the log differs from the signed history. It stays until an operator adopts a
  /// checkpoint or the process ends.
  private(set) var mismatch: HistoryMismatch?
  /// The reason why the last attempt to sign failed. `nil` after a success.
  private(set) var outage: Refusal?
  /// The number of entries that the last checkpoint covers. `nil` until the log has been compared with
  /// it.
  private var lastSize: TreeSize?

  nonisolated var verifierKey: NoteVerifierKey { key.verifierKey }
  /// The secrets that are derived from the key.
  nonisolated var webhookSecrets: WebhookSecrets { WebhookSecrets(key.signer) }

  init(
    key: LogKey, tree: any LogTree, archive: any CheckpointArchive, origin: String, logger: Logger
  ) {
    self.key = key
    self.tree = tree
    self.archive = archive
    self.origin = origin
    self.logger = logger
    memory = CheckpointMemory(
      path: key.path + ".checkpoint", key: key.verifierKey, origin: origin)
  }

  /// Claims the log for this key, and compares the log with the last signed checkpoint.
  ///
  /// A mismatch is stored in ``mismatch`` and is not thrown.
  ///
  /// Errors: a `Refusal` with check `log_key` if another key signs the log's checkpoints; database
  /// errors.
  func begin() async throws {
    let claimed = try await archive.claimLogKey(verifierKey)
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
      // Reads do not need the file. Each submission compares again.
      report(error)
    }
  }

  /// Stores a mismatch. From then on nothing is signed or accepted.
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

  /// Checks that no mismatch is known.
  ///
  /// Errors: a `Refusal`, unavailable, with the check of the mismatch.
  func requireConsistentHistory() throws(Refusal) {
    guard let mismatch else { return }
    throw Refusal(
      .unavailable, check: mismatch.check,
      "This database is not the history that this ledger signed: \(mismatch.message). Its operator "
        + "has to restore a newer backup.")
  }

  /// Stores the reason why nothing could be signed. Ignores cancellation, which is not an outage.
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

  /// The contents of the file of the last signed checkpoint, for `fsck`. `nil` without a file.
  nonisolated func remembered() throws(Refusal) -> (name: String, bytes: [UInt8])? {
    try memory.bytes().map { ("the last checkpoint signed", $0) }
  }

  /// Verifies that the tree contains the last signed checkpoint. Returns the tree and the checkpoint.
  ///
  /// Errors: a `HistoryMismatch`; a `Refusal`, unavailable, if the file of the last checkpoint is missing
  /// or unusable; database errors.
  @discardableResult
  private func compareWithMemory() async throws -> (edge: Frontier, last: SignedCheckpoint?) {
    // The file is read before the tree: a checkpoint that another process signs in between would cover
    // more entries than the tree that was read.
    var last = try memory.last()
    let edge = try await tree.integrate()
    if last == nil, let newest = try await archive.latest() {
      last = try memory.last()
      guard last != nil else {
        throw Refusal(
          .unavailable, check: CheckpointMemory.missing, field: memory.path,
          "The database holds checkpoints up to \(newest.size), and the file of the last checkpoint signed is "
            + "missing. Put it back, or adopt the last checkpoint that you can vouch for: `pithledger checkpoint "
            + "adopt FILE`.")
      }
      return try await compareWithMemory()
    }
    guard let last else {
      lastSize = lastSize ?? .zero
      return (edge, nil)
    }
    try await prove(last.checkpoint, isBeginningOf: edge)
    lastSize = last.checkpoint.size
    return (edge, last)
  }

  /// Verifies that the tree begins with the entries of a checkpoint.
  ///
  /// Errors: a `HistoryMismatch` if hashes differ or the log is shorter; database errors.
  private func prove(_ last: Checkpoint, isBeginningOf edge: Frontier) async throws {
    guard last.size <= edge.size else {
      throw HistoryMismatch(
        "checkpoint.rolled_back",
        "\(last.size) entries were signed for, and the database has \(edge.size)")
    }
    guard let shape = ProofLayout.consistency(old: last.size, new: edge.size) else { return }
    // A failed read is not a mismatch. Its error is passed on.
    let proof = try await tree.hashes(of: shape)
    do throws(TransparencyError) {
      try TreeProofs.verifyConsistency(
        old: last.size, oldRoot: last.root, new: edge.size, newRoot: edge.root, proof: proof)
    } catch {
      throw HistoryMismatch(
        "checkpoint.contradiction",
        "the first \(last.size) entries are not those that were signed for (\(error.message))")
    }
  }

  /// Compares the log with a checkpoint from another party, and stores a mismatch.
  ///
  /// - Returns: whether the log contains the checkpoint.
  ///
  /// Errors: `note.signature` if the note is not a checkpoint that this log's key signed; database
  /// errors.
  func compare(with bytes: [UInt8]) async throws -> Bool {
    guard let shown = try? SignedCheckpoint(bytes, by: [verifierKey], origin: origin) else {
      throw TransparencyError("note.signature", "no checkpoint of this log's key was shown")
    }
    // The tree is read after the note, because another process may have signed for entries that were
    // committed meanwhile.
    let edge = try await tree.integrate()
    do { try await prove(shown.checkpoint, isBeginningOf: edge) } catch let error as HistoryMismatch
    {
      refuse(error)
      return false
    }
    return true
  }

  // MARK: Signing

  /// Signs a checkpoint of the whole log. Returns the last checkpoint if the log has not grown.
  ///
  /// Errors: a `Refusal` if the log contradicts the signed history or the file of the last checkpoint is
  /// unusable; database errors.
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
    // Two processes may share the key. Only one signs at a time.
    let lock = try FileLock(path: key.path + ".lock")
    try await lock.lock(exclusive: true)
    defer { lock.unlock() }
    let (edge, last) = try await compareWithMemory()
    let signed: SignedCheckpoint
    if let last, last.checkpoint.size == edge.size {
      // The checkpoint may be missing in the database after a crash, so it is saved again.
      signed = last
    } else {
      signed = try SignedCheckpoint(
        Checkpoint(origin: origin, size: edge.size, root: edge.root), by: key.signer)
      try memory.keep(signed)
      lastSize = signed.checkpoint.size
    }
    do { try await archive.save(signed) } catch let error as LedgerStoreError
      where error.code == .anotherRoot
    { throw HistoryMismatch("checkpoint.contradiction", error.message) }
    let stored = try await archive.checkpoint(size: edge.size)
    guard let stored, stored.note == signed.note.description else {
      // The database holds a different note of this size. The note that was signed here is returned.
      logger.error("the database keeps another note for \(edge.size) entries than was signed")
      return StoredCheckpoint(signed)
    }
    return stored
  }

  /// Stores a checkpoint that the operator kept as the last signed one, and clears a mismatch.
  ///
  /// Errors: a `Refusal`, conflict, if this key did not sign it, the log does not contain it, or a larger
  /// one was signed.
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
      let edge = try await tree.integrate()
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

  /// The last signed checkpoint. `nil` for a missing or damaged file, which `adopt` replaces.
  private func usableMemory() throws -> SignedCheckpoint? {
    do { return try memory.last() } catch  where error.check == CheckpointMemory.damaged {
      return nil
    }
  }

  /// The number of entries that the last checkpoint covers, read before a submission is appended.
  ///
  /// Errors: a `Refusal` if the log contradicts the signed history or could not be compared with it yet;
  /// database errors.
  func signedSize() async throws -> TreeSize {
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
    return lastSize ?? .zero
  }

  /// Checks that a new entry lies beyond the entries that were signed before it was appended. Otherwise
  /// the database is an older one, which is stored as a mismatch.
  ///
  /// Errors: a `Refusal`, unavailable, with the check of the mismatch.
  func expect(_ position: Position, beyond signed: TreeSize) throws(Refusal) {
    if signed.covers(position) {
      refuse(
        HistoryMismatch(
          "checkpoint.rolled_back",
          "\(signed) entries were signed for, and a new one was given position \(position)"))
    }
    try requireConsistentHistory()
  }

  /// Signs a proof that leads to the root of a checkpoint, as a COSE receipt.
  ///
  /// Errors: a `Refusal`, unavailable, if the log contradicts its signed history; `note.signature` if this key did not sign
  /// the checkpoint.
  nonisolated func coseReceipt(
    _ proof: COSEReceipt.Proof, under checkpoint: StoredCheckpoint
  ) async throws -> COSEReceipt {
    try await requireConsistentHistory()
    // The root is that of the signed note, and not that of another column.
    let signed = try SignedCheckpoint(
      Array(checkpoint.note.utf8), by: [verifierKey], origin: origin)
    return try COSEReceipt(
      proof, root: signed.checkpoint.root, origin: origin, signer: key.signer)
  }

  /// The signed receipt for an entry at its position (`docs/specification/log.md`, "Receipt of an
  /// entry").
  nonisolated func receipt(_ event: StoredEvent) async throws -> String {
    try await requireConsistentHistory()
    let receipt = LogReceipt(
      origin: origin, position: event.position.leafIndex,
      eventID: "sha256:" + event.eventID.hex, leaf: .leaf(event.entry))
    return try receipt.signed(by: key.signer).description
  }
}
