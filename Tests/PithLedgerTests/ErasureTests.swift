import CanonicalJSON
import Encodings
import Foundation
import HTTPTypes
import HummingbirdTesting
import LedgerDomain
import LedgerStore
import LedgerTestSupport
import PostgresClient
import TestSupport
import Testing

@testable import LedgerService

/// What an audit and a reader learn about evidence that was erased.
@Suite("Erased evidence", .privateServer())
struct ErasureTests {
  private func status(_ client: any TestClientProtocol, _ digest: Digest) async throws -> (
    Int, JSON
  ) {
    try await client.execute(uri: "/api/evidence/\(digest.hex)", method: .get) {
      ($0.status.code, (try? $0.json()) ?? .null)
    }
  }

  @Test(
    "An audit reports what was erased and passes; the evidence answers 410, and unknown evidence 404"
  )
  func erased() async throws {
    try await withLedger { test in
      let number = LedgerUnderTest.number
      // A proof that is verified, an upload, and the document of a record with an author's claim.
      let digest = try await test.ledger.records.resolve(number).record.canonicalSHA256
      let made = try await MadeToken.all(over: digest.bytes)
      let good = try #require(made.first { $0.name == "good response" })
      _ = try await withFile(good.roots) { try await test.pithledger(["trust", "tsa", "add", $0]) }
      let proven = try await withFile(good.token) {
        try await test.pithledger(["attest", "timestamp", number, "--tsr", $0])
      }
      #expect(proven.output.contains("\"standing\":\"verified\""), "\(proven.errors)")
      let upload = Array("bytes of a paper".utf8)
      _ = try await withFile(upload) {
        try await test.pithledger(["attest", "storage", number, "--file", $0])
      }
      let author = try await test.key("author", "https://orcid.org/" + Fixtures.sampleORCID)
      _ = try await test.submit(
        .authorAttestation,
        ["method": "key_signature", "name": "Zhuang Liu", "orcid": .string(Fixtures.sampleORCID)],
        by: author)
      let documents = test.ledger.records
      let document = try #require(
        try await RecordDocuments(
          store: test.ledger.store, configuration: test.ledger.configuration
        ).standing(of: documents.resolve(number).record)?.digest)
      let sound = try await test.pithledger(["audit"])
      #expect(sound.status == 0 && sound.output.contains("\"erased\":[]"), "\(sound.output)")

      let targets = [Digest(hashing: good.token), Digest(hashing: upload), document]
      let never = Digest(hashing: Array("never stored".utf8))
      for target in targets {
        let done = try await test.pithledger(["evidence", "erase", target.hex, "--reason", "asked"])
        #expect(done.status == 0, "\(done.errors)")
      }
      let audit = try await test.pithledger(["audit"])
      #expect(audit.status == 0, "\(audit.output) \(audit.errors)")
      let report = try JSON.parse(Array(audit.output.utf8.filter { $0 != 0x0A }))
      #expect(report["findings"] == [])
      let erased = try #require(report["erased"]?.arrayValue)
      #expect(
        Set(erased.compactMap { $0["evidence_sha256"]?.stringValue }) == Set(targets.map(\.hex)))
      let one = try await test.pithledger(["audit", number])
      #expect(one.status == 0)
      let text = try await ProgramRun.pithledger(
        ["audit", "--data-dir", test.ledger.configuration.dataDirectory],
        settings: ["DATABASE_URL": test.uri])
      #expect(text.output.contains("erased"), "\(text.output)")
      try await test.serving { client in
        for target in targets {
          let (code, problem) = try await status(client, target)
          #expect(code == 410 && problem["check"] == "erased", "\(problem)")
        }
        let (code, problem) = try await status(client, never)
        #expect(code == 404 && problem["check"] == "evidence")
      }
      // Another process reads it from the log.
      let other = try await test.another(runProjector: false)
      await #expect(throws: Refusal(.gone, check: "erased", "")) {
        try await other.evidence.publicBytes(targets[0].hex)
      }
      await other.close()
      // What is stored again is served again.
      let again = try await withFile(upload) {
        try await test.pithledger([
          "attest", "storage", number, "--file", $0, "--role", "other",
        ])
      }
      #expect(again.status == 0, "\(again.errors)")
      #expect(try await test.ledger.evidence.publicBytes(targets[1].hex) == upload)
      try await test.replayAgrees()
    }
  }

  @Test("Evidence that is missing without a record of its erasure is a finding")
  func lost() async throws {
    try await withLedger { test in
      let upload = Array("lost".utf8)
      _ = try await withFile(upload) {
        try await test.pithledger(["attest", "storage", LedgerUnderTest.number, "--file", $0])
      }
      let digest = Digest(hashing: upload)
      try await test.owner { connection in
        _ = try await connection.query(
          "DELETE FROM ledger.evidence WHERE sha256 = $1", [.bytes(digest.bytes)])
      }
      let audit = try await test.pithledger(["audit"])
      #expect(audit.status == 1)
      let report = try JSON.parse(Array(audit.output.utf8.filter { $0 != 0x0A }))
      let finding = try #require(report["findings"]?.arrayValue?.first)
      #expect(finding["check"] == "evidence" && finding["was"] == .string(digest.hex))
      #expect(finding["now"] == "missing")
    }
  }
}
