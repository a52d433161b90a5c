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
  @Option(help: "The key file that signed the attestation.") var key: String?
  @Option(
    help: "A file with a new id_token. It withdraws an unsigned claim that was made by token.")
  var token: String?

  func run() async throws {
    try await common.withLedger { ledger in
      let eventID = "sha256:" + (try await ledger.references.eventID(event, field: "event")).hex
      if let token {
        let bytes = try readToken(token)
        let digest = Digest(hashing: bytes).hex
        let bare: JSON = [
          "evidence": .object([digest: .string(Base64.encode(bytes))]),
          "payload": [
            "event_id": .string(eventID), "evidence_sha256": .string(digest),
            "reason": .string(reason),
          ],
        ]
        common.show(
          try await ledger.submitter.submit(
            bare.canonicalBytes(), record: record, action: .eventWithdrawn, client: .shell))
        return
      }
      common.show(
        try await ledger.signingSubmitter.submit(
          type: .eventWithdrawn,
          payload: ["event_id": .string(eventID), "reason": .string(reason)],
          record: record, key: .optional(key)))
    }
  }
}
