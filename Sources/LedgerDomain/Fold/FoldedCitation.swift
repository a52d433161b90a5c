public import Encodings

/// A citation with the result of the fold: one row of the projection `citation`.
public struct FoldedCitation: Sendable, Equatable {
  /// The position of the statement.
  public let position: Position
  /// The group of the statement.
  public let group: Int64
  /// The name under which the statement gives the citing paper.
  public let name: Digest128
  /// The citing paper; see ``PaperNames/paper(of:)``.
  public let paper: Digest128
  /// The key that signed the statement.
  public let signerKey: Digest128
  /// The relation; `nil` for one that this program does not know.
  public let relation: CitationSignature.Relation?
  /// The standing of the statement.
  public let standing: Standing
  /// Whether the signer's key was vouched for before the statement.
  public let isVouched: Bool

  /// The number of the relation; 0 for one that this program does not know.
  public var relationNumber: Int16 { Int16(relation?.number ?? 0) }
}
