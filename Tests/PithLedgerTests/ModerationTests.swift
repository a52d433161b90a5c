import CanonicalJSON
import Encodings
import Foundation
import HTTPTypes
import HummingbirdTesting
import LedgerDomain
import LedgerStore
import LedgerTestSupport
import NIOCore
import TestSupport
import Testing

@testable import LedgerService

/// The moderation queue, and decisions from the shell and over HTTP.
@Suite("Moderation", .privateServer())
struct ModerationTests {
  private func replication(
    _ id: String, by key: KeyFile, _ test: LedgerUnderTest, supersedes: Digest? = nil
  ) async throws -> SubmissionAnswer {
    var payload: JSONObject = [
      "claim_ids": ["C1"], "kind": "replication", "outcome": "replicated",
      "replication_id": .string(id),
    ]
    payload["supersedes"] = supersedes.map { .string("sha256:" + $0.hex) }
    return try await test.submit(.replicationRecord, payload, by: key)
  }

  private func decision(
    on id: Digest, _ decision: String, _ test: LedgerUnderTest
  ) -> JSONObject {
    [
      "decision": .string(decision), "event_id": .string("sha256:" + id.hex),
      "log": .string(test.ledger.origin), "reason": "checked",
    ]
  }

  /// The positions of a list in the shell.
  private func list(_ arguments: [String], _ test: LedgerUnderTest) async throws -> [Int64] {
    let answer = try await test.pithledger(["replications"] + arguments)
    #expect(answer.status == 0, "\(answer.errors)")
    let json = try JSON.parse(Array(answer.output.utf8.filter { $0 != 0x0A }))
    return try #require(json["replications"]?.arrayValue).compactMap {
      $0["position"]?.integerValue
    }
  }

  @Test("The queue has what is pending, and decisions move it, from the shell and over HTTP")
  func queue() async throws {
    try await withLedger { test in
      let runner = try await test.key("runner", nil, .replicator)
      let moderator = try await test.key("moderator", vouched: .moderator)
      let file = test.ledger.configuration.dataDirectory + "/moderator.key"
      try moderator.write(to: file)
      var runs: [SubmissionAnswer] = []
      for index in 0..<7 {
        runs.append(try await replication("r\(index)", by: runner, test))
      }
      let positions = runs.map(\.position.rawValue)
      #expect(try await list(["--pending"], test) == positions)

      let approved = try await test.pithledger([
        "moderate", LedgerUnderTest.number, "\(positions[0])", "approve", "--reason", "sound",
        "--key", file,
      ])
      #expect(approved.status == 0, "\(approved.errors)")
      _ = try await test.submit(
        .eventWithdrawn,
        ["event_id": .string("sha256:" + runs[1].eventID.hex), "reason": "an error"], by: runner)
      let newer = try await replication("r2", by: runner, test, supersedes: runs[2].eventID)
      let origin = test.ledger.origin
      let (number, target) = (LedgerUnderTest.number, runs[3])
      let (withdrawn, superseded) = (runs[1], runs[2])
      try await test.serving { client in
        // A client makes the body with the service, and signs its digest.
        let signer = moderator.signer.json
        let payload = decision(on: target.eventID, "rejected", test)
        let action = "/pith/\(number)/action/moderation_decision"
        let wanted: JSON = ["payload": .object(payload), "signer": signer]
        let prepared = try await client.execute(
          uri: action + "?prepare=true", method: .post, headers: .json,
          body: ByteBuffer(bytes: wanted.canonicalBytes())
        ) { try $0.json() }
        let text = try #require(prepared["body"]?.stringValue)
        let body = try EventBody(JSON.parse(Array(text.utf8)))
        #expect(prepared["event_id"] == .string("sha256:" + body.eventID.hex))
        let signed = JSON.object(try moderator.key.sign(body).json).canonicalBytes()
        for (path, status) in [(action, 201), ("/api/events", 200)] {
          try await client.execute(
            uri: path, method: .post, headers: .json, body: ByteBuffer(bytes: signed)
          ) { #expect($0.status.code == status, "\(String(buffer: $0.body))") }
        }
        // Without a signature nothing is decided, whoever sends it.
        var headers = HTTPFields.json
        headers[.authorization] =
          "Bearer \(try #require(try test.ledger.configuration.operatorToken()))"
        let bare: JSON = ["payload": .object(payload)]
        try await client.execute(
          uri: action, method: .post, headers: headers,
          body: ByteBuffer(bytes: bare.canonicalBytes())
        ) { response in
          #expect(response.status == .unprocessableContent)
          let json = try response.json()
          #expect(json["check"] == "signature")
        }
        // What does not stand is not decided on.
        for old in [withdrawn, superseded] {
          let late = try EventBody.make(
            type: .moderationDecision, payload: decision(on: old.eventID, "approved", test),
            signer: moderator.signer, subject: .record(#require(PithNumber(number))),
            target: "record", createdAt: .now)
          try await client.execute(
            uri: "/api/events", method: .post, headers: .json,
            body: ByteBuffer(
              bytes: JSON.object(try moderator.key.sign(late).json).canonicalBytes())
          ) { response in
            #expect(response.status == .conflict)
            let json = try response.json()
            #expect(json["check"] == "event_id")
          }
        }
        try await client.execute(uri: "/api/replications?standing=pending&limit=2", method: .get) {
          let page = try $0.json()
          #expect(page["log"] == .string(origin))
          let items = try #require(page["replications"]?.arrayValue)
          #expect(items.map { $0["position"]?.integerValue } == [positions[4], positions[5]])
          #expect(items[0]["standing"] == "pending" && items[0]["reason"]?.stringValue != nil)
          #expect(items[0]["decide"]?.stringValue?.hasSuffix(action.dropFirst(16)) == true)
        }
      }
      let open = [positions[4], positions[5], positions[6], newer.position.rawValue]
      #expect(try await list(["--pending"], test) == open)
      #expect(try await list(["--standing", "approved"], test) == [positions[0]])
      #expect(
        try await list(["--standing", "rejected,withdrawn"], test) == [positions[1], positions[3]])
      #expect(try await list(["--standing", "superseded"], test) == [positions[2]])
      #expect(try await list([], test).count == 8)
      #expect(try await list([LedgerUnderTest.number, "--pending"], test) == open)
      let other = try await test.bareRecord()
      #expect(try await list([other], test).isEmpty)
      for arguments in [["--standing", "open"], ["--cursor", "00"], ["--standing", ""]] {
        let refused = try await test.pithledger(["replications"] + arguments)
        #expect(refused.status == 2 && refused.errors.contains("query"), "\(refused.errors)")
      }
      try await test.replayAgrees()
    }
  }

  @Test("Pages do not overlap, leave nothing out, and keep their place while the log grows")
  func pages() async throws {
    try await withLedger { test in
      let runner = try await test.key("runner", nil, .replicator)
      let moderator = try await test.key("moderator", vouched: .moderator)
      var pending: [Int64] = []
      for index in 0..<24 {
        let run = try await replication("p\(index)", by: runner, test)
        guard index.isMultiple(of: 3) else {
          pending.append(run.position.rawValue)
          continue
        }
        _ = try await test.submit(
          .moderationDecision, decision(on: run.eventID, "approved", test), by: moderator)
      }
      let filter = try ReplicationFilter(record: LedgerUnderTest.number, standing: "pending")
      for limit in [1, 2, 5, 16, 17, 1000] {
        var seen: [Int64] = []
        var cursor: String?
        repeat {
          let page = try await test.ledger.replications.page(filter, cursor: cursor, limit: limit)
          #expect(page.items.count <= limit)
          seen += page.items.map(\.event.position.rawValue)
          cursor = page.next
        } while cursor != nil
        #expect(seen == pending, "limit \(limit)")
      }
      let first = try await test.ledger.replications.page(filter, limit: 3)
      let cursor = try #require(first.next)
      // A cursor of one list is refused by another.
      for other in [try ReplicationFilter(), try ReplicationFilter(standing: "pending")] {
        await #expect(throws: Refusal(.malformed, check: "query", "")) {
          try await test.ledger.replications.page(other, cursor: cursor)
        }
      }
      _ = try await replication("later", by: runner, test)
      let second = try await test.ledger.replications.page(filter, cursor: cursor, limit: 100)
      #expect(second.items.count == pending.count - 3 + 1)
      await #expect(throws: Refusal(.malformed, check: "query", "")) {
        try await test.ledger.replications.page(filter, limit: 0)
      }
    }
  }
}
