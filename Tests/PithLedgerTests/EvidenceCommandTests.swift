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

/// The commands about evidence, run as programs.
@Suite("Evidence from the shell", .privateServer())
struct EvidenceCommandTests {
  static let number = Fixtures.sampleNumber

  @Test("For a record that it is not about, each proof is refused by the check that fails")
  func proofsOfOtherDigests() async throws {
    try await withLedger { test in
      let size = try await test.ledger.health().size
      for (option, refusals) in [
        ("--ots", try ExpectedRefusal.proofs()), ("--tsr", try ExpectedRefusal.tokens()),
      ] {
        for item in refusals {
          let answer = try await withFile(item.bytes) {
            try await test.pithledger(["attest", "timestamp", Self.number, option, $0])
          }
          #expect(answer.status == 2, "\(item.file): \(answer.errors)")
          #expect(answer.errors.contains(item.check), "\(item.file): \(answer.errors)")
        }
      }
      #expect(try await test.ledger.health().size == size)
    }
  }

  @Test("Trust, a pending anchor, an audit and an erasure")
  func anchors() async throws {
    try await withLedger { test in
      let digest = try await test.ledger.records.resolve(Self.number).record.canonicalSHA256
      let cases = try await MadeToken.all(over: digest.bytes)
      let good = try #require(cases.first { $0.name == "good response" })
      try await withFile(good.token) { token in
        let waiting = try await test.pithledger(
          ["attest", "timestamp", Self.number, "--tsr", token])
        #expect(waiting.status == 0 && waiting.output.contains("\"standing\":\"pending\""))
      }
      try await withFile(good.roots) { roots in
        let settled = try await test.pithledger(["trust", "tsa", "add", roots])
        #expect(settled.status == 0 && settled.output.contains("\"outcome\":\"verified\""))
      }
      try await withFile(Array("no certificate".utf8)) { file in
        let refused = try await test.pithledger(["trust", "tsa", "add", file])
        #expect(refused.status == 2 && refused.errors.contains("certificate"))
        let headers = try await test.pithledger(["trust", "headers", "add", file])
        #expect(headers.status == 2 && headers.errors.contains("header.form"))
        let keys = try await test.pithledger(["trust", "jwks", "add", file])
        #expect(keys.status == 2 && keys.errors.contains("jwks.form"))
      }
      #expect(try await test.state().status["externally_anchored"] == true)
      let sound = try await test.pithledger(["audit", Self.number, "--progress"])
      #expect(sound.status == 0 && sound.output.contains("\"findings\":[]"))
      #expect(sound.errors.contains(#/\d+ of \d+ events/#))
      let list = try JSON.parse(
        Array(try await test.pithledger(["trust", "list"]).output.utf8.filter { $0 != 0x0A }))
      let root = try #require(list["tsa"]?.arrayValue?.first?["sha256"]?.stringValue)
      #expect(try await test.pithledger(["trust", "tsa", "remove", root]).status == 0)
      let differs = try await test.pithledger(["audit"])
      #expect(differs.status == 1 && differs.output.contains("\"now\":\"pending\""))
      let evidence = Digest(hashing: good.token).hex
      let erased = try await test.pithledger(
        ["evidence", "erase", evidence, "--reason", "asked to"])
      #expect(erased.status == 0 && erased.output.contains("\"events\":1"))
      let again = try await test.pithledger(
        ["evidence", "erase", evidence, "--reason", "asked to"])
      #expect(again.status == 2)
      #expect(try await test.state().status["externally_anchored"] == true)
      #expect(try await test.pithledger(["replay", "--check"]).status == 0)
    }
  }

  @Test("A refusal names the command that resolves it")
  func advice() async throws {
    try await withLedger { test in
      let unsigned = try await test.pithledger([
        "attest", "citation", Self.number, "--by", "2605.21642", "--relation", "extends",
      ])
      #expect(unsigned.status == 2)
      #expect(unsigned.errors.contains("--key"), "\(unsigned.errors)")
      #expect(!unsigned.errors.contains("?prepare"), "\(unsigned.errors)")
    }
  }

