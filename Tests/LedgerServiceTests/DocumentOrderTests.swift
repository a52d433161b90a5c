import CanonicalJSON
import Encodings
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerStore
import LedgerTestSupport
import NIOCore
import TestSupport
import Testing
import TransparencyLog

/// Imports of several documents of one record.
@Suite("The order of documents", .privateServer())
struct DocumentOrderTests {
  /// The sample document with some members replaced.
  private func document(_ members: JSONObject) throws -> [UInt8] {
    var json = try JSON.parse(Fixtures.project(Fixtures.sample)).objectValue ?? [:]
    for (key, value) in members { json[key] = value.isNull ? nil : value }
    return JSON.object(json).canonicalBytes()
  }

  private func add(_ bytes: [UInt8], to test: LedgerUnderTest) async throws -> SubmissionAnswer {
    try await test.ledger.documentImporter.importDocument(
      bytes, client: .shell, operatorAuthorised: true)
  }

  private func note(_ test: LedgerUnderTest) async throws -> JSON? {
    try await test.ledger.records.view(LedgerUnderTest.number).json()["note"]
  }

  @Test("Of A, B and A again the second A adds nothing", arguments: [nil, "2026-06-01T00:00:00Z"])
  func firstAgain(_ time: String?) async throws {
    try await withLedger(sample: false) { test in
      let time: JSON = time.map { .string($0) } ?? .null
      let a = try document(["note": "A", "updated_at": time])
      let b = try document(["note": "B", "updated_at": time])
      #expect(try await add(a, to: test).created)
      let second = try await add(b, to: test)
      #expect(second.created)
      let size = try await test.ledger.health().size.stored
      let again = try await add(a, to: test)
      #expect(!again.created && again.position == second.position && again.reason != nil)
      // Equal to A apart from what the ledger computes.
      let similar = try document(["note": "A", "updated_at": time, "event_summary": ["total": 9]])
      #expect(try await !add(similar, to: test).created)
      #expect(try await !add(b, to: test).created)
      #expect(try await test.ledger.health().size.stored == size)
      #expect(try await note(test) == "B")
      try await test.replayAgrees()
    }
  }

  @Test("Over HTTP and in the shell too")
  func surfaces() async throws {
    try await withLedger(sample: false) { test in
      let a = try document(["note": "A", "updated_at": "2026-06-01T00:00:00+00:00"])
      let b = try document(["note": "B", "updated_at": "2026-06-02T00:00:00+00:00"])
      let token = try #require(try test.ledger.configuration.operatorToken())
      try await test.serving { client in
        func post(_ bytes: [UInt8]) async throws -> JSON {
          let answer = try await client.execute(
            uri: "/api/records", method: .post,
            headers: [.contentType: "application/json", .authorization: "Bearer \(token)"],
            body: ByteBuffer(bytes: bytes))
          #expect(answer.status.code < 300)
          return try answer.json()
        }
        let answers = [try await post(a), try await post(b), try await post(a)]
        #expect(answers.map { $0["created"] } == [true, true, false])
      }
      let size = try await test.ledger.health().size.stored
      let file = FileManager.default.temporaryDirectory.appendingPathComponent(
        "document-\(UUID().uuidString).json")
      defer { try? FileManager.default.removeItem(at: file) }
      try Data(a).write(to: file)
      let shell = try await test.pithledger(["import", file.path])
      #expect(shell.status == 0, "\(shell.errors)")
      #expect(try JSON.parse(Array(shell.output.utf8))["created"] == false)
      #expect(try await test.ledger.health().size.stored == size)
      #expect(try await note(test) == "B")
    }
  }

  @Test("A poorer or older document stays out, and what it has besides is added")
  func poorer() async throws {
    try await withLedger(sample: false) { test in
      let whole = try document(["note": "whole", "receipt": .null])
      #expect(try await add(whole, to: test).created)
      let size = try await test.ledger.health().size.stored
      for members: JSONObject in [
        ["graph_snapshot": .null, "updated_at": "2027-01-01T00:00:00Z"],
        ["paper": .null, "updated_at": "2027-01-01T00:00:00Z"],
        ["note": "older", "receipt": .null, "updated_at": "2020-01-01T00:00:00Z"],
        ["note": "timeless", "receipt": .null, "updated_at": .null],
      ] {
        var members = members
        members["receipt"] = .null
        let answer = try await add(document(members), to: test)
        #expect(!answer.created && answer.reason != nil)
      }
      #expect(try await test.ledger.health().size.stored == size)
      #expect(try await test.state().status["pith_receipt"] == false)
      // An older document with the receipt and another name: both hold, and the document does not.
      let older = try document([
        "aliases": [["alias_kind": "doi", "alias_value": "10.1000/older"]], "note": "older",
        "updated_at": "2020-01-01T00:00:00Z",
      ])
      #expect(try await add(older, to: test).created)
      #expect(try await !add(older, to: test).created)
      #expect(try await test.ledger.health().size.stored == size + 2)
      #expect(try await test.state().status["pith_receipt"] == true)
      #expect(
        try await test.ledger.records.resolve("10.1000/older").record.pithNumber.description
          == LedgerUnderTest.number)
      #expect(try await note(test) == "whole")
      #expect(try await test.ledger.logChecker.check().faults == [])
      try await test.replayAgrees()
    }
  }

  @Test("The graph is that of the document which the newest snapshot names")
  func snapshots() async throws {
    try await withLedger { test in
      let newer = try document([
        "note": "newer", "updated_at": "2027-01-01T00:00:00Z",
        "graph_snapshot": [
          "claims": ["items": [["claim_id": "N1"]]], "formal_canon": ["evidence_count": 1],
          "references": ["count": 2, "resolved_work": 1],
        ],
      ])
      #expect(try await test.state().status["references_resolved"] == true)
      #expect(try await add(newer, to: test).created)
      #expect(try await test.state().status["references_resolved"] == false)
      let graph = try await test.ledger.records.graph(LedgerUnderTest.number).json()
      #expect(
        graph["snapshot"]?["document_sha256"] == .string(Digest(hashing: newer).hex))
      #expect(graph["graph_snapshot"]?["references"]?["count"] == 2)
      #expect(graph["snapshot"]?["claim_ids"] == ["N1"])
      #expect(try await !add(Fixtures.project(Fixtures.sample), to: test).created)
      #expect(
        try await test.ledger.records.graph(LedgerUnderTest.number).json()["snapshot"]
          == graph["snapshot"])
      try await test.replayAgrees()
    }
  }

  @Test("Writers at the same time leave the newest document standing")
  func concurrent() async throws {
    try await withLedger { test in
      let documents = try (1...8).map {
        try document(["note": .integer(Int64($0)), "updated_at": "2027-01-0\($0)T00:00:00Z"])
      }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for bytes in documents.shuffled() {
          group.addTask { _ = try await add(bytes, to: test) }
        }
        try await group.waitForAll()
      }
      #expect(try await note(test) == 8)
      let size = try await test.ledger.health().size.stored
      for bytes in documents { #expect(try await !add(bytes, to: test).created) }
      #expect(try await test.ledger.health().size.stored == size)
      try await test.replayAgrees()
    }
  }
}
