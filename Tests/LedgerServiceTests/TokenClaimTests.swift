import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerTestSupport
import TestSupport
import Testing
import TransparencyLog

/// Identity tokens are used once, expire, and are verified with the issuer's current keys.
@Suite("Claims by token", .privateServer())
struct TokenClaimTests: EvidenceSuite {
  private var nonce: String {
    get throws { IdentityNonce.of(try #require(PithNumber(Self.number))) }
  }

  @Test("Of two concurrent claims by one token one is accepted, with any signers")
  func tokenRace() async throws {
    try await withBoth { test, services in
      for round in 0..<3 {
        let token = try await services.token(claims(try nonce))
        let keys = try await [
          test.key("a\(round)", "https://orcid.org/" + Self.orcid),
          test.key("b\(round)", "https://orcid.org/" + Self.orcid),
        ]
        // A second ledger on the same database acts like a second process with separate caches.
        let other = LedgerUnderTest(
          ledger: try await test.another(runProjector: false), uri: test.uri)
        let places = [test, other]
        let outcomes = await withTaskGroup(of: (String, Digest?).self) { group in
          for index in 0..<2 {
            group.addTask {
              do {
                let answer = try await places[index].submit(
                  .authorAttestation, claim(token), by: keys[index], evidence: [token])
                return (answer.created ? "created" : "again", answer.eventID)
              } catch let refusal as Refusal { return (refusal.check, nil) } catch {
                return ("\(error)", nil)
              }
            }
          }
          return await group.reduce(into: []) { $0.append($1) }
        }
        await other.ledger.close()
        #expect(outcomes.map(\.0).sorted() == ["created", "jwt.reuse"], "round \(round)")
        let taken = try #require(outcomes.compactMap(\.1).first)
        _ = try await test.ledger.signingSubmitter.submit(
          type: .eventWithdrawn,
          payload: ["event_id": .string("sha256:" + taken.hex), "reason": "the next round"],
          record: Self.number, key: nil)
      }
      try await test.replayAgrees()
    }
  }

  @Test(
    "A token whose bytes were erased, or whose claim was withdrawn, is refused for another claim")
  func spentForEver() async throws {
    try await withBoth { test, services in
      let token = try await services.token(claims(try nonce))
      let first = try await bare(test, .authorAttestation, claim(token), evidence: [token])
      #expect(
        try await test.ledger.evidenceEraser.erase(Digest(hashing: token), reason: "asked to") == 1)
      _ = try await test.ledger.signingSubmitter.submit(
        type: .eventWithdrawn,
        payload: ["event_id": .string("sha256:" + first.eventID.hex), "reason": "an error"],
        record: Self.number, key: nil)
      await #expect(throws: Refusal(.conflict, check: "jwt.reuse", "")) {
        try await bare(test, .authorAttestation, claim(token), evidence: [token])
      }
      let key = try await test.key("k", "https://orcid.org/" + Self.orcid)
      await #expect(throws: Refusal(.conflict, check: "jwt.reuse", "")) {
        try await test.submit(.authorAttestation, claim(token), by: key, evidence: [token])
      }
      let fresh = try await services.token(claims(try nonce))
      #expect(
        try await bare(test, .authorAttestation, claim(fresh), evidence: [fresh]).standing
          == "strong")
      try await test.replayAgrees()
    }
  }

  @Test(
    "A bare claim by token is withdrawn only by a new token for the same iD"
  )
  func withdrawnByToken() async throws {
    try await withBoth { test, services in
      let token = try await services.token(claims(try nonce))
      let claimed = try await bare(test, .authorAttestation, claim(token), evidence: [token])
      func withdraw(_ token: [UInt8], _ event: SubmissionAnswer) async throws -> SubmissionAnswer {
        try await bare(
          test, .eventWithdrawn,
          [
            "event_id": .string("sha256:" + event.eventID.hex),
            "evidence_sha256": .string(Digest(hashing: token).hex), "reason": "not mine",
          ], evidence: [token])
      }
      let size = try await test.ledger.health().size
      await #expect(throws: Refusal(.conflict, check: "jwt.reuse", ""), "the token of the claim") {
        try await withdraw(token, claimed)
      }
      var other = claims(try nonce)
      other["sub"] = "0000-0001-5109-3700"
      let stranger = try await services.token(other)
      await #expect(throws: Refusal(.invalid, check: "jwt.sub", "")) {
        try await withdraw(stranger, claimed)
      }
      let forged = try await services.token(claims(try nonce), ["stranger": true])
      await #expect(throws: Refusal(.invalid, check: "jwt.signature", "")) {
        try await withdraw(forged, claimed)
      }
      let elsewhere = try await services.token(claims("other"))
      await #expect(throws: Refusal(.invalid, check: "jwt.nonce", "")) {
        try await withdraw(elsewhere, claimed)
      }
      await #expect(throws: Refusal(.invalid, check: "signature", ""), "no token, no key") {
        try await bare(
          test, .eventWithdrawn,
          ["event_id": .string("sha256:" + claimed.eventID.hex), "reason": "not mine"])
      }
      // Only the key withdraws an event that it signed.
      let key = try await test.key("k")
      let cited = try await test.cite("10.1000/1", by: key)
      let fresh = try await services.token(claims(try nonce))
      await #expect(throws: Refusal(.invalid, check: "event_id", "")) {
        try await withdraw(fresh, cited)
      }
      #expect(try await test.state().status["author_attested"] == true)
      #expect(
        try await test.ledger.health().size == size.advanced(by: 2), "a refused one leaves nothing")

      let withdrawn = try await withdraw(fresh, claimed)
      #expect(withdrawn.created && withdrawn.verificationStatus?.json["author_attested"] == false)
      await #expect(throws: Refusal(.notFound, check: "evidence", ""), "its token is not served") {
        try await test.ledger.evidence.publicBytes(Digest(hashing: fresh).hex)
      }
      await #expect(throws: Refusal(.conflict, check: "jwt.reuse", "")) {
        try await bare(test, .authorAttestation, claim(fresh), evidence: [fresh])
      }
      try await test.replayAgrees()
    }
  }

  @Test("A token that cannot be checked withdraws nothing")
  func withdrawalCannotWait() async throws {
    try await withFakeServices { services in
      var external = services.configuration
      external.orcidAudiences = []
      let configuration = external
      try await withLedger(configure: { $0.externalServices = configuration }) { test in
        let token = try await services.token(claims(try nonce))
        let claimed = try await bare(test, .authorAttestation, claim(token), evidence: [token])
        #expect(claimed.standing == "pending")
        // A repeated submission is answered with the first event.
        let again = try await bare(test, .authorAttestation, claim(token), evidence: [token])
        #expect(!again.created && again.position == claimed.position && again.standing == "pending")
        let fresh = try await services.token(claims(try nonce))
        await #expect(throws: Refusal(.unavailable, check: "token_signature", "")) {
          try await bare(
            test, .eventWithdrawn,
            [
              "event_id": .string("sha256:" + claimed.eventID.hex),
              "evidence_sha256": .string(Digest(hashing: fresh).hex), "reason": "x",
            ], evidence: [fresh])
        }
      }
    }
  }

  @Test("The issuer's keys are fetched once, again for an unknown key, and at a limited rate")
  func issuerKeys() async throws {
    try await withFakeServices { services in
      for (interval, isWaiting) in [(Duration.zero, false), (.seconds(3600), true)] {
        var external = services.configuration
        external.issuerRetryInterval = interval
        let configuration = external
        try await withLedger(configure: { $0.externalServices = configuration }) { test in
          func attempt() async throws -> String {
            let token = try await services.token(claims(try nonce))
            var said = claim(token)
            said["supersedes"] = try await test.ledger.events.page(of: Self.number).json()[
              "events"]?
              .arrayValue?
              .last { $0["event_type"] == "author_attestation" }?["event_id"]
            do {
              return try await bare(test, .authorAttestation, said, evidence: [token]).standing
            } catch let refusal as Refusal {
              // The time of the text is that of Retry-After: the rest of the interval.
              let seconds = try #require(refusal.retryAfter)
              #expect((3500...3601).contains(seconds))
              #expect(refusal.message.contains("in \(seconds) seconds"))
              return "\(refusal.code) \(refusal.check)"
            }
          }
          let before = try await services.count("/oauth/jwks")
          #expect(try await attempt() == "strong")
          #expect(try await attempt() == "strong")
          #expect(try await services.count("/oauth/jwks") == before + 1, "cached")
          _ = try await services.post("/rotate")
          let outcome = try await attempt()
          #expect(outcome == (isWaiting ? "unavailable jwt.key" : "strong"))
          let asked = try await services.count("/oauth/jwks") - before
          #expect(asked == (isWaiting ? 1 : 2))
        }
      }
      // Fetched keys expire.
      var external = services.configuration
      external.issuerKeysLife = .milliseconds(1)
      external.issuerRetryInterval = .zero
      let configuration = external
      try await withLedger(configure: { $0.externalServices = configuration }) { test in
        let before = try await services.count("/oauth/jwks")
        for name in ["Zhuang Liu", "Z. Liu"] {
          try await Task.sleep(for: .milliseconds(5))
          let token = try await services.token(claims(try nonce))
          var said = claim(token, name: name)
          said["supersedes"] = try await test.ledger.events.page(of: Self.number).json()["events"]?
            .arrayValue?
            .last { $0["event_type"] == "author_attestation" }?["event_id"]
          _ = try await bare(test, .authorAttestation, said, evidence: [token])
        }
        #expect(try await services.count("/oauth/jwks") == before + 2)
      }
    }
  }

  @Test(
    "A claim that is pending for lack of the issuer's keys is settled when the operator trusts them"
  )
  func settledClaims() async throws {
    try await withFakeServices { services in
      var external = services.configuration
      external.allowedHosts = []
      let configuration = external
      try await withLedger(configure: { $0.externalServices = configuration }) { test in
        let pith = try #require(PithNumber(Self.number))
        let key = try await test.key("k", "https://orcid.org/" + Self.orcid)
        let token = try await services.token(claims(IdentityNonce.of(pith, key.signer.fingerprint)))
        let waiting = try await test.submit(
          .authorAttestation, claim(token), by: key, evidence: [token])
        #expect(waiting.standing == "pending")
        let forged = try await services.token(claims(IdentityNonce.of(pith)), ["stranger": true])
        _ = try await bare(test, .authorAttestation, claim(forged), evidence: [forged])
        #expect(try await test.ledger.claimSettler.settleAll() == 0, "nothing is known yet")
        _ = try await test.ledger.trust.addIssuerKeys(try await services.jwks())
        #expect(try await test.ledger.claimSettler.settleAll() == 2)
        let (status, summary) = try await test.state()
        #expect(status["strong_author_claims"] == 1 && status["weak_author_claims"] == 0)
        #expect(summary["by_type"]?["author_attestation"]?["rejected"] == 1)
        let json = try await test.ledger.keys.key(key.signer.fingerprint.hex).json
        #expect(json["vouched"]?.arrayValue?.isEmpty == false)
        #expect(try await test.ledger.claimSettler.settleAll() == 0)
        #expect(try await test.ledger.auditor.audit(Self.number).findings.isEmpty)
        try await test.replayAgrees()
      }
    }
  }

  @Test("A name that is not in the list makes a verified iD's claim weak, with the reason")
  func weakByName() async throws {
    try await withBoth { test, services in
      var said = claims(try nonce)
      said["family_name"] = "Nobody"
      let token = try await services.token(said)
      let weak = try await bare(
        test, .authorAttestation, claim(token, name: "Z. Nobody"), evidence: [token])
      #expect(weak.standing == "weak")
      #expect(weak.reason?.contains("author list") == true)
      #expect(weak.verificationStatus?.json["author_attested"] == false)
      #expect(weak.verificationStatus?.json["weak_author_claims"] == 1)
      // A position in the author list that belongs to another author does not match either.
      let second = try await services.token(claims(try nonce))
      var misplaced = claim(second)
      misplaced["author_index"] = 0
      misplaced["supersedes"] = .string("sha256:" + weak.eventID.hex)
      #expect(
        try await bare(test, .authorAttestation, misplaced, evidence: [second]).standing == "weak")
      let third = try await services.token(claims(try nonce))
      await #expect(throws: Refusal(.invalid, check: "jwt.name", "")) {
        try await bare(test, .authorAttestation, claim(third, name: "David Fan"), evidence: [third])
      }
    }
  }

  @Test("An audit reports a claim that the author list no longer supports")
  func auditOfNames() async throws {
    try await withLedger { test in
      let key = try await test.key("k", "https://orcid.org/" + Self.orcid)
      _ = try await test.submit(
        .authorAttestation,
        ["method": "key_signature", "name": "Z. Liu", "orcid": .string(Self.orcid)], by: key)
      #expect(try await test.ledger.auditor.audit(Self.number).findings.isEmpty)
      // A newer document lists other authors.
      var document = try #require(
        JSON.parse(Fixtures.project(Fixtures.sample)).objectValue)
      var paper = try #require(document["paper"]?.objectValue)
      paper["authors_text"] = "David Fan, Jiachen Zhu"
      document["paper"] = .object(paper)
      document["updated_at"] = "2027-01-01T00:00:00Z"
      let newer = try await test.ledger.documentImporter.importDocument(
        JSON.object(document).canonicalBytes(), client: .shell, operatorAuthorised: true)
      #expect(newer.created)
      let findings = try await test.ledger.auditor.audit(Self.number).findings
      let finding = try #require(findings.first { $0.check == "author_name" })
      #expect(finding.was == "verified" && finding.now == "failed")
      // After the documents were erased the name cannot be compared, which is no finding.
      let events =
        try await test.ledger.events.page(of: Self.number).json()["events"]?.arrayValue ?? []
      let documents = Set(
        events.compactMap {
          $0["payload"]?["document_sha256"]?.stringValue.flatMap { Digest(hex: $0) }
        })
      #expect(!documents.isEmpty)
      for document in documents {
        _ = try await test.ledger.evidenceEraser.erase(document, reason: "asked to")
      }
      let report = try await test.ledger.auditor.audit(Self.number)
      #expect(report.findings.isEmpty && report.notChecked == 1)
      #expect(Set(report.erased.map(\.evidence)) == documents)
    }
  }

  @Test("Public bytes that are later found to be a token are not served any more")
  func tokensAreNotServed() async throws {
    try await withBoth { test, services in
      let token = try await services.token(claims(try nonce))
      let digest = Digest(hashing: token)
      var upload = place("file", "urn:sha256:" + digest.hex, token)
      upload["evidence_sha256"] = .string(digest.hex)
      _ = try await bare(test, .storageAttestation, upload, evidence: [token])
      #expect(try await test.ledger.evidence.publicBytes(digest.hex) == token)
      let claimed = try await bare(test, .authorAttestation, claim(token), evidence: [token])
      #expect(claimed.standing == "strong")
      await #expect(throws: Refusal(.notFound, check: "evidence", "")) {
        try await test.ledger.evidence.publicBytes(digest.hex)
      }
    }
  }
}
