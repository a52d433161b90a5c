import CanonicalJSON
import Foundation
import HummingbirdTesting
import LedgerDomain
import LedgerService
import LedgerTestSupport
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The command `mcp` with the official client of the Model Context Protocol.
@Suite("Agents with the official client", .privateServer())
struct AgentClientTests {
  private static let missing = PythonPackages.missing(["mcp", "mcp_types", "cryptography"])
  private static let clients =
    Fixtures.project.appendingPathComponent("Tests/AgentToolsTests/clients").path
  private static let signing =
    Fixtures.project.appendingPathComponent("Tests/APIDescriptionTests/clients").path

  @Test(
    "An agent uses every tool, signs a citation, and is refused with the name of the check",
    .enabled(if: missing == nil, Comment(rawValue: missing ?? "")),
    arguments: ["stdio", "http", "served"])
  func everyTool(transport: String) async throws {
    try await withLedger { test in
      guard transport == "served" else { return try await useTools(test, transport) }
      try await test.serving { client in
        try await useTools(test, transport, served: "http://127.0.0.1:\(client.port ?? 0)")
      }
    }
  }

  private func useTools(
    _ test: LedgerUnderTest, _ transport: String, served: String? = nil
  ) async throws {
    let directory = test.ledger.configuration.dataDirectory
    let result = try await run(
      .name("python3"),
      arguments: Arguments(
        [
          "\(Self.clients)/agent.py", TestProgram.path, directory, LedgerUnderTest.number,
          Self.signing, directory, transport,
        ] + (served.map { [$0] } ?? [])),
      environment: .inherit.updating([
        "PITHLEDGER_DATABASE_URL": test.uri, "PYTHONDONTWRITEBYTECODE": "1",
      ]),
      output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    try #require(
      result.terminationStatus.isSuccess, "\(result.standardError.suffix(6000))")
    let line = try #require(result.standardOutput.split(separator: "\n").last)
    let report = try JSON.parse(Array(line.utf8))
    let expected: JSON = [
      "cited": 1,
      "legacy": [
        "error": true, "missing": "identifier", "named": true, "offered": 22,
        "version": "2025-11-25",
      ],
      "nobody": "server", "offered": 24, "past": 0,
      "refused": [
        "altered bundle": "proof.inclusion", "altered proof": "proof.inclusion",
        "altered receipt": "note.signature", "forged": "signature",
        "missing argument": "arguments", "revoked key": "revoked",
        "unknown record": "identifier", "unknown tool": -32602, "unregistered": "known_key",
        "unsigned": "signature", "wrong argument": "arguments", "wrong value": "query",
      ],
      "templates": ["pith:{year}:{suffix}"], "unused": [], "version": "2026-07-28",
    ]
    #expect(report == expected, "\(report.prettyString())")
    try await test.replayAgrees()
  }
}
