public import Encodings
import LedgerDomain
public import LedgerStore
import ProofFormats
import ProofVerification

/// The trust configuration of the operator: block headers, timestamp authorities, and keys of the
/// identity issuer.
public struct TrustStore: Sendable {
  let store: LedgerStore

  /// Trusts block headers, all or none.
  ///
  /// Checks the proof of work of each header, and its link to each neighbour in the file or among the
  /// trusted headers.
  ///
  /// - Parameter text: lines of `HEIGHT HEADERHEX`.
  /// - Returns: how many headers are new.
  ///
  /// Errors: a `Refusal` with a check of `BitcoinHeader.lines`, or with check `header.conflict` if
  /// another header is trusted at one of the heights.
  public func addHeaders(_ text: [UInt8]) async throws -> Int64 {
    let headers: [Int64: BitcoinHeader]
    do { headers = try BitcoinHeader.lines(text) } catch {
      throw Refusal(
        error.check == "header.link" ? .invalid : .malformed, check: error.check, error.message)
    }
    var known = headers
    let neighbours = Set(headers.keys.flatMap { [$0 - 1, $0 + 1] }).subtracting(headers.keys)
    for (height, bytes) in try await store.trust.headers(at: neighbours.sorted()) {
      known[height] = try? BitcoinHeader(bytes)
    }
    do { try BitcoinHeader.checkLinks(known) } catch {
      throw Refusal(.invalid, check: error.check, error.message)
    }
    do {
      return try await store.trust.addHeaders(
        headers.sorted { $0.key < $1.key }.map { ($0.key, $0.value.bytes) })
    } catch let error as LedgerStoreError where error.code == .anotherHeader {
      throw Refusal(
        .conflict, check: "header.conflict",
        "\(error.message): run `pithledger trust headers remove HEIGHT` first to replace it.")
    }
  }

  /// Removes a header. Returns whether it was trusted.
  public func removeHeader(_ height: Int64) async throws -> Bool {
    try await store.trust.removeHeader(at: height)
  }

  /// Trusts the root certificates in a PEM file of at most 1 MiB. Returns how many certificates it
  /// contains.
  ///
  /// Errors: a `Refusal` with check `certificate`.
  public func addAuthority(_ pem: [UInt8]) async throws -> Int {
    guard pem.count <= 1 << 20, let count = TimestampToken.certificates(in: pem), count > 0 else {
      throw Refusal(.malformed, check: "certificate", "The file holds no readable PEM certificate.")
    }
    _ = try await store.trust.addDocument(.tsa, pem)
    return count
  }

  /// Trusts a key set of the identity issuer (RFC 7517, section 5). Returns whether it is new.
  ///
  /// Errors: a `Refusal` with check `jwks.form` or `jwks.keys`.
  public func addIssuerKeys(_ jwks: [UInt8]) async throws -> Bool {
    do { _ = try IssuerKeys(jwks) } catch {
      throw Refusal(.malformed, check: error.check, error.message)
    }
    return try await store.trust.addDocument(.jwks, jwks)
  }

  /// Removes a certificate file or key set. Returns whether it was trusted.
  public func remove(_ kind: TrustedDocumentKind, _ digest: Digest) async throws -> Bool {
    try await store.trust.removeDocument(kind, digest)
  }

  /// One trusted file.
  public struct File: Sendable {
    /// The length in bytes.
    public let size: Int
    /// The SHA-256 of the bytes.
    public let sha256: Digest
  }

  /// A summary of the trust configuration.
  public struct Summary: Sendable {
    /// The number of trusted block headers.
    public let headerCount: Int64
    /// The lowest and the highest height. `nil` without headers.
    public let heights: ClosedRange<Int64>?
    /// The PEM files of trusted timestamp authorities, in the order in which they were added.
    public let authorities: [File]
    /// The trusted key sets (JWKS) of the identity issuer, in the order in which they were added.
    public let issuerKeys: [File]
  }

  /// Reads a summary of the trust configuration.
  public func summary() async throws -> Summary {
    let headers = try await store.trust.headerRange()
    func files(_ kind: TrustedDocumentKind) async throws -> [File] {
      try await store.trust.documents(kind).map {
        File(size: $0.count, sha256: Digest(hashing: $0))
      }
    }
    return Summary(
      headerCount: headers.count, heights: headers.heights, authorities: try await files(.tsa),
      issuerKeys: try await files(.jwks))
  }
}
