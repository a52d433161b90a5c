import CanonicalJSON
import EmbeddedPostgres
import Encodings
import Foundation
import Hummingbird
import HummingbirdTesting
import LedgerDomain
import LedgerHTTP
import LedgerStore
import LedgerTestSupport
import LedgerVerifier
import PostgresClient
import ProofFormats
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerService

@Suite("Bundles", .privateServer())
struct BundleTests: HistorySuite {
  @Test("A bundle verifies by the log's key alone; any changed byte fails at its place")
  func bundles() async throws {
    try await withHistory { test, keys in
      let bytes = try await bundle(test)
      let outcome = try await BundleVerification(keys: keys).verify(bytes)
      let (status, summary) = try await test.state()
      #expect(JSON.object(outcome.status.verificationStatus) == status)
      #expect(JSON.object(outcome.status.eventSummary) == summary)
      #expect(outcome.hasDocument && outcome.events.count > 10 && outcome.keys >= 4)
      let stranger = try NoteSigner(name: test.ledger.origin, secret: NoteSigner.freshSecret())
      await #expect(throws: LogFault("note.signature", place: "checkpoint", "")) {
        try await BundleVerification(keys: [stranger.verifierKey]).verify(bytes)
      }
      let seed = UInt64.random(in: 0 ... .max)
      var random = SeededGenerator(seed: seed)
      for _ in 0..<400 {
        let place = Int.random(in: bytes.indices, using: &random)
        var changed = bytes
        changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        do {
          _ = try await BundleVerification(keys: keys).verify(changed)
          Issue.record("a change of byte \(place) was not found (seed \(seed))")
        } catch let fault as LogFault {
          #expect(fault.place != nil || fault.position != nil, "\(fault) (seed \(seed))")
        }
      }
    }
  }

  @Test(
    "A record is anchored through a timestamped checkpoint, with the whole chain of proof in one file"
  )
  func anchoredThroughCheckpoint() async throws {
    try await withFakeServices { services in
      try await withLedger {
        $0.externalServices = services.configuration
        $0.checkpointTimestampCalendars = [services.url]
        $0.checkpointTimestampAuthorities = [services.url + "/tsa"]
      } _: { test in
        let author = try await test.key("author")
        _ = try await test.cite("10.1/1", by: author)
        let before = try await test.state()
        let positions = try await test.ledger.timestamper.timestampCheckpoint()
        #expect(positions.count == 2)
        #expect(
          try await test.ledger.timestamper.timestampCheckpoint().isEmpty, "only stamps came since")
        let keys = [
          try NoteVerifierKey(try #require(try await test.ledger.checkpoints.verifierKey()))
        ]
        var outcome = try await BundleVerification(keys: keys).verify(try await bundle(test))
        #expect(outcome.anchors.isEmpty, "nothing is verified yet")

        // The authority's root and the block's header become trusted, which settles the pending anchors.
        _ = try await test.ledger.trust.addAuthority(try services.file("tsa-root.pem"))
        let header = try await services.mine()
        var settled = try await test.ledger.anchorSettler.settleAll { _ in true }
        #expect(settled.allSatisfy { $0.subject == "pith:registry" } && settled.count == 2)
        #expect(Set(settled.map(\.state)) == [.verified, .upgraded])
        _ = try await test.ledger.trust.addHeaders(header)
        settled = try await test.ledger.anchorSettler.settleAll { _ in true }
        #expect(settled.map(\.state) == [.verified])

        let bytes = try await bundle(test)
        outcome = try await BundleVerification(keys: keys).verify(bytes)
        #expect(Set(outcome.anchors.map(\.kind)) == [.opentimestamps, .rfc3161])
        for anchor in outcome.anchors {
          #expect(anchor.events == outcome.events, "the checkpoint covers the whole record")
          if anchor.kind == .opentimestamps {
            let proof = try OpenTimestampsProof.parse(anchor.proof)
            #expect(proof.digest == anchor.digest.bytes)
          }
        }
        // The rows of records are unchanged, and a replay gives the same rows.
        let after = try await test.state()
        #expect(after == before)
        try await test.replayAgrees()
        #expect(try await test.ledger.logChecker.check().faults.isEmpty)
        #expect(try await test.ledger.auditor.audit(nil).findings.isEmpty)

        // Only the registry may append a proof of time over a checkpoint.
        await #expect(throws: Refusal(.forbidden, check: "authority", "")) {
          _ = try await test.ledger.signingSubmitter.submit(
            type: .timestampAnchor,
            payload: [
              "anchor_kind": "opentimestamps",
              "digest_sha256": .string(outcome.anchors[0].digest.hex),
              "evidence_sha256": .string(Digest(hashing: outcome.anchors[0].proof).hex),
            ], record: nil, target: "checkpoint:\(outcome.anchors[0].size)",
            evidence: [outcome.anchors[0].proof], key: author)
        }
        // One changed byte of a proof of time is found too.
        let place =
          try #require(bytes.firstRange(of: Array("\"proof_b64\":\"".utf8))).upperBound + 40
        var changed = bytes
        changed[place] = changed[place] == 0x41 ? 0x42 : 0x41
        await #expect(throws: LogFault.self) {
          try await BundleVerification(keys: keys).verify(changed)
        }
      }
    }
  }
}
