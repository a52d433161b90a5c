import CanonicalJSON
import Foundation
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerStore
import LedgerTestSupport
import Subprocess
import SystemPackage
import TestSupport
import Testing
import TransparencyLog

/// The offline verifier as a program, in an environment without a ledger.
@Suite("Verification from files", .privateServer())
struct VerifyCommandTests {
  private static let program = TestProgram.path + "-verify"

  struct Answer {
    let status: Int
    let json: JSON
    let errors: String
  }

  private func execute(
    _ program: String, _ arguments: [String]
  ) async throws -> (status: Int, output: String, errors: String) {
    let result = try await run(
      .path(FilePath(program)), arguments: Arguments(arguments),
      environment: .custom(["PATH": "/usr/bin:/bin"]), output: .string(limit: 1 << 20),
      error: .string(limit: 1 << 20))
    var status = -1
    if case .exited(let code) = result.terminationStatus { status = Int(code) }
    return (status, result.standardOutput, result.standardError)
  }

  private func verify(_ arguments: [String], key: String) async throws -> Answer {
    let answer = try await execute(Self.program, arguments + ["--log-key", key, "--json"])
    return Answer(
      status: answer.status, json: (try? JSON.parse(Array(answer.output.utf8))) ?? .null,
      errors: answer.errors)
  }

  @Test("No library of a database is linked into it")
  func linked() async throws {
    let answer = try await execute("/usr/bin/ldd", [Self.program])
    #expect(answer.status == 0 && answer.output.contains("libcrypto"))
    #expect(!answer.output.contains("libpq"), "\(answer.output)")
  }

  @Test(
    "Proof, receipt, bundle, log and consistency: valid, invalid and unreadable"
  )
  func everything() async throws {
    try await withLedger { test in
      let folder = "/tmp/plt-verify-\(UUID())"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        let path = "\(folder)/\(name)"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
      }
      let key = try #require(try await test.ledger.checkpoints.verifierKey())
      let old = try file("old", Array(try await test.ledger.checkpoints.issue().cosigned.utf8))
      let author = try await test.key("author")
      let cited = try await test.cite("10.1/1", by: author)
      let receipt = try file("receipt", Array(try #require(cited.receipt).utf8))
      let new = try file("new", Array(try await test.ledger.checkpoints.issue().cosigned.utf8))
      let proof = try file(
        "proof", try await test.ledger.proofs.inclusionProof("\(cited.position)").bytes)
      let other = try file("other", try await test.ledger.proofs.inclusionProof("0").bytes)
      var bytes: [UInt8] = []
      for try await chunk in try await test.ledger.bundles.bundle(LedgerUnderTest.number) {
        bytes += chunk
      }
      let bundle = try file("bundle", bytes)
      _ = try await test.ledger.logExporter.exportLog(to: folder + "/log")
      let between = try file(
        "between",
        try await test.ledger.proofs.consistencyProof(old: 9, new: nil).json.canonicalBytes())

      for arguments in [
        ["proof", proof], ["receipt", receipt, "--proof", proof], ["bundle", bundle],
        ["log", folder + "/log", "--checkpoint", old],
        ["consistency", old, new, "--proof", between],
        ["consistency", old, new, "--log", folder + "/log"],
      ] {
        let answer = try await verify(arguments, key: key)
        #expect(answer.status == 0, "\(arguments): \(answer.errors)")
        #expect(answer.json["verified"] == true, "\(arguments)")
      }
      bytes[bytes.count / 2] ^= 1
      let changed = try file("changed", bytes)
      for arguments in [
        ["receipt", receipt, "--proof", other], ["bundle", changed],
        ["consistency", new, old, "--proof", between], ["proof", old],
        ["log", folder + "/log", "--checkpoint", proof],
      ] {
        let answer = try await verify(arguments, key: key)
        #expect(answer.status == 1, "\(arguments): \(answer.errors)")
        #expect(answer.json["verified"] == false && answer.json["fault"]?["check"] != nil)
        let fault = try JSON.parse(Array(answer.errors.utf8))
        #expect(fault["exit_code"] == 1 && fault["message"]?.stringValue?.isEmpty == false)
      }
      let stranger = "example.org/log+12345678+AaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaA"
      for (arguments, key) in [
        (["proof", folder + "/nothing"], key), (["proof", proof], stranger),
        (["consistency", old, new], key),
      ] {
        let answer = try await verify(arguments, key: key)
        #expect(answer.status == 2, "\(arguments): \(answer.errors)")
      }
    }
  }
}
