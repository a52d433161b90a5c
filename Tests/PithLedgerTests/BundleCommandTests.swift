import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerService
import LedgerStore
import LedgerTestSupport
import LedgerVerifier
import Subprocess
import SystemPackage
import TestSupport
import Testing
import TransparencyLog

/// What `verify bundle` and `verify proof` print as proven, and which arguments they refuse.
@Suite("What is proven, and what is not", .privateServer())
struct BundleCommandTests {
  private struct Answer {
    let status: Int
    let json: JSON
    let output: String
    let errors: String

    func verdicts(_ member: String) -> [JSON] {
      (json[member]?.arrayValue ?? []).compactMap { $0["verdict"] }
    }
  }

  /// Files of one test.
  private struct Folder {
    let path = "/tmp/plt-proven-\(UUID())"

    init() throws {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
      try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
      return "\(path)/\(name)"
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
  }

  private func verify(_ arguments: [String], json: Bool = true) async throws -> Answer {
    let result = try await run(
      .path(FilePath(TestProgram.path + "-verify")),
      arguments: Arguments(arguments + (json ? ["--json"] : [])),
      environment: .custom(["PATH": "/usr/bin:/bin"]), output: .string(limit: 4 << 20),
      error: .string(limit: 1 << 20))
    var status = -1
    if case .exited(let code) = result.terminationStatus { status = Int(code) }
    return Answer(
      status: status, json: (try? JSON.parse(Array(result.standardOutput.utf8))) ?? .null,
      output: result.standardOutput, errors: result.standardError)
  }

  private func bundle(_ test: LedgerUnderTest) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    for try await chunk in try await test.ledger.bundles.bundle(LedgerUnderTest.number) {
      bytes += chunk
    }
    return bytes
  }

  private func anchor(_ test: LedgerUnderTest, _ kind: String, _ proof: [UInt8]) async throws {
    let digest = try await test.ledger.records.resolve(LedgerUnderTest.number).record
      .canonicalSHA256
    let name = Digest(hashing: proof).hex
    let json: JSON = [
      "evidence": .object([name: .string(Base64.encode(proof))]),
      "payload": [
        "anchor_kind": .string(kind), "digest_sha256": .string(digest.hex),
        "evidence_sha256": .string(name),
      ],
    ]
    _ = try await test.ledger.submitter.submit(
      json.canonicalBytes(), record: LedgerUnderTest.number, action: .timestampAnchor,
      client: .shell)
  }

