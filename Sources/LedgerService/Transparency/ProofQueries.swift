public import CanonicalJSON
import Encodings
public import LedgerDomain
import LedgerStore
import LedgerVerifier
public import TransparencyLog

/// Answers that need no belief: checkpoints, tiles, and proofs of what is in the log.
extension Ledger {
  /// What a bundle follows from: with the same of these, a newer one proves nothing more.
  struct BundleKey: Hashable, Sendable {
    let record: Int64
    let lastEvent: Int64
    /// The last of the registry's events, proofs of time over checkpoints among them.
    let lastKeyEvent: Int64
  }

  /// The key that checkpoints are signed by, as name+id+base64; `nil` before the first.
  public func logVerifierKey() async throws -> String? {
    if let checkpointSigner { return checkpointSigner.verifierKey.description }
    return try await store.tree.state().logKey
  }

  /// Why the ledger signs nothing any more; `nil` while all is well.
  public func historyMismatch() async -> String? { await checkpointSigner?.mismatch?.description }

  /// Why no checkpoint can be signed at the moment; `nil` while all is well. It clears itself when the cause is gone.
  public func signingOutage() async -> Refusal? { await checkpointSigner?.outage }

  /// The newest checkpoint, one of the whole log where the ledger may sign and there was none.
  func newestCheckpoint() async throws -> StoredCheckpoint {
    if let newest = try await served.newest() { return newest }
    return try await issueCheckpoint()
  }

  /// The newest checkpoint's note with every cosignature.
  public func checkpointNote() async throws -> String { try await newestCheckpoint().cosigned }

  /// A checkpoint of the whole log, signed now where something came since the last.
  func issueCheckpoint() async throws -> StoredCheckpoint {
    guard let checkpointSigner else {
      throw Refusal(
        .notFound, check: "checkpoint",
        "No checkpoint was signed yet, and this ledger only answers.")
    }
    let signed = try await checkpointSigner.checkpoint()
    // With the cosignatures that hold; where the database keeps another note for that size, as it was signed.
    return try await served.checkpoint(size: signed.size) ?? signed
  }

  /// The same, as the shell shows it.
  public func signCheckpoint() async throws -> String { try await issueCheckpoint().cosigned }

  /// Takes a checkpoint that the operator kept for the last one that was signed.
  public func continueFrom(_ note: [UInt8]) async throws {
    try requireWriting()
    try await checkpointSigner?.continueFrom(note)
  }

  /// A checkpoint that covers a position, signed for the purpose where none does yet.
  func checkpoint(covering position: Int64) async throws -> StoredCheckpoint {
    let newest = try await newestCheckpoint()
    if newest.size > UInt64(clamping: position) { return newest }
    guard position < (try await store.log.size()) else {
      throw Refusal(
        .notFound, check: "position", field: "position", "The log has no entry at \(position).")
    }
    guard checkpointSigner != nil else {
      throw Refusal(
        .unavailable, check: "checkpoint",
        "No checkpoint covers position \(position) yet; try again in a moment.")
    }
    return try await issueCheckpoint()
  }

  /// A tile or an entry bundle, as C2SP tlog-tiles has it.
  ///
  /// Errors: `not_found` for what no checkpoint covers yet.
  public func tile(_ path: TilePath) async throws -> [UInt8] {
    let size = try await newestCheckpoint().size
    func missing() -> Refusal {
      Refusal(
        .notFound, check: "tile", field: "path",
        "\(path) is not in the tree of \(size) entries that the newest checkpoint covers.")
    }
    let fullWidth = UInt64(TilePath.fullWidth)
    let level = if case .hashes(let level) = path.kind { level } else { 0 }
    guard level < 8, path.index < size >> UInt64(8 * level),
      path.index * fullWidth + UInt64(path.width) <= size >> UInt64(8 * level)
    else { throw missing() }
    switch path.kind {
    case .hashes:
      guard
        let bytes = try await store.tree.tileBytes(
          level: level, index: path.index, width: path.width)
      else { throw missing() }
      return bytes
    case .entries:
      let entries = try await store.log.entries(
        from: Int64(clamping: path.index * fullWidth), limit: path.width)
      guard entries.count == path.width else { throw missing() }
      return TileBytes.encode(entries: entries)
    }
  }

