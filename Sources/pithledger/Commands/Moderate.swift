import ArgumentParser
import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerService
import VerifyCommands

struct Moderate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Approve or reject a replication record.",
    examples: [
      "pithledger moderate 4OXKXQ4P EVENT approve --reason 'the data are public' --key moderator.key"
    ])
  @OptionGroup var common: Common
  @Argument(help: "The record.") var record: String
  @Argument(help: "The replication record: its event_id, the first digits of it, or its position.")
  var event: String
  @Argument(help: "The decision: approve or reject.") var decision: String
  @Option(help: "The reason. It is public and permanent.") var reason: String
  @Option(help: "The key file of a moderator. The key must be vouched for in this capacity.")
  var key: String

  func run() async throws {
    guard let value = ["approve": "approved", "reject": "rejected"][decision] else {
      throw ValidationError("The decision is approve or reject.")
    }
    try await common.withLedger { ledger in
      let eventID = "sha256:" + (try await ledger.references.eventID(event, field: "event")).hex
      common.show(
        try await ledger.signingSubmitter.submit(
          type: .moderationDecision,
          payload: [
            "decision": .string(value), "event_id": .string(eventID), "log": .string(ledger.origin),
            "reason": .string(reason),
          ], record: record, key: KeyFile(path: key)))
    }
  }
}
