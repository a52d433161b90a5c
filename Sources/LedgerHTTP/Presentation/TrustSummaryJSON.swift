public import CanonicalJSON
import Encodings
public import LedgerService

extension TrustStore.Summary {
  /// The trust configuration as JSON.
  public var json: JSON {
    [
      "headers": [
        "count": .integer(headerCount),
        "highest": heights.map { .integer($0.upperBound) } ?? .null,
        "lowest": heights.map { .integer($0.lowerBound) } ?? .null,
      ], "jwks": .array(issuerKeys.map(\.json)), "tsa": .array(authorities.map(\.json)),
    ]
  }
}

extension TrustStore.File {
  fileprivate var json: JSON {
    ["bytes": .integer(Int64(size)), "sha256": .string(sha256.hex)]
  }
}
