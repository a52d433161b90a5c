import CanonicalJSON
import Encodings

/// The claims of an ORCID id_token, a compact JWS. The signature is not checked.
///
/// Source: RFC 7515, section 3.1; OpenID Connect Core 1.0, section 2.
public struct IdentityToken: Sendable, Equatable {
  /// The header's `kid`.
  public let keyID: String?
  /// The claim `iss`.
  public let issuer: String
  /// The claim `sub`: for ORCID the bare iD.
  public let subject: String
  /// The claim `aud`, one string or several.
  public let audience: [String]
  /// The claim `nonce`.
  public let nonce: String?
  /// Seconds since 1970.
  public let issuedAt: Int64
  /// Seconds since 1970.
  public let expiresAt: Int64
  /// The person's name as the token gives it.
  public let name: String?

  /// Parses a token of at most 16 KiB.
  ///
  /// Errors: a ``ProofFormatError`` that names the part. Its message never contains the token.
  public static func parse(_ bytes: [UInt8]) throws(ProofFormatError) -> IdentityToken {
    guard bytes.count <= 16_384 else {
      throw ProofFormatError("jwt.size", offset: 16_384, "An identity token has at most 16 KiB.")
    }
    let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else {
      throw ProofFormatError("jwt.form", "A token is three base64url parts joined by dots.")
    }
    let header = try object(parts[0], "jwt.header")
    guard header["alg"]?.stringValue == "RS256" else {
      throw ProofFormatError("jwt.alg", "The token's algorithm is not RS256.")
    }
    guard header["crit"] == nil else {
      throw ProofFormatError("jwt.crit", "The token asks for extensions that are not known here.")
    }
    if let type = header["typ"], type.stringValue != "JWT" {
      throw ProofFormatError("jwt.typ", "The token's type is not JWT.")
    }
    guard Base64.decodeURL(String(decoding: parts[2], as: UTF8.self)) != nil else {
      throw ProofFormatError("jwt.signature", "The signature is not base64url.")
    }
    let claims = try object(parts[1], "jwt.payload")
    func required<T>(_ claim: String, _ value: T?) throws(ProofFormatError) -> T {
      guard let value else { throw ProofFormatError("jwt.\(claim)", "The token lacks \(claim).") }
      return value
    }
    let audience =
      claims["aud"]?.stringValue.map { [$0] }
      ?? claims["aud"]?.arrayValue?.compactMap(\.stringValue)
    let given = [claims["given_name"]?.stringValue, claims["family_name"]?.stringValue]
      .compactMap { $0 }.joined(separator: " ")
    return IdentityToken(
      keyID: header["kid"]?.stringValue,
      issuer: try required("iss", claims["iss"]?.stringValue),
      subject: try required("sub", claims["sub"]?.stringValue),
      audience: try required("aud", audience), nonce: claims["nonce"]?.stringValue,
      issuedAt: try required("iat", claims["iat"]?.integerValue),
      expiresAt: try required("exp", claims["exp"]?.integerValue),
      name: given.isEmpty ? claims["name"]?.stringValue : given)
  }

  private static func object(
    _ part: ArraySlice<UInt8>, _ check: String
  ) throws(ProofFormatError) -> JSONObject {
    guard let bytes = Base64.decodeURL(String(decoding: part, as: UTF8.self)),
      let json = try? JSON.parse(bytes, limits: JSONLimits(maxBytes: 16_384, maxDepth: 8)),
      let object = json.objectValue
    else {
      throw ProofFormatError(check, "This part of the token is not a JSON object in base64url.")
    }
    return object
  }
}
