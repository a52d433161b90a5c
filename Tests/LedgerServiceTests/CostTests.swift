import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerStore
import LedgerTestSupport
import PostgresClient
import TestSupport
import Testing

/// The effect of one signer's events on the submissions of others, as the number of events that are read.
@Suite("Costs that one client causes for others", .privateServer())
struct CostTests {
  private static let orcid = "https://orcid.org/" + Fixtures.sampleORCID

  private static let claim: JSONObject = [
    "method": "key_signature", "name": "Zhuang Liu", "orcid": .string(Fixtures.sampleORCID),
  ]

  /// Appends events without admission, a thousand per transaction.
  private func append(_ events: [(SignedEvent, RecordID)], _ store: LedgerStore) async throws {
    for start in stride(from: 0, to: events.count, by: 1000) {
      try await store.log.append(
        inOrder: events[start..<min(start + 1000, events.count)].map { event, record in
          AppendUnit(
            items: [
              try AppendUnit.Item.make(
                event: event, admission: .signedOnly(at: .now), record: record, referenced: nil)
            ], evidence: [], guardPosition: nil)
        })
    }
  }

  /// The number of events that are read for the next event of a group, and the time of a submission.
  private func cost(
    _ test: LedgerUnderTest, _ store: LedgerStore, record: RecordID, _ name: String
  ) async throws -> (events: Int, milliseconds: Double) {
    let key = try await test.key(name, Self.orcid)
    let start = ContinuousClock.now
    let answer = try await test.submit(.authorAttestation, Self.claim, by: key)
    let took = (ContinuousClock.now - start) / .milliseconds(1)
    let event = try #require(try await store.folds.event(record: record, id: answer.eventID))
    let group = try #require(event.foldGroup)
    var timeline = KeyTimeline()
    for event in try await store.folds.keyEvents(from: 0) { _ = timeline.apply(event) }
    let read = try await store.folds.events(record: record, groups: [group], timeline)
    return (read.events.count, took)
  }

  @Test("Claims by new keys with one declared identity do not slow down the next claim")
  func declaredName() async throws {
    try await withLedger { test in
      let store = try await LedgerStore.open(
        StoreConfiguration(uri: test.uri, logger: PrivateServer.logger))
      let number = try #require(PithNumber(LedgerUnderTest.number))
      let record = try #require(try await store.records.resolve(.pithNumber(number)).first?.record)
      let owner = try await test.key(
        "owner", Self.orcid, vouched: .author, named: "Zhuang Liu")
      _ = try await test.submit(.authorAttestation, Self.claim, by: owner)
      var costs: [(events: Int, milliseconds: Double)] = []
      for count in [10, 1990] {
        var events: [(SignedEvent, RecordID)] = []
        for index in 0..<count {
          let key = KeyFile(
            key: SigningKey(), keyID: "\(index)", signerID: Self.orcid, signerType: .author)
          let registration: JSONObject = [
            "algorithm": "ed25519", "public_key_b64": .string(Base64.encode(key.key.publicKey)),
          ]
          for (type, payload, subject) in [
            (EventType.keyRegistered, registration, Subject.registry),
            (.authorAttestation, Self.claim, .record(number)),
          ] {
            let target = type == .keyRegistered ? "key:\(key.signer.fingerprint.hex)" : "record"
            let body = try EventBody.make(
              type: type, payload: payload, signer: key.signer, subject: subject, target: target,
              createdAt: .now)
            events.append(
              (try key.key.sign(body), subject == .registry ? RecordID.registry : record))
          }
        }
        try await append(events, store)
        _ = try await store.projections.wait(
          for: store.log.size().end.previous, timeout: .seconds(60))
        costs.append(try await cost(test, store, record: record, "last of \(count)"))
      }
      #expect(costs.map(\.events) == [1, 1], "\(costs)")
      let own = try await test.submit(
        .authorAttestation, Self.claim, by: owner, target: "claim:C1")
      #expect(own.verificationStatus?.json["strong_author_claims"] == 1)
      #expect(own.verificationStatus?.json["weak_author_claims"] == 2002)
      try await test.replayAgrees()
      await store.close()
    }
  }

