public import Encodings
public import LedgerDomain
import PostgresClient
public import TransparencyLog

/// The Merkle tree over the log: built behind the appends, read by tile, never computed for a request.
extension LedgerStore {
  /// Leaves that one transaction adds at most.
  static let leavesAtOnce: Int64 = 16_384

  /// The tree as far as it is built.
  public struct TreeState: Sendable {
    public let edge: Frontier
    /// Events in the log.
    public let head: UInt64
    /// Whose checkpoints these are; `nil` before the first.
    public let logKey: String?
  }

  public func tree() async throws -> TreeState { try await tree(from: readers).state }

  /// The same, and whether it was read from a standby, whose tree may be behind.
  private func tree(
    from pool: PostgresPool
  ) async throws -> (state: TreeState, isStandby: Bool) {
    let rows = try await pool.query(
      """
      SELECT t.size, h.size, t.log_key, e.hashes, pg_is_in_recovery()
      FROM ledger.head h CROSS JOIN ledger.tree t
        LEFT JOIN LATERAL unnest(t.edge) WITH ORDINALITY AS e (hashes, level) ON true
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
    do { edge = try Frontier(size: UInt64(clamping: rows[0].int(0)), levels: levels) } catch let
      error as TransparencyError
    { throw LedgerStoreError(.treeBroken, "\(error.message): run `pithledger fsck`") }
    let state = TreeState(
      edge: edge, head: UInt64(clamping: try rows[0].int(1)), logKey: try rows[0].optionalText(2))
    return (state, try rows[0].bool(4))
  }

  /// Adds the leaves of every entry that the tree does not cover yet, and answers the tree.
  ///
  /// What is appended meanwhile waits for the next call. Any number of processes may do this at once.
  /// Errors: `treeBroken` where the log has a gap; `standby` where the connection leads to one.
  @discardableResult
  public func integrate() async throws -> Frontier {
    var goal: UInt64?
    while true {
      // Read where it is written: a standby's older tree would look like a log that lost entries.
      let (state, isStandby) = try await tree(from: signer)
      if isStandby {
        throw LedgerStoreError(
          .standby,
          "the database is a standby: name the primary, or add target_session_attrs=read-write")
      }
      var edge = state.edge
      let end = goal ?? state.head
      goal = end
      guard edge.size < end else { return edge }
      let from = Int64(clamping: edge.size)
      let to = min(Int64(clamping: end), from + Self.leavesAtOnce)
      let leaves = try await leafHashes(from: from, to: to)
      var full: [Frontier.FullTile] = []
      for leaf in leaves { edge.append(leaf) { full.append($0) } }
      do {
        _ = try await signer.query(
          "SELECT ledger.grow_tree($1, $2, $3, $4, $5, $6)",
          [
            .int8(from), .int8(to), .bytesArray(edge.levels.map { TileBytes.encode($0) }),
            .int2Array(full.map { Int16($0.level) }),
            .int8Array(full.map { Int64(clamping: $0.index) }),
            .bytesArray(full.map { TileBytes.encode($0.hashes) }),
          ])
      } catch let error as PostgresError where error.sqlState == "PL020" {
        // Another process added the same leaves.
        continue
      }
    }
  }

  /// The leaf hashes of the entries from a position to before another, computed where the bytes are.
  public func leafHashes(from: Int64, to: Int64) async throws -> [Digest] {
    let row = try await readers.query(
      """
      SELECT string_agg(l.hash, ''::bytea), count(*) FROM (
        SELECT sha256('\\x00'::bytea || e.entry) AS hash FROM ledger.event e
        WHERE e.position >= $1 AND e.position < $2 ORDER BY e.position) AS l
      """, [.int8(from), .int8(to)])[0]
    guard try row.int(1) == to - from else {
      throw LedgerStoreError(
        .treeBroken,
        "the log has \(try row.int(1)) entries from position \(from) to before \(to): run "
          + "`pithledger fsck`")
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
    struct Place: Hashable {
      let level: Int
      let index: UInt64
    }
    let places = Set(
      elements.joined().map { node in
        let slice = TileSlice(node)
        return Place(level: slice.level, index: slice.index)
      })
    var tiles: [Place: [Digest]] = [:]
    if !places.isEmpty {
      let wanted = Array(places)
      let rows = try await readers.query(
        """
        SELECT t.level::bigint, t.index, t.hashes
        FROM unnest($1::smallint[], $2::bigint[]) AS w (level, index)
          CROSS JOIN LATERAL (SELECT * FROM ledger.tile t
            WHERE t.level = w.level AND t.index = w.index LIMIT 1) AS t
        UNION ALL
        SELECT e.level - 1, t.size >> (8 * e.level)::integer, e.hashes
        FROM ledger.tree t, unnest(t.edge) WITH ORDINALITY AS e (hashes, level)
        """,
        [
          .int2Array(wanted.map { Int16($0.level) }),
          .int8Array(wanted.map { Int64(clamping: $0.index) }),
        ])
      for row in rows {
        let place = Place(
          level: Int(try row.int(0)), index: UInt64(clamping: try row.int(1)))
        tiles[place] = TileBytes.decode(try row.bytes(2))
      }
    }
    return try elements.map { element in
      try ProofLayout.hash(element) { node in
        let slice = TileSlice(node)
        guard let tile = tiles[Place(level: slice.level, index: slice.index)],
          let hash = slice.hash(in: tile)
        else {
          throw LedgerStoreError(
            .treeBroken,
            "tile \(slice.index) of level \(slice.level) is missing: run `pithledger fsck`")
        }
        return hash
      }
    }
  }

  /// A tile's hashes as bytes; `nil` where the tree is not that far.
  public func tileBytes(level: Int, index: UInt64, width: Int) async throws -> [UInt8]? {
    let rows = try await readers.query(
      """
      SELECT t.hashes FROM ledger.tile t WHERE t.level = $1 AND t.index = $2
      UNION ALL
      SELECT t.edge[$3] FROM ledger.tree t WHERE t.size >> $4 = $2 AND $3 <= cardinality(t.edge)
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

  /// The entries from a position on; fewer than asked for where the log ends, or has a gap.
  public func entries(from: Int64, limit: Int) async throws -> [[UInt8]] {
    let rows = try await readers.query(
      """
      SELECT e.position, e.entry FROM ledger.event e WHERE e.position >= $1
      ORDER BY e.position LIMIT $2
      """, [.int8(from), .int8(Int64(limit))])
    var entries: [[UInt8]] = []
    for row in rows {
      guard try row.int(0) == from + Int64(entries.count) else { break }
      entries.append(try row.bytes(1))
    }
    return entries
  }

  /// The entries at some positions.
  public func entries(at positions: [Int64]) async throws -> [Int64: [UInt8]] {
    var entries: [Int64: [UInt8]] = [:]
    let rows = try await readers.query(
      """
      SELECT e.position, e.entry FROM unnest($1::bigint[]) AS w (position)
        CROSS JOIN LATERAL (SELECT * FROM ledger.event t WHERE t.position = w.position LIMIT 1) AS e
      """, [.int8Array(positions)])
    for row in rows { entries[try row.int(0)] = try row.bytes(1) }
    return entries
  }

  /// Where the event of an id is.
  public func position(of id: Digest) async throws -> Int64? {
    try await readers.query(
      "SELECT e.position FROM ledger.event e WHERE e.event_id = $1 ORDER BY e.position LIMIT 1",
      [.bytes(id.bytes)]
    ).first?.int(0)
  }

  // MARK: Checkpoints

  /// A checkpoint as it was signed, and what witnesses added.
  public struct StoredCheckpoint: Sendable {
    public let size: UInt64
    public let root: Digest
    /// The note with the log's signature alone.
    public let note: String
    /// Signature lines, each with its newline.
    public let cosignatures: [String]

    init(size: UInt64, root: Digest, note: String, cosignatures: [String]) {
      self.size = size
      self.root = root
      self.note = note
      self.cosignatures = cosignatures
    }

    /// A checkpoint that was signed just now.
    public init(_ signed: SignedCheckpoint) {
      self.init(
        size: signed.checkpoint.size, root: signed.checkpoint.root, note: signed.note.description,
        cosignatures: [])
    }

    /// The same note with other cosignatures: lines, each with its newline.
    public func with(cosignatures: [String]) -> StoredCheckpoint {
      StoredCheckpoint(size: size, root: root, note: note, cosignatures: cosignatures)
    }

    /// The note with every cosignature.
    public var cosigned: String { note + cosignatures.joined() }
  }

  private func checkpoints(
    _ rest: String, _ parameters: [PostgresValue]
  ) async throws -> [StoredCheckpoint] {
    try await readers.query(
      """
      SELECT c.size, c.root, c.note, (SELECT coalesce(string_agg(s.line, '' ORDER BY s.received_at, s.witness), '')
        FROM ledger.cosignature s WHERE s.size = c.size) FROM ledger.checkpoint c \(rest)
      """, parameters
    ).map { row in
      guard let root = Digest(bytes: try row.bytes(1)) else {
        throw PostgresError(.decoding, "a checkpoint's root is not a hash")
      }
      let lines = try row.text(3)
      return StoredCheckpoint(
        size: UInt64(clamping: try row.int(0)), root: root, note: try row.text(2),
        cosignatures: lines.isEmpty ? [] : [lines])
    }
  }

  /// The newest checkpoint.
  public func latestCheckpoint() async throws -> StoredCheckpoint? {
    try await checkpoints("ORDER BY c.size DESC LIMIT 1", []).first
  }

  public func checkpoint(size: UInt64) async throws -> StoredCheckpoint? {
    try await checkpoints("WHERE c.size = $1", [.int8(Int64(clamping: size))]).first
  }

  /// Checkpoints of fewer entries than a size, the largest first.
  public func checkpoints(below size: UInt64, limit: Int) async throws -> [StoredCheckpoint] {
    try await checkpoints(
      "WHERE c.size < $1 ORDER BY c.size DESC LIMIT $2",
      [.int8(Int64(clamping: size)), .int8(Int64(limit))])
  }

  /// Checkpoints from a size on, the smallest first.
  public func checkpoints(from size: UInt64, limit: Int) async throws -> [StoredCheckpoint] {
    try await checkpoints(
      "WHERE c.size >= $1 ORDER BY c.size LIMIT $2",
      [.int8(Int64(clamping: size)), .int8(Int64(limit))])
  }

  /// Errors: `anotherRoot` where that size was signed with another root.
  public func record(_ checkpoint: SignedCheckpoint) async throws {
    do {
      _ = try await signer.query(
        "SELECT ledger.record_checkpoint($1, $2, $3)",
        [
          .int8(Int64(clamping: checkpoint.checkpoint.size)),
          .bytes(checkpoint.checkpoint.root.bytes),
          .text(checkpoint.note.description),
        ])
    } catch let error as PostgresError where error.sqlState == "PL021" {
      throw LedgerStoreError(.anotherRoot, error.message)
    }
  }

  public func record(_ cosignature: NoteSignature, size: UInt64) async throws {
    _ = try await signer.query(
      "SELECT ledger.record_cosignature($1, $2, $3)",
      [.int8(Int64(clamping: size)), .text(cosignature.name), .text(cosignature.line)])
  }

  /// The largest size that a witness cosigned; 0 for none.
  public func lastCosigned(by witness: String) async throws -> UInt64 {
    UInt64(
      clamping: try await readers.query(
        "SELECT coalesce(max(s.size), 0) FROM ledger.cosignature s WHERE s.witness = $1",
        [.text(witness)])[0].int(0))
  }

  /// Says that checkpoints are signed by this key, and answers the one that stands.
  public func claimLogKey(_ key: NoteVerifierKey) async throws -> String {
    try await signer.query("SELECT ledger.claim_log_key($1)", [.text(key.description)])[0].text(0)
  }

  // MARK: For whoever checks everything

  /// The columns beside the entries, by position.
  public func foldEvents(from position: Int64, limit: Int) async throws -> [FoldEvent] {
    try await folded(
      "WHERE e.position >= $1 ORDER BY e.position LIMIT $2",
      [.int8(position), .int8(Int64(limit))])
  }

  /// How many rows the log has, whatever the head says.
  public func countEntries() async throws -> Int64 {
    try await readers.query("SELECT count(*) FROM ledger.event")[0].int(0)
  }

  /// Every Pith Number with its record.
  public func subjects() async throws -> [String: Int64] {
    var subjects: [String: Int64] = [:]
    for row in try await readers.query("SELECT pith_number, record FROM ledger.subject") {
      subjects[try row.text(0)] = try row.int(1)
    }
    return subjects
  }

  /// Evidence whose bytes are not those of its name.
  public func corruptEvidence() async throws -> [Digest] {
    try await administrator.query("SELECT * FROM ledger.corrupt_evidence()").compactMap {
      Digest(bytes: try $0.bytes(0))
    }
  }
}
