import CanonicalJSON
import LedgerDomain
import LedgerService
import LedgerStore

/// Prints a webhook.
struct WebhookOutput: CommandOutput {
  let state: WebhookState
  /// Whether it was just made.
  let isNew: Bool

  init(_ state: WebhookState, isNew: Bool = false) {
    self.state = state
    self.isNew = isNew
  }

  private var webhook: Webhook { state.webhook }

  /// `active`, `failing` or `paused`.
  var stateName: String {
    if webhook.pause != nil { return "paused" }
    return webhook.failures > 0 ? "failing" : "active"
  }

  /// Why it is paused; `nil` if it is not.
  private var reason: String? {
    switch webhook.pause {
    case nil: nil
    case .operator: "by the operator"
    case .gone: "the receiver answered 410 Gone"
    case .failing: "attempts failed for five days"
    }
  }

  var json: JSON { json(isWhole: true) }

  /// - Parameter isWhole: whether the address has its query.
  func json(isWhole: Bool) -> JSON {
    func text(_ value: (some CustomStringConvertible)?) -> JSON {
      value.map { .string("\($0)") } ?? .null
    }
    return [
      "batch": .integer(Int64(webhook.batchSize)), "created_at": text(webhook.created),
      "delivered_at": text(webhook.delivered), "failing_since": text(webhook.failingSince),
      "failures": .integer(webhook.failures), "id": .string(webhook.id),
      "lag": .integer(state.lag), "last_attempt_at": text(webhook.lastAttempt),
      "last_error": text(webhook.lastError), "next_attempt_at": text(webhook.nextAttempt),
      "next_position": .integer(webhook.next.rawValue), "paused_because": text(reason),
      "pith_number": text(webhook.pithNumber), "secret_generation": .integer(webhook.generation),
      "secret_rotated_at": text(webhook.rotatedAt), "signer": text(webhook.signer),
      "state": .string(stateName), "target": text(webhook.target),
      "types": .array(webhook.types.map { .string($0.name) }),
      "url": .string(isWhole ? webhook.url : Self.withoutQuery(webhook.url)),
    ]
  }

  static func withoutQuery(_ url: String) -> String {
    url.firstIndex(of: "?").map { url[..<$0] + "?…" } ?? url
  }

  var text: String {
    var lines = [
      "\(webhook.id)  \(webhook.url)", "state: \(stateName)" + (reason.map { ", \($0)" } ?? ""),
    ]
    let conditions = [
      webhook.types.isEmpty ? nil : "type " + webhook.types.map(\.name).joined(separator: " or "),
      webhook.pithNumber.map { "record \($0)" }, webhook.signer.map { "signer \($0)" },
      webhook.target.map { "target \($0)" },
    ].compactMap { $0 }
    lines.append("events: " + (conditions.isEmpty ? "all" : conditions.joined(separator: ", ")))
    lines.append(
      "next position: \(webhook.next), \(state.lag) behind the log, at most \(webhook.batchSize) in a request"
    )
    if let delivered = webhook.delivered { lines.append("last delivery: \(delivered)") }
    if webhook.failures > 0 {
      lines.append(
        "failures: \(webhook.failures)" + (webhook.failingSince.map { " since \($0)" } ?? ""))
    }
    if let error = webhook.lastError { lines.append("last error: \(error)") }
    if webhook.pause == nil, let next = webhook.nextAttempt {
      lines.append("next attempt: \(next)")
    }
    if isNew { lines.append("its secret: pithledger webhook secret \(webhook.id)") }
    return lines.joined(separator: "\n")
  }
}

/// Prints the webhooks: identifier, state, how many events they are behind, and address.
struct WebhookListOutput: CommandOutput {
  let webhooks: [WebhookState]

  var json: JSON {
    ["webhooks": .array(webhooks.map { WebhookOutput($0).json(isWhole: false) })]
  }

  var text: String {
    if webhooks.isEmpty { return "no webhooks" }
    return webhooks.map { state in
      [
        state.webhook.id, WebhookOutput(state).stateName, "\(state.lag) behind",
        WebhookOutput.withoutQuery(state.webhook.url),
      ].joined(separator: "  ")
    }.joined(separator: "\n")
  }
}

/// Prints that a webhook was removed.
struct WebhookRemovedOutput: CommandOutput {
  let id: String

  var json: JSON { ["id": .string(id), "removed": true] }
  var text: String { "removed" }
}

/// Prints the secret of a webhook.
struct WebhookSecretOutput: CommandOutput {
  let id: String
  let secret: String

  var json: JSON { ["id": .string(id), "secret": .string(secret)] }
  var text: String { secret }
}

/// Prints what a receiver answered to a message that tests it.
struct WebhookTestOutput: CommandOutput {
  let test: WebhookTest

  private var milliseconds: Int64 { Int64(test.took / .milliseconds(1)) }

  var json: JSON {
    var json: JSONObject = [
      "delivered": .bool(test.answer.isDelivered), "duration_ms": .integer(milliseconds),
      "webhook_id": .string(test.messageID),
    ]
    switch test.answer {
    case .answered(let status): json["status"] = .integer(Int64(status))
    case .failed(let check, let message):
      json["check"] = .string(check)
      json["message"] = .string(message)
    }
    return .object(json)
  }

  var text: String {
    "\(test.answer.isDelivered ? "delivered" : "not delivered"): \(test.text) (\(milliseconds) ms)"
  }
}
