import ArgumentParser
import LedgerService
import VerifyCommands

struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Show and check the configuration.",
    subcommands: [Check.self, List.self])

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the value of every setting and its source, and check them.",
      discussion: """
        A flag is before an environment variable, which is before the configuration file, which is before the \
        default. Secrets are not printed. Exits with 2 if a name is unknown or a value cannot be used. Opens no \
        ledger and no connection.
        """,
      examples: [
        "pithledger config check",
        "pithledger config check --set CHECKPOINT_INTERVAL_SECONDS=10 --json",
      ])
    @OptionGroup var common: Common

    func run() async throws {
      try await common.reported {
        let output = ConfigCheckOutput(common.values)
        common.show(output)
        if let fault = output.faults.first {
          if !common.json {
            for other in output.faults.dropFirst() { Failure(other).report(asJSON: false) }
          }
          throw fault
        }
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List all settings, with their meaning and default.",
      examples: ["pithledger config list"])
    @Flag(help: "Print one JSON value instead of text.") var json = false

    func run() async throws { SettingsListOutput().print(asJSON: json) }
  }
}
