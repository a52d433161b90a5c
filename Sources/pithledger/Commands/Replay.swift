import ArgumentParser
import LedgerService
import LedgerStore

struct Replay: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Rebuild the projections from the log.",
    discussion: "Exits with 1 if --check finds a row that differs from the log.")
  @OptionGroup var common: Common
  @Flag(help: "Only compare. Do not change the live projections.") var check = false

  func run() async throws {
    try await common.withLedger { ledger in
      let report = try await ledger.replay(check: check, progress: ProgressLine.show)
      common.show(ReplayOutput(report: report, isCheck: check))
      if check, !report.drift.isEmpty { throw ExitCode(1) }
    }
  }
}
