import Foundation

/// Real and malformed OpenTimestamps proofs, of `Tests/Vectors/opentimestamps.json`.
public struct OpenTimestampsVectors: Decodable, Sendable {
  public struct Attestation: Decodable, Sendable {
    public let kind: String
    public let height: UInt64?
    /// The message at the attestation, in hexadecimal.
    public let message: String
    /// Whether the message is the merkle root of the block; `nil` where the block is not in the vectors.
    public let matches: Bool?
  }

  public struct Proof: Decodable, Sendable {
    public let file: String
    public let targetDigestHex: String
    public let attestations: [Attestation]
    let proofB64: Data
    public var bytes: [UInt8] { Array(proofB64) }
  }

  public struct Header: Decodable, Sendable {
    public let height: UInt64
    public let blockHash: String
    public let headerHex: String
    public let merkleRootInternal: String
    public let time: Int64
  }

  public struct Malformed: Decodable, Sendable {
    public enum Outcome: String, Decodable, Sendable {
      case refused, accepted
      /// Two equal operations at one node: a parser accepts the proof only with both branches.
      case bothBranches = "both branches"
    }
    public let file: String
    public let outcome: Outcome
    let proofB64: Data
    public var bytes: [UInt8] { Array(proofB64) }
  }

  public let proofs: [Proof]
  public let headers: [Header]
  public let malformed: [Malformed]

  public static func read() throws -> OpenTimestampsVectors {
    try Fixtures.vectors(OpenTimestampsVectors.self, "opentimestamps.json")
  }
}

/// Tokens of test authorities, of `Tests/Vectors/rfc3161.json`.
public struct TimestampTokenVectors: Sendable {
  public struct Case: Decodable, Sendable {
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

  public let digests: [String: String]
  public let cases: [Case]
  private let files: [String: [UInt8]]

  /// A token or a root, by file name.
  public func bytes(_ name: String) throws -> [UInt8] {
    guard let bytes = files[name] else { throw CocoaError(.fileNoSuchFile) }
    return bytes
  }

  public static func read() throws -> TimestampTokenVectors {
    struct Contents: Decodable {
      let digests: [String: String]
      let cases: [Case]
      let files: [String: Data]
    }
    // The decoder of the other vectors would change the keys, which are names of files.
    let data = Data(try Fixtures.vectors("rfc3161.json"))
    let contents = try JSONDecoder().decode(Contents.self, from: data)
    return TimestampTokenVectors(
      digests: contents.digests, cases: contents.cases, files: contents.files.mapValues(Array.init))
  }
}
