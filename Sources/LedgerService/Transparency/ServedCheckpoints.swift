import LedgerDomain
import LedgerStore
import Logging
import TransparencyLog

/// Reads checkpoints from the database and verifies them before they are served.
///
/// A note must have a signature of the log's key, the log's origin, and the root that the tree has at its
/// size, which must not exceed the size of the tree. An invalid note is skipped and logged.
actor ServedCheckpoints {
  private let store: LedgerStore
  private let origin: String
  private let witnesses: [NoteVerifierKey]
  private let logger: Logger
  /// The log's key. A process without a log key reads it from the database; `nil` until then.
  private var key: NoteVerifierKey?
  /// Verified checkpoints by size: the row as it was read, and the checkpoint that is served for it.
  private var verified: [TreeSize: (row: String, served: StoredCheckpoint)] = [:]
  private var reported: Set<TreeSize> = []
  private static let maxVerified = 64

  /// - Parameter key: the log's key. `nil` if this process does not have it.
  init(
    store: LedgerStore, key: NoteVerifierKey?, origin: String, witnesses: [NoteVerifierKey],
    logger: Logger
  ) {
    self.store = store
    self.key = key
    self.origin = origin
    self.witnesses = witnesses
    self.logger = logger
  }

  /// The newest valid checkpoint. `nil` if there is none.
  func newest() async throws -> StoredCheckpoint? {
    guard let newest = try await store.checkpoints.latest() else { return nil }
    if let served = try await served(newest) { return served }
    var below = newest.size
    while true {
      let older = try await store.checkpoints.list(below: below, limit: 16)
      guard let last = older.last else { return nil }
      for checkpoint in older { if let served = try await served(checkpoint) { return served } }
      below = last.size
    }
  }

  /// The checkpoint of a size. `nil` if there is none or it is invalid.
  func checkpoint(size: TreeSize) async throws -> StoredCheckpoint? {
    guard let stored = try await store.checkpoints.checkpoint(size: size) else { return nil }
    return try await served(stored)
  }

  /// The checkpoint that is served for a row. `nil` if the note is invalid.
  ///
  /// Errors: database errors. A failed read does not make a note invalid.
  private func served(
    _ row: StoredCheckpoint
  ) async throws -> StoredCheckpoint? {
    if let known = verified[row.size], known.row == row.cosigned { return known.served }
    do {
      try await verify(row)
      let served = try withoutFalseCosignatures(row)
      if verified.count >= Self.maxVerified { verified.removeAll() }
      verified[row.size] = (row.cosigned, served)
      return served
    } catch let error as TransparencyError {
      if reported.insert(row.size).inserted {
        logger.critical(
          "the checkpoint of \(row.size) entries in the database does not hold, and is not served: \(error)"
        )
      }
      return nil
    }
  }

  private func verify(_ row: StoredCheckpoint) async throws {
    if key == nil { key = try await store.tree.state().logKey.flatMap { try? NoteVerifierKey($0) } }
    guard let key else {
      throw TransparencyError("checkpoint.key", "the database does not name the log's key")
    }
    let signed = try SignedCheckpoint(Array(row.note.utf8), by: [key], origin: origin)
    guard signed.checkpoint.size == row.size, signed.checkpoint.root == row.root else {
      throw TransparencyError("checkpoint.row", "the note is of another size or root than its row")
    }
    // The tree only grows. Read after the row, it covers every checkpoint that was signed for it.
    let size = try await store.tree.state().edge.size
    guard row.size <= size else {
      throw TransparencyError(
        "checkpoint.size", "it covers \(row.size) entries, and the tree has \(size)")
    }
    guard try await store.tree.hashes(of: [ProofLayout.root(size: row.size)]).first == row.root
    else {
      throw TransparencyError("checkpoint.root", "the tree has another root at this size")
    }
  }

  /// The row without malformed signature lines and without invalid signatures of configured witnesses.
  /// Signatures of unknown witnesses stay.
  private func withoutFalseCosignatures(
    _ row: StoredCheckpoint
  ) throws -> StoredCheckpoint {
    let own = try SignedNote(row.note)
    guard let whole = try? SignedNote(row.cosigned), whole.text == own.text else {
      if reported.insert(row.size).inserted {
        logger.critical(
          "the cosignatures of \(row.size) entries are no signature lines: not served")
      }
      return row.with(cosignatures: [])
    }
    let added = whole.signatures.dropFirst(own.signatures.count).filter { signature in
      guard let witness = witnesses.first(where: { signature.isBy($0) }) else { return true }
      return witness.isValid(signature, over: own.text)
    }
    return row.with(cosignatures: added.map(\.line))
  }
}
