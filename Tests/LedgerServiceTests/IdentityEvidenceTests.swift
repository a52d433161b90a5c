import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerStore
import LedgerTestSupport
import ProofFormats
import ProofVerification
import SafeHTTPClient
import TestSupport
import Testing

/// Identity tokens of an OpenID Connect issuer.
@Suite("Evidence of identity", .privateServer())
struct IdentityEvidenceTests: EvidenceSuite {
  @Test("A token of the issuer makes one claim strong; every other token is refused")
  func identity() async throws {
    try await withBoth { test, services in
      let pith = try #require(PithNumber(Self.number))
      let nonce = IdentityNonce.of(pith)
      let size = try await test.ledger.health().size
      let hour: Int64 = 3600
      let now = Timestamp.now.microseconds / 1_000_000
      for (check, changes, order) in [
        ("jwt.aud", ["aud": "OTHER"], [:]), ("jwt.iss", ["iss": "https://orcid.org"], [:]),
        ("jwt.exp", ["exp": .integer(now - hour), "iat": .integer(now - 2 * hour)], [:]),
        ("jwt.iat", ["exp": .integer(now + 9 * hour), "iat": .integer(now + hour)], [:]),
        ("jwt.nonce", ["nonce": "other"], [:]), ("jwt.sub", ["sub": "0000-0001-5109-3700"], [:]),
        ("jwt.alg", [:], ["alg": "none"]), ("jwt.alg", [:], ["alg": "HS256"]),
        ("jwt.signature", [:], ["stranger": true]), ("jwt.key", [:], ["kid": "unknown"]),
        ("jwt.exp", ["exp": .null], [:]), ("jwt.iat", ["iat": .null], [:]),
        ("jwt.nonce", ["nonce": .null], [:]), ("jwt.aud", ["aud": []], [:]),
      ] as [(String, JSONObject, JSONObject)] {
        var said = claims(nonce)
        for (name, value) in changes { said[name] = value }
        let token = try await services.token(said, order)
        await #expect(throws: Refusal(.invalid, check: check, ""), "\(check)") {
          try await bare(test, .authorAttestation, claim(token), evidence: [token])
        }
      }
      #expect(try await test.ledger.health().size == size)

      let token = try await services.token(claims(nonce))
      let strong = try await bare(test, .authorAttestation, claim(token), evidence: [token])
      #expect(strong.standing == "strong")
      #expect(strong.verificationStatus?.json["author_attested"] == true)
      let again = try await bare(test, .authorAttestation, claim(token), evidence: [token])
      #expect(!again.created && again.position == strong.position)
      var other = claim(token)
      other["author_index"] = 0
      await #expect(throws: Refusal(.conflict, check: "jwt.reuse", "")) {
        try await bare(test, .authorAttestation, other, evidence: [token])
      }
      // The token is stored for audits and is not served.
      await #expect(throws: Refusal(.notFound, check: "evidence", "")) {
        try await test.ledger.evidence.publicBytes(Digest(hashing: token).hex)
      }
      #expect(try await test.ledger.auditor.audit(Self.number).findings.isEmpty)
      try await test.replayAgrees()
    }
  }

  @Test("A token that names a key vouches for it; one for the record alone does not")
  func tokenVouches() async throws {
    try await withBoth { test, services in
      let pith = try #require(PithNumber(Self.number))
      let key = try await test.key("k", "https://orcid.org/" + Self.orcid)
      let plain = try await services.token(claims(IdentityNonce.of(pith)))
      _ = try await test.submit(.authorAttestation, claim(plain), by: key, evidence: [plain])
      func isVouched() async throws -> Bool {
        let json = try await test.ledger.keys.key(key.signer.fingerprint.hex).json
        return json["vouched"]?.arrayValue?.isEmpty == false
      }
      #expect(try await !isVouched())
      let other = try await test.key("o", "https://orcid.org/" + Self.orcid)
      let foreign = try await services.token(
        claims(IdentityNonce.of(pith, key.signer.fingerprint)))
      await #expect(throws: Refusal(.invalid, check: "jwt.nonce", "")) {
        try await test.submit(.authorAttestation, claim(foreign), by: other, evidence: [foreign])
      }
      let first = try await test.ledger.events.page(of: Self.number).json()["events"]?.arrayValue?
        .last
      var superseding = claim(foreign)
      superseding["supersedes"] = first?["event_id"] ?? .null
      _ = try await test.submit(.authorAttestation, superseding, by: key, evidence: [foreign])
      #expect(try await isVouched())
      try await test.replayAgrees()
    }
  }

  @Test("Without an audience a token is pending; offline, a trusted key set is sufficient")
  func offlineIdentity() async throws {
    try await withFakeServices { services in
      let pith = try #require(PithNumber(Self.number))
      let nonce = IdentityNonce.of(pith)
      var closed = services.configuration
      closed.orcidAudiences = []
      let noAudience = closed
      try await withLedger(configure: { $0.externalServices = noAudience }) { test in
        let token = try await services.token(claims(nonce))
        let answer = try await bare(test, .authorAttestation, claim(token), evidence: [token])
        #expect(
          answer.standing == "pending"
            && answer.verificationStatus?.json["author_attested"] == false)
      }
      closed = services.configuration
      closed.allowedHosts = []
      let offline = closed
      try await withLedger(configure: { $0.externalServices = offline }) { test in
        let token = try await services.token(claims(nonce))
        _ = try await bare(test, .authorAttestation, claim(token), evidence: [token])
        #expect(try await test.state().status["author_attested"] == false)
        var request = SafeHTTPClient.Request(services.url + "/oauth/jwks")
        request.maxResponseBytes = 65_536
        #expect(try await test.ledger.trust.addIssuerKeys(services.fetch.fetch(request).bytes))
        let second = try await services.token(claims(nonce))
        let strong = try await bare(
          test, .authorAttestation, claim(second, name: "Z. Liu"), evidence: [second])
        #expect(strong.standing == "strong")
      }
    }
  }

  // MARK: Evidence

  @Test(
    "Erased bytes are not served; log, signatures and replay do not change, and their storage ends")
  func erasure() async throws {
    try await withLedger { test in
      let bytes = Array("to be forgotten".utf8)
      let digest = Digest(hashing: bytes)
      var payload = place("file", "urn:sha256:" + digest.hex, bytes)
      payload["evidence_sha256"] = .string(digest.hex)
      let stored = try await bare(test, .storageAttestation, payload, evidence: [bytes])
      #expect(stored.verificationStatus?.json["storage_verified"] == true)
      #expect(try await test.ledger.evidence.publicBytes(digest.hex) == bytes)
      #expect(try await test.ledger.evidenceEraser.erase(digest, reason: "asked to") == 1)
      await #expect(throws: Refusal(.gone, check: "erased", "")) {
        try await test.ledger.evidence.publicBytes(digest.hex)
      }
      #expect(try await test.state().status["storage_verified"] == false)
      let audit = try await test.ledger.auditor.audit(Self.number)
      #expect(audit.findings.isEmpty && audit.erased.count == 1 && audit.notChecked == 0)
      try await test.replayAgrees()
      await #expect(throws: Refusal(.notFound, check: "evidence", "")) {
        try await test.ledger.evidenceEraser.erase(digest, reason: "again")
      }
    }
  }
}
