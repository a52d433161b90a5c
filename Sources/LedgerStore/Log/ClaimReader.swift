public import Encodings
public import LedgerDomain
import PostgresClient

/// Reads the claims of authorship that name one iD, whoever signed them.
public struct ClaimReader: Sendable {
  private let readers: DatabasePool

  init(readers: DatabasePool) { self.readers = readers }

  /// The claims of an identity, the newest first.
  ///
  /// - Parameters:
  ///   - claimant: the identity of the iD; see `KeyTimeline.identity(signerID:)`.
  ///   - from: the highest position.
  ///   - limit: the largest number of items.
  public func claims(of claimant: Digest128, from: Position, limit: Int) async throws
    -> [StoredEvent]
  {
    try await StoredEvent.select(
      from: readers, Self.condition,
      [.bytes(claimant.bytes), .position(from), .int8(Int64(limit))])
  }

  // The number is part of the text: the partial index of claims names it.
  static let condition = """
    WHERE e.claimant = $1 AND e.event_type = \(EventType.authorAttestation.rawValue) AND e.position <= $2
    ORDER BY e.position DESC LIMIT $3
    """
}