  @Test("Statements in a slot are limited for each signer")
  func oneSlot() async throws {
    try await withLedger { test in
      let key = try await test.key("k")
      let other = try await test.key("other")
      let store = try await LedgerStore.open(
        StoreConfiguration(uri: test.uri, logger: PrivateServer.logger))
      let number = try #require(PithNumber(LedgerUnderTest.number))
      let record = try #require(try await store.records.resolve(.pithNumber(number)).first?.record)
      func citation(_ note: String) throws -> SignedEvent {
        try key.key.sign(
          EventBody.make(
            type: .citationSignature,
            payload: ["citing_doi": "10.1000/1", "note": .string(note), "relation": "cites"],
            signer: key.signer, subject: .record(number), target: "record", createdAt: .now))
      }
      try await append(try (0..<512).map { (try citation("\($0)"), record) }, store)
      await #expect(throws: Refusal(.tooMany, check: "statements", "")) {
        try await test.cite("10.1000/1", by: key)
      }
      #expect(try await test.cite("10.1000/2", by: key).created)
      #expect(try await test.cite("10.1000/1", by: other).created)
      // Existing statements can still be withdrawn.
      let events = try await test.ledger.events.page(of: LedgerUnderTest.number, limit: 1000)
        .json()[
          "events"]
      let id = try #require(
        events?.arrayValue?.first { $0["payload"]?["note"] == "0" }?["event_id"])
      #expect(
        try await test.submit(.eventWithdrawn, ["event_id": id, "reason": "an error"], by: key)
          .created)
      try await test.replayAgrees()
      await store.close()
    }
  }

  @Test("A statement signed before a withdrawal never counts, even if it was admitted")
  func oldStatement() async throws {
    try await withLedger { test in
      let key = try await test.key("k")
      let store = try await LedgerStore.open(
        StoreConfiguration(uri: test.uri, logger: PrivateServer.logger))
      let number = try #require(PithNumber(LedgerUnderTest.number))
      let record = try #require(try await store.records.resolve(.pithNumber(number)).first?.record)
      func citation(_ relation: String) throws -> SignedEvent {
        try key.key.sign(
          EventBody.make(
            type: .citationSignature,
            payload: ["citing_doi": "10.1000/1", "relation": .string(relation)],
            signer: key.signer, subject: .record(number), target: "record", createdAt: .now))
      }
      // Two citations that are signed and not submitted.
      let kept = [try citation("refutes"), try citation("supports")]
      let posted = try await test.cite("10.1000/1", by: key)
      _ = try await test.submit(
        .eventWithdrawn,
        ["event_id": .string("sha256:" + posted.eventID.hex), "reason": "an error"], by: key)
      await #expect(throws: Refusal(.conflict, check: "created_at", "")) {
        try await test.ledger.submitter.submit(
          kept[0], evidence: [:], client: ClientID("192.0.2.9"))
      }
      try await append(kept.map { ($0, record) }, store)
      let state = try await test.state()
      #expect(state.status["citation_signatures"] == 0)
      #expect(state.summary["by_type"]?["citation_signature"]?["superseded"] == 2)
      #expect(state.summary["equivocations"] == 0)
      let fresh = try await test.cite("10.1000/1", by: key)
      #expect(fresh.verificationStatus?.json["citation_signatures"] == 1)
      try await test.replayAgrees()
      let replayed = try await test.ledger.replay(check: false) { _ in }
      #expect(replayed.drift.isEmpty)
      await store.close()
    }
  }

  @Test(
    "A key that is vouched for later is the same signer on every record, live and after a replay")
  func vouchedLater() async throws {
    try await withLedger { test in
      let key = try await test.key("k", Self.orcid)
      let sibling = try await test.key("s", Self.orcid, vouched: .author)
      let first = try await test.cite("10.1000/1", by: key, relation: "extends")
      _ = try await test.cite("10.1000/1", by: sibling, relation: "extends")
      #expect(try await test.state().status["citation_signatures"] == 2)
      _ = try await test.ledger.keyAdministrator.vouch(key.signer.fingerprint, as: .author)
      #expect(try await test.state().status["citation_signatures"] == 1, "one signer, one paper")
      await #expect(throws: Refusal(.conflict, check: "slot", "")) {
        try await test.cite("10.1000/1", by: key, relation: "refutes")
      }
      await #expect(throws: Refusal(.conflict, check: "slot", "")) {
        try await test.cite(
          "10.1000/1", by: sibling, supersedes: first.eventID, relation: "refutes")
      }
      try await test.replayAgrees()
      // After the vouching is withdrawn, the key acts for itself and no longer for the other key.
      let shell = try await test.pithledger([
        "key", "unvouch", key.signer.fingerprint.hex, "--reason", "lost",
      ])
      #expect(shell.status == 0, "\(shell.errors)")
      await #expect(throws: Refusal(.forbidden, check: "authority", "")) {
        try await test.submit(
          .eventWithdrawn,
          ["event_id": .string("sha256:" + first.eventID.hex), "reason": "x"], by: test.key("t"))
      }
      let own = try await test.cite("10.1000/1", by: key, relation: "refutes")
      #expect(own.verificationStatus?.json["citation_signatures"] == 2)
      try await test.replayAgrees()
    }
  }
}
