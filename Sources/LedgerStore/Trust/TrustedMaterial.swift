public import Encodings
import PostgresClient

/// The purpose of a document that the operator trusts.
public enum TrustedDocumentKind: String, Sendable, CaseIterable {
  /// PEM certificates that the chains of timestamp authorities end at.
  case tsa
  /// The JSON Web Key Set of an issuer.
  case jwks
}

/// Block headers, certificates and key sets that the operator trusts.
public struct TrustedMaterial: Sendable {
  private let readers: DatabasePool
  private let settler: DatabasePool
  private let administrator: DatabasePool

  init(readers: DatabasePool, settler: DatabasePool, administrator: DatabasePool) {
    self.readers = readers
    self.settler = settler
    self.administrator = administrator
  }

  // MARK: Block headers

  /// Trusts block headers, all or none. Returns how many are new.
  ///
  /// Errors: `anotherHeader` where another header is trusted at one of the heights.
  public func addHeaders(_ headers: [(height: Int64, bytes: [UInt8])]) async throws -> Int64 {
    try await administrator.query(
      "SELECT ledger.trust_headers($1, $2)",
      [.int8Array(headers.map(\.height)), .bytesArray(headers.map(\.bytes))])[0].int(0)
  }

  /// Trusts a header that a configured explorer or node gave, where no header is trusted at its height.
  ///
  /// Errors: `anotherHeader` where another header is trusted there.
  public func addFetchedHeader(_ header: [UInt8], at height: Int64) async throws {
    _ = try await settler.query(
      "SELECT ledger.trust_headers($1, $2)", [.int8Array([height]), .bytesArray([header])])
  }

  /// Removes the header at a height. Returns `false` where there is none.
  public func removeHeader(at height: Int64) async throws -> Bool {
    try await administrator.query("SELECT ledger.untrust_header($1)", [.int8(height)])[0].bool(0)
  }

  /// The trusted headers at some heights, 80 bytes each, by height.
  public func headers(at heights: [Int64]) async throws -> [Int64: [UInt8]] {
    var headers: [Int64: [UInt8]] = [:]
    for row in try await readers.query(
      "SELECT height, header FROM ledger.trusted_header WHERE height = ANY ($1)",
      [.int8Array(heights)])
    {
      headers[try row.int(0)] = try row.bytes(1)
    }
    return headers
  }

  /// Every trusted header, by height.
  public func headers() async throws -> [(height: Int64, bytes: [UInt8])] {
    try await readers.query("SELECT height, header FROM ledger.trusted_header ORDER BY height").map
    {
      (try $0.int(0), try $0.bytes(1))
    }
  }

  /// The number of trusted headers, and their lowest and highest height; `nil` where there is none.
  public func headerRange() async throws -> (count: Int64, heights: ClosedRange<Int64>?) {
    let row = try await readers.query(
      "SELECT count(*), min(height), max(height) FROM ledger.trusted_header")[0]
    guard let lowest = try row.optionalInt(1), let highest = try row.optionalInt(2) else {
      return (0, nil)
    }
    return (try row.int(0), lowest...highest)
  }

  // MARK: Documents

  /// Trusts a document. Returns `false` where the same bytes are trusted already.
  public func addDocument(_ kind: TrustedDocumentKind, _ bytes: [UInt8]) async throws -> Bool {
    try await administrator.query(
      "SELECT ledger.trust_document($1, $2)", [.text(kind.rawValue), .bytes(bytes)])[0].bool(0)
  }

  /// Removes a document by its SHA-256. Returns `false` where there is none.
  public func removeDocument(_ kind: TrustedDocumentKind, _ digest: Digest) async throws -> Bool {
    try await administrator.query(
      "SELECT ledger.untrust_document($1, $2)", [.text(kind.rawValue), .bytes(digest.bytes)])[0]
      .bool(0)
  }

  /// The documents of a kind, in the order they were added.
  public func documents(_ kind: TrustedDocumentKind) async throws -> [[UInt8]] {
    try await readers.query(
      "SELECT bytes FROM ledger.trusted_document WHERE kind = $1 ORDER BY added_at, sha256",
      [.text(kind.rawValue)]
    ).map { try $0.bytes(0) }
  }
}
