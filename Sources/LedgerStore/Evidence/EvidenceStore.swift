public import Encodings
import PostgresClient

/// Evidence that events name by its SHA-256: documents, proofs, identity tokens, stored bytes and fetch
/// reports.
public struct EvidenceStore: Sendable {
  private let readers: DatabasePool
  private let writer: DatabasePool
  private let settler: DatabasePool
  private let administrator: DatabasePool

  init(_ pools: StorePools) {
    readers = pools.readers
    writer = pools.writer
    settler = pools.settler
    administrator = pools.administrator
  }

  /// The bytes of public evidence; `nil` if they were never stored, were erased, or are an identity
  /// token.
  public func publicBytes(_ digest: Digest) async throws -> [UInt8]? {
    try await readers.query(
      "SELECT bytes FROM ledger.public_evidence WHERE sha256 = $1", [.bytes(digest.bytes)]
    ).first?.bytes(0)
  }

  /// The kind and the number of the bytes of public evidence; `nil` as in ``publicBytes(_:)``.
  public func publicKind(of digest: Digest) async throws -> (kind: String, sizeBytes: Int64)? {
    try await readers.query(
      "SELECT kind, octet_length(bytes)::bigint FROM ledger.public_evidence WHERE sha256 = $1",
      [.bytes(digest.bytes)]
    ).first.map { (try $0.text(0), try $0.int(1)) }
  }

  /// The bytes of a document; `nil` if it was never stored or was erased. Bytes of another kind that equal an erased
  /// document are not the document again.
  public func documentBytes(_ digest: Digest) async throws -> [UInt8]? {
    try await readers.query(
      "SELECT bytes FROM ledger.public_evidence WHERE sha256 = $1 AND kind = 'document'",
      [.bytes(digest.bytes)]
    ).first?.bytes(0)
  }

  /// Whether ``documentBytes(_:)`` has the bytes of a document.
  public func holdsDocument(_ digest: Digest) async throws -> Bool {
    try await readers.query(
      "SELECT EXISTS (SELECT FROM ledger.public_evidence WHERE sha256 = $1 AND kind = 'document')",
      [.bytes(digest.bytes)]
    )[0].bool(0)
  }

  /// The kind and bytes of evidence of every kind, read as the administrator; `nil` where the ledger
  /// does not hold it.
  public func readForAudit(_ digest: Digest) async throws -> (kind: String, bytes: [UInt8])? {
    try await administrator.query(
      "SELECT kind, bytes FROM ledger.read_evidence($1)", [.bytes(digest.bytes)]
    ).first.map { (try $0.text(0), try $0.bytes(1)) }
  }

  /// The identity token of a claim that was pending when it was recorded; `nil` for other evidence, and
  /// where the token was erased.
  public func tokenToSettle(_ digest: Digest) async throws -> [UInt8]? {
    try await settler.query(
      "SELECT bytes FROM ledger.read_pending_token($1)", [.bytes(digest.bytes)]
    )
    .first?.bytes(0)
  }

  /// Whether an identity token was already used for an event.
  public func isUsed(token digest: Digest) async throws -> Bool {
    try await readers.query(
      "SELECT EXISTS (SELECT FROM ledger.used_token WHERE sha256 = $1)", [.bytes(digest.bytes)])[0]
      .bool(0)
  }

  /// Digests and kinds of all evidence, including identity tokens, in the order of the digests.
  ///
  /// - Parameters:
  ///   - digest: the last one of the page before; `nil` for the first page.
  ///   - limit: the largest number of items.
  public func list(
    after digest: Digest?, limit: Int
  ) async throws -> [(digest: Digest, kind: String)] {
    try await administrator.query(
      "SELECT sha256, kind FROM ledger.list_evidence($1, $2)",
      [digest.map { .bytes($0.bytes) } ?? .bytes([]), .int4(Int32(limit))]
    ).compactMap { row in
      guard let digest = Digest(bytes: try row.bytes(0)) else { return nil }
      return (digest, try row.text(1))
    }
  }

  /// The digests of evidence whose bytes have another SHA-256.
  public func corruptDigests() async throws -> [Digest] {
    try await administrator.query("SELECT * FROM ledger.list_corrupt_evidence()").compactMap {
      Digest(bytes: try $0.bytes(0))
    }
  }

  /// Stores evidence that an event names, to restore a ledger.
  public func save(_ evidence: AppendUnit.Evidence) async throws {
    let statement = Self.putStatement([evidence])
    _ = try await writer.query(statement.sql, statement.parameters)
  }

  /// Stores evidence. Evidence that the ledger holds already stays as it is.
  static func putStatement(_ evidence: [AppendUnit.Evidence]) -> PostgresStatement {
    PostgresStatement(
      "SELECT ledger.save_evidence($1, $2, $3)",
      [
        .bytesArray(evidence.map(\.digest.bytes)), .textArray(evidence.map(\.kind)),
        .bytesArray(evidence.map(\.bytes)),
      ])
  }

  /// Erases evidence. Returns `false` where the ledger does not hold it.
  public func erase(_ digest: Digest) async throws -> Bool {
    try await administrator.query("SELECT ledger.erase_evidence($1)", [.bytes(digest.bytes)])[0]
      .bool(0)
  }
}
