import ArgumentParser
import LedgerDomain
import LedgerService
import TransparencyLog
import VerifyCommands

struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print what is verified about records.",
    discussion: "Exits with 2 if one of several names designates no record.",
    examples: [
      "pithledger status 4OXKXQ4P",
      "pithledger status 4OXKXQ4P --as-of 3",
    ])
  @OptionGroup var common: Common
  @Argument(help: "The records: each a Pith Number, its short form, an arXiv id or a DOI.")
  var records: [String]
  @Option(
    help:
      "The number of events, from the first, to compute the status of one record from, or a time such as 2026-11-27T09:00:00Z.",
    transform: checkLogPoint) var asOf: String?
  @Option(
    help: "The position that the projections must include before the answer.",
    transform: wholeNumber()) var atLeast: Int64?

  func validate() throws {
    guard !records.isEmpty else { throw ValidationError("Name a record.") }
    guard asOf == nil || records.count == 1 else {
      throw ValidationError("--as-of takes one record.")
    }
  }

  func run() async throws {
    try await common.withAccess { ledger in
      let atLeast = atLeast.map(Position.init(rawValue:))
      if records.count == 1 {
        common.show(
          StatusOutput(
            json: try await ledger.status(of: records[0], asOf: asOf, atLeast: atLeast)))
      } else {
        let output = StatusesOutput(
          json: try await ledger.statuses(of: records, atLeast: atLeast))
        common.show(output)
        if !output.isComplete { throw ExitCode(2) }
      }
    }
  }
}
