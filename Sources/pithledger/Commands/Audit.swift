import ArgumentParser
import LedgerService

struct Audit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run every check again from stored evidence with today's trust; changes nothing.",
    discussion: "Exits with 1 where a verdict would differ.")
  @OptionGroup var common: Common
  @Argument(help: "A record; without it, the whole log.") var record: String?

  func run() async throws {
    try await common.withLedger { ledger in
      let report = try await ledger.auditor.audit(record) { done, size in
        AuditOutput.showProgress(done, of: size)
      }
      common.show(AuditOutput(report: report))
      if !report.findings.isEmpty { throw ExitCode(1) }
    }
  }
}
