public import CanonicalJSON
public import Encodings
import LedgerDomain
import LedgerStore
import ProofFormats
import ProofVerification
import SafeHTTPClient

extension Ledger {
  /// What a proof of time says, and what today's trust makes of it; nothing is stored, and nobody outside
  /// is asked.
  ///
  /// - Parameters:
  ///   - bytes: an `.ots` file, or an RFC 3161 token or response.
  ///   - digest: the SHA-256 that it must be about; `nil` takes any.
  ///   - client: who asks; a part of the checks that wait is for each.
  ///
  /// Answers `form`, `digest`, `verdict` (`verified` or `pending`), `proven_at`, and the attestations or the
  /// token's own members. Errors: a `Refusal` by the check that an anchor with this proof would be refused
  /// by.
  public func examineProof(
    _ bytes: [UInt8], of digest: Digest?, client: ClientID = .shell
  ) async throws -> JSON {
    try await FetchClient.$current.withValue(client == .shell ? nil : client.name) {
      try await examine(bytes, of: digest)
    }
  }

  private func examine(_ bytes: [UInt8], of digest: Digest?) async throws -> JSON {
    // A token is a DER sequence; an .ots file begins with a zero.
    let kind: Payload.TimestampAnchor.Kind = bytes.first == 0x30 ? .rfc3161 : .opentimestamps
    let finding = try await checks.proof(kind, bytes, of: digest, missing: .left)
    var report: JSONObject = [
      "form": .string(kind.rawValue),
      "proven_at": finding.provenAt.map { .string($0.description) } ?? .null,
      "verdict": .string(finding.verdict.name),
    ]
    switch kind {
    case .opentimestamps:
      let proof = try await checks.executed(bytes)
      let known = try await store.trust.headers(at: proof.heights)
      report["digest"] = ["algorithm": .string("\(proof.algorithm)"), "hex": hex(proof.digest)]
      report["attestations"] = .array(
        proof.ends.map { end in
          var json = end.attestation.json
          json["message"] = hex(end.message)
          // One that led elsewhere than its trusted header has been refused.
          let isKnown = end.attestation.bitcoinHeight.map { known[$0] != nil } ?? false
          json["verdict"] = .string(isKnown ? "verified" : "pending")
          return .object(json)
        })
    case .rfc3161:
      let token = try checks.form { () throws(ProofFormatError) in try TimestampToken.parse(bytes) }
      report["digest"] = [
        "algorithm": .string(token.imprintAlgorithm), "hex": hex(token.imprint),
      ]
      report["gen_time"] = .string(token.genTime)
      report["policy"] = .string(token.policy)
      report["serial"] = hex(token.serial)
    }
    return .object(report)
  }

  private func hex(_ bytes: [UInt8]) -> JSON { .string(Hex.encode(bytes)) }
}

extension OpenTimestampsProof.Attestation {
  fileprivate var bitcoinHeight: Int64? {
    if case .bitcoin(let height) = self { Int64(exactly: height) } else { nil }
  }

  fileprivate var json: JSONObject {
    switch self {
    case .pending(let uri): ["calendar": .string(uri), "kind": "pending"]
    case .bitcoin(let height): Self.block("bitcoin", height)
    case .litecoin(let height): Self.block("litecoin", height)
    case .ethereum(let height): Self.block("ethereum", height)
    case .unknown(let tag, _): ["kind": "unknown", "tag": .string(Hex.encode(tag))]
    }
  }

  /// A height beyond what canonical JSON counts exactly is written as text.
  private static func block(_ kind: String, _ height: UInt64) -> JSONObject {
    [
      "height": .integer(checked: height) ?? .string("\(height)"),
      "kind": .string(kind),
    ]
  }
}
