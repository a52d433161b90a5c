import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerStore
import LedgerTestSupport
import TestSupport
import Testing

@testable import LedgerService

/// The registry key is rotated by another process while this process serves.
@Suite("Rotations of the registry key", .privateServer())
struct RegistryRotationTests {
  private func generous(_ configuration: inout LedgerConfiguration) {
    configuration.limits.bareActionsPerHour = 100_000
  }

  /// A bare action with a unique upload.
  private func upload(_ name: String, to ledger: Ledger) async throws -> SubmissionAnswer {
    let bytes = Array("upload \(name)".utf8)
    let digest = Digest(hashing: bytes)
    let wire: JSON = [
      "evidence": .object([digest.hex: .string(Base64.encode(bytes))]),
      "payload": [
        "content_role": "document", "content_sha256": .string(digest.hex),
        "evidence_sha256": .string(digest.hex), "location": .string("urn:sha256:" + digest.hex),
        "media_type": "text/plain", "size_bytes": .integer(Int64(bytes.count)),
        "storage_kind": "file",
      ],
    ]
    return try await ledger.submitter.submit(
      wire.canonicalBytes(), record: LedgerUnderTest.number, action: .storageAttestation,
      client: ClientID("192.0.2.1"))
  }

  /// Expects that the key of its position signed each event of the registry.
  private func expectRightKeys(_ ledger: Ledger) async throws {
    let timeline = try await ledger.timeline.current().timeline
    var next = Position.first
    var count = 0
    while true {
      let events = try await ledger.store.log.events(from: next, limit: 1000)
      guard let last = events.last else { break }
      next = last.position.next
      for stored in events {
        let event = try Entry(bytes: stored.entry).event
        guard event.body.signer.signerType == .registry, event.body.type != .keyRegistered else {
          continue
        }
        count += 1
        #expect(
          timeline.registryKey(at: stored.position) == event.body.signer.fingerprint,
          "position \(stored.position)")
      }
    }
    #expect(count > 0)
  }

  @Test(
    "After a rotation by another process, bare actions, imports, vouches and withdrawals work at once"
  )
  func followed() async throws {
    try await withLedger(configure: generous) { test in
      let other = try await test.another(runProjector: false)
      for round in 0..<3 {
        _ = try await other.keyAdministrator.rotateRegistryKey()
        #expect(try await upload("round \(round)", to: test.ledger).created)
        _ = try await other.keyAdministrator.rotateRegistryKey()
        _ = try await test.key("vouched \(round)", "urn:v\(round)", vouched: .author)
        _ = try await other.keyAdministrator.rotateRegistryKey()
        let bare: JSON = [
          "canonical_record": [
            "metadata": [
              "abstract_canon_sha256": .string(String(repeating: "a", count: 64)),
              "cross_cats_sorted": [], "license": "CC0", "primary_cat": "cs.DL",
              "submitted_at": "2024-01-01T00:00:00Z",
              "title_canon_sha256": .string(String(repeating: "b", count: 64)),
            ], "schema_version": "1.0",
            "source": [
              "id": .string("2401.0000\(round)"), "kind": "arxiv", "version": 1,
            ],
          ]
        ]
        #expect(
          try await test.ledger.documentImporter.importDocument(
            bare.canonicalBytes(), client: .shell, operatorAuthorised: true
          ).created)
      }
      try await expectRightKeys(test.ledger)
      try await test.replayAgrees()
      await other.close()
    }
  }

  @Test("Under load, two ledgers on one data directory rotate in turn, and nothing is refused")
  func underLoad() async throws {
    try await withLedger(configure: generous) { test in
      let other = try await test.another(runProjector: false)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<120 {
          group.addTask {
            _ = try await upload("a\(number)", to: test.ledger)
          }
        }
        group.addTask {
          for round in 0..<6 {
            // If another key event is appended meanwhile, the command fails and is repeated.
            for _ in 0..<20 {
              do {
                _ = try await (round % 2 == 0 ? other : test.ledger).keyAdministrator
                  .rotateRegistryKey()
                break
              } catch let refusal as Refusal where refusal.check == "contention" {}
            }
            try await Task.sleep(for: .milliseconds(30))
          }
        }
        try await group.waitForAll()
      }
      #expect(try await upload("last", to: other).created)
      #expect(try await upload("the very last", to: test.ledger).created)
      try await expectRightKeys(test.ledger)
      try await test.replayAgrees()
      await other.close()
    }
  }

  @Test(
    "A rotation that ends between the log and its files is completed by the next start"
  )
  func interrupted() async throws {
    try await withLedger(configure: generous) { test in
      let path = test.ledger.configuration.dataDirectory + "/registry.key"
      let before = try Data(contentsOf: URL(fileURLWithPath: path))
      let other = try await test.another(runProjector: false)
      _ = try await other.keyAdministrator.rotateRegistryKey()
      await other.close()
      // The state before the file was moved.
      try FileManager.default.moveItem(atPath: path, toPath: path + ".next")
      try before.write(to: URL(fileURLWithPath: path))
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
      #expect(try await upload("meanwhile", to: test.ledger).created)
      let started = try await test.another(runProjector: false)
      #expect(!FileManager.default.fileExists(atPath: path + ".next"))
      #expect(try await upload("started", to: started).created)
      _ = try await started.keyAdministrator.rotateRegistryKey()
      #expect(try await upload("rotated again", to: test.ledger).created)
      try await expectRightKeys(test.ledger)
      await started.close()
    }
  }

  @Test("Without a file of the key that the log names, submissions are refused with that reason")
  func missingFile() async throws {
    try await withLedger(configure: generous) { test in
      let path = test.ledger.configuration.dataDirectory + "/registry.key"
      let other = try await test.another(runProjector: false)
      _ = try await other.keyAdministrator.rotateRegistryKey()
      try FileManager.default.moveItem(atPath: path, toPath: path + ".aside")
      await #expect(throws: Refusal(.unavailable, check: "registry_key", "")) {
        _ = try await upload("refused", to: test.ledger)
      }
      try FileManager.default.moveItem(atPath: path + ".aside", toPath: path)
      #expect(try await upload("accepted", to: test.ledger).created)
      await other.close()
    }
  }
}
