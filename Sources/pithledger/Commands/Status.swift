import ArgumentParser
import LedgerService

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
      let newest = try await ledger.health().size - 1
      let wait = asOf == nil && newest >= 0 ? max(atLeast ?? 0, newest) : atLeast
      let status =
        if let asOf {
          try await ledger.records.status(record, asOf: asOf, atLeast: wait)
        } else { try await ledger.records.status(record, atLeast: wait) }
      common.show(StatusOutput(status: status))
    }
  }
}
