import CanonicalJSON
import Encodings
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LedgerDomain
import LedgerHTTP
import LedgerStore
import LedgerTestSupport
import NIOCore
import PostgresClient
import Synchronization
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerService

@Suite("Witnesses", .privateServer())
struct WitnessTests {
  private func folder() -> String { "/tmp/plt-witness-\(UUID())" }

  private func withWitness(
    _ witness: LogWitness, _ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void
  ) async throws {
    let application = buildWitnessApplication(
      witness, host: "127.0.0.1", port: 0, logger: PrivateServer.logger)
    try await application.test(.live) { try await body($0) }
  }

  private func ask(
    _ client: any TestClientProtocol, _ body: [UInt8]
  ) async throws -> (status: Int, type: String, text: String) {
    try await client.execute(
      uri: "/add-checkpoint", method: .post, body: ByteBuffer(bytes: body)
    ) {
      ($0.status.code, $0.headers[.contentType] ?? "", String(buffer: $0.body))
    }
  }

  struct Vectors: Decodable {
    struct Request: Decodable {
      let body: String
      let specStatus: Int
    }
    let logVkey: String
    let requests: [Request]
  }

  @Test("A session of requests over HTTP is answered as the specification says, across a restart")
  func session() async throws {
    let vectors = try Fixtures.vectors(Vectors.self, "witness.json")
    let folder = folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var size = 0
    for (number, vector) in vectors.requests.enumerated() {
      // A new witness for each request: its whole state is in its folder.
      let witness = try LogWitness(
        name: "example.com/witness", logs: vectors.logVkey, directory: folder)
      let key = try NoteVerifierKey(witness.verifierKey)
      try await withWitness(witness) { client in
        let answer = try await ask(client, Array(vector.body.utf8))
        #expect(answer.status == vector.specStatus, "request \(number): \(answer)")
        switch answer.status {
        case 200:
          let start = try #require(vector.body.range(of: "\n\n")).upperBound
          let note = try SignedNote(String(vector.body[start...]) + answer.text)
          #expect(try note.verified(by: [key]).count == 1)
        case 409: #expect(answer.type == "text/x.tlog.size" && answer.text.hasSuffix("\n"))
        default: #expect(answer.type.hasPrefix("text/plain"))
        }
      }
      if vector.specStatus == 200 { size += 1 }
    }
    #expect(size >= 3)
  }

