import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerStore
import LedgerTestSupport
import ProofFormats
import ProofVerification
import SafeHTTPClient
import TestSupport
import Testing

/// Proofs of time from a calendar and an authority.
@Suite("Evidence of time", .privateServer())
struct TimestampEvidenceTests: EvidenceSuite {
  @Test(
    "A calendar's promise is pending, then upgraded, and verified when its block is known"
  )
  func calendar() async throws {
    try await withBoth { test, services in
      let proof = try await test.requestProof(
        Self.number, calendars: [services.url])
      let promised = try await anchor(test, "opentimestamps", proof)
      #expect(promised.standing == "pending")
      #expect(promised.verificationStatus?.json["externally_anchored"] == false)
      #expect(
        try await test.ledger.anchorSettler.settleAll { _ in true }.map(\.state) == [.pending])

      // A block that is not trusted yet and contains further digests.
      for index in 0..<4 {
        _ = try await services.post("/digest", Digest(hashing: [UInt8(index)]).bytes)
      }
      let headers = try await services.mine()
      #expect(
        try await test.ledger.anchorSettler.settleAll().map(\.state) == [.pending],
        "no service was asked")
      #expect(
        try await test.ledger.anchorSettler.settleAll { _ in true }.map(\.state) == [.upgraded])
      #expect(try await test.state().status["externally_anchored"] == false)

      _ = try await test.ledger.trust.addHeaders(headers)
      let settled = try await test.ledger.anchorSettler.settleAll()
      #expect(settled.map(\.state) == [.verified])
      #expect(try await test.state().status["externally_anchored"] == true)
      #expect(try await test.ledger.anchorSettler.settleAll().isEmpty)
      let events =
        try await test.ledger.events.page(of: Self.number).json()["events"]?.arrayValue ?? []
      #expect(
        events.suffix(3).map { $0["event_type"]?.stringValue } == [
          "timestamp_anchor", "anchor_upgraded", "check_recorded",
        ])
      #expect(events.last?["admission"]?["proven_at"]?.stringValue != nil)
      try await test.replayAgrees()

      // The header is trusted before the anchor is submitted.
      let second = try await test.requestProof(
        Self.number, calendars: [services.url])
      _ = try await test.ledger.trust.addHeaders(try await services.mine())
      let late = try await anchor(test, "opentimestamps", second)
      #expect(late.standing == "pending", "the promise alone proves nothing")
      #expect(
        try await test.ledger.anchorSettler.settleAll { _ in true }.map(\.state) == [.verified])
      #expect(try await test.ledger.auditor.audit(Self.number).findings.isEmpty)
    }
  }

  @Test("A path that leads to another root than the trusted header's is refused, or fails later")
  func wrongRoot() async throws {
    try await withBoth { test, services in
      _ = try await test.requestProof(
        Self.number, calendars: [services.url])
      let headers = try await services.mine()
      let digest = try await digest(test)
      let forged = OpenTimestampsProof(
        algorithm: .sha256, digest: digest.bytes,
        root: .init(items: [
          .operation(
            .append([1]),
            .init(items: [
              .operation(.hash(.sha256), .init(items: [.attestation(.bitcoin(height: 1000))]))
            ]))
        ])
      ).serialised()
      let early = try await anchor(test, "opentimestamps", forged)
      #expect(early.standing == "pending")
      _ = try await test.ledger.trust.addHeaders(headers)
      #expect(try await test.ledger.anchorSettler.settleAll().map(\.state) == [.failed])
      let state = try await test.state()
      #expect(state.status["externally_anchored"] == false)
      #expect(state.summary["by_type"]?["timestamp_anchor"]?["rejected"] == 1)
      var again = try OpenTimestampsProof.parse(forged)
      again = OpenTimestampsProof(
        algorithm: .sha256, digest: digest.bytes,
        root: .init(items: [.operation(.append([2]), again.root)]))
      let size = try await test.ledger.health().size
      await #expect(throws: Refusal(.invalid, check: "ots.bitcoin", "")) {
        try await anchor(test, "opentimestamps", again.serialised())
      }
      #expect(try await test.ledger.health().size == size, "a refused one leaves nothing")
      // A refused header file changes nothing, and headers must link to each other.
      let next = try await services.mine()
      var broken = next
      // Changes a digit of the hash of the previous block.
      broken[20] = broken[20] == 0x30 ? 0x31 : 0x30
      await #expect(throws: Refusal.self) { try await test.ledger.trust.addHeaders(broken) }
      #expect(try await test.ledger.trust.addHeaders(next) == 1)
      #expect(try await test.ledger.trust.addHeaders(headers + next) == 0)
      try await test.replayAgrees()
    }
  }

  @Test("A configured block explorer is asked for a missing header")
  func explorer() async throws {
    try await withFakeServices { services in
      var external = services.configuration
      external.esploraURL = services.url
      let configuration = external
      try await withLedger(configure: { $0.externalServices = configuration }) { test in
        let proof = try await test.requestProof(
          Self.number, calendars: [services.url])
        _ = try await anchor(test, "opentimestamps", proof)
        _ = try await services.mine()
        #expect(
          try await test.ledger.anchorSettler.settleAll { _ in true }.map(\.state) == [.verified])
      }
      // A block with few confirmations may be replaced, so its header is not trusted.
      external.headerConfirmations = 3
      let patient = external
      try await withLedger(configure: { $0.externalServices = patient }) { test in
        let proof = try await test.requestProof(
          Self.number, calendars: [services.url])
        _ = try await anchor(test, "opentimestamps", proof)
        _ = try await services.mine()
        #expect(
          try await test.ledger.anchorSettler.settleAll { _ in true }.map(\.state) == [.upgraded])
        _ = try await services.mine()
        #expect(
          try await test.ledger.anchorSettler.settleAll { _ in true }.map(\.state) == [.pending])
        _ = try await services.mine()
        #expect(
          try await test.ledger.anchorSettler.settleAll { _ in true }.map(\.state) == [.verified])
      }
      // An explorer's header that contradicts a trusted header is not used.
      let stranger = String(decoding: try await services.mine(), as: UTF8.self)
      try await withLedger(configure: { $0.externalServices = configuration }) { test in
        let proof = try await test.requestProof(
          Self.number, calendars: [services.url])
        let words = try await services.mine().split(separator: UInt8(ascii: " "))
        #expect(words.first.map { String(decoding: $0, as: UTF8.self) } == "1005")
        _ = try await anchor(test, "opentimestamps", proof)
        // A trusted header at the previous height that is not the block's predecessor.
        let other =
          "1004 " + String(decoding: try await services.mine(), as: UTF8.self).dropFirst(5)
        #expect(try await test.ledger.trust.addHeaders(Array(other.utf8)) == 1)
        #expect(
          try await test.ledger.anchorSettler.settleAll { _ in true }.map(\.state) == [.upgraded])
        #expect(try await test.ledger.trust.removeHeader(1004))
        #expect(try await test.ledger.trust.addHeaders(Array(stranger.utf8)) == 1)
        #expect(try await test.ledger.anchorSettler.settleAll().map(\.state) == [.verified])
      }
    }
  }

  @Test("A token is verified by a trusted root, pending without one, and settled when one is added")
  func authority() async throws {
    try await withBoth { test, services in
      let token = try await test.requestToken(
        Self.number, authority: services.url + "/tsa")
      let early = try await anchor(test, "rfc3161", token)
      #expect(early.standing == "pending")
      #expect(try await test.ledger.trust.addAuthority(services.file("tsa-root.pem")) == 1)
      #expect(try await test.ledger.anchorSettler.settleAll().map(\.state) == [.verified])
      #expect(try await test.state().status["externally_anchored"] == true)
      let second = try await test.requestToken(
        Self.number, authority: services.url + "/tsa")
      let late = try await anchor(test, "rfc3161", second)
      #expect(late.standing == "verified")
      var broken = second
      broken[broken.count - 5] ^= 1
      await #expect(throws: Refusal.self) { try await anchor(test, "rfc3161", broken) }
      #expect(try await test.ledger.auditor.audit(nil).findings.isEmpty)
      // An audit reports removed trust. The status of the record does not change.
      let roots = Digest(hashing: try services.file("tsa-root.pem"))
      #expect(try await test.ledger.trust.remove(.tsa, roots))
      let findings = try await test.ledger.auditor.audit(Self.number).findings
      #expect(findings.map(\.now) == ["pending", "pending"])
      #expect(try await test.state().status["externally_anchored"] == true)
      try await test.replayAgrees()
    }
  }
}
