import LedgerDomain
import ProofFormats
import SafeHTTPClient

/// The addresses that events may be sent to.
enum WebhookAddress {
  /// The longest address, in bytes.
  static let maxBytes = 2048

  /// Checks an address, and returns it in normal form. Names are not resolved here.
  ///
  /// - Parameter allowed: the hosts that may have private addresses, or no TLS.
  ///
  /// Errors: a `Refusal` with check `webhook.url`.
  static func checked(_ text: String, allowed: Set<String>) throws(Refusal) -> String {
    guard text.utf8.count <= maxBytes else {
      throw refusal("An address has at most \(maxBytes) bytes.")
    }
    let address: WebAddress
    do throws(WebAddress.Fault) { address = try WebAddress(text) } catch {
      throw refusal(error.message)
    }
    guard "\(address)".utf8.count <= maxBytes else {
      throw refusal("An address has at most \(maxBytes) bytes, percent escapes included.")
    }
    let host = address.bareHost
    if allowed.contains(host) || allowed.contains("\(host):\(address.port)") {
      return "\(address)"
    }
    guard address.scheme == "https" else {
      throw refusal(
        "Events are sent over https. PITHLEDGER_WEBHOOK_ALLOW_HOSTS names hosts that may have http."
      )
    }
    if let literal = NetworkAddress(host), !literal.isPublic {
      throw refusal(
        "\(host) is not on the public Internet. PITHLEDGER_WEBHOOK_ALLOW_HOSTS names hosts that may be used all the same."
      )
    }
    return "\(address)"
  }

  private static func refusal(_ message: String) -> Refusal {
    Refusal(.malformed, check: "webhook.url", field: "url", message)
  }
}
