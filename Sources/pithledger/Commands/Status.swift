import ArgumentParser
import LedgerDomain
import LedgerService
import TransparencyLog

struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print what is verified about a record.")
  @OptionGroup var common: Common
  @Argument(help: "The record: a Pith Number, its short form, an arXiv id or a DOI.") var record:
    String
  @Option(help: "The number of events, from the first, to compute the status from.") var asOf:
    Int64?
  @Option(help: "The position that the projections must include before the answer.") var atLeast:
    Int64?

  func run() async throws {
    try await common.withLedger { ledger in
      // Events that another process has just appended are part of the answer.
      let newest = try await ledger.health().size.end.previous
      let asked = atLeast.map(Position.init(rawValue:))
      let wait = asOf == nil && newest >= .first ? max(asked ?? .first, newest) : asked
      let status =
        if let asOf {
          try await ledger.records.status(record, asOf: TreeSize(stored: asOf), atLeast: wait)
        } else { try await ledger.records.status(record, atLeast: wait) }
      common.show(StatusOutput(status: status))
    }
  }
}
