import ArgumentParser
import LedgerService
import VerifyCommands

struct Fsck: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Check the whole database: entries, signatures, tree, checkpoints, evidence, projections.",
    discussion:
      "Changes nothing. If there is a fault, prints the first bad position and exits with 1.",
    examples: [
      "pithledger fsck --checkpoint checkpoint.txt"
    ])
  @OptionGroup var common: Common
  @Option(
    parsing: .upToNextOption, help: "Files with earlier checkpoints that the log must contain.",
    completion: .file())
  var checkpoint: [String] = []

  func run() async throws {
    try await common.withExistingLedger { ledger in
      let held = try checkpoint.map { (name: $0, bytes: try read($0)) }
      let line = common.progressLine
      let report = try await ledger.logChecker.check(against: held) { line.show($0) }
      line.end()
      common.show(FsckOutput(report: report))
      if !report.faults.isEmpty { throw ExitCode(1) }
    }
  }
}
