import CanonicalJSON
import Encodings
import Foundation
import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerService

/// Parses the parts of a request target.
enum Parameters {
  /// Parses a whole number from 0 to 2^53 − 1, in digits.
  ///
  /// - Parameters:
  ///   - check: the check that a refusal names.
  ///   - field: the parameter or header that a refusal names.
  static func wholeNumber(
    _ text: some StringProtocol, check: String, field: String
  ) throws(Refusal) -> Int64 {
    // 2^53 − 1 is the largest integer of canonical JSON, and one more is still an Int64.
    guard (1...16).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let number = Int64(text), number <= JSON.maxInteger
    else {
      throw Refusal(
        .malformed, check: check, field: field, "Not a whole number from 0 to \(JSON.maxInteger).")
    }
    return number
  }

  /// Decodes the percent escapes of a path component, and removes the suffix `.json`.
  static func identifier(_ component: String) throws(Refusal) -> String {
    guard let name = component.removingPercentEncoding, !name.utf8.contains(0) else {
      throw Refusal(.malformed, check: "path", "The path's percent escapes are not text.")
    }
    return name.hasSuffix(".json") ? String(name.dropLast(5)) : name
  }

  /// Parses a SHA-256 in hexadecimal.
  static func digest(_ text: some StringProtocol, field: String) throws(Refusal) -> Digest {
    guard let digest = Digest(hex: text.lowercased()) else {
      throw Refusal(
        .malformed, check: "query", field: field, "A SHA-256 has 64 hexadecimal digits.")
    }
    return digest
  }

  /// Parses the name of an action: an attestation type, or a withdrawal.
  ///
  /// A claim by token has no signature, and is withdrawn by token. So the withdrawal is an action too.
  static func action(_ name: String) throws(Refusal) -> EventType {
    guard let action = EventType(name: name), action.isAttestation || action == .eventWithdrawn
    else {
      throw Refusal(
        .notFound, check: "action",
        "The actions are \(EventType.attestations.map(\.name).joined(separator: ", ")).")
    }
    return action
  }
}

extension Request {
  /// The value of a query parameter that is a whole number from 0 to 2^53 − 1. `nil` if it is absent.
  func wholeNumber(_ name: String) throws(Refusal) -> Int64? {
    guard let text = uri.queryParameters[Substring(name)] else { return nil }
    return try Parameters.wholeNumber(text, check: "query", field: name)
  }

  /// Where a page begins: the query parameter `from`, and the first position if it is absent.
  func firstPosition() throws(Refusal) -> Position {
    Position(rawValue: try wholeNumber("from") ?? 0)
  }

  /// How many items a page may have: the query parameter `limit`, 100 if it is absent, and at most the page size.
  func pageLimit() throws(Refusal) -> Int {
    Int(min(try wholeNumber("limit") ?? 100, Int64(EventQueries.pageSize)))
  }

  /// Whether a query parameter is `true`.
  func isSet(_ name: String) -> Bool {
    uri.queryParameters[Substring(name)].flatMap { Bool(String($0)) } ?? false
  }

  /// The address under which the client reached the service, for links.
  var baseURL: String { "http://\(head.authority ?? "localhost")" }
}

extension RequestContext {
  /// The path parameter `id`: a record, a key, an entry or a digest.
  func identifier() throws -> String {
    try Parameters.identifier(parameters.require("id"))
  }
}
