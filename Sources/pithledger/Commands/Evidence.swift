import ArgumentParser
import LedgerDomain
import LedgerService
import VerifyCommands

struct Evidence: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check and erase the evidence of attestations.",
    subcommands: [Check.self, Erase.self])

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check a proof of time against the current trust configuration. Stores nothing.",
      discussion: "Exits with 1 if the proof is pending, and with 2 if it is refused.",
      examples: [
        "pithledger evidence check proof.ots"
      ])
    @OptionGroup var common: Common
    @Argument(
      help: "An OpenTimestamps proof, or an RFC 3161 token or response. - is standard input.",
      completion: .file())
    var file: String
    @Option(name: .customLong("digest"), help: "The SHA-256 that the proof must be over.")
    var subject: String?

    func run() async throws {
      try await common.withAccess { ledger in
        let output = InspectionOutput(
          json: try await ledger.check(proof: read(file), of: subject.map(digest)))
        common.show(output)
        if !output.isVerified { throw ExitCode(1) }
      }
    }
  }

  struct Erase: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Erase evidence permanently. The log records the erasure, and its entries do not change.",
      examples: [
        "pithledger evidence erase SHA256 --reason 'personal data'"
      ])
    @OptionGroup var common: Common
    @Argument(help: "The SHA-256 of the evidence.") var sha256: String
    @Option(help: "The reason, at most 500 bytes. It is public and permanent.") var reason: String

    func run() async throws {
      try await common.withLedger { ledger in
        let count = try await ledger.evidenceEraser.erase(try digest(sha256), reason: reason)
        common.show(ErasureOutput(events: count))
      }
    }
  }
}
