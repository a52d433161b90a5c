import ArgumentParser
import LedgerService

struct CheckpointCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint",
    abstract: "Sign a checkpoint of the whole log, or replace a lost record of the last one.",
    subcommands: [Sign.self, Adopt.self], defaultSubcommand: Sign.self)

  struct Sign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Sign a checkpoint of the whole log, or show the last where nothing came since.",
      discussion: "Refuses where the log no longer contains what was signed before.")
    @OptionGroup var common: Common
    @Flag(help: "Have it stamped by the calendars and authorities that are configured.")
    var stamp = false
    @Flag(help: "Print the key that checkpoints are verified by, as NAME+ID+KEY.") var key = false
    /// The former spelling of `checkpoint adopt`, which `validate` refuses.
    @Option(help: .hidden) var continueFrom: String?

    func validate() throws {
      guard continueFrom == nil else {
        throw ValidationError(
          "--continue-from is not an option any more: use `pithledger checkpoint adopt FILE`.")
      }
    }

    func run() async throws {
      try await common.withLedger { ledger in
        if key {
          common.show(LogKeyOutput(key: try await ledger.checkpoints.verifierKey() ?? ""))
          return
        }
        try await CheckpointCommand.publish(ledger, common, stamp: stamp)
      }
    }
  }

  struct Adopt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a checkpoint from elsewhere for the last one signed, and sign the next.",
      discussion: """
        For a ledger that lost its own record of the last checkpoint signed. Refuses a checkpoint by another key, and \
        one that the log does not contain.
        """)
    @OptionGroup var common: Common
    @Argument(help: "The file of the checkpoint; - is standard input.") var file: String

    func run() async throws {
      try await common.withLedger { ledger in
        try await ledger.checkpoints.adopt(try read(file))
        try await CheckpointCommand.publish(ledger, common, stamp: false)
      }
    }
  }

  /// Signs a checkpoint, collects its cosignatures and timestamps, and prints it.
  private static func publish(_ ledger: Ledger, _ common: Common, stamp: Bool) async throws {
    let note = try await ledger.witnesses.publishCheckpoint()
    let timestamps = stamp ? try await ledger.timestamper.timestampCheckpoint() : nil
    common.show(CheckpointOutput(note: note, timestamps: timestamps))
  }
}
