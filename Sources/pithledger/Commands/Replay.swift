import ArgumentParser
import LedgerService
import LedgerStore

struct Replay: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Rebuild the projections from the log.",
    discussion: "Exits with 1 when --check finds a row that the log does not bear out.")
  @OptionGroup var common: Common
  @Flag(help: "Compare only, and leave the live projections as they are.") var check = false

  func run() async throws {
    try await common.withLedger { ledger in
      let report = try await ledger.replay(check: check, progress: ProgressLine.show)
      common.show(ReplayOutput(report: report, isCheck: check))
      if check, !report.drift.isEmpty { throw ExitCode(1) }
    }
  }
}
