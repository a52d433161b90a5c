public import CanonicalJSON
import Encodings
public import LedgerStore

extension PastProjections {
  /// The numbers as JSON: `events`, `records`, `totals` and `projections_sha256`.
  public var json: JSON {
    var sums: JSONObject = [:]
    for total in totals { sums[total.name] = .integer(total.value) }
    return [
      "events": .integer(events), "projections_sha256": .string(digest.hex),
      "records": .integer(records), "totals": .object(sums),
    ]
  }
}
