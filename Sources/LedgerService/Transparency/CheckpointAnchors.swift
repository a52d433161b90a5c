import Encodings
import LedgerDomain
import LedgerStore
import TransparencyLog

/// Reads proofs of time over checkpoints. They are events of the registry about itself.
struct CheckpointAnchors: Sendable {
  let store: LedgerStore
  let timeline: TimelineCache

  /// A proof of time over one checkpoint, with its current verdict.
  struct Anchor: Sendable {
    let position: Position
    let eventID: Digest
    let kind: TimestampAnchor.Kind
    /// The size of the checkpoint.
    let size: TreeSize
    /// The SHA-256 of the newest version of the proof.
    let proof: Digest
    let verdict: Verdict
    /// The position of the last event of its fold group.
    let lastPosition: Position
  }

  /// All live proofs of time, ordered by the size of the checkpoint.
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

  /// For each kind of proof, the first verified one over a checkpoint that covers a position.
  func covering(_ position: Position) async throws -> [Anchor] {
    var found: [Anchor] = []
    for anchor in try await all()
    where anchor.verdict == .verified && anchor.size.covers(position)
      && !found.contains(where: { $0.kind == anchor.kind })
    {
      // If the bytes of a proof were erased, a later proof is used.
      if try await store.evidence.publicBytes(anchor.proof) != nil { found.append(anchor) }
    }
    return found
  }

  /// The SHA-256 of the newest upgrade of an anchor's proof. `nil` if there is none.
  private func latestProof(of anchor: FoldEvent) async throws -> Digest? {
    guard let newest = try await store.attestations.newest(.anchorUpgraded, referringTo: anchor)
    else {
      return nil
    }
    return try Entry(bytes: newest.entry).event.body.payload.evidence
  }
}
