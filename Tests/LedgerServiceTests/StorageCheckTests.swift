import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerHTTP
import LedgerStore
import LedgerTestSupport
import PostgresClient
import Synchronization
import TestSupport
import Testing

@testable import LedgerService

/// Reports of fetched copies, and the events for changes.
@Suite("Checks of stored copies", .privateServer())
struct StorageCheckTests: EvidenceSuite {
  private func report(_ test: LedgerUnderTest, of event: JSON?) async throws -> JSON {
    let digest = try #require(event?["payload"]?["evidence_sha256"]?.stringValue)
    return try JSON.parse(try await test.ledger.evidence.publicBytes(digest))
  }

  private func events(_ test: LedgerUnderTest) async throws -> [JSON] {
    try await test.ledger.events.page(of: Self.number).json()["events"]?.arrayValue ?? []
  }

  @Test("Status, length, media type, digests and Memento date of a fetch are stored as evidence")
  func reports() async throws {
    try await withBoth { test, services in
      let bytes = Array("hello world\n".utf8)
      let git = "3b18e512dba79e4c8300dd08aeb37f8e728b8dad"
      for name in ["paper", git] { _ = try await services.post("/put/\(name)", bytes) }
      let sha256 = JSON.string(Digest(hashing: bytes).hex)

      _ = try await bare(
        test, .storageAttestation, place("https", services.url + "/paper", bytes))
      let plain = try await report(test, of: events(test).last)
      #expect(plain["http_status"] == 200 && plain["length"] == 12 && plain["sha256"] == sha256)
      #expect(plain["media_type"] == "text/plain" && plain["memento_datetime"] == nil)
      #expect(plain["checked_at"]?.stringValue != nil)

      let capture = "https://web.archive.org/web/20261124000000/paper"
      _ = try await bare(test, .storageAttestation, place("wayback", capture, bytes))
      let archived = try await report(test, of: events(test).last)
      #expect(archived["memento_datetime"] == "2026-11-24T00:00:00Z")

      _ = try await bare(
        test, .storageAttestation, place("software_heritage", "swh:1:cnt:\(git)", bytes))
      #expect(try await report(test, of: events(test).last)["sha1_git"] == .string(git))

      // The signature precedes the fetch, so the report is recorded in a separate event.
      let key = try await test.key("k")
      var payload = place("https", services.url + "/paper?signed", bytes)
      payload["observed_at"] = .string(Timestamp.now.description)
      let signed = try await test.submit(.storageAttestation, payload, by: key)
      #expect(signed.standing == "verified")
      let word = try #require(try await events(test).last)
      #expect(word["event_type"] == "check_recorded")
      #expect(word["payload"]?["event_id"] == .string("sha256:" + signed.eventID.hex))
      #expect(word["payload"]?["verdict"] == "verified")
      #expect(try await report(test, of: word)["sha256"] == sha256)
      let audit = try await test.ledger.auditor.audit(Self.number)
      #expect(audit.findings.isEmpty, "\(audit.findings.map(\.json))")
      try await test.replayAgrees()
    }
  }

