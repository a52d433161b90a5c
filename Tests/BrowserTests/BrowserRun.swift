import Foundation
import HummingbirdTesting
import LedgerService
import LedgerTestSupport
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Runs of scenarios in a headless Chromium.
enum BrowserRun {
  /// What the scenarios need and this machine lacks; `nil` if nothing.
  static let missing: String? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    for program in ["chromium", "chromedriver", "python3"]
    where !folders.contains(where: {
      FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
    }) {
      return "\(program) is not installed"
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "python3", "-c",
      "import sys, importlib.util as u; sys.exit(not all(map(u.find_spec, sys.argv[1:])))",
      "selenium", "axe_playwright_python",
    ]
    do { try process.run() } catch { return "python3 cannot be run" }
    process.waitUntilExit()
    return process.terminationStatus == 0 ? nil : "Python lacks selenium or axe-core from PyPI"
  }()

  private struct Outcome: Decodable {
    let scenario: String
    let title: String
    let failure: String?
    let seconds: Double
  }

  /// Runs the scenarios of a module, with a ledger that has the sample record and fake external services. Their
  /// certificates are in the directory of the configured roots.
  ///
  /// Each scenario that fails is an issue of the current test.
  static func scenarios(
    _ module: String, configure: (inout LedgerConfiguration) -> Void = { _ in }
  ) async throws {
    try await withFakeServices { services in
      try await withLedger(configure: {
        $0.externalServices = services.configuration
        // All scenarios of a module are one client.
        $0.limits.bareActionsPerHour = 10_000
        $0.limits.keyRegistrationsPerHour = 10_000
        $0.limits.proofChecksPerHour = 100_000
        $0.limits.heavyReadsPerHour = 1_000_000
        configure(&$0)
      }) { test in
        try await test.serving { client in
          let port = try #require(client.port)
          try await run(
            module, test, ["--url", "http://127.0.0.1:\(port)", "--services", services.url],
            settings: [
              "FETCH_ALLOW_HOSTS": "localhost", "FETCH_CA_FILE": services.directory + "/root.pem",
              "OTS_CALENDARS": services.url, "ORCID_AUDIENCES": "APP-TEST",
              "ORCID_ISSUER": services.url, "DATABASE_URL": test.uri,
            ])
        }
      }
    }
  }

  private static func run(
    _ module: String, _ test: LedgerUnderTest, _ options: [String], settings: [String: String]
  ) async throws {
    var environment: [Subprocess.Environment.Key: String?] = ["PYTHONDONTWRITEBYTECODE": "1"]
    for (name, value) in settings {
      environment[Subprocess.Environment.Key(stringLiteral: "PITHLEDGER_" + name)] = value
    }

    let folder = Fixtures.project.appendingPathComponent("Tests/BrowserTests/scenarios").path
    let arguments =
      [
        folder, "--data-dir", test.ledger.configuration.dataDirectory,
        "--program", TestProgram.path,
      ] + options + [module]
    let result = try await Subprocess.run(
      .name("python3"), arguments: Arguments(arguments),
      environment: .inherit.updating(environment),
      workingDirectory: FilePath(Fixtures.project.path), input: .none,
      output: .string(limit: 1 << 22), error: .string(limit: 1 << 20))
    let outcomes = try result.standardOutput.split(separator: "\n").map {
      try JSONDecoder().decode(Outcome.self, from: Data($0.utf8))
    }
    for outcome in outcomes {
      guard let failure = outcome.failure else { continue }
      Issue.record("\(outcome.scenario) — \(outcome.title)\n\(failure)")
    }
    #expect(!outcomes.isEmpty, "\(module) ran no scenario: \(result.standardError)")
    #expect(
      result.terminationStatus.isSuccess || outcomes.contains { $0.failure != nil },
      "the scenarios of \(module) ended early: \(result.standardError)")
  }
}
