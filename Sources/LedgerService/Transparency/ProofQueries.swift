public import Encodings
import LedgerDomain
import LedgerStore
public import TransparencyLog

/// Serves tiles, inclusion proofs and consistency proofs.
public struct ProofQueries: Sendable {
  let store: LedgerStore
  let checkpoints: CheckpointIssuer

  /// The bytes of a tile or an entry bundle (C2SP tlog-tiles).
  ///
  /// Errors: a `Refusal`, not found, with check `tile` if the newest checkpoint does not cover the tile.
  public func tile(_ path: TilePath) async throws -> [UInt8] {
    let size = try await checkpoints.newest().size
    func missing() -> Refusal {
      Refusal(
        .notFound, check: "tile", field: "path",
        "\(path) is not in the tree of \(size) entries that the newest checkpoint covers.")
    }
    guard path.width <= TilePath.width(of: path.kind, index: path.index, in: size) else {
      throw missing()
    }
    switch path.kind {
    case .hashes(let level):
      guard
        let bytes = try await store.tree.tileBytes(
          level: level, index: path.index, width: path.width)
      else { throw missing() }
      return bytes
    case .entries:
      let entries = try await store.log.entries(
        from: Position(leaf: path.index * UInt64(TilePath.fullWidth)), limit: path.width)
      guard entries.count == path.width else { throw missing() }
      return TileBytes.encode(entries: entries)
    }
  }

  /// The inclusion proof of an entry (C2SP tlog-proof), with the entry as its extra data.
  ///
  /// - Parameter name: a position, or an event id with or without `sha256:`.
  ///
  /// Errors: a `Refusal` with check `position` or `event_id`; those of signing a checkpoint.
  public func inclusionProof(_ name: String) async throws -> InclusionProof {
    let position = try await position(name)
    let checkpoint = try await checkpoints.covering(position)
    return InclusionProof(
      index: position.leafIndex, hashes: try await inclusionHashes(position, checkpoint),
      note: try SignedNote(checkpoint.cosigned), extra: try await entry(at: position))
  }

  /// The inclusion proof of an entry as a COSE receipt (RFC 9942). The entry is not in it.
  ///
  /// - Parameter name: as in ``inclusionProof(_:)``.
  ///
  /// Errors: those of ``inclusionProof(_:)``; unavailable in a process without the log key.
  public func inclusionReceipt(
    _ name: String
  ) async throws -> (index: UInt64, receipt: COSEReceipt) {
    let position = try await position(name)
    let checkpoint = try await checkpoints.covering(position)
    let receipt = try await checkpoints.coseReceipt(
      .inclusion(
        index: position.leafIndex, size: checkpoint.size,
        hashes: try await inclusionHashes(position, checkpoint)), under: checkpoint)
    return (position.leafIndex, receipt)
  }

  private func inclusionHashes(
    _ position: Position, _ checkpoint: StoredCheckpoint
  ) async throws -> [Digest] {
    guard let layout = ProofLayout.inclusion(index: position.leafIndex, size: checkpoint.size)
    else { throw Self.noEntry(at: position) }
    return try await store.tree.hashes(of: layout)
  }

  private func entry(at position: Position) async throws -> [UInt8] {
    guard let entry = try await store.log.entries(from: position, limit: 1).first else {
      throw Self.noEntry(at: position)
    }
    return entry
  }

  private static func noEntry(at position: Position) -> Refusal {
    Refusal(.notFound, check: "position", "The log has no entry at \(position).")
  }

  private func position(_ name: String) async throws -> Position {
    // A position has at most 19 digits. A longer string of digits is a hash.
    if name.utf8.count < 20, name.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let position = Int64(name).map(Position.init(rawValue:))
    {
      return position
    }
    let hex = name.hasPrefix("sha256:") ? String(name.dropFirst(7)) : name
    guard let id = Digest(hex: hex.lowercased()) else {
      throw Refusal(
        .malformed, check: "position", field: "position",
        "Name the entry by its position, or by the event's id: sha256: and 64 hexadecimal digits.")
    }
    guard let position = try await store.log.position(of: id) else {
      throw Refusal(.notFound, check: "event_id", "The log has no event sha256:\(id.hex).")
    }
    return position
  }

  /// Returns the proof that the log of one size begins with the log of a smaller size.
  ///
  /// - Parameters:
  ///   - old: the smaller size.
  ///   - new: the larger size. `nil` for the newest checkpoint's.
  ///
  /// Errors: `malformed` if the sizes are out of order, or larger than the newest checkpoint's.
  public func consistencyProof(old: TreeSize, new: TreeSize?) async throws -> ConsistencyProof {
    let newest = try await checkpoints.newest()
    let new = new ?? newest.size
    guard new <= newest.size, let layout = ProofLayout.consistency(old: old, new: new) else {
      throw Refusal(
        .malformed, check: "size", field: "old",
        "The older size must not exceed the newer, which is at most \(newest.size).")
    }
    return ConsistencyProof(
      oldSize: old, oldRoot: try await root(size: old), newSize: new,
      newRoot: try await root(size: new), hashes: try await store.tree.hashes(of: layout))
  }

  /// The consistency proof to a checkpoint as a COSE receipt (RFC 9942).
  ///
  /// - Parameters: as in ``consistencyProof(old:new:)``. The larger size is that of a checkpoint.
  ///
  /// Errors: those of ``consistencyProof(old:new:)``; `malformed` if the log signed no checkpoint of the larger size;
  /// unavailable in a process without the log key.
  public func consistencyReceipt(old: TreeSize, new: TreeSize?) async throws -> COSEReceipt {
    let proof = try await consistencyProof(old: old, new: new)
    guard let checkpoint = try await checkpoints.checkpoint(size: proof.newSize) else {
      throw Refusal(
        .malformed, check: "size", field: "new",
        "A COSE receipt is about a checkpoint, and the log signed none of this size.")
    }
    return try await checkpoints.coseReceipt(
      .consistency(old: proof.oldSize, new: proof.newSize, hashes: proof.hashes), under: checkpoint)
  }

  private func root(size: TreeSize) async throws -> Digest {
    try await store.tree.hashes(of: [ProofLayout.root(size: size)])[0]
  }
}

/// The proof that the log of one size begins with the log of a smaller size (RFC 6962, section 2.1.2).
public struct ConsistencyProof: Sendable, Equatable {
  public let oldSize: TreeSize
  public let oldRoot: Digest
  public let newSize: TreeSize
  public let newRoot: Digest
  /// The proof's hashes, in the order that verification uses them.
  public let hashes: [Digest]

  /// Makes a proof.
  public init(
    oldSize: TreeSize, oldRoot: Digest, newSize: TreeSize, newRoot: Digest, hashes: [Digest]
  ) {
    self.oldSize = oldSize
    self.oldRoot = oldRoot
    self.newSize = newSize
    self.newRoot = newRoot
    self.hashes = hashes
  }
}
