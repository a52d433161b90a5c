import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerStore
import LedgerTestSupport
import LedgerVerifier
import PostgresClient
import TestSupport
import Testing

/// Names in claims, and names of records.
@Suite("Names of authors and records", .privateServer())
struct NameAuthorityTests: EvidenceSuite {
  private func supersede(_ answer: SubmissionAnswer, _ payload: JSONObject) -> JSONObject {
    var payload = payload
    payload["supersedes"] = .string("sha256:" + answer.eventID.hex)
    return payload
  }

  private func signed(_ name: String) -> JSONObject {
    ["method": "key_signature", "name": .string(name), "orcid": .string(Self.orcid)]
  }

  @Test("A token without a name proves an iD, and not an author")
  func namelessToken() async throws {
    try await withBoth { test, services in
      let pith = try #require(PithNumber(Self.number))
      var nameless = claims(IdentityNonce.of(pith))
      nameless["given_name"] = .null
      nameless["family_name"] = .null
      let token = try await services.token(nameless)
      let weak = try await bare(test, .authorAttestation, claim(token), evidence: [token])
      #expect(weak.standing == "weak" && weak.verificationStatus?.json["author_attested"] == false)
      #expect(weak.reason?.contains("the identity token gives no name") == true)
      let named = try await services.token(claims(IdentityNonce.of(pith)))
      let strong = try await bare(
        test, .authorAttestation, supersede(weak, claim(named)), evidence: [named])
      #expect(strong.standing == "strong" && strong.reason == nil)
      try await test.replayAgrees()
    }
  }

  @Test("A key that was vouched for with one name makes no strong claim under another name")
  func otherName() async throws {
    try await withBoth { test, services in
      let pith = try #require(PithNumber(Self.number))
      let key = try await test.key("k", "https://orcid.org/" + Self.orcid)
      let token = try await services.token(
        claims(IdentityNonce.of(pith, key.signer.fingerprint)))
      let first = try await test.submit(
        .authorAttestation, claim(token), by: key, evidence: [token])
      #expect(first.standing == "strong")
      let vouched = try await test.ledger.keys.key(key.signer.fingerprint.hex).json["vouched"]?
        .arrayValue
      #expect(vouched?.map { $0["name"] } == ["Zhuang Liu"], "the token's name is bound to the key")
      // A claim for another author of the list by the same key.
      let weak = try await test.submit(
        .authorAttestation, supersede(first, signed("David Fan")), by: key)
      #expect(weak.standing == "weak")
      #expect(weak.reason?.contains("another name than the one that is bound") == true)
      #expect(weak.verificationStatus?.json["author_attested"] == false)
      let strong = try await test.submit(
        .authorAttestation, supersede(weak, signed("Z. Liu")), by: key)
      #expect(strong.standing == "strong")
      // A vouch without a name confirms no name.
      let other = try await test.key(
        "o", "https://orcid.org/0000-0001-5109-3700", vouched: .author)
      var said = signed("Zhuang Liu")
      said["orcid"] = "0000-0001-5109-3700"
      let nameless = try await test.submit(.authorAttestation, said, by: other)
      #expect(nameless.standing == "weak")
      #expect(nameless.reason?.contains("vouched for without a name") == true)
      try await test.replayAgrees()
    }
  }

  @Test("On a record with unknown authors, a verified name is not a listed one")
  func unknownAuthors() async throws {
    try await withBoth { test, services in
      let bareRecord = try await bareImport(test, id: "2401.00001", version: 1)
      let number = try #require(bareRecord.pithNumber)
      let token = try await services.token(claims(IdentityNonce.of(number)))
      let json: JSON = [
        "evidence": .object([Digest(hashing: token).hex: .string(Base64.encode(token))]),
        "payload": .object(claim(token)),
      ]
      let weak = try await test.ledger.submitter.submit(
        json.canonicalBytes(), record: number.description, action: .authorAttestation,
        client: .shell)
      #expect(weak.standing == "weak" && weak.verificationStatus?.json["author_attested"] == false)
      #expect(weak.reason?.contains("authors of this record are not known") == true)
      try await test.replayAgrees()
    }
  }

  // MARK: Names of records

