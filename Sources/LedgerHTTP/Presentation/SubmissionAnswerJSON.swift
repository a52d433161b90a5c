public import CanonicalJSON
import Encodings
import LedgerDomain
public import LedgerService

extension SubmissionAnswer {
  /// The answer to a submission as JSON.
  public var json: JSON {
    [
      "created": .bool(created), "event_id": .string("sha256:" + eventID.hex),
      "position": .integer(position.rawValue), "recorded_at": .string(recordedAt.description),
      "reason": reason.map { .string($0) } ?? .null, "standing": .string(standing),
      "pith_number": pithNumber.map { .string($0.description) } ?? .null,
      "receipt": receipt.map { .string($0) } ?? .null,
      "verification_status": verificationStatus.map { .object($0.json) } ?? .null,
      "event_summary": eventSummary.map { .object($0) } ?? .null,
    ]
  }
}
