import ArgumentParser
import LedgerDomain
import LedgerService

struct Evidence: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The bytes that attestations rest on.", subcommands: [Check.self, Erase.self])

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "What a proof of time says, held against today's trust; stores nothing.",
      discussion: "Exits with 1 while nothing trusted settles it, and with 2 where it is refused.")
    @OptionGroup var common: Common
    @Argument(help: "An .ots file, or an RFC 3161 token or response; - for standard input.")
    var file: String
    @Option(name: .customLong("digest"), help: "The SHA-256 that it must be about.")
    var subject: String?

    func run() async throws {
      try await common.withLedger { ledger in
        let wanted = try subject.map(digest)
        let inspection = try await ledger.evidenceInspector.inspect(read(file), of: wanted)
        common.show(InspectionOutput(inspection: inspection))
        if inspection.verdict != .verified { throw ExitCode(1) }
      }
    }
  }

  struct Erase: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove bytes for good; the log says so, and is otherwise as it was.")
    @OptionGroup var common: Common
    @Argument(help: "The SHA-256 of the bytes.") var sha256: String
    @Option(help: "Why, at most 500 bytes, public for ever.") var reason: String

    func run() async throws {
      try await common.withLedger { ledger in
        let count = try await ledger.evidenceEraser.erase(try digest(sha256), reason: reason)
        common.show(ErasureOutput(events: count))
      }
    }
  }
}
