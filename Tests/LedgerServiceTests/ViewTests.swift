import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerService
import LedgerStore
import LedgerTestSupport
import PostgresClient
import TestSupport
import Testing

/// The views of the database, for analysts.
@Suite("Views for analysts", .privateServer())
struct ViewTests: EvidenceSuite {
  @Test("Every view and every column of a view has a comment")
  func comments() async throws {
    let uri = try await PrivateServer.running().database()
    _ = try await Migrator(uri: uri, logger: PrivateServer.logger).migrate()
    let connection = try await PostgresConnection.connect(PostgresConfiguration(uri: uri))
    let silent = try await connection.query(
      """
      SELECT c.relname || coalesce('.' || a.attname, '') FROM pg_class c
        LEFT JOIN LATERAL (
          SELECT a.attname, a.attnum FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
          UNION ALL SELECT NULL, 0) AS a ON true
      WHERE c.relnamespace = 'ledger'::regnamespace AND c.relkind = 'v'
        AND (CASE WHEN a.attnum = 0 THEN obj_description(c.oid, 'pg_class') ELSE col_description(c.oid, a.attnum) END)
          IS NULL
      """
    ).map { try $0.text(0) }
    #expect(silent == [], "these have no COMMENT")
    await connection.close()
  }

  @Test("The usual filters are answered from an index")
  func plans() async throws {
    let uri = try await PrivateServer.running().database()
    _ = try await Migrator(uri: uri, logger: PrivateServer.logger).migrate()
    let connection = try await PostgresConnection.connect(PostgresConfiguration(uri: uri))
    try await connection.execute("SET enable_seqscan = off")
    let cases = [
      ("event_view", "signer_key = '\\x00'", "event_by_signer"),
      ("event_view", "event_hash = '\\x00'", "event_by_event_id"),
      ("event_view", "recorded_at > now()", "event_by_time"),
      ("event_view", "position = 5", "event_position_is_unique"),
      ("event_view", "pith_number = 'x'", "subject_pkey"),
      ("verification_status_view", "pith_number = 'x'", "subject_pkey"),
      ("key_view", "fingerprint = 'x'", "event_by_key"),
      ("claim_view", "pith_number = 'x'", "subject_pkey"),
      ("citation_view", "cited_pith_number = 'x'", "subject_pkey"),
      ("citation_view", "signer_key = '\\x00'", "event_by_signer"),
      ("record_view", "pith_number = 'x'", "subject_pkey"),
      ("record_view", "categories @> '{cs.CV}'", "record_text_by_category"),
      ("record_view", "submitted_at > now()", "record_text_by_time"),
    ]
    for (view, condition, index) in cases {
      let plan = try await connection.query(
        "EXPLAIN SELECT * FROM ledger.\(view) WHERE \(condition)"
      ).map { try $0.text(0) }.joined(separator: "\n")
      #expect(plan.contains(index), "\(view) \(condition): \(plan)")
      #expect(!plan.contains("Seq Scan on event "), "\(view) \(condition): \(plan)")
    }
    await connection.close()
  }

  private func rows(_ test: LedgerUnderTest, _ sql: String) async throws -> [JSON] {
    try await test.owner { connection in
      try await connection.query("SELECT to_jsonb(v)::text FROM (\(sql)) AS v").map {
        try JSON.parse(Array(try $0.text(0).utf8))
      }
    }
  }

