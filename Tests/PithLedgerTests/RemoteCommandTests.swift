import CanonicalJSON
import Encodings
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerTestSupport
import NIOCore
import TestSupport
import Testing

/// Commands with `--server`: the same answers as on the ledger itself, with keys that stay here.
@Suite("Commands on a served ledger", .privateServer())
struct RemoteCommandTests {
  private static let publicURL = "https://ledger.example"

  /// Runs a test with a ledger, the address of its service, and a key file that is registered.
  private func withServed(
    _ body: @escaping @Sendable (LedgerUnderTest, String, String) async throws -> Void
  ) async throws {
    let configure: (inout LedgerConfiguration) -> Void = { $0.publicURL = Self.publicURL }
    try await withLedger(configure: configure) { test in
      let key = try await test.key("remote", "https://orcid.org/0000-0002-1825-0097")
      let file = test.ledger.configuration.dataDirectory + "/remote.key"
      try key.write(to: file)
      try await test.serving { client in
        try await body(test, "http://127.0.0.1:\(client.port ?? 0)", file)
      }
    }
  }

  private func remote(_ server: String, _ arguments: [String]) async throws -> ProgramRun {
    // Nothing of this machine is used: there is no such data directory.
    try await ProgramRun.pithledger(
      arguments + ["--server", server, "--data-dir", "/nowhere/pithledger"])
  }

  @Test("Each command that reads prints the same, as text and as JSON")
  func reading() async throws {
    try await withServed { test, server, file in
      let key = try KeyFile(path: file)
      let first = try await test.cite("10.1000/1", by: key)
      _ = try await test.cite("10.1000/2", by: key, relation: "extends")
      _ = try await test.ledger.checkpoints.issue()
      _ = try await test.state()
      let number = LedgerUnderTest.number
      for arguments in [
        ["status", number], ["status", "2412.14164"], ["status", "4OXKXQ4P", "--as-of", "3"],
        ["status", number, "4OXKXQ4P"], ["search", "--title", "metamorph*"],
        ["search", "--title", "nothing"], ["citations", number, "--limit", "1"],
        ["citations", number, "--relation", "extends"], ["events", "--limit", "2"],
        ["events", number, "--type", "citation_signature", "--standing", "verified"],
        ["events", "--order", "desc", "--signer", key.signer.fingerprint.hex],
        ["event", "show", first.eventID.hex], ["event", "show", "\(first.position)"],
        ["key", "list"], ["key", "events", key.signer.fingerprint.hex], ["replications"],
        ["prove", "\(first.position)"],
      ] {
        for more in [[], ["--json"]] {
          let local = try await ProgramRun.pithledger(
            arguments + more + ["--data-dir", test.ledger.configuration.dataDirectory],
            settings: ["DATABASE_URL": test.uri, "PUBLIC_URL": Self.publicURL])
          let served = try await remote(server, arguments + more)
          #expect(local.status == 0, "\(arguments): \(local.errors)")
          #expect(served.output == local.output, "\(arguments + more): \(served.errors)")
          #expect(served.status == local.status)
        }
      }
    }
  }

