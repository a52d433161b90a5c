import CanonicalJSON
import Encodings
import Foundation
import HTTPTypes
import HummingbirdTesting
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerTestSupport
import TestSupport
import Testing

/// Documents that claim something about themselves that only the log can say.
@Suite("A document does not speak for the ledger", .privateServer())
struct HostileDocumentTests {
  /// The sample document with claims about itself in every place.
  private static func hostile() throws -> JSONObject {
    var json = try JSON.parse(Fixtures.project(Fixtures.sample)).objectValue ?? [:]
    let status = JSONObject(VerificationStatus.keys.map { ($0, true) })
    for (key, value) in status where key != "graph_snapshot" { json[key] = value }
    json["verification_status"] = .object(status)
    json["status"] = .object(status)
    json["event_summary"] = ["total": 99]
    json["events"] = [["event_id": "sha256:false"]]
    json["events_next"] = "https://evil.example/events"
    json["attestation_state"] = "author_attested"
    json["paper_claims"] = [["name": "Mallory", "standing": "strong"]]
    json["standings"] = [["standing": "strong"]]
    json["position"] = 7
    json["vouched_citation_signatures"] = 7
    json["provenance"] = "the ledger"
    json["links"] = ["html": "https://evil.example"]
    json["agent_actions"] = ["actions": ["attest_author": "https://evil.example"]]
    json["source"] = ["id": "9999.99999", "kind": "arxiv", "version": 9]
    json["updated_at"] = "2027-01-01T00:00:00Z"
    var paper = json["paper"]?.objectValue ?? [:]
    paper["title"] = "Another title"
    paper["title_verified"] = true
    paper["primary_cat"] = "math.GM"
    paper["submitted_at"] = "1905-01-01T00:00:00Z"
    json["paper"] = .object(paper)
    json["inbound_citations"] = [
      "attested": ["count": 1000], "count": 5, "internal_anchor_count": 4,
      "provenance": ["position": 0], "sample": [["citing_arxiv_id": "2605.21642"]],
    ]
    var graph = json["graph_snapshot"]?.objectValue ?? [:]
    graph["author_claims"] = [
      "count": 9, "snapshot_sha256": "00", "strong_count": 9, "verified": true,
    ]
    graph["claims"] = [
      "count": 1, "items": [["attestation": "author_attested", "claim_id": "C1", "text": "x"]],
    ]
    json["graph_snapshot"] = .object(graph)
    json["aliases"] = [["alias_kind": "other", "alias_value": "x", "verified": true]]
    return json
  }

