import ArgumentParser
import LedgerService

struct Migrate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Update the schema of the database to this version of the program.")
  @OptionGroup var common: Common

  func run() async throws {
    try await common.reported {
      let applied = try await Ledger.migrate(try common.configuration(), logger: common.logger())
      common.show(MigrationOutput(applied: applied))
    }
  }
}
