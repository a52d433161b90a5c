import CanonicalJSON

/// The standing of an attestation. Each attestation has exactly one.
///
/// Specification: standing.md, section Statements of a record.
public enum Standing: Int, Sendable, CaseIterable {
  /// `rejected` covers a false statement, an equivocation and a moderator's rejection. The order is
  /// that of ``GroupTotals/counts``.
  case verified, pending, rejected, withdrawn, superseded, revoked

  static let names = ["verified", "pending", "rejected", "withdrawn", "superseded", "revoked"]
  /// The name in JSON, such as `verified`.
  public var name: String { Self.names[rawValue] }
}

/// The numbers that a group of events adds to the row of its record.
public struct GroupTotals: Sendable, Equatable {
  /// The numbers of attestations by type and standing. The index is (type − 1) × 6 + standing.
  public var counts: [Int32] = Array(repeating: 0, count: 30)
  /// Identities with live weak author claims only.
  public var weakAuthors: Int32 = 0
  /// Identities with a live strong author claim.
  public var strongAuthors: Int32 = 0
  /// Verified anchors.
  public var verifiedAnchors: Int32 = 0
  /// Pending unsigned anchors that count towards the record's limit.
  public var pendingBareAnchors: Int32 = 0
  /// Distinct pairs of identity and citing paper with a verified citation.
  public var citationEdges: Int32 = 0
  /// Pairs of ``citationEdges`` with a citation by a key that was vouched for.
  public var vouchedCitationEdges: Int32 = 0
  /// Replication records that a moderator approved.
  public var approvedReplications: Int32 = 0
  /// Slots whose live statements contradict each other.
  public var equivocations: Int32 = 0

  /// Makes totals of zero.
  public init() {}

  /// Applies an operation to each pair of corresponding numbers.
  static func combine(
    _ a: GroupTotals, _ b: GroupTotals, _ operation: (Int32, Int32) -> Int32
  ) -> GroupTotals {
    var sum = GroupTotals()
    for index in 0..<30 { sum.counts[index] = operation(a.counts[index], b.counts[index]) }
    sum.weakAuthors = operation(a.weakAuthors, b.weakAuthors)
    sum.strongAuthors = operation(a.strongAuthors, b.strongAuthors)
    sum.verifiedAnchors = operation(a.verifiedAnchors, b.verifiedAnchors)
    sum.pendingBareAnchors = operation(a.pendingBareAnchors, b.pendingBareAnchors)
    sum.citationEdges = operation(a.citationEdges, b.citationEdges)
    sum.vouchedCitationEdges = operation(a.vouchedCitationEdges, b.vouchedCitationEdges)
    sum.approvedReplications = operation(a.approvedReplications, b.approvedReplications)
    sum.equivocations = operation(a.equivocations, b.equivocations)
    return sum
  }

  mutating func addAuthor(isStrong: Bool) {
    if isStrong { strongAuthors += 1 } else { weakAuthors += 1 }
  }

  mutating func addEdge(isVouched: Bool) {
    citationEdges += 1
    if isVouched { vouchedCitationEdges += 1 }
  }

  /// The number of attestations, and the object `by_type` of `event_summary`.
  var countsByType: (total: Int64, json: JSONObject) {
    var byType: JSONObject = [:]
    var total: Int64 = 0
    for type in EventType.attestations {
      let first = Int(type.rawValue - 1) * 6
      let sum = counts[first..<first + 6].reduce(0) { $0 + Int64($1) }
      guard sum > 0 else { continue }
      var standings: JSONObject = [:]
      for standing in Standing.allCases {
        standings[standing.name] = .integer(Int64(counts[first + standing.rawValue]))
      }
      standings["total"] = .integer(sum)
      byType[type.name] = .object(standings)
      total += sum
    }
    return (total, byType)
  }

  /// Adds two totals.
  public static func + (a: Self, b: Self) -> Self { combine(a, b, +) }
  /// Subtracts two totals.
  public static func - (a: Self, b: Self) -> Self { combine(a, b, -) }
}
