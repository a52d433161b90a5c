import CanonicalJSON
import Foundation
import LedgerDomain
import LedgerService
import LedgerStore
import ProofForms
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The shell's commands about evidence, run as programs.
@Suite("Evidence from the shell", .privateServer())
struct EvidenceCommandTests {
  static let number = Fixtures.sampleNumber

  struct Answer {
    let status: Int
    let output: String
    let errors: String
  }

  private func pithledger(_ test: LedgerUnderTest, _ arguments: [String]) async throws -> Answer {
    let result = try await run(
      .path(FilePath(FaultTests.program)),
      arguments: Arguments(
        arguments + ["--json", "--data-dir", test.ledger.configuration.dataDirectory]),
      environment: .inherit.updating(["PITHLEDGER_DATABASE_URL": test.uri]),
      output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    var status = -1
    if case .exited(let code) = result.terminationStatus { status = Int(code) }
    return Answer(
      status: status, output: result.standardOutput, errors: result.standardError)
  }

  private func withFile<R>(_ bytes: [UInt8], _ body: (String) async throws -> R) async throws -> R {
    let path = "/tmp/plt-\(UUID().uuidString.prefix(8)).bin"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
  }

  @Test(
    "Every proof, token and malformed file of the fixtures is refused by the check that fails, with 2",
    .enabled(if: Fixtures.areShared, Comment(rawValue: Fixtures.reason)))
  func fixtures() async throws {
    try await withLedger { test in
      let size = try await test.ledger.health().size
      for (option, folder) in [("--ots", "opentimestamps"), ("--tsr", "rfc3161")] {
        for item in try FixtureVerdict.all(of: folder) {
          let answer = try await withFile(Fixtures.shared("\(folder)/\(item.file)")) {
            try await pithledger(test, ["attest", "timestamp", Self.number, option, $0])
          }
          #expect(answer.status == 2, "\(item.file): \(answer.errors)")
          #expect(answer.errors.contains(item.check), "\(item.file): \(answer.errors)")
        }
      }
      #expect(try await test.ledger.health().size == size)
    }
  }

  @Test("Trust, an anchor that waits for it, an audit, an erasure")
  func anchors() async throws {
    try await withLedger { test in
      let digest = try await test.ledger.resolve(Self.number).record.canonicalSHA256
      let cases = try await MadeToken.all(over: digest.bytes)
      let good = try #require(cases.first { $0.name == "good response" })
      try await withFile(good.token) { token in
        let waiting = try await pithledger(
          test, ["attest", "timestamp", Self.number, "--tsr", token])
        #expect(waiting.status == 0 && waiting.output.contains("\"standing\":\"pending\""))
      }
      try await withFile(good.roots) { roots in
        let settled = try await pithledger(test, ["trust", "tsa", "add", roots])
        #expect(settled.status == 0 && settled.output.contains("\"outcome\":\"verified\""))
      }
      try await withFile(Array("no certificate".utf8)) { file in
        let refused = try await pithledger(test, ["trust", "tsa", "add", file])
        #expect(refused.status == 2 && refused.errors.contains("certificate"))
        let headers = try await pithledger(test, ["trust", "headers", "add", file])
        #expect(headers.status == 2 && headers.errors.contains("header.form"))
        let keys = try await pithledger(test, ["trust", "jwks", "add", file])
        #expect(keys.status == 2 && keys.errors.contains("jwks.form"))
      }
      #expect(try await test.state().status["externally_anchored"] == true)
      let sound = try await pithledger(test, ["audit", Self.number])
      #expect(sound.status == 0 && sound.output.contains("\"findings\":[]"))
      #expect(sound.errors.contains("audited"))
      let list = try JSON.parse(
        Array(try await pithledger(test, ["trust", "list"]).output.utf8.filter { $0 != 0x0A }))
      let root = try #require(list["tsa"]?.arrayValue?.first?["sha256"]?.stringValue)
      #expect(try await pithledger(test, ["trust", "tsa", "remove", root]).status == 0)
      let differs = try await pithledger(test, ["audit"])
      #expect(differs.status == 1 && differs.output.contains("\"now\":\"pending\""))
      let evidence = Digest(hashing: good.token).hex
      let erased = try await pithledger(
        test, ["evidence", "erase", evidence, "--reason", "asked to"])
      #expect(erased.status == 0 && erased.output.contains("\"events\":1"))
      let again = try await pithledger(
        test, ["evidence", "erase", evidence, "--reason", "asked to"])
      #expect(again.status == 2)
      #expect(try await test.state().status["externally_anchored"] == true)
      #expect(try await pithledger(test, ["replay", "--check"]).status == 0)
    }
  }
}

/// What must come of a file of the fixtures that is sent for the sample's record.
struct FixtureVerdict {
  let file: String
  /// The check that refuses it, or how its name begins.
  let check: String

  static func all(of folder: String) throws -> [FixtureVerdict] {
    let index = try JSON.parse(Fixtures.shared("\(folder)/index.json"))
    if folder == "rfc3161" {
      // Each is about another digest than the record's; what fails before that is named instead.
      let files = Set(index["cases"]?.arrayValue?.compactMap { $0["file"]?.stringValue } ?? [])
      return files.sorted().map {
        FixtureVerdict(
          file: $0, check: $0.hasPrefix("rejected") ? "rfc3161.status" : "rfc3161.imprint")
      }
    }
    let sound = (index["proofs"]?.arrayValue ?? []).compactMap { $0["file"]?.stringValue }
    let malformed = (index["malformed"]?.arrayValue ?? []).compactMap { item -> FixtureVerdict? in
      guard let file = item["file"]?.stringValue, let advice = item["recommended"]?.stringValue
      else { return nil }
      // What may be merged instead of refused is kept whole, and then is about another digest.
      let isRefused = advice.hasPrefix("reject") && !advice.contains("never drop")
      return FixtureVerdict(file: file, check: isRefused ? "ots." : "ots.digest")
    }
    return sound.map { FixtureVerdict(file: $0, check: "ots.digest") } + malformed
  }
}