  @Test("Statements are signed here, and the server gets the signed event")
  func statements() async throws {
    try await withServed { test, server, file in
      func submit(_ arguments: [String]) async throws -> JSON {
        let answer = try await remote(server, arguments + ["--json"])
        #expect(answer.status == 0, "\(arguments): \(answer.errors)")
        return answer.json ?? .null
      }
      let cited = try await submit([
        "attest", "citation", "4OXKXQ4P", "--by", "10.1000/9", "--relation", "cites", "--key", file,
      ])
      #expect(cited["standing"] == "verified" && cited["created"] == true)
      let position = "\(try #require(cited["position"]?.integerValue))"
      let newer = try await submit([
        "attest", "citation", "4OXKXQ4P", "--by", "10.1000/9", "--relation", "extends", "--key",
        file, "--supersedes", position,
      ])
      let withdrawn = try await submit([
        "withdraw", "4OXKXQ4P", newer["event_id"]?.stringValue ?? "", "--reason", "x", "--key",
        file,
      ])
      #expect(withdrawn["standing"]?.stringValue != nil)
      let stored = try await submit([
        "attest", "storage", "4OXKXQ4P", "--file", "/etc/hostname",
      ])
      #expect(stored["standing"] == "verified", "\(stored)")
      let replicated = try await submit([
        "attest", "replication", "4OXKXQ4P", "--id", "r", "--outcome", "replicated", "--claims",
        "C1", "--key", file,
      ])
      let moderator = try await test.key("mod", vouched: .moderator)
      try await withFile([]) { path in
        try FileManager.default.removeItem(atPath: path)
        try moderator.write(to: path)
        let decision = try await submit([
          "moderate", "4OXKXQ4P", replicated["event_id"]?.stringValue ?? "", "approve", "--reason",
          "x", "--key", path,
        ])
        #expect(decision["created"] == true)
      }
      let new = KeyFile(
        key: SigningKey(), keyID: "n", signerID: "urn:new", signerType: .author)
      try await withFile([]) { path in
        try FileManager.default.removeItem(atPath: path)
        try new.write(to: path)
        #expect(try await submit(["key", "register", path])["created"] == true)
      }
      try await test.replayAgrees()
    }
  }

  @Test("A refusal has the check, the field and the exit code of the problem document")
  func refusals() async throws {
    try await withServed { test, server, file in
      let cite = ["attest", "citation", "4OXKXQ4P", "--by", "10.1/1", "--relation", "cites"]
      for (arguments, status, check) in [
        (["status", "2401.99999"], 2, "identifier"), (["events", "--from", "999"], 2, ""),
        (["search", "--orcid", "1"], 2, "query"), (cite, 2, ""),
        (cite + ["--key", "/nowhere"], 2, "key_file"),
        (["withdraw", "4OXKXQ4P", "0", "--reason", "x"], 2, "server"),
        (["event", "show", "12345678abcd"], 2, "event_id"),
        (
          [
            "attest", "citation", "2412.14164", "--by", "10.1/1", "--relation", "cites", "--key",
            file,
          ],
          2, "identifier"
        ),
        (["fsck"], 2, "server"), (["replay"], 2, "server"), (["key", "rotate"], 2, "server"),
        (["serve", "--port", "0"], 2, "server"), (["export", "log", "/tmp/none"], 2, "server"),
      ] {
        let answer = try await remote(server, arguments + ["--json"])
        #expect(answer.status == status, "\(arguments): \(answer.errors)")
        #expect(check.isEmpty || answer.error?["check"]?.stringValue == check, "\(answer.errors)")
      }
      let nobody = try await remote("http://127.0.0.1:1", ["status", "4OXKXQ4P", "--json"])
      #expect(nobody.status == 69 && nobody.error?["check"] == "server", "\(nobody.errors)")
      for address in ["nowhere", "ftp://x", "http://x/?a=b", "http://user@x"] {
        let answer = try await remote(address, ["status", "4OXKXQ4P", "--json"])
        #expect(answer.status == 2, "\(address): \(answer.errors)")
      }
    }
  }

  // MARK: Hostile servers

