import CanonicalJSON
import Encodings
import Foundation
import HTTPTypes
import HummingbirdTesting
import LedgerDomain
import LedgerTestSupport
import NIOCore
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerService

/// Keys: what they may do, and what is said about them.
@Suite("Keys from the shell and over HTTP", .privateServer())
struct KeyCommandTests {
  private func standings(_ test: LedgerUnderTest) async throws -> [String: String] {
    let answer = try await test.pithledger(["key", "list"])
    #expect(answer.status == 0, "\(answer.errors)")
    let keys = try JSON.parse(Array(answer.output.utf8.filter { $0 != 0x0A }))["keys"]?.arrayValue
    return Dictionary(
      uniqueKeysWithValues: try #require(keys).map {
        ($0["public_key_fingerprint"]?.stringValue ?? "", $0["standing"]?.stringValue ?? "")
      })
  }

  /// Expects that the list of keys has the same keys in pages of any size, and that its conditions hold.
  private static func expectPages(
    _ client: any TestClientProtocol, _ all: [String: String]
  ) async throws {
    for (query, standings) in [
      ("", Set(all.values)), ("&standing=retired", ["retired"]),
      ("&standing=live,revoked", ["live", "revoked"]), ("&signer=urn:nobody", []),
    ] {
      for limit in [1, 2, 1000] {
        var found: [String] = []
        var next: String? = "/api/keys?limit=\(limit)\(query)"
        while let uri = next {
          let page = try await client.execute(uri: uri, method: .get) { try $0.json() }
          let keys = page["keys"]?.arrayValue ?? []
          found += keys.compactMap { $0["public_key_fingerprint"]?.stringValue }
          try #require(found.count <= all.count, "the list has no end: \(uri)")
          next = page["next"]?.stringValue.flatMap { address in
            address.range(of: "/api/").map { String(address[$0.lowerBound...]) }
          }
        }
        #expect(Set(found).count == found.count)
        #expect(Set(found) == Set(all.filter { standings.contains($0.value) }.keys), "\(query)")
      }
    }
    for (query, field) in [
      ("limit=0", "limit"), ("standing=good", "standing"), ("from=x", "from"), ("a=b", "a"),
    ] {
      let problem = try await client.execute(uri: "/api/keys?\(query)", method: .get) {
        try $0.json()
      }
      #expect(problem["status"] == 400 && problem["field"] == .string(field), "\(problem)")
    }
  }

  @Test("A key is live, vouched, retired or revoked, and so is a rotated key of the registry")
  func standing() async throws {
    try await withLedger { test in
      let live = try await test.key("live")
      let vouched = try await test.key("vouched", vouched: .author)
      let left = try await test.key("left", vouched: .moderator)
      let gone = try await test.key("gone", vouched: .author)
      func hex(_ key: KeyFile) -> String { key.signer.fingerprint.hex }
      let root = await test.ledger.registry.current.signer.fingerprint.hex
      #expect(try await standings(test)[root] == "live")
      let end = try await test.pithledger(["key", "unvouch", hex(left), "--reason", "left"])
      #expect(end.status == 0, "\(end.errors)")
      let again = try await test.pithledger(["key", "unvouch", hex(left), "--reason", "left"])
      #expect(again.status == 2 && again.errors.contains("vouched"), "\(again.errors)")
      let revoked = try await test.pithledger(["key", "revoke", hex(gone), "--reason", "stolen"])
      #expect(revoked.status == 0)
      let rotated = try await test.pithledger(["key", "rotate"])
      #expect(rotated.status == 0, "\(rotated.errors)")
      let all = try await standings(test)
      #expect(all[hex(live)] == "live" && all[hex(vouched)] == "vouched")
      #expect(all[hex(left)] == "retired" && all[hex(gone)] == "revoked")
      #expect(all[root] == "retired")
      #expect(all.values.count { $0 == "live" } == 2, "the new key of the registry is live too")
      try await test.serving { client in
        for (fingerprint, standing) in all {
          try await client.execute(uri: "/api/keys/\(fingerprint)", method: .get) { response in
            let json = try response.json()
            #expect(json["standing"] == .string(standing))
          }
        }
        try await client.execute(uri: "/api/keys", method: .get) { response in
          let keys = try #require(try response.json()["keys"]?.arrayValue)
          #expect(
            keys.map { $0["standing"]?.stringValue }.sorted { ($0 ?? "") < ($1 ?? "") }
              == all.values.sorted())
        }
        try await Self.expectPages(client, all)
      }
      // A key whose vouching was withdrawn is not revoked: it signs, and may be vouched for again.
      _ = try await test.cite("10.1/after", by: left)
      let back = try await test.pithledger(["key", "vouch", hex(left), "--as", "moderator"])
      #expect(back.status == 0 && back.output.contains("\"created\":true"), "\(back.errors)")
      #expect(try await standings(test)[hex(left)] == "vouched")
      let text = try await ProgramRun.pithledger(
        ["key", "list", "--data-dir", test.ledger.configuration.dataDirectory],
        settings: ["DATABASE_URL": test.uri])
      #expect(text.output.contains("vouched as moderator") && text.output.contains("retired"))
      try await test.replayAgrees()
    }
  }

  @Test("Vouching twice changes nothing, also at the same time")
  func twice() async throws {
    try await withLedger { test in
      let key = try await test.key("twice")
      let fingerprint = key.signer.fingerprint
      let administrator = test.ledger.keyAdministrator
      let answers = try await withThrowingTaskGroup(of: SubmissionAnswer.self) { group in
        for _ in 0..<6 {
          group.addTask { try await administrator.vouch(fingerprint, as: .author, name: "A. B.") }
        }
        return try await group.reduce(into: [SubmissionAnswer]()) { $0.append($1) }
      }
      #expect(Set(answers.map(\.eventID)).count == 1)
      #expect(answers.count { $0.created } == 1)
      let size = try await test.ledger.health().size.stored
      for arguments in [["--as", "author"], ["--as", "author", "--name", "A. B."]] {
        let again = try await test.pithledger(["key", "vouch", fingerprint.hex] + arguments)
        #expect(again.status == 0 && again.output.contains("\"created\":false"), "\(again.errors)")
        #expect(again.output.contains(answers[0].eventID.hex))
      }
      #expect(try await test.ledger.health().size.stored == size)
      // Another capacity or another name is another vouch.
      for arguments in [["--as", "replicator"], ["--as", "author", "--name", "C. D."]] {
        let other = try await test.pithledger(["key", "vouch", fingerprint.hex] + arguments)
        #expect(other.status == 0 && other.output.contains("\"created\":true"), "\(other.errors)")
      }
      #expect(try await test.ledger.health().size.stored == size + 2)
      try await test.replayAgrees()
    }
  }

  @Test("A type of key that needs the operator is refused with what to do")
  func types() async throws {
    try await withService { test, client in
      for type in [SignerType.moderator, .storageProvider, .registry] {
        let key = KeyFile(
          key: SigningKey(), keyID: "k", signerID: "urn:\(type.name)", signerType: type)
        let body = try EventBody.make(
          type: .keyRegistered, payload: RegistryKey.registration(of: key.key),
          signer: key.signer, subject: .registry, target: "key:\(key.signer.fingerprint.hex)",
          createdAt: .now)
        let event = JSON.object(try key.key.sign(body).json).canonicalBytes()
        try await client.execute(
          uri: "/api/events", method: .post, headers: .json, body: ByteBuffer(bytes: event)
        ) { response in
          #expect(response.status == .forbidden)
          let problem = try response.json()
          let detail = problem["detail"]?.stringValue ?? ""
          #expect(problem["check"] == "authority" && problem["field"] == "signer.signer_type")
          if type == .registry {
            #expect(detail.contains("key rotate"), "\(detail)")
          } else {
            #expect(detail.contains("key vouch \(key.signer.fingerprint.hex) --as \(type.name)"))
            #expect(detail.contains("Authorization"), "\(detail)")
          }
        }
        // The operator may register every type but a key of the registry.
        let file = test.ledger.configuration.dataDirectory + "/of-type-\(type.name).key"
        try key.write(to: file)
        let answer = try await test.pithledger(["key", "register", file])
        #expect(answer.status == (type == .registry ? 2 : 0), "\(answer.errors)")
      }
      let generated = try await test.pithledger([
        "key", "generate", "--out", "/tmp/plt-none.key", "--id", "k", "--signer", "urn:k", "--type",
        "registry",
      ])
      #expect(generated.status == 2 && generated.errors.contains("key rotate"))
    }
  }
}
