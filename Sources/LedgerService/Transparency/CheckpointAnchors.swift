import Encodings
import LedgerDomain
import LedgerStore

/// Reads the proofs of time over checkpoints: events of the registry about itself.
struct CheckpointAnchors: Sendable {
  let store: LedgerStore
  let timeline: TimelineCache

  /// A proof of time over one checkpoint, with what became of it.
  struct Anchor: Sendable {
    let position: Position
    let eventID: Digest
    let kind: TimestampAnchor.Kind
    /// The checkpoint's size.
    let size: UInt64
    /// The newest proof's digest.
    let proof: Digest
    let verdict: Verdict
    /// Where the last event that bears on it is.
    let lastPosition: Position
  }

  /// All of them, the smallest checkpoint first.
  func all() async throws -> [Anchor] {
    let events = try await store.folds.keyEvents(from: .first).filter { $0.foldGroup != nil }
    let keys = try await timeline.current().timeline
    var anchors: [Anchor] = []
    for (_, group) in Dictionary(grouping: events, by: \.foldGroup) {
      let fold = GroupFold(group, keys)
      for statement in fold.live where statement.event.type == .timestampAnchor {
        let entries = try await store.log.entries(at: [statement.event.position])
        guard let bytes = entries[statement.event.position],
          case let event = try Entry(bytes: bytes).event,
          case .timestampAnchor(let anchor) = event.body.payload,
          let size = event.body.target.checkpoint
        else { continue }
        anchors.append(
          Anchor(
            position: statement.event.position, eventID: statement.event.eventID, kind: anchor.kind,
            size: size, proof: try await latestProof(of: statement.event) ?? anchor.proof,
            verdict: statement.verdict, lastPosition: group.map(\.position).max() ?? .first))
      }
    }
    return anchors.sorted { ($0.size, $0.position) < ($1.size, $1.position) }
  }

  /// For each kind of proof the first verified one over a checkpoint that covers a position.
  func covering(_ position: Position) async throws -> [Anchor] {
    var found: [Anchor] = []
    for anchor in try await all()
    where anchor.verdict == .verified && anchor.size > position.leafIndex
      && !found.contains(where: { $0.kind == anchor.kind })
    {
      // Where the proof was erased, a later one may do.
      if try await store.evidence.publicBytes(anchor.proof) != nil { found.append(anchor) }
    }
    return found
  }

  /// The newest upgrade of an anchor's proof.
  private func latestProof(of anchor: FoldEvent) async throws -> Digest? {
    guard let newest = try await store.attestations.newest(.anchorUpgraded, referringTo: anchor)
    else {
      return nil
    }
    return try Entry(bytes: newest.entry).event.body.payload.evidence
  }
}
