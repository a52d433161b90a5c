import CanonicalJSON
import Foundation
import LedgerDomain
import LedgerService
import LedgerStore
import LedgerTestSupport
import PostgresClient
import RecordFormats
import TestSupport
import Testing

@testable import LedgerHTTP

@Suite("The ledger on PostgreSQL", .privateServer())
struct LedgerTests {
  static let number = Fixtures.sampleNumber

  @Test(
    "The real record is imported and exported unchanged",
    .enabled(if: Fixtures.areShared, Comment(rawValue: Fixtures.reason)))
  func realRecord() async throws {
    try await roundTrip(Fixtures.shared("pith/pith-number-record.json"))
  }

  @Test("The sample record is imported and exported unchanged")
  func sampleRecord() async throws { try await roundTrip(Fixtures.project(Fixtures.sample)) }

  private func roundTrip(_ document: [UInt8]) async throws {
    try await withLedger(sample: false) { test in
      let ledger = test.ledger
      let first = try await ledger.documentImporter.importDocument(
        document, client: .shell, operatorAuthorised: true)
      #expect(first.created)
      let again = try await ledger.documentImporter.importDocument(
        document, client: .shell, operatorAuthorised: true)
      #expect(!again.created && again.position == first.position)
      let served = try await ledger.records.view("2412.14164v1").json(
        Links(base: "https://pith.science"))
      for (key, value) in try JSON.parse(document).objectValue ?? [:] where key != "updated_at" {
        guard key == "inbound_citations" else {
          #expect(served[key] == value, "\(key)")
          continue
        }
        // The members that only the source knows stand at their place, beside those of the ledger.
        let inbound = try #require(served[key]?.objectValue)
        #expect(.object(inbound.removing(["attested", "provenance"])) == value)
        #expect(inbound["attested"] == ["citations": [], "count": 0, "vouched_count": 0])
        #expect(inbound["provenance"]?["position"]?.integerValue != nil)
      }
      let text = String(decoding: document, as: UTF8.self)
      for change in [("L95J5m", "L95J5n"), ("e3aeabc3", "e3aeabc4")] {
        await #expect(throws: Refusal.self) {
          try await ledger.documentImporter.importDocument(
            Array(text.replacing(change.0, with: change.1).utf8), client: .shell,
            operatorAuthorised: true)
        }
      }
    }
  }

  @Test("A replay can follow another at once, and cannot run beside another")
  func oneReplayAtATime() async throws {
    try await withLedger { test in
      let other = try await PostgresConnection.connect(PostgresConfiguration(uri: test.uri))
      _ = try await other.query("SELECT pg_advisory_lock($1)", [.int8(0x7069_7468_0003)])
      let error = await #expect(throws: LedgerStoreError.self) {
        try await test.ledger.replay(check: false) { _ in }
      }
      #expect(error?.code == .replayRunning)
      // The other replay ends. Its lock is released some time later.
      let ended = Task {
        try await Task.sleep(for: .milliseconds(300))
        await other.close()
      }
      for _ in 0..<5 {
        #expect(try await test.ledger.replay(check: false) { _ in }.drift.isEmpty)
      }
      try await ended.value
    }
  }

  @Test("A citation counts once, a changed one is refused, and replay agrees")
  func citation() async throws {
    try await withLedger { test in
      let ledger = test.ledger
      let key = KeyFile(
        key: SigningKey(), keyID: "k", signerID: "https://orcid.org/0000-0002-1825-0097",
        signerType: .author)
      _ = try await ledger.keyAdministrator.register(key)
      guard let pith = PithNumber(Self.number) else { return }
      let event = try key.key.sign(
        EventBody.make(
          type: .citationSignature,
          payload: ["citing_arxiv": "2605.21642", "relation": "extends"], signer: key.signer,
          subject: .record(pith), target: "record", createdAt: .now))
      let wire = JSON.object(event.json).canonicalBytes()
      let first = try await ledger.submitter.submit(wire, client: .shell)
      #expect(first.verificationStatus?.json["citation_signatures"] == 1)
      let again = try await ledger.submitter.submit(wire, client: .shell)
      #expect(!again.created && again.position == first.position)
      let size = try await ledger.health().size
      let altered = String(decoding: wire, as: UTF8.self).replacing("extends", with: "refutes")
      await #expect(throws: Refusal(.invalid, check: "event_id", "")) {
        try await ledger.submitter.submit(Array(altered.utf8), client: .shell)
      }
      #expect(try await ledger.health().size == size)

      let owner = try await PostgresConnection.connect(PostgresConfiguration(uri: test.uri))
      for sql in [
        "UPDATE ledger.event SET verdict = 2", "DELETE FROM ledger.event", "TRUNCATE ledger.event",
      ] {
        await #expect(throws: PostgresError(.server, "", sqlState: "PL001")) {
          try await owner.execute(sql)
        }
      }
      try await owner.execute("UPDATE ledger.verification_status SET citation_signatures = 9")
      let check = try await ledger.replay(check: true) { _ in }
      #expect(check.drift.map(\.key) == ["citation_signatures"])
      #expect(check.drift.map(\.pithNumber) == [Self.number])
      _ = try await ledger.replay(check: false) { _ in }
      let status = try await ledger.records.status(Self.number).json
      #expect(status["verification_status"]?["citation_signatures"] == 1)
      #expect(try await ledger.replay(check: true) { _ in }.drift.isEmpty)

      // A missing row, and a row of a record that does not exist.
      try await owner.execute("UPDATE ledger.verification_status SET record_position = 777")
      let moved = try await ledger.replay(check: false) { _ in }.drift
      #expect(moved.contains { $0.pithNumber == Self.number && $0.was == nil && $0.now != nil })
      #expect(moved.contains { $0.pithNumber == "record 777" && $0.was == "777" && $0.now == nil })
      #expect(try await ledger.replay(check: true) { _ in }.drift.isEmpty)
      await owner.close()
    }
  }

  @Test("A cached status is used until the next event")
  func keptStatus() async throws {
    try await withLedger { test in
      func cache(_ ledger: Ledger) -> StatusCache {
        StatusCache(
          capacity: 10,
          validity: CacheValidity(ledger.records, clock: ledger.configuration.clock))
      }
      func count(_ statuses: StatusCache, _ ledger: Ledger) async throws -> JSON? {
        try JSON.parse(
          await statuses.status(Self.number, of: ledger.records).bytes,
          limits: JSONLimits(maxBytes: 65_536, maxDepth: 9))["verification_status"]?[
            "citation_signatures"]
      }
      let own = cache(test.ledger)
      let other = try await test.another()
      let others = cache(other)
      let key = try await test.key("k")
      for index in 0..<5 {
        #expect(try await count(others, other) == .integer(Int64(index)))
        #expect(try await count(own, test.ledger) == .integer(Int64(index)))
        _ = try await test.cite("10.1000/\(index)", by: key)
      }
      #expect(try await count(others, other) == 5)
      // A replay that repairs a row invalidates cached answers from it.
      try await test.owner { owner in
        try await owner.execute("UPDATE ledger.verification_status SET citation_signatures = 9")
      }
      #expect(try await count(others, other) == 5, "kept")
      _ = try await test.ledger.records.status(Self.number).json
      let fresh = try await test.another()
      let uncached = cache(fresh)
      #expect(try await count(uncached, fresh) == 9)
      _ = try await test.ledger.replay(check: false) { _ in }
      #expect(try await count(uncached, fresh) == 5)
      await fresh.close()
      await other.close()
    }
  }

  @Test("Two ledgers append at the same time, without gaps in the positions")
  func twoLedgers() async throws {
    try await withLedger { test in
      let ledger = test.ledger
      let key = KeyFile(
        key: SigningKey(), keyID: "k", signerID: "urn:somebody", signerType: .author)
      _ = try await ledger.keyAdministrator.register(key)
      let second = try await test.another()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 0..<200 {
          let target = index % 2 == 0 ? ledger : second
          group.addTask {
            _ = try await target.signingSubmitter.submit(
              type: .citationSignature,
              payload: ["citing_doi": "10.1000/\(index)", "relation": "cites"], record: Self.number,
              key: key)
          }
        }
        try await group.waitForAll()
      }
      await second.close()
      let log =
        try await ledger.events.page(from: 0, limit: 1000).json()["events"]?.arrayValue ?? []
      #expect(log.compactMap { $0["position"]?.integerValue } == Array(0..<Int64(log.count)))
      let status = try await ledger.records.status(
        Self.number, atLeast: Position(rawValue: Int64(log.count)).previous
      ).json
      #expect(status["verification_status"]?["citation_signatures"] == 200)
      #expect(try await ledger.replay(check: true) { _ in }.drift.isEmpty)
    }
  }
}
