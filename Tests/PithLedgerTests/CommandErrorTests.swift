import CanonicalJSON
import Foundation
import LedgerDomain
import LedgerService
import LedgerTestSupport
import TestSupport
import Testing

/// Errors of commands, as text and as JSON.
@Suite("Errors of commands", .privateServer())
struct CommandErrorTests {
  @Test(
    "A number out of range is wrong usage",
    arguments: [
      ["serve", "--port", "99999"], ["serve", "--port", "-1"], ["serve", "--port", "65536"],
      ["serve", "--port", "1.5"], ["witness", "--logs", "x", "--port", "70000"],
      ["events", "--limit", "0"], ["events", "--limit", "99999999999999999999"],
      ["events", "--from", "9007199254740992"], ["events", "--from=-1"],
      ["status", "x", "--as-of=-1"], ["status", "x", "--at-least", "9007199254740992"],
      ["replications", "--limit", "0"], ["trust", "headers", "remove", "--", "-3"],
      ["key", "revoke", "00", "--reason", "x", "--compromised-from=-1"],
      [
        "attest", "author", "x", "--name", "n", "--orcid", "o", "--key", "k", "--author-index",
        "100000",
      ],
      ["attest", "citation", "x", "--by", "y", "--relation", "cites", "--ref-index", "1000000"],
      [
        "attest", "storage", "x", "--kind", "https", "--location", "l", "--sha256", "s",
        "--size=-1",
      ],
    ])
  func ranges(_ arguments: [String]) async throws {
    let directory = "/tmp/plt-none-\(UUID().uuidString.prefix(8))"
    var arguments = arguments
    let end = arguments.firstIndex(of: "--") ?? arguments.count
    if arguments[0] != "witness" {
      arguments.insert(contentsOf: ["--data-dir", directory], at: end)
    }
    let text = try await ProgramRun.pithledger(arguments)
    #expect(text.status == 64, "\(arguments): \(text.errors)")
    #expect(text.output.isEmpty)
    #expect(!FileManager.default.fileExists(atPath: directory))
    guard arguments[0] != "witness" else { return }
    arguments.insert("--json", at: end)
    let json = try await ProgramRun.pithledger(arguments)
    #expect(json.status == 64)
    #expect(json.error?["check"] == "usage" && json.error?["exit_code"] == 64, "\(json.errors)")
    #expect(json.errors.split(separator: "\n").count == 1)
  }

  @Test("With --json each error is one object, with the members of the refusal and the exit code")
  func objects() async throws {
    try await withLedger { test in
      let unknown = try await test.pithledger(["status", "2401.99999"])
      let refusal = try JSON.parse(Array(unknown.errors.utf8.dropLast()))
      #expect(unknown.status == 2 && unknown.output.isEmpty)
      #expect(refusal["check"] == "identifier" && refusal["exit_code"] == 2, "\(unknown.errors)")
      #expect(refusal["message"]?.stringValue?.contains("2401.99999") == true)

      let file = try await test.pithledger(["import", "/nowhere/x.json"])
      let missing = try JSON.parse(Array(file.errors.utf8.dropLast()))
      #expect(missing["check"] == "file" && missing["field"] == "/nowhere/x.json")

      let broken = try await withFile(Array("{\"a\":1.5}".utf8)) {
        try await test.pithledger(["import", $0])
      }
      let offset = try JSON.parse(Array(broken.errors.utf8.dropLast()))
      #expect(offset["check"] == "json" && offset["offset"] == 6, "\(broken.errors)")

      let folder = try await test.pithledger(["import", "log", "/nowhere"])
      let last = try #require(folder.errors.split(separator: "\n").last)
      let fault = try JSON.parse(Array(last.utf8))
      #expect(folder.status == 1)
      #expect(fault["check"] == "checkpoint.missing" && fault["exit_code"] == 1)
      #expect(fault["place"] == "checkpoint")

      let decision = try await test.pithledger([
        "moderate", LedgerUnderTest.number, "0", "maybe", "--reason", "x", "--key", "/nowhere",
      ])
      let usage = try JSON.parse(Array(decision.errors.utf8.dropLast()))
      #expect(decision.status == 64 && usage["check"] == "usage", "\(decision.errors)")

      let verify = try await ProgramRun.pithledger([
        "verify", "log", "/nowhere", "--log-key", "none", "--json",
      ])
      #expect(verify.status == 2 && verify.error?["exit_code"] == 2, "\(verify.errors)")
    }
  }

  @Test("Lines of an import are answered with their numbers, refused ones too")
  func lines() async throws {
    try await withLedger { test in
      let key = try await test.key("lines")
      let one = try test.citation("10.1/one", by: key)
      let two = try test.citation("10.1/two", by: key)
      let bytes = one + Array("\n\n  \nnot json\n".utf8) + two
      try await withFile(bytes, named: "lines.ndjson") { file in
        let answer = try await test.pithledger(["import", file])
        #expect(answer.status == 2)
        let taken = try answer.output.split(separator: "\n").map {
          try JSON.parse(Array($0.utf8))["line"]
        }
        #expect(taken == [1, 5])
        // Warnings of a busy machine may stand beside it.
        let error = try #require(answer.errors.split(separator: "\n").first { $0.hasPrefix("{") })
        let refused = try JSON.parse(Array(error.utf8))
        #expect(refused["line"] == 4 && refused["file"] == .string(file), "\(answer.errors)")
        #expect(refused["check"] == "json" && refused["exit_code"] == 2)
        let text = try await ProgramRun.pithledger(
          ["import", file, "--data-dir", test.ledger.configuration.dataDirectory],
          settings: ["DATABASE_URL": test.uri])
        #expect(text.errors.contains("line 4:"), "\(text.errors)")
      }
    }
  }
}
