import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerStore
import Logging
import TransparencyLog

/// Proofs of time over checkpoints: events of the registry about itself, which rewrite no record's row.
extension Ledger {
  /// A proof of time over one checkpoint, with what became of it.
  struct CheckpointAnchor: Sendable {
    let position: Int64
    let eventID: Digest
    let kind: Payload.TimestampAnchor.Kind
    /// The checkpoint's size.
    let size: UInt64
    /// The newest proof's digest.
    let proof: Digest
    let verdict: Verdict
    /// Where the last event that bears on it is.
    let lastPosition: Int64
  }

  /// All of them, the smallest checkpoint first.
  func checkpointAnchors() async throws -> [CheckpointAnchor] {
    let events = try await store.folds.keyEvents(from: 0).filter { $0.foldGroup != nil }
    let keys = try await timeline.current().timeline
    var anchors: [CheckpointAnchor] = []
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
          CheckpointAnchor(
            position: statement.event.position, eventID: statement.event.eventID, kind: anchor.kind,
            size: size, proof: try await latestProof(of: statement.event) ?? anchor.evidence,
            verdict: statement.verdict, lastPosition: group.map(\.position).max() ?? 0))
      }
    }
    return anchors.sorted { ($0.size, $0.position) < ($1.size, $1.position) }
  }

  /// What a proof of time over the checkpoint that a target names must be over.
  func checkpointDigest(_ target: Target) async throws -> Digest? {
    guard let size = target.checkpoint, let stored = try await served.checkpoint(size: size) else {
      return nil
    }
    return Digest(hashing: Array(try SignedNote(stored.note).text.utf8))
  }

  /// Has the newest checkpoint stamped by everybody that is configured, and appends their proofs as events
  /// of the registry about the checkpoint.
  ///
  /// - Returns: the positions of the events; empty where nobody is configured, the checkpoint is stamped
  ///   already, or nothing but stamps came since the last one.
  @discardableResult
  public func stampCheckpoint() async throws -> [Int64] {
    try requireWriting()
    guard !configuration.stampCalendars.isEmpty || !configuration.stampAuthorities.isEmpty else {
      return []
    }
    let stamped = try await checkpointAnchors()
    if let newest = stamped.last {
      // A stamp is an entry too: without this, each would call for the next.
      let since = try await store.log.events(
        from: Int64(clamping: newest.size), limit: Self.pageSize)
      if since.allSatisfy({ $0.record == -1 && !$0.type.isAboutKeys }) { return [] }
    }
    let checkpoint = try await issueCheckpoint()
    let digest = Digest(hashing: Array(try SignedNote(checkpoint.note).text.utf8))
    var positions: [Int64] = []
    if !configuration.stampCalendars.isEmpty {
      let proof = try await stamp(digest, calendars: configuration.stampCalendars)
      positions.append(try await anchor(checkpoint.size, .opentimestamps, digest, proof))
    }
    for authority in configuration.stampAuthorities {
      do {
        let token = try await requestToken(over: digest, authority: authority)
        positions.append(try await anchor(checkpoint.size, .rfc3161, digest, token))
      } catch let refusal as Refusal where refusal.code == .unavailable {
        logger.warning("the authority \(authority) gave no token: \(refusal)")
      }
    }
    return positions
  }

  private func anchor(
    _ size: UInt64, _ kind: Payload.TimestampAnchor.Kind, _ digest: Digest, _ proof: [UInt8]
  ) async throws -> Int64 {
    try await signAndSubmit(
      type: .timestampAnchor,
      payload: [
        "anchor_kind": .string(kind.rawValue), "digest_sha256": .string(digest.hex),
        "evidence_sha256": .string(Digest(hashing: proof).hex),
      ], record: nil, target: "checkpoint:\(size)", evidence: [proof], key: nil
    ).position
  }
}
