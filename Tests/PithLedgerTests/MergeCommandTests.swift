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
import TestSupport
import Testing

/// `state.json`, `pithledger merge` and the import of bundles, on two ledgers.
@Suite("Merging ledgers", .privateServer())
struct MergeCommandTests {
  /// Writes the bundle of the sample record into a file.
  private func bundle(_ test: LedgerUnderTest, in folder: URL, _ name: String) async throws
    -> String
  {
    _ = try await test.state()
    var bytes: [UInt8] = []
    for try await chunk in try await test.ledger.bundles.bundle(LedgerUnderTest.number) {
      bytes += chunk
    }
    let file = folder.appendingPathComponent(name)
    try Data(bytes).write(to: file)
    return file.path
  }

  private func withFolder(_ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "merge-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder)
  }

  private func register(_ key: KeyFile, in test: LedgerUnderTest) async throws {
    _ = try await test.ledger.keyAdministrator.register(key)
  }

  @Test("Two ledgers with contradicting statements of one signer merge to one state in any order")
  func merging() async throws {
    try await withLedger { a in
      try await withLedger { b in
        let author = try await a.key(
          "author", "https://orcid.org/0000-0002-1825-0097", vouched: .author, named: "Zhuang Liu")
        try await register(author, in: b)
        _ = try await a.submit(
          .authorAttestation,
          ["method": "key_signature", "name": "Zhuang Liu", "orcid": "0000-0002-1825-0097"],
          by: author)
        _ = try await a.cite("10.1000/x", by: author, relation: "supports")
        _ = try await b.cite("10.1000/x", by: author, relation: "refutes")
        _ = try await b.cite("10.1000/y", by: author)
        try await withFolder { folder in
          let one = try await bundle(a, in: folder, "a.json")
          let two = try await bundle(b, in: folder, "b.json")
          let keys = [
            try #require(try await a.ledger.checkpoints.verifierKey()),
            try #require(try await b.ledger.checkpoints.verifierKey()),
          ]
          let trust = keys.flatMap { ["--log-key", $0] }
          func merge(_ arguments: [String]) async throws -> JSON {
            let answer = try await a.pithledger(["merge"] + arguments)
            #expect(answer.status == 0, "\(answer.errors)")
            return try JSON.parse(Array(answer.output.utf8))
          }
          let merged = try await merge(trust + [one, two])
          #expect(try await merge([two, one, two] + trust.reversed().chunked()) == merged)
          let status = merged["current"]?["verification_status"]
          #expect(status?["citation_signatures"] == 2 && status?["strong_author_claims"] == 1)
          #expect(status?["graph_snapshot"] == true && status?["pith_receipt"] == true)
          #expect(merged["equivocation_count"] == 1 && merged["invalid_event_count"] == 0)
          #expect(merged["current"]?["ledgers"]?.arrayValue?.count == 2)
          // Without keys the signatures are what counts.
          let bare = try await merge([one, two])
          #expect(bare["current"]?["verification_status"]?["citation_signatures"] == 2)
          #expect(bare["current"]?["verification_status"]?["strong_author_claims"] == 0)
          #expect(bare["current"]?["ledgers"] == [])
          #expect(bare["event_count"] == merged["event_count"])
          // One ledger's bundle under its key is its state.json.
          let state = try await a.ledger.mergedStates.state(LedgerUnderTest.number)
          #expect(try await merge(["--log-key", keys[0], one]) == JSON.parse(state))
          try await refusals(a, one, keys[0], folder)
        }
      }
    }
  }

  /// Changed bundles, and files that are no bundles.
  private func refusals(
    _ test: LedgerUnderTest, _ file: String, _ key: String, _ folder: URL
  ) async throws {
    let text = try String(contentsOfFile: file, encoding: .utf8)
    let changed = folder.appendingPathComponent("changed.json").path
    try text.replacing("\"relation\":\"supports\"", with: "\"relation\":\"refutes\"").write(
      toFile: changed, atomically: true, encoding: .utf8)
    let tampered = try await test.pithledger(["merge", "--log-key", key, changed])
    #expect(tampered.status == 1, "\(tampered.output)")
    let untrusted = try await test.pithledger(["merge", changed])
    #expect(untrusted.status == 0)
    // The event_id in the entry is not that of the changed body.
    let state = try JSON.parse(Array(untrusted.output.utf8))
    #expect(state["invalid_event_count"] == 1)
    #expect(state["current"]?["verification_status"]?["citation_signatures"] == 0)
    let noBundle = folder.appendingPathComponent("none.json").path
    try "{}".write(toFile: noBundle, atomically: true, encoding: .utf8)
    for arguments in [[noBundle], [folder.path + "/absent"], ["--log-key", "x", file]] {
      #expect(try await test.pithledger(["merge"] + arguments).status == 2, "\(arguments)")
    }
    #expect(try await test.pithledger(["merge"]).status == 64)
  }

  @Test("state.json is the merge of the ledger's own statements")
  func state() async throws {
    try await withLedger { test in
      let author = try await test.key("author")
      let cited = try await test.cite("10.1000/x", by: author)
      _ = try await test.state()
      try await test.serving { client in
        func get() async throws -> JSON {
          let answer = try await client.execute(uri: "/pith/4OXKXQ4P/state.json", method: .get)
          #expect(answer.status == .ok)
          return try answer.json()
        }
        let state = try await get()
        #expect(state["pith_number"] == .string(LedgerUnderTest.number))
        #expect(state["state_type"] == "pith_number_state" && state["state_version"] == "1.0")
        let status = try await test.state().status
        #expect(state["current"]?["verification_status"] == status)
        let attestation = state["current"]?["attestations"]?.arrayValue?.first
        #expect(attestation?["event_id"] == .string("sha256:" + cited.eventID.hex))
        #expect(attestation?["ledgers"] == [.string(test.ledger.origin)])
        _ = try await test.submit(
          .eventWithdrawn, ["event_id": .string("sha256:" + cited.eventID.hex), "reason": "x"],
          by: author)
        let after = try await get()
        #expect(after["current"]?["attestations"] == [])
        #expect(after["event_count"]?.integerValue == (state["event_count"]?.integerValue ?? 0) + 1)
      }
    }
  }

