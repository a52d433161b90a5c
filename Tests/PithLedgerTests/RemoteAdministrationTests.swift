import CanonicalJSON
import Encodings
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LedgerDomain
import LedgerService
import LedgerStore
import LedgerTestSupport
import NIOCore
import TestSupport
import Testing
import TransparencyLog

/// Commands with `--server` that export, prove, import bundles, request timestamps and use the operator's authority.
@Suite("Exports and administration of a served ledger", .privateServer())
struct RemoteAdministrationTests {
  /// Runs a test with a ledger, the address of its service, and settings with the token of its operator.
  private func withServed(
    _ configure: (inout LedgerConfiguration) -> Void = { _ in }, sample: Bool = true,
    _ body: @escaping @Sendable (LedgerUnderTest, String, [String: String]) async throws -> Void
  ) async throws {
    try await withLedger(sample: sample, configure: configure) { test in
      let token = test.ledger.configuration.dataDirectory + "/operator.token"
      try await test.serving { client in
        try await body(
          test, "http://127.0.0.1:\(client.port ?? 0)", ["SERVER_TOKEN_FILE": token])
      }
    }
  }

  private func remote(
    _ server: String, _ arguments: [String], _ settings: [String: String] = [:]
  ) async throws -> ProgramRun {
    try await ProgramRun.pithledger(
      arguments + ["--server", server, "--data-dir", "/nowhere/pithledger"], settings: settings)
  }

  private func withFolder(_ body: (String) async throws -> Void) async throws {
    let path = "/tmp/plt-served-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await body(path)
  }