  @Test("Timestamps, a claim by token and its withdrawal, with external services")
  func services() async throws {
    try await withFakeServices { services in
      let configuration = services.configuration
      try await withLedger(configure: { $0.externalServices = configuration }) { test in
        let settings = [
          "OTS_CALENDARS": services.url, "FETCH_ALLOW_HOSTS": "localhost",
          "FETCH_CA_FILE": services.directory + "/root.pem", "ORCID_AUDIENCES": "APP-TEST",
          "ORCID_ISSUER": services.url,
        ]
        func shell(_ arguments: String...) async throws -> JSON {
          let answer = try await test.pithledger(arguments, settings: settings)
          #expect(answer.status == 0, "\(arguments): \(answer.errors)")
          return try JSON.parse(Array(answer.output.utf8.filter { $0 != 0x0A }))
        }
        // A token whose root is trusted later, and a pending proof whose block is trusted later.
        let token = try await shell(
          "attest", "timestamp", Self.number, "--tsa", services.url + "/tsa")
        #expect(token["standing"] == "pending")
        let settled = try await shell("trust", "tsa", "add", services.directory + "/tsa-root.pem")
        #expect(settled.canonicalString().contains("\"verified\""))
        let promised = try await shell(
          "attest", "timestamp", Self.number, "--calendar", services.url)
        #expect(promised["standing"] == "pending")
        // A proof that was made without the ledger, over a block whose header is already trusted.
        let elsewhere = try await test.requestProof(
          Self.number, calendars: [services.url])
        let headers = try await services.mine()
        _ = try await withFile(headers) { try await shell("trust", "headers", "add", $0) }
        let upgraded = try await shell("anchors", "upgrade")
        #expect(upgraded["anchors"]?.arrayValue?.map { $0["outcome"] } == ["verified"])
        let complete = try #require(try await test.ledger.proofUpgrader.upgrade(elsewhere).proof)
        let anchored = try await withFile(complete) {
          try await shell("attest", "timestamp", Self.number, "--ots", $0)
        }
        #expect(anchored["standing"] == "verified")
        #expect(anchored["event_summary"]?["by_type"]?["timestamp_anchor"]?["verified"] == 3)

        // An unsigned claim by token, and its withdrawal with a new token.
        let pith = try #require(PithNumber(Self.number))
        func identity() async throws -> [UInt8] {
          try await services.token([
            "family_name": "Liu", "given_name": "Zhuang",
            "nonce": .string(IdentityNonce.of(pith)), "sub": .string(Fixtures.sampleORCID),
          ])
        }
        let claimed = try await withFile(identity()) {
          try await shell(
            "attest", "author", Self.number, "--name", "Zhuang Liu", "--orcid",
            Fixtures.sampleORCID, "--token", $0)
        }
        #expect(claimed["standing"] == "strong")
        let event = try #require(claimed["event_id"]?.stringValue)
        let withdrawn = try await withFile(identity()) {
          try await shell("withdraw", Self.number, event, "--reason", "not mine", "--token", $0)
        }
        #expect(withdrawn["verification_status"]?["author_attested"] == false)

        // The claim and its withdrawal over HTTP.
        let (second, fresh) = (try await identity(), try await identity())
        let name = JSON.string(Fixtures.sampleORCID)
        try await test.serving { client in
          func post(_ action: String, _ payload: JSONObject, _ token: [UInt8]) async throws -> JSON
          {
            var payload = payload
            let digest = Digest(hashing: token).hex
            payload["evidence_sha256"] = .string(digest)
            let body: JSON = [
              "evidence": .object([digest: .string(Base64.encode(token))]),
              "payload": .object(payload),
            ]
            return try await client.execute(
              uri: "/pith/\(Self.number)/action/\(action)", method: .post,
              headers: .json,
              body: ByteBuffer(bytes: body.canonicalBytes())
            ) { response in
              #expect(response.status == .created)
              return try response.json()
            }
          }
          let claim = try await post(
            "author_attestation", ["method": "orcid_oidc", "name": "Zhuang Liu", "orcid": name],
            second)
          #expect(claim["standing"] == "strong")
          let end = try await post(
            "event_withdrawn", ["event_id": claim["event_id"] ?? .null, "reason": "an error"], fresh
          )
          #expect(end["verification_status"]?["author_attested"] == false)
        }
        let refused = try await test.pithledger(
          [
            "attest", "storage", Self.number, "--kind", "https", "--location",
            services.url + "/nothing", "--sha256", String(repeating: "0", count: 64), "--size", "1",
            "--expires-at", "2030-01-01T00:00:00Z",
          ], settings: settings)
        #expect(refused.status == 2 && refused.errors.contains("bare_members"))
        try await test.replayAgrees()
      }
    }
  }
}
