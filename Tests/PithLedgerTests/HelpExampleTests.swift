import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerService
import LedgerTestSupport
import TestSupport
import Testing

/// The examples in the help of every command, run by a shell in a directory of their own.
@Suite("Examples in the help", .privateServer())
struct HelpExampleTests {
  /// The lines below `Examples:` of each command.
  static func examples() async throws -> [String: [String]] {
    var examples: [String: [String]] = [:]
    for (path, command) in try await CommandTree.read().leaves {
      let lines = (command.discussion ?? "").split(separator: "\n").map(String.init)
      guard let start = lines.firstIndex(of: "Examples:") else { continue }
      examples[path.joined(separator: " ")] = lines[(start + 1)...].map {
        $0.trimmingCharacters(in: .whitespaces)
      }
    }
    return examples
  }

  @Test("Every command has an example, and each begins with the command or prepares it")
  func everyCommand() async throws {
    let examples = try await Self.examples()
    let leaves = try await CommandTree.read().leaves
    #expect(leaves.count > 50)
    for (path, command) in leaves {
      let name = path.joined(separator: " ")
      let lines = examples[name] ?? []
      #expect(!lines.isEmpty, "\(name) has no example")
      #expect(command.abstract?.hasSuffix(".") == true, "\(name): \(command.abstract ?? "")")
      #expect(lines.contains { $0.hasPrefix("pithledger ") }, "\(name): \(lines)")
      for line in lines { #expect(line.utf8.count <= 110, "\(name): \(line)") }
    }
  }

  /// A command whose examples run, what is done before, and the value of the word in capitals.
  private struct Step {
    let command: String
    var value: @Sendable (ExampleShell) async throws -> String = { _ in "" }
    var status = 0
    var settings: [String: String] = [:]
    var before: @Sendable (ExampleShell) async throws -> Void = { _ in }
  }

  @Test("Every example runs")
  func run() async throws {
    let examples = try await Self.examples()
    let shell = try await ExampleShell(database: try await PrivateServer.running().database())
    defer { shell.remove() }
    _ = try await shell.run("pithledger migrate")
    var done: Set<String> = []
    for step in Self.steps {
      try await step.before(shell)
      let lines = try #require(examples[step.command], "\(step.command) has no example")
      let value = try await step.value(shell)
      for line in lines {
        let words = line.replacing(#/\b(EVENT|FINGERPRINT|SHA256|WEBHOOK)\b/#, with: value)
          .replacing("LOGKEY", with: "'\(shell.logKey)'")
        let answer = try await shell.run(words, settings: step.settings)
        #expect(
          answer.status == step.status,
          "\(step.command): \(words): \(answer.status) \(answer.output.suffix(600))")
      }
      done.insert(step.command)
    }
    for command in ["serve", "witness"] {
      for line in examples[command] ?? [] {
        let words = line.replacing("LOGKEY", with: shell.logKey)
        try await shell.expectServes(words)
      }
      done.insert(command)
    }
    #expect(done == Set(examples.keys), "\(Set(examples.keys).symmetricDifference(done).sorted())")
  }

  @Test("Every line in the blocks of docs/command-line.md runs")
  func page() async throws {
    let page = String(decoding: try Fixtures.project("docs/command-line.md"), as: UTF8.self)
    let lines = page.matches(of: #/```sh\n((?:.|\n)*?)```/#)
      .flatMap { $0.1.split(separator: "\n").map(String.init) }
    #expect(lines.count >= 8)
    let shell = try await ExampleShell(database: try await PrivateServer.running().database())
    defer { shell.remove() }
    for line in [
      "pithledger migrate", "pithledger import metamorph.json",
      "pithledger key generate --out author.key --id k --signer urn:k",
      "pithledger key register author.key",
    ] { #expect(try await shell.run(line).status == 0, "\(line)") }
    for line in lines {
      let answer =
        line.contains("https://ledger.example.org")
        ? try await shell.runServed(line, as: "https://ledger.example.org")
        : try await shell.run(line)
      // 127 is the shell's code for a program that is not installed, such as man.
      let isMissing = answer.status == 127 && line.hasPrefix("man ")
      #expect(answer.status == 0 || isMissing, "\(line): \(answer.output.suffix(600))")
    }
  }

  private static func position(_ type: String) -> @Sendable (ExampleShell) async throws -> String {
    { try await $0.first("events --type \(type) --order desc", "events", "position") }
  }
  private static let fingerprint: @Sendable (ExampleShell) async throws -> String = {
    try $0.key("author.key").signer.fingerprint.hex
  }

  /// The commands in an order in which each has what it needs.
  private static var steps: [Step] {
    start + statements + reading + proofs + trust + webhooks + ends
  }

  private static var start: [Step] {
    [
      Step(command: "config check"), Step(command: "config list"), Step(command: "manual"),
      Step(command: "migrate"),
      Step(command: "key generate"),
      Step(command: "key register"),
      Step(command: "import files", before: { try $0.prepare() }),
      Step(command: "key vouch", value: fingerprint, before: { try await $0.otherKeys() }),
      Step(command: "checkpoint sign"),
    ]
  }

  private static var statements: [Step] {
    [
      Step(
        command: "attest citation", before: { _ = try await $0.run("cp checkpoint.txt old.txt") }),
      Step(command: "attest author"), Step(command: "attest storage"),
      Step(command: "attest timestamp"), Step(command: "attest replication"),
      Step(command: "replications"),
      Step(command: "moderate", value: position("replication_record")),
    ]
  }

  private static var reading: [Step] {
    [
      Step(command: "status"), Step(command: "search"), Step(command: "citations"),
      Step(command: "events"),
      Step(command: "event show", value: position("citation_signature")),
      Step(command: "key events", value: fingerprint), Step(command: "key list"),
    ]
  }

  private static var proofs: [Step] {
    [
      Step(command: "checkpoint sign"),
      Step(command: "prove", value: position("citation_signature")),
      Step(command: "verify proof"), Step(command: "export events"),
      Step(command: "verify bundle"), Step(command: "mcp"), Step(command: "merge"),
      Step(command: "withdraw", value: position("author_attestation")),
      Step(command: "verify receipt", before: { try await $0.receipt() }),
      Step(command: "checkpoint sign"), Step(command: "export tiles"),
      Step(command: "verify consistency"),
    ]
  }

  private static var trust: [Step] {
    [
      // The proof is pending: its calendar has not put it into a block.
      Step(command: "evidence check", status: 1),
      Step(
        command: "evidence erase",
        value: { Digest(hashing: try $0.bytes("paper.pdf")).hex }),
      Step(command: "trust headers add"), Step(command: "trust headers remove"),
      Step(command: "trust tsa add"), Step(command: "trust jwks add"), Step(command: "trust list"),
      Step(
        command: "trust tsa remove", value: { Digest(hashing: try $0.bytes("roots.pem")).hex }),
      Step(
        command: "trust jwks remove", value: { Digest(hashing: try $0.bytes("keys.json")).hex }),
      Step(command: "anchors upgrade", settings: ["FETCH_SECONDS": "1"]),
    ]
  }

  private static let webhook: @Sendable (ExampleShell) async throws -> String = { shell in
    let answer = try await shell.run("pithledger webhook list --json")
    let json = try JSON.parse(Array(answer.output.utf8.filter { $0 != 0x0A }))
    return try #require(json["webhooks"]?.arrayValue?.first?["id"]?.stringValue)
  }

  private static var webhooks: [Step] {
    [
      Step(command: "webhook add"), Step(command: "webhook list"),
      Step(command: "webhook show", value: webhook),
      Step(command: "webhook pause", value: webhook),
      Step(command: "webhook resume", value: webhook),
      Step(command: "webhook secret", value: webhook),
      // No such receiver exists.
      Step(command: "webhook test", value: webhook, status: 1),
      Step(command: "webhook remove", value: webhook),
    ]
  }

  private static var ends: [Step] {
    [
      Step(command: "audit", settings: ["FETCH_SECONDS": "1"]), Step(command: "fsck"),
      Step(command: "replay"), Step(command: "doctor", settings: ["PORT": "0"]),
      Step(command: "export log"), Step(command: "verify log"),
      // The restored ledger has a private PostgreSQL.
      Step(command: "import log", settings: ["DATABASE_URL": ""]),
      Step(command: "alias retract"), Step(command: "key unvouch", value: fingerprint),
      Step(command: "key revoke", value: fingerprint), Step(command: "key rotate"),
      Step(command: "checkpoint sign"), Step(command: "checkpoint adopt"),
    ]
  }
}
