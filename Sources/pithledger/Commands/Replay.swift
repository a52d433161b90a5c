import ArgumentParser
import LedgerService
import LedgerStore
import TransparencyLog
import VerifyCommands

struct Replay: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Rebuild the projections from the log.",
    discussion: """
      Exits with 1 if --check finds a row that differs from the log. --as-of answers from the first events of the log and \
      changes nothing: it prints the numbers of the ledger at that size, and the status of each record that is named.
      """,
    examples: [
      "pithledger replay --check",
      "pithledger replay",
    ])
  @OptionGroup var common: Common
  @Flag(help: "Only compare. Do not change the live projections.") var check = false
  @Option(
    help:
      "The number of events, from the first, to replay beside the live projections, or a time such as 2026-11-27T09:00:00Z.",
    transform: parseLogPoint) var asOf: LogPoint?
  @Argument(help: "With --as-of: the records whose status is printed.") var records: [String] = []

  func validate() throws {
    guard asOf == nil || !check else {
      throw ValidationError("--check compares the live projections, which --as-of does not read.")
    }
    guard asOf != nil || records.isEmpty else {
      throw ValidationError("Records are named with --as-of only.")
    }
  }

  func run() async throws {
    try await common.withExistingLedger { ledger in
      let line = common.progressLine
      if let asOf {
        let past = try await ledger.replay(asOf: asOf) { line.show($0) }
        line.end()
        var statuses: [StatusSnapshot] = []
        for record in records {
          statuses.append(
            try await ledger.records.status(record, asOf: TreeSize(stored: past.events)))
        }
        common.show(PastReplayOutput(past: past, statuses: statuses))
        return
      }
      let report = try await ledger.replay(check: check) { line.show($0) }
      line.end()
      common.show(ReplayOutput(report: report, isCheck: check))
      if check, !report.drift.isEmpty { throw ExitCode(1) }
    }
  }
}
