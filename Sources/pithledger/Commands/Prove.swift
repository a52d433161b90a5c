import ArgumentParser
import LedgerDomain
import LedgerService
import TransparencyLog
import VerifyCommands

struct Prove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a proof that an event is in the log. `verify proof` checks it offline.",
    discussion: "The format is C2SP tlog-proof. The entry is its extra data.",
    examples: [
      "pithledger prove EVENT --out proof.txt",
      "pithledger prove EVENT --cose --out receipt.cose",
    ])
  @OptionGroup var common: Common
  @Argument(help: "The position or the event_id of the event.") var entry: String
  @Option(help: "The file to write. The default is standard output.", completion: .file()) var out:
    String?
  @Flag(help: "Write a COSE receipt (RFC 9942) instead, which needs --out.") var cose = false

  func validate() throws {
    if cose, out == nil { throw ValidationError("A COSE receipt is binary: give --out FILE.") }
  }

  func run() async throws {
    try await common.withAccess { ledger in
      if cose, let out {
        let (index, receipt) = try await ledger.receipt(of: entry)
        try write(receipt, to: out)
        common.show(ProofFileOutput(index: index, path: out))
        return
      }
      let proof = try await ledger.proof(of: entry)
      if let out {
        try write(proof.bytes, to: out)
        common.show(ProofFileOutput(index: proof.index, path: out))
      } else {
        common.show(ProofOutput(proof: proof))
      }
    }
  }
}