  /// Checks that nothing of the document's claims is served.
  private func check(_ served: JSON) throws {
    let own = try #require(served.objectValue)
    for key in VerificationStatus.keys + ["status", "standings", "position", "provenance"]
    where key != "graph_snapshot" {
      #expect(own[key] == nil, "\(key)")
    }
    #expect(own["events_next"] == nil && own["vouched_citation_signatures"] == nil)
    #expect(own["verification_status"]?["author_attested"] == false)
    #expect(own["verification_status"]?["storage_verified"] == false)
    #expect(own["event_summary"] == [:] && own["events"] == [])
    #expect(own["attestation_state"] == "computed" && own["paper_claims"] == [])
    #expect(own["source"]?["id"] == "2412.14164")
    #expect(own["paper"]?["title_verified"] == false)
    #expect(own["paper"]?["primary_cat"] == "cs.CV")
    #expect(own["paper"]?["submitted_at"] == "2024-12-18T18:58:50Z")
    #expect(
      own["graph_snapshot"]?["author_claims"]
        == ["count": 0, "snapshot_sha256": .null, "strong_count": 0])
    #expect(
      own["graph_snapshot"]?["claims"]?["items"]?.arrayValue?[0]["attestation"] == "unclaimed")
    #expect(own["aliases"]?.arrayValue?.contains { $0["verified"] != nil } == false)
    #expect(!served.canonicalString().contains("evil.example"))
    let inbound = own["inbound_citations"]
    #expect(inbound?["count"] == 5 && inbound?["internal_anchor_count"] == 4)
    #expect(inbound?["sample"] == [["citing_arxiv_id": "2605.21642"]])
    #expect(inbound?["attested"] == ["citations": [], "count": 0, "vouched_count": 0])
  }

  @Test("A document that claims everything about itself is served without its claims")
  func everything() async throws {
    try await withLedger(sample: false) { test in
      let bytes = JSON.object(try Self.hostile()).canonicalBytes()
      let answer = try await test.ledger.documentImporter.importDocument(
        bytes, client: .shell, operatorAuthorised: true)
      #expect(answer.created)
      let served = try await test.ledger.records.view(LedgerUnderTest.number).json()
      try check(served)
      let provenance = served["inbound_citations"]?["provenance"]
      #expect(provenance?["document_sha256"] == .string(Digest(hashing: bytes).hex))
      #expect(provenance?["position"] == .integer(answer.position.rawValue))
      #expect(provenance?["recorded_at"] == .string(answer.recordedAt.description))
      let graph = try await test.ledger.records.graph(LedgerUnderTest.number).json()
      #expect(graph["graph_snapshot"] == served["graph_snapshot"])
      try await test.serving { client in
        for path in ["/pith/4OXKXQ4P.json", "/pith/4OXKXQ4P"] {
          let over = try await client.execute(
            uri: path, method: .get, headers: [.accept: "application/json"])
          try check(try over.json())
        }
      }
    }
  }

  @Test("Members of a wrong shape neither fail nor claim anything")
  func shapes() async throws {
    for wrong: JSON in [true, 7, "x", [1, ["a": 1]], ["items": "x", "count": "x"], .null] {
      try await withLedger(sample: false) { test in
        var json = try JSON.parse(Fixtures.project(Fixtures.sample)).objectValue ?? [:]
        for member in ["attestation_state", "paper_claims", "inbound_citations", "paper", "events"]
        {
          json[member] = wrong
        }
        json["graph_snapshot"] = ["author_claims": wrong, "claims": wrong]
        _ = try await test.ledger.documentImporter.importDocument(
          JSON.object(json).canonicalBytes(), client: .shell, operatorAuthorised: true)
        let served = try await test.ledger.records.view(LedgerUnderTest.number).json()
        #expect(served["attestation_state"] == "computed" && served["paper_claims"] == [])
        #expect(served["events"] == [])
        #expect(
          served["inbound_citations"]?["attested"] == [
            "citations": [], "count": 0, "vouched_count": 0,
          ])
        let inbound = served["inbound_citations"]
        #expect(inbound?["count"] == 0 && inbound?["internal_anchor_count"] == 0)
        #expect(inbound?["sample"] == [])
      }
    }
  }

  @Test("Claims of authorship and citations come from the log")
  func claims() async throws {
    try await withLedger { test in
      let author = try await test.key(
        "author", "https://orcid.org/0000-0002-1825-0097", vouched: .author, named: "Zhuang Liu")
      let other = try await test.key("other", "https://orcid.org/0000-0002-1694-233X")
      func claim(
        _ key: KeyFile, _ orcid: String, target: String = "record"
      ) async throws -> SubmissionAnswer {
        try await test.submit(
          .authorAttestation,
          ["method": "key_signature", "name": "Zhuang Liu", "orcid": .string(orcid)], by: key,
          target: target)
      }
      let weak = try await claim(other, "0000-0002-1694-233X")
      func served() async throws -> JSON {
        try await test.ledger.records.view(LedgerUnderTest.number).json()
      }
      #expect(try await served()["attestation_state"] == "computed")
      #expect(try await served()["paper_claims"]?.arrayValue?.map { $0["standing"] } == ["weak"])
      let strong = try await claim(author, "0000-0002-1825-0097")
      let ofClaim = try await claim(author, "0000-0002-1825-0097", target: "claim:C1")
      #expect(strong.standing == "strong" && ofClaim.standing == "strong")
      _ = try await claim(other, "0000-0002-1694-233X", target: "claim:C2")
      _ = try await test.cite("10.1000/a", by: other)
      _ = try await test.cite("10.1000/a", by: author)
      let json = try await served()
      #expect(json["attestation_state"] == "author_attested")
      let claims = json["paper_claims"]?.arrayValue ?? []
      #expect(claims.map { $0["standing"] } == ["strong", "strong", "weak", "weak"])
      #expect(claims.map { $0["target"] } == ["claim:C1", "record", "claim:C2", "record"])
      #expect(claims[1]["event_id"] == .string("sha256:" + strong.eventID.hex))
      #expect(claims[1]["signer"]?["signer_id"] == "https://orcid.org/0000-0002-1825-0097")
      #expect(claims[1]["orcid"] == "0000-0002-1825-0097" && claims[1]["name"] == "Zhuang Liu")
      let graph = json["graph_snapshot"]
      #expect(
        graph?["author_claims"]?["count"] == 2 && graph?["author_claims"]?["strong_count"] == 1)
      let items = graph?["claims"]?["items"]?.arrayValue ?? []
      #expect(items.prefix(3).map { $0["attestation"] } == ["strong", "weak", "unclaimed"])
      let attested = json["inbound_citations"]?["attested"]
      #expect(attested?["count"] == 2 && attested?["vouched_count"] == 1)
      #expect(attested?["citations"]?.arrayValue?.count == 2)
      // A claim that was withdrawn is not shown.
      _ = try await test.submit(
        .eventWithdrawn, ["event_id": .string("sha256:" + weak.eventID.hex), "reason": "x"],
        by: other)
      #expect(try await served()["paper_claims"]?.arrayValue?.count == 3)
    }
  }

  @Test("Weak claims do not crowd out a strong one")
  func crowd() async throws {
    try await withLedger { test in
      let author = try await test.key(
        "author", "https://orcid.org/0000-0002-1825-0097", vouched: .author, named: "Zhuang Liu")
      let strong = try await test.submit(
        .authorAttestation,
        ["method": "key_signature", "name": "Zhuang Liu", "orcid": "0000-0002-1825-0097"],
        by: author)
      for number in 0..<(RecordQueries.maxAuthorClaims + 5) {
        let other = try await test.key("other \(number)")
        _ = try await test.submit(
          .authorAttestation,
          ["method": "key_signature", "name": "Zhuang Liu", "orcid": "0000-0002-1694-233X"],
          by: other)
      }
      let view = try await test.ledger.records.view(LedgerUnderTest.number)
      #expect(view.authorClaims.count == RecordQueries.maxAuthorClaims)
      #expect(view.authorClaims.first?.entry.event.eventID == strong.eventID)
      #expect(view.authorClaims.first?.isStrong == true)
    }
  }
}
