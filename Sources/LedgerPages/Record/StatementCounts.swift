import CanonicalJSON
import LedgerDomain

/// The numbers of a record's attestations by type and standing.
struct StatementCounts: Sendable {
  private let byType: JSON?

  /// Reads `event_summary`.
  init(_ summary: JSONObject) { byType = summary["by_type"] }

  /// The number of attestations of a type that have a standing.
  subscript(_ type: EventType, _ standing: Standing) -> Int {
    Int(byType?[type.name]?[standing.name]?.integerValue ?? 0)
  }
}
