import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerService
import LedgerStore
import LedgerTestSupport
import ProofFormats
import ProofVerification
import SafeHTTPClient
import TestSupport
import Testing

/// The shared functions of suites about external evidence: a ledger that reaches the fake services.
protocol EvidenceSuite {}

extension EvidenceSuite {
  static var number: String { Fixtures.sampleNumber }
  static var orcid: String { Fixtures.sampleORCID }

  /// Runs a test with a ledger that can reach the fake services.
  func withBoth(
    _ body: (LedgerUnderTest, FakeServices) async throws -> Void
  ) async throws {
    try await withFakeServices { services in
      var external = services.configuration
      external.issuerRetryInterval = .zero
      let configuration = external
      try await withLedger(configure: { $0.externalServices = configuration }) { test in
        try await body(test, services)
      }
    }
  }

  func digest(_ test: LedgerUnderTest) async throws -> Digest {
    try await test.ledger.records.resolve(Self.number).record.canonicalSHA256
  }

  func bare(
    _ test: LedgerUnderTest, _ action: EventType, _ payload: JSONObject, evidence: [[UInt8]] = []
  ) async throws -> SubmissionAnswer {
    var named: JSONObject = [:]
    for bytes in evidence { named[Digest(hashing: bytes).hex] = .string(Base64.encode(bytes)) }
    let json: JSON = ["evidence": .object(named), "payload": .object(payload)]
    return try await test.ledger.submitter.submit(
      json.canonicalBytes(), record: Self.number, action: action, client: .shell)
  }

  func anchor(
    _ test: LedgerUnderTest, _ kind: String, _ proof: [UInt8]
  ) async throws -> SubmissionAnswer {
    try await bare(
      test, .timestampAnchor,
      [
        "anchor_kind": .string(kind), "digest_sha256": .string(digest(test).hex),
        "evidence_sha256": .string(Digest(hashing: proof).hex),
      ], evidence: [proof])
  }

  func place(_ kind: String, _ location: String, _ bytes: [UInt8]) -> JSONObject {
    [
      "content_role": "document", "content_sha256": .string(Digest(hashing: bytes).hex),
      "location": .string(location), "media_type": "text/plain",
      "size_bytes": .integer(Int64(bytes.count)), "storage_kind": .string(kind),
    ]
  }

  func claim(_ token: [UInt8], name: String = "Zhuang Liu") -> JSONObject {
    [
      "evidence_sha256": .string(Digest(hashing: token).hex), "method": "orcid_oidc",
      "name": .string(name), "orcid": .string(Self.orcid),
    ]
  }

  func claims(_ nonce: String) -> JSONObject {
    [
      "family_name": "Liu", "given_name": "Zhuang", "nonce": .string(nonce),
      "sub": .string(Self.orcid),
    ]
  }

  /// Runs a test with an attested copy that is due for its next check.
  func withKeptCopy(
    _ body: (FakeServices, LedgerUnderTest, [UInt8]) async throws -> Void
  ) async throws {
    try await withFakeServices { services in
      var external = services.configuration
      external.storageInterval = .milliseconds(1)
      let configuration = external
      try await withLedger(configure: { $0.externalServices = configuration }) { test in
        let bytes = Array("kept".utf8)
        _ = try await services.post("/put/kept", bytes)
        _ = try await bare(
          test, .storageAttestation, place("https", services.url + "/kept", bytes))
        try await body(services, test, bytes)
      }
    }
  }
}

/// The shared functions, for suites that name them explicitly.
struct EvidenceScenario: EvidenceSuite {}
