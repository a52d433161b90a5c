import TestSupport

/// A proof of the vectors that is submitted for the sample record, and the check that refuses it.
///
/// No vector is over the digest of the sample record, so each is refused for that reason or by an earlier
/// check.
public struct ExpectedRefusal {
  /// The name of the file.
  public let file: String
  /// The bytes of the proof or token.
  public let bytes: [UInt8]
  /// The check that refuses it, or a prefix of the check's name.
  public let check: String

  /// OpenTimestamps proofs.
  public static func proofs() throws -> [ExpectedRefusal] {
    let vectors = try OpenTimestampsVectors.read()
    return vectors.proofs.map {
      ExpectedRefusal(file: $0.file, bytes: $0.bytes, check: "ots.digest")
    }
      + vectors.malformed.map {
        ExpectedRefusal(
          file: $0.file, bytes: $0.bytes, check: $0.outcome == .refused ? "ots." : "ots.digest")
      }
  }

  /// RFC 3161 tokens.
  public static func tokens() throws -> [ExpectedRefusal] {
    let vectors = try TimestampTokenVectors.read()
    return try Set(vectors.cases.map(\.file)).sorted().map {
      ExpectedRefusal(
        file: $0, bytes: try vectors.bytes($0),
        check: $0.hasPrefix("rejected") ? "rfc3161.status" : "rfc3161.imprint")
    }
  }
}
