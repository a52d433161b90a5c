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

/// The service against its own description, with programs of other people.
@Suite("The service and its description", .privateServer())
struct LiveDescriptionTests {
  private static let folder =
    Fixtures.project.appendingPathComponent("Tests/APIDescriptionTests/clients").path
  private static let validators = PythonPackages.missing(["openapi_spec_validator", "jsonschema"])
  private static let generator = PythonPackages.missing(["openapi_python_client", "httpx"])
  private static let schemathesis = PythonPackages.missing(["schemathesis"])

  /// The number of requests that schemathesis makes at least. `PITHLEDGER_API_REQUESTS=20000` takes five minutes alone.
  private static let requests =
    ProcessInfo.processInfo.environment["PITHLEDGER_API_REQUESTS"].flatMap { Int($0) } ?? 6_000

  /// Runs a Python program of the folder. Returns its output.
  private static func run(
    _ arguments: [String], _ environment: [Environment.Key: String?] = [:]
  ) async throws -> (output: String, succeeded: Bool) {
    var environment = environment
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    environment["PYTHONPATH"] = folder
    let result = try await Subprocess.run(
      .name("python3"), arguments: Arguments(arguments),
      environment: .inherit.updating(environment), workingDirectory: FilePath(folder),
      input: .none, output: .string(limit: 1 << 24), error: .string(limit: 1 << 22))
    return (
      result.standardOutput + result.standardError, result.terminationStatus.isSuccess
    )
  }

  private static func report(_ program: String, _ server: String) async throws -> JSON {
    let (output, succeeded) = try await run(
      ["\(folder)/\(program)", server, LedgerUnderTest.number])
    try #require(succeeded, "\(output)")
    let line = try #require(output.split(separator: "\n").first { $0.hasPrefix("{") }, "\(output)")
    return try JSON.parse(Array(line.utf8))
  }

  /// Runs a test with a service that has statements about the sample record, and large quotas.
  private static func withStatements(
    _ body: @escaping @Sendable (LedgerUnderTest, String) async throws -> Void
  ) async throws {
    func configure(_ configuration: inout LedgerConfiguration) {
      let many = 100_000_000
      configuration.limits.bareActionsPerHour = many
      configuration.limits.keyRegistrationsPerHour = many
      configuration.limits.heavyReadsPerHour = many
      configuration.limits.proofChecksPerHour = many
    }
    try await withLedger(configure: configure) { test in
      let key = try await test.key("k", "https://orcid.org/0000-0002-1825-0097", vouched: .author)
      _ = try await test.cite("10.1000/1", by: key)
      _ = try await test.submit(
        .replicationRecord,
        [
          "claim_ids": ["C1"], "kind": "replication", "outcome": "replicated",
          "replication_id": "first",
        ], by: key)
      let last = try await test.submit(
        .authorAttestation,
        ["method": "key_signature", "name": "Zhuang Liu", "orcid": "0000-0002-1825-0097"], by: key)
      _ = try await test.ledger.records.status(LedgerUnderTest.number, atLeast: last.position)
      try await test.serving { client in
        try await body(test, "http://127.0.0.1:\(try #require(client.port))")
      }
    }
  }

  @Test(
    "The description is valid, and answers fit its schemas",
    .enabled(if: validators == nil, Comment(rawValue: validators ?? "")))
  func schemas() async throws {
    try await Self.withStatements { _, server in
      let report = try await Self.report("schemas.py", server)
      #expect((report["schemas"]?.integerValue ?? 0) > 80)
      for type in ["citation_signature", "key_vouched", "record_created", "replication_record"] {
        #expect(report["types"]?.arrayValue?.contains(.string(type)) == true, "\(type)")
      }
    }
  }

  @Test(
    "A generated client registers a key, signs a citation and reads it",
    .enabled(if: generator == nil, Comment(rawValue: generator ?? "")))
  func generatedClient() async throws {
    try await Self.withStatements { _, server in
      let report = try await Self.report("generated.py", server)
      let expected: JSON = [
        "citations": 2, "cited": 201, "forged": 422, "forged_check": "signature", "listed": 2,
        "note": "See section 3.", "registered": 201, "standing": "verified",
      ]
      #expect(report == expected)
    }
  }

  @Test(
    "No request of schemathesis gets a server error or an answer that is not documented",
    .enabled(if: schemathesis == nil, Comment(rawValue: schemathesis ?? "")))
  func everyAnswer() async throws {
    try await Self.withStatements { test, server in
      var made = 0
      for round in 1...20 where made < Self.requests {
        let (output, succeeded) = try await Self.run(
          [
            "-m", "schemathesis.cli", "--config-file", "\(Self.folder)/schemathesis.toml", "run",
            "\(server)/openapi.json", "--exclude-operation-id", "stream_events",
            "--max-examples", String(max(10, Self.requests / 130)), "--continue-on-failure",
            "--max-redirects", "0",
            "--warnings", "off", "--no-color",
            "--checks",
            "not_a_server_error,status_code_conformance,content_type_conformance,"
              + "response_headers_conformance,response_schema_conformance",
          ],
          [
            "SCHEMATHESIS_HOOKS": "hooks", "PITH_SERVER": server,
            "PITH_NUMBER": LedgerUnderTest.number,
          ])
        let shortened = output.split(separator: "\n").map { $0.prefix(400) }.joined(separator: "\n")
        try #require(succeeded, "round \(round)\n\(shortened)")
        let count = shortened.firstMatch(of: /(\d+) generated/)?.1
        made += try #require(count.flatMap { Int($0) }, "\(shortened)")
      }
      print("schemathesis made \(made) requests")
      #expect(made >= Self.requests)
      // The ledger is still whole.
      try await test.replayAgrees()
      #expect(try await test.ledger.health().size.end.rawValue > 30)
    }
  }
}
