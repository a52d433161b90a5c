import Foundation

/// Real and malformed OpenTimestamps proofs from `Tests/Vectors/opentimestamps.json`.
public struct OpenTimestampsVectors: Decodable, Sendable {
  /// An attestation that a proof must contain.
  public struct Attestation: Decodable, Sendable {
    /// The kind of attestation.
    public let kind: String
    /// The height of the block, if the attestation names one.
    public let height: UInt64?
    /// The message at the attestation, in hexadecimal.
    public let message: String
    /// Whether the message is the merkle root of the block; `nil` where the block is not in the vectors.
    public let matches: Bool?
  }

  /// A valid proof.
  public struct Proof: Decodable, Sendable {
    /// The name of the file.
    public let file: String
    /// The digest that the proof is over, in hexadecimal.
    public let targetDigestHex: String
    /// The attestations at the ends of its paths.
    public let attestations: [Attestation]
    let proofB64: Data
    /// The bytes of the proof.
    public var bytes: [UInt8] { Array(proofB64) }
  }

  /// A block header that proofs refer to.
  public struct Header: Decodable, Sendable {
    /// The height of the block.
    public let height: UInt64
    /// The hash of the block.
    public let blockHash: String
    /// The 80 bytes of the header, in hexadecimal.
    public let headerHex: String
    /// The merkle root in internal byte order, in hexadecimal.
    public let merkleRootInternal: String
    /// The time of the header in seconds since 1970.
    public let time: Int64
  }

  /// A proof that parsers may refuse.
  public struct Malformed: Decodable, Sendable {
    /// The expected result of parsing.
    public enum Outcome: String, Decodable, Sendable {
      /// The parser refuses or accepts the proof.
      case refused, accepted
      /// Two equal operations at one node: a parser accepts the proof only with both branches.
      case bothBranches = "both branches"
    }
    /// The name of the file.
    public let file: String
    /// The expected result.
    public let outcome: Outcome
    let proofB64: Data
    /// The bytes of the proof.
    public var bytes: [UInt8] { Array(proofB64) }
  }

  /// The valid proofs.
  public let proofs: [Proof]
  /// The block headers.
  public let headers: [Header]
  /// The malformed proofs.
  public let malformed: [Malformed]

  /// Reads the vectors.
  public static func read() throws -> OpenTimestampsVectors {
    try Fixtures.vectors(OpenTimestampsVectors.self, "opentimestamps.json")
  }
}

/// Tokens of test authorities from `Tests/Vectors/rfc3161.json`.
public struct TimestampTokenVectors: Sendable {
  /// A token with a trusted root and the expected result.
  public struct Case: Decodable, Sendable {
    /// The file of the token.
    public let file: String
    /// The file of the trusted root.
    public let ca: String
    /// The name of the digest that the token should be about.
    public let data: String
    /// Whether the token is verified at `genTime`.
    public let isValid: Bool

    private enum CodingKeys: String, CodingKey {
      case file, ca, data
      case isValid = "is_valid"
    }
  }

  /// Digests in hexadecimal, by name.
  public let digests: [String: String]
  /// The cases.
  public let cases: [Case]
  private let files: [String: [UInt8]]

  /// A token or a root, by file name.
  public func bytes(_ name: String) throws -> [UInt8] {
    guard let bytes = files[name] else { throw CocoaError(.fileNoSuchFile) }
    return bytes
  }

  /// Reads the vectors.
  public static func read() throws -> TimestampTokenVectors {
    struct Contents: Decodable {
      let digests: [String: String]
      let cases: [Case]
      let files: [String: Data]
    }
    // The decoder of ``Fixtures/vectors(_:_:)`` would change the keys, which are file names.
    let data = Data(try Fixtures.vectors("rfc3161.json"))
    let contents = try JSONDecoder().decode(Contents.self, from: data)
    return TimestampTokenVectors(
      digests: contents.digests, cases: contents.cases, files: contents.files.mapValues(Array.init))
  }
}