  /// Runs a test against a server that gives the same answer to every request.
  private func withAnswer(
    _ status: HTTPResponse.Status, _ body: String, headers: HTTPFields = [:],
    _ test: @escaping @Sendable (String) async throws -> Void
  ) async throws {
    let router = Router()
    @Sendable func answer() -> Response {
      Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: body)))
    }
    router.get("**") { _, _ in answer() }
    router.post("**") { _, _ in answer() }
    try await Application(router: router).test(.live) { client in
      try await test("http://127.0.0.1:\(client.port ?? 0)")
    }
  }

  @Test(
    "An answer of another form ends the command with one line and 69",
    arguments: [
      (302, "", "redirects"), (200, "no json", "not JSON"), (500, "oops", "status 500"),
      (404, "{\"check\":\"x\"}", "no problem document"), (200, "{\"a\":1.5}", "not JSON"),
      (200, String(repeating: "[", count: 100), "not JSON"),
    ])
  func otherForms(status: Int, body: String, words: String) async throws {
    try await withAnswer(
      .init(code: status), body, headers: [.location: "http://127.0.0.1:1/secret"]
    ) { server in
      let answer = try await remote(server, ["status", "4OXKXQ4P"])
      #expect(answer.status == 69 && answer.errors.contains(words), "\(answer.errors)")
      #expect(answer.errors.split(separator: "\n").count == 1 && answer.output.isEmpty)
    }
  }

  @Test("What acts on a terminal is escaped, in results and in errors")
  func controlCharacters() async throws {
    let evil = "a\\u001b[2J\\u009b31m\\u202eb\\nfaked line"
    try await withAnswer(.ok, "{\"records\":[{\"pith_number\":\"p\",\"title\":\"\(evil)\"}]}") {
      let answer = try await remote($0, ["search", "--title", "x"])
      #expect(answer.status == 0)
      #expect(answer.output.split(separator: "\n").count == 1, "\(answer.output)")
      for character in ["\u{1B}", "\u{9B}", "\u{202E}"] {
        #expect(!answer.output.unicodeScalars.contains(character.unicodeScalars.first ?? " "))
      }
    }
    try await withAnswer(
      .notFound, "{\"check\":\"\(evil)\",\"detail\":\"\(evil)\",\"status\":404}"
    ) {
      let answer = try await remote($0, ["status", "x"])
      #expect(answer.status == 2)
      #expect(answer.errors.split(separator: "\n").count == 1, "\(answer.errors)")
      #expect(!answer.errors.contains("\u{1B}") && !answer.errors.contains("\u{9B}"))
    }
  }

  @Test("A server cannot make a key sign about another record or event")
  func substitution() async throws {
    let key = KeyFile(key: SigningKey(), keyID: "k", signerID: "urn:k", signerType: .author)
    try await withFile([]) { path in
      try FileManager.default.removeItem(atPath: path)
      try key.write(to: path)
      let other = "pith:2024:AAAAAAAABCCPHOCVZK2PKPZTA2"
      try await withAnswer(.ok, "{\"pith_number\":\"\(other)\",\"events\":[]}") { server in
        let cite = ["--by", "10.1/1", "--relation", "cites", "--key", path]
        let answer = try await remote(server, ["attest", "citation", "4OXKXQ4P"] + cite)
        #expect(answer.status == 69 && answer.errors.contains("does not begin so"))
        let event = try await remote(
          server, ["withdraw", LedgerUnderTest.number, "7", "--reason", "x", "--key", path])
        #expect(event.status == 2 && event.errors.contains("no event at 7"), "\(event.errors)")
        // The server answers about nothing that was sent.
        let sent = try await remote(server, ["attest", "citation", LedgerUnderTest.number] + cite)
        #expect(sent.status == 69 && sent.errors.contains("another event"), "\(sent.errors)")
      }
    }
  }

  @Test("The operator's token is sent over https or to this machine only")
  func token() async throws {
    try await withServed { test, server, _ in
      let token = test.ledger.configuration.dataDirectory + "/operator.token"
      let document = "/tmp/plt-\(UUID().uuidString.prefix(8)).json"
      defer { try? FileManager.default.removeItem(atPath: document) }
      try Data(try Fixtures.project(Fixtures.sample)).write(to: URL(fileURLWithPath: document))
      func importing(_ server: String, _ settings: [String: String]) async throws -> ProgramRun {
        try await ProgramRun.pithledger(
          ["import", document, "--json", "--server", server, "--data-dir", "/nowhere/x"],
          settings: settings)
      }
      let refused = try await importing(server, [:])
      #expect(refused.status == 2 && refused.error?["check"] == "operator", "\(refused.errors)")
      let taken = try await importing(server, ["SERVER_TOKEN_FILE": token])
      #expect(taken.status == 0 && taken.json?["created"] == false, "\(taken.errors)")
      let open = try await importing("http://ledger.example", ["SERVER_TOKEN_FILE": token])
      #expect(open.status == 2 && open.errors.contains("https only"), "\(open.errors)")
    }
  }
}