  @Test("A bundle is imported: attestations pass the checks, and authority does not travel")
  func importing() async throws {
    try await withLedger { a in
      let author = try await a.key(
        "author", "https://orcid.org/0000-0002-1825-0097", vouched: .author, named: "Zhuang Liu")
      let moderator = try await a.key("moderator", vouched: .moderator)
      let claim = try await a.submit(
        .authorAttestation,
        ["method": "key_signature", "name": "Zhuang Liu", "orcid": "0000-0002-1825-0097"],
        by: author)
      #expect(claim.standing == "strong")
      let first = try await a.cite("10.1000/x", by: author)
      _ = try await a.cite(
        "10.1000/x", by: author, supersedes: first.eventID, relation: "extends")
      let gone = try await a.cite("10.1000/y", by: author)
      _ = try await a.submit(
        .eventWithdrawn, ["event_id": .string("sha256:" + gone.eventID.hex), "reason": "x"],
        by: author)
      let replication = try await a.submit(
        .replicationRecord,
        [
          "claim_ids": ["C1"], "kind": "replication", "outcome": "replicated",
          "replication_id": "r1",
        ], by: author)
      _ = try await a.submit(
        .moderationDecision,
        [
          "decision": "approved", "event_id": .string("sha256:" + replication.eventID.hex),
          "log": .string(a.ledger.origin), "reason": "sound",
        ], by: moderator)
      #expect(try await a.state().status["replication_records"] == 1)
      try await withFolder { folder in
        let file = try await bundle(a, in: folder, "a.json")
        try await withLedger(sample: false) { b in
          let answer = try await b.pithledger(["import", file])
          #expect(answer.status == 0, "\(answer.output) \(answer.errors)")
          let report = try JSON.parse(Array(answer.output.utf8))
          // One key, three citations with a withdrawal, a claim and a replication.
          #expect(report["added"]?.arrayValue?.count == 7)
          #expect(report["refused"] == [] && report["known"] == [])
          let left = report["not_carried"]?.arrayValue ?? []
          #expect(left.contains { $0["event_type"] == "moderation_decision" })
          #expect(left.contains { $0["event_type"] == "record_created" })
          let status = try await b.state().status
          #expect(status["citation_signatures"] == 1 && status["pith_receipt"] == true)
          #expect(status["weak_author_claims"] == 1 && status["strong_author_claims"] == 0)
          #expect(status["replication_records"] == 0, "the decision does not travel")
          let size = try await b.ledger.health().size
          let again = try await b.pithledger(["import", file])
          #expect(again.status == 0)
          let second = try JSON.parse(Array(again.output.utf8))
          #expect(second["added"] == [] && second["known"]?.arrayValue?.count == 7)
          #expect(try await b.ledger.health().size == size)
          try await b.replayAgrees()
          try await forged(b, file, folder)
        }
      }
    }
  }

  /// A bundle with a changed statement, and one with a key of a type that needs the operator.
  private func forged(_ test: LedgerUnderTest, _ file: String, _ folder: URL) async throws {
    let size = try await test.ledger.health().size
    var json = try #require(
      try JSON.parse(Array(try Data(contentsOf: URL(fileURLWithPath: file)))).objectValue)
    let author = KeyFile(
      key: SigningKey(), keyID: "new", signerID: "urn:new", signerType: .moderator)
    let number = try #require(PithNumber(LedgerUnderTest.number))
    func entry(_ event: SignedEvent) throws -> JSON {
      let entry = try Entry(event: event, admission: .signedOnly(at: event.body.createdAt))
      return ["entry": try JSON.parse(entry.bytes), "inclusion": [], "position": 0]
    }
    func event(_ type: EventType, _ payload: JSONObject, _ subject: Subject, _ target: String)
      throws -> SignedEvent
    {
      try author.key.sign(
        EventBody.make(
          type: type, payload: payload, signer: author.signer, subject: subject, target: target,
          createdAt: Timestamp(microseconds: 1_790_000_000_000_000)))
    }
    let registration = try event(
      .keyRegistered,
      [
        "algorithm": "ed25519", "public_key_b64": .string(Base64.encode(author.key.publicKey)),
      ], .registry, "key:\(author.signer.fingerprint.hex)")
    let citation = try event(
      .citationSignature, ["citing_doi": "10.1000/z", "relation": "cites"], .record(number),
      "record")
    json["events"] = .array([try entry(citation)])
    json["keys"] = .array([try entry(registration)])
    let forged = folder.appendingPathComponent("forged.json").path
    try Data(JSON.object(json).canonicalBytes()).write(to: URL(fileURLWithPath: forged))
    let answer = try await test.pithledger(["import", forged])
    #expect(answer.status == 2, "\(answer.output)")
    let report = try JSON.parse(Array(answer.output.utf8))
    #expect(report["added"] == [])
    #expect(report["refused"]?.arrayValue?.map { $0["check"] } == ["known_key"])
    #expect(report["not_carried"]?.arrayValue?.map { $0["event_type"] } == ["key_registered"])
    #expect(try await test.ledger.health().size == size)
  }
}

extension [String] {
  /// Pairs that were reversed, in their own order again.
  fileprivate func chunked() -> [String] {
    stride(from: 0, to: count, by: 2).flatMap { [self[$0 + 1], self[$0]] }
  }
}
