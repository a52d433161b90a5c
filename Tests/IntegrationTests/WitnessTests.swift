import CanonicalJSON
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LedgerDomain
import LedgerHTTP
import NIOCore
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
    let application = Application(
      router: buildRouter(witness: witness),
      configuration: .init(address: .hostname("127.0.0.1", port: 0)))
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

  @Test(
    "A session of requests over HTTP is answered as the specification says, across a restart",
    .enabled(if: Fixtures.areShared, Comment(rawValue: Fixtures.reason)))
  func session() async throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let vectors = try decoder.decode(
      Vectors.self, from: Data(try Fixtures.shared("merkle/witness-add-checkpoint.json")))
    let folder = folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var size = 0
    for (number, vector) in vectors.requests.enumerated() {
      // A witness of its own for each request: all it knows is in its folder.
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

  @Test("Malformed requests are refused with what is wrong, and remembered by nobody")
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
        ("old 0\n\(TreeHash.emptyTree.base64)\n\n" + good, 422), ("old 0\n\n" + good, 200),
        // Another root of the same size.
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

  @Test("Of requests at one time, each of which would do alone, one is cosigned")
  func race() async throws {
    let folder = folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let log = try NoteSigner(name: "example.org/log", secret: NoteSigner.freshSecret())
    let witness = try LogWitness(
      name: "example.org/w", logs: log.verifierKey.description, directory: folder)
    let bodies = try (1...20).map { size in
      let signed = try SignedCheckpoint(
        Checkpoint(origin: "example.org/log", size: UInt64(size), root: .leaf([UInt8(size)])),
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
    "A log's checkpoints are cosigned as it grows, and served so; a witness ahead of it stops it")
  func cosigned() async throws {
    let folder = folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await withLedger { test in
      let witness = try LogWitness(
        name: "example.org/w", logs: try #require(try await test.ledger.logVerifierKey()),
        directory: folder)
      let key = try NoteVerifierKey(witness.verifierKey)
      try await withWitness(witness) { client in
        let port = try #require(client.port)
        var watched = test.ledger.configuration
        watched.outside.allowedHosts = ["127.0.0.1:\(port)"]
        watched.witnesses = [try WitnessEndpoint("\(key) http://127.0.0.1:\(port)")]
        let configuration = watched
        let ledger = try await Ledger.open(
          configuration, runProjector: false, logger: PrivateServer.logger)
        let log = try NoteVerifierKey(try #require(try await ledger.logVerifierKey()))
        for number in 0..<3 {
          let note = try SignedNote(try await ledger.publishCheckpoint())
          #expect(try note.verified(by: [log, key]).count == 2, "round \(number)")
          #expect(try SignedNote(try await ledger.checkpointNote()) == note)
          // Asked again, the same checkpoint is cosigned once.
          #expect(try SignedNote(try await ledger.publishCheckpoint()) == note)
          _ = try await test.key("key \(number)")
        }
        // The witness was shown a tree that this log does not have: an older database is in its place.
        let size = try Checkpoint(text: SignedNote(try await ledger.checkpointNote()).text).size
        let ahead = try NoteSigner(
          name: log.name, secret: LogKeyBytes.secret(configuration.dataDirectory + "/log.key"))
        let shown = try SignedCheckpoint(
          Checkpoint(origin: ledger.origin, size: size + 1, root: .emptyTree), by: ahead)
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
          other.outside.allowedHosts = ["127.0.0.1:\(port)"]
          other.witnesses = [try WitnessEndpoint("\(fresh.verifierKey) http://127.0.0.1:\(port)")]
          let rolledBack = try await Ledger.open(
            other, runProjector: false, logger: PrivateServer.logger)
          _ = try await rolledBack.publishCheckpoint()
          await #expect(throws: Refusal(.unavailable, check: "checkpoint.rolled_back", "")) {
            try await rolledBack.signCheckpoint()
          }
          await rolledBack.close()
        }
        await ledger.close()
      }
    }
  }
}

/// The secret of a key file, which only a thief or a test reads.
private enum LogKeyBytes {
  static func secret(_ path: String) throws -> [UInt8] {
    let line = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    let encoded = line.split(separator: "+", maxSplits: 4).last?.dropLast()
    return Array(try #require(Data(base64Encoded: String(encoded ?? ""))).dropFirst())
  }
}