  @Test("Keys are shown with the standing that the timeline gives them")
  func keys() async throws {
    try await withLedger { test in
      let live = try await test.key("live")
      let vouched = try await test.key("vouched", vouched: .moderator)
      let revoked = try await test.key("revoked", vouched: .author, named: "A. Name")
      _ = try await test.ledger.keyAdministrator.revoke(
        revoked.signer.fingerprint, reason: "stolen", compromisedFrom: 3, key: nil)
      let found = try await rows(
        test,
        "SELECT key_id, standing, vouched_as, vouched_name, compromised_from FROM ledger.key_view")
      func row(_ key: String) -> JSON? { found.first { $0["key_id"]?.stringValue == key } }
      #expect(row("live")?["standing"] == "live")
      #expect(
        row("vouched")?["standing"] == "vouched" && row("vouched")?["vouched_as"] == "moderator")
      #expect(
        row("revoked")?["standing"] == "revoked" && row("revoked")?["vouched_name"] == "A. Name")
      #expect(row("revoked")?["compromised_from"] == 3)
      #expect(found.count == 4, "and the registry's key")
      let one = try await rows(
        test,
        "SELECT key_id FROM ledger.key_view WHERE fingerprint = '\(live.signer.fingerprint.hex)'")
      #expect(one == [["key_id": "live"]])
      _ = vouched
      try await expectAfterReplay(test)
    }
  }

  @Test("Records are shown with the title of their document, and their names and status")
  func records() async throws {
    try await withLedger { test in
      let author = try await test.key("author")
      let cited = try await test.cite("10.1/1", by: author)
      _ = try await test.ledger.records.status(Self.number, atLeast: cited.position)
      let document = try JSON.parse(try Fixtures.project(Fixtures.sample))
      let found = try await rows(test, "SELECT * FROM ledger.record_view")
      #expect(found.count == 1 && found[0]["pith_number"]?.stringValue == Self.number)
      #expect(found[0]["title"] != nil && found[0]["title"] == document["paper"]?["title"])
      let citations = try await rows(
        test, "SELECT citing_doi, relation, standing, is_vouched FROM ledger.citation_view")
      #expect(
        citations == [
          [
            "citing_doi": "10.1/1", "is_vouched": false, "relation": "cites",
            "standing": "verified",
          ]
        ])
      #expect(found[0]["citation_signatures"] == 1 && found[0]["operator_imported"] == true)
      #expect(
        found[0]["names"]?.arrayValue?.contains("2412.14164") == true, "\(found[0])")
    }
  }

  /// Expects that the views show the same rows after a replay, which replaces the tables below them.
  private func expectAfterReplay(_ test: LedgerUnderTest) async throws {
    let views = [
      "record_view", "key_view", "citation_view", "claim_view", "event_view", "event_summary_view",
      "verification_status_view",
    ]
    var before: [[JSON]] = []
    for view in views { before.append(try await rows(test, "SELECT * FROM ledger.\(view)")) }
    _ = try await test.ledger.replay(check: false) { _ in }
    for (view, old) in zip(views, before) {
      let now = try await rows(test, "SELECT * FROM ledger.\(view)")
      #expect(
        now.count == old.count
          && Set(now.map { $0.canonicalString() }) == Set(old.map { $0.canonicalString() }),
        "\(view)")
    }
    let silent = try await rows(
      test,
      "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'ledger'::regnamespace AND c.relkind = 'v' AND obj_description(c.oid, 'pg_class') IS NULL"
    )
    #expect(silent.isEmpty, "a replay keeps the comments")
  }

  @Test("Claims are shown as they were made, with what later events say of them")
  func claims() async throws {
    try await withBoth { test, services in
      let number = try #require(PithNumber(Self.number))
      let token = try await services.token(claims(IdentityNonce.of(number)))
      let first = try await bare(test, .authorAttestation, claim(token), evidence: [token])
      let author = try await test.key("author", "https://orcid.org/0000-0002-1694-233X")
      let second = try await test.submit(
        .authorAttestation,
        ["method": "key_signature", "name": "Zhuang Liu", "orcid": "0000-0002-1694-233X"],
        by: author)
      _ = try await test.submit(
        .eventWithdrawn,
        ["event_id": .string("sha256:" + second.eventID.hex), "reason": "an error"], by: author)
      let found = try await rows(
        test,
        "SELECT position, pith_number, orcid, method, verdict, is_withdrawn, is_superseded FROM ledger.claim_view ORDER BY position"
      )
      #expect(
        found == [
          [
            "is_superseded": false, "is_withdrawn": false, "method": "orcid_oidc",
            "orcid": .string(Self.orcid), "pith_number": .string(Self.number),
            "position": .integer(first.position.rawValue), "verdict": "verified",
          ],
          [
            "is_superseded": false, "is_withdrawn": true, "method": "key_signature",
            "orcid": "0000-0002-1694-233X", "pith_number": .string(Self.number),
            "position": .integer(second.position.rawValue), "verdict": "verified",
          ],
        ])
    }
  }
}
