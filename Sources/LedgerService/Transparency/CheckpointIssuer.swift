import Encodings
public import LedgerDomain
public import LedgerStore
import TransparencyLog

/// Answers with the log's checkpoints, and has new ones signed.
public struct CheckpointIssuer: Sendable {
  let store: LedgerStore
  /// Signs for the log; `nil` in a process that only answers.
  let signer: CheckpointSigner?
  let served: ServedCheckpoints

  /// The key that checkpoints are signed by, as name+id+base64; `nil` before the first.
  public func verifierKey() async throws -> String? {
    if let signer { return signer.verifierKey.description }
    return try await store.tree.state().logKey
  }

  /// Why the ledger signs nothing any more; `nil` while all is well.
  public func historyMismatch() async -> String? { await signer?.mismatch?.description }

  /// Why no checkpoint can be signed at the moment; `nil` while all is well. It clears itself when the cause is gone.
  public func signingOutage() async -> Refusal? { await signer?.outage }

  /// The newest checkpoint, one of the whole log where the ledger may sign and there was none.
  public func newest() async throws -> StoredCheckpoint {
    if let newest = try await served.newest() { return newest }
    return try await issue()
  }

  /// A checkpoint of the whole log, signed now where something came since the last.
  public func issue() async throws -> StoredCheckpoint {
    guard let signer else {
      throw Refusal(
        .notFound, check: "checkpoint",
        "No checkpoint was signed yet, and this ledger only answers.")
    }
    let signed = try await signer.checkpoint()
    // With the cosignatures that hold; where the database keeps another note for that size, as it was signed.
    return try await served.checkpoint(size: signed.size) ?? signed
  }

  /// Takes a checkpoint that the operator kept for the last one that was signed.
  public func adopt(_ note: [UInt8]) async throws {
    guard let signer else { throw Refusal.readOnly }
    try await signer.adopt(note)
  }

  /// A checkpoint that covers a position, signed for the purpose where none does yet.
  func covering(_ position: Position) async throws -> StoredCheckpoint {
    let newest = try await newest()
    if newest.size > position.leafIndex { return newest }
    guard position.rawValue < (try await store.log.size()) else {
      throw Refusal(
        .notFound, check: "position", field: "position", "The log has no entry at \(position).")
    }
    guard signer != nil else {
      throw Refusal(
        .unavailable, check: "checkpoint",
        "No checkpoint covers position \(position) yet; try again in a moment.")
    }
    return try await issue()
  }

  /// What a proof of time over the checkpoint that a target names must be over.
  func digest(of target: Target) async throws -> Digest? {
    guard let size = target.checkpoint, let stored = try await served.checkpoint(size: size) else {
      return nil
    }
    return Digest(hashing: Array(try SignedNote(stored.note).text.utf8))
  }
}
