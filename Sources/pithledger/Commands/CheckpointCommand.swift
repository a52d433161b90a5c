import ArgumentParser
import LedgerService
import VerifyCommands

struct CheckpointCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint",
    abstract: "Sign a checkpoint, or adopt one as the last signed checkpoint.",
    subcommands: [Sign.self, Adopt.self], defaultSubcommand: Sign.self)

  struct Sign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Sign a checkpoint of the whole log.",
      discussion: """
        Prints the last checkpoint again if the log has not grown since. Signs nothing if the log does not contain the \
        last signed checkpoint. With --server, prints the newest checkpoint of that ledger, which signs at its own \
        intervals.
        """,
      examples: [
        "pithledger checkpoint > checkpoint.txt",
        "pithledger checkpoint --key",
      ])
    @OptionGroup var common: Common
    @Flag(help: "Timestamp the checkpoint by the configured calendars and authorities.")
    var stamp = false
    @Flag(help: "Print the verifier key of checkpoints, as NAME+ID+KEY, and sign nothing.")
    var key = false
    /// The former spelling of `checkpoint adopt`, which `validate` refuses.
    @Option(help: .hidden) var continueFrom: String?

    func validate() throws {
      guard continueFrom == nil else {
        throw ValidationError(
          "The option --continue-from no longer exists. Use `pithledger checkpoint adopt FILE`.")
      }
    }

    func run() async throws {
      if key {
        try await common.withAccess { ledger in
          common.show(LogKeyOutput(key: try await ledger.logKey() ?? ""))
        }
        return
      }
      try await common.withAccess(writes: true) { ledger in
        try await CheckpointCommand.publish(ledger, common, stamp: stamp)
      }
    }
  }

  struct Adopt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Adopt a checkpoint as the last one signed, and sign the next.",
      discussion: """
        Use this command if the file with the last signed checkpoint is lost or damaged. A checkpoint that another key \
        signed, or that the log does not contain, is refused.
        """,
      examples: [
        "pithledger checkpoint adopt checkpoint.txt"
      ])
    @OptionGroup var common: Common
    @Argument(help: "The file with the checkpoint. - is standard input.", completion: .file())
    var file: String

    func run() async throws {
      try await common.withLedger { ledger in
        try await ledger.checkpoints.adopt(try read(file))
        try await CheckpointCommand.publish(LocalLedger(ledger: ledger), common, stamp: false)
      }
    }
  }

  /// Signs a checkpoint, collects its cosignatures and timestamps, and prints it.
  private static func publish(
    _ ledger: any LedgerAccess, _ common: Common, stamp: Bool
  ) async throws {
    let (note, timestamps) = try await ledger.checkpoint(stamp: stamp)
    common.show(CheckpointOutput(note: note, timestamps: timestamps))
  }
}
