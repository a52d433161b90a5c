import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerStore
import LedgerVerifier
import TransparencyLog

/// The bytes of a bundle in parts, read as they are asked for.
public struct BundleParts: AsyncSequence, Sendable {
  private let bytes: SpooledBytes

  init(_ bytes: SpooledBytes) { self.bytes = bytes }

  /// The number of bytes of all parts.
  public var count: Int { bytes.count }

  /// Begins at the first part.
  public func makeAsyncIterator() -> AsyncThrowingStream<[UInt8], any Error>.AsyncIterator {
    bytes.stream().makeAsyncIterator()
  }
}

/// Writes bundles: a record with the entries and proofs that verify it (`docs/specification/bundle.md`).
public struct BundleWriter: Sendable {
  let store: LedgerStore
  let resolver: RecordResolver
  let documents: RecordDocuments
  let checkpoints: CheckpointIssuer
  let anchors: CheckpointAnchors
  /// Caches bundles in temporary files. The cost of a bundle is its length in bytes.
  let cache = BuildCache<BundleKey, SpooledBytes>(
    check: "bundle", maxRunning: 2, maxWaiting: 16, maxCost: 512 << 20, life: .seconds(60),
    cost: { $0.count })

  /// The state that a bundle depends on. A bundle of an equal key is not written again.
  struct BundleKey: Hashable, Sendable {
    let record: RecordID
    let lastEvent: Position
    /// The position of the registry's last event, which includes proofs of time over checkpoints.
    let lastKeyEvent: Position
  }

  /// The bundle of a record: its entries and those of the relevant keys with inclusion proofs, its
  /// document, and the result of the fold. One canonical JSON object in parts.
  ///
  /// The bundle is as of a checkpoint that covers all its entries. It is cached for a minute, and written
  /// again if an event of the record or of the registry is appended.
  ///
  /// Errors: a `Refusal` if the name is unknown, if too many bundles are being written, or if no
  /// checkpoint covers the record yet.
  public func bundle(_ name: String) async throws -> BundleParts {
    let record = try await resolver.resolve(name).record
    let ends = try await store.log.head()
    let last =
      try await store.log.events(record: record.record, limit: 1, newestFirst: true).first?.position
      ?? record.record.firstPosition
    let key = BundleKey(record: record.record, lastEvent: last, lastKeyEvent: ends.lastKeyEvent)
    return BundleParts(
      try await cache.value(for: key) {
        try await SpooledBytes.spool { try await writeBundle(record, upTo: last, $0) }
      })
  }

  private func writeBundle(
    _ record: ResolvedRecord, upTo last: Position, _ write: @Sendable ([UInt8]) throws -> Void
  ) async throws {
    let stamps = try await anchors.covering(record.record.firstPosition, to: last)
    let checkpoint = try await checkpoints.covering(
      stamps.map(\.lastPosition).reduce(last, max))
    let end = checkpoint.size.end
    var timeline = KeyTimeline()
    let registry = try await store.folds.keyEvents(from: .first, below: end)
    timeline.apply(registry)
    let events = try await store.folds.events(record: record.record, upTo: end)
    guard let newest = events.last else {
      throw Refusal(.unavailable, check: "log", "The record's events cannot be read.")
    }
    let naming = try await store.folds.namingEvents(events.citingNames, below: end)
    let context = FoldContext(timeline, PaperNames(naming, timeline))
    let status = RecordStatus(FoldedRecord.whole(events, context), at: newest.recordedAt)
    var anchors: [JSON] = []
    for stamp in stamps { anchors.append(try await bundled(stamp, checkpoint)) }
    let keys = Self.relevant(
      registry, to: Set(events.map(\.signerKey)), stamps.map(\.position))
    let document: JSON =
      if let held = try await documents.document(of: record) { .object(held.json) } else { .null }
    let head: JSONObject = [
      "anchors": .array(anchors), "checkpoint": .string(checkpoint.note),
      "document": document, "event_summary": .object(status.eventSummary),
    ]
    let tail: JSONObject = [
      "pith_number": .string(record.pithNumber.description),
      "proofs": .array(try await RecordProofs(store: store).members(events, timeline)),
      "verification_status": .object(status.verificationStatus),
    ]
    // The members are written in the order of canonical JSON, so that the bundle is never in memory as a
    // whole.
    var opening = JSON.object(head).canonicalBytes()
    opening.removeLast()
    try write(opening + Array(",\"events\":[".utf8))
    try await writeEntries(events.map(\.position), checkpoint.size, write)
    try write(Array("],\"format\":\"\(BundleVerification.format)\",\"keys\":[".utf8))
    try await writeEntries(keys, checkpoint.size, write)
    try write(Array("],\"names\":[".utf8))
    try await writeEntries(Self.names(naming, besides: record.record), checkpoint.size, write)
    try write(Array("],".utf8) + JSON.object(tail).canonicalBytes().dropFirst())
  }

  /// Entries with their inclusion proofs, separated by commas.
  private func writeEntries(
    _ positions: [Position], _ size: TreeSize, _ write: @Sendable ([UInt8]) throws -> Void
  ) async throws {
    for start in stride(from: 0, to: positions.count, by: 100) {
      let slice = Array(positions[start..<min(start + 100, positions.count)])
      let shapes = slice.map { ProofLayout.inclusion(index: $0.leafIndex, size: size) ?? [] }
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

  /// The positions of events that name citing papers, with the creation of each record that they are
  /// about. Events of the bundle's own record are among its events already.
  static func names(_ naming: [FoldEvent], besides record: RecordID) -> [Position] {
    let others = naming.filter { $0.record != record }
    return Set(others.map(\.position) + others.map(\.record.firstPosition)).sorted()
  }

  /// The positions of the registry's events that the standing of these signers depends on.
  static func relevant(
    _ registry: [FoldEvent], to signers: Set<Digest128>, _ anchors: [Position]
  ) -> [Position] {
    var wanted = signers
    // The registry's keys sign statements about other keys, so the events about them are always included.
    for event in registry where event.key?.signerType == .registry {
      wanted.insert(event.signerKey)
    }
    let about = registry.filter { $0.key.map { wanted.contains($0.fingerprint) } ?? false }
    let said = registry.filter { event in
      event.key == nil
        && (anchors.contains(event.position) || anchors.contains(event.refersTo ?? .beforeFirst))
    }
    return (about + said).map(\.position).sorted()
  }

  /// The member of `anchors` for a proof of time over a checkpoint.
  private func bundled(
    _ stamp: CheckpointAnchors.Anchor, _ checkpoint: StoredCheckpoint
  ) async throws -> JSON {
    guard let covered = try await checkpoints.served.checkpoint(size: stamp.size),
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
      "position": .integer(stamp.position.rawValue), "proof_b64": .string(Base64.encode(proof)),
    ]
  }
}
