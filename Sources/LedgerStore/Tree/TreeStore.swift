public import Encodings
public import LedgerDomain
import PostgresClient
public import TransparencyLog

/// The stored part of the Merkle tree over the log.
public struct TreeState: Sendable {
  /// The right edge of the tree, with its size.
  public let edge: Frontier
  /// The number of events in the log, which the tree may be behind.
  public let head: TreeSize
  /// The verifier key of the log's checkpoints; `nil` before the first checkpoint.
  public let logKey: String?
}

/// The Merkle tree over the log (RFC 6962, section 2.1). Appends do not wait for it, and requests read
/// its stored tiles.
public struct TreeStore: Sendable {
  /// The largest number of leaves that one transaction adds.
  static let maxLeavesPerTransaction = 16_384

  private let readers: DatabasePool
  private let signer: DatabasePool

  init(readers: DatabasePool, signer: DatabasePool) {
    self.readers = readers
    self.signer = signer
  }

  /// The stored part of the tree.
  public func state() async throws -> TreeState { try await read(from: readers).state }

  /// The stored part of the tree, and whether a standby answered, whose tree may be behind.
  private func read(
    from pool: DatabasePool
  ) async throws -> (state: TreeState, isStandby: Bool) {
    let rows = try await pool.query(
      """
      SELECT t.size, h.size, t.log_key, e.hashes, pg_is_in_recovery()
      FROM ledger.head h CROSS JOIN ledger.tree t
        LEFT JOIN LATERAL unnest(t.frontier) WITH ORDINALITY AS e (hashes, level) ON true
      ORDER BY e.level
      """)
    var levels: [[Digest]] = []
    for row in rows where !row.isNull(3) {
      guard let hashes = TileBytes.decode(try row.bytes(3)) else {
        throw LedgerStoreError(.treeBroken, "the edge of the tree is not made of hashes")
      }
      levels.append(hashes)
    }
    let edge: Frontier
    do { edge = try Frontier(size: rows[0].treeSize(0), levels: levels) } catch let
      error as TransparencyError
    { throw LedgerStoreError(.treeBroken, "\(error.message): run `pithledger fsck`") }
    let state = TreeState(
      edge: edge, head: try rows[0].treeSize(1), logKey: try rows[0].optionalText(2))
    return (state, try rows[0].bool(4))
  }

  /// Adds the leaves of all entries that the tree does not cover yet, and returns the frontier of the
  /// tree.
  ///
  /// Entries that are appended meanwhile are added by the next call. Several processes may call this at
  /// the same time.
  ///
  /// Errors: `treeBroken` if the log has a gap; `standby` if the connection leads to a standby.
  @discardableResult
  public func integrate() async throws -> Frontier {
    var goal: TreeSize?
    while true {
      // The tree is read through the signer's connection: the older tree of a standby would look like a
      // log that lost entries.
      let (state, isStandby) = try await read(from: signer)
      if isStandby {
        throw LedgerStoreError(
          .standby,
          "the database is a standby: name the primary, or add target_session_attrs=read-write")
      }
      var edge = state.edge
      let end = goal ?? state.head
      goal = end
      guard edge.size < end else { return edge }
      let from = edge.size.end
      let to = min(end.end, from.advanced(by: Self.maxLeavesPerTransaction))
      let leaves = try await leafHashes(of: from..<to)
      var full: [Frontier.FullTile] = []
      for leaf in leaves { edge.append(leaf) { full.append($0) } }
      do {
        _ = try await signer.query(
          "SELECT ledger.integrate_tree($1, $2, $3, $4, $5, $6)",
          [
            .position(from), .position(to), .bytesArray(edge.levels.map { TileBytes.encode($0) }),
            .int2Array(full.map { Int16($0.level) }),
            .int8Array(full.map { Int64(clamping: $0.index) }),
            .bytesArray(full.map { TileBytes.encode($0.hashes) }),
          ])
      } catch let error as LedgerStoreError where error.cause?.sqlState == .treeMoved {
        // Another process added the same leaves.
        continue
      }
    }
  }

