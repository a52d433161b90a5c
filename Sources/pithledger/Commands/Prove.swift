import ArgumentParser
import LedgerService
import TransparencyLog
import VerifyCommands

struct Prove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a proof that an event is in the log. `verify proof` checks it offline.",
    discussion: "The format is C2SP tlog-proof. The entry is its extra data.",
    examples: [
      "pithledger prove EVENT --out proof.txt"
    ])
  @OptionGroup var common: Common
  @Argument(help: "The position or the event_id of the event.") var entry: String
  @Option(help: "The file to write. The default is standard output.") var out: String?

  func run() async throws {
    try await common.withExistingLedger { ledger in
      let proof = try await ledger.proofs.inclusionProof(entry)
      if let out {
        try write(proof.bytes, to: out)
        common.show(ProofFileOutput(proof: proof, path: out))
      } else {
        common.show(ProofOutput(proof: proof))
      }
    }
  }
}
