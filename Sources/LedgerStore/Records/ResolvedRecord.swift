public import Encodings
public import LedgerDomain
import PostgresClient

/// The record that a name resolves to.
public struct ResolvedRecord: Sendable, Equatable {
  /// The position of the record's first event.
  public let record: RecordID
  /// The record's Pith Number.
  public let pithNumber: PithNumber
  /// The SHA-256 of the canonical form.
  public let canonicalSHA256: Digest
  /// Whether an operator imported the record.
  public let isOperatorImported: Bool
}

extension ResolvedRecord {
  /// The columns of `ledger.subject s` that `init(_:from:)` reads, in its order.
  static let columns = "s.record_position, s.pith_number, s.canonical_sha256, s.operator_imported"
  /// The number of `columns`.
  static let columnCount = 4

  /// Reads `columns` of a row.
  ///
  /// - Parameter first: the index of the first of them.
  init(_ row: PostgresRow, from first: Int = 0) throws {
    guard let number = PithNumber(try row.text(first + 1)),
      let digest = Digest(bytes: try row.bytes(first + 2))
    else {
      throw LedgerStoreError(
        .database, "a row of ledger.subject has no valid Pith Number or digest")
    }
    self.init(
      record: try row.record(first), pithNumber: number, canonicalSHA256: digest,
      isOperatorImported: try row.bool(first + 3))
  }
}

/// A record with its row of the projections.
public struct RecordWithStatus: Sendable {
  /// The record.
  public let record: ResolvedRecord
  /// The record's row; `nil` where the projections do not include the record yet.
  public let projected: ProjectedState?
  /// The last position that the projections included.
  public let position: Position
}
