public import CanonicalJSON
import Encodings

extension RecordMerge {
  /// The state as JSON, with the members of the published format.
  ///
  /// Specification: merging.md, section State.
  public var json: JSON {
    [
      "current": current, "equivocation_count": .integer(Int64(equivocations.count)),
      "event_count": .integer(Int64(eventCount)),
      "invalid_event_count": .integer(Int64(invalid.count)),
      "merge_version": "pith-ledger-merge/1", "pith_number": .string(pithNumber.description),
      "state_type": "pith_number_state",
      "state_version": "1.0",
      "valid_event_count": .integer(Int64(eventCount - invalid.count)),
    ]
  }

  private var current: JSON {
    [
      "attestations": .array(attestations.filter(\.counts).map(\.json)),
      "canonical_sha256": canonicalSHA256.map { .string($0.hex) } ?? .null,
      "equivocations": .array(equivocations.map(\.json)),
      "event_summary": .object(eventSummary), "invalid_events": .array(invalid.map(\.json)),
      "ledgers": .array(
        ledgers.map {
          ["contradicts_itself": .bool($0.isContradictory), "origin": .string($0.origin)]
        }),
      "storage_verified_until": storageEnd,
      "verification_status": .object(status.json),
    ]
  }

  private var storageEnd: JSON {
    guard let end = storageVerifiedUntil else { return .null }
    return end == .never ? "infinity" : .string(end.description)
  }

  /// The attestations in numbers. It has the members of `event_summary` that do not depend on a position.
  private var eventSummary: JSONObject {
    guard let last = attestations.last else { return [:] }
    let (total, byType) = totals.countsByType
    return [
      "by_type": .object(byType), "equivocations": .integer(Int64(equivocations.count)),
      "last_event_id": .string(last.event.id), "total": .integer(total),
    ]
  }
}

extension RecordMerge.Attestation {
  /// Whether the attestation is among those that stand.
  fileprivate var counts: Bool { standing == .verified || standing == .pending }

  fileprivate var json: JSON {
    let body = event.body
    return [
      "created_at": .string(body.createdAt.description), "event_id": .string(event.id),
      "event_type": .string(body.type.name),
      "ledgers": .array(origins.map { .string($0) }), "payload": .object(body.payloadJSON),
      "signer": body.signer.json,
      "standing": .string(standingName), "target": .string(body.target.text),
    ]
  }

  /// The standing by the name that its type uses.
  private var standingName: String {
    switch (event.body.type, standing) {
    case (.authorAttestation, .verified): "strong"
    case (.replicationRecord, .verified): "approved"
    case (.authorAttestation, .pending): isWeak ? "weak" : "pending"
    default: standing.name
    }
  }
}

extension RecordMerge.Equivocation {
  fileprivate var json: JSON {
    [
      "event_ids": .array(events.map { .string("sha256:" + $0.hex) }),
      "event_type": .string(type.name),
    ]
  }
}

extension RecordMerge.Invalid {
  fileprivate var json: JSON {
    ["check": .string(check), "event_id": .string("sha256:" + eventID.hex)]
  }
}

extension SignedEvent {
  fileprivate var id: String { "sha256:" + eventID.hex }
}