  @Test("A bare attestation of a location expires, and is renewed by sending it again")
  func expiry() async throws {
    try await withFakeServices { services in
      let days = Mutex<Int64>(0)
      var external = services.configuration
      external.storageLife = .seconds(10 * 86_400)
      let configuration = external
      try await withLedger(configure: {
        $0.externalServices = configuration
        $0.clock = { Timestamp.now.adding(seconds: 86_400 * days.withLock { $0 }) }
      }) { test in
        let bytes = Array("kept for some days".utf8)
        _ = try await services.post("/put/paper", bytes)
        let payload = place("https", services.url + "/paper", bytes)
        let first = try await bare(test, .storageAttestation, payload)
        let ends = try #require(
          try await events(test).last?["payload"]?["expires_at"]?.stringValue.flatMap {
            Timestamp($0)
          })
        #expect(ends > Timestamp.now.adding(seconds: 9 * 86_400))
        #expect(ends < Timestamp.now.adding(seconds: 11 * 86_400))
        days.withLock { $0 = 9 }
        #expect(try await bare(test, .storageAttestation, payload).created == false)
        #expect(try await test.state().status["storage_verified"] == true)
        days.withLock { $0 = 11 }
        #expect(try await test.state().status["storage_verified"] == false)
        let second = try await bare(test, .storageAttestation, payload)
        #expect(second.created && second.verificationStatus?.json["storage_verified"] == true)
        #expect(
          try await events(test).last?["payload"]?["supersedes"]
            == .string("sha256:" + first.eventID.hex))
        // An upload does not expire: it stays until an operator erases it.
        var upload = place("file", "urn:sha256:" + Digest(hashing: bytes).hex, bytes)
        upload["evidence_sha256"] = .string(Digest(hashing: bytes).hex)
        _ = try await bare(test, .storageAttestation, upload, evidence: [bytes])
        #expect(try await events(test).last?["payload"]?["expires_at"] == nil)
        try await test.replayAgrees()
      }
    }
  }

  @Test("Without the report of a fetch, the recorded result stays")
  func erasedReport() async throws {
    try await withBoth { test, services in
      let bytes = Array("kept elsewhere".utf8)
      _ = try await services.post("/put/paper", bytes)
      _ = try await bare(
        test, .storageAttestation, place("https", services.url + "/paper", bytes))
      let named = try await events(test).last?["payload"]?["evidence_sha256"]?.stringValue
      let digest = try #require(named.flatMap { Digest(hex: $0) })
      #expect(try await test.ledger.evidenceEraser.erase(digest, reason: "asked to") == 1)
      #expect(try await events(test).last?["payload"]?["verdict"] == "erased")
      #expect(try await test.state().status["storage_verified"] == true)
      try await test.replayAgrees()
    }
  }

  @Test("Two network failures change nothing, and after the third the copy is gone")
  func outOfReach() async throws {
    try await withKeptCopy { services, test, _ in
      var schedule = StorageSchedule()
      func look() async throws -> JSON? {
        try await Task.sleep(for: .milliseconds(5))
        try await test.ledger.storageMonitor.checkDue(&schedule)
        return try await test.state().status["storage_verified"]
      }
      #expect(try await look() == true)
      _ = try await services.post("/break/kept")
      #expect(try await look() == true)
      #expect(try await look() == true)
      _ = try await services.post("/mend/kept")
      #expect(try await look() == true, "back before the third time")
      _ = try await services.post("/break/kept")
      for _ in 0..<2 { #expect(try await look() == true) }
      #expect(try await look() == false)
      let gone = try #require(try await events(test).last)
      #expect(gone["payload"]?["verdict"] == "gone")
      #expect(gone["payload"]?["reason"]?.stringValue?.contains("3 times") == true)
      #expect(try await report(test, of: gone)["http_status"] == 503)
      let size = try await test.ledger.health().size
      #expect(try await look() == false)
      #expect(try await test.ledger.health().size == size, "said once")
      _ = try await services.post("/mend/kept")
      #expect(try await look() == true)
      try await test.replayAgrees()
    }
  }

  @Test("Requests to S3 are signed with the operator's secret, and another secret is refused")
  func secrets() async throws {
    try await withFakeServices { services in
      let bytes = Array("in a bucket".utf8)
      for name in ["paper", "with%20space", "it's%2B1"] {
        _ = try await services.post("/put/\(name)", bytes)
      }
      var external = services.configuration
      try await withLedger(configure: { [external] in $0.externalServices = external }) { test in
        for key in ["bucket/paper", "bucket/deep/er/paper"] {
          #expect(
            try await bare(test, .storageAttestation, place("s3", "s3://" + key, bytes)).standing
              == "verified", "\(key)")
        }
        let text = try await events(test).map { $0.canonicalString() }.joined()
        #expect(!text.contains("secret") && !text.contains("AWS4"))
        await #expect(throws: Refusal(.invalid, check: "location", ""), "no signed addresses") {
          try await bare(
            test, .storageAttestation,
            place("s3", "https://bucket.example/paper?X-Amz-Signature=abc", bytes))
        }
      }
      external.s3?.secretKey = "another"
      try await withLedger(configure: { [external] in $0.externalServices = external }) { test in
        await #expect(throws: Refusal(.invalid, check: "fetch.status", "")) {
          try await bare(
            test, .storageAttestation, place("s3", "s3://bucket/paper", bytes))
        }
      }
      external.s3 = nil
      try await withLedger(configure: { [external] in $0.externalServices = external }) { test in
        await #expect(throws: Refusal(.invalid, check: "fetch.configuration", "")) {
          try await bare(
            test, .storageAttestation, place("s3", "s3://bucket/paper", bytes))
        }
      }
    }
  }

  @Test("No external service is asked about an event that is refused anyway")
  func refusedBeforehand() async throws {
    try await withBoth { test, services in
      let bytes = Array("hello".utf8)
      _ = try await services.post("/put/paper", bytes)
      var payload = place("https", services.url + "/paper", bytes)
      payload["content_role"] = "canonical_record"
      await #expect(throws: Refusal(.invalid, check: "content", "")) {
        try await bare(test, .storageAttestation, payload)
      }
      let token = try await services.token(claims("other"))
      await #expect(throws: Refusal(.invalid, check: "jwt.nonce", "")) {
        try await bare(test, .authorAttestation, claim(token), evidence: [token])
      }
      #expect(try await services.count("/paper") == 0)
      #expect(try await services.count("/oauth/jwks") == 0)
    }
  }
}
