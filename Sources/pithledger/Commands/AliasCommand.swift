import ArgumentParser
import LedgerDomain
import LedgerService
import VerifyCommands

struct AliasCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alias", abstract: "Manage the aliases of a record.",
    subcommands: [Retract.self])

  struct Retract: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Retract an alias. The alias then no longer resolves to the record.",
      examples: [
        "pithledger alias retract 4OXKXQ4P arxiv_version 2412.14164v1 --reason 'a wrong version'"
      ])
    @OptionGroup var common: Common
    @Argument(help: "The record.") var record: String
    @Argument(help: "The kind of the alias: arxiv, arxiv_version or doi.") var kind: String
    @Argument(help: "The alias.") var value: String
    @Option(help: "The reason. It is public and permanent.") var reason: String

    func run() async throws {
      try await common.withLedger { ledger in
        guard let kind = Alias.Kind(rawValue: kind) else {
          throw Refusal(.malformed, check: "alias", "The kind is arxiv, arxiv_version or doi.")
        }
        common.show(
          try await ledger.keyAdministrator.retractAlias(
            Alias(kind: kind, value: value), of: record, reason: reason))
      }
    }
  }
}
