/// The problems of identity tokens and their issuers' keys.
enum TokenProblems {
  static let all: [ProblemType] = [
    token(
      "jwt.form", "The token is malformed",
      "A token is three parts of base64url with dots between them."),
    token("jwt.header", "The header of the token is malformed", "The first part is a JSON object."),
    token(
      "jwt.payload", "The claims of the token are malformed",
      "The second part is a JSON object with the claims."),
    token("jwt.size", "The token is too large", "An identity token has at most 16 KiB."),
    token("jwt.alg", "The token has another algorithm", "Tokens are signed with RS256."),
    token(
      "jwt.crit", "The token needs an unknown extension",
      "Extensions that have to be understood are not."),
    token(
      "jwt.typ", "The token has another type", "The type of the token is JWT, or is not given."),
    token(
      "jwt.iss", "The token has another issuer", "The issuer is the one that this ledger trusts."),
    token(
      "jwt.aud", "The token is for another service", "The audience is one that this ledger accepts."
    ),
    token("jwt.iat", "The token is from the future", "The time of issue is in the past."),
    token("jwt.exp", "The token has expired", "A token expires within minutes."),
    token(
      "jwt.nonce", "The token is for another statement",
      "The nonce follows from the record or the key. detail has it."),
    token(
      "jwt.sub", "The token is for another iD",
      "The token, the payload and the earlier claim have one iD."),
    token(
      "jwt.name", "The token gives another name", "The name in the payload is the one in the token."
    ),
    token(
      "jwt.signature", "The signature of the token does not hold",
      "The issuer's key verifies the signature."),
    .init(
      "jwt.reuse", [409], "The token was used",
      "A token serves one claim or one withdrawal.", "Request another token.", endsByItself: false),
    .init(
      "jwt.key", [422, 503], "The issuer has no such key",
      "The key set of the issuer has no key of the token's kid. With 503 the set is not fetched again yet.",
      "For 503 send the token again after Retry-After. Otherwise request another token."),
    .init(
      "token_signature", [503], "The token cannot be checked now",
      "The keys of the issuer are not available, so that the signature cannot be checked.",
      "Send the withdrawal again later."),
    key("jwks.form", "The key set is malformed", "The file is a JSON Web Key Set."),
    key(
      "jwks.keys", "The key set has no suitable key",
      "A public RSA key for signing has at least 2048 bits."),
  ]

  private static func token(_ check: String, _ title: String, _ meaning: String) -> ProblemType {
    .init(check, [422], title, meaning, "Request another token for this statement.")
  }

  private static func key(_ check: String, _ title: String, _ meaning: String) -> ProblemType {
    .init(
      check, [], title, meaning, "The operator trusts the key set that the issuer publishes.",
      endsByItself: false)
  }
}
