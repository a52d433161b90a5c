import ArgumentParser
import LedgerService
import TransparencyLog

struct Prove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The proof that an event is in the log, as a file that verifies without the ledger.",
    discussion: "The format is C2SP tlog-proof, with the entry as its extra data.")
  @OptionGroup var common: Common
  @Argument(help: "A position, or an event id.") var entry: String
  @Option(help: "The file to write; without it, standard output.") var out: String?

  func run() async throws {
    try await common.withLedger { ledger in
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
