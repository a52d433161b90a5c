import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerTestSupport
import TestSupport
import Testing

/// All verifiable members of a record's status, verified on one machine.
@Suite("Every member of the status", .privateServer())
struct WholeRecordTests {
  /// Makes every member of a record's status true with evidence that is really checked.
  ///
  /// - Parameters:
  ///   - bytes: the record's document.
  ///   - author: a name of its author list.
  private func verify(_ bytes: [UInt8], author: String) async throws {
    try await withFakeServices { services in
      try await withLedger(
        sample: false, configure: { $0.externalServices = services.configuration }
      ) {
        test in
        let ledger = test.ledger
        let document = try JSON.parse(bytes)
        let number = try #require(document["pith_number"]?.stringValue)
        let pith = try #require(PithNumber(number))
        _ = try await ledger.documentImporter.importDocument(
          bytes, client: .shell, operatorAuthorised: true)
        func status() async throws -> JSON {
          let size = try await ledger.health().size
          return try await ledger.records.status(number, atLeast: size.end.previous).json[
            "verification_status"]
            ?? .null
        }
        func bare(
          _ action: EventType, _ payload: JSONObject, _ evidence: [UInt8]? = nil
        ) async throws -> SubmissionAnswer {
          var json: JSONObject = ["payload": .object(payload)]
          if let evidence {
            json["evidence"] = .object([
              Digest(hashing: evidence).hex: .string(Base64.encode(evidence))
            ])
          }
          return try await ledger.submitter.submit(
            JSON.object(json).canonicalBytes(), record: number, action: action, client: .shell)
        }
        func signed(
          _ type: EventType, _ payload: JSONObject, _ key: KeyFile
        ) async throws -> SubmissionAnswer {
          try await ledger.signingSubmitter.submit(
            type: type, payload: payload, record: number, key: key)
        }
        let before = try await status()
        for name in [
          "content_addressed", "pith_receipt", "graph_snapshot", "references_resolved",
          "formal_links_present",
        ] {
          #expect(before[name] == true, "\(name) follows from the record itself")
        }
        for name in ["author_attested", "externally_anchored", "storage_verified"] {
          #expect(before[name] == false, "\(name)")
        }

        // The canonical bytes are stored in a store. Their digest is timestamped by a calendar, whose
        // block is then trusted, and by an authority.
        let canonical = try #require(document["canonical_record"]).canonicalBytes()
        let digest = Digest(hashing: canonical)
        _ = try await services.post("/put/record", canonical)
        let stored = try await bare(
          .storageAttestation,
          [
            "content_role": "canonical_record", "content_sha256": .string(digest.hex),
            "location": .string(services.url + "/record"), "media_type": "application/json",
            "size_bytes": .integer(Int64(canonical.count)), "storage_kind": "https",
          ])
        #expect(stored.standing == "verified")
        let proof = try await ledger.timestampRequester.requestProof(
          over: digest, calendars: [services.url])
        _ = try await bare(
          .timestampAnchor,
          [
            "anchor_kind": "opentimestamps", "digest_sha256": .string(digest.hex),
            "evidence_sha256": .string(Digest(hashing: proof).hex),
          ], proof)
        _ = try await ledger.trust.addHeaders(try await services.mine())
        #expect(try await ledger.anchorSettler.settleAll { _ in true }.map(\.state) == [.verified])
        _ = try await ledger.trust.addAuthority(services.file("tsa-root.pem"))
        let token = try await ledger.timestampRequester.requestToken(
          over: digest, authority: services.url + "/tsa")
        let tokenAnchor = try await bare(
          .timestampAnchor,
          [
            "anchor_kind": "rfc3161", "digest_sha256": .string(digest.hex),
            "evidence_sha256": .string(Digest(hashing: token).hex),
          ], token)
        #expect(tokenAnchor.standing == "verified")

        // One author is verified by the issuer's token, another one claims by a key without a vouch.
        let orcid = "0000-0002-1825-0097"
        let identity = try await services.token([
          "name": .string(author), "nonce": .string(IdentityNonce.of(pith)), "sub": .string(orcid),
        ])
        let strong = try await bare(
          .authorAttestation,
          [
            "evidence_sha256": .string(Digest(hashing: identity).hex), "method": "orcid_oidc",
            "name": .string(author), "orcid": .string(orcid),
          ], identity)
        #expect(strong.standing == "strong", "\(strong.reason ?? "")")
        let other = try await test.key("other", "https://orcid.org/0000-0002-1694-233X")
        let weak = try await signed(
          .authorAttestation,
          ["method": "key_signature", "name": .string(author), "orcid": "0000-0002-1694-233X"],
          other)
        #expect(weak.standing == "weak" && weak.reason != nil)
        _ = try await signed(
          .citationSignature, ["citing_doi": "10.1000/citing", "relation": "extends"], other)

        let claims =
          try await ledger.records.graph(number).json()["snapshot"]?["claim_ids"]?
          .arrayValue ?? []
        let replicator = try await test.key("replicator", nil, .replicator)
        let record = try await signed(
          .replicationRecord,
          [
            "claim_ids": .array(Array(claims.prefix(1))), "kind": "replication",
            "outcome": "replicated", "replication_id": "first",
          ], replicator)
        let moderator = try await test.key("moderator", vouched: .moderator)
        _ = try await signed(
          .moderationDecision,
          [
            "decision": "approved", "event_id": .string("sha256:" + record.eventID.hex),
            "log": .string(ledger.origin), "reason": "as described",
          ], moderator)

        let after = try await status()
        for (name, value) in after.objectValue ?? [:] {
          #expect(value == true || (value.integerValue ?? 0) >= 1, "\(name) \(value)")
        }
        #expect(after.objectValue?.count == 12)
        #expect(try await ledger.auditor.audit(number).findings.isEmpty)
        try await test.replayAgrees()
      }
    }
  }

  @Test(
    "The real record of the fixtures",
    .enabled(if: Fixtures.areShared, Comment(rawValue: Fixtures.reason)))
  func realRecord() async throws {
    try await verify(
      Fixtures.shared("pith/pith-number-record.json"), author: "Zhuang Liu")
  }

  @Test("The sample record of the project")
  func sample() async throws {
    try await verify(Fixtures.project(Fixtures.sample), author: "Zhuang Liu")
  }
}
