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
      let fold = GroupFold(group, FoldContext(withoutCitations: keys))
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

  /// For each kind of proof, the first verified one over a checkpoint that covers a record's first event,
  /// and the one that covers most of its events: the first that covers the last event, or else the newest.
  func covering(_ first: Position, to last: Position) async throws -> [Anchor] {
    let verified = try await all().filter {
      $0.verdict == .verified && $0.size.covers(first)
    }
    var found: [Anchor] = []
    for kind in TimestampAnchor.Kind.allCases {
      let ofKind = verified.filter { $0.kind == kind }
      let (partial, whole) = (
        ofKind.filter { !$0.size.covers(last) }, ofKind.filter { $0.size.covers(last) }
      )
      // If the bytes of a proof were erased, another proof is used.
      let oldest = try await firstKept(ofKind)
      let widest = try await firstKept(whole + partial.reversed())
      for anchor in [oldest, widest].compactMap(\.self)
      where !found.contains(where: { $0.position == anchor.position }) {
        found.append(anchor)
      }
    }
    return found
  }

  /// The first proof whose bytes are kept.
  private func firstKept(_ anchors: [Anchor]) async throws -> Anchor? {
    for anchor in anchors
    where try await store.evidence.publicBytes(anchor.proof) != nil { return anchor }
    return nil
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
