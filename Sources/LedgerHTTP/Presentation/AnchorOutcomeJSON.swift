public import CanonicalJSON
import Encodings
public import LedgerService

extension AnchorOutcome {
  /// The result of checking a pending anchor as JSON.
  public var json: JSON {
    [
      "detail": .string(detail), "event_id": .string("sha256:" + eventID.hex),
      "outcome": .string(state.rawValue), "pith_number": .string(subject),
    ]
  }
}