  private func bytes(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  // MARK: Exports and proofs

  @Test("Exports, proofs, receipts and checkpoints are those of the ledger, and verify offline")
  func exports() async throws {
    try await withServed { test, server, settings in
      let key = try await test.key("k")
      for number in 0..<3 { _ = try await test.cite("10.1000/\(number)", by: key) }
      let issued = try await test.ledger.checkpoints.issue()
      let note = issued.cosigned
      _ = try await test.state()
      let logKey = try #require(try await test.ledger.checkpoints.verifierKey())
      for arguments in [["export", LedgerUnderTest.number], ["export"], ["trust", "list"]] {
        let here = try await ProgramRun.pithledger(
          arguments + ["--data-dir", test.ledger.configuration.dataDirectory],
          settings: ["DATABASE_URL": test.uri])
        let served = try await remote(server, arguments, settings)
        #expect(here.status == 0 && !here.output.isEmpty, "\(here.errors)")
        #expect(served.output == here.output, "\(arguments): \(served.errors)")
      }
      #expect(try await remote(server, ["checkpoint"]).output == note)
      #expect(try await remote(server, ["checkpoint", "--key"]).output == logKey + "\n")
      try await withFolder { folder in
        let tiles = try await remote(server, ["export", "tiles", folder + "/tiles", "--json"])
        #expect(tiles.json?["entries"]?.integerValue == issued.size.stored, "\(tiles.errors)")
        _ = try await test.ledger.logExporter.exportTiles(to: folder + "/local")
        for path in TilePath.all(size: issued.size) {
          #expect(
            try bytes("\(folder)/tiles/\(path)") == bytes("\(folder)/local/\(path)"), "\(path)")
        }
        let verified = try await ProgramRun.pithledger(
          ["verify", "log", folder + "/tiles", "--log-key", logKey])
        #expect(verified.status == 0, "\(verified.errors)")

        let receipt = folder + "/receipt.cose"
        let proven = try await remote(server, ["prove", "4", "--cose", "--out", receipt, "--json"])
        #expect(proven.json?["position"] == 4, "\(proven.errors)")
        #expect(
          try await test.ledger.proofs.inclusionReceipt("4").receipt.bytes == bytes(receipt))
      }
    }
  }

  @Test("A bundle is imported into a served ledger, and its events have no authority there")
  func bundles() async throws {
    try await withFolder { folder in
      let file = folder + "/bundle.json"
      try await withLedger { source in
        let key = try await source.key("author", "https://orcid.org/0000-0002-1825-0097")
        _ = try await source.cite("10.1000/1", by: key)
        let replicator = try await source.key("r", "urn:r", .moderator)
        _ = try await source.cite("10.1000/2", by: replicator)
        var bundle: [UInt8] = []
        for try await part in try await source.ledger.bundles.bundle(LedgerUnderTest.number) {
          bundle += part
        }
        try Data(bundle).write(to: URL(fileURLWithPath: file))
      }
      try await withServed(sample: false) { test, server, settings in
        let refused = try await remote(server, ["import", file, "--json"])
        #expect(refused.status == 2 && refused.error?["check"] == "operator", "\(refused.errors)")
        let taken = try await remote(server, ["import", file, "--json"], settings)
        // The citation of the moderator's key has no registered key there: the operator registers such keys.
        #expect(taken.status == 2, "\(taken.errors)")
        #expect(taken.json?["added"]?.arrayValue?.count == 2, "\(taken.output)")
        #expect(taken.json?["refused"]?.arrayValue?.map { $0["check"] } == ["known_key"])
        #expect(
          taken.json?["not_carried"]?.arrayValue?.contains { $0["event_type"] == "key_registered" }
            == true)
        let again = try await remote(server, ["import", file, "--json"], settings)
        #expect(again.json?["known"]?.arrayValue?.count == 2 && again.json?["added"] == [])
        #expect(try await test.state().status["citation_signatures"] == 1)
        try await test.replayAgrees()
      }
    }
  }

  // MARK: Timestamps

  @Test("A proof of time is requested from this machine, and submitted to the served ledger")
  func timestamps() async throws {
    try await withFakeServices { services in
      try await withServed({ $0.externalServices = services.configuration }) {
        test, server, _ in
        let settings = [
          "FETCH_ALLOW_HOSTS": "localhost", "FETCH_CA_FILE": services.directory + "/root.pem",
        ]
        for arguments in [["--tsa", services.url + "/tsa"], ["--calendar", services.url]] {
          let answer = try await remote(
            server, ["attest", "timestamp", LedgerUnderTest.number, "--json"] + arguments, settings)
          #expect(answer.json?["standing"] == "pending", "\(arguments): \(answer.errors)")
        }
        // Without the setting, this machine reaches no private address.
        let inside = try await remote(
          server,
          ["attest", "timestamp", LedgerUnderTest.number, "--tsa", services.url + "/tsa", "--json"])
        #expect(inside.error?["check"] == "fetch.inside", "\(inside.errors)")
        #expect(
          try await test.state().summary["by_type"]?["timestamp_anchor"]?["pending"] == 2)
      }
    }
  }

  // MARK: The operator

  @Test("The operator vouches for keys and revokes them, and a key revokes itself")
  func keys() async throws {
    try await withServed { test, server, settings in
      let key = try await test.key("k")
      let fingerprint = key.signer.fingerprint.hex
      let vouch = ["key", "vouch", fingerprint, "--as", "author", "--name", "N", "--json"]
      #expect(try await remote(server, vouch).error?["check"] == "operator")
      #expect(try await remote(server, vouch, settings).json?["created"] == true)
      #expect(try await remote(server, vouch, settings).json?["created"] == false)
      let unvouched = try await remote(
        server, ["key", "unvouch", fingerprint, "--reason", "x", "--json"], settings)
      #expect(unvouched.json?["created"] == true, "\(unvouched.errors)")
      let other = try await test.key("other")
      let revoked = try await remote(
        server,
        [
          "key", "revoke", other.signer.fingerprint.hex, "--reason", "lost", "--compromised-from",
          "1", "--json",
        ], settings)
      #expect(revoked.json?["created"] == true, "\(revoked.errors)")

      try await withFile([]) { path in
        try FileManager.default.removeItem(atPath: path)
        try key.write(to: path)
        // Its own signature needs no token.
        let own = try await remote(
          server, ["key", "revoke", fingerprint, "--reason", "x", "--key", path, "--json"])
        #expect(own.json?["created"] == true, "\(own.errors)")
      }
      for name in [key, other] {
        let standing = try await test.ledger.keys.key(name.signer.fingerprint.hex)
        #expect(standing.key.revokedAt != nil, "\(name.signer.keyID)")
      }
    }
  }

  @Test("What needs the database or a key of the ledger is refused, and nothing is opened here")
  func refusals() async throws {
    try await withServed { _, server, settings in
      for arguments in [
        ["checkpoint", "--stamp"], ["checkpoint", "adopt", "/etc/hostname"],
        ["anchors", "upgrade"],
        ["export", "log", "/nowhere/x"], ["import", "log", "/nowhere"], ["audit"], ["fsck"],
        ["trust", "headers", "remove", "0"], ["key", "rotate"],
        ["evidence", "erase", String(repeating: "a", count: 64), "--reason", "x"],
        ["alias", "retract", "4OXKXQ4P", "doi", "10.1/1", "--reason", "x"], ["replay", "--check"],
      ] {
        let answer = try await remote(server, arguments + ["--json"], settings)
        #expect(answer.status == 2, "\(arguments): \(answer.errors)")
        #expect(answer.error?["check"] == "server", "\(arguments): \(answer.errors)")
      }
      #expect(!FileManager.default.fileExists(atPath: "/nowhere"))
    }
  }

  // MARK: Hostile servers

  /// Runs a test against a server that answers each path as a closure says.
  private func withAnswers(
    _ answer: @escaping @Sendable (String) -> String,
    _ test: @escaping @Sendable (String) async throws -> Void
  ) async throws {
    let router = Router()
    router.get("**") { request, _ in
      Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: answer(request.uri.path))))
    }
    try await Application(router: router).test(.live) { client in
      try await test("http://127.0.0.1:\(client.port ?? 0)")
    }
  }

  @Test(
    "Answers that are no checkpoint, tile, bundle, receipt or list end a command with one line",
    .timeLimit(.minutes(2)))
  func otherAnswers() async throws {
    let root = Base64.encode([UInt8](repeating: 7, count: 32))
    let line = "— x " + Base64.encode([UInt8](repeating: 1, count: 68))
    try await withAnswers { path in
      switch path {
      // A log of impossible size, whose first tile is short.
      case "/checkpoint": "x\n9223372036854775807\n\(root)\n\n\(line)\n"
      case "/api/events":
        #"{"events":[{"position":5}],"next":"/api/events?from=0"}"#
      default: "{}"
      }
    } _: { server in
      try await withFolder { folder in
        for (arguments, words) in [
          (["export", "tiles", folder + "/t"], "bytes"), (["export"], "not in order"),
          (["export", LedgerUnderTest.number], "not a bundle"),
          (["prove", "1", "--cose", "--out", folder + "/r"], "not a proof"),
          (["trust", "list"], "does not state"),
        ] {
          let answer = try await remote(server, arguments)
          #expect(answer.status == 69 && answer.errors.contains(words), "\(answer.errors)")
          #expect(answer.errors.split(separator: "\n").count == 1, "\(answer.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder + "/t/checkpoint"))
        #expect(!FileManager.default.fileExists(atPath: folder + "/r"))
      }
    }
    try await withAnswers { _ in
      "no\nnote"
    } _: { server in
      let answer = try await remote(server, ["checkpoint"])
      #expect(answer.status == 69 && answer.errors.contains("not a checkpoint"))
    }
  }
}
