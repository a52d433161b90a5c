import ArgumentParser
import CanonicalJSON
import LedgerDomain
import LedgerService

struct Moderate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Decide on a replication record.")
  @OptionGroup var common: Common
  @Argument(help: "The record.") var record: String
  @Argument(help: "The replication record's event_id.") var eventID: String
  @Argument(help: "approve or reject.") var decision: String
  @Option(help: "Why.") var reason: String
  @Option(help: "A key vouched for as moderator.") var key: String

  func run() async throws {
    guard let value = ["approve": "approved", "reject": "rejected"][decision] else {
      throw ValidationError("The decision is approve or reject.")
    }
    try await common.withLedger { ledger in
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
