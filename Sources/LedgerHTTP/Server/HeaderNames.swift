import HTTPTypes

extension HTTPField.Name {
  /// The header field `Accept-Post`: the media types of a body (Linked Data Platform, section 7.1).
  static let acceptPost = named("Accept-Post")
  /// The header field `Link` (RFC 8288).
  static let link = named("Link")
  /// The header field `RateLimit` (draft-ietf-httpapi-ratelimit-headers).
  static let rateLimit = named("RateLimit")
  /// The header field `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers).
  static let rateLimitPolicy = named("RateLimit-Policy")
  /// The header field `X-Request-Id`.
  static let requestID = named(RequestID.fieldName)

  private static func named(_ text: String) -> HTTPField.Name {
    guard let name = HTTPField.Name(text) else { preconditionFailure("a token") }
    return name
  }
}
