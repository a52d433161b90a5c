import ArgumentParser
import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerService

struct Withdraw: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Withdraw an attestation; without a key or a token, on the operator's word.")
  @OptionGroup var common: Common
  @Argument(help: "The record.") var record: String
  @Argument(help: "The attestation's event_id.") var eventID: String
  @Option(help: "Why.") var reason: String
  @Option(help: "The key that made it.") var key: String?
  @Option(help: "A file with a fresh id_token, for a claim that was made by token and not signed.")
  var token: String?

  func run() async throws {
    try await common.withLedger { ledger in
      if let token {
        let bytes = try readToken(token)
        let digest = Digest(hashing: bytes).hex
        let bare: JSON = [
          "evidence": .object([digest: .string(encodeBase64(bytes))]),
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
