import ArgumentParser
import LedgerService

struct Anchors: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Follow pending timestamps.", subcommands: [Upgrade.self])

  struct Upgrade: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Ask calendars for what they promised, and settle what can be settled.")
    @OptionGroup var common: Common

    func run() async throws {
      try await common.withLedger { ledger in
        let outcomes = try await ledger.anchorSettler.settleAll { _ in true }
        common.show(AnchorsOutput(outcomes: outcomes))
      }
    }
  }
}
