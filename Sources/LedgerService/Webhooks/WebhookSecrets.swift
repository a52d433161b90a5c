import Crypto
import Encodings
import Foundation
import LedgerDomain
import LedgerStore
import TransparencyLog

/// The secrets of webhooks, and the signatures that are made with them (Standard Webhooks, symmetric signatures).
///
/// A secret is derived from the key of the log, the webhook's identifier and a generation. The database has none of them.
struct WebhookSecrets: Sendable {
  /// How long the secret before the present one is used beside it.
  static let overlap: Int64 = 24 * 3600

  private let key: NoteSigner

  init(_ key: NoteSigner) { self.key = key }

  /// The 32 bytes of a secret.
  func bytes(_ id: String, generation: Int64) -> [UInt8] {
    key.derivedSecret(for: "pithledger webhook v1", name: "\(id)/\(generation)")
  }

  /// The text of a secret, as the receiver's library takes it.
  func text(_ id: String, generation: Int64) -> String {
    "whsec_" + Base64.encode(bytes(id, generation: generation))
  }

  /// The generations whose signatures are sent, the present one first.
  static func generations(_ webhook: Webhook, at now: Timestamp) -> [Int64] {
    guard webhook.generation > 1, let rotated = webhook.rotatedAt,
      now < rotated.adding(seconds: overlap)
    else { return [webhook.generation] }
    return [webhook.generation, webhook.generation - 1]
  }

  /// The field `webhook-signature` of a message.
  ///
  /// - Parameter seconds: the field `webhook-timestamp`.
  func signatures(
    _ webhook: Webhook, messageID: String, seconds: Int64, body: [UInt8], at now: Timestamp
  ) -> String {
    let signed = Array("\(messageID).\(seconds).".utf8) + body
    return Self.generations(webhook, at: now).map { generation in
      let secret = SymmetricKey(data: bytes(webhook.id, generation: generation))
      let code = HMAC<SHA256>.authenticationCode(for: signed, using: secret)
      return "v1," + Base64.encode(Array(code))
    }.joined(separator: " ")
  }
}
