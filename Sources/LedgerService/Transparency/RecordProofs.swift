import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerStore

/// Reads the proofs of time of a record's own anchors, for the member `proofs` of its bundle.
struct RecordProofs: Sendable {
  /// The largest number of proofs in a bundle.
  static let maxProofs = 256

  let store: LedgerStore

  /// The elements of `proofs`, by position: the newest proof of each live anchor whose bytes are kept.
  /// If there are more than the limit, verified anchors come before pending ones, and older ones before
  /// newer ones.
  ///
  /// - Parameter events: all events of the record.
  func members(_ events: [FoldEvent], _ timeline: KeyTimeline) async throws -> [JSON] {
    let anchors = Self.live(events, timeline)
    var upgrades: [Position: Position] = [:]
    for event in events where event.type == .anchorUpgraded {
      if let anchor = event.refersTo { upgrades[anchor] = event.position }
    }
    let named = anchors.map { upgrades[$0] ?? $0 }
    let entries = try await store.log.entries(at: named)
    var members: [JSON] = []
    for (anchor, position) in zip(anchors, named) {
      guard let bytes = entries[position],
        let digest = try Entry(bytes: bytes).event.body.payload.evidence,
        let proof = try await store.evidence.publicBytes(digest)
      else { continue }
      members.append([
        "position": .integer(anchor.rawValue), "proof_b64": .string(Base64.encode(proof)),
      ])
    }
    return members
  }

  /// The positions of the live anchors that a bundle has room for.
  private static func live(_ events: [FoldEvent], _ timeline: KeyTimeline) -> [Position] {
    let groups = Set(events.filter { $0.type == .timestampAnchor }.compactMap(\.foldGroup))
    let grouped = Dictionary(
      grouping: events.filter { $0.foldGroup.map(groups.contains) ?? false }, by: \.foldGroup)
    let context = FoldContext(withoutCitations: timeline)
    let statements = grouped.values.flatMap { GroupFold($0, context).live }
      .filter { $0.event.type == .timestampAnchor }
    let positions = statements.map {
      (rank: $0.verdict == .verified ? 0 : 1, position: $0.event.position)
    }
    return positions.sorted { $0 < $1 }.prefix(maxProofs).map(\.position).sorted()
  }
}
