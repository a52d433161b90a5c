import Encodings
public import LedgerDomain
public import LedgerStore
import TransparencyLog

/// Reads the log's checkpoints, and signs new ones if this process has the log key.
public struct CheckpointIssuer: Sendable {
  let store: LedgerStore
  /// Signs checkpoints. `nil` in a read-only process.
  let signer: CheckpointSigner?
  let served: ServedCheckpoints

  /// The public key of the log's checkpoints as `name+keyid+base64`. `nil` before the first checkpoint.
  public func verifierKey() async throws -> String? {
    if let signer { return signer.verifierKey.description }
    return try await store.tree.state().logKey
  }

  /// The mismatch between log and signed history that stops all writes. `nil` if there is none.
  public func historyMismatch() async -> String? { await signer?.mismatch?.description }

  /// The reason why no checkpoint can be signed at present. `nil` if signing works. It becomes `nil`
  /// again when signing succeeds.
  public func signingOutage() async -> Refusal? { await signer?.outage }

  /// The newest checkpoint. Signs one if there is none.
  ///
  /// Errors: a `Refusal` with check `checkpoint` if there is none and the process is read-only; those of
  /// signing.
  public func newest() async throws -> StoredCheckpoint {
    if let newest = try await served.newest() { return newest }
    return try await issue()
  }

  /// Signs a checkpoint of the whole log if the log has grown. Returns the newest one otherwise.
  ///
  /// Errors: a `Refusal` with check `checkpoint` in a read-only process; a `Refusal`, unavailable, if the
  /// log contradicts the signed history; database errors.
  public func issue() async throws -> StoredCheckpoint {
    guard let signer else {
      throw Refusal(
        .notFound, check: "checkpoint",
        "No checkpoint was signed yet, and this process signs none: it is read-only, or it has no log key "
          + "(log.key in the data directory, PITHLEDGER_LOG_KEY_FILE).")
    }
    let signed = try await signer.checkpoint()
    // With valid cosignatures. If the database holds a different note of this size, the signed one is
    // returned.
    return try await served.checkpoint(size: signed.size) ?? signed
  }

  /// Adopts a checkpoint that the operator stored outside the database as the last signed one.
  ///
  /// Errors: a `Refusal` in a read-only process; a `Refusal`, conflict, if this key did not sign the
  /// checkpoint, the log does not contain it, or a larger one was signed.
  public func adopt(_ note: [UInt8]) async throws {
    guard let signer else { throw Refusal.readOnly }
    try await signer.adopt(note)
  }

  /// The checkpoint of a size with its valid cosignatures. `nil` if there is none or it is invalid.
  func checkpoint(size: TreeSize) async throws -> StoredCheckpoint? {
    try await served.checkpoint(size: size)
  }

  /// Whether the log contains a checkpoint that another party shows. If not, nothing is signed any more.
  /// `nil` in a process that cannot sign.
  ///
  /// Errors: `note.signature` if this log's key did not sign it; database errors.
  func contains(_ shown: [UInt8]) async throws -> Bool? {
    guard let signer else { return nil }
    return try await signer.compare(with: shown)
  }

  /// A checkpoint that covers a position. Signs one if no checkpoint covers it yet.
  ///
  /// Errors: a `Refusal` with check `position` if the log has no such entry; with check `checkpoint` if
  /// this process cannot sign.
  func covering(_ position: Position) async throws -> StoredCheckpoint {
    let newest = try await newest()
    if newest.size.covers(position) { return newest }
    guard try await store.log.size().covers(position) else {
      throw Refusal(
        .notFound, check: "position", field: "position", "The log has no entry at \(position).")
    }
    guard signer != nil else {
      throw Refusal(
        .unavailable, check: "checkpoint",
        "No checkpoint covers position \(position) yet, and this process signs none: it is read-only, or it has "
          + "no log key (log.key in the data directory, PITHLEDGER_LOG_KEY_FILE).")
    }
    return try await issue()
  }

  /// Signs a proof that leads to the root of a checkpoint, as a COSE receipt (RFC 9942).
  ///
  /// Errors: a `Refusal`, unavailable, in a process without the log key; those of ``CheckpointSigner``.
  func coseReceipt(
    _ proof: COSEReceipt.Proof, under checkpoint: StoredCheckpoint
  ) async throws -> COSEReceipt {
    guard let signer else {
      throw Refusal(
        .unavailable, check: "checkpoint",
        "This process has no log key, so it signs no COSE receipts. The proof as text needs no new signature."
      )
    }
    return try await signer.coseReceipt(proof, under: checkpoint)
  }

  /// The SHA-256 of the text of the checkpoint that a target names. A proof of time over the checkpoint
  /// is over this digest. `nil` if the target names no checkpoint, or the checkpoint is unknown.
  func digest(of target: Target) async throws -> Digest? {
    guard let size = target.checkpoint, let stored = try await served.checkpoint(size: size) else {
      return nil
    }
    return Digest(hashing: Array(try SignedNote(stored.note).text.utf8))
  }
}
