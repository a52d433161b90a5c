import ArgumentParser
import LedgerService
import VerifyCommands

struct Anchors: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Manage pending timestamps.", subcommands: [Upgrade.self])

  struct Upgrade: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Complete pending proofs from their calendars, and settle the anchors that are decided.",
      examples: [
        "pithledger anchors upgrade"
      ])
    @OptionGroup var common: Common

    func run() async throws {
      try await common.withLedger { ledger in
        let outcomes = try await ledger.anchorSettler.settleAll { _ in true }
        common.show(AnchorsOutput(outcomes: outcomes))
      }
    }
  }
}