  /// The proof that an entry is in the log, with the entry itself as its extra data.
  ///
  /// - Parameter name: a position, or an event id with or without `sha256:`.
  public func inclusionProof(_ name: String) async throws -> InclusionProof {
    let position = try await position(name)
    let checkpoint = try await checkpoint(covering: position)
    guard let shape = ProofLayout.inclusion(index: UInt64(position), size: checkpoint.size),
      let entry = try await store.log.entries(from: position, limit: 1).first
    else { throw Refusal(.notFound, check: "position", "The log has no entry at \(position).") }
    return InclusionProof(
      index: UInt64(position), hashes: try await store.tree.hashes(of: shape),
      note: try SignedNote(checkpoint.cosigned), extra: entry)
  }

  private func position(_ name: String) async throws -> Int64 {
    // Sixty-four digits are a hash, whatever digits they are.
    if name.utf8.count < 20, name.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let position = Int64(name)
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

  /// The hashes between two sizes of the log, both no larger than the newest checkpoint.
  public func consistencyProof(old: UInt64, new: UInt64?) async throws -> JSON {
    let newest = try await newestCheckpoint()
    let new = new ?? newest.size
    guard new <= newest.size, let shape = ProofLayout.consistency(old: old, new: new) else {
      throw Refusal(
        .malformed, check: "size", field: "old",
        "Two sizes, the older no larger than the newer, which is at most \(newest.size).")
    }
    return [
      "new_root": .string(try await root(size: new).base64),
      "new_size": .integer(Int64(clamping: new)),
      "old_root": .string(try await root(size: old).base64),
      "old_size": .integer(Int64(clamping: old)),
      "proof": .array(try await store.tree.hashes(of: shape).map { .string($0.base64) }),
    ]
  }

  private func root(size: UInt64) async throws -> Digest {
    try await store.tree.hashes(of: [ProofLayout.root(size: size)])[0]
  }

  // MARK: Bundles

  /// A record with everything that proves it: its entries and the keys' with inclusion proofs, its document,
  /// and what the fold gives. One canonical JSON object, written piece by piece.
  ///
  /// It is as of a checkpoint that covers all of them. It is written once for all who ask within a minute, and
  /// again when something about the record or about keys comes.
  public func bundle(_ name: String) async throws -> AsyncThrowingStream<[UInt8], any Error> {
    let record = try await resolve(name).record
    let ends = try await store.log.head()
    let last =
      try await store.log.events(record: record.record, limit: 1, newestFirst: true).first?.position
      ?? record.record
    let key = BundleKey(record: record.record, lastEvent: last, lastKeyEvent: ends.lastKeyEvent)
    return try await bundles.value(for: key) {
      try await SpooledBytes.spool { try await self.writeBundle(record, upTo: last, $0) }
    }.stream()
  }

  private func writeBundle(
    _ record: ResolvedRecord, upTo last: Int64, _ write: @Sendable ([UInt8]) throws -> Void
  ) async throws {
    let stamps = try await stamps(covering: last)
    let checkpoint = try await checkpoint(
      covering: stamps.map(\.lastPosition).reduce(last, max))
    let size = Int64(clamping: checkpoint.size)
    var timeline = KeyTimeline()
    let registry = try await store.folds.keyEvents(from: 0).filter { $0.position < size }
    for event in registry { _ = timeline.apply(event) }
    let events = try await store.folds.events(record: record.record, upTo: size)
    guard let newest = events.last else {
      throw Refusal(.unavailable, check: "log", "The record's events cannot be read.")
    }
    let status = RecordStatus(FoldedRecord.whole(events, timeline), at: newest.recordedAt)
    var anchors: [JSON] = []
    for stamp in stamps { anchors.append(try await bundled(stamp, checkpoint)) }
    let keys = Self.relevant(
      registry, to: Set(events.map(\.signerKey)), stamps.map(\.position))
    let document: JSON =
      if let held = try await self.document(of: record) { .object(held.json) } else { .null }
    let head: JSONObject = [
      "anchors": .array(anchors), "checkpoint": .string(checkpoint.note),
      "document": document, "event_summary": .object(status.eventSummary),
    ]
    let tail: JSONObject = [
      "pith_number": .string(record.pithNumber.description),
      "verification_status": .object(status.verificationStatus),
    ]
    // The members in the order of canonical JSON, each written as soon as it is there.
    var opening = JSON.object(head).canonicalBytes()
    opening.removeLast()
    try write(opening + Array(",\"events\":[".utf8))
    try await writeEntries(events.map(\.position), checkpoint.size, write)
    try write(Array("],\"format\":\"\(BundleVerification.format)\",\"keys\":[".utf8))
    try await writeEntries(keys, checkpoint.size, write)
    try write(Array("],".utf8) + JSON.object(tail).canonicalBytes().dropFirst())
  }

  /// Entries with their inclusion proofs, separated by commas.
  private func writeEntries(
    _ positions: [Int64], _ size: UInt64, _ write: @Sendable ([UInt8]) throws -> Void
  ) async throws {
    for start in stride(from: 0, to: positions.count, by: 100) {
      let slice = Array(positions[start..<min(start + 100, positions.count)])
      let shapes = slice.map { ProofLayout.inclusion(index: UInt64($0), size: size) ?? [] }
      var hashes = try await store.tree.hashes(of: shapes.flatMap { $0 })[...]
      let entries = try await store.log.entries(at: slice)
      var bytes: [UInt8] = []
      for (index, position) in slice.enumerated() {
        guard let entry = entries[position] else {
          throw Refusal(.unavailable, check: "log", "The entry at \(position) cannot be read.")
        }
        if start + index > 0 { bytes.append(UInt8(ascii: ",")) }
        let proof = hashes.prefix(shapes[index].count).map { JSON.string($0.base64) }
        hashes = hashes.dropFirst(shapes[index].count)
        bytes += Array("{\"entry\":".utf8) + entry
        bytes += Array(",\"inclusion\":".utf8) + JSON.array(proof).canonicalBytes()
        bytes += Array(",\"position\":\(position)}".utf8)
      }
      try write(bytes)
    }
  }

  /// The positions of the registry's events that the standing of these signers rests on.
  private static func relevant(
    _ registry: [FoldEvent], to signers: Set<Digest128>, _ anchors: [Int64]
  ) -> [Int64] {
    var wanted = signers
    // Whoever speaks about a key must be known too; the registry's own keys always are.
    for event in registry where event.key?.signerType == .registry {
      wanted.insert(event.signerKey)
    }
    let about = registry.filter { $0.key.map { wanted.contains($0.fingerprint) } ?? false }
    let said = registry.filter { event in
      event.key == nil
        && (anchors.contains(event.position) || anchors.contains(event.refersTo ?? -1))
    }
    return (about + said).map(\.position).sorted()
  }

  /// For each kind of proof the first verified one over a checkpoint that covers a position.
  private func stamps(covering position: Int64) async throws -> [CheckpointAnchor] {
    var found: [CheckpointAnchor] = []
    for anchor in try await checkpointAnchors()
    where anchor.verdict == .verified && anchor.size > UInt64(clamping: position)
      && !found.contains(where: { $0.kind == anchor.kind })
    {
      // Where the proof was erased, a later one may do.
      if try await store.evidence.publicBytes(anchor.proof) != nil { found.append(anchor) }
    }
    return found
  }

  /// A proof of time over a checkpoint, as a bundle carries it.
  private func bundled(
    _ stamp: CheckpointAnchor, _ checkpoint: StoredCheckpoint
  ) async throws -> JSON {
    guard let covered = try await served.checkpoint(size: stamp.size),
      let proof = try await store.evidence.publicBytes(stamp.proof),
      let shape = ProofLayout.consistency(old: stamp.size, new: checkpoint.size)
    else {
      throw Refusal(
        .unavailable, check: "evidence", field: "anchors",
        "The proof of time at position \(stamp.position) cannot be read; its bytes may have been erased."
      )
    }
    return [
      "checkpoint": .string(try SignedNote(covered.note).text),
      "consistency": .array(try await store.tree.hashes(of: shape).map { .string($0.base64) }),
      "position": .integer(stamp.position), "proof_b64": .string(encodeBase64(proof)),
    ]
  }
}
