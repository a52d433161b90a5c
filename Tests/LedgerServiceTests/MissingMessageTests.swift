import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerHTTP
import LedgerStore
import LedgerTestSupport
import ProofFormats
import TestSupport
import Testing

@testable import LedgerService

/// Messages about what cannot be decided yet name the header, the root or the setting that is missing.
@Suite("What is missing", .privateServer())
struct MissingMessageTests: EvidenceSuite {
  private func inspect(_ test: LedgerUnderTest, _ bytes: [UInt8]) async throws -> String {
    try await test.ledger.evidenceInspector.inspect(bytes, of: nil).missing ?? ""
  }

  @Test("A proof names the height of the block whose header is missing, or its calendar")
  func headers() async throws {
    try await withLedger { test in
      let digest = try await digest(test)
      let proof = OpenTimestampsProof(
        algorithm: .sha256, digest: digest.bytes,
        root: .init(items: [
          .operation(
            .append([1]),
            .init(items: [
              .operation(.hash(.sha256), .init(items: [.attestation(.bitcoin(height: 1234))]))
            ]))
        ])
      ).serialised()
      let answer = try await anchor(test, "opentimestamps", proof)
      #expect(answer.standing == "pending")
      for text in [answer.reason ?? "", try await inspect(test, proof)] {
        #expect(text.contains("block 1234") && text.contains("trust headers add"), "\(text)")
        #expect(text.contains("PITHLEDGER_ESPLORA_URL"), "\(text)")
      }
      let outcome = try #require(try await test.ledger.anchorSettler.settleAll().first)
      #expect(outcome.detail.contains("block 1234"), "\(outcome.detail)")

      let waiting = try Fixtures.project("docs/sample/metamorph.ots")
      let promised = try await anchor(test, "opentimestamps", waiting)
      for text in [promised.reason ?? "", try await inspect(test, waiting)] {
        #expect(text.contains("PITHLEDGER_OTS_CALENDARS") && text.contains("https://"), "\(text)")
      }
    }
  }

  @Test("A token names the issuer whose root is missing")
  func roots() async throws {
    try await withLedger { test in
      let made = try await MadeToken.all(over: try await digest(test).bytes)
      let good = try #require(made.first { $0.name == "good response" })
      let answer = try await anchor(test, "rfc3161", good.token)
      #expect(answer.standing == "pending")
      for text in [answer.reason ?? "", try await inspect(test, good.token)] {
        #expect(text.contains("trust tsa add") && text.contains("CN="), "\(text)")
      }
      _ = try await test.ledger.trust.addAuthority(good.roots)
      #expect(try await inspect(test, good.token).isEmpty)
    }
  }

  @Test("A claim by token names the setting, or the issuer whose keys are missing")
  func tokens() async throws {
    try await withFakeServices { services in
      let pith = try #require(PithNumber(Self.number))
      for (audiences, issuer, expected) in [
        ([], services.url, ["PITHLEDGER_ORCID_AUDIENCES"]),
        (["APP-TEST"], services.url, ["PITHLEDGER_ORCID_ISSUER", "trust jwks add"]),
      ] {
        var external = services.configuration
        external.orcidAudiences = audiences
        external.orcidIssuer = issuer
        // Keys cannot be fetched from a host that is not allowed.
        external.allowedHosts = []
        let configuration = external
        try await withLedger(configure: { $0.externalServices = configuration }) { test in
          let token = try await services.token(claims(IdentityNonce.of(pith)))
          let answer = try await bare(test, .authorAttestation, claim(token), evidence: [token])
          #expect(answer.standing == "pending")
          for word in expected {
            #expect(answer.reason?.contains(word) == true, "\(answer.reason ?? "")")
          }
          let fresh = try await services.token(claims(IdentityNonce.of(pith)))
          let refusal = await #expect(throws: Refusal.self) {
            try await bare(
              test, .eventWithdrawn,
              [
                "event_id": .string("sha256:" + answer.eventID.hex),
                "evidence_sha256": .string(Digest(hashing: fresh).hex), "reason": "x",
              ], evidence: [fresh])
          }
          for word in expected {
            #expect(refusal?.message.contains(word) == true, "\(refusal as Any)")
          }
        }
      }
    }
  }
}
