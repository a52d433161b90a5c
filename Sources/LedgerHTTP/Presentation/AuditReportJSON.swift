public import CanonicalJSON
import Encodings
import LedgerDomain
public import LedgerService

extension AuditReport {
  /// The result of an audit as JSON.
  public var json: JSON {
    [
      "erased": .array(erased.map(\.json)), "events": .integer(events),
      "findings": .array(findings.map(\.json)),
      "not_checked": .integer(notChecked),
    ]
  }
}

extension AuditErasure {
  /// One event with erased evidence as JSON.
  public var json: JSON {
    [
      "event_id": .string("sha256:" + eventID.hex), "evidence_sha256": .string(evidence.hex),
      "pith_number": .string(pithNumber), "position": .integer(position.rawValue),
    ]
  }
}

extension AuditFinding {
  /// One finding as JSON.
  public var json: JSON {
    [
      "check": .string(check), "detail": .string(detail),
      "event_id": .string("sha256:" + eventID.hex), "now": .string(now),
      "pith_number": .string(pithNumber), "position": .integer(position.rawValue),
      "was": .string(was),
    ]
  }
}
