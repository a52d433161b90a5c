import LedgerDomain
import LedgerStore

/// A pending anchor as it is read from the log.
struct PendingAnchor: Sendable {
  let stored: StoredEvent
  let event: SignedEvent
  let payload: TimestampAnchor
  /// `nil` for an anchor of a checkpoint.
  let record: ResolvedRecord?
  /// The bytes of its newest proof. `nil` if they were erased.
  let proof: [UInt8]?
  /// The settlement of an anchor about which nothing new is found.
  let settlement: AnchorSettlement

  func outcome(_ state: AnchorOutcome.State, _ detail: String) -> AnchorOutcome {
    AnchorOutcome(
      eventID: stored.eventID, subject: event.body.subject.text, state: state, detail: detail)
  }
}

/// Reads pending anchors from the log.
struct AnchorReader: Sendable {
  let store: LedgerStore
  let reader: EvidenceReader

  /// Anchors without a final verdict by position, from a position on.
  func unsettledAnchors(from: Position, limit: Int) async throws -> [StoredEvent] {
    try await store.attestations.unsettledAnchors(from: from, limit: limit)
  }

  /// Reads what the settlement of an anchor needs: its newest proof, its record, and its columns.
  ///
  /// Errors: a `Refusal` with check `log` if the entry is not a readable anchor.
  func load(_ stored: StoredEvent) async throws -> PendingAnchor {
    let event = try Entry(bytes: stored.entry).event
    let record = try await reader.record(of: event)
    guard case .timestampAnchor(let payload) = event.body.payload,
      let columns = try await store.folds.event(record: stored.record, id: stored.eventID)
    else { throw Refusal(.invalid, check: "log", "The anchor cannot be read.") }
    let upgrade = try await store.attestations.newest(.anchorUpgraded, referringTo: columns)
    let digest =
      try upgrade.map { try Entry(bytes: $0.entry).event.body.payload.evidence }
      ?? payload.proof
    let proof: [UInt8]? =
      if let digest { try await store.evidence.publicBytes(digest) } else { nil }
    let outcome = AnchorOutcome(
      eventID: stored.eventID, subject: event.body.subject.text, state: .pending,
      detail: payload.kind == .rfc3161 ? "no trusted root" : "not in a known block")
    return PendingAnchor(
      stored: stored, event: event, payload: payload, record: record, proof: proof,
      settlement: AnchorSettlement(
        outcome: outcome, isUnsettleable: columns.flags.contains(.unsettleable),
        lastChange: upgrade?.recordedAt ?? stored.recordedAt,
        expires: record != nil && columns.flags.contains(.bare)))
  }
}
