public import LedgerDomain

/// The term of CiTO, the Citation Typing Ontology, for the relation of a citation.
public struct CitationTerm: Sendable, Equatable {
  /// The name of the property, such as `usesMethodIn`.
  public let name: String
  /// Whether the property means the same as the relation. Otherwise it is the nearest one.
  public let isExact: Bool

  /// The namespace of CiTO.
  public static let namespace = "http://purl.org/spar/cito/"

  /// Finds the term of a relation.
  public init(_ relation: CitationSignature.Relation) {
    switch relation {
    case .supports, .refutes, .extends, .cites: (name, isExact) = (relation.rawValue, true)
    case .usesMethod: (name, isExact) = ("usesMethodIn", true)
    case .replaces: (name, isExact) = ("updates", false)
    case .dependsOn: (name, isExact) = ("usesConclusionsFrom", false)
    case .compares: (name, isExact) = ("discusses", false)
    }
  }

  /// The property with the prefix of ``LinkedDataContext``.
  var compact: String { "cito:\(name)" }
}
