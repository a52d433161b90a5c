import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerHTTP
import LedgerStore
import LedgerTestSupport
import SafeHTTPClient
import TestSupport
import Testing

@testable import LedgerService

/// Limits of storage checks: locations that are not fetched, contents that are not disclosed, and slow
/// servers.
@Suite("Limits of fetching stored copies", .privateServer(), .serialized)
struct StorageLimitTests {
  private let evidence = EvidenceScenario()

  private func events(_ test: LedgerUnderTest) async throws -> [JSON] {
    try await test.ledger.events.page(of: Fixtures.sampleNumber).json()["events"]?.arrayValue ?? []
  }

  @Test(
    "With the ledger's credentials only configured buckets and prefixes are read, by their plain names"
  )
  func openedLocations() async throws {
    try await withFakeServices { services in
      let bytes = Array("in a bucket".utf8)
      for name in ["paper", "secret", "%2e%2e"] {
        _ = try await services.post("/put/\(name)", bytes)
      }
      var external = services.configuration
      external.s3Locations = [S3Location("bucket/open/papers"), S3Location("all-of-it")].compactMap
      {
        $0
      }
      try await withLedger(configure: { [external] in $0.externalServices = external }) { test in
        for (location, check) in [
          ("s3://bucket/secret", "fetch.s3_location"),
          ("s3://bucket/open/secret", "fetch.s3_location"),
          ("s3://bucket/open/papers2/paper", "fetch.s3_location"),
          ("s3://other/paper", "fetch.s3_location"),
          ("s3://BUCKET/open/papers/paper", "fetch.s3_location"),
          ("s3://bucket/open/papers/../secret", "location"),
          ("s3://bucket/open/papers/..", "location"),
          ("s3://bucket/open/papers/%2e%2e/secret", "location"),
          ("s3://bucket/open/papers/%252E%252e/secret", "location"),
          ("s3://bucket/open/papers/%2e%2e%2fsecret", "location"),
          ("s3://bucket/open/papers/./secret", "location"),
          ("s3://bucket/open/papers\\..\\secret", "location"),
          ("s3://bucket/open/papers//paper", "fetch.s3_location"),
          ("s3://bucket//open/papers/paper", "fetch.s3_location"),
          ("s3://bucket/open/papers/", "fetch.s3_location"), ("s3://bucket", "fetch.s3_location"),
          ("s3://all-of-it", "fetch.s3_location"), ("s3://all-of-it/", "fetch.s3_location"),
          ("s3://all-of-it/a?versionId=1", "fetch.s3_location"),
          ("s3://all-of-it/a#b", "fetch.s3_location"),
          ("s3://all-of-it.example/a", "fetch.s3_location"),
        ] {
          await #expect(throws: Refusal(.invalid, check: check, ""), "\(location)") {
            try await evidence.bare(
              test, .storageAttestation, evidence.place("s3", location, bytes))
          }
        }
        let asked = try await services.count("/bucket") + services.count("/all-of-it")
        #expect(asked == 0, "refused before any request")
        #expect(
          try await evidence.bare(
            test, .storageAttestation, evidence.place("s3", "s3://bucket/open/papers/paper", bytes)
          ).standing == "verified")
        // Paths that lead out of the location on a gateway are refused.
        for (kind, location) in [
          ("ipfs", "ipfs://../secret"), ("ipfs", "ipfs://x/%2e%2e/%2e%2e/secret"),
          ("wayback", "https://web.archive.org/web/20261124000000/../../secret"),
        ] {
          await #expect(throws: Refusal(.invalid, check: "location", ""), "\(location)") {
            try await evidence.bare(
              test, .storageAttestation, evidence.place(kind, location, bytes))
          }
        }
        #expect(try await services.count("/ipfs") == 0)
      }
      external.s3Locations = []
      try await withLedger(configure: { [external] in $0.externalServices = external }) { test in
        await #expect(throws: Refusal(.invalid, check: "fetch.s3_location", "")) {
          try await evidence.bare(
            test, .storageAttestation, evidence.place("s3", "s3://bucket/open/papers/paper", bytes))
        }
      }
    }
  }

  @Test(
    "The hash and size of different bytes are not published if only the ledger may read the location"
  )
  func nothingRevealed() async throws {
    try await withFakeServices { services in
      var external = services.configuration
      external.storageInterval = .milliseconds(1)
      try await withLedger(configure: { [external] in $0.externalServices = external }) { test in
        let secret = Array("a secret of some length".utf8)
        let bytes = Array("what was there".utf8)
        let words = [
          Digest(hashing: secret).hex, Base64.encode(Digest(hashing: secret).bytes),
          " \(secret.count) ",
        ]
        for name in ["secret", "paper"] { _ = try await services.post("/put/\(name)", secret) }
        for payload in [
          evidence.place("s3", "s3://bucket/secret", bytes),
          evidence.place("https", services.url + "/secret", bytes),
          evidence.place("https", services.url + "/secret", secret + [1]),
        ] {
          do {
            _ = try await evidence.bare(test, .storageAttestation, payload)
            Issue.record("taken")
          } catch let refusal as Refusal {
            #expect(refusal.check == "fetch.content")
            #expect(!words.contains { "\(refusal)".contains($0) }, "\(refusal)")
          }
        }
        var wrongSize = evidence.place("https", services.url + "/secret", secret)
        wrongSize["size_bytes"] = 1
        do {
          _ = try await evidence.bare(test, .storageAttestation, wrongSize)
          Issue.record("taken")
        } catch let refusal as Refusal {
          #expect(refusal.check == "fetch.size_bytes" && !"\(refusal)".contains("\(secret.count)"))
        }
        // The recorded check after a later change does not disclose the content either.
        _ = try await services.post("/put/paper", bytes)
        _ = try await evidence.bare(
          test, .storageAttestation, evidence.place("s3", "s3://bucket/paper", bytes))
        _ = try await services.post("/put/paper", secret)
        var schedule = StorageSchedule()
        for _ in 0..<2 {
          try await test.ledger.storageMonitor.checkDue(&schedule)
          try await Task.sleep(for: .milliseconds(5))
        }
        let word = try #require(try await events(test).last)
        #expect(word["payload"]?["verdict"] == "changed")
        let digest = try #require(word["payload"]?["evidence_sha256"]?.stringValue)
        let report = try JSON.parse(try await test.ledger.evidence.publicBytes(digest))
        #expect(report["matches"] == false && report["sha256"] == nil && report["length"] == nil)
        let log = try await events(test).map { $0.canonicalString() }.joined()
        #expect(!words.contains { log.contains($0) })
      }
    }
  }

  @Test("An address that crashes a network library is refused before it enters the log")
  func addressesThatTrap() async throws {
    try await evidence.withBoth { test, services in
      let bytes = Array("hello".utf8)
      let size = try await test.ledger.health().size
      for location in [
        "https://8.8.8.8:99999/", "https://8.8.8.8:0/", "https://8.8.8.8:/", "https://8.8.8.8:-1/",
        "https://[::1%25lo]/", "https://a..b/", "https://%00/", "https://[::1/",
      ] {
        for kind in ["https", "s3"] {
          await #expect(throws: Refusal(.invalid, check: "location", ""), "\(location)") {
            try await evidence.bare(
              test, .storageAttestation, evidence.place(kind, location, bytes))
          }
        }
      }
      for target in ["https://8.8.8.8:99999/", "//localhost:65536/", "http://127.0.0.1:0/"] {
        await #expect(throws: Refusal(.invalid, check: "fetch.address", ""), "\(target)") {
          try await evidence.bare(
            test, .storageAttestation,
            evidence.place("https", services.url + "/redirect?" + target, bytes))
        }
      }
      #expect(try await test.ledger.health().size == size)
      for calendar in ["https://8.8.8.8:99999", "https://a..b", ""] {
        await #expect(throws: Refusal(.unavailable, check: "calendar", "")) {
          try await test.requestProof(
            Fixtures.sampleNumber, calendars: [calendar])
        }
        await #expect(throws: Refusal(.unavailable, check: "fetch.address", "")) {
          try await test.requestToken(
            Fixtures.sampleNumber, authority: calendar)
        }
      }
    }
  }

  @Test("An old log's location that cannot be fetched is reported, and does not end the process")
  func oldLocation() async throws {
    try await withFakeServices { services in
      var external = services.configuration
      external.storageInterval = .milliseconds(1)
      try await withLedger(configure: { [external] in $0.externalServices = external }) { test in
        let ledger = test.ledger
        var payload = evidence.place("https", "https://8.8.8.8:99999/", [1])
        payload["observed_at"] = .string(Timestamp.now.description)
        let key = await ledger.registry.current
        let record = try await ledger.records.resolve(Fixtures.sampleNumber).record
        let event = try key.key.sign(
          EventBody.make(
            type: .storageAttestation, payload: payload, signer: key.signer,
            subject: .record(record.pithNumber), target: "record", createdAt: .now))
        // The event is appended without admission, as by a version that did not check addresses.
        let item = try AppendUnit.Item.make(
          event: event, admission: .signedOnly(at: .now), record: record.record, referenced: nil)
        _ = try await ledger.store.log.append(
          AppendUnit(items: [item], evidence: [], guardPosition: nil))
        #expect(try await test.state().status["storage_verified"] == true)
        var schedule = StorageSchedule()
        for _ in 0..<3 {
          try await ledger.storageMonitor.checkDue(&schedule)
          try await Task.sleep(for: .milliseconds(5))
        }
        let word = try #require(try await events(test).last)
        #expect(word["payload"]?["verdict"] == "failed")
        #expect(word["payload"]?["reason"]?.stringValue?.contains("port") == true)
        #expect(try await test.state().status["storage_verified"] == false)
        try await test.replayAgrees()
      }
    }
  }

  @Test(
    "One client's slow locations are refused beyond its share, and another client's are fetched at once"
  )
  func sharesOfClients() async throws {
    try await withFakeServices { services in
      var external = services.configuration
      external.fetchLimits.perHost = 20
      external.fetchLimits.time = .seconds(6)
      try await withLedger(configure: { [external] in $0.externalServices = external }) { test in
        let bytes = Array("kept".utf8)
        @Sendable func attest(_ name: String, _ client: String) async -> String {
          let json: JSON = [
            "evidence": [:],
            "payload": .object(evidence.place("https", services.url + name, bytes)),
          ]
          do {
            return try await test.ledger.submitter.submit(
              json.canonicalBytes(), record: Fixtures.sampleNumber, action: .storageAttestation,
              client: ClientID(client)
            ).standing
          } catch { return (error as? Refusal)?.check ?? "\(error)" }
        }
        for index in 0..<40 { _ = try await services.post("/slow/s\(index)") }
        _ = try await services.post("/put/quick", bytes)
        let attacks = Task {
          await withTaskGroup(of: String.self) { group in
            for index in 0..<40 { group.addTask { await attest("/s\(index)", "attacker") } }
            return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
          }
        }
        while try await services.count("/s") < 1 { try await Task.sleep(for: .milliseconds(20)) }
        let start = ContinuousClock.now
        #expect(await attest("/quick", "reader") == "verified")
        #expect(ContinuousClock.now - start < .seconds(5))
        let outcomes = await attacks.value
        #expect(outcomes["fetch.client_limit", default: 0] >= 20, "\(outcomes)")
      }
    }
  }

  @Test("Slow locations do not delay the checks of others")
  func rechecksAtOnce() async throws {
    try await withFakeServices { services in
      var external = services.configuration
      external.storageInterval = .milliseconds(1)
      external.fetchLimits.time = .seconds(6)
      try await withLedger(configure: { [external] in $0.externalServices = external }) { test in
        let bytes = Array("kept".utf8)
        for index in 0..<8 {
          _ = try await services.post("/put/kept\(index)", bytes)
          _ = try await evidence.bare(
            test, .storageAttestation,
            evidence.place("https", services.url + "/kept\(index)", bytes)
          )
        }
        for index in 0..<8 { _ = try await services.post("/slow/kept\(index)") }
        var schedule = StorageSchedule()
        try await test.ledger.storageMonitor.checkDue(&schedule)
        try await Task.sleep(for: .milliseconds(5))
        let start = ContinuousClock.now
        try await test.ledger.storageMonitor.checkDue(&schedule)
        // Each fetch times out after six seconds. Four from one host run at a time; one after the other
        // they would take 48 seconds.
        #expect(ContinuousClock.now - start < .seconds(30))
      }
    }
  }
}
