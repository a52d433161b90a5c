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
  @Argument(help: "The decision: approve or reject.", completion: .list(["approve", "reject"]))
  var decision: String
  @Option(help: "The reason. It is public and permanent.") var reason: String
  @Option(
    help: "The key file of a moderator. The key must be vouched for in this capacity.",
    completion: .file())
  var key: String

  func run() async throws {
    guard let value = ["approve": "approved", "reject": "rejected"][decision] else {
      throw ValidationError("The decision is approve or reject.")
    }
    try await common.withAccess(writes: true) { ledger in
      let eventID = try await ledger.eventID(event, field: "event")
      let statement = Statement(
        type: .moderationDecision,
        payload: [
          "decision": .string(value), "event_id": .string("sha256:" + eventID.hex),
          "log": .string(try await ledger.origin()), "reason": .string(reason),
        ], record: record)
      common.show(
        SubmissionOutput(json: try await ledger.submit(statement, by: KeyFile(path: key))))
    }
  }
}
