import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerStore
import LedgerTestSupport
import TestSupport
import Testing

/// The life of attestations in the whole ledger: each change is checked in the live projections and by a
/// replay (`docs/specification/standing.md`).
@Suite("The life of an attestation", .privateServer())
struct LifecycleTests {
  static let orcid = "0000-0002-1825-0097"
  static let signerID = "https://orcid.org/0000-0002-1825-0097"

  private func claim(_ name: String = "Zhuang Liu") -> JSONObject {
    ["method": "key_signature", "name": .string(name), "orcid": .string(Self.orcid)]
  }

  @Test("Authorship is weak until the key is vouched, and stays weak for a name not in the list")
  func authorship() async throws {
    try await withLedger { test in
      let key = try await test.key("a", Self.signerID)
      let weak = try await test.submit(.authorAttestation, claim(), by: key)
      #expect(weak.reason?.contains("vouched") == true)
      #expect(weak.standing == "weak" && weak.verificationStatus?.json["author_attested"] == false)
      #expect(weak.verificationStatus?.json["weak_author_claims"] == 1)
      _ = try await test.ledger.keyAdministrator.vouch(
        key.signer.fingerprint, as: .author, name: "Zhuang Liu")
      #expect(try await test.state().status["strong_author_claims"] == 0, "a vouch looks forward")
      // The second claim is by the same signer and therefore in the same slot.
      await #expect(throws: Refusal(.conflict, check: "slot", "")) {
        try await test.submit(.authorAttestation, claim(), by: key)
      }
      var again = claim()
      again["supersedes"] = .string("sha256:" + weak.eventID.hex)
      let strong = try await test.submit(.authorAttestation, again, by: key)
      #expect(
        strong.standing == "strong" && strong.verificationStatus?.json["author_attested"] == true)
      #expect(strong.verificationStatus?.json["weak_author_claims"] == 0)
      let other = try await test.key(
        "b", "https://orcid.org/0000-0001-5109-3700", vouched: .author, named: "Somebody Else")
      let stranger = try await test.submit(
        .authorAttestation,
        ["method": "key_signature", "name": "Somebody Else", "orcid": "0000-0001-5109-3700"],
        by: other)
      #expect(stranger.standing == "weak" && stranger.reason?.contains("author list") == true)
      #expect(stranger.verificationStatus?.json["strong_author_claims"] == 1)
      try await test.replayAgrees()
    }
  }

  @Test("A key that declares another person's identity does not change that person's statements")
  func borrowedName() async throws {
    try await withLedger { test in
      let owner = try await test.key(
        "owner", Self.signerID, vouched: .author, named: "Zhuang Liu")
      let thief = try await test.key("thief", Self.signerID)
      let claimed = try await test.submit(.authorAttestation, claim(), by: owner)
      let cited = try await test.cite("10.1000/1", by: owner)
      let before = try await test.state()
      await #expect(throws: Refusal.self) {
        try await test.submit(
          .eventWithdrawn,
          ["event_id": .string("sha256:" + claimed.eventID.hex), "reason": "mine now"], by: thief)
      }
      await #expect(throws: Refusal.self) {
        try await test.cite("10.1000/1", by: thief, supersedes: cited.eventID)
      }
      await #expect(throws: Refusal.self) {
        try await test.ledger.keyAdministrator.revoke(
          owner.signer.fingerprint, reason: "mine now", compromisedFrom: nil, key: thief)
      }
      #expect(try await test.state().status == before.status)
      // A claim of the thief under the same name counts as the thief's own.
      let own = try await test.submit(.authorAttestation, claim(), by: thief)
      #expect(own.standing == "weak" && own.verificationStatus?.json["strong_author_claims"] == 1)
      #expect(own.eventSummary?["equivocations"] == 0)
      try await test.replayAgrees()
    }
  }

  @Test(
    "A newer statement replaces the older one, and its withdrawal does not restore the older one")
  func supersession() async throws {
    try await withLedger { test in
      let key = try await test.key("k")
      let first = try await test.cite("10.1000/1", by: key)
      await #expect(throws: Refusal(.conflict, check: "slot", "")) {
        try await test.cite("10.1000/1", by: key, relation: "refutes")
      }
      let second = try await test.cite(
        "10.1000/1", by: key, supersedes: first.eventID, relation: "refutes")
      #expect(second.verificationStatus?.json["citation_signatures"] == 1)
      let counts = second.eventSummary?["by_type"]?["citation_signature"]
      #expect(counts?["superseded"] == 1 && counts?["verified"] == 1 && counts?["total"] == 2)
      let withdrawn = try await test.submit(
        .eventWithdrawn,
        ["event_id": .string("sha256:" + second.eventID.hex), "reason": "an error"], by: key)
      #expect(withdrawn.verificationStatus?.json["citation_signatures"] == 0)
      let after = withdrawn.eventSummary?["by_type"]?["citation_signature"]
      #expect(after?["withdrawn"] == 1 && after?["superseded"] == 1 && after?["verified"] == 0)
      try await test.replayAgrees()
    }
  }

  @Test("Two concurrent contradicting statements equivocate: the first counts")
  func equivocation() async throws {
    try await withLedger { test in
      let key = try await test.key("k")
      guard let pith = PithNumber(LedgerUnderTest.number) else { return }
      // Admission refuses the second statement if it can read the first, so both are prepared before.
      let second = try await test.another()
      var answers: [SubmissionAnswer] = []
      for round in 0..<40 where answers.count < 2 {
        func event(_ relation: String) throws -> SignedEvent {
          try key.key.sign(
            EventBody.make(
              type: .citationSignature,
              payload: ["citing_doi": .string("10.1000/\(round)"), "relation": .string(relation)],
              signer: key.signer, subject: .record(pith), target: "record", createdAt: .now))
        }
        let (a, b) = (try event("supports"), try event("refutes"))
        async let one = try? test.ledger.submitter.submit(a, evidence: [:], client: .shell)
        async let two = try? second.submitter.submit(b, evidence: [:], client: .shell)
        answers = [await one, await two].compactMap { $0 }
      }
      await second.close()
      try #require(answers.count == 2, "the two never met")
      let state = try await test.state()
      #expect(state.summary["equivocations"] == 1)
      #expect(state.summary["by_type"]?["citation_signature"]?["rejected"] == 1)
      let last = try #require(answers.map(\.position).max())
      let id = try #require(answers.first { $0.position == last }?.eventID)
      let outranked = try await test.ledger.events.page(
        of:
          LedgerUnderTest.number, from: last, limit: 1
      ).json()["events"]?.arrayValue?.first
      #expect(outranked?["event_id"] == .string("sha256:" + id.hex))
      try await test.replayAgrees()
    }
  }

  @Test("A replication counts when a moderator approves it, and not on the signer's own decision")
  func moderation() async throws {
    try await withLedger { test in
      let replicator = try await test.key("r", nil, .replicator)
      let moderator = try await test.key("m", nil, .agent, vouched: .moderator)
      let payload: JSONObject = [
        "claim_ids": ["C1"], "kind": "replication", "outcome": "replicated",
        "replication_id": "first",
      ]
      let pending = try await test.submit(.replicationRecord, payload, by: replicator)
      #expect(pending.standing == "pending")
      #expect(pending.verificationStatus?.json["replication_records"] == 0)
      func decide(_ decision: String, by key: KeyFile, on id: Digest) async throws
        -> SubmissionAnswer
      {
        try await test.submit(
          .moderationDecision,
          [
            "decision": .string(decision), "event_id": .string("sha256:" + id.hex),
            "log": .string(test.ledger.origin), "reason": "checked",
          ], by: key)
      }
      await #expect(throws: Refusal.self) {
        try await decide("approved", by: replicator, on: pending.eventID)
      }
      let approved = try await decide("approved", by: moderator, on: pending.eventID)
      #expect(approved.verificationStatus?.json["replication_records"] == 1)
      let rejected = try await decide("rejected", by: moderator, on: pending.eventID)
      #expect(rejected.verificationStatus?.json["replication_records"] == 0)
      #expect(rejected.eventSummary?["by_type"]?["replication_record"]?["rejected"] == 1)
      let own = try await test.submit(
        .replicationRecord,
        [
          "claim_ids": ["C1"], "kind": "replication", "outcome": "replicated",
          "replication_id": "own",
        ], by: moderator)
      await #expect(throws: Refusal.self) {
        try await decide("approved", by: moderator, on: own.eventID)
      }
      await #expect(throws: Refusal(.invalid, check: "claims", "")) {
        try await test.submit(
          .replicationRecord,
          [
            "claim_ids": ["C99"], "kind": "replication", "outcome": "replicated",
            "replication_id": "none",
          ], by: replicator)
      }
      try await test.replayAgrees()
    }
  }

  @Test("A revocation ends a key; a retroactive one also ends the standing of earlier statements")
  func revocation() async throws {
    try await withLedger { test in
      let key = try await test.key("k", nil, vouched: .author)
      let first = try await test.cite("10.1000/1", by: key)
      _ = try await test.cite("10.1000/2", by: key)
      await #expect(throws: Refusal(.forbidden, check: "authority", "")) {
        try await test.ledger.keyAdministrator.revoke(
          key.signer.fingerprint, reason: "stolen", compromisedFrom: first.position, key: key)
      }
      _ = try await test.ledger.keyAdministrator.revoke(
        key.signer.fingerprint, reason: "stolen", compromisedFrom: first.position.next, key: nil)
      let state = try await test.state()
      #expect(state.status["citation_signatures"] == 1)
      #expect(state.summary["by_type"]?["citation_signature"]?["revoked"] == 1)
      await #expect(throws: Refusal(.invalid, check: "revoked", "")) {
        try await test.cite("10.1000/3", by: key)
      }
      try await test.replayAgrees()
      let report = try await test.ledger.replay(check: false) { _ in }
      #expect(report.swapped && report.drift.isEmpty)
      #expect(try await test.state().status == state.status)
    }
  }

  @Test(
    "An upload verifies a file, a repetition is the same event, also after a rotation")
  func bareStorage() async throws {
    try await withLedger { test in
      let bytes = Array("bytes of the paper".utf8)
      func upload(
        _ mediaType: String, role: String = "document"
      ) async throws -> SubmissionAnswer {
        let digest = Digest(hashing: bytes)
        let wire: JSON = [
          "evidence": .object([digest.hex: .string(Base64.encode(bytes))]),
          "payload": [
            "content_role": .string(role), "content_sha256": .string(digest.hex),
            "evidence_sha256": .string(digest.hex),
            "location": .string("urn:sha256:" + digest.hex), "media_type": .string(mediaType),
            "size_bytes": .integer(Int64(bytes.count)), "storage_kind": "file",
          ],
        ]
        return try await test.ledger.submitter.submit(
          wire.canonicalBytes(), record: LedgerUnderTest.number, action: .storageAttestation,
          client: ClientID("192.0.2.1"))
      }
      let first = try await upload("text/plain")
      #expect(first.created && first.verificationStatus?.json["storage_verified"] == true)
      let again = try await upload("text/plain")
      #expect(!again.created && again.position == first.position)
      _ = try await test.ledger.keyAdministrator.rotateRegistryKey()
      let rotated = try await upload("text/plain")
      #expect(!rotated.created && rotated.position == first.position, "the registry stays itself")
      let changed = try await upload("text/markdown")
      #expect(changed.created)
      let counts = changed.eventSummary?["by_type"]?["storage_attestation"]
      #expect(counts?["superseded"] == 1 && counts?["verified"] == 1)
      #expect(changed.eventSummary?["equivocations"] == 0)
      // A statement whose role does not count cannot replace one about the same location whose role
      // counts.
      await #expect(throws: Refusal(.conflict, check: "slot", "")) {
        try await upload("text/markdown", role: "other")
      }
      #expect(try await test.state().status["storage_verified"] == true)
      try await test.replayAgrees()
    }
  }

  @Test("Bare actions and registrations are limited for each client")
  func limits() async throws {
    try await withLedger { test in
      let client = ClientID("192.0.2.7")
      var refusal: Refusal?
      for index in 0...test.ledger.configuration.limits.keyRegistrationsPerHour {
        let key = KeyFile(
          key: SigningKey(), keyID: "k\(index)", signerID: "urn:k", signerType: .author)
        let body = try EventBody.make(
          type: .keyRegistered,
          payload: [
            "algorithm": "ed25519", "public_key_b64": .string(Base64.encode(key.key.publicKey)),
          ], signer: key.signer, subject: .registry,
          target: "key:\(key.signer.fingerprint.hex)", createdAt: .now)
        do {
          _ = try await test.ledger.submitter.submit(
            try key.key.sign(body), evidence: [:], client: client)
        } catch let error as Refusal { refusal = error }
      }
      #expect(refusal == Refusal(.tooMany, check: "key_registration_limit", ""))
    }
  }

  @Test(
    "A location that cannot be fetched is refused; a vouched provider's statement is not fetched")
  func locations() async throws {
    try await withLedger { test in
      let key = try await test.key("k")
      let payload: JSONObject = [
        "content_role": "document",
        "content_sha256": .string(Digest(hashing: []).hex), "location": "https://127.0.0.1/p.pdf",
        "media_type": "application/pdf", "observed_at": .string(Timestamp.now.description),
        "size_bytes": 0, "storage_kind": "https",
      ]
      await #expect(throws: Refusal(.invalid, check: "fetch.inside", "")) {
        try await test.submit(.storageAttestation, payload, by: key)
      }
      let provider = try await test.key("p", nil, .agent, vouched: .storageProvider)
      let stored = try await test.submit(.storageAttestation, payload, by: provider)
      #expect(stored.standing == "verified")
      #expect(stored.verificationStatus?.json["storage_verified"] == true)
      try await test.replayAgrees()
    }
  }
}