  /// Sends the bare canonical record of some version of an arXiv paper.
  @discardableResult
  func bareImport(
    _ test: LedgerUnderTest, id: String, version: Int64, byOperator: Bool = false
  ) async throws -> SubmissionAnswer {
    let digest = String(repeating: "0", count: 63) + "\(version % 10)"
    let document: JSON = [
      "canonical_record": [
        "metadata": [
          "abstract_canon_sha256": .string(digest), "cross_cats_sorted": [], "license": .null,
          "primary_cat": "cs.CV", "submitted_at": "2024-01-01T00:00:00Z",
          "title_canon_sha256": .string(digest),
        ],
        "schema_version": "1.0",
        "source": ["id": .string(id), "kind": "arxiv", "version": .integer(version)],
      ]
    ]
    return try await test.ledger.documentImporter.importDocument(
      document.canonicalBytes(), client: byOperator ? .shell : ClientID("192.0.2.1"),
      operatorAuthorised: byOperator)
  }

  @Test(
    "A bare record takes no existing name, in any version, and decides no other record's citations")
  func bareRecordsClaimNothing() async throws {
    try await withBoth { test, _ in
      let key = try await test.key("k")
      func cites(_ id: String, _ relation: String) async throws -> SubmissionAnswer {
        try await test.submit(
          .citationSignature, ["citing_arxiv": .string(id), "relation": .string(relation)], by: key)
      }
      try await bareImport(test, id: "2412.14164", version: 1_000_000)
      let (best, others) = try await test.ledger.records.resolve("2412.14164")
      #expect(best.pithNumber.description == Self.number && others.count == 1)

      let low = try await bareImport(test, id: "2401.00001", version: 1)
      let high = try await bareImport(test, id: "2401.00001", version: 1_000_000)
      func resolved() async throws -> PithNumber? {
        try await test.ledger.records.resolve("2401.00001").record.pithNumber
      }
      #expect(try await resolved() == high.pithNumber)
      #expect(
        try await cites("2401.00001", "cites").created, "the citation is decided by no other record"
      )

      // An operator's import takes precedence over every version, also for an existing record.
      _ = try await bareImport(test, id: "2401.00001", version: 1, byOperator: true)
      #expect(try await resolved() == low.pithNumber)
      let again = try await bareImport(test, id: "2401.00001", version: 1, byOperator: true)
      #expect(!again.created)
      // A paper is cited from under any of its names, and all of them are one slot.
      let number = try #require(low.pithNumber?.description)
      for name in [
        ["citing_arxiv": "2401.00001"], ["citing_doi": "10.48550/arXiv.2401.00001"],
        ["citing_pith_number": number],
      ] {
        let payload = name.merging(["relation": "extends"]) { $1 }
        await #expect(throws: Refusal(.conflict, check: "slot", "")) {
          try await test.submit(
            .citationSignature, JSONObject(payload.map { ($0.key, .string($0.value)) }), by: key)
        }
      }
      #expect(try await test.ledger.logChecker.check().faults == [])
      try await test.replayAgrees()
    }
  }

  @Test("A paper cannot cite itself by any of its names, also if the record is bare")
  func selfCitation() async throws {
    try await withBoth { test, _ in
      let key = try await test.key("k")
      let bareRecord = try await bareImport(test, id: "2401.00001", version: 1)
      for (record, id) in [
        (bareRecord.pithNumber?.description ?? "", "2401.00001"), (Self.number, "2412.14164"),
      ] {
        await #expect(throws: Refusal(.invalid, check: "self_citation", "")) {
          try await test.ledger.signingSubmitter.submit(
            type: .citationSignature,
            payload: ["citing_arxiv": .string(id), "relation": "cites"], record: record, key: key)
        }
      }
    }
  }

  @Test("A retracted alias finds no record, and no import restores it")
  func retractedAlias() async throws {
    try await withBoth { test, _ in
      let alias = Alias(kind: .doi, value: "10.48550/arXiv.2412.14164")
      let wrong = try await bareImport(test, id: "2401.00001", version: 3)
      let right = try await bareImport(test, id: "2401.00001", version: 2)
      let name = try #require(wrong.pithNumber?.description)
      let key = try await test.key("k", nil, vouched: .moderator)
      // Only the registry retracts an alias. The alias must exist, and the event must name this log.
      let said: JSONObject = [
        "alias_kind": "arxiv", "alias_value": "2401.00001", "log": .string(test.ledger.origin),
        "reason": "not this paper",
      ]
      await #expect(throws: Refusal(.forbidden, check: "authority", "")) {
        try await test.ledger.signingSubmitter.submit(
          type: .aliasRetracted, payload: said, record: name, key: key)
      }
      await #expect(throws: Refusal(.notFound, check: "alias", "")) {
        try await test.ledger.keyAdministrator.retractAlias(
          Alias(kind: .arxiv, value: "2401.00002"), of: name, reason: "x")
      }
      await #expect(throws: Refusal(.invalid, check: "alias", "")) {
        try await test.ledger.keyAdministrator.retractAlias(
          Alias(kind: .pithShort8, value: String(name.suffix(26).prefix(8))), of: name, reason: "x")
      }
      let retracted = try await test.pithledger([
        "alias", "retract", name, "arxiv", "2401.00001", "--reason", "not this paper",
      ])
      #expect(retracted.status == 0, "\(retracted.errors)")
      #expect(
        try await test.ledger.records.resolve("2401.00001").record.pithNumber == right.pithNumber)
      #expect(try await test.ledger.records.resolve(name).record.pithNumber == wrong.pithNumber)

      _ = try await test.ledger.keyAdministrator.retractAlias(
        alias, of: Self.number, reason: "a wrong DOI")
      await #expect(throws: Refusal(.notFound, check: "identifier", "")) {
        try await test.ledger.records.resolve(alias.value)
      }
      let again = try await test.ledger.documentImporter.importDocument(
        Fixtures.project(Fixtures.sample), client: .shell, operatorAuthorised: true)
      #expect(!again.created)
      var newer = try JSON.parse(Fixtures.project(Fixtures.sample)).objectValue ?? [:]
      newer["note"] = "a newer document"
      _ = try await test.ledger.documentImporter.importDocument(
        JSON.object(newer).canonicalBytes(), client: .shell, operatorAuthorised: true)
      await #expect(throws: Refusal(.notFound, check: "identifier", "")) {
        try await test.ledger.records.resolve(alias.value)
      }
      let shown =
        try await test.ledger.records.view(Self.number).json()["aliases"]?.arrayValue ?? []
      #expect(!shown.isEmpty && !shown.contains { $0["alias_kind"] == "doi" })
      #expect(try await test.ledger.logChecker.check().faults == [])
      try await test.replayAgrees()
    }
  }

  @Test("A table of names that differs from the log is detected")
  func alteredLookups() async throws {
    try await withBoth { test, _ in
      try await bareImport(test, id: "2401.00001", version: 1)
      for (change, check) in [
        ("UPDATE ledger.subject SET operator_imported = true", "lookup.subject"),
        ("UPDATE ledger.alias SET is_retracted = true WHERE kind = 'doi'", "lookup.alias"),
      ] {
        try await test.owner { try await $0.execute(change) }
        let faults = try await test.ledger.logChecker.check().faults
        #expect(faults.map(\.check) == [check], "\(faults)")
        try await test.owner { owner in
          try await owner.execute(
            """
            ALTER TABLE ledger.subject DISABLE TRIGGER subject_is_append_only;
            UPDATE ledger.subject SET operator_imported = trusted_receipt;
            ALTER TABLE ledger.subject ENABLE ALWAYS TRIGGER subject_is_append_only;
            UPDATE ledger.alias SET is_retracted = false;
            """)
        }
        #expect(try await test.ledger.logChecker.check().faults == [])
      }
      // An update cannot remove the names of a record.
      for change in [
        "UPDATE ledger.subject SET operator_imported = false", "DELETE FROM ledger.alias",
        "UPDATE ledger.alias SET record_position = record_position + 1",
        "UPDATE ledger.alias SET normalized = 'x'",
      ] {
        await #expect(throws: PostgresError(.server, "", sqlState: "PL001"), "\(change)") {
          try await test.owner { try await $0.execute(change) }
        }
      }
    }
  }
}
