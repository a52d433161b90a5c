public import CanonicalJSON
import LedgerDomain
public import LedgerService

extension StatusSnapshot {
  /// The status as JSON: `pith_number`, `position`, `verification_status` and `event_summary`.
  public var json: JSON {
    [
      "pith_number": .string(pithNumber.description), "position": .integer(position.rawValue),
      "verification_status": .object(verificationStatus.json),
      "event_summary": .object(eventSummary),
    ]
  }
}
