/// The standing of an attestation. Each attestation has exactly one. Specification: section 5.
public enum Standing: Int, Sendable, CaseIterable {
  case verified, pending, rejected, withdrawn, superseded, revoked

  static let names = ["verified", "pending", "rejected", "withdrawn", "superseded", "revoked"]
  public var name: String { Self.names[rawValue] }
}

/// What one group of events adds to the row of its record.
public struct GroupTotals: Sendable, Equatable {
  /// Counts by attestation type and standing: index (type − 1) × 6 + standing.
  public var counts: [Int32] = Array(repeating: 0, count: 30)
  public var weakAuthors: Int32 = 0
  public var strongAuthors: Int32 = 0
  public var verifiedAnchors: Int32 = 0
  public var pendingBareAnchors: Int32 = 0
  public var citationEdges: Int32 = 0
  public var vouchedCitationEdges: Int32 = 0
  public var approvedReplications: Int32 = 0
  public var equivocations: Int32 = 0

  public init() {}

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

  public static func + (a: Self, b: Self) -> Self { combine(a, b, +) }
  public static func - (a: Self, b: Self) -> Self { combine(a, b, -) }
}