  @Test("Malformed requests are refused with the reason, and change no state")
  func malformed() async throws {
    let folder = folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let log = try NoteSigner(name: "example.org/log", secret: NoteSigner.freshSecret())
    let witness = try LogWitness(
      name: "example.org/w", logs: "# mine\n\(log.verifierKey)\n", directory: folder)
    let good = try SignedCheckpoint(
      Checkpoint(origin: "example.org/log", size: 1, root: .leaf([1])), by: log
    ).note.description
    try await withWitness(witness) { client in
      for (body, status) in [
        ("", 400), ("old 0\n", 400), ("old 00\n\n" + good, 400), ("old -1\n\n" + good, 400),
        ("old 0\nxyz\n\n" + good, 400), ("old 2\n\n" + good, 400), ("new 0\n\n" + good, 400),
        ("old 0\n\n" + good.replacingOccurrences(of: "\n1\n", with: "\n2\n"), 403),
        ("old 0\n\(Digest.emptyTree.base64)\n\n" + good, 422), ("old 0\n\n" + good, 200),
        // A different root of the same size.
        (
          "old 1\n\n"
            + (try SignedCheckpoint(
              Checkpoint(origin: "example.org/log", size: 1, root: .leaf([2])), by: log
            ).note.description), 409
        ),
      ] {
        let answer = try await ask(client, Array(body.utf8))
        #expect(answer.status == status, "\(body): \(answer)")
      }
    }
    #expect(throws: Refusal(.malformed, check: "witness_logs", "")) {
      try LogWitness(name: nil, logs: "nonsense", directory: folder)
    }
  }

  @Test("Of concurrent requests that are each valid alone, one is cosigned")
  func race() async throws {
    let folder = folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let log = try NoteSigner(name: "example.org/log", secret: NoteSigner.freshSecret())
    let witness = try LogWitness(
      name: "example.org/w", logs: log.verifierKey.description, directory: folder)
    let bodies = try (1...20).map { size in
      let signed = try SignedCheckpoint(
        Checkpoint(
          origin: "example.org/log", size: TreeSize(rawValue: UInt64(size)),
          root: .leaf([UInt8(size)])),
        by: log)
      return AddCheckpointRequest(oldSize: 0, proof: [], note: signed.note).bytes
    }
    let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
      for body in bodies { group.addTask { try await witness.addCheckpoint(body).status } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(statuses.filter { $0 == 200 }.count == 1)
    #expect(statuses.filter { $0 == 409 }.count == 19)
  }

  @Test(
    "Checkpoints of a growing log are cosigned and served; a witness ahead of the log stops it")
  func cosigned() async throws {
    let folder = folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await withLedger { test in
      let witness = try LogWitness(
        name: "example.org/w", logs: try #require(try await test.ledger.checkpoints.verifierKey()),
        directory: folder)
      let key = try NoteVerifierKey(witness.verifierKey)
      try await withWitness(witness) { client in
        let port = try #require(client.port)
        var watched = test.ledger.configuration
        watched.externalServices.allowedHosts = ["127.0.0.1:\(port)"]
        watched.witnesses = [try WitnessEndpoint("\(key) http://127.0.0.1:\(port)")]
        let configuration = watched
        let ledger = try await Ledger.open(
          configuration, runProjector: false, logger: PrivateServer.logger)
        let log = try NoteVerifierKey(try #require(try await ledger.checkpoints.verifierKey()))
        for number in 0..<3 {
          let note = try SignedNote(try await ledger.witnesses.publishCheckpoint())
          #expect(try note.verified(by: [log, key]).count == 2, "round \(number)")
          #expect(try SignedNote(try await ledger.checkpoints.newest().cosigned) == note)
          // A second request does not cosign the same checkpoint again.
          #expect(try SignedNote(try await ledger.witnesses.publishCheckpoint()) == note)
          _ = try await test.key("key \(number)")
        }
        // The witness has cosigned a tree that this log does not contain, as after a rollback of the
        // database.
        let size = try Checkpoint(
          text: SignedNote(try await ledger.checkpoints.newest().cosigned).text
        ).size
        let ahead = try NoteSigner(
          name: log.name, secret: LogKeyBytes.secret(configuration.dataDirectory + "/log.key"))
        let shown = try SignedCheckpoint(
          Checkpoint(origin: ledger.origin, size: size.next, root: .emptyTree), by: ahead)
        let proofless = try await witness.addCheckpoint(
          AddCheckpointRequest(oldSize: size, proof: [], note: shown.note).bytes)
        #expect(proofless.status == 422, "a witness believes no log without a proof")
        try FileManager.default.removeItem(atPath: folder)
        let fresh = try LogWitness(
          name: "example.org/w2", logs: log.description, directory: folder)
        let grown = try SignedCheckpoint(
          Checkpoint(origin: ledger.origin, size: 1000, root: .emptyTree), by: ahead)
        #expect(
          try await fresh.addCheckpoint(
            AddCheckpointRequest(oldSize: 0, proof: [], note: grown.note).bytes
          ).status == 200)
        try await withWitness(fresh) { client in
          var other = configuration
          let port = try #require(client.port)
          other.externalServices.allowedHosts = ["127.0.0.1:\(port)"]
          other.witnesses = [try WitnessEndpoint("\(fresh.verifierKey) http://127.0.0.1:\(port)")]
          let rolledBack = try await Ledger.open(
            other, runProjector: false, logger: PrivateServer.logger)
          _ = try await rolledBack.witnesses.publishCheckpoint()
          await #expect(throws: Refusal(.unavailable, check: "checkpoint.rolled_back", "")) {
            try await rolledBack.checkpoints.issue().cosigned
          }
          await rolledBack.close()
        }
        await ledger.close()
      }
    }
  }
}

/// Witnesses with false answers.
@Suite("False witnesses", .privateServer())
struct FalseWitnessTests {
  /// A witness that gives the same answer to every request, and counts the requests.
  private final class Liar: Sendable {
    let asked = Atomic<Int>(0)
    let status: Int
    let body: String
    let shown: [UInt8]?

    init(status: Int, body: String, shown: [UInt8]? = nil) {
      self.status = status
      self.body = body
      self.shown = shown
    }

    func serving(_ body: @escaping @Sendable (Int) async throws -> Void) async throws {
      let router = Router()
      router.post("/add-checkpoint") { _, _ in
        self.asked.add(1, ordering: .relaxed)
        return Response(
          status: .init(code: self.status), headers: [.contentType: "text/x.tlog.size"],
          body: ResponseBody(byteBuffer: ByteBuffer(string: self.body)))
      }
      router.get("/checkpoint/:origin") { _, _ in
        guard let shown = self.shown else { throw HTTPError(.notFound) }
        return ByteBuffer(bytes: shown)
      }
      let application = Application(
        router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)))
      try await application.test(.live) { try await body(try #require($0.port)) }
    }
  }