  @Test("The record's own proofs are in its bundle, and are checked against the reader's trust")
  func ownProofs() async throws {
    try await withFakeServices { services in
      try await withLedger(configure: { $0.externalServices = services.configuration }) { test in
        let folder = try Folder()
        defer { folder.remove() }
        let number = LedgerUnderTest.number
        let promised = try await test.requestProof(
          number, calendars: [services.url])
        try await anchor(test, "opentimestamps", promised)
        let mined = try await services.mine()
        _ = try await test.ledger.trust.addHeaders(mined)
        #expect(
          try await test.ledger.anchorSettler.settleAll { _ in true }.map(\.state) == [.verified])
        let token = try await test.requestToken(
          number, authority: services.url + "/tsa")
        try await anchor(test, "rfc3161", token)
        let key = try #require(try await test.ledger.checkpoints.verifierKey())
        let bytes = try await bundle(test)
        let file = try folder.file("bundle", bytes)
        let headers = try folder.file("headers", mined)
        let base = ["bundle", file, "--log-key", key]

        let unchecked = try await verify(base)
        #expect(unchecked.status == 0, "\(unchecked.errors)")
        #expect(unchecked.verdicts("proofs") == ["not_checked", "not_checked"])
        let proven = try await verify(
          base + ["--headers", headers, "--tsa", services.directory + "/tsa-root.pem"])
        #expect(proven.status == 0, "\(proven.errors)")
        #expect(proven.verdicts("proofs") == ["proven", "proven"], "\(proven.output)")
        // The token's root is not known to the ledger: the reader's trust decides.
        let stranger = try await verify(base + ["--tsa", services.directory + "/root.pem"])
        #expect(
          stranger.status == 0 && stranger.verdicts("proofs") == ["not_checked", "not_proven"])

        // No status is printed: completeness is not proven.
        for answer in [unchecked, proven] {
          #expect(answer.json["verification_status"] == nil && answer.json["event_summary"] == nil)
          let said = answer.json["not_proven"]?.arrayValue?.compactMap(\.stringValue) ?? []
          #expect(said.contains { $0.hasPrefix("completeness") })
          #expect(said.contains { $0.hasPrefix("the status") })
        }
        let text = try await verify(base, json: false).output
        for name in try await test.state().status.objectValue?.keys ?? [] {
          #expect(!text.contains(name), "\(name) is not proven")
        }

        // Another header at that height contradicts the proof.
        try await anchor(
          test, "opentimestamps",
          try await test.requestProof(number, calendars: [services.url]))
        let next = String(decoding: try await services.mine(), as: UTF8.self).split(separator: " ")
        let height = String(decoding: mined, as: UTF8.self).split(separator: " ")[0]
        let wrong = try folder.file("wrong", Array("\(height) \(next[1])".utf8))
        let contradicted = try await verify(base + ["--headers", wrong])
        #expect(contradicted.status == 1)
        #expect(contradicted.json["fault"]?["check"] == "ots.bitcoin", "\(contradicted.output)")
        #expect(contradicted.json["fault"]?["place"]?.stringValue?.hasPrefix("proofs[") == true)

        try await expectChangedProofsFail(bytes, key: key)
      }
    }
  }

  /// Expects that a proof of other bytes, of another event, or in another order is a fault.
  private func expectChangedProofsFail(_ bytes: [UInt8], key: String) async throws {
    let bundle = try #require(try JSON.parse(bytes).objectValue)
    let proofs = try #require(bundle["proofs"]?.arrayValue)
    try #require(proofs.count == 2)
    func fault(_ changed: [JSON]) async throws -> String {
      var copy = bundle
      copy["proofs"] = .array(changed)
      do {
        _ = try await BundleVerification(keys: [NoteVerifierKey(key)]).verify(
          JSON.object(copy).canonicalBytes())
        return "no fault"
      } catch let fault as LogFault { return fault.check }
    }
    func swapped(_ member: String) -> [JSON] {
      var (first, second) = (proofs[0].objectValue ?? [:], proofs[1].objectValue ?? [:])
      (first[member], second[member]) = (second[member], first[member])
      return [.object(first), .object(second)]
    }
    #expect(try await fault(swapped("proof_b64")) == "bundle.proof")
    #expect(try await fault(proofs.reversed()) == "bundle.order")
    #expect(try await fault([proofs[0], proofs[0]]) == "bundle.order")
    #expect(try await fault([["position": 0, "proof_b64": ""]]) == "bundle.proof")
    #expect(try await fault([["position": 0]]) == "bundle.form")
    #expect(try await fault([proofs[1]]) == "no fault", "a proof may be left out")
  }

  @Test("A stamp over an earlier checkpoint stays in the bundle, with the events that it covers")
  func olderStamp() async throws {
    try await withFakeServices { services in
      try await withLedger {
        $0.externalServices = services.configuration
        $0.checkpointTimestampAuthorities = [services.url + "/tsa"]
      } _: { test in
        let folder = try Folder()
        defer { folder.remove() }
        _ = try await test.ledger.trust.addAuthority(services.file("tsa-root.pem"))
        let author = try await test.key("author")
        _ = try await test.cite("10.1/1", by: author)
        #expect(try await test.ledger.timestamper.timestampCheckpoint().count == 1)
        _ = try await test.ledger.anchorSettler.settleAll { _ in true }
        let key = try #require(try await test.ledger.checkpoints.verifierKey())
        let verifier = BundleVerification(keys: [try NoteVerifierKey(key)])
        let first = try await verifier.verify(try await bundle(test))
        #expect(first.anchors.map(\.events) == [first.events])

        let newest = try await test.cite("10.1/2", by: author)
        let bytes = try await bundle(test)
        let second = try await verifier.verify(bytes)
        #expect(second.events == first.events + [newest.position])
        #expect(second.anchors.map(\.events) == [first.events])
        // A later stamp over all events is added, and the older one still proves more.
        #expect(try await test.ledger.timestamper.timestampCheckpoint().count == 1)
        _ = try await test.ledger.anchorSettler.settleAll { _ in true }
        let third = try await verifier.verify(try await bundle(test))
        #expect(third.anchors.map(\.events) == [first.events, second.events])

        let answer = try await verify([
          "bundle", try folder.file("bundle", bytes), "--log-key", key, "--tsa",
          services.directory + "/tsa-root.pem",
        ])
        #expect(answer.status == 0 && answer.verdicts("anchors") == ["proven"], "\(answer.errors)")
        #expect(
          answer.json["anchors"]?.arrayValue?.first?["events"]
            == .array(first.events.map { .integer($0.rawValue) }))
      }
    }
  }

  @Test("A proof of an entry names the witnesses that it verified, and no argument is ignored")
  func witnesses() async throws {
    try await withLedger { test in
      let folder = try Folder()
      defer { folder.remove() }
      let key = try #require(try await test.ledger.checkpoints.verifierKey())
      let proof = try await test.ledger.proofs.inclusionProof("0")
      let signers = try ["w.example/1", "w.example/2"].map {
        try NoteSigner(
          name: $0, algorithm: .cosignature, secret: NoteSigner.freshSecret())
      }
      let (one, two) = ("\(signers[0].verifierKey)", "\(signers[1].verifierKey)")
      func cosigned(_ signatures: [NoteSignature]) -> [UInt8] {
        InclusionProof(
          index: proof.index, hashes: proof.hashes,
          note: SignedNote(
            text: proof.note.text, signatures: proof.note.signatures + signatures),
          extra: proof.extra
        ).bytes
      }
      let valid = try signers[0].cosign(proof.note.text, time: 1_790_000_000)
      let file = try folder.file("proof", cosigned([valid]))
      let plain = try folder.file("plain", proof.bytes)
      let entry = try folder.file("entry", try #require(proof.extra))
      let forged = NoteSignature(
        name: valid.name, keyID: valid.keyID, bytes: valid.bytes.map { $0 ^ 1 })
      let invalid = try folder.file("false", cosigned([forged]))
      let base = ["--log-key", key]

      for (arguments, names) in [
        ([plain], []), ([file], []), ([file, "--witness", one], ["w.example/1"]),
        ([file, "--require-witness", "1", "--witness", one, two], ["w.example/1"]),
        ([plain, "--witness", one], []),
      ] as [([String], [String])] {
        let answer = try await verify(["proof"] + arguments + base)
        #expect(answer.status == 0, "\(arguments): \(answer.errors)")
        #expect(answer.json["witnesses"] == .array(names.map { .string($0) }), "\(arguments)")
      }
      for (arguments, check) in [
        ([plain, "--require-witness", "1", "--witness", one], "checkpoint.witnesses"),
        ([file, "--require-witness", "2", "--witness", one, two], "checkpoint.witnesses"),
        ([invalid, "--witness", one], "note.signature"),
      ] {
        let answer = try await verify(["proof"] + arguments + base)
        #expect(answer.status == 1, "\(arguments): \(answer.errors)")
        #expect(answer.json["fault"]?["check"]?.stringValue == check, "\(arguments)")
      }
      for arguments in [
        ["proof", file, "--require-witness", "1"],
        ["proof", file, "--require-witness", "2", "--witness", one, one],
        ["proof", file, "--require-witness", "-1"], ["proof", file, "--entry", entry],
        ["proof", file, "--witness", key], ["proof", file, "--log-key", two],
        ["proof", file, "--headers", entry],
        ["consistency", plain, plain, "--proof", plain, "--log", folder.path],
      ] {
        let answer = try await verify(arguments + base)
        #expect(answer.status == 64, "\(arguments): \(answer.status) \(answer.errors)")
      }
      #expect(try await verify(["proof", file, "--witness", "nonsense"] + base).status == 2)
    }
  }
}
