import ArgumentParser
import LedgerService
import VerifyCommands

/// The command line of the ledger.
///
/// Exit codes: 0 done, 1 a check failed, 2 the input was refused, 64 wrong usage, 69 not available, 70
/// any other failure. Specification: errors.md, section Exit codes.
@main
struct PithLedger: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pithledger",
    abstract: "A tamper-evident, append-only ledger of attestations about papers.",
    version: "pithledger \(LedgerVersion.current)",
    subcommands: [
      Serve.self, ConfigCommand.self, Migrate.self, Import.self, Attest.self, Withdraw.self,
      Moderate.self, Replications.self, Key.self, AliasCommand.self, Trust.self, Anchors.self,
      Evidence.self, Audit.self, CheckpointCommand.self, Prove.self, Verify.self, Merge.self,
      Fsck.self, Witness.self, Status.self, Search.self, Citations.self, Events.self,
      EventCommand.self, Replay.self, Export.self, ContextCommand.self, DoctorCommand.self,
      WebhookCommand.self, ManualCommand.self,
    ])

  static func main() async {
    await CommandProgram.run(Self.self)
  }
}
