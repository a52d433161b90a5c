import ArgumentParser
import LedgerService
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
      let applied = try await Ledger.migrate(try common.configuration(), logger: common.logger())
      common.show(MigrationOutput(applied: applied))
    }
  }
}
