public import Encodings
public import LedgerDomain
import PostgresClient
public import TransparencyLog

/// All rows of the lookup tables at one size of the log.
public struct LookupSnapshot: Sendable {
  /// A row of the table of records.
  public struct Subject: Sendable {
    /// The position of the record's first event.
    public let record: RecordID
    /// The Pith Number as text.
    public let pithNumber: String
    /// The part of the Pith Number that short forms are a prefix of.
    public let suffix: String
    /// The SHA-256 of the canonical form; `nil` where the column does not hold 32 bytes.
    public let canonicalSHA256: Digest?
    /// The version of the source that the canonical form names.
    public let sourceVersion: Int64
    /// Whether the record has a receipt of a trusted issuer.
    public let hasTrustedReceipt: Bool
    /// Whether an operator imported the record.
    public let isOperatorImported: Bool
  }

  /// A row of the table of aliases.
  public struct Name: Sendable {
    /// The position of the record's first event.
    public let record: RecordID
    /// The kind of the alias as text.
    public let kind: String
    /// The alias in the form that lookups compare.
    public let folded: String
    /// Whether an operator retracted the alias.
    public let isRetracted: Bool
  }

  /// The number of events in the log.
  public let size: TreeSize
  /// The records, by position.
  public let subjects: [Subject]
  /// The aliases, by record, kind and text.
  public let names: [Name]

  /// The statements whose answers `init(answers:)` reads.
  static let statements = [
    PostgresStatement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
    PostgresStatement("SELECT size FROM ledger.head"),
    PostgresStatement(
      """
      SELECT record_position, pith_number, suffix, canonical_sha256, source_version, trusted_receipt,
        operator_imported FROM ledger.subject ORDER BY record_position
      """),
    PostgresStatement(
      "SELECT record_position, kind, normalized, is_retracted FROM ledger.alias ORDER BY record_position, kind, normalized"
    ),
    PostgresStatement("COMMIT"),
  ]

  init(answers: [[PostgresRow]]) throws {
    size = try answers[1][0].treeSize(0)
    subjects = try answers[2].map { row in
      Subject(
        record: try row.record(0), pithNumber: try row.text(1), suffix: try row.text(2),
        canonicalSHA256: Digest(bytes: try row.bytes(3)), sourceVersion: try row.int(4),
        hasTrustedReceipt: try row.bool(5), isOperatorImported: try row.bool(6))
    }
    names = try answers[3].map { row in
      Name(
        record: try row.record(0), kind: try row.text(1), folded: try row.text(2),
        isRetracted: try row.bool(3))
    }
  }
}
