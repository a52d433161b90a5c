public import Encodings
public import LedgerDomain
import LedgerStore
import ProofFormats
import ProofVerification
import SafeHTTPClient

/// The contents of a proof of time, and its verdict under the current trust configuration.
public struct ProofInspection: Sendable {
  /// One attestation of an OpenTimestamps proof.
  public struct Attestation: Sendable {
    /// Where a path of the proof ends.
    public enum Source: Sendable {
      /// A pending attestation. The value is the address of the calendar that can complete it.
      case calendar(String)
      /// A block of a chain: `bitcoin`, `litecoin` or `ethereum`.
      case block(chain: String, height: UInt64)
      /// An attestation with an unknown tag.
      case unknown(tag: [UInt8])
    }

    /// The calendar or block at the end of the path.
    public let source: Source
    /// The message that the attestation commits to.
    public let message: [UInt8]
    /// Whether it is confirmed by a trusted block header.
    public let isVerified: Bool
  }

  /// The members of an RFC 3161 token.
  public struct Token: Sendable {
    /// `genTime`: RFC 3339 in UTC, with the fraction that the token has.
    public let genTime: String
    /// The object identifier of the authority's policy, in dotted form.
    public let policy: String
    /// The serial number: the content octets of the INTEGER, big-endian.
    public let serial: [UInt8]
  }

  /// The contents of the proof other than its digest.
  public enum Contents: Sendable {
    /// The attestations at the ends of the paths of an OpenTimestamps proof.
    case openTimestamps([Attestation])
    /// The members of an RFC 3161 token.
    case token(Token)
  }

  /// The verdict of the current trust configuration: `verified` or `pending`.
  public let verdict: Verdict
  /// The time by which the digest existed. `nil` unless the verdict is `verified`.
  public let provenAt: Timestamp?
  /// What is missing for the verdict `verified`; `nil` if nothing is.
  public let missing: String?
  /// The name of the hash function, such as `sha256`.
  public let digestAlgorithm: String
  /// The digest that the proof is over, of the length that ``digestAlgorithm`` gives.
  public let digest: [UInt8]
  /// The attestations or the token.
  public let contents: Contents

  /// The name of the proof's form: `opentimestamps` or `rfc3161`.
  public var form: String {
    switch contents {
    case .openTimestamps: TimestampAnchor.Kind.opentimestamps.rawValue
    case .token: TimestampAnchor.Kind.rfc3161.rawValue
    }
  }
}

/// Checks proofs of time that are not in the log. Stores nothing and asks no external service.
public struct EvidenceInspector: Sendable {
  let store: LedgerStore
  let evidence: EvidenceChecker

  /// Checks a proof of time.
  ///
  /// - Parameters:
  ///   - bytes: an `.ots` file, or an RFC 3161 token or response.
  ///   - digest: the SHA-256 that the proof must be over. `nil` accepts any.
  ///   - client: the client whose limits on waiting checks and fetches apply.
  ///
  /// Errors: a `Refusal` with the check that refuses an anchor with this proof.
  public func inspect(
    _ bytes: [UInt8], of digest: Digest?, client: ClientID = .shell
  ) async throws -> ProofInspection {
    try await client.paying {
      // A token is a DER sequence. An .ots file begins with a zero.
      bytes.first == 0x30
        ? try await inspectToken(bytes, digest) : try await inspectProof(bytes, digest)
    }
  }

  private func inspectProof(_ bytes: [UInt8], _ digest: Digest?) async throws -> ProofInspection {
    let finding = try await evidence.proof(.opentimestamps, bytes, of: digest, missing: .ignored)
    let proof = try await evidence.executed(bytes)
    let known = try await store.trust.headers(at: proof.heights)
    return ProofInspection(
      verdict: finding.verdict, provenAt: finding.provenAt, missing: finding.missing,
      digestAlgorithm: "\(proof.algorithm)", digest: proof.digest,
      contents: .openTimestamps(
        proof.ends.map { end in
          // An attestation that contradicts its trusted header was refused above.
          let height = end.attestation.bitcoinHeight
          return .init(
            source: .init(end.attestation), message: end.message,
            isVerified: height.map { known[$0] != nil } ?? false)
        }))
  }

  private func inspectToken(_ bytes: [UInt8], _ digest: Digest?) async throws -> ProofInspection {
    let finding = try await evidence.proof(.rfc3161, bytes, of: digest, missing: .ignored)
    let token = try evidence.parsing { () throws(ProofFormatError) in
      try TimestampToken.parse(bytes)
    }
    return ProofInspection(
      verdict: finding.verdict, provenAt: finding.provenAt, missing: finding.missing,
      digestAlgorithm: token.imprintAlgorithm, digest: token.imprint,
      contents: .token(
        .init(genTime: token.genTime, policy: token.policy, serial: token.serial)))
  }
}

extension OpenTimestampsProof.Attestation {
  fileprivate var bitcoinHeight: Int64? {
    if case .bitcoin(let height) = self { Int64(exactly: height) } else { nil }
  }
}

extension ProofInspection.Attestation.Source {
  fileprivate init(_ attestation: OpenTimestampsProof.Attestation) {
    self =
      switch attestation {
      case .pending(let uri): .calendar(uri)
      case .bitcoin(let height): .block(chain: "bitcoin", height: height)
      case .litecoin(let height): .block(chain: "litecoin", height: height)
      case .ethereum(let height): .block(chain: "ethereum", height: height)
      case .unknown(let tag, _): .unknown(tag: tag)
      }
  }
}
