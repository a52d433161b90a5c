import ArgumentParser
import Foundation
import LedgerClient
import LedgerDomain
import LedgerHTTP
import LedgerService
import Logging

/// The options of every command.
struct Common: ParsableArguments {
  @Option(
    help: "The data directory. It has the keys and the private PostgreSQL. (default: .pithledger)",
    completion: .directory)
  var dataDir: String?

  @Option(
    help: "The configuration file. (default: config.json in the data directory, if it exists)",
    completion: .file(extensions: ["json"]))
  var config: String?

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "A setting, before the environment and the configuration file. `config list` lists them.",
      valueName: "NAME=VALUE"),
    completion: .custom { _, _, word in
      SettingsTable.settings.map { $0.name + "=" }.filter { $0.hasPrefix(word.uppercased()) }
    })
  var settings: [String] = []

  @Option(
    help: ArgumentHelp(
      "The address of a ledger that is served elsewhere, to use instead of the one in the data directory.",
      valueName: "url"))
  var server: String?

  @Flag(help: "Print one JSON value instead of text.")
  var json = false

  @Flag(help: "Show progress even if standard error is no terminal.")
  var progress = false

  /// The values of all settings, with their sources.
  var values: SettingValues {
    var flags = settings
    if let dataDir { flags.append("DATA_DIR=" + dataDir) }
    if let config { flags.append("CONFIG_FILE=" + config) }
    if let server { flags.append("SERVER=" + server) }
    return SettingValues(flags: flags, environment: ProcessInfo.processInfo.environment)
  }

  /// The settings of a command that works on the ledger itself.
  ///
  /// Errors: a `Refusal` if another ledger is named by `--server`.
  func configuration() throws(Refusal) -> LedgerConfiguration {
    let configuration = try LedgerConfiguration(values)
    if configuration.remoteURL != nil { throw Self.notRemote }
    return configuration
  }

  private static let notRemote = Refusal(
    .malformed, check: "server", field: "--server",
    "This command works on the database or with the keys of a ledger. Run it on the machine of that ledger, without "
      + "--server and PITHLEDGER_SERVER.")

  /// The line of progress of a long command.
  var progressLine: ProgressLine { ProgressLine(isAsked: progress) }

  /// Called by the parser, before another thread runs.
  func validate() throws { Libpq.ignoreEnvironment(unless: values) }

  /// Opens the ledger for a command that writes. Creates the ledger if there is none. Translates an error
  /// into a line and an exit code.
  func withLedger(_ body: (Ledger) async throws -> Void) async throws {
    try await withLedger(configuration(), body)
  }

  /// Opens the ledger for a command that only reads. Creates nothing: a missing ledger is an error.
  func withExistingLedger(_ body: (Ledger) async throws -> Void) async throws {
    try await reported {
      var configuration = try configuration()
      configuration.createsMissing = false
      try await withLedger(configuration, body)
    }
  }

  /// Opens the ledger of the data directory, or the connection to the one that is served elsewhere.
  ///
  /// - Parameter writes: whether a missing ledger is created.
  func withAccess(
    writes: Bool = false, _ body: (any LedgerAccess) async throws -> Void
  ) async throws {
    try await reported {
      let configuration = try LedgerConfiguration(values)
      guard let server = configuration.remoteURL else {
        let local: (Ledger) async throws -> Void = { try await body(LocalLedger(ledger: $0)) }
        return writes ? try await withLedger(local) : try await withExistingLedger(local)
      }
      try await withClient(server, configuration, token: configuration.remoteToken) {
        try await body(RemoteLedger(client: $0, configuration: configuration))
      }
    }
  }

  /// Connects to a ledger that is served elsewhere.
  ///
  /// - Parameter token: the operator's token; `nil` to act without the operator's authority.
  func withClient(
    _ server: String, _ configuration: LedgerConfiguration, token: String?,
    _ body: (LedgerClient) async throws -> Void
  ) async throws {
    let client = try LedgerClient(
      server: server, token: token,
      additionalRoots: configuration.externalServices.additionalRootsFile)
    do {
      try await body(client)
      await client.close()
    } catch {
      await client.close()
      throw error
    }
  }

  /// Runs the body of a command. Translates an error into a line and an exit code.
  func reported(_ body: () async throws -> Void) async throws {
    try await Failure.reported(asJSON: json, body)
  }

  private func withLedger(
    _ configuration: @autoclosure () throws -> LedgerConfiguration,
    _ body: (Ledger) async throws -> Void
  ) async throws {
    try await reported {
      let configuration = try configuration()
      let ledger = try await Ledger.open(
        configuration, logger: configuration.logging.logger(.warning))
      do {
        try await body(ledger)
        await ledger.close()
      } catch {
        await ledger.close()
        throw error
      }
    }
  }

  /// Prints the result of a command.
  func show(_ output: some CommandOutput) { output.print(asJSON: json) }

  /// Prints the answer to a submission.
  func show(_ answer: SubmissionAnswer) { show(SubmissionOutput(json: answer.json)) }
}
