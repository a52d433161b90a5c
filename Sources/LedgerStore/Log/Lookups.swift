public import Encodings
import LedgerDomain
import PostgresClient

/// The look-ups of records and names as they are at one size of the log.
public struct Lookups: Sendable {
  /// A row of the look-up of records.
  public struct Subject: Sendable {
    public let record: Int64
    public let pithNumber: String
    public let suffix: String
    /// `nil` where it is no digest.
    public let canonicalSHA256: Digest?
    public let sourceVersion: Int64
    public let hasTrustedReceipt: Bool
    public let isOperatorImported: Bool
  }

  /// A row of the look-up of names.
  public struct Name: Sendable {
    public let record: Int64
    public let kind: String
    public let folded: String
    public let isRetracted: Bool
  }

  /// How many events the log had.
  public let size: Int64
  public let subjects: [Subject]
  public let names: [Name]
}

extension LedgerStore {
  /// All rows of the look-ups, as of one moment.
  public func lookupRows() async throws -> Lookups {
    let answers = try await readers.reading { connection in
      try await connection.pipeline([
        PostgresStatement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        PostgresStatement("SELECT size FROM ledger.head"),
        PostgresStatement(
          """
          SELECT record, pith_number, suffix, canonical_sha256, source_version, trusted_receipt,
            operator_imported FROM ledger.subject ORDER BY record
          """),
        PostgresStatement(
          "SELECT record, kind, folded, is_retracted FROM ledger.alias ORDER BY record, kind, folded"
        ),
        PostgresStatement("COMMIT"),
      ])
    }
    return Lookups(
      size: try answers[1][0].int(0),
      subjects: try answers[2].map { row in
        Lookups.Subject(
          record: try row.int(0), pithNumber: try row.text(1), suffix: try row.text(2),
          canonicalSHA256: Digest(bytes: try row.bytes(3)), sourceVersion: try row.int(4),
          hasTrustedReceipt: try row.bool(5), isOperatorImported: try row.bool(6))
      },
      names: try answers[3].map { row in
        Lookups.Name(
          record: try row.int(0), kind: try row.text(1), folded: try row.text(2),
          isRetracted: try row.bool(3))
      })
  }
}
