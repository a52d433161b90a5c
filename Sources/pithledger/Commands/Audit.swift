import ArgumentParser
import LedgerService
import VerifyCommands

struct Audit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Repeat every check from the stored evidence. Changes nothing.",
    discussion: "The current trust configuration is used. Exits with 1 if a verdict differs.",
    examples: [
      "pithledger audit",
      "pithledger audit 4OXKXQ4P",
    ])
  @OptionGroup var common: Common
  @Argument(help: "The record. The default is the whole log.") var record: String?

  func run() async throws {
    try await common.withExistingLedger { ledger in
      let line = common.progressLine
      let report = try await ledger.auditor.audit(record) { line.show($0, of: $1, "events") }
      line.end()
      common.show(AuditOutput(report: report))
      if !report.findings.isEmpty { throw ExitCode(1) }
    }
  }
}
