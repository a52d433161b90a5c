import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerService
import LedgerTestSupport
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// A shell in a directory of its own, with a ledger in a database and the files that examples name.
final class ExampleShell: Sendable {
  let directory: String
  let database: String
  /// The verifier key of the log.
  var logKey: String {
    let line = (try? text(".pithledger/log.key")) ?? ""
    let parts = line.split(separator: "+", maxSplits: 4)
    guard parts.count == 5, let secret = Base64.decode(parts[4].trimmingCharacters(in: .newlines)),
      let key = try? SigningKey(rawRepresentation: Array(secret.dropFirst()))
    else { return "" }
    return "\(parts[2])+\(parts[3])+\(Base64.encode([1] + key.publicKey))"
  }

  init(database: String) async throws {
    directory = "/tmp/plt-help-\(UUID().uuidString.prefix(8))"
    self.database = database
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try write(Fixtures.project(Fixtures.sample), "metamorph.json")
    try write(Array("%PDF-1.4\n".utf8), "paper.pdf")
    try write(Array("{\"keys\":[\(Self.jwk)]}".utf8), "keys.json")
    let genesis =
      "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e"
      + "67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c"
    try write(Array("0 \(genesis)\n".utf8), "headers.txt")
    let record = try JSON.parse(try Fixtures.project(Fixtures.sample))
    let digest = try #require(record["canonical_sha256"]?.stringValue.flatMap { Digest(hex: $0) })
    try write(Self.pendingProof(digest), "proof.ots")
    let token = try await MadeToken.all(over: digest.bytes).first { $0.name == "good response" }
    try write(try #require(token).roots, "roots.pem")
  }

  private static let jwk =
    #"{"alg":"RS256","e":"AQAB","kid":"k","kty":"RSA","n":""#
    + Base64.encode([UInt8](repeating: 0xA5, count: 256)).replacing("+", with: "-")
    .replacing("/", with: "_").replacing("=", with: "") + #"","use":"sig"}"#

  /// A proof over a digest that a calendar has not completed.
  private static func pendingProof(_ digest: Digest) -> [UInt8] {
    let magic =
      [0x00] + Array("OpenTimestamps".utf8) + [0, 0] + Array("Proof".utf8)
      + [0x00, 0xBF, 0x89, 0xE2, 0xE8, 0x84, 0xE8, 0x92, 0x94]
    let uri = Array("https://alice.btc.calendar.opentimestamps.org".utf8)
    let payload = [UInt8(uri.count)] + uri
    return magic + [0x01, 0x08] + digest.bytes
      + [0x00, 0x83, 0xDF, 0xE3, 0x0D, 0x2E, 0xF9, 0x0C, 0x8E, UInt8(payload.count)] + payload
  }

  func remove() { try? FileManager.default.removeItem(atPath: directory) }

  // MARK: Files

  func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: directory + "/" + name)))
  }

  private func text(_ name: String) throws -> String {
    String(decoding: try bytes(name), as: UTF8.self)
  }

  private func write(_ bytes: [UInt8], _ name: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: directory + "/" + name))
  }

  func key(_ name: String) throws -> KeyFile { try KeyFile(path: directory + "/" + name) }

  /// Makes the file of signed events.
  func prepare() throws {
    let key = try key("author.key")
    let number = try #require(PithNumber(Fixtures.sampleNumber))
    var lines: [UInt8] = []
    let citation = try EventBody.make(
      type: .citationSignature, payload: ["citing_doi": "10.1000/1", "relation": "cites"],
      signer: key.signer, subject: .record(number), target: "record", createdAt: .now)
    for body in [citation] {
      lines += JSON.object(try key.key.sign(body).json).canonicalBytes() + [0x0A]
    }
    try write(lines, "events.ndjson")
    // A witness of this log.
    try write(Array((logKey + "\n").utf8), "logs.txt")
  }

  /// Registers the other keys, and makes one of them a moderator's.
  func otherKeys() async throws {
    try write(Array((logKey + "\n").utf8), "logs.txt")
    for line in [
      "pithledger key register replicator.key",
      "pithledger key generate --out moderator.key --id m --signer urn:example:m",
      "pithledger key register moderator.key",
    ] {
      let answer = try await run(line)
      #expect(answer.status == 0, "\(line): \(answer.output)")
    }
    let moderator = try key("moderator.key").signer.fingerprint.hex
    let vouch = try await run("pithledger key vouch \(moderator) --as moderator")
    #expect(vouch.status == 0, "\(vouch.output)")
  }

  /// Writes the receipt of a submission.
  func receipt() async throws {
    let answer = try await run(
      "pithledger attest citation 4OXKXQ4P --by 10.1000/9 --relation cites --key author.key --json")
    let json = try JSON.parse(
      Array(answer.output.split(separator: "\n").last.map(String.init)?.utf8 ?? "".utf8))
    try write(Array(try #require(json["receipt"]?.stringValue).utf8), "receipt.txt")
  }

  /// A member of the first item of a list that a command prints.
  func first(_ command: String, _ list: String, _ member: String) async throws -> String {
    let answer = try await run("pithledger \(command) --json --limit 1")
    let json = try JSON.parse(
      Array(answer.output.split(separator: "\n").last.map(String.init)?.utf8 ?? "".utf8))
    let value = try #require(json[list]?.arrayValue?.first?[member], "\(answer.output)")
    return value.stringValue ?? value.canonicalString()
  }

  // MARK: Processes

  /// Runs a line. The output has both streams.
  func run(
    _ line: String, settings: [String: String] = [:]
  ) async throws -> (status: Int, output: String) {
    var environment: [Subprocess.Environment.Key: String?] = [:]
    for name in ProcessInfo.processInfo.environment.keys where name.hasPrefix("PITHLEDGER_") {
      environment[Subprocess.Environment.Key(stringLiteral: name)] = .some(nil)
    }
    for (name, value) in ["DATABASE_URL": database].merging(settings, uniquingKeysWith: { $1 }) {
      environment[Subprocess.Environment.Key(stringLiteral: "PITHLEDGER_" + name)] = value
    }
    let programs = URL(fileURLWithPath: TestProgram.path).deletingLastPathComponent().path
    environment["PATH"] = programs + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
    environment["HOME"] = directory
    environment["MANPATH"] = directory + "/.local/share/man"
    environment["MANPAGER"] = "cat"
    let result = try await Subprocess.run(
      .path("/bin/sh"), arguments: ["-c", "exec 2>&1\n" + line],
      environment: .inherit.updating(environment), workingDirectory: FilePath(directory),
      input: .none, output: .string(limit: 1 << 22), error: .discarded)
    var status = -1
    if case .exited(let code) = result.terminationStatus { status = Int(code) }
    return (status, result.standardOutput)
  }

  /// Runs a line that names a served ledger, with a service of this ledger in its place.
  func runServed(
    _ line: String, as address: String
  ) async throws -> (status: Int, output: String) {
    try await run(
      """
      pithledger serve --port 0 > service.txt 2>&1 &
      process=$!
      for i in $(seq 300); do grep -q 'listening on' service.txt && break; sleep 0.1; done
      address="$(sed -n 's/^listening on //p' service.txt)"
      \(line.replacing(address, with: "\"$address\""))
      code=$?
      kill -TERM $process
      wait $process
      exit $code
      """)
  }

  /// Expects that a service which a line starts says where it listens, and ends at SIGTERM. It uses a free port.
  func expectServes(_ line: String) async throws {
    let free = line.replacing(#/--port \d+/#, with: "--port 0")
    let answer = try await run(
      """
      rm -f service.txt
      \(free) > service.txt 2>&1 &
      process=$!
      for i in $(seq 300); do grep -q 'listening on' service.txt && break; sleep 0.1; done
      kill -TERM $process
      wait $process
      echo "ended $?"
      cat service.txt
      """, settings: ["PORT": "0"])
    #expect(
      answer.output.contains("ended 0") && answer.output.contains("listening on http://"),
      "\(line): \(answer.output.suffix(600))")
  }
}
