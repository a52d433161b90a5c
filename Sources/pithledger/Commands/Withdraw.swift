import ArgumentParser
import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerService
import VerifyCommands

struct Withdraw: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Withdraw an attestation.",
    discussion: "Without --key and --token, the registry key signs the withdrawal.",
    examples: [
      "pithledger withdraw 4OXKXQ4P EVENT --reason 'wrong paper' --key author.key"
    ])
  @OptionGroup var common: Common
  @Argument(help: "The record.") var record: String
  @Argument(help: "The attestation: its event_id, the first digits of it, or its position.")
  var event: String
  @Option(help: "The reason. It is public and permanent.") var reason: String
  @Option(help: "The key file that signed the attestation.", completion: .file()) var key: String?
  @Option(
    help: "A file with a new id_token. It withdraws an unsigned claim that was made by token.",
    completion: .file())
  var token: String?

  func run() async throws {
    try await common.withAccess(writes: true) { ledger in
      let eventID = try await ledger.eventID(event, field: "event")
      var statement = Statement(
        type: .eventWithdrawn,
        payload: ["event_id": .string("sha256:" + eventID.hex), "reason": .string(reason)],
        record: record)
      if let token {
        let bytes = try readToken(token)
        statement.payload["evidence_sha256"] = .string(Digest(hashing: bytes).hex)
        statement.evidence = [bytes]
        common.show(SubmissionOutput(json: try await ledger.submit(bare: statement)))
      } else if let key = try KeyFile.optional(key) {
        common.show(SubmissionOutput(json: try await ledger.submit(statement, by: key)))
      } else if let local = ledger as? LocalLedger {
        common.show(
          try await local.ledger.signingSubmitter.submit(
            type: statement.type, payload: statement.payload, record: record, key: nil))
      } else {
        throw Refusal(
          .malformed, check: "server", field: "--key",
          "With --server a withdrawal needs --key or --token: only the ledger itself has the registry key."
        )
      }
    }
  }
}
