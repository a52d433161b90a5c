public import Encodings
import PostgresClient
public import TransparencyLog

/// A checkpoint as the log signed it, with the cosignatures of witnesses.
public struct StoredCheckpoint: Sendable {
  /// The number of entries that the checkpoint covers.
  public let size: TreeSize
  /// The root of the tree over these entries.
  public let root: Digest
  /// The note with the log's signature alone.
  public let note: String
  /// Signature lines of witnesses, each with its newline.
  public let cosignatures: [String]

  init(size: TreeSize, root: Digest, note: String, cosignatures: [String]) {
    self.size = size
    self.root = root
    self.note = note
    self.cosignatures = cosignatures
  }

  /// Makes a checkpoint without cosignatures.
  public init(_ signed: SignedCheckpoint) {
    self.init(
      size: signed.checkpoint.size, root: signed.checkpoint.root, note: signed.note.description,
      cosignatures: [])
  }

  /// Replaces the cosignatures by other lines, each with its newline.
  public func with(cosignatures: [String]) -> StoredCheckpoint {
    StoredCheckpoint(size: size, root: root, note: note, cosignatures: cosignatures)
  }

  /// The note with every cosignature.
  public var cosigned: String { note + cosignatures.joined() }
}

/// A row of the table of cosignatures.
public struct StoredCosignature: Sendable {
  /// The size of the checkpoint.
  public let size: Int64
  /// The name of the witness.
  public let witness: String
  /// The signature line, with its newline.
  public let line: String
  /// The note of the checkpoint of this size; `nil` where there is none.
  public let note: String?
}

/// The checkpoints that the log signed, and the cosignatures on them.
public struct CheckpointStore: Sendable {
  private let readers: DatabasePool
  private let signer: DatabasePool

  init(readers: DatabasePool, signer: DatabasePool) {
    self.readers = readers
    self.signer = signer
  }

  // MARK: Read

  /// The checkpoint of the largest size.
  public func latest() async throws -> StoredCheckpoint? {
    try await select("ORDER BY c.size DESC LIMIT 1", []).first
  }

  /// The checkpoint of a size.
  public func checkpoint(size: TreeSize) async throws -> StoredCheckpoint? {
    try await select("WHERE c.size = $1", [.treeSize(size)]).first
  }

  /// Checkpoints below a size, the largest first.
  public func list(below size: TreeSize, limit: Int) async throws -> [StoredCheckpoint] {
    try await select(
      "WHERE c.size < $1 ORDER BY c.size DESC LIMIT $2",
      [.treeSize(size), .int8(Int64(limit))])
  }

  /// Checkpoints from a size on, the smallest first.
  public func list(from size: TreeSize, limit: Int) async throws -> [StoredCheckpoint] {
    try await select(
      "WHERE c.size >= $1 ORDER BY c.size LIMIT $2",
      [.treeSize(size), .int8(Int64(limit))])
  }

  /// The largest size that a witness cosigned; 0 for none.
  public func lastCosignedSize(by witness: String) async throws -> TreeSize {
    try await readers.query(
      "SELECT coalesce(max(s.size), 0) FROM ledger.cosignature s WHERE s.witness = $1",
      [.text(witness)])[0].treeSize(0)
  }

  /// Cosignatures after one, in the order of size and witness.
  public func cosignatures(
    after size: Int64, _ witness: String, limit: Int
  ) async throws -> [StoredCosignature] {
    try await readers.query(
      """
      SELECT s.size, s.witness, s.line, (SELECT c.note FROM ledger.checkpoint c WHERE c.size = s.size)
      FROM ledger.cosignature s WHERE (s.size, s.witness) > ($1, $2) ORDER BY s.size, s.witness LIMIT $3
      """, [.int8(size), .text(witness), .int8(Int64(limit))]
    ).map { row in
      StoredCosignature(
        size: try row.int(0), witness: try row.text(1), line: try row.text(2),
        note: try row.optionalText(3))
    }
  }

  private func select(
    _ rest: String, _ parameters: [PostgresValue]
  ) async throws -> [StoredCheckpoint] {
    try await readers.query(
      """
      SELECT c.size, c.root, c.note, (SELECT coalesce(string_agg(s.line, '' ORDER BY s.received_at, s.witness), '')
        FROM ledger.cosignature s WHERE s.size = c.size) FROM ledger.checkpoint c \(rest)
      """, parameters
    ).map { row in
      guard let root = Digest(bytes: try row.bytes(1)) else {
        throw LedgerStoreError(.database, "a checkpoint's root is not a hash")
      }
      let lines = try row.text(3)
      return StoredCheckpoint(
        size: try row.treeSize(0), root: root, note: try row.text(2),
        cosignatures: lines.isEmpty ? [] : [lines])
    }
  }

  // MARK: Write

  /// Stores a signed checkpoint. Storing the same one again has no effect.
  ///
  /// Errors: `anotherRoot` where the tree, or a stored checkpoint of that size, has another root.
  public func save(_ checkpoint: SignedCheckpoint) async throws {
    _ = try await signer.query(
      "SELECT ledger.save_checkpoint($1, $2, $3)",
      [
        .treeSize(checkpoint.checkpoint.size),
        .bytes(checkpoint.checkpoint.root.bytes), .text(checkpoint.note.description),
      ])
  }

  /// Stores a witness's cosignature on the checkpoint of a size.
  public func save(cosignature: NoteSignature, size: TreeSize) async throws {
    _ = try await signer.query(
      "SELECT ledger.save_cosignature($1, $2, $3)",
      [.treeSize(size), .text(cosignature.name), .text(cosignature.line)])
  }

  /// Stores the key that signs checkpoints, unless one is stored. Returns the key that is stored.
  public func claimLogKey(_ key: NoteVerifierKey) async throws -> String {
    try await signer.query("SELECT ledger.claim_log_key($1)", [.text(key.description)])[0].text(0)
  }
}
