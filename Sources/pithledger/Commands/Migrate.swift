import ArgumentParser
import LedgerService
import Logging
import VerifyCommands

struct Migrate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Update the schema of the database to this version of the program.",
    examples: [
      "pithledger migrate"
    ])
  @OptionGroup var common: Common

  func run() async throws {
    try await common.reported {
      let configuration = try common.configuration()
      let applied = try await Ledger.migrate(
        configuration, logger: configuration.logging.logger(.warning))
      common.show(MigrationOutput(applied: applied))
    }
  }
}
