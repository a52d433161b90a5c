import Foundation
import LedgerDomain

/// A query parameter that a route takes.
struct QueryParameter: Sendable, ExpressibleByStringLiteral {
  let name: String
  /// Whether the parameter may be given more than once.
  let isRepeatable: Bool

  private init(name: String, isRepeatable: Bool) {
    self.name = name
    self.isRepeatable = isRepeatable
  }

  /// A parameter that may be given once.
  init(stringLiteral name: String) { self.init(name: name, isRepeatable: false) }

  /// A parameter that may be given more than once.
  static func repeatable(_ name: String) -> QueryParameter {
    QueryParameter(name: name, isRepeatable: true)
  }

  /// The parameters of a page of events.
  static let eventPage: [QueryParameter] =
    eventFilter + [
      "cursor", "from", "limit", "order", "signer",
    ]
  /// The parameters that select events, except the signer.
  static let eventFilter: [QueryParameter] = ["since", "standing", "target", "type"]
}

/// The query of a request target, decoded.
struct Query: Sendable {
  private let items: [(name: String, value: String)]

  /// A query without parameters.
  init() { items = [] }

  /// Decodes a query.
  ///
  /// - Parameters:
  ///   - text: what follows the question mark; `nil` if there is none.
  ///   - parameters: the parameters that the route takes.
  ///   - isForm: whether a browser writes the query from the fields of a form. Then a plus sign is a space.
  /// - Throws: a `Refusal` with check `query` that names a parameter which the route does not take, which is given
  ///   twice, or whose percent escapes are not text.
  init(
    _ text: String?, taking parameters: [QueryParameter], isForm: Bool = false
  ) throws(Refusal) {
    var items: [(name: String, value: String)] = []
    let text = isForm ? text?.replacing("+", with: " ") : text
    for part in (text ?? "").split(separator: "&") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decode(pair[0]) else {
        throw Self.refusal(String(pair[0].prefix(64)), "The name is not text in percent escapes.")
      }
      guard let parameter = parameters.first(where: { $0.name == name }) else {
        throw Self.refusal(
          String(name.prefix(64)),
          parameters.isEmpty
            ? "This path takes no query parameters."
            : "This path does not take this parameter. It takes "
              + "\(parameters.map(\.name).sorted().joined(separator: ", ")).")
      }
      guard parameter.isRepeatable || !items.contains(where: { $0.name == name }) else {
        throw Self.refusal(name, "The parameter is given twice.")
      }
      guard let value = Self.decode(pair.count > 1 ? pair[1] : "") else {
        throw Self.refusal(name, "The value is not text in percent escapes of UTF-8.")
      }
      items.append((name, value))
    }
    self.items = items
  }

  private static func refusal(_ field: String, _ message: String) -> Refusal {
    Refusal(.malformed, check: "query", field: field, message)
  }

  /// Decodes percent escapes; `nil` for a malformed escape, for bytes that are not UTF-8, and for U+0000.
  private static func decode(_ text: Substring) -> String? {
    guard let decoded = String(text).removingPercentEncoding, !decoded.utf8.contains(0) else {
      return nil
    }
    return decoded
  }

  /// The value of a parameter; `nil` if it is absent.
  subscript(_ name: String) -> String? { items.first { $0.name == name }?.value }

  /// Every value of a parameter, in their order.
  func values(_ name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }
}