  /// The leaf hashes of the entries at some positions, computed by the server.
  public func leafHashes(of positions: Range<Position>) async throws -> [Digest] {
    let row = try await readers.query(
      """
      SELECT string_agg(l.hash, ''::bytea), count(*) FROM (
        SELECT sha256('\\x00'::bytea || e.entry) AS hash FROM ledger.event e
        WHERE e.position >= $1 AND e.position < $2 ORDER BY e.position) AS l
      """, [.position(positions.lowerBound), .position(positions.upperBound)])[0]
    guard try row.int(1) == positions.count else {
      throw LedgerStoreError(
        .treeBroken,
        "the log has \(try row.int(1)) entries from position \(positions.lowerBound) to before "
          + "\(positions.upperBound): run `pithledger fsck`")
    }
    let bytes = row.isNull(0) ? [] : try row.bytes(0)
    return stride(from: 0, to: bytes.count, by: Digest.byteCount).compactMap {
      Digest(bytes: bytes[$0..<$0 + Digest.byteCount])
    }
  }

  /// The hashes of a proof, in one round trip.
  ///
  /// Errors: `treeBroken` where a tile that they lie in is missing.
  public func hashes(of elements: [ProofElement]) async throws -> [Digest] {
    let places = Set(elements.joined().map { TilePlace(TileSlice($0)) })
    let tiles = try await places.isEmpty ? [:] : readTiles(at: Array(places))
    return try elements.map { element in
      try ProofLayout.hash(element) { node in
        let slice = TileSlice(node)
        guard let tile = tiles[TilePlace(slice)], let hash = slice.hash(in: tile) else {
          throw LedgerStoreError(
            .treeBroken,
            "tile \(slice.index) of level \(slice.level) is missing: run `pithledger fsck`")
        }
        return hash
      }
    }
  }

  /// The level of a tile and its index within the level.
  private struct TilePlace: Hashable {
    let level: Int
    let index: UInt64

    init(level: Int, index: UInt64) {
      self.level = level
      self.index = index
    }

    /// The place of the tile that a slice lies in.
    init(_ slice: TileSlice) { self.init(level: slice.level, index: slice.index) }
  }

  /// Reads the full tiles at some places, and every tile of the frontier.
  private func readTiles(at places: [TilePlace]) async throws -> [TilePlace: [Digest]] {
    let rows = try await readers.query(
      """
      SELECT t.level::bigint, t.index, t.hashes
      FROM unnest($1::smallint[], $2::bigint[]) AS w (level, index)
        CROSS JOIN LATERAL (SELECT * FROM ledger.tile t
          WHERE t.level = w.level AND t.index = w.index LIMIT 1) AS t
      UNION ALL
      SELECT e.level - 1, t.size >> (8 * e.level)::integer, e.hashes
      FROM ledger.tree t, unnest(t.frontier) WITH ORDINALITY AS e (hashes, level)
      """,
      [
        .int2Array(places.map { Int16($0.level) }),
        .int8Array(places.map { Int64(clamping: $0.index) }),
      ])
    var tiles: [TilePlace: [Digest]] = [:]
    for row in rows {
      let place = TilePlace(level: Int(try row.int(0)), index: UInt64(clamping: try row.int(1)))
      tiles[place] = TileBytes.decode(try row.bytes(2))
    }
    return tiles
  }

  /// The first `width` hashes of a tile as bytes; `nil` if the tree has no tile that is as wide.
  public func tileBytes(level: Int, index: UInt64, width: Int) async throws -> [UInt8]? {
    let rows = try await readers.query(
      """
      SELECT t.hashes FROM ledger.tile t WHERE t.level = $1 AND t.index = $2
      UNION ALL
      SELECT t.frontier[$3] FROM ledger.tree t WHERE t.size >> $4 = $2 AND $3 <= cardinality(t.frontier)
      """,
      [
        .int2(Int16(level)), .int8(Int64(clamping: index)), .int4(Int32(level + 1)),
        .int4(Int32(min(8 * (level + 1), 63))),
      ])
    guard let bytes = try rows.first?.bytes(0), bytes.count >= width * Digest.byteCount else {
      return nil
    }
    return Array(bytes.prefix(width * Digest.byteCount))
  }
}