  private func expectNoHarm(
    _ test: LedgerUnderTest, _ liar: Liar, _ comment: String
  ) async throws {
    try await liar.serving { port in
      let key = try NoteSigner(
        name: "liar.example", algorithm: .cosignature, secret: NoteSigner.freshSecret()
      ).verifierKey
      var watched = test.ledger.configuration
      watched.externalServices.allowedHosts = ["127.0.0.1:\(port)"]
      watched.witnesses = [try WitnessEndpoint("\(key) http://127.0.0.1:\(port)")]
      let ledger = try await Ledger.open(
        watched, runProjector: false, logger: PrivateServer.logger)
      let again = LedgerUnderTest(ledger: ledger, uri: test.uri)
      for round in 0..<3 {
        _ = try await again.key("round \(round)")
        _ = try await ledger.witnesses.publishCheckpoint()
      }
      #expect(await ledger.checkpoints.historyMismatch() == nil, "\(comment)")
      #expect(try SignedNote(try await ledger.checkpoints.issue().cosigned).signatures.count == 1)
      _ = try await again.key("after")
      let asked = liar.asked.load(ordering: .relaxed)
      #expect((1...3).contains(asked), "\(comment): asked \(asked) times, and not left alone")
      await ledger.close()
    }
  }

  @Test("A size that a witness only claims has no effect")
  func claimedSize() async throws {
    let bodies = [
      "1000\n", "18446744073709551615\n", "9223372036854775808\n", "99999999999999999999999\n",
      "-1\n", "+7\n", "007\n", "1000", "", "\n", "many\n", "\u{663}\n",
    ]
    try await withLedger { test in
      for body in bodies {
        try await expectNoHarm(test, Liar(status: 409, body: body), "409 \(body)")
      }
    }
  }

  @Test("An answer that is not a cosignature is not stored")
  func otherAnswers() async throws {
    try await withLedger { test in
      let stranger = try NoteSigner(
        name: "liar.example", algorithm: .cosignature, secret: NoteSigner.freshSecret())
      let line = try stranger.cosign("another text\n", time: 1).line
      for status in [200, 409, 500] {
        try await expectNoHarm(test, Liar(status: status, body: line), "\(status)")
      }
      let kept = try await test.owner {
        try await $0.query("SELECT count(*) FROM ledger.cosignature")[0].int(0)
      }
      #expect(kept == 0)
    }
  }

  @Test("A larger checkpoint by another key, of another log, or by a witness alone proves nothing")
  func shownByAnother() async throws {
    try await withLedger { test in
      let log = try NoteVerifierKey(try #require(try await test.ledger.checkpoints.verifierKey()))
      let stranger = try NoteSigner(name: log.name, secret: NoteSigner.freshSecret())
      let own = try NoteSigner(
        name: log.name,
        secret: LogKeyBytes.secret(test.ledger.configuration.dataDirectory + "/log.key"))
      for (origin, signer) in [(test.ledger.origin, stranger), ("elsewhere", own)] {
        let shown = try SignedCheckpoint(
          Checkpoint(origin: origin, size: 1000, root: .emptyTree), by: signer)
        let liar = Liar(status: 409, body: "1000\n", shown: shown.note.bytes)
        try await expectNoHarm(test, liar, "shown for \(origin)")
      }
    }
  }

  @Test("Cosignatures of an older checkpoint are not requested after a newer one was cosigned")
  func newerCosigned() async throws {
    let folder = "/tmp/plt-witness-\(UUID())"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await withLedger { test in
      let witness = try LogWitness(
        name: "example.org/w", logs: try #require(try await test.ledger.checkpoints.verifierKey()),
        directory: folder)
      let application = buildWitnessApplication(
        witness, host: "127.0.0.1", port: 0, logger: PrivateServer.logger)
      try await application.test(.live) { client in
        let port = try #require(client.port)
        var watched = test.ledger.configuration
        watched.externalServices.allowedHosts = ["127.0.0.1:\(port)"]
        let endpoint = try WitnessEndpoint("\(witness.verifierKey) http://127.0.0.1:\(port)")
        watched.witnesses = [endpoint]
        let ledger = try await Ledger.open(
          watched, runProjector: false, logger: PrivateServer.logger)
        let older = try await ledger.checkpoints.issue()
        _ = try await test.key("newer")
        _ = try await ledger.witnesses.publishCheckpoint()
        try await ledger.witnesses.requestCosignature(endpoint, older)
        #expect(await ledger.checkpoints.historyMismatch() == nil)
        // A process without the cosignatures learns the size from the witness, which also serves the
        // checkpoint that this log's key signed.
        try await test.owner {
          try await $0.execute(
            "ALTER TABLE ledger.cosignature DISABLE TRIGGER ALL; DELETE FROM ledger.cosignature")
        }
        try await ledger.witnesses.requestCosignature(endpoint, older)
        #expect(await ledger.checkpoints.historyMismatch() == nil)
        await ledger.close()
      }
    }
  }
}

/// Reads the secret of a key file.
private enum LogKeyBytes {
  static func secret(_ path: String) throws -> [UInt8] {
    let line = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    let encoded = line.split(separator: "+", maxSplits: 4).last?.dropLast()
    return Array(try #require(Data(base64Encoded: String(encoded ?? ""))).dropFirst())
  }
}
