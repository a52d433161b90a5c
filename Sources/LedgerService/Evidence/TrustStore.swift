public import CanonicalJSON
public import Encodings
import LedgerDomain
public import LedgerStore
import PostgresClient
import ProofFormats
import ProofVerification

/// What the operator trusts from outside.
extension Ledger {
  /// Trusts block headers: lines of `HEIGHT HEADERHEX`, all or none, and answers how many are new.
  ///
  /// Each header's proof of work is checked, and its link wherever a neighbour is in the file or trusted.
  public func trustHeaders(_ text: [UInt8]) async throws -> Int64 {
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
    } catch let error as PostgresError where error.sqlState == "PL012" {
      throw Refusal(
        .conflict, check: "header.conflict",
        "\(error.message): `pithledger trust headers remove HEIGHT` first, if you mean it.")
    }
  }

  public func untrustHeader(_ height: Int64) async throws -> Bool {
    try await store.trust.removeHeader(at: height)
  }

  /// Trusts the roots in a PEM file; answers how many certificates it holds.
  public func trustAuthority(_ pem: [UInt8]) async throws -> Int {
    guard pem.count <= 1 << 20, let count = TimestampToken.certificates(in: pem), count > 0 else {
      throw Refusal(.malformed, check: "certificate", "No certificate in PEM can be read here.")
    }
    _ = try await store.trust.addDocument(.tsa, pem)
    return count
  }

  /// Trusts an issuer's key set, for work without a network.
  public func trustIssuer(_ jwks: [UInt8]) async throws -> Bool {
    do { _ = try IssuerKeys(jwks) } catch {
      throw Refusal(.malformed, check: error.check, error.message)
    }
    return try await store.trust.addDocument(.jwks, jwks)
  }

  public func untrust(_ kind: TrustedDocumentKind, _ digest: Digest) async throws -> Bool {
    try await store.trust.removeDocument(kind, digest)
  }

  /// Everything that is trusted, in a few lines.
  public func trusted() async throws -> JSON {
    let headers = try await store.trust.headerRange()
    func list(_ kind: TrustedDocumentKind) async throws -> JSON {
      .array(
        try await store.trust.documents(kind).map {
          [
            "bytes": .integer(Int64($0.count)), "sha256": .string(Digest(hashing: $0).hex),
          ]
        })
    }
    return [
      "headers": [
        "count": .integer(headers.count),
        "highest": headers.heights.map { .integer($0.upperBound) } ?? .null,
        "lowest": headers.heights.map { .integer($0.lowerBound) } ?? .null,
      ], "jwks": try await list(.jwks), "tsa": try await list(.tsa),
    ]
  }
}
