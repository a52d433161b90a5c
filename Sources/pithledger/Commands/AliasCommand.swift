import ArgumentParser
import LedgerDomain
import LedgerService

struct AliasCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alias", abstract: "The names that lead to a record.",
    subcommands: [Retract.self])

  struct Retract: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a name of a record back, so that it leads there no more.")
    @OptionGroup var common: Common
    @Argument(help: "The record.") var record: String
    @Argument(help: "arxiv, arxiv_version or doi.") var kind: String
    @Argument(help: "The name.") var value: String
    @Option(help: "Why: public for ever.") var reason: String

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
