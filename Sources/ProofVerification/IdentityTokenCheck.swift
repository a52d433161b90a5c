import CanonicalJSON
import Encodings
import JWTKit
public import ProofFormats

/// The RSA signing keys of an issuer's JSON Web Key Set.
///
/// Source: RFC 7517, sections 4 and 5; RFC 7518, section 6.3.
public struct IssuerKeys: Sendable {
  struct Key: Sendable, Equatable {
    let id: String?
    let modulus: String
    let exponent: String
  }

  let keys: [Key]

  /// Parses a key set of at most 64 KiB.
  ///
  /// Errors: `jwks.form`; `jwks.keys` where no key in it can verify a token.
  public init(_ bytes: [UInt8]) throws(ProofFormatError) {
    guard
      let json = try? JSON.parse(bytes, limits: JSONLimits(maxBytes: 65_536, maxDepth: 8)),
      let entries = json["keys"]?.arrayValue
    else { throw ProofFormatError("jwks.form", "This is no JSON Web Key Set.") }
    keys = entries.compactMap { entry in
      guard entry["kty"]?.stringValue == "RSA", let modulus = entry["n"]?.stringValue,
        let exponent = entry["e"]?.stringValue, entry["d"] == nil,
        (entry["use"]?.stringValue ?? "sig") == "sig",
        (entry["alg"]?.stringValue ?? "RS256") == "RS256",
        // RFC 7518, section 3.3, requires at least 2048 bits.
        (Base64.decodeURL(modulus)?.count ?? 0) >= 256, Base64.decodeURL(exponent) != nil
      else { return nil }
      return Key(id: entry["kid"]?.stringValue, modulus: modulus, exponent: exponent)
    }
    guard !keys.isEmpty else {
      throw ProofFormatError(
        "jwks.keys", "The key set has no public RSA key of at least 2048 bits for signing.")
    }
  }

  private init(keys: [Key]) { self.keys = keys }

  /// The keys of both sets.
  public func union(_ other: IssuerKeys) -> IssuerKeys {
    IssuerKeys(keys: keys + other.keys.filter { !keys.contains($0) })
  }

  /// Whether a key of the set may have signed a token. If the token names its key, that key.
  public func mayHaveSigned(_ token: IdentityToken) -> Bool {
    keys.contains { token.keyID == nil || $0.id == token.keyID }
  }
}

extension IdentityToken {
  /// The required claims of a token.
  public struct Expectation: Sendable {
    /// The required `iss`.
    public let issuer: String
    /// The client identifiers whose tokens are accepted.
    public let audiences: [String]
    /// The current time in seconds since 1970.
    public let now: Int64

    /// Creates requirements.
    public init(issuer: String, audiences: [String], now: Int64) {
      self.issuer = issuer
      self.audiences = audiences
      self.now = now
    }
  }

  /// The maximum difference between the issuer's clock and ours, in seconds.
  static let skew: Int64 = 60

  /// Checks issuer, audience and times.
  ///
  /// Errors: `jwt.iss`, `jwt.aud`, `jwt.iat`, `jwt.exp`. Source: OpenID Connect Core 1.0, section 3.1.3.7.
  public func checkClaims(_ expected: Expectation) throws(ProofFormatError) {
    guard issuer == expected.issuer else {
      throw ProofFormatError("jwt.iss", "The token's issuer is not \(expected.issuer).")
    }
    guard audience.contains(where: expected.audiences.contains) else {
      throw ProofFormatError("jwt.aud", "The token was issued for another service.")
    }
    guard issuedAt <= expected.now + Self.skew else {
      throw ProofFormatError("jwt.iat", "The token was issued in the future.")
    }
    guard expiresAt > expected.now - Self.skew, expiresAt > issuedAt else {
      throw ProofFormatError("jwt.exp", "The token has expired: ask for a new one.")
    }
  }

  private struct Claims: JWTPayload {
    // The ledger's own parser reads the claims. JWTKit verifies the signature only.
    func verify(using algorithm: some JWTAlgorithm) async throws {}
  }

  /// Verifies the signature: RS256 by a key of the set.
  ///
  /// Errors: `jwt.key` where no key fits; `jwt.signature`. Source: RFC 7515, section 5.2.
  public static func checkSignature(
    _ bytes: [UInt8], keys: IssuerKeys
  ) async throws(ProofFormatError) {
    let token = try parse(bytes)
    guard keys.mayHaveSigned(token) else {
      throw ProofFormatError("jwt.key", "The issuer's key set has no key of this token's kid.")
    }
    for key in keys.keys where token.keyID == nil || key.id == token.keyID {
      guard
        let rsa = try? Insecure.RSA.PublicKey(modulus: key.modulus, exponent: key.exponent)
      else { continue }
      // A collection of one key without a kid, so that the token cannot choose the key.
      let collection = await JWTKeyCollection().add(rsa: rsa, digestAlgorithm: .sha256)
      if (try? await collection.verify(bytes, as: Claims.self, iteratingKeys: true)) != nil {
        return
      }
    }
    throw ProofFormatError("jwt.signature", "The token's signature does not hold.")
  }
}
