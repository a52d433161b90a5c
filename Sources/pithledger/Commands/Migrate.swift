import ArgumentParser
import LedgerService

struct Migrate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Bring the database's schema up to date.")
  @OptionGroup var common: Common

  func run() async throws {
    try await Failure.reported {
      let applied = try await Ledger.migrate(try common.configuration(), logger: common.logger())
      common.show(MigrationOutput(applied: applied))
    }
  }
}
